//! `docs/reference.md` and the presets of `docs/grants.md`, rendered from the declarations of the kinds and the
//! table of addresses. Holds no knowledge of its own beside the words for operations.

use std::fmt::Write as _;

use valtuus::audit::Record;
use valtuus::http::dialect::v2_0::ROUTES;
use valtuus::http::dialect::{Operation, Route, Version, v2_1};
use valtuus::model::attribute::{Access, AttrDef, Index, OnDelete};
use valtuus::model::kind::{NaturalKey, Scope, attribute_definition, message};
use valtuus::model::registry::{CUSTOM_MAX, RESERVED};
use valtuus::model::value::Syntax;
use valtuus::model::{Grants, Kind, Verb};
use valtuus::operation::certificate::Upload;
use valtuus::operation::device::ContractStep;
use valtuus::operation::invitation::{Inviting, Offer};
use valtuus::operation::keys::Keying;
use valtuus::operation::list::Base;
use valtuus::operation::misp::MispStep;
use valtuus::operation::partner::Partnering;
use valtuus::operation::policy::PolicyStep;
use valtuus::operation::revoke::Step;

use super::fresh;

const HEAD: &str = "# Reference

Made from the declarations in `src/model/kind/` and the table of addresses in `src/http/dialect/v2_0.rs`; a test
compares it with them, and `VALTUUS_BLESS=1 cargo test laws` rewrites it. Do not edit.

Paths are below `/customerid-rest/services/2.0` and, with the differences at the end, `/customerid-rest/services/2.1`;
each also works with a slash at its end, with HEAD where it knows GET, and with OPTIONS. `{}` stands for an id, or for
the natural key where the kind has one. *Source* is the operation's number in the documentation of CustomerID REST 2.0;
`X` marks operations that it lacks.

How to read the attribute tables: *set* says when a client may give the attribute; *search* how a filter of a list
matches (`exactMatch=true` always compares the whole value, letter case included); *several* whether it may have more
than one value.
";

/// How a natural key reads.
fn natural_key(kind: Kind) -> String {
    match kind.def().natural_key {
        NaturalKey::None => "none".to_owned(),
        NaturalKey::EntityName => "entity name (percent-encode its `/`)".to_owned(),
        NaturalKey::Unique(number) => format!("`{}`", own(kind, number)),
        NaturalKey::InTenant(number) => format!("`TENANT:{}`", own(kind, number)),
    }
}

/// The name of the kind's attribute with that own number.
fn own(kind: Kind, number: u8) -> &'static str {
    kind.def().attrs.iter().find(|attr| attr.number == number).map_or("?", |attr| attr.name)
}

fn scope(kind: Kind) -> String {
    match kind.def().scope {
        Scope::None => "none".to_owned(),
        Scope::Own => "itself".to_owned(),
        Scope::Ref(number) => format!("what `{}` refers to", own(kind, number)),
    }
}

fn unique(kind: Kind) -> String {
    let keys = kind.def().unique.iter().map(|key| {
        let within = key.within.map(|number| format!(" within `{}`", own(kind, number))).unwrap_or_default();
        let case = if key.ignore_case { ", whatever its letter case" } else { "" };
        format!("`{}`{within}{case}", own(kind, key.attr))
    });
    let keys: Vec<String> = keys.collect();
    if keys.is_empty() { "none".to_owned() } else { keys.join("; ") }
}

fn syntax(syntax: Syntax) -> String {
    match syntax {
        Syntax::Text { max, .. } => format!("text, at most {max} characters"),
        Syntax::Class => "name of a configured class".to_owned(),
        Syntax::Email => "e-mail address".to_owned(),
        Syntax::Telephone => "telephone number".to_owned(),
        Syntax::Boolean => "`true` or `false`".to_owned(),
        Syntax::Integer => "decimal integer".to_owned(),
        Syntax::Instant => "instant (ISO 8601 or epoch milliseconds)".to_owned(),
        Syntax::Choice(set) => {
            let words = set.iter().map(|choice| match choice.number {
                Some(number) => format!("{number} {}", choice.name),
                None => choice.name.to_owned(),
            });
            words.collect::<Vec<_>>().join(", ")
        }
        Syntax::Reference(targets) => {
            let names: Vec<&str> = targets.iter().map(|(kind, _)| kind.name()).collect();
            format!("reference: {}", names.join(" or "))
        }
    }
}

fn access(access: Access) -> &'static str {
    match access {
        Access::ReadWrite => "always",
        Access::CreateOnly => "at creation",
        Access::ServerSet => "by the server",
        Access::Derived => "computed",
    }
}

fn search(attr: &AttrDef) -> &'static str {
    match (attr.index, attr.syntax.matches_prefix(), attr.syntax.ignores_case()) {
        (Index::None, _, _) => "no",
        (_, false, _) => "exact",
        (_, true, true) => "prefix, any letter case",
        (_, true, false) => "prefix",
    }
}

fn on_delete(rule: OnDelete) -> &'static str {
    match rule {
        OnDelete::Restrict => "that is refused (10)",
        OnDelete::Cascade => "this goes too",
        OnDelete::Subtree => "that is refused (10), with `recursive=true` this goes too",
        OnDelete::RemoveValue => "the value is taken out",
        OnDelete::ToText => "the id stays as text",
    }
}

fn attribute(out: &mut String, attr: &AttrDef) {
    let mut doc = format!("{}.", attr.doc.trim_end_matches('.'));
    if attr.required {
        doc.push_str(" Mandatory.");
    }
    if attr.sensitive {
        doc.push_str(" Sensitive: shown, and searched by, only with the verb `disclose`.");
    }
    if let Syntax::Reference(targets) = attr.syntax {
        for (kind, rule) in targets {
            write!(doc, " When the {} is deleted, {}.", kind.name(), on_delete(*rule)).unwrap();
        }
    }
    let several = if attr.many { "yes" } else { "" };
    let (syntax, access, search) = (syntax(attr.syntax), access(attr.access), search(attr));
    writeln!(out, "| `{}` | {syntax} | {access} | {search} | {several} | {doc} |", attr.name).unwrap();
}

/// A listing in words.
fn listing(kind: Kind, base: Base) -> String {
    let what = format!("lists {}", kind.def().path);
    match base {
        Base::All => what,
        Base::UsersOfOrganization => "lists its users; `recursive`".to_owned(),
        Base::OrganizationsOfOrganization => "lists the organizations below it; `recursive`".to_owned(),
        Base::RolesOfOrganization => "lists its roles".to_owned(),
        Base::InvitationsOfOrganization => "lists invitations to its roles".to_owned(),
        Base::GivenBy(_) => "lists the mandates it has given".to_owned(),
        Base::ReceivedBy(_) => "lists the mandates it has received".to_owned(),
        Base::DelegatedToUser => "lists the mandates delegated to the user".to_owned(),
        Base::DelegationsOfUser => "lists the delegations the user has received".to_owned(),
        Base::DelegationsOfMandate => "lists the delegations of it".to_owned(),
        Base::RolesOfUser => "lists the roles assigned to the user, and what they include".to_owned(),
        Base::UsersOfRole => "lists the users that have it".to_owned(),
        Base::InvitationsOfUser => "lists the invitations of the user".to_owned(),
        Base::OfPartnerUnderPolicy => "lists those of the partner under the policy".to_owned(),
        Base::OfPartner => format!("lists its {}", kind.def().path),
    }
}

/// One operation in words.
fn words(operation: Operation) -> String {
    match operation {
        Operation::List(Kind::Action, _) => {
            "lists actions; with `role` or `feature` those of a `tenant`, as a menu shows them".to_owned()
        }
        Operation::List(kind, base) => listing(kind, base),
        Operation::Get(Kind::Mandate) => "answers one; `entities`".to_owned(),
        Operation::Get(_) | Operation::GetRow(_) => "answers one".to_owned(),
        Operation::Create(Kind::AttributeDefinition, _) => {
            "declares one: `kind`, `name`, `indexed` and `many` (both `true` when not given)".to_owned()
        }
        Operation::Update(Kind::AttributeDefinition) => "changes `indexed` or `many`".to_owned(),
        Operation::Delete(Kind::AttributeDefinition) => "removes one that nothing uses".to_owned(),
        Operation::ListRows(Kind::AttributeDefinition) => {
            "lists custom attributes in the order they were declared; `entities`, `exactMatch`".to_owned()
        }
        Operation::Create(Kind::ApiClient, _) => {
            "makes one; `preset`, `pwd`; without `pwd` answers it with its `secret`, once".to_owned()
        }
        Operation::Create(Kind::Token, _) => {
            "makes one, for the caller unless `client` is given; `ttl`; answers it with the `token`, once"
                .to_owned()
        }
        Operation::Update(Kind::ApiClient) => "changes it: given attributes only; `preset`".to_owned(),
        Operation::ResetClient => {
            "gives it another password: `pwd`, or one that is answered as `secret`, once".to_owned()
        }
        Operation::Delete(Kind::Token) => "revokes it".to_owned(),
        Operation::Create(kind, false) if valtuus::operation::access::KINDS.contains(&kind) => {
            "makes one, or all of a list: all or none".to_owned()
        }
        Operation::Create(_, false) => "makes one".to_owned(),
        Operation::Create(kind, true) => format!("makes a {} of it", kind.name()),
        Operation::Update(_) => "changes it: given attributes only".to_owned(),
        Operation::Delete(Kind::Organization) => "deletes it; `recursive`".to_owned(),
        Operation::Delete(_) => "deletes it".to_owned(),
        Operation::Step(_, step) => mandate_step(step).to_owned(),
        Operation::Delegate => {
            "passes roles of it on to a user of the organization that received it".to_owned()
        }
        Operation::Authorize => {
            "decides: `uri`, `method`, `tenant`, `role` as CODE@TENANT or `user` with `mandate`, `tenants`, one of \
             `any`, `all`; answers an `Authorization`"
                .to_owned()
        }
        Operation::EffectiveRoles => {
            "lists the roles that count for the user now, and how each came about; `entities`".to_owned()
        }
        Operation::Invitation(asked) => inviting(asked).to_owned(),
        Operation::Key(asked) => keying(asked).to_owned(),
        Operation::GetOf(_) => "answers one of it".to_owned(),
        Operation::Partner(asked) => partnering(asked).to_owned(),
        Operation::Contract(step) => contract_step(step).to_owned(),
        Operation::Misp(step) => misp_step(step).to_owned(),
        Operation::ImportMasters => {
            "brings the DIGIT masters of `tenant` in, three files as a form or an archive: `dryRun`; answers a \
             `DigitImport`, with 207 when rows were left out"
                .to_owned()
        }
        Operation::Policy(PolicyStep::Publish) => "lets it hold: Draft becomes Published".to_owned(),
        Operation::Policy(PolicyStep::Status) => "`status=active` or `de-active`".to_owned(),
        Operation::Upload(what) => upload(what).to_owned(),
        Operation::CertificateOfPartner => "answers its certificate".to_owned(),
        Operation::Authenticate => "checks the user's password; `pwd`".to_owned(),
        Operation::ForcePasswordChange => "demands another password".to_owned(),
        Operation::MoveUser => "moves the user to another home organization; `organizationId`".to_owned(),
        Operation::MoveOrganization => "moves it with all below it; `parentOrganizationId`".to_owned(),
        Operation::Assign(true) => "assigns the role; again changes nothing".to_owned(),
        Operation::Assign(false) => "takes the role away; again changes nothing".to_owned(),
        Operation::ListRows(Kind::AuditEvent) => {
            "lists audit events by number, at the end those that wait for their seal; `entities`".to_owned()
        }
        Operation::ListRows(Kind::Message) => {
            "lists mails, oldest first; `entities`, `exactMatch`".to_owned()
        }
        Operation::ListRows(kind) => format!("lists {}; `entities`", kind.def().path),
    }
}

/// A step of a mandate, in words.
fn mandate_step(step: Step) -> &'static str {
    match step {
        Step::RevokeMandate => "takes it back: Invited, Pending or Active becomes Revoked",
        Step::ApproveMandate => "lets it come into force: Pending becomes Active",
        Step::RejectMandate => "refuses it: Pending becomes Rejected",
    }
}

/// A step of a contract, in words.
fn contract_step(step: ContractStep) -> &'static str {
    match step {
        ContractStep::Approve => "lets it come into force: PENDING becomes ACTIVE",
        ContractStep::Revoke => "revokes it; it stays listed",
        ContractStep::Check => {
            "tells whether `user` may call `function` on `provider` now; answers a `Validation` with `allowed`"
        }
    }
}

/// What is uploaded, in words.
fn upload(what: Upload) -> &'static str {
    match what {
        Upload::Authority => "takes certificates of authorities: `certificateData`, `partnerDomain`",
        Upload::Partner => {
            "takes its certificate, in the place of the one before: `certificateData`, `partnerDomain`"
        }
    }
}

/// What is asked of keys, in words.
fn keying(asked: Keying) -> &'static str {
    match asked {
        Keying::Ask => "asks for a key to a policy of its group: `policyName`, `useCaseDescription`, `label`",
        Keying::Decide => {
            "`status=approved` (with `label`; answers the `ApiKey` with the key as `apiKey`, once) or `rejected`"
        }
        Keying::Status => "`status=active` or `de-active`; one that has expired is not activated",
        Keying::Policy => "lets it open another policy of the partner's group: `policyName`",
        Keying::Extract => "stores an extractor, over the one of the same `attributeName` if there is one",
        Keying::Map => "maps the policy to the credential type; again changes nothing",
        Keying::Validate => {
            "checks keys, policy and who is behind them: `apiKey`, `mispLicenseKey`, `needPartnerCert`; answers a \
             `Validation`, or the first thing that does not fit"
        }
    }
}

/// What is asked of invitations, in words.
fn inviting(asked: Inviting) -> &'static str {
    match asked {
        Inviting::Accept(Offer::Roles) => {
            "accepts it: `token` (no credentials needed), `pwd login firstname surname mobile locale`; a client: `user`"
        }
        Inviting::Accept(Offer::Mandate) => {
            "accepts it: `token` (no credentials needed), `login pwd` of a user, or of a new one with \
             `firstname surname mobile locale`; a client: `user`"
        }
        Inviting::Decline(_) => "declines it: `token` (no credentials needed)",
        Inviting::Resend(_) => "sends it again, with a new token and a new end",
        Inviting::Withdraw(_) => "takes it back: Sent or Expired becomes Withdrawn",
        Inviting::InviteUser => {
            "makes a user that waits for registration and invites it: attributes of a user, `role inviter message`"
        }
        Inviting::Reinvite => "invites it again; answers `ReinviteResponse`",
        Inviting::Decide(true) => "approves it: the user is enabled, or gets the roles",
        Inviting::Decide(false) => "rejects it: a user that registered is disabled, roles are not given",
    }
}

/// What is asked of partners, in words.
fn partnering(asked: Partnering) -> &'static str {
    match asked {
        Partnering::AskCode => {
            "sends a one-time code to `emailId`, with which somebody without an account may register one (no \
             credentials needed)"
        }
        Partnering::Register => {
            "registers one; `otp` (no credentials needed); `login` and `pwd` make a user that acts for it"
        }
        Partnering::Update => "changes it: given attributes only",
        Partnering::Status => {
            "decides on it, or switches it on or off: `status`, one of `approved`, `rejected`, `active`, `de-active`"
        }
        Partnering::Contact => "stores a contact of it: makes the one with this `emailId`, or changes it",
    }
}

/// What is done with MISPs and their licence keys, in words.
fn misp_step(step: MispStep) -> &'static str {
    match step {
        MispStep::Decide => {
            "decides about it: `mispStatus`, one of `approved`, `rejected`; an approval answers its new licence key with \
             `mispLicenseKey`, once"
        }
        MispStep::Activate => "switches it on or off: `mispStatus`, one of `active`, `de-active`",
        MispStep::ReadKey => "answers its newest licence key, without the key itself",
        MispStep::Renew => {
            "replaces its expired licence key; answers the new one with `mispLicenseKey`, once"
        }
        MispStep::Validate => "tells whether `mispLicenseKey` is good; answers `Validation`",
        MispStep::KeyStatus => {
            "switches `mispLicenseKey` on or off: `mispLicenseKeyStatus`, one of `active`, `de-active`"
        }
    }
}

/// The kind whose collection an address begins with.
fn collection(route: &Route) -> Option<Kind> {
    if route.operation == Operation::ImportMasters {
        return Some(Kind::RoleAction);
    }
    let first = match route.path.split('/').next()? {
        "authorizations" => Kind::Action.def().path,
        first => first,
    };
    Kind::ALL.into_iter().find(|kind| kind.def().path == first)
}

fn addresses(out: &mut String, kind: Kind) {
    out.push_str("| Method and path | Does | Source |\n|---|---|---|\n");
    for route in ROUTES.iter().filter(|route| collection(route) == Some(kind)) {
        let Route { method, path, operation, source } = route;
        writeln!(out, "| {method} `/{path}` | {} | {source} |", words(*operation)).unwrap();
    }
    out.push('\n');
}

fn attributes(out: &mut String, kind: Kind) {
    let def = kind.def();
    out.push_str("| Attribute | Value | Set | Search | Several | |\n|---|---|---|---|---|---|\n");
    for attr in def.attrs {
        attribute(out, attr);
    }
    out.push('\n');
    let renamed = def.aliases.iter().map(|(alias, name)| format!("`{alias}` stands for `{name}`"));
    let written = def
        .write_aliases
        .iter()
        .map(|(given, name)| format!("`{given}` stands for `{name}` when an entity is written"));
    let renamed: Vec<String> = renamed.chain(written).collect();
    if !renamed.is_empty() {
        writeln!(out, "Other names: {}.\n", renamed.join("; ")).unwrap();
    }
}

fn public(out: &mut String, kind: Kind) {
    let def = kind.def();
    let whole = if def.lists_entities { "" } else { " (of ids only)" };
    writeln!(out, "## {}\n\n{}\n", def.root, def.doc).unwrap();
    writeln!(
        out,
        "Roots `<{}>` and `<{}>`{whole} · grant kind `{}` · natural key: {} · unique: {} · owning organization: {}\n",
        def.root, def.list, def.name, natural_key(kind), unique(kind), scope(kind)
    )
    .unwrap();
    addresses(out, kind);
    if kind == Kind::AuditEvent {
        let names: Vec<String> = Record::FIELDS.iter().map(|name| format!("`{name}`")).collect();
        writeln!(out, "Attributes: `id`, `at`, `seq` and `hash` (once sealed), {}, `changes` (several). Read by `id` or by `seq`.\n", names.join(", ")).unwrap();
        let filters: Vec<String> = def.parameters.iter().map(|name| format!("`{name}`")).collect();
        writeln!(out, "Filters, each compared whole: {}.\n", filters.join(", ")).unwrap();
    } else if kind == Kind::AttributeDefinition {
        let names: Vec<String> =
            attribute_definition::FIELDS.iter().map(|name| format!("`{name}`")).collect();
        writeln!(out, "Attributes: {}. Natural key: `KIND.NAME`.\n", names.join(", ")).unwrap();
        out.push_str("Filters: `kind` (exact), `name` (prefix).\n\n");
    } else if kind == Kind::Message {
        let names: Vec<String> = message::FIELDS.iter().map(|name| format!("`{name}`")).collect();
        writeln!(out, "Attributes: {}.\n", names.join(", ")).unwrap();
        out.push_str(
            "Filters: `recipient` (prefix, any letter case), `state` (`queued`, `sent` or `failed`).\n\n",
        );
    } else {
        attributes(out, kind);
    }
}

fn reference() -> String {
    let mut out = HEAD.to_owned();
    let reserved: Vec<String> = RESERVED.iter().map(|name| format!("`{name}`")).collect();
    writeln!(
        out,
        "\nCustom attributes are text of at most {CUSTOM_MAX} characters. Names that no attribute can have: {}, and the \
         operations' own parameters.\n",
        reserved.join(", ")
    )
    .unwrap();
    for kind in Kind::ALL.into_iter().filter(|kind| !kind.def().path.is_empty()) {
        public(&mut out, kind);
    }
    out.push_str("## Kinds without addresses\n\n");
    for kind in Kind::ALL.into_iter().filter(|kind| kind.def().path.is_empty()) {
        let def = kind.def();
        writeln!(out, "### {}\n\n{} Grant kind `{}`.\n", def.root, def.doc, def.name).unwrap();
        attributes(&mut out, kind);
    }
    newer(&mut out);
    format!("{}\n", out.trim_end())
}

/// What version 2.1 tells otherwise, from its tables.
fn newer(out: &mut String) {
    out.push_str("## Version 2.1\n\n");
    let (older, newer) = (Version::V2_0, Version::V2_1);
    let paths = |version: Version| version.routes().iter().map(|route| (route.method, route.path));
    assert!(paths(older).eq(paths(newer)), "an address of one version only has to be told here");
    writeln!(out, "The same addresses. Entities carry their id and type on their element (see [versions](versions.md)).\n").unwrap();
    for (kind, old, new) in v2_1::RENAMED {
        writeln!(out, "- {}: `{old}` is answered as `{new}`.", kind.def().root).unwrap();
    }
    for (kind, name, choices) in v2_1::TECHNICAL {
        let words: Vec<String> = choices.iter().map(|choice| format!("`{}`", choice.technical)).collect();
        writeln!(out, "- {}: `{name}` is answered as one of {}.", kind.def().root, words.join(", ")).unwrap();
    }
    for (kind, name) in v2_1::TYPED {
        writeln!(out, "- {}: `type` on its element is its `{}`.", kind.def().root, newer.name(*kind, name))
            .unwrap();
    }
}

fn preset(name: &str) -> Grants {
    let words = Grants::preset(name).expect("a preset");
    Grants::parse(words.iter().map(String::as_str)).expect("a sound preset")
}

/// One table a preset: a row a kind, a column a verb.
fn presets() -> String {
    let mut out = String::new();
    for name in ["admin", "writer", "reader"] {
        let grants = preset(name);
        write!(out, "### {name}\n\n| |").unwrap();
        for verb in Verb::ALL {
            write!(out, " {} |", verb.name()).unwrap();
        }
        writeln!(out, "\n|---|{}", "---|".repeat(Verb::ALL.len())).unwrap();
        for kind in Kind::ALL {
            write!(out, "| `{}` |", kind.name()).unwrap();
            for verb in Verb::ALL {
                out.push_str(if grants.allow(verb, kind) { " yes |" } else { " |" });
            }
            out.push('\n');
        }
        out.push('\n');
    }
    out
}

#[test]
fn the_reference_is_what_the_kinds_declare() {
    fresh::whole("docs/reference.md", &reference());
}

#[test]
fn the_presets_written_out_are_the_presets() {
    fresh::part("docs/grants.md", "presets", &presets());
}

#[test]
fn every_address_is_in_the_reference() {
    let text = fresh::read("docs/reference.md");
    for route in ROUTES {
        assert!(collection(route).is_some(), "{} begins with the path of no kind", route.path);
        let row = format!("| {} `/{}` |", route.method, route.path);
        assert!(text.contains(&row), "{row} is missing");
    }
}
