//! `/attributes`: custom attributes declared, changed and removed at run time, and their indexes built meanwhile.

use std::time::Duration;

use reqwest::Method;
use uuid::Uuid;
use valtuus::store::SharedStore;
use valtuus::store::declaration::index_job;
use valtuus::world::{Real, World};

use super::{in_order, make};
use crate::kit::{Answer, Bed, Caller};
use crate::on_both;
use crate::store::kit::change;

/// Waits until an attribute is ready.
async fn ready(admin: &Caller<'_>, key: &str) -> Answer {
    for _ in 0..4_000 {
        let shown = admin.get(&format!("attributes/{key}")).await.ok();
        if shown.value("state") == "ready" {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{key} does not become ready");
}

/// Has the index of an attribute in the hands of a builder that does nothing, until `until`.
async fn keep_building(store: &SharedStore, name: &str, indexed: bool, until: i64) -> Uuid {
    let owner = Real.unordered_id();
    let name = name.to_owned();
    change(store, move |tx| {
        let name = name.clone();
        Box::pin(async move {
            tx.declare(valtuus::model::Kind::User, &name, indexed, true).await?;
            let attr = tx.registry().named(valtuus::model::Kind::User, &name).unwrap().id;
            let held = tx.acquire_job(&index_job(attr), owner, Real.now(), until).await?;
            assert_eq!(held.as_deref(), Some(""), "a new declaration begins anew");
            Ok(owner)
        })
    })
    .await
    .unwrap()
}

on_both! {
    async fn a_declared_attribute_can_be_used_and_searched_at_once(bed: Bed) {
        let admin = bed.admin();
        admin.post("users/?login=early&colour=red").await.refused(400, 1, "colour");
        let made = admin.post("attributes/?kind=user&name=colour").await.ok();
        assert!(made.text().contains("<AttributeDefinitions ") && made.text().contains("method=\"POST\""));
        let id = made.id();
        let anna = make(&admin, "users/?login=anna&colour=red&colour=blue").await;
        assert_eq!(admin.get(&format!("users/{anna}")).await.ok().values("colour"), ["red", "blue"]);
        in_order(&admin.get("users?colour=bl").await.ok().ids(), &[&anna]);
        for key in [id.as_str(), "user.colour"] {
            let shown = admin.get(&format!("attributes/{key}")).await.ok();
            assert_eq!(shown.names(), ["id", "kind", "name", "indexed", "many", "state"]);
            let values = ["id", "kind", "name", "indexed", "many", "state"].map(|name| shown.value(name));
            assert_eq!(values, [id.as_str(), "user", "colour", "true", "true", "ready"]);
        }
        bed.must_be_sound().await;
    }

    async fn the_list_answers_ids_or_whole_declarations_in_order(bed: Bed) {
        let admin = bed.admin();
        let configured = admin.get("attributes").await.ok().ids();
        assert_eq!(configured.len(), 5, "the configured ones");
        let own = admin.post("attributes?kind=role&name=level.of-trust_1&indexed=false&many=false").await.ok().id();
        let whole = admin.get("attributes/?kind=role&entities=true").await.ok().text();
        assert!(whole.contains("<Value>level.of-trust_1</Value>") && whole.matches("<Value>false</Value>").count() == 2);
        assert_eq!(whole.matches("<AttributeDefinition>").count(), 1);
        in_order(&admin.get("attributes?name=level").await.ok().ids(), &[&own]);
        in_order(&admin.get("attributes?name=level&exactMatch=true").await.ok().ids(), &[]);
        in_order(&admin.get("attributes?name=level.of-trust_1&exactMatch=true&kind=role").await.ok().ids(), &[&own]);
        assert_eq!(admin.get("attributes?kind=user").await.ok().ids(), configured[..3]);
        assert_eq!(admin.get("attributes/role.level.of-trust_1").await.ok().value("id"), own);
        let first = admin.get("attributes?maxResults=4").await.ok();
        assert_eq!((first.ids(), first.header("x-result-truncated")), (configured[..4].to_vec(), "true"));
        let rest = first.header("link").split_once("attributes?").unwrap().1.split('>').next().unwrap().to_owned();
        let rest = admin.get(&format!("attributes?{rest}")).await.ok().ids();
        assert_eq!(rest, [configured[4].clone(), own]);
    }

    async fn a_document_declares_too(bed: Bed) {
        let document = "<AttributeDefinition xmlns=\"http://schema.ubisecure.com/customerid/api\">\
            <Attribute name=\"kind\"><Value>organization</Value></Attribute>\
            <Attribute name=\"name\"><Value>colour</Value></Attribute>\
            <Attribute name=\"many\"><Value>false</Value></Attribute></AttributeDefinition>";
        let xml = bed.admin().header("content-type", "application/xml");
        let id = xml.send(Method::POST, "attributes", Some(document.as_bytes().to_vec())).await.ok().id();
        let admin = bed.admin();
        let shown = admin.get("attributes/organization.colour").await.ok();
        assert_eq!((shown.value("id"), shown.value("many").as_str()), (id, "false"));
        admin.post("organizations/?technicalName=a&colour=x&colour=y").await.refused(400, 1, "colour");
    }

    async fn what_cannot_be_declared_is_refused_by_name(bed: Bed) {
        let admin = bed.admin();
        let long = "x".repeat(65);
        for (query, word) in [
            ("", "kind"), ("name=x", "kind"), ("kind=user", "name"), ("kind=planet&name=x", "kind"),
            ("kind=auditevent&name=x", "kind"), ("kind=apiclient&name=x", "kind"), ("kind=assignment&name=x", "kind"), ("kind=message&name=x", "kind"),
            ("kind=&name=x", "kind"), ("kind=user&name=", "name"), ("kind=user&name=1x", "name"),
            ("kind=user&name=a%20b", "name"), ("kind=user&name=%C3%A4", "name"), (&format!("kind=user&name={long}"), "name"),
            ("kind=user&name=login", "name"), ("kind=user&name=password", "name"), ("kind=user&name=maxResults", "name"),
            ("kind=user&name=role", "name"), ("kind=user&name=x&indexed=yes", "indexed"),
            ("kind=user&name=x&many=", "many"), ("kind=user&name=x&name=y", "name"),
            ("kind=user&name=x&sensitive=true", "sensitive"),
        ] {
            admin.post(&format!("attributes?{query}")).await.refused(400, 1, word);
        }
        admin.post("attributes?kind=user&name=browsers").await.refused(409, 4, "name");
        for caller in [bed.reader(), Caller::query(&bed, "writer")] {
            caller.post("attributes?kind=user&name=x").await.refused(403, 3, "attributedefinition");
            caller.get("attributes").await.refused(403, 3, "attributedefinition");
            caller.get("attributes/user.browsers").await.refused(403, 3, "attributedefinition");
            caller.put("attributes/user.browsers?many=true").await.refused(403, 3, "attributedefinition");
            caller.delete("attributes/user.browsers").await.refused(403, 3, "attributedefinition");
        }
        for key in ["user.nothing", "browsers", "planet.x", "00000000-0000-4000-8000-000000000000"] {
            admin.get(&format!("attributes/{key}")).await.refused(404, 7, "attributedefinition");
            admin.put(&format!("attributes/{key}?many=true")).await.refused(404, 7, "attributedefinition");
            admin.delete(&format!("attributes/{key}")).await.refused(404, 7, "attributedefinition");
        }
        for (query, word) in [("name=x", "name"), ("kind=role", "kind"), ("indexed=1", "indexed"), ("x=1", "x")] {
            admin.put(&format!("attributes/user.browsers?{query}")).await.refused(400, 1, word);
        }
        admin.delete("attributes/user.browsers?recursive=true").await.refused(400, 1, "recursive");
        assert_eq!(admin.get("attributes").await.ok().ids().len(), 5, "nothing was declared");
    }

    async fn an_attribute_in_use_stays_and_an_unused_one_goes(bed: Bed) {
        let admin = bed.admin();
        let anna = make(&admin, "users/?login=anna&browsers=%221048577%22:&notes=x").await;
        for name in ["browsers", "notes"] {
            admin.delete(&format!("attributes/user.{name}")).await.refused(409, 15, name);
            assert_eq!(admin.get(&format!("users/{anna}")).await.ok().values(name).len(), 1);
            admin.put(&format!("users/{anna}?{name}=")).await.ok();
            let before = admin.get(&format!("attributes/user.{name}")).await.ok().value("id");
            assert_eq!(admin.delete(&format!("attributes/user.{name}")).await.ok().id(), before);
            admin.get(&format!("attributes/user.{name}")).await.refused(404, 7, "attributedefinition");
            admin.put(&format!("users/{anna}?{name}=y")).await.refused(400, 1, name);
            admin.get(&format!("users/?{name}=y")).await.refused(400, 1, name);
            let again = admin.post(&format!("attributes?kind=user&name={name}")).await.ok().id();
            assert_ne!(again, before, "a number is never given twice");
        }
        // A text that looks like the key of another attribute is no use of that one.
        make(&admin, "users/?login=bert&browsers=%5C%22x%22:").await;
        admin.delete("attributes/user.age").await.ok();
        bed.must_be_sound().await;
    }

    async fn an_attribute_takes_one_value_only_when_no_entity_has_several(bed: Bed) {
        let admin = bed.admin();
        let anna = make(&admin, "users/?login=anna&notes=a&notes=b").await;
        admin.put("attributes/user.notes?many=false").await.refused(409, 15, "notes");
        admin.put(&format!("users/{anna}?notes=a")).await.ok();
        let shown = admin.get("attributes/user.notes").await.ok();
        admin.put("attributes/user.notes?many=false").await.ok();
        admin.put(&format!("users/{anna}?notes=a&notes=b")).await.refused(400, 1, "notes");
        let stale = bed.admin().header("if-match", shown.header("etag"));
        stale.put("attributes/user.notes?many=true").await.refused(412, 14, "");
        stale.delete("attributes/user.notes").await.refused(412, 14, "");
        admin.put("attributes/user.notes?many=true").await.ok();
        admin.put(&format!("users/{anna}?notes=a&notes=b")).await.ok();
        bed.must_be_sound().await;
    }

    async fn an_index_is_built_for_what_was_there_and_cleared_when_it_is_not_wanted(bed: Bed) {
        let admin = bed.admin();
        let anna = make(&admin, "users/?login=anna&notes=first").await;
        admin.put("attributes/user.notes?indexed=true").await.ok();
        ready(&admin, "user.notes").await;
        in_order(&admin.get("users?notes=first").await.ok().ids(), &[&anna]);
        admin.put("attributes/user.notes?indexed=false").await.ok();
        admin.get("users?notes=first").await.refused(400, 1, "notes");
        admin.put(&format!("users/{anna}?notes=second")).await.ok();
        // Cleared in the background; searchable again, nothing of before is found.
        admin.put("attributes/user.notes?indexed=true").await.ok();
        ready(&admin, "user.notes").await;
        in_order(&admin.get("users?notes=first").await.ok().ids(), &[]);
        in_order(&admin.get("users?notes=second").await.ok().ids(), &[&anna]);
        bed.must_be_sound().await;
    }

    async fn while_its_index_is_built_an_attribute_is_written_but_neither_searched_nor_removed(bed: Bed) {
        let admin = bed.admin();
        let anna = make(&admin, "users/?login=anna&notes=first").await;
        let store = bed.server.service().engine.store.clone();
        keep_building(&store, "notes", true, Real.now() + 3_600_000_000).await;
        let shown = admin.get("attributes/user.notes").await.ok();
        assert_eq!((shown.value("state").as_str(), shown.value("indexed").as_str()), ("building", "true"));
        admin.get("users?notes=first").await.refused(409, 15, "notes");
        admin.get("users?login=a&notes=first").await.refused(409, 15, "notes");
        let berta = make(&admin, "users/?login=berta&notes=first").await;
        admin.put(&format!("users/{anna}?notes=")).await.ok();
        admin.delete("attributes/user.notes").await.refused(409, 15, "notes");
        // The builder that did nothing is forgotten with the next declaration; another takes over.
        admin.put("attributes/user.notes?indexed=false").await.ok();
        admin.put("attributes/user.notes?indexed=true").await.ok();
        ready(&admin, "user.notes").await;
        in_order(&admin.get("users?notes=first").await.ok().ids(), &[&berta]);
        bed.must_be_sound().await;
    }

    async fn a_declaration_leaves_its_records(bed: Bed) {
        let admin = bed.admin();
        let id = admin.post("attributes?kind=user&name=colour&many=false").await.ok().id();
        admin.put(&format!("attributes/{id}?indexed=false")).await.ok();
        ready(&admin, &id).await;
        admin.post("attributes?kind=user&name=colour").await.refused(409, 4, "name");
        tokio::time::timeout(Duration::from_secs(20), async {
            // Its index is cleared in the background first.
            while admin.delete(&format!("attributes/{id}")).await.status.as_u16() == 409 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .unwrap();
        for (event, words) in [
            ("VLT_ATTRIBUTEDEFINITION_CREATE", vec!["kind:  → user", "name:  → colour", "indexed:  → true", "many:  → false"]),
            ("VLT_ATTRIBUTEDEFINITION_UPDATE", vec!["indexed: true → false"]),
            ("VLT_ATTRIBUTEDEFINITION_DELETE", vec!["name: colour → "]),
        ] {
            let filter = format!("auditevents?entityId={id}&eventId={event}&category=success");
            let record = admin.get(&filter).await.ok().id();
            let record = admin.get(&format!("auditevents/{record}")).await.ok();
            assert_eq!(record.values("changes"), words, "{event}");
        }
        let failed = admin.get("auditevents?eventId=VLT_ATTRIBUTEDEFINITION_CREATE&category=failure").await.ok().ids();
        assert_eq!(failed.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_knows_what_one_declares_and_removes() {
    let Some(bed) = Bed::start(crate::kit::On::Postgres).await else { return };
    let mut config = bed.server.service().config.clone();
    config.serve.listen.set_port(0);
    let world: valtuus::world::SharedWorld = std::sync::Arc::new(Real);
    let other = valtuus::server::start(config, world).await.unwrap();
    let admin = bed.admin();
    let on_other = |path: &str| {
        let url = format!("{}/{path}&username=admin&password=admin-password", other.base);
        let admin = bed.anonymous();
        async move { admin.send_to(Method::POST, &url, None).await }
    };
    admin.post("attributes?kind=user&name=colour").await.ok();
    // Not known here: the registry is read again before that is said.
    on_other("users/?login=anna&colour=red").await.ok();
    let anna = admin.get("users?colour=red").await.ok().id();
    admin.delete("attributes/user.colour").await.refused(409, 15, "colour");
    admin.delete(&format!("users/{anna}")).await.ok();
    admin.delete("attributes/user.colour").await.ok();
    on_other("users/?login=berta&colour=red").await.refused(400, 1, "");
    admin.post("attributes?kind=user&name=colour&many=false").await.ok();
    on_other("users/?login=carl&colour=red&colour=blue").await.refused(400, 1, "");
    bed.must_be_sound().await;
    other.stop().await;
}
