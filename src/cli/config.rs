//! `valtuus config`: what is in force, and whether it is sound.
//!
//! Reads nothing but the configuration already loaded. Secrets leave it masked.

use std::io::{self, Write};

use super::{ConfigAction, Exit};
use crate::config::Config;

/// Carries out `action` on `config`, which is sound once it is loaded; writes the result to `out`.
pub fn run(action: &ConfigAction, config: &Config, out: &mut dyn Write) -> io::Result<Exit> {
    match action {
        ConfigAction::Show if config.output.json => {
            serde_json::to_writer_pretty(&mut *out, config)?;
            out.write_all(b"\n")?;
        }
        ConfigAction::Show => {
            let text = config.show().map_err(io::Error::other)?;
            out.write_all(text.as_bytes())?;
        }
        ConfigAction::Check if config.output.json => out.write_all(b"{\"sound\":true}\n")?,
        ConfigAction::Check => out.write_all(b"the configuration is sound\n")?,
    }
    out.flush()?;
    Ok(Exit::Done)
}
