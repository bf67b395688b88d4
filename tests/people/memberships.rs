//! `memberships`: the virtual organizations an organization belongs to, by their entity names.

use crate::api::{below, in_order, make, organization, virtual_organization};
use crate::on_both;

on_both! {
    async fn memberships_are_set_answered_and_searched_by_entity_name(bed: Bed) {
        let admin = bed.admin();
        let (one, two) = (virtual_organization(&admin, "one").await, virtual_organization(&admin, "two").await);
        let deep = make(&admin, &format!("organizations/?technicalName=deep&virtual=true&parentOrganizationId={one}")).await;
        let acme = make(&admin, "organizations/?technicalName=acme&memberships=one&memberships=one/deep").await;
        let read = async |id: &str| admin.get(&format!("organizations/{id}")).await.ok().values("memberships");
        let found = async |name: &str| admin.get(&format!("organizations/?memberships={name}")).await.ok().ids();
        assert_eq!(read(&acme).await, ["one", "one/deep"]);
        in_order(&found("one").await, &[&acme]);
        in_order(&found("one/deep").await, &[&acme]);
        in_order(&found(&deep).await, &[&acme]);
        in_order(&found("two").await, &[]);
        in_order(&found("nobody").await, &[]);
        let other = organization(&admin, "other").await;
        admin.put(&format!("organizations/{other}?memberships=two&memberships={deep}")).await.ok();
        assert_eq!(read(&other).await, ["two", "one/deep"]);
        in_order(&found("one/deep").await, &[&acme, &other]);
        // A list repeats them, and they follow a move.
        let whole = admin.get("organizations/?technicalName=acme&entities=true").await.ok().text();
        assert!(whole.contains("<Value>one/deep</Value>"), "{whole}");
        admin.put(&format!("organizations/{deep}/parent?parentOrganizationId={two}")).await.ok();
        assert_eq!(read(&acme).await, ["one", "two/deep"]);
        in_order(&found("two/deep").await, &[&acme, &other]);
        // A given attribute replaces all its values, an empty one removes it.
        admin.put(&format!("organizations/{acme}?memberships=two")).await.ok();
        assert_eq!(read(&acme).await, ["two"]);
        admin.put(&format!("organizations/{acme}?friendlyName=Acme")).await.ok();
        assert_eq!(read(&acme).await, ["two"]);
        admin.delete(&format!("organizations/{deep}")).await.ok();
        assert_eq!(read(&other).await, ["two"]);
        admin.delete(&format!("organizations/{two}")).await.ok();
        assert_eq!(read(&other).await, [""; 0]);
        admin.put(&format!("organizations/{acme}?memberships=one")).await.ok();
        admin.put(&format!("organizations/{acme}?memberships=")).await.ok();
        assert_eq!(read(&acme).await, [""; 0]);
        bed.must_be_sound().await;
    }

    async fn only_another_and_virtual_organization_can_be_belonged_to(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let espoo = below(&admin, &acme, "espoo").await;
        let club = virtual_organization(&admin, "club").await;
        let path = format!("organizations/{acme}?memberships=");
        admin.put(&format!("{path}acme/espoo")).await.refused(409, 8, "memberships");
        admin.put(&format!("{path}club&memberships={espoo}")).await.refused(409, 8, "memberships");
        admin.put(&format!("{path}nobody")).await.refused(400, 10, "memberships");
        admin.put(&format!("organizations/{club}?memberships=club")).await.refused(400, 10, "memberships");
        admin.post("organizations/?technicalName=x&memberships=acme").await.refused(409, 8, "memberships");
        admin.post("organizations/?technicalName=x&memberships=nobody").await.refused(400, 10, "memberships");
        assert_eq!(admin.get(&format!("organizations/{acme}")).await.ok().values("memberships"), [""; 0]);
        // A virtual organization may belong to another one.
        virtual_organization(&admin, "union").await;
        admin.put(&format!("organizations/{club}?memberships=union")).await.ok();
        bed.must_be_sound().await;
    }
}
