//! Whether a configuration makes sense as a whole: ranges, pairs, classes, names.
//!
//! Pure: looks at nothing but the configuration. Does not know which names of attributes are built in or
//! reserved; whoever registers the kinds checks that.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::error::{ConfigError, Problem};
use super::{Config, CustomAttribute, MailTls, OrganizationClass, check_jwt, partners, policies};

/// Collects problems; empty at the end means sound.
#[derive(Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem { key: key.into(), place: None, message: message.into() });
    }

    /// Adds a problem unless `value` lies in `range`; `unit` completes the sentence, such as `bytes`.
    pub(super) fn range(&mut self, key: &str, value: u64, range: &RangeInclusive<u64>, unit: &str) {
        if !range.contains(&value) {
            let (low, high) = (range.start(), range.end());
            self.add(key, format!("is {value}, but must be between {low} and {high} {unit}"));
        }
    }
}

/// Every problem of `config`.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let mut problems = Problems::default();
    listener(config, &mut problems);
    store(config, &mut problems);
    limits(config, &mut problems);
    auth(config, &mut problems);
    password_policy(config, &mut problems);
    doors(config, &mut problems);
    mail(config, &mut problems);
    partners::check(&config.partners, &mut problems);
    policies::check(&config.policies, &mut problems);
    classes(&config.organizations.classes, &mut problems);
    attributes(&config.attributes, &mut problems);
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&config.log.filter) {
        problems.add("log.filter", format!("is not a filter: {error}"));
    }
    if problems.0.is_empty() { Ok(()) } else { Err(ConfigError { problems: problems.0 }) }
}

fn size(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

fn listener(config: &Config, problems: &mut Problems) {
    let serve = &config.serve;
    if serve.demo && !serve.listen.ip().is_loopback() {
        let message = format!("a demonstration listens on loopback only, not on {}", serve.listen.ip());
        problems.add("serve.listen", message);
    }
    if let Some(workers) = serve.workers {
        problems.range("serve.workers", u64::from(workers), &(1..=1_024), "threads");
    }
    problems.range("serve.stop-seconds", u64::from(serve.stop_seconds), &(0..=3_600), "seconds");
    match (&config.tls.cert, &config.tls.key) {
        (Some(_), None) => {
            problems.add("tls.key", "is missing: `tls.cert` is given and needs its private key");
        }
        (None, Some(_)) => {
            problems.add("tls.cert", "is missing: `tls.key` is given and needs its certificate");
        }
        (Some(_), Some(_)) if serve.plain_http => {
            problems
                .add("serve.plain-http", "excludes `tls.cert` and `tls.key`: plain HTTP uses no certificate");
        }
        _ => {}
    }
}

fn store(config: &Config, problems: &mut Problems) {
    let store = &config.store;
    if store.data_dir.as_os_str().is_empty() {
        problems.add("store.data-dir", "is empty");
    }
    problems.range("store.pool-size", u64::from(store.pool_size), &(1..=1_000), "connections");
}

fn limits(config: &Config, problems: &mut Problems) {
    let limits = &config.limits;
    problems.range("limits.request-line", size(limits.request_line), &(256..=65_536), "bytes");
    problems.range("limits.body", size(limits.body), &(1_024..=1_073_741_824), "bytes");
    problems.range("limits.parameters", size(limits.parameters), &(8..=10_000), "parameters");
    problems.range("limits.value", size(limits.value), &(256..=16_777_216), "bytes");
    problems.range("limits.depth", size(limits.depth), &(4..=512), "levels");
    problems.range("limits.xml-children", size(limits.xml_children), &(16..=10_000_000), "children");
    let times = [
        ("limits.head-seconds", limits.head_seconds),
        ("limits.body-seconds", limits.body_seconds),
        ("limits.keep-alive-seconds", limits.keep_alive_seconds),
        ("limits.stall-seconds", limits.stall_seconds),
    ];
    for (key, seconds) in times {
        problems.range(key, u64::from(seconds), &(1..=3_600), "seconds");
    }
}

fn auth(config: &Config, problems: &mut Problems) {
    let auth = &config.auth;
    if auth.bootstrap_password.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
        problems.add("auth.bootstrap-password", "is empty");
    }
    let argon2 = &auth.argon2;
    problems.range("auth.argon2.memory-kib", u64::from(argon2.memory_kib), &(19_456..=4_194_304), "KiB");
    problems.range("auth.argon2.iterations", u64::from(argon2.iterations), &(2..=1_000), "passes");
    problems.range("auth.argon2.parallelism", u64::from(argon2.parallelism), &(1..=64), "lanes");
    if let Some(workers) = argon2.workers {
        problems.range("auth.argon2.workers", u64::from(workers), &(1..=1_024), "threads");
    }
    problems.range("auth.argon2.queue", size(argon2.queue), &(1..=1_000_000), "verifications");
    problems.range("auth.argon2.wait-seconds", u64::from(argon2.wait_seconds), &(1..=600), "seconds");
    problems.range("auth.cache.ttl-seconds", u64::from(auth.cache.ttl_seconds), &(0..=86_400), "seconds");
    problems.range("auth.cache.capacity", auth.cache.capacity, &(1..=10_000_000), "credentials");
    attempts(config, problems);
    let tokens = &auth.tokens;
    let longest = u64::from(tokens.longest_seconds);
    problems.range("auth.tokens.longest-seconds", longest, &(60..=315_360_000), "seconds");
    if tokens.lifetime_seconds == 0 || tokens.lifetime_seconds > tokens.longest_seconds {
        let message = "must be between 1 and `auth.tokens.longest-seconds`";
        problems.add("auth.tokens.lifetime-seconds", message);
    }
    check_jwt::check(&auth.jwt, problems);
}

fn attempts(config: &Config, problems: &mut Problems) {
    let attempts = &config.auth.attempts;
    let longest = u64::from(attempts.longest_delay_millis);
    problems.range("auth.attempts.longest-delay-millis", longest, &(1..=3_600_000), "milliseconds");
    if attempts.first_delay_millis > attempts.longest_delay_millis {
        let message = "is longer than `auth.attempts.longest-delay-millis`";
        problems.add("auth.attempts.first-delay-millis", message);
    }
    problems.range("auth.attempts.lock-after", u64::from(attempts.lock_after), &(1..=1_000_000), "failures");
    problems.range("auth.attempts.lock-seconds", u64::from(attempts.lock_seconds), &(1..=604_800), "seconds");
    problems.range("auth.attempts.capacity", attempts.capacity, &(100..=100_000_000), "names");
}

fn password_policy(config: &Config, problems: &mut Problems) {
    let policy = &config.password_policy;
    problems.range("password-policy.max", size(policy.max), &(8..=4_096), "characters");
    if policy.min == 0 || policy.min > policy.max {
        let message = format!("is {}, but must be between 1 and `password-policy.max`", policy.min);
        problems.add("password-policy.min", message);
    }
    if policy.words.iter().any(|word| word.trim().is_empty()) {
        problems.add("password-policy.words", "holds an empty word");
    }
    problems.range("users.lock-after", u64::from(config.users.lock_after), &(1..=1_000), "wrong passwords");
    problems.range("users.lock-seconds", u64::from(config.users.lock_seconds), &(1..=31_536_000), "seconds");
}

fn mail(config: &Config, problems: &mut Problems) {
    let mail = &config.mail;
    if mail.host.as_ref().is_some_and(|host| host.trim().is_empty()) {
        problems.add("mail.host", "is empty");
    }
    if mail.host.is_some() && mail.from.is_none() {
        problems.add("mail.from", "is missing: `mail.host` is given and needs a sender");
    }
    match (&mail.username, &mail.password) {
        (Some(_), None) => problems.add("mail.password", "is missing: `mail.username` is given"),
        (None, Some(_)) => problems.add("mail.username", "is missing: `mail.password` is given"),
        (Some(_), Some(_)) if mail.tls == MailTls::None && !is_here(mail.host.as_deref()) => {
            problems.add("mail.tls", "is none: the password would travel unencrypted");
        }
        _ => {}
    }
    if let Some(link) = &mail.link {
        let web = link.starts_with("https://") || link.starts_with("http://");
        if !web || link.contains(['?', '#']) || link.contains(|c: char| c.is_control() || c.is_whitespace()) {
            problems.add("mail.link", "must be an address https://… without parameters");
        }
    }
    problems.range("mail.attempts", u64::from(mail.attempts), &(1..=1_000), "attempts");
    let longest = u64::from(mail.longest_delay_seconds);
    problems.range("mail.longest-delay-seconds", longest, &(1..=604_800), "seconds");
    if mail.first_delay_seconds == 0 || mail.first_delay_seconds > mail.longest_delay_seconds {
        problems
            .add("mail.first-delay-seconds", "must be between 1 and `mail.longest-delay-seconds` seconds");
    }
    problems.range("mail.timeout-seconds", u64::from(mail.timeout_seconds), &(1..=600), "seconds");
    problems.range("mail.keep-days", u64::from(mail.keep_days), &(1..=3_650), "days");
}

/// Whether a host is this machine.
fn is_here(host: Option<&str>) -> bool {
    let host = host.unwrap_or_default();
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether it is an `https` origin, as a browser writes one.
fn is_origin(text: &str) -> bool {
    let is_host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:[]".contains(c);
    text.strip_prefix("https://").is_some_and(|host| !host.is_empty() && host.chars().all(is_host))
}

fn doors(config: &Config, problems: &mut Problems) {
    problems.range("misp.license-days", u64::from(config.misp.license_days), &(1..=36_500), "days");
    let orchestrator = &config.orchestrator;
    if orchestrator.origin.as_ref().is_some_and(|origin| !is_origin(origin)) {
        problems.add(
            "orchestrator.origin",
            "must be `https://` and a host, in small letters, with nothing behind",
        );
    }
    problems.range("orchestrator.idle-minutes", orchestrator.idle_minutes.into(), &(1..=10_080), "minutes");
    problems.range("orchestrator.session-hours", orchestrator.session_hours.into(), &(1..=720), "hours");
    problems.range("invitations.days", u64::from(config.invitations.days), &(1..=3_650), "days");
    let doors = &config.doors;
    problems.range("doors.burst", u64::from(doors.burst), &(1..=1_000_000), "requests");
    problems.range("doors.per-minute", u64::from(doors.per_minute), &(1..=10_000_000), "requests");
    problems.range("doors.capacity", size(doors.capacity), &(100..=100_000_000), "addresses");
}

fn classes(classes: &[OrganizationClass], problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (index, class) in classes.iter().enumerate() {
        let key = format!("organizations.classes[{index}]");
        if class.name.trim().is_empty() || class.name.chars().any(char::is_control) {
            problems.add(format!("{key}.name"), "must be a printable name");
        }
        if !seen.insert(class.name.as_str()) {
            problems.add(format!("{key}.name"), format!("`{}` is declared twice", class.name));
        }
        let mut roles = BTreeSet::new();
        for role in &class.roles {
            if role.trim().is_empty() || role.contains('/') {
                problems.add(format!("{key}.roles"), format!("`{role}` is not the name of a role"));
            }
            if !roles.insert(role) {
                problems.add(format!("{key}.roles"), format!("names `{role}` twice"));
            }
        }
    }
    for (r#virtual, sort) in [(false, "normal"), (true, "virtual")] {
        let defaults: Vec<&str> = classes
            .iter()
            .filter(|class| class.default && class.r#virtual == r#virtual)
            .map(|class| class.name.as_str())
            .collect();
        if defaults.len() != 1 {
            let found = if defaults.is_empty() { "none".to_owned() } else { defaults.join(", ") };
            let message =
                format!("need exactly one class with default = true for {sort} organizations, found {found}");
            problems.add("organizations.classes", message);
        }
    }
}

/// Whether `name` can name a custom attribute: a letter, then at most 63 letters, digits, `_`, `.` or `-`.
fn is_attribute_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && name.len() <= 64
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-'))
}

fn attributes(attributes: &[CustomAttribute], problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (index, attribute) in attributes.iter().enumerate() {
        if !is_attribute_name(&attribute.name) {
            let message = format!(
                "`{}` is not a name: expected a letter, then at most 63 letters, digits, `_`, `.` or `-`",
                attribute.name.escape_default()
            );
            problems.add(format!("attributes[{index}].name"), message);
        }
        if attribute.kind.is_empty() {
            problems.add(format!("attributes[{index}].kind"), "is empty: expected a kind such as `user`");
        }
        if !seen.insert((attribute.kind.as_str(), attribute.name.as_str())) {
            let message = format!("`{}` is declared twice for {}", attribute.name, attribute.kind);
            problems.add(format!("attributes[{index}].name"), message);
        }
    }
}
