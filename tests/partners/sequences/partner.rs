//! What the operations of the partner service leave in the trail: partners and their contacts.

use valtuus::audit::coded::partner::{
    CONTACT_ASKED, CONTACT_EMAIL, CONTACT_STORED, NOT_ALLOWED, PARTNER_UNKNOWN, POLICY_GROUP_UNKNOWN, READ,
    READ_ASKED, REGISTER_ASKED, REGISTER_EMAIL, REGISTER_NAME_TAKEN, REGISTERED, UPDATE_EMAIL,
    UPDATE_NAME_TAKEN,
};

use super::{Driven, Sequence, c, drive_all, failure, request, sequence, success};
use crate::kit::caller::Credentials;
use crate::kit::{Answer, Bed, Caller};
use crate::on_both;
use crate::partners::fresh;
use crate::partners::made::{close, group, partner};

const UPDATED: &str = "VLT_PARTNER_UPDATE";
const STATUS: &str = "VLT_PARTNER_STATUS";
const CONTACTS: &str = "VLT_CONTACT_READ";

fn driven(answer: Answer, subject: impl Into<String>) -> Driven {
    Driven { answer, subject: subject.into() }
}

/// The words of a registration that lacks nothing, of a type that needs no policy group.
fn words(name: &str) -> String {
    format!(
        "partners/?partnerId={name}&organizationName={name}&emailId={name}@partner.example&partnerType=SDK_Partner"
    )
}

async fn register(caller: Caller<'_>, changed: &str) -> Driven {
    let name = fresh("p");
    let mut path = words(&name);
    if let Some((attribute, _)) = changed.split_once('=')
        && let Some(at) = path.find(&format!("{attribute}="))
    {
        let end = path[at..].find('&').map_or(path.len(), |end| at + end);
        path.replace_range(at..end, changed);
    } else if !changed.is_empty() {
        path = format!("{path}&{changed}");
    }
    driven(caller.post(&path).await, name)
}

async fn with_group(bed: &Bed, caller: Caller<'_>, is_open: bool) -> Driven {
    let (name, group_name) = (fresh("p"), fresh("g"));
    let group = group(bed, &group_name).await;
    if !is_open {
        close(bed, &group).await;
    }
    let path = words(&name).replace("SDK_Partner", "Auth_Partner");
    driven(caller.post(&format!("{path}&policyGroup={group_name}")).await, name)
}

/// Does something with a partner, by its own id or by its id.
async fn put(bed: &Bed, caller: Caller<'_>, (by_id, what): (bool, &str)) -> Driven {
    let name = fresh("p");
    let id = partner(bed, &name).await;
    let key = if by_id { &id } else { &name };
    driven(caller.put(&format!("partners/{key}{what}")).await, name)
}

async fn contact(bed: &Bed, caller: Caller<'_>, query: &str) -> Driven {
    let name = fresh("p");
    partner(bed, &name).await;
    driven(caller.post(&format!("partners/{name}/contacts?{query}")).await, name)
}

async fn read(bed: &Bed, caller: Caller<'_>, tail: &str) -> Driven {
    let name = fresh("p");
    partner(bed, &name).await;
    driven(caller.get(&format!("partners/{name}{tail}")).await, name)
}

fn reader(caller: Caller<'_>) -> Caller<'_> {
    caller.with(Credentials::Query("reader".into(), "reader-password".into()))
}

pub(super) static TABLE: &[Sequence] = &[
    sequence(("register", "done"), 200, &[c(&REGISTER_ASKED), c(&REGISTERED)], |_, caller| {
        Box::pin(register(caller, ""))
    }),
    sequence(
        ("register", "done, in a policy group"),
        200,
        &[c(&REGISTER_ASKED), c(&REGISTERED)],
        |bed, caller| Box::pin(with_group(bed, caller, true)),
    ),
    sequence(
        ("register", "done, with an account"),
        200,
        &[
            c(&REGISTER_ASKED),
            success("VLT_ORGANIZATION_CREATE"),
            success("VLT_ROLE_CREATE"),
            success("VLT_USER_CREATE"),
            success("VLT_ASSIGNMENT_CREATE"),
            c(&REGISTERED),
        ],
        |_, caller| {
            Box::pin(async move {
                let login = fresh("login");
                register(caller, &format!("login={login}&pwd=a+fairly+good+secret")).await
            })
        },
    ),
    sequence(
        ("register", "bad e-mail address"),
        400,
        &[c(&REGISTER_ASKED), c(&REGISTER_EMAIL)],
        |_, caller| Box::pin(register(caller, "emailId=nobody")),
    ),
    sequence(
        ("register", "no e-mail address"),
        400,
        &[c(&REGISTER_ASKED), c(&REGISTER_EMAIL)],
        |_, caller| Box::pin(register(caller, "emailId=")),
    ),
    sequence(
        ("register", "organization name taken"),
        409,
        &[c(&REGISTER_ASKED), c(&REGISTER_NAME_TAKEN)],
        |bed, caller| {
            Box::pin(async move {
                let taken = fresh("p");
                partner(bed, &taken).await;
                register(caller, &format!("organizationName={}", taken.to_uppercase())).await
            })
        },
    ),
    sequence(
        ("register", "partner id taken"),
        409,
        &[c(&REGISTER_ASKED), failure("VLT_PARTNER_CREATE")],
        |bed, caller| {
            Box::pin(async move {
                let taken = fresh("p");
                partner(bed, &taken).await;
                register(caller, &format!("partnerId={taken}")).await
            })
        },
    ),
    sequence(
        ("register", "partner id too long"),
        400,
        &[c(&REGISTER_ASKED), failure("VLT_PARTNER_CREATE")],
        |_, caller| Box::pin(async move { register(caller, &format!("partnerId={}", "x".repeat(37))).await }),
    ),
    sequence(
        ("register", "policy group unknown"),
        400,
        &[c(&REGISTER_ASKED), c(&POLICY_GROUP_UNKNOWN)],
        |_, caller| Box::pin(register(caller, "policyGroup=nowhere")),
    ),
    sequence(
        ("register", "policy group not active"),
        409,
        &[c(&REGISTER_ASKED), failure("VLT_PARTNER_CREATE")],
        |bed, caller| Box::pin(with_group(bed, caller, false)),
    ),
    sequence(
        ("register", "type not open to self-registration"),
        409,
        &[c(&REGISTER_ASKED), c(&NOT_ALLOWED)],
        |_, caller| {
            Box::pin(async move {
                let name = fresh("p");
                let path = words(&name).replace("SDK_Partner", "Partner_Admin");
                driven(caller.post(&format!("{path}&otp=123456")).await, name)
            })
        },
    ),
    sequence(
        ("register", "wrong code"),
        403,
        &[c(&REGISTER_ASKED), failure("VLT_PARTNER_CREATE")],
        |_, caller| Box::pin(register(caller, "otp=123456")),
    ),
    sequence(
        ("register", "not granted"),
        403,
        &[c(&REGISTER_ASKED), failure("VLT_PARTNER_CREATE")],
        |_, caller| Box::pin(register(reader(caller), "")),
    ),
    sequence(
        ("ask for a code", "no mail server"),
        409,
        &[request("VLT_PARTNER_OTP"), failure("VLT_PARTNER_OTP")],
        |_, caller| Box::pin(async move { driven(caller.post("partners/otp?emailId=a@b.fi").await, "") }),
    ),
    sequence(("update", "done"), 200, &[request(UPDATED), success(UPDATED)], |bed, caller| {
        Box::pin(put(bed, caller, (false, "?address=Road")))
    }),
    sequence(("update", "bad e-mail address"), 400, &[request(UPDATED), c(&UPDATE_EMAIL)], |bed, caller| {
        Box::pin(put(bed, caller, (false, "?emailId=nobody")))
    }),
    sequence(
        ("update", "bad e-mail address, by id"),
        400,
        &[request(UPDATED), c(&UPDATE_EMAIL)],
        |bed, caller| Box::pin(put(bed, caller, (true, "?emailId=nobody"))),
    ),
    sequence(
        ("update", "name taken by another"),
        409,
        &[request(UPDATED), c(&UPDATE_NAME_TAKEN)],
        |bed, caller| {
            Box::pin(async move {
                let taken = fresh("p");
                partner(bed, &taken).await;
                put(bed, caller, (true, &format!("?organizationName={taken}"))).await
            })
        },
    ),
    sequence(("update", "unknown partner"), 404, &[request(UPDATED), failure(UPDATED)], |_, caller| {
        Box::pin(async move { driven(caller.put("partners/nobody?address=Road").await, "nobody") })
    }),
    sequence(("status", "done"), 200, &[request(STATUS), success(STATUS)], |bed, caller| {
        Box::pin(put(bed, caller, (false, "/status?status=approved")))
    }),
    sequence(("status", "not from here"), 409, &[request(STATUS), failure(STATUS)], |bed, caller| {
        Box::pin(put(bed, caller, (true, "/status?status=de-active")))
    }),
    sequence(("status", "bad word"), 400, &[request(STATUS), failure(STATUS)], |bed, caller| {
        Box::pin(put(bed, caller, (true, "/status?status=maybe")))
    }),
    sequence(("status", "unknown partner"), 404, &[request(STATUS), failure(STATUS)], |_, caller| {
        Box::pin(async move { driven(caller.put("partners/nobody/status?status=approved").await, "nobody") })
    }),
    sequence(("contact", "made"), 200, &[c(&CONTACT_ASKED), c(&CONTACT_STORED)], |bed, caller| {
        Box::pin(contact(bed, caller, "emailId=a@b.fi"))
    }),
    sequence(("contact", "changed"), 200, &[c(&CONTACT_ASKED), c(&CONTACT_STORED)], |bed, caller| {
        Box::pin(async move {
            let name = fresh("p");
            partner(bed, &name).await;
            let path = format!("partners/{name}/contacts?emailId=a@b.fi");
            bed.admin().post(&path).await.ok();
            driven(caller.post(&format!("{path}&address=Road")).await, name)
        })
    }),
    sequence(
        ("contact", "bad e-mail address"),
        400,
        &[c(&CONTACT_ASKED), c(&CONTACT_EMAIL)],
        |bed, caller| Box::pin(contact(bed, caller, "emailId=nobody")),
    ),
    sequence(("contact", "unknown partner"), 404, &[c(&CONTACT_ASKED), c(&PARTNER_UNKNOWN)], |_, caller| {
        Box::pin(
            async move { driven(caller.post("partners/nobody/contacts?emailId=a@b.fi").await, "nobody") },
        )
    }),
    sequence(("contacts", "listed"), 200, &[request(CONTACTS), success(CONTACTS)], |bed, caller| {
        Box::pin(read(bed, caller, "/contacts"))
    }),
    sequence(("contacts", "unknown partner"), 404, &[request(CONTACTS), failure(CONTACTS)], |_, caller| {
        Box::pin(async move { driven(caller.get("partners/nobody/contacts").await, "nobody") })
    }),
    sequence(("read", "done"), 200, &[c(&READ_ASKED), c(&READ)], |bed, caller| {
        Box::pin(read(bed, caller, ""))
    }),
    sequence(("read", "unknown partner"), 404, &[c(&READ_ASKED), c(&PARTNER_UNKNOWN)], |_, caller| {
        Box::pin(async move { driven(caller.get("partners/nobody").await, "nobody") })
    }),
    sequence(("list", "done"), 200, &[c(&READ_ASKED), c(&READ)], |_, caller| {
        Box::pin(async move { driven(caller.get("partners?entities=true").await, "") })
    }),
    sequence(("list", "bad argument"), 400, &[c(&READ_ASKED), failure("VLT_PARTNER_READ")], |_, caller| {
        Box::pin(async move { driven(caller.get("partners?shoesize=43").await, "") })
    }),
];

on_both! {
    async fn every_outcome_of_the_partner_service_leaves_its_sequence(bed: Bed) {
        drive_all(&bed, TABLE).await;
    }
}
