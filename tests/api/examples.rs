//! Our answers beside those that the documentation of the interface prints (`fixtures/answers`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use reqwest::Method;
use valtuus::config::{Config, CustomAttribute, OrganizationClass, ReferenceStyle};
use valtuus::xml::{Document, Limits, decode};

use super::{delegation, invitation, make, mandate, organization, role, user, user_of, virtual_organization};
use crate::kit::{Answer, Bed, Caller};

/// Ids and names by their place in the fixtures.
type Ids = BTreeMap<&'static str, String>;

fn fixture(name: &str, ids: &Ids) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/answers").join(format!("{name}.xml"));
    let text = std::fs::read_to_string(&path).unwrap();
    let filled = ids.iter().fold(text, |text, (place, id)| text.replace(&format!("{{{place}}}"), id));
    assert!(!filled.contains('{'), "{name}: a place is not filled: {filled}");
    filled
}

/// The answer has everything of the fixture in its order; only more attributes may follow.
#[track_caller]
fn must_be_like(name: &str, ids: &Ids, answer: &Answer) {
    let wanted = decode(fixture(name, ids).as_bytes(), &Limits::default()).unwrap();
    let found = decode(&answer.body, &Limits::default()).unwrap();
    match (wanted, found) {
        (Document::List { root, list, .. }, Document::List { root: found_root, list: found, .. }) => {
            assert_eq!((root, list), (found_root, found), "{name}");
        }
        (Document::Entity { root, entity }, Document::Entity { root: found_root, entity: mut found }) => {
            assert!(found.attribute.len() >= entity.attribute.len(), "{name}: {}", answer.text());
            found.attribute.truncate(entity.attribute.len());
            assert_eq!((root, entity), (found_root, found), "{name}");
        }
        (_, found) => panic!("{name}: {found:?}"),
    }
}

/// The class and the custom attribute of the printed organization.
fn printed(config: &mut Config) {
    config.attributes = vec![CustomAttribute {
        kind: "organization".to_owned(),
        name: "customAttribute".to_owned(),
        indexed: true,
        many: true,
    }];
    config.organizations.classes.push(OrganizationClass {
        name: "organization type".to_owned(),
        r#virtual: false,
        roles: Vec::new(),
        default: false,
        approval: false,
    });
}

async fn mandate_of_the_page(admin: &Caller<'_>, ids: &mut Ids) {
    let giver = organization(admin, "2345678-9").await;
    let signatory = role(admin, &giver, "Signatory").await;
    let receiver = make(
        admin,
        "users/?login=test.user&firstname=Test&surname=User4z8y6pkhpya89zde5drs&email=test.user@example.org",
    )
    .await;
    ids.insert("mandate", mandate(admin, &giver, &receiver, &signatory).await);
    ids.extend([("mandater", giver), ("mandatee", receiver), ("role", signatory)]);
}

async fn get(bed: &Bed, name: &str, ids: &Ids, address: &str) {
    must_be_like(name, ids, &bed.admin().get(address).await.ok());
}

crate::on_both_with! { printed;
    async fn entities_are_answered_as_printed(bed: Bed) {
        let admin = bed.admin();
        let mut ids = Ids::new();
        let company = organization(&admin, "1234567-1").await;
        let user = make(
            &admin,
            &format!(
                "organizations/{company}/users?login=firstname.lastname&firstname=Firstname&surname=Lastname\
                 &email=firstname.lastname@example.org&ssn=010199-1234&mobile=+0123456789"
            ),
        )
        .await;
        ids.insert("cn", admin.get(&format!("users/{user}")).await.ok().value("cn"));
        virtual_organization(&admin, "memberships").await;
        organization(&admin, "Organization").await;
        let described = make(
            &admin,
            "organizations/?technicalName=EntityName&friendlyName=Organization%20Friendly%20Name\
             &organizationClass=organization%20type&parentOrganizationId=Organization\
             &memberships=memberships&customAttribute=attributeValue",
        )
        .await;
        ids.insert("rolename", role(&admin, &company, "ROLENAME").await);
        mandate_of_the_page(&admin, &mut ids).await;
        get(&bed, "REQ004-organization", &{ ids.insert("described", described.clone()); ids.clone() },
            &format!("organizations/{described}")).await;
        ids.insert("user", user.clone());
        get(&bed, "REQ002-user", &ids, &format!("users/{user}")).await;
        get(&bed, "REQ005-role", &ids, &format!("roles/{}", ids["rolename"])).await;
        get(&bed, "REQ008-mandate", &ids, &format!("mandates/{}", ids["mandate"])).await;
        get(&bed, "REQ008-mandate", &ids, &format!("mandates/{}?entities=false", ids["mandate"])).await;
    }

    async fn lists_are_answered_as_printed(bed: Bed) {
        let admin = bed.admin();
        let mut ids = Ids::from([("root", bed.server.service().engine.root.to_string())]);
        let company = organization(&admin, "1234567-1").await;
        ids.insert("company", company.clone());
        get(&bed, "REQ003-organizations", &ids, "organizations/").await;
        let reader = user_of(&admin, &company, "firstname.lastname").await;
        let leaving = user(&admin, "leaving").await;
        ids.extend([("user", reader.clone()), ("leaving", leaving.clone())]);
        get(&bed, "REQ001-users", &ids, "users").await;
        get(&bed, "REQ001-users-of-organization", &ids, &format!("organizations/{company}/users")).await;
        let gone = admin.delete(&format!("users/{leaving}")).await.ok();
        must_be_like("MOD010-user-deleted", &ids, &gone);
        let updated = admin.put(&format!("users/{reader}?mobile=+358401234567891&status=Enabled")).await.ok();
        must_be_like("MOD004-user-updated", &ids, &updated);
        let updated = admin.put(&format!("organizations/{company}?friendlyName=TestOrganizationRENAME")).await.ok();
        must_be_like("MOD003-organization-updated", &ids, &updated);
        let query = format!("organizations/?friendlyName=Luotava%20Organisaatio&parentOrganizationId={company}");
        let made = admin.post(&query).await.ok();
        ids.insert("made", made.id());
        must_be_like("MOD001-organization-created", &ids, &made);
        let mandater = made.id();
        let signatory = role(&admin, &mandater, "Signatory").await;
        let rolename = role(&admin, &company, "ROLENAME").await;
        admin.put(&format!("users/{reader}/roles/{rolename}")).await.ok();
        let other = user(&admin, "other").await;
        let given = mandate(&admin, &mandater, &reader, &signatory).await;
        let passed_on = mandate(&admin, &mandater, &company, &signatory).await;
        delegation(&admin, &passed_on, &reader, &signatory).await;
        ids.insert("invitation", invitation(&admin, &reader, &rolename).await);
        ids.insert("other-invitation", invitation(&admin, &other, &rolename).await);
        ids.extend([("mandater", mandater.clone()), ("role", signatory), ("rolename", rolename)]);
        ids.extend([("mandate", given), ("passed-on", passed_on)]);
        for (name, address) in [
            ("REQ007-mandates", "mandates".to_owned()),
            ("REQ007-given-by-organization", format!("organizations/{mandater}/givenmandates")),
            ("REQ007-received-by-organization", format!("organizations/{company}/receivedmandates")),
            ("REQ007-given-by-user", format!("users/{reader}/givenmandates")),
            ("REQ007-received-by-user", format!("users/{reader}/receivedmandates")),
            ("REQ007-delegated-to-user", format!("users/{reader}/receivedmandatedelegations")),
            ("REQ011-role-invitations", "roleinvitations".to_owned()),
            ("REQ011c-role-invitations-of-user", format!("users/{reader}/roleinvitations")),
            ("REQ051-roles", "roles".to_owned()),
            ("REQ051-roles-of-user", format!("users/{reader}/roles")),
        ] {
            get(&bed, name, &ids, &address).await;
        }
    }
}

fn references_on_attributes(config: &mut Config) {
    config.answers.reference_style = ReferenceStyle::Attribute;
}

fn whole_addresses(config: &mut Config) {
    config.answers.absolute_urls = true;
}

crate::on_both_with! { references_on_attributes;
    async fn references_can_carry_their_kind_as_printed(bed: Bed) {
        let mut ids = Ids::new();
        mandate_of_the_page(&bed.admin(), &mut ids).await;
        let url = format!("{}/mandates/{}", bed.base(), ids["mandate"]);
        // Not valid against the schema, as the page is not: the judge of the kit must not see it.
        let answer = bed.http.get(url).basic_auth("admin", Some("admin-password")).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let wanted = fixture("REQ008-mandate-references-as-printed", &ids);
        let wanted: String = wanted.lines().map(str::trim).filter(|line| *line != "</Mandate>").collect();
        assert!(text.contains(&wanted), "{text}\nshould contain\n{wanted}");
        let url = format!("{}/users/{}", bed.base(), ids["mandatee"]);
        let answer = bed.http.get(url).basic_auth("admin", Some("admin-password")).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let root = bed.server.service().engine.root;
        assert!(text.contains(&format!(
            "<Attribute name=\"organizationId\" type=\"organization\"><Value>{root}</Value></Attribute>"
        )), "{text}");
        let url = format!("{}/mandates/?entities=true", bed.base());
        let answer = bed.http.get(url).basic_auth("admin", Some("admin-password")).send().await.unwrap();
        assert!(answer.text().await.unwrap().contains("<Attribute name=\"mandater\" type=\"organization\">"));
    }
}

crate::on_both_with! { whole_addresses;
    async fn in_response_to_can_be_the_whole_address(bed: Bed) {
        let id = user(&bed.admin(), "anna").await;
        let host = bed.server.address;
        for (method, path) in [
            (Method::GET, format!("users/{id}")),
            (Method::GET, "mandates/".to_owned()),
            (Method::PUT, format!("users/{id}?surname=x")),
            (Method::DELETE, format!("users/{id}")),
        ] {
            let answer = bed.admin().send(method, &path, None).await.ok();
            let path = path.split('?').next().unwrap();
            let wanted = format!("inResponseTo=\"https://{host}/customerid-rest/services/2.0/{path}\"");
            assert!(answer.text().contains(&wanted), "{}", answer.text());
        }
    }
}
