//! Refusals of documents: hostile ones, ill-formed ones, and sound ones that do not fit what is asked.

use std::fmt::Write as _;

use reqwest::Method;
use valtuus::config::Config;

use super::ground::Ground;
use crate::kit::Bed;
use crate::kit::cases::{Case, all_refused, case};
use crate::{on_both, on_both_with};

const NAMESPACE: &str = "http://schema.ubisecure.com/customerid/api";

fn element(root: &str, inside: &str) -> String {
    format!("<{root} xmlns=\"{NAMESPACE}\">{inside}</{root}>")
}

fn user(inside: &str) -> String {
    element("User", inside)
}

fn attribute(name: &str, value: &str) -> String {
    format!("<Attribute name=\"{name}\"><Value>{value}</Value></Attribute>")
}

fn bad(body: impl Into<Vec<u8>>, words: &str) -> Case {
    case(Method::POST, "users/", (400, 1), words).document(body)
}

fn large(body: impl Into<Vec<u8>>, words: &str) -> Case {
    Case { status: 413, ..bad(body, words) }
}

/// Entities that refer to each other, ten times each: expanded, they would be a thousand million words.
fn laughs() -> String {
    let mut text = String::from("<!DOCTYPE User [<!ENTITY l0 \"ha\">");
    for n in 1..=9 {
        let inner = format!("&l{};", n - 1).repeat(10);
        write!(text, "<!ENTITY l{n} \"{inner}\">").unwrap();
    }
    format!("{text}]>{}", user(&attribute("login", "&l9;")))
}

/// The same documents must be refused on the way to a create and to an update.
async fn refused_everywhere(bed: &Bed, ground: &Ground, cases: Vec<Case>) {
    let mut all = cases.clone();
    for case in cases {
        all.push(Case { method: Method::PUT, path: format!("users/{}", ground.anna), ..case });
    }
    all_refused(bed, &bed.admin(), &all).await;
}

/// Room for documents of some MiB, so that nesting and not length is what is refused.
fn roomy(config: &mut Config) {
    config.limits.body = 8 << 20;
}

on_both_with! { roomy;
    async fn nesting_of_any_depth_is_refused_without_following_it(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let pairs = "<Attribute name=\"a\"><Entity>".repeat(50_000);
        let closed = format!("{pairs}{}", "</Entity></Attribute>".repeat(50_000));
        let cases = vec![
            large(format!("<User xmlns=\"{NAMESPACE}\">{pairs}"), "deeper than 32"),
            large(user(&closed), "deeper than 32"),
            bad(user(&"<a>".repeat(100_000)), ""),
            bad("<User>".repeat(100_000), ""),
        ];
        refused_everywhere(&bed, &ground, cases).await;
    }
}

on_both! {
    async fn what_would_expand_fetch_or_fill_memory_is_refused(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let login = user(&attribute("login", "x"));
        let outside = "<!DOCTYPE User [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
        let mut flood = format!("<User xmlns=\"{NAMESPACE}\"");
        for n in 0..40_000 {
            write!(flood, " a{n}=\"\"").unwrap();
        }
        flood.push_str("/>");
        let members = user(&"<Attribute name=\"a\"/>".repeat(10_001));
        let namespaces: String = (0..5_000).fold(String::new(), |mut text, n| {
            write!(text, " xmlns:n{n}=\"urn:{n}\"").unwrap();
            text
        });
        let cases = vec![
            bad(laughs(), "DOCTYPE"),
            bad(format!("<!DOCTYPE User>{login}"), "DOCTYPE"),
            bad(format!("{outside}{}", user(&attribute("login", "&x;"))), "DOCTYPE"),
            bad(format!("<!DOCTYPE User SYSTEM \"http://127.0.0.1:1/x.dtd\">{login}"), "DOCTYPE"),
            bad(user(&attribute("login", "&x;")), "entity"),
            bad(format!("<?xml-stylesheet href=\"x\"?>{login}"), "processing"),
            bad(flood, "a0"),
            large(members, "10000"),
            large(format!("<User xmlns=\"{NAMESPACE}\"{namespaces}/>"), "128"),
            large(user(&attribute("login", &"x".repeat(65_537))), "65536"),
            large(user(&attribute(&"n".repeat(65_537), "x")), "65536"),
        ];
        refused_everywhere(&bed, &ground, cases).await;
    }

    async fn what_is_not_text_that_xml_can_carry_is_refused(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let with = |bytes: &[u8]| {
            let mut text = user(&attribute("login", "@")).into_bytes();
            let at = text.iter().position(|byte| *byte == b'@').unwrap();
            text.splice(at..=at, bytes.iter().copied());
            text
        };
        let utf16: Vec<u8> = user("").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut marked = vec![0xff, 0xfe];
        marked.extend(&utf16);
        let cases = vec![
            bad(with(b"\xff\xfe"), ""), bad(with(b"\xc3"), ""), bad(with(b"\xed\xa0\x80"), ""), bad(with(b"\xc0\x80"), ""),
            bad(with(b"\x00"), ""), bad(with(b"\x01"), ""), bad(with(b"\x1b[2J"), ""), bad(with(b"\xef\xbf\xbf"), ""),
            bad(with(b"&#0;"), ""), bad(with(b"&#1;"), ""), bad(with(b"&#xD800;"), ""), bad(with(b"&#x110000;"), ""),
            bad(with(b"&#99999999999999999999;"), ""), bad(utf16, ""), bad(marked, ""),
            bad(format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{}", user("")), "declaration"),
            bad(format!("<?xml version=\"1.1\"?>{}", user("")), "declaration"),
        ];
        refused_everywhere(&bed, &ground, cases).await;
    }

    async fn what_is_not_well_formed_or_not_of_the_schema_is_refused(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let login = attribute("login", "x");
        let cases = vec![
            bad(" ", ""), bad("x", ""), bad("<User", ""), bad("<User>", ""), bad("{\"login\":\"x\"}", ""),
            bad(format!("{}x", user(&login)), ""), bad(format!("{0}{0}", user(&login)), ""), bad(user("<a><b></a></b>"), ""),
            bad("<User/>", "namespace"), bad(format!("<User xmlns=\"urn:other\">{login}</User>"), "namespace"),
            bad(user("<Attribute>x</Attribute>"), ""), bad(user("<Attribute><Value>x</Value></Attribute>"), "name"),
            bad(user("text"), ""), bad(user("<Id>1</Id>"), ""), bad(user("<Planet/>"), ""), bad(element("user", &login), ""),
            bad(format!("<User xmlns=\"{NAMESPACE}\" id=\"1\">{login}</User>"), ""),
            bad(user("<Attribute name=\"login\" name=\"x\"><Value>x</Value></Attribute>"), ""),
            bad(user("<Attribute name=\"login\"><Value>x</Value><Entity/></Attribute>"), ""),
        ];
        refused_everywhere(&bed, &ground, cases).await;
    }

    async fn a_document_that_does_not_fit_the_operation_is_refused(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let login = attribute("login", "x");
        let entity = "<Attribute name=\"login\"><Entity><Attribute name=\"a\"/></Entity></Attribute>";
        let cases = vec![
            bad(element("Organization", &login), "User"),
            bad(element("Users", ""), "User"),
            bad(element("Users", "<Id>01890000-0000-7000-8000-000000000000</Id>"), "User"),
            bad(element("Users", &user(&login)), ""),
            bad(user(entity), "login"),
            bad(user(&format!("{login}{login}")), "login"),
            bad(user(&format!("{login}{}", attribute("login", "y"))), "login"),
            bad(user("<Attribute name=\"login\"><Value>a</Value><Value>b</Value></Attribute>"), "login"),
            bad(user(&format!("{login}{}", attribute("shoesize", "43"))), "shoesize"),
            bad(user(&format!("{login}{}", attribute("cn", "x"))), "cn"),
            bad(user(&format!("{login}{}", attribute("status", "7"))), "status"),
            bad(user(&format!("{login}{}", attribute("pwd", "short"))), "pwd"),
            bad(user(&format!("{login}{}", attribute("username", "admin"))), "username"),
            bad(user(&attribute("login", "")), "login"),
        ];
        refused_everywhere(&bed, &ground, cases).await;
    }

    async fn a_query_and_a_document_do_not_go_together(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let Ground { anna, company, role, mandate, below, .. } = &ground;
        let body = user(&attribute("login", "x"));
        let asked = |method, path: String, words: &str| case(method, path, (400, 1), words).document(body.clone());
        let cases = [
            asked(Method::POST, "users/?login=y".to_owned(), "login"),
            asked(Method::POST, "users/?nonsense=y".to_owned(), "nonsense"),
            asked(Method::PUT, format!("users/{anna}?locale=fi"), "locale"),
            // Operations that take no document.
            asked(Method::PUT, format!("users/{anna}/roles/{role}"), "body"),
            asked(Method::PUT, format!("mandates/{mandate}/revoke"), "body"),
            asked(Method::PUT, format!("organizations/{company}/parent?parentOrganizationId={below}"), "body"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
        // A sound document with nothing but credentials in the query is taken.
        let made = case(Method::POST, "users/", (200, 0), "").document(user(&attribute("login", "sound")));
        let id = made.ask(&bed.admin()).await.ok().id();
        assert_eq!(bed.admin().get(&format!("users/{id}")).await.ok().value("login"), "sound");
        let text = case(Method::PUT, format!("users/{id}"), (200, 0), "").body(user(&attribute("login", "sounder")));
        text.header("Content-Type", "text/xml; charset=\"UTF-8\"").ask(&bed.admin()).await.ok();
    }
}
