//! Reading the public keys of issuers, from files and over HTTPS, beside the requests: at the start, again and again,
//! and when a token names a key that is not known. reqwest lives only here.
//!
//! A file that cannot be read or has no usable key at the start stops it; an address that does not answer only leaves its issuer's tokens
//! refused until it does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::auth::jwt::Issuer;
use crate::config::JwtConfig;
use crate::http::service::Service;
use crate::server::StartError;

/// The largest set of keys that is read.
const MOST_BYTES: usize = 256 * 1_024;
/// How long reading may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long the start waits for addresses to answer.
const AT_START: Duration = Duration::from_secs(3);
/// Keys are read for an unknown key at most once in this time.
const AT_MOST: Duration = Duration::from_mins(1);
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_mins(5);

/// What is told of a set of keys that leaves none.
const NO_KEY: &str = "no usable key: none verifies an accepted algorithm";

/// Where an issuer's keys are.
enum Place {
    File(PathBuf),
    Url(String),
}

impl Place {
    fn of(jwt: &JwtConfig) -> Self {
        if jwt.jwks.contains("://") {
            Self::Url(jwt.jwks.clone())
        } else {
            Self::File(jwt.jwks.clone().into())
        }
    }

    async fn read(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::File(path) => {
                let size = tokio::fs::metadata(path).await.map_err(|error| error.to_string())?.len();
                if size > MOST_BYTES as u64 {
                    return Err(too_long());
                }
                tokio::fs::read(path).await.map_err(|error| error.to_string())
            }
            Self::Url(url) => fetch(url).await,
        }
    }
}

fn too_long() -> String {
    format!("longer than {MOST_BYTES} bytes")
}

async fn fetch(url: &str) -> Result<Vec<u8>, String> {
    // Somebody may have installed one before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let words = |error: reqwest::Error| error.without_url().to_string();
    let client = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("valtuus")
        .build()
        .map_err(words)?;
    let mut response = client.get(url).send().await.map_err(words)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(format!("answered {}", response.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(words)? {
        if bytes.len() + chunk.len() > MOST_BYTES {
            return Err(too_long());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Reads the keys once; whether they differ from those before.
async fn refresh(issuer: &Issuer, place: &Place) -> Result<bool, String> {
    let document = place.read().await?;
    issuer.accept(&document).map_err(|error| error.to_string())
}

/// Each issuer with its configuration.
fn configured(service: &Service) -> impl Iterator<Item = (&Arc<Issuer>, &JwtConfig)> {
    service.bearers.issuers().iter().zip(&service.config.auth.jwt)
}

/// Reads the keys of every issuer before the server answers, as far as addresses answer soon.
pub async fn read_first(service: &Service) -> Result<(), StartError> {
    let read = configured(service).map(|(issuer, jwt)| async move {
        let place = Place::of(jwt);
        let read = tokio::time::timeout(AT_START, refresh(issuer, &place)).await;
        let read = read.unwrap_or_else(|_| Err("no answer yet".to_owned()));
        let read = read.and_then(|_| if issuer.is_ready() { Ok(()) } else { Err(NO_KEY.to_owned()) });
        match (read, place) {
            (Ok(()), _) => Ok(()),
            (Err(cause), Place::File(_)) => {
                Err(StartError::Issuer { issuer: issuer.name().to_owned(), cause })
            }
            (Err(cause), Place::Url(_)) => {
                tracing::warn!(issuer = issuer.name(), cause, "the keys of an issuer could not be read yet");
                Ok(())
            }
        }
    });
    join_all(read).await.into_iter().collect()
}

/// Starts the tasks that read the keys again, one for each issuer.
pub fn follow(service: &web::Data<Service>, stopped: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
    let task = |(issuer, jwt): (&Arc<Issuer>, &JwtConfig)| {
        let every = Duration::from_secs(jwt.refresh_seconds.into());
        let follower =
            Follower { service: service.clone(), issuer: Arc::clone(issuer), place: Place::of(jwt), every };
        tokio::spawn(follower.run(stopped.clone()))
    };
    configured(service).map(task).collect()
}

struct Follower {
    service: web::Data<Service>,
    issuer: Arc<Issuer>,
    place: Place,
    every: Duration,
}

impl Follower {
    async fn run(self, mut stopped: watch::Receiver<bool>) {
        let mut failures = u32::from(!self.issuer.is_ready());
        let mut last = Instant::now();
        loop {
            tokio::select! {
                _ = stopped.changed() => return,
                () = self.due(last, failures) => {}
            }
            last = Instant::now();
            match refresh(&self.issuer, &self.place).await {
                Ok(differ) => {
                    failures = 0;
                    if differ && !self.issuer.is_ready() {
                        tracing::warn!(
                            issuer = self.issuer.name(),
                            cause = NO_KEY,
                            "all keys of an issuer are withdrawn"
                        );
                    } else if differ {
                        tracing::info!(issuer = self.issuer.name(), "the keys of an issuer have changed");
                    }
                    if differ {
                        // A token that a withdrawn key has signed must not live on in the memory.
                        self.service.bearers.forget_all();
                    }
                }
                Err(cause) => {
                    failures = failures.saturating_add(1);
                    tracing::warn!(
                        issuer = self.issuer.name(),
                        cause,
                        "the keys of an issuer could not be read"
                    );
                }
            }
        }
    }

    /// Waits until the keys are to be read again.
    async fn due(&self, last: Instant, failures: u32) {
        let pause = match failures {
            0 => self.every,
            // Doubling, so that an issuer that is away is not pressed.
            more => FIRST_RETRY.saturating_mul(1 << (more - 1).min(16)).min(LAST_RETRY),
        };
        tokio::select! {
            () = tokio::time::sleep_until(last + pause) => {}
            () = self.wanted(last) => {}
        }
    }

    /// Waits until a token has named an unknown key, and the keys have not been read too lately.
    async fn wanted(&self, last: Instant) {
        self.issuer.wanted.notified().await;
        tokio::time::sleep_until(last + AT_MOST.min(self.every)).await;
    }
}
