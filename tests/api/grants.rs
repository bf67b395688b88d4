//! What a client's grants show and hide in the answers: other kinds inside an entity, owners of lists, the order
//! in which a request is refused.

use valtuus::operation::{Caller as Local, client};
use valtuus::store::Credential;
use zeroize::Zeroizing;

use super::{make, mandate, organization, role};
use crate::kit::caller::Credentials;
use crate::kit::{Bed, Caller};
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

/// A client with exactly these grants.
async fn granted<'b>(bed: &'b Bed, name: &str, words: &[&str]) -> Caller<'b> {
    let service = bed.server.service();
    let password = format!("{name}-password");
    let phc = service.verifier.hash(Zeroizing::new(password.clone())).await.unwrap();
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let local = Local::local("test");
    client::add(&service.engine, &local, name, &words, Credential { phc, set: 0 }).await.unwrap();
    bed.anonymous().with(Credentials::Query(name.to_owned(), password))
}

on_both! {
    async fn an_entity_inside_another_is_shown_by_the_grants_on_its_own_kind(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = make(&admin, "users/?login=anna&ssn=010199-1234").await;
        let path = format!("mandates/{}?entities=true", mandate(&admin, &acme, &anna, &clerk).await);
        assert!(admin.get(&path).await.ok().text().contains("010199-1234"));
        let read = bed.reader().get(&path).await.ok().text();
        assert!(read.contains("<Value>anna</Value>") && !read.contains("010199-1234"), "{read}");
        let narrow = granted(&bed, "narrow", &["read:mandate", "read:role"]).await;
        let read = narrow.get(&path).await.ok().text();
        assert!(read.contains("<Value>acme/Clerk</Value>"), "{read}");
        for (kind, id) in [("organization", &acme), ("user", &anna)] {
            assert!(read.contains(&format!("<Value type=\"{kind}\">{id}</Value>")), "{read}");
        }
        assert!(!read.contains("<Attribute name=\"login\">"), "{read}");
    }

    async fn a_list_below_an_owner_needs_the_grant_on_both(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let anna = crate::api::user_of(&admin, &acme, "anna").await;
        let narrow = granted(&bed, "narrow", &["read:mandate", "read:user"]).await;
        narrow.get("mandates").await.ok();
        narrow.get(&format!("users/{anna}/receivedmandates")).await.ok();
        narrow.get(&format!("organizations/{acme}/givenmandates")).await.refused(403, 3, "organization");
        narrow.get(&format!("organizations/{acme}/users")).await.refused(403, 3, "organization");
        narrow.get(&format!("users/{anna}/roles")).await.refused(403, 3, "role");
        narrow.get("roles").await.refused(403, 3, "role");
        narrow.get(&format!("users/{anna}")).await.ok();
        narrow.get("organizations/root").await.refused(403, 3, "organization");
    }

    async fn bad_arguments_come_before_missing_grants_and_those_before_missing_entities(bed: Bed) {
        let reader = bed.reader();
        reader.put(&format!("users/{NOBODY}?shoesize=1")).await.refused(400, 1, "shoesize");
        reader.put(&format!("users/{NOBODY}?surname=x")).await.refused(403, 3, "update");
        reader.put(&format!("organizations/{NOBODY}/parent")).await.refused(400, 1, "parentOrganizationId");
        reader.put(&format!("organizations/{NOBODY}/parent?parentOrganizationId=x")).await.refused(403, 3, "");
        reader.post("users/?surname=x&surname=y").await.refused(400, 1, "surname");
        reader.post("users/?login=x").await.refused(403, 3, "create");
        reader.post(&format!("organizations/{NOBODY}/users?login=x")).await.refused(403, 3, "create");
        reader.delete(&format!("users/{NOBODY}?x=y")).await.refused(400, 1, "x");
        reader.delete(&format!("users/{NOBODY}")).await.refused(403, 3, "delete");
        reader.header("if-match", "\"1\"").delete(&format!("users/{NOBODY}")).await.refused(403, 3, "delete");
        let narrow = granted(&bed, "narrow", &["read:user"]).await;
        narrow.get("roles?shoesize=1").await.refused(400, 1, "shoesize");
        narrow.get("roles?name=x&after=x").await.refused(400, 1, "after");
        narrow.get(&format!("roles/{NOBODY}?x=y")).await.refused(400, 1, "x");
        narrow.get(&format!("roles/{NOBODY}")).await.refused(403, 3, "role");
        narrow.get(&format!("organizations/{NOBODY}/roles")).await.refused(403, 3, "role");
    }

    async fn a_writer_changes_what_a_reader_only_reads(bed: Bed) {
        let writer = Caller::basic(&bed, "writer");
        let acme = organization(&writer, "acme").await;
        let clerk = role(&writer, &acme, "Clerk").await;
        let anna = make(&writer, &format!("users/?login=anna&role={clerk}")).await;
        let given = mandate(&writer, &acme, &anna, &clerk).await;
        let invited = crate::api::invitation(&writer, &anna, &clerk).await;
        let reader = Caller::basic(&bed, "reader");
        for path in [
            format!("users/{anna}"),
            format!("organizations/{acme}"),
            format!("roles/{clerk}"),
            format!("mandates/{given}"),
            format!("roleinvitations/{invited}"),
        ] {
            reader.get(&path).await.ok();
            reader.delete(&path).await.refused(403, 3, "delete");
            writer.delete(&format!("roleinvitations/{NOBODY}")).await.refused(404, 7, "roleinvitation");
        }
        writer.delete(&format!("mandates/{given}")).await.ok();
        writer.delete(&format!("users/{anna}")).await.ok();
        writer.delete(&format!("organizations/{acme}")).await.ok();
        bed.must_be_sound().await;
    }
}
