//! Mail: words for letters, and the way from the outbox to a mail server.
//!
//! - `templates`: the words, by kind of letter and language, compiled in and overridden by files.
//! - `letters`: a letter with its variables put in, and the links in it.
//! - `smtp`: one mail to one mail server.
//! - `worker`: who takes mails out of the outbox, when, and how often.
//! - `direct`: letters that are sent from memory instead.
//!
//! minijinja and lettre live only here. This room knows neither requests nor entities.

pub mod direct;
pub mod letters;
pub mod smtp;
pub mod templates;
pub mod worker;

pub use letters::Composer;
pub use smtp::MailError;
pub use templates::{TemplateError, Templates};
