//! Partners: registering, changing and reading them.

use super::made::{close, group, partner};
use crate::on_both;

on_both! {
    async fn a_partner_is_registered_in_progress_and_found_by_its_own_id_in_any_letter_case(bed: Bed) {
        let admin = bed.admin();
        let group = group(&bed, "basic").await;
        let words = "partnerId=Acme&organizationName=Acme%20Ltd&emailId=a@acme.example&partnerType=Auth_Partner";
        let id = admin.post(&format!("partners/?{words}&policyGroup=BASIC&contactNumber=%2B358401234567&address=Road%201")).await.ok().id();
        for key in [id.as_str(), "Acme", "aCME"] {
            let found = admin.get(&format!("partners/{key}")).await.ok();
            for (name, value) in [
                ("partnerId", "Acme"), ("organizationName", "Acme Ltd"), ("emailId", "a@acme.example"),
                ("partnerType", "Auth_Partner"), ("policyGroup", group.as_str()), ("status", "InProgress"),
                ("active", "false"), ("contactNumber", "+358401234567"), ("address", "Road 1"), ("organization", ""),
            ] {
                assert_eq!(found.value(name), value, "{name} of {key}");
            }
        }
        assert_eq!(admin.get("partners?organizationName=acme").await.ok().id(), id);
        bed.must_be_sound().await;
    }

    async fn every_argument_of_a_registration_is_judged(bed: Bed) {
        let admin = bed.admin();
        group(&bed, "basic").await;
        let good = [
            ("partnerId", "acme"), ("organizationName", "Acme"), ("emailId", "a@acme.example"),
            ("partnerType", "Auth_Partner"), ("policyGroup", "basic"),
        ];
        let with = |name: &str, value: Option<&str>| {
            let kept = good.iter().filter(|(known, _)| *known != name).map(|(known, value)| (*known, *value));
            let all: Vec<String> = kept.chain(value.map(|value| (name, value))).map(|(n, v)| format!("{n}={v}")).collect();
            format!("partners/?{}", all.join("&"))
        };
        let long = |count: usize| "x".repeat(count);
        let (id, name, number, address, email) = (long(37), long(129), "1".repeat(17), long(2001), format!("{}@b.fi", long(250)));
        for (name, value) in [
            ("partnerId", ""), ("partnerId", "a%20b"), ("partnerId", "otp"), ("partnerId", id.as_str()),
            ("partnerId", "0197c2b2-0000-7000-8000-000000000001"), ("organizationName", ""), ("organizationName", "%20"),
            ("organizationName", name.as_str()), ("emailId", ""), ("emailId", "nobody"), ("emailId", "a@b@c.fi"),
            ("emailId", email.as_str()), ("contactNumber", number.as_str()), ("address", address.as_str()), ("partnerType", ""),
            ("partnerType", "auth_partner"), ("partnerType", "Unknown"), ("policyGroup", ""), ("status", "approved"),
            ("active", "true"), ("organization", "root"), ("shoesize", "43"),
        ] {
            admin.post(&with(name, Some(value))).await.refused(400, 1, name);
        }
        for (name, _) in good {
            admin.post(&with(name, None)).await.refused(400, 1, name);
        }
        admin.post(&format!("{}&emailId=b@b.fi", with("address", None))).await.refused(400, 1, "emailId");
        admin.post(&with("policyGroup", Some("none"))).await.refused(400, 10, "policyGroup");
        assert!(admin.get("partners").await.ok().ids().is_empty());
        // Types that need no policy group may do without.
        admin.post("partners/?partnerId=d&organizationName=D&emailId=d@d.fi&partnerType=Device_Provider").await.ok();
    }

    async fn what_tells_partners_apart_is_unique_whatever_the_letter_case(bed: Bed) {
        let admin = bed.admin();
        partner(&bed, "acme").await;
        let base = "partnerType=Device_Provider";
        for (words, name) in [
            ("partnerId=ACME&organizationName=Other&emailId=other@b.fi", "partnerId"),
            ("partnerId=other&organizationName=ACME&emailId=other@b.fi", "organizationName"),
            ("partnerId=other&organizationName=Other&emailId=ACME@partner.example", "emailId"),
        ] {
            admin.post(&format!("partners/?{base}&{words}")).await.refused(409, 4, name);
        }
    }

    async fn an_inactive_policy_group_cannot_be_chosen_but_may_be_kept(bed: Bed) {
        let admin = bed.admin();
        let (basic, other) = (group(&bed, "basic").await, group(&bed, "other").await);
        let words = "organizationName=Acme&emailId=a@acme.example&partnerType=Print_Partner";
        admin.post(&format!("partners/?partnerId=acme&{words}&policyGroup={basic}")).await.ok();
        close(&bed, &basic).await;
        close(&bed, &other).await;
        admin.put("partners/acme?address=Road%202").await.ok();
        admin.put(&format!("partners/acme?policyGroup={other}")).await.refused(409, 15, "policyGroup");
        admin.put("partners/acme?policyGroup=").await.refused(400, 1, "policyGroup");
        let words = "organizationName=B&emailId=b@acme.example&partnerType=Print_Partner";
        admin.post(&format!("partners/?partnerId=b&{words}&policyGroup={basic}")).await.refused(409, 15, "policyGroup");
    }

    async fn an_update_changes_what_may_change_and_nothing_else(bed: Bed) {
        let admin = bed.admin();
        let (acme, _) = (partner(&bed, "acme").await, partner(&bed, "beta").await);
        for name in ["partnerId", "partnerType", "status", "active", "organization", "otp", "login", "pwd"] {
            admin.put(&format!("partners/acme?{name}=x")).await.refused(400, 1, name);
        }
        admin.put("partners/acme?emailId=nobody").await.refused(400, 1, "emailId");
        admin.put("partners/acme?emailId=").await.refused(400, 1, "emailId");
        admin.put("partners/acme?organizationName=BETA").await.refused(409, 4, "organizationName");
        admin.put("partners/gamma?address=x").await.refused(404, 7, "partner");
        let before = admin.get("partners/acme").await.ok();
        admin.clone().header("if-match", "\"99-x\"").put("partners/acme?address=x").await.refused(412, 14, "");
        assert_eq!(admin.put("partners/acme?organizationName=ACME&address=Road%203&contactNumber=040").await.ok().id(), acme);
        let after = admin.get("partners/acme").await.ok();
        assert_eq!([after.value("organizationName"), after.value("address"), after.value("contactNumber")], ["ACME", "Road 3", "040"]);
        for name in ["partnerId", "emailId", "partnerType", "status", "active"] {
            assert_eq!(after.value(name), before.value(name), "{name}");
        }
    }
}
