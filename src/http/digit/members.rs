//! Objects of a body, read member by member: each is taken out under its name, and what nobody took is refused, so that
//! nothing is lost without a word. Messages name the place, never a value.

use crate::http::params::shortened;
use crate::json::Node;
use crate::model::Error;
use crate::xml::chars::is_xml_text;

/// An object that is being read, and where it stands.
#[derive(Debug)]
pub struct Members {
    place: String,
    members: Vec<(String, Node)>,
}

impl Members {
    /// The object at this place; empty is the document itself. Error 1 when it is none.
    pub fn of(place: String, node: Node) -> Result<Self, Error> {
        match node {
            Node::Object(members) => Ok(Self { place, members }),
            other => {
                let place = if place.is_empty() { "document".to_owned() } else { place };
                Err(Error::invalid(place, format!("expected an object, not {}", other.what())))
            }
        }
    }

    /// Where a member stands.
    pub fn path(&self, name: &str) -> String {
        let name = shortened(name);
        if self.place.is_empty() { name } else { format!("{}.{name}", self.place) }
    }

    /// Where this object stands.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Takes the member of one of these names out; `null` is none. Error 1 when it stands there under two of them.
    pub fn take(&mut self, names: &[&str]) -> Result<Option<Node>, Error> {
        let mut found = None;
        for name in names {
            let Some(at) = self.members.iter().position(|(known, _)| known == name) else { continue };
            let (_, node) = self.members.remove(at);
            if found.is_some() {
                return Err(Error::invalid(self.path(name), "the same stands there under another name"));
            }
            found = Some(node);
        }
        Ok(found.filter(|node| *node != Node::Null))
    }

    /// Takes a text out; a number is taken as its digits.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        self.text_of(&[name])
    }

    /// Takes a text out that stands under one of these names.
    pub fn text_of(&mut self, names: &[&str]) -> Result<Option<String>, Error> {
        let place = self.path(names.first().copied().unwrap_or_default());
        match self.take(names)? {
            None => Ok(None),
            Some(node) => plain(&place, node).map(Some),
        }
    }

    /// Takes a text out that must be there and hold something.
    pub fn needed(&mut self, name: &str) -> Result<String, Error> {
        match self.text(name)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(Error::invalid(self.path(name), "mandatory and must not be empty")),
        }
    }

    /// Takes a Boolean out.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, Error> {
        match self.take(&[name])? {
            None => Ok(None),
            Some(Node::Bool(flag)) => Ok(Some(flag)),
            Some(other) => {
                Err(Error::invalid(self.path(name), format!("expected true or false, not {}", other.what())))
            }
        }
    }

    /// Takes an object out.
    pub fn object(&mut self, names: &[&str]) -> Result<Option<Self>, Error> {
        let place = self.path(names.first().copied().unwrap_or_default());
        self.take(names)?.map(|node| Self::of(place, node)).transpose()
    }

    /// Takes an object out that must be there.
    pub fn needed_object(&mut self, name: &str) -> Result<Self, Error> {
        self.object(&[name])?.ok_or_else(|| Error::invalid(self.path(name), "mandatory"))
    }

    /// Takes a list out, each item with its place. Error 1 when it is empty.
    pub fn list(&mut self, name: &str) -> Result<Option<Vec<(String, Node)>>, Error> {
        let place = self.path(name);
        match self.take(&[name])? {
            None => Ok(None),
            Some(Node::List(items)) if items.is_empty() => {
                Err(Error::invalid(place, "expected at least one item"))
            }
            Some(Node::List(items)) => {
                let placed = items.into_iter().enumerate();
                Ok(Some(placed.map(|(at, item)| (format!("{place}[{at}]"), item)).collect()))
            }
            Some(other) => Err(Error::invalid(place, format!("expected a list, not {}", other.what()))),
        }
    }

    /// Takes a list of objects out that must be there.
    pub fn objects(&mut self, name: &str) -> Result<Vec<Self>, Error> {
        let items = self.list(name)?.ok_or_else(|| Error::invalid(self.path(name), "mandatory"))?;
        items.into_iter().map(|(place, item)| Self::of(place, item)).collect()
    }

    /// Takes a list of texts out, none of them empty.
    pub fn texts(&mut self, name: &str) -> Result<Option<Vec<String>>, Error> {
        let Some(items) = self.list(name)? else { return Ok(None) };
        let one = |(place, item): (String, Node)| match plain(&place, item)? {
            text if text.is_empty() => Err(Error::invalid(place, "must not be empty")),
            text => Ok(text),
        };
        items.into_iter().map(one).collect::<Result<Vec<String>, Error>>().map(Some)
    }

    /// Takes a list of texts out that must be there.
    pub fn needed_texts(&mut self, name: &str) -> Result<Vec<String>, Error> {
        self.texts(name)?.ok_or_else(|| Error::invalid(self.path(name), "mandatory"))
    }

    /// Error 1 naming a member that nobody took.
    pub fn finish(self) -> Result<(), Error> {
        match self.members.first() {
            None => Ok(()),
            Some((name, _)) => Err(Error::invalid(self.path(&readable(name)), "no such member")),
        }
    }

    /// Hands everything that is left to `add`, in an order that does not depend on how it was written.
    pub fn digest(&self, add: &mut dyn FnMut(&str)) {
        digest_members(&self.members, add);
    }
}

/// A name on one line.
fn readable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The text of a text or number.
pub fn plain(place: &str, node: Node) -> Result<String, Error> {
    match node {
        Node::Text(text) if is_xml_text(&text) => Ok(text),
        Node::Text(_) => Err(Error::invalid(place, "contains characters that XML cannot carry")),
        Node::Number(number) => Ok(number.to_string()),
        other => Err(Error::invalid(place, format!("expected a text, not {}", other.what()))),
    }
}

fn digest_members(members: &[(String, Node)], add: &mut dyn FnMut(&str)) {
    let mut sorted: Vec<&(String, Node)> = members.iter().filter(|(_, node)| *node != Node::Null).collect();
    sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
    add("{");
    for (name, node) in sorted {
        add(name);
        digest_node(node, add);
    }
    add("}");
}

fn digest_node(node: &Node, add: &mut dyn FnMut(&str)) {
    match node {
        Node::Null => add("null"),
        Node::Bool(flag) => add(if *flag { "true" } else { "false" }),
        Node::Number(number) => add(&number.to_string()),
        Node::Text(text) => {
            // A text that looks like something else is not the same.
            add("\"");
            add(text);
        }
        Node::List(items) => {
            add("[");
            for item in items {
                digest_node(item, add);
            }
            add("]");
        }
        Node::Object(members) => digest_members(members, add),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, tree};

    fn read(text: &str) -> Members {
        Members::of(String::new(), tree::read(text.as_bytes(), &Limits::default()).unwrap()).unwrap()
    }

    fn digested(text: &str) -> Vec<String> {
        let mut parts = Vec::new();
        read(text).digest(&mut |part: &str| parts.push(part.to_owned()));
        parts
    }

    #[test]
    fn every_refusal_names_its_place() {
        let refusal = |error: Error| error.to_string();
        let mut members =
            read(r#"{"a":[{"b":1}],"c":"x","C":"y","d":[],"e":true,"f":"","g":[""],"h":{"i":[1]}}"#);
        let mut inner = members.objects("a").unwrap();
        assert_eq!(inner[0].text("b"), Ok(Some("1".to_owned())));
        assert!(refusal(members.text_of(&["c", "C"]).unwrap_err()).starts_with("C: the same"));
        assert!(refusal(members.list("d").unwrap_err()).starts_with("d: expected at least one"));
        assert!(refusal(members.text("e").unwrap_err()).starts_with("e: expected a text, not a Boolean"));
        assert!(refusal(members.needed("f").unwrap_err()).starts_with("f: mandatory"));
        assert!(refusal(members.texts("g").unwrap_err()).starts_with("g[0]: must not be empty"));
        let h = members.needed_object("h").unwrap();
        assert!(refusal(h.finish().unwrap_err()).starts_with("h.i: no such member"));
        assert!(refusal(members.needed_object("z").unwrap_err()).starts_with("z: mandatory"));
        assert!(
            refusal(Members::of(String::new(), Node::Null).unwrap_err()).starts_with("document: expected an")
        );
        assert_eq!(members.finish(), Ok(()));
    }

    #[test]
    fn a_digest_does_not_depend_on_the_order_of_members_but_on_everything_else() {
        let one = digested(r#"{"a":1,"b":{"c":[true,"x"],"d":null}}"#);
        assert_eq!(one, digested(r#"{"b":{"c":[true,"x"]},"a":1,"e":null}"#));
        for other in [
            r#"{"a":"1","b":{"c":[true,"x"]}}"#,
            r#"{"a":1,"b":{"c":["x",true]}}"#,
            r#"{"a":1,"b":{"c":[true],"x":0}}"#,
            r#"{"a":1}"#,
        ] {
            assert_ne!(one, digested(other), "{other}");
        }
    }
}
