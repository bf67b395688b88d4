//! Master files in the body of a request: as parts of a form, or packed together. What is not one of the three files,
//! has a path that could lead elsewhere, or is too long when it is unpacked, is refused. Nothing touches a disk.

use std::convert::Infallible;
use std::io::{Cursor, Read};

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Bytes};
use actix_web::{HttpMessage as _, HttpRequest};
use zip::ZipArchive;
use zip::read::ZipFile;

use crate::http::body as bodies;
use crate::http::failure::Failure;
use crate::http::service::Service;
use crate::model::Error;
use crate::operation::digit::{Files, Master};

/// How many times longer than a body its files may be unpacked.
const UNPACKED: usize = 8;
/// The most entries of an archive, folders included.
const MOST_ENTRIES: usize = 64;
/// The most folders above a file.
const MOST_FOLDERS: usize = 8;

/// What a body is wrapped in.
enum Wrapping {
    Parts(String),
    Zip,
}

fn wrapping(request: &HttpRequest) -> Result<Wrapping, Failure> {
    if request.content_type().eq_ignore_ascii_case("application/zip") {
        return Ok(Wrapping::Zip);
    }
    let header = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = header.and_then(|text| multer::parse_boundary(text).ok());
    boundary.map(Wrapping::Parts).ok_or(Failure::NoFiles)
}

/// Reads the three files of a request. Error 1 names the one that is missing, stands twice, or does not belong.
pub(super) async fn read(
    service: &Service,
    request: &HttpRequest,
    body: web::Payload,
) -> Result<Option<Files>, Failure> {
    let bytes = bodies::read(service, body).await?;
    if bytes.is_empty() {
        return Err(refused("body", "expected the three master files"));
    }
    let limit = service.config.limits.body.saturating_mul(UNPACKED);
    let found = match wrapping(request)? {
        Wrapping::Zip => unpacked(bytes, limit).await?,
        Wrapping::Parts(boundary) => parts(bytes, boundary, limit).await?,
    };
    found.whole().map(Some)
}

fn refused(parameter: &str, expected: &str) -> Failure {
    Error::invalid(parameter, expected).into()
}

/// The files that were found so far.
#[derive(Default)]
struct Found {
    files: [Option<Vec<u8>>; 3],
}

impl Found {
    fn add(&mut self, master: Master, bytes: Vec<u8>) -> Result<(), Failure> {
        let place = Master::ALL.iter().position(|known| *known == master);
        match place.and_then(|place| self.files.get_mut(place)) {
            Some(slot) if slot.is_none() => {
                *slot = Some(bytes);
                Ok(())
            }
            _ => Err(refused(master.file(), "expected only once")),
        }
    }

    fn whole(self) -> Result<Files, Failure> {
        let mut files = Files::default();
        for ((master, found), file) in Master::ALL.into_iter().zip(self.files).zip(&mut files) {
            *file = found.ok_or_else(|| refused(master.file(), "the file is missing"))?;
        }
        Ok(files)
    }
}

/// The master that a path names; `None` unless it is one of the three files, below plain folders at most.
fn named(path: &str) -> Option<Master> {
    let mut segments: Vec<&str> = path.split('/').collect();
    let file = segments.pop()?;
    let plain = segments.len() <= MOST_FOLDERS && segments.iter().all(|folder| is_plain(folder));
    Master::of_file(file).filter(|_| plain)
}

fn is_plain(folder: &str) -> bool {
    !matches!(folder, "" | "." | "..") && !folder.contains(['\\', ':']) && !folder.contains(char::is_control)
}

const EXPECTED: &str = "expected roles.json, actions-test.json and roleactions.json";

/// The parts of a form. A part is one of the files by its file's name, or else by its own name; or the only one, and
/// an archive.
async fn parts(bytes: Vec<u8>, boundary: String, limit: usize) -> Result<Found, Failure> {
    let whole = futures_util::stream::once(std::future::ready(Ok::<_, Infallible>(Bytes::from(bytes))));
    let mut form = multer::Multipart::new(whole, boundary);
    let mut found = Found::default();
    let broken = |_| refused("body", "expected the parts of a form, each whole");
    let mut archive = false;
    while let Some(part) = form.next_field().await.map_err(broken)? {
        let named_file = part.file_name().map(str::to_owned);
        let name = part.name().unwrap_or_default().to_owned();
        let content = part.bytes().await.map_err(broken)?;
        if archive {
            return Err(refused("body", "an archive is expected alone"));
        }
        let master = match &named_file {
            Some(path) => named(path),
            None => None,
        };
        let master = master.or_else(|| {
            let unnamed = named_file.as_deref().is_none_or(str::is_empty);
            Master::ALL.into_iter().find(|master| unnamed && (master.list() == name || master.file() == name))
        });
        match master {
            Some(master) => found.add(master, content.to_vec())?,
            None if named_file.is_some_and(|path| path.to_ascii_lowercase().ends_with(".zip"))
                && found.files == [None, None, None] =>
            {
                found = unpacked(content.to_vec(), limit).await?;
                archive = true;
            }
            None => return Err(refused("body", EXPECTED)),
        }
    }
    Ok(found)
}

/// The files of an archive, unpacked beside the threads that serve.
async fn unpacked(bytes: Vec<u8>, limit: usize) -> Result<Found, Failure> {
    let outcome = web::block(move || unpack(bytes, limit)).await;
    outcome.unwrap_or_else(|_| Err(Error::unavailable("unpacking was cut off").into()))
}

fn unpack(bytes: Vec<u8>, limit: usize) -> Result<Found, Failure> {
    let broken = |_| refused("body", "expected a sound archive, neither encrypted nor cut off");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() > MOST_ENTRIES {
        return Err(refused("body", EXPECTED));
    }
    let mut found = Found::default();
    let mut room = limit;
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(broken)?;
        if let Some((master, content)) = file(entry, room, limit)? {
            room = room.saturating_sub(content.len());
            found.add(master, content)?;
        }
    }
    Ok(found)
}

/// One entry of an archive; `None` for a plain folder. What it says of its length is not believed.
fn file<R: Read>(
    entry: ZipFile<'_, R>,
    room: usize,
    limit: usize,
) -> Result<Option<(Master, Vec<u8>)>, Failure> {
    let name = entry.name().map_err(|_| refused("body", "expected plain paths in the archive"))?.into_owned();
    if entry.is_dir() {
        let folder = name.strip_suffix('/').unwrap_or(&name);
        let plain = folder.split('/').all(is_plain) && folder.split('/').count() <= MOST_FOLDERS;
        return if plain { Ok(None) } else { Err(refused("body", "expected plain paths in the archive")) };
    }
    let master = named(&name).filter(|_| !entry.is_symlink());
    let master = master.ok_or_else(|| refused("body", EXPECTED))?;
    let mut content = Vec::new();
    let most = u64::try_from(room).unwrap_or(u64::MAX).saturating_add(1);
    let read = entry.take(most).read_to_end(&mut content);
    read.map_err(|_| refused(master.file(), "expected a sound entry of the archive"))?;
    if content.len() > room { Err(Failure::FilesTooLong(limit)) } else { Ok(Some((master, content))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_master_below_plain_folders_only() {
        for path in ["roles.json", "ACCESSCONTROL-ROLES/roles.json", "data/uk/roles.json"] {
            assert_eq!(named(path), Some(Master::Roles), "{path}");
        }
        for path in [
            "",
            "roles.JSON",
            "/roles.json",
            "../roles.json",
            "a/../roles.json",
            "./roles.json",
            "a//roles.json",
            "C:/roles.json",
            "a\\roles.json",
            "a\\b/roles.json",
            "roles.json/",
            "roles.json/x",
            "a/b/c/d/e/f/g/h/i/roles.json",
        ] {
            assert_eq!(named(path), None, "{path}");
        }
    }
}
