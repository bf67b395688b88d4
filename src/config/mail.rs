//! The topic of mail: how letters leave, and their words. Read and checked like the topics of `topics`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::secret::Secret;

/// `[mail]`: how letters leave, and their words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct MailConfig {
    /// Host of the mail server; absent: mails stay in the outbox.
    pub host: Option<String>,
    /// Its port; absent: 587 with STARTTLS, 465 with TLS, 25 without.
    pub port: Option<u16>,
    /// Whether and when the connection is encrypted.
    pub tls: MailTls,
    /// PEM file with certificates to trust beside the system's.
    pub ca: Option<PathBuf>,
    /// Name to sign in with; absent: without signing in.
    pub username: Option<String>,
    /// Password to sign in with.
    pub password: Option<Secret>,
    /// The sender, such as `Valtuus <noreply@example.fi>`.
    pub from: Option<String>,
    /// Where answers should go.
    pub reply_to: Option<String>,
    /// Base of the links in letters; absent: this server's own address of version 2.0.
    pub link: Option<String>,
    /// Directory with templates in the place of the built-in ones.
    pub templates: Option<PathBuf>,
    /// The language of letters to people without a locale.
    pub default_locale: String,
    /// How often a mail is tried before it is given up.
    pub attempts: u16,
    /// How long after a first failure a mail is tried again, seconds; each further failure doubles it.
    pub first_delay_seconds: u32,
    /// The longest such delay, seconds.
    pub longest_delay_seconds: u32,
    /// How long a mail server may take for one mail, seconds.
    pub timeout_seconds: u16,
    /// How long mails that were sent or given up stay listed, days.
    pub keep_days: u16,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            tls: MailTls::Starttls,
            ca: None,
            username: None,
            password: None,
            from: None,
            reply_to: None,
            link: None,
            templates: None,
            default_locale: "en".to_owned(),
            attempts: 12,
            first_delay_seconds: 30,
            longest_delay_seconds: 7_200,
            timeout_seconds: 30,
            keep_days: 30,
        }
    }
}

impl MailConfig {
    /// Every optional key given, for the list of keys.
    pub(super) fn sample() -> Self {
        let text = || Some("-".to_owned());
        Self {
            host: text(),
            port: Some(25),
            ca: Some(PathBuf::from("-")),
            username: text(),
            password: Some(Secret::new("-")),
            from: text(),
            reply_to: text(),
            link: text(),
            templates: Some(PathBuf::from("-")),
            ..Self::default()
        }
    }
}

/// Whether and when a connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailTls {
    /// After STARTTLS, which the server must offer.
    Starttls,
    /// From the first byte.
    Tls,
    /// Never; for a server on the same machine or a trusted network.
    None,
}
