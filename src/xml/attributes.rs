//! The XML attributes of one start tag, checked against what the schema allows on its element.
//!
//! Besides the declared ones a validator lets through namespace declarations and, of `xsi:`, the hints where a schema
//! is to be found and a type that is the declared one. `xml:` attributes are not in the schema and so not allowed.

use quick_xml::events::BytesStart;
use quick_xml::events::attributes::Attribute;
use quick_xml::name::{PrefixDeclaration, QName, ResolveResult};

use super::NAMESPACE;
use super::chars::{is_ncname, is_space};
use super::error::{Problem, Shown, XmlError};
use super::scan::{Scanner, are_separated};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// What the schema says about an element: its name, for messages, and its type.
#[derive(Clone, Copy)]
pub(super) struct Declared {
    pub(super) element: &'static str,
    pub(super) schema_type: &'static str,
}

/// Reads the attributes of `start`. The result holds the values of the attributes `names`, in that order.
pub(super) fn read<const N: usize>(
    scan: &Scanner<'_>,
    start: &BytesStart<'_>,
    declared: Declared,
    names: [&str; N],
) -> Result<[Option<String>; N], XmlError> {
    if !are_separated(start.attributes_raw()) {
        return Err(scan.malformed("white space is missing between XML attributes"));
    }
    let limit = scan.limits().members;
    let mut values = [const { None }; N];
    let mut hints = Hints::default();
    for (count, attribute) in start.attributes().enumerate() {
        if count == limit {
            return Err(scan.error(Problem::TooMany { what: "XML attributes on one element", limit }));
        }
        let attribute = attribute.map_err(|_| scan.malformed("an ill-formed or repeated XML attribute"))?;
        let value = scan.value(&attribute)?;
        if let Some(prefix) = attribute.key.as_namespace_binding() {
            namespace_declaration(scan, &attribute, prefix, &value)?;
            continue;
        }
        let slot = names.iter().zip(&mut values).find(|(name, _)| **name == attribute.key.as_ref());
        match slot {
            Some((_, slot)) => *slot = Some(value),
            None => hints.take(scan, attribute.key, &value, declared)?,
        }
    }
    Ok(values)
}

/// The rules of Namespaces in XML 1.0 that quick-xml does not keep.
fn namespace_declaration(
    scan: &Scanner<'_>,
    attribute: &Attribute<'_>,
    prefix: PrefixDeclaration<'_>,
    value: &str,
) -> Result<(), XmlError> {
    let told = |what: &str| Err(scan.error(Problem::Namespace(what.to_owned())));
    match prefix {
        PrefixDeclaration::Default if matches!(value, XML | XMLNS) => {
            return told("a reserved namespace is declared as the default");
        }
        PrefixDeclaration::Named(name) if !is_ncname(name) => return told("a prefix is not a name"),
        PrefixDeclaration::Named(_) if value.is_empty() => return told("a prefix is bound to nothing"),
        _ => {}
    }
    // quick-xml resolves by the text as written. A namespace that matters here and is written with references
    // would be taken for another one, so it is refused.
    if value != &*attribute.value && matches!(value, NAMESPACE | XSI | XML | XMLNS) {
        return told("a namespace is written with character references");
    }
    Ok(())
}

/// Which `xsi:` attributes a tag has had: two prefixes may mean the same namespace.
#[derive(Default)]
struct Hints {
    seen: Vec<&'static str>,
}

impl Hints {
    const NAMES: [&'static str; 3] = ["schemaLocation", "noNamespaceSchemaLocation", "type"];

    fn take(
        &mut self,
        scan: &Scanner<'_>,
        key: QName<'_>,
        value: &str,
        declared: Declared,
    ) -> Result<(), XmlError> {
        let unexpected = || {
            let attribute = Shown::new(key.as_ref());
            Err(scan.error(Problem::UnexpectedAttribute { attribute, element: declared.element }))
        };
        let (namespace, local) = scan.resolver().resolve_attribute(key);
        match namespace {
            ResolveResult::Bound(namespace) if namespace.as_ref() == XSI => {}
            ResolveResult::Unknown(prefix) => return Err(scan.unknown_prefix(&prefix)),
            _ => return unexpected(),
        }
        let Some(name) = Self::NAMES.into_iter().find(|name| *name == local.as_ref()) else {
            return unexpected();
        };
        if self.seen.contains(&name) {
            return Err(scan.malformed("an ill-formed or repeated XML attribute"));
        }
        self.seen.push(name);
        if name == "type" && !names_type(scan, value, declared.schema_type) {
            let attribute = "xsi:type";
            return Err(
                scan.error(Problem::AttributeValue { attribute, expected: "the type of its element" })
            );
        }
        Ok(())
    }
}

/// Whether `value` is the qualified name of the type `schema_type`.
fn names_type(scan: &Scanner<'_>, value: &str, schema_type: &str) -> bool {
    let (namespace, local) = scan.resolver().resolve_element(QName(value.trim_matches(is_space)));
    let ours = matches!(namespace, ResolveResult::Bound(namespace) if namespace.as_ref() == NAMESPACE);
    ours && local.as_ref() == schema_type
}
