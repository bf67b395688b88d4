//! The configuration file: TOML text into entries that remember their lines.
//!
//! Knows nothing of which keys exist, except which paths are topics; `layers` judges the names.

use std::path::Path;

use figment::value::{Dict, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::keys::{Keys, join, kebab};

/// One key of the file as written, in kebab-case.
pub(super) struct Written {
    /// The full path.
    pub(super) path: String,
    /// Its value.
    pub(super) value: Value,
    /// Where it stands.
    pub(super) place: String,
    /// Where the parts of a list stand: full path, such as `attributes[1].name`, and place.
    pub(super) parts: Vec<(String, String)>,
}

/// A walk over the parsed file.
struct Walk<'a> {
    keys: &'a Keys,
    text: &'a str,
    file: String,
    found: Vec<Written>,
}

/// Reads `file`. Errors carry the line, never the text of the line, which may hold a secret.
pub(super) fn read(file: &Path, keys: &Keys) -> Result<Vec<Written>, ConfigError> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| ConfigError::one("config", None, format!("cannot read {name}: {error}")))?;
    let mut walk = Walk { keys, text: &text, file: name, found: Vec::new() };
    let table = DeTable::parse(&text).map_err(|error| {
        let place = walk.place(error.span().map_or(0, |span| span.start));
        ConfigError::one("", Some(place), error.message())
    })?;
    walk.table("", table.get_ref())?;
    Ok(walk.found)
}

impl Walk<'_> {
    fn place(&self, offset: usize) -> String {
        let before = self.text.as_bytes().iter().take(offset);
        let line = before.filter(|byte| **byte == b'\n').count().saturating_add(1);
        format!("line {line} of {}", self.file)
    }

    fn table(&mut self, prefix: &str, table: &DeTable<'_>) -> Result<(), ConfigError> {
        for (name, value) in table {
            let path = join(prefix, &kebab(name.get_ref()));
            let place = self.place(name.span().start);
            match value.get_ref() {
                DeValue::Table(inner) if self.keys.shape(&path).is_none() => {
                    if !self.keys.is_section(&path) {
                        return Err(super::layers::unknown(self.keys, &path, place));
                    }
                    self.table(&path, inner)?;
                }
                other => {
                    let mut parts = Vec::new();
                    let value = self.value(&path, other, &place, &mut parts)?;
                    self.found.push(Written { path, value, place, parts });
                }
            }
        }
        Ok(())
    }

    fn value(
        &self,
        path: &str,
        value: &DeValue<'_>,
        place: &str,
        parts: &mut Vec<(String, String)>,
    ) -> Result<Value, ConfigError> {
        Ok(match value {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(truth) => Value::from(*truth),
            DeValue::Integer(digits) => {
                let number = i64::from_str_radix(digits.as_str(), digits.radix());
                let too_large =
                    || ConfigError::one(path, Some(place.to_owned()), "the number is out of range");
                Value::from(number.map_err(|_| too_large())?)
            }
            DeValue::Float(digits) => Value::from(digits.as_str().parse::<f64>().unwrap_or(f64::NAN)),
            DeValue::Datetime(instant) => Value::from(instant.to_string()),
            DeValue::Array(items) => Value::from(self.items(path, items.iter(), parts)?),
            DeValue::Table(table) => Value::from(self.dict(path, table, parts)?),
        })
    }

    fn items<'d>(
        &self,
        path: &str,
        items: impl Iterator<Item = &'d Spanned<DeValue<'d>>>,
        parts: &mut Vec<(String, String)>,
    ) -> Result<Vec<Value>, ConfigError> {
        let mut values = Vec::new();
        for (index, item) in items.enumerate() {
            let path = format!("{path}[{index}]");
            let place = self.place(item.span().start);
            parts.push((path.clone(), place.clone()));
            values.push(self.value(&path, item.get_ref(), &place, parts)?);
        }
        Ok(values)
    }

    fn dict(
        &self,
        path: &str,
        table: &DeTable<'_>,
        parts: &mut Vec<(String, String)>,
    ) -> Result<Dict, ConfigError> {
        let mut dict = Dict::new();
        for (name, value) in table {
            let name_here = kebab(name.get_ref());
            let path = join(path, &name_here);
            let place = self.place(name.span().start);
            parts.push((path.clone(), place.clone()));
            let value = self.value(&path, value.get_ref(), &place, parts)?;
            if dict.insert(name_here, value).is_some() {
                return Err(ConfigError::one(&path, Some(place), "is given twice"));
            }
        }
        Ok(dict)
    }
}
