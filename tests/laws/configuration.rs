//! The table of configuration keys in `README.md`, made from the topics in `src/config/`: their doc comments, their
//! defaults and the options of the command line. And: every key has an effect.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use valtuus::config::{Config, OPTIONS};
use valtuus::http::dialect::{Match, find, v2_0};

use super::{Source, fresh, sources};

/// A field of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    /// The topic, such as `auth.cache`; `[]` behind it for lists of tables.
    topic: String,
    name: String,
    doc: String,
    /// The struct it stands in.
    holder: String,
}

impl Field {
    fn key(&self) -> String {
        format!("{}.{}", self.topic, kebab(&self.name))
    }
}

fn kebab(name: &str) -> String {
    name.trim_start_matches("r#").replace('_', "-")
}

/// The topic a struct's doc comment names: "`[auth.cache]`: …" or "`[[attributes]]`: …".
fn topic(doc: &str) -> Option<String> {
    let inside = doc.split('`').nth(1)?;
    if let Some(list) = inside.strip_prefix("[[") {
        return Some(format!("{}[]", list.strip_suffix("]]")?));
    }
    Some(inside.strip_prefix('[')?.strip_suffix(']')?.to_owned())
}

/// The fields of every struct of `text`.
fn fields(text: &str) -> Vec<Field> {
    let mut found = Vec::new();
    let (mut doc, mut holder) = (String::new(), None::<(String, String)>);
    for line in text.lines().map(str::trim) {
        if let Some(part) = line.strip_prefix("///") {
            doc.push_str(part);
        } else if let Some(rest) = line.strip_prefix("pub struct ") {
            let name = rest.split_whitespace().next().unwrap_or_default().to_owned();
            holder = topic(&doc).map(|topic| (topic, name));
            doc.clear();
        } else if line == "}" {
            holder = None;
            doc.clear();
        } else if let (Some((topic, holder)), Some((name, _))) =
            (&holder, line.strip_prefix("pub ").and_then(|rest| rest.split_once(": ")))
        {
            let doc = std::mem::take(&mut doc).trim().to_owned();
            found.push(Field { topic: topic.clone(), name: name.to_owned(), doc, holder: holder.clone() });
        } else if !line.starts_with('#') {
            doc.clear();
        }
    }
    found
}

/// The fields of every topic: those of `topics.rs` first, then those of files of their own.
fn topics(sources: &[Source]) -> Vec<Field> {
    let own = sources.iter().filter(|source| source.path.starts_with("src/config/"));
    let mut own: Vec<&Source> = own.collect();
    own.sort_by_key(|source| (source.path != "src/config/topics.rs", source.path.clone()));
    own.into_iter().flat_map(|source| fields(&source.text)).collect()
}

/// Whether anything outside `config` reads a field: `topic.field`, or `.field` in a file that names its struct.
fn is_read(field: &Field, sources: &[Source]) -> bool {
    let last = field.topic.trim_end_matches("[]").rsplit('.').next().unwrap_or_default().replace('-', "_");
    let direct = format!("{last}.{}", field.name);
    let item = format!(".{}", field.name);
    let outside = sources.iter().filter(|source| !source.path.starts_with("src/config/"));
    outside.into_iter().any(|source| {
        let knows = source.text.contains(&field.holder) || field.topic.ends_with("[]");
        contains_word(&source.text, &direct) || knows && contains_word(&source.text, &item)
    })
}

/// Whether `word` stands in `text` and does not go on.
fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let next = text.get(at + word.len()..).and_then(|rest| rest.chars().next());
        !next.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

fn default(defaults: &Value, key: &str) -> Option<String> {
    let value = key.split('.').try_fold(defaults, |value, part| value.get(part))?;
    match value {
        Value::Null => Some(String::new()),
        Value::Object(_) => None,
        Value::Array(items) if items.is_empty() => Some("`[]`".to_owned()),
        Value::Array(_) => Some("see below".to_owned()),
        Value::String(text) => Some(format!("`{text:?}`")),
        other => Some(format!("`{other}`")),
    }
}

fn table() -> String {
    let all = sources(&["src"]);
    let defaults = serde_json::to_value(Config::default()).expect("a configuration is data");
    let options: BTreeMap<&str, &str> = OPTIONS.iter().map(|(option, key)| (*key, *option)).collect();
    let mut out = String::from("| Key | Default | Option | Meaning |\n|---|---|---|---|\n");
    for field in topics(&all) {
        let key = field.key();
        let list = field.topic.ends_with("[]");
        let default = if list { Some(String::new()) } else { default(&defaults, &key) };
        let Some(default) = default else { continue };
        let option = match options.get(key.as_str()) {
            // A secret has no option: it would stand in the list of processes.
            Some(option) if key == "auth.bootstrap-password" => format!("`--{option}-file`"),
            Some(option) if key == "answers.reference-style" => format!("`--set {option}=…`"),
            Some(option) => format!("`--{option}`"),
            None => String::new(),
        };
        writeln!(out, "| `{key}` | {default} | {option} | {} |", field.doc).unwrap();
    }
    out
}

#[test]
fn the_table_of_keys_is_the_configuration() {
    fresh::part("README.md", "configuration", &table());
}

#[test]
fn every_key_is_read_by_something() {
    let all = sources(&["src"]);
    let fields = topics(&all);
    assert!(fields.len() > 40, "the fields were not found");
    let unread: Vec<String> = fields.iter().filter(|field| !is_read(field, &all)).map(Field::key).collect();
    assert!(unread.is_empty(), "nothing outside config reads {unread:?}");
}

#[test]
fn every_key_has_its_row_and_every_option_its_key() {
    let table = table();
    let shown = Config::default().show().expect("a configuration is TOML");
    let mut topic = String::new();
    let mut keys = Vec::new();
    for line in shown.lines() {
        if let Some(name) = line.strip_prefix('[') {
            topic = name.trim_matches(|letter| matches!(letter, '[' | ']')).to_owned();
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| !topic.is_empty()) {
            keys.push(format!("{topic}.{name}"));
        }
    }
    assert!(keys.len() > 30, "{shown}");
    for key in keys {
        let row = format!("| `{key}` |");
        let of_list =
            |list: &str| format!("| `{}` |", key.replacen(&format!("{list}."), &format!("{list}[]."), 1));
        let is_listed = ["classes", "types"].into_iter().any(|list| table.contains(&of_list(list)));
        assert!(table.contains(&row) || is_listed, "{key} has no row");
    }
    for (option, key) in OPTIONS {
        assert!(table.contains(&format!("| `{key}` |")), "--{option} stands for {key}, which has no row");
    }
}

#[test]
fn fields_are_read_with_their_topic_and_sentence() {
    let text = "/// `[auth.cache]`: how long.\n#[derive(Debug)]\npub struct CacheConfig {\n    /// Time to live,\n    \
                /// seconds.\n    pub ttl_seconds: u32,\n}\n";
    let field = Field {
        topic: "auth.cache".to_owned(),
        name: "ttl_seconds".to_owned(),
        doc: "Time to live, seconds.".to_owned(),
        holder: "CacheConfig".to_owned(),
    };
    assert_eq!(fields(text), std::slice::from_ref(&field));
    assert_eq!(field.key(), "auth.cache.ttl-seconds");
    let read =
        |text: &str| is_read(&field, &[Source { path: "src/server/a.rs".to_owned(), text: text.to_owned() }]);
    assert!(read("auth.cache.ttl_seconds.into()") && read("fn a(c: &CacheConfig) { c.ttl_seconds }"));
    assert!(!read("auth.cache.ttl_seconds_more") && !read("other.ttl_seconds"));
}

/// Method and segments of every `curl` line that the README runs, below the version.
fn calls(readme: &str) -> Vec<(String, Vec<String>)> {
    let lines = readme.lines().filter_map(|line| line.strip_prefix("$ curl "));
    let call = |line: &str| {
        let path = line.split("/customerid-rest/services/2.0/").nth(1)?;
        let path = path.split(['?', '"', '\'', ' ']).next()?;
        let method = line.split("-X ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or("GET");
        Some((method.to_owned(), path.trim_end_matches('/').split('/').map(str::to_owned).collect()))
    };
    lines.filter_map(call).collect()
}

#[test]
fn the_readme_calls_every_operation_of_the_seed() {
    let calls = calls(&fresh::read("README.md"));
    let called: Vec<usize> = calls
        .iter()
        .map(|(method, segments)| {
            let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
            match find(v2_0::ROUTES, method, &segments) {
                Match::Route(place) => place,
                other => panic!("{method} {segments:?}: {other:?}"),
            }
        })
        .collect();
    for (place, route) in v2_0::ROUTES.iter().enumerate().filter(|(_, route)| route.source != "X") {
        assert!(
            called.contains(&place),
            "{}: no curl line for {} /{}",
            route.source,
            route.method,
            route.path
        );
    }
}
