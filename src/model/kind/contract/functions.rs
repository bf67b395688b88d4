//! The functions that a contract lets its user call, and the mask that carries them. Pure arithmetic.
//!
//! A mask has nineteen bytes: the first is the version, 0; then bit `n` stands in byte `1 + n / 8`, least significant
//! bit first, for function `n`.

use std::fmt::Write as _;

/// Bytes of a mask.
pub const MASK_BYTES: usize = 19;
/// The highest function.
pub const LAST: i64 = 143;
/// The functions of a contract that does not say.
pub const USUAL: [i64; 5] = [33, 34, 35, 36, 37];

/// Below this one functions are the system's.
const FIRST_FREE: i64 = 32;
/// The functions of the system that a contract may hold.
const LENT: [i64; 3] = [29, 30, 31];

/// A set of functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mask([u8; MASK_BYTES]);

/// Whether a contract may hold that function.
pub fn is_grantable(function: i64) -> bool {
    LENT.contains(&function) || (FIRST_FREE..=LAST).contains(&function)
}

fn place(function: i64) -> Option<(usize, u8)> {
    let function = usize::try_from(function).ok().filter(|_| function <= LAST)?;
    Some((1 + function / 8, 1 << (function % 8)))
}

impl Mask {
    /// The mask of these functions; what lies outside 0–143 is in no mask.
    pub fn of(functions: impl IntoIterator<Item = i64>) -> Self {
        let mut mask = Self::default();
        for (byte, bit) in functions.into_iter().filter_map(place) {
            if let Some(held) = mask.0.get_mut(byte) {
                *held |= bit;
            }
        }
        mask
    }

    /// Whether it holds that function.
    pub fn has(&self, function: i64) -> bool {
        place(function).and_then(|(byte, bit)| Some(self.0.get(byte)? & bit != 0)).unwrap_or(false)
    }

    /// Its functions, rising.
    pub fn functions(&self) -> impl Iterator<Item = i64> + '_ {
        (0..=LAST).filter(|function| self.has(*function))
    }

    /// Its bytes, the version first.
    pub fn bytes(&self) -> &[u8; MASK_BYTES] {
        &self.0
    }

    /// The mask of these bytes; `None` for a version that is not known.
    pub fn from_bytes(bytes: [u8; MASK_BYTES]) -> Option<Self> {
        (bytes.first() == Some(&0)).then_some(Self(bytes))
    }

    /// Its bytes as 38 lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().fold(String::with_capacity(2 * MASK_BYTES), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_those_of_the_contract() {
        let vectors: [(&[i64], &str); 5] = [
            (&[], "00000000000000000000000000000000000000"),
            (&[30], "00000000400000000000000000000000000000"),
            (&[34, 35], "00000000000c00000000000000000000000000"),
            (&USUAL, "00000000003e00000000000000000000000000"),
            (&[143], "00000000000000000000000000000000000080"),
        ];
        for (functions, hex) in vectors {
            let mask = Mask::of(functions.iter().copied());
            assert_eq!(mask.hex(), hex);
            assert_eq!(mask.functions().collect::<Vec<_>>(), functions);
            assert_eq!(Mask::from_bytes(*mask.bytes()), Some(mask));
        }
    }

    #[test]
    fn a_mask_has_what_it_was_made_of_and_nothing_else() {
        let mask = Mask::of([29, 64, 143]);
        for function in -2..=200 {
            assert_eq!(mask.has(function), [29, 64, 143].contains(&function), "{function}");
        }
        assert_eq!(Mask::of([-1, 144, i64::MAX, i64::MIN]), Mask::default());
        let mut later = *mask.bytes();
        later[0] = 1;
        assert_eq!(Mask::from_bytes(later), None);
    }

    #[test]
    fn of_the_systems_functions_three_can_be_granted() {
        let granted: Vec<i64> = (-5..=300).filter(|function| is_grantable(*function)).collect();
        assert_eq!(granted, (29..=143).collect::<Vec<_>>());
    }
}
