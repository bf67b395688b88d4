//! What arrives: the words, the head, encryption, and what happens where no mail server is configured.

use tempfile::TempDir;
use valtuus::config::MailTls;
use valtuus::store::outbox::MailState;

use super::{invite, put, settled};
use crate::kit::smtp::Sink;
use crate::kit::{Bed, On};

async fn bed(on: On, sink: &Sink) -> Option<Bed> {
    Bed::start_with(on, |config| sink.configure(config)).await
}

async fn a_letter_arrives(on: On) {
    let sink = Sink::start().await;
    let Some(bed) = bed(on, &sink).await else { return };
    let store = &bed.server.service().engine.store;
    let link = bed.server.service().engine.letters.link("roleinvitations/1/accept", "secret-token");
    assert_eq!(link, format!("{}/roleinvitations/1/accept?token=secret%2Dtoken", bed.base()));
    let id = invite(&bed, Some("fi-FI"), Some(link.clone())).await;
    let taken = sink.wait(1).await.remove(0);
    assert_eq!(
        (taken.from.as_str(), taken.to.as_slice()),
        ("noreply@valtuus.example", &["matti@example.fi".to_owned()][..])
    );
    assert_eq!(taken.header("From"), "Valtuus <noreply@valtuus.example>");
    assert_eq!(taken.header("Message-ID"), format!("<{id}@valtuus.example>"));
    assert_eq!(taken.header("Auto-Submitted"), "auto-generated");
    assert!(taken.header("Content-Type").starts_with("text/plain; charset=utf-8"));
    assert!(taken.header("Subject").is_ascii() && !taken.header("Date").is_empty());
    let text = taken.text();
    for part in ["Hei Matti Meikäläinen,", "Maija kutsuu", "Mökki Oy", "Signatory", &link] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let held = settled(store, id).await;
    assert_eq!((held.state, held.attempts, held.last_error.as_str()), (MailState::Sent, 1, ""));
    assert_eq!(held.mail.body, "", "a sent mail must not keep its token");
    // What was sent is shown without its text.
    let shown = bed.admin().get(&format!("outbox/{id}")).await.ok();
    assert_eq!((shown.value("state").as_str(), shown.value("body").as_str()), ("sent", ""));
    bed.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_arrives_in_the_recipients_language_and_its_text_is_forgotten_on_sqlite() {
    a_letter_arrives(On::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_arrives_in_the_recipients_language_and_its_text_is_forgotten_on_postgres() {
    a_letter_arrives(On::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mails_travel_encrypted_and_signed_in_where_that_is_configured() {
    for tls in [MailTls::Starttls, MailTls::Tls] {
        let sink = Sink::start_with(tls).await;
        let folder = TempDir::new().unwrap();
        let adapt =
            |config: &mut valtuus::config::Config| sink.configure_encrypted(config, tls, folder.path());
        let bed = Bed::start_with(On::Sqlite, adapt).await.unwrap();
        let id = put(&bed.server.service().engine.store, "a@example.fi", "hello").await;
        let taken = sink.wait(1).await.remove(0);
        assert!(taken.encrypted, "{tls:?}");
        let signed_in = taken.signed_in.unwrap();
        assert_eq!((signed_in.0.as_str(), signed_in.1.as_str()), ("postman", "CANARY-smtp-password"));
        settled(&bed.server.service().engine.store, id).await;
        bed.server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_starttls_or_with_a_foreign_certificate_gets_no_mail() {
    let plain = Sink::start().await;
    let foreign = Sink::start_with(MailTls::Starttls).await;
    let folder = TempDir::new().unwrap();
    for sink in [&plain, &foreign] {
        let adapt = |config: &mut valtuus::config::Config| {
            sink.configure_encrypted(config, MailTls::Starttls, folder.path());
            config.mail.ca = None;
            config.mail.attempts = 2;
        };
        let bed = Bed::start_with(On::Sqlite, adapt).await.unwrap();
        let store = &bed.server.service().engine.store;
        let id = put(store, "a@example.fi", "hello").await;
        let held = settled(store, id).await;
        assert_eq!((held.state, held.attempts), (MailState::Failed, 2));
        assert!(!held.last_error.is_empty() && !held.last_error.contains("CANARY"), "{}", held.last_error);
        assert_eq!(sink.taken().len(), 0);
        assert!(sink.connections() >= 2);
        bed.server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_mail_server_mails_stay_in_the_outbox_and_leave_once_there_is_one() {
    let directory = TempDir::new().unwrap();
    let mut config = crate::kit::bed::configuration(directory.path(), None);
    let world: valtuus::world::SharedWorld = std::sync::Arc::new(valtuus::world::Real);
    let server = valtuus::server::start(config.clone(), std::sync::Arc::clone(&world)).await.unwrap();
    let id = put(&server.service().engine.store, "a@example.fi", "hello").await;
    server.stop().await;
    let sink = Sink::start().await;
    sink.configure(&mut config);
    let server = valtuus::server::start(config, world).await.unwrap();
    assert_eq!(sink.wait(1).await[0].text(), "hello\n");
    let held = settled(&server.service().engine.store, id).await;
    assert_eq!((held.state, held.attempts), (MailState::Sent, 1));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_was_undone_with_its_change_is_never_sent() {
    let sink = Sink::start().await;
    let bed = bed(On::Sqlite, &sink).await.unwrap();
    let store = &bed.server.service().engine.store;
    let undone = crate::store::kit::change(store, |tx| {
        Box::pin(async move {
            let mail = valtuus::store::outbox::Mail {
                id: uuid::Uuid::from_u128(7),
                created: 0,
                recipient: "nobody@example.fi".to_owned(),
                subject: "never".to_owned(),
                body: "never".to_owned(),
            };
            tx.put_mail(&mail).await?;
            Err::<(), _>(valtuus::model::Error::conflict("undone"))
        })
    });
    undone.await.unwrap_err();
    let id = put(store, "a@example.fi", "after").await;
    settled(store, id).await;
    let taken = sink.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].text(), "after\n");
    assert!(store.mail(uuid::Uuid::from_u128(7)).await.unwrap().is_none());
    bed.server.stop().await;
}
