//! Handshakes of a real client with the served certificate, and the life of the self-made one.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;

use rustls::{ClientConfig, ClientConnection, ServerConnection, StreamOwned};

use super::*;
use crate::world::{Micros, Still};

/// 2026-06-01T00:00:00Z.
const JUNE: Micros = 1_780_272_000_000_000;
const DAY: Micros = 86_400_000_000;

/// A clock for the client's verifier.
#[derive(Debug)]
struct At(Micros);

impl rustls::time_provider::TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_micros(u64::try_from(self.0).ok()?)))
    }
}

fn open(dir: &Path, world: &Arc<Still>) -> Arc<Certificates> {
    Certificates::open(&TlsConfig::default(), dir, Arc::clone(world) as SharedWorld).unwrap()
}

fn client(trusted: &Path, at: Micros) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(trusted).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(At(at)))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// One exchange over a loopback socket: what the client read and the protocol agreed on.
fn talk(server: ServerConfig, client: ClientConfig, name: &str) -> io::Result<(String, Vec<u8>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let serving = std::thread::spawn(move || -> io::Result<()> {
        let (socket, _) = listener.accept()?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        let connection = ServerConnection::new(Arc::new(server)).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, socket);
        let mut ping = [0; 4];
        stream.read_exact(&mut ping)?;
        stream.write_all(&ping)?;
        stream.flush()
    });
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(client), name).map_err(io::Error::other)?;
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut stream = StreamOwned::new(connection, socket);
    let mut echo = [0; 4];
    stream.write_all(b"ping")?;
    stream.read_exact(&mut echo)?;
    let protocol = stream.conn.alpn_protocol().unwrap_or_default().to_vec();
    serving.join().unwrap()?;
    Ok((String::from_utf8_lossy(&echo).into_owned(), protocol))
}

#[test]
fn a_client_that_trusts_the_self_made_certificate_can_talk_under_every_name() {
    let dir = tempfile::tempdir().unwrap();
    let certificates = open(dir.path(), &Arc::new(Still::at(JUNE)));
    for name in ["localhost", "127.0.0.1", "::1"] {
        let trusting = client(&dir.path().join(PUBLIC_FILE), JUNE);
        let (echo, protocol) = talk(certificates.server_config().unwrap(), trusting, name).unwrap();
        assert_eq!((echo.as_str(), protocol.as_slice()), ("ping", b"http/1.1".as_slice()));
    }
}

#[test]
fn a_client_refuses_the_self_made_certificate_under_another_name_or_after_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let certificates = open(dir.path(), &Arc::new(Still::at(JUNE)));
    for (name, at) in [("example.org", JUNE), ("localhost", JUNE + 366 * DAY)] {
        let trusting = client(&dir.path().join(PUBLIC_FILE), at);
        assert!(talk(certificates.server_config().unwrap(), trusting, name).is_err(), "{name} {at}");
    }
}

#[test]
fn the_self_made_certificate_is_kept_over_a_restart_with_its_key_unreadable_to_others() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("new/data");
    let world = Arc::new(Still::at(JUNE));
    let first = open(&data, &world).current.read().cert.clone();
    assert_eq!(first, open(&data, &world).current.read().cert);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data.join(FILE)), 0o600);
    assert_eq!(mode(&data), 0o700);
    let names: Vec<_> = data.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "no half-written file is left: {names:?}");
    assert!(!std::fs::read_to_string(data.join(PUBLIC_FILE)).unwrap().contains("PRIVATE"));
}

#[test]
fn the_self_made_certificate_is_made_anew_thirty_days_before_its_end_and_served_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let world = Arc::new(Still::at(JUNE));
    let certificates = open(dir.path(), &world);
    let server = certificates.server_config().unwrap();
    world.advance(334 * DAY);
    assert!(!certificates.refresh().unwrap(), "31 days left");
    world.advance(2 * DAY);
    assert!(certificates.refresh().unwrap(), "29 days left");
    let later = JUNE + 500 * DAY;
    let (echo, _) = talk(server, client(&dir.path().join(PUBLIC_FILE), later), "localhost").unwrap();
    assert_eq!(echo, "ping");
}

#[test]
fn a_certificate_of_the_future_or_a_damaged_one_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path(), &Arc::new(Still::at(JUNE))).current.read().cert.clone();
    let back = open(dir.path(), &Arc::new(Still::at(JUNE - 10 * DAY))).current.read().cert.clone();
    assert_ne!(first, back);
    std::fs::write(dir.path().join(FILE), "-----BEGIN CERTIFICATE-----\nAAAA").unwrap();
    let mended = open(dir.path(), &Arc::new(Still::at(JUNE))).current.read().cert.clone();
    assert_ne!(back, mended);
}

/// A self-made pair as files of the operator's.
fn operator_files(dir: &Path, name: &str) -> TlsConfig {
    let (private, public) = make(&Still::at(JUNE)).unwrap();
    let (cert, key) = (dir.join(format!("{name}.crt")), dir.join(format!("{name}.key")));
    std::fs::write(&cert, public).unwrap();
    std::fs::write(&key, private).unwrap();
    TlsConfig { cert: Some(cert), key: Some(key) }
}

#[test]
fn a_certificate_given_as_files_is_served_and_read_again_when_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let config = operator_files(dir.path(), "a");
    let data = dir.path().join("data");
    let world = Arc::new(Still::at(JUNE));
    let certificates = Certificates::open(&config, &data, world).unwrap();
    let trusting = client(config.cert.as_deref().unwrap(), JUNE);
    talk(certificates.server_config().unwrap(), trusting, "localhost").unwrap();
    assert!(!data.exists(), "nothing is made when files are given");
    assert!(!certificates.refresh().unwrap());
    operator_files(dir.path(), "a");
    assert!(certificates.refresh().unwrap());
    std::fs::write(config.key.as_ref().unwrap(), "").unwrap();
    assert!(certificates.refresh().is_err());
    assert_eq!(certificates.current.read().cert.len(), 1, "the old one stays");
}

#[test]
fn every_fault_of_given_files_names_the_key_and_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (operator_files(dir.path(), "a"), operator_files(dir.path(), "b"));
    let junk = dir.path().join("junk.pem");
    std::fs::write(&junk, "canary").unwrap();
    let missing = Some(dir.path().join("missing.pem"));
    let broken = dir.path().join("broken.pem");
    std::fs::write(&broken, "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n").unwrap();
    for (cert, key, words) in [
        (&missing, &a.key, ["tls.cert", "missing.pem"]),
        (&a.cert, &missing, ["tls.key", "missing.pem"]),
        (&Some(junk.clone()), &a.key, ["tls.cert", "no certificate"]),
        (&Some(broken), &a.key, ["tls.cert", "broken.pem"]),
        (&a.cert, &Some(junk), ["tls.key", "no unencrypted private key"]),
        (&a.cert, &a.cert, ["tls.key", "no unencrypted private key"]),
        (&a.cert, &b.key, ["tls.key", "does not belong"]),
    ] {
        let config = TlsConfig { cert: cert.clone(), key: key.clone() };
        let error = Certificates::open(&config, dir.path(), Arc::new(Still::at(JUNE))).unwrap_err();
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let world = Arc::new(Still::at(JUNE));
    let error = Certificates::open(&TlsConfig::default(), &file.join("data"), world).unwrap_err();
    assert!(error.to_string().contains("store.data-dir"), "{error}");
}

#[test]
fn nothing_about_the_key_is_printed() {
    let dir = tempfile::tempdir().unwrap();
    let text = format!("{:?}", open(dir.path(), &Arc::new(Still::at(JUNE))));
    assert!(text.contains("SelfMade") && !text.to_lowercase().contains("key"), "{text}");
}
