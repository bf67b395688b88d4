//! Values of the configuration that nobody may read by accident.
//!
//! Debug, Display and serialization of these types print a mask; the clear text leaves only through a
//! method that says so in its name. Must not be turned into a plain `String` anywhere but at the place of use.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

/// What stands in the place of a secret in every output.
pub const MASK: &str = "********";

/// A secret text, wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The clear text: never to be logged, formatted into an error or put into an answer.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.contains(MASK) {
            return Err(de::Error::custom("holds the mask printed by `config show`, not the secret itself"));
        }
        Ok(Self::new(text))
    }
}

/// Where the data lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A file of the embedded database.
    Sqlite(PathBuf),
    /// A server that speaks the protocol of `PostgreSQL`; the URL may carry a password.
    Postgres(DatabaseUrl),
}

/// The address of a database: `sqlite://PATH`, `postgres://…` or `postgresql://…`. Its password is masked in
/// every output.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Secret);

impl DatabaseUrl {
    /// Reads an address; the error says what is wrong without repeating it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains(MASK) {
            return Err("holds the mask printed by `config show`, not the password itself");
        }
        let (scheme, rest) =
            text.split_once("://").ok_or("expected sqlite://PATH or postgres://HOST/NAME")?;
        match scheme {
            "sqlite" if rest.is_empty() => Err("names no file after sqlite://"),
            "sqlite" if rest.contains('?') => Err("takes no options after a sqlite path"),
            "postgres" | "postgresql" if rest.is_empty() => Err("names no server after postgres://"),
            "sqlite" | "postgres" | "postgresql" => Ok(Self(Secret::new(text))),
            _ => Err("expected sqlite://PATH or postgres://HOST/NAME"),
        }
    }

    /// The address with its password, for the driver alone.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Which database this addresses.
    pub fn database(&self) -> Database {
        match self.expose().strip_prefix("sqlite://") {
            Some(path) => Database::Sqlite(PathBuf::from(path)),
            None => Database::Postgres(self.clone()),
        }
    }

    /// The address as it may be shown: no password in the authority, none among the options.
    fn masked(&self) -> String {
        let text = self.expose();
        let Some((scheme, rest)) = text.split_once("://") else { return MASK.to_owned() };
        if scheme == "sqlite" {
            return text.to_owned();
        }
        let (address, options) = rest.split_once('?').unwrap_or((rest, ""));
        // The last @ ends the user part: an unencoded one inside a password must not let its tail through.
        let address = match address.rsplit_once('@') {
            Some((login, host)) => match login.split_once(':') {
                Some((user, _)) => format!("{user}:{MASK}@{host}"),
                None => format!("{login}@{host}"),
            },
            None => address.to_owned(),
        };
        if options.is_empty() {
            return format!("{scheme}://{address}");
        }
        let options: Vec<String> = options.split('&').map(masked_option).collect();
        format!("{scheme}://{address}?{}", options.join("&"))
    }
}

/// One option of an address, its value masked when its name speaks of a password or a key.
fn masked_option(option: &str) -> String {
    let name = option.split('=').next().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    // An option with an @ may be the tail of a password that held an unencoded question mark.
    let tells = lower.contains("pass") || lower.contains("key") || option.contains('@');
    if tells { format!("{}={MASK}", if option.contains('@') { "" } else { name }) } else { option.to_owned() }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_a_mask_everywhere() {
        let secret = Secret::new("canary-1");
        let printed = format!("{secret} {secret:?} {}", serde_json::to_string(&secret).unwrap());
        assert!(!printed.contains("canary"), "{printed}");
        assert_eq!(secret.expose(), "canary-1");
    }

    #[test]
    fn the_password_of_a_database_address_is_masked_wherever_it_stands() {
        for text in [
            "postgres://anna:canary@db/valtuus",
            "postgres://anna:can@ary@db/valtuus",
            "postgres://anna:canary@db/valtuus?sslmode=require",
            "postgres://db/valtuus?user=anna&password=canary",
            "postgres://db/valtuus?sslkey=canary",
            "postgres://anna:what?canary@db/valtuus",
        ] {
            let url = DatabaseUrl::parse(text).unwrap();
            let printed = format!("{url} {url:?} {}", serde_json::to_string(&url).unwrap());
            assert!(!printed.contains("canary") && !printed.contains("ary@"), "{printed}");
            assert!(printed.contains(MASK), "{printed}");
            assert_eq!(url.expose(), text);
        }
    }

    #[test]
    fn an_address_without_a_password_is_shown_whole() {
        for text in ["postgres://anna@db:5432/valtuus?sslmode=require", "sqlite:///var/lib/valtuus/v.db"] {
            assert_eq!(DatabaseUrl::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_address_tells_its_database() {
        let sqlite = DatabaseUrl::parse("sqlite://data/v.db").unwrap();
        assert_eq!(sqlite.database(), Database::Sqlite(PathBuf::from("data/v.db")));
        let postgres = DatabaseUrl::parse("postgresql://db/v").unwrap();
        assert_eq!(postgres.database(), Database::Postgres(postgres.clone()));
    }

    #[test]
    fn a_strange_address_is_refused_without_being_repeated() {
        for text in ["mysql://canary", "canary", "sqlite://", "postgres://", "sqlite://a?mode=ro"] {
            assert!(!DatabaseUrl::parse(text).unwrap_err().contains("canary"));
        }
    }
}
