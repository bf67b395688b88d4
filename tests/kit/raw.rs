//! Requests as bytes over a socket of their own, for what no HTTP client would send. Holds no test.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::answer::Answer;
use super::bed::Bed;
use super::cases::soon;

/// The head of a request for `path` below the version; the connection is to be closed after it.
pub fn request(bed: &Bed, method: &str, path: &str, headers: &[&str]) -> Vec<u8> {
    let path = format!("/customerid-rest/services/2.0/{path}");
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", bed.server.address);
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// Sends `bytes` on a fresh connection and reads the one answer until the server closes.
pub async fn exchange(bed: &Bed, bytes: &[u8]) -> Answer {
    let mut socket = TcpStream::connect(bed.server.address).await.unwrap();
    let mut read = Vec::new();
    soon("raw exchange", async {
        // A server that refuses early may close before everything is sent; its answer counts.
        let _ = socket.write_all(bytes).await;
        let _ = socket.read_to_end(&mut read).await;
    })
    .await;
    parse(&read)
}

/// Sends `bytes` on a fresh connection, then says that nothing more will come, and waits for the end.
pub async fn abandon(bed: &Bed, bytes: &[u8]) {
    let mut socket = TcpStream::connect(bed.server.address).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    socket.shutdown().await.unwrap();
    let mut read = Vec::new();
    soon("an abandoned request", async {
        let _ = socket.read_to_end(&mut read).await;
    })
    .await;
    assert!(!read.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&read));
}

fn parse(read: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(read);
    let end = read
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text}"));
    let head = std::str::from_utf8(&read[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: read[end + 4..].to_vec() }
}

/// Sends `bytes` on a fresh connection and gives everything that came back until the server closed.
pub async fn exchange_text(bed: &Bed, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(bed.server.address).await.unwrap();
    let mut read = Vec::new();
    soon("raw exchange", async {
        socket.write_all(bytes).await.unwrap();
        socket.read_to_end(&mut read).await.unwrap();
    })
    .await;
    String::from_utf8_lossy(&read).into_owned()
}
