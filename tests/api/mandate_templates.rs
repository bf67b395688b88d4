//! `/mandatetemplates`, and mandates made from them.

use std::slice::from_ref;

use super::{make, mandate, organization, role, user};
use crate::on_both_still;

const DAY: i64 = 86_400_000_000;

fn days(text: &str, now: i64) -> i64 {
    let until = valtuus::model::value::parse_instant(text).unwrap();
    assert_eq!((until - now) % DAY, 0);
    (until - now) / DAY
}

on_both_still! { |_| ();
    async fn a_template_is_made_read_changed_listed_and_deleted(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let (clerk, chief) = (role(&admin, &acme, "Clerk").await, role(&admin, &acme, "Chief").await);
        let made = admin.post(&format!("mandatetemplates/?name=Yearly&role={clerk}&role=acme/Chief&validity=365")).await.ok();
        assert!(made.text().contains("<MandateTemplates "), "{}", made.text());
        let id = made.id();
        for path in [format!("mandatetemplates/{id}"), "mandatetemplates/Yearly/".to_owned()] {
            let read = admin.get(&path).await.ok();
            assert!(read.text().contains("<MandateTemplate "));
            assert_eq!((read.value("name"), read.value("validity")), ("Yearly".to_owned(), "365".to_owned()));
            assert_eq!(read.values("role"), [clerk.clone(), chief.clone()]);
        }
        assert_eq!(admin.get("mandatetemplates").await.ok().ids(), from_ref(&id));
        assert_eq!(admin.get(&format!("mandatetemplates?role={clerk}&name=Year")).await.ok().ids(), from_ref(&id));
        let whole = admin.get("mandatetemplates?entities=true").await.ok().text();
        assert!(whole.contains("<MandateTemplate><Attribute name=\"name\"><Value>Yearly</Value>"), "{whole}");
        admin.put("mandatetemplates/Yearly?validity=&description=Once%20a%20year").await.ok();
        let read = admin.get("mandatetemplates/Yearly").await.ok();
        assert_eq!((read.value("validity"), read.value("description")), (String::new(), "Once a year".to_owned()));
        // A role that is deleted is taken out of it.
        admin.delete(&format!("roles/{clerk}")).await.ok();
        assert_eq!(admin.get("mandatetemplates/Yearly").await.ok().values("role"), [chief]);
        assert_eq!(admin.delete(&format!("mandatetemplates/{id}")).await.ok().id(), id);
        admin.get("mandatetemplates/Yearly").await.refused(404, 7, "mandatetemplate");
        bed.must_be_sound().await;
    }

    async fn a_template_that_cannot_be_is_refused(bed: Bed) {
        let admin = bed.admin();
        make(&admin, "mandatetemplates/?name=Known").await;
        for (query, status, code, name) in [
            ("validity=3", 400, 1, "name"),
            ("name=", 400, 1, "name"),
            ("name=018f0000-0000-7000-8000-000000000000", 400, 1, "name"),
            ("name=Known", 409, 4, "name"),
            ("name=X&validity=0", 400, 1, "validity"),
            ("name=X&validity=-1", 400, 1, "validity"),
            ("name=X&validity=36526", 400, 1, "validity"),
            ("name=X&validity=year", 400, 1, "validity"),
            ("name=X&role=nobody/Clerk", 400, 10, "role"),
            ("name=X&mandater=root", 400, 1, "mandater"),
        ] {
            admin.post(&format!("mandatetemplates/?{query}")).await.refused(status, code, name);
        }
        bed.reader().post("mandatetemplates/?name=Y").await.refused(403, 3, "mandatetemplate");
        assert_eq!(admin.get("mandatetemplates").await.ok().ids().len(), 1);
    }

    async fn a_mandate_takes_from_its_template_what_the_request_does_not_say(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let (clerk, chief) = (role(&admin, &acme, "Clerk").await, role(&admin, &acme, "Chief").await);
        let anna = user(&admin, "anna").await;
        let template = make(&admin, &format!("mandatetemplates/?name=Monthly&role={clerk}&validity=30")).await;
        let to_anna = format!("mandates/?mandater={acme}&mandatee={anna}");
        for named in [template.as_str(), "Monthly"] {
            let id = make(&admin, &format!("{to_anna}&template={named}")).await;
            let read = admin.get(&format!("mandates/{id}")).await.ok();
            assert_eq!((read.values("role"), days(&read.value("validUntil"), bed.now())), (vec![clerk.clone()], 30));
            assert_eq!(read.value("template"), template);
        }
        let from = bed.now() + 5 * DAY;
        let id = make(&admin, &format!("{to_anna}&template=Monthly&role={chief}&validFrom={}", from / 1_000)).await;
        let read = admin.get(&format!("mandates/{id}")).await.ok();
        assert_eq!((read.values("role"), days(&read.value("validUntil"), from)), (vec![chief], 30));
        let until = bed.now() + 2 * DAY;
        let id = make(&admin, &format!("{to_anna}&template=Monthly&validUntil={}", until / 1_000)).await;
        assert_eq!(days(&admin.get(&format!("mandates/{id}")).await.ok().value("validUntil"), bed.now()), 2);
        assert_eq!(admin.get("mandates?template=Monthly").await.ok().ids().len(), 4);
        // What was made from it stays as it is when it changes or goes.
        admin.put("mandatetemplates/Monthly?validity=1&role=").await.ok();
        admin.delete("mandatetemplates/Monthly").await.ok();
        let read = admin.get(&format!("mandates/{id}")).await.ok();
        assert_eq!((read.values("role"), read.value("template")), (vec![clerk], template.clone()));
        assert_eq!(admin.get(&format!("mandates?template={template}")).await.ok().ids().len(), 4);
        bed.must_be_sound().await;
    }

    async fn a_template_gives_nobody_more_than_the_mandater_has(bed: Bed) {
        let admin = bed.admin();
        let (acme, other) = (organization(&admin, "acme").await, organization(&admin, "other").await);
        let clerk = role(&admin, &acme, "Clerk").await;
        let anna = user(&admin, "anna").await;
        make(&admin, &format!("mandatetemplates/?name=Clerks&role={clerk}")).await;
        make(&admin, "mandatetemplates/?name=Empty&validity=1").await;
        let from = |mandater: &str, more: &str| format!("mandates/?mandater={mandater}&mandatee={anna}&template={more}");
        admin.post(&from(&other, "Clerks")).await.refused(400, 10, "role");
        admin.post(&from(&acme, "Empty")).await.refused(400, 1, "role");
        admin.post(&from(&acme, "Unknown")).await.refused(400, 10, "template");
        admin.post(&from(&acme, "Clerks&template=Empty")).await.refused(400, 1, "template");
        assert_eq!(admin.get("mandates").await.ok().ids(), [""; 0]);
        admin.post(&from(&acme, "Clerks")).await.ok();
        let given = mandate(&admin, &acme, &anna, &clerk).await;
        admin.put(&format!("mandates/{given}?template=Clerks")).await.refused(400, 1, "template");
    }
}
