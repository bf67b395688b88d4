//! Every state of a policy × everything that can be done to it, and what its group has to do with it.

use futures_util::future::join_all;

use super::{described, draft, group, published};
use crate::kit::states::Cell::{No, To};
use crate::{life, on_both, on_both_still};

const YEAR: i64 = 365 * 86_400_000_000;

on_both! {
    async fn every_state_of_a_policy_lets_happen_what_the_table_says(bed: Bed) {
        let life = life! {
            "policies" by "state":
            {
                "publish" => |bed, id| Box::pin(async move {
                    bed.admin().put(&format!("policies/{id}/publish")).await
                }),
                "activate" => |bed, id| Box::pin(async move {
                    bed.admin().put(&format!("policies/{id}/status?status=active")).await
                }),
                "de-activate" => |bed, id| Box::pin(async move {
                    bed.admin().put(&format!("policies/{id}/status?status=de-active")).await
                }),
                "edit" => |bed, id| Box::pin(async move {
                    bed.admin().put(&format!("policies/{id}?desc=other")).await
                }),
            }
            "Draft" from |bed| Box::pin(async move {
                let admin = bed.admin();
                draft(&admin, &group(&admin).await).await
            }) => [To("Published"), No(409, 15), No(409, 15), To("Draft")];
            "Published" from |bed| Box::pin(async move {
                let admin = bed.admin();
                published(&admin, &group(&admin).await).await
            }) => [No(409, 15), No(409, 15), To("Deactivated"), No(409, 15)];
            "Deactivated" from |bed| Box::pin(async move {
                let admin = bed.admin();
                let id = published(&admin, &group(&admin).await).await;
                admin.put(&format!("policies/{id}/status?status=de-active")).await.ok();
                id
            }) => [No(409, 15), To("Published"), No(409, 15), No(409, 15)];
        };
        life.try_all(&bed).await;
    }

    async fn a_step_of_a_policy_changes_its_state_and_nothing_else(bed: Bed) {
        let admin = bed.admin();
        let id = draft(&admin, &group(&admin).await).await;
        let path = format!("policies/{id}");
        let rest = async |names: Vec<String>| {
            let policy = admin.get(&path).await.ok();
            let rest = names.into_iter().filter(|name| name != "state");
            rest.map(|name| (policy.values(&name), name)).collect::<Vec<_>>()
        };
        let names = admin.get(&path).await.ok().names();
        assert!(names.len() > 6, "{names:?}");
        let before = rest(names.clone()).await;
        admin.put(&format!("{path}/publish")).await.ok();
        assert_eq!(rest(names).await, before);
    }

    async fn a_group_with_active_policies_stays_active(bed: Bed) {
        let admin = bed.admin();
        let id = group(&admin).await;
        let off = format!("policygroups/{id}?active=false");
        let policy = published(&admin, &id).await;
        let before = admin.get(&format!("policygroups/{id}")).await.ok();
        admin.put(&off).await.refused(409, 15, "active");
        let after = admin.get(&format!("policygroups/{id}")).await.ok();
        assert_eq!(after.header("etag"), before.header("etag"));
        admin.put(&format!("policies/{policy}/status?status=de-active")).await.ok();
        draft(&admin, &id).await;
        admin.put(&off).await.ok();
        assert_eq!(admin.get(&format!("policygroups/{id}")).await.ok().value("active"), "false");
        admin.put(&format!("policies/{policy}/status?status=active")).await.refused(409, 15, "policyGroup");
        let draft = draft(&admin, &id).await;
        admin.put(&format!("policies/{draft}/publish")).await.refused(409, 15, "policyGroup");
        admin.put(&format!("policygroups/{id}?active=true")).await.ok();
        admin.put(&format!("policies/{draft}/publish")).await.ok();
    }

    async fn no_policy_is_published_into_a_group_while_it_is_de_activated(bed: Bed) {
        let admin = bed.admin();
        for _ in 0..6 {
            let id = group(&admin).await;
            let policies = join_all((0..3).map(|_| draft(&admin, &id))).await;
            let (off, publish) = tokio::join!(
                async { admin.put(&format!("policygroups/{id}?active=false")).await },
                join_all(policies.iter().map(async |policy| {
                    admin.put(&format!("policies/{policy}/publish")).await
                })),
            );
            let published = publish.iter().filter(|answer| answer.status == 200).count();
            for answer in publish.into_iter().filter(|answer| answer.status != 200) {
                answer.refused(409, 15, "policyGroup");
            }
            if off.status == 200 {
                assert_eq!(published, 0, "published in a group that is not active");
            } else {
                off.refused(409, 15, "active");
                assert!(published > 0);
            }
        }
    }

    async fn of_many_who_publish_one_policy_one_does(bed: Bed) {
        let admin = bed.admin();
        let id = draft(&admin, &group(&admin).await).await;
        let path = format!("policies/{id}/publish");
        let answers = join_all((0..8).map(|_| admin.put(&path))).await;
        let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!(done.len(), 1);
        for answer in refused {
            answer.refused(409, 15, "Published");
        }
    }

    async fn of_many_policies_of_one_name_in_a_group_one_is_made(bed: Bed) {
        let admin = bed.admin();
        let (one, other) = (group(&admin).await, group(&admin).await);
        let answers = join_all((0..6).map(async |number| {
            let name = if number % 2 == 0 { "Same" } else { "sAME" };
            admin.post(&format!("policies/?{}", described(&one, name))).await
        })).await;
        let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!(made.len(), 1);
        for answer in refused {
            answer.refused(409, 4, "name");
        }
        admin.post(&format!("policies/?{}", described(&other, "Same"))).await.ok();
        bed.must_be_sound().await;
    }
}

on_both_still! { |config| config.policies.days = 365;
    async fn a_policy_without_an_end_ends_after_the_configured_days_and_a_later_one_no_more_counts(bed: Bed) {
        let admin = bed.admin();
        let id = group(&admin).await;
        let (first, second) = (published(&admin, &id).await, draft(&admin, &id).await);
        let policy = admin.get(&format!("policies/{first}")).await.ok();
        assert_eq!(policy.value("validFrom"), "2026-01-01T12:00:00Z");
        assert_eq!(policy.value("validUntil"), "2027-01-01T12:00:00Z");
        bed.advance(YEAR - 1);
        admin.put(&format!("policygroups/{id}?active=false")).await.refused(409, 15, "active");
        bed.advance(1);
        admin.put(&format!("policies/{second}/publish")).await.refused(409, 15, "validUntil");
        admin.put(&format!("policies/{first}/status?status=de-active")).await.ok();
        admin.put(&format!("policies/{first}/status?status=active")).await.refused(409, 15, "validUntil");
        admin.put(&format!("policygroups/{id}?active=false")).await.ok();
    }

    async fn a_policy_that_begins_later_counts_as_active_and_its_end_from_its_beginning(bed: Bed) {
        let admin = bed.admin();
        let id = group(&admin).await;
        let later = format!("{}&validFrom=2026-06-01T00:00:00Z", described(&id, "later"));
        let policy = crate::api::make(&admin, &format!("policies/?{later}")).await;
        let read = admin.get(&format!("policies/{policy}")).await.ok();
        assert_eq!(read.value("validUntil"), "2027-06-01T00:00:00Z");
        admin.put(&format!("policies/{policy}/publish")).await.ok();
        admin.put(&format!("policygroups/{id}?active=false")).await.refused(409, 15, "active");
    }
}
