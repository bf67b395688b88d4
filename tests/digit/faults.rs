//! What the command refuses: nothing is changed, and the words say where to look.

use super::{FILES, folder, import, master};
use crate::bulk::command;
use crate::crash::in_houses;
use crate::kit::process::House;

const GOOD: [&str; 3] = [
    r#"{"code":"A","name":"a"}"#,
    r#"{"id":1,"url":"/a","enabled":false}"#,
    r#"{"rolecode":"A","actionid":1,"tenantId":"uk"}"#,
];

/// Why one row of `file` is left out, told in the report.
fn why(house: &House, file: usize, row: &str) -> String {
    let mut rows = GOOD.map(str::to_owned);
    row.clone_into(&mut rows[file]);
    let dir = folder(house, "rows", "uk", [&rows[0], &rows[1], &rows[2]]);
    let told = import(house, &dir, "uk", &["--dry-run"]).ended(3);
    let told: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    let findings = told["findings"].as_array().unwrap();
    let found =
        findings.iter().find(|finding| finding["file"] == FILES[file] && finding["what"] == "refused");
    found.unwrap_or_else(|| panic!("{row}: {told}"))["detail"].as_str().unwrap().to_owned()
}

in_houses! {
    async fn a_file_that_is_no_json_or_another_tenants_changes_nothing(house: House) {
        command(&house, &["migrate"]).ended(0);
        let good = GOOD.map(str::to_owned);
        for (place, text, words) in [
            (0, "{\"tenantId\": \"uk\",\n\"roles\": [{\"code\": }]}".to_owned(), "roles.json: line 2, column 20: "),
            (1, "nothing".to_owned(), "actions-test.json: line 1, column 2: "),
            (2, String::new(), "roleactions.json: line 1, column 0: "),
            (2, master("uk", FILES[2], "").replace("uk", "pb"), "roleactions.json: tenantId: "),
            (1, r#"{"actions-test":[]}"#.to_owned(), "actions-test.json: tenantId: "),
            (0, r#"{"tenantId":"uk","actions-test":[]}"#.to_owned(), "roles.json: expected the list roles"),
            (0, "[]".to_owned(), "roles.json: line 1"),
        ] {
            let dir = folder(&house, "bad", "uk", [&good[0], &good[1], &good[2]]);
            std::fs::write(dir.join(FILES[place]), &text).unwrap();
            let told = import(&house, &dir, "uk", &[]).ended(1);
            assert!(told.err.contains(words) && told.out.is_empty(), "{text}: {}", told.err);
        }
        let dir = folder(&house, "bad", "uk", [&good[0], &good[1], &good[2]]);
        std::fs::remove_file(dir.join(FILES[1])).unwrap();
        let told = import(&house, &dir, "uk", &[]).ended(1);
        assert!(told.err.contains("actions-test.json is a file"), "{}", told.err);
        let told = command(&house, &["export", "digit", "out", "--tenant", "uk"]).ended(1);
        assert!(told.err.contains("no such tenant"), "{}", told.err);
    }

    async fn a_row_that_cannot_be_read_is_left_out_with_its_reason(house: House) {
        let long = "x".repeat(256);
        for (file, row, words) in [
            (0, r#"{"name":"a"}"#.to_owned(), "code: mandatory"),
            (0, r#"{"code":null,"name":"a"}"#.to_owned(), "code: mandatory"),
            (0, r#"{"code":"A"}"#.to_owned(), "name: mandatory"),
            (0, r#"{"code":"A","name":""}"#.to_owned(), "name: mandatory"),
            (0, r#"{"code":["A"],"name":"a"}"#.to_owned(), "code: expected one value"),
            (0, format!(r#"{{"code":"{}","name":"a"}}"#, "A".repeat(65)), "code: expected at most 64 characters"),
            (0, r#"{"code":"A/B","name":"a"}"#.to_owned(), "name: expected letters"),
            (0, format!(r#"{{"code":"A","name":"{long}"}}"#), "name: expected at most 255 characters"),
            (0, r#"{"code":"A","name":"a\u0001"}"#.to_owned(), "name: contains characters that XML cannot carry"),
            (0, r#""A""#.to_owned(), "expected an object"),
            (1, r#"{"url":"/a","enabled":1}"#.to_owned(), "id: mandatory"),
            (1, r#"{"id":"x","url":"/a","enabled":1}"#.to_owned(), "id: expected a decimal integer"),
            (1, r#"{"id":1.5,"url":"/a","enabled":1}"#.to_owned(), "id: expected a decimal integer"),
            (1, r#"{"id":-1,"url":"/a","enabled":1}"#.to_owned(), "id: expected"),
            (1, r#"{"id":99999999999999999999,"url":"/a","enabled":1}"#.to_owned(), "id: "),
            (1, r#"{"id":1,"enabled":1}"#.to_owned(), "url: mandatory"),
            (1, r#"{"id":1,"url":null,"enabled":1}"#.to_owned(), "url: mandatory"),
            (1, r#"{"id":1,"url":"/a"}"#.to_owned(), "enabled: mandatory"),
            (1, r#"{"id":1,"url":"/a","enabled":""}"#.to_owned(), "enabled: mandatory"),
            (1, r#"{"id":1,"url":"/a","enabled":2}"#.to_owned(), "enabled: expected true or false"),
            (1, r#"{"id":1,"url":"/a","enabled":"maybe"}"#.to_owned(), "enabled: expected true or false"),
            (1, r#"{"id":1,"url":"/a","enabled":1,"orderNumber":"first"}"#.to_owned(), "ordernumber: expected"),
            (1, r#"{"id":1,"url":"/a","enabled":1,"method":"post"}"#.to_owned(), "method: expected"),
            (1, r#"{"id":1,"url":"/a","enabled":1,"path":{}}"#.to_owned(), "path: expected one value"),
            (1, format!(r#"{{"id":1,"url":"/a","enabled":1,"name":"{long}"}}"#), "name: expected at most 255"),
            (1, format!(r#"{{"id":1,"url":"/{}","enabled":1}}"#, "x".repeat(2048)), "url: expected at most 2048"),
            (2, r#"{"rolecode":"A","tenantId":"uk"}"#.to_owned(), "actionid: mandatory"),
            (2, r#"{"actionid":1,"tenantId":"uk"}"#.to_owned(), "rolecode: mandatory"),
            (2, r#"{"rolecode":"A","actionid":1,"tenantId":"pb"}"#.to_owned(), "tenantId: another tenant's"),
            (2, "null".to_owned(), "expected an object"),
        ] {
            let told = why(&house, file, &row);
            assert!(told.starts_with(words), "{row}: {told}");
        }
        // Their edges are taken.
        let dir = folder(&house, "edges", "uk", [
            &format!(r#"{{"code":"{}","name":"{}"}}"#, "A".repeat(64), "ä".repeat(255)),
            &format!(r#"{{"id":0,"url":"{}","enabled":" FALSE ","name":"{}"}}"#, "x".repeat(2048), "n".repeat(255)),
            "",
        ]);
        import(&house, &dir, "uk", &[]).ended(0);
    }

    async fn the_command_line_is_checked_before_anything_is_read(house: House) {
        for tenant in ["", "uk/x", "uk.", "root", "u k", &"x".repeat(257)] {
            let told = import(&house, &house.data(), tenant, &[]).ended(2);
            assert!(told.err.contains("tenant: "), "{tenant}: {}", told.err);
        }
        for arguments in [
            &["import", "digit"][..],
            &["import", "digit", "dir"],
            &["import", "digit", "--tenant", "uk"],
            &["import", "--dry-run", "digit", "dir", "--tenant", "uk"],
            &["export", "digit", "dir"],
            &["export", "--kind", "user", "digit", "dir", "--tenant", "uk"],
            &["import"],
        ] {
            command(&house, arguments).ended(2);
        }
    }

    async fn keys_that_stand_twice_or_have_no_place_are_told_and_cost_nothing(house: House) {
        let roles = r#"{"code":"A","name":"a","NAME":"b","colour":{"deep":[1]}},{"code":"B","name":"b","Colour":1}"#;
        let dir = folder(&house, "keys", "uk", [roles, "", ""]);
        let text = std::fs::read_to_string(dir.join(FILES[0])).unwrap();
        let text = text.replace("\"moduleName\":\"ACCESSCONTROL-ROLES\"", "\"moduleName\":\"ROLES\",\"version\":[2]");
        std::fs::write(dir.join(FILES[0]), text).unwrap();
        let told = import(&house, &dir, "uk", &[]).ended(0);
        let told: serde_json::Value = serde_json::from_str(&told.out).unwrap();
        let details: Vec<&str> =
            told["findings"].as_array().unwrap().iter().map(|finding| finding["detail"].as_str().unwrap()).collect();
        assert_eq!(details, [
            "version beside the list is not kept",
            "moduleName is not ACCESSCONTROL-ROLES",
            "colour is not kept, in 2 rows",
            "NAME stands twice; the first value counts",
        ]);
    }
}
