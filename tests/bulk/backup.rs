//! Backups under load, and what comes back: a state that was true at one moment, in either database.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::{Told, command, exported, file, import};
use crate::crash::in_houses;
use crate::kit::On;
use crate::kit::process::{Client, House, PASSWORD};

const WRITERS: usize = 8;

/// Makes pairs until it is stopped: the second of a pair is asked for when the first was acknowledged.
async fn write_pairs(client: Client, writer: usize, stop: Arc<AtomicBool>, pairs: Arc<AtomicU64>) -> u64 {
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            return number;
        }
        client.post(&format!("users/?login=w{writer}-{number}-a")).await.ok();
        client.post(&format!("users/?login=w{writer}-{number}-b")).await.ok();
        pairs.fetch_add(1, Ordering::SeqCst);
    }
    0
}

async fn other(house: &House) -> Option<House> {
    House::new(if house.url().starts_with("sqlite") { On::Postgres } else { On::Sqlite }).await
}

fn logins(house: &House) -> BTreeSet<String> {
    let told = command(house, &["export", "--kind", "user", "--format", "csv"]).ended(0);
    let mut reader = csv::Reader::from_reader(told.out.as_bytes());
    let place = reader.headers().unwrap().iter().position(|name| name == "login").unwrap();
    reader.records().map(|row| row.unwrap()[place].to_owned()).collect()
}

in_houses! {
    async fn a_backup_under_load_holds_one_moment_and_comes_back_in_either_database(house: House) {
        let server = house.serve();
        let client = server.first();
        let (stop, pairs) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let writers = (0..WRITERS).map(|n| write_pairs(client.clone(), n, Arc::clone(&stop), Arc::clone(&pairs)));
        let writing = tokio::spawn(join_all(writers.collect::<Vec<_>>()));
        let begun = Instant::now();
        while pairs.load(Ordering::SeqCst) < 40 {
            assert!(begun.elapsed() < Duration::from_mins(1), "the writers make nothing");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let before = logins(&house);
        let backup = house.data().parent().unwrap().join("hot.backup");
        let path = backup.to_str().unwrap().to_owned();
        let told: Told = {
            let arguments = ["backup", path.as_str()].map(str::to_owned);
            let mut command = house.command(&arguments.each_ref().map(String::as_str));
            tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap().into()
        };
        told.ended(0);
        let after = logins(&house);
        stop.store(true, Ordering::SeqCst);
        writing.await.unwrap();
        let audit = client.get("auditevents/?category=success&kind=user").await.ok().ids().len();
        server.stop().await;

        let Some(elsewhere) = other(&house).await else { return };
        command(&elsewhere, &["restore", &path]).ended(0);
        elsewhere.must_be_sound();
        let restored = logins(&elsewhere);
        assert!(restored.is_superset(&before), "something acknowledged before is missing");
        assert!(restored.is_subset(&after), "something made later is there");
        for second in restored.iter().filter(|login| login.ends_with("-b")) {
            let first = format!("{}-a", second.trim_end_matches("-b"));
            assert!(restored.contains(&first), "{second} without {first}");
        }
        // The first client and its password came along, and so did the trail: one record for each user.
        let server = elsewhere.serve();
        let client = server.client("restuser", PASSWORD);
        let records = client.get("auditevents/?category=success&kind=user").await.ok().ids().len();
        assert!(records == restored.len() && records <= audit, "{records} records of {} users", restored.len());
        client.post("users/?login=after").await.ok();
        server.stop().await;
        elsewhere.must_be_sound();
    }

    async fn a_backup_comes_back_unchanged_through_the_other_database(house: House) {
        let server = house.serve();
        let client = server.first();
        let user = client.post("users/?login=%C3%A4%22%5C&ssn=1&pwd=correct%20horse%20battery").await.ok().id();
        let gone = client.post("users/?login=gone").await.ok().id();
        client.send(reqwest::Method::DELETE, &format!("users/{gone}")).await.ok();
        let etag = client.get(&format!("users/{user}")).await.ok().header("etag").to_owned();
        server.stop().await;
        let original = exported(&house);
        let Some(elsewhere) = other(&house).await else { return };
        let Some(home) = House::new(if house.url().starts_with("sqlite") { On::Sqlite } else { On::Postgres }).await else { return };
        let mut from = &house;
        for to in [&elsewhere, &home] {
            let path = from.data().parent().unwrap().join("cold.backup");
            command(from, &["backup", path.to_str().unwrap()]).ended(0);
            command(to, &["restore", path.to_str().unwrap()]).ended(0);
            assert_eq!(exported(to), original);
            to.must_be_sound();
            from = to;
        }
        let server = home.serve();
        let client = server.client("restuser", PASSWORD);
        assert_eq!(client.get(&format!("users/{user}")).await.ok().header("etag"), etag);
        server.stop().await;
    }

    async fn a_restore_is_refused_where_it_would_do_harm_and_changes_nothing(house: House) {
        import(&house, "users.csv", "login\nanna\n", &[]).ended(0);
        let path = house.data().parent().unwrap().join("a.backup");
        let path = path.to_str().unwrap();
        command(&house, &["backup", path]).ended(0);
        let told = command(&house, &["backup", path]).ended(1);
        assert!(told.err.contains("exists"), "{}", told.err);
        let told = command(&house, &["restore", path]).ended(1);
        assert!(told.err.contains("--replace"), "{}", told.err);
        import(&house, "users.csv", "login\nbert\n", &[]).ended(0);
        let server = house.serve();
        let told = command(&house, &["restore", path, "--replace"]).ended(1);
        assert!(told.err.contains("in use"), "{}", told.err);
        let client = server.first();
        assert_eq!(client.get("users/").await.ok().ids().len(), 2);
        client.post("users/?login=still").await.ok();
        server.stop().await;

        let good = std::fs::read(path).unwrap();
        let before = exported(&house);
        let newer = String::from_utf8(good.clone()).unwrap().replacen("\"migration\":", "\"migration\":9", 1);
        let middle = good.len() / 2;
        let mut flipped = good.clone();
        flipped[middle] ^= 1;
        for (bad, word) in [
            (&good[..middle], "line"),
            (flipped.as_slice(), "line"),
            (newer.as_bytes(), "line"),
            (b"login\nanna\n".as_slice(), "no backup"),
            (b"".as_slice(), "empty"),
        ] {
            let bad = file(&house, "bad.backup", bad);
            let told = command(&house, &["restore", bad.to_str().unwrap(), "--replace"]).ended(1);
            assert!(told.err.contains(word), "{word}: {}", told.err);
            assert_eq!(exported(&house), before);
        }
        command(&house, &["restore", path, "--replace"]).ended(0);
        assert_eq!(logins(&house), BTreeSet::from(["anna".to_owned()]));
        house.must_be_sound();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_private_and_there_is_none_of_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(house) = House::new(On::Sqlite).await else { return };
    let path = house.data().parent().unwrap().join("a.backup");
    let told = command(&house, &["backup", path.to_str().unwrap()]).ended(1);
    assert!(told.err.contains("no database") && !path.exists(), "{}", told.err);
    import(&house, "users.csv", "login\nanna\n", &[]).ended(0);
    command(&house, &["backup", path.to_str().unwrap()]).ended(0);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
