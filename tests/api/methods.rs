//! HEAD and OPTIONS, on every address.

use std::collections::BTreeMap;

use reqwest::Method;
use valtuus::http::dialect::{known, v2_0::ROUTES};

use super::many_users;
use crate::kit::Answer;
use crate::kit::raw;
use crate::kit::trace::versions;
use crate::on_both;
use crate::refusals::ground::Ground;
use crate::refusals::ground::walked;

/// The headers that do not differ from one request to the next.
fn steady(answer: &Answer) -> BTreeMap<String, String> {
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id", "transfer-encoding"].contains(&name.as_str()));
    headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

on_both! {
    async fn head_answers_what_get_would_without_its_body(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        // The trail grows, and is sealed, between the two requests.
        for route in walked(ROUTES).filter(|route| route.method == "GET" && route.path != "auditevents") {
            let path = ground.path(route);
            for path in [path.clone(), format!("{path}/"), format!("{path}?nonsense=1")] {
                for caller in [bed.admin(), bed.admin().json(), bed.anonymous()] {
                    let get = caller.get(&path).await;
                    let head = caller.send(Method::HEAD, &path, None).await;
                    assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
                    assert_eq!(steady(&head), steady(&get), "{path}");
                }
            }
        }
        for path in ["healthz", "readyz", "schema/cid-2.0.xsd", "schema/none.xsd"] {
            let url = format!("{}/{path}", bed.root());
            let (get, head) = (bed.http.get(&url).send().await.unwrap(), bed.http.head(&url).send().await.unwrap());
            assert_eq!((get.status(), get.headers().get("content-length")), (head.status(), head.headers().get("content-length")));
            assert!(head.bytes().await.unwrap().is_empty());
        }
    }

    async fn head_of_a_page_has_its_link_and_head_of_a_long_list_ends_at_once(bed: Bed) {
        many_users(&bed, 4_500, None).await;
        let head = bed.admin().send(Method::HEAD, "users?maxResults=10", None).await.ok();
        assert!(head.header("link").contains("rel=\"next\""));
        assert_eq!(head.header("x-result-truncated"), "true");
        let get = bed.admin().get("users").await.ok();
        let head = bed.admin().send(Method::HEAD, "users", None).await.ok();
        assert_eq!((steady(&head), head.body.len()), (steady(&get), 0));
        assert_eq!(head.header("content-length"), "", "the length of what is streamed is not known");
        // On the wire: one answer after another on the same connection, nothing between them.
        let password = "Authorization: Basic YWRtaW46YWRtaW4tcGFzc3dvcmQ=";
        let asked = |method: &str, path: &str| String::from_utf8(raw::request(&bed, method, path, &[password])).unwrap();
        let kept = |method: &str, path: &str| asked(method, path).replace("Connection: close\r\n", "");
        let bytes = [kept("HEAD", "users"), kept("HEAD", "users?maxResults=3"), kept("HEAD", "planets"), asked("OPTIONS", "users")];
        let answers = raw::exchange_text(&bed, bytes.concat().as_bytes()).await;
        let heads: Vec<&str> = answers.split_terminator("\r\n\r\n").map(|head| &head[..12]).collect();
        assert_eq!(heads, ["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 404", "HTTP/1.1 204"], "{answers}");
    }

    async fn head_is_refused_as_get_is(bed: Bed) {
        let nobody = bed.anonymous().send(Method::HEAD, "users", None).await;
        assert_eq!((nobody.status.as_u16(), nobody.body.len()), (401, 0));
        assert!(nobody.header("www-authenticate").starts_with("Basic"));
        let wrong = bed.admin().send(Method::HEAD, "organizations/x/parent", None).await;
        assert_eq!((wrong.status.as_u16(), wrong.header("allow")), (405, "PUT, OPTIONS"));
    }

    async fn options_tells_what_an_address_knows_to_whoever_may_call(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let before = versions(&bed.server.service().engine.store).await;
        let mut paths: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
        for route in walked(ROUTES) {
            paths.entry(ground.path(route)).or_default().push(route.method);
        }
        for (path, methods) in paths {
            for address in [path.clone(), format!("{path}/")] {
                for caller in [bed.admin(), bed.reader(), bed.admin().header("accept", "text/html")] {
                    let answer = caller.send(Method::OPTIONS, &address, None).await;
                    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0), "{address}");
                    assert_eq!(answer.header("allow"), known(methods.clone()).join(", "), "{address}");
                    assert!(!answer.header("x-request-id").is_empty());
                }
            }
            bed.anonymous().send(Method::OPTIONS, &path, None).await.refused(401, 2, "");
        }
        bed.admin().send(Method::OPTIONS, "planets", None).await.refused(404, 7, "");
        let url = format!("{}/healthz", bed.root());
        let answer = bed.anonymous().send_to(Method::OPTIONS, &url, None).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (204, "GET, HEAD, OPTIONS"));
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
    }
}
