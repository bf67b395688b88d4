//! Which characters XML 1.0 can carry and what a name is made of. It must not know documents or limits.

/// Whether `c` is a `Char` of XML 1.0 (section 2.2): everything but the C0 controls without tab, line feed and
/// carriage return, the surrogates, U+FFFE and U+FFFF.
pub fn is_xml_char(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => true,
        '\u{0}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => false,
        _ => true,
    }
}

/// Whether XML 1.0 can carry `text`. Values are asked for this on the way in (conventions, Documents).
pub fn is_xml_text(text: &str) -> bool {
    // Almost every value passes the byte test: U+FFFE and U+FFFF begin with 0xEF, controls are below 0x20.
    text.bytes().all(|byte| byte >= 0x20 && byte != 0xEF) || text.chars().all(is_xml_char)
}

/// White space of XML (`S`, section 2.3), which is less than Unicode's.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Whether `text` is white space only; the empty text is.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

/// Whether `name` is a name without colon (`NCName` of Namespaces in XML 1.0).
pub(super) fn is_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(starts_name) && chars.all(continues_name)
}

/// `NameStartChar` of XML 1.0, fifth edition, without the colon.
fn starts_name(c: char) -> bool {
    matches!(c,
        'A'..='Z' | 'a'..='z' | '_'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// `NameChar` of XML 1.0, fifth edition, without the colon.
fn continues_name(c: char) -> bool {
    starts_name(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::{is_ncname, is_xml_text};

    #[test]
    fn ordinary_text_and_the_three_white_space_controls_are_xml_text() {
        for text in ["", "Virtanen", "a\tb\r\nc", "\u{7F}\u{85}", "\u{FFFD}", "😀", "\u{FEFF}"] {
            assert!(is_xml_text(text), "{text:?}");
        }
    }

    #[test]
    fn controls_and_the_two_noncharacters_are_not_xml_text() {
        for text in ["\0", "a\u{1}", "\u{1F}", "\u{FFFE}", "a\u{FFFF}b", "\u{B}"] {
            assert!(!is_xml_text(text), "{text:?}");
        }
    }

    #[test]
    fn a_name_has_no_colon_and_does_not_begin_with_a_digit() {
        assert!(is_ncname("cid") && is_ncname("_a-1.b") && is_ncname("ä"));
        for name in ["", "1a", "-a", "a:b", "a b", "a/", "\u{D7}", "\u{B7}a"] {
            assert!(!is_ncname(name), "{name:?}");
        }
    }
}
