//! Contacts of partners: one for each e-mail address.

use super::made::partner;
use crate::on_both;

on_both! {
    async fn a_contact_is_made_once_for_an_address_and_changed_by_it_afterwards(bed: Bed) {
        let admin = bed.admin();
        let (acme, beta) = (partner(&bed, "acme").await, partner(&bed, "beta").await);
        let first = admin.post("partners/acme/contacts?emailId=Anna@acme.example&contactNumber=1&address=Here").await.ok();
        assert!(first.text().contains("<Contacts "), "{}", first.text());
        let id = first.id();
        assert_eq!(admin.post(&format!("partners/{acme}/contacts?emailId=anna@ACME.example&contactNumber=2&active=false")).await.ok().id(), id);
        let list = admin.get("partners/ACME/contacts?entities=true").await.ok();
        assert_eq!(list.text().matches("<Contact>").count(), 1, "{}", list.text());
        for word in ["Anna@acme.example", ">2<", ">Here<", ">false<", acme.as_str()] {
            assert!(list.text().contains(word), "{word}: {}", list.text());
        }
        // The same person may be a contact of another partner.
        let other = admin.post("partners/beta/contacts?emailId=anna@acme.example").await.ok().id();
        assert_ne!(other, id);
        assert_eq!(admin.get(&format!("partners/{beta}/contacts")).await.ok().ids(), [other]);
        bed.must_be_sound().await;
    }

    async fn contacts_of_nobody_and_bad_ones_are_refused(bed: Bed) {
        let admin = bed.admin();
        partner(&bed, "acme").await;
        for (words, name) in [
            ("", "emailId"), ("emailId=", "emailId"), ("emailId=nobody", "emailId"), ("emailId=a@b.fi&partner=acme", "partner"),
            ("emailId=a@b.fi&active=maybe", "active"), ("emailId=a@b.fi&contactNumber=12345678901234567", "contactNumber"),
            ("emailId=a@b.fi&emailId=b@b.fi", "emailId"), ("emailId=a@b.fi&shoesize=43", "shoesize"),
        ] {
            admin.post(&format!("partners/acme/contacts?{words}")).await.refused(400, 1, name);
        }
        admin.post("partners/nobody/contacts?emailId=a@b.fi").await.refused(404, 5, "partner");
        admin.get("partners/nobody/contacts").await.refused(404, 5, "partner");
        bed.reader().post("partners/acme/contacts?emailId=a@b.fi").await.refused(403, 3, "create");
        bed.reader().post("partners/nobody/contacts?emailId=a@b.fi").await.refused(403, 3, "create");
        bed.anonymous().post("partners/acme/contacts?emailId=a@b.fi").await.refused(401, 2, "");
        assert!(admin.get("partners/acme/contacts").await.ok().ids().is_empty());
    }

    async fn two_who_store_the_same_contact_at_once_make_one(bed: Bed) {
        partner(&bed, "acme").await;
        let admin = bed.admin();
        let store = |number: usize| {
            let admin = admin.clone();
            async move { admin.post(&format!("partners/acme/contacts?emailId=a@b.fi&contactNumber={number}")).await.ok().id() }
        };
        let ids = futures_util::future::join_all((0..8).map(store)).await;
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(admin.get("partners/acme/contacts").await.ok().ids(), [ids[0].clone()]);
    }
}
