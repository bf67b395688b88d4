//! What a server does beside answering: counts of failed sign-ins into the trail, mails to be sent, indexes
//! to be built, records to be sealed, renewed certificates, metrics put together.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::audit::{Action, Scene};
use crate::http::service::Service;
use crate::http::sign_in::counted_user;
use crate::mail::worker::Worker;
use crate::model::{Error, Kind, Verb};
use crate::operation::index_building::IndexBuilder;
use crate::operation::sealing::Sealer;
use crate::operation::sign_in::SignIn;
use crate::operation::{Caller, once, refuse, token};
use crate::server::issuers;
use crate::server::tls::Certificates;

const SIGN_INS: Duration = Duration::from_secs(10);
const SECRETS: Duration = Duration::from_mins(10);
const METRICS: Duration = Duration::from_secs(5);
const ANSWERS: Duration = Duration::from_hours(1);
const CERTIFICATE: Duration = Duration::from_hours(24);

/// The background tasks of a server.
pub struct Tasks {
    stop: watch::Sender<bool>,
    running: Vec<JoinHandle<()>>,
}

impl Tasks {
    /// Starts them.
    pub fn start(
        service: web::Data<Service>,
        certificates: Option<Arc<Certificates>>,
        mailer: Option<Worker>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut running = Vec::new();
        if let Some(metrics) = service.metrics.clone() {
            running.push(tokio::spawn(put_together(metrics, stopped.clone())));
        }
        running.push(tokio::spawn(forget_answers(service.clone(), stopped.clone())));
        let (store, world) = (service.engine.store.clone(), service.engine.world.clone());
        running.push(tokio::spawn(IndexBuilder::new(store, world).run(stopped.clone())));
        let (store, world) = (service.engine.store.clone(), service.engine.world.clone());
        running.push(tokio::spawn(Sealer::new(store, world).run(stopped.clone())));
        running.push(tokio::spawn(sweep_secrets(service.clone(), stopped.clone())));
        running.extend(issuers::follow(&service, &stopped));
        running.push(tokio::spawn(count_sign_ins(service, stopped.clone())));
        if let Some(mailer) = mailer {
            running.push(tokio::spawn(mailer.run(stopped.clone())));
        }
        if let Some(certificates) = certificates {
            running.push(tokio::spawn(renew(certificates, stopped)));
        }
        Self { stop, running }
    }

    /// Ends them; what was counted is recorded.
    pub async fn stop(self) {
        // Nobody listening any more means that they have ended.
        let _ = self.stop.send(true);
        for task in self.running {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background task ended with an error");
            }
        }
    }
}

async fn count_sign_ins(service: web::Data<Service>, mut stopped: watch::Receiver<bool>) {
    loop {
        let ended = tokio::time::timeout(SIGN_INS, stopped.changed()).await.is_ok();
        let now = if ended { i64::MAX } else { service.engine.world.now() };
        for tally in service.flood.finished(now) {
            let user = counted_user(&tally.source).map(|(origin, id)| (origin.to_owned(), id));
            let action = match &user {
                Some((_, id)) => SignIn::of(Some(*id)),
                None => Action::of(Verb::Authenticate, Kind::ApiClient, None),
            };
            let source = user.map_or(tally.source, |(origin, _)| origin);
            let scene = Scene { client: tally.name, source, request_id: String::new(), subject: None };
            let caller = Caller::nobody(scene);
            let counted = format!("authentication failed {} times more", tally.count);
            let error =
                refuse(&service.engine, &caller, action, Error::invalid("credentials", counted)).await;
            if error.is_ours() {
                tracing::error!(%error, "failed sign-ins could not be recorded");
            }
        }
        if ended {
            return;
        }
    }
}

/// Secrets that have ended are forgotten: single-use tokens, codes, access tokens.
async fn sweep_secrets(service: web::Data<Service>, mut stopped: watch::Receiver<bool>) {
    while tokio::time::timeout(SECRETS, stopped.changed()).await.is_err() {
        let engine = &service.engine;
        if let Err(error) = token::sweep(&engine.store, engine.world.now()).await {
            tracing::warn!(?error, "ended secrets could not be forgotten");
        }
    }
}

/// Answers that were kept for a repetition of their request are dropped after a day.
async fn forget_answers(service: web::Data<Service>, mut stopped: watch::Receiver<bool>) {
    while tokio::time::timeout(ANSWERS, stopped.changed()).await.is_err() {
        match once::forget(&service.engine).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "kept answers were dropped"),
            Err(error) => tracing::error!(%error, "kept answers could not be dropped"),
        }
    }
}

/// Every measured time is kept singly until it is put into its bucket: without this a server that nobody asks for
/// metrics would grow by eight bytes a request.
async fn put_together(metrics: PrometheusHandle, mut stopped: watch::Receiver<bool>) {
    while tokio::time::timeout(METRICS, stopped.changed()).await.is_err() {
        metrics.run_upkeep();
    }
}

async fn renew(certificates: Arc<Certificates>, mut stopped: watch::Receiver<bool>) {
    while tokio::time::timeout(CERTIFICATE, stopped.changed()).await.is_err() {
        let certificates = Arc::clone(&certificates);
        match tokio::task::spawn_blocking(move || certificates.refresh()).await {
            Ok(Ok(true)) => tracing::info!("the certificate was renewed"),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => tracing::error!(%error, "the certificate could not be renewed"),
            Err(error) => tracing::error!(%error, "renewing the certificate broke"),
        }
    }
}
