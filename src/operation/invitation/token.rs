//! The token of an invitation: 256 random bits in the mail, their hash in the store, nothing anywhere else.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::world::World;

const BYTES: usize = 32;

/// What the store keeps of a token.
pub type TokenHash = [u8; 32];

/// A new token.
#[derive(Clone)]
pub struct Token {
    text: Zeroizing<String>,
}

impl Token {
    /// A token from the random source.
    pub fn fresh(world: &dyn World) -> Self {
        let mut bytes = Zeroizing::new([0_u8; BYTES]);
        world.random(bytes.as_mut_slice());
        Self { text: Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())) }
    }

    /// The token as it goes into the mail.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the store keeps.
    pub fn hash(&self) -> TokenHash {
        hash(&self.text)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// The hash of a token that somebody presents. 256 random bits need no slow hash.
pub fn hash(text: &str) -> TokenHash {
    *blake3::hash(text.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Real;

    #[test]
    fn a_token_is_256_bits_that_a_link_can_carry_and_is_never_printed() {
        let (one, other) = (Token::fresh(&Real), Token::fresh(&Real));
        assert_eq!(one.text().len(), 43);
        assert!(one.text().bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
        assert_ne!(one.text(), other.text());
        assert_eq!(one.hash(), hash(one.text()));
        assert!(!format!("{one:?}").contains(one.text()));
    }
}
