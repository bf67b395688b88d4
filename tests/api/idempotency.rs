//! `Idempotency-Key` on POST: performed once, answered alike as often as it is asked.

use futures_util::future::join_all;
use reqwest::Method;
use valtuus::http::dialect::{Operation, v2_0::ROUTES};
use valtuus::model::Kind;
use valtuus::store::AuditQuery;

use super::{organization, role, user};
use crate::kit::caller::{Caller, Credentials};
use crate::kit::trace::{records, versions};
use crate::kit::{Answer, Bed};
use crate::on_both;
use crate::refusals::ground::walked;
use crate::refusals::ground::{Ground, is_open, needed};
use crate::refusals::services::xpub;

fn keyed<'b>(bed: &'b Bed, key: &str) -> Caller<'b> {
    bed.admin().header("idempotency-key", key)
}

/// Routes whose first answer shows a secret: a repetition names the entity only.
const SHOW_SECRETS: [&str; 2] = ["apiclients", "tokens"];

/// A request that passes a role on, of a mandate that an organization has received.
async fn delegation(bed: &Bed, ground: &Ground, number: usize) -> String {
    let admin = bed.admin();
    let Ground { company, below, role, .. } = ground;
    let received = format!("mandates/?mandater={company}&mandatee={below}&role={role}");
    let received = admin.post(&received).await.ok().id();
    let somebody = admin.post(&format!("organizations/{below}/users?login=receiver{number}")).await.ok().id();
    format!("mandates/{received}/delegations?user={somebody}&role={role}")
}

/// Fails unless `again` repeats `first`.
#[track_caller]
fn repeats(again: &Answer, first: &Answer) {
    assert_eq!((again.status, again.text()), (first.status, first.text()));
    assert_eq!(again.header("content-type"), first.header("content-type"));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.header("idempotency-replayed"), "");
}

on_both! {
    async fn a_repeated_request_is_answered_alike_and_performed_once(bed: Bed) {
        let path = "users/?login=anna&surname=Virtanen&pwd=long-enough";
        let first = keyed(&bed, "k1").post(path).await.ok();
        let store = &bed.server.service().engine.store;
        let (before, told) = (versions(store).await, records(store, &AuditQuery::default()).await.len());
        for path in [path, "users?surname=Virtanen&pwd=long-enough&login=anna", "users/?login=anna&surname=Virtanen&pwd=other-secret"] {
            repeats(&keyed(&bed, "k1").post(path).await, &first);
        }
        let document = r#"{"attributes":{"pwd":["long-enough"],"surname":["Virtanen"],"login":["anna"]}}"#;
        let json = keyed(&bed, "k1").header("content-type", "application/json");
        repeats(&json.send(Method::POST, "users/", Some(document.into())).await, &first);
        assert_eq!(versions(store).await, before);
        assert_eq!(records(store, &AuditQuery::default()).await.len(), told, "nothing happened, nothing is recorded");
        // What it made may be gone; its answer is not.
        bed.admin().delete(&format!("users/{}", first.id())).await.ok();
        repeats(&keyed(&bed, "k1").post(path).await, &first);
        bed.admin().get(&format!("users/{}", first.id())).await.refused(404, 7, "");
    }

    async fn every_post_of_the_table_is_performed_once(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let mut tried = 0;
        for (number, route) in walked(ROUTES).enumerate().filter(|(_, route)| route.method == "POST" && !is_open(route) && !matches!(route.operation, Operation::Authorize | Operation::Authenticate | Operation::Misp(_))) {
            // Logins and names must be free for each route.
            let needed = needed(route, &ground).replace("somebody", &format!("somebody{number}"))
                .replace("kutsuttu", "somebody").replace("hatsize", "somebody").replace("another", "somebody");
            let path = format!("{}?{needed}", ground.path(route));
            for caller in [bed.admin(), bed.admin().json()] {
                let path = path.replace("somebody", if tried % 2 == 0 { "xml" } else { "json" })
                    .replace("Auditor", if tried % 2 == 0 { "Auditor" } else { "Watcher" });
                tried += 1;
                let path = if route.operation == Operation::Delegate { delegation(&bed, &ground, tried).await } else { path };
                let caller = caller.header("idempotency-key", &format!("route{number}-{tried}"));
                let first = caller.post(&path).await.ok();
                let before = versions(&bed.server.service().engine.store).await;
                let again = caller.post(&path).await;
                if SHOW_SECRETS.contains(&route.path) {
                    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (200, "true"), "{path}");
                    let secret = again.text().contains("secret") || again.text().contains("token\"");
                    assert!(!secret && again.text().len() < first.text().len(), "{}", again.text());
                } else {
                    repeats(&again, &first);
                }
                assert_eq!(versions(&bed.server.service().engine.store).await, before, "{path}");
                match route.operation {
                    Operation::Create(Kind::Device, _) => {
                        bed.admin().delete(&format!("devices/{}", xpub("another"))).await.ok();
                    }
                    Operation::Create(Kind::Contract, _) => {
                        let made = bed.admin().get("contracts?functions=40&status=ACTIVE").await.ok().id();
                        bed.admin().delete(&format!("contracts/{made}")).await.ok();
                    }
                    _ => {}
                }
                if let Operation::Create(kind @ (Kind::RoleAction | Kind::FeatureRole), _) = route.operation {
                    // The same mapping stands once, whatever the form of its answer.
                    let (admin, path) = (bed.admin(), kind.def().path);
                    for id in admin.get(&format!("{path}?tenant={}", ground.below)).await.ok().ids() {
                        admin.delete(&format!("{path}/{id}")).await.ok();
                    }
                }
            }
        }
        assert!(tried >= 12, "{tried}");
    }

    async fn the_same_key_for_something_else_is_refused(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        keyed(&bed, "k").post("users?login=anna").await.ok();
        let before = versions(&bed.server.service().engine.store).await;
        for path in ["users?login=bertil", "users?login=anna&surname=x", "users", "organizations?technicalName=x", &format!("organizations/{acme}/users?login=anna")] {
            keyed(&bed, "k").post(path).await.refused(409, 4, "Idempotency-Key");
        }
        keyed(&bed, "k").json().post("users?login=anna").await.refused(409, 4, "Idempotency-Key");
        keyed(&bed, "k").newer().post("users?login=anna").await.refused(409, 4, "Idempotency-Key");
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
        repeats(&keyed(&bed, "k").post("users?login=anna").await, &{
            let id = admin.get("users?login=anna").await.ok().id();
            let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><Users xmlns=\"http://schema.ubisecure.com/customerid/api\" inResponseTo=\"/2.0/users\" method=\"POST\"><Id>{id}</Id></Users>");
            Answer { body: text.into_bytes(), ..keyed(&bed, "other").post("users?login=other").await.ok() }
        });
    }

    async fn keys_of_two_clients_have_nothing_to_do_with_each_other(bed: Bed) {
        let first = keyed(&bed, "k").post("users?login=anna").await.ok();
        let writer = Caller::basic(&bed, "writer").header("idempotency-key", "k");
        let second = writer.post("users?login=bertil").await.ok();
        assert_ne!(first.id(), second.id());
        repeats(&writer.post("users?login=bertil").await, &second);
        let wrong = keyed(&bed, "k").with(Credentials::Basic("admin".into(), "wrong".into()));
        wrong.post("users?login=anna").await.refused(401, 2, "");
        let reader = bed.reader().header("idempotency-key", "k");
        reader.post("users?login=anna").await.refused(403, 3, "may not");
    }

    async fn a_refusal_is_not_kept(bed: Bed) {
        let anna = user(&bed.admin(), "anna").await;
        keyed(&bed, "k").post("users?login=anna").await.refused(409, 4, "login");
        keyed(&bed, "k").post("users?login=anna").await.refused(409, 4, "login");
        keyed(&bed, "k").post("users?login=anna&nonsense=1").await.refused(400, 1, "nonsense");
        bed.admin().delete(&format!("users/{anna}")).await.ok();
        let first = keyed(&bed, "k").post("users?login=anna").await.ok();
        repeats(&keyed(&bed, "k").post("users?login=anna").await, &first);
    }

    async fn of_sixteen_at_once_one_is_performed_and_all_are_answered(bed: Bed) {
        for round in 0..5 {
            let path = format!("users?login=user{round}&pwd=long-enough");
            let caller = keyed(&bed, &format!("k{round}"));
            let answers = join_all((0..16).map(|_| caller.post(&path))).await;
            let bodies: std::collections::BTreeSet<String> = answers.into_iter().map(|answer| answer.ok().text()).collect();
            assert_eq!(bodies.len(), 1, "{bodies:?}");
            assert_eq!(bed.admin().get(&format!("users?login=user{round}")).await.ok().ids().len(), 1);
        }
        let mixed = (0..16).map(|n| {
            let caller = keyed(&bed, "mixed");
            async move { caller.post(&format!("users?login=mixed{}", n % 4)).await }
        });
        let answers = join_all(mixed).await;
        let made = answers.iter().filter(|answer| answer.status == 200 && answer.header("idempotency-replayed").is_empty()).count();
        assert_eq!(made, 1);
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 409)));
        assert_eq!(bed.admin().get("users?login=mixed").await.ok().ids().len(), 1);
        bed.must_be_sound().await;
    }

    async fn a_password_is_checked_each_time_whatever_the_key(bed: Bed) {
        let id = keyed(&bed, "k").post("users?login=anna&pwd=correct-horse").await.ok().id();
        let path = |pwd: &str| format!("users/{id}/authenticate?pwd={pwd}");
        keyed(&bed, "sign-in").post(&path("correct-horse")).await.ok();
        keyed(&bed, "sign-in").post(&path("wrong-horse")).await.refused(403, 3, "");
        let again = keyed(&bed, "sign-in").post(&path("correct-horse")).await.ok();
        assert_eq!(again.header("idempotency-replayed"), "");
    }

    async fn a_key_that_is_none_is_refused_and_other_methods_know_none(bed: Bed) {
        for bad in ["", "two words", "\u{e4}", &"x".repeat(256)] {
            keyed(&bed, bad).post("users?login=anna").await.refused(400, 1, "Idempotency-Key");
        }
        keyed(&bed, "a").header("idempotency-key", "b").post("users?login=anna").await.refused(400, 1, "Idempotency-Key");
        let path = format!("users/{}", keyed(&bed, &"x".repeat(255)).post("users?login=anna").await.ok().id());
        for surname in ["one", "two"] {
            keyed(&bed, "k").put(&format!("{path}?surname={surname}")).await.ok();
            assert_eq!(keyed(&bed, "k").get(&path).await.ok().value("surname"), surname);
        }
        let acme = organization(&bed.admin(), "acme").await;
        let clerk = role(&bed.admin(), &acme, "Clerk").await;
        keyed(&bed, "k").put(&format!("{path}/roles/{clerk}")).await.ok();
    }
}
