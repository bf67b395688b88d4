//! One unique name, sixteen who want it: exactly one gets it.

use super::{WRITERS, at_once, successes};
use crate::on_both;

const TAKEN: &[(u16, u16)] = &[(409, 4)];

on_both! {
    async fn one_login_is_given_once_whatever_its_letter_case(bed: Bed) {
        let admin = bed.admin();
        for round in 0..5 {
            let answers = at_once(|n| {
                let login: String = format!("anna{round}").chars().enumerate()
                    .map(|(at, letter)| if n >> (at % 4) & 1 == 1 { letter.to_ascii_uppercase() } else { letter })
                    .collect();
                let admin = admin.clone();
                async move { admin.post(&format!("users/?login={login}")).await }
            })
            .await;
            assert_eq!(successes(&answers, TAKEN), 1);
            let ids = admin.get(&format!("users/?login=anna{round}")).await.ok().ids();
            assert_eq!(ids.len(), 1);
        }
        bed.must_be_sound().await;
    }

    async fn one_name_among_siblings_is_given_once(bed: Bed) {
        let admin = bed.admin();
        for round in 0..3 {
            let answers = at_once(|_| {
                let admin = admin.clone();
                async move { admin.post(&format!("organizations/?technicalName=o{round}&organizationClass=company")).await }
            })
            .await;
            assert_eq!(successes(&answers, TAKEN), 1);
            let id = answers.iter().find(|answer| answer.status == 200).unwrap().id();
            // The roles of the class came with the one that was made, and with no other.
            assert_eq!(admin.get(&format!("organizations/{id}/roles")).await.ok().ids().len(), 2);
            let answers = at_once(|_| {
                let (admin, id) = (admin.clone(), id.clone());
                async move { admin.post(&format!("roles/?name=Auditor&organization={id}")).await }
            })
            .await;
            assert_eq!(successes(&answers, TAKEN), 1);
        }
        bed.must_be_sound().await;
    }

    async fn one_free_login_goes_to_one_of_sixteen_users(bed: Bed) {
        let admin = bed.admin();
        let mut ids = Vec::new();
        for n in 0..WRITERS {
            ids.push(admin.post(&format!("users/?login=user{n}")).await.ok().id());
        }
        let answers = at_once(|n| {
            let (admin, id) = (admin.clone(), ids[n].clone());
            async move { admin.put(&format!("users/{id}?login=Wanted")).await }
        })
        .await;
        assert_eq!(successes(&answers, TAKEN), 1);
        assert_eq!(admin.get("users/?login=wanted").await.ok().ids().len(), 1);
        // The login that was given up is free, those of the others are not.
        assert_eq!(admin.get("users/?login=user").await.ok().ids().len(), WRITERS - 1);
        bed.must_be_sound().await;
    }

    async fn logins_that_are_swapped_back_and_forth_never_deadlock(bed: Bed) {
        let admin = bed.admin();
        let first = admin.post("users/?login=first").await.ok().id();
        let second = admin.post("users/?login=second").await.ok().id();
        for round in 0..5 {
            let answers = at_once(|n| {
                let admin = admin.clone();
                let id = if n % 2 == 0 { first.clone() } else { second.clone() };
                let login = if (n / 2 + round) % 2 == 0 { "left" } else { "right" };
                async move { admin.put(&format!("users/{id}?login={login}")).await }
            })
            .await;
            assert!(successes(&answers, TAKEN) >= 1);
        }
        bed.must_be_sound().await;
    }
}
