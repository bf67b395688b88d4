//! The kinds of work: which requests are sent. Requests are put together from what the server itself told about its
//! users, so that any server of this interface can be measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rand::RngExt as _;
use rand::rngs::SmallRng;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::mapped;
use super::seed::Person;

/// Entities asked for by one list.
pub const LISTED: usize = 20;

/// Where requests go and who signs them.
#[derive(Clone)]
pub struct Door {
    /// The `Host` of every request.
    pub host: String,
    /// The path of the interface, no slash at its end.
    pub base: String,
    /// `username=…&password=…`.
    pub credentials: Arc<Zeroizing<String>>,
}

impl Door {
    /// Requests to `base` at `host`, signed by `username` and `password`.
    pub fn new(host: String, base: String, username: &str, password: &str) -> Self {
        let credentials = format!("username={}&password={}", encoded(username), encoded(password));
        Self { host, base, credentials: Arc::new(Zeroizing::new(credentials)) }
    }

    /// Writes a request to `path` below the base behind `out`.
    pub fn put(&self, method: &str, path: &str, query: &str, out: &mut Vec<u8>) {
        let Self { host, base, credentials } = self;
        let and = if query.is_empty() { "" } else { "&" };
        let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
        for part in [method, " ", base, path, "?", query, and, credentials.as_str()] {
            out.extend_from_slice(part.as_bytes());
        }
        for part in [" HTTP/1.1\r\nHost: ", host, "\r\n", length, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

impl Door {
    /// Writes a POST over `out`, with an XML document where there is one.
    pub fn post(&self, path: &str, query: &str, body: &str, out: &mut Vec<u8>) {
        let Self { host, base, credentials } = self;
        let and = if query.is_empty() { "" } else { "&" };
        let length = body.len().to_string();
        out.clear();
        for part in ["POST ", base, path, "?", query, and, credentials.as_str(), " HTTP/1.1\r\nHost: ", host]
        {
            out.extend_from_slice(part.as_bytes());
        }
        for part in ["\r\nContent-Type: application/xml\r\nContent-Length: ", &length, "\r\n\r\n", body] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}

/// The requests of one kind of work.
#[derive(Clone)]
pub enum Requests {
    /// A constant of so many bytes from the bare handler.
    Bare(u64),
    /// One user by an id chosen at random.
    Read(Door, Arc<Vec<Uuid>>),
    /// The first users whose attribute begins so; attribute and beginning chosen at random.
    List(Door, Arc<Vec<(String, String)>>),
    /// A user nobody has made before: the number of this run, and how many were made.
    Create(Door, u64, Arc<AtomicU64>),
    /// The ids of all users.
    Ids(Door),
    /// Whether a user may call a function on a provider, both chosen at random.
    Check(Door, Arc<Vec<(Uuid, Uuid)>>),
    /// Whether a role may call an address, both chosen at random.
    Ask(Door),
}

impl Requests {
    /// Writes the next request over `out`.
    pub fn next(&self, random: &mut SmallRng, out: &mut Vec<u8>) {
        out.clear();
        match self {
            Self::Bare(bytes) => {
                out.extend_from_slice(format!("GET /{bytes} HTTP/1.1\r\nHost: bare\r\n\r\n").as_bytes());
            }
            Self::Read(door, ids) => {
                let id = ids.get(random.random_range(0..ids.len().max(1))).copied().unwrap_or_default();
                door.put("GET", &format!("/users/{}", id.hyphenated()), "", out);
            }
            Self::List(door, prefixes) => {
                let place = random.random_range(0..prefixes.len().max(1));
                let Some((name, beginning)) = prefixes.get(place) else { return };
                let query = format!("{name}={beginning}&entities=true&maxResults={LISTED}");
                door.put("GET", "/users", &query, out);
            }
            Self::Create(door, run, made) => {
                let person = Person::numbered(made.fetch_add(1, Ordering::Relaxed));
                let pairs = person.attributes(&format!("b{run:x}"));
                let pairs: Vec<String> =
                    pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
                door.put("POST", "/users", &pairs.join("&"), out);
            }
            Self::Ids(door) => door.put("GET", "/users", "", out),
            Self::Check(door, pairs) => {
                let place = random.random_range(0..pairs.len().max(1));
                let (provider, user) = pairs.get(place).copied().unwrap_or_default();
                let function = random.random_range(29..=41);
                let query = format!("provider={provider}&user={user}&function={function}");
                door.put("GET", "/contracts/check", &query, out);
            }
            Self::Ask(door) => {
                let query = mapped::question(random.random_range(0..1_000_000));
                door.put("GET", "/authorizations", &query, out);
            }
        }
    }
}

/// Text as it stands in a query.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The ids in a piece of a list document; `open` keeps what is not complete yet.
pub fn ids_in(piece: &[u8], open: &mut Vec<u8>, found: &mut Vec<Uuid>) {
    const START: &[u8] = b"<Id>";
    open.extend_from_slice(piece);
    let mut at = 0;
    while let Some(rest) = open.get(at..)
        && let Some(next) = rest.windows(START.len()).position(|bytes| bytes == START)
    {
        let Some(text) = rest.get(next + START.len()..next + START.len() + 36) else { break };
        found.extend(Uuid::try_parse_ascii(text).ok());
        at += next + START.len() + 36;
    }
    // What is left is less than one id with its tags, or no id at all.
    let keep = open.len().saturating_sub(START.len() + 36).max(at);
    open.drain(..keep);
}

/// Beginnings to search by, from the document of a user: of each attribute that is searched by its beginning.
pub fn prefixes_in(document: &str, random: &mut SmallRng, found: &mut Vec<(String, String)>) {
    for name in ["login", "email", "surname", "firstname", "mobile", "ssn"] {
        let start = format!("<Attribute name=\"{name}\"><Value>");
        let Some((_, rest)) = document.split_once(&start) else { continue };
        let value = rest.split('<').next().unwrap_or_default();
        let letters = value.chars().count();
        // An escaped letter would be cut apart.
        if letters >= 4 && !value.contains('&') {
            let length = random.random_range(3..=(letters / 2).max(3));
            found.push((name.to_owned(), encoded(&value.chars().take(length).collect::<String>())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn ids_are_found_wherever_the_document_is_cut() {
        let ids: Vec<Uuid> = (1..=5).map(Uuid::from_u128).collect();
        let list = ids.iter().map(|id| format!("<Id>{id}</Id>")).collect::<Vec<_>>().concat();
        let document = format!("<Users a=\"<\">{list}</Users>");
        for size in 1..document.len() {
            let (mut open, mut found) = (Vec::new(), Vec::new());
            for piece in document.as_bytes().chunks(size) {
                ids_in(piece, &mut open, &mut found);
            }
            assert_eq!(found, ids, "pieces of {size}");
        }
    }

    #[test]
    fn beginnings_come_from_values_and_are_encoded() {
        let document = "<Attribute name=\"mobile\"><Value>+35840123</Value></Attribute>\
                        <Attribute name=\"surname\"><Value>A&amp;BCDE</Value></Attribute>";
        let mut found = Vec::new();
        prefixes_in(document, &mut SmallRng::seed_from_u64(1), &mut found);
        let [(name, beginning)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(name, "mobile");
        assert!(beginning.starts_with("%2B35"), "{beginning}");
    }

    #[test]
    fn a_request_is_one_head_with_credentials() {
        let door = Door::new("h".into(), "/b".into(), "a&b", "c d");
        let mut out = Vec::new();
        let mut random = SmallRng::seed_from_u64(1);
        Requests::Ids(door.clone()).next(&mut random, &mut out);
        let expected = "GET /b/users?username=a%26b&password=c%20d HTTP/1.1\r\nHost: h\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
        let create = Requests::Create(door, 7, Arc::default());
        let mut all = std::collections::HashSet::new();
        for _ in 0..100 {
            create.next(&mut random, &mut out);
            assert!(out.ends_with(b"Content-Length: 0\r\n\r\n"));
            assert!(all.insert(out.clone()), "the same user twice");
        }
    }
}
