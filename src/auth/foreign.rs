//! Password hashes of other schemes, as they come with imported users: scrypt, bcrypt and PBKDF2.
//!
//! The only file that names them. Each is read strictly and found affordable before any work is done, because
//! whoever can import a hash must not be able to occupy the verifying threads with it. New hashes are never made
//! here: after the next success the password is hashed anew with argon2id.

use argon2::password_hash::phc::PasswordHash;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use pbkdf2::pbkdf2_hmac;
use pbkdf2::sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::password::VerifyError;

/// The most memory a scrypt hash may ask for: what N = 2^17 and r = 8 need, OWASP's first recommendation.
const SCRYPT_MEMORY: u64 = 128 << 20;
/// The most blocks a scrypt hash may mix: four times that recommendation.
const SCRYPT_WORK: u64 = 4 << 20;
/// The highest cost of bcrypt, a second or so.
const BCRYPT_COST: u32 = 14;
/// The most rounds of PBKDF2, above three times OWASP's recommendation.
const PBKDF2_ROUNDS: u32 = 2_000_000;
/// What bcrypt reads of a password; the rest does not count, by its definition.
const BCRYPT_PASSWORD: usize = 72;

/// The base64 of modular bcrypt hashes, whose last letters hold bits that mean nothing.
const BCRYPT64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));

/// A hash of another scheme, read and found affordable.
#[derive(Clone)]
pub(super) struct Foreign {
    scheme: Scheme,
    salt: Vec<u8>,
    expected: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Scheme {
    Scrypt(scrypt::Params),
    Bcrypt { cost: u32, salt: [u8; 16] },
    Pbkdf2Sha256 { rounds: u32 },
    Pbkdf2Sha512 { rounds: u32 },
}

const fn unusable<T>(part: &'static str) -> Result<T, VerifyError> {
    Err(VerifyError::UnusableHash(part))
}

impl Foreign {
    /// Reads a modular bcrypt hash (`$2b$10$…`, also `2a` and `2y`); `None` when the text is none.
    pub(super) fn modular(text: &str) -> Result<Option<Self>, VerifyError> {
        let parts: Vec<&str> = text.split('$').collect();
        let ["", "2a" | "2b" | "2y", cost, salt_and_hash] = parts.as_slice() else { return Ok(None) };
        let digits = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
        let Some(cost) = cost.parse().ok().filter(|_| digits) else { return unusable("cost of bcrypt") };
        let decoded = salt_and_hash.split_at_checked(22).and_then(|(salt, hash)| {
            let salt = <[u8; 16]>::try_from(BCRYPT64.decode(salt).ok()?).ok()?;
            Some((salt, BCRYPT64.decode(hash).ok().filter(|hash| hash.len() == 23)?))
        });
        let Some((salt, expected)) = decoded else { return unusable("salt or hash of bcrypt") };
        Self::bcrypt(cost, salt, expected).map(Some)
    }

    /// Reads a hash in PHC form; `None` when it is of none of these schemes.
    pub(super) fn phc(hash: &PasswordHash) -> Result<Option<Self>, VerifyError> {
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
            return unusable("no salt or no hash");
        };
        let (salt, expected) = (salt.as_ref().to_vec(), expected.as_bytes().to_vec());
        let number = |name: &'static str| hash.params.get_decimal(name);
        let unversioned = hash.version.is_none();
        let scheme = match hash.algorithm.as_str() {
            "scrypt" if unversioned => scrypt_params([number("ln"), number("r"), number("p")])?,
            "pbkdf2-sha256" if unversioned => Scheme::Pbkdf2Sha256 { rounds: rounds(number("i"))? },
            "pbkdf2-sha512" if unversioned => Scheme::Pbkdf2Sha512 { rounds: rounds(number("i"))? },
            "bcrypt" if hash.version == Some(u32::from(b'b')) => {
                let Ok(salt) = <[u8; 16]>::try_from(salt) else { return unusable("salt of bcrypt") };
                if expected.len() != 23 && expected.len() != 24 {
                    return unusable("hash of bcrypt");
                }
                return Self::bcrypt(number("r").unwrap_or_default(), salt, expected).map(Some);
            }
            "scrypt" | "pbkdf2-sha256" | "pbkdf2-sha512" | "bcrypt" => return unusable("version"),
            _ => return Ok(None),
        };
        Ok(Some(Self { scheme, salt, expected }))
    }

    fn bcrypt(cost: u32, salt: [u8; 16], expected: Vec<u8>) -> Result<Self, VerifyError> {
        if !(4..=BCRYPT_COST).contains(&cost) {
            return unusable("its cost is outside the bounds");
        }
        Ok(Self { scheme: Scheme::Bcrypt { cost, salt }, salt: Vec::new(), expected })
    }

    /// Whether the hash was made of `password`.
    pub(super) fn matches(&self, password: &str) -> Result<bool, VerifyError> {
        let password = password.as_bytes();
        let mut made = Zeroizing::new(vec![0_u8; self.expected.len()]);
        match &self.scheme {
            Scheme::Scrypt(params) => scrypt::scrypt(password, &self.salt, params, &mut made)
                .map_err(|_| VerifyError::UnusableHash("length of the hash"))?,
            Scheme::Pbkdf2Sha256 { rounds } => {
                pbkdf2_hmac::<Sha256>(password, &self.salt, *rounds, &mut made);
            }
            Scheme::Pbkdf2Sha512 { rounds } => {
                pbkdf2_hmac::<Sha512>(password, &self.salt, *rounds, &mut made);
            }
            Scheme::Bcrypt { cost, salt } => {
                // The scheme counts the byte that ends the text in, as far as there is room.
                let mut text = Zeroizing::new(password.to_vec());
                text.push(0);
                text.truncate(BCRYPT_PASSWORD);
                let whole = Zeroizing::new(bcrypt::bcrypt(*cost, *salt, &text));
                made.copy_from_slice(whole.get(..self.expected.len()).unwrap_or_default());
            }
        }
        Ok(made.ct_eq(&self.expected).into())
    }
}

fn rounds(given: Option<u32>) -> Result<u32, VerifyError> {
    match given {
        Some(rounds @ 1..=PBKDF2_ROUNDS) => Ok(rounds),
        _ => unusable("its rounds are missing or above the ceiling"),
    }
}

fn scrypt_params(given: [Option<u32>; 3]) -> Result<Scheme, VerifyError> {
    let [Some(log_n @ 1..=24), Some(r @ 1..=64), Some(p @ 1..=64)] = given else {
        return unusable("parameters of scrypt");
    };
    let blocks = (1_u64 << log_n) * u64::from(r);
    if blocks * 128 > SCRYPT_MEMORY || blocks * u64::from(p) > SCRYPT_WORK {
        return unusable("its cost is above the ceiling");
    }
    let params = u8::try_from(log_n).ok().and_then(|log_n| scrypt::Params::new(log_n, r, p).ok());
    params.map_or_else(|| unusable("parameters of scrypt"), |params| Ok(Scheme::Scrypt(params)))
}
