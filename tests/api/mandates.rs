//! Mandates: `/mandates` and the five lists of given, received and delegated ones (REQ007, REQ008).

use super::{delegation, in_order, make, mandate, organization, role, user, user_of};
use crate::kit::Caller;
use crate::on_both;

const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

/// An organization with a role, another organization, and two users, the first of whom has the role.
struct Scene {
    acme: String,
    other: String,
    clerk: String,
    anna: String,
    bertil: String,
}

async fn scene(admin: &Caller<'_>) -> Scene {
    let acme = organization(admin, "acme").await;
    let clerk = role(admin, &acme, "Clerk").await;
    let anna = make(
        admin,
        &format!("users/?login=anna&firstname=Anna&surname=Virtanen&email=anna@example.org&role={clerk}"),
    )
    .await;
    let bertil = make(admin, "users/?login=bertil&email=bertil@example.org").await;
    Scene { other: organization(admin, "other").await, acme, clerk, anna, bertil }
}

on_both! {
    async fn the_type_follows_from_the_two_ends(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, other, clerk, anna, bertil } = scene(&admin).await;
        for (from, to, kinds, expected) in [
            (&acme, &anna, ("organization", "user"), "OrgToPer"),
            (&acme, &other, ("organization", "organization"), "OrgToOrg"),
            (&anna, &bertil, ("user", "user"), "PerToPer"),
            (&anna, &other, ("user", "organization"), "PerToOrg"),
        ] {
            let id = mandate(&admin, from, to, &clerk).await;
            let read = admin.get(&format!("mandates/{id}")).await.ok();
            assert_eq!(read.value("id"), id);
            assert_eq!(read.value("type"), expected);
            assert_eq!(read.value("state"), "Active");
            assert_eq!(read.value("createdBy"), "admin");
            for (kind, id) in [(kinds.0, from), (kinds.1, to), ("role", &clerk)] {
                assert!(read.text().contains(&format!("<Value type=\"{kind}\">{id}</Value>")), "{}", read.text());
            }
        }
        bed.must_be_sound().await;
    }

    async fn name_and_address_come_from_the_mandatee_unless_they_are_given(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, other, clerk, anna, bertil } = scene(&admin).await;
        let read = |id: String| {
            let admin = bed.admin();
            async move {
                let read = admin.get(&format!("mandates/{id}")).await.ok();
                [read.value("name"), read.value("entityName"), read.value("assigneeEmail")]
            }
        };
        let id = mandate(&admin, &acme, &anna, &clerk).await;
        assert_eq!(read(id.clone()).await, ["Anna Virtanen", "Anna%20Virtanen", "anna@example.org"]);
        let nameless = mandate(&admin, &acme, &bertil, &clerk).await;
        assert_eq!(read(nameless).await, ["bertil", "bertil", "bertil@example.org"]);
        let to_organization = mandate(&admin, &acme, &other, &clerk).await;
        assert_eq!(read(to_organization).await, ["other", "other", ""]);
        let given = make(
            &admin,
            &format!(
                "mandates/?mandater={acme}&mandatee={anna}&role={clerk}&name=Osto%20%26%20%C3%A4&assigneeEmail=x@example.org"
            ),
        )
        .await;
        assert_eq!(read(given).await, ["Osto & ä", "Osto%20%26%20%C3%A4", "x@example.org"]);
        assert_eq!(admin.put(&format!("mandates/{id}?name=Uusi%20nimi")).await.ok().id(), id);
        assert_eq!(read(id.clone()).await, ["Uusi nimi", "Uusi%20nimi", "anna@example.org"]);
        admin.put(&format!("mandates/{id}?name=")).await.ok();
        assert_eq!(read(id).await[0], "Anna Virtanen");
        bed.must_be_sound().await;
    }

    async fn a_mandater_gives_only_roles_that_it_has(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, other, clerk, anna, bertil } = scene(&admin).await;
        let agent = role(&admin, &other, "Agent").await;
        let address = |from: &str, to: &str, role: &str| format!("mandates/?mandater={from}&mandatee={to}&role={role}");
        admin.post(&address(&acme, &bertil, &agent)).await.refused(400, 10, "role");
        admin.post(&address(&anna, &bertil, &agent)).await.refused(400, 10, "role");
        admin.post(&address(&bertil, &anna, &clerk)).await.refused(400, 10, "role");
        admin.post(&format!("{}&role={agent}", address(&anna, &bertil, &clerk))).await.refused(400, 10, "role");
        assert_eq!(admin.get("mandates").await.ok().ids(), [""; 0]);
        admin.put(&format!("users/{anna}/roles/{agent}")).await.ok();
        let both = make(&admin, &format!("{}&role=other/Agent", address(&anna, &bertil, &clerk))).await;
        assert_eq!(admin.get(&format!("mandates/{both}")).await.ok().values("role"), [clerk.clone(), agent.clone()]);
        admin.delete(&format!("users/{anna}/roles/{agent}")).await.ok();
        admin.post(&address(&anna, &bertil, &agent)).await.refused(400, 10, "role");
    }

    async fn a_mandate_that_cannot_be_is_refused(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, clerk, anna, bertil, .. } = scene(&admin).await;
        for (query, status, code, name) in [
            (format!("mandatee={anna}&role={clerk}"), 400, 1, "mandater"),
            (format!("mandater={acme}&role={clerk}"), 400, 1, "mandatee"),
            (format!("mandater={acme}&mandatee={anna}"), 400, 1, "role"),
            (format!("mandater={NOBODY}&mandatee={anna}&role={clerk}"), 400, 10, "mandater"),
            (format!("mandater={acme}&mandatee={clerk}&role={clerk}"), 400, 10, "mandatee"),
            (format!("mandater={acme}&mandatee={anna}&role={anna}"), 400, 10, "role"),
            (format!("mandater={acme}&mandatee={acme}&role={clerk}"), 400, 10, "mandatee"),
            (format!("mandater={acme}&mandater={acme}&mandatee={anna}&role={clerk}"), 400, 1, "mandater"),
            (format!("mandater={acme}&mandatee={anna}&role={clerk}&state=Active"), 400, 1, "state"),
            (format!("mandater={acme}&mandatee={anna}&role={clerk}&validUntil=2020-01-01T00:00:00Z"), 400, 1, "validUntil"),
            (format!("mandater={acme}&mandatee={anna}&role={clerk}&validUntil=tomorrow"), 400, 1, "validUntil"),
            (
                format!("mandater={acme}&mandatee={anna}&role={clerk}&validFrom=2999-01-02T00:00:00Z&validUntil=2999-01-01T00:00:00Z"),
                400, 1, "validFrom",
            ),
            (format!("mandater={acme}&mandatee={anna}&role={clerk}&template=none"), 400, 10, "template"),
            (format!("mandater={acme}&mandatee={anna}&role={clerk}&decidedBy=x"), 400, 1, "decidedBy"),
            (format!("mandater={acme}&mandatee={anna}&role={clerk}&type=OrgToPer"), 400, 1, "type"),
            (format!("mandater={acme}&mandatee={anna}&role={clerk}&assigneeEmail=nobody"), 400, 1, "assigneeEmail"),
        ] {
            admin.post(&format!("mandates/?{query}")).await.refused(status, code, name);
        }
        let id = mandate(&admin, &acme, &anna, &clerk).await;
        for fixed in [format!("mandater={bertil}"), format!("mandatee={bertil}"), "state=Revoked".to_owned(), "entityName=x".to_owned()] {
            admin.put(&format!("mandates/{id}?{fixed}")).await.refused(400, 1, fixed.split('=').next().unwrap());
        }
        admin.get(&format!("mandates/{anna}")).await.refused(404, 7, "mandate");
    }

    async fn a_mandate_is_revoked_once_and_deleted(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, clerk, anna, .. } = scene(&admin).await;
        let id = mandate(&admin, &acme, &anna, &clerk).await;
        let revoke = format!("mandates/{id}/revoke");
        bed.reader().put(&revoke).await.refused(403, 3, "mandate");
        admin.put(&format!("{revoke}?reason=x")).await.refused(400, 1, "reason");
        let answer = admin.put(&revoke).await.ok();
        assert_eq!(answer.id(), id);
        assert!(answer.text().contains("<Mandates "));
        assert_eq!(admin.get(&format!("mandates/{id}")).await.ok().value("state"), "Revoked");
        admin.put(&revoke).await.refused(409, 15, "state");
        in_order(&admin.get("mandates?state=Revoked").await.ok().ids(), &[&id]);
        assert_eq!(admin.get("mandates?state=Active").await.ok().ids(), [""; 0]);
        assert_eq!(admin.delete(&format!("mandates/{id}")).await.ok().id(), id);
        admin.get(&format!("mandates/{id}")).await.refused(404, 7, "mandate");
        admin.put(&revoke).await.refused(404, 7, "mandate");
        bed.must_be_sound().await;
    }

    async fn req007_lists_at_all_six_addresses(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, other, clerk, anna, bertil } = scene(&admin).await;
        let to_anna = mandate(&admin, &acme, &anna, &clerk).await;
        let to_other = mandate(&admin, &acme, &other, &clerk).await;
        let from_anna = mandate(&admin, &anna, &bertil, &clerk).await;
        let carl = user_of(&admin, &other, "carl").await;
        delegation(&admin, &to_other, &carl, &clerk).await;
        let lists: [(String, Vec<&String>); 9] = [
            ("mandates".to_owned(), vec![&to_anna, &to_other, &from_anna]),
            (format!("organizations/{acme}/givenmandates"), vec![&to_anna, &to_other]),
            (format!("organizations/{acme}/receivedmandates"), vec![]),
            (format!("organizations/{other}/receivedmandates"), vec![&to_other]),
            (format!("users/{anna}/givenmandates"), vec![&from_anna]),
            (format!("users/{anna}/receivedmandates"), vec![&to_anna]),
            (format!("users/{bertil}/receivedmandates"), vec![&from_anna]),
            (format!("users/{carl}/receivedmandatedelegations"), vec![&to_other]),
            (format!("users/{anna}/receivedmandatedelegations"), vec![]),
        ];
        for (address, wanted) in &lists {
            for (path, echo) in [(address.clone(), address.clone()), (format!("{address}/?entities=false"), format!("{address}/"))] {
                let answer = admin.get(&path).await.ok();
                in_order(&answer.ids(), wanted);
                assert!(answer.text().contains(&format!("<Mandates xmlns=\"http://schema.ubisecure.com/customerid/api\" inResponseTo=\"/2.0/{echo}\" method=\"GET\"")), "{}", answer.text());
            }
            let whole = admin.get(&format!("{address}?entities=true")).await.ok();
            assert_eq!(whole.ids(), [""; 0]);
            assert_eq!(whole.text().matches("<Mandate>").count(), wanted.len(), "{}", whole.text());
            for id in wanted {
                assert!(whole.text().contains(&format!("<Attribute name=\"id\"><Value>{id}</Value>")));
            }
        }
        admin.get("mandates?entities=yes").await.refused(400, 1, "entities");
    }

    async fn mandates_are_searched_by_their_attributes(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, other, clerk, anna, bertil } = scene(&admin).await;
        let first = mandate(&admin, &acme, &anna, &clerk).await;
        let second = mandate(&admin, &acme, &other, &clerk).await;
        let third = mandate(&admin, &anna, &bertil, &clerk).await;
        let searches: [(String, Vec<&String>); 11] = [
            (format!("id={second}"), vec![&second]),
            ("type=PerToPer".to_owned(), vec![&third]),
            ("name=Anna".to_owned(), vec![&first]),
            ("entityName=Anna%2520".to_owned(), vec![&first]),
            ("assigneeEmail=BERT".to_owned(), vec![&third]),
            (format!("mandater={acme}"), vec![&first, &second]),
            ("mandater=acme".to_owned(), vec![&first, &second]),
            (format!("mandatee={other}"), vec![&second]),
            (format!("role={clerk}&mandater={anna}"), vec![&third]),
            ("role=acme/Clerk".to_owned(), vec![&first, &second, &third]),
            (format!("mandater={NOBODY}"), vec![]),
        ];
        for (search, wanted) in searches {
            in_order(&admin.get(&format!("mandates?{search}")).await.ok().ids(), &wanted);
        }
        in_order(&admin.get(&format!("organizations/{acme}/givenmandates?mandatee={anna}")).await.ok().ids(), &[&first]);
    }

    async fn req008_puts_entities_in_the_place_of_ids(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, clerk, anna, .. } = scene(&admin).await;
        let id = mandate(&admin, &acme, &anna, &clerk).await;
        let plain = admin.get(&format!("mandates/{id}?entities=false")).await.ok();
        assert!(!plain.text().contains("<Entity>"));
        let whole = admin.get(&format!("mandates/{id}?entities=true")).await.ok();
        for (name, part) in [
            ("mandater", "<Attribute name=\"entityName\"><Value>acme</Value>"),
            ("mandatee", "<Attribute name=\"login\"><Value>anna</Value>"),
            ("role", "<Attribute name=\"entityName\"><Value>acme/Clerk</Value>"),
        ] {
            let text = whole.text();
            let start = text.find(&format!("<Attribute name=\"{name}\"><Entity")).unwrap_or_else(|| panic!("{name}: {text}"));
            assert!(text[start..].contains(part), "{name}: {text}");
        }
        assert_eq!(whole.value("name"), "Anna Virtanen");
        admin.get(&format!("mandates/{id}?entities=all")).await.refused(400, 1, "entities");
        admin.get(&format!("mandates/{id}?recursive=true")).await.refused(400, 1, "recursive");
    }

    async fn a_deleted_user_takes_mandates_along(bed: Bed) {
        let admin = bed.admin();
        let Scene { acme, clerk, anna, bertil, .. } = scene(&admin).await;
        mandate(&admin, &acme, &anna, &clerk).await;
        mandate(&admin, &anna, &bertil, &clerk).await;
        let stays = mandate(&admin, &acme, "root", &clerk).await;
        delegation(&admin, &stays, &anna, &clerk).await;
        admin.delete(&format!("users/{anna}")).await.ok();
        in_order(&admin.get("mandates").await.ok().ids(), &[&stays]);
        user(&admin, "anna").await;
        bed.must_be_sound().await;
    }
}
