//! The table of documents: which root elements exist and, for lists, which entities they may hold, in order.
//!
//! Read from the generated types themselves, so that the table cannot say anything else than the types do.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use syn::{Fields, Item, ItemStruct, Type};

/// The names of the elements declared at the top of the schema at `path` and of the files it includes.
pub fn global_elements(path: &Path) -> Result<BTreeSet<String>, String> {
    let told = |what: &dyn std::fmt::Display| format!("cannot read {}: {what}", path.display());
    let folder = path.parent().ok_or("the schema file has no folder")?;
    let text = std::fs::read_to_string(path).map_err(|error| told(&error))?;
    let mut reader = Reader::from_str(&text);
    reader.config_mut().expand_empty_elements = true;
    let mut names = BTreeSet::new();
    let mut depth = 0_usize;
    loop {
        match reader.read_event().map_err(|error| told(&error))? {
            Event::Start(start) => {
                if depth == 1 {
                    match start.local_name().as_ref() {
                        "element" => names.extend(attribute(&start, "name")),
                        "include" => {
                            let file =
                                attribute(&start, "schemaLocation").ok_or("an include without a location")?;
                            names.append(&mut global_elements(&folder.join(file))?);
                        }
                        _ => {}
                    }
                }
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            Event::Eof => return Ok(names),
            _ => {}
        }
    }
}

fn attribute(start: &BytesStart, name: &str) -> Option<String> {
    Some(start.try_get_attribute(name).ok()??.value.into_owned())
}

/// The constants `ENTITY_ROOTS` and `LIST_ROOTS`.
pub fn table(types: &syn::File) -> Result<String, String> {
    let base = list_entities(types, "IdListType")?;
    let mut entities = String::new();
    let mut lists = String::new();
    for (name, target) in aliases(types) {
        if target == "EntityType" {
            writeln!(entities, "\"{name}\",").map_err(|error| error.to_string())?;
            continue;
        }
        let held = list_entities(types, &target)?;
        // A root of another sort (`ReinviteResponse`) is only ever answered: it is no document that is read.
        if held.is_empty() {
            continue;
        }
        let own = held.strip_prefix(base.as_slice()).ok_or(format!("{target} does not extend IdListType"))?;
        let own = match own {
            [] => "None".to_owned(),
            [one] => format!("Some(\"{one}\")"),
            _ => return Err(format!("{target} adds more than one entity to IdListType")),
        };
        writeln!(lists, "ListRoot {{ name: \"{name}\", schema_type: \"{target}\", own: {own} }},")
            .map_err(|error| error.to_string())?;
    }
    let code = format!(
        r"
        /// The roots whose content is `EntityType`.
        pub const ENTITY_ROOTS: &[&str] = &[{entities}];
        /// The entities that every list may hold, in this order, after its `Id`s.
        pub const LIST_ENTITIES: &[&str] = &{base:?};
        /// A root that is a list.
        #[derive(Clone, Copy, Debug)]
        pub struct ListRoot {{
            /// The name of the element.
            pub name: &'static str,
            /// The name of its type in the schema.
            pub schema_type: &'static str,
            /// The entity that this type adds to `IdListType`.
            pub own: Option<&'static str>,
        }}
        /// The roots that are lists.
        pub const LIST_ROOTS: &[ListRoot] = &[{lists}];
        "
    );
    let table =
        syn::parse_str(&code).map_err(|error| format!("the table of documents does not parse: {error}"))?;
    Ok(prettyplease::unparse(&table))
}

/// Every `pub type Root = Type;`, in the order of the file.
fn aliases(types: &syn::File) -> Vec<(String, String)> {
    types
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Type(alias) => Some((alias.ident.to_string(), last_segment(&alias.ty)?.0)),
            _ => None,
        })
        .collect()
}

/// The elements of the fields of type `Vec<EntityType>` of the structure `name`, in order.
fn list_entities(types: &syn::File, name: &str) -> Result<Vec<String>, String> {
    let structure = types
        .items
        .iter()
        .find_map(|item| match item {
            Item::Struct(structure) if structure.ident == name => Some(structure),
            _ => None,
        })
        .ok_or(format!("the schema gives no structure {name}"))?;
    Ok(entity_fields(structure))
}

fn entity_fields(structure: &ItemStruct) -> Vec<String> {
    let Fields::Named(fields) = &structure.fields else { return Vec::new() };
    fields
        .named
        .iter()
        .filter(|field| {
            last_segment(&field.ty)
                .is_some_and(|(outer, inner)| outer == "Vec" && inner.as_deref() == Some("EntityType"))
        })
        .filter_map(|field| field.ident.as_ref().map(|ident| pascal(&ident.to_string())))
        .collect()
}

/// The last path segment of a type and, when it has one, the name of its type argument.
fn last_segment(ty: &Type) -> Option<(String, Option<String>)> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    let inner = match &segment.arguments {
        syn::PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                syn::GenericArgument::Type(inner) => last_segment(inner).map(|(name, _)| name),
                _ => None,
            })
        }
        _ => None,
    };
    Some((segment.ident.to_string(), inner))
}

fn pascal(snake: &str) -> String {
    snake
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        })
        .collect()
}
