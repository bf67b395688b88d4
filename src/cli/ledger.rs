//! `valtuus ledger`: verifying the ledger of contracts.

use clap::Subcommand;

use crate::audit::chain::hex;
use crate::cli::Exit;
use crate::config::Config;
use crate::model::Error;
use crate::operation::device::verify::{LedgerVerdict, verify};
use crate::server::compose;
use crate::world::SharedWorld;

/// What `ledger` can do.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum LedgerAction {
    /// Walk the chain of contracts, hold every contract against it, and name the first record that does not fit
    #[command(
        after_help = "Example:\n  valtuus ledger verify --json\n\nExit status: 0 everything fits, 1 something does not."
    )]
    Verify,
}

/// Carries out a command on the ledger.
pub async fn run(config: &Config, world: SharedWorld, action: LedgerAction) -> Result<Exit, String> {
    let LedgerAction::Verify = action;
    let store = compose::open(config, &world, false).await.map_err(|error| error.to_string())?;
    let verdict = verify(&store).await;
    store.close().await;
    Ok(tell(config, &verdict.map_err(|error| words(&error))?))
}

/// An error in words for whoever sits at the command line.
fn words(error: &Error) -> String {
    match error {
        Error::Unavailable { detail, .. } | Error::Internal { detail } => format!("{error}: {detail}"),
        other => other.to_string(),
    }
}

fn tell(config: &Config, verdict: &LedgerVerdict) -> Exit {
    let LedgerVerdict { records, contracts, head, misfit } = verdict;
    if let Some(misfit) = misfit {
        eprintln!("valtuus: the ledger does not fit: {misfit}");
    }
    if config.output.json {
        let told = serde_json::json!({
            "clean": misfit.is_none(), "records": records, "contracts": contracts, "head": hex(head),
            "misfit": misfit,
        });
        println!("{told}");
    } else if misfit.is_none() {
        println!("clean: {records} records, {contracts} contracts, head {records}:{}", hex(head));
    }
    if misfit.is_none() { Exit::Done } else { Exit::Failed }
}
