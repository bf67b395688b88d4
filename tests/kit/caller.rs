//! Callers as types of credentials: nobody, a client by query parameters, a client by HTTP Basic.

use reqwest::Method;

use super::answer::Answer;
use super::bed::Bed;

/// The clients every bed has: name of the preset, and password.
pub const PASSWORDS: [(&str, &str); 3] =
    [("admin", "admin-password"), ("writer", "writer-password"), ("reader", "reader-password")];

/// How a caller proves who it is.
#[derive(Debug, Clone)]
pub enum Credentials {
    None,
    Query(String, String),
    Basic(String, String),
    /// A whole Authorization header.
    Header(String),
}

/// Somebody who calls a bed's server.
#[derive(Clone)]
pub struct Caller<'b> {
    bed: &'b Bed,
    pub credentials: Credentials,
    headers: Vec<(String, String)>,
    version: &'static str,
}

impl<'b> Caller<'b> {
    pub fn anonymous(bed: &'b Bed) -> Self {
        Self { bed, credentials: Credentials::None, headers: Vec::new(), version: "2.0" }
    }

    /// One of the clients every bed has, by query parameters.
    pub fn query(bed: &'b Bed, name: &str) -> Self {
        Self::anonymous(bed).with(Credentials::Query(name.to_owned(), password_of(name)))
    }

    /// One of the clients every bed has, by HTTP Basic.
    pub fn basic(bed: &'b Bed, name: &str) -> Self {
        Self::anonymous(bed).with(Credentials::Basic(name.to_owned(), password_of(name)))
    }

    pub fn with(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// The same caller, sending one header more.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same caller, asking for JSON.
    pub fn json(self) -> Self {
        self.header("accept", "application/json")
    }

    /// The same caller, calling version 2.1.
    pub fn newer(mut self) -> Self {
        self.version = "2.1";
        self
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await
    }

    pub async fn put(&self, path: &str) -> Answer {
        self.send(Method::PUT, path, None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Sends a request; `path` stands below the version and may have a query. Every answer is judged by its
    /// schema.
    pub async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Answer {
        let base = self.bed.base().replace("2.0", self.version);
        let mut url = format!("{base}/{}", path.trim_start_matches('/'));
        if let Credentials::Query(name, password) = &self.credentials {
            let separator = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{separator}username={name}&password={password}");
        }
        self.send_to(method, &url, body).await
    }

    /// Sends a request to a whole address, as it stands.
    pub async fn send_to(&self, method: Method, url: &str, body: Option<Vec<u8>>) -> Answer {
        let mut request = self.bed.http.request(method, url);
        match &self.credentials {
            Credentials::Basic(name, password) => request = request.basic_auth(name, Some(password)),
            Credentials::Header(text) => request = request.header("Authorization", text),
            Credentials::None | Credentials::Query(..) => {}
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        Answer::read(request.send().await.unwrap()).await
    }
}

fn password_of(name: &str) -> String {
    let found = PASSWORDS.iter().find(|(known, _)| *known == name);
    found.map(|(_, password)| (*password).to_owned()).unwrap()
}
