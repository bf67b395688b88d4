//! Long random walks: after each step the service answered what the model predicts, and now and then everything is
//! compared. A seed that fails is printed with its last steps; `VALTUUS_WALK_SEEDS` and `VALTUUS_WALK_STEPS` make
//! the walks longer.

use valtuus::config::Config;

use super::direct::Direct;
use super::model::Model;
use super::walker::{Tally, Walk};
use super::wire::Wire;
use crate::kit::walk::{Extent, walk};
use crate::kit::{Bed, On};

/// In some walks receivers must approve mandates.
fn approves(seed: u64) -> bool {
    seed % 3 == 2
}

/// Then the normal classes must approve who comes to them and has their roles, too.
fn adapt(config: &mut Config, seed: u64) {
    config.mandates.approval = approves(seed);
    let normal = config.organizations.classes.iter_mut().filter(|class| !class.r#virtual);
    normal.for_each(|class| class.approval = approves(seed));
}

/// Walks straight at the operations, on two threads.
#[test]
fn the_operations_and_the_model_walk_together() {
    let Extent { seeds, steps } = Extent::of(50, 2_000);
    let threads = [0, 1].map(|thread| {
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut tally = Tally::default();
                for seed in (0..seeds).filter(|seed| seed % 2 == thread) {
                    tally.add(&walk_directly(seed, steps).await);
                }
                tally
            })
        })
    });
    let mut tally = Tally::default();
    for thread in threads {
        match thread.join() {
            Ok(one) => tally.add(&one),
            Err(cause) => std::panic::resume_unwind(cause),
        }
    }
    println!("{tally:#?}");
    // A walk on which something never happens, or never is refused, says nothing about it.
    let rare: Vec<&String> =
        tally.0.iter().filter(|(_, times)| times.0 < 10 || times.1 < 10).map(|t| t.0).collect();
    assert!(rare.is_empty() || seeds * steps as u64 <= 20_000, "hardly tried: {rare:?} of {tally:?}");
}

async fn walk_directly(seed: u64, steps: usize) -> Tally {
    let driver = Direct::start_with(|config| adapt(config, seed)).await;
    let mut model = Model::new(driver.engine.root, driver.engine.world.now());
    model.approval = approves(seed);
    let mut walker = Walk::new(driver, model);
    walk(&mut walker, seed, (steps, 200)).await;
    walker.driver.engine.store.close().await;
    walker.tally
}

async fn over_http(on: On) {
    let Extent { seeds, steps } = Extent::of(5, 500);
    for seed in 1_000..1_000 + seeds {
        let Some(bed) = Bed::start_still(on, |config| adapt(config, seed)).await else { return };
        let mut model = Model::new(bed.server.service().engine.root, bed.now());
        model.approval = approves(seed);
        let mut walker = Walk::new(Wire(&bed), model);
        walk(&mut walker, seed, (steps, 50)).await;
        // Left alone it would go on looking for its database.
        bed.server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_and_the_model_walk_together_on_sqlite() {
    over_http(On::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_and_the_model_walk_together_on_postgresql() {
    over_http(On::Postgres).await;
}
