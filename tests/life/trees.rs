//! The tree of organizations is a tree, whatever is made, moved and deleted, in whatever order.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;
use valtuus::model::Kind;
use valtuus::operation::list::Base;

use super::direct::Direct;
use super::drive::{Asked, Driver, Facts, Request};
use super::property::{Verdict, fails, holds};

#[derive(Debug, Clone)]
enum Act {
    Add { below: usize, is_virtual: bool },
    Move { which: usize, below: usize },
    Delete { which: usize, recursive: bool },
}

fn act() -> impl Strategy<Value = Act> {
    let place = || 0..64_usize;
    prop_oneof![
        4 => (place(), prop::bool::weighted(0.2)).prop_map(|(below, is_virtual)| Act::Add { below, is_virtual }),
        5 => (place(), place()).prop_map(|(which, below)| Act::Move { which, below }),
        1 => (place(), any::<bool>()).prop_map(|(which, recursive)| Act::Delete { which, recursive }),
    ]
}

fn request(number: usize, act: &Act, there: &[Uuid]) -> Request {
    let one = |at: usize| there[at % there.len()];
    match act {
        Act::Add { below, is_virtual } => {
            let pairs = vec![
                ("technicalName", format!("o{number}")),
                ("parentOrganizationId", one(*below).to_string()),
                ("virtual", is_virtual.to_string()),
            ];
            Request::Create(Kind::Organization, pairs)
        }
        Act::Move { which, below } => Request::Move(one(*which), one(*below)),
        Act::Delete { which, recursive } => Request::Delete(Kind::Organization, one(*which), *recursive),
    }
}

/// Fails unless every organization reaches the root by its parents.
fn one_tree(root: Uuid, whole: &BTreeMap<Uuid, Facts>) -> Verdict {
    let parent = |id: &Uuid| -> Option<Uuid> { whole[id].get("parent")?.first()?.parse().ok() };
    for start in whole.keys() {
        let mut at = *start;
        let mut passed = BTreeSet::from([at]);
        while let Some(above) = parent(&at) {
            if !whole.contains_key(&above) {
                return Err(fails(format!("{at} stands below {above}, which is not there")));
            }
            if !passed.insert(above) {
                return Err(fails(format!("{start} is part of a cycle: {passed:?}")));
            }
            at = above;
        }
        if at != root {
            return Err(fails(format!("{start} ends at {at}, not at the root")));
        }
    }
    Ok(())
}

/// What the cases came to; a property that hardly moves anything would hold without saying much.
#[derive(Default)]
struct Count {
    moved: Cell<u32>,
    cycles: Cell<u32>,
}

async fn stays_a_tree(direct: &Direct, count: &Count, acts: Vec<Act>) -> Verdict {
    let root = direct.engine.root;
    for (number, act) in acts.iter().enumerate() {
        let there: Vec<Uuid> = direct.whole(Kind::Organization).await.into_keys().collect();
        let outcome = direct.change(&request(number, act, &there)).await;
        match (act, outcome) {
            (Act::Move { .. }, Ok(_)) => count.moved.set(count.moved.get() + 1),
            (Act::Move { .. }, Err((409, 10))) => count.cycles.set(count.cycles.get() + 1),
            _ => {}
        }
        one_tree(root, &direct.whole(Kind::Organization).await)?;
    }
    let whole: BTreeSet<Uuid> = direct.whole(Kind::Organization).await.into_keys().collect();
    let below = Asked::of(Kind::Organization, Base::OrganizationsOfOrganization, root).recursive();
    let below: BTreeSet<Uuid> = direct.list(&below, None).await.into_iter().chain([root]).collect();
    if below != whole {
        return Err(fails(format!("below the root stand {below:?}, and there are {whole:?}")));
    }
    direct.must_be_sound().await?;
    direct.clear().await
}

#[test]
fn the_tree_of_organizations_is_never_cyclic() {
    let count = Count::default();
    holds(
        &vec(act(), 1..14),
        async |direct| direct,
        async |direct, acts| stays_a_tree(direct, &count, acts).await,
    );
    assert!(count.moved.get() > 500 && count.cycles.get() > 500, "hardly anything was moved");
}
