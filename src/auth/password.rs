//! Hashing and verifying passwords with argon2, off the request threads and bounded in number and memory.
//!
//! The only file that names argon2. It must not know clients, throttling or caches, and must do the same amount of
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
use super::workers::{Undone, Workers};
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
        let dummy = Stored {
            argon2: argon2id(params.clone()),
            salt: fresh_salt(&world)?,
            expected: Output::new(&expected).map_err(|_| VerifyError::Failed)?,
        };
        let verifications = Arc::default();
        Ok(Self { workers, world, params, ceiling: settings.ceiling, dummy, verifications })
    }

    /// Whether `password` is the one that `phc` (an argon2 hash in PHC form) was made of. With `None`, for a name
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

/// A stored hash, read and found within the ceiling.
#[derive(Clone)]
struct Stored {
    argon2: Argon2<'static>,
    salt: Salt,
    expected: Output,
}

impl Stored {
    fn read(phc: &str, ceiling: Cost) -> Result<Self, VerifyError> {
        let hash = PasswordHash::new(phc).map_err(|_| VerifyError::UnusableHash("not in PHC form"))?;
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
        Ok(Self { argon2: Argon2::new(algorithm, version, params), salt, expected })
    }

    fn matches(&self, password: &str, memory: &mut Vec<Block>) -> Result<bool, VerifyError> {
        let made = run(&self.argon2, password, &self.salt, self.expected.len(), memory)?;
        Ok(made.ct_eq(self.expected.as_bytes()).into())
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
