//! The auth room: who is calling, and may they even try.
//!
//! The road of a password: [`authenticate`] asks [`verified`] (seen lately?), then [`attempts`] (may this address
//! try this name now?), then the client source, then [`password`] (exactly one argon2 verification), and settles
//! the attempt. `workers` are the threads under `password`; `tally` and `bounded` are the arithmetic and the
//! memory bound under `attempts`; [`doors`] limits the public doors per address, told apart by [`origin`].
//!
//! The road of a bearer: [`bearer`] asks its own memory, then either the token source (an access token of ours) or the
//! issuer that it names ([`jwt`], with the public keys of [`keys`]).
//!
//! argon2, the other schemes of password hashes and jsonwebtoken live only here. This room must not know HTTP, XML or SQL: credentials arrive as
//! [`credentials::Presented`], clients through the trait [`authenticate::ClientSource`]. It must never log, store
//! or print a password, nor a name that belongs to no client (people type passwords into the wrong field).

pub mod attempts;
pub mod authenticate;
pub mod bearer;
mod bounded;
pub mod credentials;
pub mod doors;
mod foreign;
pub mod jwt;
pub mod keys;
pub mod origin;
pub mod password;
pub mod principal;
mod tally;
pub mod turns;
pub mod verified;
mod workers;
