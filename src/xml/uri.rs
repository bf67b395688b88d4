//! Whether a text is a URI reference, the type `xs:anyURI` of `inResponseTo`. It must not resolve or change anything.
//!
//! XSD 1.0 first escapes the characters that a URI cannot have, so only the structure can be wrong: the percent signs,
//! the scheme, the authority, brackets outside of an address, a second `#`. The rules are those of RFC 3986, with a
//! port that is there having digits, as libxml2 has it.

use super::chars::is_space;

/// Whether `text`, white space around it aside, is a URI reference.
pub(super) fn is_reference(text: &str) -> bool {
    let text = text.trim_matches(is_space);
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    percent_signs_escape(text)
        && !fragment.contains('#')
        && no_brackets(query)
        && after_scheme(rest).is_some_and(is_hierarchy)
}

fn percent_signs_escape(text: &str) -> bool {
    let mut parts = text.split('%');
    parts.next();
    parts.all(|part| {
        let mut bytes = part.bytes();
        let mut hex = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
        hex() && hex()
    })
}

fn no_brackets(text: &str) -> bool {
    !text.contains(['[', ']'])
}

/// What follows the scheme, or all of it when there is none; a colon in the first segment ends a scheme.
fn after_scheme(text: &str) -> Option<&str> {
    let first = text.split('/').next().unwrap_or_default();
    let Some((scheme, _)) = first.split_once(':') else { return Some(text) };
    let letter_first = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let allowed = scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if letter_first && allowed { text.get(scheme.len() + 1..) } else { None }
}

fn is_hierarchy(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("//") else { return no_brackets(text) };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    is_authority(authority) && no_brackets(path)
}

fn is_authority(text: &str) -> bool {
    let (user, host) = text.split_once('@').unwrap_or(("", text));
    let port = match host.strip_prefix('[') {
        Some(address) => match address.split_once(']') {
            Some((_, "")) => None,
            Some((_, rest)) => Some(rest.strip_prefix(':').unwrap_or("none")),
            None => return false,
        },
        None => match host.split_once(':') {
            Some((host, port)) if no_brackets(host) => Some(port),
            None if no_brackets(host) => None,
            _ => return false,
        },
    };
    no_brackets(user) && !host.contains('@') && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<i32>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_reference;

    #[test]
    fn references_of_every_form_are_known() {
        let good = [
            "",
            "/a b",
            "/2.0/users/1?x=%2B",
            "a+b:c",
            "A.1-:x",
            "/a:b",
            "./a:b",
            "a/b:c",
            "?a:b",
            "#a:b",
            "#[a]",
            "//",
            "http://u:p@h:80/",
            "http://:80/",
            "http://[::1]:7443/a",
            "http:",
            "a:",
            "x://",
            "//@",
            "a::b",
            "mailto:a@b",
            "http://€/ä",
            "{a}|<b>^`",
            "http://h#y?x",
            "  /a\n",
        ];
        for text in good {
            assert!(is_reference(text), "{text:?}");
        }
    }

    #[test]
    fn broken_structure_is_refused() {
        let bad = [
            "%",
            "%4",
            "%4g",
            "/%",
            "a_b:c",
            "ä:b",
            "b c:d",
            "1a:b",
            ":b",
            "::a",
            "a@b:c",
            "http://u@v@h",
            "http://[::1",
            "http://]",
            "[a]",
            "a[",
            "?[a]",
            "#a#",
            "http://h:",
            "http://h:8a",
            "http://h:-1",
            "http://h:80:80/",
            "http://h:99999999999",
            "http://h/[",
            "//:",
            "http://[::1]x",
            "http://[::1]:",
        ];
        for text in bad {
            assert!(!is_reference(text), "{text:?}");
        }
    }
}
