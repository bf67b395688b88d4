//! Partners' own users: who they are, what they see, what they may do, and what ends it.

use valtuus::config::Config;

use super::made::{group, partner};
use crate::api::{make, organization, role, user};
use crate::kit::caller::Credentials;
use crate::kit::{Bed, Caller};
use crate::{on_both, on_both_with};

const SECRET: &str = "a fairly good secret";

/// A partner that needs no policy group, with a user of that login.
async fn with_login(bed: &Bed, name: &str, login: &str) -> String {
    let words = format!("organizationName={name}&emailId={name}@partner.example&partnerType=SDK_Partner");
    let account = format!("login={login}&pwd={}", SECRET.replace(' ', "+"));
    make(&bed.admin(), &format!("partners/?partnerId={name}&{words}&{account}")).await
}

fn person<'b>(bed: &'b Bed, login: &str) -> Caller<'b> {
    signed_in(bed, login, SECRET)
}

fn signed_in<'b>(bed: &'b Bed, login: &str, password: &str) -> Caller<'b> {
    bed.anonymous().with(Credentials::Basic(login.into(), password.into()))
}

async fn id_of(bed: &Bed, login: &str) -> String {
    bed.admin().get(&format!("users?login={login}&exactMatch=true")).await.ok().id()
}

/// Many attempts, and a lock of users after three wrong passwords.
fn strict(config: &mut Config) {
    config.users.lock_after = 3;
    config.auth.attempts.free = 1_000;
    config.auth.attempts.lock_after = 1_000;
}

on_both! {
    async fn an_account_is_an_organization_with_a_role_and_a_user_that_holds_it(bed: Bed) {
        let admin = bed.admin();
        let acme = with_login(&bed, "acme", "anna").await;
        let organization = admin.get("organizations?technicalName=acme&exactMatch=true").await.ok().id();
        let anna = id_of(&bed, "anna").await;
        let found = admin.get(&format!("users/{anna}")).await.ok();
        assert_eq!([found.value("organization"), found.value("email"), found.value("status")], ["acme", "acme@partner.example", "Enabled"]);
        let role = admin.get(&format!("users/{anna}/roles")).await.ok().id();
        assert_eq!(admin.get(&format!("roles/{role}")).await.ok().value("entityName"), "acme/Partner");
        let held = admin.get(&format!("partners/{acme}")).await.ok().value("organization");
        assert_eq!(organization, held);
        admin.delete("organizations/acme?recursive=true").await.refused(409, 10, "partner");
        bed.must_be_sound().await;
    }

    async fn an_account_that_cannot_be_made_leaves_nothing(bed: Bed) {
        let admin = bed.admin();
        organization(&admin, "taken").await;
        user(&admin, "taken").await;
        let before = crate::kit::trace::versions(&bed.server.service().engine.store).await;
        let words = |name: &str, login: &str| format!("partners/?partnerId=p&organizationName={name}&emailId=p@b.fi&partnerType=SDK_Partner&{login}");
        for (name, login, status, code, word) in [
            ("taken", "login=anna&pwd=a+fairly+good+secret", 409, 4, "organizationName"),
            ("a%2Fb", "login=anna&pwd=a+fairly+good+secret", 400, 1, "organizationName"),
            ("free", "login=TAKEN&pwd=a+fairly+good+secret", 409, 4, "login"),
            ("free", "login=anna&pwd=password1", 400, 1, "pwd"),
            ("free", "login=fairlygood&pwd=fairlygood1", 400, 1, "pwd"),
            ("free", "login=anna", 400, 1, "pwd"),
            ("free", "pwd=a+fairly+good+secret", 400, 1, "login"),
            ("free", "login=&pwd=a+fairly+good+secret", 400, 1, "login"),
            ("free", "login=anna&login=b&pwd=a+fairly+good+secret", 400, 1, "login"),
        ] {
            admin.post(&words(name, login)).await.refused(status, code, word);
        }
        assert_eq!(crate::kit::trace::versions(&bed.server.service().engine.store).await, before);
    }

    async fn a_partners_user_sees_and_changes_its_own_partner_only(bed: Bed) {
        let (acme, beta) = (with_login(&bed, "acme", "anna").await, with_login(&bed, "beta", "bertta").await);
        partner(&bed, "gamma").await;
        bed.admin().post("partners/beta/contacts?emailId=secret@beta.example").await.ok();
        let query = bed.anonymous().with(Credentials::Query("ANNA".into(), SECRET.replace(' ', "+")));
        for anna in [person(&bed, "anna"), query] {
            assert_eq!(anna.get("partners").await.ok().id(), acme);
            assert_eq!(anna.get("partners/acme").await.ok().value("partnerId"), "acme");
            assert_eq!(anna.put("partners/acme?address=Road").await.ok().id(), acme);
            let contact = anna.post(&format!("partners/{acme}/contacts?emailId=a@acme.example")).await.ok().id();
            assert_eq!(anna.get("partners/acme/contacts").await.ok().ids(), [contact]);
            for other in ["beta", beta.as_str(), "gamma", "nobody"] {
                anna.get(&format!("partners/{other}")).await.refused(404, 7, "partner");
                anna.put(&format!("partners/{other}?address=Road")).await.refused(404, 7, "partner");
                anna.get(&format!("partners/{other}/contacts")).await.refused(404, 5, "partner");
                anna.post(&format!("partners/{other}/contacts?emailId=a@b.fi")).await.refused(404, 5, "partner");
            }
            assert!(anna.get("partners?organizationName=beta").await.ok().ids().is_empty());
        }
    }

    async fn a_partners_user_gets_nothing_that_is_not_its_partners(bed: Bed) {
        with_login(&bed, "acme", "anna").await;
        group(&bed, "basic").await;
        let (anna, id) = (person(&bed, "anna"), id_of(&bed, "anna").await);
        for step in ["approved", "rejected", "active", "de-active"] {
            anna.put(&format!("partners/acme/status?status={step}")).await.refused(403, 3, "approve");
        }
        for (name, value) in [("organization", "root"), ("status", "approved"), ("active", "true"), ("partnerType", "Partner_Admin"), ("partnerId", "x")] {
            anna.put(&format!("partners/acme?{name}={value}")).await.refused(400, 1, name);
        }
        anna.put("partners/acme?policyGroup=basic").await.refused(400, 10, "policyGroup");
        anna.post("partners/?partnerId=x&organizationName=X&emailId=x@b.fi&partnerType=SDK_Partner").await.refused(403, 3, "create");
        for path in [
            "users", &format!("users/{id}"), &format!("users/{id}/roles"), "organizations", "organizations/acme", "roles", "mandates",
            "apiclients", "tokens", "auditevents", "outbox", "attributes", "workflows", "policygroups", "policies", "misps",
        ] {
            anna.get(path).await.refused(403, 3, "read");
        }
        anna.put(&format!("users/{id}?surname=x")).await.refused(403, 3, "update");
        anna.put(&format!("users/{id}/organization?organizationId=root")).await.refused(403, 3, "update");
        anna.post(&format!("users/{id}/authenticate?pwd=x")).await.refused(403, 3, "authenticate");
        anna.post("tokens?client=admin").await.refused(403, 3, "create");
        anna.post("apiclients?name=x&preset=admin").await.refused(403, 3, "create");
    }

    async fn an_api_client_of_the_name_wins(bed: Bed) {
        with_login(&bed, "acme", "reader").await;
        person(&bed, "reader").get("partners").await.refused(401, 2, "");
        bed.reader().get("users").await.ok();
        with_login(&bed, "beta", "bertta").await;
        person(&bed, "bertta").get("partners").await.ok();
        bed.admin().post("apiclients?name=bertta&preset=reader&pwd=another-password").await.ok();
        person(&bed, "bertta").get("partners").await.refused(401, 2, "");
        signed_in(&bed, "bertta", "another-password").get("users").await.ok();
    }

    async fn what_ends_a_sign_in_counts_from_the_next_request_on(bed: Bed) {
        let admin = bed.admin();
        with_login(&bed, "acme", "anna").await;
        let (anna, id) = (person(&bed, "anna"), id_of(&bed, "anna").await);
        anna.get("partners").await.ok();
        admin.put(&format!("users/{id}?status=Disabled")).await.ok();
        anna.get("partners").await.refused(401, 2, "");
        admin.put(&format!("users/{id}?status=Enabled")).await.ok();
        anna.get("partners").await.ok();
        admin.put(&format!("users/{id}?pwd=another+good+secret")).await.ok();
        anna.get("partners").await.refused(401, 2, "");
        let anna = signed_in(&bed, "anna", "another good secret");
        anna.get("partners").await.ok();
        admin.put(&format!("users/{id}?pwd.activated=false")).await.ok();
        anna.get("partners").await.refused(401, 2, "");
        admin.put(&format!("users/{id}?pwd.activated=true")).await.ok();
        anna.get("partners").await.ok();
        let held = admin.get(&format!("users/{id}/roles")).await.ok().id();
        admin.delete(&format!("users/{id}/roles/{held}")).await.ok();
        anna.get("partners").await.refused(401, 2, "");
        // Whoever is given the role acts for the partner, wherever at home.
        let other = make(&admin, "users/?login=other&pwd=another+good+secret").await;
        let other_person = signed_in(&bed, "other", "another good secret");
        other_person.get("partners").await.refused(401, 2, "");
        admin.put(&format!("users/{other}/roles/{held}")).await.ok();
        assert_eq!(other_person.get("partners").await.ok().ids().len(), 1);
        admin.delete(&format!("users/{other}")).await.ok();
        other_person.get("partners").await.refused(401, 2, "");
    }

    async fn a_rejected_or_de_activated_partner_is_seen_and_not_changed(bed: Bed) {
        let admin = bed.admin();
        with_login(&bed, "acme", "anna").await;
        let anna = person(&bed, "anna");
        for (step, may) in [("approved", true), ("de-active", false), ("active", true), ("rejected", false), ("approved", true)] {
            admin.put(&format!("partners/acme/status?status={step}")).await.ok();
            anna.get("partners/acme").await.ok();
            let answer = anna.put("partners/acme?address=Road").await;
            assert_eq!(answer.status, if may { 200 } else { 403 }, "{step}");
        }
    }

    async fn a_role_called_partner_elsewhere_opens_nothing(bed: Bed) {
        let admin = bed.admin();
        let elsewhere = organization(&admin, "elsewhere").await;
        let role = role(&admin, &elsewhere, "Partner").await;
        let id = make(&admin, "users/?login=anna&pwd=a+fairly+good+secret").await;
        admin.put(&format!("users/{id}/roles/{role}")).await.ok();
        person(&bed, "anna").get("partners").await.refused(401, 2, "");
    }
}

on_both_with! { strict;
    async fn wrong_passwords_count_and_lock_as_elsewhere(bed: Bed) {
        let admin = bed.admin();
        with_login(&bed, "acme", "anna").await;
        let (anna, id) = (person(&bed, "anna"), id_of(&bed, "anna").await);
        let status = || async { bed.admin().get(&format!("users/{id}")).await.ok().value("status") };
        anna.get("partners").await.ok();
        for wrong in ["wrong one", "wrong two"] {
            signed_in(&bed, "anna", wrong).get("partners").await.refused(401, 2, "");
        }
        assert_eq!(status().await, "Enabled");
        admin.post(&format!("users/{id}/authenticate?pwd=wrong+three")).await.refused(403, 3, "pwd");
        assert_eq!(status().await, "Locked");
        anna.get("partners").await.refused(401, 2, "");
        admin.put(&format!("users/{id}?status=Enabled")).await.ok();
        anna.get("partners").await.ok();
        let tries: Vec<String> = (0..16).map(|number| format!("wrong {number}")).collect();
        let tries = tries.iter().map(|wrong| {
            let caller = signed_in(&bed, "anna", wrong);
            async move { caller.get("partners").await.refused(401, 2, "") }
        });
        futures_util::future::join_all(tries).await;
        assert_eq!(status().await, "Locked");
        let filters = format!("auditevents?eventId=VLT_USER_AUTHENTICATE&category=failure&entityId={id}");
        assert_eq!(admin.get(&filters).await.ok().ids().len(), 6, "two and one, then no more than three");
    }

    async fn nobody_is_locked_who_is_no_partners_user(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna&pwd=a+fairly+good+secret").await;
        for number in 0..6 {
            signed_in(&bed, "anna", &format!("wrong {number}")).get("partners").await.refused(401, 2, "");
        }
        person(&bed, "anna").get("partners").await.refused(401, 2, "");
        assert_eq!(admin.get(&format!("users/{id}")).await.ok().value("status"), "Enabled");
        admin.post(&format!("users/{id}/authenticate?pwd=a+fairly+good+secret")).await.ok();
    }
}

on_both_with! { |config: &mut Config| config.partners.user_sign_in = false;
    async fn it_can_be_switched_off(bed: Bed) {
        with_login(&bed, "acme", "anna").await;
        person(&bed, "anna").get("partners").await.refused(401, 2, "");
        let id = id_of(&bed, "anna").await;
        bed.admin().post(&format!("users/{id}/authenticate?pwd=a+fairly+good+secret")).await.ok();
    }
}
