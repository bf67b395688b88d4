//! XML files: records from the entities of a document, and an `Export` written entity by entity.

use std::io::{Read, Write};

use crate::model::{Error, Kind};
use crate::operation::export::{Column, Item, Sink};
use crate::operation::import::entry::Record;
use crate::xml::generated::{AttributeTypeContent, EntityType};
use crate::xml::stream::{EXPORT, Entities};
use crate::xml::{Encoder, Limits};

/// The records of one XML file.
pub(super) struct Tree<R> {
    entities: Entities<R>,
    /// The only kind that is wanted.
    only: Option<Kind>,
    number: u64,
}

impl<R: Read> Tree<R> {
    pub(super) fn open(source: R, only: Option<Kind>) -> Result<Self, String> {
        let entities = Entities::open(source, &Limits::default()).map_err(|error| error.to_string())?;
        Ok(Self { entities, only, number: 0 })
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Result<Option<Record>, String> {
        let Some(found) = self.entities.next_entity().map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let kind = Kind::ALL.into_iter().find(|kind| kind.def().root == found.element);
        let kind =
            kind.ok_or_else(|| format!("line {}: {} cannot be imported", found.line, found.element))?;
        self.number += 1;
        let fields = match self.only {
            Some(only) if only != kind => {
                Err(Error::invalid("kind", format!("expected only {}", only.name())))
            }
            _ => fields(found.entity),
        };
        Ok(Some(Record { number: self.number, line: found.line as u64, kind, fields }))
    }
}

fn fields(entity: EntityType) -> Result<Vec<(String, Vec<String>)>, Error> {
    let mut fields = Vec::with_capacity(entity.attribute.len());
    for attribute in entity.attribute {
        let name = attribute.name.ok_or_else(|| Error::invalid("record", "an Attribute without a name"))?;
        let AttributeTypeContent::Value(values) = attribute.content else {
            return Err(Error::invalid("record", "expected Value elements, not Entity"));
        };
        let values: Vec<String> = values.into_iter().map(|value| value.content).collect();
        // An attribute without values says the same as an empty one: it is removed.
        fields.push((name, if values.is_empty() { vec![String::new()] } else { values }));
    }
    Ok(fields)
}

/// Writes an `Export`.
pub(super) struct TreeSink<W> {
    out: W,
    encoder: Encoder,
}

impl<W: Write> TreeSink<W> {
    pub(super) fn new(out: W) -> Self {
        let mut encoder = Encoder::with_capacity(4_096);
        encoder.declaration();
        encoder.open_entity(EXPORT, None, None);
        Self { out, encoder }
    }

    pub(super) fn finish(mut self) -> std::io::Result<W> {
        self.out.write_all(b"\n")?;
        self.out.write_all(&self.encoder.finish())?;
        self.out.write_all(b"\n")?;
        Ok(self.out)
    }
}

impl<W: Write + Send> Sink for TreeSink<W> {
    fn begin(&mut self, _kind: Kind, _columns: &[Column]) -> std::io::Result<()> {
        Ok(())
    }

    fn item(&mut self, kind: Kind, item: &Item<'_>) -> std::io::Result<()> {
        self.out.write_all(&self.encoder.take_chunk())?;
        self.out.write_all(b"\n")?;
        self.encoder.open_nested(kind.def().root);
        for (name, values) in &item.fields {
            self.encoder.open_attribute(name);
            for value in values {
                match value.refers {
                    Some(kind) => self.encoder.typed_value(kind.name(), &value.text),
                    None => self.encoder.value(&value.text),
                }
            }
            self.encoder.close();
        }
        self.encoder.close();
        self.out.write_all(&self.encoder.take_chunk())
    }
}
