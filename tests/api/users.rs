//! Users: `/users` and `/organizations/{id}/users`.

use crate::on_both;

on_both! {
    async fn a_user_is_made_read_changed_and_deleted(bed: Bed) {
        let admin = bed.admin();
        let id = admin.post("users/?login=anna&firstname=Anna&surname=Virtanen").await.ok().id();
        let user = admin.get(&format!("users/{id}")).await.ok();
        assert_eq!(user.value("login"), "anna");
        assert_eq!(user.value("status"), "Enabled");
        admin.put(&format!("users/{id}?mobile=+358401234567891&status=Disabled")).await.ok();
        let user = admin.get(&format!("users/{id}")).await.ok();
        assert_eq!(user.value("mobile"), "+358401234567891");
        assert_eq!(user.value("status"), "Disabled");
        assert_eq!(admin.get("users/?login=AN").await.ok().ids(), [id.clone()]);
        assert_eq!(admin.delete(&format!("users/{id}")).await.ok().id(), id);
        admin.get(&format!("users/{id}")).await.refused(404, 7, "user");
        bed.must_be_sound().await;
    }
}
