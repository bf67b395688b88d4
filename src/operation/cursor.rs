//! Cursors: where a listing goes on, bound to the very filters it began with and authenticated, so that a
//! client can neither read nor forge a place.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::model::Error;
use crate::store::Position;

const MAC: usize = 16;

/// The text of a cursor at `position`; `listing` describes kind, base and filters.
pub fn encode(key: &[u8; 32], listing: &str, position: &Position) -> String {
    let mut bytes = position.row.to_be_bytes().to_vec();
    bytes.extend_from_slice(&position.key);
    let mac = mac(key, listing, &bytes);
    mask(key, &mac, &mut bytes);
    bytes.extend_from_slice(&mac);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place a cursor names; error 1 when it is not one that this service made for the same listing.
pub fn decode(key: &[u8; 32], listing: &str, text: &str) -> Result<Position, Error> {
    let bad = || Error::invalid("after", "expected a cursor of this very listing");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    let (body, given) =
        bytes.len().checked_sub(MAC).and_then(|at| bytes.split_at_checked(at)).ok_or_else(bad)?;
    let mut body = body.to_vec();
    mask(key, given, &mut body);
    if !bool::from(subtle::ConstantTimeEq::ct_eq(mac(key, listing, &body).as_slice(), given)) {
        return Err(bad());
    }
    let (row, key) = body.split_first_chunk::<8>().ok_or_else(bad)?;
    Ok(Position { key: key.to_vec(), row: i64::from_be_bytes(*row) })
}

/// Hides the place, or uncovers it again: a key may be a value that the client must not see. The authenticator
/// serves as the nonce, as in a synthetic-IV mode.
fn mask(key: &[u8; 32], mac: &[u8], body: &mut [u8]) {
    let mut hasher = blake3::Hasher::new_keyed(&blake3::derive_key("valtuus cursor mask", key));
    hasher.update(mac);
    let mut stream = vec![0; body.len()];
    hasher.finalize_xof().fill(&mut stream);
    for (byte, hidden) in body.iter_mut().zip(stream) {
        *byte ^= hidden;
    }
}

fn mac(key: &[u8; 32], listing: &str, body: &[u8]) -> [u8; MAC] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(&u64::try_from(listing.len()).unwrap_or(u64::MAX).to_be_bytes());
    hasher.update(listing.as_bytes());
    hasher.update(body);
    let mut mac = [0; MAC];
    hasher.finalize_xof().fill(&mut mac);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_goes_with_its_listing_only() {
        let place = Position { key: b"anna".to_vec(), row: 77 };
        let text = encode(&[1; 32], "users?login=a", &place);
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        assert!(!bytes.windows(4).any(|part| part == b"anna"), "a cursor shows no value");
        assert_eq!(decode(&[1; 32], "users?login=a", &text), Ok(place));
        assert!(decode(&[1; 32], "users?login=b", &text).is_err());
        assert!(decode(&[2; 32], "users?login=a", &text).is_err());
        for bad in ["", "AAAA", "not a cursor", "_____________________________________"] {
            assert!(decode(&[1; 32], "users?login=a", bad).is_err(), "{bad}");
        }
    }
}
