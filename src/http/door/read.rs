//! Bodies of the JSON interface: strict JSON of known fields, or the forms of the properties. Every refusal names the
//! field and never its value.

use std::collections::BTreeMap;

use futures_util::stream::once;

use crate::http::door::said::{EMPTY, MEDIA_TYPE, Said};
use crate::json::tree::{self, Limits, Node};

/// How many parts of a multipart body are read in search of its one file; how large a body is, is bounded before.
const MOST_PARTS: usize = 100;

/// The fields of an object, each name once.
pub(super) type Fields = Vec<(String, Node)>;

/// The members of a JSON object. What is repeated is refused: of two readers one would believe the first.
fn members(body: &[u8]) -> Result<Fields, Said> {
    let limits = Limits { bytes: body.len(), ..Limits::default() };
    // The reader's own words would repeat names, which a client may have mistaken for values.
    let invalid = |_| Said::bad("Body is not valid JSON, repeats a field, or is too large a structure");
    match tree::read(body, &limits).map_err(invalid)? {
        Node::Object(fields) => Ok(fields),
        _ => Err(Said::bad("Body must be a JSON object")),
    }
}

/// A JSON object whose fields are among `known`.
pub(super) fn object(body: &[u8], known: &[&str]) -> Result<Fields, Said> {
    if body.is_empty() {
        return Err(EMPTY);
    }
    let fields = members(body)?;
    match fields.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some(_) => Err(Said::bad(format!("Body may hold only {}", known.join(", ")))),
        None => Ok(fields),
    }
}

fn take(fields: &mut Fields, name: &str) -> Option<Node> {
    let place = fields.iter().position(|(known, _)| known == name)?;
    Some(fields.swap_remove(place).1)
}

/// A field that must be a text and not empty.
pub(super) fn text(fields: &mut Fields, name: &'static str) -> Result<String, Said> {
    match optional(fields, name)? {
        Some(text) => Ok(text),
        None => Err(Said::bad(format!("{name}: mandatory and must be a text"))),
    }
}

/// A field that may be absent, and else is a text and not empty.
pub(super) fn optional(fields: &mut Fields, name: &'static str) -> Result<Option<String>, Said> {
    match take(fields, name) {
        None => Ok(None),
        Some(Node::Text(text)) if !text.is_empty() && !text.chars().any(char::is_control) => Ok(Some(text)),
        Some(_) => Err(Said::bad(format!("{name}: expected a text"))),
    }
}

/// Functions of a contract, as far as they are given.
pub(super) fn functions(fields: &mut Fields) -> Result<Option<Vec<i64>>, Said> {
    const EXPECTED: &str = "functions: expected a list of numbers from 29 to 143";
    let number = |node: &Node| match node {
        Node::Number(number) => number.as_i64(),
        _ => None,
    };
    match take(fields, "functions") {
        None => Ok(None),
        Some(Node::List(numbers)) => {
            let numbers: Option<Vec<i64>> = numbers.iter().map(number).collect();
            numbers.map(Some).ok_or_else(|| Said::bad(EXPECTED))
        }
        Some(_) => Err(Said::bad(EXPECTED)),
    }
}

/// Texts by name out of a body of any of the three forms.
pub(super) async fn properties(content_type: &str, body: Vec<u8>) -> Result<BTreeMap<String, String>, Said> {
    if body.is_empty() {
        return Err(EMPTY);
    }
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "" | "application/json" => of_json(&body),
        "application/octet-stream" | "text/plain" => of_lines(&body),
        "multipart/form-data" => of_lines(&file(content_type, body).await?),
        _ => Err(MEDIA_TYPE),
    }
}

fn of_json(body: &[u8]) -> Result<BTreeMap<String, String>, Said> {
    let field = |(name, value): (String, Node)| match value {
        Node::Text(text) => Ok((name, text)),
        _ => Err(Said::bad("Properties are texts")),
    };
    members(body)?.into_iter().map(field).collect()
}

fn of_lines(body: &[u8]) -> Result<BTreeMap<String, String>, Said> {
    let read = java_properties::read(body).map_err(|_| Said::bad("Body is not a properties file"))?;
    if read.is_empty() {
        return Err(EMPTY);
    }
    Ok(read.into_iter().collect())
}

/// The only file of a multipart body.
async fn file(content_type: &str, body: Vec<u8>) -> Result<Vec<u8>, Said> {
    let broken = |_| Said::bad("Body is not valid multipart/form-data");
    let boundary = multer::parse_boundary(content_type).map_err(broken)?;
    let body = once(async move { Ok::<_, std::io::Error>(body) });
    let mut parts = multer::Multipart::new(body, boundary);
    let (mut found, mut seen) = (None, 0_usize);
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        seen += 1;
        let is_file = part.file_name().is_some();
        let bytes = part.bytes().await.map_err(broken)?;
        if seen > MOST_PARTS || (is_file && found.is_some()) {
            return Err(Said::bad("Expected one file"));
        }
        if is_file {
            found = Some(bytes.to_vec());
        }
    }
    match found {
        Some(bytes) if !bytes.is_empty() => Ok(bytes),
        Some(_) => Err(EMPTY),
        None => Err(Said::bad("Expected one file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(content_type: &str, body: &str) -> Result<Vec<(String, String)>, String> {
        let read = properties(content_type, body.as_bytes().to_vec()).await;
        read.map(|read| read.into_iter().collect()).map_err(|said| said.text.into_owned())
    }

    #[tokio::test]
    async fn properties_come_in_three_forms() {
        let expected =
            vec![("mqttTopic".to_owned(), "a/b".to_owned()), ("network".to_owned(), "test net".to_owned())];
        let lines = "# a comment\nnetwork=test net\nmqttTopic : a/b\n\n";
        let multipart = format!(
            "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.properties\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{lines}\r\n--X--\r\n"
        );
        for (content_type, body) in [
            ("application/json", r#"{"network":"test net","mqttTopic":"a/b"}"#),
            ("", r#"{"network":"test net","mqttTopic":"a/b"}"#),
            ("application/octet-stream", lines),
            ("multipart/form-data; boundary=X", &multipart),
        ] {
            assert_eq!(read(content_type, body).await.unwrap(), expected, "{content_type}");
        }
    }

    #[tokio::test]
    async fn what_is_no_properties_is_refused() {
        for (content_type, body, words) in [
            ("application/json", "", "can't be empty"),
            ("application/json", "[1]", "JSON object"),
            ("application/json", "{", "valid JSON"),
            ("application/json", r#"{"network":"a","network":"a"}"#, "repeats"),
            ("application/json", r#"{"network":1}"#, "texts"),
            ("application/octet-stream", "# nothing\n", "can't be empty"),
            ("application/octet-stream", "a=\\uZZZZ", "properties file"),
            ("multipart/form-data", "x", "multipart"),
            ("multipart/form-data; boundary=X", "nonsense", "multipart"),
            ("multipart/form-data; boundary=X", "--X--\r\n", "one file"),
            ("text/html", "x", "Expected application/json"),
        ] {
            let said = read(content_type, body).await.unwrap_err();
            assert!(said.contains(words), "{content_type} {body:?}: {said}");
        }
    }

    #[test]
    fn fields_that_are_not_known_or_of_another_shape_are_refused() {
        let known = ["provider", "functions"];
        for body in ["[]", "{", "1", r#"{"other":1}"#, r#"{"provider":"a","provider":"a"}"#, "\u{0}"] {
            assert!(object(body.as_bytes(), &known).is_err(), "{body}");
        }
        let mut fields = object(br#"{"provider":1,"functions":[1,"a"]}"#, &known).unwrap();
        assert!(text(&mut fields, "provider").is_err() && functions(&mut fields).is_err());
        assert!(text(&mut fields, "provider").is_err(), "it is absent now");
        let mut fields = object(br#"{"functions":"34"}"#, &known).unwrap();
        assert!(functions(&mut fields).is_err());
        assert_eq!(functions(&mut Fields::new()), Ok(None));
        let mut fields = object(br#"{"functions":[34,99999999999999999999]}"#, &known).unwrap();
        assert!(functions(&mut fields).is_err());
    }
}
