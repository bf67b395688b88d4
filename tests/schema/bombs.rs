//! Documents made to exhaust time, memory or the stack. They are made here, not stored, and read in a thread of their
//! own, so that a reader which hangs fails the test.

use std::sync::mpsc::channel;
use std::time::Duration;

use valtuus::xml::{Document, Limits, NAMESPACE, XmlError, decode};

/// What a reader may take for any document here, in a debug build.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads `text` with the default limits but for the length, which would refuse most of these at once.
fn read(text: String) -> Result<Document, XmlError> {
    let (sender, receiver) = channel();
    let limits = Limits { bytes: 64 << 20, ..Limits::default() };
    std::thread::spawn(move || {
        let result = decode(text.as_bytes(), &limits);
        // Nobody listens any more only when the test has failed.
        let _ = sender.send(result);
    });
    receiver.recv_timeout(PATIENCE).expect("the reader neither hangs nor dies")
}

fn user(attributes: &str, content: &str) -> String {
    format!("<User xmlns=\"{NAMESPACE}\"{attributes}>{content}</User>")
}

fn numbered(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

#[test]
fn a_document_over_the_length_is_refused_before_it_is_looked_at() {
    let error = decode(&vec![0; (1 << 20) + 1], &Limits::default()).unwrap_err();
    assert!(error.is_size_limit(), "{error}");
}

#[test]
fn deep_nesting_is_a_size_limit_whatever_the_elements() {
    for (open, close) in [("<Attribute><Entity>", "</Entity></Attribute>"), ("<User>", "</User>")] {
        let text = user("", &format!("{}{}", open.repeat(200_000), close.repeat(200_000)));
        let refused = read(text).unwrap_err();
        assert!(refused.is_size_limit() || open == "<User>", "{refused}");
        assert!(read(user("", &open.repeat(200_000))).is_err());
    }
}

#[test]
fn a_flood_of_xml_attributes_is_refused() {
    let flood = numbered(200_000, |number| format!(" a{number}=\"\""));
    assert!(read(user(&flood, "<Attribute/>")).is_err());
    let same = " type=\"\"".repeat(200_000);
    assert!(read(user(&same, "<Attribute/>")).is_err());
}

#[test]
fn a_flood_of_namespaces_is_a_size_limit() {
    let flood = numbered(40_000, |number| format!(" xmlns:p{number}=\"urn:x\""));
    assert!(read(user(&flood, "<Attribute/>")).unwrap_err().is_size_limit());
    let spread = numbered(20_000, |number| {
        let declared = numbered(30, |inner| format!(" xmlns:p{inner}=\"urn:{number}\""));
        format!("<Attribute{declared}/>")
    });
    assert!(read(user("", &spread)).unwrap_err().is_size_limit());
}

#[test]
fn a_flood_of_children_is_a_size_limit() {
    let children = [
        user("", &"<Attribute/>".repeat(10_001)),
        user("", &format!("<Attribute>{}</Attribute>", "<Value/>".repeat(10_001))),
        user("", &format!("<Attribute>{}</Attribute>", "<Entity><Attribute/></Entity>".repeat(10_001))),
        format!("<Users xmlns=\"{NAMESPACE}\" method=\"GET\">{}</Users>", "<Id/>".repeat(10_001)),
        format!(
            "<Users xmlns=\"{NAMESPACE}\" method=\"GET\">{}</Users>",
            "<Role><Attribute/></Role>".repeat(10_001)
        ),
    ];
    for text in children {
        let allowed = [
            "<Attribute/>",
            "<Value/>",
            "<Entity><Attribute/></Entity>",
            "<Id/>",
            "<Role><Attribute/></Role>",
        ]
        .into_iter()
        .find_map(|one| text.contains(&one.repeat(10_001)).then(|| text.replacen(one, "", 1)))
        .unwrap();
        assert!(read(allowed).is_ok());
        assert!(read(text).unwrap_err().is_size_limit());
    }
}

#[test]
fn a_long_value_is_a_size_limit_however_it_is_written() {
    let pieces = ["x", "&amp;", "&#120;", "<![CDATA[x]]>", "x<!---->", "]]", "&#x10FFFF;"];
    for piece in pieces {
        let value = piece.repeat(2_000_000 / piece.len());
        let error = read(user("", &format!("<Attribute><Value>{value}</Value></Attribute>"))).unwrap_err();
        assert!(error.is_size_limit(), "{piece}: {error}");
    }
    let name = "&amp;".repeat(400_000);
    assert!(read(user("", &format!("<Attribute name=\"{name}\"/>"))).unwrap_err().is_size_limit());
}

#[test]
fn what_does_not_count_takes_linear_time() {
    for filler in [" \n", "<!-- - -->", "\r"] {
        let text = user("", &format!("{}<Attribute/>", filler.repeat(4_000_000 / filler.len())));
        assert!(read(text).is_ok(), "{filler:?}");
    }
}

#[test]
fn openings_without_end_are_refused_in_linear_time() {
    for opening in [
        "<",
        "&",
        "<!",
        "<!--",
        "<![CDATA[",
        "<?",
        "\"",
        "<a b=\"",
        "</",
        "]]>",
        "<!DOCTYPE a [",
        "<!ENTITY ",
        "&#",
    ] {
        for text in
            [opening.repeat(500_000), user("", &opening.repeat(500_000)), user(&opening.repeat(500_000), "")]
        {
            assert!(read(text).is_err(), "{opening}");
        }
    }
}

#[test]
fn entity_expansion_is_refused_at_the_declaration() {
    let doubling = numbered(30, |level| format!("<!ENTITY e{} \"&e{level};&e{level};\">", level + 1));
    let text = format!(
        "<!DOCTYPE User [<!ENTITY e0 \"ha\">{doubling}]>{}",
        user("", "<Attribute><Value>&e30;</Value></Attribute>")
    );
    assert!(read(text).is_err());
}
