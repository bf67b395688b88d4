//! One-time codes: who shows one may register a partner under the e-mail address that it was sent to.
//!
//! Six digits are as good as clear text whatever hash is kept of them; what guards them is how short they live and how
//! few may be tried. A try is counted by a commit of its own before the code is looked at, so that no refusal gives it
//! back and however many come at once no more than five are compared.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::audit::{Action, Events};
use crate::model::{Error, Kind, Row, key};
use crate::operation::engine::Engine;
use crate::operation::partner::Partnering;
use crate::operation::perform::Change;
use crate::store::secret::Secret;
use crate::store::{Touched, Unit, Write};
use crate::world::World;

/// What the secret store calls them.
const PURPOSE: &str = "partner-code";
/// What it calls the marks that say how many were asked for.
const ASKED: &str = "partner-code-asked";
/// How long a code is good, microseconds.
pub const LIFETIME: i64 = 10 * 60 * 1_000_000;
/// How many may be tried.
const TRIES: i64 = 5;
/// Windows of time and how many codes one address may ask for in each.
const LIMITS: [(i64, u8); 2] = [(60 * 1_000_000, 1), (3_600 * 1_000_000, 5)];
/// Digits of a code.
const DIGITS: usize = 6;

/// A code; wiped from memory when dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(Zeroizing<String>);

impl Code {
    /// A code from the random source, each equally likely.
    pub fn fresh(world: &dyn World) -> Self {
        // The largest multiple of a million below 2^32: beyond it the modulus would favour some codes.
        const FAIR: u32 = 4_294_000_000;
        let mut bytes = Zeroizing::new([0; 4]);
        loop {
            world.random(bytes.as_mut_slice());
            let drawn = u32::from_le_bytes(*bytes);
            if drawn < FAIR {
                return Self(Zeroizing::new(format!("{:06}", drawn % 1_000_000)));
            }
        }
    }

    /// A code that somebody shows; error 1 when it cannot be one.
    pub fn shown(text: String) -> Result<Self, Error> {
        let text = Zeroizing::new(text);
        if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::invalid("otp", "expected the six digits of the code"));
        }
        Ok(Self(text))
    }

    /// The digits.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// An address, as codes are kept under it: whatever its letter case, and unreadable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    digest: [u8; 32],
}

impl Address {
    /// The address `email` in this installation.
    pub fn of(engine: &Engine, email: &str) -> Self {
        let key = blake3::derive_key("valtuus 2026 one-time codes of partners", &engine.cursor_key);
        Self { digest: *blake3::keyed_hash(&key, key::fold(email).as_bytes()).as_bytes() }
    }

    /// Where its secrets belong: a row that no entity has, because those are positive.
    fn subject(self) -> Row {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(self.digest).for_each(|(byte, digit)| *byte = digit);
        i64::from_le_bytes(bytes) | i64::MIN
    }

    /// What is kept of something said about this address.
    fn hash(self, said: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(&self.digest, said).as_bytes()
    }

    /// What is kept of a code that was sent to it.
    pub fn hash_of(self, code: &Code) -> [u8; 32] {
        self.hash(code.text().as_bytes())
    }
}

/// What came of asking for a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It is good from now on.
    Made,
    /// Too many were asked for; the next may be at this instant.
    TooMany(i64),
}

/// Makes a code for an address in the place of those before.
#[derive(Debug)]
pub struct AskCode {
    address: Address,
    hash: [u8; 32],
    now: i64,
}

impl AskCode {
    /// Makes `code` good for `address`.
    pub fn new(engine: &Engine, address: Address, code: &Code) -> Self {
        Self { address, hash: address.hash_of(code), now: engine.world.now() }
    }

    /// Until when the address must wait; `None` when it need not, which is counted.
    async fn wait(&self, tx: &mut dyn Write) -> Result<Option<i64>, Error> {
        for (window, most) in LIMITS {
            let number = self.now.div_euclid(window);
            let end = (number + 1).saturating_mul(window);
            let mut counted = false;
            for place in 0..most {
                let said = [&window.to_le_bytes()[..], &number.to_le_bytes(), &[place]].concat();
                let hash = self.address.hash(&said);
                let subject = self.address.subject();
                let mark = Secret { purpose: ASKED, hash: &hash, subject, expires: end, uses: 1, tries: 1 };
                counted = tx.put_secret_once(&mark).await?;
                if counted {
                    break;
                }
            }
            if !counted {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }
}

impl Change for AskCode {
    type Out = Asked;

    fn action(&self) -> Action {
        Partnering::AskCode.action(None)
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    /// Anybody may ask.
    fn is_own(&self) -> bool {
        true
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<Asked, Error> {
        if let Some(until) = self.wait(tx).await? {
            events.failed(self.action(), &Error::conflict("emailId: too many codes were asked for"));
            return Ok(Asked::TooMany(until));
        }
        let subject = self.address.subject();
        tx.drop_secrets(PURPOSE, subject).await?;
        let expires = self.now.saturating_add(LIFETIME);
        // The last try must still find the code.
        let tries = TRIES + 1;
        tx.put_secret(&Secret { purpose: PURPOSE, hash: &self.hash, subject, expires, uses: 1, tries })
            .await?;
        events.succeeded(self.action(), Vec::new());
        Ok(Asked::Made)
    }
}

/// What is answered whatever is wrong with a code.
pub fn not_proven() -> Error {
    Error::NotProven { what: "otp: the code is not valid for this e-mail address" }
}

/// Uses the code of this hash up; error 3 when it is not good. Only after [`try_one`].
pub async fn consume(tx: &mut dyn Write, hash: &[u8; 32], now: i64) -> Result<(), Error> {
    match tx.consume_secret(PURPOSE, hash, now).await? {
        Some(_) => Ok(()),
        None => Err(not_proven()),
    }
}

struct Try {
    subject: Row,
    now: i64,
    is_left: Mutex<bool>,
}

#[async_trait]
impl Unit for Try {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        *self.is_left.lock() = tx.try_secret(PURPOSE, self.subject, self.now).await?;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        // Whoever asked has the refusal recorded.
        Ok(())
    }
}

/// Counts a try on the code of an address, for good. Error 3 when there is no code, or none may be tried any more.
pub async fn try_one(engine: &Engine, address: Address) -> Result<(), Error> {
    let unit =
        Arc::new(Try { subject: address.subject(), now: engine.world.now(), is_left: Mutex::new(false) });
    engine.store.transact(Arc::clone(&unit) as Arc<dyn Unit>).await?;
    let is_left = *unit.is_left.lock();
    if is_left { Ok(()) } else { Err(not_proven()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Real;

    #[test]
    fn a_code_is_six_digits_that_are_never_printed() {
        for _ in 0..100 {
            let code = Code::fresh(&Real);
            assert_eq!(Code::shown(code.text().to_owned()), Ok(code.clone()));
            assert!(!format!("{code:?}").contains(code.text()));
        }
        for bad in ["", "12345", "1234567", "12345a", " 12345", "１２３４５６"] {
            assert!(Code::shown(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_kept_of_a_code_is_bound_to_its_address() {
        let (one, other) = (Address { digest: [1; 32] }, Address { digest: [2; 32] });
        let code = Code(Zeroizing::new("123456".to_owned()));
        assert_ne!(one.hash_of(&code), other.hash_of(&code));
        assert!(one.subject() < 0 && other.subject() < 0 && one.subject() != other.subject());
    }
}
