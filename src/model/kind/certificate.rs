//! Certificates of partners, and the anchors and intermediates that vouch for them (contract: Partner, certificates).

use crate::model::attribute::{Access, AttrDef, AttrId, Index, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope};
use crate::model::rules::NoRules;
use crate::model::value::{Choice, Syntax};

/// Partner it belongs to.
pub const PARTNER: AttrId = Kind::Certificate.own_attr(1);
/// Domain within which it is trusted.
pub const DOMAIN: AttrId = Kind::Certificate.own_attr(2);
/// anchor, intermediate or partner.
pub const TYPE: AttrId = Kind::Certificate.own_attr(3);
/// Distinguished name of its subject.
pub const SUBJECT: AttrId = Kind::Certificate.own_attr(4);
/// Distinguished name of its issuer.
pub const ISSUER: AttrId = Kind::Certificate.own_attr(5);
/// Serial number, hexadecimal.
pub const SERIAL: AttrId = Kind::Certificate.own_attr(6);
/// First instant at which it is good.
pub const VALID_FROM: AttrId = Kind::Certificate.own_attr(7);
/// Last instant at which it is good.
pub const VALID_UNTIL: AttrId = Kind::Certificate.own_attr(8);
/// SHA-256 of the certificate, hexadecimal.
pub const THUMBPRINT: AttrId = Kind::Certificate.own_attr(9);
/// The certificate in PEM.
pub const DATA: AttrId = Kind::Certificate.own_attr(10);
/// When it was uploaded.
pub const UPLOADED: AttrId = Kind::Certificate.own_attr(11);

/// A self-signed certificate where chains end.
pub const ANCHOR: &str = "anchor";
/// A certificate of an authority that another one vouches for.
pub const INTERMEDIATE: &str = "intermediate";
/// A certificate of a partner.
pub const OF_PARTNER: &str = "partner";

static TYPES: [Choice; 3] = [
    Choice { number: None, name: ANCHOR, technical: ANCHOR },
    Choice { number: None, name: INTERMEDIATE, technical: INTERMEDIATE },
    Choice { number: None, name: OF_PARTNER, technical: OF_PARTNER },
];

const SET: AttrDef = AttrDef { access: Access::ServerSet, ..AttrDef::TEXT };
const FIXED: AttrDef = AttrDef { access: Access::CreateOnly, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 11] = [
    AttrDef {
        number: 1,
        name: "partner",
        syntax: Syntax::Reference(&[(Kind::Partner, OnDelete::Cascade)]),
        rank: 20,
        doc: "Partner it belongs to; none for anchors and intermediates.",
        ..SET
    },
    AttrDef {
        number: 2,
        name: "partnerDomain",
        syntax: Syntax::Text { max: 64, ignore_case: false },
        required: true,
        rank: 40,
        doc: "Domain within which it is trusted.",
        ..FIXED
    },
    AttrDef {
        number: 3,
        name: "certificateType",
        syntax: Syntax::Choice(&TYPES),
        rank: 41,
        doc: "Place in a chain: anchor, intermediate or partner.",
        ..SET
    },
    AttrDef {
        number: 4,
        name: "subject",
        syntax: Syntax::Text { max: 2000, ignore_case: true },
        rank: 30,
        doc: "Distinguished name of its subject.",
        ..SET
    },
    AttrDef {
        number: 5,
        name: "issuer",
        syntax: Syntax::Text { max: 2000, ignore_case: true },
        rank: 31,
        doc: "Distinguished name of its issuer.",
        ..SET
    },
    AttrDef {
        number: 6,
        name: "serialNumber",
        syntax: Syntax::Text { max: 64, ignore_case: false },
        rank: 32,
        doc: "Serial number, hexadecimal.",
        ..SET
    },
    AttrDef {
        number: 7,
        name: "validFrom",
        syntax: Syntax::Instant,
        rank: 46,
        doc: "First instant at which it is good.",
        ..SET
    },
    AttrDef {
        number: 8,
        name: "validUntil",
        syntax: Syntax::Instant,
        rank: 47,
        doc: "Last instant at which it is good.",
        ..SET
    },
    AttrDef {
        number: 9,
        name: "thumbprint",
        syntax: Syntax::Text { max: 64, ignore_case: false },
        rank: 9,
        doc: "SHA-256 of the certificate, hexadecimal.",
        ..SET
    },
    AttrDef {
        number: 10,
        name: "certificateData",
        syntax: Syntax::Text { max: 65536, ignore_case: false },
        required: true,
        index: Index::None,
        doc: "The certificate in PEM; uploads also take PKCS #7 and what vouches for it.",
        ..FIXED
    },
    AttrDef {
        number: 11,
        name: "uploaded",
        syntax: Syntax::Instant,
        rank: 48,
        doc: "When it was uploaded.",
        ..SET
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "certificate",
    root: "Certificate",
    list: "Certificates",
    path: "certificates",
    attrs: &ATTRS,
    seed_attrs: 11,
    unique: &[],
    scope: Scope::Ref(1),
    natural_key: NaturalKey::None,
    write_aliases: &[],
    aliases: &[],
    parameters: &[],
    lists_entities: true,
    administrative: false,
    rules: &NoRules,
    doc: "A certificate of a partner, or one that vouches for those.",
};
