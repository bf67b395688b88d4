//! The words of letters: one file for a kind of letter and a language, `<letter>.<language>.txt`. The first line is
//! `Subject: …`, the text follows after an empty line; both are templates of minijinja.
//!
//! English and Finnish are compiled in. A directory may hold files that take their place or add languages. Every
//! template is tried when it is read, so that a broken one is a refusal to start and not a letter never sent.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use crate::model::letter::LetterKind;

/// The letters that are compiled in: file name and text.
const BUILT_IN: &[(&str, &str)] = &[
    ("user-invitation.en.txt", include_str!("templates/user-invitation.en.txt")),
    ("user-invitation.fi.txt", include_str!("templates/user-invitation.fi.txt")),
    ("reinvitation.en.txt", include_str!("templates/reinvitation.en.txt")),
    ("reinvitation.fi.txt", include_str!("templates/reinvitation.fi.txt")),
    ("role-invitation.en.txt", include_str!("templates/role-invitation.en.txt")),
    ("role-invitation.fi.txt", include_str!("templates/role-invitation.fi.txt")),
    ("mandate-invitation.en.txt", include_str!("templates/mandate-invitation.en.txt")),
    ("mandate-invitation.fi.txt", include_str!("templates/mandate-invitation.fi.txt")),
    ("registration-approved.en.txt", include_str!("templates/registration-approved.en.txt")),
    ("registration-approved.fi.txt", include_str!("templates/registration-approved.fi.txt")),
    ("registration-rejected.en.txt", include_str!("templates/registration-rejected.en.txt")),
    ("registration-rejected.fi.txt", include_str!("templates/registration-rejected.fi.txt")),
    ("one-time-code.en.txt", include_str!("templates/one-time-code.en.txt")),
    ("one-time-code.fi.txt", include_str!("templates/one-time-code.fi.txt")),
];
const EXTENSION: &str = ".txt";
const SUBJECT: &str = "Subject:";
/// What rendering may cost: a template that loops without end is refused.
const RECURSION: usize = 32;
/// The largest template, bytes.
const LARGEST: u64 = 256 * 1024;

/// Why templates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The directory or a file cannot be read.
    #[error("mail.templates: {}: {cause}", path.display())]
    Unreadable {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A file whose name is that of no letter.
    #[error("mail.templates: {}: {expected}", path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: String,
    },
    /// A template that is broken.
    #[error("mail.templates: line {line} of {file}: {reason}")]
    Broken {
        /// The file.
        file: String,
        /// The line.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// There are no words in the configured default language.
    #[error("mail.default-locale: there is no template {file} for {locale}")]
    NoDefault {
        /// The configured locale.
        locale: String,
        /// The file that is missing.
        file: String,
    },
}

/// Every template, tried.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    known: BTreeSet<String>,
    default_locale: String,
}

impl Templates {
    /// The built-in templates with those of `directory` in their place. `sample` holds every variable a template
    /// may use.
    pub fn load(
        directory: Option<&Path>,
        default_locale: &str,
        sample: &Value,
    ) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_recursion_limit(RECURSION);
        let default_locale = normal(default_locale);
        let mut templates = Self { environment, known: BTreeSet::new(), default_locale };
        for (name, text) in BUILT_IN {
            templates.add(stem(name), name, text, sample)?;
        }
        if let Some(directory) = directory {
            templates.add_directory(directory, sample)?;
        }
        templates.must_have_default()?;
        Ok(templates)
    }

    fn add_directory(&mut self, directory: &Path, sample: &Value) -> Result<(), TemplateError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |cause| TemplateError::Unreadable { path, cause }
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(unreadable(directory))? {
            paths.push(entry.map_err(unreadable(directory))?.path());
        }
        paths.sort();
        for path in paths {
            let Some(name) = file_name(&path) else { continue };
            let length = std::fs::metadata(&path).map_err(unreadable(&path))?.len();
            if length > LARGEST {
                let expected = format!("is larger than {LARGEST} bytes");
                return Err(TemplateError::Name { path, expected });
            }
            let text = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
            check_name(&path, &name)?;
            self.add(stem(&name), &path.display().to_string(), &text, sample)?;
        }
        Ok(())
    }

    /// Adds the template called `name`; `file` is what errors call it.
    fn add(&mut self, name: &str, file: &str, text: &str, sample: &Value) -> Result<(), TemplateError> {
        let text = text.replace("\r\n", "\n");
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let broken =
            |line: usize, reason: String| TemplateError::Broken { file: file.to_owned(), line, reason };
        let Some(subject) = first.strip_prefix(SUBJECT) else {
            return Err(broken(1, format!("expected the subject, `{SUBJECT} …`")));
        };
        if !rest.is_empty() && !rest.starts_with('\n') {
            return Err(broken(2, "expected an empty line after the subject".to_owned()));
        }
        let key = name.to_ascii_lowercase();
        // The text keeps its lines, so that errors name those of the file.
        let parts = [(subject_of(&key), subject.trim().to_owned()), (key.clone(), format!("\n{rest}"))];
        for (part, source) in parts {
            let explain = |error: &minijinja::Error| {
                let line = error.line().unwrap_or(1);
                let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
                broken(line, format!("{}{detail}", error.kind()))
            };
            self.environment.add_template_owned(part.clone(), source).map_err(|error| explain(&error))?;
            let rendered = self.render_part(&part, sample).map_err(|error| explain(&error))?;
            if rendered.trim().is_empty() {
                return Err(broken(1, "the subject or the text is empty".to_owned()));
            }
        }
        self.known.insert(key);
        Ok(())
    }

    fn must_have_default(&self) -> Result<(), TemplateError> {
        let language = language(&self.default_locale);
        for kind in LetterKind::ALL {
            let whole = format!("{}.{}", kind.name(), self.default_locale);
            let part = format!("{}.{language}", kind.name());
            if !self.known.contains(&whole) && !self.known.contains(&part) {
                let file = format!("{part}{EXTENSION}");
                return Err(TemplateError::NoDefault { locale: self.default_locale.clone(), file });
            }
        }
        Ok(())
    }

    /// The name of the best template: the locale itself, its language, then the same of the default.
    fn best(&self, kind: LetterKind, locale: Option<&str>) -> Option<String> {
        let asked = locale.map(normal).unwrap_or_default();
        let locales =
            [asked.as_str(), language(&asked), self.default_locale.as_str(), language(&self.default_locale)];
        locales
            .into_iter()
            .map(|locale| format!("{}.{locale}", kind.name()))
            .find(|name| self.known.contains(name))
    }

    /// Subject and text of a letter, in the language nearest to `locale`.
    pub fn render(
        &self,
        kind: LetterKind,
        locale: Option<&str>,
        variables: &Value,
    ) -> Result<(String, String), minijinja::Error> {
        let name = self.best(kind, locale).unwrap_or_default();
        Ok((self.render_part(&subject_of(&name), variables)?, self.render_part(&name, variables)?))
    }

    fn render_part(&self, name: &str, variables: &Value) -> Result<String, minijinja::Error> {
        self.environment.get_template(name)?.render(variables.clone())
    }
}

/// The file's name; `None` for hidden files and folders.
fn file_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    (!name.starts_with('.') && !path.is_dir()).then_some(name)
}

fn check_name(path: &Path, name: &str) -> Result<(), TemplateError> {
    let known = |name: &str| LetterKind::ALL.iter().any(|kind| kind.name() == name);
    let sound = name.ends_with(EXTENSION)
        && stem(name).split_once('.').is_some_and(|(letter, locale)| known(letter) && is_locale(locale));
    if sound {
        return Ok(());
    }
    let letters: Vec<&str> = LetterKind::ALL.iter().map(|kind| kind.name()).collect();
    let expected = format!("expected LETTER.LANGUAGE{EXTENSION}, LETTER being one of {}", letters.join(", "));
    Err(TemplateError::Name { path: path.to_owned(), expected })
}

/// Whether this can be a locale: a language and perhaps more parts, such as `fi` or `fi-FI`.
pub(crate) fn is_locale(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let plain =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    parts.next().is_some_and(|language| {
        (2..=8).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_alphabetic())
    }) && parts.all(plain)
}

fn normal(locale: &str) -> String {
    locale.replace('_', "-").to_ascii_lowercase()
}

fn language(locale: &str) -> &str {
    locale.split_once('-').map_or(locale, |(language, _)| language)
}

fn stem(name: &str) -> &str {
    name.strip_suffix(EXTENSION).unwrap_or(name)
}

fn subject_of(name: &str) -> String {
    format!("{name}/subject")
}
