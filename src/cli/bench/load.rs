//! Load: many connections on one thread, each sending its next request when its answer is there, for a fixed time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hdrhistogram::Histogram;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;

use super::wire::Wire;
use super::work::Requests;

/// The most requests of one measurement, so that a run is bounded in number as well as in time.
const MOST: u64 = 20_000_000;

/// What one measurement saw. Latencies are microseconds.
#[derive(Debug, Clone)]
pub struct Sample {
    /// From sending a request to the end of its answer.
    pub latency: Histogram<u64>,
    /// From sending a request to the first byte of its answer.
    pub first: Histogram<u64>,
    /// Answers with another status than 200.
    pub failures: u64,
    /// Bytes of all bodies.
    pub bytes: u64,
    /// How long it took.
    pub time: Duration,
}

impl Sample {
    /// A sample of nothing. Errors are the histogram's.
    pub fn empty() -> Result<Self, String> {
        // From a microsecond to ten minutes, three digits: what is longer counts as ten minutes.
        let histogram =
            || Histogram::new_with_bounds(1, 600_000_000, 3).map_err(|error| format!("histogram: {error}"));
        Ok(Self { latency: histogram()?, first: histogram()?, failures: 0, bytes: 0, time: Duration::ZERO })
    }

    /// Adds another sample; their times add up.
    pub fn add(&mut self, other: &Self) -> Result<(), String> {
        self.merge(other)?;
        self.time += other.time;
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<(), String> {
        let failed = |error| format!("histogram: {error}");
        self.latency.add(&other.latency).map_err(failed)?;
        self.first.add(&other.first).map_err(failed)?;
        self.failures += other.failures;
        self.bytes += other.bytes;
        Ok(())
    }

    /// Answers.
    pub fn count(&self) -> u64 {
        self.latency.len()
    }

    /// Answers a second.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn rate(&self) -> f64 {
        self.count() as f64 / self.time.as_secs_f64().max(f64::EPSILON)
    }

    /// Bytes of a body, on average.
    pub fn mean_bytes(&self) -> u64 {
        self.bytes / self.count().max(1)
    }
}

/// Who sends how much.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Connections at once.
    pub clients: u16,
    /// How long.
    pub time: Duration,
    /// Where the random choices begin.
    pub seed: u64,
}

impl Load {
    /// Sends `requests` to `address`. A connection that breaks ends the measurement.
    pub async fn run(self, address: SocketAddr, requests: &Requests) -> Result<Sample, String> {
        let begun = Instant::now();
        let clients = (0..self.clients).map(|number| self.client(number, begun, address, requests));
        let mut sample = Sample::empty()?;
        for outcome in join_all(clients).await {
            sample.merge(&outcome?)?;
        }
        sample.time = begun.elapsed();
        Ok(sample)
    }

    async fn client(
        self,
        number: u16,
        begun: Instant,
        address: SocketAddr,
        requests: &Requests,
    ) -> Result<Sample, String> {
        let failed = |error: std::io::Error| format!("{address}: {error}");
        let mut wire = Wire::connect(address).await.map_err(failed)?;
        let mut random = SmallRng::seed_from_u64(self.seed ^ (u64::from(number) << 48));
        let (mut sample, mut request) = (Sample::empty()?, Vec::with_capacity(1_024));
        while begun.elapsed() < self.time && sample.count() < MOST / u64::from(self.clients.max(1)) {
            requests.next(&mut random, &mut request);
            let answer = wire.ask(&request, &mut |_| ()).await.map_err(failed)?;
            let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
            sample.latency.saturating_record(micros(answer.whole));
            sample.first.saturating_record(micros(answer.first));
            sample.failures += u64::from(answer.status != 200);
            sample.bytes += answer.bytes;
        }
        Ok(sample)
    }
}
