//! Roles through the door: a role's code is its name, its name the one for people, its tenant its organization.

use std::collections::HashSet;

use actix_web::HttpResponse;
use serde_json::{Value, json};

use crate::http::digit::members::Members;
use crate::http::digit::tenants::{TenantNames, Tenants, tenant_of};
use crate::http::digit::{Call, Words, answers, reworded};
use crate::http::failure::Failure;
use crate::http::params::{nothing_left, take_one};
use crate::model::kind::role;
use crate::model::state::{Draft, Patch};
use crate::model::visible::Known;
use crate::model::{Error, Kind, Stored, Verb};
use crate::operation::create::Create;
use crate::operation::search::Argument;
use crate::operation::several::{Creates, Place, Updates, of_item};
use crate::operation::tenants::{self, role_of};
use crate::operation::update::Update;

/// The most characters of a role's code.
const CODE_MAX: usize = 64;
/// The most codes of one search.
const MOST_CODES: usize = 1_000;

/// A role as a request tells it.
struct Told {
    place: String,
    tenant: String,
    code: String,
    name: Option<String>,
    description: Option<String>,
}

fn told(mut members: Members, tenant: Option<&str>, creating: bool) -> Result<Told, Error> {
    let place = members.place().to_owned();
    let code = members.needed("code")?;
    check_code(&members.path("code"), &code)?;
    let name = if creating { Some(members.needed("name")?) } else { members.text("name")? };
    if name.as_deref() == Some("") {
        return Err(Error::invalid(members.path("name"), "must not be empty"));
    }
    let description = members.text("description")?;
    let tenant = tenant_of(&mut members, tenant)?;
    members.finish()?;
    Ok(Told { place, tenant, code, name, description })
}

/// Error 1 when a code is longer than any.
pub fn check_code(place: &str, code: &str) -> Result<(), Error> {
    if code.chars().count() > CODE_MAX {
        return Err(Error::invalid(place, format!("expected at most {CODE_MAX} characters")));
    }
    Ok(())
}

/// The roles of a request.
fn all_told(mut members: Members, creating: bool) -> Result<Vec<Told>, Error> {
    let tenant = members.text("tenantId")?;
    let roles = members.objects("roles")?;
    members.finish()?;
    roles.into_iter().map(|role| told(role, tenant.as_deref(), creating)).collect()
}

impl Told {
    /// What attributes it gives a value.
    fn arguments(&self) -> Vec<(String, Vec<String>)> {
        let one = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| (name.to_owned(), vec![value.clone()]))
        };
        [one("friendlyName", &self.name), one("description", &self.description)]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// What the reference calls otherwise than the door.
const WORDS: Words = &[("name", "code"), ("friendlyName", "name"), ("organization", "tenantId")];

impl Call<'_> {
    pub(super) async fn create_roles(&self, members: Members) -> Result<HttpResponse, Failure> {
        let mut tenants = Tenants::of(self.engine(), &self.caller);
        let change = self.role_creates(members, &mut tenants).await;
        let (names, registry) = (tenants.names(), self.engine().registry());
        let render = move |made: &Vec<Stored>| {
            let shown = made.iter().map(|role| {
                let tenant = names.tenant(role, role::ORGANIZATION);
                answers::role(&role.made().visible(&registry, &Known::default()), tenant)
            });
            vec![("roles", shown.collect::<Value>())]
        };
        self.performed(change, WORDS, render).await
    }

    async fn role_creates(&self, members: Members, tenants: &mut Tenants<'_>) -> Result<Creates, Error> {
        let roles = all_told(members, true)?;
        self.granted()?;
        let mut creates = Vec::with_capacity(roles.len());
        for role in roles {
            let tenant = tenants.needed(&format!("{}.tenantId", role.place), &role.tenant).await?;
            let mut named = role.arguments();
            named.push(("name".to_owned(), vec![role.code.clone()]));
            named.push(("organization".to_owned(), vec![tenant.id.to_string()]));
            let given = self.given(Kind::Role, named, true).await;
            let given = given.map_err(|error| of_item(reworded(error, WORDS), &role.place))?;
            let draft = Draft { kind: Kind::Role, given };
            creates.push((Place::Part(role.place), Create::new(self.engine(), &self.caller, draft)));
        }
        Ok(Creates::new(Kind::Role, creates))
    }

    pub(super) async fn update_roles(&self, members: Members) -> Result<HttpResponse, Failure> {
        let mut tenants = Tenants::of(self.engine(), &self.caller);
        let change = self.role_updates(members, &mut tenants).await;
        let (names, registry) = (tenants.names(), self.engine().registry());
        let grants = self.caller.grants.clone();
        let render = move |changed: &Vec<Stored>| {
            let shown = changed.iter().map(|role| {
                let tenant = names.tenant(role, role::ORGANIZATION);
                // Who may not read gets back what it named.
                match role.permit(Verb::Read, &grants) {
                    Ok(role) => answers::role(&role.visible(&registry, &Known::default()), tenant),
                    Err(_) => json!({"code": role.attributes().text(role::NAME), "tenantId": tenant}),
                }
            });
            vec![("roles", shown.collect::<Value>())]
        };
        self.performed(change, WORDS, render).await
    }

    async fn role_updates(&self, members: Members, tenants: &mut Tenants<'_>) -> Result<Updates, Error> {
        let roles = all_told(members, false)?;
        self.granted()?;
        let (mut updates, mut seen) = (Vec::with_capacity(roles.len()), HashSet::new());
        for role in roles {
            let tenant = tenants.needed(&format!("{}.tenantId", role.place), &role.tenant).await?;
            let given = self.given(Kind::Role, role.arguments(), false).await;
            let given = given.map_err(|error| of_item(reworded(error, WORDS), &role.place))?;
            let code = format!("{}.code", role.place);
            let found = tenants::own(self.engine(), &self.caller, &tenant, &role_of(&role.code)).await?;
            let found =
                found.ok_or_else(|| Error::reference(&code, "expected the code of a role of the tenant"))?;
            if !seen.insert(found.id()) {
                return Err(Error::invalid(code, "the same role stands twice in the request"));
            }
            let patch = Patch { kind: Kind::Role, given };
            let update = Update::new(self.engine(), &self.caller, found.id(), patch);
            updates.push((role.place, found.id(), update));
        }
        Ok(Updates::new(Kind::Role, updates))
    }

    pub(super) async fn search_roles(
        &self,
        members: Members,
        mut arguments: Vec<Argument>,
    ) -> Result<HttpResponse, Failure> {
        members.finish()?;
        let codes = take_one(&mut arguments, "code")?.map(|text| codes(&text)).transpose()?;
        let tenant = take_one(&mut arguments, "tenantId")?.filter(|text| !text.is_empty());
        nothing_left(&arguments)?;
        self.caller.grants.require(Verb::Read, Kind::Role)?;
        let mut wanted = Vec::new();
        if let Some(tenant) = &tenant {
            let found = tenants::find(self.engine(), &self.caller, tenant).await?;
            let Some(found) = found else { return Ok(self.reply(vec![("roles", json!([]))])) };
            wanted.push(("organization", found.id.to_string()));
        }
        let mut roles = Vec::new();
        match codes {
            None => roles = self.listed(Kind::Role, &wanted).await?,
            Some(codes) => {
                for code in codes {
                    let with_code = [wanted.as_slice(), &[("name", code)]].concat();
                    roles.extend(self.listed(Kind::Role, &with_code).await?);
                    self.check_ceiling(roles.len())?;
                }
            }
        }
        let names = TenantNames::of(self.engine(), &roles, role::ORGANIZATION).await?;
        roles.retain(|role| !names.tenant(role, role::ORGANIZATION).is_empty());
        let registry = self.engine().registry();
        let shown = roles.iter().map(|role| {
            let tenant = names.tenant(role, role::ORGANIZATION);
            let permitted = role.permit(Verb::Read, &self.caller.grants)?;
            Ok(answers::role(&permitted.visible(&registry, &Known::default()), tenant))
        });
        let shown = shown.collect::<Result<Vec<Value>, Error>>()?;
        Ok(self.reply(vec![("roles", Value::Array(shown))]))
    }
}

/// The codes of a comma list, each once.
fn codes(text: &str) -> Result<Vec<String>, Error> {
    let mut seen = HashSet::new();
    let codes = text.split(',').map(str::trim).filter(|code| !code.is_empty());
    let codes: Vec<String> = codes.filter(|code| seen.insert(*code)).map(str::to_owned).collect();
    if codes.is_empty() || codes.len() > MOST_CODES {
        return Err(Error::invalid("code", format!("expected 1 to {MOST_CODES} codes, separated by commas")));
    }
    Ok(codes)
}
