//! `valtuus export`: what the database holds at one moment, to a file or standard output.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cli::Exit;
use crate::cli::bulk::args::{ExportArgs, FileFormat};
use crate::cli::bulk::progress::Progress;
use crate::cli::bulk::table::TableSink;
use crate::cli::bulk::tree::TreeSink;
use crate::cli::bulk::{kind_named, words};
use crate::config::Config;
use crate::model::kind::organization;
use crate::model::{Error, Kind, key};
use crate::operation::export::{Column, Item, Sink, Wanted, export};
use crate::server::compose;
use crate::store::private::FILE_MODE;
use crate::store::{SharedStore, Source};
use crate::world::SharedWorld;

/// Carries out an export.
pub(super) async fn run(config: &Config, world: SharedWorld, args: ExportArgs) -> Result<Exit, String> {
    let kind = match args.kind.as_deref().map(kind_named).transpose() {
        Ok(kind) => kind,
        Err(error) => return Ok(wrong(&error.to_string())),
    };
    if kind.is_none() && args.format == FileFormat::Csv {
        return Ok(wrong("a CSV file holds one kind: say which with --kind"));
    }
    let store = compose::open(config, &world, false).await.map_err(|error| error.to_string())?;
    let outcome = to_output(&store, kind, &args).await;
    store.close().await;
    let counts = outcome?;
    // The export itself may be on standard output.
    if let Some(output) = &args.output {
        if config.output.json {
            let counts: serde_json::Map<_, _> =
                counts.iter().map(|(kind, count)| (kind.name().to_owned(), (*count).into())).collect();
            println!("{}", serde_json::Value::from(counts));
        } else {
            let told = counts.iter().filter(|(_, count)| *count > 0);
            let told: Vec<String> = told.map(|(kind, count)| format!("{count} {}", kind.name())).collect();
            println!("{}: {}", output.display(), told.join(", "));
        }
    }
    Ok(Exit::Done)
}

fn wrong(message: &str) -> Exit {
    eprintln!("valtuus: {message}");
    Exit::Usage
}

type Counts = Vec<(Kind, u64)>;

/// Every so many records the progress is told.
const TOLD: u64 = 256;

/// A sink that tells how far it has come.
struct Watched<'s, S> {
    sink: &'s mut S,
    progress: Progress,
    written: Arc<AtomicU64>,
}

impl<S: Sink> Sink for Watched<'_, S> {
    fn begin(&mut self, kind: Kind, columns: &[Column]) -> std::io::Result<()> {
        self.sink.begin(kind, columns)
    }

    fn item(&mut self, kind: Kind, item: &Item<'_>) -> std::io::Result<()> {
        self.sink.item(kind, item)?;
        let written = self.written.fetch_add(1, Ordering::Relaxed) + 1;
        if written.is_multiple_of(TOLD) {
            self.progress.at(written);
        }
        Ok(())
    }
}

/// As [`export()`], told on standard error. What is to come is counted beforehand and may be a little off.
async fn watched<S: Sink>(store: &SharedStore, wanted: &Wanted, sink: &mut S) -> Result<Counts, Error> {
    let mut length = 0_u64;
    for kind in Kind::ALL.into_iter().filter(|kind| wanted.holds(*kind)) {
        length += store.count(&Source::Kind(kind), usize::MAX).await? as u64;
    }
    let written = Arc::<AtomicU64>::default();
    let progress = Progress::new(Arc::clone(&written), Some(length), 0);
    let mut watched = Watched { sink, progress, written };
    let counts = export(store, wanted, &mut watched).await?;
    watched.progress.finish(watched.written.load(Ordering::Relaxed));
    Ok(counts)
}

async fn to_output(store: &SharedStore, kind: Option<Kind>, args: &ExportArgs) -> Result<Counts, String> {
    let name = key::unique_key(organization::ROOT_NAME, false);
    let row = store.holder(organization::TECHNICAL_NAME, 0, &name).await.map_err(|error| words(&error))?;
    let row = row.ok_or("the database was never started: it has no root organization")?;
    let root = store.by_rows(&[row]).await.map_err(|error| words(&error))?.pop();
    let root = root.ok_or("the root organization is gone")?.id();
    let wanted = Wanted { kind, secrets: args.with_secrets, sensitive: !args.without_sensitive, root };
    let Some(path) = &args.output else {
        return write(store, &wanted, args.format, std::io::stdout()).await.map(|(counts, _)| counts);
    };
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let partial = partial(path);
    let file = private_file(&partial).map_err(told)?;
    let written = write(store, &wanted, args.format, file).await;
    let finished = written.and_then(|(counts, file)| {
        file.sync_all().and_then(|()| std::fs::rename(&partial, path)).map_err(told)?;
        Ok(counts)
    });
    if finished.is_err() {
        // What is not whole must not be taken for an export.
        let _ = std::fs::remove_file(&partial);
    }
    finished
}

async fn write<W: Write + Send>(
    store: &SharedStore,
    wanted: &Wanted,
    format: FileFormat,
    out: W,
) -> Result<(Counts, W), String> {
    let unwritten = |error: std::io::Error| format!("writing the export: {error}");
    let out = BufWriter::with_capacity(256 << 10, out);
    let (counts, out) = match format {
        FileFormat::Xml => {
            let mut sink = TreeSink::new(out);
            let counts = watched(store, wanted, &mut sink).await.map_err(|error| words(&error))?;
            (counts, sink.finish().map_err(unwritten)?)
        }
        FileFormat::Csv => {
            let mut sink = TableSink::new(out);
            let counts = watched(store, wanted, &mut sink).await.map_err(|error| words(&error))?;
            (counts, sink.finish().map_err(unwritten)?)
        }
    };
    let out = out.into_inner().map_err(|error| unwritten(error.into_error()))?;
    Ok((counts, out))
}

/// The name a file has until it is whole.
pub(in crate::cli) fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// A new or emptied file that only its owner may read.
pub(in crate::cli) fn private_file(path: &Path) -> std::io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)
}
