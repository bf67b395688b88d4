//! Everything a house keeps, as bytes to be searched: its log, its files, every text and binary column. No test.

use std::fmt::Write as _;
use std::path::Path;

use sqlx::{Connection as _, PgConnection, Row as _};

use crate::kit::process::House;

/// A place and what stands in it.
pub struct Place {
    pub name: String,
    pub bytes: Vec<u8>,
}

fn files(folder: &Path, into: &mut Vec<Place>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(Place { name: path.display().to_string(), bytes: std::fs::read(&path).unwrap() });
        }
    }
}

/// Every row of every table as text; binary columns stand in it as hexadecimal digits.
async fn tables(url: &str) -> Vec<Place> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let names = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
    let names = sqlx::query(names).fetch_all(&mut connection).await.unwrap();
    let mut places = Vec::new();
    for name in names {
        let name: String = name.get(0);
        let rows = format!("SELECT row_to_json(t)::text FROM \"{name}\" t");
        let rows = sqlx::query(sqlx::AssertSqlSafe(rows)).fetch_all(&mut connection).await.unwrap();
        let text: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        places.push(Place { name: format!("table {name}"), bytes: text.join("\n").into_bytes() });
    }
    assert!(places.iter().any(|place| place.name == "table audit" && !place.bytes.is_empty()));
    connection.close().await.unwrap();
    places
}

/// Everything that is kept.
pub async fn everything(house: &House) -> Vec<Place> {
    let mut places = vec![Place { name: "the log".to_owned(), bytes: house.logged().into_bytes() }];
    files(&house.data(), &mut places);
    if house.url().starts_with("postgres") {
        places.extend(tables(&house.url()).await);
    }
    places
}

/// Where `secret` can be read: as it is in any letter case, or in hexadecimal digits.
pub fn found(places: &[Place], secrets: &[String]) -> Vec<String> {
    let hex = |text: &str| {
        text.bytes().fold(String::new(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02x}");
            digits
        })
    };
    let mut found = Vec::new();
    for place in places {
        let text = String::from_utf8_lossy(&place.bytes).to_lowercase();
        for secret in secrets {
            if text.contains(&secret.to_lowercase()) || text.contains(&hex(secret)) {
                found.push(format!("{secret} is in {}", place.name));
            }
        }
    }
    found
}
