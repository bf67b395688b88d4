//! The first start: who can sign in, what is printed once, and which exit status says what.

use std::process::Output;

use super::in_houses;
use crate::kit::On;
use crate::kit::process::{House, PASSWORD};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Fails unless a command ended with this status and said these words on standard error.
#[track_caller]
fn ended(output: &Output, status: i32, words: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    assert!(said.contains(words), "{said:?} should say {words:?}");
}

in_houses! {
    async fn the_first_password_is_printed_once_and_works(house: House) {
        let mut house = house;
        house.environment.clear();
        let server = house.serve();
        let said = house.logged();
        let line = said.lines().find(|line| line.contains("first start")).expect("no password on standard error");
        let password = line.split(" with password ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        assert_eq!(password.len(), 32, "{line}");
        assert!(password.chars().all(|letter| letter.is_ascii_alphanumeric()));
        server.client("restuser", &password).get("users/").await.ok();
        server.client("restuser", "restuser").get("users/").await.refused(401, 2, "");
        server.stop().await;
        let server = house.serve();
        server.client("restuser", &password).get("users/").await.ok();
        assert_eq!(house.logged().matches("first start").count(), 1);
        assert_eq!(house.logged().matches(&password).count(), 1);
        server.stop().await;
    }

    async fn a_given_first_password_is_taken_and_not_printed(house: House) {
        let mut house = house;
        let server = house.serve();
        server.first().get("users/").await.ok();
        server.stop().await;
        // Another one given later changes nothing.
        "another-password".clone_into(&mut house.environment[0].1);
        let server = house.serve();
        server.client("restuser", "another-password").get("users/").await.refused(401, 2, "");
        server.first().get("users/").await.ok();
        server.stop().await;
        for secret in [PASSWORD, "another-password", "first start"] {
            assert!(!house.logged().contains(secret), "{secret}");
        }
    }

    async fn sample_data_is_loaded_once(house: House) {
        let mut house = house;
        house.environment.clear();
        for _ in 0..2 {
            let server = house.serve_with(&["--demo"]);
            let client = server.client("restuser", "secret");
            assert_eq!(client.get("users/").await.ok().ids().len(), 3);
            server.stop().await;
        }
        house.must_be_sound();
    }
}

#[tokio::test]
async fn sample_data_is_refused_where_others_could_reach_it() {
    let house = House::new(On::Sqlite).await.unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        ended(&house.run(&["serve", "--demo", "--plain-http", "--listen", address]), 2, "loopback");
    }
    assert!(!house.data().exists(), "a refused start leaves nothing behind");
}

#[tokio::test]
async fn wrong_usage_and_configuration_end_with_2() {
    let house = House::new(On::Sqlite).await.unwrap();
    for (arguments, words) in [
        (&["serve", "--nonsense"][..], "--nonsense"),
        (&["nonsense"], "nonsense"),
        (&["client", "add", "x"], "preset"),
        (&["client", "add", "x", "--grant", "nonsense"], "VERB:KIND"),
        (&["serve", "--listen", "nowhere"], "listen"),
        (&["serve", "--set", "limits.depth=deep"], "depth"),
        (&["serve", "--set", "limits.depht=8"], "depht"),
        (&["check", "--database-url", "mysql://x"], "database-url"),
        (&["check", "--config", "missing.toml"], "missing.toml"),
        (&["serve", "--tls-cert", "only.pem"], "tls"),
    ] {
        ended(&house.run(arguments), 2, words);
    }
    let mut house = house;
    house.environment.push(("VALTUUS_NONSENSE".to_owned(), "1".to_owned()));
    ended(&house.run(&["check"]), 2, "VALTUUS_NONSENSE");
}

#[tokio::test]
async fn what_fails_ends_with_1_and_what_succeeds_with_0() {
    let house = House::new(On::Sqlite).await.unwrap();
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["config", "check"],
        &["migrate"],
        &["migrate", "--status"],
        &["check"],
        &["reindex"],
        &["client", "list"],
    ] {
        ended(&house.run(arguments), 0, "");
    }
    ended(&house.run(&["client", "disable", "nobody"]), 1, "nobody");
    ended(&house.run(&["client", "reset", "nobody"]), 1, "nobody");
    let output = house.run(&["check", "--database-url", "postgres://postgres:canary@127.0.0.1:1/none"]);
    ended(&output, 1, "database");
    assert!(!text(&output.stderr).contains("canary"), "{}", text(&output.stderr));
    let server = house.serve();
    let address = server.base.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    ended(&house.run(&["serve", "--plain-http", "--listen", &address]), 1, &address);
    server.stop().await;
}
