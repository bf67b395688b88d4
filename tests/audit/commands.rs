//! `valtuus audit`: verify, head, export and archive, beside a running server and after it.

use std::process::Output;
use std::time::{Duration, Instant};

use crate::crash::in_houses;
use crate::kit::process::House;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn verdict(house: &House, options: &[&str]) -> serde_json::Value {
    let arguments = [&["audit", "verify", "--json"][..], options].concat();
    serde_json::from_str(&ok(&house.run(&arguments))).unwrap()
}

/// Waits until nothing waits for its seal; tells the head.
async fn sealed(house: &House) -> String {
    let begun = Instant::now();
    loop {
        let told = verdict(house, &[]);
        if told["unsealed"] == 0 {
            return told["head"].as_str().unwrap().to_owned();
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{told}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

in_houses! {
    async fn the_trail_is_verified_exported_and_archived_beside_a_running_server(house: House) {
        let server = house.serve();
        let client = server.first();
        for n in 0..30 {
            client.post(&format!("users/?login=user{n}&surname=a%3Bb")).await.ok();
        }
        let head = sealed(&house).await;
        assert_eq!(ok(&house.run(&["audit", "head"])).trim(), head);
        let count = verdict(&house, &["--head", &head])["records"].as_u64().unwrap();
        let csv = ok(&house.run(&["audit", "export", "--format", "csv"]));
        let rows: Vec<csv::StringRecord> =
            csv::Reader::from_reader(csv.as_bytes()).into_records().map(Result::unwrap).collect();
        assert_eq!(rows.len() as u64, count);
        assert!(rows.iter().enumerate().all(|(n, row)| row[2] == (n + 1).to_string() && row[3].len() == 64));
        assert!(rows.iter().any(|row| row[20].contains("surname:  → a\\;b")), "several changes in one cell");
        let xml = ok(&house.run(&["audit", "export"]));
        assert_eq!(xml.matches("<AuditEvent>").count() as u64, count);
        assert!(xml.contains("<Attribute name=\"seq\"><Value>1</Value>") && xml.trim_end().ends_with("</AuditEvents>"));
        assert_eq!(ok(&house.run(&["audit", "export", "--format", "csv", "--from", "2100-01-01"])).lines().count(), 1);

        let archive = ["audit", "archive", "--before", "2100-01-01", "--output", "first.audit", "--remove", "--json"];
        let told: serde_json::Value = serde_json::from_str(&ok(&house.run(&archive))).unwrap();
        assert!(told["removed"] == true && told["records"].as_u64().unwrap() >= count, "{told}");
        let cut = told["head"].as_str().unwrap().to_owned();
        let again = house.run(&archive);
        assert!(!again.status.success() && text(&again.stderr).contains("exists already"));
        client.post("users/?login=later").await.ok();
        sealed(&house).await;
        let rest = verdict(&house, &["--head", &cut]);
        assert!(rest["start"] == cut.as_str() && rest["records"].as_u64().unwrap() > 0, "{rest}");
        let file = verdict(&house, &["--file", "first.audit"]);
        assert!(file["head"] == cut.as_str() && file["records"] == told["records"], "{file}");
        // What is left can still be asked for, filtered and read by number.
        let ids = client.get("auditevents?eventId=VLT_USER_CREATE&category=success").await.ok().ids();
        assert_eq!(ids.len(), 1);
        client.get("auditevents/1").await.refused(404, 7, "auditevent");
        let next: i64 = cut.split(':').next().unwrap().parse::<i64>().unwrap() + 1;
        client.get(&format!("auditevents/{next}")).await.ok();
        server.stop().await;

        let told = ok(&house.run(&["audit", "archive", "--before", "2100-01-01", "--output", "second.audit"]));
        assert!(told.contains("archived"), "{told}");
        let both = verdict(&house, &["--file", "first.audit", "--file", "second.audit"]);
        let whole = verdict(&house, &[]);
        assert_eq!(both["head"], whole["head"], "{both} {whole}");
        // Removed later, from a file that begins before what has gone already: as after a removal that was broken off.
        let file = ["audit", "archive", "--before", "2100-01-01", "--output", "second.audit", "--remove"];
        assert!(ok(&house.run(&file)).contains("archived and removed"));
        assert_eq!(verdict(&house, &[])["start"], whole["head"]);
        let third = house.run(&file);
        assert!(!third.status.success() && text(&third.stderr).contains("gone already"), "{}", text(&third.stderr));
        let turned = house.run(&["audit", "verify", "--file", "second.audit", "--file", "first.audit"]);
        assert_eq!(turned.status.code(), Some(1));
        house.must_be_sound();
    }

    async fn a_normal_stop_loses_no_record_of_a_read_that_was_deferred(house: House) {
        let server = house.serve_with(&["--set", "audit.reads=deferred"]);
        let client = server.first();
        for _ in 0..20 {
            client.get("users").await.ok();
        }
        server.stop().await;
        let csv = ok(&house.run(&["audit", "export", "--format", "csv"]));
        assert_eq!(csv.lines().filter(|line| line.contains("VLT_USER_READ") && line.contains(",success,")).count(), 20, "{csv}");
        house.must_verify();
    }

    async fn a_broken_trail_ends_with_status_1_and_names_the_place(house: House) {
        let server = house.serve();
        server.first().post("users/?login=anna").await.ok();
        let head = sealed(&house).await;
        server.stop().await;
        let (seq, hash) = head.split_once(':').unwrap();
        let other = format!("{seq}:{}{}", if hash.starts_with('0') { '1' } else { '0' }, &hash[1..]);
        let altered = house.run(&["audit", "verify", "--head", &other]);
        assert_eq!(altered.status.code(), Some(1));
        assert!(text(&altered.stderr).contains(&format!("altered at number {seq}")), "{}", text(&altered.stderr));
        assert_eq!(text(&altered.stdout), "");
        let cut = house.run(&["audit", "verify", "--json", "--head", &format!("999999:{hash}")]);
        let told: serde_json::Value = serde_json::from_str(&text(&cut.stdout)).unwrap();
        assert_eq!(cut.status.code(), Some(1));
        assert!(told["clean"] == false && told["finding"]["what"] == "cut", "{told}");
        for wrong in [&["audit", "verify", "--head", "7"][..], &["audit", "archive", "--before", "soon", "--output", "x"]] {
            let refused = house.run(wrong);
            assert_eq!(refused.status.code(), Some(2), "{wrong:?}");
        }
        std::fs::write(house.data().join("no.audit"), "{}\n").unwrap();
        let none = house.run(&["audit", "verify", "--file", house.data().join("no.audit").to_str().unwrap()]);
        assert!(none.status.code() == Some(1) && text(&none.stderr).contains("no archive"));
        let early = house.run(&["audit", "archive", "--before", "2000-01-01", "--output", "none.audit"]);
        assert!(ok(&early).starts_with("0 records"));
    }
}
