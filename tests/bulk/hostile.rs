//! Files that are broken, strange or hostile: a clear word on the line, nothing half done, never a crash.

use super::{command, exported, file, import, table};
use crate::crash::in_houses;

in_houses! {
    async fn a_file_that_cannot_be_understood_changes_nothing_and_says_why(house: House) {
        let before = { import(&house, "users.csv", "login\nanna\n", &[]).ended(0); exported(&house) };
        let utf16: Vec<u8> = "login\nbert\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let files: [(&str, &[u8], &str); 12] = [
            ("users.csv", b"", "empty"),
            ("users.csv", b"login,banana\nx,y\n", "banana"),
            ("users.csv", b"login,login\nx,y\n", "twice"),
            ("users.csv", b"login,\xFF\nx,y\n", "UTF-8"),
            ("users.csv", b"login,entityName\nx,y\n", "entityName"),
            ("users.csv", &utf16, "line 1"),
            ("a.xml", b"", "no root"),
            ("a.xml", b"<Users xmlns=\"http://schema.ubisecure.com/customerid/api\"/>", "method"),
            ("a.xml", b"<!DOCTYPE x [<!ENTITY a \"b\">]><Users/>", "DOCTYPE"),
            ("a.xml", b"<Bananas/>", "Bananas"),
            ("a.xml", b"\xFF\xFE<\0U\0", "UTF-8"),
            ("a.xml", b"<Users xmlns=\"http://schema.ubisecure.com/customerid/api\" method=\"GET\"><Id>1</Id></Users>", "Id"),
        ];
        for (name, content, word) in files {
            let told = import(&house, name, content, &[]).ended(1);
            assert!(told.err.contains(word), "{name} {content:?}: {}", told.err);
            assert_eq!(told.counts(), [0, 0, 0, 0]);
        }
        for (arguments, word) in [
            (["import", "nothing.csv", "--json"], "nothing.csv"),
            (["import", "things.csv", "--json"], "--kind"),
            (["export", "--format", "csv"], "--kind"),
        ] {
            if word == "--kind" {
                file(&house, "things.csv", "login\n");
            }
            let told = command(&house, &arguments);
            assert!(told.code != 0 && told.err.contains(word), "{arguments:?}: {}", told.err);
        }
        assert_eq!(exported(&house), before);
    }

    async fn strange_rows_are_refused_one_by_one_and_the_rest_comes_in(house: House) {
        let long = "x".repeat(300);
        let rows: [(&[u8], bool); 10] = [
            (b"plain,", true),
            (b"nul\0inside,", false),
            (b"control\x01,", false),
            (b"not-utf8\xFF,", false),
            (long.as_bytes(), false),
            (b"\"two\nlines\",", true),
            (b"\"comma, and \"\"quote\"\"\",", true),
            (b"too,many,fields", false),
            ("äö𝒳,".as_bytes(), true),
            (b"'; DROP TABLE entity; --,", true),
        ];
        let mut content = b"\xEF\xBB\xBFlogin,email\r\n".to_vec();
        for (row, _) in rows {
            content.extend_from_slice(row);
            content.extend_from_slice(b"\r\n");
        }
        let good = rows.iter().filter(|(_, good)| *good).count() as u64;
        let told = import(&house, "users.csv", &content, &[]).ended(3);
        assert_eq!(told.counts(), [good, 0, 0, rows.len() as u64 - good], "{}", told.err);
        house.must_be_sound();
        let all = exported(&house);
        assert!(all.contains("<Value>two\nlines</Value>") && all.contains("DROP TABLE"));
    }

    async fn a_fault_far_inside_a_document_is_named_by_its_line_and_what_stood_before_it_is_there(house: House) {
        let mut document = String::from("<Users xmlns=\"http://schema.ubisecure.com/customerid/api\" method=\"GET\">\n");
        for number in 0..2_500 {
            let login = format!("u{number}");
            document += "<User><Attribute name=\"login\"><Value>";
            document += &login;
            document += "</Value></Attribute></User>\n";
        }
        let before = document.lines().count();
        document.push_str("<User><Attribute name=\"login\"><Value>x</Attribute></User></Users>");
        let told = import(&house, "users.xml", &document, &[]).ended(1);
        assert!(told.err.contains(&format!("line {}", before + 1)), "{}", told.err);
        assert_eq!(told.counts(), [2_500, 0, 0, 0]);
        // Put right, the rest comes in.
        let mended = document.replace("x</Attribute>", "x</Value></Attribute>");
        let told = import(&house, "users.xml", mended, &["--on-duplicate", "skip"]).ended(0);
        assert_eq!(told.counts(), [1, 0, 2_500, 0]);
    }

    async fn a_record_without_end_does_not_take_the_memory(house: House) {
        let mut endless = b"login,email\nanna,\n\"".to_vec();
        endless.resize(40 << 20, b'x');
        let told = import(&house, "users.csv", &endless, &[]).ended(1);
        assert!(told.err.contains("quote"), "{}", told.err);
        assert_eq!(told.counts(), [1, 0, 0, 0]);
        let mut deep = String::from("<Users xmlns=\"http://schema.ubisecure.com/customerid/api\" method=\"GET\">");
        deep.push_str(&"<User>".repeat(500_000));
        let told = import(&house, "users.xml", &deep, &[]).ended(1);
        assert!(told.err.contains("longer than") || told.err.contains("deeper"), "{}", told.err);
        assert_eq!(table(&house, "user").len(), 1);
    }
}
