//! Directories and files that only the server's own user may read. Must not change what exists already: its
//! permissions are the operator's.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// The mode of a file with secrets.
pub const FILE_MODE: u32 = 0o600;

/// Makes the directory, and those above it, with mode 0700; one that is there already stays as it is.
pub fn create_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Makes an empty file with mode 0600 unless there is one.
pub(super) fn create_file(path: &Path) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).mode(FILE_MODE).open(path).map(drop)
}
