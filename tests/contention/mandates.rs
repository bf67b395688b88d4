//! Mandates given while the roles behind them are taken away, and steps that can be taken once.

use std::slice::from_ref;

use valtuus::store::AuditQuery;

use super::{WRITERS, at_once, successes};
use crate::kit::trace::records;
use crate::on_both;

on_both! {
    async fn a_mandate_never_gives_a_role_that_was_taken_away_before(bed: Bed) {
        let admin = bed.admin();
        let role = admin.post("roles/?name=Signatory&organization=root").await.ok().id();
        let receiver = admin.post("users/?login=receiver").await.ok().id();
        for round in 0..6 {
            let giver = admin.post(&format!("users/?login=giver{round}&role={role}")).await.ok().id();
            let answers = at_once(|n| {
                let (admin, giver, receiver, role) = (bed.admin(), giver.clone(), receiver.clone(), role.clone());
                async move {
                    if n == round * 2 {
                        return admin.delete(&format!("users/{giver}/roles/{role}")).await;
                    }
                    admin.post(&format!("mandates/?mandater={giver}&mandatee={receiver}&role={role}")).await
                }
            })
            .await;
            assert_eq!(answers[round * 2].status, 200);
            let mandates = successes(&answers, &[(400, 10)]) - 1;
            assert_eq!(admin.get(&format!("users/{giver}/givenmandates")).await.ok().ids().len(), mandates);
        }
        // The trail has the order in which they committed: after the taking, none gives.
        let query = AuditQuery { category: Some("success".into()), ..AuditQuery::default() };
        let trail = records(&bed.server.service().engine.store, &query).await;
        let mut holding = false;
        let mut taken = 0;
        for record in trail {
            match (record.field("eventId"), record.changes.iter().any(|change| change.contains(&role))) {
                ("VLT_ASSIGNMENT_CREATE", true) => holding = true,
                ("VLT_ASSIGNMENT_DELETE", true) => (holding, taken) = (false, taken + 1),
                ("VLT_MANDATE_CREATE", _) => assert!(holding, "a mandate after the role was taken away"),
                _ => {}
            }
        }
        assert_eq!(taken, 6);
        bed.must_be_sound().await;
    }

    async fn nobody_passes_on_what_the_mandater_lost(bed: Bed) {
        let admin = bed.admin();
        let other = admin.post("organizations/?technicalName=other").await.ok().id();
        let role = admin.post("roles/?name=Signatory&organization=root").await.ok().id();
        let rest = admin.post("roles/?name=Auditor&organization=root").await.ok().id();
        let mut users = Vec::new();
        for n in 0..WRITERS {
            users.push(admin.post(&format!("organizations/{other}/users?login=user{n}")).await.ok().id());
        }
        for round in 0..4 {
            let giver = admin.post(&format!("users/?login=giver{round}&role={role}&role={rest}")).await.ok().id();
            let address = format!("mandates/?mandater={giver}&mandatee={other}&role={role}");
            let both = admin.post(&format!("{address}&role={rest}")).await.ok().id();
            let only = admin.post(&address).await.ok().id();
            let answers = at_once(|n| {
                let (admin, giver, role, user) = (bed.admin(), giver.clone(), role.clone(), users[n].clone());
                let mandate = if n % 2 == 0 { both.clone() } else { only.clone() };
                async move {
                    if n == round * 3 {
                        return admin.delete(&format!("users/{giver}/roles/{role}")).await;
                    }
                    admin.post(&format!("mandates/{mandate}/delegations?user={user}")).await
                }
            })
            .await;
            assert_eq!(answers[round * 3].status, 200, "{}", answers[round * 3].text());
            successes(&answers, &[(409, 15)]);
            assert_eq!(admin.get(&format!("mandates/{only}")).await.ok().value("state"), "Revoked");
            assert_eq!(admin.get(&format!("mandates/{only}/delegations")).await.ok().ids(), [""; 0]);
            assert_eq!(admin.get(&format!("mandates/{both}")).await.ok().values("role"), from_ref(&rest));
            let passed_on = admin.get(&format!("mandates/{both}/delegations")).await.ok().ids();
            let asked = (0..WRITERS).filter(|n| n % 2 == 0 && *n != round * 3).count();
            assert_eq!(passed_on.len(), asked);
            for id in passed_on {
                assert_eq!(admin.get(&format!("delegations/{id}")).await.ok().values("role"), from_ref(&rest));
            }
        }
        bed.must_be_sound().await;
    }

    async fn delegations_and_the_end_of_their_mandate_come_in_some_order(bed: Bed) {
        let admin = bed.admin();
        let other = admin.post("organizations/?technicalName=other").await.ok().id();
        let role = admin.post("roles/?name=Signatory&organization=root").await.ok().id();
        let mut users = Vec::new();
        for n in 0..WRITERS {
            users.push(admin.post(&format!("organizations/{other}/users?login=user{n}")).await.ok().id());
        }
        for round in 0..4 {
            let mandate = admin.post(&format!("mandates/?mandater=root&mandatee={other}&role={role}")).await.ok().id();
            let answers = at_once(|n| {
                let (admin, mandate, user) = (bed.admin(), mandate.clone(), users[n].clone());
                async move {
                    match n {
                        _ if n != round + 5 => admin.post(&format!("mandates/{mandate}/delegations?user={user}")).await,
                        _ if round % 2 == 0 => admin.put(&format!("mandates/{mandate}/revoke")).await,
                        _ => admin.delete(&format!("mandates/{mandate}")).await,
                    }
                }
            })
            .await;
            assert_eq!(answers[round + 5].status, 200, "{}", answers[round + 5].text());
            successes(&answers, &[(409, 15), (404, 5)]);
        }
        assert_eq!(admin.get("delegations").await.ok().ids(), [""; 0]);
        bed.must_be_sound().await;
    }

    async fn inclusions_that_would_close_a_cycle_together_do_not(bed: Bed) {
        let admin = bed.admin();
        for round in 0..4 {
            let mut roles = Vec::new();
            for n in 0..4 {
                roles.push(admin.post(&format!("roles/?name=Role{round}.{n}&organization=root")).await.ok().id());
            }
            let answers = at_once(|n| {
                let (admin, from, to) = (bed.admin(), roles[n % 4].clone(), roles[(n + 1) % 4].clone());
                async move { admin.put(&format!("roles/{from}?includes={to}")).await }
            })
            .await;
            successes(&answers, &[(409, 10)]);
            let mut open = 0;
            for role in &roles {
                open += usize::from(admin.get(&format!("roles/{role}")).await.ok().values("includes").is_empty());
            }
            assert_eq!(open, 1, "the ring lacks exactly the piece that would have closed it");
        }
        bed.must_be_sound().await;
    }

    async fn a_step_that_can_be_taken_once_is_taken_once(bed: Bed) {
        let admin = bed.admin();
        let company = admin.post("organizations/?technicalName=company").await.ok().id();
        let role = admin.post(&format!("roles/?name=Signatory&organization={company}")).await.ok().id();
        let anna = admin.post("users/?login=anna").await.ok().id();
        for _ in 0..3 {
            let mandate = admin.post(&format!("mandates/?mandater={company}&mandatee={anna}&role={role}")).await.ok().id();
            let answers = at_once(|_| async { bed.admin().put(&format!("mandates/{mandate}/revoke")).await }).await;
            assert_eq!(successes(&answers, &[(409, 15)]), 1);
            let invitation = admin.post(&format!("roleinvitations/?user={anna}&role={role}")).await.ok().id();
            let answers = at_once(|_| async { bed.admin().delete(&format!("roleinvitations/{invitation}")).await }).await;
            assert_eq!(successes(&answers, &[(409, 15)]), 1);
        }
        bed.must_be_sound().await;
    }

    async fn a_role_is_not_deleted_from_under_a_mandate(bed: Bed) {
        let admin = bed.admin();
        let company = admin.post("organizations/?technicalName=company").await.ok().id();
        let anna = admin.post("users/?login=anna").await.ok().id();
        for round in 0..5 {
            let role = admin.post(&format!("roles/?name=Role{round}&organization={company}")).await.ok().id();
            let answers = at_once(|n| {
                let (admin, company, anna, role) = (bed.admin(), company.clone(), anna.clone(), role.clone());
                async move {
                    match n % 4 {
                        0 => admin.delete(&format!("roles/{role}")).await,
                        1 => admin.put(&format!("users/{anna}/roles/{role}")).await,
                        2 => admin.post(&format!("roleinvitations/?user={anna}&role={role}")).await,
                        _ => admin.post(&format!("mandates/?mandater={company}&mandatee={anna}&role={role}")).await,
                    }
                }
            })
            .await;
            successes(&answers, &[(400, 10), (404, 7), (409, 10)]);
            let deleted = answers.iter().step_by(4).filter(|answer| answer.status == 200).count();
            let given = answers.iter().skip(3).step_by(4).filter(|answer| answer.status == 200).count();
            assert!(deleted <= 1 && (deleted == 0 || given == 0), "{deleted} deletes, {given} mandates");
            let there = admin.get(&format!("roles/{role}")).await.status == 200;
            assert_eq!(there, deleted == 0);
        }
        assert_eq!(WRITERS % 4, 0);
        bed.must_be_sound().await;
    }

    async fn a_user_that_goes_takes_what_it_gave_and_got_along(bed: Bed) {
        let admin = bed.admin();
        let role = admin.post("roles/?name=Signatory&organization=root").await.ok().id();
        let other = admin.post(&format!("users/?login=other&role={role}")).await.ok().id();
        for round in 0..5 {
            let user = admin.post(&format!("users/?login=going{round}&role={role}")).await.ok().id();
            let answers = at_once(|n| {
                let (admin, user, other, role) = (bed.admin(), user.clone(), other.clone(), role.clone());
                async move {
                    match n % 4 {
                        _ if n == 5 => admin.delete(&format!("users/{user}")).await,
                        0 => admin.post(&format!("mandates/?mandater={user}&mandatee={other}&role={role}")).await,
                        1 => admin.post(&format!("mandates/?mandater={other}&mandatee={user}&role={role}")).await,
                        2 => admin.post(&format!("roleinvitations/?user={user}&inviter={other}&role={role}")).await,
                        _ => admin.put(&format!("users/{user}/roles/{role}")).await,
                    }
                }
            })
            .await;
            assert_eq!(answers[5].status, 200, "{}", answers[5].text());
            successes(&answers, &[(400, 10), (404, 7)]);
        }
        for path in ["mandates", "roleinvitations"] {
            assert!(admin.get(path).await.ok().ids().is_empty(), "{path}");
        }
        assert_eq!(admin.get(&format!("roles/{role}/users")).await.ok().ids(), [other]);
        bed.must_be_sound().await;
    }
}
