//! An issuer of signed tokens: its keys, its JWKS document, and tokens with any fault. Holds no test.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use valtuus::config::{JwtConfig, JwtGrants};
use valtuus::world::{Real, World as _};

use super::caller::Credentials;

/// What tests call the issuer, and what it calls itself.
pub const NAME: &str = "idp";
pub const ISSUER: &str = "https://idp.example/realms/test";
pub const AUDIENCE: &str = "valtuus";

/// A key that signs.
pub struct Key {
    pub id: &'static str,
    pub algorithm: Algorithm,
    pub signing: EncodingKey,
}

impl Key {
    fn elliptic(id: &'static str, algorithm: Algorithm) -> Self {
        let signing = if algorithm == Algorithm::EdDSA {
            // PKCS #8 version 1 around a random seed.
            let mut der = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".to_vec();
            let mut seed = [0; 32];
            Real.random(&mut seed);
            der.extend(seed);
            EncodingKey::from_ed_der(&der)
        } else {
            let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
            EncodingKey::from_ec_der(&pair.serialize_der())
        };
        Self { id, algorithm, signing }
    }

    fn rsa(id: &'static str, bits: u32) -> Self {
        let pem = std::fs::read(format!("fixtures/jwt/rsa-{bits}.pem")).unwrap();
        Self { id, algorithm: Algorithm::RS256, signing: EncodingKey::from_rsa_pem(&pem).unwrap() }
    }

    /// The public half as it stands in a JWKS document.
    pub fn public(&self) -> Value {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&self.signing, self.algorithm).unwrap()).unwrap();
        jwk["kid"] = json!(self.id);
        jwk["use"] = json!("sig");
        jwk
    }

    /// A token of these claims.
    pub fn sign(&self, claims: &Value) -> String {
        encode(&self.header(), claims, &self.signing).unwrap()
    }

    pub fn header(&self) -> Header {
        Header { kid: Some(self.id.to_owned()), ..Header::new(self.algorithm) }
    }
}

/// The keys of the process: two of the issuer's of each sort, and one that is not its.
pub struct Keys {
    pub elliptic: Key,
    pub edwards: Key,
    pub rsa: Key,
    pub short: Key,
    /// Has the id of `elliptic`.
    pub stolen_name: Key,
    pub unknown: Key,
}

pub static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
    elliptic: Key::elliptic("ec-1", Algorithm::ES256),
    edwards: Key::elliptic("ed-1", Algorithm::EdDSA),
    rsa: Key::rsa("rsa-1", 2_048),
    short: Key::rsa("rsa-short", 1_024),
    stolen_name: Key::elliptic("ec-1", Algorithm::ES256),
    unknown: Key::elliptic("ec-9", Algorithm::ES256),
});

/// The JWKS document of the issuer: with keys that must not be used beside the good ones.
pub fn jwks() -> String {
    let Keys { elliptic, edwards, rsa, short, .. } = &*KEYS;
    let mut encrypts = KEYS.unknown.public();
    encrypts["kid"] = json!("ec-encrypts");
    encrypts["use"] = json!("enc");
    let secret =
        json!({"kty": "oct", "kid": "oct-1", "k": URL_SAFE_NO_PAD.encode("a shared secret of an issuer")});
    let keys = [
        elliptic.public(),
        edwards.public(),
        rsa.public(),
        short.public(),
        encrypts,
        secret,
        json!({"kty": "new-sort", "kid": "new-1"}),
    ];
    json!({ "keys": keys }).to_string()
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "an issuer has a clock of its own")]
pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// The claims of a good token.
pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "nightly", "iat": now(), "exp": now() + 600,
        "realm_access": {"roles": ["reports", "other"]}, "scope": "openid roles:read",
    })
}

/// The claims of a good token with some of them changed; `null` takes one out.
pub fn claims_with(changes: &Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// How a server accepts the issuer's tokens.
pub fn accepted(jwks: &str) -> JwtConfig {
    let grants = |claim: &str, value: &str, preset: Option<&str>, words: &[&str]| JwtGrants {
        claim: claim.to_owned(),
        value: value.to_owned(),
        preset: preset.map(str::to_owned),
        words: words.iter().map(|word| (*word).to_owned()).collect(),
    };
    JwtConfig {
        name: NAME.to_owned(),
        issuer: ISSUER.to_owned(),
        audience: vec!["elsewhere".to_owned(), AUDIENCE.to_owned()],
        jwks: jwks.to_owned(),
        algorithms: ["RS256", "ES256", "EdDSA"].map(str::to_owned).to_vec(),
        client_claim: "sub".to_owned(),
        within: None,
        within_claim: None,
        leeway_seconds: 5,
        refresh_seconds: 600,
        once: false,
        grants: vec![
            grants("realm_access.roles", "reports", None, &["read:user"]),
            grants("scope", "roles:read", None, &["read:role"]),
            grants("groups", "admins", Some("admin"), &[]),
        ],
    }
}

/// A token as a header carries it.
pub fn bearer(token: &str) -> Credentials {
    Credentials::Header(format!("Bearer {token}"))
}
