//! A store to measure: organizations, made as anybody would make them, and users in bulk, written by the same
//! statements as single ones. Kept from growing into somebody's data: a database that holds users of others is
//! refused.

use std::collections::HashMap;
use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::model::kind::{organization, user};
use crate::model::rules::{Companions, Context, validate};
use crate::model::state::{Draft, Given};
use crate::model::{AttrId, Attributes, Error, Kind, Stored, Valid, Value};
use crate::operation::client::{self, ClientChange};
use crate::operation::create::Create;
use crate::operation::{Caller, Engine, perform};
use crate::server::bootstrap::FIRST_CLIENT;
use crate::server::compose;
use crate::store::{Credential, Insert, Source, Touched, Unit, Write};
use crate::world::{SharedWorld, alphanumeric};

/// The setting that says a database was filled here, and with how many users.
const MARK: &str = "bench-users";
/// Users of one transaction.
const CHUNK: u64 = 5_000;
/// Users of one organization, on average.
const PER_ORGANIZATION: u64 = 1_000;
const LETTERS: usize = 32;

/// A person of a large imagined town.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    first: String,
    last: String,
    number: u64,
}

impl Person {
    /// The person of that number; names repeat, numbers do not.
    pub fn numbered(number: u64) -> Self {
        const BEGIN: [&str; 20] = [
            "Virta",
            "Korho",
            "Niemi",
            "Mäki",
            "Laakso",
            "Heikki",
            "Koski",
            "Järvi",
            "Leht",
            "Saari",
            "Salo",
            "Turu",
            "Hämälä",
            "Pelto",
            "Ranta",
            "Karja",
            "Uusi",
            "Aalto",
            "Rinne",
            "Kallio",
        ];
        const END: [&str; 16] = [
            "nen", "la", "niemi", "ranta", "maa", "vuori", "joki", "lahti", "lampi", "järvi", "mäki",
            "saari", "nummi", "harju", "salmi", "luoto",
        ];
        const FIRST: [&str; 16] = [
            "Anna", "Bertil", "Cecilia", "Daniel", "Eeva", "Fredrik", "Greta", "Hannu", "Iida", "Juhani",
            "Kaarina", "Lauri", "Maria", "Niko", "Olga", "Pekka",
        ];
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let pick = |list: &[&'static str], shift: u32| {
            let length = u64::try_from(list.len()).unwrap_or(1);
            let place = usize::try_from((mixed >> shift) % length).unwrap_or_default();
            list.get(place).copied().unwrap_or_default()
        };
        let last = format!("{}{}", pick(&BEGIN, 8), pick(&END, 24));
        Self { first: pick(&FIRST, 40).to_owned(), last, number }
    }

    /// Name and value of each attribute a client may give; `run` tells this load's people from another's.
    pub fn attributes(&self, run: &str) -> [(&'static str, String); 6] {
        let Self { first, last, number } = self;
        let login = format!("{}.{}.{run}{number}", first.to_lowercase(), last.to_lowercase());
        [
            ("email", format!("{}.{run}{number}@example.org", first.to_lowercase())),
            ("login", login),
            ("ssn", format!("{:06}-{:05}", number % 311_299, number / 7)),
            ("mobile", format!("+35840{number:08}")),
            ("firstname", first.clone()),
            ("surname", last.clone()),
        ]
    }
}

/// What a filled store gives to those who measure it.
pub struct Seeded {
    /// The client that may do everything, and its password.
    pub password: Zeroizing<String>,
    /// Seconds the filling took; 0 when the store was filled before.
    pub seconds: f64,
}

struct Town {
    engine: Engine,
    attributes: HashMap<&'static str, AttrId>,
    organizations: Vec<Arc<Companions>>,
    homes: Vec<Stored>,
}

/// Fills the configured store with `users` users unless that was done before, and gives its first client a fresh
/// password.
pub async fn seed(config: &Config, world: &SharedWorld, users: u64) -> Result<Seeded, String> {
    let store = compose::open(config, world, true).await.map_err(|error| error.to_string())?;
    let engine =
        compose::engine(store, config, Arc::clone(world)).await.map_err(|error| error.to_string())?;
    let outcome = fill(&engine, users).await;
    let outcome = match outcome {
        Ok(seconds) => first_client(config, &engine).await.map(|password| Seeded { password, seconds }),
        Err(error) => Err(error),
    };
    engine.store.close().await;
    outcome
}

fn words(error: &Error) -> String {
    format!("filling the store: {error:?}")
}

async fn fill(engine: &Engine, users: u64) -> Result<f64, String> {
    let marked = engine.store.setting(MARK).await.map_err(|error| words(&error))?;
    match marked {
        Some(held) if held == users.to_string() => return Ok(0.0),
        Some(held) => return Err(format!("the store was filled with {held} users before; drop it first")),
        None => {}
    }
    if engine.store.count(&Source::Kind(Kind::User), 1).await.map_err(|error| words(&error))? > 0 {
        return Err("the database holds users already; bench fills only an empty one".to_owned());
    }
    let begun = std::time::Instant::now();
    let town = Town::found(engine, users / PER_ORGANIZATION + 1).await.map_err(|error| words(&error))?;
    let mut from = 0;
    while from < users {
        let to = users.min(from + CHUNK);
        let last = to == users;
        let chunk = Chunk { people: town.people(from, to)?, mark: last.then(|| users.to_string()) };
        engine.store.transact(Arc::new(chunk)).await.map_err(|error| words(&error))?;
        from = to;
        progress(from, users);
    }
    Ok(begun.elapsed().as_secs_f64())
}

fn progress(done: u64, of: u64) {
    let mut out = std::io::stderr();
    if out.is_terminal() || done == of {
        let end = if done == of { "\n" } else { "" };
        // Whether progress is seen does not matter to the work.
        let _ = write!(out, "\rfilling the store: {done} of {of} users{end}").and_then(|()| out.flush());
    }
}

async fn first_client(config: &Config, engine: &Engine) -> Result<Zeroizing<String>, String> {
    let password = Zeroizing::new(alphanumeric(engine.world.as_ref(), LETTERS));
    let verifier =
        compose::verifier(&config.auth, Arc::clone(&engine.world)).map_err(|error| error.to_string())?;
    let phc = verifier.hash(password.clone()).await.map_err(|error| error.to_string())?;
    let credential = Credential { phc, set: engine.world.now() };
    let caller = Caller::local("bench");
    let all = [String::from("*:*")];
    let outcome = match client::add(engine, &caller, FIRST_CLIENT, &all, credential.clone()).await {
        Err(Error::AlreadyExists { .. }) => {
            client::change(engine, &caller, FIRST_CLIENT, ClientChange::Reset(credential)).await
        }
        other => other.map(|_| ()),
    };
    outcome.map(|()| password).map_err(|error| words(&error))
}

impl Town {
    async fn found(engine: &Engine, organizations: u64) -> Result<Self, Error> {
        let (mut ids, caller) = (Vec::new(), Caller::local("bench"));
        for number in 0..organizations {
            let text = |attr, value: String| (attr, vec![Given::Value(Value::text(value))]);
            let given = vec![
                text(organization::TECHNICAL_NAME, format!("bench-{number}")),
                text(organization::FRIENDLY_NAME, format!("Yritys {number} Oy")),
            ];
            let draft = Draft { kind: Kind::Organization, given };
            ids.push(perform(engine, &caller, Create::new(engine, &caller, draft)).await?);
        }
        let (mut homes, mut all) = (Vec::new(), Vec::new());
        for id in ids {
            let found = engine.store.by_id(id).await?;
            let home = found.ok_or_else(|| Error::internal("an organization vanished"))?;
            let mut companions = Companions::default();
            companions.add(home.clone());
            all.push(Arc::new(companions));
            homes.push(home);
        }
        let registry = engine.registry();
        let attributes = Person::numbered(0).attributes("");
        let attributes = attributes
            .iter()
            .filter_map(|(name, _)| Some((*name, registry.named(Kind::User, name)?.id)))
            .collect();
        Ok(Self { engine: engine.clone(), attributes, organizations: all, homes })
    }

    fn people(&self, from: u64, to: u64) -> Result<Vec<Neighbour>, String> {
        (from..to).map(|number| self.person(number).map_err(|error| words(&error))).collect()
    }

    fn person(&self, number: u64) -> Result<Neighbour, Error> {
        let place = usize::try_from(number).unwrap_or_default() % self.homes.len().max(1);
        let (Some(home), Some(companions)) = (self.homes.get(place), self.organizations.get(place)) else {
            return Err(Error::internal("a town without organizations"));
        };
        let mut attributes = Attributes::default();
        for (name, value) in Person::numbered(number).attributes("") {
            let attr = self.attributes.get(name).ok_or_else(|| Error::internal("an unknown attribute"))?;
            attributes.put(*attr, Value::text(value));
        }
        attributes.put(user::HOME, Value::Ref(home.reference()));
        let world = &self.engine.world;
        let (id, now) = (world.id(), world.now());
        let context = Context {
            now,
            id,
            other_id: world.unordered_id(),
            client: "bench",
            settings: &self.engine.settings,
            with: companions,
        };
        let valid = validate(Kind::User, attributes, &context)?;
        Ok(Neighbour { id, now, home: home.row(), valid, with: Arc::clone(companions) })
    }
}

struct Neighbour {
    id: Uuid,
    now: i64,
    home: crate::model::Row,
    valid: Valid,
    with: Arc<Companions>,
}

/// Users of one transaction; the last one also leaves the mark.
struct Chunk {
    people: Vec<Neighbour>,
    mark: Option<String>,
}

#[async_trait]
impl Unit for Chunk {
    async fn run(&self, tx: &mut dyn Write) -> Result<Touched, Error> {
        let inserts: Vec<Insert<'_>> = self.people.iter().map(Neighbour::insert).collect();
        tx.insert(&inserts).await?;
        if let Some(mark) = &self.mark {
            tx.set_setting(MARK, mark).await?;
        }
        Ok(Touched::default().with(Kind::User))
    }

    async fn refused(&self, _tx: &mut dyn Write, _error: &Error) -> Result<(), Error> {
        Ok(())
    }

    fn is_bulk(&self) -> bool {
        true
    }
}

impl Neighbour {
    fn insert(&self) -> Insert<'_> {
        let Self { id, now, home, valid, with } = self;
        Insert { id: *id, now: *now, home: Some(*home), valid, rows: with.as_ref() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_people_share_a_login_and_names_repeat() {
        let people: Vec<Person> = (0..20_000).map(Person::numbered).collect();
        let logins: std::collections::HashSet<String> = people
            .iter()
            .flat_map(|person| person.attributes("x"))
            .filter(|(name, _)| *name == "login")
            .map(|(_, value)| value)
            .collect();
        assert_eq!(logins.len(), people.len());
        let names: std::collections::HashSet<&str> =
            people.iter().map(|person| person.last.as_str()).collect();
        assert!((200..=320).contains(&names.len()), "{}", names.len());
    }
}
