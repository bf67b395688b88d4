//! What came of an import of masters, as text, as JSON and as the XML document that a server answers too.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::cli::bulk::export::private_file;
use crate::operation::digit::Master;
use crate::operation::digit::report::{Finding, REPORT, Report};
use crate::xml::Encoder;

/// How many rows that were left out are shown where no report was asked for.
const SHOWN: usize = 20;

/// How many unknown roles or actions are named in the text.
const NAMED: usize = 50;

/// Fields that hold any number of values.
const LISTS: [&str; 3] = ["organizationsMade", "unknownRole", "unknownAction"];

fn document(report: &Report) -> Vec<u8> {
    let mut out = Encoder::with_capacity(1 << 16);
    out.declaration();
    out.open_entity(REPORT, None, None);
    for (name, values) in report.fields() {
        out.attribute(&name, values.iter().map(String::as_str));
    }
    if !report.findings.is_empty() {
        out.open_attribute("finding");
        for finding in &report.findings {
            out.open_nested("Entity");
            for (name, value) in finding.fields() {
                out.attribute(name, [value.as_str()]);
            }
            out.close();
        }
        out.close();
    }
    let mut bytes = out.finish();
    bytes.push(b'\n');
    bytes
}

/// Writes the report as XML to a file that only its owner may read.
pub(super) fn write(path: &Path, report: &Report) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    private_file(path).and_then(|mut file| file.write_all(&document(report))).map_err(told)
}

fn plain(name: &str, text: &str) -> Value {
    match text {
        _ if name == "tenant" => json!(text),
        "true" => json!(true),
        "false" => json!(false),
        number => number.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)),
    }
}

/// The report as JSON.
pub(super) fn json(report: &Report) -> Value {
    let mut all = Map::new();
    for (name, values) in report.fields() {
        let told = match values.first() {
            Some(first) if !LISTS.contains(&name.as_str()) => plain(&name, first),
            _ => json!(values),
        };
        all.insert(name, told);
    }
    let finding = |finding: &Finding| {
        let fields = finding.fields().into_iter();
        let told = |(name, value): (&str, String)| match name {
            "row" | "line" => (name.to_owned(), plain(name, &value)),
            _ => (name.to_owned(), json!(value)),
        };
        Value::Object(fields.map(told).collect())
    };
    all.insert("findings".to_owned(), report.findings.iter().map(finding).collect());
    Value::Object(all)
}

/// The report in a few lines.
pub(super) fn text(report: &Report) -> String {
    let mut lines = Vec::new();
    let would = if report.dry_run { " (tried out, nothing was changed)" } else { "" };
    lines.push(format!("tenant {}{would}", report.tenant.code()));
    lines.extend(report.organizations.iter().map(|name| format!("organization {name} made")));
    for master in Master::ALL {
        let read = report.tally(master).read;
        let numbers = report.tally(master).numbers();
        let rest = numbers.iter().skip(1).filter(|(name, count)| *count > 0 || *name == "Made");
        let rest: Vec<String> =
            rest.map(|(name, count)| format!("{count} {}", name.to_lowercase())).collect();
        lines.push(format!("{}: {read} rows: {}", master.file(), rest.join(", ")));
    }
    if report.tally(Master::RoleActions).dangling > 0 {
        lines.push(format!(
            "dangling: {} rows of {} unknown roles, {} rows of {} unknown actions",
            report.unknown_role_rows,
            report.unknown_roles.len(),
            report.unknown_action_rows,
            report.unknown_actions.len()
        ));
    }
    let numbers: Vec<String> = report.unknown_actions.iter().map(i64::to_string).collect();
    let codes: Vec<String> = report.unknown_roles.iter().cloned().collect();
    lines.extend(named("unknown roles", &codes));
    lines.extend(named("unknown actions", &numbers));
    let remarks = report.findings.iter().filter(|finding| finding.what.is_remark());
    lines.extend(remarks.take(SHOWN).map(line));
    lines.join("\n")
}

/// A line of names, as many as can be read at a glance.
fn named(what: &str, names: &[String]) -> Option<String> {
    let (first, more) = names.split_at(names.len().min(NAMED));
    let more = if more.is_empty() { String::new() } else { format!(", and {} more", more.len()) };
    (!names.is_empty()).then(|| format!("{what}: {}{more}", first.join(", ")))
}

/// The first rows that were left out, one a line.
pub(super) fn left_out(report: &Report) -> Vec<String> {
    let left = report.findings.iter().filter(|finding| finding.what.is_loss());
    let mut lines: Vec<String> = left.clone().take(SHOWN).map(line).collect();
    if left.count() > SHOWN {
        lines.push("more rows were left out; --report FILE names them all".to_owned());
    }
    lines
}

fn line(finding: &Finding) -> String {
    let Finding { master, line, what, detail, .. } = finding;
    match line {
        0 => format!("{}: {}: {detail}", master.file(), what.word()),
        line => format!("{} line {line}: {}: {detail}", master.file(), what.word()),
    }
}
