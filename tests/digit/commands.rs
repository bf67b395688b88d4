//! `valtuus import digit`: what comes of files with the faults of real ones, told in every form.

use std::sync::Arc;

use valtuus::model::Kind;
use valtuus::model::kind::{action, role};
use valtuus::store::{AuditQuery, SharedStore, StoreOptions, connect};
use valtuus::world::Real;

use super::{FILES, MODULES, export, findings, fixture, folder, import, tally, text};
use crate::bulk::command;
use crate::crash::in_houses;
use crate::kit::process::House;
use crate::kit::trace::{entities, records, versions};
use crate::schema::judge::validate;

async fn store(house: &House) -> SharedStore {
    connect(StoreOptions { pool: 2, ..StoreOptions::new(house.url(), Arc::new(Real)) }).await.unwrap()
}

/// What the fixture holds beyond what was taken.
const FOUND: [&str; 17] = [
    "roles.json 8 duplicate",
    "roles.json 9 repeated",
    "roles.json 10 refused",
    "actions-test.json 33 extra-key",
    "actions-test.json 33 extra-key",
    "actions-test.json 33 extra-key",
    "actions-test.json 49 empty-url",
    "actions-test.json 61 repeated",
    "actions-test.json 67 refused",
    "roleactions.json 9 duplicate",
    "roleactions.json 11 unknown-role",
    "roleactions.json 12 unknown-role",
    "roleactions.json 13 unknown-action",
    "roleactions.json 14 unknown-action",
    "roleactions.json 15 unknown-role",
    "roleactions.json 15 unknown-action",
    "roleactions.json 16 refused",
];

in_houses! {
    async fn what_is_sound_comes_in_and_the_rest_is_told(house: House) {
        let told = import(&house, &fixture(), "vale", &[]).ended(3);
        assert_eq!(tally(&told, "roles"), [6, 3, 0, 0, 1, 1, 1]);
        assert_eq!(tally(&told, "actions"), [6, 4, 0, 0, 0, 1, 1]);
        assert_eq!(tally(&told, "roleActions"), [14, 6, 0, 0, 1, 1, 1]);
        let dangling = ["roleActionsDangling", "unknownRoleRows", "unknownActionRows"].map(|name| told.number(name));
        assert_eq!(dangling, [5, 3, 3]);
        let lines = findings(&told);
        assert_eq!(lines[..FOUND.len()], FOUND);
        assert_eq!(lines[FOUND.len()..], ["roleactions.json 17 repeated", "roleactions.json 18 no-tenant"]);
        house.must_be_sound();
        house.must_verify();
        let store = store(&house).await;
        let actions = entities(&store, Kind::Action).await;
        let text_of = |place: usize, attr| actions[place].attributes().text(attr).map(str::to_owned);
        assert_eq!(text_of(1, action::PATH).as_deref(), Some("Wells.Inspect "));
        assert_eq!(text_of(1, action::SERVICE_CODE).as_deref(), Some("well-services"));
        assert!(actions[1].attributes().flag(action::ENABLED) && !actions[2].attributes().flag(action::ENABLED));
        assert_eq!(text_of(2, action::NAME).unwrap().len(), 153);
        assert_eq!((text_of(2, action::PARENT_MODULE).as_deref(), text_of(3, action::URL)), (Some("7"), None));
        assert_eq!((text_of(1, action::RIGHT_ICON), text_of(1, action::QUERY_PARAMS)), (None, None));
        let roles = entities(&store, Kind::Role).await;
        let named: Vec<_> = roles.iter().map(|role| role.attributes().text(role::FRIENDLY_NAME).unwrap()).collect();
        assert_eq!(named, ["Resident", "Counter Clerk", "Inspector"]);
        store.close().await;
    }

    async fn the_same_files_again_change_nothing(house: House) {
        import(&house, &fixture(), "vale", &[]).ended(3);
        let reading = store(&house).await;
        let (before, trail) = (versions(&reading).await, records(&reading, &AuditQuery::default()).await.len());
        reading.close().await;
        let told = import(&house, &fixture(), "vale", &[]).ended(3);
        assert_eq!(tally(&told, "roles"), [6, 0, 0, 3, 1, 1, 1]);
        assert_eq!(tally(&told, "actions"), [6, 0, 0, 4, 0, 1, 1]);
        assert_eq!(tally(&told, "roleActions"), [14, 0, 0, 6, 1, 1, 1]);
        let reading = store(&house).await;
        assert_eq!(versions(&reading).await, before);
        let new: Vec<String> = records(&reading, &AuditQuery::default()).await[trail..]
            .iter()
            .map(|record| format!("{} {}", record.field("eventId"), record.field("category")))
            .collect();
        assert_eq!(new, ["VLT_ROLEACTION_IMPORT request"]);
        reading.close().await;
    }

    async fn what_files_say_otherwise_is_changed_and_what_they_do_not_say_stays(house: House) {
        let roles = r#"{"code":"CLERK","name":"Clerk","description":"d"},{"code":"OTHER","name":"Other"}"#;
        let actions = r#"{"id":1,"url":"/a","enabled":true,"path":"p","method":"POST","orderNumber":4}"#;
        let mappings = r#"{"rolecode":"CLERK","actionid":1,"tenantId":"vale","actioncode":"x"}"#;
        let first = folder(&house, "first", "vale", [roles, actions, mappings]);
        import(&house, &first, "vale", &[]).ended(0);
        let roles = r#"{"code":"CLERK","name":"Head Clerk"}"#;
        let actions = r#"{"id":1,"url":"/b","enabled":true,"path":""}"#;
        let mappings = r#"{"rolecode":"CLERK","actionid":1,"tenantId":"vale","actioncode":""},
            {"rolecode":"OTHER","actionid":1,"tenantId":"vale"}"#;
        let second = folder(&house, "second", "vale", [roles, actions, mappings]);
        let told = import(&house, &second, "vale", &[]).ended(0);
        assert_eq!(tally(&told, "roles"), [1, 0, 1, 0, 0, 0, 0]);
        assert_eq!(tally(&told, "actions"), [1, 0, 1, 0, 0, 0, 0]);
        // OTHER is not in the second file, but it is there.
        assert_eq!(tally(&told, "roleActions"), [2, 1, 1, 0, 0, 0, 0]);
        let exported = export(&house, "out", "vale");
        assert!(exported[0].contains("Head Clerk") && exported[0].contains("\"description\": \"d\""), "{}", exported[0]);
        for part in ["\"url\": \"/b\"", "\"path\": \"\"", "\"method\": \"POST\"", "\"orderNumber\": 4"] {
            assert!(exported[1].contains(part), "{part}: {}", exported[1]);
        }
        assert!(!exported[2].contains("\"x\""), "{}", exported[2]);
        house.must_be_sound();
    }

    async fn a_rehearsal_tells_the_same_and_changes_nothing(house: House) {
        command(&house, &["migrate"]).ended(0);
        let tried = import(&house, &fixture(), "vale", &["--dry-run"]).ended(3);
        let reading = store(&house).await;
        let kinds = [Kind::Role, Kind::Action, Kind::RoleAction];
        for kind in kinds {
            assert!(entities(&reading, kind).await.is_empty());
        }
        assert_eq!(entities(&reading, Kind::Organization).await.len(), 1);
        assert!(records(&reading, &AuditQuery::default()).await.iter().all(|record| !record.field("eventId").contains("IMPORT")));
        reading.close().await;
        let done = import(&house, &fixture(), "vale", &[]).ended(3);
        assert_eq!(tried.out.replace("\"dryRun\":true", "\"dryRun\":false"), done.out);
    }

    async fn files_lie_flat_or_in_the_folders_of_their_modules(house: House) {
        let dir = house.data().parent().unwrap().join("nested");
        for (file, module) in FILES.into_iter().zip(MODULES) {
            std::fs::create_dir_all(dir.join(module)).unwrap();
            std::fs::write(dir.join(module).join(file), text(file)).unwrap();
        }
        let told = import(&house, &dir, "vale", &[]).ended(3);
        assert_eq!(told.number("actionsMade"), 4);
        std::fs::copy(fixture().join(FILES[0]), dir.join(FILES[0])).unwrap();
        let told = import(&house, &dir, "vale", &[]).ended(1);
        assert!(told.err.contains("which of the two is meant?"), "{}", told.err);
    }

    async fn a_missing_tenant_is_made_with_those_above_it(house: House) {
        let rows = [r#"{"code":"A","name":"a"}"#, r#"{"id":1,"url":"/a","enabled":0}"#, ""];
        let city = folder(&house, "city", "vale.upper", rows);
        let told = import(&house, &city, "vale.upper", &[]).ended(0);
        assert!(told.out.contains(r#""organizationsMade":["vale","vale/upper"]"#), "{}", told.out);
        let told = import(&house, &city, "vale.upper", &[]).ended(0);
        assert!(!told.out.contains("organizationsMade"), "{}", told.out);
        // What the city does not have itself may stand above it.
        let state = folder(&house, "state", "vale", [r#"{"code":"S","name":"s"}"#, r#"{"id":2,"url":"/s","enabled":0}"#, ""]);
        import(&house, &state, "vale", &[]).ended(0);
        let mappings = r#"{"rolecode":"S","actionid":2,"tenantId":"vale.upper"},{"rolecode":"A","actionid":2,"tenantId":"vale.upper"}"#;
        let more = folder(&house, "more", "vale.upper", ["", "", mappings]);
        assert_eq!(import(&house, &more, "vale.upper", &[]).ended(0).number("roleActionsMade"), 2);
        let exported = export(&house, "out", "vale.upper");
        assert_eq!(exported[2].matches("rolecode").count(), 2);
        house.must_be_sound();
    }

    async fn the_report_is_a_document_of_the_schema_and_the_text_says_the_same(house: House) {
        let path = house.data().parent().unwrap().join("report.xml");
        let arguments = ["import", "digit", fixture().to_str().unwrap(), "--tenant", "vale", "--report", path.to_str().unwrap()]
            .map(str::to_owned);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let told = command(&house, &arguments).ended(3);
        let report = std::fs::read_to_string(&path).unwrap();
        validate(report.as_bytes()).unwrap();
        assert_eq!(report.matches("<Entity>").count(), FOUND.len() + 2);
        for part in [
            "<Attribute name=\"roleActionsDangling\"><Value>5</Value>",
            "<Attribute name=\"unknownRole\"><Value>DIVINER</Value>",
            "<Attribute name=\"unknownAction\"><Value>105</Value><Value>998</Value><Value>999</Value>",
            "<Attribute name=\"complete\"><Value>false</Value>",
            "<Attribute name=\"detail\"><Value>no role DIVINER</Value>",
        ] {
            assert!(report.contains(part), "{part}: {report}");
        }
        for line in [
            "tenant vale",
            "organization vale made",
            "roles.json: 6 rows: 3 made, 1 duplicate, 1 repeated, 1 refused",
            "roleactions.json: 14 rows: 6 made, 1 duplicate, 1 repeated, 5 dangling, 1 refused",
            "dangling: 3 rows of 1 unknown roles, 3 rows of 3 unknown actions",
            "unknown roles: DIVINER",
            "unknown actions: 105, 998, 999",
            "actions-test.json line 49: empty-url: action 104 has no url: it is kept and never matches",
        ] {
            assert!(told.out.lines().any(|told| told == line), "{line}: {}", told.out);
        }
        assert!(told.err.is_empty(), "{}", told.err);
        let without = command(&house, &arguments[..5]).ended(3);
        assert!(without.err.contains("roleactions.json line 11: unknown-role: no role DIVINER"), "{}", without.err);
    }
}
