//! Actions through the door: made and changed by number or name, found by roles and features, and as a tree of modules.

use std::collections::HashSet;

use actix_web::HttpResponse;
use serde_json::{Value, json};

use crate::http::digit::members::Members;
use crate::http::digit::tenants::{TenantNames, Tenants, tenant_of};
use crate::http::digit::{Call, Words, answers, modules, reworded};
use crate::http::failure::Failure;
use crate::model::kind::action;
use crate::model::state::{Draft, Patch};
use crate::model::value::integer;
use crate::model::visible::Known;
use crate::model::{Error, Kind, Stored, Value as Stores, Verb};
use crate::operation::access::ask::RoleAt;
use crate::operation::access::menu::{self, Wanted};
use crate::operation::access::{TENANT_MAX, check_length};
use crate::operation::create::Create;
use crate::operation::several::{Creates, Place, Updates, of_item};
use crate::operation::tenants::{self, Tenant, action_of, actions_named};
use crate::operation::update::Update;

/// What the reference calls otherwise than the door.
const WORDS: Words = &[("tenant", "tenantId")];

/// The only master whose actions are held.
const MASTER: &str = "actions-test";

/// Members of an action that are texts, or numbers that are told as texts; each is an attribute of the same name.
const TEXTS: [&str; 13] = [
    "name",
    "url",
    "queryParams",
    "displayName",
    "orderNumber",
    "parentModule",
    "serviceCode",
    "code",
    "path",
    "navigationURL",
    "leftIcon",
    "rightIcon",
    "method",
];

/// Members that a request may tell once for all its actions.
const SHARED: [&str; 3] = ["navigationURL", "leftIcon", "rightIcon"];

type Named = Vec<(String, Vec<String>)>;

/// What a request says of all its actions.
struct Shared {
    tenant: Option<String>,
    named: Named,
}

/// An action as a request tells it.
struct Told {
    place: String,
    tenant: String,
    id: Option<String>,
    name: Option<String>,
    /// Everything but id, name and tenant.
    named: Named,
}

/// Error 1 unless the master is the one that there is.
fn check_master(members: &mut Members) -> Result<(), Error> {
    match members.text("actionMaster")?.as_deref() {
        None | Some("" | MASTER) => Ok(()),
        Some(_) => Err(Error::invalid("actionMaster", format!("expected {MASTER}"))),
    }
}

/// Takes the attributes of these names out, and the flag.
fn attributes(members: &mut Members, names: &[&str]) -> Result<Named, Error> {
    let mut named = Vec::new();
    for name in names {
        if let Some(text) = members.text(name)? {
            named.push(((*name).to_owned(), vec![text]));
        }
    }
    if let Some(enabled) = members.flag("enabled")? {
        named.push(("enabled".to_owned(), vec![enabled.to_string()]));
    }
    Ok(named)
}

fn told(mut members: Members, shared: &Shared) -> Result<Told, Error> {
    let place = members.place().to_owned();
    let id = members.text("id")?.filter(|id| !id.is_empty());
    let name = members.text("name")?;
    if id.is_none() && name.as_deref().unwrap_or_default().is_empty() {
        return Err(Error::invalid(members.path("id"), "expected an id or a name"));
    }
    let mut named = attributes(&mut members, &TEXTS)?;
    let tenant = tenant_of(&mut members, shared.tenant.as_deref())?;
    members.finish()?;
    let said: HashSet<String> = named.iter().map(|(name, _)| name.clone()).collect();
    named.extend(shared.named.iter().filter(|(name, _)| !said.contains(name)).cloned());
    Ok(Told { place, tenant, id, name, named })
}

/// The actions of a request.
fn all_told(mut members: Members) -> Result<Vec<Told>, Error> {
    check_master(&mut members)?;
    let tenant = members.text("tenantId")?;
    let shared = Shared { tenant, named: attributes(&mut members, &SHARED)? };
    let actions = members.objects("actions")?;
    members.finish()?;
    actions.into_iter().map(|action| told(action, &shared)).collect()
}

/// A search; `by_role` demands roles and knows no features.
fn search(mut members: Members, by_role: bool, has_master: bool) -> Result<Wanted, Error> {
    let tenant = members.needed("tenantId")?;
    check_length("tenantId", &tenant, TENANT_MAX)?;
    let roles =
        if by_role { Some(members.needed_texts("roleCodes")?) } else { members.texts("roleCodes")? };
    let features = if by_role { None } else { members.texts("featureIds")? };
    let enabled = members.flag("enabled")?;
    if has_master {
        check_master(&mut members)?;
    }
    members.finish()?;
    let held = |code| RoleAt { code, tenant: tenant.clone() };
    let roles = roles.map(|codes| codes.into_iter().map(held).collect());
    Ok(Wanted { tenant, roles, features, enabled })
}

impl Call<'_> {
    pub(super) async fn create_actions(&self, members: Members) -> Result<HttpResponse, Failure> {
        let mut tenants = Tenants::of(self.engine(), &self.caller);
        let change = self.action_creates(members, &mut tenants).await;
        let (names, registry) = (tenants.names(), self.engine().registry());
        let render = move |made: &Vec<Stored>| {
            let shown = made.iter().map(|made| {
                let tenant = names.tenant(made, action::TENANT);
                answers::action(&made.made().visible(&registry, &Known::default()), tenant)
            });
            vec![("actions", shown.collect::<Value>())]
        };
        self.performed(change, WORDS, render).await
    }

    async fn action_creates(&self, members: Members, tenants: &mut Tenants<'_>) -> Result<Creates, Error> {
        let actions = all_told(members)?;
        self.granted()?;
        let mut creates = Vec::with_capacity(actions.len());
        for Told { place, tenant, id, name, mut named } in actions {
            let tenant = tenants.needed(&format!("{place}.tenantId"), &tenant).await?;
            let one = |name: &str, value: String| (name.to_owned(), vec![value]);
            named.extend(id.map(|id| one("id", id)));
            named.extend(name.map(|name| one("name", name)));
            named.push(one("tenant", tenant.id.to_string()));
            let given = self.given(Kind::Action, named, true).await;
            let given = given.map_err(|error| of_item(reworded(error, WORDS), &place))?;
            let draft = Draft { kind: Kind::Action, given };
            creates.push((Place::Part(place), Create::new(self.engine(), &self.caller, draft)));
        }
        Ok(Creates::new(Kind::Action, creates))
    }

    pub(super) async fn update_actions(&self, members: Members) -> Result<HttpResponse, Failure> {
        let mut tenants = Tenants::of(self.engine(), &self.caller);
        let change = self.action_updates(members, &mut tenants).await;
        let (names, registry) = (tenants.names(), self.engine().registry());
        let grants = self.caller.grants.clone();
        let render = move |changed: &Vec<Stored>| {
            let shown = changed.iter().map(|changed| {
                let tenant = names.tenant(changed, action::TENANT);
                // Who may not read gets back what it named.
                match changed.permit(Verb::Read, &grants) {
                    Ok(action) => answers::action(&action.visible(&registry, &Known::default()), tenant),
                    Err(_) => json!({"id": answers::number(changed, action::ID), "tenantId": tenant}),
                }
            });
            vec![("actions", shown.collect::<Value>())]
        };
        self.performed(change, WORDS, render).await
    }

    async fn action_updates(&self, members: Members, tenants: &mut Tenants<'_>) -> Result<Updates, Error> {
        let actions = all_told(members)?;
        self.granted()?;
        let (mut updates, mut seen) = (Vec::with_capacity(actions.len()), HashSet::new());
        for Told { place, tenant, id, name, mut named } in actions {
            let tenant = tenants.needed(&format!("{place}.tenantId"), &tenant).await?;
            let found = self.action(&place, &tenant, (id.as_deref(), name.as_deref())).await?;
            if let (Some(_), Some(name)) = (id, name) {
                named.push(("name".to_owned(), vec![name]));
            }
            let given = self.given(Kind::Action, named, false).await;
            let given = given.map_err(|error| of_item(reworded(error, WORDS), &place))?;
            if !seen.insert(found.id()) {
                return Err(Error::invalid(place, "the same action stands twice in the request"));
            }
            let patch = Patch { kind: Kind::Action, given };
            let update = Update::new(self.engine(), &self.caller, found.id(), patch);
            updates.push((place, found.id(), update));
        }
        Ok(Updates::new(Kind::Action, updates))
    }

    /// The tenant's own action of that number, or of that name where no number is told.
    async fn action(
        &self,
        place: &str,
        tenant: &Tenant,
        (id, name): (Option<&str>, Option<&str>),
    ) -> Result<Stored, Error> {
        let (engine, caller) = (self.engine(), &self.caller);
        let Some(id) = id else {
            let found = actions_named(engine, caller, tenant.row, name.unwrap_or_default()).await?;
            return only(format!("{place}.name"), found);
        };
        let place = format!("{place}.id");
        let number = integer(id).map_err(|expected| Error::invalid(&place, expected))?;
        let found = tenants::own(engine, caller, tenant, &action_of(number)).await?;
        found.ok_or_else(|| Error::reference(place, "expected the number of an action of the tenant"))
    }

    pub(super) async fn find_actions(&self, members: Members) -> Result<HttpResponse, Failure> {
        self.actions_answer(search(members, false, true)?).await
    }

    pub(super) async fn get_actions(
        &self,
        members: Members,
        has_master: bool,
    ) -> Result<HttpResponse, Failure> {
        self.actions_answer(search(members, true, has_master)?).await
    }

    async fn actions_answer(&self, wanted: Wanted) -> Result<HttpResponse, Failure> {
        let shown = self.shown(&wanted).await?;
        Ok(self.reply(vec![("actions", Value::Array(shown))]))
    }

    pub(super) async fn list_modules(&self, members: Members) -> Result<HttpResponse, Failure> {
        let wanted = search(members, true, false)?;
        let shown = self.shown(&wanted).await?;
        Ok(self.reply(vec![("modules", modules::tree(&shown))]))
    }

    /// The actions that a search finds, as they are answered, by place in the menu, then number.
    async fn shown(&self, wanted: &Wanted) -> Result<Vec<Value>, Error> {
        self.caller.grants.require(Verb::Read, Kind::Action)?;
        let (engine, caller) = (self.engine(), &self.caller);
        let mut found = menu::actions(engine, caller, wanted).await?;
        self.check_ceiling(found.len())?;
        let number = |action: &Stored, attr| match action.attributes().first(attr) {
            Some(Stores::Int(number)) => *number,
            _ => i64::MAX,
        };
        found.sort_by_key(|found| {
            (number(found, action::ORDER_NUMBER), number(found, action::ID), found.id())
        });
        let names = TenantNames::of(engine, &found, action::TENANT).await?;
        let registry = engine.registry();
        let shown = found.iter().map(|found| {
            let permitted = found.permit(Verb::Read, &caller.grants)?;
            let tenant = names.tenant(found, action::TENANT);
            Ok(answers::action(&permitted.visible(&registry, &Known::default()), tenant))
        });
        shown.collect()
    }
}

/// The one action that a name means.
pub fn only(place: String, mut found: Vec<Stored>) -> Result<Stored, Error> {
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => Err(Error::invalid(place, "several actions have this name; tell the id")),
        (None, _) => Err(Error::reference(place, "expected the name of an action of the tenant")),
    }
}
