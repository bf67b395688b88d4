//! `valtuus completions` and `man`: what a shell and `man` need to know, made from the declared commands.

use std::io::Write;

use clap::CommandFactory as _;

use crate::cli::Exit;
use crate::cli::args::Cli;
use crate::cli::bulk::args::{CompletionsArgs, ManArgs};

/// Writes the completions of a shell to `out`.
pub fn completions(args: &CompletionsArgs, out: &mut impl Write) -> Result<Exit, String> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "valtuus", &mut text);
    out.write_all(&text).map_err(|error| format!("completions: {error}"))?;
    Ok(Exit::Done)
}

/// Writes the first page to `out`, or all pages to a folder.
pub fn man(args: &ManArgs, out: &mut impl Write) -> Result<Exit, String> {
    let told = |error: std::io::Error| format!("man: {error}");
    match &args.dir {
        None => clap_mangen::Man::new(Cli::command()).render(out).map_err(told)?,
        Some(dir) => {
            std::fs::create_dir_all(dir).map_err(told)?;
            clap_mangen::generate_to(Cli::command(), dir).map_err(told)?;
        }
    }
    Ok(Exit::Done)
}
