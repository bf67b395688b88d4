//! Keys of the derived tables: byte strings whose order is the order of the values.
//!
//! Text is compared after the full case fold and NFC; integers and instants stand as eight big-endian bytes
//! with the sign flipped. A prefix search is the range from the prefix to its successor.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;

/// Search keys are cut here and rechecked against the document.
pub const KEY_LIMIT: usize = 255;

/// The Unicode version of the folding tables; stored, because a change means a reindex.
pub const UNICODE_VERSION: &str = "17";

/// `text` in normalization form C.
pub fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    ComposingNormalizer::new_nfc().normalize(text)
}

/// `text` under the full case fold, in normalization form C.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let composed = nfc(text);
    let folded = CaseMapper::new().fold_string(&composed);
    ComposingNormalizer::new_nfc().normalize(&folded).into_owned()
}

/// The search key of a text, at most [`KEY_LIMIT`] bytes.
pub fn text_key(text: &str) -> Vec<u8> {
    let mut key = fold(text).into_bytes();
    key.truncate(KEY_LIMIT);
    key
}

/// The uniqueness key of a text; never cut: what is longer than a search key is hashed.
pub fn unique_key(text: &str, ignore_case: bool) -> Vec<u8> {
    let text = if ignore_case { fold(text) } else { nfc(text).into_owned() };
    if text.len() <= KEY_LIMIT {
        return text.into_bytes();
    }
    // 0xFF never starts UTF-8, so a hash can never equal a short text.
    let mut key = vec![0xFF];
    key.extend_from_slice(blake3::hash(text.as_bytes()).as_bytes());
    key
}

/// The uniqueness key of a reference.
pub fn reference_key(id: uuid::Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}

/// The key of an integer or an instant.
pub fn integer_key(number: i64) -> [u8; 8] {
    (number.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

/// The integer or instant of a key; `None` when it is none of these.
pub fn integer_of(key: &[u8]) -> Option<i64> {
    key.try_into().ok().map(|bytes| (u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed())
}

/// The first key above everything that starts with `prefix`; `None` when there is no such key.
pub fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xFF)?;
    let mut key = prefix.get(..=last)?.to_vec();
    if let Some(byte) = key.last_mut() {
        *byte += 1;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letter_case_and_composition_do_not_matter_to_a_key() {
        assert_eq!(text_key("Ärje"), text_key("a\u{308}RJE"));
        assert_eq!(text_key("STRASSE"), text_key("straße"));
    }

    #[test]
    fn integers_order_as_numbers() {
        let mut keys = [5, -1, 0, i64::MIN, i64::MAX].map(integer_key);
        keys.sort_unstable();
        assert_eq!(keys, [i64::MIN, -1, 0, 5, i64::MAX].map(integer_key));
    }

    #[test]
    fn the_successor_closes_the_prefix_range() {
        assert_eq!(successor(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(successor(&[0x61, 0xFF]), Some(vec![0x62]));
        assert_eq!(successor(&[0xFF, 0xFF]), None);
        assert_eq!(successor(b""), None);
    }

    #[test]
    fn long_unique_values_stay_apart() {
        let long = "x".repeat(300);
        assert_ne!(unique_key(&long, true), unique_key(&format!("{long}y"), true));
        assert_eq!(unique_key("Anna", true), unique_key("ANNA", true));
        assert_ne!(unique_key("Anna", false), unique_key("ANNA", false));
    }
}
