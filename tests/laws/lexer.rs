//! As much of Rust's lexical grammar as the laws need: identifiers and punctuation with their lines, without
//! comments, strings and characters. Must not grow into a parser.

/// A piece of code: an identifier, `::`, or one other character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

impl Token<'_> {
    pub(super) fn is_identifier(&self) -> bool {
        self.text.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
    }
}

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut rest = text;
    let mut line = 1;
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let skipped = skip(rest);
        let length = skipped.unwrap_or_else(|| word(rest, first));
        let (piece, after) = rest.split_at(length);
        if skipped.is_none() && !first.is_whitespace() {
            found.push(Token { text: piece, line });
        }
        line += piece.matches('\n').count();
        rest = after;
    }
    found
}

/// Length of the comment, string or character that `rest` begins with.
fn skip(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    for prefix in ["br", "cr", "r"] {
        if let Some(length) = rest.strip_prefix(prefix).and_then(raw_string) {
            return Some(prefix.len() + length);
        }
    }
    for prefix in ["b\"", "c\"", "\""] {
        if let Some(inner) = rest.strip_prefix(prefix) {
            return Some(prefix.len() + quoted(inner, '"'));
        }
    }
    let character = rest.strip_prefix("b'").or_else(|| rest.strip_prefix('\''))?;
    let open = rest.len() - character.len();
    let mut letters = character.chars();
    // 'a' and '\n' are characters, 'a and '_ are lifetimes.
    let is_character = match letters.next()? {
        '\\' => true,
        _ => letters.next() == Some('\''),
    };
    is_character.then(|| open + quoted(character, '\''))
}

/// Length up to and with the closing `end`, behind the opening one.
fn quoted(rest: &str, end: char) -> usize {
    let mut escaped = false;
    for (offset, letter) in rest.char_indices() {
        if letter == end && !escaped {
            return offset + 1;
        }
        escaped = letter == '\\' && !escaped;
    }
    rest.len()
}

/// Length of `#"…"#` with any number of hashes.
fn raw_string(rest: &str) -> Option<usize> {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let inner = rest[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inner.find(&end).map_or(inner.len(), |found| found + end.len());
    Some(hashes + 1 + length)
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn word(rest: &str, first: char) -> usize {
    if rest.starts_with("::") {
        return 2;
    }
    if first.is_alphanumeric() || first == '_' {
        return rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    }
    first.len_utf8()
}

#[test]
fn comments_strings_and_characters_are_no_code() {
    let text = r##"
// one::a
/* two::a /* nested::a */ three::a */
let b = "four::a \" five::a"; let c = r#"six::a " seven::a"#; let d = b"e::a"; let f = '"'; let g = '\'';
fn h<'a>(i: &'a str) -> j::K {}
"##;
    let words: Vec<&str> =
        tokens(text).iter().filter(|token| token.is_identifier()).map(|t| t.text).collect();
    assert_eq!(
        words,
        [
            "let", "b", "let", "c", "let", "d", "let", "f", "let", "g", "fn", "h", "a", "i", "a", "str", "j",
            "K"
        ]
    );
    assert_eq!(tokens(text).last().map(|token| token.line), Some(5));
}
