//! A fixed set of threads for heavy work, each with a state of its own that it reuses, behind a bounded queue.
//!
//! Bounded on purpose: more work than the queue holds, or older than the wait allows, is turned away instead of
//! piling up. Knows nothing of passwords, and must never let one panicking job take a thread with it.

use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// Why a job has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undone {
    /// The queue was full, or the job waited its whole wait without being begun.
    Busy,
    /// The job panicked.
    Failed,
}

/// The threads. They end, after the jobs whose askers still listen, when this is dropped.
pub(super) struct Workers<S> {
    queue: SyncSender<Job<S>>,
    wait: Duration,
}

impl<S: Default + 'static> Workers<S> {
    /// Starts `threads` threads; at most `waiting` jobs wait, each at most `wait`.
    pub(super) fn start(threads: NonZeroUsize, waiting: usize, wait: Duration) -> io::Result<Self> {
        let (queue, jobs) = sync_channel::<Job<S>>(waiting);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads.get() {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new().name(format!("verifier-{number}")).spawn(move || serve(&jobs))?;
        }
        Ok(Self { queue, wait })
    }

    /// Runs `work` on one of the threads. A job that was begun is always answered with its outcome; one whose asker
    /// has gone before it was begun is not run at all.
    pub(super) async fn run<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut S) -> R + Send + 'static,
    ) -> Result<R, Undone> {
        let claimed = Arc::new(AtomicBool::new(false));
        let (reply, mut answer) = oneshot::channel();
        let claim = Arc::clone(&claimed);
        let job: Job<S> = Box::new(move |state| {
            if !reply.is_closed() && !claim.swap(true, Ordering::AcqRel) {
                // Nobody listening any more is no error: the asker's request was dropped meanwhile.
                let _ = reply.send(work(state));
            }
        });
        self.queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => Undone::Busy,
            TrySendError::Disconnected(_) => Undone::Failed,
        })?;
        match tokio::time::timeout(self.wait, &mut answer).await {
            Ok(answered) => answered.map_err(|_| Undone::Failed),
            // Whoever swaps the flag first owns the job: a thread that already began it will answer.
            Err(_) if claimed.swap(true, Ordering::AcqRel) => answer.await.map_err(|_| Undone::Failed),
            Err(_) => Err(Undone::Busy),
        }
    }
}

fn serve<S: Default>(jobs: &Mutex<Receiver<Job<S>>>) {
    let mut state = S::default();
    loop {
        let next = jobs.lock().recv();
        let Ok(job) = next else { return };
        if catch_unwind(AssertUnwindSafe(|| job(&mut state))).is_err() {
            // The state may be half-written; the asker learns of it by its dropped reply.
            state = S::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc;
    use std::time::Instant;

    use super::*;

    fn one_thread(waiting: usize, wait: Duration) -> Workers<u32> {
        Workers::start(NonZeroUsize::MIN, waiting, wait).unwrap()
    }

    #[tokio::test]
    async fn a_panicking_job_fails_alone_and_its_thread_goes_on_with_fresh_state() {
        let workers = one_thread(4, Duration::from_secs(5));
        assert_eq!(workers.run(|state| std::mem::replace(state, 7)).await, Ok(0));
        assert_eq!(workers.run(|_| -> u32 { panic!("on purpose") }).await, Err(Undone::Failed));
        assert_eq!(workers.run(|state| *state).await, Ok(0));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_full_queue_turns_work_away_at_once() {
        let workers = Arc::new(one_thread(1, Duration::from_secs(5)));
        let (release, gate) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel::<()>();
        let busy = tokio::spawn({
            let workers = Arc::clone(&workers);
            async move {
                workers
                    .run(move |_| {
                        begun.send(()).unwrap();
                        gate.recv().is_ok()
                    })
                    .await
            }
        });
        tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
        let mut waiting = Box::pin(workers.run(|_| true));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert_eq!(workers.run(|_| true).await, Err(Undone::Busy));
        release.send(()).unwrap();
        assert_eq!(busy.await.unwrap(), Ok(true));
        assert_eq!(waiting.await, Ok(true));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_job_that_waited_too_long_is_turned_away_and_never_run_while_a_begun_one_is_answered() {
        let workers = Arc::new(one_thread(4, Duration::from_millis(60)));
        let ran = Arc::new(AtomicUsize::new(0));
        let (begun, has_begun) = mpsc::channel::<()>();
        let slow = tokio::spawn({
            let workers = Arc::clone(&workers);
            async move {
                workers
                    .run(move |_| {
                        begun.send(()).unwrap();
                        thread::sleep(Duration::from_millis(300));
                    })
                    .await
            }
        });
        tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
        let counter = Arc::clone(&ran);
        assert_eq!(workers.run(move |_| counter.fetch_add(1, Ordering::SeqCst)).await, Err(Undone::Busy));
        assert_eq!(slow.await.unwrap(), Ok(()));
        assert_eq!(workers.run(|state| *state).await, Ok(0));
        assert_eq!(ran.load(Ordering::SeqCst), 0);
    }

    static ALIVE: AtomicUsize = AtomicUsize::new(0);

    struct Counted;

    impl Default for Counted {
        fn default() -> Self {
            ALIVE.fetch_add(1, Ordering::SeqCst);
            Self
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.fetch_sub(1, Ordering::SeqCst);
        }
    }

    fn wait_for_alive(wanted: usize) {
        let start = Instant::now();
        while ALIVE.load(Ordering::SeqCst) != wanted {
            assert!(start.elapsed() < Duration::from_secs(10), "{} threads", ALIVE.load(Ordering::SeqCst));
            thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn the_threads_end_when_the_pool_is_dropped() {
        let threads = NonZeroUsize::new(3).unwrap();
        let workers = Workers::<Counted>::start(threads, 1, Duration::from_secs(1)).unwrap();
        wait_for_alive(3);
        drop(workers);
        wait_for_alive(0);
    }
}
