//! Several servers over one database, and other processes beside a server.

use std::collections::BTreeSet;
use std::sync::Arc;

use valtuus::store::outbox::MailState;
use valtuus::store::{StoreOptions, connect};
use valtuus::world::{Real, SharedWorld};

use super::{put, settled};
use crate::kit::process::House;
use crate::kit::smtp::{Sink, Turn};
use crate::kit::{Bed, On};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_database_send_no_mail_twice() {
    let sink = Sink::start().await;
    let Some(bed) = Bed::start_with(On::Postgres, |config| sink.configure(config)).await else { return };
    let mut config = bed.server.service().config.clone();
    config.serve.listen.set_port(0);
    let world: SharedWorld = Arc::new(Real);
    let other = valtuus::server::start(config, world).await.unwrap();
    let stores = [bed.server.service().engine.store.clone(), other.service().engine.store.clone()];
    let mut ids = Vec::new();
    for number in 0..30 {
        ids.push(put(&stores[number % 2], &format!("n{number}@example.fi"), "hello").await);
    }
    for id in &ids {
        let held = settled(&stores[0], *id).await;
        assert_eq!((held.state, held.attempts), (MailState::Sent, 1));
    }
    let taken = sink.taken();
    let distinct: BTreeSet<String> = taken.iter().map(|taken| taken.header("Message-ID")).collect();
    assert_eq!((taken.len(), distinct.len()), (30, 30));
    // Who remains goes on alone.
    bed.server.stop().await;
    let id = put(&stores[1], "last@example.fi", "hello").await;
    settled(&stores[1], id).await;
    assert_eq!(sink.wait(31).await.len(), 31);
    other.stop().await;
}

fn options(sink: &Sink) -> Vec<String> {
    let settings = [
        "mail.host=127.0.0.1".to_owned(),
        format!("mail.port={}", sink.port),
        "mail.tls=none".to_owned(),
        "mail.from=noreply@valtuus.example".to_owned(),
        "log.filter=trace".to_owned(),
    ];
    settings.into_iter().flat_map(|setting| ["--set".to_owned(), setting]).collect()
}

async fn what_another_process_puts_in_is_sent_and_no_word_of_it_is_logged(on: On) {
    let sink = Sink::start().await;
    sink.next([Turn::Repeat]);
    let Some(house) = House::new(on).await else { return };
    let options = options(&sink);
    let server = house.serve_with(&options.iter().map(String::as_str).collect::<Vec<_>>());
    let world: SharedWorld = Arc::new(Real);
    let store = connect(StoreOptions::new(house.url(), world)).await.unwrap();
    let body = "open https://x.example/?token=CANARY-token-2 or type 483921";
    let refused = put(&store, "refused-canary@example.fi", body).await;
    assert_eq!(settled(&store, refused).await.state, MailState::Failed);
    let sent = put(&store, "sent-canary@example.fi", body).await;
    assert_eq!(settled(&store, sent).await.state, MailState::Sent);
    let metrics = reqwest::get(format!("{}/metrics", server.base.split("/customerid-rest").next().unwrap()));
    let metrics = metrics.await.unwrap().text().await.unwrap();
    assert!(metrics.contains("valtuus_mails_total{outcome=\"sent\"} 1"), "{metrics}");
    store.close().await;
    server.stop().await;
    let logged = house.logged();
    assert!(logged.contains("a mail was given up"), "{logged}");
    for text in [&logged, &metrics] {
        for secret in ["CANARY", "483921", "-canary@"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_puts_in_is_sent_and_not_logged_on_sqlite() {
    what_another_process_puts_in_is_sent_and_no_word_of_it_is_logged(On::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_puts_in_is_sent_and_not_logged_on_postgres() {
    what_another_process_puts_in_is_sent_and_no_word_of_it_is_logged(On::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_template_or_mail_address_is_a_refusal_to_start_with_status_2() {
    let house = House::new(On::Sqlite).await.unwrap();
    let templates = house.data().parent().unwrap().join("templates");
    std::fs::create_dir(&templates).unwrap();
    std::fs::write(templates.join("reinvitation.fi.txt"), "Subject: x\n\nfirst\n{{ lnk }}\n").unwrap();
    let folder = format!("mail.templates={}", templates.display());
    for (settings, words) in [
        (vec![folder.as_str()], ["line 4 of", "reinvitation.fi.txt"]),
        (vec!["mail.host=localhost", "mail.from=nobody", "mail.tls=none"], ["mail.from", "address"]),
        (vec!["mail.host=localhost"], ["mail.from", "missing"]),
        (vec!["mail.link=portal.example"], ["mail.link", "https://"]),
        (vec!["mail.default-locale=sv"], ["mail.default-locale", "sv"]),
    ] {
        let mut arguments = vec!["serve", "--plain-http", "--listen", "127.0.0.1:0"];
        arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        let output = house.run(&arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{settings:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{settings:?}: {said}");
        }
    }
}
