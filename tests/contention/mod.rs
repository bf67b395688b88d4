//! Sixteen writers at once, on both databases: what must happen once happens once, and every outcome is one that
//! some serial order gives. After each the database is sound.

mod mandates;
mod trees;
mod unique;
mod versions;

use std::future::Future;

use futures_util::future::join_all;

use crate::kit::Answer;
use crate::kit::cases::soon;

/// How many write at once.
const WRITERS: usize = 16;

/// Lets sixteen writers act at once; `act` makes the request of the writer with that number.
async fn at_once<F: Future<Output = Answer>>(act: impl Fn(usize) -> F) -> Vec<Answer> {
    soon("sixteen writers", join_all((0..WRITERS).map(act))).await
}

/// How many answers are successes; every other must be one of `refusals`, by status and code.
#[track_caller]
fn successes(answers: &[Answer], refusals: &[(u16, u16)]) -> usize {
    let refused = answers.iter().filter(|answer| answer.status != 200);
    for answer in refused {
        let text = answer.text();
        let expected = |(status, code): &(u16, u16)| {
            answer.status == *status && text.contains(&format!("<error><code>{code}</code>"))
        };
        assert!(refusals.iter().any(expected), "{}: {text}", answer.status);
    }
    answers.iter().filter(|answer| answer.status == 200).count()
}
