//! The tree of organizations under sixteen hands: no orphan, no cycle, no name twice.

use valtuus::model::Kind;
use valtuus::model::kind::{organization, role, user};

use super::{WRITERS, at_once, successes};
use crate::kit::Bed;
use crate::kit::trace::entities;
use crate::on_both;

/// Fails when a user, role or organization belongs to an organization that is not there.
async fn no_orphans(bed: &Bed) {
    let store = &bed.server.service().engine.store;
    let organizations = entities(store, Kind::Organization).await;
    for (kind, attr) in [
        (Kind::User, user::HOME),
        (Kind::Role, role::ORGANIZATION),
        (Kind::Organization, organization::PARENT),
    ] {
        for entity in entities(store, kind).await {
            let Some(owner) = entity.attributes().reference(attr) else {
                assert_eq!(entity.attributes().text(organization::TECHNICAL_NAME), Some("root"));
                continue;
            };
            assert!(
                organizations.iter().any(|there| there.id() == owner.id),
                "{} without owner",
                kind.name()
            );
        }
    }
}

/// Fails when an organization does not reach the root by its parents.
async fn one_tree(bed: &Bed) {
    let store = &bed.server.service().engine.store;
    let organizations = entities(store, Kind::Organization).await;
    for start in &organizations {
        let mut at = start;
        for _ in 0..=organizations.len() {
            let Some(parent) = at.attributes().reference(organization::PARENT) else { break };
            at = organizations
                .iter()
                .find(|there| there.id() == parent.id)
                .expect("a parent that is not there");
        }
        assert!(at.attributes().first(organization::PARENT).is_none(), "a cycle");
    }
}

async fn organization(bed: &Bed, query: &str) -> String {
    bed.admin().post(&format!("organizations/?{query}")).await.ok().id()
}

on_both! {
    async fn nothing_is_made_below_an_organization_that_is_gone(bed: Bed) {
        for round in 0..6 {
            let id = organization(&bed, &format!("technicalName=brief{round}")).await;
            let answers = at_once(|n| {
                let (admin, id) = (bed.admin(), id.clone());
                let path = match n % 3 {
                    0 => format!("users/?login=r{round}u{n}&organizationId={id}"),
                    1 => format!("organizations/?technicalName=s{n}&parentOrganizationId={id}"),
                    _ => format!("roles/?name=r{n}&organization={id}"),
                };
                async move {
                    match n {
                        7 => admin.delete(&format!("organizations/{id}")).await,
                        8 if round % 2 == 1 => admin.delete(&format!("organizations/{id}?recursive=true")).await,
                        _ => admin.post(&path).await,
                    }
                }
            })
            .await;
            successes(&answers, &[(404, 5), (404, 7), (409, 10)]);
            no_orphans(&bed).await;
            if round % 2 == 1 {
                bed.admin().get(&format!("organizations/{id}")).await.refused(404, 7, "");
            }
        }
        one_tree(&bed).await;
        bed.must_be_sound().await;
    }

    async fn two_that_move_below_each_other_make_no_cycle(bed: Bed) {
        let (left, right) = (organization(&bed, "technicalName=left").await, organization(&bed, "technicalName=right").await);
        for _ in 0..5 {
            let answers = at_once(|n| {
                let (admin, left, right) = (bed.admin(), left.clone(), right.clone());
                let (one, other) = if n % 2 == 0 { (left, right) } else { (right, left) };
                async move { admin.put(&format!("organizations/{one}/parent?parentOrganizationId={other}")).await }
            })
            .await;
            // Whoever comes first makes it so for all of its side, and impossible for the other.
            assert_eq!(successes(&answers, &[(409, 10)]), WRITERS / 2);
            one_tree(&bed).await;
            for id in [&left, &right] {
                bed.admin().put(&format!("organizations/{id}/parent?parentOrganizationId=root")).await.ok();
            }
        }
        bed.must_be_sound().await;
    }

    async fn a_ring_of_moves_leaves_a_tree(bed: Bed) {
        let mut ring = Vec::new();
        for n in 0..WRITERS {
            ring.push(organization(&bed, &format!("technicalName=ring{n}")).await);
            bed.admin().post(&format!("users/?login=ring{n}&organizationId={}", ring[n])).await.ok();
        }
        let answers = at_once(|n| {
            let (admin, path) = (bed.admin(), format!("organizations/{}/parent?parentOrganizationId={}", ring[n], ring[(n + 1) % WRITERS]));
            async move { admin.put(&path).await }
        })
        .await;
        assert_eq!(successes(&answers, &[(409, 10)]), WRITERS - 1, "only the last one closes the ring");
        one_tree(&bed).await;
        no_orphans(&bed).await;
        // The one whose move was refused stands on top of all.
        let top = answers.iter().position(|answer| answer.status != 200).unwrap();
        let below = bed.admin().get(&format!("organizations/{}/users?recursive=true", ring[top])).await.ok();
        assert_eq!(below.ids().len(), WRITERS);
        bed.must_be_sound().await;
    }

    async fn moves_and_creates_that_want_one_name_give_it_once(bed: Bed) {
        let target = organization(&bed, "technicalName=target").await;
        let mut movers = Vec::new();
        for n in 0..WRITERS / 2 {
            let aside = organization(&bed, &format!("technicalName=aside{n}")).await;
            movers.push(organization(&bed, &format!("technicalName=wanted&parentOrganizationId={aside}")).await);
        }
        let answers = at_once(|n| {
            let (admin, target, movers) = (bed.admin(), target.clone(), movers.clone());
            async move {
                match movers.get(n) {
                    Some(id) => admin.put(&format!("organizations/{id}/parent?parentOrganizationId={target}")).await,
                    None => admin.post(&format!("organizations/?technicalName=wanted&parentOrganizationId={target}")).await,
                }
            }
        })
        .await;
        assert_eq!(successes(&answers, &[(409, 4)]), 1);
        assert_eq!(bed.admin().get(&format!("organizations/{target}/organizations")).await.ok().ids().len(), 1);
        bed.must_be_sound().await;
    }
}
