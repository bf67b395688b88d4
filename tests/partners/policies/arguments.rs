//! What may be given: each parameter of groups and policies, addresses, grants, bounds and repetitions.

use reqwest::Method;
use valtuus::operation::{Caller as Local, client};
use valtuus::store::Credential;
use zeroize::Zeroizing;

use super::{DOCUMENT, described, draft, encoded, group, published};
use crate::api::{make, organization};
use crate::kit::caller::Credentials;
use crate::kit::{Bed, Caller};
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

/// A client with exactly these grants.
async fn granted<'b>(bed: &'b Bed, name: &str, words: &[&str]) -> Caller<'b> {
    let service = bed.server.service();
    let password = format!("{name}-password");
    let phc = service.verifier.hash(Zeroizing::new(password.clone())).await.unwrap();
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let local = Local::local("test");
    client::add(&service.engine, &local, name, &words, Credential { phc, set: 0 }).await.unwrap();
    bed.anonymous().with(Credentials::Query(name.to_owned(), password))
}

on_both! {
    async fn a_group_is_made_read_found_and_changed(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "policygroups/?name=Banks&desc=for+banks").await;
        let read = admin.get(&format!("policygroups/{id}")).await.ok();
        let values = ["name", "desc", "active"].map(|name| read.value(name));
        assert_eq!(values, ["Banks", "for banks", "true"]);
        assert_eq!(admin.get("policygroups/Banks").await.ok().value("desc"), "for banks");
        assert_eq!(admin.get("policygroups/?name=ban").await.ok().ids(), std::slice::from_ref(&id));
        admin.put("policygroups/Banks?desc=&name=Lenders").await.ok();
        let read = admin.get(&format!("policygroups/{id}")).await.ok();
        assert_eq!((read.value("name").as_str(), read.values("desc").len()), ("Lenders", 0));
        admin.get("policygroups/Banks").await.refused(404, 7, "policygroup");
        admin.post("policygroups/?name=lENDERS").await.refused(409, 4, "name");
    }

    async fn bad_arguments_of_a_group_are_named(bed: Bed) {
        let admin = bed.admin();
        let id = group(&admin).await;
        for (path, words) in [
            ("policygroups/".to_owned(), "name: mandatory"),
            ("policygroups/?name=".to_owned(), "name: mandatory"),
            ("policygroups/?name=+".to_owned(), "name: mandatory"),
            (format!("policygroups/?name={}", "x".repeat(129)), "name: expected at most 128"),
            (format!("policygroups/?name={NOBODY}"), "name: a name that looks like an id"),
            ("policygroups/?name=a&name=b".to_owned(), "name: this attribute has a single value"),
            ("policygroups/?name=a&active=maybe".to_owned(), "active: expected true or false"),
            ("policygroups/?name=a&colour=red".to_owned(), "colour"),
            (format!("policygroups/?name=a&desc={}", "x".repeat(2_001)), "desc: expected at most 2000"),
        ] {
            admin.post(&path).await.refused(400, 1, words);
        }
        admin.put(&format!("policygroups/{id}?name=")).await.refused(400, 1, "name");
        admin.put(&format!("policygroups/{NOBODY}?desc=x")).await.refused(404, 7, "policygroup");
        admin.send(Method::DELETE, &format!("policygroups/{id}"), None).await.refused(405, 13, "");
    }

    async fn a_policy_is_made_read_found_and_edited(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "policygroups/?name=banks").await;
        let path = format!("policies/?{}&desc=x&version=1.0", described("banks", "KYC"));
        let policy = format!("policies/{}", make(&admin, &path).await);
        let read = admin.get(&policy).await.ok();
        let values = ["policyGroup", "name", "desc", "version", "policyType", "policies", "state"];
        let values = values.map(|name| read.value(name));
        assert_eq!(values, [id.as_str(), "KYC", "x", "1.0", "Auth", DOCUMENT, "Draft"]);
        assert_eq!(admin.get(&format!("policies/?policyGroup={id}&state=Draft")).await.ok().ids().len(), 1);
        let other = DOCUMENT.replace("otp", "bio");
        admin.put(&format!("{policy}?policies={}&validUntil=2090-01-01T00:00:00Z", encoded(&other))).await.ok();
        let read = admin.get(&policy).await.ok();
        assert_eq!((read.value("policies"), read.value("validUntil")), (other, "2090-01-01T00:00:00Z".to_owned()));
    }

    async fn bad_arguments_of_a_policy_are_named(bed: Bed) {
        let admin = bed.admin();
        let id = group(&admin).await;
        let good = described(&id, "policy");
        let without = |name: &str| {
            let kept = good.split('&').filter(|part| !part.starts_with(&format!("{name}=")));
            kept.collect::<Vec<_>>().join("&")
        };
        for name in ["policyGroup", "name", "policyType", "policies"] {
            let words = format!("{name}: mandatory");
            admin.post(&format!("policies/?{}", without(name))).await.refused(400, 1, &words);
        }
        let with = |name: &str, value: &str| format!("policies/?{}&{name}={value}", without(name));
        for (path, words) in [
            (with("policyType", "Shoes"), "policyType: expected one of Auth, DataShare, CredentialIssuance"),
            (with("policyType", "auth"), "policyType: expected one of"),
            (with("policies", "%7B"), "policies: expected a JSON object"),
            (with("policies", "%5B%5D"), "policies: expected a JSON object"),
            (with("policies", "%7B%22a%22%3A1%2C%22a%22%3A2%7D"), "twice"),
            (with("policies", &encoded(&DOCUMENT.replace("\"otp\"", "7"))), "policies: /allowedAuthTypes/0/authType: "),
            (with("name", &"x".repeat(129)), "name: expected at most 128"),
            (with("state", "Published"), "state: this attribute cannot be set"),
            (with("validFrom", "soon"), "validFrom: expected"),
            (with("validUntil", "1970-01-01T00:00:00Z"), "validUntil: must lie behind validFrom"),
            (format!("{}&validFrom=2090-01-01T00:00:00Z", with("validUntil", "2090-01-01T00:00:00Z")), "validUntil"),
            (with("status", "active"), "status"),
            (with("version", &"1".repeat(65)), "version: expected at most 64"),
        ] {
            admin.post(&path).await.refused(400, 1, words);
        }
        admin.post(&format!("policies/?{}", described(NOBODY, "p"))).await.refused(404, 5, "policyGroup");
        admin.post(&format!("policies/?{}", described("none", "p"))).await.refused(404, 5, "policyGroup");
        assert_eq!(admin.get("policies").await.ok().ids(), [""; 0]);
        let policy = format!("policies/{}", draft(&admin, &id).await);
        for (query, words) in [
            (format!("policyGroup={id}"), "policyGroup: this attribute cannot be set"),
            ("policyType=DataShare".to_owned(), "policyType: this attribute cannot be set"),
            ("policies=%7B%7D".to_owned(), "policies: /: "),
            ("policies=no".to_owned(), "policies: expected a JSON object"),
            ("name=".to_owned(), "name"),
            ("validUntil=1970-01-01T00:00:00Z".to_owned(), "validUntil: must lie behind"),
        ] {
            admin.put(&format!("{policy}?{query}")).await.refused(400, 1, words);
        }
        for query in ["", "?status=", "?status=Draft", "?status=active&status=active", "?status=active&x=1"] {
            admin.put(&format!("{policy}/status{query}")).await.refused(400, 1, "");
        }
        admin.put(&format!("{policy}/publish?x=1")).await.refused(400, 1, "x");
        for path in ["publish", "status?status=active"] {
            admin.put(&format!("policies/{NOBODY}/{path}")).await.refused(404, 7, "policy");
            admin.put(&format!("policies/none/{path}")).await.refused(404, 7, "policy");
        }
        assert!(admin.get(&policy).await.ok().header("etag").starts_with("\"1-"));
    }

    async fn a_policy_comes_as_a_document_too(bed: Bed) {
        let admin = bed.admin().header("content-type", "application/xml");
        let id = group(&bed.admin()).await;
        let attribute = |name: &str, value: &str| format!("<Attribute name=\"{name}\"><Value>{value}</Value></Attribute>");
        let body = format!(
            "<Policy xmlns=\"http://schema.ubisecure.com/customerid/api\">{}{}{}{}</Policy>",
            attribute("policyGroup", &id), attribute("name", "p"), attribute("policyType", "Auth"),
            attribute("policies", DOCUMENT),
        );
        let made = admin.send(Method::POST, "policies/", Some(body.into_bytes())).await.ok().id();
        assert_eq!(bed.admin().get(&format!("policies/{made}")).await.ok().value("policies"), DOCUMENT);
    }

    async fn writing_and_publishing_are_two_grants_and_bounded_clients_have_neither(bed: Bed) {
        let admin = bed.admin();
        let id = group(&admin).await;
        let (policy, other) = (draft(&admin, &id).await, published(&admin, &id).await);
        let writer = granted(&bed, "scribe", &["create:policy", "update:policy", "read:policy"]).await;
        draft(&writer, &id).await;
        writer.put(&format!("policies/{policy}?desc=x")).await.ok();
        writer.put(&format!("policies/{policy}/publish")).await.refused(403, 3, "approve policy");
        writer.put(&format!("policies/{other}/status?status=de-active")).await.refused(403, 3, "approve policy");
        writer.put(&format!("policygroups/{id}?desc=x")).await.refused(403, 3, "update policygroup");
        writer.post("policygroups/?name=x").await.refused(403, 3, "create policygroup");
        writer.get("policygroups").await.refused(403, 3, "policygroup");
        let judge = granted(&bed, "judge", &["approve:policy"]).await;
        judge.put(&format!("policies/{policy}/publish")).await.ok();
        judge.put(&format!("policies/{policy}?desc=y")).await.refused(403, 3, "update policy");
        let acme = organization(&admin, "acme").await;
        let client = make(&admin, &format!("apiclients/?name=bounded&preset=admin&pwd=bounded-password&within={acme}")).await;
        assert!(!client.is_empty());
        let bounded = bed.anonymous().with(Credentials::Query("bounded".into(), "bounded-password".into()));
        bounded.get(&format!("policies/{policy}")).await.refused(404, 7, "policy");
        bounded.put(&format!("policies/{policy}/status?status=de-active")).await.refused(404, 7, "policy");
        bounded.post("policygroups/?name=x").await.refused(404, 7, "policygroup");
    }

    async fn a_repeated_request_and_a_stale_version_change_nothing(bed: Bed) {
        let admin = bed.admin();
        let id = group(&admin).await;
        let once = bed.admin().header("idempotency-key", "018f0000-0000-7000-8000-00000000abcd");
        let path = format!("policies/?{}", described(&id, "once"));
        assert_eq!(once.post(&path).await.ok().id(), once.post(&path).await.ok().id());
        let policy = draft(&admin, &id).await;
        let stale = bed.admin().header("if-match", "\"7\"");
        stale.put(&format!("policies/{policy}/publish")).await.refused(412, 14, "");
        stale.put(&format!("policies/{policy}?desc=x")).await.refused(412, 14, "");
        stale.put(&format!("policygroups/{id}?desc=x")).await.refused(412, 14, "");
        let current = bed.admin().header("if-match", "\"1\"");
        current.put(&format!("policies/{policy}/publish")).await.ok();
    }
}
