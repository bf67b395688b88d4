//! Stopping: SIGTERM and SIGINT let what is in flight finish, and the process ends with status 0.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::in_houses;
use crate::kit::process::{House, PASSWORD, Server};

fn address(server: &Server) -> String {
    server.base.trim_start_matches("http://").split('/').next().unwrap().to_owned()
}

/// A create whose document is sent up to its middle; the rest is returned.
async fn half_a_create(server: &Server, login: &str) -> (TcpStream, Vec<u8>) {
    let attribute = format!("<Attribute name=\"login\"><Value>{login}</Value></Attribute>");
    let body = format!("<User xmlns=\"http://schema.ubisecure.com/customerid/api\">{attribute}</User>");
    let head = format!(
        "POST /customerid-rest/services/2.0/users/?username=restuser&password={PASSWORD} HTTP/1.1\r\nHost: x\r\n\
         Content-Type: application/xml\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (first, rest) = body.split_at(body.len() / 2);
    let mut socket = TcpStream::connect(address(server)).await.unwrap();
    socket.write_all(format!("{head}{first}").as_bytes()).await.unwrap();
    (socket, rest.as_bytes().to_vec())
}

/// Reads up to the end of the answer's document: the connection may be kept until the process ends.
async fn answered(socket: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut buffer = [0; 4_096];
    while !String::from_utf8_lossy(&read).contains("</Users>") {
        let some = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut buffer)).await;
        let some = some.expect("what is in flight is answered").unwrap();
        assert!(some > 0, "cut off: {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&buffer[..some]);
    }
    String::from_utf8_lossy(&read).into_owned()
}

async fn finishes_what_is_in_flight(house: &House, signal: &str, login: &str) {
    let server = house.serve();
    server.first().get("users/").await.ok();
    let (mut socket, rest) = half_a_create(&server, login).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let address = address(&server);
    server.signal(signal);
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_millis(300)).await;
    socket.write_all(&rest).await.unwrap();
    let answer = answered(&mut socket).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(socket);
    let (status, rest) = server.ended().await;
    assert_eq!(status.code(), Some(0));
    assert_eq!(rest, "", "nothing but the ready line is written to standard output");
    assert!(begun.elapsed() < Duration::from_secs(15));
    assert!(TcpStream::connect(&address).await.is_err(), "still listening");
    let server = house.serve();
    assert_eq!(server.first().get(&format!("users/?login={login}")).await.ok().ids().len(), 1);
    server.stop().await;
    house.must_be_sound();
}

in_houses! {
    async fn sigterm_finishes_what_is_in_flight_and_ends_with_0(house: House) {
        finishes_what_is_in_flight(&house, "TERM", "in-flight").await;
    }

    async fn sigint_does_the_same(house: House) {
        finishes_what_is_in_flight(&house, "INT", "interrupted").await;
    }
}
