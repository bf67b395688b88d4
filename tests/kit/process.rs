//! The real binary as a process: started on a free port, asked over HTTP, stopped or killed. Holds no test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use tempfile::TempDir;

use super::answer::Answer;
use super::bed::On;
use super::postgres::Database;

/// A process that takes longer to start or to end is broken.
const PATIENCE: Duration = Duration::from_secs(20);
/// The first client of every house that is not asked for another.
pub const PASSWORD: &str = "bootstrap-password";

/// A place where servers live one after another: a data directory, a database, a log.
pub struct House {
    directory: TempDir,
    database: Option<Database>,
    /// Options of every command, such as `--set`.
    pub options: Vec<String>,
    /// Environment of every command.
    pub environment: Vec<(String, String)>,
}

impl House {
    /// An empty place; `None` where there is no PostgreSQL. Hashes cost what they must cost: the binary knows no
    /// cheaper ones.
    pub async fn new(on: On) -> Option<Self> {
        let database = match on {
            On::Sqlite => None,
            On::Postgres => Some(Database::fresh().await?),
        };
        let directory = TempDir::new().unwrap();
        let environment = vec![("VALTUUS_BOOTSTRAP_PASSWORD".to_owned(), PASSWORD.to_owned())];
        Some(Self { directory, database, options: Vec::new(), environment })
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Where the servers write their log, one after another.
    pub fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// The database's address.
    pub fn url(&self) -> String {
        match &self.database {
            Some(database) => database.url.clone(),
            None => format!("sqlite://{}", self.data().join("valtuus.db").display()),
        }
    }

    /// A command of the binary in this place.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_valtuus"));
        command.args(arguments).args(&self.options).current_dir(self.directory.path());
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("VALTUUS_DATA_DIR", self.data());
        if let Some(database) = &self.database {
            command.env("VALTUUS_DATABASE_URL", &database.url);
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    /// Runs a command to its end, with `input` on its standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Starts a server and waits until it says that it is ready.
    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// As [`House::serve`], with more options.
    pub fn serve_with(&self, options: &[&str]) -> Server {
        let mut arguments = vec!["serve", "--plain-http", "--listen", "127.0.0.1:0"];
        arguments.extend(options);
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut child = self.command(&arguments).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let Some(base) = line.strip_prefix("listening on ") else {
            let _ = child.kill();
            let _ = child.wait();
            panic!("not ready: {line:?}\n{}", read(&self.log()));
        };
        Server { base: base.trim().to_owned(), child, out }
    }

    /// What the servers have written to their log.
    pub fn logged(&self) -> String {
        read(&self.log())
    }

    /// Fails unless `valtuus check` finds the database sound.
    pub fn must_be_sound(&self) {
        let output = self.run(&["check"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(text.trim(), "clean");
    }
    /// Fails unless `valtuus audit verify` finds the trail whole.
    pub fn must_verify(&self) {
        let output = self.run(&["audit", "verify"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.starts_with("clean: "), "{text}");
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

/// A server that runs; killed when it is let go.
pub struct Server {
    /// Its base address, up to and with the version.
    pub base: String,
    child: Child,
    out: BufReader<std::process::ChildStdout>,
}

impl Server {
    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it at once, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends it a signal by name.
    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end; answers how it ended and what else it wrote on standard output.
    pub async fn ended(mut self) -> (ExitStatus, String) {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "the server does not end");
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (status, rest)
    }

    /// Asks it to end, and waits; it must end well.
    pub async fn stop(self) {
        self.signal("TERM");
        let (status, _) = self.ended().await;
        assert_eq!(status.code(), Some(0));
    }

    /// A client of this server.
    pub fn client(&self, name: &str, password: &str) -> Client {
        super::bed::install_tls();
        let (name, password) = (name.to_owned(), password.to_owned());
        Client { base: self.base.clone(), http: reqwest::Client::new(), name, password, key: None }
    }

    /// The first client.
    pub fn first(&self) -> Client {
        self.client("restuser", PASSWORD)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client with HTTP Basic and connections that are kept.
#[derive(Clone)]
pub struct Client {
    base: String,
    http: reqwest::Client,
    name: String,
    password: String,
    key: Option<String>,
}

impl Client {
    /// The same client, sending this key.
    pub fn keyed(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// Sends a request; the error says that no answer came.
    pub async fn try_send(&self, method: Method, path: &str) -> Result<Answer, reqwest::Error> {
        let url = format!("{}/{path}", self.base);
        let request = self.http.request(method, url).basic_auth(&self.name, Some(&self.password));
        let request = match &self.key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        let response = request.timeout(PATIENCE).send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?.to_vec();
        Ok(Answer { status, headers, body })
    }

    /// Sends a request that must be answered.
    pub async fn send(&self, method: Method, path: &str) -> Answer {
        self.try_send(method, path).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path).await
    }

    pub async fn post(&self, path: &str) -> Answer {
        self.send(Method::POST, path).await
    }
}
