//! `valtuus import digit`: three files into the database, in one transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::cli::Exit;
use crate::cli::bulk::digit::args::DigitImportArgs;
use crate::cli::bulk::digit::{folder, report, wrong};
use crate::cli::bulk::progress::Progress;
use crate::cli::bulk::words;
use crate::config::Config;
use crate::model::Error;
use crate::operation::digit::import::{ImportMasters, import};
use crate::operation::digit::{Masters, Report, Tenant};
use crate::operation::{Caller, Engine};
use crate::server::compose;
use crate::world::SharedWorld;

/// How often it is tried when others write the same keys at the same moment, or the database is away.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);
const CLIENT: &str = "command line";

/// Carries the import out.
pub async fn run(config: &Config, world: SharedWorld, args: DigitImportArgs) -> Result<Exit, String> {
    let tenant = match Tenant::read(&args.tenant) {
        Ok(tenant) => tenant,
        Err(error) => return Ok(wrong(&error.to_string())),
    };
    let files = folder::read(&args.dir)?;
    let masters = Masters::read(&tenant, &files).map_err(|error| error.to_string())?;
    let store = compose::open(config, &world, true).await.map_err(|error| error.to_string())?;
    let engine = compose::engine(store, config, world).await.map_err(|error| error.to_string())?;
    let outcome = imported(&engine, &masters, args.dry_run).await;
    engine.store.close().await;
    let came_of_it = outcome.map_err(|error| words(&error))?;
    if let Some(path) = &args.report {
        report::write(path, &came_of_it)?;
    } else {
        for line in report::left_out(&came_of_it) {
            eprintln!("{line}");
        }
    }
    if config.output.json {
        println!("{}", report::json(&came_of_it));
    } else {
        println!("{}", report::text(&came_of_it));
    }
    Ok(if came_of_it.is_complete() { Exit::Done } else { Exit::Partly })
}

async fn imported(engine: &Engine, masters: &Masters, dry_run: bool) -> Result<Report, Error> {
    let caller = Caller::local(CLIENT);
    let dealt_with = Arc::<AtomicU64>::default();
    let progress = Arc::new(Progress::new(Arc::clone(&dealt_with), Some(masters.rows()), 0));
    let mut tries = 1;
    loop {
        let (watched, counted) = (Arc::clone(&progress), Arc::clone(&dealt_with));
        let watch = Arc::new(move |rows: u64| {
            counted.store(rows, Ordering::Relaxed);
            watched.at(rows);
        });
        let change = ImportMasters::new(engine, &caller, masters.clone(), watch);
        match import(engine, &caller, change, dry_run, |_| None).await {
            Err(Error::AlreadyExists { .. } | Error::Unavailable { .. }) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            outcome => {
                progress.finish(dealt_with.load(Ordering::Relaxed));
                return outcome;
            }
        }
    }
}
