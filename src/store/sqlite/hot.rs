//! Reads through rusqlite: short ones on the calling thread, each thread with a connection of its own; long ones
//! on two fixed threads behind a bounded queue. Never writes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot};

use crate::model::Error;
use crate::store::convert;

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 64;
/// How many long reads may wait.
const QUEUE: usize = 64;
/// Threads for long reads.
const LONG_READERS: usize = 2;

type Slot = Mutex<Option<Connection>>;
type Task = Box<dyn FnOnce() + Send>;

thread_local! {
    static HERE: RefCell<HashMap<u64, Arc<Slot>>> = RefCell::default();
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// The readers of one database file.
pub(super) struct Hot {
    path: PathBuf,
    /// Tells this store's connections from another's among those of a thread.
    number: u64,
    /// `None` once closed. Weak: a thread that ends takes its connection with it.
    slots: Mutex<Option<Vec<Weak<Slot>>>>,
    tasks: Mutex<Option<mpsc::Sender<Task>>>,
}

impl Hot {
    /// Readers of the file at `path`, which must exist.
    pub(super) fn new(path: PathBuf) -> Result<Arc<Self>, Error> {
        let (sender, receiver) = mpsc::channel::<Task>(QUEUE);
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 1..=LONG_READERS {
            let receiver = Arc::clone(&receiver);
            std::thread::Builder::new()
                .name(format!("long-read-{number}"))
                .spawn(move || serve(&receiver))
                .map_err(|error| Error::unavailable(format!("cannot start a reader thread: {error}")))?;
        }
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let (slots, tasks) = (Mutex::new(Some(Vec::new())), Mutex::new(Some(sender)));
        Ok(Arc::new(Self { path, number, slots, tasks }))
    }

    /// Runs `read` with this thread's connection.
    pub(super) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, Error> {
        let here = HERE.with_borrow(|held| held.get(&self.number).cloned());
        let slot = match here {
            Some(slot) => slot,
            None => self.open()?,
        };
        let held = slot.lock();
        let connection = held.as_ref().ok_or_else(closed)?;
        read(connection).map_err(|error| convert::rusqlite(&error))
    }

    /// Runs `read` on one of the threads for long reads.
    pub(super) async fn with_long<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let tasks = self.tasks.lock().clone().ok_or_else(closed)?;
        let (reply, answer) = oneshot::channel();
        let hot = Arc::clone(self);
        // A caller that went away before its turn no longer needs the answer.
        let task: Task = Box::new(move || {
            if !reply.is_closed() {
                _ = reply.send(hot.with(read));
            }
        });
        tasks.send(task).await.map_err(|_| closed())?;
        answer.await.map_err(|_| Error::internal("a long read ended without an answer"))?
    }

    fn open(&self) -> Result<Arc<Slot>, Error> {
        let connection = open(&self.path).map_err(|error| convert::rusqlite(&error))?;
        let slot = Arc::new(Mutex::new(Some(connection)));
        {
            let mut slots = self.slots.lock();
            let slots = slots.as_mut().ok_or_else(closed)?;
            slots.retain(|slot| slot.strong_count() > 0);
            slots.push(Arc::downgrade(&slot));
        }
        HERE.with_borrow_mut(|held| {
            // Stores that were closed since have left an empty slot here.
            held.retain(|_, slot| slot.lock().is_some());
            held.insert(self.number, Arc::clone(&slot));
        });
        Ok(slot)
    }

    /// Closes every connection and ends the threads; later reads answer error 6.
    pub(super) fn close(&self) {
        drop(self.tasks.lock().take());
        let slots = self.slots.lock().take().unwrap_or_default();
        for slot in slots.iter().filter_map(Weak::upgrade) {
            drop(slot.lock().take());
        }
    }
}

impl Drop for Hot {
    fn drop(&mut self) {
        self.close();
    }
}

fn closed() -> Error {
    Error::unavailable("the store is closed")
}

fn serve(receiver: &Mutex<mpsc::Receiver<Task>>) {
    loop {
        let task = receiver.lock().blocking_recv();
        match task {
            Some(task) => {
                // The panic of one read must not end the thread; its caller sees the reply dropped.
                if std::panic::catch_unwind(std::panic::AssertUnwindSafe(task)).is_err() {
                    tracing::error!("a long read panicked");
                }
            }
            None => return,
        }
    }
}

fn open(path: &std::path::Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else a statement with a range is planned anew for every parameter, which costs more than a page of its results.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection
        .execute_batch("PRAGMA query_only = 1; PRAGMA mmap_size = 268435456; PRAGMA cache_size = -8192;")?;
    Ok(connection)
}
