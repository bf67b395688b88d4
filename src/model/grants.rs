//! What a client may do: verbs × kinds, with the three presets of the contract.

use crate::model::kind::Kind;
use crate::model::{Error, Verb, VerbSet};

/// The grants of one client. Written as words `VERB:KIND`, `*` standing for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants {
    sets: [VerbSet; Kind::COUNT],
}

impl Grants {
    /// Nothing.
    pub const NONE: Self = Self { sets: [VerbSet::NONE; Kind::COUNT] };
    /// Everything: the preset `admin`.
    pub const ADMIN: Self = Self { sets: [VerbSet::ALL; Kind::COUNT] };

    /// The words of a preset: `admin`, `writer` or `reader`. `docs/grants.md` writes them out.
    pub fn preset(name: &str) -> Option<Vec<String>> {
        let verbs: &[&str] = match name {
            "admin" => return Some(vec!["*:*".to_owned()]),
            "writer" => &["read", "create", "update", "delete", "approve", "invite", "disclose"],
            "reader" => &["read"],
            _ => return None,
        };
        let open = Kind::ALL.into_iter().filter(|kind| !kind.def().administrative);
        Some(open.flat_map(|kind| verbs.iter().map(move |verb| format!("{verb}:{}", kind.name()))).collect())
    }

    /// Reads words of the form `VERB:KIND`; the error names the word at fault.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let mut grants = Self::NONE;
        for word in words {
            grants.add(word)?;
        }
        Ok(grants)
    }

    fn add(&mut self, word: &str) -> Result<(), Error> {
        let bad = || Error::invalid("grants", format!("expected VERB:KIND, not {word:.60}"));
        let (verb, kind) = word.split_once(':').ok_or_else(bad)?;
        let verbs = match verb {
            "*" => VerbSet::ALL,
            name => VerbSet::NONE.with(Verb::named(name).ok_or_else(bad)?),
        };
        let only = match kind {
            "*" => None,
            name => Some(Kind::named(name).ok_or_else(bad)?),
        };
        for (index, set) in self.sets.iter_mut().enumerate() {
            if only.is_none_or(|kind| kind.index() == index) {
                *set = set.union(verbs);
            }
        }
        Ok(())
    }

    /// Whether these grants hold everything that `other` does.
    pub fn covers(&self, other: &Self) -> bool {
        self.sets.iter().zip(&other.sets).all(|(mine, theirs)| mine.union(*theirs) == *mine)
    }

    /// What either of the two holds.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        for (mine, theirs) in self.sets.iter_mut().zip(&other.sets) {
            *mine = mine.union(*theirs);
        }
        self
    }

    /// Whether `verb` on `kind` is granted.
    pub fn allow(&self, verb: Verb, kind: Kind) -> bool {
        self.sets.get(kind.index()).is_some_and(|set| set.has(verb))
    }

    /// Error 3 unless `verb` on `kind` is granted.
    pub fn require(&self, verb: Verb, kind: Kind) -> Result<(), Error> {
        if self.allow(verb, kind) {
            return Ok(());
        }
        Err(Error::Forbidden { verb: verb.name(), kind: kind.name() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preset(name: &str) -> Grants {
        Grants::parse(Grants::preset(name).unwrap().iter().map(String::as_str)).unwrap()
    }

    #[test]
    fn the_presets_grow_from_reader_to_admin() {
        assert!(preset("reader").allow(Verb::Read, Kind::User));
        assert!(!preset("reader").allow(Verb::Disclose, Kind::User));
        assert!(!preset("reader").allow(Verb::Create, Kind::User));
        assert!(preset("writer").allow(Verb::Delete, Kind::Mandate));
        assert!(!preset("writer").allow(Verb::Create, Kind::ApiClient));
        assert!(!preset("writer").allow(Verb::Read, Kind::AuditEvent));
        assert_eq!(preset("admin"), Grants::ADMIN);
        assert!(Grants::preset("owner").is_none());
    }

    #[test]
    fn grants_cover_what_they_hold_and_no_more() {
        let words = |list: &[&str]| Grants::parse(list.iter().copied()).unwrap();
        assert!(Grants::ADMIN.covers(&preset("writer")) && preset("writer").covers(&preset("reader")));
        assert!(!preset("reader").covers(&preset("writer")) && !preset("writer").covers(&Grants::ADMIN));
        let (one, two) = (words(&["read:user"]), words(&["read:role"]));
        assert!(!one.covers(&two) && one.covers(&Grants::NONE) && one.covers(&one));
        assert_eq!(one.union(&two), words(&["read:role", "read:user"]));
    }

    #[test]
    fn a_word_that_is_no_grant_is_named() {
        for bad in ["read", "look:user", "read:planet", ":", ""] {
            let error = Grants::parse([bad]).unwrap_err();
            assert!(error.to_string().contains("VERB:KIND"), "{bad}");
        }
        assert!(Grants::parse(["read:*"]).unwrap().allow(Verb::Read, Kind::Role));
    }
}
