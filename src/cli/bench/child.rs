//! Processes that are measured, started from this very binary so that what they alone cost can be read from the
//! system. Must not outlive the measurement, and listen on loopback only.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::config::{Config, Database};

/// Clock ticks of `/proc/PID/stat` a second; the same on every Linux.
const TICKS: u64 = 100;

/// A running process with an address; ended when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From its start to its readiness.
    pub started_in: Duration,
}

/// Memory of a process, KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// Resident, files that are mapped included.
    pub resident: u64,
    /// Resident and its own: heap and stacks.
    pub own: u64,
}

impl Process {
    /// The server over the configured database; what else is configured does not concern it.
    pub fn server(config: &Config) -> Result<Self, String> {
        let mut command = itself()?;
        command.args(["serve", "--plain-http", "--listen", "127.0.0.1:0", "--data-dir"]);
        command.arg(&config.store.data_dir);
        if let Database::Postgres(url) = config.store.database() {
            // Not as an argument: those can be read by everybody on the machine.
            command.env("VALTUUS_DATABASE_URL", url.expose());
        }
        Self::start(command)
    }

    /// The handler that only answers.
    pub fn bare() -> Result<Self, String> {
        let mut command = itself()?;
        command.args(["bench", "--bare"]);
        Self::start(command)
    }

    fn start(mut command: Command) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("starting a server to measure: {error}");
        let begun = Instant::now();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(failed)?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line).map_err(failed)?;
        }
        let started_in = begun.elapsed();
        if let Some(address) = address(&line) {
            return Ok(Self { child, address, started_in });
        }
        // It may have ended already, which is what we want.
        let _ = child.kill();
        let _ = child.wait();
        Err("a server to measure did not start; try `valtuus serve`".to_owned())
    }

    /// Processor time used so far; `None` where the system does not tell.
    pub fn cpu(&self) -> Option<Duration> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        processor_time(&text)
    }

    /// Memory at this moment; `None` where the system does not tell.
    pub fn memory(&self) -> Option<Memory> {
        memory_of(self.child.id())
    }

    /// Its number, to watch it from another thread.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing in its store matters any more, and what is committed survives being killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// This binary with a clean environment: variables of the caller must not change what is measured.
fn itself() -> Result<Command, String> {
    let path = std::env::current_exe().map_err(|error| format!("the path of this program: {error}"))?;
    let mut command = Command::new(path);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("VALTUUS_") {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// The address in a ready line such as `listening on http://127.0.0.1:7443/base`.
fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.trim().split_once("http://")?;
    rest.split('/').next()?.parse().ok()
}

/// Memory of the process of that number; `None` where the system does not tell.
pub fn memory_of(id: u32) -> Option<Memory> {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    memory(&text)
}

/// User and system time of a line of `/proc/PID/stat`.
fn processor_time(stat: &str) -> Option<Duration> {
    // The name before it stands in brackets and may hold spaces.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 1_000 / TICKS))
}

fn memory(status: &str) -> Option<Memory> {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
    };
    Some(Memory { resident: field("VmRSS")?, own: field("RssAnon")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_tells_the_address() {
        let expected = "127.0.0.1:80".parse().ok();
        assert_eq!(address("listening on http://127.0.0.1:80/customerid-rest/services/2.0\n"), expected);
        assert_eq!(address("listening on http://127.0.0.1:80"), expected);
        assert_eq!(address(""), None);
    }

    #[test]
    fn time_and_memory_are_read_from_what_the_system_prints() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20";
        assert_eq!(processor_time(stat), Some(Duration::from_secs(2)));
        let status = "Name:\tx\nVmRSS:\t    300 kB\nRssAnon:\t     200 kB\nRssFile:\t 100 kB\n";
        assert_eq!(memory(status), Some(Memory { resident: 300, own: 200 }));
        assert_eq!(memory("Name:\tx\n"), None);
    }
}
