//! Numbers without gaps, and what happens when many act at once.

use futures_util::future::join_all;

use super::{NINETY_DAYS, approved, decide, registered};
use crate::kit::Answer;
use crate::kit::cases::soon;
use crate::{on_both, on_both_still};

/// How many of the answers are successes; every other is error 15 or 4.
#[track_caller]
fn successes(answers: &[Answer]) -> usize {
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), answers.len() - done);
    done
}

on_both! {
    async fn numbers_begin_with_100_and_have_no_gaps_whatever_is_refused(bed: Bed) {
        let admin = bed.admin();
        let answers = join_all((0..16).map(|n| {
            let admin = admin.clone();
            async move { admin.post(&format!("misps/?organizationName=Misp{}&emailId=a@misp.example", n / 2)).await }
        }));
        let answers = soon("sixteen registrations", answers).await;
        assert_eq!(successes(&answers), 8, "one of each name");
        admin.post("misps/?organizationName=Other&emailId=nonsense").await.refused(400, 1, "emailId");
        let mut numbers = Vec::new();
        for id in admin.get("misps").await.ok().ids() {
            numbers.push(admin.get(&format!("misps/{id}")).await.ok().value("mispId"));
        }
        numbers.sort();
        assert_eq!(numbers, (100..108).map(|n: i32| n.to_string()).collect::<Vec<_>>());
        let last = registered(&bed).await;
        assert_eq!(last.number, "108");
        let found = admin.get("misps/108").await.ok();
        assert_eq!((found.value("organizationName"), found.value("status"), found.value("active")), (last.name, "InProgress".to_owned(), "true".to_owned()));
        assert_eq!(admin.get("misps?organizationName=misp").await.ok().ids().len(), 9, "by the beginning of the name");
        assert_eq!(admin.get("misps?organizationName=MISP3&exactMatch=true").await.ok().ids().len(), 0);
        assert_eq!(admin.get("misps?mispId=103&exactMatch=true").await.ok().ids().len(), 1);
        bed.must_be_sound().await;
    }

    async fn of_many_approvals_at_once_one_makes_a_key(bed: Bed) {
        let misp = registered(&bed).await;
        let admin = bed.admin();
        let answers = soon("approvals", join_all((0..8).map(|_| decide(&admin, &misp.id, "approved")))).await;
        assert_eq!(successes(&answers), 1);
        let store = &bed.server.service().engine.store;
        let keys = crate::kit::trace::entities(store, valtuus::model::Kind::LicenseKey).await;
        assert_eq!(keys.len(), 1);
        bed.must_be_sound().await;
    }
}

on_both_still! { |_| ();
    async fn of_many_renewals_at_once_one_makes_a_key(bed: Bed) {
        let (misp, _) = approved(&bed).await;
        bed.advance(NINETY_DAYS);
        let path = format!("misps/{}/licensekey", misp.number);
        let admin = bed.admin();
        let answers = soon("renewals", join_all((0..8).map(|_| admin.post(&path)))).await;
        assert_eq!(successes(&answers), 1);
        let store = &bed.server.service().engine.store;
        let keys = crate::kit::trace::entities(store, valtuus::model::Kind::LicenseKey).await;
        assert_eq!(keys.len(), 2);
    }
}
