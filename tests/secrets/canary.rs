//! The canary test: the real binary at its most talkative is given a different secret in every place that takes one,
//! also where the request then fails; afterwards none of them is in log, metrics, trail, answers or database.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::dump::{Place, everything, found};
use crate::bulk::import;
use crate::kit::On;
use crate::kit::cases::soon;
use crate::kit::issuer::{AUDIENCE, ISSUER, KEYS, claims, jwks};
use crate::kit::process::{House, Server};
use crate::partners::keys::carried::GROUND;

/// Says everything.
const TALKATIVE: [&str; 2] = ["--set", "log.filter=trace"];

/// The requests, the secrets that were in them, and everything that was answered.
struct Told {
    base: String,
    http: reqwest::Client,
    secrets: Vec<String>,
    answers: Vec<Place>,
}

impl Told {
    /// A fresh secret: `word` says where it was put.
    fn secret(&mut self, word: &str) -> String {
        let secret = format!("CANARY-{word}-{:x}", 0x9e37_79b9_u64 * (self.secrets.len() as u64 + 1));
        self.secrets.push(secret.clone());
        secret
    }

    async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}/{path}", self.base) };
        let mut request = self.http.request(method.clone(), &url).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = soon(path, request.send()).await.unwrap();
        let status = response.status().as_u16();
        let mut bytes = headers_of(response.headers());
        bytes.extend(response.bytes().await.unwrap());
        self.answers.push(Place {
            name: format!("the answer {status} to {method} {}", path.split('?').next().unwrap()),
            bytes,
        });
        status
    }

    /// What an answer may say is in `answers` already; this asks for the metrics too.
    async fn gather(&mut self) {
        let root = self.base.split("/customerid-rest").next().unwrap().to_owned();
        assert_eq!(self.send(Method::GET, &format!("{root}/metrics"), &[], "").await, 200);
    }
}

fn headers_of(headers: &HeaderMap) -> Vec<u8> {
    headers
        .iter()
        .flat_map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat())
        .collect()
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

/// Wrong and right credentials, in every form and on the way to every kind of refusal.
async fn credentials(told: &mut Told, right: &str) {
    let wrong = told.secret("wrong-query");
    assert_eq!(
        told.send(Method::GET, &format!("users/?username=restuser&password={wrong}"), &[], "").await,
        401
    );
    let unknown = told.secret("unknown-name");
    assert_eq!(
        told.send(Method::GET, &format!("users/?username=nobody&password={unknown}"), &[], "").await,
        401
    );
    let twice = (told.secret("twice-first"), told.secret("twice-second"));
    let path = format!("users/?username=restuser&password={}&password={}", twice.0, twice.1);
    assert_eq!(told.send(Method::GET, &path, &[], "").await, 401);
    let alone = told.secret("without-name");
    assert_eq!(told.send(Method::GET, &format!("users/?password={alone}"), &[], "").await, 401);
    let by_header = basic("restuser", &told.secret("wrong-basic"));
    told.secrets.push(by_header[6..].trim_end_matches('=').to_owned());
    assert_eq!(told.send(Method::GET, "users/", &[("Authorization", &by_header)], "").await, 401);
    for scheme in ["Bearer", "Basic", "Digest", ""] {
        let header = format!("{scheme} {}", told.secret(&format!("scheme{scheme}")));
        assert_eq!(told.send(Method::GET, "users/", &[("Authorization", header.trim())], "").await, 401);
    }
    // The right ones, beside every fault a request can have.
    let signed = format!("username=restuser&password={right}");
    for (method, path, expected) in [
        (Method::GET, "users/", 200),
        (Method::GET, "planets", 404),
        (Method::PATCH, "users/", 405),
        (Method::GET, "users/nobody", 404),
        (Method::POST, "users/", 400),
        (Method::DELETE, "organizations/root", 409),
    ] {
        assert_eq!(told.send(method, &format!("{path}?{signed}"), &[], "").await, expected);
    }
    assert_eq!(
        told.send(Method::GET, &format!("users/?{signed}&maxResults=1&entities=true"), &[], "").await,
        200
    );
    assert_eq!(told.send(Method::GET, &format!("users/?{signed}&nonsense=1"), &[], "").await, 400);
    assert_eq!(told.send(Method::GET, &format!("users/?{signed}&login=%zz"), &[], "").await, 400);
    assert_eq!(
        told.send(Method::GET, &format!("users/?{signed}"), &[("Accept", "text/html")], "").await,
        406
    );
    let long = format!("users/?{signed}&login={}", "x".repeat(9_000));
    assert_eq!(told.send(Method::GET, &long, &[], "").await, 414);
    let referer = format!("http://127.0.0.1/?password={}", told.secret("referer"));
    assert_eq!(told.send(Method::GET, &format!("users/?{signed}"), &[("Referer", &referer)], "").await, 200);
}

/// Passwords of users, accepted and refused.
async fn passwords_of_users(told: &mut Told, right: &str) {
    let header = basic("restuser", right);
    let signed = [("Authorization", header.as_str())];
    let pwd = told.secret("pwd-create");
    assert_eq!(told.send(Method::POST, &format!("users/?login=anna&pwd={pwd}"), &signed, "").await, 200);
    let pwd = told.secret("pwd-taken");
    assert_eq!(told.send(Method::POST, &format!("users/?login=ANNA&pwd={pwd}"), &signed, "").await, 409);
    let nobody = "users/018f0000-0000-7000-8000-000000000000/authenticate";
    for (word, query, status) in
        [("pwd-tried", "", 404), ("pwd-tried-badly", "&nonsense=1", 400), ("pwd-tried-control", "%01", 400)]
    {
        let pwd = told.secret(word);
        assert_eq!(told.send(Method::POST, &format!("{nobody}?pwd={pwd}{query}"), &signed, "").await, status);
    }
    let pwd = told.secret("pwd-tried-by-reading");
    assert_eq!(told.send(Method::GET, &format!("{nobody}?pwd={pwd}"), &signed, "").await, 405);
    let pwd = told.secret("pwd-unknown-parameter");
    assert_eq!(
        told.send(Method::POST, &format!("users/?login=b&pwd={pwd}&nonsense=1"), &signed, "").await,
        400
    );
    let pwd = format!("{}{}", told.secret("pwd-too-long"), "x".repeat(300));
    assert_eq!(told.send(Method::POST, &format!("users/?login=b&pwd={pwd}"), &signed, "").await, 400);
    let pwd = (told.secret("pwd-first"), told.secret("pwd-second"));
    assert_eq!(
        told.send(Method::POST, &format!("users/?login=b&pwd={}&pwd={}", pwd.0, pwd.1), &signed, "").await,
        400
    );
    let pwd = told.secret("pwd-of-organization");
    assert_eq!(told.send(Method::POST, &format!("organizations/?pwd={pwd}"), &signed, "").await, 400);
    let pwd = told.secret("pwd-searched");
    assert_eq!(told.send(Method::GET, &format!("users/?pwd={pwd}"), &signed, "").await, 400);
    let pwd = told.secret("pwd-control");
    assert_eq!(told.send(Method::POST, &format!("users/?login=b&pwd={pwd}%01"), &signed, "").await, 400);
    let pwd = told.secret("pwd-nobody");
    assert_eq!(told.send(Method::PUT, &format!("users/nobody?pwd={pwd}"), &signed, "").await, 404);
    let pwd = told.secret("Pwd-in-other-case");
    assert_eq!(told.send(Method::POST, &format!("users/?login=b&Pwd={pwd}"), &signed, "").await, 400);
    let value =
        |name: &str, text: &str| format!("<Attribute name=\"{name}\"><Value>{text}</Value></Attribute>");
    for (word, inside, status) in [
        ("document", "", 200),
        ("document-bad", "<Planet/>", 400),
        ("document-broken", "<Attribute", 400),
        ("document-unknown", "<Attribute name=\"nonsense\"><Value>1</Value></Attribute>", 400),
        ("document-entity", "&x;", 400),
    ] {
        let pwd = told.secret(word);
        let login = format!("{}{}", value("login", word), value("pwd", &pwd));
        let body =
            format!("<User xmlns=\"http://schema.ubisecure.com/customerid/api\">{login}{inside}</User>");
        let headers = [signed[0], ("Content-Type", "application/xml")];
        assert_eq!(told.send(Method::POST, "users/", &headers, &body).await, status, "{word}");
        let headers = [signed[0], ("Content-Type", "application/json-seq")];
        assert_eq!(told.send(Method::POST, "users/", &headers, &body).await, 415, "{word}");
        let headers = [signed[0], ("Content-Type", "application/json")];
        let secret = told.secret(&format!("{word}-json"));
        for body in [
            format!("{{\"attributes\":{{\"login\":[\"{word}\"],\"pwd\":\"{secret}\"}}}}"),
            format!("{{\"attributes\":{{\"login\":[\"{word}\"],\"pwd\":[\"{secret}\" \"x\"]}}}}"),
        ] {
            assert_eq!(told.send(Method::POST, "users/", &headers, &body).await, 400, "{word}");
        }
    }
    let form = format!("username=restuser&password={}", told.secret("form"));
    let headers = [signed[0], ("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(told.send(Method::POST, "users/", &headers, &form).await, 415);
}

/// Passwords of partners' users: when they register, and when they sign in.
async fn partners(told: &mut Told, right: &str) {
    let header = basic("restuser", right);
    let signed = [("Authorization", header.as_str())];
    let words = |name: &str| {
        format!(
            "partners/?partnerId={name}&organizationName={name}&emailId={name}@b.fi&partnerType=SDK_Partner"
        )
    };
    let pwd = told.secret("partner");
    let path = format!("{}&login=partner&pwd={pwd}", words("one"));
    assert_eq!(told.send(Method::POST, &path, &signed, "").await, 200);
    let own = basic("partner", &pwd);
    told.secrets.push(own[6..].trim_end_matches('=').to_owned());
    assert_eq!(told.send(Method::GET, "partners", &[("Authorization", &own)], "").await, 200);
    let query = format!("partners?username=partner&password={pwd}");
    assert_eq!(told.send(Method::GET, &query, &[], "").await, 200);
    let wrong = told.secret("partner-wrong");
    let query = format!("partners?username=partner&password={wrong}");
    assert_eq!(told.send(Method::GET, &query, &[], "").await, 401);
    for (word, tail, status) in [
        ("partner-taken", "", 409),
        ("partner-bad", "&nonsense=1", 400),
        ("partner-code", "&otp=123456", 403),
        ("partner-long-code", "&otp=1234567", 400),
    ] {
        let path = format!("{}&login=partner&pwd={}{tail}", words(word), told.secret(word));
        assert_eq!(told.send(Method::POST, &path, &signed, "").await, status, "{word}");
    }
    let code = format!("{}&otp={}", words("two"), told.secret("code"));
    assert_eq!(told.send(Method::POST, &code, &[], "").await, 400);
}

/// The value of an attribute of an answer.
fn shown(body: &str, name: &str) -> String {
    let after = body.split(&format!("<Attribute name=\"{name}\"><Value>")).nth(1).unwrap_or_default();
    after.split('<').next().unwrap_or_default().to_owned()
}

/// Secrets of clients and tokens: shown in the one answer that makes them, and nowhere else.
async fn clients_and_tokens(told: &mut Told, house: &House, right: &str) {
    let header = basic("restuser", right);
    let signed = [("Authorization", header.as_str())];
    let pwd = told.secret("client-pwd");
    let path = format!("apiclients?name=jobs&preset=reader&pwd={pwd}");
    assert_eq!(told.send(Method::POST, &path, &signed, "").await, 200);
    for (word, path) in [
        ("client-pwd-on-put", "apiclients/jobs?pwd="),
        ("client-secret", "apiclients/jobs?secret="),
        ("client-reset-nobody", "apiclients/nobody/reset?pwd="),
        ("token-searched", "tokens?token="),
    ] {
        let path = format!("{path}{}", told.secret(word));
        let method = if word == "token-searched" { Method::POST } else { Method::PUT };
        let status = told.send(method, &path, &signed, "").await;
        assert!(matches!(status, 400 | 404), "{word}: {status}");
    }
    let pwd = told.secret("client-reset");
    assert_eq!(told.send(Method::PUT, &format!("apiclients/jobs/reset?pwd={pwd}"), &signed, "").await, 200);
    // What is made by the server is read off the one answer that shows it.
    for (method, path, name) in [
        (Method::POST, "apiclients?name=made&preset=reader", "secret"),
        (Method::PUT, "apiclients/made/reset", "secret"),
        (Method::POST, "tokens", "token"),
        (Method::POST, "tokens?client=jobs&ttl=60", "token"),
    ] {
        assert_eq!(told.send(method, path, &signed, "").await, 200);
        let answer = told.answers.pop().unwrap();
        let secret = shown(&String::from_utf8_lossy(&answer.bytes), name);
        assert!(secret.len() >= 32, "{path} shows {name}");
        told.secrets.push(secret);
    }
    let output = house.run(&["client", "token", "jobs", "--set", "log.filter=trace"]);
    assert!(output.status.success());
    let by_hand = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    told.answers.push(Place { name: "the log of client token".to_owned(), bytes: output.stderr });
    told.secrets.push(by_hand.clone());
    let jwt = KEYS.elliptic.sign(&claims());
    let signature = jwt.rsplit_once('.').unwrap().1.to_owned();
    let wrong = KEYS.unknown.sign(&claims());
    told.secrets.extend([
        jwt.clone(),
        signature,
        wrong.clone(),
        wrong.rsplit_once('.').unwrap().1.to_owned(),
    ]);
    let cut = told.secret("bearer-cut");
    for (token, status) in [
        (by_hand.as_str(), 200),
        (jwt.as_str(), 200),
        (wrong.as_str(), 401),
        (&format!("vlt_{cut}"), 401),
        (&format!("a.{cut}.b"), 401),
    ] {
        let header = format!("Bearer {token}");
        for (method, path, expected) in
            [(Method::GET, "users", status), (Method::GET, "planets", 404), (Method::POST, "users", 400)]
        {
            let expected = if status == 200 { expected } else { status };
            assert_eq!(told.send(method, path, &[("Authorization", &header)], "").await, expected, "{path}");
        }
        in_a_body(told, token, status).await;
    }
}

/// A token where the JSON door takes it, in requests that are good and broken.
async fn in_a_body(told: &mut Told, token: &str, status: u16) {
    let root = told.base.split("/customerid-rest").next().unwrap().to_owned();
    let json = [("Content-Type", "application/json")];
    let info = format!("{{\"authToken\":\"{token}\",\"msgId\":\"018f0000-0000-7000-8000-000000000000\"}}");
    for (path, rest, expected) in [
        ("roles/_search", "", 200),
        ("roles/_create", "", 400),
        ("roles/_create", ",\"colour\":1", 400),
        ("planets", "", 404),
    ] {
        let body = format!("{{\"RequestInfo\":{info}{rest}}}");
        let expected = if status == 200 { expected } else { status };
        let url = format!("{root}/access/v1/{path}");
        assert_eq!(told.send(Method::POST, &url, &json, &body).await, expected, "{path} {rest}");
    }
    let torn = format!("{{\"RequestInfo\":{info}");
    assert_eq!(told.send(Method::POST, &format!("{root}/access/v1/roles/_search"), &json, &torn).await, 400);
}

/// Licence keys of MISPs: shown in the one answer that makes them, and nowhere else, whatever is done with them.
async fn licence_keys(told: &mut Told, right: &str) {
    let header = basic("restuser", right);
    let signed = [("Authorization", header.as_str())];
    let misp = "misps?organizationName=Provider&emailId=office@misp.example";
    assert_eq!(told.send(Method::POST, misp, &signed, "").await, 200);
    assert_eq!(told.send(Method::PUT, "misps/100/status?mispStatus=approved", &signed, "").await, 200);
    let answer = told.answers.pop().unwrap();
    let key = shown(&String::from_utf8_lossy(&answer.bytes), "mispLicenseKey");
    assert_eq!(key.len(), 50);
    told.secrets.push(key.clone());
    let wrong = told.secret("licence-key");
    let asked = "misps/100/licensekey";
    for (method, path, status) in [
        (Method::POST, format!("{asked}/validate?mispLicenseKey={key}"), 200),
        (Method::POST, format!("{asked}/validate?mispLicenseKey={wrong}"), 404),
        (Method::POST, format!("{asked}/validate?mispLicenseKey={key}&nonsense=1"), 400),
        (Method::POST, format!("misps/nobody/licensekey/validate?mispLicenseKey={key}"), 404),
        (Method::PUT, format!("{asked}?mispLicenseKey={key}&mispLicenseKeyStatus=off"), 400),
        (Method::PUT, format!("{asked}?mispLicenseKey={wrong}&mispLicenseKeyStatus=active"), 404),
        (Method::PUT, format!("{asked}?mispLicenseKey={key}&mispLicenseKeyStatus=de-active"), 200),
        (Method::PUT, format!("misps/100?mispLicenseKey={key}"), 400),
        (Method::GET, format!("misps?mispLicenseKey={key}"), 400),
        (Method::GET, format!("{asked}?mispLicenseKey={key}"), 400),
        (Method::GET, asked.to_owned(), 200),
    ] {
        assert_eq!(told.send(method, &path, &signed, "").await, status, "{}", path.replace(&key, "KEY"));
    }
    let body = format!(
        "<LicenseKey xmlns=\"http://schema.ubisecure.com/customerid/api\"><Attribute name=\"mispLicenseKey\">\
         <Value>{key}</Value></Attribute></LicenseKey>"
    );
    let headers = [signed[0], ("Content-Type", "application/xml")];
    assert_eq!(told.send(Method::POST, &format!("{asked}/validate"), &headers, &body).await, 200);
}

/// Keys of partners: shown by the approval, and nowhere else; wrong ones are not repeated either.
async fn keys_of_partners(told: &mut Told, house: &House, right: &str) {
    let header = basic("restuser", right);
    let signed = [("Authorization", header.as_str())];
    import(house, "ground.xml", GROUND, &[]).ended(0);
    let path = "partners/acme/apikeyrequests?policyName=sign-in";
    assert_eq!(told.send(Method::POST, path, &signed, "").await, 200);
    let answer = String::from_utf8(told.answers.pop().unwrap().bytes).unwrap();
    let id = answer.split("<Id>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let path = format!("apikeyrequests/{id}/status?status=approved");
    assert_eq!(told.send(Method::PUT, &path, &signed, "").await, 200);
    let key = shown(&String::from_utf8_lossy(&told.answers.pop().unwrap().bytes), "apiKey");
    assert_eq!(key.len(), 50);
    told.secrets.push(key.clone());
    assert_eq!(told.send(Method::PUT, &path, &signed, "").await, 409);
    let (wrong, licence) = (told.secret("api-key"), told.secret("licence-key"));
    for (partner, key, status) in [("acme", &key, 409), ("acme", &wrong, 409), ("nobody", &key, 404)] {
        let path = format!("partners/{partner}/validation");
        let query = format!("apiKey={key}&mispLicenseKey={licence}");
        assert_eq!(told.send(Method::POST, &format!("{path}?{query}"), &signed, "").await, status);
        assert_eq!(told.send(Method::POST, &format!("{path}?{query}&x=y"), &signed, "").await, 400);
        let body = format!(r#"{{"attributes":{{"apiKey":["{key}"],"mispLicenseKey":["{licence}"]}}}}"#);
        let headers = [signed[0], ("Content-Type", "application/json")];
        assert_eq!(told.send(Method::POST, &path, &headers, &body).await, status);
        let broken = format!("{body}}}");
        assert_eq!(told.send(Method::POST, &path, &headers, &broken).await, 400);
        for path in ["apikeys?apiKey=", "users/?label="] {
            let status = told.send(Method::GET, &format!("{path}{wrong}"), &signed, "").await;
            assert!(matches!(status, 400 | 404), "{path}: {status}");
        }
    }
}

/// Private keys that somebody sends along with a certificate: refused, neither kept nor repeated.
async fn private_keys(told: &mut Told, right: &str) {
    let header = basic("restuser", right);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap().pem();
    let private = key.serialize_pem();
    told.secrets.extend(private.lines().filter(|line| !line.starts_with("---")).map(str::to_owned));
    let headers = [("Authorization", header.as_str()), ("Content-Type", "application/xml")];
    for data in [private.clone(), format!("{certificate}{private}"), format!("{private}{certificate}")] {
        let attribute = |name: &str, value: &str| {
            format!("<Attribute name=\"{name}\"><Value>{value}</Value></Attribute>")
        };
        let body = format!(
            "<Certificate xmlns=\"http://schema.ubisecure.com/customerid/api\">{}{}</Certificate>",
            attribute("certificateData", &data),
            attribute("partnerDomain", "AUTH")
        );
        for path in ["certificates/ca", "partners/one/certificate"] {
            assert_eq!(told.send(Method::POST, path, &headers, &body).await, 400, "{path}");
            assert_eq!(told.send(Method::POST, path, &headers, &body[1..]).await, 400, "{path}");
        }
    }
}

/// Requests that never become one: what stands in them must not be logged either.
async fn broken_requests(told: &mut Told, server: &Server) {
    let address = server.base.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    for (word, after) in [
        ("raw-version", " HTTP/9.9\r\n\r\n"),
        ("raw-space", " x y HTTP/1.1\r\n\r\n"),
        ("raw-header", " HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n"),
        ("raw-end", " HTT"),
        ("raw-nul", "\0 HTTP/1.1\r\n\r\n"),
    ] {
        let bytes = format!(
            "GET /customerid-rest/services/2.0/users/?username=restuser&password={}{after}",
            told.secret(word)
        );
        let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
        let mut read = Vec::new();
        soon(word, async {
            let _ = socket.write_all(bytes.as_bytes()).await;
            let _ = socket.shutdown().await;
            let _ = socket.read_to_end(&mut read).await;
        })
        .await;
        told.answers.push(Place { name: format!("the answer to {word}"), bytes: read });
    }
}

async fn nothing_is_found(house: House) {
    let mut house = house;
    let mut told =
        Told { base: String::new(), http: reqwest::Client::new(), secrets: Vec::new(), answers: Vec::new() };
    let bootstrap = told.secret("bootstrap");
    house.environment[0].1.clone_from(&bootstrap);
    let lenient = ["--set", "auth.attempts.free=1000", "--set", "auth.attempts.lock-after=1000"];
    let keys = house.log().with_file_name("jwks.json");
    std::fs::write(&keys, jwks()).unwrap();
    let issuer = format!(
        "auth.jwt=[{{ name = \"idp\", issuer = \"{ISSUER}\", audience = [\"{AUDIENCE}\"], jwks = \"{}\", \
         grants = [{{ claim = \"sub\", value = \"nightly\", preset = \"admin\" }}] }}]",
        keys.display()
    );
    let server = house.serve_with(&[&TALKATIVE[..], &lenient, &["--set", &issuer]].concat());
    told.base.clone_from(&server.base);
    let added = told.secret("client-added");
    let output = house.run_with(
        &["client", "add", "reports", "--preset", "reader", "--password-stdin", "--set", "log.filter=trace"],
        &format!("{added}\n"),
    );
    assert!(output.status.success());
    told.answers
        .push(Place { name: "client add".to_owned(), bytes: [output.stdout, output.stderr].concat() });
    credentials(&mut told, &bootstrap).await;
    let reports = basic("reports", &added);
    assert_eq!(told.send(Method::GET, "users/", &[("Authorization", &reports)], "").await, 200);
    told.secrets.push(basic("restuser", &bootstrap)[6..].trim_end_matches('=').to_owned());
    told.secrets.push(reports[6..].trim_end_matches('=').to_owned());
    passwords_of_users(&mut told, &bootstrap).await;
    partners(&mut told, &bootstrap).await;
    clients_and_tokens(&mut told, &house, &bootstrap).await;
    keys_of_partners(&mut told, &house, &bootstrap).await;
    licence_keys(&mut told, &bootstrap).await;
    private_keys(&mut told, &bootstrap).await;
    broken_requests(&mut told, &server).await;
    let shown = house.run(&["config", "show"]);
    told.answers.push(Place { name: "config show".to_owned(), bytes: [shown.stdout, shown.stderr].concat() });
    // A sensitive value is no secret to those who may see it, but log and trail are not among them.
    let ssn = [String::from("CANARY-ssn-1"), String::from("CANARY-ssn-2")];
    let header = basic("restuser", &bootstrap);
    let signed = [("Authorization", header.as_str())];
    assert_eq!(told.send(Method::POST, &format!("users/?login=ssn&ssn={}", ssn[0]), &signed, "").await, 200);
    assert_eq!(told.send(Method::PUT, &format!("users/nobody?ssn={}", ssn[1]), &signed, "").await, 404);
    told.gather().await;
    assert_eq!(told.send(Method::GET, "auditevents?entities=true", &signed, "").await, 200);
    assert_eq!(found(&told.answers, &ssn), [""; 0]);
    assert!(!house.logged().contains("CANARY-ssn"));

    let mut places = everything(&house).await;
    server.stop().await;
    places.extend(everything(&house).await);
    places.append(&mut told.answers);
    let log = house.logged();
    assert!(log.contains("TRACE") && log.contains("access"), "the log is not at its most talkative");
    assert!(told.secrets.len() > 35);
    let leaks = found(&places, &told.secrets);
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    // The search itself finds what is there.
    for there in ["RESTUSER", "VLT_USER_CREATE"] {
        assert!(!found(&places, &[there.to_owned()]).is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_found_outside_its_place_on_sqlite() {
    crate::kit::bed::install_tls();
    nothing_is_found(House::new(On::Sqlite).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_found_outside_its_place_on_postgresql() {
    crate::kit::bed::install_tls();
    let Some(house) = House::new(On::Postgres).await else { return };
    nothing_is_found(house).await;
}
