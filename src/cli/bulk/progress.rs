//! What is told while an import or an export runs: a bar with rate and time left on a terminal, else a line every ten seconds.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;

const EVERY: Duration = Duration::from_secs(10);

/// The progress of one import or export.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    read: Arc<AtomicU64>,
    length: Option<u64>,
    begun: Instant,
    told: Mutex<Instant>,
    from: u64,
}

impl Progress {
    /// For `length` bytes of a file, or records of the database, of which `read` tells how many are behind; `from`
    /// records were dealt with before.
    pub(super) fn new(read: Arc<AtomicU64>, length: Option<u64>, from: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| match length {
            Some(length) => {
                let style = ProgressStyle::with_template("{bar:32} {percent:>3} %  {msg}  {eta} left");
                ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            }
            None => ProgressBar::new_spinner(),
        });
        let now = Instant::now();
        Self { bar, read, length, begun: now, told: Mutex::new(now), from }
    }

    fn rate(&self, records: u64) -> u64 {
        let millis = self.begun.elapsed().as_millis().max(1);
        let rate = u128::from(records.saturating_sub(self.from)) * 1_000 / millis;
        u64::try_from(rate).unwrap_or(u64::MAX)
    }

    /// `records` have been dealt with.
    pub(super) fn at(&self, records: u64) {
        let read = self.read.load(Ordering::Relaxed);
        let rate = self.rate(records);
        if let Some(bar) = &self.bar {
            bar.set_position(read);
            bar.set_message(format!("{records} records, {rate}/s"));
            return;
        }
        let mut told = self.told.lock();
        if told.elapsed() < EVERY {
            return;
        }
        *told = Instant::now();
        let part = self.length.filter(|length| *length > 0).map(|length| read.saturating_mul(100) / length);
        match part {
            Some(part) => eprintln!("{records} records, {rate}/s, {part} % read"),
            None => eprintln!("{records} records, {rate}/s"),
        }
    }

    /// The end; returns seconds and records a second.
    pub(super) fn finish(&self, records: u64) -> (f64, u64) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        (self.begun.elapsed().as_secs_f64(), self.rate(records))
    }
}
