//! From the configuration to the services: the only place that maps its topics to what each room takes.

use std::borrow::Cow;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use zeroize::Zeroizing;

use crate::audit::flood::SignInFlood;
use crate::auth::attempts::AttemptLimits;
use crate::auth::authenticate::{Authenticator, AuthenticatorSettings};
use crate::auth::bearer::{BearerSettings, Bearers};
use crate::auth::doors::DoorLimit;
use crate::auth::jwt::{Issuer, IssuerSettings, Mapping};
use crate::auth::password::{Cost, Verifier, VerifierSettings};
use crate::auth::turns::Turns;
use crate::auth::verified::CacheBounds;
use crate::config::{
    AccessMatch, AuditReads, AuthConfig, Config, Database, JwtConfig, MailTls, PolicyTypeConfig, Secret,
};
use crate::crypto::policy_schema::{self, PolicyTypes};
use crate::http::identify::{Clients, Tokens};
use crate::http::partner_people::People;
use crate::http::road::SERVICES;
use crate::http::service::Service;
use crate::mail::direct::Direct;
use crate::mail::letters::{Composer, own_base};
use crate::mail::smtp::{MailError, Security, Smtp, SmtpSettings};
use crate::mail::worker::{Policy, Worker};
use crate::model::kind::role;
use crate::model::letter::Courier;
use crate::model::password::PasswordRules;
use crate::model::registry::custom_kind;
use crate::model::rules::{OrganizationClass, PartnerType, ReadRecords, Settings, UserLock};
use crate::model::{Error, Grants, Kind};
use crate::operation::Engine;
use crate::operation::device::orchestrator::session::Sessions;
use crate::operation::setup::{Declaration, declare};
use crate::server::StartError;
use crate::store::{SharedStore, StoreOptions, Touched, connect, private};
use crate::world::SharedWorld;

/// The address of the configured database, for the store.
pub fn database_url(config: &Config) -> String {
    match config.store.database() {
        Database::Sqlite(path) => format!("sqlite://{}", path.display()),
        Database::Postgres(url) => url.expose().to_owned(),
    }
}

/// Opens the configured database; `migrate` applies pending migrations, else they are a refusal.
pub async fn open(config: &Config, world: &SharedWorld, migrate: bool) -> Result<SharedStore, StartError> {
    let directory = &config.store.data_dir;
    if migrate {
        private::create_dir(directory)
            .map_err(|cause| StartError::Directory { directory: directory.display().to_string(), cause })?;
    }
    let mut options = StoreOptions::new(database_url(config), Arc::clone(world));
    options.pool = config.store.pool_size;
    options.migrate = migrate;
    Ok(connect(options).await?)
}

/// What the configuration decides about entities.
pub fn settings(config: &Config) -> Settings {
    let classes = config.organizations.classes.iter().map(|class| OrganizationClass {
        name: class.name.clone(),
        is_virtual: class.r#virtual,
        roles: class.roles.clone(),
        default: class.default,
        approval: class.approval,
    });
    let partner_types = config.partners.types.iter().map(|known| PartnerType {
        name: known.name.clone(),
        needs_policy_group: known.needs_policy_group,
        self_registration: known.self_registration,
        credential_types: known.credential_types.clone(),
    });
    Settings {
        classes: classes.collect(),
        partner_types: partner_types.collect(),
        api_key_days: config.partners.api_key_days.into(),
        invitation_days: config.invitations.days.into(),
        password: PasswordRules {
            least: config.password_policy.min,
            most: config.password_policy.max,
            words: config.password_policy.words.clone(),
        },
        lock: UserLock {
            after: config.users.lock_after,
            micros: i64::from(config.users.lock_seconds) * 1_000_000,
        },
        mandate_approval: config.mandates.approval,
        role_recursion: config.roles.recursion,
        license_micros: i64::from(config.misp.license_days) * 86_400_000_000,
        contract_approval: config.contracts.approval,
        approve_by_certificate: config.partners.approve_by_certificate,
        policy_days: config.policies.days.into(),
        read_records: match config.audit.reads {
            AuditReads::Off => ReadRecords::Off,
            AuditReads::Deferred => ReadRecords::Deferred,
            AuditReads::Grouped => ReadRecords::Grouped,
        },
        access_segments: config.access.r#match == AccessMatch::Segment,
        guard_tenant: config.access.guard_tenant.clone(),
    }
}

/// The configured custom attributes; error 1 names one of an unknown kind.
fn declarations(config: &Config) -> Result<Vec<Declaration>, Error> {
    let declaration = |attribute: &crate::config::CustomAttribute| {
        let kind = custom_kind(&attribute.kind).ok_or_else(|| {
            Error::invalid(format!("attributes: kind of {}", attribute.name), "expected the name of a kind")
        })?;
        let (indexed, many) = (attribute.indexed, attribute.many);
        Ok(Declaration { kind, name: attribute.name.clone(), indexed, many })
    };
    config.attributes.iter().map(declaration).collect()
}

/// The types of policies with their compiled schemas; an error names the type at fault.
fn policy_types(config: &Config) -> Result<PolicyTypes, StartError> {
    let mut types = PolicyTypes::default();
    for PolicyTypeConfig { name, schema } in &config.policies.types {
        let fault = |cause: String| StartError::PolicyType { name: name.clone(), cause };
        let text = match schema {
            Some(file) => std::fs::read_to_string(file)
                .map(Cow::Owned)
                .map_err(|error| fault(format!("cannot read {}: {error}", file.display())))?,
            None => policy_schema::built_in(name).map(Cow::Borrowed).ok_or_else(|| {
                fault("no schema is given, and none of this name comes with the product".to_owned())
            })?,
        };
        types.add(name, &text).map_err(fault)?;
    }
    Ok(types)
}

/// Words for letters; an error names the template at fault.
fn letters(config: &Config) -> Result<Composer, StartError> {
    let mail = &config.mail;
    let own = || own_base(config.serve.listen, config.serve.plain_http, &format!("{SERVICES}/2.0"));
    let base = mail.link.clone().unwrap_or_else(own);
    Ok(Composer::new(mail.templates.as_deref(), &mail.default_locale, &base).map_err(MailError::from)?)
}

/// The engine over an open store.
pub async fn engine(store: SharedStore, config: &Config, world: SharedWorld) -> Result<Engine, StartError> {
    for role in config.organizations.classes.iter().flat_map(|class| &class.roles) {
        role::check_name("organizations.classes: role", role)?;
    }
    declare(&store, &world, declarations(config)?).await?;
    let letters = Arc::new(letters(config)?);
    let policy_types = Arc::new(policy_types(config)?);
    Ok(Engine::over(store, world, settings(config), letters, policy_types).await?)
}

/// The configured mail server; `None` where there is none.
fn smtp(config: &Config) -> Result<Option<Smtp>, StartError> {
    let mail = &config.mail;
    let Some(host) = mail.host.clone() else { return Ok(None) };
    let password = |secret: &Secret| Zeroizing::new(secret.expose().to_owned());
    let smtp = Smtp::new(SmtpSettings {
        host,
        port: mail.port,
        security: match mail.tls {
            MailTls::Starttls => Security::StartTls,
            MailTls::Tls => Security::Tls,
            MailTls::None => Security::None,
        },
        authority: mail.ca.clone(),
        credentials: mail.username.clone().zip(mail.password.as_ref().map(password)),
        from: mail.from.clone().unwrap_or_default(),
        reply_to: mail.reply_to.clone(),
        timeout: Duration::from_secs(mail.timeout_seconds.into()),
    })?;
    Ok(Some(smtp))
}

/// Who sends mails; `None` where no mail server is configured: then they stay in the outbox.
pub fn mailer(
    store: &SharedStore,
    config: &Config,
    world: &SharedWorld,
) -> Result<Option<Worker>, StartError> {
    let mail = &config.mail;
    let Some(smtp) = smtp(config)? else { return Ok(None) };
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let policy = Policy {
        attempts: mail.attempts,
        first_delay: seconds(mail.first_delay_seconds),
        longest_delay: seconds(mail.longest_delay_seconds),
        timeout: seconds(mail.timeout_seconds.into()),
        keep: seconds(u32::from(mail.keep_days) * 86_400),
    };
    Ok(Some(Worker::new(Arc::clone(store), Arc::clone(world), smtp, policy)))
}

/// The password verifier.
pub fn verifier(auth: &AuthConfig, world: SharedWorld) -> Result<Verifier, StartError> {
    let standard = VerifierSettings::default();
    let argon2 = &auth.argon2;
    let settings = VerifierSettings {
        threads: argon2.workers.and_then(|n| NonZeroUsize::new(n.into())).unwrap_or(standard.threads),
        waiting: argon2.queue,
        wait: Duration::from_secs(argon2.wait_seconds.into()),
        cost: Cost { memory_kib: argon2.memory_kib, passes: argon2.iterations, lanes: argon2.parallelism },
        ..standard
    };
    Ok(Verifier::start(world, settings)?)
}

fn authenticator_settings(auth: &AuthConfig) -> AuthenticatorSettings {
    let attempts = &auth.attempts;
    let millis = |millis: u32| Duration::from_millis(millis.into());
    AuthenticatorSettings {
        cache: CacheBounds {
            capacity: auth.cache.capacity,
            time_to_live: Duration::from_secs(auth.cache.ttl_seconds.into()),
        },
        attempts: AttemptLimits {
            delay_from: attempts.free,
            delay: millis(attempts.first_delay_millis),
            delay_max: millis(attempts.longest_delay_millis),
            lock_after: attempts.lock_after,
            lock: Duration::from_secs(attempts.lock_seconds.into()),
            capacity: usize::try_from(attempts.capacity).unwrap_or(usize::MAX),
            ..AttemptLimits::default()
        },
    }
}

/// What is accepted of a configured issuer; it has no keys yet.
fn issuer(jwt: &JwtConfig) -> Result<Arc<Issuer>, Error> {
    let mapping = |mapping: &crate::config::JwtGrants| {
        let words = match &mapping.preset {
            Some(preset) => Grants::preset(preset).unwrap_or_default(),
            None => mapping.words.clone(),
        };
        let grants = Grants::parse(words.iter().map(String::as_str))?;
        Ok::<_, Error>(Mapping { claim: mapping.claim.clone(), value: mapping.value.clone(), grants })
    };
    Ok(Arc::new(Issuer::new(IssuerSettings {
        name: jwt.name.clone(),
        issuer: jwt.issuer.clone(),
        audience: jwt.audience.clone(),
        algorithms: jwt.algorithms.clone(),
        client_claim: jwt.client_claim.clone(),
        within: jwt.within.clone(),
        within_claim: jwt.within_claim.clone(),
        leeway: jwt.leeway_seconds,
        once: jwt.once,
        grants: jwt.grants.iter().map(mapping).collect::<Result<_, _>>()?,
    })))
}

/// Who calls with a token.
fn bearers(engine: &Engine, auth: &AuthConfig, world: SharedWorld) -> Result<Bearers<Tokens>, Error> {
    /// Wrong tokens cannot be guesses, so that an address may present more of them than of wrong passwords.
    const TIMES: u32 = 10;
    let settings = authenticator_settings(auth);
    let wrong = auth.attempts.lock_after.saturating_mul(TIMES);
    let settings = BearerSettings {
        cache: settings.cache,
        wrong: NonZeroU32::new(wrong).unwrap_or(NonZeroU32::MIN),
        addresses: settings.attempts.capacity,
    };
    let issuers = auth.jwt.iter().map(issuer).collect::<Result<_, _>>()?;
    Ok(Bearers::new(Tokens(engine.clone()), issuers, world, settings))
}

/// The recorder of a process: installed once, shared by every server in it (tests run several).
fn metrics() -> Option<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    let install = || {
        let seconds = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];
        let named = Matcher::Suffix("_seconds".to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(named, &seconds).ok()?;
        builder.install_recorder().ok()
    };
    HANDLE.get_or_init(install).clone()
}

/// The limit at the doors that need no credentials.
fn doors(config: &Config) -> DoorLimit {
    let bound = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let doors = &config.doors;
    DoorLimit::new(bound(doors.burst), bound(doors.per_minute), doors.capacity)
}

/// The service over an open store.
pub async fn service(store: SharedStore, config: Config, world: SharedWorld) -> Result<Service, StartError> {
    let engine = engine(Arc::clone(&store), &config, Arc::clone(&world)).await?;
    let verifier = Arc::new(verifier(&config.auth, Arc::clone(&world))?);
    let clients = Clients(Arc::clone(&store));
    let settings = authenticator_settings(&config.auth);
    let authenticator =
        Arc::new(Authenticator::new(clients, Arc::clone(&verifier), Arc::clone(&world), settings));
    let people = People(engine.clone());
    let people = Arc::new(Authenticator::new(people, Arc::clone(&verifier), Arc::clone(&world), settings));
    let courier = smtp(&config)?
        .map(|smtp| Arc::new(Direct::new(Arc::clone(&store), Arc::clone(&world), smtp)) as Arc<dyn Courier>);
    let bearers = Arc::new(bearers(&engine, &config.auth, world)?);
    let (forgetting, bearers_forgetting) = (Arc::clone(&authenticator), Arc::clone(&bearers));
    store.on_commit(Arc::new(move |touched: Touched| {
        if touched.has(Kind::ApiClient) {
            forgetting.forget_all();
        }
        if touched.has(Kind::ApiClient) || touched.has(Kind::Token) {
            bearers_forgetting.forget_all();
        }
    }));
    let doors = doors(&config);
    Ok(Service {
        engine,
        authenticator,
        people,
        courier,
        bearers,
        verifier,
        turns: Turns::default(),
        config,
        doors,
        sessions: Sessions::default(),
        flood: SignInFlood::default(),
        metrics: metrics(),
    })
}
