//! `valtuus audit export`: records as CSV or XML, to a file or standard output, a part at a time.

use std::io::{BufWriter, Write};

use crate::audit::Record;
use crate::cli::Exit;
use crate::cli::audit::args::AuditExportArgs;
use crate::cli::audit::words;
use crate::cli::bulk::args::FileFormat;
use crate::cli::bulk::{joined, partial, private_file};
use crate::config::Config;
use crate::model::Kind;
use crate::operation::audit_trail::shown;
use crate::store::{AuditQuery, Position, SharedStore};
use crate::xml::Encoder;

/// Records read at a time.
const PAGE: usize = 1_000;
/// What stands before the fields of a record.
const HEAD: [&str; 4] = ["id", "at", "seq", "hash"];
const CHANGES: &str = "changes";

type Fields = Vec<(&'static str, Vec<String>)>;

/// Exports.
pub(super) async fn run(
    config: &Config,
    store: &SharedStore,
    args: &AuditExportArgs,
) -> Result<Exit, String> {
    let Some(path) = &args.output else {
        write(store, args, std::io::stdout()).await?;
        return Ok(Exit::Done);
    };
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    let partial = partial(path);
    let file = private_file(&partial).map_err(told)?;
    let finished = write(store, args, file).await.and_then(|(count, file)| {
        file.sync_all().and_then(|()| std::fs::rename(&partial, path)).map_err(told)?;
        Ok(count)
    });
    if finished.is_err() {
        // What is not whole must not be taken for an export.
        let _ = std::fs::remove_file(&partial);
    }
    let count = finished?;
    if config.output.json {
        println!("{}", serde_json::json!({ "records": count }));
    } else {
        println!("{}: {count} records", path.display());
    }
    Ok(Exit::Done)
}

async fn write<W: Write>(store: &SharedStore, args: &AuditExportArgs, out: W) -> Result<(u64, W), String> {
    let unwritten = |error: std::io::Error| format!("writing the export: {error}");
    let mut sink = Sink::open(args.format, BufWriter::with_capacity(256 << 10, out)).map_err(unwritten)?;
    let query = AuditQuery { from: args.from, to: args.to, ..AuditQuery::default() };
    let (mut after, mut count) = (Position::default(), 0);
    loop {
        let page = store.audit(&query, &after, PAGE).await.map_err(|error| words(&error))?;
        let Some((last, _)) = page.last() else { break };
        after = last.clone();
        for (_, held) in &page {
            let record = Record::from_canonical(&held.record.canonical);
            let record = record.ok_or_else(|| format!("the record of row {} is damaged", held.row))?;
            sink.record(&shown(&record, held)).map_err(unwritten)?;
            count += 1;
        }
    }
    let out = sink.finish().map_err(unwritten)?;
    let out = out.into_inner().map_err(|error| unwritten(error.into_error()))?;
    Ok((count, out))
}

enum Sink<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Xml(W, Encoder),
}

impl<W: Write> Sink<W> {
    fn open(format: FileFormat, out: W) -> std::io::Result<Self> {
        match format {
            FileFormat::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                let several = format!("{CHANGES}[]");
                let head = HEAD.into_iter().chain(Record::FIELDS).chain([several.as_str()]);
                writer.write_record(head).map_err(std::io::Error::from)?;
                Ok(Self::Csv(Box::new(writer)))
            }
            FileFormat::Xml => {
                let mut encoder = Encoder::with_capacity(4_096);
                encoder.declaration();
                encoder.open_entity(Kind::AuditEvent.def().list, None, None);
                Ok(Self::Xml(out, encoder))
            }
        }
    }

    fn record(&mut self, fields: &Fields) -> std::io::Result<()> {
        match self {
            Self::Csv(writer) => {
                let cell = |name: &str| {
                    let values = fields.iter().find(|(held, _)| *held == name).map(|(_, values)| values);
                    let texts = values.into_iter().flatten().map(String::as_str);
                    if name == CHANGES { joined(texts) } else { texts.collect() }
                };
                let names = HEAD.into_iter().chain(Record::FIELDS).chain([CHANGES]);
                writer.write_record(names.map(cell)).map_err(std::io::Error::from)
            }
            Self::Xml(out, encoder) => {
                out.write_all(&encoder.take_chunk())?;
                out.write_all(b"\n")?;
                encoder.open_nested(Kind::AuditEvent.def().root);
                for (name, values) in fields {
                    encoder.attribute(name, values.iter().map(String::as_str));
                }
                encoder.close();
                out.write_all(&encoder.take_chunk())
            }
        }
    }

    fn finish(self) -> std::io::Result<W> {
        match self {
            Self::Csv(writer) => writer.into_inner().map_err(csv::IntoInnerError::into_error),
            Self::Xml(mut out, encoder) => {
                out.write_all(b"\n")?;
                out.write_all(&encoder.finish())?;
                out.write_all(b"\n")?;
                Ok(out)
            }
        }
    }
}
