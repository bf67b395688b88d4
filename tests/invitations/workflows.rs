//! Workflows: what awaits approval, who decides, and what follows.

use super::{association, mails, token};
use crate::api::{in_order, make, organization, role, same};
use crate::kit::{Bed, Caller};
use crate::on_both;

const PWD: &str = "pwd=a+long+enough+secret";

/// Somebody new who has accepted a role of an organization that asks for approval: the user and the workflow.
async fn registered(bed: &Bed, role: &str, name: &str) -> (String, String) {
    let admin = bed.admin();
    let to = format!("{name}@example.org");
    let id = make(&admin, &format!("roleinvitations/?email={to}&role={role}")).await;
    let good = token(bed, &to).await;
    bed.anonymous().put(&format!("roleinvitations/{id}/accept?token={good}&login={name}&{PWD}")).await.ok();
    let user = admin.get(&format!("users?login={name}&exactMatch=true")).await.ok().id();
    let workflow = admin.get(&format!("workflows?user={user}")).await.ok().id();
    (user, workflow)
}

async fn requested(admin: &Caller<'_>, user: &str, role: &str) -> String {
    let id = make(admin, &format!("roleinvitations/?user={user}&role={role}")).await;
    admin.put(&format!("roleinvitations/{id}/accept")).await.ok();
    admin.get(&format!("workflows?user={user}&state=Pending")).await.ok().id()
}

async fn status(admin: &Caller<'_>, user: &str) -> String {
    admin.get(&format!("users/{user}")).await.ok().value("status")
}

on_both! {
    async fn a_registration_is_enabled_with_its_roles_or_disabled_without_and_decided_once(bed: Bed) {
        let admin = bed.admin();
        let club = association(&admin, "club").await;
        let member = role(&admin, &club, "Member").await;
        for (name, decision, state, after, held) in [
            ("anna", "approve", "Approved", "Enabled", 1),
            ("bertil", "reject", "Rejected", "Disabled", 0),
        ] {
            let (user, workflow) = registered(&bed, &member, name).await;
            assert_eq!(status(&admin, &user).await, "Pending");
            let address = format!("workflows/{workflow}");
            bed.reader().put(&format!("{address}/{decision}")).await.refused(403, 3, "workflow");
            let sent = mails(&bed, &format!("{name}@example.org")).await.len();
            let answer = admin.put(&format!("{address}/{decision}")).await.ok();
            assert!(answer.text().contains("<Workflows "));
            assert_eq!(answer.id(), workflow);
            assert_eq!(status(&admin, &user).await, after);
            assert_eq!(admin.get(&format!("users/{user}/roles")).await.ok().ids().len(), held);
            let read = admin.get(&address).await.ok();
            assert_eq!((read.value("state"), read.value("decidedBy")), (state.to_owned(), "admin".to_owned()));
            assert!(read.value("decided").ends_with('Z'));
            let told = mails(&bed, &format!("{name}@example.org")).await;
            assert_eq!(told.len(), sent + 1);
            for again in ["approve", "reject"] {
                admin.put(&format!("{address}/{again}")).await.refused(409, 15, &format!("is {state} already"));
            }
            assert_eq!(admin.get(&address).await.ok().body, read.body);
            assert_eq!(status(&admin, &user).await, after);
        }
        bed.must_be_sound().await;
    }

    async fn roles_of_an_organization_that_asks_are_requested_and_the_others_given_at_once(bed: Bed) {
        let admin = bed.admin();
        let (acme, club, guild) = (organization(&admin, "acme").await, association(&admin, "club").await, association(&admin, "guild").await);
        let free = role(&admin, &acme, "Clerk").await;
        let (member, chair) = (role(&admin, &club, "Member").await, role(&admin, &club, "Chair").await);
        let master = role(&admin, &guild, "Master").await;
        let anna = make(&admin, "users/?login=anna").await;
        let query = format!("user={anna}&role={member}&role={free}&role={master}&role={chair}");
        let id = make(&admin, &format!("roleinvitations/?{query}")).await;
        admin.put(&format!("roleinvitations/{id}/accept")).await.ok();
        assert_eq!(admin.get(&format!("users/{anna}/roles")).await.ok().ids(), std::slice::from_ref(&free));
        let of = async |organization: &String| admin.get(&format!("workflows?organization={organization}")).await.ok().id();
        let (first, second) = (of(&club).await, of(&guild).await);
        let read = admin.get(&format!("workflows/{first}")).await.ok();
        assert_eq!(read.value("type"), "rolerequest");
        same(read.values("role"), &[&member, &chair]);
        admin.put(&format!("workflows/{first}/approve")).await.ok();
        same(admin.get(&format!("users/{anna}/roles")).await.ok().ids(), &[&free, &member, &chair]);
        admin.put(&format!("workflows/{second}/reject")).await.ok();
        same(admin.get(&format!("users/{anna}/roles")).await.ok().ids(), &[&free, &member, &chair]);
        assert_eq!(status(&admin, &anna).await, "Enabled");
    }

    async fn a_registration_takes_its_free_roles_along_and_leaves_those_of_others_to_them(bed: Bed) {
        let admin = bed.admin();
        let (acme, club, guild) = (organization(&admin, "acme").await, association(&admin, "club").await, association(&admin, "guild").await);
        let (free, member, master) = (role(&admin, &acme, "Clerk").await, role(&admin, &club, "Member").await, role(&admin, &guild, "Master").await);
        let id = make(&admin, &format!("roleinvitations/?email=uusi@example.org&role={member}&role={free}&role={master}")).await;
        let good = token(&bed, "uusi@example.org").await;
        bed.anonymous().put(&format!("roleinvitations/{id}/accept?token={good}&{PWD}")).await.ok();
        let user = admin.get("users?login=uusi@example.org").await.ok().id();
        let registration = admin.get("workflows?type=registration").await.ok().id();
        let request = admin.get("workflows?type=rolerequest").await.ok().id();
        same(admin.get(&format!("workflows/{registration}")).await.ok().values("role"), &[&member, &free]);
        admin.put(&format!("workflows/{request}/approve")).await.refused(409, 15, "the user is Pending");
        admin.put(&format!("workflows/{registration}/approve")).await.ok();
        admin.put(&format!("workflows/{request}/approve")).await.ok();
        same(admin.get(&format!("users/{user}/roles")).await.ok().ids(), &[&member, &free, &master]);
    }

    async fn workflows_are_listed_by_what_they_hold(bed: Bed) {
        let admin = bed.admin();
        let club = association(&admin, "club").await;
        let (member, chair) = (role(&admin, &club, "Member").await, role(&admin, &club, "Chair").await);
        let (anna, first) = registered(&bed, &member, "anna").await;
        let bertil = make(&admin, "users/?login=bertil").await;
        let second = requested(&admin, &bertil, &chair).await;
        admin.put(&format!("workflows/{second}/reject")).await.ok();
        for (query, wanted) in [
            (String::new(), vec![&first, &second]),
            ("?state=Pending".to_owned(), vec![&first]),
            ("?state=Rejected".to_owned(), vec![&second]),
            ("?state=Approved".to_owned(), vec![]),
            ("?type=registration".to_owned(), vec![&first]),
            (format!("?user={anna}"), vec![&first]),
            (format!("?role={chair}"), vec![&second]),
            (format!("?organization={club}&state=Pending"), vec![&first]),
            ("?organization=club".to_owned(), vec![&first, &second]),
            ("?createdBy=admin".to_owned(), vec![&first, &second]),
            ("?decidedBy=admin".to_owned(), vec![&second]),
            ("?maxResults=1".to_owned(), vec![&first]),
        ] {
            in_order(&admin.get(&format!("workflows{query}")).await.ok().ids(), &wanted);
        }
        bed.reader().get(&format!("workflows/{first}")).await.ok();
        admin.get("workflows?entities=true").await.refused(400, 1, "entities");
        admin.get("workflows?state=Sent").await.refused(400, 1, "state");
        admin.post("workflows?state=Approved").await.refused(405, 13, "");
        admin.put(&format!("workflows/{first}/approve?role={chair}")).await.refused(400, 1, "role");
        admin.put(&format!("workflows/{anna}/approve")).await.refused(404, 7, "workflow");
        let stale = admin.clone().header("If-Match", "\"9-00000000\"");
        stale.put(&format!("workflows/{first}/approve")).await.refused(412, 14, "version");
    }

    async fn what_a_delete_takes_from_a_workflow_follows_the_table(bed: Bed) {
        let admin = bed.admin();
        let club = association(&admin, "club").await;
        let (member, chair) = (role(&admin, &club, "Member").await, role(&admin, &club, "Chair").await);
        let (anna, registration) = registered(&bed, &member, "anna").await;
        let bertil = make(&admin, "users/?login=bertil&status=Enabled").await;
        let id = make(&admin, &format!("roleinvitations/?user={bertil}&role={member}&role={chair}&inviter={bertil}")).await;
        admin.put(&format!("roleinvitations/{id}/accept")).await.ok();
        let request = admin.get(&format!("workflows?user={bertil}")).await.ok().id();
        assert_eq!(admin.get(&format!("workflows/{request}")).await.ok().value("createdBy"), bertil);
        admin.delete(&format!("roles/{member}")).await.ok();
        let read = admin.get(&format!("workflows/{request}")).await.ok();
        assert_eq!((read.value("state"), read.value("role")), ("Pending".to_owned(), chair.clone()));
        let read = admin.get(&format!("workflows/{registration}")).await.ok();
        assert_eq!((read.value("state"), read.values("role").len()), ("Rejected".to_owned(), 0));
        assert_eq!(status(&admin, &anna).await, "Disabled");
        admin.delete(&format!("users/{bertil}")).await.ok();
        admin.get(&format!("workflows/{request}")).await.refused(404, 7, "workflow");
        bed.must_be_sound().await;
    }

    async fn a_user_disabled_meanwhile_is_not_let_in_by_an_approval(bed: Bed) {
        let admin = bed.admin();
        let club = association(&admin, "club").await;
        let member = role(&admin, &club, "Member").await;
        let (anna, registration) = registered(&bed, &member, "anna").await;
        // Whoever awaits approval leaves that state by the decision only, so that disabling is no way round it.
        admin.put(&format!("users/{anna}?status=Disabled")).await.refused(409, 15, "");
        admin.put(&format!("users/{anna}?status=Enabled")).await.refused(409, 15, "");
        assert_eq!(status(&admin, &anna).await, "Pending");
        admin.put(&format!("workflows/{registration}/reject")).await.ok();
        assert_eq!(status(&admin, &anna).await, "Disabled");
        let bertil = make(&admin, "users/?login=bertil").await;
        let request = requested(&admin, &bertil, &member).await;
        admin.put(&format!("users/{bertil}?status=Disabled")).await.ok();
        admin.put(&format!("workflows/{request}/approve")).await.refused(409, 15, "Disabled");
        admin.put(&format!("workflows/{request}/reject")).await.ok();
        assert!(admin.get(&format!("users/{bertil}/roles")).await.ok().ids().is_empty());
    }

    async fn of_many_who_decide_at_once_one_does(bed: Bed) {
        let admin = bed.admin();
        let club = association(&admin, "club").await;
        let member = role(&admin, &club, "Member").await;
        let (anna, registration) = registered(&bed, &member, "anna").await;
        let decide = async |number: usize| {
            let word = if number.is_multiple_of(2) { "approve" } else { "reject" };
            (word, admin.put(&format!("workflows/{registration}/{word}")).await)
        };
        let answers = futures_util::future::join_all((0..16).map(decide)).await;
        let won: Vec<&str> = answers.iter().filter(|(_, a)| a.status == 200).map(|(word, _)| *word).collect();
        assert_eq!(won.len(), 1);
        let (state, held) = if won == ["approve"] { ("Enabled", 1) } else { ("Disabled", 0) };
        assert_eq!(status(&admin, &anna).await, state);
        assert_eq!(admin.get(&format!("users/{anna}/roles")).await.ok().ids().len(), held);
        for (_, answer) in answers.into_iter().filter(|(_, answer)| answer.status != 200) {
            answer.refused(409, 15, "already");
        }
    }
}
