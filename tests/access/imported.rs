//! Decisions over imported masters: those of the fixture, or, by hand, of the folder that `VALTUUS_DIGIT_MASTERS` names,
//! are the ones of a naive reading of what the import has left in the store.

use std::path::PathBuf;

use valtuus::model::Kind;
use valtuus::model::kind::role;

use super::oracle::compare_all;
use crate::digit::door::{files, send};
use crate::digit::{FILES, fixture};
use crate::kit::trace::entities;
use crate::on_both;

/// The three files, and the tenant that they are of.
fn masters() -> ([String; 3], String) {
    let folder = std::env::var_os("VALTUUS_DIGIT_MASTERS").map_or_else(fixture, PathBuf::from);
    let texts = FILES.map(|file| std::fs::read_to_string(folder.join(file)).unwrap());
    let first: serde_json::Value = serde_json::from_str(&texts[0]).unwrap();
    (texts, first["tenantId"].as_str().unwrap().to_owned())
}

on_both! {
    async fn every_role_and_action_of_the_masters_is_answered_as_by_a_naive_reading(bed: Bed) {
        let (texts, tenant) = masters();
        let admin = bed.admin();
        let told = send(&admin, &format!("tenant={tenant}"), files(&texts)).await;
        assert_eq!(told.status.as_u16(), 207, "{}", told.text());
        admin.post(&format!("organizations/?technicalName=city&parentOrganizationId={tenant}")).await.ok();
        let roles = entities(&bed.server.service().engine.store, Kind::Role).await;
        let mut codes: Vec<String> =
            roles.iter().filter_map(|found| found.attributes().text(role::NAME).map(str::to_owned)).collect();
        codes.push("DIVINER".to_owned());
        let (city, nowhere) = (format!("{tenant}/city"), format!("{tenant}/nowhere"));
        let allowed = compare_all(&bed, &codes, &[&tenant, &city, &nowhere, "elsewhere"]).await;
        assert!(allowed > 10, "{allowed}");
        bed.must_be_sound().await;
    }
}
