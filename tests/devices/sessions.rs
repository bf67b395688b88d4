//! Sessions: how they begin and end, and cookies that are not to be believed.

use super::{Door, LOGIN, PASSWORD, opened};
use crate::{on_both, on_both_still};

const EXPIRED: &str = "Session expired or incorrect credentials";
const MINUTE: i64 = 60_000_000;

on_both! {
    async fn a_session_begins_with_a_right_password_and_ends_with_logout(bed: Bed) {
        let (door, _) = opened(&bed).await;
        let nobody = Door::of(&bed);
        nobody.post("/login", "").await.refused(400, "Body can't be empty");
        for bad in ["{", "{}", r#"{"userId":"chief"}"#, r#"{"userId":"chief","password":7}"#] {
            assert_eq!(nobody.post("/login", bad).await.status, 400, "{bad}");
        }
        nobody.login(LOGIN, "wrong").await.refused(401, EXPIRED);
        nobody.login("nobody", PASSWORD).await.refused(401, EXPIRED);
        let reply = nobody.login("CHIEF", PASSWORD).await.is(200, "");
        let cookie = reply.header("set-cookie").to_owned();
        for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/api/v1"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("Secure"), "this server speaks plain HTTP");
        let session = reply.session();
        assert!(session.len() == 64 && session.bytes().all(|b| b.is_ascii_hexdigit()), "256 bits");
        let other = door.with(&session);
        other.get("/contracts").await.is(200, "[]");
        let gone = other.get("/logout").await.is(200, "");
        assert!(gone.header("set-cookie").starts_with("JSESSIONID=; ") && gone.header("set-cookie").contains("Max-Age=0"));
        other.get("/contracts").await.refused(401, EXPIRED);
        other.get("/logout").await.refused(401, EXPIRED);
        door.get("/contracts").await.is(200, "[]");
    }

    async fn a_cookie_of_somebody_elses_making_is_never_taken_up(bed: Bed) {
        let (door, _) = opened(&bed).await;
        let fixed = "0".repeat(64);
        let session = door.with(&fixed).login_again(LOGIN, PASSWORD).await.is(200, "").session();
        assert_ne!(session, fixed);
        door.with(&fixed).get("/contracts").await.refused(401, EXPIRED);
        // Whoever signs in again leaves the session from before.
        let next = door.with(&session).login_again(LOGIN, PASSWORD).await.is(200, "").session();
        door.with(&session).get("/contracts").await.refused(401, EXPIRED);
        door.with(&next).get("/contracts").await.is(200, "[]");
    }

    async fn tampered_and_guessed_cookies_are_refused(bed: Bed) {
        let (door, _) = opened(&bed).await;
        let right = door.session.clone().unwrap();
        let mut wrong = vec![
            String::new(), "x".to_owned(), right.to_uppercase(), right[1..].to_owned(), format!("{right}0"), format!("0{right}"),
            "298zf09hf012fh2".to_owned(), "\"\"".to_owned(), "f".repeat(64), "é".repeat(32), "%00".repeat(10),
        ];
        for place in [0, 31, 63] {
            let mut text = right.clone().into_bytes();
            text[place] = if text[place] == b'0' { b'1' } else { b'0' };
            wrong.push(String::from_utf8(text).unwrap());
        }
        wrong.retain(|text| *text != right);
        for text in &wrong {
            door.with(text).get("/contracts").await.refused(401, EXPIRED);
        }
        let mut nobody = door.clone();
        nobody.session = None;
        for cookie in [
            format!("jsessionid={right}"), format!("JSESSIONID ={right}x"), format!("SESSION={right}"),
            format!("JSESSIONID={right}; JSESSIONID={right}"), format!("JSESSIONID={}; JSESSIONID={right}", "0".repeat(64)),
        ] {
            nobody.header("cookie", &cookie).get("/contracts").await.refused(401, EXPIRED);
        }
        nobody.header("cookie", &format!("a=b; JSESSIONID={right}; c=d")).get("/contracts").await.is(200, "[]");
        // It opens nothing but this interface, and credentials of API clients do not open it.
        let answer = bed.anonymous().header("cookie", &format!("JSESSIONID={right}")).get("users").await;
        answer.refused(401, 2, "");
        nobody.get("/contracts?username=admin&password=admin-password").await.refused(401, EXPIRED);
        nobody.header("authorization", "Basic YWRtaW46YWRtaW4tcGFzc3dvcmQ=").get("/contracts").await.refused(401, EXPIRED);
    }

    async fn requests_from_pages_of_other_sites_are_refused(bed: Bed) {
        let (door, _) = opened(&bed).await;
        let refused = "Cross-site request refused";
        for (name, value) in [
            ("origin", "https://elsewhere.example"), ("origin", "null"), ("origin", "http://127.0.0.1"),
            ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"),
        ] {
            let page = door.header(name, value);
            page.post("/init", "{}").await.refused(403, refused);
            page.post("/contracts", "{}").await.refused(403, refused);
            page.delete("/contracts/00").await.refused(403, refused);
            page.get("/logout").await.refused(403, refused);
            page.login(LOGIN, PASSWORD).await.refused(403, refused);
        }
        door.get("/contracts").await.is(200, "[]");
        let trail = bed.admin().get("auditevents?entities=true&category=failure").await.ok().text();
        assert!(trail.contains("VLT_CONTRACT_CREATE") && trail.contains(refused), "refused changes are recorded");
        let here = bed.root();
        door.header("origin", &here).header("sec-fetch-site", "same-origin").get("/contracts").await.is(200, "[]");
    }

    async fn wrong_passwords_lock_a_user_and_strangers_lock_nobody(bed: Bed) {
        let (door, home) = opened(&bed).await;
        let nobody = Door::of(&bed);
        for n in 0..10 {
            nobody.login(LOGIN, &format!("wrong password {n}")).await.refused(401, EXPIRED);
        }
        nobody.login(LOGIN, PASSWORD).await.refused(401, EXPIRED);
        let admin = bed.admin();
        assert_eq!(admin.get(&format!("users?login={LOGIN}&exactMatch=true&status=Locked")).await.ok().ids().len(), 1);
        // A lock is about passwords: who was signed in before is not thrown out by somebody who guesses them.
        door.get("/contracts").await.is(200, "[]");
        let counted = admin.get("auditevents?entities=true&category=failure&kind=user&maxResults=100").await.ok().text();
        assert_eq!(counted.matches("VLT_USER_AUTHENTICATE").count(), 11, "the refusal of a locked user is recorded too");
        // Somebody without the role is not even tried.
        admin.post(&format!("users/?login=other&organizationId={home}&pwd=another%20long%20password")).await.ok();
        for n in 0..12 {
            nobody.login("other", &format!("wrong password {n}")).await.refused(401, EXPIRED);
        }
        assert!(admin.get("users?login=other&status=Locked").await.ok().ids().is_empty());
        let trail = admin.get("auditevents?entities=true").await.ok().text();
        assert!(!trail.contains("wrong password 1"));
    }

}

on_both_still! { |_| ();
    async fn a_session_ends_when_it_is_idle_and_when_its_whole_time_is_over(bed: Bed) {
        let (door, _) = opened(&bed).await;
        bed.advance(29 * MINUTE);
        door.get("/contracts").await.is(200, "[]");
        bed.advance(29 * MINUTE);
        door.get("/contracts").await.is(200, "[]");
        bed.advance(31 * MINUTE);
        door.get("/contracts").await.refused(401, EXPIRED);
        let session = door.login(LOGIN, PASSWORD).await.is(200, "").session();
        let door = door.with(&session);
        for _ in 0..35 {
            bed.advance(20 * MINUTE);
            door.get("/contracts").await.is(200, "[]");
        }
        bed.advance(19 * MINUTE);
        door.get("/contracts").await.is(200, "[]");
        bed.advance(2 * MINUTE);
        door.get("/contracts").await.refused(401, EXPIRED);
    }
}

crate::on_both_with! { |config: &mut valtuus::config::Config| config.orchestrator.origin = Some("https://devices.example.com".to_owned());
    async fn behind_a_proxy_the_origin_of_the_configuration_counts(bed: Bed) {
        let (door, _) = opened(&bed).await;
        let reply = door.login(LOGIN, PASSWORD).await.is(200, "");
        assert!(reply.header("set-cookie").ends_with("; Secure"), "browsers come by TLS");
        door.header("origin", "https://devices.example.com").get("/contracts").await.is(200, "[]");
        for origin in [bed.root(), "http://devices.example.com".to_owned(), "https://devices.example.com:444".to_owned()] {
            door.header("origin", &origin).get("/contracts").await.refused(403, "Cross-site request refused");
        }
    }
}
