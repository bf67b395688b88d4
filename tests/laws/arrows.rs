//! Which room may know which, and which crate lives in which room.
//!
//! Reads paths (`crate::room`, `super::super::room`, `a_crate::…`), not the module tree: a room that is not in
//! the table is refused, so that a new one gets its row before its first user.

use super::lexer::{Token, tokens};
use super::{Source, sources};

/// What each room may know. `server` is the only composition root.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "server",
        &[
            "http",
            "xml",
            "auth",
            "operation",
            "model",
            "access",
            "audit",
            "store",
            "world",
            "config",
            "mail",
            "crypto",
        ],
    ),
    ("cli", &["server", "config", "operation", "xml", "auth", "audit", "access", "store", "model", "world"]),
    ("http", &["xml", "json", "auth", "operation", "model", "config", "world", "store", "audit"]),
    ("operation", &["model", "audit", "access", "store", "world", "crypto"]),
    ("auth", &["model", "store", "world"]),
    ("store", &["model", "audit", "world"]),
    ("access", &["model"]),
    ("audit", &["model"]),
    ("xml", &["model"]),
    ("json", &[]),
    ("config", &["model"]),
    ("crypto", &["model"]),
    ("mail", &["model", "store", "world"]),
    ("model", &[]),
    ("world", &[]),
];

/// Crates that live in few rooms.
const CRATES: &[(&str, &[&str])] = &[
    ("actix_web", &["http", "server"]),
    ("actix_http", &["http", "server"]),
    ("actix_service", &["server"]),
    ("tokio_rustls", &["server"]),
    ("quick_xml", &["xml"]),
    ("argon2", &["auth"]),
    ("bip32", &["crypto"]),
    ("bs58", &["crypto"]),
    ("cms", &["crypto"]),
    ("jsonschema", &["crypto"]),
    ("webpki", &["crypto"]),
    ("x509_parser", &["crypto"]),
    ("bcrypt", &["auth"]),
    ("jsonwebtoken", &["auth"]),
    ("pbkdf2", &["auth"]),
    ("reqwest", &["server"]),
    ("scrypt", &["auth"]),
    ("sqlx", &["store"]),
    ("rusqlite", &["store"]),
    ("clap", &["cli"]),
    ("rcgen", &["server"]),
    ("ripemd", &["crypto"]),
    ("ring", &["audit", "crypto", "operation", "server"]),
    ("rustls", &["server"]),
    ("figment", &["config"]),
    ("lettre", &["mail"]),
    ("minijinja", &["mail"]),
    ("multer", &["http"]),
    ("zip", &["http"]),
];

/// Words after which a leading `::` begins a path instead of continuing one.
const KEYWORDS: &[&str] = &["use", "as", "dyn", "impl", "for", "in", "mut", "return", "where", "match", "if"];

/// The room of a file below `src/`; `main.rs` and `lib.rs` are in none.
fn room(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let room = inside.split('/').next()?;
    let room = room.strip_suffix(".rs").unwrap_or(room);
    (room != "main" && room != "lib").then_some(room)
}

/// Every violation in a file, as sentences with path and line.
fn violations(source: &Source) -> Vec<String> {
    let Some(home) = room(&source.path) else { return Vec::new() };
    let Some((_, allowed)) = ARROWS.iter().find(|(room, _)| *room == home) else {
        return vec![format!("{}: the room `{home}` has no row in the table of arrows", source.path)];
    };
    let code = tokens(&source.text);
    let mut found = Vec::new();
    for (used, line) in rooms_used(&code) {
        if used != home && !allowed.contains(&used) {
            found.push(format!("{}:{line}: `{home}` must not know `{used}`", source.path));
        }
    }
    for (name, line) in crates_used(&code) {
        let homes = CRATES.iter().find(|(known, _)| *known == name).map(|(_, homes)| *homes);
        if homes.is_some_and(|homes| !homes.contains(&home)) {
            found.push(format!("{}:{line}: the crate `{name}` must not be used in `{home}`", source.path));
        }
    }
    found
}

/// Rooms named by `crate::…`, also in groups, and by `super::super::…`.
fn rooms_used<'a>(code: &[Token<'a>]) -> Vec<(&'a str, usize)> {
    let mut found = Vec::new();
    for (index, token) in code.iter().enumerate() {
        let rest = &code[index..];
        if token.text == "crate" && rest.get(1).is_some_and(|next| next.text == "::") {
            found.extend(heads(&rest[2..]));
        }
        if token.text == "super" && rest.len() > 4 && rest[2].text == "super" && rest[3].text == "::" {
            // From a file two deep this is the root; from deeper ones it is not, and then it names no room.
            let heads = heads(&rest[4..]).into_iter();
            found.extend(heads.filter(|(head, _)| ARROWS.iter().any(|(room, _)| room == head)));
        }
    }
    found
}

/// First parts of the path, or of every path of the group, that `code` begins with; macros, functions and
/// types at the root of the crate (there are none) would be reported as unknown rooms.
fn heads<'a>(code: &[Token<'a>]) -> Vec<(&'a str, usize)> {
    let Some(first) = code.first() else { return Vec::new() };
    if first.is_identifier() {
        return vec![(first.text, first.line)];
    }
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for (index, token) in code.iter().enumerate() {
        match token.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ if depth == 1 && token.is_identifier() && matches!(code[index - 1].text, "{" | ",") => {
                found.push((token.text, token.line));
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    found
}

/// Crates of the table that stand at the head of a path.
fn crates_used<'a>(code: &[Token<'a>]) -> Vec<(&'a str, usize)> {
    let mut found = Vec::new();
    for (index, token) in code.iter().enumerate() {
        if !CRATES.iter().any(|(name, _)| *name == token.text) {
            continue;
        }
        let before = index.checked_sub(1).map_or("", |before| code[before].text);
        let rooted = before == "::" && index > 1 && {
            let earlier = code[index - 2];
            !earlier.is_identifier() || KEYWORDS.contains(&earlier.text)
        };
        let after = code.get(index + 1).map_or("", |after| after.text);
        let heads_path = after == "::" && (rooted || !matches!(before, "::" | "."));
        if heads_path || matches!(before, "use" | "crate") && matches!(after, ";" | "as") {
            found.push((token.text, token.line));
        }
    }
    found
}

#[test]
fn no_room_knows_one_that_it_must_not_know() {
    let sources = sources(&["src"]);
    assert!(sources.len() > 5, "the sources were not found");
    let found: Vec<String> = sources.iter().flat_map(violations).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn the_arrows_have_no_cycle() {
    fn below(room: &str, path: &mut Vec<String>) {
        assert!(!path.iter().any(|known| known == room), "a cycle: {path:?} {room}");
        path.push(room.to_owned());
        let (_, allowed) = ARROWS.iter().find(|(known, _)| *known == room).expect("a row for every room");
        for next in *allowed {
            below(next, path);
        }
        path.pop();
    }
    for (room, _) in ARROWS {
        below(room, &mut Vec::new());
    }
}

#[test]
fn every_planted_violation_is_caught() {
    for (path, text, word) in [
        ("src/model/kind/user.rs", "use crate::store::Read;", "store"),
        ("src/model.rs", "use crate::world::World;", "world"),
        ("src/xml/encode.rs", "fn a() { crate::http::reply(); }", "http"),
        ("src/auth/password.rs", "use crate::{\n    model::Id,\n    http::{self, reply},\n};", "http"),
        ("src/auth/password.rs", "use crate::{config::Argon2Config};", "config"),
        ("src/store/sqlite.rs", "use super::super::operation::perform;", "operation"),
        ("src/store/mod.rs", "pub use crate::access::Index;", "access"),
        ("src/config/mod.rs", "use crate::cli::Exit;", "cli"),
        ("src/kitchen/mod.rs", "", "no row"),
        ("src/operation/list.rs", "use actix_web::web;", "actix_web"),
        ("src/http/params.rs", "fn a(b: quick_xml::Reader) {}", "quick_xml"),
        ("src/http/params.rs", "use ::quick_xml::Reader;", "quick_xml"),
        ("src/operation/create.rs", "use argon2::Argon2;", "argon2"),
        ("src/server/mod.rs", "use sqlx as database;", "sqlx"),
        ("src/http/mod.rs", "extern crate rusqlite;", "rusqlite"),
        ("src/config/mod.rs", "#[derive(clap::Parser)] struct A;", "clap"),
        ("src/http/mod.rs", "use rustls::ServerConfig;", "rustls"),
        ("src/auth/mod.rs", "use rcgen;", "rcgen"),
        ("src/http/identify.rs", "use jsonwebtoken::decode;", "jsonwebtoken"),
        ("src/auth/keys.rs", "use reqwest::Client;", "reqwest"),
    ] {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        let found = violations(&source);
        assert!(found.len() == 1 && found[0].contains(word), "{path}: {text}: {found:?}");
    }
}

#[test]
fn what_is_allowed_is_left_alone() {
    for (path, text) in [
        ("src/http/params.rs", "use crate::{model::Id, http::reply, xml};\nuse actix_web::web;"),
        ("src/server/mod.rs", "use crate::store::connect; use rustls::ServerConfig;"),
        ("src/config/mod.rs", "fn a(config: Config) { config.argon2::<u8>; self.argon2.queue }"),
        ("src/model/mod.rs", "// use crate::store;\nconst A: &str = \"crate::http::b\";"),
        ("src/model/kind/user.rs", "use super::super::verb::Verb; use super::KindDef;"),
        ("src/auth/mod.rs", "mod argon2; use self::argon2::Pool;"),
        ("src/main.rs", "use valtuus::server; use clap::Parser;"),
        ("src/world.rs", "pub(crate) fn a() {}"),
    ] {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        assert_eq!(violations(&source), Vec::<String>::new(), "{path}: {text}");
    }
}
