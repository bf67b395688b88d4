//! `valtuus export digit`: the masters of a tenant into a folder.

use crate::cli::Exit;
use crate::cli::bulk::digit::args::DigitExportArgs;
use crate::cli::bulk::digit::{folder, wrong};
use crate::cli::bulk::words;
use crate::config::Config;
use crate::operation::digit::Tenant;
use crate::operation::digit::export::export;
use crate::server::compose;
use crate::world::SharedWorld;

/// Carries the export out.
pub async fn run(config: &Config, world: SharedWorld, args: DigitExportArgs) -> Result<Exit, String> {
    let tenant = match Tenant::read(&args.tenant) {
        Ok(tenant) => tenant,
        Err(error) => return Ok(wrong(&error.to_string())),
    };
    let store = compose::open(config, &world, false).await.map_err(|error| error.to_string())?;
    let exported = export(&store, &tenant).await;
    store.close().await;
    let exported = exported.map_err(|error| words(&error))?;
    folder::write(&args.dir, &exported.files)?;
    let [roles, actions, mappings] = exported.counts;
    if config.output.json {
        let left_out = exported.left_out;
        let told = serde_json::json!({
            "roles": roles, "actions": actions, "roleActions": mappings, "leftOut": left_out,
        });
        println!("{told}");
    } else {
        println!("{}: {roles} roles, {actions} actions, {mappings} mappings", args.dir.display());
    }
    if exported.left_out == 0 {
        return Ok(Exit::Done);
    }
    eprintln!(
        "{} roles or mappings have or name what the files of this tenant cannot name; they are left out",
        exported.left_out
    );
    Ok(Exit::Partly)
}
