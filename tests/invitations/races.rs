//! Many who answer at once: one of them does.

use futures_util::future::join_all;

use super::{no_good, role_of, token, users};
use crate::api::{make, organization, role};
use crate::on_both;

const PWD: &str = "pwd=a+long+enough+secret";

on_both! {
    async fn of_sixteen_who_accept_with_one_token_one_becomes_a_user(bed: Bed) {
        let admin = bed.admin();
        let clerk = role_of(&admin, "acme", "Clerk").await;
        let id = make(&admin, &format!("roleinvitations/?email=uusi@example.org&role={clerk}")).await;
        let good = token(&bed, "uusi@example.org").await;
        let count = users(&admin).await;
        let nobody = bed.anonymous();
        let accept = async |number: usize| {
            nobody.put(&format!("roleinvitations/{id}/accept?token={good}&login=user{number}&{PWD}")).await
        };
        let answers = join_all((0..16).map(accept)).await;
        let (good, bad): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((good.len(), bad.len()), (1, 15));
        for answer in bad {
            no_good(answer);
        }
        assert_eq!(users(&admin).await, count + 1);
        assert_eq!(admin.get(&format!("roles/{clerk}/users")).await.ok().ids().len(), 1);
        bed.must_be_sound().await;
    }

    async fn accepting_declining_withdrawing_and_resending_at_once_leave_one_outcome(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        for round in 0..6 {
            let name = format!("Clerk{round}");
            let clerk = role(&admin, &acme, &name).await;
            let to = format!("uusi{round}@example.org");
            let id = make(&admin, &format!("roleinvitations/?email={to}&role={clerk}")).await;
            let (address, good, nobody) = (format!("roleinvitations/{id}"), token(&bed, &to).await, bed.anonymous());
            let accept = format!("{address}/accept?token={good}&{PWD}");
            let decline = format!("{address}/decline?token={good}");
            let resend = format!("{address}/resend");
            let (accepted, declined, withdrawn, resent) = futures_util::join!(
                nobody.put(&accept), nobody.put(&decline), admin.delete(&address), admin.put(&resend),
            );
            let ok = |answer: &crate::kit::Answer| answer.status == 200;
            let state = admin.get(&address).await.ok().value("state");
            let holders = admin.get(&format!("roles/{clerk}/users")).await.ok().ids().len();
            let ends = [&accepted, &declined, &withdrawn].map(ok).iter().filter(|ok| **ok).count();
            assert!(ends <= 1, "round {round}: {state}");
            assert_eq!(holders, usize::from(ok(&accepted)));
            let expected = match (ok(&accepted), ok(&declined), ok(&withdrawn), ok(&resent)) {
                (true, ..) => "Accepted",
                (_, true, ..) => "Declined",
                (_, _, true, _) => "Withdrawn",
                _ => "Sent",
            };
            assert_eq!(state, expected, "round {round}");
        }
        bed.must_be_sound().await;
    }
}
