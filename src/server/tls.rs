//! TLS of the listener: a certificate of the operator's, or a self-made one kept in the data directory.
//!
//! The provider is ring, named explicitly: with two providers in a graph the implicit choice would panic.
//! Must not log or format key material. Error: `TlsError`, which names files and never their content.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use time::OffsetDateTime;

use crate::config::TlsConfig;
use crate::store::private;
use crate::world::{SharedWorld, World};

/// The names a self-made certificate is for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// How long a self-made certificate is valid, days.
const VALID_DAYS: u64 = 365;
/// How many days before its end a self-made certificate is made anew.
const RENEW_DAYS: u64 = 30;
/// Key and certificate together, so that one rename replaces both.
const FILE: &str = "tls.pem";
/// A copy of the certificate alone, for clients to trust.
const PUBLIC_FILE: &str = "tls-cert.pem";

/// Why there is no certificate to serve with.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read.
    #[error("{key}: cannot read {}: {source}", path.display())]
    Read {
        /// The configuration key that names the file or its folder.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("store.data-dir: cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{key}: {}: {message}", path.display())]
    Content {
        /// The configuration key that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// The library refused the settings.
    #[error("cannot set up TLS: {0}")]
    Library(#[from] rustls::Error),
}

/// Where the certificate comes from.
#[derive(Debug, Clone)]
enum Source {
    /// Made here, kept in this folder.
    SelfMade(PathBuf),
    /// Given by the operator.
    Files { cert: PathBuf, key: PathBuf },
}

/// The certificate being served, replaceable while the listener runs.
pub struct Certificates {
    source: Source,
    world: SharedWorld,
    provider: Arc<CryptoProvider>,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificates {
    /// Loads the certificate named by `config`, or the self-made one from `data_dir`, made now when it is
    /// missing, unreadable as a certificate, or within 30 days of its end. Reads and writes files.
    pub fn open(config: &TlsConfig, data_dir: &Path, world: SharedWorld) -> Result<Arc<Self>, TlsError> {
        let source = match (&config.cert, &config.key) {
            (Some(cert), Some(key)) => Source::Files { cert: cert.clone(), key: key.clone() },
            _ => Source::SelfMade(data_dir.to_owned()),
        };
        let provider = Arc::new(ring::default_provider());
        let current = RwLock::new(Arc::new(obtain(&source, world.as_ref(), &provider)?));
        Ok(Arc::new(Self { source, world, provider, current }))
    }

    /// The settings of a listener: TLS 1.2 and 1.3, HTTP/1.1, always with the certificate of the moment.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Looks at the files again and makes the self-made certificate anew when due; `true` when another
    /// certificate is served from now on. On an error the old one stays. Blocks on files: call it daily,
    /// off the request threads.
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let fresh = obtain(&self.source, self.world.as_ref(), &self.provider)?;
        let mut current = self.current.write();
        let changed = current.cert != fresh.cert;
        if changed {
            *current = Arc::new(fresh);
        }
        Ok(changed)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read()))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("source", &self.source).finish_non_exhaustive()
    }
}

fn obtain(
    source: &Source,
    world: &dyn World,
    provider: &Arc<CryptoProvider>,
) -> Result<CertifiedKey, TlsError> {
    match source {
        Source::Files { cert, key } => load(("tls.cert", cert), ("tls.key", key), provider),
        Source::SelfMade(dir) => self_made(dir, world, provider),
    }
}

/// A chain and the key that belongs to its first certificate, each from the file that its key names.
fn load(
    cert: (&'static str, &Path),
    key: (&'static str, &Path),
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let wrong = |(key, path): (&'static str, &Path), message: String| TlsError::Content {
        key,
        path: path.to_owned(),
        message,
    };
    let text = read(cert)?;
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|_| wrong(cert, String::from("is not well-formed PEM")))?;
    if chain.is_empty() {
        return Err(wrong(cert, String::from("holds no certificate in PEM form")));
    }
    let private = PrivateKeyDer::from_pem_slice(&read(key)?)
        .map_err(|_| wrong(key, String::from("holds no unencrypted private key in PEM form")))?;
    CertifiedKey::from_der(chain, private, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            wrong(key, format!("does not belong to the first certificate of {}", cert.1.display()))
        }
        rustls::Error::InvalidCertificate(_) => wrong(cert, format!("cannot be used: {error}")),
        _ => wrong(key, format!("cannot be used: {error}")),
    })
}

fn read((key, path): (&'static str, &Path)) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Read { key, path: path.to_owned(), source })
}

/// The certificate kept in `dir`, or a new one in its place.
fn self_made(
    dir: &Path,
    world: &dyn World,
    provider: &Arc<CryptoProvider>,
) -> Result<CertifiedKey, TlsError> {
    let path = dir.join(FILE);
    let named = ("store.data-dir", path.as_path());
    match load(named, named, provider) {
        Ok(kept) if is_good(&kept, world, provider) => return Ok(kept),
        Ok(_) => tracing::info!("the self-made certificate is not valid for long enough: remaking it"),
        Err(TlsError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        // What was self-made has no worth of its own: a damaged one is replaced.
        Err(TlsError::Content { .. }) => tracing::warn!("the kept certificate is damaged: making a new one"),
        Err(error) => return Err(error),
    }
    let (private, public) = make(world)?;
    create_dir(dir)?;
    replace(&path, &format!("{private}{public}"), private::FILE_MODE, world)?;
    replace(&dir.join(PUBLIC_FILE), &public, 0o644, world)?;
    load(named, named, provider)
}

/// Key and certificate as PEM, valid from a day ago for all our names.
fn make(world: &dyn World) -> Result<(String, String), TlsError> {
    let mut params = rcgen::CertificateParams::new(NAMES.map(String::from))?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "Valtuus, self-made");
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let now = OffsetDateTime::UNIX_EPOCH + since_epoch(world);
    // A day back, so that a client whose clock is a little slow accepts it at once.
    params.not_before = now.saturating_sub(time::Duration::DAY);
    params.not_after = now.saturating_add(time::Duration::days(i64::try_from(VALID_DAYS).unwrap_or(1)));
    let pair = rcgen::KeyPair::generate()?;
    Ok((pair.serialize_pem(), params.self_signed(&pair)?.pem()))
}

fn since_epoch(world: &dyn World) -> Duration {
    Duration::from_micros(u64::try_from(world.now()).unwrap_or_default())
}

/// Whether a client that trusts exactly this certificate accepts it for all our names, now and until it is due
/// for renewal.
fn is_good(kept: &CertifiedKey, world: &dyn World, provider: &Arc<CryptoProvider>) -> bool {
    let Ok(certificate) = kept.end_entity_cert() else { return false };
    let mut roots = RootCertStore::empty();
    if roots.add(certificate.clone()).is_err() {
        return false;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
    let Ok(verifier) = verifier else { return false };
    let now = since_epoch(world);
    let due = now.saturating_add(Duration::from_secs(RENEW_DAYS * 86_400));
    NAMES.iter().all(|name| {
        let Ok(name) = ServerName::try_from(*name) else { return false };
        [now, due].into_iter().all(|at| {
            let at = UnixTime::since_unix_epoch(at);
            verifier.verify_server_cert(certificate, &[], &name, &[], at).is_ok()
        })
    })
}

fn create_dir(dir: &Path) -> Result<(), TlsError> {
    private::create_dir(dir).map_err(|source| TlsError::Write { path: dir.to_owned(), source })
}

/// Puts `text` into `path` in one step: readers see the old file or the new one, a crash leaves either.
fn replace(path: &Path, text: &str, mode: u32, world: &dyn World) -> Result<(), TlsError> {
    let fresh = path.with_extension(format!("{}.new", world.unordered_id()));
    let written = write(&fresh, text, mode).and_then(|()| std::fs::rename(&fresh, path));
    if written.is_err() {
        // The half-written file is of no use; that it cannot be removed either says nothing new.
        let _ = std::fs::remove_file(&fresh);
    }
    written
        .and_then(|()| path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all()))
        .map_err(|source| TlsError::Write { path: path.to_owned(), source })
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
