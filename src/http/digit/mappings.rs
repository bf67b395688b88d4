//! Mappings through the door: a role to actions, and roles to a feature, which is made where there is none of its code.

use actix_web::HttpResponse;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::http::digit::actions::only;
use crate::http::digit::members::{Members, plain};
use crate::http::digit::roles::check_code;
use crate::http::digit::tenants::{TenantNames, Tenants};
use crate::http::digit::{Call, Words, answers, reworded};
use crate::http::failure::Failure;
use crate::json::Node;
use crate::model::kind::{action, feature, role, role_action};
use crate::model::state::Draft;
use crate::model::value::integer;
use crate::model::visible::Known;
use crate::model::{AttrId, Error, Kind, Stored, Value as Stores, Verb};
use crate::operation::create::Create;
use crate::operation::feature_mapping::{MapFeature, Mapped};
use crate::operation::several::{Creates, Place, of_item};
use crate::operation::tenants::{self, Tenant, action_of, actions_named, feature_of, role_of};

/// What the reference calls otherwise than the door.
const ACTION_WORDS: Words = &[("tenant", "tenantId"), ("action", "id"), ("actionCode", "actioncode")];
const FEATURE_WORDS: Words = &[("tenant", "tenantId"), ("role", "")];

/// One of the actions to be mapped.
struct Wanted {
    place: String,
    id: Option<String>,
    name: Option<String>,
    code: Option<String>,
}

struct RoleActions {
    tenant: String,
    role: String,
    actions: Vec<Wanted>,
}

fn role_actions(mut members: Members) -> Result<RoleActions, Error> {
    let mut role = members.needed_object("role")?;
    let code = role.needed("code")?;
    check_code(&role.path("code"), &code)?;
    role.finish()?;
    let tenant = members.needed("tenantId")?;
    let actions = members.objects("actions")?;
    members.finish()?;
    let wanted = |mut action: Members| {
        let place = action.place().to_owned();
        let id = action.text("id")?.filter(|id| !id.is_empty());
        let name = action.text("name")?.filter(|name| !name.is_empty());
        let code = action.text_of(&["actioncode", "actionCode"])?;
        action.finish()?;
        if id.is_none() && name.is_none() {
            return Err(Error::invalid(format!("{place}.id"), "expected an id or a name"));
        }
        Ok(Wanted { place, id, name, code })
    };
    let actions = actions.into_iter().map(wanted).collect::<Result<Vec<Wanted>, Error>>()?;
    Ok(RoleActions { tenant, role: code, actions })
}

/// A feature as a request tells it.
struct ToldFeature {
    code: String,
    name: Option<String>,
    description: Option<String>,
    services: Option<Vec<String>>,
    tenant: Option<String>,
}

struct FeatureRoles {
    tenant: String,
    roles: Vec<String>,
    feature: ToldFeature,
}

fn told_feature(mut members: Members) -> Result<ToldFeature, Error> {
    let code = members.needed("code")?;
    let (name, description) = (members.text("name")?, members.text("description")?);
    let services = match members.take(&["serviceCode"])? {
        None => None,
        Some(Node::List(items)) => {
            let place = members.path("serviceCode");
            Some(items.into_iter().map(|item| plain(&place, item)).collect::<Result<Vec<String>, Error>>()?)
        }
        Some(one) => Some(vec![plain(&members.path("serviceCode"), one)?]),
    };
    let tenant = members.text("tenantId")?.filter(|tenant| !tenant.is_empty());
    members.finish()?;
    Ok(ToldFeature { code, name, description, services, tenant })
}

fn feature_roles(mut members: Members) -> Result<FeatureRoles, Error> {
    let roles = members.needed_texts("roleId")?;
    let feature = told_feature(members.needed_object("feature")?)?;
    let tenant = members.needed("tenantId")?;
    members.finish()?;
    Ok(FeatureRoles { tenant, roles, feature })
}

fn one(name: &str, value: &impl ToString) -> (String, Vec<String>) {
    (name.to_owned(), vec![value.to_string()])
}

impl ToldFeature {
    /// Error 1 when it is told otherwise than it is: nothing of a request is left out without a word.
    fn check_same(&self, found: &Stored) -> Result<(), Error> {
        let texts = |attr: AttrId| -> Vec<&str> {
            found.attributes().values(attr).iter().filter_map(Stores::as_text).collect()
        };
        let differs = |attr: AttrId, told: &Option<String>| {
            let told = told.as_deref().filter(|told| !told.is_empty());
            told.is_some_and(|told| texts(attr) != [told])
        };
        let other_services = self.services.as_ref().is_some_and(|told| {
            let mut told: Vec<&str> = told.iter().map(String::as_str).collect();
            let mut held = texts(feature::SERVICE_CODE);
            told.sort_unstable();
            told.dedup();
            held.sort_unstable();
            told != held
        });
        let wrong = if differs(feature::NAME, &self.name) {
            "name"
        } else if differs(feature::DESCRIPTION, &self.description) {
            "description"
        } else if other_services {
            "serviceCode"
        } else {
            return Ok(());
        };
        let expected = "the feature of this code exists and has another; it is changed elsewhere";
        Err(Error::invalid(format!("feature.{wrong}"), expected))
    }

    fn named(&self, tenant: &Tenant) -> Vec<(String, Vec<String>)> {
        let mut named = vec![one("code", &self.code), one("tenant", &tenant.id)];
        named.extend(self.name.as_ref().map(|name| one("name", name)));
        named.extend(self.description.as_ref().map(|text| one("description", text)));
        named.extend(self.services.clone().map(|services| ("serviceCode".to_owned(), services)));
        named
    }
}

impl Call<'_> {
    async fn role_in_line(&self, place: &str, tenant: &Tenant, code: &str) -> Result<Stored, Error> {
        let found = match Uuid::try_parse(code) {
            Ok(_) => None,
            Err(_) => tenants::nearest(self.engine(), &self.caller, tenant, &role_of(code)).await?,
        };
        let expected = "expected the code of a role of the tenant or of one above it";
        found.ok_or_else(|| Error::reference(place, expected))
    }

    async fn action_in_line(&self, tenant: &Tenant, wanted: &Wanted) -> Result<Stored, Error> {
        let (engine, caller, place) = (self.engine(), &self.caller, &wanted.place);
        let Some(id) = &wanted.id else {
            let name = wanted.name.as_deref().unwrap_or_default();
            for row in tenants::line(engine, tenant).await? {
                let found = actions_named(engine, caller, row, name).await?;
                if !found.is_empty() {
                    return only(format!("{place}.name"), found);
                }
            }
            return only(format!("{place}.name"), Vec::new());
        };
        let number = integer(id).map_err(|expected| Error::invalid(format!("{place}.id"), expected))?;
        let found = tenants::nearest(engine, caller, tenant, &action_of(number)).await?;
        let expected = "expected the number of an action of the tenant or of one above it";
        let found = found.ok_or_else(|| Error::reference(format!("{place}.id"), expected))?;
        let named = wanted.name.as_deref();
        if named.is_some_and(|name| found.attributes().text(action::NAME) != Some(name)) {
            let expected = "the action of this number has another name";
            return Err(Error::invalid(format!("{place}.name"), expected));
        }
        Ok(found)
    }

    pub(super) async fn map_actions(&self, members: Members) -> Result<HttpResponse, Failure> {
        let prepared = self.role_action_creates(members).await;
        let (change, rows) = match prepared {
            Ok((change, rows)) => (Ok(change), rows),
            Err(error) => (Err(error), Vec::new()),
        };
        // What each mapping is of is known beforehand, and was given by the client or found for it by its own words.
        let render = move |made: &Vec<Stored>| {
            let shown = made.iter().zip(&rows).map(|(made, row)| {
                let code = made.attributes().text(role_action::ACTION_CODE).unwrap_or_default();
                let mut shown = row.clone();
                if let Some(members) = shown.as_object_mut() {
                    members.insert("actioncode".to_owned(), json!(code));
                }
                shown
            });
            vec![("roleActions", shown.collect::<Value>())]
        };
        self.performed(change, ACTION_WORDS, render).await
    }

    async fn role_action_creates(&self, members: Members) -> Result<(Creates, Vec<Value>), Error> {
        let RoleActions { tenant, role, actions } = role_actions(members)?;
        self.granted()?;
        let mut tenants = Tenants::of(self.engine(), &self.caller);
        let tenant = tenants.needed("tenantId", &tenant).await?;
        let held = self.role_in_line("role.code", &tenant, &role).await?;
        let (mut creates, mut rows) = (Vec::with_capacity(actions.len()), Vec::with_capacity(actions.len()));
        for wanted in actions {
            let found = self.action_in_line(&tenant, &wanted).await?;
            let mut named =
                vec![one("role", &held.id()), one("action", &found.id()), one("tenant", &tenant.id)];
            named.extend(wanted.code.map(|code| one("actionCode", &code)));
            let given = self.given(Kind::RoleAction, named, true).await;
            let given = given.map_err(|error| of_item(reworded(error, ACTION_WORDS), &wanted.place))?;
            let draft = Draft { kind: Kind::RoleAction, given };
            let number = answers::number(&found, action::ID);
            rows.push(json!({"rolecode": role, "actionid": number, "tenantId": tenant.name}));
            creates.push((Place::Part(wanted.place), Create::new(self.engine(), &self.caller, draft)));
        }
        Ok((Creates::new(Kind::RoleAction, creates), rows))
    }

    pub(super) async fn map_feature(&self, members: Members) -> Result<HttpResponse, Failure> {
        let prepared = self.feature_mapping(members).await;
        let (change, roles, names) = match prepared {
            Ok((change, roles, names)) => (Ok(change), roles, names),
            Err(error) => (Err(error), Value::Null, TenantNames::default()),
        };
        let (registry, grants) = (self.engine().registry(), self.caller.grants.clone());
        let render = move |mapped: &Mapped| {
            let tenant = names.tenant(&mapped.feature, feature::TENANT);
            let permitted = if mapped.is_new {
                Ok(mapped.feature.made())
            } else {
                mapped.feature.permit(Verb::Read, &grants)
            };
            let shown = match permitted {
                Ok(feature) => answers::feature(&feature.visible(&registry, &Known::default()), tenant),
                Err(_) => {
                    json!({"code": mapped.feature.attributes().text(feature::CODE), "tenantId": tenant})
                }
            };
            vec![("roles", roles.clone()), ("feature", shown)]
        };
        self.performed(change, FEATURE_WORDS, render).await
    }

    async fn feature_mapping(&self, members: Members) -> Result<(MapFeature, Value, TenantNames), Error> {
        let FeatureRoles { tenant, roles, feature } = feature_roles(members)?;
        self.granted()?;
        let engine = self.engine();
        let mut tenants = Tenants::of(engine, &self.caller);
        let tenant = tenants.needed("tenantId", &tenant).await?;
        let owner = match &feature.tenant {
            Some(name) => tenants.needed("feature.tenantId", name).await?,
            None => tenant.clone(),
        };
        let found = tenants::nearest(engine, &self.caller, &owner, &feature_of(&feature.code)).await?;
        let mut mapping = if let Some(found) = &found {
            feature.check_same(found)?;
            MapFeature::to(found.id())
        } else {
            let given = self.given(Kind::Feature, feature.named(&owner), true).await;
            let given = given.map_err(|error| of_item(reworded(error, FEATURE_WORDS), "feature"))?;
            MapFeature::to_new(engine, &self.caller, Draft { kind: Kind::Feature, given })
        };
        let mut shown = Vec::with_capacity(roles.len());
        for (place, code) in roles.into_iter().enumerate() {
            let place = format!("roleId[{place}]");
            let held = self.role_in_line(&place, &tenant, &code).await?;
            let named =
                vec![one("feature", &mapping.feature()), one("role", &held.id()), one("tenant", &tenant.id)];
            let given = self.given(Kind::FeatureRole, named, true).await;
            let given = given.map_err(|error| of_item(reworded(error, FEATURE_WORDS), &place))?;
            let draft = Draft { kind: Kind::FeatureRole, given };
            mapping.add(place, Create::new(engine, &self.caller, draft));
            let held = held.attributes().text(role::NAME).unwrap_or_default();
            shown.push(json!({"code": held, "tenantId": tenant.name}));
        }
        let mut names = tenants.names();
        if let Some(found) = &found {
            names.add(TenantNames::of(engine, std::slice::from_ref(found), feature::TENANT).await?);
        }
        Ok((mapping, Value::Array(shown), names))
    }
}
