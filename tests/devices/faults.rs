//! A database that fails: the interface's one answer for whatever is wrong on this side, and lists that break off.

use std::sync::Arc;

use valtuus::model::Error;
use valtuus::server::{compose, start_over};
use valtuus::store::SharedStore;
use valtuus::store::fault::{Faults, Faulty};
use valtuus::world::{Real, SharedWorld};

use super::{Door, ONE, OTHER, begun, xpub};
use crate::kit::bed;

const INTERNAL: &str = "Internal server error";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_on_this_side_is_one_answer_and_a_list_breaks_off() {
    bed::install_tls();
    let directory = tempfile::TempDir::new().unwrap();
    let config = bed::configuration(directory.path(), None);
    let world: SharedWorld = Arc::new(Real);
    let store = compose::open(&config, &world, true).await.unwrap();
    let faults = Arc::new(Faults::default());
    let faulty: SharedStore = Arc::new(Faulty::new(store, Arc::clone(&faults)));
    let server = start_over(faulty, config, world).await.unwrap();
    let door = begun(Door::at(&server.base)).await;
    let fails = |call: &str, nth| faults.fail(call, nth, Error::internal("secret words of a database"));
    let login = serde_json::json!({ "userId": super::LOGIN, "password": super::PASSWORD }).to_string();
    let contract = serde_json::json!({ "provider": ONE, "user": OTHER }).to_string();
    for (method, path, body, call, nth) in [
        ("GET", "/devices", "", "Read::setting", 1),
        ("GET", "/devices", "", "Read::scan", 1),
        ("GET", "/devices/x", "", "Read::secret_subject", 1),
        ("GET", "/contracts", "", "Read::scan", 1),
        ("POST", "/contracts", contract.as_str(), "Read::secret_subject", 2),
        ("DELETE", "/contracts/00", "", "Read::by_rows", 1),
        ("GET", "/info", "", "Read::setting", 1),
        ("GET", "/properties", "", "Read::setting", 2),
        ("POST", "/properties", r#"{"network":"x"}"#, "Write::set_setting", 1),
        ("GET", "/users", "", "Read::scan", 1),
        ("POST", "/users", r#"{"userId":"x","password":"long enough indeed"}"#, "Write::insert", 1),
        ("PUT", "/users/chief", r#"{"password":"long enough indeed"}"#, "Write::set_credential", 1),
        ("DELETE", "/users/chief", "", "Write::remove", 1),
        ("POST", "/init", r#"{"orgId":"x"}"#, "Read::setting", 1),
        ("POST", "/init/admin", login.as_str(), "Read::setting", 1),
        ("POST", "/login", login.as_str(), "Read::holder", 1),
        ("GET", "/logout", "", "Read::by_id", 1),
    ] {
        fails(call, nth);
        let body = (!body.is_empty()).then(|| body.as_bytes().to_vec());
        door.send(method.parse().unwrap(), path, body).await.refused(500, INTERNAL);
        assert_eq!(faults.pending(), 0, "{method} {path}: {call}");
    }
    door.get("/contracts").await.is(200, "[]");
    // A list whose second part cannot be read ends in the middle, and its client notices.
    many(&server).await;
    fails("Read::scan", 2);
    let cookie = format!("JSESSIONID={}", door.session.clone().unwrap());
    let request = door.http.get(format!("{}/devices", door.base)).header("Cookie", cookie);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err(), "the answer is not taken for a whole one");
    assert_eq!(door.get("/devices").await.json().as_array().unwrap().len(), 501);
    server.stop().await;
}

/// Enrols one device more than a part of a list holds.
async fn many(server: &valtuus::server::Running) {
    use valtuus::model::kind::device::{NAME, ORGANIZATION, XPUB};
    use valtuus::model::state::{Draft, Given};
    use valtuus::model::{Kind, Value};
    use valtuus::operation::create::Create;
    use valtuus::operation::{Caller, perform};
    let engine = &server.service().engine;
    let caller = Caller::local("test");
    for n in 0..501 {
        let text = |text: &str| vec![Given::Value(Value::text(text))];
        let given = vec![
            (NAME, text(&format!("device {n}"))),
            (XPUB, text(&xpub(&format!("device {n}")))),
            (ORGANIZATION, vec![Given::Reference("pepsico".into())]),
        ];
        perform(engine, &caller, Create::new(engine, &caller, Draft { kind: Kind::Device, given }))
            .await
            .unwrap();
    }
}
