//! What the operations of the policy service leave in the trail.

use valtuus::audit::coded::policy::{
    CREATE_ASKED, CREATE_FAILED, CREATED, GROUP_CREATE_ASKED, GROUP_CREATE_FAILED, GROUP_CREATED, GROUP_READ,
    GROUP_READ_ASKED, GROUP_READ_FAILED, GROUP_UPDATE_ASKED, GROUP_UPDATE_FAILED, GROUP_UPDATED, READ,
    READ_ASKED, READ_FAILED, UPDATE_ASKED, UPDATE_FAILED, UPDATED,
};

use super::{Driven, Sequence, c, drive_all, failure, request, sequence, success};
use crate::kit::{Answer, Bed};
use crate::on_both;
use crate::partners::fresh;
use crate::partners::policies::{described, draft, group, published};

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

fn driven(answer: Answer, subject: impl Into<String>) -> Driven {
    Driven { answer, subject: subject.into() }
}

pub(super) static TABLE: &[Sequence] = &[
    sequence(("create a group", "done"), 200, &[c(&GROUP_CREATE_ASKED), c(&GROUP_CREATED)], |_, caller| {
        Box::pin(async move { driven(caller.post(&format!("policygroups/?name={}", fresh("g"))).await, "") })
    }),
    sequence(
        ("create a group", "no name"),
        400,
        &[c(&GROUP_CREATE_ASKED), c(&GROUP_CREATE_FAILED)],
        |_, caller| Box::pin(async move { driven(caller.post("policygroups").await, "") }),
    ),
    sequence(
        ("create a group", "name taken"),
        409,
        &[c(&GROUP_CREATE_ASKED), c(&GROUP_CREATE_FAILED)],
        |bed, caller| {
            Box::pin(async move {
                let path = format!("policygroups/?name={}", fresh("g"));
                bed.admin().post(&path).await.ok();
                driven(caller.post(&path).await, "")
            })
        },
    ),
    sequence(("read a group", "done"), 200, &[c(&GROUP_READ_ASKED), c(&GROUP_READ)], |bed, caller| {
        Box::pin(async move {
            let id = group(&bed.admin()).await;
            driven(caller.get(&format!("policygroups/{id}")).await, id)
        })
    }),
    sequence(
        ("read a group", "unknown"),
        404,
        &[c(&GROUP_READ_ASKED), c(&GROUP_READ_FAILED)],
        |_, caller| Box::pin(async move { driven(caller.get("policygroups/none").await, "none") }),
    ),
    sequence(("update a group", "done"), 200, &[c(&GROUP_UPDATE_ASKED), c(&GROUP_UPDATED)], |bed, caller| {
        Box::pin(async move {
            let id = group(&bed.admin()).await;
            driven(caller.put(&format!("policygroups/{id}?desc=x")).await, id)
        })
    }),
    sequence(
        ("update a group", "done by name"),
        200,
        &[c(&GROUP_UPDATE_ASKED), c(&GROUP_UPDATED)],
        |bed, caller| {
            Box::pin(async move {
                let name = fresh("named");
                let id = bed.admin().post(&format!("policygroups/?name={name}")).await.ok().id();
                driven(caller.put(&format!("policygroups/{name}?desc=x")).await, id)
            })
        },
    ),
    sequence(
        ("update a group", "bad argument"),
        400,
        &[c(&GROUP_UPDATE_ASKED), c(&GROUP_UPDATE_FAILED)],
        |bed, caller| {
            Box::pin(async move {
                let id = group(&bed.admin()).await;
                driven(caller.put(&format!("policygroups/{id}?active=maybe")).await, id)
            })
        },
    ),
    sequence(
        ("update a group", "active policies"),
        409,
        &[c(&GROUP_UPDATE_ASKED), c(&GROUP_UPDATE_FAILED)],
        |bed, caller| {
            Box::pin(async move {
                let id = group(&bed.admin()).await;
                published(&bed.admin(), &id).await;
                driven(caller.put(&format!("policygroups/{id}?active=false")).await, id)
            })
        },
    ),
    sequence(("create a policy", "done"), 200, &[c(&CREATE_ASKED), c(&CREATED)], |bed, caller| {
        Box::pin(async move {
            let id = group(&bed.admin()).await;
            driven(caller.post(&format!("policies/?{}", described(&id, "p"))).await, "")
        })
    }),
    sequence(
        ("create a policy", "unknown group"),
        404,
        &[c(&CREATE_ASKED), c(&CREATE_FAILED)],
        |_, caller| {
            Box::pin(async move {
                driven(caller.post(&format!("policies/?{}", described(NOBODY, "p"))).await, "")
            })
        },
    ),
    sequence(
        ("create a policy", "bad document"),
        400,
        &[c(&CREATE_ASKED), c(&CREATE_FAILED)],
        |bed, caller| {
            Box::pin(async move {
                let id = group(&bed.admin()).await;
                let path = described(&id, "p").replace("policyType=Auth", "policyType=DataShare");
                driven(caller.post(&format!("policies/?{path}")).await, "")
            })
        },
    ),
    sequence(("read a policy", "done"), 200, &[c(&READ_ASKED), c(&READ)], |bed, caller| {
        Box::pin(async move {
            let id = a_draft(bed).await;
            driven(caller.get(&format!("policies/{id}")).await, id)
        })
    }),
    sequence(("read a policy", "unknown"), 404, &[c(&READ_ASKED), c(&READ_FAILED)], |_, caller| {
        Box::pin(async move { driven(caller.get(&format!("policies/{NOBODY}")).await, NOBODY) })
    }),
    sequence(("update a policy", "done"), 200, &[c(&UPDATE_ASKED), c(&UPDATED)], |bed, caller| {
        Box::pin(async move {
            let id = a_draft(bed).await;
            driven(caller.put(&format!("policies/{id}?desc=x")).await, id)
        })
    }),
    sequence(("update a policy", "published"), 409, &[c(&UPDATE_ASKED), c(&UPDATE_FAILED)], |bed, caller| {
        Box::pin(async move {
            let id = a_published(bed).await;
            driven(caller.put(&format!("policies/{id}?desc=x")).await, id)
        })
    }),
    sequence(("status of a policy", "done"), 200, &[c(&UPDATE_ASKED), c(&UPDATED)], |bed, caller| {
        Box::pin(async move {
            let id = a_published(bed).await;
            driven(caller.put(&format!("policies/{id}/status?status=de-active")).await, id)
        })
    }),
    sequence(
        ("status of a policy", "unknown word"),
        400,
        &[c(&UPDATE_ASKED), c(&UPDATE_FAILED)],
        |bed, caller| {
            Box::pin(async move {
                let id = a_published(bed).await;
                driven(caller.put(&format!("policies/{id}/status?status=off")).await, id)
            })
        },
    ),
    sequence(
        ("status of a policy", "a draft"),
        409,
        &[c(&UPDATE_ASKED), c(&UPDATE_FAILED)],
        |bed, caller| {
            Box::pin(async move {
                let id = a_draft(bed).await;
                driven(caller.put(&format!("policies/{id}/status?status=active")).await, id)
            })
        },
    ),
    sequence(
        ("publish a policy", "done"),
        200,
        &[request("VLT_POLICY_PUBLISH"), success("VLT_POLICY_PUBLISH")],
        |bed, caller| {
            Box::pin(async move {
                let id = a_draft(bed).await;
                driven(caller.put(&format!("policies/{id}/publish")).await, id)
            })
        },
    ),
    sequence(
        ("publish a policy", "again"),
        409,
        &[request("VLT_POLICY_PUBLISH"), failure("VLT_POLICY_PUBLISH")],
        |bed, caller| {
            Box::pin(async move {
                let id = a_published(bed).await;
                driven(caller.put(&format!("policies/{id}/publish")).await, id)
            })
        },
    ),
];

async fn a_draft(bed: &Bed) -> String {
    let admin = bed.admin();
    draft(&admin, &group(&admin).await).await
}

async fn a_published(bed: &Bed) -> String {
    let admin = bed.admin();
    published(&admin, &group(&admin).await).await
}

on_both! {
    async fn every_operation_of_the_policy_service_leaves_its_events(bed: Bed) {
        drive_all(&bed, TABLE).await;
    }
}
