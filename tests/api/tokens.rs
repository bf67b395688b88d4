//! `/tokens`: access tokens are shown once, stand for their client as it is now, and end by time or by being revoked.

use reqwest::Method;
use valtuus::config::Config;
use valtuus::operation::token::{CreateToken, Wanted, fresh, hash};
use valtuus::operation::{Caller as Local, perform};
use valtuus::world::{Real, World as _};

use crate::kit::caller::Credentials;
use crate::kit::cases::{all_refused, case};
use crate::kit::issuer::bearer;
use crate::kit::{Answer, Bed, Caller};
use crate::on_both;

const SECOND: i64 = 1_000_000;

/// The bearer of a token.
fn holder<'b>(bed: &'b Bed, token: &str) -> Caller<'b> {
    bed.anonymous().with(bearer(token))
}

#[track_caller]
fn no_good(answer: Answer) {
    let answer = answer.refused(401, 2, "authentication failed");
    let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(
        challenges,
        ["Basic realm=\"valtuus\", charset=\"UTF-8\"", "Bearer realm=\"valtuus\", error=\"invalid_token\""]
    );
}

/// A client with a password of its own name.
async fn added<'b>(bed: &'b Bed, name: &str, grants: &str) -> Caller<'b> {
    bed.admin().post(&format!("apiclients?name={name}&pwd={name}-password&{grants}")).await.ok();
    bed.anonymous().with(Credentials::Basic(name.to_owned(), format!("{name}-password")))
}

/// A token of `client` that ends `from_now` seconds from now, also in the past: by the operation itself.
async fn token_ending(bed: &Bed, client: &str, from_now: i64) -> String {
    let engine = &bed.server.service().engine;
    let token = fresh(&Real);
    let expires = Real.now() + from_now * SECOND;
    let wanted = Wanted { client: Some(client.to_owned()), name: Some(format!("ends {from_now}")), expires };
    let local = Local::local("test");
    let create = CreateToken::new(engine, &local, &wanted, hash(&token)).unwrap();
    perform(engine, &local, create).await.unwrap();
    token
}

fn quick_to_slow_down(config: &mut Config) {
    config.auth.attempts.lock_after = 1;
}

fn patient(config: &mut Config) {
    config.auth.attempts.lock_after = 10_000;
}

crate::on_both_with! { patient;
    async fn a_token_is_shown_once_and_stands_for_its_client(bed: Bed) {
        let admin = bed.admin();
        let reader = Caller::basic(&bed, "reader");
        // No grant is needed for one's own.
        let made = reader.post("tokens?name=nightly%20job&ttl=3600").await.ok();
        assert_eq!(made.names(), ["client", "name", "expires", "createdBy", "token"]);
        assert!(made.header("etag").is_empty());
        let token = made.value("token");
        assert!(token.starts_with("vlt_") && token.len() == 47, "{token}");
        let bearer = holder(&bed, &token);
        for _ in 0..2 {
            bearer.get("users").await.ok();
            bearer.post("users?login=x").await.refused(403, 3, "create user");
        }
        let id = admin.get("tokens?client=reader").await.ok().id();
        for path in [format!("tokens/{id}"), "tokens?entities=true".to_owned(), format!("auditevents?entityId={id}&entities=true")] {
            let text = admin.get(&path).await.ok().text();
            assert!(text.contains("nightly job") && !text.contains(&token), "{text}");
        }
        reader.get("tokens").await.refused(403, 3, "token");
        // The trail names the client, not the token.
        let asked = bearer.post("users?login=x").await;
        let trail = crate::kit::trace::records_of_request(&bed.server.service().engine.store, asked.header("x-request-id")).await;
        assert!(trail.iter().all(|record| record.field("client") == "reader"));
        bed.must_be_sound().await;
    }

    async fn a_token_is_gone_with_its_deletion_and_stays_so(bed: Bed) {
        let admin = bed.admin();
        let (one, two) = (added(&bed, "one", "grants=read:user").await, added(&bed, "two", "grants=read:user").await);
        let token = one.post("tokens").await.ok().value("token");
        let id = admin.get("tokens?client=one").await.ok().id();
        let bearer = holder(&bed, &token);
        bearer.get("users").await.ok();
        // Of others it is not even told whether it exists.
        two.delete(&format!("tokens/{id}")).await.refused(403, 3, "delete token");
        two.delete("tokens/018f0000-0000-7000-8000-000000000000").await.refused(403, 3, "delete token");
        bearer.get("users").await.ok();
        assert_eq!(one.delete(&format!("tokens/{id}")).await.ok().id(), id);
        for _ in 0..3 {
            no_good(bearer.get("users").await);
        }
        admin.get(&format!("tokens/{id}")).await.refused(404, 7, "token");
        admin.delete(&format!("tokens/{id}")).await.refused(404, 7, "token");
        // Whoever holds a token may end it.
        let token = one.post("tokens").await.ok().value("token");
        let id = admin.get("tokens?client=one").await.ok().id();
        holder(&bed, &token).delete(&format!("tokens/{id}")).await.ok();
        no_good(holder(&bed, &token).get("users").await);
        bed.must_be_sound().await;
    }

    async fn what_happens_to_the_client_happens_to_its_tokens(bed: Bed) {
        let admin = bed.admin();
        let client = added(&bed, "client", "grants=read:user").await;
        let token = client.post("tokens").await.ok().value("token");
        let bearer = holder(&bed, &token);
        bearer.get("users").await.ok();
        admin.put("apiclients/client?grants=read:role").await.ok();
        bearer.get("users").await.refused(403, 3, "user");
        bearer.get("roles").await.ok();
        admin.put("apiclients/client?state=Disabled").await.ok();
        no_good(bearer.get("roles").await);
        admin.put("apiclients/client?state=Enabled").await.ok();
        bearer.get("roles").await.ok();
        let acme = crate::api::organization(&admin, "acme").await;
        let clerk = crate::api::role(&admin, &acme, "Clerk").await;
        crate::api::organization(&admin, "other").await;
        admin.put("apiclients/client?within=other").await.ok();
        bearer.get(&format!("roles/{clerk}")).await.refused(404, 7, "role");
        admin.put("apiclients/client?within=acme").await.ok();
        bearer.get(&format!("roles/{clerk}")).await.ok();
        // Another password leaves them: they are revoked one by one, or with the client.
        admin.put("apiclients/client/reset").await.ok();
        bearer.get("roles").await.ok();
        admin.delete("apiclients/client").await.ok();
        no_good(bearer.get("roles").await);
        assert_eq!(admin.get("tokens").await.ok().ids(), [""; 0]);
        bed.must_be_sound().await;
    }

    async fn a_token_makes_no_other_tokens_without_the_grant(bed: Bed) {
        let admin = bed.admin();
        let plain = added(&bed, "plain", "grants=read:user").await;
        let token = plain.post("tokens").await.ok().value("token");
        let bearer = holder(&bed, &token);
        let maker = added(&bed, "maker", "grants=create:token&grants=read:user").await;
        let makers = maker.post("tokens").await.ok().value("token");
        added(&bed, "richer", "grants=read:user&grants=read:role").await;
        let no = |path: &str| case(Method::POST, path, (403, 3), "create token");
        all_refused(&bed, &bearer, &[no("tokens"), no("tokens?client=plain"), no("tokens?client=maker")]).await;
        let others = [no("tokens?client=maker"), no("tokens?client=nobody"), no("tokens?client=admin")];
        all_refused(&bed, &plain, &others).await;
        plain.post("tokens?client=plain").await.ok();
        let makers = holder(&bed, &makers);
        for maker in [&maker, &makers] {
            maker.post("tokens").await.ok();
            let given = maker.post("tokens?client=plain&ttl=60").await.ok().value("token");
            holder(&bed, &given).get("users").await.ok();
            let more = case(Method::POST, "tokens?client=richer", (403, 3), "more than");
            all_refused(&bed, maker, &[more, case(Method::POST, "tokens?client=nobody", (400, 10), "client")]).await;
        }
        let revoker = added(&bed, "revoker", "grants=delete:token&grants=read:user").await;
        let richer = admin.post("tokens?client=richer&name=richer").await.ok();
        let id = admin.get("tokens?name=richer").await.ok().id();
        revoker.delete(&format!("tokens/{id}")).await.refused(403, 3, "more than");
        holder(&bed, &richer.value("token")).get("roles").await.ok();
        let id = admin.get("tokens?client=plain&maxResults=1").await.ok().id();
        revoker.delete(&format!("tokens/{id}")).await.ok();
        no_good(bearer.get("users").await);
    }

    async fn the_end_is_given_or_usual_and_never_past_or_far(bed: Bed) {
        let post = |query: &str, words: &str| case(Method::POST, format!("tokens?{query}"), (400, 1), words);
        let past = Real.now() / 1_000 - 1;
        let far = Real.now() / 1_000 + 400 * 86_400_000;
        let cases = [
            post("ttl=0", "ttl"), post("ttl=-5", "ttl"), post("ttl=", "ttl"), post("ttl=1h", "ttl"),
            post("ttl=99999999999999999999", "ttl"), post("ttl=9223372036854775807", "ttl"), post("ttl=31622401", "ttl"),
            post("ttl=60&ttl=60", "ttl"), post(&format!("expires={past}"), "expires"), post(&format!("expires={far}"), "expires"),
            post("expires=soon", "expires"), post("expires=", "expires"), post(&format!("expires={far}&ttl=60"), "ttl"),
            post("name=a&name=b", "name"), post(&format!("name={}", "n".repeat(256)), "name"), post("client=a&client=b", "client"),
            post("token=vlt_mine", "token"), post("createdBy=me", "createdBy"),
            case(Method::DELETE, "tokens/nonsense", (404, 7), "token"),
            case(Method::GET, "tokens/nonsense", (404, 7), "token"),
        ];
        all_refused(&bed, &bed.admin(), &cases).await;
        let admin = bed.admin();
        let usual = admin.post("tokens").await.ok().value("expires");
        let usual = valtuus::model::value::parse_instant(&usual).unwrap();
        assert!((Real.now() + 29 * 86_400 * SECOND..=Real.now() + 30 * 86_400 * SECOND).contains(&usual));
        let at = Real.now() / 1_000 + 60_000;
        let given = admin.post(&format!("tokens?expires={at}")).await.ok();
        assert_eq!(valtuus::model::value::parse_instant(&given.value("expires")), Some(at * 1_000));
        holder(&bed, &given.value("token")).get("users").await.ok();
    }

    async fn a_token_past_its_end_is_no_good_and_is_cleared_away_in_time(bed: Bed) {
        let admin = bed.admin();
        let ended = token_ending(&bed, "reader", -1).await;
        no_good(holder(&bed, &ended).get("users").await);
        let long_ended = token_ending(&bed, "reader", -2 * 86_400).await;
        no_good(holder(&bed, &long_ended).get("users").await);
        // One that ends while it is remembered is asked for until it is refused.
        let short = token_ending(&bed, "reader", 2).await;
        loop {
            let answer = holder(&bed, &short).get("users").await;
            if answer.status.as_u16() != 200 {
                break no_good(answer);
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let names = async || {
            let list = admin.get("tokens?client=reader&entities=true").await.ok().text();
            ["ends -1<", "ends -172800<", "ends 2<"].map(|name| list.contains(name))
        };
        assert_eq!(names().await, [true, false, true], "the last one made cleared what had long ended");
        bed.must_be_sound().await;
    }

    async fn what_is_no_token_is_refused(bed: Bed) {
        let good = bed.admin().post("tokens").await.ok().value("token");
        let upper = good.to_uppercase();
        let longer = format!("{good}x");
        for wrong in [
            "", "vlt_", "vlt_0000000000000000000000000000000000000000000", "x", &good[..46], &longer, &upper, &good[4..],
            "a.b.c", "..", "....", &"v".repeat(7_000), &format!("{good} {good}"),
        ] {
            let answer = holder(&bed, wrong).get("users").await;
            // A header without anything behind the scheme is not even a bearer's.
            answer.refused(401, 2, "authentication failed");
        }
        holder(&bed, &good).get("users").await.ok();
        let both = holder(&bed, "vlt_wrong").get("users?username=admin&password=admin-password").await;
        no_good(both);
        // Tokens are no passwords, and not read from the query.
        for path in [format!("users?username=admin&password={good}"), format!("users?access_token={good}"), format!("users?token={good}")] {
            bed.anonymous().get(&path).await.refused(401, 2, "authentication failed");
        }
    }
}

crate::on_both_with! { quick_to_slow_down;
    async fn an_address_with_many_wrong_tokens_is_told_to_slow_down_and_right_ones_pass(bed: Bed) {
        let good = bed.admin().post("tokens").await.ok().value("token");
        let unused = bed.admin().post("tokens").await.ok().value("token");
        holder(&bed, &good).get("users").await.ok();
        let mut wrong = 0;
        loop {
            let answer = holder(&bed, &format!("vlt_wrong-{wrong}")).get("users").await;
            if answer.status.as_u16() == 429 {
                let wait: u64 = answer.refused(429, 14, "too many").header("retry-after").parse().unwrap();
                assert!(wait >= 1);
                break;
            }
            no_good(answer);
            wrong += 1;
            assert!(wrong < 60, "never told to slow down");
        }
        assert!(wrong >= 10, "{wrong}");
        for token in [&good, &unused] {
            holder(&bed, token).get("users").await.ok();
        }
    }
}

on_both! {
    async fn a_client_has_a_bounded_number_of_tokens(bed: Bed) {
        let engine = &bed.server.service().engine;
        let local = Local::local("test");
        let expires = Real.now() + 600 * SECOND;
        let wanted = Wanted { client: Some("reader".to_owned()), name: None, expires };
        for _ in 0..250 {
            let few = (0..4).map(|_| {
                let create = CreateToken::new(engine, &local, &wanted, hash(&fresh(&Real))).unwrap();
                perform(engine, &local, create)
            });
            for made in futures_util::future::join_all(few).await {
                made.unwrap();
            }
        }
        let refused = [case(Method::POST, "tokens?client=reader", (409, 15), "1000 tokens")];
        all_refused(&bed, &bed.admin(), &refused).await;
        let id = bed.admin().get("tokens?maxResults=1").await.ok().id();
        bed.admin().delete(&format!("tokens/{id}")).await.ok();
        bed.admin().post("tokens?client=reader").await.ok();
    }
}
