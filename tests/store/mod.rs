//! One conformance suite for both databases: every test here runs on SQLite and on PostgreSQL.

mod answers;
mod changes;
mod indexes;
pub(crate) mod kit;
mod outbox;
mod reads;
mod tampering;
pub(crate) mod trail;
mod upkeep;
mod waiting;

/// Makes a test for each database of every function named, which takes a `&Bench`.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                if let Some(bench) = $crate::store::kit::Bench::sqlite().await {
                    super::$test(&bench).await;
                    bench.store.close().await;
                }
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                if let Some(bench) = $crate::store::kit::Bench::postgres().await {
                    super::$test(&bench).await;
                    bench.store.close().await;
                }
            })+
        }
    };
}
pub(crate) use on_both;
