//! The keys of an issuer over HTTPS: believed from whom the system's certificates vouch for, and from nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::kit::On;
use crate::kit::issuer::{AUDIENCE, ISSUER, KEYS, claims, jwks};
use crate::kit::process::House;
use crate::kit::tls::localhost;

/// A site that serves the keys under a certificate of its own.
struct Site {
    url: String,
    certificate: String,
    /// How many callers did not like the certificate.
    refused: Arc<AtomicUsize>,
}

async fn site() -> Site {
    let (acceptor, certificate) = localhost();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/jwks", listener.local_addr().unwrap().port());
    let body = jwks();
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    let refused = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&refused);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut socket) = acceptor.accept(socket).await else {
                counted.fetch_add(1, Ordering::SeqCst);
                continue;
            };
            let mut head = [0_u8; 4_096];
            let _ = socket.read(&mut head).await;
            let _ = socket.write_all(answer.as_bytes()).await;
            let _ = socket.shutdown().await;
        }
    });
    Site { url, certificate, refused }
}

/// What a token of the issuer is answered by a server that trusts `trusted` and reads the keys from `url`.
async fn answered(url: &str, trusted: &str) -> (StatusCode, String) {
    let mut house = House::new(On::Sqlite).await.unwrap();
    let file = house.log().with_file_name("trusted.pem");
    std::fs::write(&file, trusted).unwrap();
    house.environment.push(("SSL_CERT_FILE".to_owned(), file.display().to_string()));
    let issuer = format!(
        "auth.jwt=[{{ name = \"idp\", issuer = \"{ISSUER}\", audience = [\"{AUDIENCE}\"], jwks = \"{url}\", \
         grants = [{{ claim = \"sub\", value = \"nightly\", preset = \"reader\" }}] }}]"
    );
    let server = house.serve_with(&["--set", &issuer]);
    let asked = reqwest::Client::new()
        .get(format!("{}/users", server.base))
        .bearer_auth(KEYS.elliptic.sign(&claims()));
    let status = asked.send().await.unwrap().status();
    server.stop().await;
    (status, house.logged())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_read_over_https_from_who_is_vouched_for() {
    crate::kit::bed::install_tls();
    let Site { url, certificate, refused } = site().await;
    let (status, log) = answered(&url, &certificate).await;
    assert_eq!((status, refused.load(Ordering::SeqCst)), (StatusCode::OK, 0), "{log}");
    let (_, other) = localhost();
    let (status, log) = answered(&url, &other).await;
    assert!(status == 401 && refused.load(Ordering::SeqCst) > 0, "{status} {log}");
    assert!(log.contains("the keys of an issuer could not be read yet"), "{log}");
}
