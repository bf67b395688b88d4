//! The outside world that a program cannot decide for itself: the clock and random numbers.
//!
//! Both are injected, so that tests can hold the clock still and repeat a run; everywhere else the real
//! ones are banned by lint. This room knows nobody and keeps no state of the service.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use rand::RngExt;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Microseconds since 1970-01-01T00:00:00Z, the one unit of instants in memory and in the store.
pub type Micros = i64;

/// The clock and the random source of a process.
pub trait World: Send + Sync {
    /// The present instant.
    fn now(&self) -> Micros;
    /// A fresh id, version 7, so that creation order is id order.
    fn id(&self) -> Uuid;
    /// A fresh id without order, version 4, where a value must not tell when it was made.
    fn unordered_id(&self) -> Uuid;
    /// Fills `bytes` from the system's random source.
    fn random(&self, bytes: &mut [u8]);
}

/// The world as handed around.
pub type SharedWorld = Arc<dyn World>;

/// The real clock and the system's random source.
#[derive(Debug, Default, Clone, Copy)]
pub struct Real;

impl World for Real {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn now(&self) -> Micros {
        let nanos = time::OffsetDateTime::now_utc().unix_timestamp_nanos();
        Micros::try_from(nanos / 1_000).unwrap_or(Micros::MAX)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
    fn id(&self) -> Uuid {
        Uuid::now_v7()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
    fn unordered_id(&self) -> Uuid {
        Uuid::new_v4()
    }

    fn random(&self, bytes: &mut [u8]) {
        rand::rng().fill(bytes);
    }
}

/// A clock that stands still until it is moved, and ids that count up: for tests.
#[derive(Debug)]
pub struct Still {
    now: AtomicI64,
    next: AtomicU64,
}

impl Still {
    /// A world standing at `now`.
    pub fn at(now: Micros) -> Self {
        Self { now: AtomicI64::new(now), next: AtomicU64::new(1) }
    }

    /// Moves the clock on by `by` microseconds.
    pub fn advance(&self, by: Micros) {
        self.now.fetch_add(by, Ordering::SeqCst);
    }

    fn count(&self) -> u64 {
        self.next.fetch_add(1, Ordering::SeqCst)
    }
}

impl World for Still {
    fn now(&self) -> Micros {
        self.now.load(Ordering::SeqCst)
    }

    fn id(&self) -> Uuid {
        Uuid::from_u64_pair(0x0190_0000_0000_7000, 0x8000_0000_0000_0000 | self.count())
    }

    fn unordered_id(&self) -> Uuid {
        Uuid::from_u64_pair(0x0190_0000_0000_4000, 0x8000_0000_0000_0000 | self.count())
    }

    fn random(&self, bytes: &mut [u8]) {
        // Mixed (SplitMix64): what is drawn twice must differ as a whole, as two tokens do.
        for chunk in bytes.chunks_mut(8) {
            let mut mixed = self.count().wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let drawn = (mixed ^ (mixed >> 31)).to_le_bytes();
            for (byte, drawn) in chunk.iter_mut().zip(drawn) {
                *byte = drawn;
            }
        }
    }
}

/// `len` random letters and digits (A–Z a–z 0–9), each equally likely.
pub fn alphanumeric(world: &dyn World, len: usize) -> String {
    const SET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(len);
    let mut buffer = Zeroizing::new([0_u8; 64]);
    while text.len() < len {
        world.random(buffer.as_mut_slice());
        for byte in buffer.iter().copied() {
            // 248 is the largest multiple of 62 below 256: above it the modulus would favour some letters.
            if byte < 248
                && text.len() < len
                && let Some(letter) = SET.get(usize::from(byte) % 62)
            {
                text.push(char::from(*letter));
            }
        }
    }
    text
}
