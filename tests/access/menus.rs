//! The actions of roles at a tenant, as menus show them.

use super::State;
use crate::api::{in_order, make, role};
use crate::kit::caller::Credentials;
use crate::on_both;

on_both! {
    async fn the_actions_of_roles_are_those_that_the_decision_allows_them(bed: Bed) {
        let admin = bed.admin();
        let state = State::lay(&admin).await;
        role(&admin, &state.uk, "CITIZEN").await;
        let city = make(&admin, "actions/?id=7&url=/x&enabled=true&serviceCode=ws&tenant=uk.dehradun").await;
        let unmapped = make(&admin, "actions/?id=8&url=/y&enabled=true&serviceCode=tl-services&tenant=uk").await;
        make(&admin, "roleactions/?role=TL_CEMP&action=1685&tenant=uk").await;
        make(&admin, "roleactions/?role=CITIZEN&action=7&tenant=uk.dehradun").await;
        make(&admin, "features/?code=WATER&serviceCode=ws&tenant=uk").await;
        make(&admin, "featureroles/?role=TL_CEMP&feature=WATER&tenant=uk").await;
        make(&admin, "features/?code=TRADE&serviceCode=tl-services&tenant=uk").await;
        let State { action, .. } = &state;
        for (query, wanted) in [
            ("role=TL_CEMP&tenant=uk", vec![action]),
            ("role=TL_CEMP&tenant=uk.dehradun", vec![action, &city]),
            ("role=CITIZEN&tenant=uk.dehradun", vec![&city]),
            ("role=CITIZEN&tenant=uk", vec![]),
            ("role=TL_CEMP,CITIZEN&tenant=uk.dehradun&enabled=true", vec![&city]),
            ("role=TL_CEMP&tenant=uk.dehradun&enabled=false", vec![action]),
            ("role=TL_CEMP@uk&tenant=uk.dehradun", vec![action, &city]),
            ("role=TL_CEMP@uk.almora&tenant=uk.dehradun", vec![]),
            ("role=TL_CEMP&tenant=uk.dehradun&feature=WATER", vec![&city]),
            ("feature=TRADE&tenant=uk.dehradun", vec![action, &unmapped]),
            ("feature=NONE&tenant=uk", vec![]),
            ("role=NOBODY&tenant=uk", vec![]),
            ("role=TL_CEMP&tenant=fi", vec![]),
        ] {
            let ids = admin.get(&format!("actions?{query}")).await.ok().ids();
            assert_eq!(ids.iter().collect::<Vec<_>>(), wanted, "{query}");
        }
        let whole = admin.get("actions?role=TL_CEMP&tenant=uk.dehradun&entities=true").await.ok().text();
        assert!(whole.contains("<Value>1685</Value>") && whole.contains("<Value>/x</Value>"), "{whole}");
    }

    async fn a_menu_is_answered_page_by_page_and_bad_arguments_are_named(bed: Bed) {
        let admin = bed.admin();
        State::lay(&admin).await;
        let mut made = Vec::new();
        for number in 0..5 {
            made.push(make(&admin, &format!("actions/?id={number}&url=/{number}&enabled=true&tenant=uk")).await);
            make(&admin, &format!("roleactions/?role=TL_CEMP&action={number}&tenant=uk")).await;
        }
        let first = admin.get("actions?role=TL_CEMP&tenant=uk&maxResults=2").await.ok();
        assert_eq!(first.header("x-result-truncated"), "true");
        let link = first.header("link").split("after=").nth(1).unwrap().split('>').next().unwrap().to_owned();
        let rest = admin.get(&format!("actions?role=TL_CEMP&tenant=uk&after={link}")).await.ok().ids();
        in_order(&[first.ids(), rest].concat(), &made.iter().collect::<Vec<_>>());
        for (query, words) in [
            ("role=TL_CEMP", "tenant: mandatory"),
            ("role=TL_CEMP&tenant=", "tenant: mandatory"),
            ("role=&tenant=uk", "role: must not be empty"),
            ("feature=&tenant=uk", "feature: must not be empty"),
            ("role=TL_CEMP&tenant=uk&tenant=fi", "tenant: expected only once"),
            ("role=TL_CEMP&tenant=uk&enabled=1", "enabled: expected true or false"),
            ("role=TL_CEMP&tenant=uk&url=/x", "url: this operation has no such parameter"),
            ("role=TL_CEMP&tenant=uk&after=x", "after"),
        ] {
            admin.get(&format!("actions?{query}")).await.refused(400, 1, words);
        }
        // A cursor goes on in the menu that it came from.
        admin.get(&format!("actions?role=OTHER&tenant=uk&after={link}")).await.refused(400, 1, "after");
    }

    async fn a_bounded_client_sees_the_actions_of_its_own_tenants(bed: Bed) {
        let admin = bed.admin();
        let state = State::lay(&admin).await;
        let city = make(&admin, "actions/?id=7&url=/x&enabled=true&tenant=uk.dehradun").await;
        for action in ["1685", "7"] {
            make(&admin, &format!("roleactions/?role=TL_CEMP&action={action}&tenant=uk.dehradun")).await;
        }
        admin.post(&format!("apiclients?name=city&preset=admin&pwd=city-password&within={}", state.dehradun)).await.ok();
        let bounded = bed.anonymous().with(Credentials::Basic("city".into(), "city-password".into()));
        assert_eq!(bounded.get("actions?role=TL_CEMP&tenant=uk.dehradun").await.ok().ids(), [city]);
        assert_eq!(bounded.get("actions?role=TL_CEMP&tenant=uk").await.ok().ids(), [""; 0]);
        let blind = crate::refusals::reader::client(&bed, "blind", &["decide:action"]).await;
        blind.get("actions?role=TL_CEMP&tenant=uk").await.refused(403, 3, "read action");
    }
}
