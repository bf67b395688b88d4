//! From the rows of the three files to what is to be written: which rows are sound, which repeat others, what their
//! values are. What a row refers to is not looked for here. Pure: bytes in, masters out.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use crate::model::attribute::AttrDef;
use crate::model::kind::{action, role, role_action};
use crate::model::value::{Syntax, integer};
use crate::model::{AttrId, Error, Kind, Value};
use crate::operation::access::CODE_MAX;
use crate::operation::digit::report::{Report, What};
use crate::operation::digit::table::{Cell, Row, Table, read, shown};
use crate::operation::digit::{Files, Master, Tenant};

/// What a row says of one attribute: its value, or that it has none. What it does not say stays as it is.
pub(super) type Said = (AttrId, Option<Value>);

/// A row that is taken, with its place in the file and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken<K> {
    pub(super) at: (u64, u64),
    pub(super) key: K,
    pub(super) said: Vec<Said>,
}

/// A mapping: the code of its role and the number of its action.
pub(super) type MappingKey = (String, i64);

/// A mapping that has the key of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Again {
    pub(super) at: (u64, u64),
    pub(super) key: MappingKey,
    /// The row that counts.
    pub(super) first: u64,
    /// Whether it says something else than that.
    pub(super) differs: bool,
}

/// What three files say, as far as they can be understood without the database.
#[derive(Debug, Clone)]
pub struct Masters {
    pub(super) roles: Vec<Taken<String>>,
    pub(super) actions: Vec<Taken<i64>>,
    pub(super) mappings: Vec<Taken<MappingKey>>,
    /// Mappings that repeat earlier ones: they count as that unless what they name is not known.
    pub(super) again: Vec<Again>,
    pub(super) report: Report,
}

impl Masters {
    /// Reads the three files of `tenant`. Error 1 when one is no JSON (with file, line and column), has not the form
    /// of a master, or is another tenant's.
    pub fn read(tenant: &Tenant, files: &Files) -> Result<Self, Error> {
        let mut judge = Judge { report: Report::new(tenant.clone()), extra: Vec::new() };
        // All three are read before any is judged: what is no JSON is told first.
        let mut rows = Vec::with_capacity(files.len());
        for (master, bytes) in Master::ALL.into_iter().zip(files) {
            rows.push(judge.opened(master, read(master, bytes)?)?);
        }
        let mut rows = rows.into_iter().map(Option::unwrap_or_default);
        let roles = judge.keyed(Master::Roles, &rows.next().unwrap_or_default(), Judge::role);
        let actions = judge.keyed(Master::Actions, &rows.next().unwrap_or_default(), Judge::action);
        let (mappings, again) = judge.mappings(&rows.next().unwrap_or_default());
        Ok(Self { roles, actions, mappings, again, report: judge.finished() })
    }

    /// How many rows the files have.
    pub fn rows(&self) -> u64 {
        self.report.tallies.iter().map(|tally| tally.read).sum()
    }
}

/// A key without a place here: in how many rows, and where first.
struct Extra {
    master: Master,
    small: String,
    written: String,
    at: (u64, u64),
    rows: u64,
}

/// The key of a row and what it says, or why it counts for nothing.
type Judged<K> = Result<(K, Vec<Said>), Why>;

struct Judge {
    report: Report,
    extra: Vec<Extra>,
}

/// What cannot be read in a row, in words.
type Why = String;

impl Judge {
    /// The rows of a file that is this tenant's.
    fn opened(&mut self, master: Master, table: Table) -> Result<Option<Vec<Row>>, Error> {
        if table.tenant.as_deref() != Some(self.report.tenant.code()) {
            let expected = "tenantId: expected the tenant that is imported into";
            return Err(Error::invalid(master.file(), expected));
        }
        match table.module.as_deref() {
            Some(module) if module == master.module() => {}
            Some(_) => {
                let detail = format!("moduleName is not {}", master.module());
                self.report.find(master, (0, 0), What::Module, detail);
            }
            None => self.report.find(master, (0, 0), What::Module, "moduleName is missing"),
        }
        for key in table.extra {
            let detail = format!("{} beside the list is not kept", shown(&key));
            self.report.find(master, (0, 0), What::ExtraKey, detail);
        }
        if let Some(rows) = &table.rows {
            self.report.tally_mut(master).read = rows.len() as u64;
        }
        Ok(table.rows)
    }

    fn finished(mut self) -> Report {
        for extra in self.extra {
            let rows = if extra.rows == 1 { "row" } else { "rows" };
            let detail = format!("{} is not kept, in {} {rows}", shown(&extra.written), extra.rows);
            self.report.find(extra.master, extra.at, What::ExtraKey, detail);
        }
        self.report
    }

    /// Rows whose key must stand once: the first one counts.
    fn keyed<K: Clone + Eq + Hash>(
        &mut self,
        master: Master,
        rows: &[Row],
        judged: fn(&mut Self, &Row) -> Judged<K>,
    ) -> Vec<Taken<K>> {
        let mut taken: Vec<Taken<K>> = Vec::with_capacity(rows.len());
        let mut places: HashMap<K, usize> = HashMap::with_capacity(rows.len());
        for row in rows {
            let at = (row.number, row.line);
            let (key, said) = match judged(self, row) {
                Ok(judged) => judged,
                Err(why) => {
                    self.report.refuse(master, at, why);
                    continue;
                }
            };
            match places.entry(key.clone()) {
                Entry::Vacant(place) => {
                    place.insert(taken.len());
                    taken.push(Taken { at, key, said });
                }
                Entry::Occupied(place) => {
                    let first = taken.get(*place.get());
                    let differs = first.is_none_or(|first| first.said != said);
                    let first = first.map_or(0, |first| first.at.0);
                    self.report.again(master, at, first, differs);
                }
            }
        }
        taken
    }

    fn mappings(&mut self, rows: &[Row]) -> (Vec<Taken<MappingKey>>, Vec<Again>) {
        let mut taken: Vec<Taken<MappingKey>> = Vec::with_capacity(rows.len());
        let mut places: HashMap<MappingKey, usize> = HashMap::with_capacity(rows.len());
        let mut again = Vec::new();
        for row in rows {
            let at = (row.number, row.line);
            let (key, said) = match self.mapping(row) {
                Ok(judged) => judged,
                Err(why) => {
                    self.report.refuse(Master::RoleActions, at, why);
                    continue;
                }
            };
            match places.entry(key.clone()) {
                Entry::Vacant(place) => {
                    place.insert(taken.len());
                    taken.push(Taken { at, key, said });
                }
                Entry::Occupied(place) => {
                    let first = taken.get(*place.get());
                    let differs = first.is_none_or(|first| first.said != said);
                    let first = first.map_or(0, |first| first.at.0);
                    again.push(Again { at, key, first, differs });
                }
            }
        }
        (taken, again)
    }

    fn role(&mut self, row: &Row) -> Result<(String, Vec<Said>), Why> {
        let code = code_of(row, "code")?;
        let name = said(row, "name", role::FRIENDLY_NAME)?.filter(|(_, value)| value.is_some());
        let name = name.ok_or("name: mandatory and must not be empty")?;
        let description = said(row, "description", role::DESCRIPTION)?;
        self.rest(Master::Roles, row, &["code", "name", "description"]);
        Ok((code, std::iter::once(name).chain(description).collect()))
    }

    fn action(&mut self, row: &Row) -> Result<(i64, Vec<Said>), Why> {
        let id = number_of(row, "id")?;
        let mut known: Vec<String> = vec!["id".to_owned()];
        let mut all = Vec::new();
        for def in Kind::Action.def().attrs {
            let attr = Kind::Action.attr_id(def);
            if [action::ID, action::TENANT].contains(&attr) {
                continue;
            }
            let key = def.name.to_lowercase();
            let said = said(row, &key, attr)?;
            let must = [action::URL, action::ENABLED].contains(&attr);
            if must && (said.is_none() || (attr == action::ENABLED && said == Some((attr, None)))) {
                return Err(format!("{}: mandatory", def.name));
            }
            all.extend(said);
            known.push(key);
        }
        if all.contains(&(action::URL, None)) {
            let detail = format!("action {id} has no url: it is kept and never matches");
            self.report.find(Master::Actions, (row.number, row.line), What::EmptyUrl, detail);
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        self.rest(Master::Actions, row, &known);
        Ok((id, all))
    }

    fn mapping(&mut self, row: &Row) -> Result<(MappingKey, Vec<Said>), Why> {
        let key = (code_of(row, "rolecode")?, number_of(row, "actionid")?);
        match text_of(row, "tenantid")? {
            Some(tenant) if tenant == self.report.tenant.code() => {}
            None => {
                let at = (row.number, row.line);
                let detail = "tenantId is missing; the file's is taken";
                self.report.find(Master::RoleActions, at, What::NoTenant, detail);
            }
            Some(_) => return Err("tenantId: another tenant's".to_owned()),
        }
        let code = said(row, "actioncode", role_action::ACTION_CODE)?;
        self.rest(Master::RoleActions, row, &["rolecode", "actionid", "tenantid", "actioncode"]);
        Ok((key, code.into_iter().collect()))
    }

    /// Notes keys that stand twice and keys that have no place here.
    fn rest(&mut self, master: Master, row: &Row, known: &[&str]) {
        let at = (row.number, row.line);
        for key in &row.twice {
            let detail = format!("{} stands twice; the first value counts", shown(key));
            self.report.find(master, at, What::KeyTwice, detail);
        }
        let mut others: Vec<_> =
            row.cells.iter().filter(|(small, _)| !known.contains(&small.as_str())).collect();
        others.sort_by_key(|(small, _)| *small);
        for (small, (written, _)) in others {
            let known = self.extra.iter_mut().find(|extra| extra.master == master && extra.small == *small);
            if let Some(extra) = known {
                extra.rows += 1;
            } else if self.extra.len() < MOST_EXTRA {
                let (small, written) = (small.clone(), written.clone());
                self.extra.push(Extra { master, small, written, at, rows: 1 });
            } else {
                // A file with hundreds of keys is told row by row.
                let detail = format!("{} is not kept", shown(written));
                self.report.find(master, at, What::ExtraKey, detail);
            }
        }
    }
}

/// The most different keys that are counted together instead of told one by one.
const MOST_EXTRA: usize = 200;

impl Report {
    /// Counts a row that has the key of the earlier row `first`.
    pub(super) fn again(&mut self, master: Master, at: (u64, u64), first: u64, differs: bool) {
        let tally = self.tally_mut(master);
        if differs {
            tally.repeated += 1;
            self.find(
                master,
                at,
                What::Repeated,
                format!("says something else than row {first}, which counts"),
            );
        } else {
            tally.duplicates += 1;
            self.find(master, at, What::Duplicate, format!("the same as row {first}"));
        }
    }
}

/// The value under a key; none when it is missing or null.
fn cell<'r>(row: &'r Row, key: &str) -> Option<&'r Cell> {
    row.cells.get(key).map(|(_, cell)| cell).filter(|cell| **cell != Cell::Null)
}

/// Whether XML 1.0 can carry a text, so that it can be answered.
fn can_be_answered(text: &str) -> bool {
    let cannot =
        |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}');
    !text.contains(cannot)
}

/// The text under a key, a number or Boolean as it is written.
fn text_of(row: &Row, key: &str) -> Result<Option<String>, Why> {
    if !row.is_object {
        return Err("expected an object".to_owned());
    }
    let text = match cell(row, key) {
        None | Some(Cell::Null) => return Ok(None),
        Some(Cell::Flag(flag)) => flag.to_string(),
        Some(Cell::Number(number)) => number.clone(),
        Some(Cell::Text(text)) => text.clone(),
        Some(Cell::Nested) => return Err(format!("{key}: expected one value, not a list or an object")),
    };
    if can_be_answered(&text) {
        Ok(Some(text))
    } else {
        Err(format!("{key}: contains characters that XML cannot carry"))
    }
}

fn code_of(row: &Row, key: &str) -> Result<String, Why> {
    let code = text_of(row, key)?.filter(|code| !code.trim().is_empty());
    let code = code.ok_or_else(|| format!("{key}: mandatory and must not be empty"))?;
    if code.chars().count() > CODE_MAX {
        return Err(format!("{key}: expected at most {CODE_MAX} characters"));
    }
    Ok(code)
}

fn number_of(row: &Row, key: &str) -> Result<i64, Why> {
    let text = text_of(row, key)?.ok_or_else(|| format!("{key}: mandatory"))?;
    integer(text.trim()).map_err(|expected| format!("{key}: {expected}"))
}

fn def_of(attr: AttrId) -> Option<&'static AttrDef> {
    let kind = Kind::ALL.into_iter().find(|kind| attr.0 / 256 == u32::from(kind.number()))?;
    kind.def().attrs.iter().find(|def| kind.attr_id(def) == attr)
}

/// What a row says under a key, read as a value of that attribute; nothing when it does not say.
fn said(row: &Row, key: &str, attr: AttrId) -> Result<Option<Said>, Why> {
    let Some(def) = def_of(attr) else { return Ok(None) };
    let Some(text) = text_of(row, key)? else { return Ok(None) };
    let text = match def.syntax {
        Syntax::Boolean => match text.trim().to_ascii_lowercase().as_str() {
            "1" => "true".to_owned(),
            "0" => "false".to_owned(),
            other => other.to_owned(),
        },
        Syntax::Integer => text.trim().to_owned(),
        _ => text,
    };
    if text.is_empty() {
        return Ok(Some((attr, None)));
    }
    let value = def.syntax.parse(&text).map_err(|expected| format!("{key}: {expected}"))?;
    Ok(Some((attr, Some(value))))
}
