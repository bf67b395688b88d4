//! The three files in a folder: found flat or in the folders of their modules, read within bounds, and written whole
//! or not at all.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::bulk::export::partial;
use crate::operation::digit::{Files, Master};

/// The most bytes of one file: far beyond any state's masters, and small enough to hold in memory.
const MOST: u64 = 64 << 20;

fn told(path: &Path) -> impl Fn(std::io::Error) -> String {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}

/// Where a master lies. The error says where it was looked for.
fn place(dir: &Path, master: Master) -> Result<PathBuf, String> {
    let [flat, below] = [dir.join(master.file()), dir.join(master.module()).join(master.file())];
    match (flat.is_file(), below.is_file()) {
        (true, false) => Ok(flat),
        (false, true) => Ok(below),
        (true, true) => {
            Err(format!("{} and {}: which of the two is meant?", flat.display(), below.display()))
        }
        (false, false) => Err(format!("neither {} nor {} is a file", flat.display(), below.display())),
    }
}

/// Reads the three files.
pub(super) fn read(dir: &Path) -> Result<Files, String> {
    let mut files = Files::default();
    for (master, bytes) in Master::ALL.into_iter().zip(&mut files) {
        let path = place(dir, master)?;
        let file = File::open(&path).map_err(told(&path))?;
        file.take(MOST + 1).read_to_end(bytes).map_err(told(&path))?;
        if bytes.len() as u64 > MOST {
            return Err(format!("{}: longer than {MOST} bytes", path.display()));
        }
    }
    Ok(files)
}

/// Writes the three files into the folders of their modules. They take their places one after the other, when all of
/// them are on the disk.
pub(super) fn write(dir: &Path, files: &Files) -> Result<(), String> {
    let mut written = Vec::with_capacity(files.len());
    let outcome = Master::ALL.into_iter().zip(files).try_for_each(|(master, bytes)| {
        let folder = dir.join(master.module());
        std::fs::create_dir_all(&folder).map_err(told(&folder))?;
        let path = folder.join(master.file());
        let new = partial(&path);
        let mut file = File::create(&new).map_err(told(&new))?;
        written.push((new.clone(), path));
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(told(&new))
    });
    if outcome.is_err() {
        // What is not whole must not be taken for an export.
        for (new, _) in &written {
            let _ = std::fs::remove_file(new);
        }
    }
    outcome?;
    written.iter().try_for_each(|(new, path)| std::fs::rename(new, path).map_err(told(path)))
}
