//! Refusals as a table: requests with the answer each must get, asked one after another; afterwards nothing may
//! have changed and the server must serve on. Holds no test.

use std::future::Future;
use std::time::Duration;

use reqwest::Method;

use super::answer::Answer;
use super::bed::Bed;
use super::caller::Caller;
use super::trace::versions;

/// Nothing that a test asks may take longer.
pub const SOON: Duration = Duration::from_secs(5);

/// Waits for an answer, within the hang guard.
pub async fn soon<T>(what: &str, asked: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, asked).await.unwrap_or_else(|_| panic!("{what}: no answer within {SOON:?}"))
}

/// A request and the refusal it must get.
#[derive(Debug, Clone)]
pub struct Case {
    pub method: Method,
    /// Below the version, with the query.
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
    pub status: u16,
    pub code: u16,
    /// What the message must name.
    pub words: String,
}

/// A case without headers and body: `expected` is the status and the code.
pub fn case(method: Method, path: impl Into<String>, expected: (u16, u16), words: &str) -> Case {
    let (status, code) = expected;
    let (headers, body) = (Vec::new(), None);
    Case { method, path: path.into(), headers, body, status, code, words: words.to_owned() }
}

impl Case {
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// With a document as its body.
    pub fn document(self, body: impl Into<Vec<u8>>) -> Self {
        self.body(body).header("Content-Type", "application/xml")
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    fn name(&self) -> String {
        let path: String = self.path.chars().take(120).collect();
        let body = self.body.as_deref().unwrap_or_default();
        let body: String = String::from_utf8_lossy(body).chars().take(80).collect();
        format!("{} {path} {:?} {body}", self.method, self.headers)
    }

    pub async fn ask(&self, caller: &Caller<'_>) -> Answer {
        let mut caller = caller.clone();
        for (name, value) in &self.headers {
            caller = caller.header(name, value);
        }
        soon(&self.name(), caller.send(self.method.clone(), &self.path, self.body.clone())).await
    }

    /// What is wrong with the answer.
    fn fault(&self, answer: &Answer) -> Option<String> {
        let text = answer.text();
        let wrong = if answer.status.as_u16() != self.status {
            format!("{} instead of {}", answer.status, self.status)
        } else if !text.contains(&format!("<error><code>{}</code>", self.code)) {
            format!("not code {}", self.code)
        } else if !text.contains(&self.words) {
            format!("does not say {:?}", self.words)
        } else if answer.header("x-request-id").is_empty() {
            String::from("no request id")
        } else if answer.header("cache-control") != "no-store" {
            String::from("may be stored")
        } else if !answer.header("content-type").starts_with("application/xml") {
            String::from("not an XML document")
        } else {
            return None;
        };
        Some(format!("{}: {wrong}: {text}", self.name()))
    }
}

/// Asks every case as `caller`; all must be refused as they say, and change nothing.
pub async fn all_refused(bed: &Bed, caller: &Caller<'_>, cases: &[Case]) {
    assert!(!cases.is_empty());
    let store = &bed.server.service().engine.store;
    let before = versions(store).await;
    let mut faults = Vec::new();
    for case in cases {
        let answer = case.ask(caller).await;
        faults.extend(case.fault(&answer));
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), cases.len(), faults.join("\n"));
    assert_eq!(versions(store).await, before, "a refused request changed something");
    soon("serving on", bed.admin().get("users/?maxResults=1")).await.ok();
}
