//! `valtuus serve`: runs the server until it is told to stop.

use std::io::Write as _;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Exit;
use crate::config::Config;
use crate::server::bootstrap::FIRST_CLIENT;
use crate::server::{StartError, start};
use crate::world::SharedWorld;

/// Serves until SIGTERM or SIGINT. Prints one line on stdout when ready; the first client's password goes to
/// stderr, once.
pub async fn run(config: Config, world: SharedWorld) -> Result<Exit, String> {
    // Both are listened for before the server is, so that none is missed.
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let running = match start(config, world).await {
        Ok(running) => running,
        Err(error @ (StartError::DemoNotLocal | StartError::Mail(_))) => {
            eprintln!("valtuus: {error}");
            return Ok(Exit::Usage);
        }
        Err(error) => return Err(error.to_string()),
    };
    if let Some(password) = &running.first_password {
        eprintln!("first start: API client {FIRST_CLIENT} with password {password} (shown only now)");
    }
    let mut out = std::io::stdout();
    writeln!(out, "listening on {}", running.base)
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    running.stop().await;
    Ok(Exit::Done)
}
