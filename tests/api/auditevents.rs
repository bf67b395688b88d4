//! GET `/auditevents` and `/auditevents/{id}`: the filters, and what a record says.

use super::{make, organization, role, user};
use crate::kit::{Answer, Bed};
use crate::on_both;

async fn records(bed: &Bed, filters: &str) -> Answer {
    bed.admin().get(&format!("auditevents?entities=true&{filters}")).await.ok()
}

fn count(answer: &Answer) -> usize {
    answer.text().matches("<AuditEvent>").count()
}

on_both! {
    async fn a_change_leaves_a_request_and_a_success_with_old_and_new_values(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna&surname=Virtanen").await;
        admin.header("x-request-id", "request-7").put(&format!("users/{id}?surname=Korhonen&mobile=0401")).await.ok();
        let filters = format!("entityId={id}&eventId=VLT_USER_UPDATE");
        let ids = bed.admin().get(&format!("auditevents?{filters}")).await.ok().ids();
        assert_eq!(ids.len(), 2);
        let mut categories = Vec::new();
        for record in &ids {
            let record = bed.admin().get(&format!("auditevents/{record}")).await.ok();
            for (name, value) in [
                ("eventId", "VLT_USER_UPDATE"), ("eventType", "User"), ("moduleId", "VLT"), ("moduleName", "Valtuus"),
                ("referenceId", id.as_str()), ("referenceIdType", "User"), ("client", "admin"),
                ("sourceAddress", "127.0.0.1"), ("requestId", "request-7"), ("verb", "update"), ("kind", "user"),
                ("entityId", id.as_str()),
            ] {
                assert_eq!(record.value(name), value, "{name}");
            }
            assert!(record.value("at").ends_with('Z'));
            assert_eq!(record.value("outcome"), record.value("category"));
            let category = record.value("category");
            if category == "success" {
                assert_eq!(record.values("changes"), ["surname: Virtanen → Korhonen", "mobile:  → 0401"]);
            } else {
                assert_eq!(record.values("changes"), [""; 0]);
            }
            categories.push(category);
        }
        assert_eq!(categories, ["request", "success"]);
    }

    async fn no_sensitive_value_enters_the_trail(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna&ssn=010199-1234&pwd=the-first-secret").await;
        admin.put(&format!("users/{id}?ssn=020299-5678&pwd=the-second-secret")).await.ok();
        admin.put(&format!("users/{id}?ssn=030399-9999&shoesize=the-third-secret")).await.refused(400, 1, "shoesize");
        admin.delete(&format!("users/{id}")).await.ok();
        let text = bed.admin().get("auditevents?entities=true").await.ok().text();
        assert!(text.contains("ssn: *** → ***") && text.contains("pwd: *** → ***"), "{text}");
        for secret in ["010199", "020299", "030399", "first-secret", "second-secret", "third-secret", "admin-password"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }

    async fn every_filter_narrows_and_all_together_hold(bed: Bed) {
        let admin = bed.admin();
        let anna = user(&admin, "anna").await;
        let writer = crate::kit::Caller::query(&bed, "writer");
        writer.put(&format!("users/{anna}?surname=x")).await.ok();
        let acme = organization(&writer, "acme").await;
        bed.reader().delete(&format!("users/{anna}")).await.refused(403, 3, "delete");
        for (filters, expected) in [
            (format!("entityId={anna}"), 6),
            (format!("referenceId={anna}"), 6),
            (format!("entityId={anna}&category=success"), 2),
            (format!("entityId={anna}&eventId=VLT_USER_CREATE"), 2),
            (format!("entityId={acme}&kind=organization&client=writer&moduleId=VLT"), 2),
            ("client=writer".to_owned(), 4),
            ("client=reader".to_owned(), 2),
            ("client=reader&category=failure&eventId=VLT_USER_DELETE&kind=user".to_owned(), 1),
            ("client=writer&kind=organization&category=success".to_owned(), 1),
            ("client=nobody".to_owned(), 0),
            ("moduleId=PMS_MSP".to_owned(), 0),
            ("client=writer&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z".to_owned(), 4),
            ("client=writer&from=4102444800000".to_owned(), 0),
            ("client=writer&to=946684800000".to_owned(), 0),
        ] {
            assert_eq!(count(&records(&bed, &filters).await), expected, "{filters}");
            let ids = bed.admin().get(&format!("auditevents?{filters}")).await.ok().ids();
            assert_eq!(ids.len(), expected, "{filters}");
        }
        let failed = records(&bed, "client=reader&category=failure").await;
        assert!(failed.text().contains("may not delete"), "{}", failed.text());
        for (bad, name) in [
            ("entityId=x", "entityId"), ("from=yesterday", "from"), ("to=x", "to"), ("login=x", "login"),
            ("client=a&client=b", "client"), ("maxResults=x", "maxResults"), ("entities=1", "entities"),
            ("after=x", "after"), ("exactMatch=true", "exactMatch"),
        ] {
            bed.admin().get(&format!("auditevents?{bad}")).await.refused(400, 1, name);
        }
    }

    async fn the_bounds_in_time_are_those_of_the_records(bed: Bed) {
        let admin = bed.admin();
        let anna = user(&admin, "anna").await;
        let first = bed.admin().get(&format!("auditevents?entityId={anna}")).await.ok().ids().remove(0);
        let at = bed.admin().get(&format!("auditevents/{first}")).await.ok().value("at");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        admin.put(&format!("users/{anna}?surname=x")).await.ok();
        let all = records(&bed, &format!("entityId={anna}")).await;
        let since = records(&bed, &format!("entityId={anna}&from={at}")).await;
        assert_eq!((count(&all), count(&since)), (4, 4));
        let last = bed.admin().get(&format!("auditevents?entityId={anna}")).await.ok().ids().pop().unwrap();
        let end = bed.admin().get(&format!("auditevents/{last}")).await.ok().value("at");
        assert!(at < end, "{at} {end}");
        assert_eq!(count(&records(&bed, &format!("entityId={anna}&from={end}")).await), 2);
    }

    async fn a_record_is_read_only_and_for_administrators(bed: Bed) {
        let admin = bed.admin();
        let anna = user(&admin, "anna").await;
        let id = admin.get(&format!("auditevents?entityId={anna}")).await.ok().ids().remove(0);
        for caller in [bed.reader(), crate::kit::Caller::query(&bed, "writer")] {
            caller.get("auditevents").await.refused(403, 3, "auditevent");
            caller.get("auditevents?entityId=x").await.refused(400, 1, "entityId");
            caller.get(&format!("auditevents/{id}")).await.refused(403, 3, "auditevent");
        }
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let answer = admin.send(method, &format!("auditevents/{id}"), None).await.refused(405, 13, "GET");
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
        }
        admin.get(&format!("auditevents/{anna}")).await.refused(404, 7, "auditevent");
        admin.get("auditevents/none").await.refused(404, 7, "auditevent");
        admin.get(&format!("auditevents/{id}?entities=true")).await.refused(400, 1, "entities");
    }

    async fn failed_sign_ins_are_recorded(bed: Bed) {
        use crate::kit::caller::Credentials;
        let wrong = Credentials::Basic("mallory".to_owned(), "a-wrong-guess".to_owned());
        bed.anonymous().with(wrong).get("users").await.refused(401, 2, "");
        let found = records(&bed, "client=mallory").await;
        assert_eq!(count(&found), 2, "{}", found.text());
        assert!(found.text().contains("VLT_APICLIENT_AUTHENTICATE") && !found.text().contains("a-wrong-guess"));
    }

    async fn an_automatic_role_leaves_a_record_of_its_own(bed: Bed) {
        let admin = bed.admin();
        let company = make(&admin, "organizations/?organizationClass=company").await;
        let roles = admin.get(&format!("organizations/{company}/roles")).await.ok().ids();
        assert_eq!(roles.len(), 2);
        for role in &roles {
            let record = records(&bed, &format!("entityId={role}&category=success&eventId=VLT_ROLE_CREATE")).await;
            assert_eq!(count(&record), 1);
            assert!(record.text().contains(&format!("organization:  → {company}")), "{}", record.text());
        }
        role(&admin, &company, "Clerk").await;
        assert_eq!(count(&records(&bed, "eventId=VLT_ROLE_CREATE&category=request").await), 1);
    }
}
