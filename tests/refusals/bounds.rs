//! A client bounded to an organization, on every address of the table: what stands outside does not exist for it,
//! whatever the verb; what stands inside does.

use reqwest::Method;
use valtuus::http::dialect::{Operation, Route, v2_0::ROUTES};
use valtuus::model::Kind;
use valtuus::model::kind::Scope;

use super::ground::walked;
use super::ground::{Ground, keys, needed};
use crate::kit::cases::soon;
use crate::kit::trace::versions;
use crate::kit::{Answer, Bed, Caller};
use crate::on_both;

/// Two like worlds and an administrator of one of them.
struct Sides<'b> {
    inner: Ground,
    outer: Ground,
    bounded: Caller<'b>,
    inside: String,
}

async fn sides(bed: &Bed) -> Sides<'_> {
    let admin = bed.admin();
    let inside = admin.post("organizations/?technicalName=inside").await.ok().id();
    let outside = admin.post("organizations/?technicalName=outside").await.ok().id();
    let inner = Ground::lay_below(bed, &inside, "in").await;
    let outer = Ground::lay_below(bed, &outside, "out").await;
    let made = format!("apiclients?name=bounded&preset=admin&pwd=bounded-password&within={inside}");
    admin.post(&made).await.ok();
    let credentials = crate::kit::caller::Credentials::Basic("bounded".into(), "bounded-password".into());
    Sides { inner, outer, bounded: bed.anonymous().with(credentials), inside }
}

impl Ground {
    /// Every id of this world.
    fn all(&self) -> Vec<&str> {
        let kinds = Kind::ALL.into_iter().filter(|kind| has_one(*kind));
        let others = [&self.below, &self.network, &self.bertil];
        kinds.map(|kind| self.one(kind)).chain(others.map(String::as_str)).collect()
    }
}

fn has_one(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Assignment
            | Kind::AuditEvent
            | Kind::ApiKeyRequest
            | Kind::ApiKey
            | Kind::BiometricExtractor
            | Kind::CredentialTypeMapping
            | Kind::Certificate
    )
}

/// The route's path with the ids of one world, but for the key at `place`, which is from the other.
fn mixed(route: &Route, here: &Ground, there: &Ground, place: usize) -> String {
    let (mine, other) = (here.path(route), there.path(route));
    let mut seen = 0;
    let segments =
        route.path.split('/').zip(mine.split('/').zip(other.split('/'))).map(|(wanted, (mine, other))| {
            let key = wanted == "{}";
            seen += usize::from(key);
            if key && seen == place + 1 { other } else { mine }
        });
    segments.collect::<Vec<_>>().join("/")
}

async fn ask(caller: &Caller<'_>, route: &Route, path: &str, query: &str) -> Answer {
    let method = Method::from_bytes(route.method.as_bytes()).unwrap();
    let path = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    soon(&path, caller.send(method, &path, None)).await
}

/// The kind a route is about.
fn kind_of(route: &Route) -> Option<Kind> {
    match route.operation {
        Operation::List(kind, _)
        | Operation::Get(kind)
        | Operation::ListRows(kind)
        | Operation::GetRow(kind) => Some(kind),
        Operation::Misp(_) => Some(Kind::LicenseKey),
        _ => None,
    }
}

on_both! {
    async fn an_id_from_outside_is_not_found_on_any_address(bed: Bed) {
        let Sides { inner, outer, bounded, .. } = sides(&bed).await;
        let before = versions(&bed.server.service().engine.store).await;
        let mut asked = 0;
        for route in walked(ROUTES) {
            for place in 0..keys(route).len() {
                let answer = ask(&bounded, route, &mixed(route, &inner, &outer, place), &needed(route, &inner)).await;
                let what = format!("{} {} key {place}: {}", route.method, route.path, answer.text());
                assert_eq!(answer.status, 404, "{what}");
                assert!(answer.text().contains("<code>5<") || answer.text().contains("<code>7<"), "{what}");
                asked += 1;
            }
        }
        assert!(asked > 60, "{asked}");
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
    }

    async fn nothing_outside_can_be_referred_to(bed: Bed) {
        let Sides { inner, outer, bounded, .. } = sides(&bed).await;
        let before = versions(&bed.server.service().engine.store).await;
        let mut asked = 0;
        for route in walked(ROUTES).filter(|route| route.method != "GET") {
            let query = needed(route, &outer);
            if !outer.all().iter().any(|id| query.contains(id)) {
                continue;
            }
            let answer = ask(&bounded, route, &inner.path(route), &query).await;
            let what = format!("{} {}?{query}: {}", route.method, route.path, answer.text());
            assert!([400, 403, 404].contains(&answer.status.as_u16()), "{what}");
            asked += 1;
        }
        assert!(asked >= 6, "{asked}");
        for path in ["users?login=new", "organizations?technicalName=new", "users/invite?email=new@example.org"] {
            bounded.post(path).await.refused(404, 5, "");
        }
        assert_eq!(versions(&bed.server.service().engine.store).await, before);
    }

    async fn reads_show_what_is_inside_and_nothing_else(bed: Bed) {
        let Sides { inner, outer, bounded, .. } = sides(&bed).await;
        // The partners of the ground have no users, and so no organization inside.
        let homeless = ["partners", "apikey", "biometricextractors", "credentialtypemappings", "certificates"];
        let has_home = |route: &&Route| route.method == "GET" && !homeless.iter().any(|start| route.path.starts_with(start));
        for route in walked(ROUTES).filter(has_home) {
            let answer = ask(&bounded, route, &inner.path(route), "").await;
            let what = format!("{}: {}", route.path, answer.text());
            for id in outer.all() {
                assert!(!answer.text().contains(id), "{what}");
            }
            let invisible = kind_of(route).is_some_and(|kind| kind.def().scope == Scope::None);
            assert_eq!(answer.status, if invisible { 404 } else { 200 }, "{what}");
            if let Operation::List(kind, valtuus::operation::list::Base::All) = route.operation
                && !invisible
            {
                assert!(answer.text().contains(inner.one(kind)), "{what}");
            }
        }
    }

    async fn whoever_is_bounded_can_do_inside_what_its_grants_say(bed: Bed) {
        let Sides { inner, bounded, inside, .. } = sides(&bed).await;
        let made = bounded.post(&format!("users?login=newcomer&organizationId={}", inner.below)).await.ok().id();
        bounded.put(&format!("users/{made}?surname=Uusi")).await.ok();
        bounded.put(&format!("users/{made}/roles/{}", inner.role)).await.ok();
        bounded.post(&format!("organizations?technicalName=deep&parentOrganizationId={}", inner.below)).await.ok();
        bounded.delete(&format!("users/{made}")).await.ok();
        let narrower = format!("apiclients?name=narrow&grants=read:user&pwd=narrow-password&within={}", inner.below);
        bounded.post(&narrower).await.ok();
        // Whoever does not say is bounded like its maker.
        bounded.post("apiclients?name=like&grants=read:user&pwd=narrow-password").await.ok();
        assert_eq!(bounded.get("apiclients/like").await.ok().value("within"), inside);
        bounded.post("apiclients?name=wide&grants=read:user&pwd=narrow-password&within=root").await.refused(400, 10, "");
        bed.must_be_sound().await;
    }
}
