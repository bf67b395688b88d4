//! After any change through any door, the next decision on the node uses it; after one by another process, within a
//! second.

use std::time::Duration;

use serde_json::json;

use crate::access_door::{Guest, known};
use crate::bulk::import as bulk_import;
use crate::crash::in_houses;
use crate::digit::door::{files, send};
use crate::digit::{FILES, folder, import, master};
use crate::kit::process::Server;
use crate::on_both;

async fn allowed(bed: &crate::kit::Bed, role: &str, uri: &str) -> bool {
    let path = format!("authorizations?uri={uri}&tenant=uk.dehradun&role={role}@uk");
    bed.admin().get(&path).await.ok().value("allowed") == "true"
}

on_both! {
    async fn what_the_json_door_and_imports_change_counts_at_once(bed: Bed) {
        let door = known(&bed).await;
        assert!(allowed(&bed, "TL_CEMP", "/tl/v1/_create").await);
        // Another friendly name is no other code.
        door.ask("roles/_update", json!({"tenantId": "uk", "roles": [{"code": "TL_CEMP", "name": "N"}]})).await;
        assert!(allowed(&bed, "TL_CEMP", "/tl/v1/_create").await);
        assert!(!allowed(&bed, "SUPERUSER", "/tl/v1/_create").await);
        let feature = json!({"roleId": ["SUPERUSER"], "feature": {"code": "TRADE", "name": "Trade", "serviceCode": "tl"}, "tenantId": "uk"});
        door.ask("feature-role/_create", feature).await;
        assert!(allowed(&bed, "SUPERUSER", "/tl/v1/_create").await);
        door.ask("actions/_update", json!({"tenantId": "uk", "actions": [{"id": 1685, "url": "/tl/v2/_create"}]})).await;
        assert!(!allowed(&bed, "TL_CEMP", "/tl/v1/_create").await);
        let texts = [
            master("uk", FILES[0], r#"{"code":"TL_CEMP","name":"N"}"#),
            master("uk", FILES[1], r#"{"id":1685,"url":"/tl/v3/_create","enabled":false}"#),
            master("uk", FILES[2], r#"{"rolecode":"TL_CEMP","actionid":7,"tenantId":"uk"}"#),
        ];
        let tried = send(&bed.admin(), "tenant=uk&dryRun=true", files(&texts)).await;
        assert_eq!(tried.status.as_u16(), 200, "{}", tried.text());
        assert!(!allowed(&bed, "TL_CEMP", "/tl/v3/_create").await, "tried, not done");
        send(&bed.admin(), "tenant=uk", files(&texts)).await.ok();
        assert!(allowed(&bed, "TL_CEMP", "/tl/v3/_create").await);
        assert!(allowed(&bed, "TL_CEMP", "/user/users/1/_updatenovalidate").await);
        let guest = Guest::named(&bed, "admin");
        guest.ask("actions/_create", json!({"tenantId": "uk.dehradun", "actions": [{"name": "local", "url": "/tl/local", "enabled": true, "serviceCode": "tl"}]})).await;
        assert!(allowed(&bed, "SUPERUSER", "/tl/local").await);
    }

    async fn only_the_indexes_of_what_was_touched_are_made_anew(bed: Bed) {
        let door = known(&bed).await;
        let indexes = &bed.server.service().engine.access;
        let made = async || {
            let before = indexes.compiled();
            for tenant in ["uk", "uk.dehradun", "uk.almora"] {
                let path = format!("authorizations?uri=/x&tenant={tenant}&role=TL_CEMP@uk");
                bed.admin().get(&path).await.ok();
            }
            indexes.compiled() - before
        };
        made().await;
        assert_eq!(made().await, 0);
        bed.admin().post("users?login=anna").await.ok();
        bed.admin().post("organizations?technicalName=fi").await.ok();
        door.ask("roles/_create", json!({"tenantId": "uk", "roles": [{"code": "NEW", "name": "N"}]})).await;
        assert_eq!(made().await, 0, "nothing that is mapped has changed");
        let map = |tenant: &str, id: i64| json!({"role": {"code": "TL_CEMP"}, "actions": [{"id": id}], "tenantId": tenant});
        door.ask("role-actions/_create", map("uk", 7)).await;
        assert_eq!(made().await, 1, "the state's mappings are its own");
        door.ask("role-actions/_create", map("uk.almora", 7)).await;
        assert_eq!(made().await, 1, "a city's too");
        door.ask("actions/_update", json!({"tenantId": "uk", "actions": [{"id": 7, "url": "/y"}]})).await;
        assert_eq!(made().await, 3, "an action of the state may be mapped by its cities");
    }
}

async fn becomes(server: &Server, uri: &str, wanted: &str) {
    let question = format!("authorizations?uri={uri}&tenant=uk&role=A@uk");
    for _ in 0..50 {
        if server.first().get(&question).await.ok().value("allowed") == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{uri} is not {wanted} within a second");
}

in_houses! {
    async fn what_the_command_line_imports_beside_a_server_counts_within_a_second(house: House) {
        let server = house.serve();
        becomes(&server, "/a", "false").await;
        let rows = [
            r#"{"code":"A","name":"a"}"#,
            r#"{"id":1,"url":"/a","enabled":false},{"id":2,"url":"/b/{x}","enabled":false}"#,
            r#"{"rolecode":"A","actionid":1,"tenantId":"uk"}"#,
        ];
        let dir = folder(&house, "masters", "uk", rows);
        import(&house, &dir, "uk", &["--dry-run"]).ended(0);
        becomes(&server, "/a", "false").await;
        import(&house, &dir, "uk", &[]).ended(0);
        becomes(&server, "/a", "true").await;
        becomes(&server, "/b/1", "false").await;
        bulk_import(&house, "roleactions.csv", "role,action,tenant\nuk/A,uk:2,uk\n", &[]).ended(0);
        becomes(&server, "/b/1", "true").await;
        server.stop().await;
        house.must_be_sound();
    }
}
