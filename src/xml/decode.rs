//! The strict reader: bytes to the wire types of the schema, or an error that says why not.
//!
//! What it accepts is valid against `schema/extension.xsd`. What is valid there and refused all the same: DOCTYPE,
//! processing instructions, other encodings and versions than UTF-8 and 1.0, anything over a limit, an `xsi:type`
//! other than the declared one, an `Export` (`stream` reads it), and a namespace written with character references. No recursion follows the input
//! deeper than `Limits::depth`, and the time is linear in its length. It must not know what a kind is.

use quick_xml::events::BytesStart;

use super::Limits;
use super::attributes::{self, Declared};
use super::chars::{is_blank, is_space};
use super::error::{Problem, Shown, XmlError};
use super::generated::{
    AttributeType, AttributeTypeContent, AttributeValueType, ENTITY_ROOTS, EntityType, HttpMethodType,
    IdListType, LIST_ENTITIES, LIST_ROOTS, ListRoot,
};
use super::scan::{Scanner, Token};
use super::uri;

/// A document that the schema allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// One entity.
    Entity {
        /// The name of the root element, such as `User`.
        root: &'static str,
        /// Its content.
        entity: EntityType,
    },
    /// A list of ids, entities or both.
    List {
        /// The name of the root element, such as `Users`.
        root: &'static str,
        /// What every list can hold.
        list: IdListType,
        /// The entities that only the list type of this root can hold, such as `AuditEvent` in `AuditEvents`.
        own: Vec<EntityType>,
    },
}

/// Reads one document.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Document, XmlError> {
    let mut scan = Scanner::new(bytes, limits)?;
    let root = match scan.next()? {
        Token::Start(root) => root,
        Token::End | Token::Text(_) | Token::Eof => return Err(scan.malformed("it has no root element")),
    };
    let document = read_root(&mut scan, &root)?;
    match scan.next()? {
        Token::Eof => Ok(document),
        Token::Start(_) | Token::End | Token::Text(_) => {
            Err(scan.malformed("something follows the root element"))
        }
    }
}

/// Reads a document whose root is `Export` (`schema/export.xsd`): entities of any kind in any order.
pub(super) fn decode_export(
    bytes: &[u8],
    limits: &Limits,
) -> Result<Vec<(&'static str, EntityType)>, XmlError> {
    const DECLARED: Declared = Declared { element: "Export", schema_type: "" };
    let mut scan = Scanner::new(bytes, limits)?;
    let Token::Start(root) = scan.next()? else { return Err(scan.malformed("it has no root element")) };
    let [] = attributes::read(&scan, &root, DECLARED, [])?;
    let mut entities = Vec::new();
    while let Some(child) = next_child(&mut scan, "Export", entities.len())? {
        let name = child.local_name();
        let Some(element) = ENTITY_ROOTS.iter().find(|known| **known == name.as_ref()) else {
            return Err(unexpected(&scan, &child, "Export"));
        };
        entities.push((*element, read_entity(&mut scan, &child, element)?));
    }
    match scan.next()? {
        Token::Eof => Ok(entities),
        Token::Start(_) | Token::End | Token::Text(_) => {
            Err(scan.malformed("something follows the root element"))
        }
    }
}

fn read_root(scan: &mut Scanner<'_>, start: &BytesStart<'_>) -> Result<Document, XmlError> {
    let name = start.local_name();
    if let Some(root) = ENTITY_ROOTS.iter().find(|root| **root == name.as_ref()) {
        return Ok(Document::Entity { root, entity: read_entity(scan, start, root)? });
    }
    match LIST_ROOTS.iter().find(|root| root.name == name.as_ref()) {
        Some(root) => read_list(scan, start, root),
        None => Err(scan.error(Problem::UnknownRoot(Shown::new(name.as_ref())))),
    }
}

/// `EntityType`: one `Attribute` or more.
fn read_entity(
    scan: &mut Scanner<'_>,
    start: &BytesStart<'_>,
    element: &'static str,
) -> Result<EntityType, XmlError> {
    let declared = Declared { element, schema_type: "EntityType" };
    let [in_response_to, method, type_] =
        attributes::read(scan, start, declared, ["inResponseTo", "method", "type"])?;
    let (in_response_to, method) = (read_address(scan, in_response_to)?, read_method(scan, method)?);
    let mut attribute = Vec::new();
    while let Some(child) = next_child(scan, element, attribute.len())? {
        if child.local_name().as_ref() != "Attribute" {
            return Err(unexpected(scan, &child, element));
        }
        attribute.push(read_attribute(scan, &child)?);
    }
    if attribute.is_empty() {
        return Err(scan.error(Problem::Missing { element, missing: "the element Attribute" }));
    }
    Ok(EntityType { in_response_to, method, type_, attribute })
}

/// `AttributeType`: any number of `Value`, or any number of `Entity`, never both.
fn read_attribute(scan: &mut Scanner<'_>, start: &BytesStart<'_>) -> Result<AttributeType, XmlError> {
    const DECLARED: Declared = Declared { element: "Attribute", schema_type: "AttributeType" };
    let [name] = attributes::read(scan, start, DECLARED, ["name"])?;
    let mut values = Vec::new();
    let mut entities = Vec::new();
    while let Some(child) = next_child(scan, "Attribute", values.len() + entities.len())? {
        match child.local_name().as_ref() {
            "Value" if entities.is_empty() => values.push(read_value(scan, &child)?),
            "Entity" if values.is_empty() => entities.push(read_entity(scan, &child, "Entity")?),
            _ => return Err(unexpected(scan, &child, "Attribute")),
        }
    }
    let content = if entities.is_empty() {
        AttributeTypeContent::Value(values)
    } else {
        AttributeTypeContent::Entity(entities)
    };
    Ok(AttributeType { name, content })
}

/// `AttributeValueType`: text, kept as it is.
fn read_value(scan: &mut Scanner<'_>, start: &BytesStart<'_>) -> Result<AttributeValueType, XmlError> {
    const DECLARED: Declared = Declared { element: "Value", schema_type: "AttributeValueType" };
    let [type_] = attributes::read(scan, start, DECLARED, ["type"])?;
    Ok(AttributeValueType { type_, content: read_text(scan, "Value")? })
}

/// `IdListType`, or its extension by the kind's own entity: ids first, then entities kind by kind in order.
fn read_list(scan: &mut Scanner<'_>, start: &BytesStart<'_>, root: &ListRoot) -> Result<Document, XmlError> {
    let declared = Declared { element: root.name, schema_type: root.schema_type };
    let [in_response_to, method] = attributes::read(scan, start, declared, ["inResponseTo", "method"])?;
    let method = read_method(scan, method)?.ok_or_else(|| {
        scan.error(Problem::Missing { element: root.name, missing: "the XML attribute method" })
    })?;
    let mut list = IdListType {
        in_response_to,
        method,
        id: Vec::new(),
        user: Vec::new(),
        organization: Vec::new(),
        role: Vec::new(),
        mandate: Vec::new(),
    };
    let mut own = Vec::new();
    let mut order = std::iter::once("Id").chain(LIST_ENTITIES.iter().copied()).chain(root.own).peekable();
    let mut count = 0;
    while let Some(child) = next_child(scan, root.name, count)? {
        count += 1;
        let name = child.local_name();
        // The sequence only goes on: a name that it has passed is not found any more.
        while order.next_if(|expected| *expected != name.as_ref()).is_some() {}
        match order.peek() {
            Some(&"Id") => list.id.push(read_id(scan, &child)?),
            Some(element) => {
                let entity = read_entity(scan, &child, element)?;
                entities_named(element, &mut list, &mut own).push(entity);
            }
            None => return Err(unexpected(scan, &child, root.name)),
        }
    }
    Ok(Document::List { root: root.name, list, own })
}

/// Where a list keeps its entities of this name.
fn entities_named<'l>(
    element: &str,
    list: &'l mut IdListType,
    own: &'l mut Vec<EntityType>,
) -> &'l mut Vec<EntityType> {
    match element {
        "User" => &mut list.user,
        "Organization" => &mut list.organization,
        "Role" => &mut list.role,
        "Mandate" => &mut list.mandate,
        _ => own,
    }
}

/// `IdType`: text, kept as it is.
fn read_id(scan: &mut Scanner<'_>, start: &BytesStart<'_>) -> Result<String, XmlError> {
    const DECLARED: Declared = Declared { element: "Id", schema_type: "IdType" };
    let [] = attributes::read(scan, start, DECLARED, [])?;
    read_text(scan, "Id")
}

/// The next child of an element that holds elements only and has had `count`; `None` at its end tag.
fn next_child<'a>(
    scan: &mut Scanner<'a>,
    parent: &'static str,
    count: usize,
) -> Result<Option<BytesStart<'a>>, XmlError> {
    loop {
        match scan.next()? {
            Token::Start(child) => {
                let limit = scan.limits().members;
                if count >= limit {
                    return Err(scan.error(Problem::TooMany { what: "children of one element", limit }));
                }
                return Ok(Some(child));
            }
            Token::Text(text) if is_blank(&text) => {}
            Token::Text(_) => return Err(scan.error(Problem::UnexpectedText(parent))),
            Token::End | Token::Eof => return Ok(None),
        }
    }
}

/// The text of an element that holds text only, up to its end tag.
fn read_text(scan: &mut Scanner<'_>, element: &'static str) -> Result<String, XmlError> {
    let limit = scan.limits().value_bytes;
    let mut content = String::new();
    loop {
        match scan.next()? {
            Token::Text(text) if content.len() + text.len() > limit => {
                return Err(scan.error(Problem::ValueTooLong { limit }));
            }
            Token::Text(text) => content.push_str(&text),
            Token::End | Token::Eof => return Ok(content),
            Token::Start(_) => return Err(scan.error(Problem::ElementInText(element))),
        }
    }
}

/// `xs:anyURI`.
fn read_address(scan: &Scanner<'_>, value: Option<String>) -> Result<Option<String>, XmlError> {
    match value {
        Some(address) if !uri::is_reference(&address) => {
            let attribute = "inResponseTo";
            Err(scan.error(Problem::AttributeValue { attribute, expected: "a URI reference" }))
        }
        address => Ok(address),
    }
}

/// `httpMethod` is a token, so white space around it does not count.
fn read_method(scan: &Scanner<'_>, value: Option<String>) -> Result<Option<HttpMethodType>, XmlError> {
    let Some(value) = value else { return Ok(None) };
    let method = match value.trim_matches(is_space) {
        "GET" => HttpMethodType::Get,
        "PUT" => HttpMethodType::Put,
        "POST" => HttpMethodType::Post,
        "DELETE" => HttpMethodType::Delete,
        "UPDATE" => HttpMethodType::Update,
        "HEAD" => HttpMethodType::Head,
        "STATUS" => HttpMethodType::Status,
        "CONNECT" => HttpMethodType::Connect,
        "OPTIONS" => HttpMethodType::Options,
        "TRACE" => HttpMethodType::Trace,
        _ => {
            let expected = "one of GET, PUT, POST, DELETE, UPDATE, HEAD, STATUS, CONNECT, OPTIONS, TRACE";
            return Err(scan.error(Problem::AttributeValue { attribute: "method", expected }));
        }
    };
    Ok(Some(method))
}

fn unexpected(scan: &Scanner<'_>, child: &BytesStart<'_>, parent: &'static str) -> XmlError {
    scan.error(Problem::UnexpectedElement { element: Shown::new(child.local_name().as_ref()), parent })
}

#[cfg(test)]
mod tests {
    use super::super::error::Problem;
    use super::{Document, Limits, decode};
    use crate::xml::generated::AttributeTypeContent;

    const USER: &str = r#"<User xmlns="http://schema.ubisecure.com/customerid/api""#;

    fn read(text: &str) -> Result<Document, super::XmlError> {
        decode(text.as_bytes(), &Limits::default())
    }

    fn values(text: &str) -> Vec<String> {
        let Document::Entity { entity, .. } = read(text).unwrap() else { panic!("a list") };
        let AttributeTypeContent::Value(values) = &entity.attribute[0].content else { panic!("entities") };
        values.iter().map(|value| value.content.clone()).collect()
    }

    #[test]
    fn text_keeps_its_white_space_and_line_ends_become_line_feeds() {
        let text = format!("{USER}><Attribute><Value> a\r\n\tb\rc&#13; </Value></Attribute></User>");
        assert_eq!(values(&text), [" a\n\tb\nc\r "]);
    }

    #[test]
    fn text_is_put_together_from_references_sections_and_comments() {
        let text = format!(
            "{USER}><Attribute><Value>a&amp;<![CDATA[<b>&amp;]]>&#x1F600;<!-- no -->c</Value><Value/></Attribute></User>"
        );
        assert_eq!(values(&text), ["a&<b>&amp;😀c", ""]);
    }

    #[test]
    fn white_space_in_an_xml_attribute_becomes_spaces() {
        let text = format!("{USER} type='a\r\nb\tc&#10;d'><Attribute name=\"x\"/></User>");
        let Document::Entity { entity, .. } = read(&text).unwrap() else { panic!("a list") };
        assert_eq!(entity.type_.as_deref(), Some("a b c\nd"));
    }

    #[test]
    fn an_error_tells_the_line() {
        let error = read(&format!("{USER}>\n<Attribute/>\n<Banana/></User>")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "XML document, line 3: the element \"Banana\" is not allowed here, in User"
        );
    }

    #[test]
    fn no_message_repeats_text_of_the_document() {
        let secrets = [
            "<Attribute><Value>pass<hunter2></Value></Attribute></User>",
            "<Attribute><Value>pass</hunter2></Value></Attribute></User>",
            "<Attribute><Value>a&hunter2;b</Value></Attribute></User>",
            "<Attribute><Value>a&hunter2</Value></Attribute></User>",
            "<Attribute>hunter2</Attribute></User>",
            "<Attribute name='&hunter2;'/></User>",
            "<Attribute><Value>hunter2",
            "<Attribute><Value>]]>hunter2</Value></Attribute></User>",
            "<Attribute/></User>hunter2",
            "<Attribute/><!-- -- hunter2 --></User>",
        ];
        for secret in secrets {
            let message = read(&format!("{USER}>{secret}")).unwrap_err().to_string();
            assert!(!message.contains("hunter2"), "{message}");
        }
        let message = read(&format!("{USER} method='hunter2'><Attribute/></User>")).unwrap_err().to_string();
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn each_limit_is_a_size_limit_and_its_edge_is_allowed() {
        let long = "x".repeat(crate::xml::NAMESPACE.len());
        let limits = Limits { bytes: 400, depth: 3, members: 3, value_bytes: long.len(), namespaces: 2 };
        let edge = format!(
            "{USER} xmlns:a='u' method='GET'><Attribute><Value>{long}</Value><Value/><Value/></Attribute></User>"
        );
        assert!(decode(edge.as_bytes(), &limits).is_ok());
        let over = [
            format!("{edge}{}", " ".repeat(400)),
            edge.replace(&long, &format!("{long}x")),
            edge.replace(&long, &format!("{long}&amp;")),
            edge.replace("<Attribute>", &format!("<Attribute name='{long}x'>")),
            edge.replace("xmlns:a='u'", "xmlns:a='u' xmlns:b='u'"),
            edge.replace("<Value/><Value/>", "<Value/><Value/><Value/>"),
            edge.replace("method='GET'", "method='GET' inResponseTo='x'"),
            edge.replace("<Value/><Value/>", "")
                .replace(&format!("<Value>{long}</Value>"), "<Entity><Attribute/></Entity>"),
        ];
        for text in over {
            let error = decode(text.as_bytes(), &limits).unwrap_err();
            assert!(error.is_size_limit(), "{text}: {error}");
        }
    }

    #[test]
    fn the_deepest_nesting_that_can_be_configured_fits_the_stack() {
        let levels = (Limits::MAX_DEPTH - 2) / 2;
        let text = format!(
            "{USER}>{}<Attribute/>{}</User>",
            "<Attribute><Entity>".repeat(levels),
            "</Entity></Attribute>".repeat(levels)
        );
        let limits = Limits { depth: usize::MAX, ..Limits::default() };
        assert!(decode(text.as_bytes(), &limits).is_ok());
        let deeper = text.replace("<Attribute/>", "<Attribute><Entity><Attribute/></Entity></Attribute>");
        let error = decode(deeper.as_bytes(), &limits).unwrap_err();
        assert_eq!(error.problem, Problem::TooDeep { limit: Limits::MAX_DEPTH });
    }

    #[test]
    fn a_list_keeps_its_own_entities_apart() {
        let text = r#"<AuditEvents xmlns="http://schema.ubisecure.com/customerid/api" method="GET"><Id>1</Id>
            <User><Attribute/></User><AuditEvent><Attribute/></AuditEvent></AuditEvents>"#;
        let Document::List { root, list, own } = read(text).unwrap() else { panic!("an entity") };
        assert_eq!((root, list.id.len(), list.user.len(), own.len()), ("AuditEvents", 1, 1, 1));
        assert!(read(&text.replace("AuditEvents", "Users")).is_err());
    }
}
