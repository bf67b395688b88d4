//! What letters promise: words in the nearest language, one line of subject, templates of one's own, and errors that
//! name file and line.

use super::*;

fn composer(directory: Option<&Path>) -> Result<Composer, String> {
    Composer::new(directory, "en", "https://portal.example/door/").map_err(|error| error.to_string())
}

fn invitation(locale: Option<&str>) -> Letter {
    let mut letter = Letter { locale: locale.map(str::to_owned), ..sample() };
    letter.kind = LetterKind::RoleInvitation;
    letter
}

fn file(name: &str, text: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(name), text).unwrap();
    directory
}

#[test]
fn every_built_in_letter_can_be_written_in_both_languages() {
    let composer = composer(None).unwrap();
    for kind in LetterKind::ALL {
        let bare = Letter::new(kind, "a@b.fi");
        for letter in [bare.clone(), Letter { kind, ..sample() }] {
            let english = composer.write(&Letter { locale: Some("en".into()), ..letter.clone() }).unwrap();
            let finnish = composer.write(&Letter { locale: Some("fi".into()), ..letter }).unwrap();
            assert_ne!(english, finnish);
            for written in [english, finnish] {
                assert!(!written.subject.is_empty() && !written.body.contains("\n\n\n"), "{kind:?}");
            }
        }
    }
}

#[test]
fn a_locale_falls_back_to_its_language_and_then_to_the_default() {
    let composer = composer(None).unwrap();
    let finnish = composer.write(&invitation(Some("fi"))).unwrap();
    assert_eq!(composer.write(&invitation(Some("fi-FI"))).unwrap(), finnish);
    assert_eq!(composer.write(&invitation(Some("FI_fi"))).unwrap(), finnish);
    let english = composer.write(&invitation(Some("en"))).unwrap();
    for other in [None, Some("sv"), Some(""), Some("../../etc/passwd")] {
        assert_eq!(composer.write(&invitation(other)).unwrap(), english);
    }
}

#[test]
fn what_the_letter_mentions_stands_in_it() {
    let composer = composer(None).unwrap();
    let mut letter = invitation(None);
    letter.link = Some(composer.link("/roleinvitations/1/accept/", "a b&c"));
    let body = composer.write(&letter).unwrap().body;
    for part in [
        "https://portal.example/door/roleinvitations/1/accept?token=a%20b%26c",
        "Maija",
        "Tervetuloa",
        "Signatory, Reader",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert!(body.contains("1970-01-01 00:00 UTC"), "{body}");
}

#[test]
fn no_variable_can_break_the_subject_or_put_control_characters_into_the_text() {
    let composer = composer(None).unwrap();
    let mut letter = invitation(None);
    letter.organization = Some("A\r\nBcc: victim@example.fi\u{2028}\u{0}{{ link }}".to_owned());
    letter.message = Some("one\r\ntwo\u{7}".to_owned());
    let written = composer.write(&letter).unwrap();
    assert!(!written.subject.contains(['\r', '\n', '\0', '\u{2028}']), "{:?}", written.subject);
    assert!(written.subject.contains("{{ link }}"), "a variable was taken for a template");
    assert!(written.body.contains("one\ntwo\n"), "{}", written.body);
    assert!(!written.body.contains('\r'));
}

#[test]
fn a_file_takes_the_place_of_a_built_in_letter_or_adds_a_language() {
    let directory =
        file("role-invitation.sv.txt", "Subject: Inbjudan {{ organization }}\n\nHej {{ recipient }}!\n");
    let own = composer(Some(directory.path())).unwrap();
    let written = own.write(&invitation(Some("sv-SE"))).unwrap();
    assert_eq!((written.subject.as_str(), written.body.as_str()), ("Inbjudan Example", "Hej Matti!\n"));
    assert_ne!(own.write(&invitation(Some("fi"))).unwrap(), written);
    let directory = file("role-invitation.fi.txt", "Subject: Oma\n\nTeksti\n");
    let own = composer(Some(directory.path())).unwrap();
    assert_eq!(own.write(&invitation(Some("fi"))).unwrap().subject, "Oma");
}

#[test]
fn a_broken_template_is_named_with_its_line() {
    let cases = [
        ("Subject: x\n\nfirst\n{% if link %}\n", "line "),
        ("Subject: x\n\nfirst\n{{ lnk }}\n", "line 4 of"),
        ("Subject: {{ x }}\n\ntext\n", "line 1 of"),
        ("Dear all\n\ntext\n", "line 1 of"),
        ("Subject: x\ntext\n", "line 2 of"),
        ("Subject: x\n\n", "empty"),
    ];
    for (text, words) in cases {
        let directory = file("reinvitation.en.txt", text);
        let error = composer(Some(directory.path())).unwrap_err();
        assert!(error.contains(words) && error.contains("reinvitation.en.txt"), "{text:?}: {error}");
    }
    let directory = file("reinvitatoin.en.txt", "Subject: x\n\ntext\n");
    let error = composer(Some(directory.path())).unwrap_err();
    assert!(error.contains("reinvitatoin.en.txt") && error.contains("reinvitation"), "{error}");
    let error = composer(Some(Path::new("/nonexistent/templates"))).unwrap_err();
    assert!(error.contains("/nonexistent/templates"), "{error}");
    let error = Composer::new(None, "sv", "x").unwrap_err().to_string();
    assert!(error.contains("mail.default-locale") && error.contains("user-invitation.sv.txt"), "{error}");
}

#[test]
fn without_a_configured_base_links_lead_to_the_server_itself() {
    let base = own_base("0.0.0.0:7443".parse().unwrap(), false, "/services");
    assert_eq!(base, "https://localhost:7443/services");
    assert_eq!(own_base("[::1]:80".parse().unwrap(), true, ""), "http://[::1]:80");
}
