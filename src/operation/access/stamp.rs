//! Stamps: settings for each tenant that change, in the same transaction, with whatever compiled indexes are made of. A
//! node, also another one, tells by them which indexes a commit has left as they were, and whether what it has read
//! belongs together.

use std::collections::HashMap;

use crate::model::{Error, Row};
use crate::store::{Part, Read, Write};
use crate::world::World;

/// What an organization says, of which there is one stamp.
pub type Key = (Row, Part);

/// The stamps of some organizations.
pub type Stamps = HashMap<Key, Option<String>>;

fn name((organization, part): Key) -> String {
    match part {
        Part::Definitions => format!("access {organization}"),
        Part::Mappings => format!("access {organization} mappings"),
    }
}

/// Leaves a new stamp at every organization about whose roles, actions or mappings the transaction has written.
pub async fn leave(tx: &mut dyn Write, world: &dyn World) -> Result<(), Error> {
    // In the order of their rows, so that two transactions never wait for each other.
    for key in tx.said() {
        tx.set_setting(&name(key), &world.id().to_string()).await?;
    }
    Ok(())
}

/// The present stamps of these.
pub async fn read<R: Read + ?Sized>(store: &R, keys: impl IntoIterator<Item = Key>) -> Result<Stamps, Error> {
    let mut stamps = HashMap::new();
    for key in keys {
        if let std::collections::hash_map::Entry::Vacant(place) = stamps.entry(key) {
            place.insert(store.setting(&name(key)).await?);
        }
    }
    Ok(stamps)
}

/// What the index of the first organization of `line`, which the others stand above, is made of: all that it says
/// itself, and what it may map of those above.
pub fn of_index(line: &[Row]) -> impl Iterator<Item = Key> + '_ {
    let own = line.first().map(|own| (*own, Part::Mappings));
    own.into_iter().chain(line.iter().map(|row| (*row, Part::Definitions)))
}
