//! One at a time for each user on this node, in the order of coming, so that attempts on one password queue here
//! instead of asking the database over and over whether they may begin. It must not count or rule.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Mutex as Gate, OwnedMutexGuard};
use uuid::Uuid;

type Gates = Arc<Mutex<HashMap<Uuid, Arc<Gate<()>>>>>;

/// The queues, one for each user somebody waits for.
#[derive(Clone, Default)]
pub struct Turns(Gates);

/// A turn; the next in the queue begins when it is dropped.
pub struct Turn {
    gates: Gates,
    id: Uuid,
    held: Option<OwnedMutexGuard<()>>,
}

impl Turns {
    /// Waits for the turn with this user.
    pub async fn take(&self, id: Uuid) -> Turn {
        let gate = Arc::clone(self.0.lock().entry(id).or_default());
        let held = Some(gate.lock_owned().await);
        Turn { gates: Arc::clone(&self.0), id, held }
    }

    /// For how many users there is a queue.
    pub fn queues(&self) -> usize {
        self.0.lock().len()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut gates = self.gates.lock();
        self.held = None;
        // Whoever waits holds the gate as well; only here, under the lock of the map, can another come to it.
        if gates.get(&self.id).is_some_and(|gate| Arc::strong_count(gate) == 1) {
            gates.remove(&self.id);
        }
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns").field("queues", &self.queues()).finish()
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn turns_with_one_user_come_one_after_the_other_and_leave_nothing_behind() {
        let turns = Turns::default();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = turns.take(one).await;
        let mut second = Box::pin(turns.take(one));
        assert!(futures_util::poll!(&mut second).is_pending());
        let elsewhere = turns.take(other).await;
        assert_eq!(turns.queues(), 2);
        drop(first);
        drop(second.await);
        drop(elsewhere);
        assert_eq!(turns.queues(), 0);
    }
}
