//! The decision beside a naive one, written by itself: it walks over every mapping the store holds. After each change
//! of chance, and for very many questions of chance.

use std::collections::BTreeMap;

use reqwest::Method;
use uuid::Uuid;
use valtuus::model::kind::{action, feature, feature_role, organization, role, role_action};
use valtuus::model::{AttrId, Kind, Stored};
use valtuus::operation::Caller as Local;
use valtuus::operation::access::ask::{Answered, Asked, Asking, RoleAt, Who};

use crate::kit::trace::entities;
use crate::kit::{Bed, Caller};
use crate::on_both;

/// A source of chance that is the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.roll(list.len())]
    }
}

/// Everything that the decision depends on, as plain lists.
pub struct World {
    tenants: BTreeMap<Uuid, String>,
    /// Tenant, role, url, method.
    mapped: Vec<(Uuid, String, String, Option<String>)>,
    /// Tenant, role, service.
    served: Vec<(Uuid, String, String)>,
    /// Tenant, service, url, method.
    actions: Vec<(Uuid, Option<String>, String, Option<String>)>,
}

fn text(entity: &Stored, attr: AttrId) -> Option<String> {
    entity.attributes().text(attr).map(str::to_owned)
}

fn refers(entity: &Stored, attr: AttrId) -> Uuid {
    entity.attributes().reference(attr).unwrap().id
}

impl World {
    pub async fn read(bed: &Bed) -> Self {
        let store = &bed.server.service().engine.store;
        let by_id = async |kind| {
            let all = entities(store, kind).await;
            all.into_iter().map(|entity| (entity.id(), entity)).collect::<BTreeMap<_, _>>()
        };
        let organizations = by_id(Kind::Organization).await;
        let mut tenants = BTreeMap::new();
        for (id, entity) in &organizations {
            let (mut path, mut at) = (Vec::new(), entity);
            while let Some(above) = at.attributes().reference(organization::PARENT) {
                path.insert(0, text(at, organization::TECHNICAL_NAME).unwrap());
                at = &organizations[&above.id];
            }
            if path.iter().all(|name| !name.contains('.')) {
                tenants.insert(*id, path.join("/"));
            }
        }
        let (roles, actions) = (by_id(Kind::Role).await, by_id(Kind::Action).await);
        let features = by_id(Kind::Feature).await;
        let mapped = by_id(Kind::RoleAction).await.into_values().map(|it| {
            let target = &actions[&refers(&it, role_action::ACTION)];
            let role = text(&roles[&refers(&it, role_action::ROLE)], role::NAME).unwrap();
            let url = text(target, action::URL).unwrap_or_default();
            (refers(&it, role_action::TENANT), role, url, text(target, action::METHOD))
        });
        let mut served = Vec::new();
        for it in by_id(Kind::FeatureRole).await.into_values() {
            let role = text(&roles[&refers(&it, feature_role::ROLE)], role::NAME).unwrap();
            let named =
                features[&refers(&it, feature_role::FEATURE)].attributes().values(feature::SERVICE_CODE);
            for service in named {
                served.push((
                    refers(&it, feature_role::TENANT),
                    role.clone(),
                    service.as_text().unwrap().to_owned(),
                ));
            }
        }
        let mapped = mapped.collect();
        let actions = actions.values().map(|it| {
            let url = text(it, action::URL).unwrap_or_default();
            (refers(it, action::TENANT), text(it, action::SERVICE_CODE), url, text(it, action::METHOD))
        });
        Self { tenants, mapped, served, actions: actions.collect() }
    }

    pub fn allows(&self, roles: &[(String, String)], tenant: &str, uri: &str, method: Option<&str>) -> bool {
        let above = |path: &str| path.is_empty() || tenant == path || tenant.starts_with(&format!("{path}/"));
        let known = self.tenants.values().any(|path| above(path) && (!path.is_empty() || tenant.is_empty()));
        if !known {
            return false;
        }
        let counts = |id: &Uuid| self.tenants.get(id).is_some_and(|path| above(path));
        let held = |code: &str| roles.iter().any(|(known, at)| known == code && above(at));
        let fits = |url: &str, wanted: Option<&str>| {
            same(url, uri) && wanted.is_none_or(|wanted| method == Some(wanted))
        };
        let mapped = self
            .mapped
            .iter()
            .any(|(at, role, url, wanted)| counts(at) && held(role) && fits(url, wanted.as_deref()));
        mapped
            || self.actions.iter().any(|(at, service, url, wanted)| {
                counts(at)
                    && fits(url, wanted.as_deref())
                    && self.served.iter().any(|(at, role, served)| {
                        counts(at) && held(role) && service.as_ref() == Some(served)
                    })
            })
    }
}

/// Asks for every role at every tenant, and the address of every action of the world, at every tenant; compares. How
/// many were allowed.
pub async fn compare_all(bed: &Bed, roles: &[String], tenants: &[&str]) -> usize {
    let world = World::read(bed).await;
    let (engine, local) = (&bed.server.service().engine, Local::local("test"));
    let mut asking = Asking::begin(engine, &local).await.unwrap();
    let filled = |url: &str| {
        url.split('/')
            .map(|part| if part.starts_with('{') { "x_1" } else { part })
            .collect::<Vec<_>>()
            .join("/")
    };
    let uris: std::collections::BTreeSet<String> =
        world.actions.iter().map(|(_, _, url, _)| filled(url)).collect();
    let mut allowed = 0;
    for code in roles {
        for (at, tenant) in tenants.iter().flat_map(|at| tenants.iter().map(move |tenant| (at, tenant))) {
            for uri in uris.iter().filter(|uri| !uri.is_empty()) {
                let roles = [(code.clone(), (*at).to_owned())];
                let wanted = world.allows(&roles, tenant, uri, None);
                let who = Who::Roles(vec![RoleAt { code: code.clone(), tenant: named(at) }]);
                let asked =
                    Asked { uri: uri.clone(), method: None, tenants: vec![named(tenant)], who, all: None };
                let answered = asking.answer(&asked).await.unwrap();
                assert_eq!(matches!(answered, Answered::Allowed { .. }), wanted, "{asked:?}: {answered:?}");
                allowed += usize::from(wanted);
            }
        }
    }
    allowed
}

/// Whether an address is this one, or this template's.
fn same(url: &str, uri: &str) -> bool {
    if url.is_empty() {
        return false;
    }
    if url == uri {
        return true;
    }
    let (wanted, given): (Vec<&str>, Vec<&str>) = (url.split('/').collect(), uri.split('/').collect());
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let variable = |text: &str| text.len() > 2 && text.starts_with('{') && text.ends_with('}');
    wanted.len() == given.len()
        && wanted.iter().zip(given).all(|(wanted, given)| *wanted == given || variable(wanted) && word(given))
}

const TENANTS: [&str; 8] = ["uk", "uk/a", "uk/a/x", "uk/b", "fi", "fi/a", "uk/none", ""];
const ROLES: [&str; 4] = ["CLERK", "CHIEF", "CITIZEN", "clerk"];
const URLS: [&str; 10] =
    ["/a", "/a/b", "/a/{x}", "/{x}/b", "/a/{x}/c", "/a/b/c", "/{x}/{y}/{z}", "/a/", "/a/{x}.d", "/"];
const URIS: [&str; 14] = [
    "/a", "/a/b", "/a/x1", "/z/b", "/a/q/c", "/a/b/c", "/1/2/3", "/a/", "/a/{x}.d", "/a/b-c", "/", "/A/b",
    "a", "/a/{x}",
];
const SERVICES: [&str; 3] = ["tl", "pt", "ws"];

fn named(path: &str) -> String {
    if path.is_empty() { "root".to_owned() } else { path.replace('/', ".") }
}

/// Asks so many questions of chance, and compares.
async fn compare(bed: &Bed, dice: &mut Dice, count: usize) {
    let world = World::read(bed).await;
    let (engine, local) = (&bed.server.service().engine, Local::local("test"));
    let mut asking = Asking::begin(engine, &local).await.unwrap();
    let mut allowed = 0;
    for _ in 0..count {
        let roles: Vec<(String, String)> = (0..=dice.roll(2))
            .map(|_| ((*dice.pick(&ROLES)).to_owned(), (*dice.pick(&TENANTS)).to_owned()))
            .collect();
        let tenants: Vec<&str> = (0..=dice.roll(2)).map(|_| *dice.pick(&TENANTS)).collect();
        let (uri, all) = (*dice.pick(&URIS), dice.roll(2) == 0);
        let method = [None, Some("GET"), Some("POST")][dice.roll(3)];
        let one = |tenant: &&str| world.allows(&roles, tenant, uri, method);
        let wanted = if all { tenants.iter().all(one) } else { tenants.iter().any(one) };
        let role = |(code, at): &(String, String)| RoleAt { code: code.clone(), tenant: named(at) };
        let asked = Asked {
            uri: uri.to_owned(),
            method: method.map(str::to_owned),
            tenants: tenants.iter().map(|tenant| named(tenant)).collect(),
            who: Who::Roles(roles.iter().map(role).collect()),
            all: Some(all),
        };
        let answered = asking.answer(&asked).await.unwrap();
        assert_eq!(matches!(answered, Answered::Allowed { .. }), wanted, "{asked:?}: {answered:?}");
        allowed += usize::from(wanted);
    }
    assert!(count < 1_000 || (count / 50..count).contains(&allowed), "{allowed} of {count} were allowed");
}

async fn id_of(bed: &Bed, dice: &mut Dice, kind: Kind) -> Option<Uuid> {
    let all = entities(&bed.server.service().engine.store, kind).await;
    let stays = |entity: &&Stored| {
        kind != Kind::Organization || entity.attributes().first(organization::PARENT).is_some()
    };
    let all: Vec<Uuid> = all.iter().filter(stays).map(Stored::id).collect();
    if all.is_empty() { None } else { Some(*dice.pick(&all)) }
}

/// One change of chance; whether it was one.
async fn change(bed: &Bed, admin: &Caller<'_>, dice: &mut Dice) -> bool {
    let tenant = named(TENANTS[dice.roll(TENANTS.len())]);
    let slashed = TENANTS[dice.roll(TENANTS.len())].to_owned();
    let (role, url, service) = (*dice.pick(&ROLES), *dice.pick(&URLS), *dice.pick(&SERVICES));
    let number = dice.roll(12);
    let method = ["", "", "&method=GET"][dice.roll(3)];
    let kinds =
        [Kind::Action, Kind::RoleAction, Kind::Feature, Kind::FeatureRole, Kind::Role, Kind::Organization];
    let (verb, path) = match dice.roll(13) {
        0..=2 => (Method::POST, format!("roleactions?role={role}&action={number}&tenant={tenant}")),
        3 | 4 => {
            let url = url.replace('{', "%7B").replace('}', "%7D");
            (
                Method::POST,
                format!(
                    "actions?id={number}&url={url}&enabled=true&serviceCode={service}&tenant={tenant}{method}"
                ),
            )
        }
        5 => (Method::POST, format!("features?code=F{}&serviceCode={service}&tenant={tenant}", number % 3)),
        6 => (Method::POST, format!("featureroles?role={role}&feature=F{}&tenant={tenant}", number % 3)),
        7 => (Method::POST, format!("roles?name={role}&organization={slashed}")),
        8 => {
            let (parent, name) = slashed.rsplit_once('/').unwrap_or(("root", &slashed));
            (Method::POST, format!("organizations?technicalName={name}&parentOrganizationId={parent}"))
        }
        9 => {
            let kind = *dice.pick(&kinds);
            let Some(id) = id_of(bed, dice, kind).await else { return false };
            return delete(bed, admin, id).await;
        }
        10 => {
            let Some(id) = id_of(bed, dice, Kind::Action).await else { return false };
            (Method::PUT, format!("actions/{id}?url=/a/b&serviceCode={service}"))
        }
        11 => {
            let Some(id) = id_of(bed, dice, Kind::Role).await else { return false };
            (Method::PUT, format!("roles/{id}?name={role}"))
        }
        _ => {
            let Some(id) = id_of(bed, dice, Kind::Organization).await else { return false };
            let parent = if slashed.is_empty() { "root" } else { &slashed };
            match dice.roll(3) {
                0 | 1 => (Method::PUT, format!("organizations/{id}/parent?parentOrganizationId={parent}")),
                _ => match id_of(bed, dice, Kind::Feature).await {
                    Some(id) => (Method::PUT, format!("features/{id}?serviceCode={service}")),
                    None => return false,
                },
            }
        }
    };
    admin.send(verb, &path, None).await.status.is_success()
}

async fn delete(bed: &Bed, admin: &Caller<'_>, id: Uuid) -> bool {
    let kind = bed.server.service().engine.store.by_id(id).await.unwrap().unwrap().kind();
    let recursive = if kind == Kind::Organization { "?recursive=true" } else { "" };
    admin.delete(&format!("{}/{id}{recursive}", kind.def().path)).await.status.is_success()
}

/// A world of chance that has something of everything.
async fn furnish(bed: &Bed, dice: &mut Dice, changes: usize) {
    let admin = bed.admin();
    for path in ["uk", "uk/a", "uk/a/x", "uk/b", "fi", "fi/a"] {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("root", path));
        admin.post(&format!("organizations?technicalName={name}&parentOrganizationId={parent}")).await.ok();
        for role in ROLES {
            admin.post(&format!("roles?name={role}&organization={path}")).await.ok();
        }
    }
    for (number, url) in URLS.iter().enumerate() {
        let url = url.replace('{', "%7B").replace('}', "%7D");
        let (tenant, service) = (["uk", "fi", "uk.a"][number % 3], SERVICES[number % 3]);
        let path =
            format!("actions?id={number}&url={url}&enabled=true&serviceCode={service}&tenant={tenant}");
        admin.post(&path).await.ok();
    }
    for _ in 0..changes {
        change(bed, &admin, dice).await;
    }
}

on_both! {
    async fn after_every_change_of_chance_the_decision_is_that_of_a_naive_reading(bed: Bed) {
        let mut dice = Dice(7);
        furnish(&bed, &mut dice, 30).await;
        let mut made = 0;
        for _ in 0..120 {
            made += usize::from(change(&bed, &bed.admin(), &mut dice).await);
            compare(&bed, &mut dice, 40).await;
        }
        assert!(made > 15, "{made}");
        bed.must_be_sound().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_questions_of_chance_are_answered_as_by_a_naive_reading() {
    let bed = Bed::start(crate::kit::On::Sqlite).await.unwrap();
    let mut dice = Dice(11);
    furnish(&bed, &mut dice, 0).await;
    let admin = bed.admin();
    for number in 0..60 {
        let (role, tenant) = (ROLES[number % 4], ["uk", "uk.a", "fi", "uk.b"][number % 4]);
        admin.post(&format!("roleactions?role={role}&action={}&tenant={tenant}", dice.roll(10))).await;
    }
    admin.post("features?code=F&serviceCode=pt&tenant=uk").await.ok();
    admin.post("featureroles?role=CITIZEN&feature=F&tenant=uk.a").await.ok();
    compare(&bed, &mut dice, 100_000).await;
}

/// Every role at every tenant, asked at every tenant for the address of every action.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_and_every_action_are_answered_as_by_a_naive_reading() {
    let bed = Bed::start(crate::kit::On::Sqlite).await.unwrap();
    let mut dice = Dice(13);
    furnish(&bed, &mut dice, 60).await;
    let allowed = compare_all(&bed, &ROLES.map(str::to_owned), &TENANTS).await;
    assert!(allowed > 0, "nothing was allowed");
}
