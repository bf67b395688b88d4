//! Reading JSON without room for two meanings: a name that stands twice in an object is refused, because whoever reads
//! the document later may take the other one.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep objects and arrays may stand in each other.
const DEPTH: usize = 32;

/// Reads one document. The error says where, and repeats nothing of the text.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Level(0).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| {
        let reason = match error.classify() {
            // Ours: they repeat nothing.
            serde_json::error::Category::Data => error.to_string(),
            _ => format!("not well-formed at line {} column {}", error.line(), error.column()),
        };
        format!("expected a JSON object: {reason}")
    })
}

/// A value, so many objects and arrays deep.
#[derive(Clone, Copy)]
struct Level(usize);

impl Level {
    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.0 < DEPTH { Ok(Self(self.0 + 1)) } else { Err(E::custom("nested too deep")) }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("a number beyond all bounds"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let (level, mut values) = (self.below()?, Vec::new());
        while let Some(value) = list.next_element_seed(level)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let (level, mut held) = (self.below()?, Map::new());
        while let Some(name) = map.next_key::<String>()? {
            if held.contains_key(&name) {
                return Err(A::Error::custom("a name stands twice in an object"));
            }
            held.insert(name, map.next_value_seed(level)?);
        }
        Ok(Value::Object(held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_the_common_reader_reads() {
        let text = r#"{"a":[1,-2,0.5,true,null,"é\n"],"b":{"c":{}},"d":18446744073709551615}"#;
        assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn a_second_meaning_is_refused_and_nothing_is_repeated() {
        for (text, words) in [
            (r#"{"secret":1,"secret":2}"#, "twice"),
            (r#"[{"a":{"secret":1,"secret":1}}]"#, "twice"),
            (r#"{"a":secret}"#, "line 1 column"),
            (r#"{"a":1} {"secret":1}"#, "line 1 column"),
            ("", "line 1 column 0"),
            (r#"{"a":1e999}"#, "line 1"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(words) && !error.contains("secret"), "{text}: {error}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(32)).is_ok());
        assert!(read(&nested(33)).unwrap_err().contains("too deep"));
        assert!(read(&nested(100_000)).is_err());
    }
}
