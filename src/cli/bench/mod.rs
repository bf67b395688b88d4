//! `valtuus bench`: a bounded load on a server, beside a handler that does nothing, in the same run.
//!
//! - `seed` fills a store of its own, `contracts` makes devices and contracts, `child` starts the processes that are
//!   measured, `work` makes requests, `wire`
//!   sends them, `load` counts and times, `report` prints.
//!
//! Without `--url` everything stays on loopback and in a store of its own; figures compare only within one run.

pub mod child;
pub mod contracts;
pub mod load;
mod mapped;
pub mod report;
pub mod seed;
pub mod wire;
pub mod work;

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cli::clients::password_line;
use crate::cli::{BenchArgs, BenchWork, Exit};
use crate::config::{Config, Database};
use crate::server::bare;
use crate::server::bootstrap::FIRST_CLIENT;
use crate::world::SharedWorld;
use child::Process;
use load::{Load, Sample};
use report::{Line, Report};
use wire::Wire;
use work::{Door, Requests};

/// Users whose documents give the beginnings that lists search by.
const SAMPLED: usize = 200;
/// Before anything is measured.
const WARM: Duration = Duration::from_secs(1);
/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Measures as asked and prints the result on stdout. Status 1 when an answer was not a success.
pub async fn run(mut config: Config, world: SharedWorld, args: BenchArgs) -> Result<Exit, String> {
    if args.bare {
        return bare().await;
    }
    let mut number = [0; 8];
    world.random(&mut number);
    let number = u64::from_le_bytes(number);
    let json = config.output.json;
    let (site, folder) = if let Some(url) = &args.url {
        (Site::given(url, &args)?, None)
    } else {
        let folder = own_store(&mut config, args.users);
        let seeded = seed::seed(&config, &world, args.users).await?;
        (Site::started(&config, &seeded, args.users)?, Some(folder))
    };
    // The load runs on one thread of its own, so that it costs the same whatever the number of cores.
    let keep = args.keep;
    let measured = tokio::task::spawn_blocking(move || measure(site, &args, number)).await;
    if let Some(folder) = folder.filter(|folder| !keep && folder.exists())
        && let Err(error) = std::fs::remove_dir_all(&folder)
    {
        eprintln!("valtuus: {} could not be removed: {error}", folder.display());
    }
    let report = measured.map_err(|error| format!("measuring broke: {error}"))??;
    if json {
        println!("{}", report.json());
    } else {
        print!("{}", report.table());
    }
    Ok(if report.sound() { Exit::Done } else { Exit::Failed })
}

async fn bare() -> Result<Exit, String> {
    let ready = |address: SocketAddr| println!("listening on http://{address}");
    bare::run(ready).await.map(|()| Exit::Done).map_err(|error| error.to_string())
}

/// Turns the configuration to a store that is bench's own: a folder below the data directory, or the `PostgreSQL`
/// database given.
fn own_store(config: &mut Config, users: u64) -> PathBuf {
    let folder = config.store.data_dir.join(format!("bench-{users}"));
    config.store.data_dir.clone_from(&folder);
    if matches!(config.store.database(), Database::Sqlite(_)) {
        config.store.database_url = None;
    }
    folder
}

/// What is measured.
struct Site {
    report: Report,
    door: Door,
    address: SocketAddr,
    server: Option<Process>,
}

impl Site {
    fn started(config: &Config, seeded: &seed::Seeded, users: u64) -> Result<Self, String> {
        let server = Process::server(config)?;
        let target = match config.store.database() {
            Database::Sqlite(_) => "sqlite",
            Database::Postgres(_) => "postgresql",
        };
        let report = Report {
            target: target.to_owned(),
            users,
            seeding: seeded.seconds,
            cold_start: Some(server.started_in),
            ..Report::default()
        };
        let base = "/customerid-rest/services/2.0".to_owned();
        let door = Door::new(server.address.to_string(), base, FIRST_CLIENT, &seeded.password);
        Ok(Self { report, door, address: server.address, server: Some(server) })
    }

    fn given(url: &str, args: &BenchArgs) -> Result<Self, String> {
        let expected = || "--url: expected http://HOST:PORT/PATH (a server with --plain-http)".to_owned();
        let rest = url.strip_prefix("http://").ok_or_else(expected)?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, "customerid-rest/services/2.0"));
        let named = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let address = named.to_socket_addrs().map_err(|error| format!("--url: {error}"))?.next();
        let address = address.ok_or_else(expected)?;
        let password = if args.password_stdin { password_line()? } else { Zeroizing::default() };
        let base = format!("/{}", path.trim_end_matches('/'));
        let door = Door::new(host.to_owned(), base, &args.username, &password);
        let report = Report { target: format!("http://{host}"), ..Report::default() };
        Ok(Self { report, door, address, server: None })
    }
}

/// Measures every kind of work asked for. Must not run on a thread of another runtime.
fn measure(site: Site, args: &BenchArgs, number: u64) -> Result<Report, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("the runtime does not start: {error}"))?.block_on(async {
        let bare = Process::bare()?;
        let (ids, prefixes) = learn(&site, number).await?;
        let Site { mut report, door, address, server } = site;
        report.users = report.users.max(u64::try_from(ids.len()).unwrap_or_default());
        report.clients = args.clients;
        let made = Arc::new(AtomicU64::new(0));
        let bench = Bench { args, number, address, server, bare };
        for work in works(args) {
            let (name, requests) = match work {
                BenchWork::Read => ("read", Requests::Read(door.clone(), Arc::clone(&ids))),
                BenchWork::List => ("list", Requests::List(door.clone(), Arc::clone(&prefixes))),
                BenchWork::Create => {
                    ("create", Requests::Create(door.clone(), number >> 24, Arc::clone(&made)))
                }
                BenchWork::Ids => ("ids", Requests::Ids(door.clone())),
                BenchWork::ContractCheck => ("contract-check", checks(&bench, &door).await?),
                BenchWork::Authorization => {
                    let mut wire =
                        Wire::connect(address).await.map_err(|error| format!("{address}: {error}"))?;
                    mapped::lay(&mut wire, &door).await?;
                    ("authorization", Requests::Ask(door.clone()))
                }
            };
            report.lines.push(bench.line(name, &requests).await?);
        }
        report.memory =
            bench.server.as_ref().and_then(Process::memory).map(|memory| (memory.resident, memory.own));
        Ok(report)
    })
}

/// The kinds asked for; all when none was, the one that changes the store last.
fn works(args: &BenchArgs) -> Vec<BenchWork> {
    let all = [
        BenchWork::Read,
        BenchWork::List,
        BenchWork::Ids,
        BenchWork::Authorization,
        BenchWork::ContractCheck,
        BenchWork::Create,
    ];
    all.into_iter().filter(|work| args.work.is_empty() || args.work.contains(work)).collect()
}

type Learned = (Arc<Vec<Uuid>>, Arc<Vec<(String, String)>>);

/// Asks the server who its users are.
async fn learn(site: &Site, number: u64) -> Result<Learned, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", site.address);
    let mut wire = Wire::connect(site.address).await.map_err(failed)?;
    let (mut random, mut request) = (SmallRng::seed_from_u64(number), Vec::new());
    let (mut open, mut ids) = (Vec::new(), Vec::new());
    Requests::Ids(site.door.clone()).next(&mut random, &mut request);
    let taken = &mut |piece: &[u8]| work::ids_in(piece, &mut open, &mut ids);
    let answer = wire.ask(&request, taken).await.map_err(failed)?;
    if answer.status != 200 || ids.is_empty() {
        return Err(format!("{}: status {} and {} users", site.address, answer.status, ids.len()));
    }
    let (ids, mut prefixes) = (Arc::new(ids), Vec::new());
    let reads = Requests::Read(site.door.clone(), Arc::clone(&ids));
    for _ in 0..SAMPLED {
        let mut document = Vec::new();
        reads.next(&mut random, &mut request);
        wire.ask(&request, &mut |piece| document.extend_from_slice(piece)).await.map_err(failed)?;
        work::prefixes_in(&String::from_utf8_lossy(&document), &mut random, &mut prefixes);
    }
    Ok((ids, Arc::new(prefixes)))
}

/// Questions about contracts that are made for them.
async fn checks(bench: &Bench<'_>, door: &Door) -> Result<Requests, String> {
    let wire = Wire::connect(bench.address).await;
    let mut wire = wire.map_err(|error| format!("{}: {error}", bench.address))?;
    let mut random = SmallRng::seed_from_u64(bench.number);
    let pairs = contracts::pairs(&mut wire, door, &mut random).await?;
    Ok(Requests::Check(door.clone(), Arc::new(pairs)))
}

struct Bench<'a> {
    args: &'a BenchArgs,
    number: u64,
    address: SocketAddr,
    server: Option<Process>,
    bare: Process,
}

impl Bench<'_> {
    /// Measures the bare handler for half the time, the work, and the bare handler again.
    async fn line(&self, name: &'static str, requests: &Requests) -> Result<Line, String> {
        let whole = Duration::from_secs(self.args.seconds.into());
        let warm = self.load(WARM.min(whole)).run(self.address, requests).await?;
        let bytes = warm.mean_bytes().min(u64::try_from(bare::MOST).unwrap_or(u64::MAX));
        let mut bare = Sample::empty()?;
        let mut bare_cpu = Some(Duration::ZERO);
        let mut work = None;
        for half in 0..2 {
            let before = self.bare.cpu();
            let sample = self.load(whole / 2).run(self.bare.address, &Requests::Bare(bytes)).await?;
            let used = before.and_then(|before| self.bare.cpu()?.checked_sub(before));
            bare_cpu = bare_cpu.and_then(|sum| Some(sum + used?));
            bare.add(&sample)?;
            if half == 0 {
                work = Some(self.work(whole, requests).await?);
            }
        }
        let (sample, cpu, growth) = work.ok_or("nothing was measured")?;
        Ok(Line { name, sample, cpu, bare, bare_cpu, growth })
    }

    fn load(&self, time: Duration) -> Load {
        Load { clients: self.args.clients, time, seed: self.number }
    }

    async fn work(
        &self,
        time: Duration,
        requests: &Requests,
    ) -> Result<(Sample, Option<Duration>, Option<u64>), String> {
        let cpu = || self.server.as_ref().and_then(Process::cpu);
        let watch = self.server.as_ref().map(Watch::begin);
        let before = cpu();
        let sample = self.load(time).run(self.address, requests).await?;
        let used = before.and_then(|before| cpu()?.checked_sub(before));
        Ok((sample, used, watch.and_then(Watch::growth)))
    }
}

/// Looks at a process's memory from time to time.
struct Watch {
    done: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Option<u64>>,
}

impl Watch {
    fn begin(process: &Process) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let (ended, id) = (Arc::clone(&done), process.id());
        let thread = std::thread::spawn(move || {
            let begun = child::memory_of(id)?.own;
            let mut most = begun;
            while !ended.load(Ordering::Relaxed) {
                most = most.max(child::memory_of(id)?.own);
                std::thread::sleep(LOOK);
            }
            Some(most - begun)
        });
        Self { done, thread }
    }

    /// By how much it grew at its highest, KiB.
    fn growth(self) -> Option<u64> {
        self.done.store(true, Ordering::Relaxed);
        self.thread.join().ok().flatten()
    }
}
