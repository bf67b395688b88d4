//! Neither a cookie nor a password of the JSON interface is ever told: not by the log, the metrics, the trail, or what
//! the database holds.

use reqwest::Method;
use serde_json::json;

use crate::kit::On;
use crate::kit::process::House;

const PASSWORD: &str = "canary-kanarienvogel-77";
const WRONG: &str = "canary-wrong-password-78";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_and_passwords_are_told_nowhere() {
    let mut house = House::new(On::Sqlite).await.unwrap();
    house.options = ["--set", "log.filter=trace", "--set", "log.format=text"].map(str::to_owned).to_vec();
    let server = house.serve();
    let base = server.base.split("/customerid-rest").next().unwrap().to_owned();
    let http = reqwest::Client::new();
    let ask = async |method: Method, path: &str, cookie: &str, body: String| {
        let request =
            http.request(method, format!("{base}{path}")).header("Cookie", format!("JSESSIONID={cookie}"));
        request.body(body).send().await.unwrap()
    };
    let user = |password: &str| json!({ "userId": "chief", "password": password }).to_string();
    assert_eq!(
        ask(Method::POST, "/api/v1/init", "", r#"{"orgId":"pepsico"}"#.to_owned()).await.status(),
        200
    );
    assert_eq!(ask(Method::POST, "/api/v1/init/admin", "", user(PASSWORD)).await.status(), 200);
    assert_eq!(ask(Method::POST, "/api/v1/login", "", user(WRONG)).await.status(), 401);
    let reply = ask(Method::POST, "/api/v1/login", "", user(PASSWORD)).await;
    assert_eq!(reply.status(), 200);
    let cookie = reply.headers()["set-cookie"].to_str().unwrap().to_owned();
    let cookie = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
    assert_eq!(cookie.len(), 64);
    for path in ["/api/v1/contracts", "/api/v1/info", "/api/v1/nothing", "/api/v1/devices/x"] {
        ask(Method::GET, path, &cookie, String::new()).await;
    }
    assert_eq!(
        ask(Method::POST, "/api/v1/contracts", &cookie, format!("{{\"{WRONG}\":1}}")).await.status(),
        400
    );
    let metrics = ask(Method::GET, "/metrics", &cookie, String::new()).await.text().await.unwrap();
    let trail = server.first().get("auditevents?entities=true").await.ok().text();
    assert_eq!(ask(Method::GET, "/api/v1/logout", &cookie, String::new()).await.status(), 200);
    server.stop().await;
    let mut told = vec![
        ("metrics", metrics.into_bytes()),
        ("trail", trail.into_bytes()),
        ("log", house.logged().into_bytes()),
    ];
    for file in std::fs::read_dir(house.data()).unwrap() {
        told.push(("data", std::fs::read(file.unwrap().path()).unwrap_or_default()));
    }
    assert!(house.logged().contains("/api/v1/login"), "the log was looked at");
    for (place, text) in told {
        for secret in [cookie.as_str(), PASSWORD, WRONG] {
            let found = text.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{place} tells {secret}");
        }
    }
}
