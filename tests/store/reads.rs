//! What is written is read back, in the promised order, page by page.

use valtuus::model::kind::{assignment, organization, user};
use valtuus::model::{Kind, Value, key};
use valtuus::store::{Credential, Position, Source};

use super::kit::{Bench, assign, change, client, now, org, person, rewrite, role_in, rows, user_pairs};

super::on_both!(
    an_entity_is_read_back_as_it_was_written,
    rows_come_in_the_order_asked_and_missing_ones_are_left_out,
    a_kind_is_listed_in_creation_order_whatever_the_page,
    keys_are_listed_by_key_then_row_once_for_each_key,
    references_and_subtrees_are_listed_by_row_and_links_as_they_were_made,
    counts_stop_at_their_limit,
    a_long_scan_equals_many_short_ones,
    a_page_holds_the_hits_of_a_scan_with_their_entities,
    the_way_up_starts_at_the_root_and_follows_a_move,
    credentials_settings_and_counters_are_kept,
    a_unique_key_has_one_holder_within_its_scope,
);

async fn an_entity_is_read_back_as_it_was_written(bench: &Bench) {
    let store = &bench.store;
    let root = org(store, "root", None).await;
    assert_eq!((root.version(), root.home()), (1, Some(root.row())));
    let anna = person(store, "Änna \"quoted\" \\ 'x'", Some(&root)).await;
    assert_eq!(store.by_id(anna.id()).await.unwrap().unwrap(), anna);
    let mut pairs = user_pairs("anna", Some(&root));
    pairs.push((user::PASSWORD_ACTIVE, Value::Bool(true)));
    let changed = rewrite(store, &anna, pairs).await.unwrap();
    assert_eq!(changed.version(), 2);
    assert_eq!(store.by_id(anna.id()).await.unwrap().unwrap(), changed);
    assert!(store.by_id(uuid::Uuid::nil()).await.unwrap().is_none());
    assert!(store.ready().await.is_ok());
}

async fn rows_come_in_the_order_asked_and_missing_ones_are_left_out(bench: &Bench) {
    let store = &bench.store;
    let (a, b, c) =
        (person(store, "a", None).await, person(store, "b", None).await, person(store, "c", None).await);
    let found = store.by_rows(&[c.row(), 999_999, a.row(), b.row()]).await.unwrap();
    assert_eq!(found, [c, a, b]);
    assert!(store.by_rows(&[]).await.unwrap().is_empty());
}

async fn a_kind_is_listed_in_creation_order_whatever_the_page(bench: &Bench) {
    let store = &bench.store;
    let mut expected = Vec::new();
    for number in 0..7 {
        expected.push(person(store, &format!("u{number}"), None).await.row());
        client(store, &format!("c{number}")).await;
    }
    assert!(expected.is_sorted());
    for page in [1, 3, 7, 100] {
        assert_eq!(rows(store, &Source::Kind(Kind::User), page).await, expected, "pages of {page}");
    }
    let hits = store.scan(&Source::Kind(Kind::User), None, 1).await.unwrap();
    assert!(hits[0].at.key.is_empty());
    assert_eq!(hits[0].id, store.by_rows(&expected[..1]).await.unwrap()[0].id());
}

async fn keys_are_listed_by_key_then_row_once_for_each_key(bench: &Bench) {
    let store = &bench.store;
    let mut made = Vec::new();
    for (login, surname) in
        [("1", "Virtanen"), ("2", "ahola"), ("3", "VIRTA"), ("4", "virtanen"), ("5", "Östman")]
    {
        let mut pairs = user_pairs(login, None);
        pairs.push((user::SURNAME, Value::text(surname)));
        made.push(super::kit::new(store, Kind::User, pairs).await.unwrap().row());
    }
    let prefix = key::text_key("virta");
    let source = Source::Keys { attr: user::SURNAME, low: prefix.clone(), high: key::successor(&prefix) };
    for page in [1, 2, 10] {
        assert_eq!(rows(store, &source, page).await, [made[2], made[0], made[3]], "pages of {page}");
    }
    let hits = store.scan(&source, None, 10).await.unwrap();
    assert_eq!(hits[1].at, Position { key: b"virtanen".to_vec(), row: made[0] });
    let open = Source::Keys { attr: user::SURNAME, low: key::text_key("virta"), high: None };
    assert_eq!(rows(store, &open, 2).await, [made[2], made[0], made[3], made[4]]);
    assert_eq!(store.count(&open, 100).await.unwrap(), 4);
}

async fn references_and_subtrees_are_listed_by_row_and_links_as_they_were_made(bench: &Bench) {
    let store = &bench.store;
    let root = org(store, "root", None).await;
    let (a, b) = (org(store, "a", Some(&root)).await, org(store, "b", Some(&root)).await);
    let below = org(store, "c", Some(&a)).await;
    let (u1, u2, u3) = (
        person(store, "u1", Some(&below)).await.row(),
        person(store, "u2", Some(&a)).await,
        person(store, "u3", Some(&b)).await.row(),
    );
    let home = user::HOME;
    let source = |to: Vec<i64>| Source::RefersTo { attr: home, to };
    assert_eq!(rows(store, &source(vec![a.row()]), 1).await, [u2.row()]);
    assert_eq!(rows(store, &source(vec![b.row(), below.row(), a.row()]), 2).await, [u1, u2.row(), u3]);
    assert!(rows(store, &source(vec![]), 2).await.is_empty());
    assert_eq!(rows(store, &Source::Subtree { attr: home, ancestor: a.row() }, 1).await, [u1, u2.row()]);
    let walked = Source::ByOrganization { attr: home, ancestor: root.row() };
    let u4 = person(store, "u4", Some(&a)).await.row();
    for page in [1, 2, 3, 9] {
        assert_eq!(rows(store, &walked, page).await, [u2.row(), u4, u3, u1], "pages of {page}");
    }
    assert_eq!(
        rows(store, &Source::Below { ancestor: root.row() }, 2).await,
        [a.row(), b.row(), below.row()]
    );
    assert!(rows(store, &Source::Below { ancestor: below.row() }, 2).await.is_empty());
    let (r1, r2) = (role_in(store, "r1", &a).await, role_in(store, "r2", &a).await);
    assign(store, &u2, &r2).await;
    assign(store, &u2, &r1).await;
    let held = Source::Linked { from: assignment::USER, to: u2.row(), onto: assignment::ROLE };
    assert_eq!(rows(store, &held, 1).await, [r2.row(), r1.row()]);
    assert_eq!(store.count(&held, 9).await.unwrap(), 2);
}

async fn counts_stop_at_their_limit(bench: &Bench) {
    let store = &bench.store;
    let root = org(store, "root", None).await;
    for number in 0..5 {
        person(store, &format!("u{number}"), Some(&root)).await;
        org(store, &format!("o{number}"), Some(&root)).await;
    }
    let all = vec![root.row(), root.row() + 1];
    for source in [
        Source::Kind(Kind::User),
        Source::Keys { attr: user::LOGIN, low: b"u".to_vec(), high: Some(b"v".to_vec()) },
        Source::RefersTo { attr: user::HOME, to: vec![root.row()] },
        Source::RefersTo { attr: user::HOME, to: all },
        Source::Subtree { attr: user::HOME, ancestor: root.row() },
        Source::ByOrganization { attr: user::HOME, ancestor: root.row() },
        Source::Below { ancestor: root.row() },
    ] {
        assert_eq!(store.count(&source, 3).await.unwrap(), 3, "{source:?}");
        assert_eq!(store.count(&source, 99).await.unwrap(), 5, "{source:?}");
    }
}

async fn a_long_scan_equals_many_short_ones(bench: &Bench) {
    let store = &bench.store;
    change(store, |tx| {
        Box::pin(async move {
            let valid: Vec<_> =
                (0..700).map(|n| super::kit::valid(Kind::User, user_pairs(&format!("u{n}"), None))).collect();
            let none = valtuus::model::rules::Companions::default();
            let new: Vec<_> = valid
                .iter()
                .map(|valid| valtuus::store::Insert {
                    id: valtuus::world::World::id(&valtuus::world::Real),
                    now: now(),
                    home: None,
                    valid,
                    rows: &none,
                })
                .collect();
            tx.insert(&new).await
        })
    })
    .await
    .unwrap();
    let source = Source::Keys { attr: user::EMAIL, low: b"u".to_vec(), high: Some(b"v".to_vec()) };
    assert_eq!(rows(store, &source, 10_000).await, rows(store, &source, 97).await);
    assert_eq!(store.scan(&source, None, 10_000).await.unwrap().len(), 700);
}

async fn a_page_holds_the_hits_of_a_scan_with_their_entities(bench: &Bench) {
    let store = &bench.store;
    let root = org(store, "root", None).await;
    let branch = org(store, "branch", Some(&root)).await;
    let role = role_in(store, "clerk", &root).await;
    for (login, home) in [("ab", &root), ("aa", &branch), ("b", &branch), ("ac", &root)] {
        let user = person(store, login, Some(home)).await;
        assign(store, &user, &role).await;
    }
    let keys = |high: Option<&[u8]>| Source::Keys {
        attr: user::LOGIN,
        low: b"a".to_vec(),
        high: high.map(<[u8]>::to_vec),
    };
    let sources = [
        (Source::Kind(Kind::User), 4),
        (keys(Some(b"b")), 3),
        (keys(None), 4),
        (Source::RefersTo { attr: user::HOME, to: vec![root.row()] }, 2),
        (Source::RefersTo { attr: user::HOME, to: vec![root.row(), branch.row()] }, 4),
        (Source::Subtree { attr: user::HOME, ancestor: root.row() }, 4),
        (Source::ByOrganization { attr: user::HOME, ancestor: root.row() }, 4),
        (Source::Below { ancestor: root.row() }, 1),
        (Source::Linked { from: assignment::ROLE, to: role.row(), onto: assignment::USER }, 4),
    ];
    for (source, number) in sources {
        let hits = store.scan(&source, None, 99).await.unwrap();
        assert_eq!(hits.len(), number, "{source:?}");
        for limit in [1, 2, 99, 600] {
            let (mut found, mut at) = (Vec::new(), None::<Position>);
            loop {
                let page = store.page(&source, at.as_ref(), limit).await.unwrap();
                let Some((last, _)) = page.last() else { break };
                at = Some(last.at.clone());
                found.extend(page);
            }
            assert_eq!(found.iter().map(|(hit, _)| hit.clone()).collect::<Vec<_>>(), hits, "{source:?}");
            for (hit, entity) in found {
                assert_eq!(Some(entity.unwrap()), store.by_id(hit.id).await.unwrap());
            }
        }
    }
}

async fn the_way_up_starts_at_the_root_and_follows_a_move(bench: &Bench) {
    let store = &bench.store;
    let root = org(store, "root", None).await;
    let (a, b) = (org(store, "a", Some(&root)).await, org(store, "b", Some(&root)).await);
    let c = org(store, "c", Some(&a)).await;
    let d = org(store, "d", Some(&c)).await;
    let way = |found: Vec<valtuus::model::Stored>| {
        found.iter().map(valtuus::model::Stored::row).collect::<Vec<_>>()
    };
    assert_eq!(way(store.ancestry(d.row()).await.unwrap()), [root.row(), a.row(), c.row(), d.row()]);
    let (moved, under) = (c.row(), b.row());
    change(store, move |tx| Box::pin(async move { tx.transplant(moved, under).await })).await.unwrap();
    assert_eq!(way(store.ancestry(d.row()).await.unwrap()), [root.row(), b.row(), c.row(), d.row()]);
    assert!(rows(store, &Source::Below { ancestor: a.row() }, 9).await.is_empty());
    let (down, up, gone) = (d.row(), b.row(), a.row());
    let below = change(store, move |tx| {
        Box::pin(async move {
            Ok((
                tx.stands_below(down, up).await?,
                tx.stands_below(down, down).await?,
                tx.stands_below(down, gone).await?,
            ))
        })
    });
    assert_eq!(below.await.unwrap(), (true, true, false));
    assert_eq!(c.attributes().reference(organization::PARENT).unwrap().id, a.id());
}

async fn credentials_settings_and_counters_are_kept(bench: &Bench) {
    let store = &bench.store;
    let subject = client(store, "c").await.row();
    assert!(store.credential(subject).await.unwrap().is_none());
    for phc in ["first", "second"] {
        let credential = Credential { phc: phc.to_owned(), set: 7 };
        let expected = credential.clone();
        let counted = change(store, move |tx| {
            let credential = credential.clone();
            Box::pin(async move {
                tx.set_credential(subject, &credential).await?;
                tx.set_setting("colour", &credential.phc).await?;
                tx.count_up("mispId").await
            })
        });
        assert_eq!(counted.await.unwrap(), if phc == "first" { 1 } else { 2 });
        assert_eq!(store.credential(subject).await.unwrap(), Some(expected));
        assert_eq!(store.setting("colour").await.unwrap().as_deref(), Some(phc));
    }
    assert_eq!(store.setting("taste").await.unwrap(), None);
}

async fn a_unique_key_has_one_holder_within_its_scope(bench: &Bench) {
    let store = &bench.store;
    let anna = person(store, "Anna", None).await;
    assert_eq!(store.holder(user::LOGIN, 0, b"anna").await.unwrap(), Some(anna.row()));
    assert_eq!(store.holder(user::LOGIN, 0, b"Anna").await.unwrap(), None);
    let root = org(store, "root", None).await;
    let a = org(store, "a", Some(&root)).await;
    assert_eq!(store.holder(organization::TECHNICAL_NAME, root.row(), b"a").await.unwrap(), Some(a.row()));
    assert_eq!(store.holder(organization::TECHNICAL_NAME, a.row(), b"a").await.unwrap(), None);
    org(store, "a", Some(&a)).await;
}
