//! Master files packed together: sound archives are read, hostile ones refused before they cost anything.

use std::io::{Cursor, Write as _};

use reqwest::Method;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::door::{form, send as send_form, small};
use super::{FILES, MODULES};
use crate::kit::Caller;
use crate::kit::answer::Answer;
use crate::kit::trace::versions;
use crate::on_both;

fn packed(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (path, content) in entries {
        if path.ends_with('/') {
            archive.add_directory(*path, options).unwrap();
        } else {
            archive.start_file(*path, options).unwrap();
            archive.write_all(content).unwrap();
        }
    }
    archive.finish().unwrap().into_inner()
}

async fn send(caller: &Caller<'_>, body: Vec<u8>) -> Answer {
    caller
        .clone()
        .header("content-type", "application/zip")
        .send(Method::POST, "imports/digit?tenant=uk", Some(body))
        .await
}

on_both! {
    async fn an_archive_holds_the_files_flat_or_below_plain_folders(bed: Bed) {
        let texts = small("uk");
        let bytes: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        let flat: Vec<(&str, &[u8])> = FILES.into_iter().zip(bytes.iter().copied()).collect();
        let first = send(&bed.admin(), packed(&flat)).await.ok();
        assert_eq!(first.value("roleActionsMade"), "1");
        let paths: Vec<String> = MODULES.iter().zip(FILES).map(|(module, file)| format!("data/uk/{module}/{file}")).collect();
        let mut nested: Vec<(&str, &[u8])> = vec![("data/", b""), ("data/uk/", b"")];
        nested.extend(paths.iter().map(String::as_str).zip(bytes.iter().copied()));
        assert_eq!(send(&bed.admin(), packed(&nested)).await.ok().value("roleActionsUnchanged"), "1");
        // An archive as the only part of a form.
        let whole = packed(&flat);
        let body = form(&[("masters", Some("uk.zip"), whole.as_slice())]);
        assert_eq!(send_form(&bed.admin(), "tenant=uk", body).await.ok().value("actionsUnchanged"), "1");
        let two = form(&[("masters", Some("uk.zip"), whole.as_slice()), ("roles", None, bytes[0])]);
        send_form(&bed.admin(), "tenant=uk", two).await.refused(400, 1, "alone");
    }

    async fn a_hostile_archive_is_refused(bed: Bed) {
        let store = &bed.server.service().engine.store;
        let before = versions(store).await;
        let texts = small("uk");
        let bytes: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        let with = |entry: (&'static str, &'static [u8])| {
            let mut entries = vec![entry];
            entries.extend(FILES.into_iter().zip(bytes.iter().copied()));
            packed(&entries)
        };
        for (path, words) in [
            ("../roles.json", "expected roles.json"), ("/etc/roles.json", "expected roles.json"),
            ("a/../../roles.json", "expected roles.json"), ("c:\\roles.json", "expected roles.json"),
            ("README.md", "expected roles.json"), ("../", "plain paths"), ("x/roles.json", "roles.json: expected only once"),
        ] {
            send(&bed.admin(), with((path, b"{}"))).await.refused(400, 1, words);
        }
        let sound = packed(&FILES.into_iter().zip(bytes.iter().copied()).collect::<Vec<_>>());
        for cut in [4, sound.len() / 3, sound.len() / 2, sound.len() - 10] {
            send(&bed.admin(), sound[..cut].to_vec()).await.refused(400, 1, "");
        }
        let mut wrong = sound.clone();
        wrong[40] ^= 0x55;
        send(&bed.admin(), wrong).await.refused(400, 1, "");
        let missing = packed(&[(FILES[0], bytes[0]), (FILES[1], bytes[1])]);
        send(&bed.admin(), missing).await.refused(400, 1, "roleactions.json: the file is missing");
        send(&bed.admin(), packed(&[])).await.refused(400, 1, "");
        let many: Vec<String> = (0..100).map(|place| format!("f{place}/")).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
        send(&bed.admin(), packed(&many)).await.refused(400, 1, "expected roles.json");
        assert_eq!(versions(store).await, before);
    }

    async fn a_bomb_does_not_go_off(bed: Bed) {
        let blanks = vec![b' '; 64 << 20];
        let bomb = packed(&[(FILES[0], blanks.as_slice())]);
        assert!(bomb.len() < 1 << 20, "{}", bomb.len());
        send(&bed.admin(), bomb).await.refused(413, 1, "unpacked");
        // Three that together are too long.
        let third = vec![b' '; 3 << 20];
        let spread: Vec<(&str, &[u8])> = FILES.into_iter().map(|file| (file, third.as_slice())).collect();
        send(&bed.admin(), packed(&spread)).await.refused(413, 1, "unpacked");
        bed.admin().get("roles?maxResults=1").await.ok();
    }
}
