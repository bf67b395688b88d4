//! Hashing and verifying passwords with argon2, off the request threads and bounded in number and memory. Hashes of
//! other schemes, which came with imported users, are verified by `foreign`.
//!
//! It must not know clients, throttling or caches, and must do the same amount of
//! work for an unknown name as for a wrong password: exactly one verification.

use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::credentials::MAX_PASSWORD;
use super::foreign::Foreign;
use super::workers::{Undone, Workers};
use crate::model::Error;
use crate::world::SharedWorld;

const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// What one argon2 run costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB (argon2's m).
    pub memory_kib: u32,
    /// Passes over the memory (t).
    pub passes: u32,
    /// Lanes (p).
    pub lanes: u32,
}

impl Cost {
    /// What the conventions ask for new hashes: 19 MiB, two passes, one lane.
    pub const STANDARD: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };
    /// The least argon2 allows; for tests, never for service.
    pub const LEAST: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };
    /// The most a stored hash may ask of one thread: RFC 9106's second recommendation, with more passes.
    pub const CEILING: Self = Self { memory_kib: 65_536, passes: 8, lanes: 8 };

    fn params(self) -> Result<Params, VerifyError> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(HASH_BYTES))
            .map_err(|_| VerifyError::UnusableCost)
    }

    fn covers(self, params: &Params) -> bool {
        params.m_cost() <= self.memory_kib && params.t_cost() <= self.passes && params.p_cost() <= self.lanes
    }
}

/// How a [`Verifier`] is set up.
#[derive(Debug, Clone, Copy)]
pub struct VerifierSettings {
    /// Threads, and so argon2 runs at the same time; each keeps its memory.
    pub threads: NonZeroUsize,
    /// Most runs that may wait for a thread.
    pub waiting: usize,
    /// Longest a run may wait before it is begun.
    pub wait: Duration,
    /// Cost of new hashes and of the work done for unknown names.
    pub cost: Cost,
    /// The most a stored hash may ask for.
    pub ceiling: Cost,
}

impl Default for VerifierSettings {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            waiting: 1_024,
            wait: Duration::from_secs(5),
            cost: Cost::STANDARD,
            ceiling: Cost::CEILING,
        }
    }
}

impl VerifierSettings {
    /// Standard settings with the least cost, for tests.
    #[must_use]
    pub fn cheap() -> Self {
        Self { cost: Cost::LEAST, ..Self::default() }
    }
}

/// Why a password could be neither verified nor hashed. Says nothing about the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Too many are waiting, or this one waited too long; nothing was verified.
    #[error("too many password verifications are waiting")]
    Busy,
    /// The run failed for a reason inside argon2.
    #[error("the password verification failed")]
    Failed,
    /// The stored hash cannot be used; the text says which part, never its content. Nothing was verified.
    #[error("the stored password hash cannot be used: {0}")]
    UnusableHash(&'static str),
    /// The configured cost is outside what argon2 allows.
    #[error("password hash cost: memory must be at least 8 KiB a lane, passes and lanes at least 1")]
    UnusableCost,
    /// The password to hash is too long to be accepted later.
    #[error("password: expected at most {MAX_PASSWORD} bytes")]
    TooLong,
    /// The threads could not be started.
    #[error("password verification threads could not be started: {0}")]
    Start(io::ErrorKind),
}

impl From<Undone> for VerifyError {
    fn from(undone: Undone) -> Self {
        match undone {
            Undone::Busy => Self::Busy,
            Undone::Failed => Self::Failed,
        }
    }
}

/// Verifies and hashes passwords on threads of its own, which end when it is dropped.
pub struct Verifier {
    workers: Workers<Vec<Block>>,
    world: SharedWorld,
    params: Params,
    ceiling: Cost,
    dummy: Stored,
    verifications: Arc<AtomicU64>,
}

impl Verifier {
    /// Starts the threads.
    pub fn start(world: SharedWorld, settings: VerifierSettings) -> Result<Self, VerifyError> {
        let params = settings.cost.params()?;
        let workers = Workers::start(settings.threads, settings.waiting, settings.wait)
            .map_err(|error| VerifyError::Start(error.kind()))?;
        let mut expected = [0_u8; HASH_BYTES];
        world.random(&mut expected);
        let dummy = Stored::Argon2 {
            argon2: argon2id(params.clone()),
            salt: fresh_salt(&world)?,
            expected: Output::new(&expected).map_err(|_| VerifyError::Failed)?,
        };
        let verifications = Arc::default();
        Ok(Self { workers, world, params, ceiling: settings.ceiling, dummy, verifications })
    }

    /// Whether `password` is the one that `phc` (a hash that [`check_phc`] accepts) was made of. With `None`, for a name
    /// that nobody has, a hash of the standard cost is verified all the same and the answer is `false`.
    pub async fn verify(&self, password: Zeroizing<String>, phc: Option<&str>) -> Result<bool, VerifyError> {
        let (stored, known) = match phc {
            Some(text) => (Stored::read(text, self.ceiling)?, true),
            None => (self.dummy.clone(), false),
        };
        let counter = Arc::clone(&self.verifications);
        let kept = self.params.block_count();
        let same = self
            .workers
            .run(move |memory| {
                counter.fetch_add(1, Ordering::SeqCst);
                let same = stored.matches(&password, memory);
                trim(memory, kept);
                same
            })
            .await??;
        Ok(same && known)
    }

    /// A hash of `password` in PHC form: argon2id at the configured cost under a fresh salt of 16 bytes.
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String, VerifyError> {
        if password.len() > MAX_PASSWORD {
            return Err(VerifyError::TooLong);
        }
        let salt = fresh_salt(&self.world)?;
        let argon2 = argon2id(self.params.clone());
        let hash =
            self.workers.run(move |memory| run(&argon2, &password, &salt, HASH_BYTES, memory)).await??;
        let phc = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params).map_err(|_| VerifyError::UnusableCost)?,
            salt: Some(salt),
            hash: Some(Output::new(&hash).map_err(|_| VerifyError::Failed)?),
        };
        Ok(phc.to_string())
    }

    /// Whether a stored hash is as strong as new ones are; else it is worth making anew while the password is at hand.
    pub fn is_current(&self, phc: &str) -> bool {
        let Ok(Stored::Argon2 { argon2, expected, .. }) = Stored::read(phc, self.ceiling) else {
            return false;
        };
        let (held, wanted) = (argon2.params(), &self.params);
        phc.starts_with("$argon2id$v=19$")
            && expected.len() >= HASH_BYTES
            && held.m_cost() >= wanted.m_cost()
            && held.t_cost() >= wanted.t_cost()
            && held.p_cost() >= wanted.p_cost()
    }

    /// How many verifications were begun since the start, those for unknown names included.
    pub fn verifications(&self) -> u64 {
        self.verifications.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("verifications", &self.verifications).finish_non_exhaustive()
    }
}

/// Error 1 naming `pwd.hash` unless `text` is a hash that can be verified within bounds: argon2 (id, i, d), scrypt,
/// bcrypt, PBKDF2 with SHA-256 or SHA-512 in PHC form, or bcrypt in its modular form.
pub fn check_phc(text: &str) -> Result<(), Error> {
    match Stored::read(text, Cost::CEILING) {
        Ok(_) => Ok(()),
        Err(VerifyError::UnusableHash(part)) => {
            Err(Error::invalid("pwd.hash", format!("expected a password hash in PHC form: {part}")))
        }
        Err(error) => Err(Error::invalid("pwd.hash", error.to_string())),
    }
}

/// A stored hash, read and found within the ceiling.
#[derive(Clone)]
enum Stored {
    Argon2 { argon2: Argon2<'static>, salt: Salt, expected: Output },
    Foreign(Foreign),
}

impl Stored {
    fn read(text: &str, ceiling: Cost) -> Result<Self, VerifyError> {
        if let Some(foreign) = Foreign::modular(text)? {
            return Ok(Self::Foreign(foreign));
        }
        let hash = PasswordHash::new(text).map_err(|_| VerifyError::UnusableHash("not in PHC form"))?;
        if let Some(foreign) = Foreign::phc(&hash)? {
            return Ok(Self::Foreign(foreign));
        }
        let algorithm = Algorithm::new(hash.algorithm).map_err(|_| VerifyError::UnusableHash("algorithm"))?;
        // A hash without a version field is of the first published version; the format says so.
        let version = Version::try_from(hash.version.unwrap_or(Version::V0x10.into()))
            .map_err(|_| VerifyError::UnusableHash("version"))?;
        let params = Params::try_from(&hash).map_err(|_| VerifyError::UnusableHash("parameters"))?;
        if !ceiling.covers(&params) {
            return Err(VerifyError::UnusableHash("its cost is above the ceiling"));
        }
        let salt = hash.salt.ok_or(VerifyError::UnusableHash("no salt"))?;
        let expected = hash.hash.ok_or(VerifyError::UnusableHash("no hash"))?;
        Ok(Self::Argon2 { argon2: Argon2::new(algorithm, version, params), salt, expected })
    }

    fn matches(&self, password: &str, memory: &mut Vec<Block>) -> Result<bool, VerifyError> {
        match self {
            Self::Argon2 { argon2, salt, expected } => {
                let made = run(argon2, password, salt, expected.len(), memory)?;
                Ok(made.ct_eq(expected.as_bytes()).into())
            }
            Self::Foreign(foreign) => foreign.matches(password),
        }
    }
}

fn argon2id(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn fresh_salt(world: &SharedWorld) -> Result<Salt, VerifyError> {
    let mut bytes = [0_u8; SALT_BYTES];
    world.random(&mut bytes);
    Salt::new(&bytes).map_err(|_| VerifyError::Failed)
}

/// One argon2 run in the thread's own memory, grown when too small. The memory is reused because 19 MiB allocated
/// anew for each run leave every allocator arena with a block of its own, gigabytes in all.
fn run(
    argon2: &Argon2<'_>,
    password: &str,
    salt: &Salt,
    length: usize,
    memory: &mut Vec<Block>,
) -> Result<Zeroizing<Vec<u8>>, VerifyError> {
    let needed = argon2.params().block_count();
    if memory.len() < needed {
        memory.reserve_exact(needed - memory.len());
        memory.resize(needed, Block::default());
    }
    let mut out = Zeroizing::new(vec![0_u8; length]);
    let done =
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut out, memory.as_mut_slice());
    done.map(|()| out).map_err(|_| VerifyError::Failed)
}

/// Gives back what a costlier stored hash made a thread take.
fn trim(memory: &mut Vec<Block>, kept: usize) {
    if memory.len() > kept {
        memory.truncate(kept);
        memory.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Still;

    fn verifier() -> Verifier {
        Verifier::start(Arc::new(Still::at(0)), VerifierSettings::cheap()).unwrap()
    }

    fn secret(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_hashed_password_verifies_and_another_does_not() {
        let verifier = verifier();
        let phc = verifier.hash(secret("right")).await.unwrap();
        assert_eq!(verifier.verify(secret("right"), Some(&phc)).await, Ok(true));
        assert_eq!(verifier.verify(secret("wrong"), Some(&phc)).await, Ok(false));
        assert_eq!(verifier.verifications(), 2);
    }

    #[tokio::test]
    async fn equal_passwords_get_different_salts() {
        let verifier = verifier();
        assert_ne!(
            verifier.hash(secret("same")).await.unwrap(),
            verifier.hash(secret("same")).await.unwrap()
        );
    }

    #[tokio::test]
    async fn the_standard_hash_is_argon2id_of_19_mib_and_two_passes() {
        let settings = VerifierSettings { threads: NonZeroUsize::MIN, ..VerifierSettings::default() };
        let verifier = Verifier::start(Arc::new(Still::at(0)), settings).unwrap();
        let phc = verifier.hash(secret("right")).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_eq!(verifier.verify(secret("right"), Some(&phc)).await, Ok(true));
    }

    #[tokio::test]
    async fn an_unknown_name_costs_exactly_one_verification_and_is_never_right() {
        let verifier = verifier();
        assert_eq!(verifier.verify(secret("any"), None).await, Ok(false));
        assert_eq!(verifier.verifications(), 1);
    }

    /// Published test vectors of the argon2 reference implementation, all of the password "password".
    const FOREIGN: [&str; 3] = [
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
    ];

    #[tokio::test]
    async fn hashes_of_other_costs_verify_and_their_memory_is_given_back() {
        let settings = VerifierSettings { threads: NonZeroUsize::MIN, ..VerifierSettings::cheap() };
        let verifier = Verifier::start(Arc::new(Still::at(0)), settings).unwrap();
        for phc in FOREIGN {
            assert_eq!(verifier.verify(secret("password"), Some(phc)).await, Ok(true), "{phc}");
            assert_eq!(verifier.verify(secret("differentpassword"), Some(phc)).await, Ok(false), "{phc}");
        }
        let kept = verifier.workers.run(|memory| memory.capacity()).await.unwrap();
        assert_eq!(kept, verifier.params.block_count());
    }

    const ODD: &str = "pässwörd with spaces";
    /// Hashes of [`ODD`] made by Python's hashlib and by libxcrypt.
    const OTHER_SCHEMES: [&str; 7] = [
        "$scrypt$ln=4,r=8,p=1$c2l4dGVlbiBieXRlcyEhIQ$joqHuqjmMlWnJaSFRPIURf7ZlOXvFg+1dnGNRbF6E9g",
        "$scrypt$ln=5,r=4,p=3$c2l4dGVlbiBieXRlcyEhIQ$8Qjjru1/wiJFbyNF7UWejY0Q63Lri/FoiN3oOwtygfbEpJeIuWPVp+tb8g/Cdd0QhHjvMxEImSqlask+On0row",
        "$pbkdf2-sha256$i=1000,l=32$c2l4dGVlbiBieXRlcyEhIQ$XPwO2Df0dzMRRtChRb6NWEdqxxGcBRkJ7jBTj/NId0g",
        "$pbkdf2-sha256$i=1000$c2l4dGVlbiBieXRlcyEhIQ$XPwO2Df0dzMRRtChRb6NWEdqxxGcBRkJ7jBTj/NId0gcTNmo1JaYqXCJ7sy8gU2V9LhsmC1kYO8cec0rS1cpdw",
        "$pbkdf2-sha512$i=500$c2l4dGVlbiBieXRlcyEhIQ$bf0x/7kRNyavnPkO4uHrh9Wtg8dtxHufhw1tu9PE7JeVdaVEDaijX2lREI0mXddn5OGtzFo0HhJsnmrEcfmlLA",
        "$2b$04$abcdefghijklmnopqrstuup9XR1TC3MdJQHGPL1B7QznpBBYSrh2O",
        BCRYPT_IN_PHC,
    ];
    /// The salt and hash of the line above it in the alphabet of the PHC form.
    const BCRYPT_IN_PHC: &str = "$bcrypt$v=98$r=4$cdefghijklmnopqrstuvww$r/ZT3VE5OfLSJIRN3D9S1prDDaUtj4Q";

    #[tokio::test]
    async fn hashes_of_other_schemes_verify_and_are_to_be_made_anew() {
        let verifier = verifier();
        for phc in OTHER_SCHEMES {
            assert_eq!(check_phc(phc), Ok(()), "{phc}");
            assert_eq!(verifier.verify(secret(ODD), Some(phc)).await, Ok(true), "{phc}");
            for wrong in ["", "passwörd with spaces", "pässwörd with space", "pässwörd with spaces "] {
                assert_eq!(verifier.verify(secret(wrong), Some(phc)).await, Ok(false), "{phc}: {wrong}");
            }
            assert!(!verifier.is_current(phc), "{phc}");
        }
        let own = verifier.hash(secret("right")).await.unwrap();
        assert!(verifier.is_current(&own));
        assert!(!verifier.is_current(&own.replace("argon2id", "argon2i")));
    }

    #[tokio::test]
    async fn bcrypt_reads_72_bytes_and_an_empty_password_in_every_spelling_of_its_name() {
        let verifier = verifier();
        let long = "$2y$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i";
        for (length, right) in [(100, true), (72, true), (71, false)] {
            assert_eq!(verifier.verify(secret(&"x".repeat(length)), Some(long)).await, Ok(right), "{length}");
        }
        let empty = "$2a$05$abcdefghijklmnopqrstuu0oImNDIy4flhldV9YqunRgBAePKmw7m";
        assert_eq!(verifier.verify(secret(""), Some(empty)).await, Ok(true));
    }

    #[test]
    fn a_hash_that_would_occupy_a_thread_for_long_or_is_none_is_refused_for_import() {
        let tail = "c2l4dGVlbiBieXRlcyEhIQ$joqHuqjmMlWnJaSFRPIURf7ZlOXvFg+1dnGNRbF6E9g";
        let too_much = [
            format!("$scrypt$ln=18,r=8,p=1${tail}"),
            format!("$scrypt$ln=17,r=9,p=1${tail}"),
            format!("$scrypt$ln=17,r=8,p=5${tail}"),
            format!("$scrypt$ln=63,r=8,p=1${tail}"),
            format!("$scrypt$ln=4,r=4294967295,p=1${tail}"),
            format!("$scrypt$ln=4,r=8${tail}"),
            format!("$scrypt$v=1$ln=4,r=8,p=1${tail}"),
            format!("$pbkdf2-sha256$i=2000001,l=32${tail}"),
            format!("$pbkdf2-sha512$i=0${tail}"),
            format!("$pbkdf2-sha256$l=32${tail}"),
            format!("$pbkdf2$i=1000,l=32${tail}"),
            format!("$bcrypt$v=98$r=15${tail}"),
            format!("$bcrypt$r=10${tail}"),
            "$2b$15$abcdefghijklmnopqrstuup9XR1TC3MdJQHGPL1B7QznpBBYSrh2O".to_owned(),
            "$2b$03$abcdefghijklmnopqrstuup9XR1TC3MdJQHGPL1B7QznpBBYSrh2O".to_owned(),
            "$2x$04$abcdefghijklmnopqrstuup9XR1TC3MdJQHGPL1B7QznpBBYSrh2O".to_owned(),
            "$2b$+4$abcdefghijklmnopqrstuup9XR1TC3MdJQHGPL1B7QznpBBYSrh2O".to_owned(),
            "$2b$04$abcdefghijklmnopqrstuup9XR1TC3MdJQHGPL1B7QznpBBYSrh2".to_owned(),
            "$2b$04$äbcdefghijklmnopqrstu".to_owned(),
            "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"
                .to_owned(),
            "the-password-itself".to_owned(),
        ];
        for text in too_much {
            let refused = check_phc(&text);
            let Err(Error::Invalid { parameter, expected }) = refused else { panic!("{text}: {refused:?}") };
            assert_eq!(parameter, "pwd.hash");
            assert!(!expected.contains("password-itself"), "{expected}");
        }
    }

    #[tokio::test]
    async fn a_stored_hash_that_asks_too_much_or_is_no_hash_is_refused_without_work() {
        let verifier = verifier();
        let tail = "$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";
        for head in ["m=4194304,t=1,p=1", "m=64,t=4294967295,p=1", "m=65536,t=1,p=4096", "m=1,t=1,p=1"] {
            let answer = verifier.verify(secret("x"), Some(&format!("$argon2id$v=19${head}{tail}"))).await;
            assert!(matches!(answer, Err(VerifyError::UnusableHash(_))), "{head}: {answer:?}");
        }
        for text in [
            "",
            "secret",
            "$argon2id$",
            "$scrypt$v=19$c29tZXNhbHQ",
            "$argon2id$v=99$m=64,t=1,p=1$c29tZXNhbHQ",
        ] {
            let answer = verifier.verify(secret("x"), Some(text)).await;
            assert!(matches!(answer, Err(VerifyError::UnusableHash(_))), "{text}: {answer:?}");
        }
        assert_eq!(verifier.verifications(), 0);
    }

    #[tokio::test]
    async fn a_password_no_login_would_accept_is_not_hashed() {
        assert_eq!(verifier().hash(secret(&"x".repeat(1025))).await, Err(VerifyError::TooLong));
    }

    #[test]
    fn a_cost_argon2_cannot_run_is_refused_at_the_start() {
        let settings = VerifierSettings {
            cost: Cost { memory_kib: 1, ..Cost::STANDARD },
            ..VerifierSettings::default()
        };
        let refused = Verifier::start(Arc::new(Still::at(0)), settings).map(|_| ());
        assert_eq!(refused, Err(VerifyError::UnusableCost));
    }
}
