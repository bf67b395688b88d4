//! Random walks: a seeded source of choices, and a driver that takes steps against a server and a model at once.
//! Holds no test and no model.

use std::fmt::Debug;
use std::future::Future;

/// A source of choices that a seed repeats (the generator `SplitMix64`).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    /// Any number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    /// Whether something that happens `part` times in `whole` happens.
    pub fn chance(&mut self, part: u64, whole: u64) -> bool {
        self.below(whole) < part
    }

    /// One of these, which are not none.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let at = self.below(u64::try_from(of.len()).unwrap());
        &of[usize::try_from(at).unwrap()]
    }

    /// One of these words.
    pub fn word(&mut self, of: &[&'static str]) -> &'static str {
        self.one::<&'static str>(of)
    }

    /// One of these; `None` when there are none.
    pub fn any<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { Some(self.one(of)) }
    }
}

/// A model that walks beside a server.
pub trait Walker {
    /// One step: a request with everything it says.
    type Step: Debug;

    /// Chooses a step, possible or not.
    fn choose(&self, dice: &mut Dice) -> Self::Step;

    /// Takes it on the server, predicts its outcome from the model, compares, and moves the model on. The error
    /// says how the two differ.
    fn take(&mut self, step: &Self::Step) -> impl Future<Output = Result<(), String>>;

    /// Compares everything there is.
    fn compare(&self) -> impl Future<Output = Result<(), String>>;
}

/// How many seeds are walked, and how many steps each.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    pub seeds: u64,
    pub steps: usize,
}

impl Extent {
    /// These numbers, unless `VALTUUS_WALK_SEEDS` and `VALTUUS_WALK_STEPS` say otherwise.
    pub fn of(seeds: u64, steps: usize) -> Self {
        let number = |name: &str| {
            let text = std::env::var(name).ok()?;
            Some(text.parse::<u64>().unwrap_or_else(|_| panic!("{name}={text} is no number")))
        };
        let steps = number("VALTUUS_WALK_STEPS").map_or(steps, |steps| usize::try_from(steps).unwrap());
        Self { seeds: number("VALTUUS_WALK_SEEDS").unwrap_or(seeds), steps }
    }
}

/// How many of the last steps are printed with a difference.
const TOLD: usize = 30;

/// Takes `steps` steps; compares everything every `between`, and at the end. A difference fails with the seed and the
/// last steps.
pub async fn walk<W: Walker>(walker: &mut W, seed: u64, (steps, between): (usize, usize)) {
    let mut dice = Dice::new(seed);
    let mut taken = std::collections::VecDeque::with_capacity(TOLD + 1);
    for number in 1..=steps {
        let step = walker.choose(&mut dice);
        let outcome = walker.take(&step).await;
        taken.push_back(step);
        if taken.len() > TOLD {
            taken.pop_front();
        }
        let outcome = match outcome {
            Ok(()) if number % between == 0 || number == steps => walker.compare().await,
            other => other,
        };
        if let Err(difference) = outcome {
            panic!("seed {seed}, step {number}: {difference}\nthe last steps: {taken:#?}");
        }
    }
}
