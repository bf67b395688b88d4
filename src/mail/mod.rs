//! Mail: words for letters, and the way from the outbox to a mail server.
//!
//! - `templates`: the words, by kind of letter and language, compiled in and overridden by files.
//! - `letters`: a letter with its variables put in, and the links in it.
//!
//! minijinja and lettre live only here. This room knows neither requests nor entities.

pub mod letters;
pub mod templates;

pub use letters::Composer;
pub use templates::{TemplateError, Templates};
