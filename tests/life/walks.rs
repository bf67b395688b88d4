//! Long random walks: after each step the service answered what the model predicts, and now and then everything is
//! compared. A seed that fails is printed with its last steps; `VALTUUS_WALK_SEEDS` and `VALTUUS_WALK_STEPS` make
//! the walks longer.

use valtuus::config::Config;

use super::direct::Direct;
use super::model::Model;
use super::walker::Walk;
use super::wire::Wire;
use crate::kit::walk::{Extent, walk};
use crate::kit::{Bed, On};

/// In some walks receivers must approve mandates.
fn approves(seed: u64) -> bool {
    seed % 3 == 2
}

/// Then companies must approve who comes to them and has their roles, too.
fn adapt(config: &mut Config, seed: u64) {
    config.mandates.approval = approves(seed);
    let companies = config.organizations.classes.iter_mut().filter(|class| class.name == "company");
    companies.for_each(|class| class.approval = approves(seed));
}

/// Walks straight at the operations, on two threads.
#[test]
fn the_operations_and_the_model_walk_together() {
    let Extent { seeds, steps } = Extent::of(50, 2_000);
    let threads = [0, 1].map(|thread| {
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                for seed in (0..seeds).filter(|seed| seed % 2 == thread) {
                    let driver = Direct::start_with(|config| adapt(config, seed)).await;
                    let mut model = Model::new(driver.engine.root, driver.engine.world.now());
                    model.approval = approves(seed);
                    let mut walker = Walk { driver, model };
                    walk(&mut walker, seed, (steps, 200)).await;
                    walker.driver.engine.store.close().await;
                }
            });
        })
    });
    for thread in threads {
        if let Err(cause) = thread.join() {
            std::panic::resume_unwind(cause);
        }
    }
}

async fn over_http(on: On) {
    let Extent { seeds, steps } = Extent::of(5, 500);
    for seed in 1_000..1_000 + seeds {
        let Some(bed) = Bed::start_still(on, |config| adapt(config, seed)).await else { return };
        let mut model = Model::new(bed.server.service().engine.root, bed.now());
        model.approval = approves(seed);
        let mut walker = Walk { driver: Wire(&bed), model };
        walk(&mut walker, seed, (steps, 50)).await;
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
