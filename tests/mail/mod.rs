//! Mails from the outbox to a real mail server of ours. Here are only short ways to put them in and to wait for them.

mod delivery;
mod nodes;
mod outage;

use std::time::Duration;

use uuid::Uuid;
use valtuus::model::letter::{Letter, LetterKind};
use valtuus::operation::post;
use valtuus::store::SharedStore;
use valtuus::store::outbox::{HeldMail, Mail, MailState};
use valtuus::world::{Real, World};

use crate::kit::Bed;
use crate::store::kit::change;

/// Puts a mail into the outbox, in a transaction of its own.
pub async fn put(store: &SharedStore, recipient: &str, body: &str) -> Uuid {
    let mail = Mail {
        id: Real.id(),
        created: Real.now(),
        recipient: recipient.to_owned(),
        subject: "A test".to_owned(),
        body: body.to_owned(),
    };
    let put = mail.clone();
    change(store, move |tx| {
        let mail = put.clone();
        Box::pin(async move { tx.put_mail(&mail).await })
    })
    .await
    .unwrap();
    mail.id
}

/// Puts an invitation with every variable into the outbox, as an operation does.
pub async fn invite(bed: &Bed, locale: Option<&str>, link: Option<String>) -> Uuid {
    let engine = bed.server.service().engine.clone();
    let letter = Letter {
        locale: locale.map(str::to_owned),
        recipient: Some("Matti Meikäläinen".to_owned()),
        link,
        inviter: Some("Maija".to_owned()),
        roles: vec!["Signatory".to_owned()],
        organization: Some("Mökki Oy".to_owned()),
        ..Letter::new(LetterKind::RoleInvitation, "matti@example.fi")
    };
    let store = engine.store.clone();
    change(&store, move |tx| {
        let (engine, letter) = (engine.clone(), letter.clone());
        Box::pin(async move { post(tx, &engine, &letter).await })
    })
    .await
    .unwrap()
}

/// Waits until a mail is not queued any more.
pub async fn settled(store: &SharedStore, id: Uuid) -> HeldMail {
    until(store, id, |held| held.state != MailState::Queued).await
}

/// Waits until a mail is as it should be.
pub async fn until(store: &SharedStore, id: Uuid, wanted: impl Fn(&HeldMail) -> bool) -> HeldMail {
    for _ in 0..4_000 {
        let held = store.mail(id).await.unwrap().unwrap();
        if wanted(&held) {
            return held;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the mail did not come to be as it should: {:?}", store.mail(id).await);
}
