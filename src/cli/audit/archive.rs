//! `valtuus audit archive`: sealed records into a file, and out of the database once the file is safe.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use crate::audit::chain::hex;
use crate::audit::segment::{self, Summary};
use crate::cli::Exit;
use crate::cli::audit::args::ArchiveArgs;
use crate::cli::audit::words;
use crate::cli::bulk::{partial, private_file};
use crate::config::Config;
use crate::operation::archiving::{copy, remove};
use crate::operation::sealing::{Progress, Sealer};
use crate::store::SharedStore;
use crate::world::SharedWorld;

/// Archives.
pub(super) async fn run(
    config: &Config,
    store: &SharedStore,
    world: SharedWorld,
    args: &ArchiveArgs,
) -> Result<Exit, String> {
    let now = world.now();
    if args.output.exists() {
        return again(config, store, now, args).await;
    }
    // What was committed and not sealed yet belongs to the records before that date too.
    let sealer = Sealer::new(SharedStore::clone(store), world);
    if sealer.finish().await.map_err(|error| words(&error))? == Progress::ByAnother {
        tracing::debug!("a server seals the trail");
    }
    let partial = partial(&args.output);
    let written = write(store, args.before, now, &partial).await;
    let summary = match written {
        Ok(summary) if summary.records > 0 => summary,
        other => {
            // What is empty or not whole must not be taken for an archive.
            let _ = std::fs::remove_file(&partial);
            let summary = other?;
            tell(config, &args.output, &summary, false);
            return Ok(Exit::Done);
        }
    };
    let told = |error: std::io::Error| format!("{}: {error}", args.output.display());
    std::fs::rename(&partial, &args.output).map_err(told)?;
    // The name must be as safe as the file before anything is taken away.
    let folder = args.output.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(told)?;
    if args.remove {
        if verified(&args.output)? != summary {
            return Err(format!("{}: the file is not what was written", args.output.display()));
        }
        remove(store, &summary, now).await.map_err(|error| words(&error))?;
    }
    tell(config, &args.output, &summary, args.remove);
    Ok(Exit::Done)
}

/// A file that was written before: its records are removed, or the rest of them after a removal that was broken off.
async fn again(config: &Config, store: &SharedStore, now: i64, args: &ArchiveArgs) -> Result<Exit, String> {
    if !args.remove {
        return Err(format!("{}: a file of this name exists already", args.output.display()));
    }
    let summary = verified(&args.output)?;
    remove(store, &summary, now)
        .await
        .map_err(|error| format!("{} exists already: {}", args.output.display(), words(&error)))?;
    tell(config, &args.output, &summary, true);
    Ok(Exit::Done)
}

fn verified(path: &Path) -> Result<Summary, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| told(&error))?;
    segment::verify(BufReader::with_capacity(256 << 10, file), None).map_err(|error| told(&error))
}

async fn write(store: &SharedStore, before: i64, now: i64, path: &Path) -> Result<Summary, String> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = private_file(path).map_err(told)?;
    let out = BufWriter::with_capacity(256 << 10, file);
    let (out, summary) = copy(store, (before, now), out).await.map_err(|error| error.to_string())?;
    let file = out.into_inner().map_err(|error| told(error.into_error()))?;
    file.sync_all().map_err(told)?;
    Ok(summary)
}

fn tell(config: &Config, path: &Path, summary: &Summary, removed: bool) {
    let Summary { start, head, records, digest, .. } = summary;
    let written = *records > 0;
    if config.output.json {
        let told = serde_json::json!({
            "file": written.then(|| path.display().to_string()), "records": records, "start": start.to_string(),
            "head": head.to_string(), "sha256": written.then(|| hex(digest)), "removed": removed,
        });
        println!("{told}");
    } else if written {
        let done = if removed { "archived and removed" } else { "archived" };
        println!("{}: {records} records {done}, head {head}, SHA-256 {}", path.display(), hex(digest));
    } else {
        println!("0 records: nothing sealed is that old, and no file was written");
    }
}
