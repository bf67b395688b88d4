//! A name and a password as a caller presented them.
//!
//! Taking them out of a request is the http room's work; this file must not parse anything, and nothing here
//! prints a password.

use std::fmt;

use zeroize::Zeroizing;

/// Longest name that can belong to a client, in bytes of UTF-8.
pub const MAX_NAME: usize = 256;
/// Longest password that can be right, in bytes of UTF-8.
pub const MAX_PASSWORD: usize = 1024;

/// Credentials that nobody has checked yet.
#[derive(Clone)]
pub struct Presented {
    /// The client's name, compared exactly as given.
    pub name: String,
    /// The password; wiped from memory when dropped.
    pub password: Zeroizing<String>,
}

impl Presented {
    /// Credentials of `name` and `password`.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self { name: name.into(), password: Zeroizing::new(password.into()) }
    }

    /// Whether a part is longer than any client's can be ([`MAX_NAME`], [`MAX_PASSWORD`]).
    pub fn oversized(&self) -> bool {
        self.name.len() > MAX_NAME || self.password.len() > MAX_PASSWORD
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name too: people type a password into the field for the name.
        f.debug_struct("Presented").field("name", &"[redacted]").field("password", &"[redacted]").finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_password_nor_name() {
        let shown = format!("{:?} {:#?}", Presented::new("who", "hunter2"), Presented::new("who", "hunter2"));
        assert!(!shown.contains("hunter2") && !shown.contains("who"), "{shown}");
    }

    #[test]
    fn one_byte_over_either_bound_is_oversized() {
        assert!(!Presented::new("n".repeat(256), "p".repeat(1024)).oversized());
        assert!(Presented::new("n".repeat(257), "p").oversized());
        assert!(Presented::new("n", "p".repeat(1025)).oversized());
    }
}
