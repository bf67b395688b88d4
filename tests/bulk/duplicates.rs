//! Records that are there already: refused, passed over, or put over what is there.

use super::{exported, import, table};
use crate::crash::in_houses;

const FIRST: &str = "id,login,email,surname\n01900000-0000-7000-8000-0000000000aa,anna,a@x.fi,Virtanen\n";

in_houses! {
    async fn a_duplicate_is_refused_and_the_record_says_by_what(house: House) {
        import(&house, "users.csv", FIRST, &[]).ended(0);
        let again = "id,login\n01900000-0000-7000-8000-0000000000aa,other\n,Anna\n01900000-0000-7000-8000-0000000000bb,anna\n";
        let told = import(&house, "users.csv", again, &[]).ended(3);
        assert_eq!(told.counts(), [0, 0, 0, 3]);
        for line in ["line 2: id: ", "line 3: login: ", "line 4: login: "] {
            assert!(told.err.contains(line), "{line}: {}", told.err);
        }
    }

    async fn a_duplicate_is_passed_over(house: House) {
        import(&house, "users.csv", FIRST, &[]).ended(0);
        let before = exported(&house);
        let again = "login,surname\nANNA,Korhonen\nanna,Mäki\n";
        assert_eq!(import(&house, "users.csv", again, &["--on-duplicate", "skip"]).ended(0).counts(), [0, 0, 2, 0]);
        assert_eq!(exported(&house), before);
    }

    async fn a_duplicate_is_changed_by_what_it_gives_and_keeps_the_rest(house: House) {
        import(&house, "roles.csv", "name,organization\nSignatory,root\n", &[]).ended(0);
        import(&house, "users.csv", FIRST, &[]).ended(0);
        let update = &["--on-duplicate", "update"];
        let again = "login,surname,role\nanna,Korhonen,root/Signatory\nbert,,\n";
        assert_eq!(import(&house, "users.csv", again, update).ended(0).counts(), [1, 1, 0, 0]);
        let row = table(&house, "user").remove(0);
        assert!(row.contains("a@x.fi") && row.contains("Korhonen"), "{row}");
        assert_eq!(import(&house, "users.csv", again, update).ended(0).counts(), [0, 0, 2, 0]);
        // Taken by another; fixed at creation.
        import(&house, "organizations.csv", "technicalName\nacme\n", &[]).ended(0);
        let refused = "id,login,organizationId\n01900000-0000-7000-8000-0000000000aa,bert,\n,anna,acme\n";
        let told = import(&house, "users.csv", refused, update).ended(3);
        assert_eq!(told.counts(), [0, 0, 0, 2]);
        assert!(told.err.contains("line 2: login") && told.err.contains("line 3: organizationId"), "{}", told.err);
        house.must_be_sound();
    }

    async fn a_user_whom_an_import_lets_in_again_starts_without_failures(house: House) {
        const RIGHT: &str = "correct%20horse%20battery";
        let serve = || house.serve_with(&["--set", "users.lock-after=2"]);
        import(&house, "users.csv", "id,login,pwd\n01900000-0000-7000-8000-0000000000aa,anna,correct horse battery\n", &[]).ended(0);
        let anna = "users/01900000-0000-7000-8000-0000000000aa";
        let update = &["--on-duplicate", "update"];
        for record in ["login,status\nanna,Enabled\n", "login,status,pwd\nanna,Enabled,correct horse battery\n"] {
            let server = serve();
            for status in ["Enabled", "Locked"] {
                server.first().post(&format!("{anna}/authenticate?pwd=wrong")).await.refused(403, 3, "");
                assert_eq!(server.first().get(anna).await.ok().value("status"), status);
            }
            server.stop().await;
            assert_eq!(import(&house, "users.csv", record, update).ended(0).counts(), [0, 1, 0, 0]);
            let server = serve();
            server.first().post(&format!("{anna}/authenticate?pwd=wrong")).await.refused(403, 3, "");
            server.first().post(&format!("{anna}/authenticate?pwd={RIGHT}")).await.ok();
            server.stop().await;
        }
    }

    async fn the_same_record_twice_in_one_file_is_a_duplicate_of_itself(house: House) {
        let users = "login,surname\nanna,One\nanna,Two\nbert,One\nANNA,Three\n";
        assert_eq!(import(&house, "users.csv", users, &["--on-duplicate", "update"]).ended(0).counts(), [2, 2, 0, 0]);
        assert!(table(&house, "user")[0].contains("Three"));
        let names = "technicalName,parent\na,\nb,a\nc,a/b\na,\nc,a/b\n";
        assert_eq!(import(&house, "organizations.csv", names, &["--on-duplicate", "skip"]).ended(0).counts(), [3, 0, 2, 0]);
        house.must_be_sound();
    }

    async fn custom_attributes_are_declared_by_a_file_and_used_by_the_next_records(house: House) {
        let file = "<Export xmlns=\"http://schema.ubisecure.com/customerid/api\"><AttributeDefinition>\
            <Attribute name=\"kind\"><Value>user</Value></Attribute><Attribute name=\"name\"><Value>shoe</Value></Attribute>\
            <Attribute name=\"many\"><Value>false</Value></Attribute></AttributeDefinition>\
            <User><Attribute name=\"login\"><Value>anna</Value></Attribute>\
            <Attribute name=\"shoe\"><Value>43</Value></Attribute></User>\
            <User><Attribute name=\"login\"><Value>bert</Value></Attribute>\
            <Attribute name=\"shoe\"><Value>1</Value><Value>2</Value></Attribute></User></Export>";
        let told = import(&house, "all.xml", file, &["--dry-run"]).ended(3);
        assert_eq!(told.counts(), [2, 0, 0, 1]);
        assert_eq!(import(&house, "all.xml", file, &[]).ended(3).counts(), [2, 0, 0, 1]);
        let server = house.serve();
        assert_eq!(server.first().get("users/?shoe=43").await.ok().ids().len(), 1);
        server.stop().await;
    }
}
