//! The life of mandates beyond its table: who decided, invited receivers, what the receiver's absence means.

use std::slice::from_ref;

use valtuus::audit::{Action, Events};
use valtuus::config::Config;
use valtuus::model::kind::mandate::{STATE, State};
use valtuus::model::{Error, Kind, Verb};
use valtuus::operation::mandates::{accept_mandate, decline_mandate};
use valtuus::operation::update::target;
use valtuus::operation::{Caller as Local, Change, perform};
use valtuus::store::Write;

use super::{make, mandate, organization, role, user};
use crate::kit::Bed;
use crate::on_both;

fn approving(config: &mut Config) {
    config.mandates.approval = true;
}

/// What acceptance by whoever was invited does, without the invitation around it.
struct Answered {
    mandate: uuid::Uuid,
    /// `None` declines.
    by: Option<uuid::Uuid>,
    now: i64,
    approval: bool,
}

impl Change for Answered {
    type Out = State;

    fn action(&self) -> Action {
        Action::of(Verb::Update, Kind::Mandate, Some(self.mandate))
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Mandate]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<State, Error> {
        let mandate = target(tx, Kind::Mandate, self.mandate).await?;
        let settings =
            valtuus::model::rules::Settings { mandate_approval: self.approval, ..Default::default() };
        let after = match self.by {
            Some(user) => {
                let user = target(tx, Kind::User, user).await?;
                accept_mandate(tx, (&mandate, &user), self.now, &settings, events).await?
            }
            None => decline_mandate(tx, &mandate, self.now, events).await?,
        };
        assert!(after.attributes().text(STATE).is_some());
        Ok(State::stored(after.attributes()))
    }
}

async fn answer(bed: &Bed, mandate: &str, by: Option<&str>, approval: bool) -> Result<State, Error> {
    let id = |text: &str| text.parse().unwrap();
    let change = Answered { mandate: id(mandate), by: by.map(id), now: bed.now(), approval };
    perform(&bed.server.service().engine, &Local::local("test"), change).await
}

on_both! {
    async fn an_address_alone_invites_and_gives_nothing_yet(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let query = format!("mandates/?mandater={acme}&role={clerk}&assigneeEmail=new@example.org");
        let id = admin.post(&query).await.ok().id();
        let read = admin.get(&format!("mandates/{id}")).await.ok();
        let shown = ["state", "type", "name", "assigneeEmail", "mandatee"].map(|name| read.value(name));
        assert_eq!(shown, ["Invited", "OrgToPer", "new@example.org", "new@example.org", ""]);
        admin.put(&format!("mandates/{id}?assigneeEmail=other@example.org")).await.refused(409, 15, "assigneeEmail");
        admin.post(&format!("mandates/{id}/delegations?user={}", user(&admin, "anna").await)).await.refused(409, 15, "organization");
        bed.must_be_sound().await;
    }

    async fn who_was_invited_becomes_the_mandatee_by_accepting(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let giver = make(&admin, &format!("users/?login=giver&role={clerk}")).await;
        let anna = user(&admin, "anna").await;
        for (approval, state) in [(false, "Active"), (true, "Pending")] {
            let query = format!("mandates/?mandater={giver}&role={clerk}&assigneeEmail=new@example.org");
            let id = admin.post(&query).await.ok().id();
            let own = answer(&bed, &id, Some(&giver), approval).await.unwrap_err();
            assert!(matches!(own, Error::InvalidReference { .. }), "{own:?}");
            assert_eq!(answer(&bed, &id, Some(&anna), approval).await.unwrap().name(), state);
            let read = admin.get(&format!("mandates/{id}")).await.ok();
            let shown = ["state", "type", "mandatee", "name"].map(|name| read.value(name));
            assert_eq!(shown, [state, "PerToPer", &anna, "new@example.org"]);
            for again in [Some(anna.as_str()), None] {
                let refused = answer(&bed, &id, again, approval).await.unwrap_err();
                assert!(matches!(refused, Error::Conflict { .. }), "{refused:?}");
            }
        }
        assert_eq!(admin.get(&format!("users/{anna}/receivedmandates")).await.ok().ids().len(), 2);
        bed.must_be_sound().await;
    }

    async fn who_was_invited_may_decline(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let query = format!("mandates/?mandater={acme}&role={clerk}&assigneeEmail=new@example.org");
        let id = admin.post(&query).await.ok().id();
        assert_eq!(answer(&bed, &id, None, false).await.unwrap(), State::Rejected);
        assert_eq!(admin.get("mandates?state=rejected").await.ok().ids(), from_ref(&id));
        admin.put(&format!("mandates/{id}/revoke")).await.refused(409, 15, "Rejected");
        bed.must_be_sound().await;
    }

    async fn without_approval_nothing_waits_for_it(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        let id = mandate(&admin, &acme, &anna, &clerk).await;
        for step in ["approve", "reject"] {
            admin.put(&format!("mandates/{id}/{step}")).await.refused(409, 15, "Active");
        }
    }
}

crate::on_both_with! { approving;
    async fn the_one_who_decides_and_the_one_who_takes_back_are_named(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        let given = async || mandate(&bed.admin(), &acme, &anna, &clerk).await;
        let (one, two) = (given().await, given().await);
        bed.reader().put(&format!("mandates/{one}/approve")).await.refused(403, 3, "approve");
        bed.reader().put(&format!("mandates/{one}/reject")).await.refused(403, 3, "approve");
        admin.put(&format!("mandates/{one}/approve?by=x")).await.refused(400, 1, "by");
        let writer = crate::kit::Caller::basic(&bed, "writer");
        let answer = writer.put(&format!("mandates/{one}/approve")).await.ok();
        assert_eq!(answer.id(), one);
        assert!(answer.text().contains("<Mandates "));
        writer.put(&format!("mandates/{two}/reject")).await.ok();
        admin.put(&format!("mandates/{one}/revoke")).await.ok();
        let read = admin.get(&format!("mandates/{one}")).await.ok();
        let shown = ["state", "createdBy", "decidedBy", "revokedBy"].map(|name| read.value(name));
        assert_eq!(shown, ["Revoked", "admin", "writer", "admin"]);
        let read = admin.get(&format!("mandates/{two}")).await.ok();
        let shown = ["state", "decidedBy", "revokedBy"].map(|name| read.value(name));
        assert_eq!(shown, ["Rejected", "writer", ""]);
        admin.put(&format!("mandates/{anna}/approve")).await.refused(404, 7, "mandate");
    }

    async fn a_pending_mandate_gives_nothing(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        let to_anna = mandate(&admin, &acme, &anna, &clerk).await;
        let to_root = mandate(&admin, &acme, "root", &clerk).await;
        let effective = format!("users/{anna}/effectiveroles");
        assert_eq!(admin.get(&effective).await.ok().ids(), [""; 0]);
        admin.post(&format!("mandates/{to_root}/delegations?user={anna}")).await.refused(409, 15, "Pending");
        for id in [&to_anna, &to_root] {
            admin.put(&format!("mandates/{id}/approve")).await.ok();
        }
        assert_eq!(admin.get(&effective).await.ok().ids(), [clerk]);
        admin.post(&format!("mandates/{to_root}/delegations?user={anna}")).await.ok();
        bed.must_be_sound().await;
    }
}
