//! What was measured, as a table for people and as JSON for programs.

use std::fmt::Write as _;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::load::Sample;

/// One kind of work beside the bare handler.
#[derive(Debug)]
pub struct Line {
    /// The kind of work.
    pub name: &'static str,
    /// What it saw.
    pub sample: Sample,
    /// Processor time the server used meanwhile.
    pub cpu: Option<Duration>,
    /// What the bare handler did just before and after, with answers of the same size.
    pub bare: Sample,
    /// Processor time it used.
    pub bare_cpu: Option<Duration>,
    /// How much the server's own memory grew at its highest, KiB.
    pub growth: Option<u64>,
}

/// A whole run.
#[derive(Debug, Default)]
pub struct Report {
    /// `sqlite`, `postgresql` or the address given.
    pub target: String,
    /// Users in the store.
    pub users: u64,
    /// Connections at once.
    pub clients: u16,
    /// Seconds the store took to fill; 0 when it was filled before.
    pub seeding: f64,
    /// From the start of the server to its readiness.
    pub cold_start: Option<Duration>,
    /// The server's memory at the end: resident and its own, KiB.
    pub memory: Option<(u64, u64)>,
    /// The kinds of work.
    pub lines: Vec<Line>,
}

#[expect(clippy::cast_precision_loss, reason = "measurements stay far below 2^52")]
fn each(cpu: Option<Duration>, sample: &Sample) -> Option<f64> {
    cpu.map(|cpu| cpu.as_secs_f64() * 1e6 / sample.count().max(1) as f64)
}

/// Two digits behind the point are more than a measurement can tell.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "latencies stay far below 2^52")]
fn millis(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1e3
}

impl Line {
    fn ratio(&self) -> f64 {
        self.sample.rate() / self.bare.rate().max(f64::EPSILON)
    }

    fn json(&self) -> Value {
        let Self { name, sample, cpu, bare, bare_cpu, growth } = self;
        let cpu_micros = |cpu, sample| each(cpu, sample).map(rounded);
        json!({
            "work": name,
            "requests": sample.count(),
            "failures": sample.failures,
            "seconds": rounded(sample.time.as_secs_f64()),
            "rate": rounded(sample.rate()),
            "p50-millis": millis(&sample.latency, 0.5),
            "p99-millis": millis(&sample.latency, 0.99),
            "longest-millis": millis(&sample.latency, 1.0),
            "first-byte-p50-millis": millis(&sample.first, 0.5),
            "first-byte-p99-millis": millis(&sample.first, 0.99),
            "cpu-micros": cpu_micros(*cpu, sample),
            "mean-bytes": sample.mean_bytes(),
            "bare-rate": rounded(bare.rate()),
            "bare-cpu-micros": cpu_micros(*bare_cpu, bare),
            "ratio-to-bare": rounded(self.ratio()),
            "memory-growth-kib": growth,
        })
    }
}

impl Report {
    /// Whether every answer was a success.
    pub fn sound(&self) -> bool {
        self.lines.iter().all(|line| line.sample.failures == 0 && line.sample.count() > 0)
    }

    /// The report for programs.
    pub fn json(&self) -> Value {
        json!({
            "target": self.target,
            "users": self.users,
            "clients": self.clients,
            "seeding-seconds": rounded(self.seeding),
            "cold-start-millis": self.cold_start.map(|time| rounded(time.as_secs_f64() * 1e3)),
            "resident-kib": self.memory.map(|(resident, _)| resident),
            "own-memory-kib": self.memory.map(|(_, own)| own),
            "work": self.lines.iter().map(Line::json).collect::<Vec<_>>(),
        })
    }

    /// The report for people.
    pub fn table(&self) -> String {
        let mut out = format!("{}, {} users, {} clients\n", self.target, self.users, self.clients);
        // Writing to a String cannot fail.
        if self.seeding > 0.0 {
            _ = writeln!(out, "filled in {:.1} s", self.seeding);
        }
        if let (Some(start), Some((resident, own))) = (self.cold_start, self.memory) {
            let start = start.as_secs_f64() * 1e3;
            _ = writeln!(
                out,
                "cold start {start:.0} ms; at the end {} MiB resident, {} MiB of them its own",
                resident / 1_024,
                own / 1_024
            );
        }
        _ = writeln!(
            out,
            "{:<7} {:>9} {:>8} {:>8} {:>9} {:>8} {:>9} {:>9} {:>6} {:>9} {:>9}",
            "work",
            "rate/s",
            "p50 ms",
            "p99 ms",
            "first ms",
            "cpu µs",
            "bytes",
            "bare/s",
            "ratio",
            "grown KiB",
            "failures"
        );
        for line in &self.lines {
            line.write(&mut out);
        }
        out
    }
}

impl Line {
    fn write(&self, out: &mut String) {
        let sample = &self.sample;
        let cpu = each(self.cpu, sample).map_or_else(|| "-".to_owned(), |micros| format!("{micros:.1}"));
        let growth = self.growth.map_or_else(|| "-".to_owned(), |kib| kib.to_string());
        _ = writeln!(
            out,
            "{:<7} {:>9.0} {:>8.2} {:>8.2} {:>9.2} {:>8} {:>9} {:>9.0} {:>6.2} {:>9} {:>9}",
            self.name,
            sample.rate(),
            millis(&sample.latency, 0.5),
            millis(&sample.latency, 0.99),
            millis(&sample.first, 0.5),
            cpu,
            sample.mean_bytes(),
            self.bare.rate(),
            self.ratio(),
            growth,
            sample.failures,
        );
    }
}
