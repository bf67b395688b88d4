//! Refusals of credentials in every form; the right ones beside them, so that not everything is refused.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use valtuus::config::Config;
use valtuus::operation::Caller as Local;
use valtuus::operation::client::{ClientChange, change};
use valtuus::operation::perform;
use valtuus::operation::token::{CreateToken, Wanted, hash};
use valtuus::store::AuditQuery;

use super::ground::{Ground, is_open};
use crate::kit::caller::Credentials;
use crate::kit::cases::{all_refused, case, soon};
use crate::kit::trace::records;
use crate::kit::{Answer, Bed, Caller};
use crate::{on_both, on_both_with};

const ASKED: &str = "users/?maxResults=1";

/// Failures cost nothing, so that many forms can be tried under one name.
fn patient(config: &mut Config) {
    config.auth.attempts.free = 10_000;
    config.auth.attempts.lock_after = 10_000;
}

fn without_query(config: &mut Config) {
    patient(config);
    config.auth.query_credentials = false;
}

fn without_basic(config: &mut Config) {
    patient(config);
    config.auth.basic = false;
}

fn without_passwords(config: &mut Config) {
    patient(config);
    config.auth.passwords = false;
}

fn basic(pair: impl AsRef<[u8]>) -> Credentials {
    Credentials::Header(format!("Basic {}", STANDARD.encode(pair)))
}

async fn with(bed: &Bed, credentials: Credentials) -> Answer {
    soon("credentials", bed.anonymous().with(credentials).get(ASKED)).await
}

fn refused(answer: Answer) -> Answer {
    let answer = answer.refused(401, 2, "authentication failed");
    let challenges: Vec<String> = answer
        .headers
        .get_all("www-authenticate")
        .iter()
        .map(|value| value.to_str().unwrap().to_owned())
        .collect();
    assert!(
        challenges.iter().any(|challenge| challenge.starts_with("Bearer realm=\"valtuus\"")),
        "{challenges:?}"
    );
    answer
}

/// Whether a refusal offers HTTP Basic.
fn offers_basic(answer: &Answer) -> bool {
    answer
        .headers
        .get_all("www-authenticate")
        .iter()
        .any(|value| value.as_bytes().starts_with(b"Basic realm="))
}

on_both_with! { patient;
    async fn query_credentials_are_needed_both_once_and_right(bed: Bed) {
        for query in [
            "", "&username=admin", "&password=admin-password", "&username=&password=", "&username=admin&password=",
            "&username=admin&password=wrong", "&username=nobody&password=admin-password",
            "&username=admin&password=reader-password", "&username=ADMIN&password=admin-password",
            "&username=admin&password=admin-password%20", "&username=admin&password=Admin-password",
            "&username=admin&username=admin&password=admin-password",
            "&username=admin&password=admin-password&password=admin-password",
            "&username=admin&password=wrong&password=admin-password",
            "&Username=admin&Password=admin-password", "&username=admin%0A&password=admin-password",
        ] {
            refused(soon(query, bed.anonymous().get(&format!("{ASKED}{query}"))).await);
        }
        with(&bed, Credentials::Query("admin".into(), "admin-password".into())).await.ok();
        // Percent-encoding is undone before the comparison.
        bed.anonymous().get(&format!("{ASKED}&username=%61dmin&password=admin%2Dpassword")).await.ok();
    }

    async fn a_header_that_is_no_good_is_refused(bed: Bed) {
        let header = |text: &str| Credentials::Header(text.to_owned());
        for wrong in [
            basic("admin:wrong"), basic("nobody:admin-password"), basic("admin"), basic(""), basic(":"), basic("admin:"),
            basic(":admin-password"), basic(b"admin:\xff\xfe"), basic("admin:admin-password\0"),
            basic("admin:admin-password\n"), header("Basic"), header("Basic "), header("Basic !!!!"), header("Basic YWRt"),
            header("YWRtaW46YWRtaW4tcGFzc3dvcmQ="), header("Bearer abc"), header("Bearer "), header("Negotiate abc"),
            header("Digest username=\"admin\""), header("Basic\tYWRtaW46YWRtaW4tcGFzc3dvcmQ="), header(""),
            header("admin:admin-password"),
        ] {
            refused(with(&bed, wrong).await);
        }
        with(&bed, basic("admin:admin-password")).await.ok();
        with(&bed, header(&format!("bAsIc {}", STANDARD.encode("admin:admin-password")))).await.ok();
    }

    async fn the_header_wins_and_nothing_wrong_is_passed_over(bed: Bed) {
        let right = format!("{ASKED}&username=admin&password=admin-password");
        let wrong = format!("{ASKED}&username=admin&password=wrong");
        let ask = async |credentials: Credentials, path: &str| bed.anonymous().with(credentials).get(path).await;
        ask(basic("admin:admin-password"), &wrong).await.ok();
        ask(basic("reader:reader-password"), &right).await.ok();
        for header in ["Basic bad", "Bearer x", "Negotiate x"] {
            refused(ask(Credentials::Header(header.to_owned()), &right).await);
        }
        refused(ask(basic("admin:wrong"), &right).await);
        let twice = Caller::basic(&bed, "admin").header("Authorization", "Basic YWRtaW46YWRtaW4tcGFzc3dvcmQ=");
        refused(twice.get(ASKED).await);
    }

    async fn credentials_in_a_form_body_are_not_read(bed: Bed) {
        let form = "username=admin&password=admin-password&login=x";
        let caller = bed.anonymous().header("Content-Type", "application/x-www-form-urlencoded");
        refused(caller.send(Method::POST, "users/", Some(form.into())).await);
    }

    async fn wrong_and_unknown_and_disabled_are_told_apart_by_nothing(bed: Bed) {
        let service = bed.server.service();
        let reader = || Credentials::Query("reader".into(), "reader-password".into());
        with(&bed, reader()).await.ok();
        let switch = async |on| {
            let local = Local::local("test");
            change(&service.engine, &local, "reader", ClientChange::Enabled(on)).await.unwrap();
        };
        switch(false).await;
        let disabled = refused(with(&bed, reader()).await);
        let wrong = refused(with(&bed, basic("admin:wrong")).await);
        let unknown = refused(with(&bed, basic("nobody:wrong")).await);
        assert_eq!(disabled.body, wrong.body);
        assert_eq!(unknown.body, wrong.body);
        // The order of headers says nothing: it differs from answer to answer.
        let names = |answer: &Answer| -> BTreeSet<String> {
            answer.headers.keys().map(|name| name.as_str().to_owned()).collect()
        };
        assert_eq!(names(&disabled), names(&wrong));
        assert_eq!(names(&unknown), names(&wrong));
        switch(true).await;
        with(&bed, reader()).await.ok();
    }

    async fn a_failed_sign_in_is_recorded_with_the_name_that_was_tried(bed: Bed) {
        let answer = refused(with(&bed, basic("nobody:whatever")).await);
        let query = AuditQuery { event_id: Some("VLT_APICLIENT_AUTHENTICATE".into()), ..AuditQuery::default() };
        let records = records(&bed.server.service().engine.store, &query).await;
        let categories: Vec<&str> = records.iter().map(|record| record.field("category")).collect();
        assert_eq!(categories, ["request", "failure"]);
        for record in &records {
            assert_eq!(record.field("client"), "nobody");
            assert_eq!(record.field("sourceAddress"), "127.0.0.1");
            assert_eq!(record.field("requestId"), answer.header("x-request-id"));
        }
    }

    async fn nobody_gets_anywhere_without_credentials(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let mut cases = Vec::new();
        for route in crate::refusals::ground::walked(valtuus::http::dialect::v2_0::ROUTES).filter(|route| !is_open(route)) {
            let method = Method::from_bytes(route.method.as_bytes()).unwrap();
            cases.push(case(method, ground.path(route), (401, 2), "authentication failed"));
        }
        all_refused(&bed, &bed.anonymous(), &cases).await;
        for path in ["healthz", "readyz", "metrics", "schema/cid-2.0.xsd", "schema/extension.xsd"] {
            let url = format!("{}/{path}", bed.root());
            bed.anonymous().send_to(Method::GET, &url, None).await.ok();
        }
    }
}

on_both_with! { without_query;
    async fn query_credentials_that_are_switched_off_are_refused(bed: Bed) {
        let query = with(&bed, Credentials::Query("admin".into(), "admin-password".into())).await;
        assert!(offers_basic(&refused(query)));
        with(&bed, basic("admin:admin-password")).await.ok();
    }
}

on_both_with! { without_basic;
    async fn basic_that_is_switched_off_is_refused_even_beside_a_good_query(bed: Bed) {
        with(&bed, Credentials::Query("admin".into(), "admin-password".into())).await.ok();
        assert!(!offers_basic(&refused(with(&bed, basic("admin:admin-password")).await)));
        let both = format!("{ASKED}&username=admin&password=admin-password");
        refused(bed.anonymous().with(basic("admin:admin-password")).get(&both).await);
    }
}

on_both_with! { without_passwords;
    async fn without_passwords_only_tokens_are_accepted_and_the_challenge_says_so(bed: Bed) {
        let service = bed.server.service();
        let local = Local::local("test");
        let expires = service.engine.world.now() + 60_000_000;
        let wanted = Wanted { client: Some("admin".into()), name: None, expires };
        let create = CreateToken::new(&service.engine, &local, &wanted, hash("vlt_of-the-admin")).unwrap();
        perform(&service.engine, &local, create).await.unwrap();
        let token = Credentials::Header("Bearer vlt_of-the-admin".into());
        with(&bed, token.clone()).await.ok();
        for (credentials, challenge) in [
            (Credentials::None, "Bearer realm=\"valtuus\""),
            (Credentials::Query("admin".into(), "admin-password".into()), "Bearer realm=\"valtuus\""),
            (basic("admin:admin-password"), "Bearer realm=\"valtuus\""),
            (Credentials::Header("Bearer vlt_wrong".into()), "Bearer realm=\"valtuus\", error=\"invalid_token\""),
        ] {
            let answer = with(&bed, credentials).await.refused(401, 2, "authentication failed");
            let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
            assert_eq!(challenges, [challenge]);
        }
        let beside = format!("{ASKED}&username=admin&password=admin-password");
        bed.anonymous().with(token).get(&beside).await.ok();
    }
}

on_both! {
    async fn guessing_locks_the_pair_and_nobody_else(bed: Bed) {
        let mut guesses = 0;
        // Once a guess is delayed it is answered 429, and not counted; ten that count bring the lock.
        while guesses < 10 {
            let answer = with(&bed, basic(format!("writer:guess-{guesses}"))).await;
            if answer.status.as_u16() == 429 {
                let wait: u64 = answer.refused(429, 14, "too many").header("retry-after").parse().unwrap();
                assert!(wait >= 1);
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            } else {
                refused(answer);
                guesses += 1;
            }
        }
        // The right password does not help now, nor does it tell that it is right; others are not affected.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        refused(with(&bed, basic("writer:writer-password")).await);
        refused(with(&bed, Credentials::Query("writer".into(), "writer-password".into())).await);
        with(&bed, basic("admin:admin-password")).await.ok();
        with(&bed, basic("reader:reader-password")).await.ok();
    }
}
