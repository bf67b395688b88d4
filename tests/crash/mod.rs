//! The real binary as operators meet it: killed, stopped, started for the first time, administered while it runs.

mod clients;
mod contracts;
mod first_start;
mod kill;
mod nodes;
mod repeat;
mod stop;

/// Expands a test over both databases: an `async fn` that takes a fresh `House`.
macro_rules! in_houses {
    ($(async fn $name:ident($house:ident: House) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn run($house: $crate::kit::process::House) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                if let Some(house) = $crate::kit::process::House::new($crate::kit::On::Sqlite).await {
                    run(house).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(house) = $crate::kit::process::House::new($crate::kit::On::Postgres).await {
                    run(house).await;
                }
            }
        }
    )+};
}
pub(crate) use in_houses;
