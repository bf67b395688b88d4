//! What several rooms of tests share: databases, servers, callers, answers. Holds no test.

pub mod answer;
pub mod bed;
pub mod caller;
pub mod cases;
pub mod digit;
pub mod issuer;
pub mod json;
pub mod postgres;
pub mod process;
pub mod raw;
pub mod smtp;
pub mod states;
pub mod tls;
pub mod trace;
pub mod walk;

pub use answer::Answer;
pub use bed::{Bed, On};
pub use caller::Caller;

/// Expands a test over both databases: `on_both! { async fn a_sentence(bed: Bed) { … } }` becomes the tests
/// `a_sentence::sqlite` and `a_sentence::postgres`; the second says that it was skipped where there is no server.
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($bed:ident: Bed) $body:block)+) => {
        $crate::on_both_with! { |_| (); $($(#[$meta])* async fn $name($bed: Bed) $body)+ }
    };
}

/// As `on_both_with!`, over servers whose clock stands still until the test moves it (`bed.advance`).
#[macro_export]
macro_rules! on_both_still {
    ($adapt:expr; $($(#[$meta:meta])* async fn $name:ident($bed:ident: Bed) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn run($bed: $crate::kit::Bed) $body

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                if let Some(bed) = $crate::kit::Bed::start_still($crate::kit::On::Sqlite, $adapt).await {
                    run(bed).await;
                }
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(bed) = $crate::kit::Bed::start_still($crate::kit::On::Postgres, $adapt).await {
                    run(bed).await;
                }
            }
        }
    )+};
}

/// As `on_both!`, over servers whose configuration was changed by the function that stands first.
#[macro_export]
macro_rules! on_both_with {
    ($adapt:expr; $($(#[$meta:meta])* async fn $name:ident($bed:ident: Bed) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn run($bed: $crate::kit::Bed) $body

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                if let Some(bed) = $crate::kit::Bed::start_with($crate::kit::On::Sqlite, $adapt).await {
                    run(bed).await;
                }
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(bed) = $crate::kit::Bed::start_with($crate::kit::On::Postgres, $adapt).await {
                    run(bed).await;
                }
            }
        }
    )+};
}
