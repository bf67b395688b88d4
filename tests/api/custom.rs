//! Custom attributes declared by configuration: on users and organizations, several values, commas, searches.

use std::sync::Arc;

use valtuus::model::Kind;
use valtuus::operation::setup::{Declaration, declare};
use valtuus::store::{AuditQuery, Position};
use valtuus::world::{Real, SharedWorld};

use super::{in_order, make};
use crate::on_both;

on_both! {
    async fn a_user_gets_several_values_by_repetition_and_a_comma_is_part_of_a_value(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna&browsers=IE&browsers=chrome&age=4,5").await;
        let address = format!("users/{id}");
        let read = admin.get(&address).await.ok();
        assert_eq!(read.values("browsers"), ["IE", "chrome"]);
        assert_eq!(read.values("age"), ["4,5"]);
        admin.put(&format!("{address}?browsers=lynx")).await.ok();
        assert_eq!(admin.get(&address).await.ok().values("browsers"), ["lynx"]);
        admin.put(&format!("{address}?browsers=")).await.ok();
        let read = admin.get(&address).await.ok();
        assert!(!read.names().contains(&"browsers".to_owned()));
        assert_eq!(read.values("age"), ["4,5"]);
        assert_eq!(admin.get("users?browsers=lynx").await.ok().ids(), [""; 0]);
        bed.must_be_sound().await;
    }

    async fn an_organization_gets_several_values_by_comma_too(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "organizations/?technicalName=acme&vatnumber=1,2&vatnumber=3").await;
        let address = format!("organizations/{id}");
        assert_eq!(admin.get(&address).await.ok().values("vatnumber"), ["1", "2", "3"]);
        admin.put(&format!("{address}?vatnumber=a%5C,b%5C%5C,c%5Cd")).await.ok();
        assert_eq!(admin.get(&address).await.ok().values("vatnumber"), ["a,b\\", "c\\d"]);
        in_order(&admin.get("organizations?vatnumber=a,b").await.ok().ids(), &[&id]);
        in_order(&admin.get("organizations?vatnumber=c%5Cd&exactMatch=true").await.ok().ids(), &[&id]);
        admin.put(&format!("{address}?friendlyName=Acme,%20Inc%5C,")).await.ok();
        assert_eq!(admin.get(&address).await.ok().value("friendlyName"), "Acme, Inc\\,");
        bed.must_be_sound().await;
    }

    async fn in_a_document_a_comma_never_separates(bed: Bed) {
        let admin = bed.admin().header("content-type", "application/xml");
        let body = |values: &str| {
            format!(
                "<Organization xmlns=\"http://schema.ubisecure.com/customerid/api\"><Attribute name=\"vatnumber\">\
                 {values}</Attribute></Organization>"
            )
            .into_bytes()
        };
        let sent = body("<Value>1,2</Value><Value>3\\,4</Value>");
        let id = admin.send(reqwest::Method::POST, "organizations/", Some(sent)).await.ok().id();
        let read = bed.admin().get(&format!("organizations/{id}")).await.ok();
        assert_eq!(read.values("vatnumber"), ["1,2", "3\\,4"]);
    }

    async fn an_attribute_that_is_not_declared_for_the_kind_is_refused_everywhere(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna").await;
        for name in ["vatnumber", "Browsers", "unheard.of"] {
            admin.post(&format!("users/?login=b&{name}=1")).await.refused(400, 1, name);
            admin.put(&format!("users/{id}?{name}=1")).await.refused(400, 1, name);
            admin.get(&format!("users/?{name}=1")).await.refused(400, 1, name);
        }
        admin.post("organizations/?browsers=1").await.refused(400, 1, "browsers");
    }

    async fn an_attribute_without_index_is_kept_but_not_searched(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna&notes=first&notes=second").await;
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().values("notes"), ["first", "second"]);
        admin.get("users?notes=first").await.refused(400, 1, "notes");
        admin.get("users?login=a&notes=first").await.refused(400, 1, "notes");
    }

    async fn what_the_configuration_declares_anew_is_built_in_the_background_and_recorded(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna&notes=first").await;
        let store = &bed.server.service().engine.store;
        let notes = Declaration { kind: Kind::User, name: "notes".to_owned(), indexed: true, many: true };
        let world: SharedWorld = Arc::new(Real);
        declare(store, &world, vec![notes.clone()]).await.unwrap();
        while admin.get("attributes/user.notes").await.ok().value("state") == "building" {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        in_order(&admin.get("users?notes=first").await.ok().ids(), &[&id]);
        let declared = AuditQuery { event_id: Some("VLT_USER_DECLARE".to_owned()), ..AuditQuery::default() };
        let records = store.audit(&declared, &Position::default(), 99).await.unwrap();
        let named = |name: &[u8]| {
            records.iter().any(|(_, held)| held.record.canonical.windows(name.len()).any(|part| part == name))
        };
        assert!(named(b"browsers: indexed=true, many=true") && !named(b"vatnumber"));
        admin.put(&format!("users/{id}?notes=first&notes=second")).await.ok();
        let refused = declare(store, &world, vec![Declaration { many: false, ..notes }]).await.unwrap_err();
        assert!(matches!(refused, valtuus::model::Error::Conflict { .. }), "{refused:?}");
        bed.must_be_sound().await;
    }

    async fn a_value_has_at_most_255_characters(bed: Bed) {
        let admin = bed.admin();
        let longest = "ä".repeat(255);
        let id = make(&admin, &format!("users/?login=anna&age={longest}")).await;
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("age"), longest);
        in_order(&admin.get(&format!("users?age={longest}&exactMatch=true")).await.ok().ids(), &[&id]);
        in_order(&admin.get(&format!("users?age={longest}")).await.ok().ids(), &[&id]);
        admin.put(&format!("users/{id}?age={longest}ä")).await.refused(400, 1, "age");
        bed.must_be_sound().await;
    }

    async fn custom_attributes_stand_between_the_seeds_and_ours(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna&age=45&locale=fi").await;
        let names = admin.get(&format!("users/{id}")).await.ok().names();
        let place = |name: &str| names.iter().position(|found| found == name).unwrap();
        assert!(place("status") < place("age") && place("age") < place("locale"), "{names:?}");
    }
}
