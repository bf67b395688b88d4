//! Versions: `ETag`, `Last-Modified`, `If-None-Match`, `If-Match`, for every kind of entity.

use super::{below, invitation, mandate, organization, role, user};
use crate::kit::{Bed, Caller};
use crate::on_both;

/// An address of each kind; the second text is a change of it, empty where the kind knows none.
async fn one_of_each(admin: &Caller<'_>) -> Vec<(String, &'static str)> {
    let acme = organization(admin, "acme").await;
    let other = organization(admin, "other").await;
    let clerk = role(admin, &acme, "Clerk").await;
    let spare = role(admin, &acme, "Spare").await;
    let (anna, bertil) = (user(admin, "anna").await, user(admin, "bertil").await);
    let given = mandate(admin, &acme, &anna, &clerk).await;
    let invited = invitation(admin, &anna, &clerk).await;
    vec![
        (format!("users/{bertil}"), "surname=Virtanen"),
        (format!("organizations/{other}"), "friendlyName=Other"),
        (format!("roles/{spare}"), "description=x"),
        (format!("mandates/{given}"), "name=x"),
        (format!("roleinvitations/{invited}"), ""),
    ]
}

async fn tag(bed: &Bed, address: &str) -> String {
    let answer = bed.admin().get(address).await.ok();
    let modified = answer.header("last-modified");
    assert!(modified.ends_with(" GMT"), "{address}: {modified:?}");
    answer.header("etag").to_owned()
}

on_both! {
    async fn an_unchanged_entity_is_not_sent_again(bed: Bed) {
        for (address, _) in one_of_each(&bed.admin()).await {
            let tag = tag(&bed, &address).await;
            assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2, "{address}: {tag}");
            for header in [tag.clone(), format!("\"other\", {tag}"), format!("W/{tag}"), "*".to_owned()] {
                let answer = bed.admin().header("if-none-match", &header).get(&address).await;
                assert_eq!(answer.status, 304, "{address} {header}");
                assert!(answer.body.is_empty());
                assert_eq!(answer.header("etag"), tag);
            }
            bed.admin().header("if-none-match", "\"other\"").get(&address).await.ok();
            bed.admin().header("if-match", &tag).get(&address).await.ok();
            bed.admin().header("if-match", "\"999-0\"").get(&address).await.refused(412, 14, "");
        }
    }

    async fn a_record_of_the_trail_is_validated_like_any_entity(bed: Bed) {
        let anna = user(&bed.admin(), "anna").await;
        let record = bed.admin().get(&format!("auditevents?entityId={anna}")).await.ok().ids().remove(0);
        let address = format!("auditevents/{record}");
        // Its seal changes what is shown of it, once.
        while bed.admin().get(&address).await.ok().values("hash").is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let tag = tag(&bed, &address).await;
        let answer = bed.admin().header("if-none-match", &tag).get(&address).await;
        assert_eq!((answer.status.as_u16(), answer.header("etag")), (304, tag.as_str()));
    }

    async fn a_change_needs_the_version_it_names(bed: Bed) {
        for (address, change) in one_of_each(&bed.admin()).await {
            let stale = tag(&bed, &address).await;
            if change.is_empty() {
                continue;
            }
            let put = format!("{address}?{change}");
            bed.admin().header("if-match", &stale).put(&put).await.ok();
            let fresh = tag(&bed, &address).await;
            assert_ne!(stale, fresh, "{address}");
            let after = bed.admin().get(&address).await.ok().text();
            bed.admin().header("if-match", &stale).put(&put).await.refused(412, 14, "");
            bed.admin().header("if-match", "\"not ours\"").put(&put).await.refused(412, 14, "");
            bed.admin().header("if-none-match", "*").put(&put).await.refused(412, 14, "");
            bed.admin().header("if-none-match", &fresh).put(&put).await.refused(412, 14, "");
            bed.admin().header("if-match", &format!("W/{fresh}")).put(&put).await.refused(412, 14, "");
            bed.admin().header("if-match", "3").put(&put).await.refused(400, 1, "if-match");
            assert_eq!(bed.admin().get(&address).await.ok().text(), after);
            bed.admin().header("if-match", "*").put(&put).await.ok();
            bed.admin().header("if-none-match", &stale).put(&put).await.ok();
            let answer = bed.admin().header("if-none-match", &stale).get(&address).await;
            assert_eq!(answer.status, 200);
        }
    }

    async fn a_delete_needs_the_version_it_names(bed: Bed) {
        for (address, _) in one_of_each(&bed.admin()).await {
            let tag = tag(&bed, &address).await;
            bed.admin().header("if-match", "\"999-00000000\"").delete(&address).await.refused(412, 14, "");
            bed.admin().header("if-match", "").delete(&address).await.refused(400, 1, "if-match");
            bed.admin().header("if-match", &format!("\"999\", {tag}")).delete(&address).await.ok();
        }
        bed.must_be_sound().await;
    }

    async fn steps_and_moves_need_it_too(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        let given = mandate(&admin, &acme, &anna, &clerk).await;
        let moving = format!("organizations/{other}/parent?parentOrganizationId={acme}");
        for (address, step) in [
            (format!("mandates/{given}"), format!("mandates/{given}/revoke")),
            (format!("organizations/{other}"), moving),
        ] {
            let before = tag(&bed, &address).await;
            bed.admin().header("if-match", "\"999-0\"").put(&step).await.refused(412, 14, "");
            bed.admin().header("if-match", &before).put(&step).await.ok();
            assert_ne!(tag(&bed, &address).await, before);
        }
        let unknown = "users/018f0000-0000-7000-8000-000000000000?surname=x";
        bed.admin().header("if-match", "\"1-0\"").put(unknown).await.refused(404, 7, "user");
    }

    async fn a_name_that_changes_elsewhere_changes_the_tag_of_the_answer(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let espoo = below(&admin, &acme, "espoo").await;
        let clerk = role(&admin, &espoo, "Clerk").await;
        let (role, branch) = (format!("roles/{clerk}"), format!("organizations/{espoo}"));
        let before = (tag(&bed, &role).await, tag(&bed, &branch).await);
        admin.put(&format!("organizations/{acme}/parent?parentOrganizationId={other}")).await.ok();
        for (address, old) in [(role, before.0), (branch, before.1)] {
            let answer = bed.admin().header("if-none-match", &old).get(&address).await.ok();
            assert!(answer.value("entityName").starts_with("other/acme/espoo"));
            bed.admin().header("if-match", &old).put(&format!("{address}?friendlyName=x")).await.ok();
        }
    }

    async fn a_mandate_with_entities_is_another_document(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        let given = format!("mandates/{}", mandate(&admin, &acme, &anna, &clerk).await);
        let plain = tag(&bed, &given).await;
        let whole = format!("{given}?entities=true");
        let first = bed.admin().header("if-none-match", &plain).get(&whole).await.ok();
        admin.put(&format!("users/{anna}?surname=Virtanen")).await.ok();
        let second = bed.admin().header("if-none-match", first.header("etag")).get(&whole).await.ok();
        assert!(second.text().contains("Virtanen"));
    }
}
