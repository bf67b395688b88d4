//! The binary `valtuus`: reads the command line, and carries the command out.

use std::io::Write as _;

use valtuus::cli::{Exit, parse, run};

fn main() -> Exit {
    match parse(std::env::args_os(), std::env::vars_os()) {
        Ok(invocation) => run::run(invocation),
        Err(refusal) => {
            let text = refusal.text.as_bytes();
            // A closed pipe is no reason to fail differently.
            let _ = if refusal.on_stdout {
                std::io::stdout().write_all(text)
            } else {
                std::io::stderr().write_all(text)
            };
            refusal.exit
        }
    }
}
