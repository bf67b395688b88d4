//! An API key is shown by the approval and nowhere else; the store holds its SHA-256.

use std::fmt::Write as _;

use valtuus::operation::key_text::KeyText;

use super::ground::{Ground, approve, key_of};
use crate::kit::trace::records;
use crate::on_both;

on_both! {
    async fn no_later_answer_and_no_record_shows_a_key(bed: Bed) {
        let ground = Ground::new(&bed).await;
        let admin = bed.admin();
        let request = ground.request(&bed).await;
        let first = admin.clone().header("idempotency-key", "decide").put(&format!("apikeyrequests/{request}/status?status=approved")).await.ok();
        let text = first.value("apiKey");
        let key = key_of(&bed, &first).await;
        let mut answers = Vec::new();
        for path in [
            format!("apikeys/{key}"),
            "apikeys?entities=true".to_owned(),
            format!("partners/{}/apikeys?entities=true", ground.id()),
            format!("apikeyrequests/{request}"),
            "apikeyrequests?entities=true".to_owned(),
            "auditevents?entities=true".to_owned(),
        ] {
            for caller in [admin.clone(), admin.clone().json(), admin.clone().newer()] {
                answers.push(caller.get(&path).await.ok().text());
            }
        }
        answers.push(approve(&bed, &request).await.refused(409, 15, "already").text());
        answers.push(admin.put(&format!("apikeys/{key}/status?status=de-active")).await.ok().text());
        for answer in answers {
            assert!(!answer.contains(&text), "{answer}");
        }
        let hash = KeyText::presented(text.clone()).unwrap().hash();
        let hash = hash.iter().fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        let all = records(&bed.server.service().engine.store, &valtuus::store::AuditQuery::default()).await;
        assert!(all.iter().any(|record| format!("{record:?}").contains(&key)), "the trail names the key's entity");
        for record in all {
            let said = format!("{record:?}");
            assert!(!said.contains(&text) && !said.contains(&hash), "{said}");
        }
        let store = &bed.server.service().engine.store;
        let presented = KeyText::presented(text).unwrap();
        let subject = store.secret_subject(valtuus::operation::keys::PURPOSE, &presented.hash(), bed.now()).await.unwrap();
        let entity = store.by_id(key.parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(subject, Some(entity.row()));
    }
}
