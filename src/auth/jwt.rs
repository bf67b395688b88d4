//! Tokens that an issuer has signed (JWT): signature, issuer, audience and times, then what the claims grant.
//!
//! Only the header and the signature are left to the crate; claims are judged here, by the injected clock. Nothing of a
//! token is believed before its signature has been verified with a key that was read from the configured place: keys
//! and addresses of keys in a token are not looked at. Must not read requests or log a token.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header};
use parking_lot::RwLock;
use serde_json::Value;
use tokio::sync::Notify;

use super::keys::{Keys, KeysError};
use crate::model::Grants;
use crate::world::Micros;

/// Longest name of a caller, in characters.
const MOST_NAME: usize = 128;
const SECOND: Micros = 1_000_000;

/// What a claim grants.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The claim; a dot leads into an object.
    pub claim: String,
    /// The value it must have.
    pub value: String,
    /// What that grants.
    pub grants: Grants,
}

/// What is accepted of an issuer.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// Its short name.
    pub name: String,
    /// `iss`.
    pub issuer: String,
    /// Accepted in `aud`.
    pub audience: Vec<String>,
    /// Accepted algorithms, by name; unknown and symmetric ones are passed over.
    pub algorithms: Vec<String>,
    /// The claim that names the caller.
    pub client_claim: String,
    /// The organization that callers are bounded to.
    pub within: Option<String>,
    /// The claim that names it.
    pub within_claim: Option<String>,
    /// How far its clock may differ, seconds.
    pub leeway: u16,
    /// Whether each token is accepted only once.
    pub once: bool,
    /// What claims grant.
    pub grants: Vec<Mapping>,
}

/// A caller that an issuer vouches for.
#[derive(Debug, Clone)]
pub struct Vouched {
    /// `NAME:CLAIM`; no API client can have such a name.
    pub name: String,
    /// What its claims grant.
    pub grants: Grants,
    /// The organization it is bounded to, by entity name or id.
    pub within: Option<String>,
    /// The first instant at which the token is no longer accepted.
    pub expires: Micros,
    /// What tells the token from every other one, where each is accepted only once.
    pub mark: Option<[u8; 32]>,
}

/// Why a token is refused; for the log only. No text depends on what was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Not three parts of base64 and JSON.
    #[error("malformed")]
    Malformed,
    /// An algorithm that is not accepted.
    #[error("algorithm not accepted")]
    Algorithm,
    /// A type of token that is not for access, or extensions that must be understood.
    #[error("not an access token")]
    Type,
    /// No key that could have signed it.
    #[error("unknown key")]
    Key,
    /// The signature is wrong.
    #[error("wrong signature")]
    Signature,
    /// Another issuer.
    #[error("wrong issuer")]
    Issuer,
    /// Another audience.
    #[error("wrong audience")]
    Audience,
    /// It has no end, or is past it.
    #[error("expired, or without exp")]
    Expired,
    /// It is not good yet.
    #[error("not valid yet")]
    Early,
    /// A claim that is needed is missing or ill-formed.
    #[error("a needed claim is missing")]
    Claim,
}

/// An issuer with its present keys.
pub struct Issuer {
    settings: IssuerSettings,
    algorithms: Vec<Algorithm>,
    keys: RwLock<Arc<Keys>>,
    /// Told when a token names a key that is not known.
    pub wanted: Notify,
}

impl Issuer {
    /// An issuer without keys yet.
    pub fn new(settings: IssuerSettings) -> Self {
        let known = settings.algorithms.iter().filter_map(|name| name.parse().ok());
        let symmetric = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
        let algorithms = known.filter(|algorithm| !symmetric.contains(algorithm)).collect();
        Self { settings, algorithms, keys: RwLock::default(), wanted: Notify::new() }
    }

    /// Its short name.
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Whether `iss` names it.
    pub fn is(&self, issuer: &str) -> bool {
        self.settings.issuer == issuer
    }

    /// Whether each of its tokens is accepted only once.
    pub fn is_once(&self) -> bool {
        self.settings.once
    }

    /// Whether it has keys.
    pub fn is_ready(&self) -> bool {
        !self.keys.read().is_empty()
    }

    /// Takes over the keys of a JWKS document; whether they differ from those before. What is no such document leaves
    /// the old ones; one without a usable key leaves none.
    pub fn accept(&self, document: &[u8]) -> Result<bool, KeysError> {
        let keys = Keys::read(document, &self.algorithms)?;
        let mut held = self.keys.write();
        let differs = !held.same(&keys);
        *held = Arc::new(keys);
        Ok(differs)
    }

    /// Who presents `token` at `now`.
    pub fn verify(&self, token: &str, now: Micros) -> Result<Vouched, Reason> {
        let header = decode_header(token).map_err(|_| Reason::Malformed)?;
        self.check_header(&header)?;
        let claims = self.check_signature(token, &header)?;
        self.check_addressees(&claims)?;
        let expires = self.check_times(&claims, now)?;
        self.vouched(&claims, expires)
    }

    fn check_header(&self, header: &Header) -> Result<(), Reason> {
        if !self.algorithms.contains(&header.alg) {
            return Err(Reason::Algorithm);
        }
        let typ = header.typ.as_deref().map(str::to_ascii_lowercase);
        let typ = typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
        if header.crit.is_some() || !matches!(typ, None | Some("jwt" | "at+jwt")) {
            return Err(Reason::Type);
        }
        Ok(())
    }

    fn check_signature(&self, token: &str, header: &Header) -> Result<Value, Reason> {
        let keys = Arc::clone(&self.keys.read());
        let id = header.kid.as_deref();
        if keys.is_empty() || id.is_some_and(|id| !keys.has(id)) {
            self.wanted.notify_one();
            return Err(Reason::Key);
        }
        let mut validation = Validation::new(header.alg);
        // Claims are judged by our own clock.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let candidates = keys.candidates(id, header.alg);
        if candidates.is_empty() {
            return Err(Reason::Key);
        }
        let verified = candidates.into_iter().find_map(|key| decode::<Value>(token, key, &validation).ok());
        verified.map(|verified| verified.claims).ok_or(Reason::Signature)
    }

    fn check_addressees(&self, claims: &Value) -> Result<(), Reason> {
        if claims.get("iss").and_then(Value::as_str) != Some(self.settings.issuer.as_str()) {
            return Err(Reason::Issuer);
        }
        let meant = |value: &Value| {
            value.as_str().is_some_and(|text| self.settings.audience.iter().any(|a| a == text))
        };
        let right = match claims.get("aud") {
            Some(Value::Array(list)) => list.iter().any(meant),
            Some(one) => meant(one),
            None => false,
        };
        if right { Ok(()) } else { Err(Reason::Audience) }
    }

    /// When the token is no longer accepted.
    fn check_times(&self, claims: &Value, now: Micros) -> Result<Micros, Reason> {
        let leeway = Micros::from(self.settings.leeway) * SECOND;
        let expires = claims.get("exp").and_then(instant).ok_or(Reason::Expired)?.saturating_add(leeway);
        if expires <= now {
            return Err(Reason::Expired);
        }
        for name in ["nbf", "iat"] {
            let Some(claim) = claims.get(name) else { continue };
            if instant(claim).is_none_or(|from| from.saturating_sub(leeway) > now) {
                return Err(Reason::Early);
            }
        }
        Ok(expires)
    }

    fn vouched(&self, claims: &Value, expires: Micros) -> Result<Vouched, Reason> {
        let settings = &self.settings;
        let name = claim(claims, &settings.client_claim).and_then(Value::as_str).ok_or(Reason::Claim)?;
        let sound = (1..=MOST_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        if !sound {
            return Err(Reason::Claim);
        }
        let within = match &settings.within_claim {
            // Without it the caller would not be bounded at all.
            Some(path) => Some(claim(claims, path).and_then(Value::as_str).ok_or(Reason::Claim)?.to_owned()),
            None => settings.within.clone(),
        };
        let mark = if settings.once {
            let id = claims.get("jti").and_then(Value::as_str).ok_or(Reason::Claim)?;
            Some(mark(&settings.issuer, id))
        } else {
            None
        };
        let matching = settings.grants.iter().filter(|mapping| holds(claims, mapping));
        let grants = matching.fold(Grants::NONE, |sum, mapping| sum.union(&mapping.grants));
        Ok(Vouched { name: format!("{}:{name}", settings.name), grants, within, expires, mark })
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("name", &self.settings.name).finish_non_exhaustive()
    }
}

/// The issuer that a token says it is from, unverified; `None` when it is no token of that sort.
pub fn issuer_of(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims.get("iss")?.as_str().map(str::to_owned)
}

/// A claim by name, or by a path of names.
fn claim<'c>(claims: &'c Value, path: &str) -> Option<&'c Value> {
    claims.get(path).or_else(|| path.split('.').try_fold(claims, |value, name| value.get(name)))
}

fn holds(claims: &Value, mapping: &Mapping) -> bool {
    let is = |value: &Value| value.as_str() == Some(mapping.value.as_str());
    match claim(claims, &mapping.claim) {
        Some(Value::Array(list)) => list.iter().any(is),
        Some(Value::String(text)) => {
            *text == mapping.value || text.split_whitespace().any(|word| word == mapping.value)
        }
        Some(Value::Bool(flag)) => flag.to_string() == mapping.value,
        _ => false,
    }
}

/// A claim of seconds since 1970, perhaps with a fraction, as microseconds; `None` when it is no such number.
fn instant(claim: &Value) -> Option<Micros> {
    /// Seconds that far from 1970 still fit as microseconds.
    const FARTHEST: f64 = 9.0e12;
    let seconds = claim.as_f64().filter(|seconds| seconds.is_finite())?.clamp(-FARTHEST, FARTHEST);
    #[expect(clippy::cast_possible_truncation, reason = "clamped to what fits")]
    Some((seconds * 1e6) as Micros)
}

/// What is kept of a token that was used.
fn mark(issuer: &str, id: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    // The length keeps ("ab", "c") and ("a", "bc") apart.
    hasher.update(&(issuer.len() as u64).to_le_bytes());
    hasher.update(issuer.as_bytes());
    hasher.update(id.as_bytes());
    *hasher.finalize().as_bytes()
}
