//! GET `/users/{id}/effectiveroles`: every way in which a role comes about, and who is told what.

use valtuus::operation::{Caller as Local, client};
use valtuus::store::Credential;
use valtuus::xml::generated::{AttributeTypeContent, EntityType};
use valtuus::xml::{Document, Limits, decode};
use zeroize::Zeroizing;

use super::{delegation, in_order, make, organization, role, user_of};
use crate::kit::caller::Credentials;
use crate::kit::{Answer, Bed, Caller};
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

/// A client with exactly these grants.
async fn granted<'b>(bed: &'b Bed, name: &str, words: &[&str]) -> Caller<'b> {
    let service = bed.server.service();
    let password = format!("{name}-password");
    let phc = service.verifier.hash(Zeroizing::new(password.clone())).await.unwrap();
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    let local = Local::local("test");
    client::add(&service.engine, &local, name, &words, Credential { phc, set: 0 }).await.unwrap();
    bed.anonymous().with(Credentials::Query(name.to_owned(), password))
}

/// One attribute: its name, and its values with their types.
type Shown = (String, Vec<(String, String)>);

fn shown(entity: EntityType) -> Vec<Shown> {
    let one = |attribute: valtuus::xml::generated::AttributeType| {
        let AttributeTypeContent::Value(values) = attribute.content else { panic!("an entity inside") };
        let values = values.into_iter().map(|value| (value.type_.unwrap_or_default(), value.content));
        (attribute.name.unwrap(), values.collect())
    };
    entity.attribute.into_iter().map(one).collect()
}

/// The ways of an answer.
fn ways(answer: &Answer) -> Vec<Vec<Shown>> {
    match decode(&answer.body, &Limits::default()).unwrap() {
        Document::List { root, own, .. } => {
            assert_eq!(root, "EffectiveRoles");
            own.into_iter().map(shown).collect()
        }
        Document::Entity { root, .. } => panic!("a {root}, not a list"),
    }
}

fn attribute(name: &str, values: &[(&str, &str)]) -> Shown {
    let own = |(kind, text): &(&str, &str)| ((*kind).to_owned(), (*text).to_owned());
    (name.to_owned(), values.iter().map(own).collect())
}

/// `acme` with roles of which Clerk includes Reader; a user of `other`, to which Clerk was given until a day.
struct Scene {
    acme: String,
    other: String,
    reader: String,
    clerk: String,
    carl: String,
    to_other: String,
    passed_on: String,
    to_carl: String,
}

const UNTIL: &str = "2999-01-01T00:00:00Z";

async fn scene(admin: &Caller<'_>) -> Scene {
    let (acme, other) = (organization(admin, "acme").await, organization(admin, "other").await);
    let reader = role(admin, &acme, "Reader").await;
    let clerk = make(admin, &format!("roles/?name=Clerk&organization=acme&includes={reader}")).await;
    let carl = user_of(admin, &other, "carl").await;
    admin.put(&format!("users/{carl}/roles/{clerk}")).await.ok();
    let given = format!("mandates/?mandater={acme}&role={clerk}");
    let to_other = make(admin, &format!("{given}&mandatee={other}&validUntil={UNTIL}")).await;
    let to_carl = make(admin, &format!("{given}&mandatee={carl}")).await;
    let passed_on = delegation(admin, &to_other, &carl, &clerk).await;
    Scene { acme, other, reader, clerk, carl, to_other, passed_on, to_carl }
}

on_both! {
    async fn a_role_that_comes_several_ways_stands_once_for_each(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, reader, clerk, carl, to_other, passed_on, to_carl, .. } = scene(&admin).await;
        let path = format!("users/{carl}/effectiveroles");
        in_order(&admin.get(&path).await.ok().ids(), &[&reader, &clerk]);
        let answer = admin.get(&format!("{path}/?entities=true")).await.ok();
        assert!(answer.text().contains(&format!("inResponseTo=\"/2.0/{path}/\" method=\"GET\"")), "{}", answer.text());
        let head = |role: &str, name: &str, source: &str| {
            vec![
                attribute("role", &[("role", role)]),
                attribute("roleName", &[("", name)]),
                attribute("source", &[("", source)]),
            ]
        };
        let mandater = || attribute("mandater", &[("organization", &acme)]);
        let until = || attribute("validUntil", &[("", UNTIL)]);
        let wanted = [
            [head(&reader, "acme/Reader", "included"), vec![attribute("via", &[("role", &clerk)])]].concat(),
            [
                head(&reader, "acme/Reader", "mandate"),
                vec![attribute("via", &[("mandate", &to_carl), ("role", &clerk)]), mandater()],
            ]
            .concat(),
            [
                head(&reader, "acme/Reader", "delegation"),
                vec![
                    attribute("via", &[("mandate", &to_other), ("delegation", &passed_on), ("role", &clerk)]),
                    mandater(),
                    until(),
                ],
            ]
            .concat(),
            head(&clerk, "acme/Clerk", "direct"),
            [
                head(&clerk, "acme/Clerk", "mandate"),
                vec![attribute("via", &[("mandate", &to_carl)]), mandater()],
            ]
            .concat(),
            [
                head(&clerk, "acme/Clerk", "delegation"),
                vec![
                    attribute("via", &[("mandate", &to_other), ("delegation", &passed_on)]),
                    mandater(),
                    until(),
                ],
            ]
            .concat(),
        ];
        assert_eq!(ways(&answer), wanted);
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("{path}?entities=true&maxResults=4{after}")).await.ok();
            found.extend(ways(&page));
            let Some(cursor) = page.header("link").split("after=").nth(1) else { break };
            assert_eq!(page.header("x-result-truncated"), "true");
            after = format!("&after={}", cursor.split('>').next().unwrap());
        }
        assert_eq!(found, wanted);
        let first = admin.get(&format!("{path}?maxResults=1")).await.ok();
        in_order(&first.ids(), &[&reader]);
        assert!(first.header("link").contains("after="));
    }

    async fn a_mandate_to_an_organization_gives_nobody_in_it_anything_by_itself(bed: Bed) {
        let admin = bed.admin();
        let Scene { other, carl, clerk, reader, passed_on, to_carl, .. } = scene(&admin).await;
        let dora = user_of(&admin, &other, "dora").await;
        assert_eq!(admin.get(&format!("users/{dora}/effectiveroles")).await.ok().ids(), [""; 0]);
        let sources = async || {
            let answer = bed.admin().get(&format!("users/{carl}/effectiveroles?entities=true")).await.ok();
            let source = |way: Vec<Shown>| way.into_iter().find(|(name, _)| name == "source").unwrap().1.remove(0).1;
            let mut sources: Vec<String> = ways(&answer).into_iter().map(source).collect();
            sources.sort();
            sources
        };
        admin.delete(&format!("delegations/{passed_on}")).await.ok();
        assert_eq!(sources().await, ["direct", "included", "mandate", "mandate"]);
        admin.put(&format!("mandates/{to_carl}/revoke")).await.ok();
        assert_eq!(sources().await, ["direct", "included"]);
        admin.delete(&format!("users/{carl}/roles/{clerk}")).await.ok();
        assert_eq!(sources().await, [""; 0]);
        admin.put(&format!("users/{carl}/roles/{reader}")).await.ok();
        assert_eq!(sources().await, ["direct"]);
    }

    async fn who_may_not_read_mandates_is_not_told_which(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, clerk, carl, to_other, passed_on, to_carl, .. } = scene(&admin).await;
        let path = format!("users/{carl}/effectiveroles?entities=true");
        let plain = granted(&bed, "plain", &["read:user", "read:role"]).await;
        let told = plain.get(&path).await.ok();
        assert_eq!(ways(&told).len(), 6);
        for hidden in [&acme, &to_other, &passed_on, &to_carl, &UNTIL.to_owned()] {
            assert!(!told.text().contains(hidden), "{}", told.text());
        }
        assert!(told.text().contains(&clerk) && told.text().contains("<Value>delegation</Value>"));
        let more = granted(&bed, "more", &["read:user", "read:role", "read:mandate"]).await;
        let told = more.get(&path).await.ok().text();
        assert!(told.contains(&to_carl) && !told.contains(&passed_on) && !told.contains(&to_other), "{told}");
        for words in [["read:user", "read:mandate"], ["read:role", "read:mandate"]] {
            let less = granted(&bed, words[0].split(':').next_back().unwrap(), &words).await;
            less.get(&path).await.refused(403, 3, "read");
        }
    }

    async fn what_the_operation_does_not_know_is_refused(bed: Bed) {
        let admin = bed.admin();
        let carl = Scene::carl(&admin).await;
        let path = format!("users/{carl}/effectiveroles");
        for (query, name) in [
            ("entities=yes", "entities"),
            ("maxResults=-1", "maxResults"),
            ("after=nothing", "after"),
            ("source=direct", "source"),
            ("entities=true&entities=true", "entities"),
        ] {
            admin.get(&format!("{path}?{query}")).await.refused(400, 1, name);
        }
        admin.get(&format!("users/{NOBODY}/effectiveroles")).await.refused(404, 5, "user");
        admin.get("users/nobody/effectiveroles").await.refused(404, 5, "user");
        admin.post(&path).await.refused(405, 13, "");
        bed.anonymous().get(&path).await.refused(401, 2, "");
        let page = admin.get(&format!("{path}?maxResults=1")).await.ok();
        let cursor = page.header("link").split("after=").nth(1).unwrap().split('>').next().unwrap().to_owned();
        admin.get(&format!("{path}?entities=true&after={cursor}")).await.refused(400, 1, "after");
    }

    async fn a_diamond_of_inclusion_gives_each_role_once_by_the_shortest_way(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let mut below = role(&admin, &acme, "R0").await;
        // Each layer doubles the number of paths: a walk over all of them would not end.
        for layer in 1..=30 {
            let left = make(&admin, &format!("roles/?name=L{layer}&organization=acme&includes={below}")).await;
            let right = make(&admin, &format!("roles/?name=M{layer}&organization=acme&includes={below}")).await;
            below = make(&admin, &format!("roles/?name=R{layer}&organization=acme&includes={left}&includes={right}")).await;
        }
        let anna = make(&admin, &format!("users/?login=anna&role={below}")).await;
        let answer = admin.get(&format!("users/{anna}/effectiveroles?entities=true")).await.ok();
        assert_eq!(ways(&answer).len(), 91);
        assert_eq!(admin.get(&format!("users/{anna}/roles")).await.ok().ids().len(), 91);
    }
}

impl Scene {
    async fn carl(admin: &Caller<'_>) -> String {
        scene(admin).await.carl
    }
}
