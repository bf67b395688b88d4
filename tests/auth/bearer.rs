//! Bearers over a source in memory, with a clock that is moved by hand: what is remembered, and when it ends.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use serde_json::json;
use uuid::Uuid;
use valtuus::auth::authenticate::{AuthError, SourceError};
use valtuus::auth::bearer::{BearerSettings, Bearers, TokenRecord, TokenSource};
use valtuus::auth::jwt::{Issuer, IssuerSettings, Vouched};
use valtuus::auth::verified::CacheBounds;
use valtuus::world::{Micros, Still};

use crate::kit::issuer::{AUDIENCE, ISSUER, KEYS, claims_with, jwks};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const SECOND: Micros = 1_000_000;

#[derive(Default, Clone)]
struct Tokens {
    known: Arc<Mutex<HashMap<String, TokenRecord<&'static str>>>>,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl TokenSource for Tokens {
    type Rights = &'static str;

    async fn token(
        &self,
        token: &str,
        now: Micros,
    ) -> Result<Option<TokenRecord<&'static str>>, SourceError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if token == "away" {
            return Err(SourceError::new(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)));
        }
        Ok(self.known.lock().get(token).filter(|record| record.expires > now).cloned())
    }

    async fn rights(&self, _vouched: &Vouched) -> Result<Option<&'static str>, SourceError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(Some("vouched"))
    }

    async fn first_use(&self, _mark: &[u8; 32], _until: Micros) -> Result<bool, SourceError> {
        Ok(true)
    }
}

struct Bench {
    world: Arc<Still>,
    tokens: Tokens,
    bearers: Bearers<Tokens>,
}

/// The clock stands at the issuer's.
fn bench() -> Bench {
    let world = Arc::new(Still::at(crate::kit::issuer::now() * SECOND));
    let tokens = Tokens::default();
    let issuer = Issuer::new(IssuerSettings {
        name: "idp".to_owned(),
        issuer: ISSUER.to_owned(),
        audience: vec![AUDIENCE.to_owned()],
        algorithms: vec!["ES256".to_owned(), "HS256".to_owned()],
        client_claim: "sub".to_owned(),
        within: None,
        within_claim: None,
        leeway: 5,
        once: false,
        grants: Vec::new(),
    });
    issuer.accept(jwks().as_bytes()).unwrap();
    let wrong = NonZeroU32::new(1_000).unwrap();
    let settings = BearerSettings { cache: CacheBounds::default(), wrong, addresses: 100 };
    let bearers = Bearers::new(tokens.clone(), vec![Arc::new(issuer)], world.clone(), settings);
    Bench { world, tokens, bearers }
}

impl Bench {
    fn knows(&self, token: &str, enabled: bool, seconds: i64) {
        use valtuus::world::World as _;
        let expires = self.world.now() + seconds * SECOND;
        let (name, id) = ("client".to_owned(), Uuid::from_u128(7));
        let record = TokenRecord { row: 7, id, name, enabled, rights: "its own", expires };
        self.tokens.known.lock().insert(token.to_owned(), record);
    }

    async fn passes(&self, token: &str) -> bool {
        match self.bearers.authenticate(token, HERE).await {
            Ok(_) => true,
            Err(AuthError::Refused) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn asked(&self) -> usize {
        self.tokens.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_remembered_token_ends_by_the_clock() {
    let bench = bench();
    bench.knows("vlt_a", true, 10);
    let bearer = bench.bearers.authenticate("vlt_a", HERE).await.unwrap();
    assert_eq!((bearer.client, bearer.principal.name()), (Some(Uuid::from_u128(7)), "client"));
    assert!(bench.passes("vlt_a").await);
    assert_eq!(bench.asked(), 1, "the second time it is remembered");
    bench.world.advance(10 * SECOND - 1);
    assert!(bench.passes("vlt_a").await);
    bench.world.advance(1);
    assert!(!bench.passes("vlt_a").await, "its end is the first instant at which it is not good");
    assert_eq!(bench.asked(), 1);
    bench.bearers.forget_all();
    assert!(!bench.passes("vlt_a").await);
}

#[tokio::test]
async fn a_revoked_token_is_out_when_everything_was_forgotten() {
    let bench = bench();
    bench.knows("vlt_a", true, 10);
    assert!(bench.passes("vlt_a").await);
    bench.tokens.known.lock().clear();
    bench.bearers.forget_all();
    assert!(!bench.passes("vlt_a").await);
    bench.knows("vlt_b", false, 10);
    assert!(!bench.passes("vlt_b").await, "of a disabled client");
    bench.knows("vlt_b", true, 10);
    assert!(bench.passes("vlt_b").await, "what was refused is not remembered");
}

#[tokio::test]
async fn a_store_that_is_away_refuses_nobody_for_good() {
    let bench = bench();
    let answer = bench.bearers.authenticate("away", HERE).await;
    assert!(matches!(answer, Err(AuthError::Source(_))), "{answer:?}");
}

#[tokio::test]
async fn a_signed_token_ends_by_the_clock_with_a_small_leeway_whether_remembered_or_not() {
    let bench = bench();
    let now = crate::kit::issuer::now();
    let token = KEYS.elliptic.sign(&claims_with(&json!({"exp": now + 10, "nbf": now - 10})));
    let bearer = bench.bearers.authenticate(&token, HERE).await.unwrap();
    assert_eq!((bearer.client, bearer.principal.name()), (None, "idp:nightly"));
    bench.world.advance(12 * SECOND);
    assert!(bench.passes(&token).await, "within the leeway");
    bench.world.advance(8 * SECOND);
    assert!(!bench.passes(&token).await);
    bench.bearers.forget_all();
    assert!(!bench.passes(&token).await);
    let early = KEYS.elliptic.sign(&claims_with(&json!({"nbf": now + 60})));
    assert!(!bench.passes(&early).await);
    bench.world.advance(60 * SECOND);
    assert!(bench.passes(&early).await);
}

#[tokio::test]
async fn a_shared_secret_is_never_a_key_even_where_the_settings_name_such_an_algorithm() {
    let bench = bench();
    let header = jsonwebtoken::Header {
        kid: Some("oct-1".to_owned()),
        ..jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256)
    };
    let secret = jsonwebtoken::EncodingKey::from_secret(b"a shared secret of an issuer");
    let token = jsonwebtoken::encode(&header, &claims_with(&json!({})), &secret).unwrap();
    assert!(!bench.passes(&token).await);
    assert!(bench.passes(&KEYS.elliptic.sign(&claims_with(&json!({})))).await);
}
