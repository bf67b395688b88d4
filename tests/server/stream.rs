//! What is well-formed passes through the listener untouched.

use super::house::{GOOD, House};

#[test]
fn one_connection_carries_three_requests() {
    for house in House::each() {
        let mut caller = house.connect();
        for _ in 0..3 {
            caller.send(GOOD);
            let answer = caller.answer();
            assert_eq!((answer.status, answer.body.as_slice()), (200, &b"here"[..]));
        }
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    for house in House::each() {
        let mut caller = house.connect();
        let post = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /";
        caller.send(&[GOOD, post, GOOD].concat());
        let bodies: Vec<_> = (0..3).map(|_| caller.answer().body).collect();
        assert_eq!(bodies, [&b"here"[..], b"5", b"here"]);
    }
}

#[test]
fn bodies_of_either_framing_arrive_whole_and_the_connection_is_kept() {
    for house in House::each() {
        let mut caller = house.connect();
        let mut counted = b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".to_vec();
        counted.resize(counted.len() + 1_000_000, b'a');
        caller.send(&counted);
        assert_eq!(caller.answer().body, b"1000000");
        caller.send(b"POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        for _ in 0..3 {
            caller.send(&[&b"4000;ext=1\r\n"[..], &[b'b'; 0x4000], b"\r\n"].concat());
        }
        caller.send(b"0\r\n\r\n");
        assert_eq!(caller.answer().body, b"49152");
        caller.send(GOOD);
        assert_eq!(caller.answer().status, 200);
    }
}

#[test]
fn a_head_may_come_byte_by_byte() {
    for house in House::each() {
        let mut caller = house.connect();
        for byte in GOOD {
            caller.send(&[*byte]);
        }
        assert_eq!(caller.answer().status, 200);
    }
}

#[test]
fn a_client_may_close_its_side_after_the_request() {
    let house = House::open(false);
    let mut caller = house.connect();
    caller.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    caller.finish();
    let answers = caller.rest();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].body, b"done");
}

#[test]
fn http_1_0_is_served_and_closed() {
    for house in House::each() {
        let answers = house.ask(b"GET / HTTP/1.0\r\n\r\n");
        assert_eq!((answers.len(), answers[0].status), (1, 200));
    }
}

#[test]
fn the_application_learns_the_scheme_and_the_address_of_the_client() {
    for (house, scheme) in House::each().into_iter().zip(["http", "https"]) {
        let mut caller = house.connect();
        caller.send(b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n");
        let body = String::from_utf8(caller.answer().body).unwrap();
        assert_eq!(body, format!("{scheme} {}", caller.local_addr()));
    }
}

#[test]
fn a_bare_refusal_of_the_application_itself_passes_unchanged() {
    for house in House::each() {
        let mut caller = house.connect();
        let bare = b"GET /bare HTTP/1.1\r\nHost: x\r\n\r\n";
        caller.send(bare);
        let answer = caller.answer();
        assert_eq!((answer.status, answer.body.len()), (400, 0));
        assert_eq!(answer.header("x-request-id"), None);
        caller.send(&[&bare[..], GOOD].concat());
        assert_eq!((caller.answer().status, caller.answer().status), (400, 200));
        let last = house.ask(b"GET /bare HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_eq!((last.len(), last[0].status), (1, 400));
    }
}

#[test]
fn a_stream_that_fails_is_cut_and_never_looks_complete() {
    for house in House::each() {
        let mut caller = house.connect();
        caller.send(b"GET /cut HTTP/1.0\r\n\r\n");
        let cut = loop {
            match caller.more() {
                Ok(0) => break false,
                Ok(_) => {}
                Err(_) => break true,
            }
        };
        assert!(cut || caller.ended_roughly(), "the answer looks complete");
    }
}
