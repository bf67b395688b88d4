//! An answer, read whole and judged by the schema of its root; saved for xmllint where the environment says so.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use valtuus::xml::generated::{AttributeTypeContent, EntityType};
use valtuus::xml::{Document, Limits, decode};

use super::{digit, json};
use crate::schema::judge;

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads an answer. An XML document that its schema does not allow fails the test.
    pub async fn read(response: reqwest::Response) -> Self {
        let newer = response.url().path().contains("/services/2.1/");
        let in_door = response.url().path().starts_with("/access/v1");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap().to_vec();
        let answer = Self { status, headers, body };
        // What the listener itself refuses it refuses in XML, whatever the address.
        if in_door && !answer.body.is_empty() && !answer.is_xml() {
            let judged = digit::judge(status.as_u16(), &answer.body);
            judged.unwrap_or_else(|error| panic!("{error}\n{}", answer.text()));
        } else if answer.header("content-type") == "application/json" && !answer.body.is_empty() {
            json::judge(&answer.body).unwrap_or_else(|error| panic!("{error}\n{}", answer.text()));
        }
        if answer.is_xml()
            && !answer.body.starts_with(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<xs:schema")
        {
            let judged = if newer { judge::validate_newer } else { judge::validate };
            judged(&answer.body).unwrap_or_else(|error| panic!("{error}\n{}", answer.text()));
            answer.save(newer);
        }
        answer
    }

    fn is_xml(&self) -> bool {
        let kind = self.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        kind.starts_with("application/xml") && !self.body.is_empty() && !self.text().contains("<xs:schema")
    }

    fn save(&self, newer: bool) {
        let Some(folder) = std::env::var_os("VALTUUS_SAVE_ANSWERS") else { return };
        let root = judge::root_name(&self.body);
        let schema = match root.as_str() {
            "error" => "error",
            _ if newer => "newer",
            root if judge::CID_ROOTS.contains(&root) => "cid",
            _ => "extension",
        };
        let folder = std::path::Path::new(&folder).join(schema);
        std::fs::create_dir_all(&folder).unwrap();
        let name = blake3::hash(&self.body).to_hex();
        std::fs::write(folder.join(format!("{}.xml", &name[..16])), &self.body).unwrap();
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// One header; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Fails unless the answer is 200.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        self
    }

    /// Fails unless the answer is an error document with this status and code; the message must contain `words`.
    #[track_caller]
    pub fn refused(self, status: u16, code: u16, words: &str) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        let text = self.text();
        let json = self.header("content-type") == "application/json";
        let said = if json {
            format!("{{\"error\":{{\"code\":{code},")
        } else {
            format!("<error><code>{code}</code>")
        };
        assert!(text.contains(&said), "{text}");
        assert!(text.contains(words), "{text} should say {words:?}");
        assert!(!self.header("x-request-id").is_empty(), "no request id");
        assert_eq!(self.header("cache-control"), "no-store");
        self
    }

    /// The JSON document.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The ids of a list.
    #[track_caller]
    pub fn ids(&self) -> Vec<String> {
        match decode(&self.body, &Limits { members: 1_000_000, bytes: 1 << 28, ..Limits::default() }).unwrap()
        {
            Document::List { list, .. } => list.id,
            Document::Entity { root, .. } => panic!("a {root}, not a list"),
        }
    }

    /// The only id of a list.
    #[track_caller]
    pub fn id(&self) -> String {
        let mut ids = self.ids();
        assert_eq!(ids.len(), 1, "{}", self.text());
        ids.pop().unwrap()
    }

    /// The entity.
    #[track_caller]
    pub fn entity(&self) -> EntityType {
        match decode(&self.body, &Limits::default()).unwrap() {
            Document::Entity { entity, .. } => entity,
            Document::List { root, .. } => panic!("a {root}, not an entity"),
        }
    }

    /// The names of an entity's attributes, in order.
    pub fn names(&self) -> Vec<String> {
        self.entity().attribute.into_iter().filter_map(|attribute| attribute.name).collect()
    }

    /// The values of one attribute of an entity; empty when it has none.
    pub fn values(&self, name: &str) -> Vec<String> {
        let found =
            self.entity().attribute.into_iter().find(|attribute| attribute.name.as_deref() == Some(name));
        match found.map(|attribute| attribute.content) {
            Some(AttributeTypeContent::Value(values)) => {
                values.into_iter().map(|value| value.content).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The single value of one attribute; empty when it has none.
    #[track_caller]
    pub fn value(&self, name: &str) -> String {
        let mut values = self.values(name);
        assert!(values.len() <= 1, "{name}: {values:?}");
        values.pop().unwrap_or_default()
    }
}
