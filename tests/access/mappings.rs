//! Mappings of roles to actions and features: how their ends are named, that none stands twice, and what takes them
//! along.

use super::State;
use crate::api::{below, make, role};
use crate::kit::{Bed, Caller};
use crate::on_both;

async fn count(caller: &Caller<'_>, path: &str) -> usize {
    caller.get(path).await.ok().ids().len()
}

/// A mapping of each sort at the city.
async fn mapped(admin: &Caller<'_>) {
    admin.post("roleactions/?role=TL_CEMP&action=1685&tenant=uk.dehradun").await.ok();
    admin.post("features/?code=TRADE&serviceCode=tl-services&tenant=uk").await.ok();
    admin.post("featureroles/?role=TL_CEMP&feature=TRADE&tenant=uk.dehradun").await.ok();
}

async fn nothing_is_mapped(bed: &Bed) {
    for path in ["roleactions", "featureroles"] {
        assert_eq!(count(&bed.admin(), path).await, 0, "{path}");
    }
    bed.must_be_sound().await;
}

on_both! {
    async fn the_ends_of_a_mapping_are_named_in_every_way(bed: Bed) {
        let admin = bed.admin();
        let state = State::lay(&admin).await;
        for role in [state.role.as_str(), "TL_CEMP", "uk/TL_CEMP"] {
            for action in [state.action.as_str(), "1685", "uk:1685"] {
                for tenant in [state.dehradun.as_str(), "uk/dehradun", "uk.dehradun"] {
                    let made = make(&admin, &format!("roleactions/?role={role}&action={action}&tenant={tenant}")).await;
                    let read = admin.get(&format!("roleactions/{made}")).await.ok();
                    let values = ["role", "action", "tenant"].map(|name| read.value(name));
                    assert_eq!(values, [&state.role, &state.action, &state.dehradun].map(String::as_str));
                    admin.delete(&format!("roleactions/{made}")).await.ok();
                }
            }
        }
        // The nearest one of that name is meant.
        let own = role(&admin, &state.dehradun, "TL_CEMP").await;
        let near = make(&admin, "actions/?id=1685&url=/y&enabled=true&tenant=uk.dehradun").await;
        let made = make(&admin, "roleactions/?role=TL_CEMP&action=1685&tenant=uk.dehradun&actionCode=c").await;
        let read = admin.get(&format!("roleactions/{made}")).await.ok();
        let values = ["role", "action", "actionCode"].map(|name| read.value(name));
        assert_eq!(values, [own.as_str(), near.as_str(), "c"]);
        admin.put(&format!("roleactions/{made}?actionCode=d")).await.ok();
        assert_eq!(admin.get(&format!("roleactions/{made}")).await.ok().value("actionCode"), "d");
    }

    async fn mappings_are_found_by_their_ends(bed: Bed) {
        let admin = bed.admin();
        let state = State::lay(&admin).await;
        mapped(&admin).await;
        for (query, found) in [
            ("roleactions?role=TL_CEMP", 1), ("roleactions?role=TL_CEM", 0), ("roleactions?action=1685", 1),
            ("roleactions?action=168", 0), ("roleactions?action=x", 0), ("roleactions?role=uk/TL_CEMP", 1),
            ("roleactions?action=uk:1685", 1), ("roleactions?tenant=uk.dehradun", 1), ("roleactions?tenant=uk", 0),
            ("roleactions?tenant=uk.dehradun&role=TL_CEMP&action=1685", 1), ("roleactions?role=CITIZEN", 0),
            ("featureroles?feature=TRADE", 1), ("featureroles?feature=uk:TRADE", 1), ("featureroles?feature=TRAD", 0),
            ("featureroles?role=TL_CEMP&tenant=uk/dehradun", 1),
        ] {
            assert_eq!(count(&admin, query).await, found, "{query}");
        }
        assert_eq!(count(&admin, &format!("roleactions?role={}&action={}", state.role, state.action)).await, 1);
    }

    async fn the_same_mapping_stands_once(bed: Bed) {
        let admin = bed.admin();
        State::lay(&admin).await;
        mapped(&admin).await;
        admin.post("roleactions/?role=TL_CEMP&action=1685&tenant=uk.dehradun").await.refused(409, 4, "action");
        admin.post("featureroles/?role=TL_CEMP&feature=TRADE&tenant=uk.dehradun").await.refused(409, 4, "role");
        // At another tenant it is another one.
        admin.post("roleactions/?role=TL_CEMP&action=1685&tenant=uk").await.ok();
        admin.post("featureroles/?role=TL_CEMP&feature=TRADE&tenant=uk").await.ok();
    }

    async fn what_does_not_stand_at_the_tenant_or_above_cannot_be_mapped(bed: Bed) {
        let admin = bed.admin();
        let state = State::lay(&admin).await;
        let almora = below(&admin, &state.uk, "almora").await;
        let foreign = role(&admin, &almora, "CLERK").await;
        let there = make(&admin, "actions/?id=5&url=/z&enabled=true&tenant=uk.almora").await;
        let feature = make(&admin, "features/?code=F&tenant=uk.almora").await;
        for (path, words) in [
            (format!("roleactions/?role={foreign}&action=1685&tenant=uk.dehradun"), "role"),
            ("roleactions/?role=CLERK&action=1685&tenant=uk.dehradun".to_owned(), "role"),
            ("roleactions/?role=uk/almora/CLERK&action=1685&tenant=uk.dehradun".to_owned(), "role"),
            (format!("roleactions/?role=TL_CEMP&action={there}&tenant=uk.dehradun"), "action"),
            ("roleactions/?role=TL_CEMP&action=uk.almora:5&tenant=uk.dehradun".to_owned(), "action"),
            ("roleactions/?role=TL_CEMP&action=5&tenant=uk".to_owned(), "action"),
            ("roleactions/?role=TL_CEMP&action=x&tenant=uk".to_owned(), "action"),
            ("roleactions/?role=tl_cemp&action=1685&tenant=uk".to_owned(), "role"),
            (format!("roleactions/?role={}&action=1685&tenant=uk", state.action), "role"),
            ("roleactions/?role=TL_CEMP&action=1685&tenant=fi".to_owned(), "tenant"),
            (format!("featureroles/?role={foreign}&feature=F&tenant=uk.dehradun"), "feature"),
            (format!("featureroles/?role=TL_CEMP&feature={feature}&tenant=uk.dehradun"), "feature"),
        ] {
            admin.post(&path).await.refused(400, 10, words);
        }
        let long = "X".repeat(65);
        for path in ["roleactions/?action=1685", "featureroles/?feature=F"] {
            admin.post(&format!("{path}&tenant=uk&role={long}")).await.refused(400, 1, "role: expected a code of at most 64");
        }
        for missing in ["role=TL_CEMP&action=1685", "role=TL_CEMP&tenant=uk", "action=1685&tenant=uk"] {
            admin.post(&format!("roleactions/?{missing}")).await.refused(400, 1, "mandatory");
        }
        nothing_is_mapped(&bed).await;
    }

    async fn a_mapping_goes_with_its_role(bed: Bed) {
        let state = State::lay(&bed.admin()).await;
        mapped(&bed.admin()).await;
        bed.admin().delete(&format!("roles/{}", state.role)).await.ok();
        nothing_is_mapped(&bed).await;
    }

    async fn a_mapping_goes_with_its_action_and_its_feature(bed: Bed) {
        State::lay(&bed.admin()).await;
        mapped(&bed.admin()).await;
        bed.admin().delete("actions/uk:1685").await.ok();
        bed.admin().delete("features/uk:TRADE").await.ok();
        nothing_is_mapped(&bed).await;
    }

    async fn a_mapping_goes_with_its_tenant(bed: Bed) {
        let admin = bed.admin();
        State::lay(&admin).await;
        mapped(&admin).await;
        admin.delete("organizations/uk%2Fdehradun").await.ok();
        nothing_is_mapped(&bed).await;
        admin.get("actions/uk:1685").await.ok();
        admin.delete("organizations/uk?recursive=true").await.ok();
        assert_eq!(count(&admin, "actions").await + count(&admin, "features").await, 0);
    }
}
