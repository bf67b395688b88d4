//! A mail server for tests: takes mails over plain SMTP, STARTTLS or TLS, answers as it is told for the next ones, and
//! keeps what it took. Holds no test.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use valtuus::config::{Config, MailTls, Secret};

/// Nothing that a test waits for may take longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// How one connection is to go; every connection after the last one told goes well.
#[derive(Debug, Clone)]
pub enum Turn {
    /// The mail is taken.
    Well,
    /// This instead of the greeting.
    Greeting(&'static str),
    /// This to `RCPT`.
    Recipient(&'static str),
    /// This after the text was sent.
    Text(&'static str),
    /// The text is answered by a refusal that repeats it.
    Repeat,
    /// The mail is taken, but the connection ends before that is said.
    Silence,
    /// The mail is taken and never answered; the connection stays open.
    Hang,
}

/// A mail that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    /// Head and text as they were sent.
    pub raw: String,
    pub encrypted: bool,
    /// What the sender signed in with: name and password.
    pub signed_in: Option<(String, String)>,
}

impl Taken {
    /// One field of the head, unfolded; empty when it is absent.
    pub fn header(&self, name: &str) -> String {
        let head = self.raw.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
        let field = head.lines().find_map(|line| {
            let (field, value) = line.split_once(": ")?;
            field.eq_ignore_ascii_case(name).then(|| value.to_owned())
        });
        field.unwrap_or_default()
    }

    /// The text, decoded.
    pub fn text(&self) -> String {
        let body = self.raw.split_once("\r\n\r\n").unwrap().1;
        let bytes = match self.header("Content-Transfer-Encoding").as_str() {
            "base64" => STANDARD.decode(body.replace("\r\n", "")).unwrap(),
            "quoted-printable" => quoted(body),
            _ => body.as_bytes().to_vec(),
        };
        String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
    }
}

fn quoted(body: &str) -> Vec<u8> {
    let joined = body.replace("=\r\n", "");
    let mut out = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'=' {
            out.push(u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
            rest = &tail[2..];
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
}

#[derive(Default)]
struct State {
    turns: VecDeque<Turn>,
    taken: Vec<Taken>,
    connections: usize,
}

/// The server; ends when it is let go.
pub struct Sink {
    pub port: u16,
    /// The certificate to trust, PEM.
    pub certificate: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sink {
    /// Begins to listen, without encryption.
    pub async fn start() -> Self {
        Self::start_with(MailTls::None).await
    }

    /// Begins to listen; with STARTTLS it takes no mail before.
    pub async fn start_with(tls: MailTls) -> Self {
        let (acceptor, certificate) = super::tls::localhost();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let serving = Serving { state: Arc::clone(&state), acceptor, tls };
        let task = tokio::spawn(serve(listener, serving));
        Self { port, certificate, state, task }
    }

    /// Tells how the next connections are to go.
    pub fn next(&self, turns: impl IntoIterator<Item = Turn>) {
        self.state.lock().turns.extend(turns);
    }

    /// What was taken so far.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.lock().taken.clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.state.lock().connections
    }

    /// Waits until `count` mails were taken; answers all.
    pub async fn wait(&self, count: usize) -> Vec<Taken> {
        let waiting = async {
            while self.state.lock().taken.len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "only {} of {count} mails came", self.taken().len());
        self.taken()
    }

    /// Points a configuration to this server: no delay between attempts.
    pub fn configure(&self, config: &mut Config) {
        config.mail.host = Some("127.0.0.1".to_owned());
        config.mail.port = Some(self.port);
        config.mail.tls = MailTls::None;
        config.mail.from = Some("Valtuus <noreply@valtuus.example>".to_owned());
        config.mail.first_delay_seconds = 0;
        config.mail.attempts = 4;
    }

    /// As [`Sink::configure`], encrypted and signed in; writes the certificate to `folder`.
    pub fn configure_encrypted(&self, config: &mut Config, tls: MailTls, folder: &Path) {
        self.configure(config);
        let file = folder.join(format!("sink-{}.pem", self.port));
        std::fs::write(&file, &self.certificate).unwrap();
        config.mail.host = Some("localhost".to_owned());
        config.mail.tls = tls;
        config.mail.ca = Some(file);
        config.mail.username = Some("postman".to_owned());
        config.mail.password = Some(Secret::new("CANARY-smtp-password"));
    }
}

#[derive(Clone)]
struct Serving {
    state: Arc<Mutex<State>>,
    acceptor: TlsAcceptor,
    tls: MailTls,
}

async fn serve(listener: TcpListener, serving: Serving) {
    while let Ok((socket, _)) = listener.accept().await {
        let serving = serving.clone();
        tokio::spawn(async move {
            // A client that goes away is none of the sink's business.
            let _ = connection(socket, &serving).await;
        });
    }
}

async fn connection(mut socket: TcpStream, serving: &Serving) -> io::Result<()> {
    let turn = {
        let mut state = serving.state.lock();
        state.connections += 1;
        state.turns.pop_front().unwrap_or(Turn::Well)
    };
    if serving.tls == MailTls::Tls {
        let stream = serving.acceptor.accept(socket).await?;
        return Session::new(serving, turn, true).talk(stream, true).await.map(|_| ());
    }
    let mut session = Session::new(serving, turn, serving.tls == MailTls::None);
    if session.talk(&mut socket, true).await? {
        let stream = serving.acceptor.accept(socket).await?;
        session.encrypted = true;
        session.open = true;
        session.talk(stream, false).await?;
    }
    Ok(())
}

struct Session<'s> {
    serving: &'s Serving,
    turn: Turn,
    /// Whether mails are taken: not before encryption where that is asked for.
    open: bool,
    encrypted: bool,
    from: String,
    to: Vec<String>,
    signed_in: Option<(String, String)>,
}

impl<'s> Session<'s> {
    fn new(serving: &'s Serving, turn: Turn, open: bool) -> Self {
        let encrypted = serving.tls == MailTls::Tls;
        Self { serving, turn, open, encrypted, from: String::new(), to: Vec::new(), signed_in: None }
    }

    /// Talks until the end, or until STARTTLS: then true.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(&mut self, stream: S, greet: bool) -> io::Result<bool> {
        let mut stream = BufReader::new(stream);
        if greet {
            if let Turn::Greeting(refusal) = self.turn {
                say(&mut stream, refusal).await?;
                return Ok(false);
            }
            say(&mut stream, "220 sink ESMTP").await?;
        }
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(false);
            }
            let word = line.trim_end().to_owned();
            let upper = word.to_ascii_uppercase();
            if upper.starts_with("EHLO") {
                let offers = if self.open { "AUTH PLAIN" } else { "STARTTLS" };
                say(&mut stream, &format!("250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 {offers}"))
                    .await?;
            } else if upper == "STARTTLS" && !self.open {
                say(&mut stream, "220 go").await?;
                return Ok(true);
            } else if let Some(response) = word.strip_prefix("AUTH PLAIN ") {
                self.signed_in = sign_in(response);
                say(&mut stream, "235 welcome").await?;
            } else if upper.starts_with("MAIL FROM:") {
                self.from = address(&word);
                say(&mut stream, if self.open { "250 ok" } else { "530 5.7.0 encrypt first" }).await?;
            } else if upper.starts_with("RCPT TO:") {
                self.to.push(address(&word));
                let answer = if let Turn::Recipient(refusal) = self.turn { refusal } else { "250 ok" };
                say(&mut stream, answer).await?;
            } else if upper == "DATA" {
                say(&mut stream, "354 go on").await?;
                if !self.data(&mut stream).await? {
                    return Ok(false);
                }
            } else if upper == "QUIT" {
                say(&mut stream, "221 bye").await?;
                return Ok(false);
            } else {
                say(&mut stream, "250 ok").await?;
            }
        }
    }

    /// Reads the text and answers it; false: the connection ends.
    async fn data<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut BufReader<S>,
    ) -> io::Result<bool> {
        let mut raw = String::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(false);
            }
            if line == ".\r\n" {
                break;
            }
            raw.push_str(line.strip_prefix('.').unwrap_or(&line));
        }
        let refusal = match self.turn {
            Turn::Text(refusal) => Some(refusal.to_owned()),
            Turn::Repeat => {
                Some(format!("554 5.7.1 refused: {}", raw.split_whitespace().collect::<Vec<_>>().join(" ")))
            }
            _ => None,
        };
        if let Some(refusal) = refusal {
            say(stream, &refusal).await?;
            return Ok(true);
        }
        let (from, to) = (std::mem::take(&mut self.from), std::mem::take(&mut self.to));
        let taken = Taken { from, to, raw, encrypted: self.encrypted, signed_in: self.signed_in.clone() };
        self.serving.state.lock().taken.push(taken);
        match self.turn {
            Turn::Silence => return Ok(false),
            Turn::Hang => std::future::pending().await,
            _ => {}
        }
        say(stream, "250 taken").await?;
        Ok(true)
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, words: &str) -> io::Result<()> {
    stream.write_all(format!("{words}\r\n").as_bytes()).await?;
    stream.flush().await
}

fn address(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map(|(inside, _)| inside.to_owned())
        .unwrap()
}

fn sign_in(response: &str) -> Option<(String, String)> {
    let bytes = STANDARD.decode(response).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let mut parts = text.split('\0').skip(1).map(str::to_owned);
    Some((parts.next()?, parts.next()?))
}
