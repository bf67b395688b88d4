//! What nobody should send to the JSON interface: unknown addresses, methods, sizes, forms; whose devices are seen.

use reqwest::Method;

use super::{Door, ONE, OTHER, enrolled, must_hold, opened, organization, xpub};
use crate::on_both;

on_both! {
    async fn unknown_addresses_and_methods_are_refused_as_json(bed: Bed) {
        let (door, _) = opened(&bed).await;
        for path in ["", "/", "/nothing", "/devices/a/b", "/contracts/a/b", "/init/more", "/users/a/b", "/login/x", "//devices", "/Devices"] {
            door.get(path).await.says(404, "");
        }
        for (path, known, wrong) in [
            ("/devices", "GET, HEAD, OPTIONS", Method::POST), ("/devices/x", "GET, HEAD, OPTIONS", Method::DELETE),
            ("/contracts", "GET, POST, HEAD, OPTIONS", Method::PUT), ("/contracts/x", "DELETE, OPTIONS", Method::GET),
            ("/info", "GET, HEAD, OPTIONS", Method::POST), ("/properties", "GET, POST, HEAD, OPTIONS", Method::DELETE),
            ("/init", "POST, OPTIONS", Method::GET), ("/init/admin", "POST, OPTIONS", Method::PUT), ("/login", "POST, OPTIONS", Method::GET),
            ("/logout", "GET, HEAD, OPTIONS", Method::POST), ("/users", "GET, POST, HEAD, OPTIONS", Method::PATCH),
            ("/users/x", "PUT, DELETE, OPTIONS", Method::GET),
        ] {
            let reply = door.send(wrong, path, None).await.refused(405, "Method not allowed");
            assert_eq!(reply.header("allow"), known, "{path}");
            assert_eq!(door.send(Method::OPTIONS, path, None).await.is(200, "").header("allow"), known);
        }
        for path in ["/devices/%ff", "/devices/%00", "/devices/%zz", "/devices?a=%ff"] {
            door.get(path).await.says(400, "");
        }
    }

    async fn what_is_too_long_is_refused_as_json(bed: Bed) {
        let (door, _) = opened(&bed).await;
        door.get(&format!("/devices/{}", "a".repeat(7_000))).await.says(404, "not found");
        let long = vec![b' '; 2 << 20];
        door.send(Method::POST, "/contracts", Some(long)).await.says(413, "");
        let deep = "[".repeat(100_000);
        door.post("/contracts", &deep).await.says(400, "JSON");
        let many = format!(r#"{{"provider":"{ONE}","user":"{OTHER}","functions":[{}33]}}"#, "33,".repeat(200_000));
        assert!([400, 404, 413].contains(&door.post("/contracts", &many).await.status.as_u16()));
        let fields = format!("{{{}\"x\":1}}", "\"network\":\"a\",".repeat(50_000));
        door.post("/properties", &fields).await.says(400, "");
        for body in [&b"\xff\xfe"[..], b"{\"orgId\":\"\xc3\x28\"}", b"\x00", b"\xef\xbb\xbf{}"] {
            door.send(Method::POST, "/contracts", Some(body.to_vec())).await.says(400, "");
        }
        must_hold(&bed).await;
    }

    async fn devices_of_another_organization_are_unknown_here(bed: Bed) {
        let (door, home) = opened(&bed).await;
        let strangers = organization(&bed, "strangers").await;
        let below = bed.admin().post(&format!("organizations/?technicalName=below&parentOrganizationId={home}")).await.ok().id();
        let admin = bed.admin();
        enrolled(&admin, "ours", ONE, &home).await;
        let foreign = enrolled(&admin, "theirs", OTHER, &strangers).await;
        let (third, under) = (xpub("third"), xpub("under"));
        enrolled(&admin, "third", &third, &strangers).await;
        enrolled(&admin, "under", &under, &below).await;
        assert_eq!(door.get("/devices").await.json().as_array().unwrap().len(), 1);
        for xpub in [OTHER, &under, &foreign] {
            door.get(&format!("/devices/{xpub}")).await.refused(404, &format!("Device with xpub: '{xpub}' not found"));
            door.contract(xpub, ONE).await.refused(404, "Provider with given Xpub not found");
            door.contract(ONE, xpub).await.refused(404, "User with given Xpub not found");
        }
        let contract = admin.post(&format!("contracts?provider={OTHER}&user={third}")).await.ok().id();
        let txid = admin.get(&format!("contracts/{contract}")).await.ok().value("txid");
        door.get("/contracts").await.is(200, "[]");
        for key in [&txid, &contract] {
            door.delete(&format!("/contracts/{key}")).await.refused(404, "Contract not found");
        }
        assert_eq!(admin.get(&format!("contracts/{contract}")).await.ok().value("status"), "ACTIVE");
    }

    async fn texts_that_come_back_are_written_as_json(bed: Bed) {
        let (door, home) = opened(&bed).await;
        let name = "a%22%5C%3Cscript%3E%C3%A4";
        bed.admin().post(&format!("devices?name={name}&xpub={ONE}&organization={home}")).await.ok();
        assert_eq!(door.get("/devices").await.json()[0]["name"], "a\"\\<script>ä");
        door.get("/devices/a%22%5Cb").await.refused(404, "Device with xpub: 'a\"\\b' not found");
    }
}

crate::on_both_with! { |config: &mut valtuus::config::Config| config.orchestrator.enabled = false;
    async fn an_interface_that_is_switched_off_is_not_there(bed: Bed) {
        let url = format!("{}/api/v1/init", bed.root());
        bed.anonymous().send_to(Method::POST, &url, Some(b"{\"orgId\":\"pepsico\"}".to_vec())).await.refused(401, 2, "");
        bed.admin().send_to(Method::GET, &format!("{url}?username=admin&password=admin-password"), None).await.refused(404, 7, "");
    }
}

crate::on_both_with! { |config: &mut valtuus::config::Config| { config.doors.burst = 3; config.doors.per_minute = 1; };
    async fn who_knocks_too_often_is_told_to_wait(bed: Bed) {
        let door = Door::of(&bed);
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(door.post("/init", "{").await.status.as_u16());
        }
        assert_eq!(statuses, [400, 400, 400, 429, 429]);
        let reply = door.post("/init", r#"{"orgId":"x"}"#).await.says(429, "");
        assert!(!reply.header("retry-after").is_empty());
    }
}
