//! Whether the issuers of signed tokens make sense: names, audiences, places of keys, algorithms, grants.
//!
//! Pure, like `check`: whether the keys can be read is found out at the start.

use std::collections::BTreeSet;

use super::check::Problems;
use super::{JwtConfig, JwtGrants};
use crate::model::Grants;

/// The algorithms that can be accepted. All have a public key that cannot sign.
const ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// Adds every problem of the issuers.
pub(super) fn check(issuers: &[JwtConfig], problems: &mut Problems) {
    let (mut names, mut urls) = (BTreeSet::new(), BTreeSet::new());
    for (index, issuer) in issuers.iter().enumerate() {
        let key = |name: &str| format!("auth.jwt[{index}].{name}");
        let is_name = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
        if !(1..=32).contains(&issuer.name.len()) || !issuer.name.bytes().all(is_name) {
            problems.add(key("name"), "must be 1 to 32 small letters, digits or dashes");
        }
        if !names.insert(&issuer.name) {
            problems.add(key("name"), "is the name of two issuers");
        }
        if issuer.issuer.is_empty() || !urls.insert(&issuer.issuer) {
            problems.add(key("issuer"), "is empty, or declared twice");
        }
        if issuer.audience.is_empty() || issuer.audience.iter().any(String::is_empty) {
            problems.add(key("audience"), "must name at least one audience, and none that is empty");
        }
        if !is_place(&issuer.jwks) {
            problems.add(key("jwks"), "must be a file or an https address; plain http only on loopback");
        }
        let known = |name: &String| ALGORITHMS.contains(&name.as_str());
        if issuer.algorithms.is_empty() || !issuer.algorithms.iter().all(known) {
            problems.add(key("algorithms"), format!("must be some of {}", ALGORITHMS.join(", ")));
        }
        if issuer.client_claim.is_empty() {
            problems.add(key("client-claim"), "is empty");
        }
        if issuer.within.is_some() && issuer.within_claim.is_some() {
            problems.add(key("within-claim"), "excludes `within`: a caller is bounded to one organization");
        }
        problems.range(&key("leeway-seconds"), u64::from(issuer.leeway_seconds), &(0..=300), "seconds");
        problems.range(&key("refresh-seconds"), u64::from(issuer.refresh_seconds), &(1..=86_400), "seconds");
        for (place, grants) in issuer.grants.iter().enumerate() {
            check_grants(&key(&format!("grants[{place}]")), grants, problems);
        }
    }
}

fn check_grants(key: &str, grants: &JwtGrants, problems: &mut Problems) {
    if grants.claim.is_empty() || grants.value.is_empty() {
        problems.add(format!("{key}.claim"), "needs a claim and a value");
    }
    match (&grants.preset, grants.words.as_slice()) {
        (Some(preset), []) if Grants::preset(preset).is_some() => {}
        (Some(_), []) => problems.add(format!("{key}.preset"), "must be admin, writer or reader"),
        (None, words @ [_, ..]) => {
            if let Err(error) = Grants::parse(words.iter().map(String::as_str)) {
                problems.add(format!("{key}.words"), error.to_string());
            }
        }
        _ => problems.add(format!("{key}.words"), "needs either `preset` or `words`"),
    }
}

/// Whether keys may be read from there: whoever can change them on the way could let anybody in.
fn is_place(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("http://") else {
        return !text.is_empty() && (!text.contains("://") || text.starts_with("https://"));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let loopback = ["127.0.0.1", "[::1]", "localhost"];
    loopback.into_iter().filter_map(|host| authority.strip_prefix(host)).any(|rest| {
        let port = rest.strip_prefix(':').unwrap_or(rest);
        port.len() <= 5 && port.bytes().all(|digit| digit.is_ascii_digit())
    })
}
