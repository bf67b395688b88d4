//! `valtuus migrate`, `reindex` and `check`: the database's upkeep, beside a running server or without one.

use crate::cli::{Exit, MigrateArgs};
use crate::config::Config;
use crate::server::compose::{database_url, open};
use crate::store::{migrate as migrations, private};
use crate::world::SharedWorld;

/// Applies or shows migrations.
pub async fn migrate(config: &Config, args: &MigrateArgs) -> Result<Exit, String> {
    let url = database_url(config);
    let words = |error: crate::model::Error| format!("database: {error:?}");
    if args.status {
        let states = migrations::status(&url).await.map_err(words)?;
        if config.output.json {
            let list: Vec<_> = states
                .iter()
                .map(|state| serde_json::json!({"version": state.version, "name": state.name, "applied": state.applied}))
                .collect();
            println!("{}", serde_json::Value::from(list));
        } else {
            for state in &states {
                println!(
                    "{:04} {} {}",
                    state.version,
                    if state.applied { "applied" } else { "pending" },
                    state.name
                );
            }
        }
        return Ok(Exit::Done);
    }
    private::create_dir(&config.store.data_dir).map_err(|error| format!("data directory: {error}"))?;
    let applied = migrations::apply(&url).await.map_err(words)?;
    if config.output.json {
        println!("{}", serde_json::json!({ "applied": applied }));
    } else {
        println!("{applied} migrations applied");
    }
    Ok(Exit::Done)
}

/// Rebuilds the derived tables.
pub async fn reindex(config: &Config, world: SharedWorld) -> Result<Exit, String> {
    let store = open(config, &world, false).await.map_err(|error| error.to_string())?;
    let outcome = store.reindex().await;
    store.close().await;
    let entities = outcome.map_err(|error| format!("reindex: {error:?}"))?;
    if config.output.json {
        println!("{}", serde_json::json!({ "entities": entities }));
    } else {
        println!("{entities} entities indexed");
    }
    Ok(Exit::Done)
}

/// Holds the derived tables against the entities; exit status 1 when they differ.
pub async fn check(config: &Config, world: SharedWorld) -> Result<Exit, String> {
    let store = open(config, &world, false).await.map_err(|error| error.to_string())?;
    let outcome = store.check().await;
    store.close().await;
    let differences = outcome.map_err(|error| format!("check: {error:?}"))?;
    if config.output.json {
        println!("{}", serde_json::json!({ "differences": differences }));
    } else if differences.is_empty() {
        println!("clean");
    } else {
        for difference in &differences {
            println!("{difference}");
        }
    }
    Ok(if differences.is_empty() { Exit::Done } else { Exit::Failed })
}
