//! Whether a partner's registration was decided, and whether it may act: every standing by every step.

use valtuus::model::kind::partner::{Standing, Step};

use super::made::partner;
use crate::kit::Bed;
use crate::on_both;

/// Brings a fresh partner into a standing.
async fn make(bed: &Bed, name: &str, standing: Standing) -> String {
    let id = partner(bed, name).await;
    let steps: &[&str] = match standing {
        Standing::InProgress => &[],
        Standing::Active => &["approved"],
        Standing::Inactive => &["approved", "de-active"],
        Standing::Rejected => &["rejected"],
    };
    for step in steps {
        bed.admin().put(&format!("partners/{id}/status?status={step}")).await.ok();
    }
    id
}

/// What follows; `None` is refused.
fn next(standing: Standing, step: Step) -> Option<(&'static str, &'static str)> {
    use Standing::{Active, InProgress, Inactive, Rejected};
    match (standing, step) {
        (InProgress | Rejected, Step::Approve) | (Inactive, Step::Activate) => Some(("approved", "true")),
        (InProgress | Active | Inactive, Step::Reject) => Some(("rejected", "false")),
        (Active, Step::Deactivate) => Some(("approved", "false")),
        _ => None,
    }
}

on_both! {
    async fn every_step_from_every_standing_does_what_the_table_says(bed: Bed) {
        let admin = bed.admin();
        for standing in Standing::ALL {
            for step in Step::ALL {
                let name = format!("p{standing:?}{step:?}");
                let id = make(&bed, &name, standing).await;
                let before = admin.get(&format!("partners/{id}")).await.ok();
                let was = (before.value("status"), before.value("active"));
                assert_eq!(was, (standing.status().to_owned(), standing.is_active().to_string()));
                let answer = admin.put(&format!("partners/{name}/status?status={}", step.word())).await;
                let after = admin.get(&format!("partners/{id}")).await.ok();
                if let Some((status, active)) = next(standing, step) {
                    assert_eq!(answer.ok().id(), id);
                    assert_eq!([after.value("status"), after.value("active")], [status, active], "{name}");
                } else {
                    answer.refused(409, 15, "status");
                    assert_eq!(after.header("etag"), before.header("etag"), "{name}");
                }
            }
        }
        bed.must_be_sound().await;
    }

    async fn a_step_needs_its_word_its_partner_and_the_right_to_approve(bed: Bed) {
        let admin = bed.admin();
        partner(&bed, "acme").await;
        for words in ["", "?status=", "?status=Approved", "?status=inactive", "?status=approved&status=rejected"] {
            admin.put(&format!("partners/acme/status{words}")).await.refused(400, 1, "status");
        }
        admin.put("partners/acme/status?status=approved&reason=x").await.refused(400, 1, "reason");
        admin.put("partners/nobody/status?status=approved").await.refused(404, 7, "partner");
        bed.reader().put("partners/acme/status?status=approved").await.refused(403, 3, "approve");
        let given = "apiclients?name=clerk&pwd=clerk-password&grants=update:partner&grants=read:partner&grants=create:partner";
        admin.post(given).await.ok();
        let clerk = bed.anonymous().with(crate::kit::caller::Credentials::Basic("clerk".into(), "clerk-password".into()));
        clerk.put("partners/acme/status?status=approved").await.refused(403, 3, "approve");
        clerk.put("partners/acme?address=x").await.ok();
        admin.clone().header("if-match", "\"99-x\"").put("partners/acme/status?status=approved").await.refused(412, 14, "");
        assert_eq!(admin.get("partners/acme").await.ok().value("status"), "InProgress");
    }

    async fn of_many_who_approve_at_once_one_does(bed: Bed) {
        partner(&bed, "acme").await;
        let admin = bed.admin();
        let approve = || {
            let admin = admin.clone();
            async move { admin.put("partners/acme/status?status=approved").await.status.as_u16() }
        };
        let mut told = futures_util::future::join_all((0..6).map(|_| approve())).await;
        told.sort_unstable();
        assert_eq!(told, [200, 409, 409, 409, 409, 409]);
    }
}
