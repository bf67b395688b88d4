//! What uploading and reading the certificate of a partner leaves in the trail.

use futures_util::FutureExt;
use valtuus::audit::coded::partner::{
    CERTIFICATE_ASKED, CERTIFICATE_FAILED, CERTIFICATE_PARTNER_ID, CERTIFICATE_READ, PARTNER_UNKNOWN,
};

use super::{Driven, Sequence, c, drive_all, request, sequence, success};
use crate::kit::{Bed, Caller};
use crate::on_both_still;
use crate::partners::certificates::{DOMAIN, present, root, shape, trust, upload};
use crate::partners::fresh;
use crate::partners::made::partner;

const CREATE: &str = "VLT_CERTIFICATE_CREATE";

async fn new_partner(bed: &Bed) -> String {
    let name = fresh("certified");
    partner(bed, &name).await;
    name
}

/// A certificate of `organization` whose authority is trusted.
async fn trusted(bed: &Bed, organization: &str) -> String {
    let root = root();
    trust(bed, &root.pem()).await.ok();
    root.issue(&shape(organization, "leaf"))
}

async fn uploaded(caller: Caller<'_>, partner: &str, data: &str) -> Driven {
    let answer = upload(&caller, &format!("partners/{partner}/certificate"), data, DOMAIN).await;
    Driven { answer, subject: partner.to_owned() }
}

async fn read(caller: Caller<'_>, partner: &str) -> Driven {
    Driven {
        answer: caller.get(&format!("partners/{partner}/certificate")).await,
        subject: partner.to_owned(),
    }
}

pub(super) static TABLE: &[Sequence] = &[
    sequence(("upload a certificate", "done"), 200, &[request(CREATE), success(CREATE)], |bed, caller| {
        async move {
            let name = new_partner(bed).await;
            uploaded(caller, &name, &trusted(bed, &name).await).await
        }
        .boxed()
    }),
    sequence(
        ("upload a certificate", "of another organization"),
        400,
        &[request(CREATE), c(&CERTIFICATE_FAILED)],
        |bed, caller| {
            async move { uploaded(caller, &new_partner(bed).await, &trusted(bed, "Another").await).await }
                .boxed()
        },
    ),
    sequence(
        ("upload a certificate", "of an authority nobody knows"),
        400,
        &[request(CREATE), c(&CERTIFICATE_FAILED)],
        |bed, caller| {
            async move {
                let name = new_partner(bed).await;
                uploaded(caller, &name, &root().issue(&shape(&name, "leaf"))).await
            }
            .boxed()
        },
    ),
    sequence(
        ("upload a certificate", "no certificate at all"),
        400,
        &[request(CREATE), c(&CERTIFICATE_FAILED)],
        |bed, caller| async move { uploaded(caller, &new_partner(bed).await, "no").await }.boxed(),
    ),
    sequence(
        ("upload a certificate", "no such partner"),
        404,
        &[request(CREATE), c(&CERTIFICATE_FAILED)],
        |bed, caller| async move { uploaded(caller, "nobody", &trusted(bed, "nobody").await).await }.boxed(),
    ),
    sequence(
        ("upload a certificate", "the id of the partner is too long"),
        400,
        &[request(CREATE), c(&CERTIFICATE_PARTNER_ID)],
        |bed, caller| {
            async move { uploaded(caller, &"x".repeat(37), &trusted(bed, "nobody").await).await }.boxed()
        },
    ),
    sequence(
        ("read a certificate", "done"),
        200,
        &[c(&CERTIFICATE_ASKED), c(&CERTIFICATE_READ)],
        |bed, caller| {
            async move {
                let name = new_partner(bed).await;
                present(bed, &name, &trusted(bed, &name).await).await.ok();
                read(caller, &name).await
            }
            .boxed()
        },
    ),
    sequence(
        ("read a certificate", "none there"),
        404,
        &[c(&CERTIFICATE_ASKED), c(&PARTNER_UNKNOWN)],
        |bed, caller| async move { read(caller, &new_partner(bed).await).await }.boxed(),
    ),
    sequence(
        ("read a certificate", "no such partner"),
        404,
        &[c(&CERTIFICATE_ASKED), c(&PARTNER_UNKNOWN)],
        |_, caller| read(caller, "nobody").boxed(),
    ),
];

on_both_still! { |_| ();
    async fn every_outcome_about_certificates_leaves_its_sequence(bed: Bed) {
        drive_all(&bed, TABLE).await;
    }
}
