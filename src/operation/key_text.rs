//! Licence keys and API keys as texts: 50 random letters and digits, shown when they are made. Of them the store keeps
//! the SHA-256 hash and nothing else; 297 random bits need no slow one.

use std::fmt;

use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::world::{World, alphanumeric};

/// Letters and digits of a key.
pub const LETTERS: usize = 50;

/// What the store keeps of a key.
pub type KeyHash = [u8; 32];

/// The end that the secret store is told of: never. Whether a key is good is said by its entity, and one that has
/// ended must still be known.
pub const KEPT: i64 = i64::MAX;

/// The text of a key; wiped from memory when dropped, and never printed.
#[derive(Clone)]
pub struct KeyText(Zeroizing<String>);

impl KeyText {
    /// A new key from the random source.
    pub fn fresh(world: &dyn World) -> Self {
        Self(Zeroizing::new(alphanumeric(world, LETTERS)))
    }

    /// A key that somebody presents; `None` for what cannot be one.
    pub fn presented(text: String) -> Option<Self> {
        let text = Zeroizing::new(text);
        let is_key = text.len() == LETTERS && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_key.then_some(Self(text))
    }

    /// The key, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the store keeps.
    pub fn hash(&self) -> KeyHash {
        let mut hash = KeyHash::default();
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        hash
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Real;

    #[test]
    fn a_key_is_fifty_letters_and_digits_and_never_printed() {
        let (one, other) = (KeyText::fresh(&Real), KeyText::fresh(&Real));
        assert_eq!(one.expose().len(), 50);
        assert!(one.expose().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(one.expose(), other.expose());
        assert_ne!(one.hash(), other.hash());
        assert!(!format!("{one:?}").contains(one.expose()));
        let again = KeyText::presented(one.expose().to_owned()).unwrap();
        assert_eq!(again.hash(), one.hash());
    }

    #[test]
    fn a_key_is_kept_as_its_sha_256() {
        // From `printf %050d 0 | sha256sum`.
        let key = KeyText::presented("0".repeat(50)).unwrap();
        let hex = crate::audit::chain::hex(&key.hash());
        assert_eq!(hex, "7080233a6a52652793ab110f0add9e76ca602d6967e93a30f25528e9fa5c58ae");
    }

    #[test]
    fn every_letter_and_digit_comes_up_about_equally_often() {
        let mut counts = std::collections::HashMap::new();
        for _ in 0..400 {
            for byte in KeyText::fresh(&Real).expose().bytes() {
                *counts.entry(byte).or_insert(0_i32) += 1;
            }
        }
        assert_eq!(counts.len(), 62);
        // 20,000 draws, 322 expected of each with a deviation of 18: seven of them are not met by chance.
        assert!(counts.values().all(|count| (197..=448).contains(count)), "{counts:?}");
    }

    #[test]
    fn what_has_another_length_or_other_signs_is_no_key() {
        for text in
            [String::new(), "a".repeat(49), "a".repeat(51), format!("{}-", "a".repeat(49)), "ä".repeat(25)]
        {
            assert!(KeyText::presented(text.clone()).is_none(), "{text}");
        }
    }
}
