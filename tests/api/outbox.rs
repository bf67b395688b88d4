//! GET `/outbox` and `/outbox/{id}`: who may look, what is shown, filters, pages. No mail server is configured here.

use crate::kit::Caller;
use crate::mail::put;
use crate::on_both;

on_both! {
    async fn a_waiting_mail_is_shown_whole_to_an_administrator(bed: Bed) {
        let store = &bed.server.service().engine.store;
        let id = put(store, "Anna@example.fi", "open <https://x.example/?a=1&b=2>\n\nBye ]]> &amp; ä\n").await;
        let shown = bed.admin().get(&format!("outbox/{id}")).await.ok();
        assert_eq!(shown.names(), ["id", "recipient", "subject", "body", "state", "attempts", "due", "created"]);
        assert_eq!(shown.value("id"), id.to_string());
        assert_eq!(shown.value("recipient"), "Anna@example.fi");
        assert_eq!(shown.value("body"), "open <https://x.example/?a=1&b=2>\n\nBye ]]> &amp; ä\n");
        assert_eq!((shown.value("state").as_str(), shown.value("attempts").as_str()), ("queued", "0"));
        assert_eq!(shown.value("due"), shown.value("created"));
        assert!(shown.value("created").ends_with('Z'));
        let again = bed.admin().header("if-none-match", shown.header("etag")).get(&format!("outbox/{id}")).await;
        assert_eq!(again.status.as_u16(), 304);
    }

    async fn the_list_answers_ids_or_whole_mails_in_the_order_they_were_written(bed: Bed) {
        let store = &bed.server.service().engine.store;
        let mut ids = Vec::new();
        for name in ["anna", "bert", "carl"] {
            ids.push(put(store, &format!("{name}@example.fi"), "x").await.to_string());
        }
        assert_eq!(bed.admin().get("outbox").await.ok().ids(), ids);
        let whole = bed.admin().get("outbox/?entities=true").await.ok().text();
        assert_eq!(whole.matches("<Message>").count(), 3);
        assert!(whole.starts_with("<?xml") && whole.contains("<Messages ") && whole.contains("anna@example.fi"));
        for (filter, expected) in [
            ("recipient=BERT", &ids[1..2]), ("recipient=anna@example.fi&exactMatch=true", &ids[..1]),
            ("recipient=anna&exactMatch=true", &[][..]), ("state=queued", &ids[..]), ("state=sent", &[][..]),
            ("state=queued&recipient=c", &ids[2..]),
        ] {
            assert_eq!(bed.admin().get(&format!("outbox?{filter}")).await.ok().ids(), expected, "{filter}");
        }
        let first = bed.admin().get("outbox?maxResults=2&state=queued").await.ok();
        assert_eq!((first.ids(), first.header("x-result-truncated")), (ids[..2].to_vec(), "true"));
        let link = first.header("link").to_owned();
        let rest = link.split_once("outbox?").unwrap().1.split('>').next().unwrap();
        assert_eq!(bed.admin().get(&format!("outbox?{rest}")).await.ok().ids(), ids[2..]);
        bed.admin().get(&format!("outbox?{}", rest.replace("queued", "sent"))).await.refused(400, 1, "after");
    }

    async fn what_is_wrong_or_not_allowed_is_refused(bed: Bed) {
        let id = put(&bed.server.service().engine.store, "anna@example.fi", "x").await;
        for path in ["outbox".to_owned(), format!("outbox/{id}")] {
            for caller in [bed.reader(), Caller::query(&bed, "writer")] {
                caller.get(&path).await.refused(403, 3, "message");
            }
            bed.anonymous().get(&path).await.refused(401, 2, "");
            for method in [reqwest::Method::POST, reqwest::Method::PUT, reqwest::Method::DELETE] {
                bed.admin().send(method, &path, None).await.refused(405, 13, "");
            }
        }
        let admin = bed.admin();
        for (path, word) in [
            ("outbox?state=waiting", "state"), ("outbox?subject=x", "subject"), ("outbox?state=", "state"),
            ("outbox?entities=maybe", "entities"), ("outbox?after=x", "after"), ("outbox?maxResults=-1", "maxResults"),
        ] {
            admin.get(path).await.refused(400, 1, word);
        }
        admin.get(&format!("outbox/{id}?entities=true")).await.refused(400, 1, "entities");
        admin.get("outbox/nothing").await.refused(404, 7, "message");
        admin.get("outbox/00000000-0000-4000-8000-000000000000").await.refused(404, 7, "message");
    }
}
