//! Biometric extractors of a partner under a policy (contract: Partner, biometric extractors).

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::biometric;
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope};
use crate::model::rules::{Context, Rules};
use crate::model::state::Given;
use crate::model::value::Syntax;
use crate::model::{Attributes, Error, Value};

/// Partner it is for.
pub const PARTNER: AttrId = Kind::BiometricExtractor.own_attr(1);
/// Policy it is for.
pub const POLICY: AttrId = Kind::BiometricExtractor.own_attr(2);
/// Name of the attribute that it serves.
pub const ATTRIBUTE_NAME: AttrId = Kind::BiometricExtractor.own_attr(3);
/// Modality with its subtypes in brackets, such as `face` or `iris[left,right]`.
pub const BIOMETRIC: AttrId = Kind::BiometricExtractor.own_attr(4);
/// Who provides the extractor.
pub const PROVIDER: AttrId = Kind::BiometricExtractor.own_attr(5);
/// Version of the extractor.
pub const VERSION: AttrId = Kind::BiometricExtractor.own_attr(6);

const FIXED: AttrDef = AttrDef { access: Access::CreateOnly, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 6] = [
    AttrDef {
        number: 1,
        name: "partner",
        syntax: Syntax::Reference(&[(Kind::Partner, OnDelete::Cascade)]),
        required: true,
        rank: 20,
        doc: "Partner it is for.",
        ..FIXED
    },
    AttrDef {
        number: 2,
        name: "policy",
        syntax: Syntax::Reference(&[(Kind::Policy, OnDelete::Restrict)]),
        required: true,
        rank: 21,
        doc: "Policy it is for.",
        ..FIXED
    },
    AttrDef {
        number: 3,
        name: "attributeName",
        syntax: Syntax::Text { max: 64, ignore_case: false },
        required: true,
        rank: 10,
        doc: "Name of the attribute that it serves.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 4,
        name: "biometric",
        syntax: Syntax::Text { max: 255, ignore_case: false },
        required: true,
        rank: 30,
        doc: "Modality with its subtypes in brackets, such as face or iris[left,right].",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 5,
        name: "provider",
        syntax: Syntax::Text { max: 128, ignore_case: false },
        required: true,
        rank: 31,
        doc: "Who provides the extractor.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 6,
        name: "version",
        syntax: Syntax::Text { max: 64, ignore_case: false },
        required: true,
        rank: 52,
        doc: "Version of the extractor.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "biometricextractor",
    root: "BiometricExtractor",
    list: "BiometricExtractors",
    path: "biometricextractors",
    attrs: &ATTRS,
    seed_attrs: 6,
    unique: &[],
    scope: Scope::Ref(1),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &[],
    lists_entities: true,
    administrative: false,
    rules: &ExtractorRules,
    doc: "What extracts biometric templates for a partner under a policy.",
};

struct ExtractorRules;

fn in_its_form(text: &str) -> Result<String, Error> {
    biometric::in_its_form(text).map_err(|expected| Error::invalid("biometric", expected))
}

impl Rules for ExtractorRules {
    fn given(&self, given: &[(AttrId, Vec<Given>)], _creating: bool) -> Result<(), Error> {
        let values = given.iter().filter(|(attr, _)| *attr == BIOMETRIC).flat_map(|(_, values)| values);
        values
            .filter_map(|value| match value {
                Given::Value(value) => value.as_text(),
                Given::Reference(_) => None,
            })
            .try_for_each(|text| in_its_form(text).map(drop))
    }

    fn complete(&self, new: &mut Attributes, _context: &Context<'_>) -> Result<(), Error> {
        if let Some(text) = new.text(BIOMETRIC) {
            let text = in_its_form(text)?;
            new.put(BIOMETRIC, Value::text(text));
        }
        Ok(())
    }
}
