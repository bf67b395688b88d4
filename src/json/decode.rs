//! The strict reader of bodies: `{"attributes":{"email":["…"]}}`, with `type` where a client wants it checked.
//!
//! Refused: members that are not known, members that stand twice, values that are not lists of texts or references,
//! anything over a limit, invalid UTF-8, and bytes behind the document. No message repeats a value.

use crate::json::tree::{self, JsonError, Limits, Node, shown};

/// A body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// `type`: the root element that the entity has in XML.
    pub root: Option<String>,
    /// `id`.
    pub id: Option<String>,
    /// Each attribute once, with its values; a reference is its id.
    pub attributes: Vec<(String, Vec<String>)>,
    /// `entities`: the entities of a list, which has no attributes itself.
    pub entities: Option<Vec<Document>>,
}

/// Reads one document.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Document, JsonError> {
    document(tree::read(bytes, limits)?)
}

fn document(node: Node) -> Result<Document, JsonError> {
    let document = one(node)?;
    if document.entities.iter().flatten().any(|entity| entity.entities.is_some()) {
        return Err(JsonError::whole("entities: the entities of a list hold no list"));
    }
    Ok(document)
}

fn one(node: Node) -> Result<Document, JsonError> {
    let Node::Object(members) = node else {
        return Err(JsonError::whole(format!("expected an object, not {}", node.what())));
    };
    let mut document = Document::default();
    let mut found = false;
    for (name, member) in members {
        match (name.as_str(), member) {
            ("type", Node::Text(text)) => document.root = Some(text),
            ("id", Node::Text(text)) => document.id = Some(text),
            // What an answer says of its request may stand in a body as it may in XML, and means nothing there.
            ("inResponseTo" | "method" | "entityType", Node::Text(_)) => {}
            ("attributes", Node::Object(members)) => {
                found = true;
                for (name, values) in members {
                    let values = values_of(&name, values)?;
                    document.attributes.push((name, values));
                }
            }
            ("entities", Node::List(nodes)) => {
                document.entities = Some(nodes.into_iter().map(one).collect::<Result<_, _>>()?);
            }
            ("entities", other) => {
                return Err(JsonError::whole(format!("entities: expected a list, not {}", other.what())));
            }
            ("attributes", other) => {
                return Err(JsonError::whole(format!(
                    "attributes: expected an object, not {}",
                    other.what()
                )));
            }
            ("type" | "id" | "inResponseTo" | "method" | "entityType", other) => {
                return Err(JsonError::whole(format!("{name}: expected a text, not {}", other.what())));
            }
            _ => return Err(JsonError::whole(format!("{}: no such member", shown(&name)))),
        }
    }
    match (found, document.entities.is_some()) {
        (true, true) => Err(JsonError::whole("expected either attributes or entities")),
        (false, false) => Err(JsonError::whole("attributes: the member is missing")),
        (true, false) | (false, true) => Ok(document),
    }
}

fn values_of(name: &str, node: Node) -> Result<Vec<String>, JsonError> {
    let Node::List(values) = node else {
        let what = node.what();
        return Err(JsonError::whole(format!("{}: expected a list of texts, not {what}", shown(name))));
    };
    let wrong = |what: &str| {
        JsonError::whole(format!("{}: expected texts or references in the list, not {what}", shown(name)))
    };
    let one = |value| match value {
        Node::Text(text) => Ok(text),
        Node::Object(members) => reference(members).ok_or_else(|| wrong("such an object")),
        other => Err(wrong(other.what())),
    };
    values.into_iter().map(one).collect()
}

/// The id of a reference as answers hold it: `type` and `id`, nothing else.
fn reference(members: Vec<(String, Node)>) -> Option<String> {
    let mut id = None;
    for (name, member) in members {
        match (name.as_str(), member) {
            ("id", Node::Text(text)) => id = Some(text),
            ("type", Node::Text(_)) => {}
            _ => return None,
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::{Document, decode};
    use crate::json::Limits;

    fn refusal(text: &str) -> String {
        decode(text.as_bytes(), &Limits::default()).expect_err(text).to_string()
    }

    #[test]
    fn texts_and_references_are_read_in_order() {
        let text = r#"{"type":"User","id":"1","method":"GET","inResponseTo":"/","attributes":
            {"b":["1","\u00e4\ud83d\ude00"],"a":[],"o":[{"type":"organization","id":"7"}]}}"#;
        let attributes = [("b", vec!["1", "ä😀"]), ("a", vec![]), ("o", vec!["7"])];
        let owned = |(name, values): &(&str, Vec<&str>)| {
            ((*name).to_owned(), values.iter().map(|value| (*value).to_owned()).collect())
        };
        let expected = Document {
            root: Some("User".to_owned()),
            id: Some("1".to_owned()),
            attributes: attributes.iter().map(owned).collect(),
            entities: None,
        };
        assert_eq!(decode(text.as_bytes(), &Limits::default()), Ok(expected));
    }

    #[test]
    fn what_is_not_such_a_document_is_refused_by_name() {
        for (text, words) in [
            ("", "EOF"),
            ("null", "expected an object, not null"),
            ("[]", "expected an object, not a list"),
            ("{}", "attributes: the member is missing"),
            (r#"{"attributes":[]}"#, "attributes: expected an object, not a list"),
            (r#"{"attributes":{}} x"#, "trailing"),
            (r#"{"attributes":{},"colour":1}"#, "colour: no such member"),
            (r#"{"attributes":{},"entities":[]}"#, "expected either attributes or entities"),
            (r#"{"entities":{}}"#, "entities: expected a list, not an object"),
            (r#"{"entities":[{"entities":[]}]}"#, "the entities of a list hold no list"),
            (r#"{"entities":[{}]}"#, "attributes: the member is missing"),
            (r#"{"attributes":{},"type":1}"#, "type: expected a text, not a number"),
            (r#"{"attributes":{},"attributes":{}}"#, "attributes: the member stands twice"),
            (r#"{"attributes":{"a":["1"],"\u0061":["1"]}}"#, "a: the member stands twice"),
            (r#"{"attributes":{"login":"anna"}}"#, "login: expected a list of texts, not a text"),
            (
                r#"{"attributes":{"virtual":[1]}}"#,
                "virtual: expected texts or references in the list, not a num",
            ),
            (r#"{"attributes":{"virtual":[true]}}"#, "not a Boolean"),
            (r#"{"attributes":{"a":[null]}}"#, "not null"),
            (r#"{"attributes":{"a":[1e999]}}"#, "number"),
            (r#"{"attributes":{"a":[["x"]]}}"#, "not a list"),
            (r#"{"attributes":{"a":[{"id":"1","attributes":{}}]}}"#, "not such an object"),
            (r#"{"attributes":{"a":[{"type":"user"}]}}"#, "not such an object"),
            (r#"{"attributes":{"a":["\ud800"]}}"#, "line 1"),
            ("{\"attributes\":\n{\"a\":[\"\u{1}\"]}}", "line 2"),
            (r#"{"attributes":{"a":["x"],}}"#, "line 1"),
            ("\u{FEFF}{}", "line 1"),
            ("{'attributes':{}}", "line 1"),
        ] {
            let refusal = refusal(text);
            assert!(refusal.contains(words), "{text}: {refusal}");
        }
        let bytes = b"{\"attributes\":{\"a\":[\"\xFF\"]}}";
        assert!(decode(bytes, &Limits::default()).is_err());
    }

    #[test]
    fn the_entities_of_a_list_are_read_in_order() {
        let text =
            r#"{"type":"Actions","entities":[{"attributes":{"a":["1"]}},{"type":"Action","attributes":{}}]}"#;
        let read = decode(text.as_bytes(), &Limits::default()).unwrap();
        let entities = read.entities.unwrap();
        assert_eq!(entities[0].attributes, [("a".to_owned(), vec!["1".to_owned()])]);
        assert_eq!((entities.len(), entities[1].root.as_deref()), (2, Some("Action")));
    }

    #[test]
    fn no_message_repeats_a_value() {
        for text in [
            r#"{"attributes":{"pwd":"hunter2"}}"#,
            r#"{"attributes":{"pwd":["hunter2]}}"#,
            r#"{"attributes":{"pwd":["hunter2" "x"]}}"#,
            r#"{"attributes":{"pwd":[{"id":"hunter2","x":"hunter2"}]}}"#,
            r#"{"type":["hunter2"],"attributes":{}}"#,
            r#""hunter2""#,
            r#"{"attributes":{}}hunter2"#,
            r#"{"attributes":{"pwd":[hunter2]}}"#,
        ] {
            assert!(!refusal(text).contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn each_limit_is_a_size_limit_and_its_edge_is_allowed() {
        let limits = Limits { bytes: 60, depth: 3, members: 2, value_bytes: 10 };
        let edge = r#"{"attributes":{"a":["0123456789","x"],"b":[]}}"#;
        assert!(decode(edge.as_bytes(), &limits).is_ok());
        for text in [
            format!("{edge}{}", " ".repeat(60)),
            edge.replace("0123456789", "0123456789x"),
            edge.replace("\"x\"", "\"x\",\"y\""),
            edge.replace("[]", "[],\"c\":[]"),
            edge.replace("\"x\"", "{}"),
            edge.replace("\"a\"", "\"aaaaaaaaaaa\""),
        ] {
            let error = decode(text.as_bytes(), &limits).unwrap_err();
            assert!(error.is_size_limit(), "{text}: {error}");
        }
    }

    #[test]
    fn nesting_without_end_is_refused_at_once() {
        for open in ["[", "{\"a\":"] {
            let text = open.repeat(200_000);
            assert!(decode(text.as_bytes(), &Limits { depth: usize::MAX, ..Limits::default() }).is_err());
        }
    }
}
