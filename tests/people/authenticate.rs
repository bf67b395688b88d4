//! POST `/users/{id}/authenticate`: who is let in, what every kind of no looks like, what is counted.

use reqwest::Method;
use uuid::Uuid;
use valtuus::config::Config;
use valtuus::model::Error;
use valtuus::model::kind::user::Status;
use valtuus::operation::sign_in::{Reserved, SignIn, Verified, release, reserve};
use valtuus::operation::update::Precondition;
use valtuus::operation::{Caller as Local, client, perform};
use valtuus::store::Credential;
use zeroize::Zeroizing;

use super::{RIGHT, WRONG, hash, in_status, person, put_hash, sign_in, verifications};
use crate::api::{in_order, make, user};
use crate::kit::caller::Credentials;
use crate::kit::{Bed, Caller};
use crate::{on_both, on_both_still};

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";
const SECOND: i64 = 1_000_000;

fn three(config: &mut Config) {
    config.users.lock_after = 3;
    config.users.lock_seconds = 60;
}

/// A client that may do nothing but check passwords.
async fn door(bed: &Bed) -> Caller<'_> {
    let service = bed.server.service();
    let phc = service.verifier.hash(Zeroizing::new("door-password".to_owned())).await.unwrap();
    let words = vec!["authenticate:user".to_owned()];
    let local = Local::local("test");
    client::add(&service.engine, &local, "door", &words, Credential { phc, set: 0 }).await.unwrap();
    bed.anonymous().with(Credentials::Query("door".to_owned(), "door-password".to_owned()))
}

on_both! {
    async fn the_right_password_answers_the_user_as_reading_it_does(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, &format!("users/?login=anna&ssn=010199-1234&age=7&pwd={RIGHT}")).await;
        let read = admin.get(&format!("users/{id}")).await.ok();
        for path in [format!("users/{id}/authenticate?pwd={RIGHT}"), format!("users/{id}/authenticate/?pwd={RIGHT}")] {
            let answer = admin.post(&path).await.ok();
            assert_eq!(answer.entity().attribute.len(), read.entity().attribute.len());
            for name in ["login", "ssn", "age", "status", "organization", "cn"] {
                assert_eq!(answer.value(name), read.value(name), "{name}");
            }
            assert!(answer.text().contains(&format!("<User xmlns=\"http://schema.ubisecure.com/customerid/api\" inResponseTo=\"/2.0/{}\" method=\"POST\">", path.split('?').next().unwrap())), "{}", answer.text());
            assert!(!answer.text().contains("a right good one"));
        }
        let body = "<User xmlns=\"http://schema.ubisecure.com/customerid/api\"><Attribute name=\"pwd\">\
                    <Value>a right good one</Value></Attribute></User>";
        let sent = admin.clone().header("content-type", "application/xml");
        sent.send(Method::POST, &format!("users/{id}/authenticate"), Some(body.into())).await.ok();
        // Nothing of it changes the user.
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().header("etag"), read.header("etag"));
    }

    async fn only_a_client_that_may_checks_passwords_and_it_need_not_read_users(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, &format!("users/?login=anna&ssn=010199-1234&pwd={RIGHT}")).await;
        let door = door(&bed).await;
        let answer = sign_in(&door, &id, RIGHT).await.ok();
        assert_eq!((answer.value("login"), answer.value("ssn")), ("anna".to_owned(), String::new()));
        door.get(&format!("users/{id}")).await.refused(403, 3, "read");
        sign_in(&door, &id, WRONG).await.refused(403, 3, "pwd");
        for caller in [bed.reader(), Caller::query(&bed, "writer")] {
            sign_in(&caller, &id, RIGHT).await.refused(403, 3, "may not authenticate user");
            sign_in(&caller, NOBODY, RIGHT).await.refused(403, 3, "may not authenticate user");
        }
        bed.anonymous().post(&format!("users/{id}/authenticate?pwd={RIGHT}")).await.refused(401, 2, "");
    }

    async fn a_request_that_does_not_fit_is_refused_before_anything_is_verified(bed: Bed) {
        let admin = bed.admin();
        let id = person(&admin, "anna").await;
        let before = verifications(&bed);
        let path = format!("users/{id}/authenticate");
        admin.post(&path).await.refused(400, 1, "pwd");
        admin.post(&format!("{path}?pwd=")).await.refused(400, 1, "pwd");
        admin.post(&format!("{path}?pwd={RIGHT}&pwd={RIGHT}")).await.refused(400, 1, "pwd");
        admin.post(&format!("{path}?pwd={RIGHT}&login=anna")).await.refused(400, 1, "login");
        admin.post(&format!("users/anna/authenticate?pwd={RIGHT}")).await.refused(404, 7, "user");
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = admin.send(method, &format!("{path}?pwd={RIGHT}"), None).await;
            assert!(answer.header("allow").contains("POST"), "{}", answer.text());
            answer.refused(405, 13, "");
        }
        assert_eq!(verifications(&bed), before);
        // A condition that does not hold neither lets in nor counts; it costs what a password costs.
        let stale = admin.clone().header("if-match", "\"99\"");
        for _ in 0..12 {
            sign_in(&stale, &id, RIGHT).await.refused(412, 14, "");
        }
        sign_in(&admin, &id, RIGHT).await.ok();
    }

    async fn every_kind_of_no_is_the_same_answer_after_one_verification(bed: Bed) {
        let admin = bed.admin();
        let without = user(&admin, "without").await;
        let inactive = make(&admin, &format!("users/?login=inactive&pwd={RIGHT}&pwd.activated=false")).await;
        let mut told = Vec::new();
        let mut cases = vec![(person(&admin, "wrong").await, WRONG), (without, RIGHT), (inactive, RIGHT)];
        for status in [Status::Pending, Status::Disabled, Status::NotInitialized, Status::Waiting] {
            cases.push((in_status(&bed, status).await, RIGHT));
        }
        // What came past the rules made the server forget the client's own password as well.
        admin.get("roles").await.ok();
        for (id, pwd) in cases {
            let before = verifications(&bed);
            let answer = sign_in(&admin, &id, pwd).await.refused(403, 3, "pwd");
            assert_eq!(verifications(&bed) - before, 1);
            told.push(answer.text());
        }
        assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
        let before = verifications(&bed);
        sign_in(&admin, NOBODY, RIGHT).await.refused(404, 7, "user");
        assert_eq!(verifications(&bed) - before, 1, "an unknown id takes as long");
        let locked = in_status(&bed, Status::Locked).await;
        admin.get("roles").await.ok();
        let before = verifications(&bed);
        assert_eq!(sign_in(&admin, &locked, RIGHT).await.refused(403, 3, "pwd").text(), told[0]);
        assert_eq!(verifications(&bed), before, "a locked user is refused unverified");
    }

    async fn a_hash_of_another_scheme_is_made_anew_at_the_first_success(bed: Bed) {
        let admin = bed.admin();
        let id = user(&admin, "anna").await;
        let foreign = "$2b$04$abcdefghijklmnopqrstuup9XR1TC3MdJQHGPL1B7QznpBBYSrh2O";
        put_hash(&bed, &id, foreign).await;
        sign_in(&admin, &id, WRONG).await.refused(403, 3, "pwd");
        assert_eq!(hash(&bed, &id).await, foreign);
        let pwd = "p%C3%A4ssw%C3%B6rd%20with%20spaces";
        sign_in(&admin, &id, pwd).await.ok();
        let own = hash(&bed, &id).await;
        assert!(own.starts_with("$argon2id$v=19$"), "{own}");
        sign_in(&admin, &id, pwd).await.ok();
        assert_eq!(hash(&bed, &id).await, own, "once");
        // A hash that cannot be used is a no like any other.
        put_hash(&bed, &id, "$scrypt$ln=40,r=8,p=1$c2l4dGVlbiBieXRlcyEhIQ$joqHuqjmMlWnJaSFRPIURf7ZlOXvFg+1dnGNRbF6E9g").await;
        sign_in(&admin, &id, pwd).await.refused(403, 3, "pwd");
    }
}

on_both_still! {
    three;

    async fn wrong_passwords_lock_a_user_until_the_clock_says_otherwise(bed: Bed) {
        let admin = bed.admin();
        let before = person(&admin, "before").await;
        let anna = person(&admin, "anna").await;
        let after = person(&admin, "after").await;
        let read = async || admin.get(&format!("users/{anna}")).await.ok();
        let with = async |status: &str| admin.get(&format!("users/?status={status}")).await.ok().ids();
        for _ in 0..2 {
            sign_in(&admin, &anna, WRONG).await.refused(403, 3, "pwd");
        }
        assert_eq!(read().await.value("status"), "Enabled");
        sign_in(&admin, &anna, WRONG).await.refused(403, 3, "pwd");
        assert_eq!(read().await.value("status"), "Locked");
        assert!(!read().await.value("lockedUntil").is_empty());
        sign_in(&admin, &anna, RIGHT).await.refused(403, 3, "pwd");
        in_order(&with("3").await, &[&anna]);
        in_order(&with("Enabled").await, &[&before, &after]);
        bed.advance(60 * SECOND - 1);
        sign_in(&admin, &anna, RIGHT).await.refused(403, 3, "pwd");
        bed.advance(1);
        let healed = read().await;
        assert_eq!((healed.value("status"), healed.value("lockedUntil")), ("Enabled".to_owned(), String::new()));
        in_order(&with("locked").await, &[]);
        in_order(&with("1").await, &[&before, &anna, &after]);
        in_order(&admin.get("users/?status=Enabled&login=a").await.ok().ids(), &[&anna, &after]);
        let page = admin.get("users/?status=Enabled&maxResults=2").await.ok();
        in_order(&page.ids(), &[&before, &anna]);
        let whole = admin.get("users/?status=Enabled&entities=true").await.ok().text();
        assert_eq!(whole.matches("<Value>Enabled</Value>").count(), 3, "{whole}");
        sign_in(&admin, &anna, RIGHT).await.ok();
        in_order(&with("1").await, &[&before, &anna, &after]);
        for _ in 0..2 {
            sign_in(&admin, &anna, WRONG).await.refused(403, 3, "pwd");
        }
        assert_eq!(read().await.value("status"), "Enabled", "the lock began anew");
        bed.must_be_sound().await;
    }

    async fn a_success_and_time_and_a_new_password_forgive_wrong_ones(bed: Bed) {
        let admin = bed.admin();
        let anna = person(&admin, "anna").await;
        let status = async || admin.get(&format!("users/{anna}")).await.ok().value("status");
        let two = async || {
            for _ in 0..2 {
                sign_in(&admin, &anna, WRONG).await.refused(403, 3, "pwd");
            }
        };
        two().await;
        sign_in(&admin, &anna, RIGHT).await.ok();
        two().await;
        bed.advance(60 * SECOND);
        two().await;
        admin.put(&format!("users/{anna}?pwd={RIGHT}")).await.ok();
        two().await;
        assert_eq!(status().await, "Enabled");
        sign_in(&admin, &anna, WRONG).await.refused(403, 3, "pwd");
        assert_eq!(status().await, "Locked");
        // A client that enables the user forgives as well.
        admin.put(&format!("users/{anna}?status=Enabled")).await.ok();
        two().await;
        sign_in(&admin, &anna, RIGHT).await.ok();
        assert_eq!(admin.get(&format!("users/{anna}")).await.ok().value("lockedUntil"), "");
    }

    async fn wrong_passwords_for_a_disabled_user_never_lead_to_its_being_enabled(bed: Bed) {
        let admin = bed.admin();
        let id = in_status(&bed, Status::Disabled).await;
        admin.get("roles").await.ok();
        let before = verifications(&bed);
        for _ in 0..6 {
            sign_in(&admin, &id, RIGHT).await.refused(403, 3, "pwd");
        }
        assert_eq!(verifications(&bed) - before, 3, "the rest is refused unverified");
        bed.advance(3_600 * SECOND);
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("status"), "Disabled");
    }

    async fn places_are_held_for_all_nodes_and_given_back_by_those_that_die(bed: Bed) {
        let id: Uuid = person(&bed.admin(), "anna").await.parse().unwrap();
        let engine = &bed.server.service().engine;
        let local = Local::local("test");
        let place = async || reserve(engine, &local, id, &Precondition::None).await.unwrap();
        let wrong = Verified { right: false, renewal: None };
        for _ in 0..3 {
            assert!(matches!(place().await, Reserved::Place(Some(_))));
        }
        assert_eq!(place().await, Reserved::Full);
        release(engine, id).await.unwrap();
        assert!(matches!(place().await, Reserved::Place(Some(_))));
        assert!(!perform(engine, &local, SignIn::new(engine, id, wrong.clone())).await.unwrap());
        assert_eq!(place().await, Reserved::Full, "one failed, two are under way");
        bed.advance(31 * SECOND);
        assert!(matches!(place().await, Reserved::Place(Some(_))), "their node has died");
        for _ in 0..2 {
            perform(engine, &local, SignIn::new(engine, id, wrong.clone())).await.unwrap();
        }
        assert_eq!(place().await, Reserved::Barred);
        let unknown = reserve(engine, &local, engine.world.unordered_id(), &Precondition::None).await;
        assert!(matches!(unknown, Err(Error::NotFound { .. })));
        let right = Verified { right: true, renewal: None };
        assert!(!perform(engine, &local, SignIn::new(engine, id, right)).await.unwrap(), "locked meanwhile");
    }
}
