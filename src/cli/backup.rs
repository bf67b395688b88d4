//! `valtuus backup` and `restore`: the whole database in one file, and back.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use crate::cli::Exit;
use crate::cli::bulk::args::{BackupArgs, RestoreArgs};
use crate::cli::bulk::{partial, private_file};
use crate::config::Config;
use crate::server::compose::database_url;
use crate::store::backup::{self, BackupError, Summary};
use crate::store::private;
use crate::world::SharedWorld;

/// Writes a backup.
pub async fn backup(config: &Config, world: SharedWorld, args: BackupArgs) -> Result<Exit, String> {
    let url = database_url(config);
    let words = |error: BackupError| format!("backup: {error}");
    if args.file == Path::new("-") {
        let out = BufWriter::with_capacity(256 << 10, std::io::stdout());
        backup::write(&url, world.as_ref(), out).await.map_err(words)?;
        return Ok(Exit::Done);
    }
    let told = |error: std::io::Error| format!("{}: {error}", args.file.display());
    if args.file.exists() {
        return Err(format!("{}: a file of this name exists already", args.file.display()));
    }
    let partial = partial(&args.file);
    let file = private_file(&partial).map_err(told)?;
    let written = backup::write(&url, world.as_ref(), BufWriter::with_capacity(256 << 10, file)).await;
    let finished = written.map_err(words).and_then(|(out, summary)| {
        let file = out.into_inner().map_err(|error| told(error.into_error()))?;
        file.sync_all().and_then(|()| std::fs::rename(&partial, &args.file)).map_err(told)?;
        Ok(summary)
    });
    match finished {
        Ok(summary) => tell(config, &args.file, &summary, "backed up"),
        Err(error) => {
            // What is not whole must not be taken for a backup.
            let _ = std::fs::remove_file(&partial);
            return Err(error);
        }
    }
    Ok(Exit::Done)
}

/// Restores a backup.
pub async fn restore(config: &Config, args: RestoreArgs) -> Result<Exit, String> {
    let file = File::open(&args.file).map_err(|error| format!("{}: {error}", args.file.display()))?;
    private::create_dir(&config.store.data_dir).map_err(|error| format!("data directory: {error}"))?;
    let input = BufReader::with_capacity(256 << 10, file);
    let restored = backup::restore(&database_url(config), input, args.replace).await;
    let summary = restored.map_err(|error| format!("restore: {error}"))?;
    tell(config, &args.file, &summary, "restored");
    Ok(Exit::Done)
}

fn tell(config: &Config, file: &Path, summary: &Summary, what: &str) {
    let Summary { head, rows, hash } = summary;
    if config.output.json {
        let told = serde_json::json!({
            "rows": rows, "made": head.made, "migration": head.migration, "database": head.database, "blake3": hash,
        });
        println!("{told}");
    } else {
        println!("{}: {rows} rows {what}, state of {}, BLAKE3 {hash}", file.display(), head.made);
    }
}
