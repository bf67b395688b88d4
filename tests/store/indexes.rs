//! Building the index of an attribute in steps: resumed by another builder, beside writers, and begun anew when it is
//! declared anew.

use std::sync::Arc;

use valtuus::model::attribute::Index;
use valtuus::model::{AttrId, Error, Kind, Stored, Value};
use valtuus::operation::index_building::{IndexBuilder, Progress};
use valtuus::store::{SharedStore, Source};
use valtuus::world::{Real, SharedWorld, Still, World};

use super::kit::{Bench, change, new, remove, rewrite, rows, user_pairs};

super::on_both!(
    a_build_is_resumed_where_the_last_step_committed,
    a_build_beside_writers_leaves_nothing_to_name,
    what_is_declared_anew_is_built_anew,
    a_removed_attribute_is_written_by_nobody,
);

async fn declare(store: &SharedStore, indexed: bool) -> AttrId {
    change(store, move |tx| {
        Box::pin(async move {
            tx.declare(Kind::User, "colour", indexed, true).await?;
            Ok(tx.registry().named(Kind::User, "colour").unwrap().id)
        })
    })
    .await
    .unwrap()
}

async fn coloured(store: &SharedStore, attr: AttrId, name: &str, colour: &str) -> Stored {
    let mut pairs = user_pairs(name, None);
    pairs.push((attr, Value::text(colour)));
    new(store, Kind::User, pairs).await.unwrap()
}

fn red(attr: AttrId) -> Source {
    Source::Keys { attr, low: b"red".to_vec(), high: Some(b"ree".to_vec()) }
}

fn builder(bench: &Bench, world: SharedWorld) -> IndexBuilder {
    IndexBuilder::new(bench.store.clone(), world)
}

fn state(bench: &Bench, attr: AttrId) -> Index {
    bench.store.registry().numbered(attr).unwrap().index
}

async fn a_build_is_resumed_where_the_last_step_committed(bench: &Bench) {
    let store = &bench.store;
    let attr = declare(store, false).await;
    let mut users = Vec::new();
    for number in 0..25 {
        users.push(coloured(store, attr, &format!("u{number}"), "red").await.row());
    }
    assert_eq!(declare(store, true).await, attr);
    assert_eq!(store.unfinished_indexes().await.unwrap(), [attr]);
    let world = Arc::new(Still::at(Real.now()));
    let first = builder(bench, world.clone());
    assert_eq!(first.step(attr, 10).await, Ok(Progress::More("build 0".to_owned())));
    assert_eq!(first.step(attr, 10).await, Ok(Progress::More(format!("build {}", users[9]))));
    assert_eq!(rows(store, &red(attr), 99).await, users[..10]);
    assert_eq!(state(bench, attr), Index::Building);
    // The first one died here; its lease keeps others away for a while.
    let second = IndexBuilder::new(store.clone(), Arc::new(Other(world.clone())));
    assert_eq!(second.step(attr, 10).await, Ok(Progress::ByAnother));
    world.advance(60_000_000);
    assert_eq!(second.step(attr, 10).await, Ok(Progress::More(format!("build {}", users[19]))));
    assert_eq!(second.step(attr, 10).await, Ok(Progress::More(format!("build {}", users[24]))));
    assert_eq!(state(bench, attr), Index::Building);
    assert_eq!(second.step(attr, 10).await, Ok(Progress::Done));
    assert_eq!(state(bench, attr), Index::Search);
    assert_eq!(store.unfinished_indexes().await.unwrap(), []);
    assert_eq!(rows(store, &red(attr), 99).await, users);
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

/// The same clock, other ids.
struct Other(Arc<Still>);

impl World for Other {
    fn now(&self) -> i64 {
        self.0.now()
    }

    fn id(&self) -> uuid::Uuid {
        Real.id()
    }

    fn unordered_id(&self) -> uuid::Uuid {
        Real.unordered_id()
    }

    fn random(&self, bytes: &mut [u8]) {
        Real.random(bytes);
    }
}

async fn a_build_beside_writers_leaves_nothing_to_name(bench: &Bench) {
    let store = bench.store.clone();
    let attr = declare(&store, false).await;
    let mut users = Vec::new();
    for number in 0..40 {
        users.push(coloured(&store, attr, &format!("u{number}"), "red").await);
    }
    let builder = builder(bench, Arc::new(Real));
    let building = async {
        declare(&store, true).await;
        while builder.step(attr, 3).await.unwrap() != Progress::Done {}
    };
    let writing = async {
        for (number, user) in users.iter().enumerate() {
            match number % 3 {
                0 => remove(&store, &[user]).await.unwrap(),
                1 => {
                    let mut pairs = user_pairs(&format!("u{number}"), None);
                    pairs.push((attr, Value::text("blue")));
                    rewrite(&store, user, pairs).await.unwrap();
                }
                _ => _ = coloured(&store, attr, &format!("new{number}"), "red").await,
            }
        }
    };
    tokio::join!(building, writing);
    assert_eq!(state(bench, attr), Index::Search);
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    // 13 untouched (numbers 2, 5, … 38) and as many new ones.
    assert_eq!(rows(&store, &red(attr), 99).await.len(), 26);
}

async fn what_is_declared_anew_is_built_anew(bench: &Bench) {
    let store = &bench.store;
    let attr = declare(store, false).await;
    let anna = coloured(store, attr, "anna", "red").await;
    declare(store, true).await;
    let builder = builder(bench, Arc::new(Real));
    assert_eq!(builder.step(attr, 10).await, Ok(Progress::More("build 0".to_owned())));
    assert_eq!(builder.step(attr, 10).await, Ok(Progress::More(format!("build {}", anna.row()))));
    // Not wanted any more, changed meanwhile without keys, and wanted again: what stood there is cleared first.
    declare(store, false).await;
    let mut pairs = user_pairs("anna", None);
    pairs.push((attr, Value::text("blue")));
    rewrite(store, &anna, pairs).await.unwrap();
    declare(store, true).await;
    while builder.step(attr, 1).await.unwrap() != Progress::Done {}
    assert_eq!(rows(store, &red(attr), 99).await, [0_i64; 0]);
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    // Cleared without being wanted again.
    declare(store, false).await;
    assert_eq!(store.unfinished_indexes().await.unwrap(), [attr]);
    while builder.step(attr, 1).await.unwrap() != Progress::Done {}
    assert_eq!(store.unfinished_indexes().await.unwrap(), []);
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
    // Work left over from an earlier declaration is none.
    assert_eq!(builder.step(attr, 1).await, Ok(Progress::Done));
}

async fn a_removed_attribute_is_written_by_nobody(bench: &Bench) {
    let store = &bench.store;
    let attr = declare(store, true).await;
    let anna = coloured(store, attr, "anna", "red").await;
    let used = |kind| change(store, move |tx| Box::pin(async move { tx.is_used(kind, attr).await }));
    assert_eq!(used(Kind::User).await, Ok(true));
    assert_eq!(used(Kind::Role).await, Ok(false));
    remove(store, &[&anna]).await.unwrap();
    assert_eq!(used(Kind::User).await, Ok(false));
    change(store, move |tx| Box::pin(async move { tx.undeclare(attr).await })).await.unwrap();
    let mut pairs = user_pairs("berta", None);
    pairs.push((attr, Value::text("red")));
    let refused = new(store, Kind::User, pairs).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid { .. }), "{refused:?}");
    assert!(declare(store, true).await > attr, "a number is never given twice");
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}
