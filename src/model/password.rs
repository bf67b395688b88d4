//! What a new password of a user must be like (OWASP ASVS 5, V6.2): long enough, not one that everybody tries first,
//! and not the user's own name. No rule of composition; every character counts, spaces and accents too.
//!
//! One place for every way a password comes in. What is refused is named by its reason, never repeated. Nothing here
//! stores or hashes.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use icu_normalizer::ComposingNormalizer;
use zeroize::Zeroizing;

use crate::model::kind::user;
use crate::model::{Attributes, Error, key};

/// The shipped list, one password a line, lines with `#` aside.
static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("password/common.txt").lines().filter(|line| !line.starts_with('#')).collect()
});

/// The word that every installation's users know.
const SERVICE: &str = "valtuus";

/// What the configuration decides about passwords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordRules {
    /// Fewest characters.
    pub least: usize,
    /// Most characters.
    pub most: usize,
    /// Words of this installation (its name, its owner's) that are no password, alone or with digits and signs
    /// around them.
    pub words: Vec<String>,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self { least: 8, most: 256, words: Vec::new() }
    }
}

/// A password that was chosen; wiped from memory when dropped, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

fn refused(reason: impl Into<String>) -> Error {
    Error::invalid("pwd", reason)
}

/// What is compared: compatibility forms and letter case do not make another word.
fn folded(text: &str) -> Zeroizing<String> {
    if text.is_ascii() {
        return Zeroizing::new(text.to_ascii_lowercase());
    }
    let composed = Zeroizing::new(ComposingNormalizer::new_nfkc().normalize(text).into_owned());
    Zeroizing::new(key::fold(&composed))
}

/// A folded text without the digits and signs around its letters.
fn letters(folded: &str) -> &str {
    folded.trim_matches(|letter: char| !letter.is_alphabetic())
}

impl Password {
    /// A password as a client gave it, to be checked yet.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, for hashing.
    pub fn expose(&self) -> &Zeroizing<String> {
        &self.0
    }

    /// Error 1 naming `pwd` unless the password satisfies the rules that hold for everybody.
    pub fn check(&self, rules: &PasswordRules) -> Result<(), Error> {
        let (least, most) = (rules.least, rules.most);
        if !(least..=most).contains(&self.0.chars().count()) {
            return Err(refused(format!("expected {least} to {most} characters")));
        }
        let folded = folded(&self.0);
        let mut characters = folded.chars();
        let first = characters.next();
        if COMMON.contains(folded.as_str()) || characters.all(|next| Some(next) == first) {
            return Err(refused("this password is one of those that are tried first"));
        }
        if rules.words.iter().map(String::as_str).chain([SERVICE]).any(|word| is_about(&folded, word)) {
            return Err(refused("this password is a word of this service with little around it"));
        }
        Ok(())
    }

    /// Error 1 naming `pwd` when the password is the login, the e-mail address or the name of the user it is for, alone
    /// or with digits and signs around it.
    pub fn check_own(&self, user: &Attributes) -> Result<(), Error> {
        let folded = folded(&self.0);
        let addresses = [user::LOGIN, user::EMAIL].into_iter().filter_map(|attr| user.text(attr));
        let parts = addresses.flat_map(|text| [text, text.split('@').next().unwrap_or_default()]);
        let names = [user::FIRSTNAME, user::SURNAME].into_iter().filter_map(|attr| user.text(attr));
        if parts.chain(names).any(|word| is_about(&folded, word)) {
            return Err(refused("this password is the login, e-mail address or name with little around it"));
        }
        Ok(())
    }
}

/// Whether a folded password is `word`, or nothing but its letters with digits and signs around them.
fn is_about(password: &str, word: &str) -> bool {
    let word = folded(word);
    let core = letters(&word);
    !word.is_empty() && (password == word.as_str() || (!core.is_empty() && letters(password) == core))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn check(text: &str) -> Result<(), Error> {
        let rules = PasswordRules { words: vec!["Ärjetön Oy".to_owned()], ..PasswordRules::default() };
        Password::new(text).check(&rules)
    }

    #[test]
    fn the_list_holds_thousands_each_long_enough_folded_and_once() {
        let lines: Vec<&str> =
            include_str!("password/common.txt").lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.len() > 3_000);
        assert!(lines.is_sorted());
        assert_eq!(COMMON.len(), lines.len());
        for line in lines {
            assert!(line.chars().count() >= 8 && folded(line).as_str() == line, "{line:?}");
        }
    }

    #[test]
    fn spaces_accents_and_single_kinds_of_letters_make_good_passwords() {
        for good in [
            "correct horse battery staple",
            "yötyöläinen",
            "lllllllo",
            "        x",
            "48151629",
            "密码密码是好的吗",
            &"ab".repeat(128),
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(check("äääöööå").is_err());
        assert_eq!(check("äääöööåå"), Ok(()));
        assert!(check(&"ab".repeat(128).replacen('a', "aa", 1)).is_err());
    }

    #[test]
    fn what_everybody_tries_first_is_refused_however_it_is_written() {
        for bad in ["password", "PassWord123", "qwertyuiop", "ｐａｓｓｗｏｒｄ", "aaaaaaaaaaaa", "........"]
        {
            let Err(Error::Invalid { parameter, expected }) = check(bad) else { panic!("{bad}") };
            assert_eq!(parameter, "pwd");
            assert!(bad == "password" || !expected.contains(bad), "{expected}");
        }
    }

    #[test]
    fn words_of_the_service_and_of_the_user_are_refused_with_little_around_them() {
        for bad in ["Valtuus2026!", "ärjetön oy", "2026ÄRJETÖN OY!!"] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert_eq!(check("valtuus is a good word"), Ok(()));
        let mut user = Attributes::default();
        user.put(user::LOGIN, Value::text("anna.virtanen"));
        user.put(user::EMAIL, Value::text("a.virtanen@example.fi"));
        user.put(user::SURNAME, Value::text("Virtanen"));
        for bad in ["Anna.Virtanen", "a.virtanen@example.fi", "!A.VIRTANEN1", "Virtanen1234"] {
            assert!(Password::new(bad).check_own(&user).is_err(), "{bad}");
        }
        for good in ["anna virtanen", "virtanen at home", "12345678"] {
            assert_eq!(Password::new(good).check_own(&user), Ok(()), "{good}");
        }
    }

    #[test]
    fn a_password_is_never_printed() {
        assert_eq!(format!("{:?}", Password::new("the-secret")), "Password(…)");
    }
}
