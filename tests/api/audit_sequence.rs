//! Every changing operation leaves its request and its outcome in the trail: one success, or one failure.

use super::{below, invitation, mandate, organization, role, user};
use crate::kit::{Bed, Caller};
use crate::on_both;

/// What the trail has of one request: event and category of each record, in the order written.
async fn trail(bed: &Bed, request: &str) -> Vec<String> {
    let mut found = Vec::new();
    for id in bed.admin().get("auditevents").await.ok().ids() {
        let record = bed.admin().get(&format!("auditevents/{id}")).await.ok();
        if record.value("requestId") == request {
            let category = record.value("category");
            if category == "failure" {
                assert!(record.value("description").len() > 20, "a failure says why");
            }
            found.push(format!("{} {category}", record.value("eventId")));
        }
    }
    found
}

fn named<'b>(bed: &'b Bed, request: &str) -> Caller<'b> {
    bed.admin().header("x-request-id", request)
}

on_both! {
    async fn every_successful_change_is_recorded(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let other = below(&admin, &acme, "other").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let (anna, bertil) = (user(&admin, "anna").await, user(&admin, "bertil").await);
        let given = mandate(&admin, &acme, &anna, &clerk).await;
        let invited = invitation(&admin, &anna, &clerk).await;
        let changes: [(&str, &str, String, &str); 16] = [
            ("r01", "POST", "users/?login=c".to_owned(), "VLT_USER_CREATE"),
            ("r02", "PUT", format!("users/{anna}?surname=x"), "VLT_USER_UPDATE"),
            ("r03", "PUT", format!("users/{anna}/roles/{clerk}"), "VLT_ASSIGNMENT_CREATE"),
            ("r04", "PUT", format!("users/{anna}/roles/{clerk}"), "VLT_ASSIGNMENT_CREATE"),
            ("r05", "DELETE", format!("users/{anna}/roles/{clerk}"), "VLT_ASSIGNMENT_DELETE"),
            ("r06", "DELETE", format!("users/{anna}/roles/{clerk}"), "VLT_ASSIGNMENT_DELETE"),
            ("r07", "POST", "organizations/?technicalName=x".to_owned(), "VLT_ORGANIZATION_CREATE"),
            ("r08", "PUT", format!("organizations/{acme}?vatnumber=1"), "VLT_ORGANIZATION_UPDATE"),
            ("r09", "PUT", format!("organizations/{other}/parent?parentOrganizationId=root"), "VLT_ORGANIZATION_MOVE"),
            ("r10", "DELETE", format!("organizations/{other}"), "VLT_ORGANIZATION_DELETE"),
            ("r11", "POST", format!("roles/?name=X&organization={acme}"), "VLT_ROLE_CREATE"),
            ("r12", "POST", format!("mandates/?mandater={acme}&mandatee={bertil}&role={clerk}"), "VLT_MANDATE_CREATE"),
            ("r13", "PUT", format!("mandates/{given}/revoke"), "VLT_MANDATE_REVOKE"),
            ("r14", "DELETE", format!("mandates/{given}"), "VLT_MANDATE_DELETE"),
            ("r15", "DELETE", format!("roleinvitations/{invited}"), "VLT_ROLEINVITATION_WITHDRAW"),
            ("r16", "DELETE", format!("users/{bertil}"), "VLT_USER_DELETE"),
        ];
        for (request, method, path, event) in &changes {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            named(&bed, request).send(method, path, None).await.ok();
            let wanted = [format!("{event} request"), format!("{event} success")];
            assert_eq!(trail(&bed, request).await, wanted, "{path}");
        }
    }

    async fn every_refused_change_is_recorded(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        let given = mandate(&admin, &acme, &anna, &clerk).await;
        let nobody = "018f0000-0000-7000-8000-000000000000";
        let refusals: [(&str, &str, String, u16, &str); 11] = [
            ("f01", "POST", "users/?login=anna".to_owned(), 409, "VLT_USER_CREATE"),
            ("f02", "POST", "users/?shoesize=1".to_owned(), 400, "VLT_USER_CREATE"),
            ("f03", "PUT", format!("users/{anna}?status=Locked"), 400, "VLT_USER_UPDATE"),
            ("f04", "PUT", format!("users/{nobody}?surname=x"), 404, "VLT_USER_UPDATE"),
            ("f05", "DELETE", format!("roles/{clerk}"), 409, "VLT_ROLE_DELETE"),
            ("f06", "DELETE", format!("organizations/{acme}"), 409, "VLT_ORGANIZATION_DELETE"),
            ("f07", "PUT", format!("organizations/{acme}/parent?parentOrganizationId={acme}"), 409, "VLT_ORGANIZATION_MOVE"),
            ("f08", "PUT", format!("organizations/{acme}/parent"), 400, "VLT_ORGANIZATION_MOVE"),
            ("f09", "PUT", format!("users/{nobody}/roles/{clerk}"), 404, "VLT_ASSIGNMENT_CREATE"),
            ("f10", "PUT", format!("mandates/{given}/revoke?x=y"), 400, "VLT_MANDATE_REVOKE"),
            ("f11", "POST", format!("organizations/{nobody}/users?login=x"), 404, "VLT_USER_CREATE"),
        ];
        for (request, method, path, status, event) in &refusals {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let answer = named(&bed, request).send(method, path, None).await;
            assert_eq!(answer.status, *status, "{path}: {}", answer.text());
            let wanted = [format!("{event} request"), format!("{event} failure")];
            assert_eq!(trail(&bed, request).await, wanted, "{path}");
        }
        bed.must_be_sound().await;
    }

    async fn what_goes_along_is_recorded_with_its_cause(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = crate::api::make(&admin, &format!("users/?login=anna&role={clerk}")).await;
        mandate(&admin, &acme, &anna, &clerk).await;
        invitation(&admin, &anna, &clerk).await;
        named(&bed, "gone").delete(&format!("users/{anna}")).await.ok();
        assert_eq!(trail(&bed, "gone").await, ["VLT_USER_DELETE request", "VLT_USER_DELETE success"]);
        let record = bed.admin().get(&format!("auditevents?entities=true&entityId={anna}&eventId=VLT_USER_DELETE&category=success")).await.ok();
        for words in ["login: anna → ", "mandate: 1 went along", "roleinvitation: 1 went along", "assignment: 1 went along"] {
            assert!(record.text().contains(words), "{words}: {}", record.text());
        }
    }
}
