//! One mail to one mail server, and what its answer means. The server's words are kept for administrators, but never
//! what they repeat of the mail; logs get the status code alone.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use zeroize::Zeroizing;

use crate::mail::templates::TemplateError;
use crate::store::outbox::Mail;

/// The longest reason that is kept, characters.
const REASON_MAX: usize = 300;
/// Refusals that speak of this server's right to send and not of the mail: they can be mended without writing it anew.
const NOT_THE_MAIL: [u16; 6] = [530, 534, 535, 538, 523, 555];

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The words.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A configured address that is none.
    #[error("{key}: expected a mail address such as noreply@example.fi or Name <noreply@example.fi>")]
    Address {
        /// The key of the configuration.
        key: &'static str,
    },
    /// The certificates to trust.
    #[error("mail.ca: {}: {reason}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The host cannot be spoken to by TLS.
    #[error("mail.host: {0}")]
    Tls(String),
}

/// Whether and when the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// After STARTTLS.
    StartTls,
    /// From the first byte.
    Tls,
    /// Never.
    None,
}

/// How the mail server is reached.
#[derive(Clone)]
pub struct SmtpSettings {
    /// Its host.
    pub host: String,
    /// Its port; the usual one of `security` when absent.
    pub port: Option<u16>,
    /// Encryption.
    pub security: Security,
    /// PEM file with certificates to trust beside the system's.
    pub authority: Option<PathBuf>,
    /// Name and password to sign in with.
    pub credentials: Option<(String, Zeroizing<String>)>,
    /// The sender.
    pub from: String,
    /// Where answers should go.
    pub reply_to: Option<String>,
    /// How long one mail may take.
    pub timeout: Duration,
}

/// What went wrong with one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whether another attempt makes no sense.
    pub permanent: bool,
    /// The status code, or a word: for logs and metrics.
    pub brief: String,
    /// The whole reason, without what it repeats of the mail: for administrators.
    pub reason: String,
}

/// A mail server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    secret: Option<Zeroizing<String>>,
    timeout: Duration,
}

impl Smtp {
    /// Prepares for a mail server; nothing is sent yet.
    pub fn new(settings: SmtpSettings) -> Result<Self, MailError> {
        let from = mailbox("mail.from", &settings.from)?;
        let reply_to = settings.reply_to.as_deref().map(|text| mailbox("mail.reply-to", text)).transpose()?;
        let usual = match settings.security {
            Security::StartTls => 587,
            Security::Tls => 465,
            Security::None => 25,
        };
        let tls = match settings.security {
            Security::None => Tls::None,
            Security::StartTls => Tls::Required(parameters(&settings)?),
            Security::Tls => Tls::Wrapper(parameters(&settings)?),
        };
        let hello = ClientId::Domain(from.email.domain().to_owned());
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.host)
            .port(settings.port.unwrap_or(usual))
            .tls(tls)
            .hello_name(hello)
            .timeout(Some(settings.timeout));
        let mut secret = None;
        if let Some((name, password)) = settings.credentials {
            builder = builder.credentials(Credentials::new(name, password.to_string()));
            secret = Some(password);
        }
        Ok(Self { transport: builder.build(), from, reply_to, secret, timeout: settings.timeout })
    }

    /// Sends one mail; returns when the server has taken it.
    pub async fn send(&self, mail: &Mail) -> Result<(), Failure> {
        let message = self.message(mail)?;
        match tokio::time::timeout(self.timeout, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(self.failure(&error, mail)),
            Err(_) => {
                let reason = format!("the mail server took longer than {} s", self.timeout.as_secs());
                Err(Failure { permanent: false, brief: "timeout".to_owned(), reason })
            }
        }
    }

    fn message(&self, mail: &Mail) -> Result<Message, Failure> {
        let unfit = |what: &str| Failure {
            permanent: true,
            brief: "unfit".to_owned(),
            reason: format!("the {what} cannot stand in a mail"),
        };
        let to: Address = mail.recipient.parse().map_err(|_| unfit("address"))?;
        let written = u64::try_from(mail.created).unwrap_or_default();
        let date = SystemTime::UNIX_EPOCH + Duration::from_micros(written);
        // The same at every attempt: who receives a mail twice can tell.
        let id = format!("<{}@{}>", mail.id, self.from.email.domain());
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.clone())
            .date(date)
            .message_id(Some(id))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        builder.body(mail.body.clone()).map_err(|_| unfit("text"))
    }

    fn failure(&self, error: &lettre::transport::smtp::Error, mail: &Mail) -> Failure {
        let code = error.status().map(u16::from);
        let permanent = error.is_permanent() && code.is_none_or(|code| !NOT_THE_MAIL.contains(&code));
        let brief = match code {
            Some(code) => code.to_string(),
            None if error.is_timeout() => "timeout".to_owned(),
            None if error.is_tls() => "tls".to_owned(),
            None if error.is_client() => "client".to_owned(),
            None if error.is_response() => "response".to_owned(),
            None => "connection".to_owned(),
        };
        let mut reason = error.to_string();
        if let Some(secret) = self.secret.as_ref().filter(|secret| !secret.is_empty()) {
            reason = reason.replace(secret.as_str(), "…");
        }
        Failure { permanent, brief, reason: without(&reason, &mail.body) }
    }
}

/// `reason` in one line, without words that may be secrets of `body`: those with a digit or sign that stand in it.
fn without(reason: &str, body: &str) -> String {
    let plain = |letter: char| !letter.is_ascii_alphanumeric();
    let hides = |word: &str| {
        let core = word.trim_matches(plain);
        let telling = core.chars().any(|letter| letter.is_ascii_digit() || "/=&?".contains(letter));
        core.len() >= 4 && telling && (body.contains(core) || core.contains("://"))
    };
    let words = reason.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let words = words.filter(|word| !word.is_empty()).map(|word| if hides(word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(REASON_MAX).collect()
}

fn mailbox(key: &'static str, text: &str) -> Result<Mailbox, MailError> {
    text.parse().map_err(|_| MailError::Address { key })
}

fn parameters(settings: &SmtpSettings) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.authority {
        builder = builder.add_root_certificate(authority(path)?);
    }
    builder.build().map_err(|error| MailError::Tls(error.to_string()))
}

fn authority(path: &Path) -> Result<Certificate, MailError> {
    let bad = |reason: String| MailError::Authority { path: path.to_owned(), reason };
    let pem = std::fs::read(path).map_err(|error| bad(error.to_string()))?;
    Certificate::from_pem(&pem).map_err(|error| bad(error.to_string()))
}

/// Tells other programs not to answer (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_repeats_of_the_mail_is_not_kept() {
        let body = "open\nhttps://portal.example/door/x?token=Ab9-_zQ\nor type 483920\n";
        let said = "permanent error (554): 5.7.1 blocked <https://portal.example/door/x?token=Ab9-_zQ>,\r\n \"483920\" is spam";
        let kept = without(said, body);
        assert_eq!(kept, "permanent error (554): 5.7.1 blocked … … is spam");
        assert!(without(&"x ".repeat(1_000), body).chars().count() <= REASON_MAX);
    }

    #[test]
    fn addresses_of_the_configuration_are_checked_by_key() {
        let settings = |from: &str, reply_to: Option<&str>| SmtpSettings {
            host: "127.0.0.1".to_owned(),
            port: None,
            security: Security::None,
            authority: None,
            credentials: None,
            from: from.to_owned(),
            reply_to: reply_to.map(str::to_owned),
            timeout: Duration::from_secs(1),
        };
        Smtp::new(settings("Valtuus <noreply@example.fi>", Some("help@example.fi"))).unwrap();
        let key = |settings| Smtp::new(settings).err().unwrap().to_string();
        assert!(key(settings("noreply", None)).starts_with("mail.from: "));
        assert!(key(settings("a@b.fi", Some("x\r\nBcc: y@z.fi"))).starts_with("mail.reply-to: "));
        let missing = SmtpSettings {
            security: Security::Tls,
            authority: Some(PathBuf::from("/nonexistent/ca.pem")),
            ..settings("a@b.fi", None)
        };
        assert!(key(missing).contains("/nonexistent/ca.pem"));
    }
}
