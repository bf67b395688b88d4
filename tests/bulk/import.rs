//! What an import makes: entities by the rules of single ones, references by id or name, passwords, the trail.

use std::sync::Arc;

use reqwest::Method;
use valtuus::store::{AuditQuery, StoreOptions, connect};
use valtuus::world::Real;

use super::{Told, command, exported, import, table};
use crate::crash::in_houses;
use crate::kit::process::House;
use crate::kit::trace::records;

const ORGANIZATIONS: &str = "technicalName,friendlyName,parent,virtual,memberships\n\
    acme,Acme Oy,,,net\nsub,Sub,acme,,\nnet,,root,true,\n";
const ROLES: &str = "name,organization\nSignatory,acme\nAdmin,acme/sub\n";

fn town(house: &House) {
    assert_eq!(import(house, "organizations.csv", ORGANIZATIONS, &[]).ended(0).counts(), [3, 0, 0, 0]);
    assert_eq!(import(house, "roles.csv", ROLES, &[]).ended(0).counts(), [2, 0, 0, 0]);
}

in_houses! {
    async fn tables_come_in_with_names_for_references_and_later_rows_may_be_referred_to(house: House) {
        town(&house);
        let users = "login,email,organization,role,role[],mobile\r\n\
            anna,a@x.fi,acme,acme/Signatory,acme/sub/Admin;acme/Signatory,+358401\r\n\
            \"b\"\"ert\",,acme/sub,,,\r\n";
        assert_eq!(import(&house, "users.csv", users, &[]).ended(0).counts(), [2, 0, 0, 0]);
        house.must_be_sound();
        let server = house.serve();
        let client = server.first();
        let acme = client.get("organizations/acme").await.ok();
        assert_eq!(acme.values("memberships"), ["net"]);
        let anna = client.get("users/?login=anna").await.ok().id();
        assert_eq!(client.get(&format!("users/{anna}/roles")).await.ok().ids().len(), 2);
        let anna = client.get(&format!("users/{anna}")).await.ok();
        assert_eq!((anna.value("organization"), anna.value("mobile")), ("acme".into(), "+358401".into()));
        assert_eq!(client.get("organizations/acme/users?recursive=true").await.ok().ids().len(), 2);
        assert_eq!(client.get("users/?login=b%22ert").await.ok().ids().len(), 1);
        server.stop().await;
    }

    async fn a_password_in_clear_is_hashed_and_a_hash_is_kept_and_neither_is_told(house: House) {
        let hash = "$argon2id$v=19$m=19456,t=2,p=1$+BttT61UPnl9aitbjoHdOQ$hcb/8DRc4iw+kdqNv9It0khp/qLvGTOa26tEINeA5WQ";
        let users = format!("login,pwd,pwd.hash\nanna,correct horse battery,\nbert,,\"{hash}\"\ncecilia,short,\n\
            david,,plainly\nemil,correct horse battery,\"{hash}\"\n");
        let told = import(&house, "users.csv", &users, &["--on-duplicate", "skip"]).ended(3);
        assert_eq!(told.counts(), [2, 0, 0, 3]);
        assert!(!told.err.contains("short") && !told.err.contains("plainly"), "{}", told.err);
        for line in ["line 4: pwd: ", "line 5: pwd.hash: ", "line 6: pwd: "] {
            assert!(told.err.contains(line), "{line}{}", told.err);
        }
        let all = exported(&house);
        assert!(all.contains(&format!("<Value>{hash}</Value>")) && !all.contains("horse"));
        assert_eq!(all.matches("<Value>$argon2id$").count(), 2);
        let without = command(&house, &["export"]).ended(0).out;
        assert!(!without.contains("argon2"), "{without}");
        assert_eq!(without.matches("<Attribute name=\"pwd.activated\"><Value>true").count(), 2);
    }

    async fn what_the_server_sets_is_taken_only_with_an_id(house: House) {
        let id = "01900000-0000-7000-8000-0000000000aa";
        let users = format!("id,login,status,cn\n{id},anna,Locked,the-cn\n,bert,Locked,\n,cecilia,,my-cn\n");
        let told = import(&house, "users.csv", users, &[]).ended(3);
        assert_eq!(told.counts(), [1, 0, 0, 2]);
        assert!(told.err.contains("line 3: status: ") && told.err.contains("line 4: cn: "), "{}", told.err);
        let row = table(&house, "user").pop().unwrap();
        assert!(row.contains(id) && row.contains("Locked") && row.contains("the-cn"), "{row}");
    }

    async fn every_refused_record_is_in_the_report_and_the_others_are_there(house: House) {
        town(&house);
        let users = "login,email,organizationId,role\n\
            good,,,\n,,,\nbad-mail,x,,\nnowhere,,atlantis,\nvirtual,,net,\nrole,,,acme/Nobody\nshort\ngood,,,\nother,,,\n";
        let told = import(&house, "users.csv", users, &["--report", "report.csv"]).ended(3);
        assert_eq!(told.counts(), [2, 0, 0, 7]);
        let report = std::fs::read_to_string(house.data().parent().unwrap().join("report.csv")).unwrap();
        let lines: Vec<&str> = report.lines().collect();
        let expected = [
            "record,line,reason",
            "2,3,login: mandatory",
            "3,4,email: expected an e-mail address",
            "4,5,organizationId: ",
            "5,6,organizationId: ",
            "6,7,role: expected an existing role",
            "7,8,",
            "8,9,login: the value is already in use",
        ];
        assert_eq!(lines.len(), expected.len(), "{report}");
        for (line, begin) in lines.iter().zip(expected) {
            assert!(line.trim_matches('"').replace('"', "").starts_with(begin), "{line} is not {begin}");
        }
        assert_eq!(table(&house, "user").len(), 2);
    }

    async fn a_rehearsal_tells_what_would_be_and_changes_nothing(house: House) {
        town(&house);
        let before = exported(&house);
        let all = before.replace("</Export>", "<Organization><Attribute name=\"technicalName\"><Value>new</Value></Attribute></Organization>\
            <User><Attribute name=\"login\"><Value>anna</Value></Attribute>\
            <Attribute name=\"organizationId\"><Value>new</Value></Attribute></User>\
            <User><Attribute name=\"login\"><Value>ANNA</Value></Attribute></User></Export>");
        let told = import(&house, "all.xml", &all, &["--dry-run", "--on-duplicate", "skip"]).ended(0);
        assert_eq!(told.counts(), [2, 0, 7, 0]);
        let told = import(&house, "all.xml", &all, &["--dry-run"]).ended(3);
        assert_eq!(told.counts(), [2, 0, 1, 6]);
        assert_eq!(exported(&house), before);
        assert_eq!(import(&house, "all.xml", &all, &["--on-duplicate", "skip"]).ended(0).counts(), [2, 0, 7, 0]);
    }

    async fn every_change_of_an_import_has_its_record(house: House) {
        let users = "login,ssn\nanna,010199-1234\nbert,\nanna,\n";
        import(&house, "users.csv", users, &[]).ended(3);
        let options = StoreOptions { pool: 2, ..StoreOptions::new(house.url(), Arc::new(Real)) };
        let store = connect(options).await.unwrap();
        let query = AuditQuery { kind: Some("user".to_owned()), ..AuditQuery::default() };
        let told: Vec<(String, String)> = records(&store, &query)
            .await
            .iter()
            .map(|record| (record.field("eventId").to_owned(), record.field("category").to_owned()))
            .collect();
        let all = records(&store, &query).await;
        store.close().await;
        let count = |event: &str, category: &str| {
            told.iter().filter(|(id, of)| id == event && of == category).count()
        };
        assert!(count("VLT_USER_IMPORT", "request") >= 1, "{told:?}");
        assert_eq!((count("VLT_USER_CREATE", "success"), count("VLT_USER_CREATE", "failure")), (2, 1), "{told:?}");
        assert!(all.iter().all(|record| record.changes.iter().all(|change| !change.contains("010199"))));
        assert!(all.iter().any(|record| record.changes.contains(&"ssn: *** → ***".to_owned())));
    }

    async fn what_an_import_makes_of_a_service_leaves_the_generic_records(house: House) {
        let groups = "name,desc\npayments,Who may pay\npayments,Again\n";
        assert_eq!(import(&house, "policygroups.csv", groups, &[]).ended(3).counts(), [1, 0, 0, 1]);
        assert_eq!(import(&house, "policygroups.csv", "name,desc\npayments,Changed\n", &["--on-duplicate", "update"]).ended(0).counts(), [0, 1, 0, 0]);
        let options = StoreOptions { pool: 2, ..StoreOptions::new(house.url(), Arc::new(Real)) };
        let store = connect(options).await.unwrap();
        let query = AuditQuery { kind: Some("policygroup".to_owned()), ..AuditQuery::default() };
        let told = records(&store, &query).await;
        store.close().await;
        let seen = |event: &str, category: &str| told.iter().any(|record| (record.field("eventId"), record.field("category")) == (event, category));
        assert!(seen("VLT_POLICYGROUP_CREATE", "success") && seen("VLT_POLICYGROUP_CREATE", "failure"), "{told:?}");
        assert!(seen("VLT_POLICYGROUP_UPDATE", "success"), "{told:?}");
        assert!(told.iter().all(|record| !record.field("eventId").starts_with("PMS_")), "{told:?}");
    }

    async fn an_organization_gets_the_roles_of_its_class_only_when_that_is_asked_for(mut_house: House) {
        let mut house = mut_house;
        let class = "organizations.classes=[{name=\"organization\",virtual=false,roles=[\"Clerk\"],default=true},\
            {name=\"virtual\",virtual=true,roles=[],default=true}]";
        house.options = vec!["--set".to_owned(), class.to_owned()];
        import(&house, "organizations.csv", "technicalName\nplain\n", &[]).ended(0);
        assert_eq!(table(&house, "role").len(), 0);
        import(&house, "organizations.csv", "technicalName\nrich\n", &["--class-roles"]).ended(0);
        assert_eq!(table(&house, "role").len(), 1);
        house.must_be_sound();
    }

    async fn an_import_beside_a_running_server_is_seen_by_it(house: House) {
        let server = house.serve();
        let client = server.first();
        client.get("users/?login=anna").await.ok();
        town(&house);
        import(&house, "users.csv", "login,organization\nanna,acme\n", &[]).ended(0);
        let found = client.get("users/?login=anna").await.ok().ids();
        assert_eq!(found.len(), 1);
        client.send(Method::DELETE, &format!("users/{}", found[0])).await.ok();
        assert_eq!(table(&house, "user").len(), 0);
        server.stop().await;
    }

    async fn standard_input_is_read_and_its_form_found_out(house: House) {
        let told: Told = house.run_with(&["import", "-", "--kind", "user"], "login\nanna\n").into();
        told.ended(0);
        let xml = "<User xmlns=\"http://schema.ubisecure.com/customerid/api\"><Attribute name=\"login\"><Value>bert</Value></Attribute></User>";
        let told: Told = house.run_with(&["import", "-"], xml).into();
        told.ended(0);
        assert_eq!(table(&house, "user").len(), 2);
        let told: Told = house.run_with(&["import", "-", "--resume"], "").into();
        told.ended(2);
    }
}
