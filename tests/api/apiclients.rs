//! `/apiclients`: made, changed, reset and deleted by clients that can pass on no more than they have.

use reqwest::Method;

use super::{below, organization, user_of};
use crate::kit::caller::Credentials;
use crate::kit::cases::{all_refused, case};
use crate::kit::trace::records_of_request;
use crate::kit::{Answer, Bed, Caller};
use crate::on_both;

/// A client by its name and password.
fn as_client<'b>(bed: &'b Bed, name: &str, password: &str) -> Caller<'b> {
    bed.anonymous().with(Credentials::Basic(name.to_owned(), password.to_owned()))
}

/// Makes a client with a password of its own name; returns its id.
async fn add(admin: &Caller<'_>, name: &str, rest: &str) -> String {
    admin.post(&format!("apiclients?name={name}&pwd={name}-password&{rest}")).await.ok().id()
}

/// A client made by the administrator.
async fn added<'b>(bed: &'b Bed, name: &str, rest: &str) -> Caller<'b> {
    add(&bed.admin(), name, rest).await;
    as_client(bed, name, &format!("{name}-password"))
}

/// Fails unless the client is refused like one that does not exist.
async fn is_out(client: &Caller<'_>) {
    client.get("users").await.refused(401, 2, "authentication failed");
}

fn attribute(answer: &Answer, name: &str) -> Vec<String> {
    answer.values(name)
}

on_both! {
    async fn a_client_is_answered_with_its_secret_once(bed: Bed) {
        let admin = bed.admin();
        let made = admin.post("apiclients?name=reports&grants=read:user&grants=read:role").await.ok();
        assert_eq!(made.names(), ["name", "grants", "state", "createdBy", "secret"]);
        let secret = made.value("secret");
        assert_eq!((secret.len(), made.value("createdBy").as_str()), (32, "admin"));
        assert!(made.header("etag").is_empty(), "a digest of the answer would be one of the secret");
        let reports = as_client(&bed, "reports", &secret);
        reports.get("users").await.ok();
        reports.get("roles").await.ok();
        reports.get("organizations").await.refused(403, 3, "organization");
        let id = admin.get("apiclients?name=reports&exactMatch=true").await.ok().id();
        for path in [format!("apiclients/{id}"), "apiclients/reports".to_owned(), "apiclients?entities=true".to_owned()] {
            let answer = admin.get(&path).await.ok().text();
            assert!(answer.contains("reports") && !answer.contains(&secret) && !answer.contains("secret"), "{answer}");
        }
        let trail = records_of_request(&bed.server.service().engine.store, made.header("x-request-id")).await;
        let changes: Vec<_> = trail.iter().flat_map(|record| record.changes.clone()).collect();
        assert!(changes.contains(&"grants:  → read:user, read:role".to_owned()), "{changes:?}");
    }

    async fn a_chosen_password_is_not_answered(bed: Bed) {
        let admin = bed.admin();
        let id = admin.post("apiclients?name=nightly&preset=reader&pwd=correct-horse").await.ok().id();
        let nightly = as_client(&bed, "nightly", "correct-horse");
        nightly.get("users").await.ok();
        let words = attribute(&admin.get("apiclients/nightly").await.ok(), "grants");
        assert!(words.contains(&"read:mandate".to_owned()) && !words.contains(&"read:apiclient".to_owned()));
        let document = "<ApiClient xmlns=\"http://schema.ubisecure.com/customerid/api\"><Attribute name=\"name\"><Value>doc</Value>\
             </Attribute><Attribute name=\"grants\"><Value>read:user</Value></Attribute><Attribute name=\"pwd\"><Value>\
             by-document</Value></Attribute></ApiClient>".to_string();
        let sender = bed.admin().header("Content-Type", "application/xml");
        let sender = sender.with(Credentials::Basic("admin".into(), "admin-password".into()));
        let made = sender.send(Method::POST, "apiclients", Some(document.into_bytes())).await.ok().id();
        assert_ne!(made, id);
        as_client(&bed, "doc", "by-document").get("users").await.ok();
    }

    async fn a_change_counts_from_its_answer_on(bed: Bed) {
        let admin = bed.admin();
        let client = added(&bed, "client", "grants=read:user").await;
        client.get("users").await.ok();
        client.get("roles").await.refused(403, 3, "role");
        admin.put("apiclients/client?grants=read:role&grants=read:user").await.ok();
        client.get("roles").await.ok();
        admin.put("apiclients/client?grants=").await.ok();
        client.get("users").await.refused(403, 3, "user");
        admin.put("apiclients/client?preset=writer").await.ok();
        client.post("users?login=anna").await.ok();
        admin.put("apiclients/client?state=disabled").await.ok();
        is_out(&client).await;
        admin.put("apiclients/client?state=Enabled").await.ok();
        client.get("users").await.ok();
        let secret = admin.put("apiclients/client/reset").await.ok().value("secret");
        is_out(&client).await;
        let client = as_client(&bed, "client", &secret);
        client.get("users").await.ok();
        admin.put("apiclients/client/reset?pwd=another-one").await.ok().id();
        is_out(&client).await;
        let client = as_client(&bed, "client", "another-one");
        client.get("users").await.ok();
        let sender = bed.admin().header("Content-Type", "application/xml");
        let document = |name: &str| {
            format!(
                "<ApiClient xmlns=\"http://schema.ubisecure.com/customerid/api\"><Attribute name=\"{name}\">\
                 <Value>by-a-document</Value></Attribute></ApiClient>"
            )
        };
        let reset = async |name: &str| {
            sender.send(Method::PUT, "apiclients/client/reset", Some(document(name).into_bytes())).await
        };
        reset("state").await.refused(400, 1, "state");
        client.get("users").await.ok();
        assert!(!reset("pwd").await.ok().text().contains("by-a-document"));
        is_out(&client).await;
        let client = as_client(&bed, "client", "by-a-document");
        client.get("users").await.ok();
        let stale = bed.admin().header("If-Match", "\"1-00000000\"");
        stale.put("apiclients/client?state=Disabled").await.refused(412, 14, "");
        stale.put("apiclients/client/reset").await.refused(412, 14, "");
        client.get("users").await.ok();
        let id = admin.delete("apiclients/client").await.ok().id();
        is_out(&client).await;
        admin.get(&format!("apiclients/{id}")).await.refused(404, 7, "apiclient");
        bed.must_be_sound().await;
    }

    async fn clients_are_found_by_every_attribute(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let one = add(&admin, "one", "grants=read:user&within=acme").await;
        let two = add(&admin, "two", "grants=read:role&state=Disabled").await;
        let found = async |query: &str| admin.get(&format!("apiclients?{query}")).await.ok().ids();
        assert_eq!(found("name=on").await, std::slice::from_ref(&one));
        assert_eq!(found("state=disabled").await, std::slice::from_ref(&two));
        assert_eq!(found("grants=read:role&exactMatch=true&name=two").await, std::slice::from_ref(&two));
        assert_eq!(found("within=acme").await, std::slice::from_ref(&one));
        assert_eq!(found(&format!("within={acme}")).await, std::slice::from_ref(&one));
        assert_eq!(found("createdBy=admin").await, [one.clone(), two.clone()]);
        // The one that bounds is held by what it bounds.
        admin.delete(&format!("organizations/{acme}")).await.refused(409, 10, "within");
        admin.put("apiclients/one?within=").await.ok();
        admin.delete(&format!("organizations/{acme}")).await.ok();
    }

    async fn what_cannot_be_is_refused_and_named(bed: Bed) {
        let admin = bed.admin();
        add(&admin, "taken", "grants=read:user").await;
        let post = |query: &str, words: &str| case(Method::POST, format!("apiclients?{query}"), (400, 1), words);
        let put = |query: &str, words: &str| case(Method::PUT, format!("apiclients/taken?{query}"), (400, 1), words);
        let cases = [
            post("grants=read:user", "name"),
            post("name=&grants=read:user", "name"),
            post("name=x", "grants"),
            post("name=x&grants=", "grants"),
            post("name=x&grants=all", "grants"),
            post("name=x&grants=read:planet", "grants"),
            post("name=x&grants=look:user", "grants"),
            post("name=x&preset=owner", "preset"),
            post("name=x&preset=admin&preset=reader", "preset"),
            post("name=x&preset=reader&grants=read:user", "preset"),
            post("name=x&grants=read:user&pwd=short", "pwd"),
            post(&format!("name=x&grants=read:user&pwd={}", "p".repeat(257)), "pwd"),
            post("name=x&grants=read:user&pwd=long-enough&pwd=long-enough", "pwd"),
            post("name=a%20b&grants=read:user", "name"),
            post("name=a:b&grants=read:user", "name"),
            post(&format!("name={}&grants=read:user", "n".repeat(65)), "name"),
            post("name=018f0000-0000-7000-8000-000000000000&grants=read:user", "name"),
            post("name=x&grants=read:user&state=Asleep", "state"),
            post("name=x&grants=read:user&createdBy=me", "createdBy"),
            post("name=x&grants=read:user&secret=mine", "secret"),
            put("name=other", "name"),
            put("grants=all", "grants"),
            put("preset=owner", "preset"),
            put("pwd=long-enough", "pwd"),
            put("state=", "state"),
            put("secret=1", "secret"),
            case(Method::PUT, "apiclients/taken/reset?pwd=short", (400, 1), "pwd"),
            case(Method::PUT, "apiclients/taken/reset?grants=read:role", (400, 1), "grants"),
            case(Method::DELETE, "apiclients/taken?recursive=true", (400, 1), "recursive"),
            case(Method::POST, "apiclients?name=taken&grants=read:user", (409, 4), "name"),
            case(Method::POST, "apiclients?name=x&grants=read:user&within=nowhere", (400, 10), "within"),
            case(Method::PUT, "apiclients/nobody?state=Disabled", (404, 7), "apiclient"),
            case(Method::PUT, "apiclients/nobody/reset", (404, 7), "apiclient"),
            case(Method::DELETE, "apiclients/nobody", (404, 7), "apiclient"),
        ];
        all_refused(&bed, &admin, &cases).await;
        let cases = [
            case(Method::GET, "apiclients", (403, 3), "apiclient"),
            case(Method::POST, "apiclients?name=x&grants=read:user", (403, 3), "apiclient"),
            case(Method::PUT, "apiclients/taken?state=Disabled", (403, 3), "apiclient"),
            case(Method::PUT, "apiclients/writer/reset", (403, 3), "apiclient"),
            case(Method::DELETE, "apiclients/taken", (403, 3), "apiclient"),
        ];
        all_refused(&bed, &Caller::query(&bed, "writer"), &cases).await;
    }

    async fn nobody_gives_or_touches_more_than_it_has(bed: Bed) {
        let admin = bed.admin();
        let keeper = added(&bed, "keeper", "grants=*:apiclient&grants=read:user").await;
        add(&admin, "equal", "grants=read:user").await;
        add(&admin, "richer", "grants=read:user&grants=read:role").await;
        let no = |method, path: &str| case(method, path, (403, 3), "more than");
        let cases = [
            no(Method::POST, "apiclients?name=x&grants=read:role"),
            no(Method::POST, "apiclients?name=x&grants=*:user"),
            no(Method::POST, "apiclients?name=x&grants=read:*"),
            no(Method::POST, "apiclients?name=x&preset=admin"),
            no(Method::PUT, "apiclients/equal?grants=update:user"),
            no(Method::PUT, "apiclients/keeper?preset=admin"),
            // Whoever has another's password is the other.
            no(Method::PUT, "apiclients/richer/reset"),
            no(Method::PUT, "apiclients/admin/reset?pwd=taken-over-now"),
            no(Method::PUT, "apiclients/richer?state=Disabled"),
            no(Method::PUT, "apiclients/richer?grants=read:user"),
            no(Method::DELETE, "apiclients/richer"),
            no(Method::DELETE, "apiclients/admin"),
        ];
        all_refused(&bed, &keeper, &cases).await;
        keeper.post("apiclients?name=x&grants=read:user&grants=read:apiclient&pwd=x-password").await.ok();
        keeper.put("apiclients/equal?state=Disabled").await.ok();
        keeper.put("apiclients/equal/reset").await.ok();
        keeper.delete("apiclients/equal").await.ok();
        // It may also give up what it has.
        keeper.put("apiclients/keeper?grants=read:user").await.ok();
        keeper.get("apiclients").await.refused(403, 3, "apiclient");
    }

    async fn a_bounded_keeper_keeps_to_its_bounds(bed: Bed) {
        let admin = bed.admin();
        let acme = organization(&admin, "acme").await;
        let branch = below(&admin, &acme, "branch").await;
        let other = organization(&admin, "other").await;
        let anna = user_of(&admin, &branch, "anna").await;
        let keeper = added(&bed, "keeper", "preset=admin&within=acme").await;
        add(&admin, "elsewhere", "grants=read:user&within=other").await;
        // What it makes is bounded as it is, or further.
        keeper.post("apiclients?name=same&grants=read:user&pwd=same-password").await.ok();
        assert_eq!(admin.get("apiclients/same").await.ok().value("within"), acme);
        keeper.post("apiclients?name=lower&grants=read:user&pwd=lower-password&within=acme%2Fbranch").await.ok();
        assert_eq!(as_client(&bed, "lower", "lower-password").get("users").await.ok().ids(), std::slice::from_ref(&anna));
        as_client(&bed, "lower", "lower-password").get(&format!("organizations/{acme}")).await.refused(403, 3, "organization");
        assert_eq!(keeper.get("apiclients").await.ok().ids().len(), 3, "itself and the two it made");
        let cases = [
            case(Method::POST, format!("apiclients?name=x&grants=read:user&within={other}"), (400, 10), "within"),
            case(Method::PUT, "apiclients/same?within=", (403, 3), "within"),
            case(Method::PUT, "apiclients/keeper?within=", (403, 3), "within"),
            case(Method::PUT, "apiclients/same?within=root", (400, 10), "within"),
            case(Method::GET, "apiclients/admin", (404, 7), "apiclient"),
            case(Method::GET, "apiclients/elsewhere", (404, 7), "apiclient"),
            case(Method::PUT, "apiclients/admin/reset", (404, 7), "apiclient"),
            case(Method::DELETE, "apiclients/elsewhere", (404, 7), "apiclient"),
            case(Method::POST, "tokens?client=elsewhere", (400, 10), "client"),
        ];
        all_refused(&bed, &keeper, &cases).await;
        // A client that is moved takes its tokens along.
        let token = keeper.post("tokens?client=same&name=moved").await.ok().value("token");
        let id = keeper.get("tokens?name=moved").await.ok().id();
        admin.put("apiclients/same?within=other").await.ok();
        keeper.get(&format!("tokens/{id}")).await.refused(404, 7, "token");
        admin.get(&format!("tokens/{id}")).await.ok();
        let same = bed.anonymous().with(crate::kit::issuer::bearer(&token));
        same.get(&format!("users/{anna}")).await.refused(404, 7, "user");
        bed.must_be_sound().await;
    }

    async fn one_administrator_always_remains(bed: Bed) {
        let admin = bed.admin();
        organization(&admin, "acme").await;
        // The first client of every server is one too.
        admin.delete("apiclients/restuser").await.ok();
        let last = |method, path: &str| case(method, path, (409, 15), "last");
        let cases = [
            last(Method::DELETE, "apiclients/admin"),
            last(Method::PUT, "apiclients/admin?state=Disabled"),
            last(Method::PUT, "apiclients/admin?preset=writer"),
            last(Method::PUT, "apiclients/admin?grants="),
            last(Method::PUT, "apiclients/admin?within=acme"),
        ];
        all_refused(&bed, &admin, &cases).await;
        // One that is disabled, bounded or may do less does not count.
        add(&admin, "asleep", "preset=admin&state=Disabled").await;
        add(&admin, "bounded", "preset=admin&within=acme").await;
        add(&admin, "nearly", "preset=writer").await;
        all_refused(&bed, &admin, &cases).await;
        admin.put("apiclients/admin/reset?pwd=admin-password").await.ok();
        add(&admin, "second", "grants=*:*").await;
        admin.put("apiclients/admin?preset=writer").await.ok();
        admin.get("apiclients").await.refused(403, 3, "apiclient");
        let second = as_client(&bed, "second", "second-password");
        second.delete("apiclients/second").await.refused(409, 15, "last");
        second.delete("apiclients/admin").await.ok();
    }
}
