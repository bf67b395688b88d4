//! POST `/imports/digit`: the same over HTTP, under the grants and bounds of a client.

use reqwest::Method;
use valtuus::operation::{Caller as Local, client};
use valtuus::store::{AuditQuery, Credential};
use zeroize::Zeroizing;

use super::{FILES, master, text};
use crate::api::{below, make, organization};
use crate::kit::answer::Answer;
use crate::kit::caller::Credentials;
use crate::kit::trace::{records, records_of_request, versions};
use crate::kit::{Bed, Caller};
use crate::on_both;

const BOUNDARY: &str = "frontier";

/// A form with these parts: name, file's name, content.
pub fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// The three files as a form.
pub fn files(texts: &[String; 3]) -> Vec<u8> {
    let parts: Vec<_> =
        FILES.iter().zip(texts).map(|(file, text)| ("file", Some(*file), text.as_bytes())).collect();
    form(&parts)
}

/// Small files without fault.
pub fn small(tenant: &str) -> [String; 3] {
    [
        master(tenant, FILES[0], r#"{"code":"A","name":"a"}"#),
        master(tenant, FILES[1], r#"{"id":1,"url":"/a","enabled":false}"#),
        master(tenant, FILES[2], &format!(r#"{{"rolecode":"A","actionid":1,"tenantId":"{tenant}"}}"#)),
    ]
}

/// Sends a form.
pub async fn send(caller: &Caller<'_>, query: &str, body: Vec<u8>) -> Answer {
    let caller = caller.clone().header("content-type", &format!("multipart/form-data; boundary={BOUNDARY}"));
    caller.send(Method::POST, &format!("imports/digit?{query}"), Some(body)).await
}

/// A client with exactly these grants, bounded to an organization where one is named.
pub async fn granted<'b>(bed: &'b Bed, name: &str, words: &[&str], within: Option<&str>) -> Caller<'b> {
    let service = bed.server.service();
    let password = format!("{name}-password");
    let phc = service.verifier.hash(Zeroizing::new(password.clone())).await.unwrap();
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let local = Local::local("test");
    client::add(&service.engine, &local, name, &words, Credential { phc, set: 0 }).await.unwrap();
    if let Some(within) = within {
        let id = bed.admin().get(&format!("apiclients?name={name}")).await.ok().id();
        bed.admin().put(&format!("apiclients/{id}?within={within}")).await.ok();
    }
    bed.anonymous().with(Credentials::Query(name.to_owned(), password))
}

const ALL: [&str; 4] = ["create:organization", "create:role", "create:action", "create:roleaction"];

on_both! {
    async fn the_answer_is_the_report(bed: Bed) {
        let texts = FILES.map(text);
        let admin = bed.admin();
        let tried = send(&admin, "tenant=vale&dryRun=true", files(&texts)).await;
        assert_eq!(tried.status.as_u16(), 207, "{}", tried.text());
        assert_eq!((tried.value("dryRun"), tried.value("rolesMade")), ("true".into(), "3".into()));
        admin.get("organizations/vale").await.refused(404, 7, "");
        let done = send(&admin, "tenant=vale", files(&texts)).await;
        assert_eq!(done.status.as_u16(), 207, "{}", done.text());
        let root = "<DigitImport xmlns=\"http://schema.ubisecure.com/customerid/api\" inResponseTo=\"/2.0/imports/digit\" method=\"POST\">";
        assert!(done.text().contains(root), "{}", done.text());
        let values = ["tenant", "complete", "organizationsMade", "roleActionsMade", "roleActionsDangling", "unknownRole"]
            .map(|name| done.value(name));
        assert_eq!(values, ["vale", "false", "vale", "6", "5", "DIVINER"]);
        assert_eq!(done.text().matches("<Entity>").count(), 19);
        assert_eq!(admin.get("roleactions?tenant=vale").await.ok().ids().len(), 6);
        bed.must_be_sound().await;
        let json = send(&admin.clone().json(), "tenant=vale", files(&texts)).await.json();
        assert_eq!(json["type"], "DigitImport");
        assert_eq!(json["attributes"]["roleActionsUnchanged"][0], "6");
        assert_eq!(json["attributes"]["finding"][0]["attributes"]["what"][0], "duplicate");
        let sound = send(&admin, "tenant=uk", files(&small("uk"))).await.ok();
        assert_eq!((sound.value("complete"), sound.value("roleActionsMade")), ("true".into(), "1".into()));
    }

    async fn parts_are_known_by_their_files_or_by_their_own_names(bed: Bed) {
        let texts = small("uk");
        let bytes: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        let admin = bed.admin();
        for parts in [
            [("a", Some("data/uk/roles.json"), bytes[0]), ("b", Some("actions-test.json"), bytes[1]), ("c", Some("x/roleactions.json"), bytes[2])],
            [("roleactions", None, bytes[2]), ("actions-test", None, bytes[1]), ("roles", None, bytes[0])],
            [("roleactions.json", None, bytes[2]), ("actions-test", Some(""), bytes[1]), ("x", Some("roles.json"), bytes[0])],
        ] {
            send(&admin, "tenant=uk", form(&parts)).await.ok();
        }
        for (parts, words) in [
            (vec![("roles", None, bytes[0]), ("actions-test", None, bytes[1])], "roleactions.json: the file is missing"),
            (vec![("roles", None, bytes[0]), ("roles", None, bytes[0])], "roles.json: expected only once"),
            (vec![("roles", Some("other.json"), bytes[0])], "expected roles.json"),
            (vec![("roles", Some("../roles.json"), bytes[0])], "expected roles.json"),
            (vec![("other", None, bytes[0])], "expected roles.json"),
            (vec![("x", Some("x.zip"), b"PK no archive".as_slice())], "expected a sound archive"),
            (vec![], "the file is missing"),
        ] {
            send(&admin, "tenant=uk", form(&parts)).await.refused(400, 1, words);
        }
        let mut cut = files(&texts);
        cut.truncate(cut.len() - 30);
        send(&admin, "tenant=uk", cut).await.refused(400, 1, "body");
        send(&admin, "tenant=uk", b"nothing of a form".to_vec()).await.refused(400, 1, "body");
        send(&admin, "tenant=uk", Vec::new()).await.refused(400, 1, "body");
    }

    async fn what_is_refused_changes_nothing_and_is_recorded(bed: Bed) {
        let admin = bed.admin();
        let store = &bed.server.service().engine.store;
        let before = versions(store).await;
        let good = || files(&small("uk"));
        for (query, status, code, words) in [
            ("", 400, 1, "tenant: mandatory"), ("tenant=", 400, 1, "tenant"), ("tenant=uk/x", 400, 1, "tenant"),
            ("tenant=root", 400, 1, "tenant"), ("tenant=uk&tenant=pb", 400, 1, "tenant"),
            ("tenant=pb", 400, 1, "roles.json: tenantId"), ("tenant=uk&dryRun=yes", 400, 1, "dryRun"),
            ("tenant=uk&dryRun=true&dryRun=true", 400, 1, "dryRun"), ("tenant=uk&colour=blue", 400, 1, "colour"),
        ] {
            let answer = send(&admin, query, good()).await.refused(status, code, words);
            let trail = records_of_request(store, answer.header("x-request-id")).await;
            let told: Vec<_> = trail.iter().map(|record| (record.field("eventId"), record.field("category"))).collect();
            assert_eq!(told, [("VLT_ROLEACTION_IMPORT", "request"), ("VLT_ROLEACTION_IMPORT", "failure")], "{query}");
        }
        let mut bad = small("uk");
        "{\"tenantId\":\"uk\",\n\"secret-hunter2\"".clone_into(&mut bad[1]);
        let answer = send(&admin, "tenant=uk", files(&bad)).await.refused(400, 1, "actions-test.json: line 2, column ");
        assert!(!answer.text().contains("hunter2"));
        let header = |name: &str, value: &str| admin.clone().header(name, value);
        let path = "imports/digit?tenant=uk";
        header("content-type", "application/xml").send(Method::POST, path, Some(good())).await.refused(415, 14, "multipart");
        header("content-type", "multipart/form-data").send(Method::POST, path, Some(good())).await.refused(415, 14, "multipart");
        admin.send(Method::POST, path, Some(good())).await.refused(415, 14, "multipart");
        send(&header("if-match", "\"1-00\""), "tenant=uk", good()).await.refused(412, 14, "");
        let answer = bed.http.post(format!("{}/imports/digit", bed.base())).body(good()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 401);
        admin.get("imports/digit").await.refused(405, 13, "POST");
        admin.get("imports").await.refused(404, 7, "");
        let mut long = small("uk");
        long[0].push_str(&" ".repeat(2 << 20));
        send(&admin, "tenant=uk", files(&long)).await.refused(413, 1, "body");
        assert_eq!(versions(store).await, before);
    }

    async fn every_kind_concerned_must_be_granted(bed: Bed) {
        let texts = small("uk");
        for (place, kind) in ["organization", "role", "action", "roleaction"].into_iter().enumerate() {
            let words: Vec<&str> = ALL.into_iter().enumerate().filter(|(other, _)| *other != place).map(|(_, word)| word).collect();
            let caller = granted(&bed, &format!("without-{kind}"), &words, None).await;
            send(&caller, "tenant=uk&dryRun=true", files(&texts)).await.refused(403, 3, kind);
            send(&caller, "tenant=uk", files(&texts)).await.refused(403, 3, kind);
            // Bad arguments are told to everybody.
            send(&caller, "tenant=pb", files(&texts)).await.refused(400, 1, "roles.json");
        }
        assert!(bed.admin().get("roleactions").await.ok().ids().is_empty());
        let maker = granted(&bed, "maker", &ALL, None).await;
        send(&maker, "tenant=uk", files(&texts)).await.ok();
        send(&maker, "tenant=uk", files(&texts)).await.ok();
        let mut other = small("uk");
        other[0] = master("uk", FILES[0], r#"{"code":"A","name":"other"}"#);
        send(&maker, "tenant=uk", files(&other)).await.refused(403, 3, "update role");
        send(&bed.reader(), "tenant=uk", files(&texts)).await.refused(403, 3, "create");
        send(&bed.admin(), "tenant=uk", files(&other)).await.ok();
    }

    async fn a_bounded_client_imports_only_below_its_organization(bed: Bed) {
        let admin = bed.admin();
        let uk = organization(&admin, "uk").await;
        below(&admin, &uk, "almora").await;
        let dehradun = below(&admin, &uk, "dehradun").await;
        make(&admin, "roles/?name=STATE&organization=uk").await;
        let words = ["create:*", "update:*", "read:*"];
        let city = granted(&bed, "city", &words, Some(&dehradun)).await;
        for tenant in ["uk", "uk.almora", "uk.other", "pb", "pb.amritsar"] {
            for query in [format!("tenant={tenant}"), format!("tenant={tenant}&dryRun=true")] {
                send(&city, &query, files(&small(tenant))).await.refused(404, 5, "tenant");
            }
        }
        let mut texts = small("uk.dehradun");
        send(&city, "tenant=uk.dehradun", files(&texts)).await.ok();
        let inner = send(&city, "tenant=uk.dehradun.ward7", files(&small("uk.dehradun.ward7"))).await.ok();
        assert_eq!(inner.value("organizationsMade"), "uk/dehradun/ward7");
        // What it cannot see it cannot map either.
        texts[2] = master("uk.dehradun", FILES[2], r#"{"rolecode":"STATE","actionid":1,"tenantId":"uk.dehradun"}"#);
        let told = send(&city, "tenant=uk.dehradun", files(&texts)).await;
        assert_eq!((told.status.as_u16(), told.value("unknownRole")), (207, "STATE".to_owned()));
        let told = send(&admin, "tenant=uk.dehradun", files(&texts)).await.ok();
        assert_eq!(told.value("roleActionsMade"), "1");
        bed.must_be_sound().await;
    }

    async fn the_same_key_imports_once(bed: Bed) {
        let keyed = bed.admin().header("idempotency-key", "masters-1");
        let first = send(&keyed, "tenant=vale", files(&FILES.map(text))).await;
        let again = send(&keyed, "tenant=vale", files(&FILES.map(text))).await;
        assert_eq!((first.status.as_u16(), again.status.as_u16()), (207, 207));
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(first.text(), again.text());
        send(&keyed, "tenant=vale", files(&small("vale"))).await.refused(409, 4, "Idempotency-Key");
    }

    async fn each_entity_has_its_record(bed: Bed) {
        let answer = send(&bed.admin(), "tenant=uk", files(&small("uk"))).await.ok();
        let store = &bed.server.service().engine.store;
        let trail = records_of_request(store, answer.header("x-request-id")).await;
        let told: Vec<String> = trail.iter().map(|record| format!("{} {}", record.field("eventId"), record.field("category"))).collect();
        assert_eq!(told, [
            "VLT_ROLEACTION_IMPORT request",
            "VLT_ORGANIZATION_CREATE success",
            "VLT_ROLE_CREATE success",
            "VLT_ACTION_CREATE success",
            "VLT_ROLEACTION_CREATE success",
        ]);
        let before = records(store, &AuditQuery::default()).await.len();
        send(&bed.admin(), "tenant=uk&dryRun=true", files(&small("uk"))).await.ok();
        assert_eq!(records(store, &AuditQuery::default()).await.len(), before);
    }
}
