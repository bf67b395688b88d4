//! Letters: what is told to people by mail, before it has words.
//!
//! An operation says which letter goes to whom and what it is about; [`Letters`] (the mail room) gives it words in
//! the recipient's language. Links and codes are secrets: `Debug` hides them.

use std::fmt;

use crate::model::Error;

/// The most characters of a mail address (RFC 5321: 64, `@`, 255, and the path's limit of 254 in practice).
const ADDRESS_MAX: usize = 254;

/// What a letter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LetterKind {
    /// Somebody is invited to become a user.
    UserInvitation,
    /// The same once more.
    Reinvitation,
    /// Somebody is invited to take roles.
    RoleInvitation,
    /// Somebody is invited to receive a mandate.
    MandateInvitation,
    /// A registration or role request was approved.
    RegistrationApproved,
    /// A registration or role request was rejected.
    RegistrationRejected,
    /// A code to be typed in.
    OneTimeCode,
}

impl LetterKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::UserInvitation,
        Self::Reinvitation,
        Self::RoleInvitation,
        Self::MandateInvitation,
        Self::RegistrationApproved,
        Self::RegistrationRejected,
        Self::OneTimeCode,
    ];

    /// The name by which templates are found.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserInvitation => "user-invitation",
            Self::Reinvitation => "reinvitation",
            Self::RoleInvitation => "role-invitation",
            Self::MandateInvitation => "mandate-invitation",
            Self::RegistrationApproved => "registration-approved",
            Self::RegistrationRejected => "registration-rejected",
            Self::OneTimeCode => "one-time-code",
        }
    }
}

/// A letter without words: what, to whom, and everything it may mention.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// What it is for.
    pub kind: LetterKind,
    /// The mail address.
    pub to: String,
    /// The recipient's locale, such as `fi-FI`; the configured default where absent or without words.
    pub locale: Option<String>,
    /// The recipient's name.
    pub recipient: Option<String>,
    /// Where to go, with the token; see [`Letters::link`]. A secret.
    pub link: Option<String>,
    /// Who invites.
    pub inviter: Option<String>,
    /// What the inviter wants to say.
    pub message: Option<String>,
    /// Names of the roles concerned.
    pub roles: Vec<String>,
    /// The name of the organization concerned.
    pub organization: Option<String>,
    /// When the invitation or code ends, microseconds.
    pub expires: Option<i64>,
    /// A code to be typed in. A secret.
    pub code: Option<String>,
}

impl Letter {
    /// A letter that mentions nothing yet.
    pub fn new(kind: LetterKind, to: impl Into<String>) -> Self {
        Self {
            kind,
            to: to.into(),
            locale: None,
            recipient: None,
            link: None,
            inviter: None,
            message: None,
            roles: Vec::new(),
            organization: None,
            expires: None,
            code: None,
        }
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("kind", &self.kind).field("to", &self.to).finish_non_exhaustive()
    }
}

/// A letter in words.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    /// The subject: one line, without control characters.
    pub subject: String,
    /// The text. Holds the link or code: a secret.
    pub body: String,
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Gives letters their words.
pub trait Letters: Send + Sync {
    /// The words of `letter`, in its locale.
    fn write(&self, letter: &Letter) -> Result<Written, Error>;

    /// The address to be written into a letter: `path` below the configured base, with the token as a parameter.
    /// `path` is the address of the step that the token opens, such as `roleinvitations/ID/accept`.
    fn link(&self, path: &str, token: &str) -> String;
}

/// Carries letters that must not lie about: they are handed to the mail server from memory, and what is kept of them
/// says only that they were, or were not.
pub trait Courier: Send + Sync {
    /// Takes a letter to the address `to`. Returns at once; who sent it is not told what becomes of it.
    fn carry(&self, to: String, letter: Written);
}

/// Error 1 on `parameter` unless mail can be sent to `address`: one `@` with a local part and a host name of plain
/// characters. Comments, quoted local parts and address literals are refused.
pub fn check_address(parameter: &str, address: &str) -> Result<(), Error> {
    let sound = |(local, host): (&str, &str)| {
        let atom = |part: &str| {
            !part.is_empty()
                && part.chars().all(|letter| {
                    letter.is_alphanumeric() || (letter.is_ascii() && "!#$%&'*+-/=?^_`{|}~".contains(letter))
                })
        };
        let label = |part: &str| {
            !part.is_empty()
                && !part.starts_with('-')
                && !part.ends_with('-')
                && part.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
        };
        local.len() <= 64 && local.split('.').all(atom) && host.split('.').all(label)
    };
    if address.len() <= ADDRESS_MAX && address.rsplit_once('@').is_some_and(sound) {
        return Ok(());
    }
    Err(Error::invalid(parameter, "expected a mail address such as name@example.fi"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_mail_cannot_carry_are_refused() {
        for good in ["a@b.fi", "matti.meikäläinen+x@esimerkki.fi", "root@localhost", "o'neil@a-b.example"] {
            check_address("email", good).unwrap();
        }
        let long = format!("{}@example.fi", "x".repeat(65));
        let bad =
            ["", "a", "@b.fi", "a@", "a b@c.fi", "a@b..fi", "a@-b.fi", "a@b.fi\r\nBcc: c@d.fi", "<a@b.fi>"];
        for bad in bad.into_iter().chain(["a@b@c.fi", "\"a\"@b.fi", "a@[127.0.0.1]", &long]) {
            let error = check_address("email", bad).unwrap_err();
            assert!(error.to_string().starts_with("email: "), "{bad}");
        }
    }

    #[test]
    fn debugging_a_letter_shows_no_secret() {
        let mut letter = Letter::new(LetterKind::OneTimeCode, "a@b.fi");
        letter.link = Some("https://x/?token=hidden".to_owned());
        letter.code = Some("hidden".to_owned());
        assert!(!format!("{letter:?}").contains("hidden"));
        let written = Written { subject: "Code".to_owned(), body: "hidden".to_owned() };
        assert!(!format!("{written:?}").contains("hidden"));
    }
}
