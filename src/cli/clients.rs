//! `valtuus client`: API clients, made and changed by the same operations as everything else.

use std::io::BufRead as _;

use zeroize::Zeroizing;

use crate::cli::{ClientAction, ClientAddArgs, ClientTokenArgs, Exit, GrantSpec, Preset, Seconds};
use crate::config::Config;
use crate::model::value::instant_text;
use crate::model::{Error, Grants};
use crate::operation::client::{self, Client, ClientChange};
use crate::operation::names::entity_name;
use crate::operation::token::{self, CreateToken, Lifetimes, Wanted};
use crate::operation::{Caller, Engine, perform};
use crate::server::compose;
use crate::store::{Credential, SharedStore};
use crate::world::{SharedWorld, alphanumeric};

const LETTERS: usize = 32;

struct Desk<'a> {
    config: &'a Config,
    world: SharedWorld,
    engine: Engine,
    caller: Caller,
}

/// Carries out a command on API clients.
pub async fn run(config: &Config, world: SharedWorld, action: ClientAction) -> Result<Exit, String> {
    if matches!(action, ClientAction::List) {
        return list(config, &world).await;
    }
    let store = compose::open(config, &world, true).await.map_err(|error| error.to_string())?;
    let engine = compose::engine(store, config, world.clone()).await.map_err(|error| error.to_string())?;
    let desk = Desk { config, world, engine, caller: Caller::local("command line") };
    let outcome = desk.carry_out(action).await;
    desk.engine.store.close().await;
    outcome
}

fn words(name: &str, error: &Error) -> String {
    match error {
        Error::NotFound { .. } => format!("there is no client {name}"),
        Error::AlreadyExists { .. } => format!("there is a client {name} already"),
        Error::Unavailable { detail, .. } | Error::Internal { detail } => format!("{error}: {detail}"),
        other => other.to_string(),
    }
}

impl Desk<'_> {
    async fn carry_out(&self, action: ClientAction) -> Result<Exit, String> {
        match action {
            ClientAction::Add(args) => self.add(args).await,
            ClientAction::List => list(self.config, &self.world).await,
            ClientAction::Disable(args) => {
                self.change(&args.name, ClientChange::Enabled(false), "disabled").await
            }
            ClientAction::Enable(args) => {
                self.change(&args.name, ClientChange::Enabled(true), "enabled").await
            }
            ClientAction::Reset(args) => {
                let (password, shown) = self.password(args.password_stdin)?;
                let credential = self.credential(password.clone()).await?;
                let exit = self.change(&args.name, ClientChange::Reset(credential), "reset").await?;
                self.show(&args.name, shown.then_some(&password));
                Ok(exit)
            }
            ClientAction::Token(args) => self.token(args).await,
        }
    }

    fn password(&self, from_stdin: bool) -> Result<(Zeroizing<String>, bool), String> {
        if !from_stdin {
            return Ok((Zeroizing::new(alphanumeric(self.world.as_ref(), LETTERS)), true));
        }
        let password = password_line()?;
        if password.chars().count() < 8 {
            return Err("expected a password of at least 8 characters on standard input".to_owned());
        }
        Ok((password, false))
    }

    async fn credential(&self, password: Zeroizing<String>) -> Result<Credential, String> {
        let verifier =
            compose::verifier(&self.config.auth, self.world.clone()).map_err(|error| error.to_string())?;
        let phc = verifier.hash(password).await.map_err(|error| error.to_string())?;
        Ok(Credential { phc, set: self.world.now() })
    }

    async fn add(&self, args: ClientAddArgs) -> Result<Exit, String> {
        let grants = match args.preset {
            Some(preset) => Grants::preset(preset_name(preset)).unwrap_or_default(),
            None => args.grants.iter().map(grant_word).collect(),
        };
        Grants::parse(grants.iter().map(String::as_str)).map_err(|error| error.to_string())?;
        let (password, shown) = self.password(args.password_stdin)?;
        let credential = self.credential(password.clone()).await?;
        let wanted = (args.name.as_str(), grants.as_slice(), args.within.as_deref());
        client::add_within(&self.engine, &self.caller, wanted, credential)
            .await
            .map_err(|error| words(&args.name, &error))?;
        self.show(&args.name, shown.then_some(&password));
        Ok(Exit::Done)
    }

    async fn token(&self, args: ClientTokenArgs) -> Result<Exit, String> {
        let tokens = &self.config.auth.tokens;
        let micros = |seconds: u32| i64::from(seconds) * 1_000_000;
        let lifetimes =
            Lifetimes { usual: micros(tokens.lifetime_seconds), longest: micros(tokens.longest_seconds) };
        let now = self.world.now();
        let asked = args.expires.map(|Seconds(seconds)| now + micros(seconds));
        let expires = lifetimes.end(now, asked, "--expires").map_err(|error| error.to_string())?;
        let found = client::find(&self.engine.store, &args.name).await;
        let found = found.map_err(|error| words(&args.name, &error))?;
        let (client, _) = found.ok_or_else(|| format!("there is no client {}", args.name))?;
        let wanted = Wanted { client: Some(client.id.to_string()), name: args.purpose, expires };
        let token = Zeroizing::new(token::fresh(self.world.as_ref()));
        let create = CreateToken::new(&self.engine, &self.caller, &wanted, token::hash(&token));
        let create = create.map_err(|error| words(&args.name, &error))?;
        let made = perform(&self.engine, &self.caller, create).await;
        let made = made.map_err(|error| words(&args.name, &error))?;
        if self.config.output.json {
            let (id, expires) = (made.id(), instant_text(expires));
            let shown = serde_json::json!({"client": args.name, "id": id, "expires": expires, "token": token.as_str()});
            println!("{shown}");
        } else {
            println!("{}", token.as_str());
        }
        Ok(Exit::Done)
    }

    async fn change(&self, name: &str, change: ClientChange, done: &str) -> Result<Exit, String> {
        client::change(&self.engine, &self.caller, name, change)
            .await
            .map_err(|error| words(name, &error))?;
        if !self.config.output.json {
            eprintln!("client {name} {done}");
        }
        Ok(Exit::Done)
    }

    /// A random password is a result and shown once, on stdout.
    fn show(&self, name: &str, password: Option<&Zeroizing<String>>) {
        match (password, self.config.output.json) {
            (Some(password), true) => {
                println!("{}", serde_json::json!({"name": name, "password": password.as_str()}));
            }
            (None, true) => println!("{}", serde_json::json!({ "name": name })),
            (Some(password), false) => println!("{}", password.as_str()),
            (None, false) => {}
        }
    }
}

/// The clients, each with the entity name of the organization it is bounded to.
async fn listed(store: &SharedStore) -> Result<Vec<(Client, Option<String>)>, Error> {
    let mut listed = Vec::new();
    for client in client::all(store).await? {
        let within = match client.within {
            None => None,
            Some(id) => match store.by_id(id).await? {
                Some(found) => entity_name(&store.ancestry(found.row()).await?),
                None => None,
            },
        };
        listed.push((client, within.map(|name| name.entity.into())));
    }
    Ok(listed)
}

/// Lists the clients; only reads.
async fn list(config: &Config, world: &SharedWorld) -> Result<Exit, String> {
    let store = compose::open(config, world, false).await.map_err(|error| error.to_string())?;
    let clients = listed(&store).await;
    store.close().await;
    let clients = clients.map_err(|error| words("", &error))?;
    if config.output.json {
        let list: Vec<_> = clients
            .iter()
            .map(|(c, within)| {
                serde_json::json!({"name": c.name, "id": c.id, "enabled": c.enabled, "grants": c.words, "within": within})
            })
            .collect();
        println!("{}", serde_json::Value::from(list));
        return Ok(Exit::Done);
    }
    for (client, within) in clients {
        let state = if client.enabled { "enabled" } else { "disabled" };
        let within = within.map(|name| format!("\twithin {name}")).unwrap_or_default();
        println!("{}\t{state}\t{}{within}", client.name, client.words.join(" "));
    }
    Ok(Exit::Done)
}

/// A password from standard input, one line.
pub fn password_line() -> Result<Zeroizing<String>, String> {
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut line).map_err(|error| format!("standard input: {error}"))?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn preset_name(preset: Preset) -> &'static str {
    match preset {
        Preset::Admin => "admin",
        Preset::Writer => "writer",
        Preset::Reader => "reader",
    }
}

fn grant_word(grant: &GrantSpec) -> String {
    let word = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".to_owned());
    format!("{}:{}", word(&grant.verb), word(&grant.kind))
}
