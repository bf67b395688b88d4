//! Authentication end to end over a source in memory: what is verified, what is counted, who gets in.

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use uuid::Uuid;
use valtuus::auth::attempts::AttemptLimits;
use valtuus::auth::authenticate::{
    AuthError, Authenticator, AuthenticatorSettings, ClientRecord, ClientSource, SourceError,
};
use valtuus::auth::credentials::Presented;
use valtuus::auth::password::{Verifier, VerifierSettings};
use valtuus::auth::principal::Principal;
use valtuus::world::Still;
use zeroize::Zeroizing;

type Outcome = Result<Arc<Principal<&'static str>>, AuthError>;

#[derive(Default, Clone)]
struct Clients {
    by_name: Arc<Mutex<HashMap<String, ClientRecord<&'static str>>>>,
    away: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl ClientSource for Clients {
    type Grants = &'static str;

    async fn client(&self, name: &str) -> Result<Option<ClientRecord<&'static str>>, SourceError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) > 0 {
            return Err(SourceError::new(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)));
        }
        Ok(self.by_name.lock().get(name).cloned())
    }
}

struct Bench {
    world: Arc<Still>,
    verifier: Arc<Verifier>,
    clients: Clients,
    door: Arc<Authenticator<Clients>>,
}

async fn bench_with(attempts: AttemptLimits, verifier: VerifierSettings) -> Bench {
    let world = Arc::new(Still::at(1_000_000));
    let verifier = Arc::new(Verifier::start(world.clone(), verifier).unwrap());
    let clients = Clients::default();
    for (row, name, enabled) in [(1, "restuser", true), (2, "asleep", false)] {
        let phc = verifier.hash(Zeroizing::new("secret".to_owned())).await.unwrap();
        let id = Uuid::from_u64_pair(0, row.try_into().unwrap());
        let record = ClientRecord { row, id, name: name.to_owned(), phc, enabled, grants: "all" };
        clients.by_name.lock().insert(name.to_owned(), record);
    }
    let settings = AuthenticatorSettings { attempts, ..AuthenticatorSettings::default() };
    let door = Arc::new(Authenticator::new(clients.clone(), verifier.clone(), world.clone(), settings));
    Bench { world, verifier, clients, door }
}

async fn bench() -> Bench {
    bench_with(AttemptLimits::default(), VerifierSettings::cheap()).await
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

impl Bench {
    async fn login(&self, name: &str, password: &str, from: &str) -> Outcome {
        self.door.authenticate(&Presented::new(name, password), address(from)).await
    }

    fn start(&self, name: &str, password: String, from: &'static str) -> JoinHandle<Outcome> {
        let (door, presented) = (Arc::clone(&self.door), Presented::new(name, password));
        tokio::spawn(async move { door.authenticate(&presented, address(from)).await })
    }

    /// The verifications made while `work` ran.
    async fn verified_during<R>(&self, work: impl Future<Output = R>) -> (R, u64) {
        let before = self.verifier.verifications();
        let out = work.await;
        (out, self.verifier.verifications() - before)
    }
}

const HERE: &str = "192.0.2.1";
const THERE: &str = "198.51.100.7";

fn refused(outcome: &Outcome) -> bool {
    matches!(outcome, Err(AuthError::Refused))
}

fn throttled(outcome: &Outcome) -> bool {
    matches!(outcome, Err(AuthError::Throttled { .. }))
}

#[tokio::test]
async fn the_right_password_gives_the_clients_principal_and_is_verified_once() {
    let bench = bench().await;
    let (outcome, verified) = bench.verified_during(bench.login("restuser", "secret", HERE)).await;
    let principal = outcome.unwrap();
    assert_eq!((principal.row(), principal.name(), *principal.grants()), (1, "restuser", "all"));
    assert_eq!(principal.id(), Uuid::from_u64_pair(0, 1));
    assert_eq!(verified, 1);
    let (again, verified) = bench.verified_during(bench.login("restuser", "secret", THERE)).await;
    assert!(Arc::ptr_eq(&again.unwrap(), &principal));
    assert_eq!(verified, 0);
}

#[tokio::test]
async fn an_unknown_name_a_disabled_client_and_a_wrong_password_cost_one_verification_each_and_look_alike() {
    let bench = bench().await;
    for (name, password) in
        [("restuser", "wrong"), ("nobody", "secret"), ("asleep", "secret"), ("asleep", "wrong")]
    {
        let (outcome, verified) = bench.verified_during(bench.login(name, password, HERE)).await;
        assert!(refused(&outcome), "{name}: {outcome:?}");
        assert_eq!(verified, 1, "{name}");
    }
}

#[tokio::test]
async fn oversized_credentials_cost_one_verification_and_no_look_up_and_are_counted() {
    let bench = bench().await;
    let (name, password) = ("n".repeat(100_000), "p".repeat(100_000));
    for (name, password) in [(name.as_str(), "secret"), ("restuser", password.as_str())] {
        let asked = bench.clients.asked.load(Ordering::SeqCst);
        let (outcome, verified) = bench.verified_during(bench.login(name, password, HERE)).await;
        assert!(refused(&outcome));
        assert_eq!((verified, bench.clients.asked.load(Ordering::SeqCst) - asked), (1, 0));
    }
    bench.login(&name, "x", HERE).await.unwrap_err();
    bench.login(&name, "y", HERE).await.unwrap_err();
    assert!(throttled(&bench.login(&name, "z", HERE).await));
}

#[tokio::test]
async fn a_stored_hash_that_is_none_refuses_its_client_at_the_usual_cost() {
    let bench = bench().await;
    bench.clients.by_name.lock().get_mut("restuser").unwrap().phc = "secret".to_owned();
    let (outcome, verified) = bench.verified_during(bench.login("restuser", "secret", HERE)).await;
    assert!(refused(&outcome));
    assert_eq!(verified, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_simultaneous_cold_logins_make_one_verification() {
    let bench = bench().await;
    let before = bench.verifier.verifications();
    let logins: Vec<_> = (0..1000).map(|_| bench.start("restuser", "secret".into(), HERE)).collect();
    for login in logins {
        login.await.unwrap().unwrap();
    }
    assert_eq!(bench.verifier.verifications() - before, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn simultaneous_cold_logins_after_mistakes_still_join_one_verification() {
    let bench = bench().await;
    for guess in ["a", "b"] {
        assert!(refused(&bench.login("restuser", guess, HERE).await));
    }
    let before = bench.verifier.verifications();
    let logins: Vec<_> = (0..200).map(|_| bench.start("restuser", "secret".into(), HERE)).collect();
    for login in logins {
        login.await.unwrap().unwrap();
    }
    assert_eq!(bench.verifier.verifications() - before, 1);
}

async fn storm(limits: AttemptLimits, expected: u64) {
    let bench = bench_with(limits, VerifierSettings::cheap()).await;
    let before = bench.verifier.verifications();
    let mut wrong = Vec::new();
    let mut right = Vec::new();
    for guess in 0..1000 {
        wrong.push(bench.start("restuser", format!("guess{guess}"), HERE));
        if guess % 10 == 0 {
            right.push(bench.start("restuser", "secret".into(), THERE));
        }
    }
    for login in right {
        assert_eq!(login.await.unwrap().unwrap().name(), "restuser");
    }
    let mut turned_away = 0;
    for login in wrong {
        let outcome = login.await.unwrap();
        assert!(refused(&outcome) || throttled(&outcome), "{outcome:?}");
        turned_away += u64::from(throttled(&outcome));
    }
    assert_eq!(bench.verifier.verifications() - before, expected + 1, "the guesses and one right password");
    assert!(turned_away <= 1000 - expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_parallel_wrong_passwords_as_many_as_come_before_the_delay_are_verified() {
    storm(AttemptLimits::default(), 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_delay_as_many_as_bring_the_lock_are_verified() {
    storm(AttemptLimits { delay_from: 1_000, ..AttemptLimits::default() }, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_address_does_not_take_those_down_who_present_the_same_password_at_the_same_time() {
    let limits = AttemptLimits { delay_from: 1_000, lock_after: 3, ..AttemptLimits::default() };
    let bench = bench_with(limits, VerifierSettings::cheap()).await;
    for guess in ["a", "b"] {
        assert!(refused(&bench.login("restuser", guess, HERE).await));
    }
    for _ in 0..50 {
        bench.door.forget_all();
        let mut logins = vec![(false, bench.start("restuser", "wrong".into(), HERE))];
        for _ in 0..10 {
            logins.push((false, bench.start("restuser", "secret".into(), HERE)));
            logins.push((true, bench.start("restuser", "secret".into(), THERE)));
        }
        for (free, login) in logins {
            let outcome = login.await.unwrap();
            assert!(outcome.is_ok() || !free, "{outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_lock_refuses_even_the_right_password_until_it_ends() {
    let bench =
        bench_with(AttemptLimits { lock_after: 2, ..AttemptLimits::default() }, VerifierSettings::cheap())
            .await;
    for guess in ["a", "b"] {
        assert!(refused(&bench.login("restuser", guess, HERE).await));
    }
    let (outcome, verified) = bench.verified_during(bench.login("restuser", "secret", HERE)).await;
    assert!(refused(&outcome));
    assert_eq!(verified, 0);
    bench.world.advance(5 * 60 * 1_000_000);
    assert!(bench.login("restuser", "secret", HERE).await.is_ok());
}

#[tokio::test]
async fn a_remembered_credential_passes_while_its_pair_is_slowed() {
    let bench = bench().await;
    bench.login("restuser", "secret", HERE).await.unwrap();
    for guess in ["a", "b", "c"] {
        assert!(refused(&bench.login("restuser", guess, HERE).await));
    }
    assert!(throttled(&bench.login("restuser", "d", HERE).await));
    assert!(bench.login("restuser", "secret", HERE).await.is_ok());
    bench.door.forget_all();
    assert!(throttled(&bench.login("restuser", "secret", HERE).await));
}

#[tokio::test]
async fn an_address_that_is_barred_and_never_logged_in_cannot_guess_at_the_memory() {
    let bench = bench().await;
    bench.login("restuser", "secret", THERE).await.unwrap();
    for guess in ["a", "b", "c"] {
        assert!(refused(&bench.login("restuser", guess, HERE).await));
    }
    let (outcome, verified) = bench.verified_during(bench.login("restuser", "secret", HERE)).await;
    assert!(throttled(&outcome), "{outcome:?}");
    assert_eq!(verified, 0);
    assert!(bench.door.recall(&Presented::new("restuser", "secret"), address(HERE)).is_none());
    assert!(bench.door.recall(&Presented::new("restuser", "secret"), address(THERE)).is_some());
}

#[tokio::test]
async fn a_burst_of_guesses_cannot_reach_the_memory_before_it_is_counted() {
    let bench = bench().await;
    bench.login("restuser", "secret", THERE).await.unwrap();
    let wrong: Vec<_> =
        (0..500).map(|guess| bench.start("restuser", format!("guess{guess}"), HERE)).collect();
    let right = bench.start("restuser", "secret".into(), HERE);
    assert!(throttled(&right.await.unwrap()));
    for login in wrong {
        assert!(login.await.unwrap().is_err());
    }
}

#[tokio::test]
async fn the_same_wrong_password_over_and_over_at_once_is_one_guess() {
    let bench = bench().await;
    let before = bench.verifier.verifications();
    let logins: Vec<_> = (0..100).map(|_| bench.start("restuser", "typo".into(), HERE)).collect();
    for login in logins {
        assert!(refused(&login.await.unwrap()));
    }
    assert_eq!(bench.verifier.verifications() - before, 1);
    assert!(bench.login("restuser", "secret", HERE).await.is_ok());
}

#[test]
fn a_runtime_that_shuts_down_strands_nobody() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = runtime.block_on(bench());
    runtime.block_on(async {
        let mut login = Box::pin(bench.login("restuser", "secret", HERE));
        assert!(futures_util::poll!(&mut login).is_pending());
    });
    drop(runtime);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(runtime.block_on(bench.login("restuser", "secret", HERE)).is_ok());
}

#[tokio::test]
async fn a_name_failing_from_everywhere_is_held_up_and_still_lets_the_right_password_in() {
    let limits =
        AttemptLimits { name_from: 2, name_delay: Duration::from_millis(120), ..AttemptLimits::default() };
    let bench = bench_with(limits, VerifierSettings::cheap()).await;
    for from in ["10.0.0.1", "10.0.0.2"] {
        assert!(refused(&bench.login("restuser", "wrong", from).await));
    }
    let start = Instant::now();
    assert!(bench.login("restuser", "secret", HERE).await.is_ok());
    assert!(start.elapsed() >= Duration::from_millis(120), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_changed_client_is_seen_at_once_after_forgetting() {
    let bench = bench().await;
    bench.login("restuser", "secret", HERE).await.unwrap();
    bench.clients.by_name.lock().get_mut("restuser").unwrap().enabled = false;
    bench.door.forget_all();
    assert!(bench.door.recall(&Presented::new("restuser", "secret"), address(HERE)).is_none());
    assert!(refused(&bench.login("restuser", "secret", HERE).await));
}

#[tokio::test]
async fn a_source_that_is_away_is_reported_with_its_cause_and_counts_against_nobody() {
    let bench = bench().await;
    bench.clients.away.store(1, Ordering::SeqCst);
    for _ in 0..20 {
        let Err(AuthError::Source(error)) = bench.login("restuser", "secret", HERE).await else {
            panic!("no error")
        };
        assert!(error.downcast_ref::<std::io::Error>().is_some());
    }
    bench.clients.away.store(0, Ordering::SeqCst);
    assert!(bench.login("restuser", "secret", HERE).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_answers_busy_and_counts_against_nobody() {
    let settings = VerifierSettings { threads: NonZeroUsize::MIN, waiting: 1, ..VerifierSettings::default() };
    let bench = bench_with(AttemptLimits::default(), settings).await;
    let logins: Vec<_> = (0..40).map(|n| bench.start(&format!("name{n}"), "x".into(), HERE)).collect();
    let mut busy = Vec::new();
    for (number, login) in logins.into_iter().enumerate() {
        match login.await.unwrap() {
            Err(AuthError::Busy) => busy.push(number),
            other => assert!(refused(&other), "{other:?}"),
        }
    }
    assert!(!busy.is_empty());
    for _ in 0..3 {
        assert!(
            refused(&bench.login(&format!("name{}", busy[0]), "y", HERE).await),
            "no failure was counted before"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hanging_up_does_not_escape_the_count() {
    let bench = bench().await;
    for guess in 0..3 {
        let login = bench.start("restuser", format!("guess{guess}"), HERE);
        let before = bench.clients.asked.load(Ordering::SeqCst);
        while bench.clients.asked.load(Ordering::SeqCst) == before && !login.is_finished() {
            tokio::task::yield_now().await;
        }
        login.abort();
    }
    let start = Instant::now();
    while bench.verifier.verifications() < 3 {
        assert!(start.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert!(throttled(&bench.login("restuser", "secret", HERE).await));
}
