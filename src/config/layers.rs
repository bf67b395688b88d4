//! The three sources laid over each other: file, then environment, then flags.
//!
//! Every entry remembers where it stands, so that an error found later can say so. Must not print, and must
//! not repeat the value of a secret.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Read;
use std::path::Path;

use figment::value::{Dict, Num, Value};

use super::error::ConfigError;
use super::file;
use super::keys::{Keys, OPTIONS, SECRETS, Target, join, kebab};
use super::{Problem, Sources};

/// The beginning of every variable of ours.
const PREFIX: &str = "VALTUUS_";
/// Variables with our prefix that are not configuration: the file's own path, and what tests are run with.
const NOT_KEYS: &[&str] = &["CONFIG", "ROUNDS", "SAVE_ANSWERS"];
/// Variables of the tests begin so.
const TEST_PREFIX: &str = "TEST_";
/// Most bytes of a file that holds a secret.
const SECRET_FILE_BYTES: u64 = 65_536;

/// Entries and their places.
#[derive(Default)]
pub(super) struct Merged {
    values: BTreeMap<String, Value>,
    places: BTreeMap<String, String>,
}

/// Reads all sources; the later wins key by key, lists as a whole.
pub(super) fn merge(sources: &Sources) -> Result<Merged, ConfigError> {
    let keys = Keys::new()?;
    let mut merged = Merged::default();
    if let Some(path) = &sources.file {
        let mut layer = Merged::default();
        for written in file::read(path, &keys)? {
            layer.places.extend(written.parts);
            layer.put(&keys, &written.path, Given::Value(written.value), written.place)?;
        }
        merged.lay(layer);
    }
    merged.lay(environment(&keys, &sources.environment)?);
    let mut flags = Merged::default();
    for (name, text) in &sources.flags {
        let option = name.strip_suffix("-file").unwrap_or(name);
        let is_option = OPTIONS.iter().any(|(known, _)| *known == option);
        let place = format!("option --{}{name}", if is_option { "" } else { "set " });
        flags.put(&keys, &kebab(name), Given::Text(text), place)?;
    }
    merged.lay(flags);
    Ok(merged)
}

fn environment(keys: &Keys, variables: &[(OsString, OsString)]) -> Result<Merged, ConfigError> {
    let mut layer = Merged::default();
    for (name, value) in variables {
        let Some(name) = name.to_str() else { continue };
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        if NOT_KEYS.contains(&key) || key.starts_with(TEST_PREFIX) || value.is_empty() {
            continue;
        }
        let place = format!("environment variable {name}");
        let path = kebab(&key.replace("__", ".").to_lowercase());
        let Some(text) = value.to_str() else {
            return Err(ConfigError::one(&path, Some(place), "is not UTF-8 text"));
        };
        layer.put(keys, &path, Given::Text(text), place)?;
    }
    Ok(layer)
}

/// A value as it was given.
enum Given<'a> {
    /// Typed by its source.
    Value(Value),
    /// Text, to be read in the shape of its key.
    Text(&'a str),
}

impl Merged {
    /// Adds one entry to a layer.
    fn put(&mut self, keys: &Keys, name: &str, given: Given<'_>, place: String) -> Result<(), ConfigError> {
        let Some(target) = keys.resolve(name) else { return Err(unknown(keys, name, place)) };
        let (path, value) = match target {
            Target::FileOf(path) => {
                let text = secret_file(name, &given, &place)?;
                (path, Value::from(text))
            }
            Target::Key(path) => {
                let value = match given {
                    Given::Value(value) => value,
                    Given::Text(text) => shaped(keys, &path, text, &place)?,
                };
                (path, value)
            }
        };
        let value = self.elements(keys, &path, value, &place)?;
        if let Some(other) = self.places.get(&path) {
            return Err(ConfigError::one(&path, Some(place), format!("is given twice, also by {other}")));
        }
        self.places.insert(path.clone(), place);
        self.values.insert(path, value);
        Ok(())
    }

    /// Checks the names inside a list of tables against those of the sample's element.
    fn elements(&self, keys: &Keys, path: &str, value: Value, place: &str) -> Result<Value, ConfigError> {
        let Some(Value::Array(_, sample)) = keys.shape(path) else { return Ok(value) };
        let (Some(Value::Dict(_, known)), Value::Array(tag, items)) = (sample.first(), &value) else {
            return Ok(value);
        };
        let mut renamed = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let Value::Dict(tag, dict) = item else {
                renamed.push(item.clone());
                continue;
            };
            let dict: Dict = dict.iter().map(|(name, value)| (kebab(name), value.clone())).collect();
            if let Some(name) = dict.keys().find(|name| !known.contains_key(*name)) {
                let key = format!("{path}[{index}].{name}");
                let near = known.keys().min_by_key(|known| strsim::damerau_levenshtein(name, known));
                let near = near.map(String::as_str).unwrap_or_default();
                let place = self.places.get(&key).cloned().unwrap_or_else(|| place.to_owned());
                return Err(ConfigError::one(
                    &key,
                    Some(place),
                    format!("is not a key; did you mean `{near}`?"),
                ));
            }
            renamed.push(Value::Dict(*tag, dict));
        }
        Ok(Value::Array(*tag, renamed))
    }

    /// Lays `upper` over this.
    fn lay(&mut self, upper: Self) {
        for path in upper.values.keys() {
            let list = format!("{path}[");
            self.places.retain(|known, _| !known.starts_with(&list));
        }
        self.values.extend(upper.values);
        self.places.extend(upper.places);
    }

    /// The entries as nested tables.
    pub(super) fn dict(&self) -> Dict {
        let mut top = Dict::new();
        for (path, value) in &self.values {
            nest(&mut top, path, value.clone());
        }
        top
    }

    /// Where `key`, or the nearest thing around it, stands.
    fn place(&self, key: &str) -> Option<String> {
        let mut key = key;
        loop {
            if let Some(place) = self.places.get(key) {
                return Some(place.clone());
            }
            key = key.get(..key.rfind(['.', '['])?)?;
        }
    }

    /// A value of the wrong type, as an error of ours.
    pub(super) fn explain(&self, error: figment::Error) -> ConfigError {
        let problems = error.into_iter().map(|error| {
            let key = error.path.iter().fold(String::new(), |path, part| {
                if part.parse::<usize>().is_ok() { format!("{path}[{part}]") } else { join(&path, part) }
            });
            // figment repeats the value that it found; a secret must not be repeated.
            let custom = matches!(error.kind, figment::error::Kind::Message(_));
            let message = if SECRETS.contains(&key.as_str()) && !custom {
                String::from("expected a text")
            } else {
                error.kind.to_string()
            };
            Problem { place: self.place(&key), key, message }
        });
        ConfigError { problems: problems.collect() }
    }

    /// Adds to each problem where its key stands.
    pub(super) fn locate(&self, mut error: ConfigError) -> ConfigError {
        for problem in &mut error.problems {
            problem.place = self.place(&problem.key);
        }
        error
    }
}

fn nest(dict: &mut Dict, path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        dict.insert(path.to_owned(), value);
        return;
    };
    let inner = dict.entry(first.to_owned()).or_insert_with(|| Value::from(Dict::new()));
    if let Value::Dict(_, inner) = inner {
        nest(inner, rest, value);
    }
}

/// The error for a name that is no key.
pub(super) fn unknown(keys: &Keys, name: &str, place: String) -> ConfigError {
    let near = keys.nearest(name);
    let message = if keys.is_section(name) {
        String::from("is a topic: expected a table of keys")
    } else if place.starts_with("environment") {
        let variable = near.replace('.', "__").replace('-', "_").to_uppercase();
        format!("is not a key; did you mean `{PREFIX}{variable}`?")
    } else {
        format!("is not a key; did you mean `{near}`?")
    };
    ConfigError::one(name, Some(place), message)
}

/// `text` read in the shape of the key's value.
fn shaped(keys: &Keys, path: &str, text: &str, place: &str) -> Result<Value, ConfigError> {
    let wrong = |message: String| ConfigError::one(path, Some(place.to_owned()), message);
    match keys.shape(path) {
        Some(Value::Bool(..)) => match text {
            "true" => Ok(Value::from(true)),
            "false" => Ok(Value::from(false)),
            _ => Err(wrong(format!("expected true or false, not `{text}`"))),
        },
        Some(Value::Num(_, Num::F32(_) | Num::F64(_))) => text
            .parse::<f64>()
            .map(Value::from)
            .map_err(|_| wrong(format!("expected a number, not `{text}`"))),
        Some(Value::Num(..)) => {
            let message = || wrong(format!("expected a whole number, not `{text}`"));
            text.parse::<i64>().map(Value::from).map_err(|_| message())
        }
        Some(Value::Array(..)) => list(text).map_err(wrong),
        _ => Ok(Value::from(text)),
    }
}

/// A list written as TOML in one line, such as `[{ kind = "user", name = "title" }]`.
fn list(text: &str) -> Result<Value, String> {
    let parsed: Dict = toml::from_str(&format!("list = {text}"))
        .map_err(|error| format!("expected a list in TOML notation: {}", error.message()))?;
    parsed.into_values().next().ok_or_else(|| String::from("expected a list in TOML notation"))
}

/// The secret in the file that `given` names, without the newline at its end.
fn secret_file(name: &str, given: &Given<'_>, place: &str) -> Result<String, ConfigError> {
    let wrong = |message: String| ConfigError::one(name, Some(place.to_owned()), message);
    let path = match given {
        Given::Text(text) => Some(*text),
        Given::Value(value) => value.as_str(),
    };
    let path = Path::new(path.ok_or_else(|| wrong(String::from("expected the path of a file")))?);
    let cannot = |error| wrong(format!("cannot read {}: {error}", path.display()));
    let mut text = String::new();
    let mut file = std::fs::File::open(path).map_err(cannot)?.take(SECRET_FILE_BYTES + 1);
    let length = file.read_to_string(&mut text).map_err(cannot)?;
    if u64::try_from(length).unwrap_or(u64::MAX) > SECRET_FILE_BYTES {
        return Err(wrong(format!("{} is longer than {SECRET_FILE_BYTES} bytes", path.display())));
    }
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        return Err(wrong(format!("{} is empty", path.display())));
    }
    Ok(secret.to_owned())
}
