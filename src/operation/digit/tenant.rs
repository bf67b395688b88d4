//! The name of a tenant as DIGIT writes it (`uk.dehradun`) and the organization it stands for (`uk/dehradun`).

use uuid::Uuid;

use crate::model::Error;
use crate::model::kind::organization::ROOT_NAME;
use crate::operation::access::{TENANT_MAX, check_length};

/// A well-formed name of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    code: Box<str>,
}

impl Tenant {
    /// Reads a name. Error 1 unless it is technical names joined by dots, 256 characters at most.
    pub fn read(code: &str) -> Result<Self, Error> {
        let refused = |expected: &str| Err(Error::invalid("tenant", expected));
        check_length("tenant", code, TENANT_MAX)?;
        // The name of an organization could hold more; a tenant that could not be written again would not come back.
        let sound = |name: &str| {
            !name.is_empty()
                && !name.contains('/')
                && !name.chars().any(|c| c.is_control() || c.is_whitespace())
        };
        if !code.split('.').all(sound) {
            return refused("expected technical names joined by dots, such as uk.dehradun");
        }
        if code == ROOT_NAME || code.split('.').any(|name| Uuid::try_parse(name).is_ok()) {
            return refused("expected the name of a tenant, not of the root organization or an id");
        }
        Ok(Self { code: code.into() })
    }

    /// The name as DIGIT writes it.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The technical names from the top down.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.code.split('.')
    }

    /// The entity name of its organization.
    pub fn entity_name(&self) -> String {
        self.code.replace('.', "/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_names_joined_by_dots() {
        let tenant = Tenant::read("uk.dehradun").unwrap();
        assert_eq!((tenant.code(), tenant.entity_name().as_str()), ("uk.dehradun", "uk/dehradun"));
        assert_eq!(tenant.names().collect::<Vec<_>>(), ["uk", "dehradun"]);
        for bad in ["", ".", "uk.", ".uk", "uk..x", "uk/x", "u k", "uk\n", "root", &"x".repeat(257)] {
            assert!(Tenant::read(bad).is_err(), "{bad}");
        }
        assert!(Tenant::read("019b0000-0000-7000-8000-000000000000").is_err());
        assert!(Tenant::read(&"x".repeat(256)).is_ok());
    }
}
