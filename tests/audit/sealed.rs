//! The trail of a running server: sealed within moments, shown with number and hash, read by number.

use std::time::{Duration, Instant};

use valtuus::operation::verifying;
use valtuus::store::AuditQuery;

use crate::kit::Bed;
use crate::kit::trace::records;
use crate::on_both;

/// Waits until nothing waits for its seal.
async fn sealed(bed: &Bed) {
    let store = &bed.server.service().engine.store;
    let begun = Instant::now();
    loop {
        let verdict = verifying::verify(store, None).await.unwrap();
        assert_eq!(verdict.finding, None);
        if verdict.unsealed == 0 && verdict.records > 0 {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{} records wait", verdict.unsealed);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

on_both! {
    async fn a_record_is_shown_with_number_and_hash_once_it_is_sealed(bed: Bed) {
        let admin = bed.admin();
        let anna = crate::api::make(&admin, "users/?login=anna").await;
        sealed(&bed).await;
        let ids = admin.get(&format!("auditevents?entityId={anna}")).await.ok().ids();
        let by_id = admin.get(&format!("auditevents/{}", ids[0])).await.ok();
        let (seq, hash) = (by_id.value("seq"), by_id.value("hash"));
        assert!(hash.len() == 64 && hash.chars().all(|digit| digit.is_ascii_hexdigit()), "{hash}");
        let by_number = admin.get(&format!("auditevents/{seq}")).await.ok();
        for name in ["id", "seq", "hash", "at", "eventId", "entityId", "description"] {
            assert_eq!(by_number.value(name), by_id.value(name), "{name}");
        }
        let text = admin.get("auditevents?entities=true").await.ok().text();
        let numbers: Vec<i64> = text
            .split("name=\"seq\"><Value>").skip(1).map(|rest| rest.split('<').next().unwrap().parse().unwrap()).collect();
        let dense: Vec<i64> = (1..=i64::try_from(numbers.len()).unwrap()).collect();
        assert_eq!(numbers, dense);
        for none in ["0", "999999999", "99999999999999999999999", "-1", "1x"] {
            admin.get(&format!("auditevents/{none}")).await.refused(404, 7, "auditevent");
        }
        bed.reader().get("auditevents/1").await.refused(403, 3, "auditevent");
    }

    async fn pages_are_the_same_before_and_after_the_seal(bed: Bed) {
        let admin = bed.admin();
        for n in 0..12 {
            crate::api::make(&admin, &format!("users/?login=user{n}")).await;
        }
        let filter = "auditevents?client=admin&maxResults=5";
        let (mut found, mut next) = (Vec::new(), Some(filter.to_owned()));
        while let Some(path) = next {
            let page = admin.get(&path).await.ok();
            found.extend(page.ids());
            let after = page.header("link").split("after=").nth(1).map(|rest| rest.split('>').next().unwrap().to_owned());
            next = after.map(|after| format!("{filter}&after={after}"));
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        sealed(&bed).await;
        let all = admin.get("auditevents?client=admin").await.ok().ids();
        assert_eq!(found, all);
        let store = &bed.server.service().engine.store;
        let query = AuditQuery { client: Some("admin".to_owned()), ..AuditQuery::default() };
        assert_eq!(records(store, &query).await.len(), all.len());
    }
}
