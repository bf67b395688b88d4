//! XML documents as bodies of POST and PUT, in the place of query arguments.

use reqwest::Method;

use super::{make, organization, role, user};
use crate::kit::{Answer, Bed};
use crate::on_both;

const NAMESPACE: &str = "http://schema.ubisecure.com/customerid/api";

/// A document of one entity: attributes by name, each with its values.
fn document(root: &str, attributes: &[(&str, &[&str])]) -> String {
    let one = |(name, values): &(&str, &[&str])| {
        let values: Vec<String> = values.iter().map(|value| format!("<Value>{value}</Value>")).collect();
        format!("<Attribute name=\"{name}\">{}</Attribute>", values.concat())
    };
    let attributes: Vec<String> = attributes.iter().map(one).collect();
    format!("<{root} xmlns=\"{NAMESPACE}\">{}</{root}>", attributes.concat())
}

async fn send(bed: &Bed, method: Method, path: &str, body: &str) -> Answer {
    let admin = bed.admin().header("content-type", "application/xml");
    admin.send(method, path, Some(body.as_bytes().to_vec())).await
}

on_both! {
    async fn every_kind_can_be_made_and_changed_by_a_document(bed: Bed) {
        let acme = send(&bed, Method::POST, "organizations/", &document("Organization", &[
            ("technicalName", &["acme"]), ("vatnumber", &["1", "2"]),
        ])).await.ok().id();
        let clerk = send(&bed, Method::POST, "roles", &document("Role", &[
            ("name", &["Clerk"]), ("organization", &[&acme]),
        ])).await.ok().id();
        let anna = send(&bed, Method::POST, "users/", &document("User", &[
            ("login", &["anna"]), ("surname", &["O&apos;Hara &amp; &#xC4;"]), ("browsers", &["IE", "a,b"]),
            ("role", &[&clerk]), ("pwd", &["long-enough"]), ("organization", &["acme"]),
        ])).await.ok().id();
        let bertil = send(&bed, Method::POST, "organizations/acme/users", &document("User", &[("login", &["bertil"])])).await.ok().id();
        let given = send(&bed, Method::POST, "mandates/", &document("Mandate", &[
            ("mandater", &[&acme]), ("mandatee", &[&anna]), ("role", &[&clerk]), ("name", &["Osto"]),
        ])).await.ok().id();
        let invited = send(&bed, Method::POST, "roleinvitations/", &document("RoleInvitation", &[
            ("user", &[&bertil]), ("role", &["acme/Clerk"]), ("message", &["two\nlines"]),
        ])).await.ok().id();
        let admin = bed.admin();
        let read = admin.get(&format!("users/{anna}")).await.ok();
        assert_eq!(read.value("surname"), "O'Hara & Ä");
        assert_eq!(read.values("browsers"), ["IE", "a,b"]);
        assert_eq!(read.value("organizationId"), acme);
        assert_eq!(read.value("pwd.activated"), "true");
        assert_eq!(admin.get(&format!("users/{anna}/roles")).await.ok().ids(), std::slice::from_ref(&clerk));
        assert_eq!(admin.get(&format!("organizations/{acme}")).await.ok().values("vatnumber"), ["1", "2"]);
        assert_eq!(admin.get(&format!("mandates/{given}")).await.ok().value("name"), "Osto");
        assert_eq!(admin.get(&format!("roleinvitations/{invited}")).await.ok().value("message"), "two\nlines");
        for (path, root, name) in [
            (format!("users/{anna}"), "User", "surname"),
            (format!("organizations/{acme}"), "Organization", "friendlyName"),
            (format!("roles/{clerk}"), "Role", "description"),
            (format!("mandates/{given}"), "Mandate", "name"),
        ] {
            let answer = send(&bed, Method::PUT, &path, &document(root, &[(name, &["Uusi"])])).await.ok();
            assert!(answer.text().contains("method=\"PUT\""));
            assert_eq!(admin.get(&path).await.ok().value(name), "Uusi", "{path}");
        }
        bed.must_be_sound().await;
    }

    async fn what_was_read_can_be_written_in_the_part_that_a_client_may_set(bed: Bed) {
        let admin = bed.admin();
        let id = make(&admin, "users/?login=anna&surname=Virtanen&browsers=a&browsers=b").await;
        let text = admin.get(&format!("users/{id}")).await.ok().text();
        send(&bed, Method::PUT, &format!("users/{id}"), &text).await.refused(400, 1, "cannot be set");
    }

    async fn an_empty_or_missing_value_removes_an_attribute(bed: Bed) {
        let id = make(&bed.admin(), "users/?login=anna&firstname=A&surname=B&email=a@b.fi").await;
        let body = document("User", &[("firstname", &[""]), ("surname", &[])]);
        send(&bed, Method::PUT, &format!("users/{id}"), &body).await.ok();
        let read = bed.admin().get(&format!("users/{id}")).await.ok();
        assert_eq!((read.values("firstname"), read.values("surname")), (vec![], vec![]));
        assert_eq!(read.value("email"), "a@b.fi");
        send(&bed, Method::PUT, &format!("users/{id}"), &document("User", &[("login", &[""])])).await.refused(400, 1, "login");
    }

    async fn a_document_that_does_not_fit_is_refused(bed: Bed) {
        let admin = bed.admin();
        let id = user(&admin, "anna").await;
        let path = format!("users/{id}");
        let plain = document("User", &[("surname", &["x"])]);
        for (body, words) in [
            (document("Role", &[("name", &["x"])]), "User"),
            (format!("<Users xmlns=\"{NAMESPACE}\" method=\"PUT\"/>"), "User"),
            (plain.replace(NAMESPACE, "http://example.org/"), ""),
            (plain.replace("Attribute", "attribute"), ""),
            (plain.replace("</User>", ""), ""),
            (format!("<!DOCTYPE User>{plain}"), ""),
            (format!("<?target data?>{plain}"), ""),
            (plain.replace("name=\"surname\"", ""), ""),
            (document("User", &[("surname", &["a"]), ("surname", &["b"])]), "surname"),
            (document("User", &[("surname", &["a", "b"])]), "surname"),
            (document("User", &[("shoesize", &["42"])]), "shoesize"),
            (document("User", &[("cn", &["x"])]), "cn"),
            (document("User", &[("status", &["Locked"])]), "status"),
            (document("User", &[("username", &["x"])]), "username"),
            (format!("<User xmlns=\"{NAMESPACE}\"><Attribute name=\"surname\"><Entity><Attribute name=\"a\"/></Entity></Attribute></User>"), "surname"),
            (" ".to_owned(), ""),
            ("surname=x".to_owned(), ""),
        ] {
            send(&bed, Method::PUT, &path, &body).await.refused(400, 1, words);
        }
        assert_eq!(bed.admin().get(&path).await.ok().values("surname"), [""; 0]);
    }

    async fn arguments_stand_in_the_query_or_in_the_document_but_not_in_both(bed: Bed) {
        let id = user(&bed.admin(), "anna").await;
        let body = document("User", &[("surname", &["x"])]);
        send(&bed, Method::PUT, &format!("users/{id}?firstname=y"), &body).await.refused(400, 1, "firstname");
        send(&bed, Method::POST, "users/?login=b", &body).await.refused(400, 1, "login");
        send(&bed, Method::PUT, &format!("users/{id}"), &body).await.ok();
    }

    async fn only_documents_are_read(bed: Bed) {
        let id = user(&bed.admin(), "anna").await;
        let path = format!("users/{id}");
        let body = document("User", &[("surname", &["x"])]).into_bytes();
        for kind in ["application/xml", "text/xml", "Application/XML; charset=utf-8", "text/xml;charset=\"UTF-8\""] {
            let admin = bed.admin().header("content-type", kind);
            admin.send(Method::PUT, &path, Some(body.clone())).await.ok();
        }
        for kind in ["application/jsonp", "application/x-www-form-urlencoded", "text/plain", "application/xml; charset=latin1", "xml"] {
            let admin = bed.admin().header("content-type", kind);
            admin.send(Method::PUT, &path, Some(body.clone())).await.refused(415, 14, "");
        }
        bed.admin().send(Method::PUT, &path, Some(body.clone())).await.refused(415, 14, "");
    }

    async fn an_operation_without_entity_takes_no_document(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        let given = crate::api::mandate(&admin, &acme, &anna, &clerk).await;
        let body = document("User", &[("surname", &["x"])]);
        for path in [
            format!("users/{anna}/roles/{clerk}"),
            format!("mandates/{given}/revoke"),
            format!("organizations/{acme}/parent"),
        ] {
            send(&bed, Method::PUT, &path, &body).await.refused(400, 1, "body");
        }
    }
}
