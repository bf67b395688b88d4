//! Clients that are slow, that stop reading, and the end of the server.

use std::time::{Duration, Instant};

use super::house::{GOOD, House, SOON};

#[test]
fn a_slow_head_is_a_408_document_on_a_new_connection_and_on_a_kept_one() {
    for house in House::each() {
        let begun = Instant::now();
        let mut caller = house.connect();
        caller.send(b"GET / HTTP/1.1\r\nHost:");
        caller.answer().is_error(408, 14);
        assert!(begun.elapsed() >= Duration::from_millis(900));
        let mut kept = house.connect();
        kept.send(GOOD);
        assert_eq!(kept.answer().status, 200);
        kept.send(b"GET / HT");
        kept.answer().is_error(408, 14);
        house.serves_on();
    }
}

#[test]
fn a_head_that_drips_gains_no_time() {
    let house = House::open(false);
    let mut caller = house.connect();
    let begun = Instant::now();
    caller.send(b"GET / HTTP/1.1\r\nHost: x\r\nX-Drip: ");
    caller.drip();
    caller.answer().is_error(408, 14);
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[test]
fn a_kept_connection_may_be_idle_for_longer_than_a_head_may_take() {
    for house in House::each() {
        let mut caller = house.connect();
        caller.send(GOOD);
        assert_eq!(caller.answer().status, 200);
        // The empty line that some clients send after a request begins no head.
        caller.send(b"\r\n");
        std::thread::sleep(Duration::from_millis(1_300));
        caller.send(GOOD);
        assert_eq!(caller.answer().status, 200);
    }
}

#[test]
fn a_handler_may_take_longer_than_a_head_may() {
    let house = House::open(false);
    let mut caller = house.connect();
    // The beginning of the next head waits behind the slow request and is not timed meanwhile.
    caller.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET / HT");
    assert_eq!(caller.answer().body, b"done");
    caller.send(b"TP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(caller.answer().status, 200);
}

#[test]
fn a_client_that_stops_reading_is_dropped() {
    for house in House::each() {
        let mut caller = house.connect();
        caller.send(b"GET /vast HTTP/1.1\r\nHost: x\r\n\r\n");
        std::thread::sleep(Duration::from_millis(2_500));
        let begun = Instant::now();
        let mut total = 0_usize;
        // What had been sent may still be read; then comes a cut, not the end of the answer.
        let cut = loop {
            match caller.more() {
                Ok(0) | Err(_) => break true,
                Ok(some) => total += some,
            }
            if total > 250 << 20 {
                break false;
            }
        };
        assert!(cut && begun.elapsed() < SOON, "{total} bytes came");
        house.serves_on();
    }
}

#[test]
fn a_client_that_reads_slowly_gets_all() {
    let house = House::open(false);
    let mut caller = house.connect();
    caller.send(b"GET /vast HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let mut total = 0_usize;
    let mut pauses = 0;
    loop {
        let some = caller.more().unwrap();
        if some == 0 {
            break;
        }
        total += some;
        if total > (pauses + 1) << 26 && pauses < 3 {
            pauses += 1;
            std::thread::sleep(Duration::from_millis(600));
        }
    }
    assert!(total > 256 << 20, "{total} bytes came");
    assert_eq!(pauses, 3);
}

#[test]
fn a_graceful_stop_finishes_what_is_in_flight_and_closes_what_is_idle() {
    for mut house in House::each() {
        let mut idle = house.connect();
        idle.send(GOOD);
        assert_eq!(idle.answer().status, 200);
        let mut busy = house.connect();
        busy.send(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
        std::thread::sleep(Duration::from_millis(200));
        let begun = Instant::now();
        let stopped = house.stop();
        let answers = busy.rest();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers[0].body, b"done");
        assert!(idle.rest().is_empty());
        house.wait(stopped).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        let running = house.take();
        house.wait(running.ended()).unwrap();
        assert!(std::net::TcpStream::connect(busy.peer()).is_err(), "still listening");
    }
}

#[test]
fn a_slow_body_and_a_chunked_one_over_the_limit_end_for_the_application() {
    for house in House::each() {
        let mut slow = house.connect();
        slow.send(b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
        let begun = Instant::now();
        assert_eq!(slow.answer().status, 408);
        assert!(begun.elapsed() >= Duration::from_millis(1_900), "{:?}", begun.elapsed());
        let mut large =
            b"POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n".to_vec();
        large.resize(large.len() + 0x20_0000, b'a');
        large.extend_from_slice(b"\r\n0\r\n\r\n");
        let mut caller = house.connect();
        caller.send(&large);
        assert_eq!(caller.answer().status, 413);
        caller.send(GOOD);
        assert_eq!(caller.answer().status, 200);
    }
}

#[test]
fn a_body_that_was_answered_unread_and_never_ends_is_not_waited_for() {
    for house in House::each() {
        let mut caller = house.connect();
        caller.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n");
        assert_eq!(caller.answer().status, 404);
        caller.send(b"5\r\nab");
        let begun = Instant::now();
        assert!(caller.rest().is_empty(), "it had its answer");
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    }
}

#[test]
fn clients_that_vanish_do_no_harm() {
    for house in House::each() {
        for request in [&b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"[..], b"GET / HT", b"", GOOD] {
            let mut caller = house.connect();
            if !request.is_empty() {
                caller.send(request);
            }
            drop(caller);
        }
        house.serves_on();
        let stopped = house.stop();
        house.wait(stopped).unwrap();
    }
}
