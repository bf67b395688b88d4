//! Every request that cannot be read is answered by an error document, and the server serves on.

use std::io::Write as _;

use super::house::{Caller, GOOD, House};

/// Sends each request to both servers and expects one error document and the end of the connection.
fn refused(requests: &[&[u8]], status: u16, code: u16) {
    for house in House::each() {
        for request in requests {
            let answers = house.ask(request);
            let shown = String::from_utf8_lossy(&request[..request.len().min(60)]).into_owned();
            assert_eq!(answers.len(), 1, "{shown:?}: {answers:?}");
            answers[0].is_error(status, code);
            assert_eq!(answers[0].header("connection"), Some("close"), "{shown:?}");
        }
        house.serves_on();
    }
}

#[test]
fn a_malformed_head_is_a_400_document() {
    let requests: [&[u8]; 17] = [
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Odd: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Name: v\r\n\r\n",
        b"GE(T / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nabc",
    ];
    refused(&requests, 400, 1);
}

#[test]
fn a_request_line_over_the_limit_is_a_414_document() {
    for length in [16 << 10, 60 << 10, 70 << 10, 1 << 20] {
        let line = format!("GET /{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "a".repeat(length));
        refused(&[line.as_bytes()], 414, 1);
    }
    let fragment = format!("GET /#{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "a".repeat(16 << 10));
    refused(&[fragment.as_bytes(), &vec![b'A'; 1 << 20]], 414, 1);
}

#[test]
fn a_request_line_at_the_limit_is_served_and_one_byte_more_is_not() {
    let house = House::open(false);
    let of = |length: usize| {
        let path = "a".repeat(length - "GET / HTTP/1.1".len());
        format!("GET /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    };
    assert_eq!(house.ask(of(8_192).as_bytes())[0].status, 404);
    house.ask(of(8_193).as_bytes())[0].is_error(414, 1);
}

#[test]
fn headers_that_are_too_large_or_too_many_are_a_431_document() {
    let large = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n", "a".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: 1\r\n".repeat(97));
    refused(&[large.as_bytes(), many.as_bytes()], 431, 1);
}

#[test]
fn a_declared_body_over_the_limit_is_a_413_document_also_before_it_is_sent() {
    for house in House::each() {
        let head = "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n";
        let mut whole = format!("{head}\r\n").into_bytes();
        whole.resize(whole.len() + 1_048_577, b'a');
        let answers = house.ask(&whole);
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers[0].is_error(413, 1);
        let mut asking = house.connect();
        asking.send(format!("{head}Expect: 100-continue\r\n\r\n").as_bytes());
        asking.answer().is_error(413, 1);
        asking.send(&vec![b'a'; 100_000]);
        assert!(asking.rest().is_empty(), "it had its answer");
        house.serves_on();
    }
}

#[test]
fn a_client_that_asks_before_sending_a_body_is_told_to_go_on() {
    for house in House::each() {
        let mut caller = house.connect();
        caller.send(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
        assert_eq!(caller.answer().status, 100);
        caller.send(b"abc");
        assert_eq!(caller.answer().body, b"3");
    }
}

#[test]
fn a_head_that_ends_early_is_a_400_document() {
    let house = House::open(false);
    let mut caller = house.connect();
    caller.send(b"GET / HTTP/1.1\r\nHost: x");
    caller.finish();
    caller.answer().is_error(400, 1);
}

#[test]
fn chunks_that_cannot_be_followed_are_answered() {
    for house in House::each() {
        let request = |path: &str| {
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
        };
        // The application answers at once, or not before the library has given up.
        assert_eq!(house.ask(request("/length").as_bytes())[0].status, 422);
        let answers = house.ask(request("/late").as_bytes());
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers[0].is_error(400, 1);
    }
}

#[test]
fn a_malformed_request_behind_good_ones_is_refused_after_their_answers() {
    for house in House::each() {
        let answers = house.ask(&[GOOD, GOOD, b"nonsense\r\n\r\n"].concat());
        assert_eq!(answers.len(), 3, "{answers:?}");
        assert_eq!((answers[0].status, answers[1].status), (200, 200));
        answers[2].is_error(400, 1);
        let mut caller = house.connect();
        caller.send(GOOD);
        assert_eq!(caller.answer().status, 200);
        caller.send(b"\0\r\n\r\n");
        caller.answer().is_error(400, 1);
    }
}

#[test]
fn a_path_that_is_not_utf_8_is_answered_by_someone() {
    let house = House::open(false);
    let answers = house.ask(b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!((400..500).contains(&answers[0].status), "{answers:?}");
    house.serves_on();
}

#[test]
fn http_to_a_port_of_https_is_a_400_document_and_tls_to_a_port_of_http_ends() {
    let https = House::open(true);
    let mut caller = Caller::plain(https.tcp());
    caller.send(GOOD);
    caller.answer().is_error(400, 1);
    https.serves_on();
    let http = House::open(false);
    let mut tcp = http.tcp();
    tcp.write_all(&[0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x00, b'\r', b'\n']).unwrap();
    Caller::plain(tcp).answer().is_error(400, 1);
    http.serves_on();
}

#[test]
fn a_handler_that_panics_is_a_500_document() {
    for house in House::each() {
        let mut caller = house.connect();
        caller.send(b"GET /panic HTTP/1.1\r\nHost: x\r\n\r\n");
        caller.answer().is_error(500, 6);
        caller.send(GOOD);
        assert_eq!(caller.answer().status, 200);
    }
}
