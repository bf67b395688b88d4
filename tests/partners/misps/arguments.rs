//! What is refused: arguments, unknown ids, missing grants, bounded clients. Nothing changes then.

use reqwest::Method;

use super::{UNKNOWN_KEY, approved, decide, registered, validate};
use crate::kit::cases::{Case, all_refused, case};
use crate::on_both;
use crate::refusals::ground::NOBODY;
use crate::refusals::reader::client;

fn bad(method: Method, path: impl Into<String>, words: &str) -> Case {
    case(method, path, (400, 1), words)
}

on_both! {
    async fn bad_arguments_are_named_and_change_nothing(bed: Bed) {
        let (misp, key) = approved(&bed).await;
        let path = format!("misps/{}", misp.id);
        let long = "x".repeat(129);
        let cases = [
            bad(Method::POST, "misps?emailId=a@misp.example", "organizationName"),
            bad(Method::POST, "misps?organizationName=&emailId=a@misp.example", "organizationName"),
            bad(Method::POST, format!("misps?organizationName={long}&emailId=a@misp.example"), "organizationName"),
            bad(Method::POST, "misps?organizationName=a&organizationName=b&emailId=a@misp.example", "organizationName"),
            bad(Method::POST, "misps?organizationName=a", "emailId"),
            bad(Method::POST, "misps?organizationName=a&emailId=nonsense", "emailId"),
            bad(Method::POST, format!("misps?organizationName=a&emailId=a@misp.example&contactNumber={}", "1".repeat(17)), "contactNumber"),
            bad(Method::POST, format!("misps?organizationName=a&emailId=a@misp.example&address={}", "x".repeat(2_001)), "address"),
            bad(Method::POST, "misps?organizationName=a&emailId=a@misp.example&mispId=777", "mispId"),
            bad(Method::POST, "misps?organizationName=a&emailId=a@misp.example&status=approved", "status"),
            bad(Method::POST, "misps?organizationName=a&emailId=a@misp.example&active=false", "active"),
            bad(Method::PUT, format!("{path}?organizationName="), "organizationName"),
            bad(Method::PUT, format!("{path}?emailId="), "emailId"),
            bad(Method::PUT, format!("{path}?emailId=nonsense"), "emailId"),
            bad(Method::PUT, format!("{path}?mispId=777"), "mispId"),
            bad(Method::PUT, format!("{path}?status=rejected"), "status"),
            bad(Method::PUT, format!("{path}?active=false"), "active"),
            bad(Method::PUT, format!("{path}/status"), "mispStatus"),
            bad(Method::PUT, format!("{path}/status?mispStatus=active"), "mispStatus"),
            bad(Method::PUT, format!("{path}/status?mispStatus=rejected&mispStatus=rejected"), "mispStatus"),
            bad(Method::PUT, format!("{path}/status?mispStatus=rejected&x=1"), "x"),
            bad(Method::PUT, format!("{path}/activation?mispStatus=rejected"), "mispStatus"),
            bad(Method::PUT, format!("{path}/activation?mispStatus=Active"), "mispStatus"),
            bad(Method::PUT, format!("{path}/activation?mispStatus=de-active&x=1"), "x"),
            bad(Method::POST, format!("{path}/licensekey?x=1"), "x"),
            bad(Method::GET, format!("{path}/licensekey?x=1"), "x"),
            bad(Method::PUT, format!("{path}/licensekey?mispLicenseKeyStatus=active"), "mispLicenseKey"),
            bad(Method::PUT, format!("{path}/licensekey?mispLicenseKey={key}"), "mispLicenseKeyStatus"),
            bad(Method::PUT, format!("{path}/licensekey?mispLicenseKey={key}&mispLicenseKeyStatus=off"), "mispLicenseKeyStatus"),
            bad(Method::PUT, format!("{path}/licensekey?mispLicenseKey={key}&mispLicenseKeyStatus=active&x=1"), "x"),
            bad(Method::POST, format!("{path}/licensekey/validate"), "mispLicenseKey"),
            bad(Method::POST, format!("{path}/licensekey/validate?mispLicenseKey="), "mispLicenseKey"),
            bad(Method::POST, format!("{path}/licensekey/validate?mispLicenseKey={key}&mispLicenseKey={key}"), "mispLicenseKey"),
            bad(Method::POST, format!("{path}/licensekey/validate?mispLicenseKey={key}&x=1"), "x"),
            bad(Method::GET, "misps?mispStatus=approved", "mispStatus"),
            bad(Method::GET, "misps?mispLicenseKey=x", "mispLicenseKey"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn what_is_not_there_is_not_found(bed: Bed) {
        let (misp, key) = approved(&bed).await;
        let other = registered(&bed).await;
        let mut cases = Vec::new();
        for nobody in [NOBODY, "99", "0100", "%C3%A4"] {
            for (method, rest, code) in [
                (Method::GET, String::new(), 7),
                (Method::PUT, "?address=x".to_owned(), 7),
                (Method::PUT, "/status?mispStatus=approved".to_owned(), 7),
                (Method::PUT, "/activation?mispStatus=active".to_owned(), 7),
                (Method::GET, "/licensekey".to_owned(), 5),
                (Method::POST, "/licensekey".to_owned(), 5),
                (Method::PUT, format!("/licensekey?mispLicenseKey={key}&mispLicenseKeyStatus=active"), 5),
                (Method::POST, format!("/licensekey/validate?mispLicenseKey={key}"), 5),
            ] {
                cases.push(case(method, format!("misps/{nobody}{rest}"), (404, code), "misp"));
            }
        }
        for (misp, key) in [(&misp, UNKNOWN_KEY), (&misp, "short"), (&other, key.as_str())] {
            let path = format!("misps/{}/licensekey", misp.id);
            cases.push(case(Method::PUT, format!("{path}?mispLicenseKey={key}&mispLicenseKeyStatus=active"), (404, 7), "licensekey"));
            cases.push(case(Method::POST, format!("{path}/validate?mispLicenseKey={key}"), (404, 7), "licensekey"));
        }
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn every_operation_needs_its_grant(bed: Bed) {
        let (misp, key) = approved(&bed).await;
        let path = format!("misps/{}", misp.id);
        let of_key = format!("{path}/licensekey");
        let operations = [
            (Method::GET, "misps".to_owned(), "read:misp"),
            (Method::GET, path.clone(), "read:misp"),
            (Method::POST, "misps?organizationName=new&emailId=a@misp.example".to_owned(), "create:misp"),
            (Method::PUT, format!("{path}?address=x"), "update:misp"),
            (Method::PUT, format!("{path}/activation?mispStatus=active"), "approve:misp"),
            (Method::GET, of_key.clone(), "read:licensekey"),
            (Method::POST, format!("{of_key}/validate?mispLicenseKey={key}"), "read:licensekey"),
            (Method::PUT, format!("{of_key}?mispLicenseKey={key}&mispLicenseKeyStatus=active"), "approve:licensekey"),
            (Method::POST, of_key.clone(), "create:licensekey"),
            (Method::PUT, format!("{path}/status?mispStatus=rejected"), "approve:misp"),
        ];
        let all = ["read", "create", "update", "approve", "delete"];
        for (number, (method, path, needed)) in operations.into_iter().enumerate() {
            let words: Vec<String> = ["misp", "licensekey"].into_iter()
                .flat_map(|kind| all.map(|verb| format!("{verb}:{kind}")))
                .filter(|word| word != needed)
                .collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let without = client(&bed, &format!("without{number}"), &words).await;
            without.send(method.clone(), &path, None).await.refused(403, 3, "may not");
            let with = client(&bed, &format!("with{number}"), &[needed]).await;
            let answer = with.send(method, &path, None).await;
            assert!(answer.status == 200 || answer.status == 409, "{path}: {}", answer.text());
        }
    }

    async fn a_bounded_client_knows_no_misp(bed: Bed) {
        let (misp, key) = approved(&bed).await;
        let pwd = "apiclients?name=bounded&preset=admin&pwd=bounded-password&within=root";
        bed.admin().post(pwd).await.ok();
        let credentials = crate::kit::caller::Credentials::Basic("bounded".into(), "bounded-password".into());
        let bounded = bed.anonymous().with(credentials);
        let store = &bed.server.service().engine.store;
        let before = crate::kit::trace::versions(store).await;
        for (method, path) in [
            (Method::GET, format!("misps/{}", misp.number)),
            (Method::PUT, format!("misps/{}?address=x", misp.id)),
            (Method::POST, "misps?organizationName=new&emailId=a@misp.example".to_owned()),
            (Method::GET, format!("misps/{}/licensekey", misp.id)),
            (Method::POST, format!("misps/{}/licensekey", misp.id)),
            (Method::PUT, format!("misps/{}/activation?mispStatus=de-active", misp.id)),
        ] {
            let answer = bounded.send(method, &path, None).await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        }
        for answer in [decide(&bounded, &misp.id, "rejected").await, validate(&bounded, &misp.id, &key).await] {
            assert_eq!(answer.status, 404, "{}", answer.text());
        }
        assert_eq!(crate::kit::trace::versions(store).await, before);
    }
}
