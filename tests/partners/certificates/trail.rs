//! What uploading and reading certificates leaves in the trail.

use valtuus::store::AuditQuery;

use super::{DOMAIN, acme, root, shape, trust, upload};
use crate::kit::Bed;
use crate::kit::trace::{records, records_of_request};
use crate::on_both_still;
use crate::partners::fresh;

/// Event and category of each record of a request.
async fn trail(bed: &Bed, request: &str) -> Vec<String> {
    let records = records_of_request(&bed.server.service().engine.store, request).await;
    let said =
        |record: &valtuus::audit::Record| format!("{} {}", record.field("eventId"), record.field("category"));
    records.iter().map(said).collect()
}

on_both_still! { |config| config.partners.approve_by_certificate = true;
    async fn a_certificate_that_approves_leaves_the_new_status_once(bed: Bed) {
        let root = root();
        trust(&bed, &root.pem()).await.ok();
        let id = acme(&bed).await;
        let good = root.issue(&shape("Acme Oy", "leaf"));
        let asked = "VLT_CERTIFICATE_CREATE request".to_owned();
        let refused = "PMS_PRT_431 failure".to_owned();
        for (path, data, wanted) in [
            ("certificates/ca".to_owned(), &good, vec![asked.clone(), refused.clone()]),
            (format!("partners/{id}/certificate"), &good, vec![
                asked.clone(),
                "VLT_CERTIFICATE_CREATE success".to_owned(),
                "VLT_PARTNER_STATUS success".to_owned(),
            ]),
            (format!("partners/{id}/certificate"), &good, vec![asked.clone(), "VLT_CERTIFICATE_CREATE success".to_owned()]),
        ] {
            let request = fresh("upload-");
            let caller = bed.admin().header("x-request-id", &request);
            upload(&caller, &path, data, DOMAIN).await;
            assert_eq!(trail(&bed, &request).await, wanted, "{path}");
        }
    }

    async fn lists_of_groups_and_policies_leave_one_pair_each_without_a_reference(bed: Bed) {
        for (path, wanted) in [
            ("policygroups", ["PMS_PRT_116 request", "PMS_PRT_216 success"]),
            ("policies", ["PMS_PRT_187 request", "PMS_PRT_287 success"]),
            ("policies?colour=red", ["PMS_PRT_187 request", "PMS_PRT_487 failure"]),
        ] {
            let request = fresh("list-");
            bed.admin().header("x-request-id", &request).get(path).await;
            assert_eq!(trail(&bed, &request).await, wanted, "{path}");
            let all = records(&bed.server.service().engine.store, &AuditQuery::default()).await;
            let own = all.iter().filter(|record| record.field("requestId") == request);
            assert!(own.into_iter().all(|record| record.field("referenceId") == "No ID"));
        }
    }
}
