//! Actions: the addresses of services, one entry for each, that roles are mapped to (contract: Roles, actions and the
//! authorization decision).

use crate::model::attribute::{Access, AttrDef, AttrId, OnDelete};
use crate::model::kind::{Kind, KindDef, NaturalKey, Scope, Unique};
use crate::model::rules::{Context, Rules};
use crate::model::state::Given;
use crate::model::value::Syntax;
use crate::model::{Attributes, Error, Stored, Value};

/// Number, unique in the tenant.
pub const ID: AttrId = Kind::Action.own_attr(1);
/// What it does, in a few words.
pub const NAME: AttrId = Kind::Action.own_attr(2);
/// The address that is called, or its template.
pub const URL: AttrId = Kind::Action.own_attr(3);
/// Name in a menu.
pub const DISPLAY_NAME: AttrId = Kind::Action.own_attr(4);
/// Parameters that go with the address.
pub const QUERY_PARAMS: AttrId = Kind::Action.own_attr(5);
/// Place in a menu.
pub const ORDER_NUMBER: AttrId = Kind::Action.own_attr(6);
/// Module of the menu it stands in.
pub const PARENT_MODULE: AttrId = Kind::Action.own_attr(7);
/// Whether menus show it.
pub const ENABLED: AttrId = Kind::Action.own_attr(8);
/// Service it belongs to.
pub const SERVICE_CODE: AttrId = Kind::Action.own_attr(9);
/// Code of its own.
pub const CODE: AttrId = Kind::Action.own_attr(10);
/// Path in a menu.
pub const PATH: AttrId = Kind::Action.own_attr(11);
/// Address that a menu leads to.
pub const NAVIGATION_URL: AttrId = Kind::Action.own_attr(12);
/// Icon on the left in a menu.
pub const LEFT_ICON: AttrId = Kind::Action.own_attr(13);
/// Icon on the right in a menu.
pub const RIGHT_ICON: AttrId = Kind::Action.own_attr(14);
/// Tenant that holds it.
pub const TENANT: AttrId = Kind::Action.own_attr(15);
/// HTTP method it is about; any when absent.
pub const METHOD: AttrId = Kind::Action.own_attr(16);

const LONG: AttrDef = AttrDef { syntax: Syntax::Text { max: 2048, ignore_case: false }, ..AttrDef::TEXT };

static ATTRS: [AttrDef; 16] = [
    AttrDef {
        number: 1,
        name: "id",
        syntax: Syntax::Integer,
        required: true,
        access: Access::CreateOnly,
        rank: 12,
        doc: "Number, unique in its tenant; the next free one unless given. A bulk file calls it actionId.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 2,
        name: "name",
        syntax: Syntax::Text { max: 255, ignore_case: true },
        rank: 20,
        doc: "What it does, in a few words.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 3,
        name: "url",
        rank: 15,
        doc: "Address that is called; a segment {x} stands for any one segment. Mandatory.",
        ..LONG
    },
    AttrDef { number: 4, name: "displayName", rank: 40, doc: "Name in a menu.", ..AttrDef::TEXT },
    AttrDef {
        number: 5,
        name: "queryParams",
        rank: 56,
        doc: "Parameters that go with the address.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 6,
        name: "orderNumber",
        syntax: Syntax::Integer,
        rank: 57,
        doc: "Place in a menu.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 7,
        name: "parentModule",
        rank: 44,
        doc: "Module of the menu it stands in.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 8,
        name: "enabled",
        syntax: Syntax::Boolean,
        required: true,
        rank: 58,
        doc: "Whether menus show it; no permission depends on it.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 9,
        name: "serviceCode",
        rank: 30,
        doc: "Service it belongs to; features name services.",
        ..AttrDef::TEXT
    },
    AttrDef { number: 10, name: "code", rank: 42, doc: "Code of its own.", ..AttrDef::TEXT },
    AttrDef { number: 11, name: "path", rank: 43, doc: "Path in a menu.", ..LONG },
    AttrDef {
        number: 12,
        name: "navigationURL",
        rank: 54,
        doc: "Address that a menu leads to.",
        ..AttrDef::TEXT
    },
    AttrDef { number: 13, name: "leftIcon", rank: 59, doc: "Icon on the left in a menu.", ..AttrDef::TEXT },
    AttrDef { number: 14, name: "rightIcon", rank: 59, doc: "Icon on the right in a menu.", ..AttrDef::TEXT },
    AttrDef {
        number: 15,
        name: "tenant",
        syntax: Syntax::Reference(&[(Kind::Organization, OnDelete::Cascade)]),
        required: true,
        access: Access::CreateOnly,
        rank: 35,
        doc: "Tenant that holds it: an organization's id, entity name, or its name with dots.",
        ..AttrDef::TEXT
    },
    AttrDef {
        number: 16,
        name: "method",
        syntax: Syntax::Text { max: 16, ignore_case: false },
        rank: 50,
        doc: "HTTP method it is about, in capitals; any when absent.",
        ..AttrDef::TEXT
    },
];

/// The declaration.
pub static KIND: KindDef = KindDef {
    name: "action",
    root: "Action",
    list: "Actions",
    path: "actions",
    attrs: &ATTRS,
    seed_attrs: 16,
    unique: &[Unique { attr: 1, within: Some(15), ignore_case: false, with: None }],
    scope: Scope::Ref(15),
    natural_key: NaturalKey::InTenant(1),
    write_aliases: &[("actionId", "id")],
    aliases: &[],
    parameters: &["role", "feature"],
    lists_entities: true,
    administrative: false,
    rules: &ActionRules,
    doc: "An address of a service that roles are mapped to.",
};

struct ActionRules;

impl Rules for ActionRules {
    fn given(&self, given: &[(AttrId, Vec<Given>)], creating: bool) -> Result<(), Error> {
        super::role_action::check_tenant(given, TENANT)?;
        let url = given.iter().find(|(attr, _)| *attr == URL).map(|(_, values)| values.is_empty());
        // A file may hold an action without an address, which matches nothing; nobody makes one on purpose.
        if url.unwrap_or(creating) {
            Err(Error::invalid("url", "mandatory and must not be empty"))
        } else {
            Ok(())
        }
    }

    fn check(&self, new: &Attributes, _old: Option<&Stored>, _context: &Context<'_>) -> Result<(), Error> {
        if let Some(Value::Int(number)) = new.first(ID)
            && *number < 0
        {
            return Err(Error::invalid("id", "expected a number, 0 or more"));
        }
        let method = new.text(METHOD).unwrap_or("GET");
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Error::invalid("method", "expected an HTTP method in capitals"));
        }
        Ok(())
    }
}
