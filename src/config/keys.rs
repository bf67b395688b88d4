//! The known keys: read off a sample configuration, so that a new field is a new key by itself.
//!
//! Says which key a name stands for and which one is nearest to an unknown name. Must not read any source.

use std::collections::{BTreeMap, BTreeSet};

use figment::value::{Dict, Value};

use super::Config;
use super::error::ConfigError;

/// Options of the command line and the keys they stand for. The option's name without dashes is also accepted
/// at the top of the file, and as `VALTUUS_<NAME>` in the environment.
pub const OPTIONS: &[(&str, &str)] = &[
    ("absolute-urls", "answers.absolute-urls"),
    ("bootstrap-password", "auth.bootstrap-password"),
    ("data-dir", "store.data-dir"),
    ("database-url", "store.database-url"),
    ("demo", "serve.demo"),
    ("json", "output.json"),
    ("listen", "serve.listen"),
    ("no-migrate", "serve.no-migrate"),
    ("plain-http", "serve.plain-http"),
    ("reference-style", "answers.reference-style"),
    ("tls-cert", "tls.cert"),
    ("tls-key", "tls.key"),
    ("workers", "serve.workers"),
];

/// Keys whose value is never printed; each may also be given as `<key>-file`, the path of a file holding it.
pub(super) const SECRETS: &[&str] = &["auth.bootstrap-password", "mail.password", "store.database-url"];

/// What a given name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The value of this key.
    Key(String),
    /// A file that holds the value of this key.
    FileOf(String),
}

/// All keys, with a value of the right shape for each.
pub(super) struct Keys {
    leaves: BTreeMap<String, Value>,
    sections: BTreeSet<String>,
}

impl Keys {
    /// Reads the keys off the sample configuration.
    pub(super) fn new() -> Result<Self, ConfigError> {
        let sample = Value::serialize(Config::sample())
            .map_err(|error| ConfigError::one("", None, error.kind.to_string()))?;
        let mut keys = Self { leaves: BTreeMap::new(), sections: BTreeSet::new() };
        if let Value::Dict(_, dict) = sample {
            keys.collect("", dict);
        }
        Ok(keys)
    }

    fn collect(&mut self, prefix: &str, dict: Dict) {
        for (name, value) in dict {
            let path = join(prefix, &name);
            if let Value::Dict(_, inner) = value {
                self.sections.insert(path.clone());
                self.collect(&path, inner);
            } else {
                self.leaves.insert(path, value);
            }
        }
    }

    /// Whether `path` is a topic, not a key.
    pub(super) fn is_section(&self, path: &str) -> bool {
        self.sections.contains(path)
    }

    /// A value of the shape that `path` takes.
    pub(super) fn shape(&self, path: &str) -> Option<&Value> {
        self.leaves.get(path)
    }

    /// The key that `name`, already in kebab-case, stands for.
    pub(super) fn resolve(&self, name: &str) -> Option<Target> {
        if let Some(path) = self.key(name) {
            return Some(Target::Key(path));
        }
        let path = self.key(name.strip_suffix("-file")?)?;
        SECRETS.contains(&path.as_str()).then_some(Target::FileOf(path))
    }

    fn key(&self, name: &str) -> Option<String> {
        if self.leaves.contains_key(name) {
            return Some(name.to_owned());
        }
        OPTIONS.iter().find(|(option, _)| *option == name).map(|(_, path)| (*path).to_owned())
    }

    /// The known key nearest to an unknown `name`: by the whole path, or by its last part alone, so that a
    /// key put into the wrong topic is found too.
    pub(super) fn nearest(&self, name: &str) -> String {
        let distance = |known: &str| {
            let whole = strsim::damerau_levenshtein(name, known);
            let last = strsim::damerau_levenshtein(last(name), last(known)).saturating_add(1);
            (whole.min(last), whole)
        };
        let names = self.leaves.keys().map(String::as_str);
        let names = names.chain(self.sections.iter().map(String::as_str));
        let names = names.chain(OPTIONS.iter().map(|(option, _)| *option));
        names.min_by_key(|known| distance(known)).unwrap_or_default().to_owned()
    }
}

/// The part of a path after its last dot.
fn last(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, last)| last)
}

/// `prefix.name`, or `name` at the top.
pub(super) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// A name as keys are written: underscores, as the environment needs them, are dashes.
pub(super) fn kebab(name: &str) -> String {
    name.replace('_', "-")
}
