//! `valtuus client` beside a running server: what it changes counts there within a second.

use std::time::{Duration, Instant};

use super::in_houses;
use crate::kit::process::{Client, House};

/// Waits until the client is answered with this status; a second at most.
async fn becomes(client: &Client, status: u16) {
    let begun = Instant::now();
    loop {
        let asked = begun.elapsed();
        let answer = client.get("users/?maxResults=1").await;
        if answer.status == status {
            return;
        }
        let found = answer.status;
        assert!(asked < Duration::from_secs(1), "{found} to who asks {asked:?} after: {}", answer.text());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs a command that must succeed; answers what it printed.
#[track_caller]
fn done(house: &House, arguments: &[&str], input: &str) -> String {
    let output = house.run_with(arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

in_houses! {
    async fn clients_are_administered_while_the_server_runs(house: House) {
        let server = house.serve_with(&["--set", "auth.attempts.free=1000", "--set", "auth.attempts.lock-after=1000"]);
        let reports = server.client("reports", "first-password");
        becomes(&reports, 401).await;
        done(&house, &["client", "add", "reports", "--preset", "reader", "--password-stdin"], "first-password\n");
        becomes(&reports, 200).await;
        reports.post("users/?login=x").await.refused(403, 3, "create");
        let list = done(&house, &["client", "list"], "");
        let names: Vec<&str> = list.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(names, ["restuser", "reports"]);

        done(&house, &["client", "disable", "reports"], "");
        becomes(&reports, 401).await;
        assert!(done(&house, &["client", "list"], "").contains("reports\tdisabled"));
        done(&house, &["client", "enable", "reports"], "");
        becomes(&reports, 200).await;

        let password = done(&house, &["client", "reset", "reports"], "");
        assert_eq!(password.len(), 32, "{password}");
        becomes(&reports, 401).await;
        becomes(&server.client("reports", &password), 200).await;
        done(&house, &["client", "reset", "reports", "--password-stdin"], "third-password\n");
        becomes(&server.client("reports", "third-password"), 200).await;
        becomes(&server.client("reports", &password), 401).await;

        let shown = done(&house, &["client", "add", "other", "--grant", "read:role", "--json"], "");
        let other = shown.split("\"password\":\"").nth(1).unwrap().split('"').next().unwrap();
        let other = server.client("other", other);
        becomes(&other, 403).await;
        other.get("roles").await.ok();
        let twice = house.run(&["client", "add", "other", "--preset", "admin"]);
        assert_eq!(twice.status.code(), Some(1), "a name is given once");
        // Bounded clients and tokens.
        server.first().post("organizations?technicalName=acme").await.ok();
        let unknown = house.run(&["client", "add", "bounded", "--preset", "reader", "--within", "nowhere"]);
        assert_eq!(unknown.status.code(), Some(1));
        done(&house, &["client", "add", "bounded", "--preset", "reader", "--within", "acme", "--password-stdin"], "bounded-password\n");
        assert!(done(&house, &["client", "list"], "").lines().any(|line| line.starts_with("bounded\t") && line.ends_with("\twithin acme")));
        assert!(done(&house, &["client", "list", "--json"], "").contains("\"within\":\"acme\""));
        let shown = done(&house, &["client", "token", "bounded", "--expires", "2h", "--name", "nightly", "--json"], "");
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["client"], "bounded");
        let token = shown["token"].as_str().unwrap();
        let url = format!("{}/organizations", server.base);
        let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
        let answer = crate::kit::Answer::read(answer).await.ok();
        assert_eq!(answer.ids().len(), 1, "acme alone");
        for (wrong, status) in [("3y", 2), ("0d", 2), ("d", 2), ("-1d", 2), ("5000d", 1)] {
            let output = house.run(&["client", "token", "bounded", &format!("--expires={wrong}")]);
            assert_eq!(output.status.code(), Some(status), "{wrong}");
        }
        assert_eq!(house.run(&["client", "token", "nobody"]).status.code(), Some(1));
        // The first client was not disturbed by any of this.
        server.first().get("users/").await.ok();
        server.stop().await;
        house.must_be_sound();
    }
}
