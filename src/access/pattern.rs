//! Addresses and their templates. A segment `{x}` of a template stands for one segment of the letters its style allows;
//! every other character is literal, letter case and trailing slashes included.

/// Which letters a segment may have for which a template holds `{x}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Match {
    /// ASCII letters, digits and `_`.
    #[default]
    Word,
    /// These, and `-` and `.`.
    Segment,
}

impl Match {
    /// Whether `segment` may stand in the place of `{x}`.
    pub fn takes(self, segment: &str) -> bool {
        let more = |byte: u8| self == Self::Segment && matches!(byte, b'-' | b'.');
        !segment.is_empty()
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || more(byte))
    }
}

/// Whether a segment of a template stands for any one segment.
pub fn is_variable(segment: &str) -> bool {
    segment
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|name| !name.is_empty() && !name.contains(['{', '}']))
}

/// Whether an address holds a segment that stands for any.
pub fn is_template(url: &str) -> bool {
    url.contains('{') && url.split('/').any(is_variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_a_whole_segment_in_braces() {
        for (url, template) in [
            ("/a/{id}/b", true),
            ("{id}", true),
            ("/a/{id}.pdf", false),
            ("/a/x{id}", false),
            ("/a/{}", false),
            ("/a/{{id}}", false),
            ("/a/{b/c}", false),
            ("/a/b", false),
        ] {
            assert_eq!(is_template(url), template, "{url}");
        }
    }

    #[test]
    fn a_segment_takes_more_letters_than_a_word() {
        for (text, word, segment) in [
            ("123", true, true),
            ("_search", true, true),
            ("5c1d-aa", false, true),
            ("a.b", false, true),
            ("", false, false),
            ("a/b", false, false),
            ("a?x", false, false),
            ("\u{e4}", false, false),
            ("a%20", false, false),
        ] {
            assert_eq!((Match::Word.takes(text), Match::Segment.takes(text)), (word, segment), "{text}");
        }
    }
}
