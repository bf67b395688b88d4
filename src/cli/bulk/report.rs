//! The report of refused records: a CSV file with number, line and reason, complete also after an import that was
//! cut off and resumed.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use crate::operation::import::cursor::Refusal;
use crate::store::private::FILE_MODE;

/// How many refusals are shown where no report was asked for.
const SHOWN: usize = 20;
const HEADER: [&str; 3] = ["record", "line", "reason"];

struct State {
    file: Option<File>,
    shown: usize,
}

/// Where refusals go.
pub(super) struct Report {
    path: Option<PathBuf>,
    state: Mutex<State>,
}

impl Report {
    /// A report to `path`, if one is wanted; one that goes on keeps what stands in it.
    pub(super) fn open(path: Option<&Path>, goes_on: bool) -> Result<Self, String> {
        let report =
            Self { path: path.map(Path::to_owned), state: Mutex::new(State { file: None, shown: 0 }) };
        report.begin(goes_on).map_err(|error| report.told(&error))?;
        Ok(report)
    }

    fn told(&self, error: &std::io::Error) -> String {
        format!("{}: {error}", self.path.as_deref().unwrap_or(Path::new("report")).display())
    }

    /// Begins anew, or behind the whole rows that a cut-off import has left.
    pub(super) fn begin(&self, goes_on: bool) -> std::io::Result<()> {
        let mut state = self.state.lock();
        state.shown = 0;
        let Some(path) = &self.path else { return Ok(()) };
        let kept = if goes_on { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
        let whole = kept.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(path)?;
        if whole == 0 {
            file.write_all(&rows(std::iter::once(HEADER.map(str::to_owned)))?)?;
        } else {
            file.write_all(kept.get(..whole).unwrap_or_default())?;
        }
        state.file = Some(file);
        Ok(())
    }

    /// Adds what a resumed import refused last, unless it stands there already.
    pub(super) fn complete(&self, last: &[Refusal]) -> Result<(), String> {
        let Some(path) = &self.path else { return Ok(()) };
        let mut reader = csv::ReaderBuilder::new().from_path(path).map_err(|error| error.to_string())?;
        let number = |row: csv::StringRecord| row.get(0).and_then(|number| number.parse::<u64>().ok());
        let written = reader.records().filter_map(Result::ok).filter_map(number).max().unwrap_or(0);
        let missing: Vec<Refusal> = last.iter().filter(|refusal| refusal.record > written).cloned().collect();
        self.add(&missing)
    }

    /// Adds refusals.
    pub(super) fn add(&self, refused: &[Refusal]) -> Result<(), String> {
        if refused.is_empty() {
            return Ok(());
        }
        let mut state = self.state.lock();
        if let Some(file) = &mut state.file {
            let row = |refusal: &Refusal| {
                [refusal.record.to_string(), refusal.line.to_string(), refusal.reason.clone()]
            };
            let bytes = rows(refused.iter().map(row)).map_err(|error| self.told(&error))?;
            return file.write_all(&bytes).map_err(|error| self.told(&error));
        }
        for refusal in refused.iter().take(SHOWN.saturating_sub(state.shown)) {
            eprintln!("line {}: {}", refusal.line, refusal.reason);
        }
        let before = state.shown;
        state.shown = state.shown.saturating_add(refused.len());
        if before <= SHOWN && state.shown > SHOWN {
            eprintln!("more records were refused; --report FILE names them all");
        }
        Ok(())
    }
}

fn rows(rows: impl Iterator<Item = [String; 3]>) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row)?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}
