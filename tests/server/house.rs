//! A small application behind the listener on a free port, and a client that writes bytes and reads answers.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::web::{self, Bytes, Payload};
use actix_web::{App, HttpRequest, HttpResponse};
use futures_util::{StreamExt as _, stream};
use rustls::pki_types::ServerName;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use valtuus::config::{LimitsConfig, ServeConfig, TlsConfig};
use valtuus::server::listen::{Door, Running, Stopper, bind, start};
use valtuus::server::tls::Certificates;
use valtuus::world::Real;

/// Nothing in these tests may take longer.
pub(super) const SOON: Duration = Duration::from_secs(5);
/// The plainest good request.
pub(super) const GOOD: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A running server with its runtime.
pub(super) struct House {
    addr: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    stopper: Stopper,
    running: Option<Running>,
    runtime: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

/// Short times, so that the tests are.
pub(super) fn limits() -> LimitsConfig {
    LimitsConfig {
        body_seconds: 2,
        head_seconds: 1,
        stall_seconds: 1,
        keep_alive_seconds: 20,
        ..LimitsConfig::default()
    }
}

impl House {
    /// With `limits()`, with TLS or without.
    pub(super) fn open(tls: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (server, client) = if tls { certificates(dir.path()) } else { (None, None) };
        let door = Door {
            sockets: vec![bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()],
            tls: server,
            serve: ServeConfig { workers: Some(1), stop_seconds: 10, ..ServeConfig::default() },
            limits: limits(),
            world: Arc::new(Real),
        };
        let running = runtime.block_on(async { start(door, application).unwrap() });
        let (addr, stopper) = (running.addrs()[0], running.stopper());
        Self { addr, tls: client, stopper, running: Some(running), runtime, _dir: dir }
    }

    /// Both kinds.
    pub(super) fn each() -> [Self; 2] {
        [Self::open(false), Self::open(true)]
    }

    /// A new connection; the handshake is done with the first byte.
    pub(super) fn connect(&self) -> Caller {
        let tcp = self.tcp();
        let Some(config) = &self.tls else { return Caller::new(tcp.try_clone().unwrap(), Box::new(tcp)) };
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
        Caller::new(tcp.try_clone().unwrap(), Box::new(StreamOwned::new(connection, tcp)))
    }

    /// A connection without TLS, whatever the server speaks.
    pub(super) fn tcp(&self) -> TcpStream {
        let tcp = TcpStream::connect(self.addr).unwrap();
        tcp.set_read_timeout(Some(SOON)).unwrap();
        tcp.set_write_timeout(Some(SOON)).unwrap();
        tcp
    }

    /// What the server answers to `request` until it closes.
    pub(super) fn ask(&self, request: &[u8]) -> Vec<Answer> {
        let mut caller = self.connect();
        caller.send(request);
        caller.rest()
    }

    /// Panics unless an ordinary request is answered.
    pub(super) fn serves_on(&self) {
        let mut caller = self.connect();
        caller.send(GOOD);
        assert_eq!(caller.answer().status, 200);
    }

    /// Stops gracefully and waits for the end, on another thread.
    pub(super) fn stop(&self) -> tokio::task::JoinHandle<()> {
        let stopper = self.stopper.clone();
        self.runtime.spawn(async move { stopper.stop().await })
    }

    /// Waits for `task`.
    pub(super) fn wait<T>(&self, task: impl Future<Output = T>) -> T {
        self.runtime.block_on(async { tokio::time::timeout(SOON * 3, task).await.unwrap() })
    }

    /// The running server, once.
    pub(super) fn take(&mut self) -> Running {
        self.running.take().unwrap()
    }
}

type ServerSide = Option<Arc<rustls::ServerConfig>>;

fn certificates(dir: &std::path::Path) -> (ServerSide, Option<Arc<ClientConfig>>) {
    let certificates = Certificates::open(&TlsConfig::default(), dir, Arc::new(Real)).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(dir.join("tls-cert.pem")).unwrap()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Some(Arc::new(certificates.server_config().unwrap())), Some(Arc::new(client)))
}

fn application() -> App<
    impl actix_web::dev::ServiceFactory<
        actix_web::dev::ServiceRequest,
        Config = (),
        Response = actix_web::dev::ServiceResponse,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new()
        .route("/", web::get().to(|| async { "here" }))
        .route("/peer", web::get().to(peer))
        .route("/length", web::post().to(length))
        .route("/late", web::post().to(late))
        .route("/slow", web::get().to(slow))
        .route("/vast", web::get().to(vast))
        .route("/cut", web::get().to(cut))
        .route("/panic", web::get().to(panics))
        .route("/bare", web::get().to(|| async { HttpResponse::BadRequest().finish() }))
}

async fn peer(request: HttpRequest) -> String {
    let scheme = request.connection_info().scheme().to_owned();
    format!("{scheme} {}", request.peer_addr().unwrap())
}

/// How many bytes came.
async fn length(mut body: Payload) -> HttpResponse {
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        match chunk {
            Ok(chunk) => length += chunk.len(),
            Err(PayloadError::Overflow) => return HttpResponse::PayloadTooLarge().body("too large"),
            Err(PayloadError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => {
                return HttpResponse::RequestTimeout().body("too slow");
            }
            Err(_) => return HttpResponse::UnprocessableEntity().body("broken"),
        }
    }
    HttpResponse::Ok().body(length.to_string())
}

/// As `length`, but a broken body is answered only after a while.
async fn late(body: Payload) -> HttpResponse {
    let answer = length(body).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    answer
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_secs(1)).await;
    "done"
}

/// More than all buffers between server and client hold.
async fn vast() -> HttpResponse {
    let chunk = Bytes::from(vec![b'x'; 1 << 20]);
    HttpResponse::Ok().streaming(stream::repeat_with(move || Ok::<_, io::Error>(chunk.clone())).take(256))
}

/// A stream that fails on the way.
async fn cut() -> HttpResponse {
    let parts = [Ok(Bytes::from_static(b"begun")), Err(io::Error::other("lost"))];
    HttpResponse::Ok().streaming(stream::iter(parts))
}

async fn panics() -> &'static str {
    panic!("a mistake of a handler")
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

/// One connection of a client.
pub(super) struct Caller {
    tcp: TcpStream,
    stream: Box<dyn ReadWrite>,
    read: Vec<u8>,
    rough: bool,
}

impl Caller {
    fn new(tcp: TcpStream, stream: Box<dyn ReadWrite>) -> Self {
        Self { tcp, stream, read: Vec::new(), rough: false }
    }

    /// Without TLS.
    pub(super) fn plain(tcp: TcpStream) -> Self {
        Self::new(tcp.try_clone().unwrap(), Box::new(tcp))
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
        self.stream.flush().unwrap();
    }

    /// Sends one byte every 100 ms on the level of TCP until the other side has had enough.
    pub(super) fn drip(&self) {
        let mut tcp = self.tcp.try_clone().unwrap();
        std::thread::spawn(move || {
            let drops = || tcp.write_all(b"a").is_ok();
            std::iter::repeat_with(drops).take(60).take_while(|went| *went).for_each(|_| {
                std::thread::sleep(Duration::from_millis(100));
            });
        });
    }

    /// Says that nothing more will come, on the level of TCP.
    pub(super) fn finish(&mut self) {
        self.tcp.shutdown(std::net::Shutdown::Write).unwrap();
    }

    /// Whether TCP ended without an end of TLS.
    pub(super) fn ended_roughly(&self) -> bool {
        self.rough
    }

    pub(super) fn peer(&self) -> SocketAddr {
        self.tcp.peer_addr().unwrap()
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.tcp.local_addr().unwrap()
    }

    /// The next answer; one without a length ends with the connection.
    pub(super) fn answer(&mut self) -> Answer {
        loop {
            if let Some((answer, used)) = Answer::parse(&self.read) {
                self.read.drain(..used);
                return answer;
            }
            assert!(self.more().unwrap() > 0, "closed after {:?}", String::from_utf8_lossy(&self.read));
        }
    }

    /// All answers until the server closes.
    pub(super) fn rest(&mut self) -> Vec<Answer> {
        while self.more().unwrap() > 0 {}
        let mut answers = Vec::new();
        while !self.read.is_empty() {
            let (answer, used) = Answer::parse(&self.read).expect("a whole answer");
            self.read.drain(..used);
            answers.push(answer);
        }
        answers
    }

    /// Reads once; an end of TCP without an end of TLS counts as an end.
    pub(super) fn more(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 << 10];
        let some = match self.stream.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.rough = true;
                0
            }
            other => other?,
        };
        self.read.extend_from_slice(&buffer[..some]);
        Ok(some)
    }
}

/// One answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Self { status, headers, body: Vec::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        answer.body = bytes.get(end..end + length)?.to_vec();
        Some((answer, end + length))
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Panics unless this is the error document with `status` and `code`, with all that belongs to it.
    pub(super) fn is_error(&self, status: u16, code: u16) {
        let text = std::str::from_utf8(&self.body).unwrap();
        assert_eq!(self.status, status, "{text}");
        assert_eq!(self.header("content-type"), Some("application/xml;charset=UTF-8"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let id = self.header("x-request-id").expect("a request id");
        assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
        assert!(self.header("date").is_some(), "{:?}", self.headers);
        let (found, message) = document(text);
        assert_eq!(found, code.to_string(), "{text}");
        assert!(message.contains(':') || code == 6, "names no parameter: {message}");
    }
}

/// Code and message of a well-formed error document.
fn document(text: &str) -> (String, String) {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut path, mut code, mut message) = (Vec::new(), String::new(), String::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => path.push(start.name().as_ref().to_owned()),
            Event::End(_) => drop(path.pop()),
            Event::Text(part) if path.len() == 2 => {
                let into = if text.contains("<code>") && code.is_empty() { &mut code } else { &mut message };
                into.push_str(&String::from_utf8_lossy(part.as_ref().as_ref()));
            }
            Event::Eof => return (code, message),
            _ => {}
        }
    }
}
