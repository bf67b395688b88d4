//! Valtuus: an XML-first identity and mandate server. This file is the map of the rooms; `docs/architecture.md`
//! tells the same at more length, and `docs/decisions/` says why.
//!
//! # Rooms
//!
//! [`model`] says what the service is about, without input or output: kinds (each declared once in
//! `model/kind/`), attributes, values, search keys, grants, rules, and the type states of an entity,
//! `Draft | Patch → Valid → Stored → Permitted → Visible`. It knows nobody.
//!
//! [`world`] is the clock and the random source, injected everywhere; the real ones are banned elsewhere by lint. It
//! knows nobody.
//!
//! [`config`] reads file < environment < flags into one struct per topic. Nothing below `http` sees it: the
//! composition root turns topics into what each room takes.
//!
//! [`audit`] makes the records of a change or refusal and their canonical bytes. It never writes by itself.
//!
//! [`store`] holds entities and what derives from them, on SQLite or PostgreSQL, behind two traits: `Read` for
//! committed data, `Write` for one transaction. sqlx and rusqlite live only here. It knows rows, keys and documents,
//! not rules or grants.
//!
//! [`auth`] verifies who calls: argon2 on bounded threads, a cache of verified credentials, throttling of failures.
//!
//! [`operation`] is what can be done: `perform` for every change, `list` and `read`, one file per special verb. It
//! knows the store by its traits and neither HTTP nor XML.
//!
//! [`access`] decides who may call what, on indexes compiled per tenant; pure.
//!
//! [`crypto`] judges certificates and documents of policies, each behind one small interface, without input or output.
//! webpki, x509-parser, cms and jsonschema live only here.
//!
//! [`xml`] reads documents strictly into types generated from `schema/` and writes them by appending bytes. quick-xml
//! lives only here.
//!
//! [`json`] reads and writes the same documents as JSON.
//!
//! [`http`] is the door: addresses (`http/dialect/`), the contract's order of checks (`http/road.rs`), parameters,
//! answers, refusals. actix-web lives only here and in `server`.
//!
//! [`mail`] gives letters their words and carries them from the outbox to a mail server. lettre and minijinja live only
//! here.
//!
//! [`server`] is the composition root: configuration to services, listener, TLS, first client, sample data, tasks.
//!
//! [`cli`] is the command line over the same operations. clap lives only here.
//!
//! # Arrows
//!
//! `cli → server → http → xml, json, auth, operation → store → audit → model`. Most rooms know [`model`] and [`world`], which
//! know nobody; `http` also knows `config`, `audit` and `store` for what it hands through.
//! `tests/laws/arrows.rs` holds the exact table and fails on any other.
//!
//! # The road of a request
//!
//! 1. `server` accepts and hands to [`http::handle`], which gives it an id and catches panics.
//! 2. `http::road` goes through the contract's order: malformed, lengths, public addresses, credentials
//!    (`http::identify` → `auth`), address and method, forms, arguments or document (`xml::decode`).
//! 3. Names become attributes at one border, `http::arguments`; behind it attributes are numbers.
//! 4. A read goes to `operation::read` or `operation::list`; a change becomes a value that implements
//!    [`operation::perform::Change`] and goes to [`operation::perform()`]: grant → begin → run → audit → commit.
//! 5. What is answered passes [`model::Stored::permit`] and becomes `Visible`, the only thing that `http::answer` can
//!    write. Refusals become a status and a document in `http::failure`, by one exhaustive match.

pub mod access;
pub mod audit;
pub mod auth;
pub mod cli;
pub mod config;
pub mod crypto;
pub mod http;
pub mod json;
pub mod mail;
pub mod model;
pub mod operation;
pub mod server;
pub mod store;
pub mod world;
pub mod xml;
