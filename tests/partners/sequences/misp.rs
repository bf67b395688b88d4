//! What the operations of the MISP service leave in the trail.

use futures_util::future::BoxFuture;
use valtuus::audit::coded::misp as m;

use super::{Driven, Sequence, c, drive_all, failure, request, sequence, success};
use crate::kit::{Answer, Bed, Caller};
use crate::on_both_still;
use crate::partners::fresh;
use crate::partners::misps::{Misp, NINETY_DAYS, UNKNOWN_KEY, approved, key_status, registered, validate};
use crate::refusals::ground::NOBODY;

type Driving<'b> = BoxFuture<'b, Driven>;

/// Asks PUT of what stands below a registered MISP.
fn put<'b>(
    bed: &'b Bed,
    by: Caller<'b>,
    prepare: &'static [&'static str],
    path: &'static str,
) -> Driving<'b> {
    Box::pin(async move {
        let misp = registered(bed).await;
        for before in prepare {
            bed.admin().put(&format!("misps/{}/{before}", misp.id)).await.ok();
        }
        let answer = by.put(&format!("misps/{}{path}", misp.id)).await;
        Driven { answer, subject: misp.number }
    })
}

/// Asks PUT of what stands below a MISP that there is not.
fn put_nobody<'b>(by: Caller<'b>, path: &'static str) -> Driving<'b> {
    Box::pin(async move {
        let answer = by.put(&format!("misps/{NOBODY}{path}")).await;
        Driven { answer, subject: NOBODY.to_owned() }
    })
}

/// Asks something with the key of an approved MISP.
fn with_key<'b, F, A>(bed: &'b Bed, act: F) -> Driving<'b>
where
    F: FnOnce(Misp, String) -> A + Send + 'b,
    A: Future<Output = Answer> + Send + 'b,
{
    Box::pin(async move {
        let (misp, key) = approved(bed).await;
        let subject = misp.number.clone();
        Driven { answer: act(misp, key).await, subject }
    })
}

fn register<'b>(bed: &'b Bed, by: Caller<'b>, query: &'static str) -> Driving<'b> {
    Box::pin(async move {
        let name = fresh("Register");
        let answer = by.post(&format!("misps/?organizationName={name}{query}")).await;
        let made =
            bed.admin().get(&format!("misps?organizationName={name}&exactMatch=true")).await.ok().ids();
        let subject = match made.first() {
            Some(id) => bed.admin().get(&format!("misps/{id}")).await.ok().value("mispId"),
            None => "No ID".to_owned(),
        };
        Driven { answer, subject }
    })
}

pub(super) static TABLE: &[Sequence] = &[
    sequence(
        ("register", "done"),
        200,
        &[
            c(&m::REGISTER_ASKED),
            c(&m::ID_ASKED),
            c(&m::DETAILS_STORED),
            c(&m::ID_CREATED),
            c(&m::REGISTERED),
        ],
        |bed, by| register(bed, by, "&emailId=a@misp.example"),
    ),
    sequence(("register", "bad e-mail"), 400, &[c(&m::REGISTER_ASKED), c(&m::REGISTER_EMAIL)], |bed, by| {
        register(bed, by, "&emailId=nonsense")
    }),
    sequence(("register", "no e-mail"), 400, &[c(&m::REGISTER_ASKED), c(&m::REGISTER_EMAIL)], |bed, by| {
        register(bed, by, "")
    }),
    sequence(
        ("register", "unknown parameter"),
        400,
        &[c(&m::REGISTER_ASKED), failure("VLT_MISP_CREATE")],
        |bed, by| register(bed, by, "&emailId=a@misp.example&nonsense=1"),
    ),
    sequence(
        ("register", "organization name taken"),
        409,
        &[c(&m::REGISTER_ASKED), c(&m::REGISTER_NAME_TAKEN)],
        |bed, by| {
            Box::pin(async move {
                let misp = registered(bed).await;
                let name = misp.name.to_uppercase();
                let answer = by.post(&format!("misps/?organizationName={name}&emailId=a@misp.example")).await;
                Driven { answer, subject: misp.number }
            })
        },
    ),
    sequence(
        ("approve", "done"),
        200,
        &[c(&m::STATUS_ASKED), c(&m::STATUS_ID_VALID), c(&m::STATUS_CHANGED), c(&m::STATUS_DONE)],
        |bed, by| put(bed, by, &[], "/status?mispStatus=approved"),
    ),
    sequence(("decide", "bad word"), 400, &[c(&m::STATUS_ASKED), c(&m::STATUS_WORD)], |bed, by| {
        put(bed, by, &[], "/status?mispStatus=Approved")
    }),
    sequence(("decide", "no word"), 400, &[c(&m::STATUS_ASKED), c(&m::STATUS_WORD)], |bed, by| {
        put(bed, by, &[], "/status")
    }),
    sequence(("decide", "unknown id"), 404, &[c(&m::STATUS_ASKED), failure("VLT_MISP_DECIDE")], |_, by| {
        put_nobody(by, "/status?mispStatus=approved")
    }),
    sequence(
        ("approve", "approved already"),
        409,
        &[c(&m::STATUS_ASKED), c(&m::STATUS_ID_VALID), c(&m::STATUS_REPEATED)],
        |bed, by| put(bed, by, &["status?mispStatus=approved"], "/status?mispStatus=approved"),
    ),
    sequence(
        ("approve", "de-activated"),
        409,
        &[c(&m::STATUS_ASKED), c(&m::STATUS_ID_VALID), c(&m::STATUS_NOT_ACTIVE)],
        |bed, by| put(bed, by, &["activation?mispStatus=de-active"], "/status?mispStatus=approved"),
    ),
    sequence(
        ("reject", "done"),
        200,
        &[
            c(&m::STATUS_ASKED),
            c(&m::STATUS_ID_VALID),
            c(&m::STATUS_CHANGED),
            c(&m::KEY_STATUS_CHANGED),
            c(&m::NO_KEY_WHEN_REJECTED),
            c(&m::STATUS_DONE),
        ],
        |bed, by| put(bed, by, &["status?mispStatus=approved"], "/status?mispStatus=rejected"),
    ),
    sequence(
        ("reject", "rejected already"),
        409,
        &[c(&m::STATUS_ASKED), c(&m::STATUS_ID_VALID), c(&m::STATUS_REPEATED)],
        |bed, by| put(bed, by, &["status?mispStatus=rejected"], "/status?mispStatus=rejected"),
    ),
    sequence(
        ("update", "done"),
        200,
        &[c(&m::UPDATE_ASKED), c(&m::UPDATE_ANSWERED), c(&m::UPDATED)],
        |bed, by| put(bed, by, &[], "?address=Street"),
    ),
    sequence(("update", "bad e-mail"), 400, &[c(&m::UPDATE_ASKED), c(&m::UPDATE_EMAIL)], |bed, by| {
        put(bed, by, &[], "?emailId=nonsense")
    }),
    sequence(("update", "unknown id"), 404, &[c(&m::UPDATE_ASKED), failure("VLT_MISP_UPDATE")], |_, by| {
        put_nobody(by, "?address=Street")
    }),
    sequence(("update", "name taken"), 409, &[c(&m::UPDATE_ASKED), c(&m::UPDATE_NAME_TAKEN)], |bed, by| {
        Box::pin(async move {
            let (first, second) = (registered(bed).await, registered(bed).await);
            let answer = by.put(&format!("misps/{}?organizationName={}", second.id, first.name)).await;
            Driven { answer, subject: second.number }
        })
    }),
    sequence(("validate", "good"), 200, VALIDATED, |bed, by| {
        with_key(bed, move |misp, key| async move { validate(&by, &misp.id, &key).await })
    }),
    sequence(("validate", "expired"), 200, VALIDATED, |bed, by| {
        with_key(bed, move |misp, key| async move {
            bed.advance(NINETY_DAYS);
            validate(&by, &misp.id, &key).await
        })
    }),
    sequence(("validate", "switched off"), 200, VALIDATED, |bed, by| {
        with_key(bed, move |misp, key| async move {
            key_status(&bed.admin(), &misp.id, &key, "de-active").await.ok();
            validate(&by, &misp.number, &key).await
        })
    }),
    sequence(("validate", "unknown key"), 404, &[c(&m::VALIDATE_ASKED), c(&m::KEY_UNKNOWN)], |bed, by| {
        with_key(bed, move |misp, _| async move { validate(&by, &misp.id, UNKNOWN_KEY).await })
    }),
    sequence(("validate", "key of another"), 404, &[c(&m::VALIDATE_ASKED), c(&m::KEY_UNKNOWN)], |bed, by| {
        with_key(bed, move |_, key| async move {
            let other = registered(bed).await;
            validate(&by, &other.id, &key).await
        })
    }),
    sequence(
        ("validate", "unknown MISP"),
        404,
        &[c(&m::VALIDATE_ASKED), failure("VLT_LICENSEKEY_VALIDATE")],
        |bed, by| with_key(bed, move |_, key| async move { validate(&by, NOBODY, &key).await }),
    ),
    sequence(
        ("validate", "no key"),
        400,
        &[c(&m::VALIDATE_ASKED), failure("VLT_LICENSEKEY_VALIDATE")],
        |bed, by| with_key(bed, move |misp, _| async move { validate(&by, &misp.id, "").await }),
    ),
    sequence(("activate", "done"), 200, ACTIVATED, |bed, by| {
        put(bed, by, &["activation?mispStatus=de-active"], "/activation?mispStatus=active")
    }),
    sequence(("activate", "active already"), 200, ACTIVATED, |bed, by| {
        put(bed, by, &[], "/activation?mispStatus=active")
    }),
    sequence(("de-activate", "done"), 200, ACTIVATED, |bed, by| {
        put(bed, by, &["status?mispStatus=approved"], "/activation?mispStatus=de-active")
    }),
    sequence(("activate", "bad word"), 400, &[c(&m::ACTIVATION_ASKED), c(&m::ACTIVATION_WORD)], |bed, by| {
        put(bed, by, &[], "/activation?mispStatus=approved")
    }),
    sequence(
        ("activate", "unknown id"),
        404,
        &[c(&m::ACTIVATION_ASKED), failure("VLT_MISP_ACTIVATE")],
        |_, by| put_nobody(by, "/activation?mispStatus=active"),
    ),
    sequence(
        ("key status", "done"),
        200,
        &[c(&m::KEY_STATUS_ASKED), c(&m::KEY_STATUS_CHANGED), success("VLT_LICENSEKEY_UPDATE")],
        |bed, by| {
            with_key(bed, move |misp, key| async move { key_status(&by, &misp.id, &key, "de-active").await })
        },
    ),
    sequence(
        ("key status", "bad word"),
        400,
        &[c(&m::KEY_STATUS_ASKED), c(&m::KEY_STATUS_WORD)],
        |bed, by| {
            with_key(bed, move |misp, key| async move { key_status(&by, &misp.id, &key, "inactive").await })
        },
    ),
    sequence(
        ("key status", "unknown key"),
        404,
        &[c(&m::KEY_STATUS_ASKED), c(&m::KEY_UNKNOWN)],
        |bed, by| {
            with_key(
                bed,
                move |misp, _| async move { key_status(&by, &misp.id, UNKNOWN_KEY, "active").await },
            )
        },
    ),
    sequence(
        ("key status", "expired"),
        409,
        &[c(&m::KEY_STATUS_ASKED), failure("VLT_LICENSEKEY_UPDATE")],
        |bed, by| {
            with_key(bed, move |misp, key| async move {
                bed.advance(NINETY_DAYS);
                key_status(&by, &misp.id, &key, "active").await
            })
        },
    ),
    sequence(
        ("renew", "done"),
        200,
        &[request("VLT_LICENSEKEY_RENEW"), success("VLT_LICENSEKEY_RENEW")],
        |bed, by| {
            with_key(bed, move |misp, _| async move {
                bed.advance(NINETY_DAYS);
                by.post(&format!("misps/{}/licensekey", misp.id)).await
            })
        },
    ),
    sequence(
        ("renew", "not expired"),
        409,
        &[request("VLT_LICENSEKEY_RENEW"), failure("VLT_LICENSEKEY_RENEW")],
        |bed, by| {
            with_key(
                bed,
                move |misp, _| async move { by.post(&format!("misps/{}/licensekey", misp.id)).await },
            )
        },
    ),
    sequence(
        ("read a key", "done"),
        200,
        &[request("VLT_LICENSEKEY_READ"), success("VLT_LICENSEKEY_READ")],
        |bed, by| {
            with_key(
                bed,
                move |misp, _| async move { by.get(&format!("misps/{}/licensekey", misp.id)).await },
            )
        },
    ),
    sequence(("read", "done"), 200, &[request("VLT_MISP_READ"), success("VLT_MISP_READ")], |bed, by| {
        with_key(bed, move |misp, _| async move { by.get(&format!("misps/{}", misp.id)).await })
    }),
];

static VALIDATED: &[super::Row] =
    &[c(&m::VALIDATE_ASKED), c(&m::KEY_FETCHED), c(&m::KEY_IS), c(&m::VALIDATED)];

static ACTIVATED: &[super::Row] = &[
    c(&m::ACTIVATION_ASKED),
    c(&m::ACTIVATION_CHANGED),
    c(&m::KEY_STATUS_CHANGED),
    c(&m::ACTIVATION_IS),
    c(&m::ACTIVATION_DONE),
];

on_both_still! { |_| ();
    async fn every_operation_on_misps_leaves_its_sequence(bed: Bed) {
        drive_all(&bed, TABLE).await;
    }
}
