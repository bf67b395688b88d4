//! Hands behind the store's back: whatever is done to a sealed trail is found, and where.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use valtuus::audit::verify::Finding;
use valtuus::operation::verifying;
use valtuus::store::SharedStore;

use super::kit::{Bench, open};
use super::trail::{fill, seal_all};
use crate::kit::walk::Dice;

/// Records of the sealed trail.
const RECORDS: i64 = 300;

/// What a hand does at the record of a number, and how that is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hand {
    FlipCanonical,
    Column(&'static str),
    FlipHash,
    DropRecord,
    DropSeal,
    DropBoth,
    Renumber,
    Swap,
    Insert,
    InsertSealed,
    Truncate,
}

const TEXTS: [&str; 6] = ["event_id", "module_id", "category", "client", "kind", "reference_id"];

fn hand(dice: &mut Dice) -> Hand {
    match dice.below(12) {
        0 | 1 => Hand::FlipCanonical,
        2 => Hand::Column(dice.any(&TEXTS).unwrap()),
        3 => Hand::Column(dice.any(&["at", "id", "entity_id"]).unwrap()),
        4 => Hand::FlipHash,
        5 => Hand::DropRecord,
        6 => Hand::DropSeal,
        7 => Hand::DropBoth,
        8 => Hand::Renumber,
        9 => Hand::Swap,
        10 => {
            if dice.chance(1, 2) {
                Hand::Insert
            } else {
                Hand::InsertSealed
            }
        }
        _ => Hand::Truncate,
    }
}

/// The words of one database for what hands do.
struct Words {
    flip: fn(&str, u64) -> String,
    id: &'static str,
    insert: &'static str,
}

const SQLITE: Words = Words {
    flip: |column, at| {
        format!(
            "unhex(substr(hex({column}), 1, {at} * 2) || CASE substr(hex({column}), {at} * 2 + 1, 1) WHEN '0' \
                 THEN '1' ELSE '0' END || substr(hex({column}), {at} * 2 + 2))"
        )
    },
    id: "randomblob(16)",
    insert: "INSERT INTO audit (row, id, at, event_id, module_id, category, client, kind, entity_id, reference_id, canonical) \
             SELECT ROW, randomblob(16), at, event_id, module_id, category, client, kind, entity_id, reference_id, canonical",
};
const POSTGRES: Words = Words {
    flip: |column, at| format!("set_byte({column}, {at}, get_byte({column}, {at}) # 16)"),
    id: "gen_random_uuid()",
    insert: "INSERT INTO audit (row, id, at, event_id, module_id, category, client, kind, entity_id, reference_id, canonical) \
             OVERRIDING SYSTEM VALUE \
             SELECT ROW, gen_random_uuid(), at, event_id, module_id, category, client, kind, entity_id, reference_id, canonical",
};

/// The statements of a hand at number `seq`, whose record has the row `row`.
fn statements(hand: Hand, words: &Words, (seq, row): (i64, i64), dice: &mut Dice) -> Vec<String> {
    let here = format!("WHERE row = {row}");
    let seal = format!("WHERE seq = {seq}");
    match hand {
        Hand::FlipCanonical => {
            let at = dice.below(100);
            vec![format!("UPDATE audit SET canonical = {} {here}", (words.flip)("canonical", at))]
        }
        Hand::Column("at") => vec![format!("UPDATE audit SET at = at + 1 {here}")],
        Hand::Column(id @ ("id" | "entity_id")) => {
            vec![format!("UPDATE audit SET {id} = {} {here}", words.id)]
        }
        Hand::Column(text) => vec![format!("UPDATE audit SET {text} = {text} || 'x' {here}")],
        Hand::FlipHash => {
            let at = dice.below(32);
            vec![format!("UPDATE audit_seal SET hash = {} {seal}", (words.flip)("hash", at))]
        }
        Hand::DropRecord => vec![format!("DELETE FROM audit {here}")],
        Hand::DropSeal => vec![format!("DELETE FROM audit_seal {seal}")],
        Hand::DropBoth => vec![format!("DELETE FROM audit_seal {seal}"), format!("DELETE FROM audit {here}")],
        // Taken out, and those behind it moved up so that the numbers stay dense.
        Hand::Renumber => vec![
            format!("DELETE FROM audit_seal {seal}"),
            format!("DELETE FROM audit {here}"),
            format!("UPDATE audit_seal SET seq = -seq WHERE seq > {seq}"),
            "UPDATE audit_seal SET seq = -seq - 1 WHERE seq < 0".to_owned(),
        ],
        Hand::Swap => vec![
            format!("UPDATE audit_seal SET audit_row = -1 {seal}"),
            format!("UPDATE audit_seal SET audit_row = {row} WHERE seq = {}", seq + 1),
            format!("UPDATE audit_seal SET audit_row = {} {seal}", row + 1),
        ],
        Hand::Insert => {
            vec![format!("{} FROM audit {here}", words.insert.replace("ROW", &format!("-{row}")))]
        }
        Hand::InsertSealed => vec![
            format!("{} FROM audit {here}", words.insert.replace("ROW", &format!("-{row}"))),
            format!(
                "INSERT INTO audit_seal (seq, audit_row, hash) SELECT {}, -{row}, hash FROM audit_seal {seal}",
                RECORDS + 1
            ),
        ],
        Hand::Truncate => vec![
            format!("DELETE FROM audit_seal WHERE seq >= {seq}"),
            format!("DELETE FROM audit WHERE row >= {row}"),
        ],
    }
}

/// Fails unless what was found is what was done.
fn judge(hand: Hand, (seq, row): (i64, i64), found: &Finding) {
    let (what, number, place) = (found.what, found.seq, found.row);
    let told = format!("{hand:?} at {seq}: {found}");
    match hand {
        Hand::FlipCanonical | Hand::Column(_) | Hand::FlipHash => {
            assert_eq!((what, number, place), ("altered", Some(seq), Some(row)), "{told}");
        }
        Hand::DropRecord => assert_eq!((what, number, place), ("missing", Some(seq), Some(row)), "{told}"),
        Hand::DropSeal if seq == RECORDS => assert_eq!((what, number), ("cut", Some(seq)), "{told}"),
        Hand::DropSeal | Hand::DropBoth if seq < RECORDS => {
            assert_eq!((what, number), ("missing", Some(seq)), "{told}");
        }
        Hand::Renumber if seq < RECORDS => assert_eq!((what, number), ("altered", Some(seq)), "{told}"),
        Hand::Swap => assert_eq!((what, number), ("altered", Some(seq)), "{told}"),
        Hand::Insert => assert_eq!((what, place), ("inserted", Some(-row)), "{told}"),
        Hand::InsertSealed => {
            assert_eq!((what, number, place), ("altered", Some(RECORDS + 1), Some(-row)), "{told}");
        }
        Hand::Truncate | Hand::DropBoth | Hand::Renumber | Hand::DropSeal => {
            assert_eq!((what, number), ("cut", Some(seq)), "{told}");
        }
    }
}

async fn finding(store: &SharedStore) -> Option<Finding> {
    verifying::verify(store, None).await.unwrap().finding
}

fn rounds() -> u64 {
    std::env::var("VALTUUS_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1).max(1) * 500
}

/// The row of each number.
async fn sealed(store: &SharedStore) -> Vec<(i64, i64)> {
    fill(store, 0, u64::try_from(RECORDS).unwrap()).await;
    seal_all(store).await;
    assert_eq!(finding(store).await, None);
    let links = store.audit_links(0, 1_000).await.unwrap();
    links.iter().map(|link| (link.seal.seq, link.row)).collect()
}

fn place(dice: &mut Dice, hand: Hand, sealed: &[(i64, i64)]) -> (i64, i64) {
    let last = u64::try_from(RECORDS).unwrap() - u64::from(hand == Hand::Swap);
    sealed[usize::try_from(dice.below(last)).unwrap()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_a_sealed_file_is_found_where_it_was_done() {
    let bench = Bench::sqlite().await.unwrap();
    let sealed = sealed(&bench.store).await;
    bench.store.close().await;
    let path = bench.url.strip_prefix("sqlite://").unwrap().to_owned();
    let whole = std::fs::read(&path).unwrap();
    // One store looks on while the file beneath it is put back by a transaction that is undone.
    let mut dice = Dice::new(1);
    let directory = tempfile::tempdir().unwrap();
    for round in 0..rounds() {
        let copy = directory.path().join(format!("{round}.db"));
        std::fs::write(&copy, &whole).unwrap();
        let url = format!("sqlite://{}", copy.display());
        let hand = hand(&mut dice);
        let at = place(&mut dice, hand, &sealed);
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        connection.execute("PRAGMA foreign_keys = 0; PRAGMA synchronous = OFF").await.unwrap();
        for sql in statements(hand, &SQLITE, at, &mut dice) {
            connection.execute(AssertSqlSafe(sql)).await.unwrap();
        }
        connection.close().await.unwrap();
        let store = open(&url).await;
        let found = finding(&store).await.unwrap_or_else(|| panic!("{hand:?} at {at:?} was not found"));
        store.close().await;
        judge(hand, at, &found);
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", copy.display()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_sealed_tables_is_found_where_it_was_done() {
    let Some(bench) = Bench::postgres().await else { return };
    let store = &bench.store;
    let sealed = sealed(store).await;
    let mut connection = PgConnection::connect(&bench.url).await.unwrap();
    // Replication role: no foreign key is checked.
    connection.execute("SET session_replication_role = replica").await.unwrap();
    connection
        .execute("CREATE TABLE whole_audit AS TABLE audit; CREATE TABLE whole_seal AS TABLE audit_seal")
        .await
        .unwrap();
    let mut dice = Dice::new(2);
    for _ in 0..rounds() {
        let hand = hand(&mut dice);
        let at = place(&mut dice, hand, &sealed);
        for sql in statements(hand, &POSTGRES, at, &mut dice) {
            connection.execute(AssertSqlSafe(sql)).await.unwrap();
        }
        let found = finding(store).await.unwrap_or_else(|| panic!("{hand:?} at {at:?} was not found"));
        judge(hand, at, &found);
        let back = "BEGIN; DELETE FROM audit_seal; DELETE FROM audit; \
                    INSERT INTO audit OVERRIDING SYSTEM VALUE TABLE whole_audit; \
                    INSERT INTO audit_seal TABLE whole_seal; COMMIT";
        connection.execute(back).await.unwrap();
    }
    assert_eq!(finding(store).await, None);
    store.close().await;
}

/// Runs `sql` behind the store's back.
async fn behind(bench: &Bench, sql: &str) {
    if bench.url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(&bench.url).await.unwrap();
        connection.execute("PRAGMA foreign_keys = 0").await.unwrap();
        connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(&bench.url).await.unwrap();
        connection.execute("SET session_replication_role = replica").await.unwrap();
        connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    }
}

async fn a_tail_that_was_cut_off_with_every_trace_is_found_by_its_head(bench: &Bench) {
    let store = &bench.store;
    sealed(store).await;
    let noted = verifying::head(store).await.unwrap();
    let half = "DELETE FROM audit_seal WHERE seq > 100; DELETE FROM audit WHERE row NOT IN (SELECT audit_row FROM audit_seal); \
                UPDATE job SET cursor = '0' WHERE name = 'seal'";
    behind(bench, half).await;
    assert_eq!(finding(store).await, None, "nothing is left that could tell");
    let found = verifying::verify(store, Some(noted)).await.unwrap().finding.unwrap();
    assert_eq!((found.what, found.seq), ("cut", Some(101)), "{found}");
    // New records under the old numbers are another chain.
    fill(store, 9_000, 250).await;
    seal_all(store).await;
    assert_eq!(finding(store).await, None);
    let found = verifying::verify(store, Some(noted)).await.unwrap().finding.unwrap();
    assert_eq!((found.what, found.seq), ("altered", Some(RECORDS)), "{found}");
}

async fn a_row_that_no_longer_reads_like_a_record_is_altered(bench: &Bench) {
    let store = &bench.store;
    let sealed = sealed(store).await;
    let (seq, row) = sealed[41];
    let sql = if bench.url.starts_with("sqlite") {
        format!("UPDATE audit SET id = x'00', client = CAST(x'ff' AS TEXT) WHERE row = {row}")
    } else {
        format!("UPDATE audit SET canonical = '\\x02' WHERE row = {row}")
    };
    behind(bench, &sql).await;
    let found = finding(store).await.unwrap();
    assert_eq!((found.what, found.seq, found.row), ("altered", Some(seq), Some(row)), "{found}");
}

super::on_both!(
    a_tail_that_was_cut_off_with_every_trace_is_found_by_its_head,
    a_row_that_no_longer_reads_like_a_record_is_altered,
);
