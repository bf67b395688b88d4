//! Two server processes on one PostgreSQL: what one of them changes of a client or a token counts there before its
//! answer, and on the other within a second.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::kit::On;
use crate::kit::answer::Answer;
use crate::kit::process::{House, Server};

/// Somebody with a header, at one server.
struct Caller {
    base: String,
    http: reqwest::Client,
    header: String,
}

impl Caller {
    fn new(server: &Server, header: String) -> Self {
        Self { base: server.base.clone(), http: reqwest::Client::new(), header }
    }

    fn bearer(server: &Server, token: &str) -> Self {
        Self::new(server, format!("Bearer {token}"))
    }

    async fn get(&self, path: &str) -> u16 {
        let request = self.http.request(Method::GET, format!("{}/{path}", self.base));
        let answer = request.header("Authorization", &self.header).send().await.unwrap();
        answer.status().as_u16()
    }

    /// Waits until it is answered with this status; a second at most.
    async fn becomes(&self, path: &str, status: u16) {
        let begun = Instant::now();
        loop {
            let asked = Instant::now();
            let found = self.get(path).await;
            if found == status {
                return;
            }
            let late = asked.duration_since(begun);
            assert!(late < Duration::from_secs(1), "{found} and not {status}, {late:?} after the change");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn value(answer: &Answer, name: &str) -> String {
    answer.value(name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_changes_of_a_client_or_token_counts_on_both() {
    crate::kit::bed::install_tls();
    let Some(house) = House::new(On::Postgres).await else { return };
    let patience = ["--set", "auth.attempts.free=1000", "--set", "auth.attempts.lock-after=1000"];
    let (here, there) = (house.serve_with(&patience), house.serve_with(&patience));
    let admin = here.first();
    admin.post("organizations?technicalName=acme").await.ok();
    admin.post("organizations?technicalName=other").await.ok();
    let anna = admin.post("users?login=anna&organization=acme").await.ok().id();
    let anna = format!("users/{anna}");
    let made = admin.post("apiclients?name=nightly&grants=read:user").await.ok();
    let first = value(&made, "secret");
    let token = value(&admin.post("tokens?client=nightly").await.ok(), "token");
    let id = admin.get("tokens?client=nightly").await.ok().id();
    let basic = |server: &Server, password: &str| {
        use base64::Engine as _;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("nightly:{password}"));
        Caller::new(server, format!("Basic {pair}"))
    };
    let locals = [Caller::bearer(&here, &token), basic(&here, &first)];
    let remotes = [Caller::bearer(&there, &token), basic(&there, &first)];
    // What is made counts at once; it cannot be remembered otherwise.
    for caller in locals.iter().chain(&remotes) {
        assert_eq!(caller.get(&anna).await, 200);
    }
    for (change, path, status) in [
        ("apiclients/nightly?grants=read:role", anna.as_str(), 403),
        ("apiclients/nightly?grants=read:user", anna.as_str(), 200),
        ("apiclients/nightly?within=other", anna.as_str(), 404),
        ("apiclients/nightly?within=acme", anna.as_str(), 200),
        ("apiclients/nightly?state=Disabled", anna.as_str(), 401),
        ("apiclients/nightly?state=Enabled", anna.as_str(), 200),
    ] {
        admin.send(Method::PUT, change).await.ok();
        for caller in &locals {
            assert_eq!(caller.get(path).await, status, "{change} on the node that made it");
        }
        for caller in &remotes {
            caller.becomes(path, status).await;
        }
    }
    let second = value(&admin.send(Method::PUT, "apiclients/nightly/reset").await.ok(), "secret");
    assert_eq!(locals[1].get(&anna).await, 401);
    remotes[1].becomes(&anna, 401).await;
    for server in [&here, &there] {
        assert_eq!(basic(server, &second).get(&anna).await, 200);
    }
    assert_eq!(remotes[0].get(&anna).await, 200, "another password leaves the tokens");
    admin.send(Method::DELETE, &format!("tokens/{id}")).await.ok();
    assert_eq!(locals[0].get(&anna).await, 401);
    remotes[0].becomes(&anna, 401).await;
    // By the command line, which is a third process.
    let output = house.run(&["client", "token", "nightly", "--expires", "1h", "--name", "by hand"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let token = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let bearers = [Caller::bearer(&here, &token), Caller::bearer(&there, &token)];
    for bearer in &bearers {
        assert_eq!(bearer.get(&anna).await, 200);
    }
    admin.send(Method::DELETE, "apiclients/nightly").await.ok();
    assert_eq!(bearers[0].get(&anna).await, 401);
    bearers[1].becomes(&anna, 401).await;
    for server in [here, there] {
        server.stop().await;
    }
    house.must_be_sound();
}
