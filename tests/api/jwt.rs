//! Tokens that a configured issuer has signed: what is accepted, what the claims grant, and every way to be refused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use valtuus::config::Config;
use valtuus::store::AuditQuery;

use crate::kit::issuer::{ISSUER, KEYS, accepted, bearer, claims, claims_with, jwks, now};
use crate::kit::trace::records;
use crate::kit::{Answer, Bed, On};

/// The keys lie in a file of the data directory.
fn with_file(config: &mut Config) {
    let path = config.store.data_dir.join("jwks.json");
    std::fs::write(&path, jwks()).unwrap();
    config.auth.attempts.lock_after = 10_000;
    config.auth.jwt = vec![accepted(path.to_str().unwrap())];
}

fn once(config: &mut Config) {
    with_file(config);
    config.auth.jwt[0].once = true;
}

fn bounded(config: &mut Config) {
    with_file(config);
    config.auth.jwt[0].within_claim = Some("org".to_owned());
}

async fn ask(bed: &Bed, token: &str, path: &str) -> Answer {
    bed.anonymous().with(bearer(token)).get(path).await
}

/// Refused as a bearer whose token is not good.
#[track_caller]
fn refused(answer: Answer, what: &str) {
    assert_eq!(answer.status.as_u16(), 401, "{what}: {}", answer.text());
    let answer = answer.refused(401, 2, "authentication failed");
    let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
    assert!(
        challenges.iter().any(|value| *value == "Bearer realm=\"valtuus\", error=\"invalid_token\""),
        "{what}: {challenges:?}"
    );
}

/// A token put together from any header and claims, signed with nothing or by a key.
fn put_together(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), URL_SAFE_NO_PAD.encode(signature))
}

/// Claims that must be refused, whoever signs them.
fn bad_claims() -> Vec<Value> {
    vec![
        json!({"exp": now() - 60}),
        json!({"exp": null}),
        json!({"exp": "tomorrow"}),
        json!({"exp": now().to_string()}),
        json!({"exp": 0}),
        json!({"exp": -1}),
        json!({"nbf": now() + 3_600}),
        json!({"nbf": "soon"}),
        json!({"iat": now() + 3_600}),
        json!({"aud": "somebody-else"}),
        json!({"aud": ["a", "b"]}),
        json!({"aud": null}),
        json!({"aud": []}),
        json!({"aud": 7}),
        json!({"aud": {"valtuus": true}}),
        json!({"iss": "https://evil.example"}),
        json!({"iss": null}),
        json!({"iss": [ISSUER]}),
        json!({"iss": format!("{ISSUER}/")}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": 7}),
        json!({"sub": "n".repeat(129)}),
        json!({"sub": "a\u{1}b"}),
    ]
}

/// Tokens that are wrong in their header or signature.
fn bad_tokens() -> Vec<(&'static str, String)> {
    let good = KEYS.elliptic.sign(&claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let headed = |change: &dyn Fn(&mut Header)| {
        let mut header = KEYS.elliptic.header();
        change(&mut header);
        encode(&header, &claims(), &KEYS.elliptic.signing).unwrap()
    };
    let rsa_public = KEYS.rsa.public().to_string();
    let shared = |secret: &[u8], kid: &str| {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims(), &EncodingKey::from_secret(secret)).unwrap()
    };
    let other_claims = put_together(&json!({}), &claims_with(&json!({"groups": ["admins"]})), b"");
    let other_claims = other_claims.split('.').nth(1).unwrap().to_owned();
    let first = signed.split('.').next().unwrap();
    vec![
        ("none", put_together(&json!({"alg": "none", "typ": "JWT"}), &claims(), b"")),
        ("None", put_together(&json!({"alg": "None", "kid": "ec-1"}), &claims(), b"")),
        ("no algorithm", put_together(&json!({"kid": "ec-1"}), &claims(), b"x")),
        ("unknown algorithm", put_together(&json!({"alg": "XS256", "kid": "ec-1"}), &claims(), b"x")),
        ("no signature", format!("{signed}.")),
        ("no dot", signed.to_owned()),
        ("a part more", format!("{good}.x")),
        ("cut short", format!("{signed}.{}", &signature[..signature.len() - 4])),
        (
            "another signature",
            format!(
                "{signed}.{}",
                KEYS.elliptic.sign(&claims_with(&json!({"sub": "x"}))).rsplit_once('.').unwrap().1
            ),
        ),
        ("other claims", format!("{first}.{other_claims}.{signature}")),
        ("wrong key under a known id", KEYS.stolen_name.sign(&claims())),
        ("unknown key", KEYS.unknown.sign(&claims())),
        ("key that is too short", KEYS.short.sign(&claims())),
        ("key for encryption", headed(&|header| header.kid = Some("ec-encrypts".to_owned()))),
        ("another key's id", headed(&|header| header.kid = Some("ed-1".to_owned()))),
        ("symmetric key of the document", shared(b"a shared secret of an issuer", "oct-1")),
        ("public key as a shared secret", shared(rsa_public.as_bytes(), "rsa-1")),
        ("modulus as a shared secret", shared(KEYS.rsa.public()["n"].as_str().unwrap().as_bytes(), "rsa-1")),
        ("another type", headed(&|header| header.typ = Some("logout+jwt".to_owned()))),
        ("critical extensions", headed(&|header| header.crit = Some(vec!["exp".to_owned()]))),
        ("algorithm that is not accepted", {
            let header = Header { kid: Some("rsa-1".to_owned()), ..Header::new(Algorithm::PS256) };
            encode(&header, &claims(), &KEYS.rsa.signing).unwrap()
        }),
        ("key in the token", {
            let jwk = serde_json::from_value(KEYS.unknown.public()).unwrap();
            let header = Header { jwk: Some(jwk), ..KEYS.unknown.header() };
            encode(&header, &claims(), &KEYS.unknown.signing).unwrap()
        }),
        ("no JSON", format!("{first}.{}.{signature}", URL_SAFE_NO_PAD.encode("[1,2"))),
        (
            "nested too deep",
            put_together(&json!({"alg": "ES256"}), &Value::Null, b"x")
                .replace(&URL_SAFE_NO_PAD.encode("null"), &URL_SAFE_NO_PAD.encode("[".repeat(3_000))),
        ),
        ("oversized", KEYS.elliptic.sign(&claims_with(&json!({"filler": "x".repeat(6_200)})))),
        ("no id although there are several keys", headed(&|header| header.kid = Some(String::new()))),
    ]
}

crate::on_both_with! { with_file;
    async fn a_signed_token_may_do_what_its_claims_grant(bed: Bed) {
        let anna = crate::api::user(&bed.admin(), "anna").await;
        for key in [&KEYS.elliptic, &KEYS.edwards, &KEYS.rsa] {
            let token = key.sign(&claims());
            ask(&bed, &token, &format!("users/{anna}")).await.ok();
            ask(&bed, &token, "roles").await.ok();
            ask(&bed, &token, "organizations").await.refused(403, 3, "organization");
            bed.anonymous().with(bearer(&token)).post("users/?login=berta").await.refused(403, 3, "create");
            // Again, from the memory.
            ask(&bed, &token, &format!("users/{anna}")).await.ok();
        }
        let nothing = KEYS.elliptic.sign(&claims_with(&json!({"scope": null, "realm_access": {"roles": "reporting"}})));
        ask(&bed, &nothing, "users").await.refused(403, 3, "read user");
        let only_roles = KEYS.elliptic.sign(&claims_with(&json!({"realm_access": 7})));
        ask(&bed, &only_roles, "roles").await.ok();
        ask(&bed, &only_roles, "users").await.refused(403, 3, "read user");
        let admin = KEYS.elliptic.sign(&claims_with(&json!({"groups": ["staff", "admins"]})));
        ask(&bed, &admin, "apiclients").await.ok();
        // No client of the store, so it has no tokens of its own; the trail knows it by both names.
        let admin = bed.anonymous().with(bearer(&admin));
        admin.post("tokens").await.refused(400, 1, "client");
        let made = admin.post("users/?login=cecilia").await.ok();
        let query = AuditQuery { client: Some("idp:nightly".to_owned()), ..AuditQuery::default() };
        let trail = records(&bed.server.service().engine.store, &query).await;
        let made_by = trail.iter().filter(|record| record.field("requestId") == made.header("x-request-id"));
        assert_eq!(made_by.count(), 2);
    }

    async fn other_forms_of_a_good_token_are_accepted(bed: Bed) {
        let accepted = [
            json!({"aud": ["x", "valtuus"]}), json!({"aud": "elsewhere"}), json!({"nbf": now() - 10}),
            json!({"iat": null}), json!({"exp": 99_999_999_999_999_i64}), json!({"exp": f64::from(u32::try_from(now()).unwrap()) + 60.5}),
            json!({"sub": "Ünï cödé"}), json!({"iat": now() + 2}),
        ];
        for changes in accepted {
            let token = KEYS.elliptic.sign(&claims_with(&changes));
            assert_eq!(ask(&bed, &token, "users").await.status.as_u16(), 200, "{changes}");
        }
        let header = Header { typ: Some("at+JWT".to_owned()), ..KEYS.elliptic.header() };
        ask(&bed, &encode(&header, &claims(), &KEYS.elliptic.signing).unwrap(), "users").await.ok();
        // Without an id the only key of the algorithm is meant.
        let header = Header::new(Algorithm::ES256);
        ask(&bed, &encode(&header, &claims(), &KEYS.elliptic.signing).unwrap(), "users").await.ok();
        let lower = crate::kit::caller::Credentials::Header(format!("bearer  {}", KEYS.elliptic.sign(&claims())));
        bed.anonymous().with(lower).get("users").await.ok();
    }

    async fn every_fault_of_a_token_is_refused_and_tells_nothing(bed: Bed) {
        for changes in bad_claims() {
            let token = KEYS.elliptic.sign(&claims_with(&changes));
            refused(ask(&bed, &token, "users").await, &changes.to_string());
        }
        for (what, token) in bad_tokens() {
            refused(ask(&bed, &token, "users").await, what);
        }
        // A wrong header is never passed over for a good query.
        let beside = "users?username=admin&password=admin-password".to_string();
        refused(ask(&bed, &KEYS.unknown.sign(&claims()), &beside).await, "beside a good query");
        ask(&bed, &KEYS.elliptic.sign(&claims()), "users").await.ok();
    }

    async fn a_token_may_be_used_as_often_as_it_is_good(bed: Bed) {
        let token = KEYS.elliptic.sign(&claims_with(&json!({"jti": "one"})));
        for _ in 0..3 {
            ask(&bed, &token, "users").await.ok();
        }
    }
}

crate::on_both_with! { once;
    async fn where_each_token_counts_once_it_is_refused_when_it_comes_again(bed: Bed) {
        let token = KEYS.elliptic.sign(&claims_with(&json!({"jti": "one"})));
        ask(&bed, &token, "users").await.ok();
        refused(ask(&bed, &token, "users").await, "again");
        // Signed anew, but the same token by its id.
        let again = KEYS.rsa.sign(&claims_with(&json!({"jti": "one"})));
        refused(ask(&bed, &again, "users").await, "the same id");
        ask(&bed, &KEYS.elliptic.sign(&claims_with(&json!({"jti": "two"}))), "users").await.ok();
        refused(ask(&bed, &KEYS.elliptic.sign(&claims()), "users").await, "without an id");
        // Of many at once one is let in.
        let token = KEYS.elliptic.sign(&claims_with(&json!({"jti": "three"})));
        let asked = (0..16).map(|_| ask(&bed, &token, "users"));
        let answers = futures_util::future::join_all(asked).await;
        assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 200).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 401).count(), 15);
    }
}

crate::on_both_with! { bounded;
    async fn a_claim_bounds_the_caller_to_an_organization(bed: Bed) {
        let admin = bed.admin();
        let acme = crate::api::organization(&admin, "acme").await;
        let inside = crate::api::user_of(&admin, &acme, "anna").await;
        let outside = crate::api::user(&admin, "berta").await;
        for within in ["acme", acme.as_str()] {
            let token = KEYS.elliptic.sign(&claims_with(&json!({"org": within})));
            ask(&bed, &token, &format!("users/{inside}")).await.ok();
            ask(&bed, &token, &format!("users/{outside}")).await.refused(404, 7, "user");
            assert_eq!(ask(&bed, &token, "users").await.ok().ids(), std::slice::from_ref(&inside));
        }
        for within in [json!({}), json!({"org": "nowhere"}), json!({"org": ""}), json!({"org": 7}), json!({"org": inside})] {
            let token = KEYS.elliptic.sign(&claims_with(&within));
            refused(ask(&bed, &token, "users").await, &within.to_string());
        }
    }
}

/// A JWKS document at an address of its own, which can be exchanged.
struct Site {
    url: String,
    document: Arc<Mutex<(u16, String)>>,
}

impl Site {
    async fn open(status: u16, document: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let held = Arc::new(Mutex::new((status, document)));
        let served = Arc::clone(&held);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (status, body) = served.lock().clone();
                let mut head = [0_u8; 4_096];
                let _ = socket.read(&mut head).await;
                let answer = format!(
                    "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = socket.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, document: held }
    }

    fn becomes(&self, status: u16, document: String) {
        *self.document.lock() = (status, document);
    }

    async fn bed(&self) -> Bed {
        let url = self.url.clone();
        let adapt = move |config: &mut Config| {
            config.auth.attempts.lock_after = 10_000;
            config.auth.jwt = vec![accepted(&url)];
            config.auth.jwt[0].refresh_seconds = 1;
        };
        Bed::start_with(On::Sqlite, adapt).await.unwrap()
    }
}

/// Asks until the answer has this status; the test fails only when it never comes.
async fn becomes(bed: &Bed, token: &str, status: u16) {
    let begun = Instant::now();
    loop {
        let answer = ask(bed, token, "users").await;
        if answer.status.as_u16() == status {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "still {}", answer.status);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn one_key(key: &crate::kit::issuer::Key) -> String {
    json!({"keys": [key.public()]}).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_come_from_an_address_and_follow_what_it_says() {
    let site = Site::open(200, one_key(&KEYS.elliptic)).await;
    let bed = site.bed().await;
    let (old, new) = (KEYS.elliptic.sign(&claims()), KEYS.edwards.sign(&claims()));
    ask(&bed, &old, "users").await.ok();
    refused(ask(&bed, &new, "users").await, "not known yet");
    site.becomes(200, one_key(&KEYS.edwards));
    becomes(&bed, &new, 200).await;
    // A withdrawn key ends what it has signed, remembered or not.
    refused(ask(&bed, &old, "users").await, "withdrawn");
    // What cannot be used changes nothing.
    for (status, document) in [
        (500, one_key(&KEYS.elliptic)),
        (200, "{}".to_owned()),
        (302, String::new()),
        (200, json!({"keys": [], "filler": "x".repeat(300_000)}).to_string()),
    ] {
        site.becomes(status, document);
        refused(ask(&bed, &old, "users").await, "withdrawn");
        ask(&bed, &new, "users").await.ok();
    }
    site.becomes(200, one_key(&KEYS.elliptic));
    becomes(&bed, &old, 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_that_withdraws_all_its_keys_is_believed_and_later_keys_are_followed() {
    let site = Site::open(200, one_key(&KEYS.elliptic)).await;
    let bed = site.bed().await;
    let (old, new) = (KEYS.elliptic.sign(&claims()), KEYS.edwards.sign(&claims()));
    for withdrawn in [json!({"keys": []}), json!({"keys": [{"kty": "oct", "k": "AAAA", "kid": "e1"}]})] {
        becomes(&bed, &old, 200).await;
        site.becomes(200, withdrawn.to_string());
        becomes(&bed, &old, 401).await;
        bed.admin().get("users").await.ok();
        site.becomes(200, one_key(&KEYS.edwards));
        becomes(&bed, &new, 200).await;
        refused(ask(&bed, &old, "users").await, "withdrawn");
        site.becomes(200, one_key(&KEYS.elliptic));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_that_is_away_at_the_start_only_has_its_tokens_refused_until_it_is_there() {
    let site = Site::open(503, String::new()).await;
    let bed = site.bed().await;
    let token = KEYS.elliptic.sign(&claims());
    refused(ask(&bed, &token, "users").await, "without keys");
    bed.admin().get("users").await.ok();
    site.becomes(200, jwks());
    becomes(&bed, &token, 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_keys_that_cannot_be_used_stops_the_start() {
    for (text, words) in [
        (None, "No such file"),
        (Some("nonsense"), "not a set of keys"),
        (Some("{\"keys\":[]}"), "no usable key"),
    ] {
        let directory = tempfile::TempDir::new().unwrap();
        let mut config = crate::kit::bed::configuration(directory.path(), None);
        let path = directory.path().join("jwks.json");
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        config.auth.jwt = vec![accepted(path.to_str().unwrap())];
        let started = valtuus::server::start(config, Arc::new(valtuus::world::Real)).await;
        let error = started.err().expect("a refusal").to_string();
        assert!(error.contains("auth.jwt") && error.contains("idp") && error.contains(words), "{error}");
    }
}
