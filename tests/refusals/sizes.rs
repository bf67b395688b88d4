//! Refusals of what is too long or cannot be decoded in line, query and body. What never becomes a request is tried
//! in breadth beside the listener, in tests/server; here only that the whole service answers it so.

use reqwest::Method;

use super::ground::Ground;
use crate::kit::caller::Credentials;
use crate::kit::cases::{all_refused, case};
use crate::kit::raw::{exchange, request};
use crate::on_both;

fn get(path: impl Into<String>, status: u16, words: &str) -> crate::kit::cases::Case {
    case(Method::GET, path, (status, 1), words)
}

on_both! {
    async fn a_line_over_the_limit_is_414_and_one_below_it_is_served(bed: Bed) {
        Ground::lay(&bed).await;
        let cases = [
            get(format!("users/?login={}", "x".repeat(8_192)), 414, "8192"),
            get(format!("users/{}", "x".repeat(8_192)), 414, "8192"),
            get(format!("users/?{}=x", "x".repeat(40_000)), 414, "8192"),
            get(format!("users/{}", "a/".repeat(5_000)), 414, "8192"),
            case(Method::POST, format!("users/?login={}", "x".repeat(9_000)), (414, 1), "8192"),
            case(Method::DELETE, format!("users/{}", "x".repeat(9_000)), (414, 1), "8192"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
        bed.admin().get(&format!("users/?login={}", "x".repeat(7_900))).await.ok();
    }

    async fn more_than_a_hundred_parameters_are_414(bed: Bed) {
        let many = |n: usize| "browsers=x&".repeat(n);
        let cases = [get(format!("users/?{}", many(101)), 414, "100"), get(format!("planets?{}", many(500)), 414, "100")];
        all_refused(&bed, &bed.admin(), &cases).await;
        // With the two credentials exactly a hundred.
        bed.admin().post(&format!("users/?login=x&{}", many(97).trim_end_matches('&'))).await.ok();
    }

    async fn what_cannot_be_decoded_is_400(bed: Bed) {
        let mut cases = Vec::new();
        for (text, words) in [("%", "percent"), ("%2", "percent"), ("%zz", "percent"), ("a%", "percent"), ("%%41", "percent"),
            ("%ff", "UTF-8"), ("%C3", "UTF-8"), ("%ED%A0%80", "UTF-8"), ("%C0%80", "UTF-8"), ("%F5%80%80%80", "UTF-8"),
            ("%00", "NUL"), ("a%00b", "NUL")] {
            cases.push(get(format!("users/?login={text}"), 400, words));
            cases.push(get(format!("users/?{text}=x"), 400, words));
            cases.push(get(format!("users/{text}"), 400, words));
            cases.push(case(Method::POST, format!("users/?login={text}"), (400, 1), words));
        }
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn control_characters_are_named_with_their_parameter(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let mut cases = Vec::new();
        for text in ["%01", "a%1Bb", "%0B", "%EF%BF%BE", "%EF%BF%BF", "%08"] {
            cases.push(get(format!("users/?login={text}"), 400, "login"));
            cases.push(get(format!("users/?{text}=x"), 400, "parameter name"));
            cases.push(get(format!("auditevents?client={text}"), 400, "client"));
            cases.push(case(Method::POST, format!("users/?login={text}"), (400, 1), "login"));
            cases.push(case(Method::PUT, format!("users/{}?browsers={text}", ground.anna), (400, 1), "browsers"));
        }
        all_refused(&bed, &bed.admin(), &cases).await;
    }

    async fn a_body_over_the_limit_is_413_declared_or_not(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let body = "x".repeat((1 << 20) + 1);
        let post = case(Method::POST, "users/", (413, 1), "1048576");
        let put = case(Method::PUT, format!("users/{}", ground.anna), (413, 1), "1048576");
        all_refused(&bed, &bed.admin(), &[post.document(body.clone()), put.document(body.clone())]).await;
        // Without a declared length the body must be counted.
        let admin = bed.admin();
        let Credentials::Query(name, password) = &admin.credentials else { panic!("not by query") };
        let line = format!("users/?username={name}&password={password}");
        let mut bytes = request(&bed, "POST", &line, &["Transfer-Encoding: chunked", "Content-Type: application/xml"]);
        for part in body.as_bytes().chunks(60_000) {
            bytes.extend(format!("{:x}\r\n", part.len()).bytes());
            bytes.extend(part);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
        exchange(&bed, &bytes).await.refused(413, 1, "1048576");
        bed.must_be_sound().await;
    }

    async fn what_never_becomes_a_request_is_an_error_document_of_the_whole_service(bed: Bed) {
        for (bytes, status, code) in [
            (b"GET /customerid-rest/services/2.0/users/\0 HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 400, 1),
            (b"NONSENSE\r\n\r\n".to_vec(), 400, 1),
            (b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n".to_vec(), 400, 1),
            (format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1 << 20)).into_bytes(), 414, 1),
            (format!("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(1 << 20)).into_bytes(), 431, 1),
        ] {
            exchange(&bed, &bytes).await.refused(status, code, "");
            bed.admin().get("users/?maxResults=1").await.ok();
        }
    }

    async fn a_body_that_breaks_off_changes_nothing(bed: Bed) {
        let ground = Ground::lay(&bed).await;
        let admin = bed.admin();
        let Credentials::Query(name, password) = &admin.credentials else { panic!("not by query") };
        let line = format!("users/{}?username={name}&password={password}", ground.anna);
        let before = admin.get(&format!("users/{}", ground.anna)).await.ok().header("etag").to_owned();
        let body = "<User xmlns=\"http://schema.ubisecure.com/customerid/api\"><Attribute name=\"locale\"><Value>fi</Value></Attribute></User>";
        for claimed in [body.len() + 1, body.len() + 500] {
            let mut bytes = request(&bed, "PUT", &line, &["Content-Type: application/xml", &format!("Content-Length: {claimed}")]);
            bytes.extend(body.bytes());
            crate::kit::raw::abandon(&bed, &bytes).await;
        }
        let after = admin.get(&format!("users/{}", ground.anna)).await.ok().header("etag").to_owned();
        assert_eq!(after, before);
    }
}
