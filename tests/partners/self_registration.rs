//! Registering a partner without an account: a code by mail, tried at most five times, used once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use valtuus::store::AuditQuery;

use super::made::partner;
use crate::invitations::mails;
use crate::kit::caller::Credentials;
use crate::kit::smtp::{Sink, Turn};
use crate::kit::trace::records;
use crate::kit::{Answer, Bed, On};

const MINUTE: i64 = 60_000_000;

/// Each test over both databases, with a mail server and a clock that stands still.
macro_rules! both {
    ($($name:ident)+) => {$(
        mod $name {
            use super::*;

            async fn run(on: On) {
                let sink = Sink::start().await;
                if let Some(bed) = Bed::start_still(on, |config| sink.configure(config)).await {
                    super::$name(&bed, &sink).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(On::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(On::Postgres).await;
            }
        }
    )+};
}

both! {
    a_code_by_mail_registers_a_partner_once
    after_five_wrong_codes_the_right_one_is_refused
    of_sixteen_right_codes_at_once_one_registers
    a_code_ends_and_is_good_for_its_own_address_only
    a_registration_that_fails_keeps_the_code_and_takes_a_try
    an_address_is_sent_few_codes
    the_answer_is_alike_whatever_becomes_of_the_letter
    who_registers_with_a_login_signs_in_and_sees_its_partner
}

/// Asks for a code and reads it in the mail: the `count`th that was sent.
async fn code(bed: &Bed, sink: &Sink, email: &str, count: usize) -> String {
    bed.anonymous().post(&format!("partners/otp?emailId={email}")).await.ok();
    let text = sink.wait(count).await.last().unwrap().text();
    let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    text.split_whitespace().find(is_code).unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// Another code than this.
fn wrong(code: &str, number: u32) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + number) % 1_000_000)
}

fn words(name: &str, email: &str, otp: &str) -> String {
    format!(
        "partners/?partnerId={name}&organizationName={name}&emailId={email}&partnerType=SDK_Partner&otp={otp}"
    )
}

async fn register(bed: &Bed, name: &str, email: &str, otp: &str) -> Answer {
    bed.anonymous().post(&words(name, email, otp)).await
}

#[track_caller]
fn no_good(answer: Answer) {
    answer.refused(403, 3, "otp: the code is not valid for this e-mail address");
}

async fn a_code_by_mail_registers_a_partner_once(bed: &Bed, sink: &Sink) {
    let code = code(bed, sink, "Anna@acme.example", 1).await;
    let id = register(bed, "acme", "anna@ACME.example", &code).await.ok().id();
    let found = bed.admin().get("partners/acme").await.ok();
    assert_eq!([found.value("status"), found.value("active")], ["InProgress", "false"]);
    assert_eq!(bed.admin().get("partners").await.ok().ids(), [id]);
    no_good(register(bed, "beta", "anna@acme.example", &code).await);
    // What is kept says nothing of the code.
    let mut held = mails(bed, "Anna@acme.example").await;
    while held.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        held = mails(bed, "Anna@acme.example").await;
    }
    assert_eq!((held.len(), held[0].state.name(), held[0].mail.body.as_str()), (1, "sent", ""));
    let trail = records(&bed.server.service().engine.store, &AuditQuery::default()).await;
    let visitors: Vec<_> = trail.iter().filter(|record| record.field("client").is_empty()).collect();
    let ids: Vec<&str> = visitors.iter().map(|record| record.field("eventId")).collect();
    let registered = [
        "VLT_PARTNER_OTP",
        "VLT_PARTNER_OTP",
        "PMS_PRT_101",
        "PMS_PRT_200",
        "PMS_PRT_101",
        "VLT_PARTNER_CREATE",
    ];
    assert_eq!(ids, registered);
    for record in &trail {
        assert!(!record.field("description").contains(&code) && !record.changes.join(" ").contains(&code));
    }
}

async fn after_five_wrong_codes_the_right_one_is_refused(bed: &Bed, sink: &Sink) {
    let right = code(bed, sink, "a@acme.example", 1).await;
    for number in 1..5 {
        no_good(register(bed, "acme", "a@acme.example", &wrong(&right, number)).await);
    }
    register(bed, "acme", "a@acme.example", &right).await.ok();
    let right = code(bed, sink, "b@acme.example", 2).await;
    let tries = (1..=16).map(|number| wrong(&right, number)).collect::<Vec<_>>();
    let answers = join_all(tries.iter().map(|otp| register(bed, "beta", "b@acme.example", otp))).await;
    let texts: BTreeSet<String> =
        answers.into_iter().map(|answer| answer.refused(403, 3, "otp").text()).collect();
    assert_eq!(texts.len(), 1, "who has tries left is answered as who has none");
    no_good(register(bed, "beta", "b@acme.example", &right).await);
    bed.advance(MINUTE);
    let right = code(bed, sink, "b@acme.example", 3).await;
    register(bed, "beta", "b@acme.example", &right).await.ok();
}

async fn of_sixteen_right_codes_at_once_one_registers(bed: &Bed, sink: &Sink) {
    let right = code(bed, sink, "a@acme.example", 1).await;
    let names: Vec<String> = (0..16).map(|number| format!("p{number}")).collect();
    let answers = join_all(names.iter().map(|name| register(bed, name, "a@acme.example", &right))).await;
    let made = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(made, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        no_good(answer);
    }
    assert_eq!(bed.admin().get("partners").await.ok().ids().len(), 1);
}

async fn a_code_ends_and_is_good_for_its_own_address_only(bed: &Bed, sink: &Sink) {
    no_good(register(bed, "acme", "a@acme.example", "123456").await);
    let first = code(bed, sink, "a@acme.example", 1).await;
    no_good(register(bed, "acme", "b@acme.example", &first).await);
    bed.advance(10 * MINUTE);
    no_good(register(bed, "acme", "a@acme.example", &first).await);
    let second = code(bed, sink, "a@acme.example", 2).await;
    bed.advance(MINUTE);
    let third = code(bed, sink, "a@acme.example", 3).await;
    if second != third {
        no_good(register(bed, "acme", "a@acme.example", &second).await);
    }
    bed.advance(10 * MINUTE - 1);
    register(bed, "acme", "a@acme.example", &third).await.ok();
}

async fn a_registration_that_fails_keeps_the_code_and_takes_a_try(bed: &Bed, sink: &Sink) {
    partner(bed, "taken").await;
    let right = code(bed, sink, "a@acme.example", 1).await;
    // What is badly written, and a type that is not open, is refused before the code is looked at.
    for bad in ["&contactNumber=12345678901234567", "&login=anna", "&login=anna&pwd=short", "&shoesize=43"] {
        let path = format!("{}{bad}", words("acme", "a@acme.example", &right));
        bed.anonymous().post(&path).await.refused(400, 1, "");
    }
    for bad in ["", "12345", "1234567", "abcdef"] {
        register(bed, "acme", "a@acme.example", bad).await.refused(400, 1, "otp");
    }
    let closed = words("acme", "a@acme.example", &right).replace("SDK_Partner", "Partner_Admin");
    bed.anonymous().post(&closed).await.refused(409, 15, "partnerType");
    for _ in 0..4 {
        register(bed, "taken", "a@acme.example", &right).await.refused(409, 4, "partnerId");
    }
    register(bed, "acme", "a@acme.example", &right).await.ok();
    bed.advance(MINUTE);
    let right = code(bed, sink, "b@acme.example", 2).await;
    for _ in 0..5 {
        register(bed, "taken", "b@acme.example", &right).await.refused(409, 4, "partnerId");
    }
    no_good(register(bed, "beta", "b@acme.example", &right).await);
    // Who signs in and shows a code is let in by the code; without one, not without the grant.
    let right = code(bed, sink, "c@acme.example", 3).await;
    bed.reader().post(&words("gamma", "c@acme.example", &right)).await.ok();
    let without = words("delta", "d@acme.example", "").replace("&otp=", "");
    bed.reader().post(&without).await.refused(403, 3, "create");
    bed.anonymous().post(&without).await.refused(401, 2, "");
}

async fn an_address_is_sent_few_codes(bed: &Bed, sink: &Sink) {
    for count in 1..=5 {
        code(bed, sink, "a@acme.example", count).await;
        let again = bed.anonymous().post("partners/otp?emailId=A@acme.example").await.refused(429, 14, "");
        assert!((1..=60).contains(&again.header("retry-after").parse::<u32>().unwrap()));
        bed.advance(MINUTE);
    }
    let again = bed.anonymous().post("partners/otp?emailId=a@acme.example").await.refused(429, 14, "");
    assert!((60..=3_600).contains(&again.header("retry-after").parse::<u32>().unwrap()));
    code(bed, sink, "b@acme.example", 6).await;
    bed.advance(60 * MINUTE);
    code(bed, sink, "a@acme.example", 7).await;
    for bad in
        ["", "?emailId=", "?emailId=nobody", "?emailId=a@b.fi&emailId=c@d.fi", "?emailId=a@b.fi&partnerId=x"]
    {
        bed.anonymous().post(&format!("partners/otp{bad}")).await.refused(400, 1, "");
    }
}

async fn the_answer_is_alike_whatever_becomes_of_the_letter(bed: &Bed, sink: &Sink) {
    partner(bed, "acme").await;
    sink.next([Turn::Recipient("550 no such mailbox")]);
    let mut texts = BTreeSet::new();
    for email in ["nowhere@acme.example", "acme@partner.example", "new@acme.example"] {
        texts.insert(bed.anonymous().post(&format!("partners/otp?emailId={email}")).await.ok().text());
        while mails(bed, email).await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    assert_eq!(texts.len(), 1, "{texts:?}");
    let held = mails(bed, "nowhere@acme.example").await.remove(0);
    assert_eq!((held.state.name(), held.mail.body.as_str()), ("failed", ""));
    assert!(held.last_error.contains("550"), "{}", held.last_error);
    // A client may ask for somebody too, whatever it may do itself.
    bed.reader().post("partners/otp?emailId=other@acme.example").await.ok();
}

async fn who_registers_with_a_login_signs_in_and_sees_its_partner(bed: &Bed, sink: &Sink) {
    let right = code(bed, sink, "a@acme.example", 1).await;
    let path = format!("{}&login=Anna&pwd=a+fairly+good+secret", words("acme", "a@acme.example", &right));
    let id = bed.anonymous().post(&path).await.ok().id();
    let anna = bed.anonymous().with(Credentials::Basic("anna".into(), "a fairly good secret".into()));
    assert_eq!(anna.get("partners").await.ok().ids(), [id]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_need_a_mail_server_and_doors_are_few() {
    let bed = Bed::start_with(On::Sqlite, |config| {
        config.doors.burst = 3;
        config.doors.per_minute = 1;
    });
    let bed = bed.await.unwrap();
    bed.anonymous().post("partners/otp?emailId=a@b.fi").await.refused(409, 15, "mail");
    bed.anonymous().post("partners/otp").await.refused(400, 1, "emailId");
    register(&bed, "acme", "a@b.fi", "123456").await.refused(403, 3, "otp");
    bed.anonymous().post("partners/otp?emailId=a@b.fi").await.refused(429, 14, "");
    register(&bed, "acme", "a@b.fi", "123456").await.refused(429, 14, "");
}
