//! `valtuus import`: one thread reads the file, this task reads records and hashes passwords, and meanwhile the chunk
//! before is written.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::auth::password::{Verifier, check_phc};
use crate::cli::Exit;
use crate::cli::bulk::args::{Duplicates, ImportArgs};
use crate::cli::bulk::progress::Progress;
use crate::cli::bulk::report::Report;
use crate::cli::bulk::source::Source;
use crate::cli::bulk::words;
use crate::config::Config;
use crate::model::attribute::Index;
use crate::model::{Error, Kind};
use crate::operation::import::chunk::{Chunk, Work};
use crate::operation::import::cursor::{Checkpoint, Cursor, Outcome, Refusal};
use crate::operation::import::entry::{Entry, Record, read};
use crate::operation::import::rehearse::{Watcher, by_kind, rehearse};
use crate::operation::import::{OnDuplicate, Plan};
use crate::operation::{Caller, Engine, perform};
use crate::server::compose;
use crate::store::{Credential, Touched, Unit, Write};
use crate::world::SharedWorld;

/// How often a chunk is tried when others write the same keys at the same moment, or the database is away.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);
/// Chunks that are read ahead.
const AHEAD: usize = 2;
/// Passwords hashed at once.
const HASHED: usize = 8;
const CLIENT: &str = "command line";

/// Carries out an import.
pub(super) async fn run(config: &Config, world: SharedWorld, args: ImportArgs) -> Result<Exit, String> {
    let source = match Source::of(&args) {
        Ok(source) if args.resume && source.is_stdin() => {
            return Ok(wrong("--resume needs a file; - has no beginning to come back to"));
        }
        Ok(source) => source,
        Err(usage) => return Ok(wrong(&usage)),
    };
    let hashed = source.hash()?;
    let store = compose::open(config, &world, true).await.map_err(|error| error.to_string())?;
    let engine = compose::engine(store, config, world.clone()).await.map_err(|error| error.to_string())?;
    let on_duplicate = match args.on_duplicate {
        Duplicates::Error => OnDuplicate::Error,
        Duplicates::Skip => OnDuplicate::Skip,
        Duplicates::Update => OnDuplicate::Update,
    };
    let mut plan = Plan::new(engine.clone(), CLIENT, check_phc);
    (plan.on_duplicate, plan.class_roles) = (on_duplicate, args.class_roles);
    let plan = Arc::new(plan);
    let desk = Desk { config, engine: engine.clone(), plan, source, args };
    let outcome = if desk.args.dry_run { desk.rehearse(hashed).await } else { desk.import(hashed).await };
    let outcome = match outcome {
        Ok(exit) => ready_indexes(&engine).await.map(|()| exit),
        Err(error) => Err(error),
    };
    engine.store.close().await;
    outcome
}

fn wrong(message: &str) -> Exit {
    eprintln!("valtuus: {message}");
    Exit::Usage
}

/// A custom attribute that has become searchable is found only when its index is complete.
async fn ready_indexes(engine: &Engine) -> Result<(), String> {
    let custom = engine.store.custom_attributes().await.map_err(|error| words(&error))?;
    if custom.iter().any(|attribute| attribute.index == Index::Building) {
        engine.store.reindex().await.map_err(|error| words(&error))?;
    }
    Ok(())
}

struct Desk<'a> {
    config: &'a Config,
    engine: Engine,
    plan: Arc<Plan>,
    source: Source,
    args: ImportArgs,
}

type Running = JoinHandle<Result<(Outcome, Cursor), Error>>;

/// An import on its way.
struct Run<'d> {
    desk: &'d Desk<'d>,
    checkpoint: Option<Checkpoint>,
    /// Whether the first chunk is still to come.
    anew: bool,
    cursor: Cursor,
    running: Option<Running>,
    report: Report,
    progress: Progress,
    verifier: Option<Verifier>,
}

impl Desk<'_> {
    async fn import(&self, hashed: Option<(blake3::Hash, u64)>) -> Result<Exit, String> {
        let checkpoint = hashed.as_ref().map(|(hash, _)| Checkpoint::of(hash));
        let known = match &checkpoint {
            Some(checkpoint) => self.known(checkpoint).await?,
            None => None,
        };
        let cursor = match known {
            Some(known) if self.args.resume => known,
            Some(known) if !known.done && known.at > 0 => {
                let at = known.at;
                eprintln!(
                    "an import of this file stopped behind record {at}; beginning anew (--resume goes on)"
                );
                Cursor::default()
            }
            _ => Cursor::default(),
        };
        let report = Report::open(self.args.report.as_deref(), cursor.at > 0)?;
        report.complete(&cursor.last)?;
        let length = hashed.map(|(_, length)| length);
        let progress = Progress::new(Arc::clone(&self.source.read), length, cursor.at);
        let anew = cursor == Cursor::default();
        let mut run =
            Run { desk: self, checkpoint, anew, cursor, running: None, report, progress, verifier: None };
        let broken = if run.cursor.done { None } else { run.all().await? };
        let (seconds, rate) = run.progress.finish(run.cursor.at);
        self.tell(&run.cursor, broken, Some((seconds, rate)))
    }

    async fn known(&self, checkpoint: &Checkpoint) -> Result<Option<Cursor>, String> {
        let ask = Arc::new(Ask {
            checkpoint: checkpoint.clone(),
            now: self.engine.world.now(),
            found: Mutex::new(None),
        });
        let asked = self.engine.store.transact(Arc::clone(&ask) as Arc<dyn Unit>).await;
        asked.map_err(|error| words(&error))?;
        let found = ask.found.lock().take();
        Ok(found)
    }

    async fn rehearse(&self, hashed: Option<(blake3::Hash, u64)>) -> Result<Exit, String> {
        let report = Report::open(self.args.report.as_deref(), false)?;
        let progress = Progress::new(Arc::clone(&self.source.read), hashed.map(|(_, length)| length), 0);
        let watcher = Arc::new(Told { report, progress });
        let (source, engine) = (self.source.clone(), self.engine.clone());
        let open = Box::new(move || source.open(&engine.registry(), 0));
        let told = Arc::clone(&watcher);
        let rehearsed = rehearse(&self.plan, open, told).await.map_err(|error| words(&error))?;
        watcher.progress.finish(rehearsed.cursor.at);
        self.tell(&rehearsed.cursor, rehearsed.broken, None)
    }

    fn tell(
        &self,
        cursor: &Cursor,
        broken: Option<String>,
        pace: Option<(f64, u64)>,
    ) -> Result<Exit, String> {
        let Cursor { at, made, updated, skipped, refused, .. } = cursor;
        if self.config.output.json {
            let told = serde_json::json!({
                "records": at, "made": made, "updated": updated, "skipped": skipped, "refused": refused,
                "dryRun": self.args.dry_run, "complete": broken.is_none(),
            });
            println!("{told}");
        } else {
            let would = if self.args.dry_run { "would be " } else { "" };
            println!(
                "{at} records: {made} {would}made, {updated} {would}updated, {skipped} {would}skipped, {refused} {would}refused"
            );
            if let Some((seconds, rate)) = pace.filter(|_| std::io::stderr().is_terminal()) {
                eprintln!("{seconds:.1} s, {rate} records/s");
            }
        }
        match broken {
            Some(broken) => Err(format!("the file was not read to its end: {broken}")),
            None if *refused > 0 => Ok(Exit::Partly),
            None => Ok(Exit::Done),
        }
    }
}

impl Run<'_> {
    /// Imports what is left of the file; returns why it could not be read to its end.
    async fn all(&mut self) -> Result<Option<String>, String> {
        let mut chunks = self.reader();
        let mut broken = None;
        while let Some(chunk) = chunks.recv().await {
            match chunk {
                Ok(records) => self.chunk(records).await?,
                Err(why) => {
                    broken = Some(why);
                    break;
                }
            }
        }
        self.settled().await?;
        if broken.is_some() {
            return Ok(broken);
        }
        for (kind, late) in by_kind(&self.cursor.deferred.clone()) {
            self.begin(kind, Work::Settle(late));
            self.settled().await?;
        }
        if self.checkpoint.is_some() && (self.cursor.at > 0 || !self.anew) {
            self.begin(Kind::User, Work::Finish);
            self.settled().await?;
        }
        Ok(None)
    }

    /// Reads the file on a thread of its own.
    fn reader(&self) -> tokio::sync::mpsc::Receiver<Result<Vec<Record>, String>> {
        let (sender, receiver) = tokio::sync::mpsc::channel(AHEAD);
        let (source, registry, skip) =
            (self.desk.source.clone(), self.desk.engine.registry(), self.cursor.at);
        tokio::task::spawn_blocking(move || {
            let mut records = match source.open(&registry, skip) {
                Ok(records) => records,
                Err(why) => return drop(sender.blocking_send(Err(why))),
            };
            loop {
                let chunk = records.next_chunk();
                let last = !matches!(chunk, Ok(Some(_)));
                let sent = chunk.transpose().is_none_or(|chunk| sender.blocking_send(chunk).is_ok());
                if last || !sent {
                    return;
                }
            }
        });
        receiver
    }

    async fn chunk(&mut self, records: Vec<Record>) -> Result<(), String> {
        let Some(kind) = records.first().map(|record| record.kind) else { return Ok(()) };
        if kind == Kind::AttributeDefinition {
            // What follows may use what this declares.
            self.settled().await?;
        }
        let registry = self.desk.engine.registry();
        let plan = Arc::clone(&self.desk.plan);
        let mut entries: Vec<Entry> =
            records.into_iter().map(|record| read(&plan, &registry, record)).collect();
        self.hash(&mut entries).await?;
        self.settled().await?;
        self.begin(kind, Work::Records(entries));
        if kind == Kind::AttributeDefinition { self.settled().await } else { Ok(()) }
    }

    /// Hashes passwords that were given in clear.
    async fn hash(&mut self, entries: &mut [Entry]) -> Result<(), String> {
        let contents = entries.iter_mut().filter_map(|entry| entry.content.as_mut().ok());
        let mut open: Vec<_> = contents.filter(|content| content.password.is_some()).collect();
        if open.is_empty() {
            return Ok(());
        }
        if self.verifier.is_none() {
            let world = Arc::clone(&self.desk.engine.world);
            let verifier =
                compose::verifier(&self.desk.config.auth, world).map_err(|error| error.to_string())?;
            self.verifier = Some(verifier);
        }
        let Some(verifier) = &self.verifier else { return Ok(()) };
        let passwords: Vec<_> = open.iter_mut().filter_map(|content| content.password.take()).collect();
        let hashing =
            futures_util::stream::iter(passwords).map(|password| verifier.hash(password.expose().clone()));
        let hashes: Vec<_> = hashing.buffered(HASHED).collect().await;
        for (content, phc) in open.into_iter().zip(hashes) {
            let phc = phc.map_err(|error| error.to_string())?;
            content.credential = Some(Credential { phc, set: self.desk.engine.world.now() });
        }
        Ok(())
    }

    fn begin(&mut self, kind: Kind, work: Work) {
        let (engine, plan) = (self.desk.engine.clone(), Arc::clone(&self.desk.plan));
        let (work, before) = (Arc::new(work), self.cursor.clone());
        let (checkpoint, anew) = (self.checkpoint.clone(), self.anew);
        self.anew = false;
        self.running = Some(tokio::spawn(async move {
            let caller = Caller::local(CLIENT);
            let mut tries = 1;
            loop {
                let chunk = Chunk::new(&plan, kind, Arc::clone(&work), before.clone());
                let outcome = perform(&engine, &caller, chunk.noting(checkpoint.clone(), anew)).await;
                match outcome {
                    // Somebody else took a key between the look and the writing, or the database was busy.
                    Err(Error::AlreadyExists { .. } | Error::Unavailable { .. }) if tries < TRIES => {
                        tokio::time::sleep(PAUSE * tries).await;
                        tries += 1;
                    }
                    other => return other,
                }
            }
        }));
    }

    /// Waits for the chunk that is being written.
    async fn settled(&mut self) -> Result<(), String> {
        let Some(running) = self.running.take() else { return Ok(()) };
        let done = running.await.map_err(|error| format!("a chunk ended: {error}"))?;
        let (outcome, cursor) = done.map_err(|error| {
            format!("behind record {}: {} (--resume goes on from there)", self.cursor.at, words(&error))
        })?;
        self.report.add(&outcome.refused)?;
        self.cursor = cursor;
        self.progress.at(self.cursor.at);
        Ok(())
    }
}

/// Asks for the resume point.
struct Ask {
    checkpoint: Checkpoint,
    now: i64,
    found: Mutex<Option<Cursor>>,
}

#[async_trait]
impl Unit for Ask {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        let found = self.checkpoint.read(tx, self.now).await?;
        *self.found.lock() = found;
        Ok(Touched::default())
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }
}

/// What is told of a rehearsal.
struct Told {
    report: Report,
    progress: Progress,
}

impl Watcher for Told {
    fn begin(&self) {
        if let Err(error) = self.report.begin(false) {
            eprintln!("valtuus: report: {error}");
        }
    }

    fn chunk(&self, refused: &[Refusal], cursor: &Cursor) {
        if let Err(error) = self.report.add(refused) {
            eprintln!("valtuus: {error}");
        }
        self.progress.at(cursor.at);
    }
}
