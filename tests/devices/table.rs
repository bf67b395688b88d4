//! Every row of the seed's tables of requests and answers: status, content type, body; and what comes before `init`.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Door, LOGIN, ONE, OTHER, PASSWORD, enrolled, must_hold, opened};
use crate::on_both;

const EXPIRED: &str = "Session expired or incorrect credentials";

/// Every address with a method it knows, and a body that it takes.
fn addresses() -> Vec<(Method, String, String)> {
    let contract = json!({ "provider": ONE, "user": OTHER, "functions": [34, 35] }).to_string();
    let user = json!({ "userId": "someone", "password": "another long password" }).to_string();
    let rows = [
        (Method::GET, "/devices", String::new()),
        (Method::GET, &format!("/devices/{ONE}"), String::new()),
        (Method::GET, "/contracts", String::new()),
        (Method::POST, "/contracts", contract),
        (Method::DELETE, "/contracts/0011", String::new()),
        (Method::GET, "/info", String::new()),
        (Method::GET, "/info/more", String::new()),
        (Method::GET, "/properties", String::new()),
        (Method::POST, "/properties", r#"{"network":"x"}"#.to_owned()),
        (Method::GET, "/logout", String::new()),
        (Method::GET, "/users", String::new()),
        (Method::POST, "/users", user.clone()),
        (Method::PUT, "/users/someone", user),
        (Method::DELETE, "/users/someone", String::new()),
    ];
    rows.into_iter().map(|(method, path, body)| (method, path.to_owned(), body)).collect()
}

on_both! {
    async fn before_init_nothing_else_works_and_it_works_once(bed: Bed) {
        let door = Door::of(&bed);
        let mut all = addresses();
        let login = json!({ "userId": LOGIN, "password": PASSWORD }).to_string();
        all.push((Method::POST, "/login".to_owned(), login.clone()));
        all.push((Method::POST, "/init/admin".to_owned(), login.clone()));
        for (method, path, body) in &all {
            let reply = door.send(method.clone(), path, Some(body.clone().into_bytes())).await;
            reply.refused(409, "Settings not initialized");
        }
        door.post("/init", "").await.refused(400, "Body can't be empty");
        for bad in ["{", "[]", "{}", r#"{"orgId":1}"#, r#"{"orgId":""}"#, r#"{"orgId":"a/b"}"#, r#"{"orgId":"x","more":1}"#, r#"{"orgId":"\u0000"}"#] {
            assert_eq!(door.post("/init", bad).await.status, 400, "{bad}");
        }
        let (admin, root) = (bed.admin(), bed.server.service().engine.root);
        let made = admin.post(&format!("organizations/?technicalName=network&virtual=true&parentOrganizationId={root}")).await.ok().id();
        door.post("/init", r#"{"orgId":"network"}"#).await.refused(409, "orgId: a normal, non-virtual organization is needed here");
        assert!(admin.get(&format!("roles/?organization={made}&name=Orchestrator&exactMatch=true")).await.ok().ids().is_empty());
        door.post("/init", r#"{"orgId":"pepsico","orgId":"other"}"#).await.says(400, "repeats");
        door.post("/init", r#"{"orgId":"pepsico"}"#).await.is(200, "");
        door.post("/init", r#"{"orgId":"pepsico"}"#).await.refused(403, "Settings already initialized");
        door.post("/init", r#"{"orgId":"other"}"#).await.refused(403, "Settings already initialized");
        door.post("/init", "").await.refused(403, "Settings already initialized");
        let found = bed.admin().get("organizations/?technicalName=other&exactMatch=true").await.ok();
        assert!(found.ids().is_empty(), "a refused init makes nothing");
        door.post("/init/admin", "").await.refused(400, "Body can't be empty");
        door.post("/init/admin", r#"{"userId":"chief","password":"short"}"#).await.says(400, "pwd");
        door.post("/init/admin", &login).await.is(200, "");
        door.post("/init/admin", &login).await.refused(403, "Admin user already initialized");
        for (method, path, body) in addresses() {
            let reply = door.send(method, &path, Some(body.into_bytes())).await;
            reply.refused(401, EXPIRED);
        }
        let trail = bed.admin().get("auditevents?entities=true").await.ok().text();
        assert!(trail.contains("INIT") && !trail.contains(PASSWORD), "initialization is recorded");
        must_hold(&bed).await;
    }

    async fn of_many_inits_at_once_one_is_taken(bed: Bed) {
        let door = Door::of(&bed);
        let many = |path: &'static str, body: fn(usize) -> String| {
            let door = door.clone();
            async move { futures_util::future::join_all((0..12).map(|n| {
                let door = door.clone();
                async move { door.post(path, &body(n)).await.status.as_u16() }
            })).await }
        };
        let mut inits = many("/init", |n| json!({ "orgId": format!("org{n}") }).to_string()).await;
        inits.sort_unstable();
        assert_eq!((inits[0], &inits[1..]), (200, &[403; 11][..]));
        let mut admins = many("/init/admin", |n| json!({ "userId": format!("chief{n}"), "password": PASSWORD }).to_string()).await;
        admins.sort_unstable();
        assert_eq!((admins[0], &admins[1..]), (200, &[403; 11][..]));
    }

    async fn every_row_of_the_tables(bed: Bed) {
        let (door, home) = opened(&bed).await;
        let admin = bed.admin();
        // Devices.
        door.get("/devices").await.refused(404, "No devices found");
        door.get("/devices/af3J42if4828c2").await.refused(404, "Device with xpub: 'af3J42if4828c2' not found");
        door.get("/contracts").await.is(200, "[]");
        enrolled(&admin, "device_name_1", ONE, &home).await;
        enrolled(&admin, "device_name_2", OTHER, &home).await;
        let shown = |name: &str, xpub: &str, contracts: u8| {
            format!(r#"{{"name":"{name}","xpub":"{xpub}","recipe":"test","contracts":{contracts},"shared":false}}"#)
        };
        let both = |contracts| format!("[{},{}]", shown("device_name_1", ONE, contracts), shown("device_name_2", OTHER, contracts));
        door.get("/devices").await.is(200, &both(0));
        door.get(&format!("/devices/{ONE}")).await.is(200, &shown("device_name_1", ONE, 0));
        // Contracts.
        door.post("/contracts", "").await.refused(400, "Body can't be empty");
        door.contract("nobody", OTHER).await.refused(404, "Provider with given Xpub not found");
        door.contract(ONE, "nobody").await.refused(404, "User with given Xpub not found");
        let body = json!({ "provider": ONE, "user": OTHER, "functions": [34, 35] }).to_string();
        door.post("/contracts", &body).await.is(200, "");
        door.post("/contracts", &body).await.refused(409, "Contract already exists");
        door.contract(ONE, OTHER).await.is(200, "");
        for bad in ["{", "[]", "{}", r#"{"provider":"x"}"#, r#"{"provider":1,"user":2}"#] {
            assert_eq!(door.post("/contracts", bad).await.status, 400, "{bad}");
        }
        for functions in ["[]", "[28]", "[144]", "[-1]", "[33.5]", "\"33\"", "[\"33\"]", "null", "[99999999999999999999]"] {
            let body = format!(r#"{{"provider":"{ONE}","user":"{OTHER}","functions":{functions}}}"#);
            door.post("/contracts", &body).await.says(400, "functions");
        }
        door.contract(ONE, ONE).await.says(400, "user");
        let reply = door.get("/contracts").await;
        let listed: Vec<Value> = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(listed.len(), 2);
        let first = &listed[0];
        let (txid, timestamp) = (first["txid"].as_str().unwrap(), first["timestamp"].as_i64().unwrap());
        let part = |name: &str, xpub: &str, address: &str| format!(r#"{{"name":"{name}","xpub":"{xpub}","address":"{address}"}}"#);
        let expected = format!(
            r#"{{"provider":{},"user":{},"revoker":{},"txid":"{txid}","recipe":"Access","status":"ACTIVE","timestamp":{timestamp},"functions":[34,35],"shared":false}}"#,
            part("device_name_1", ONE, "mj3Ggr43QMSea1s6H3nYJRE3m5GjhGFcLb"),
            part("device_name_2", OTHER, listed[0]["user"]["address"].as_str().unwrap()),
            part("device_name_1", ONE, "mvshkGmi8S1xkXnbWVqUEeyom9a15ot2LM"),
        );
        assert!(reply.body.starts_with(&format!("[{expected},")), "{}\n{expected}", reply.body);
        assert!((0..60_000).contains(&(bed.now() / 1_000 - timestamp)), "epoch milliseconds");
        assert_eq!(listed[1]["functions"], json!([33, 34, 35, 36, 37]));
        door.get("/devices").await.is(200, &both(2));
        // Revocation; a body is tolerated.
        door.delete("/contracts/0011").await.refused(404, "Contract not found");
        door.send(Method::DELETE, &format!("/contracts/{txid}"), Some(b"{\"x\":1}".to_vec())).await.is(200, "");
        door.delete(&format!("/contracts/{txid}")).await.refused(404, "Contract not found");
        let listed: Vec<Value> = serde_json::from_str(&door.get("/contracts").await.body).unwrap();
        assert_eq!((listed.len(), listed[0]["status"].as_str()), (2, Some("REVOKED")));
        door.get("/devices").await.is(200, &both(1));
        must_hold(&bed).await;
    }

    async fn every_row_about_the_orchestrator_itself(bed: Bed) {
        let (door, _) = opened(&bed).await;
        let info = door.get("/info").await;
        let told = info.json();
        let (name, key, address) = (told["name"].as_str().unwrap(), told["publicKey"].as_str().unwrap(), told["topupAddress"].as_str().unwrap());
        let random = name.strip_prefix("Orchestrator").unwrap();
        assert!(random.len() == 12 && random.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()), "{name}");
        assert!(key.starts_with("tpub"), "{key}");
        let wallet = valtuus::crypto::hd_key::Wallet::of(key).unwrap();
        assert_eq!(address, wallet.first());
        let expected = format!(r#"{{"name":"{name}","publicKey":"{key}","providerBalance":0,"userBalance":0,"topupAddress":"{address}"}}"#);
        let info = info.is(200, &expected).body;
        door.get("/info/").await.is(200, &info);
        door.get("/info/more").await.refused(400, "Path not implemented");
        door.get("/info/more/and/more").await.refused(400, "Path not implemented");
        // Properties.
        let shown = |network: &str, topic: &str| format!(
            r#"{{"network":"{network}","mqttTopic":"{topic}","mqttBroker":"","httpPort":"","insightApiUrl":"","registryUrl":"","imprinterUrl":""}}"#
        );
        door.get("/properties").await.is(200, &shown("", ""));
        door.post("/properties", "").await.refused(400, "Body can't be empty");
        door.post("/properties", r#"{"network":"test"}"#).await.is(200, &info);
        door.get("/properties").await.is(200, &shown("test", ""));
        let file = door.header("content-type", "application/octet-stream");
        file.post("/properties", "# settings\nmqttTopic=a/b\n").await.is(200, &info);
        door.get("/properties").await.is(200, &shown("test", "a/b"));
        let parts = door.header("content-type", "multipart/form-data; boundary=X");
        let body = "--X\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\nnetwork=main\r\n--X--\r\n";
        parts.post("/properties", body).await.is(200, &info);
        door.get("/properties").await.is(200, &shown("main", "a/b"));
        for bad in [r#"{"other":"x"}"#, r#"{"network":1}"#, "[", "[]", r#"{"network":"a\u0007"}"#] {
            assert_eq!(door.post("/properties", bad).await.status, 400, "{bad}");
        }
        door.header("content-type", "text/html").post("/properties", "x").await.says(415, "application/json");
        door.get("/properties").await.is(200, &shown("main", "a/b"));
    }

    async fn head_is_answered_wherever_get_is(bed: Bed) {
        let (door, home) = opened(&bed).await;
        enrolled(&bed.admin(), "one", ONE, &home).await;
        for path in ["/devices", &format!("/devices/{ONE}"), "/devices/unknown", "/contracts", "/info", "/info/more", "/properties", "/users"] {
            let (get, head) = (door.get(path).await, door.send(Method::HEAD, path, None).await);
            assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        }
    }
}
