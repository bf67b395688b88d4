//! Mandates and delegations in the hands of clients that are bounded to a subtree: both ends see them, the mandater's
//! side takes back, the receiver's decides and passes on.

use uuid::Uuid;
use valtuus::config::Config;
use valtuus::model::kind::delegation::{ROLE, USER};
use valtuus::model::state::Given;
use valtuus::model::{Error, Kind};
use valtuus::operation::delegate::Delegate;
use valtuus::operation::delete::Delete;
use valtuus::operation::revoke::{Step, TakeStep};
use valtuus::operation::update::Precondition;
use valtuus::operation::{Caller as Local, perform, read};

use super::{below, mandate, organization, role, user_of};
use crate::kit::Bed;

/// A caller that may do everything within one organization.
fn within(organization: &str) -> Local {
    Local { within: Some(organization.parse().unwrap()), ..Local::local("bounded") }
}

async fn step(bed: &Bed, who: &Local, mandate: &str, step: Step) -> Result<Uuid, Error> {
    let engine = &bed.server.service().engine;
    let step = TakeStep::new(engine, step, mandate.parse().unwrap(), Precondition::None).by(who);
    perform(engine, who, step).await
}

async fn delegate(bed: &Bed, who: &Local, mandate: &str, user: &str, role: &str) -> Result<Uuid, Error> {
    let engine = &bed.server.service().engine;
    let given =
        vec![(USER, vec![Given::Reference(user.into())]), (ROLE, vec![Given::Reference(role.into())])];
    perform(engine, who, Delegate::new(engine, who, mandate.parse().unwrap(), given)).await
}

fn approving(config: &mut Config) {
    config.mandates.approval = true;
}

crate::on_both_with! { approving;
    async fn each_end_of_a_mandate_does_its_own_part(bed: Bed) {
        let (admin, engine) = (bed.admin(), &bed.server.service().engine);
        let (acme, other, third) =
            (organization(&admin, "acme").await, organization(&admin, "other").await, organization(&admin, "third").await);
        let clerk = role(&admin, &acme, "Clerk").await;
        let carl = user_of(&admin, &other, "carl").await;
        let given = mandate(&admin, &acme, &other, &clerk).await;
        let (mandater, receiver, stranger) = (within(&acme), within(&other), within(&third));
        let is_hidden = |outcome: Result<Uuid, Error>| matches!(outcome, Err(Error::NotFound { .. }));
        for who in [&mandater, &stranger] {
            assert!(is_hidden(step(&bed, who, &given, Step::ApproveMandate).await));
            assert!(is_hidden(step(&bed, who, &given, Step::RejectMandate).await));
        }
        for who in [&receiver, &stranger] {
            assert!(is_hidden(step(&bed, who, &given, Step::RevokeMandate).await));
        }
        step(&bed, &receiver, &given, Step::ApproveMandate).await.unwrap();
        assert_eq!(admin.get(&format!("mandates/{given}")).await.ok().value("decidedBy"), "bounded");
        // The receiver names the mandater's role, of which it sees no more than the mandate says.
        assert!(read::find(engine, &receiver, Kind::Role, &clerk).await.is_err());
        let unseen = delegate(&bed, &stranger, &given, &carl, &clerk).await.unwrap_err();
        assert!(matches!(unseen, Error::ParentNotFound { .. }), "{unseen:?}");
        let theirs = delegate(&bed, &mandater, &given, &carl, &clerk).await.unwrap_err();
        assert!(matches!(theirs, Error::InvalidReference { .. }), "the mandater's side sees no user there: {theirs:?}");
        let one = delegate(&bed, &receiver, &given, &carl, &clerk).await.unwrap();
        for who in [&mandater, &receiver] {
            assert_eq!(read::find(engine, who, Kind::Delegation, &one.to_string()).await.unwrap().id(), one);
        }
        let end = |who: &Local, id: Uuid| {
            let delete = Delete::new(engine, Kind::Delegation, id, false, Precondition::None);
            let who = who.clone();
            async move { perform(engine, &who, delete).await }
        };
        assert!(matches!(end(&stranger, one).await, Err(Error::NotFound { .. })));
        end(&receiver, one).await.unwrap();
        let two = delegate(&bed, &receiver, &given, &carl, &clerk).await.unwrap();
        end(&mandater, two).await.unwrap();
        delegate(&bed, &receiver, &given, &carl, &clerk).await.unwrap();
        step(&bed, &mandater, &given, Step::RevokeMandate).await.unwrap();
        assert_eq!(admin.get("delegations").await.ok().ids(), [""; 0]);
        bed.must_be_sound().await;
    }

    async fn a_user_that_moves_keeps_what_it_received_where_it_stays(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let clerk = role(&admin, &acme, "Clerk").await;
        let branch = below(&admin, &other, "branch").await;
        let carl = user_of(&admin, &other, "carl").await;
        let mut given = Vec::new();
        for receiver in [other.as_str(), "root"] {
            let id = mandate(&admin, &acme, receiver, &clerk).await;
            admin.put(&format!("mandates/{id}/approve")).await.ok();
            admin.post(&format!("mandates/{id}/delegations?user={carl}")).await.ok();
            given.push(id);
        }
        let received = format!("users/{carl}/receivedmandatedelegations");
        admin.put(&format!("users/{carl}/organization?organizationId={branch}")).await.ok();
        assert_eq!(admin.get(&received).await.ok().ids(), given);
        admin.put(&format!("users/{carl}/organization?organizationId={acme}")).await.ok();
        assert_eq!(admin.get(&received).await.ok().ids(), given[1..]);
        assert_eq!(admin.get("delegations").await.ok().ids().len(), 1);
        bed.must_be_sound().await;
    }
}
