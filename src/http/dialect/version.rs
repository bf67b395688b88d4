//! The versions of the interface: dialects over the same operations.

use std::borrow::Cow;

use crate::http::dialect::{Route, v2_0, v2_1};
use crate::model::Kind;
use crate::model::visible::{Shown, Visible};

/// A version of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// `/customerid-rest/services/2.0`.
    #[default]
    V2_0,
    /// `/customerid-rest/services/2.1`.
    V2_1,
}

impl Version {
    /// Every version.
    pub const ALL: [Self; 2] = [Self::V2_0, Self::V2_1];

    /// Its number, as it stands in addresses.
    pub fn number(self) -> &'static str {
        match self {
            Self::V2_0 => "2.0",
            Self::V2_1 => "2.1",
        }
    }

    /// The version of a path below `/customerid-rest/services`, and the rest of the path behind its slash.
    pub fn of(path: &str) -> Option<(Self, &str)> {
        let (number, rest) = path.strip_prefix('/')?.split_once('/')?;
        Self::ALL.into_iter().find(|version| version.number() == number).map(|version| (version, rest))
    }

    /// Its addresses.
    pub fn routes(self) -> &'static [Route] {
        match self {
            Self::V2_0 => v2_0::ROUTES,
            Self::V2_1 => v2_1::ROUTES,
        }
    }

    /// Whether entities carry their id and type on their XML element.
    pub fn marks_entities(self) -> bool {
        self == Self::V2_1
    }

    /// The name of an attribute in answers.
    pub fn name(self, kind: Kind, name: &str) -> &str {
        if self == Self::V2_0 {
            return name;
        }
        let renamed = v2_1::RENAMED.iter().find(|(of, known, _)| *of == kind && *known == name);
        renamed.map_or(name, |(_, _, name)| name)
    }

    /// The text of a value in answers.
    pub fn text<'t>(self, kind: Kind, name: &str, text: &'t str) -> &'t str {
        if self == Self::V2_0 {
            return text;
        }
        let choices = v2_1::TECHNICAL.iter().find(|(of, known, _)| *of == kind && *known == name);
        let choice = choices.and_then(|(_, _, set)| set.iter().find(|choice| choice.name == text));
        choice.map_or(text, |choice| choice.technical)
    }

    /// The type of an entity within its kind, where this version shows one.
    pub fn entity_type<'v>(self, visible: &'v Visible<'_>) -> Option<Cow<'v, str>> {
        if self == Self::V2_0 {
            return None;
        }
        let (_, name) = v2_1::TYPED.iter().find(|(kind, _)| *kind == visible.kind)?;
        let field = visible.fields.iter().find(|field| field.name == *name)?;
        let mut found = None;
        field.values.each(|value| {
            if let (None, Shown::Text(text)) = (&found, value) {
                found = Some(Cow::Owned(text.clone().into_owned()));
            }
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_with_the_number_of_its_version() {
        assert_eq!(Version::of("/2.0/users/"), Some((Version::V2_0, "users/")));
        assert_eq!(Version::of("/2.1/users/x"), Some((Version::V2_1, "users/x")));
        for path in ["/2.2/users", "/2.0", "2.0/users", "/2.00/users", ""] {
            assert_eq!(Version::of(path), None, "{path}");
        }
    }

    #[test]
    fn only_the_newer_version_speaks_otherwise() {
        let (old, new) = (Version::V2_0, Version::V2_1);
        assert_eq!(old.name(Kind::Organization, "organizationClass"), "organizationClass");
        assert_eq!(new.name(Kind::Organization, "organizationClass"), "organizationType");
        assert_eq!(new.name(Kind::User, "organizationClass"), "organizationClass");
        assert_eq!(new.text(Kind::User, "status", "Not initialized"), "not_initialized");
        assert_eq!(old.text(Kind::User, "status", "Not initialized"), "Not initialized");
        assert_eq!(new.text(Kind::Mandate, "state", "Active"), "Active");
    }
}
