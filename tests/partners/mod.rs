//! Partners, policies and MISPs against real servers over both databases.

mod certificates;
mod contacts;
pub mod keys;
mod made;
mod misps;
mod people;
mod policies;
mod registration;
mod self_registration;
mod sequences;
mod standing;

use std::sync::atomic::{AtomicU32, Ordering};

/// A word that no other call has got.
pub fn fresh(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("{prefix}{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
