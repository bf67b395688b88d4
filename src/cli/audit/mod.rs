//! `valtuus audit`: verifying the trail, its head, records out of it, and archives.

mod archive;
pub mod args;
mod export;

use std::fs::File;
use std::io::BufReader;

use crate::audit::chain::Head;
use crate::audit::segment::{self, SegmentError, Summary};
use crate::audit::verify::Finding;
use crate::cli::Exit;
use crate::cli::audit::args::{AuditAction, VerifyArgs};
use crate::config::Config;
use crate::model::Error;
use crate::operation::verifying::{self, Verdict};
use crate::server::compose;
use crate::store::SharedStore;
use crate::world::SharedWorld;

/// Carries out a command on the audit trail.
pub async fn run(config: &Config, world: SharedWorld, action: AuditAction) -> Result<Exit, String> {
    if let AuditAction::Verify(args) = &action
        && !args.file.is_empty()
    {
        return files(config, args);
    }
    let store = compose::open(config, &world, false).await.map_err(|error| error.to_string())?;
    let outcome = match action {
        AuditAction::Verify(args) => verify(config, &store, args.head).await,
        AuditAction::Head => head(config, &store).await,
        AuditAction::Export(args) => export::run(config, &store, &args).await,
        AuditAction::Archive(args) => archive::run(config, &store, world, &args).await,
    };
    store.close().await;
    outcome
}

/// An error in words for whoever sits at the command line.
fn words(error: &Error) -> String {
    match error {
        Error::Unavailable { detail, .. } | Error::Internal { detail } => format!("{error}: {detail}"),
        other => other.to_string(),
    }
}

async fn verify(config: &Config, store: &SharedStore, head: Option<Head>) -> Result<Exit, String> {
    let verdict = verifying::verify(store, head).await.map_err(|error| words(&error))?;
    let Verdict { start, head, records, unsealed, finding } = verdict;
    tell(config, (start, head), (records, unsealed), finding.as_ref());
    Ok(exit(finding.as_ref()))
}

/// Files one after the other: the first says where it begins, each next one must follow the one before.
fn files(config: &Config, args: &VerifyArgs) -> Result<Exit, String> {
    let (mut all, mut records): (Option<(Head, Head)>, u64) = (None, 0);
    for path in &args.file {
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let file = File::open(path).map_err(|error| told(&error))?;
        let before = all.map(|(_, end)| end);
        match segment::verify(BufReader::with_capacity(256 << 10, file), before) {
            Ok(Summary { start, head, records: held, .. }) => {
                all = Some((all.map_or(start, |(first, _)| first), head));
                records += held;
            }
            Err(SegmentError::Broken(finding)) => {
                let end = before.unwrap_or(Head::GENESIS);
                eprintln!("valtuus: {}", told(&"the records do not hold together"));
                tell(config, (all.map_or(end, |(first, _)| first), end), (records, 0), Some(&finding));
                return Ok(Exit::Failed);
            }
            Err(error) => return Err(told(&error)),
        }
    }
    let (start, end) = all.unwrap_or((Head::GENESIS, Head::GENESIS));
    let finding = args.head.filter(|head| *head != end).map(|head| {
        let detail = format!("the files end with {end}, and not with the head that was given");
        Finding::at(head.seq, None, if head.seq > end.seq { "cut" } else { "altered" }, &detail)
    });
    tell(config, (start, end), (records, 0), finding.as_ref());
    Ok(exit(finding.as_ref()))
}

fn exit(finding: Option<&Finding>) -> Exit {
    if finding.is_some() { Exit::Failed } else { Exit::Done }
}

fn tell(
    config: &Config,
    (start, head): (Head, Head),
    (records, unsealed): (u64, u64),
    finding: Option<&Finding>,
) {
    if let Some(finding) = finding {
        eprintln!("valtuus: the audit trail is broken: {finding}");
    }
    if config.output.json {
        let told = serde_json::json!({
            "clean": finding.is_none(), "records": records, "unsealed": unsealed,
            "start": start.to_string(), "head": head.to_string(), "finding": finding,
        });
        println!("{told}");
    } else if finding.is_none() {
        println!("clean: {records} records verified, {unsealed} wait for their seal, head {head}");
    }
}

async fn head(config: &Config, store: &SharedStore) -> Result<Exit, String> {
    let head = verifying::head(store).await.map_err(|error| words(&error))?;
    if config.output.json {
        let hash = crate::audit::chain::hex(&head.hash);
        println!("{}", serde_json::json!({ "seq": head.seq, "hash": hash, "head": head.to_string() }));
    } else {
        println!("{head}");
    }
    Ok(Exit::Done)
}
