//! POST `/imports/digit`: master files to one change, and its report as the answer.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpResponse, web};

use crate::http::answer::Echo;
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::http::params::shortened;
use crate::http::writer::Body;
use crate::model::Error;
use crate::operation::digit::import::{ImportMasters, import};
use crate::operation::digit::report::{REPORT, Report};
use crate::operation::digit::{Files, Masters, Tenant};
use crate::store::answers::Answer;

/// The most findings of one answer; how many more there are stands beside them.
const MOST_FINDINGS: usize = 5_000;

/// Reads the files away from the threads that serve.
async fn masters(tenant: Tenant, files: Files) -> Result<Masters, Error> {
    let read = web::block(move || Masters::read(&tenant, &files)).await;
    read.unwrap_or_else(|_| Err(Error::unavailable("reading master files was cut off")))
}

impl Request<'_> {
    /// Performs the import and answers what came of it.
    pub(super) async fn import_masters(mut self, operation: Operation) -> Result<HttpResponse, Failure> {
        let read = self.masters().await;
        let (masters, dry_run) = self.understood(operation, read).await?;
        self.granted(operation).await?;
        self.nothing_to_match(operation).await?;
        let engine = &self.service.engine;
        let change = ImportMasters::new(engine, self.caller, masters, Arc::new(|_| {}));
        let echo = self.echo.clone();
        let render = move |report: &Report| Some(kept(&echo, report));
        let report = import(engine, self.caller, change, dry_run, render).await?;
        let Body { bytes, form } = document(&self.echo, &report);
        Ok(HttpResponse::build(status(&report))
            .insert_header((CONTENT_TYPE, form.content_type()))
            .body(bytes))
    }

    async fn masters(&mut self) -> Result<(Masters, bool), Error> {
        let mut arguments = std::mem::take(&mut self.arguments);
        let tenant = arguments.take_one("tenant")?.ok_or_else(|| Error::invalid("tenant", "mandatory"))?;
        let tenant = Tenant::read(&tenant)?;
        let dry_run = match arguments.take_one("dryRun")?.as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Error::invalid("dryRun", "expected true or false")),
        };
        if let Some((name, _)) = arguments.named.first() {
            return Err(Error::invalid(shortened(name), "this operation has no such parameter"));
        }
        let files = arguments.files.ok_or_else(|| Error::internal("an import without files"))?;
        Ok((masters(tenant, files).await?, dry_run))
    }
}

/// Done, or done in part.
fn status(report: &Report) -> StatusCode {
    if report.is_complete() { StatusCode::OK } else { StatusCode::MULTI_STATUS }
}

fn kept(echo: &Echo, report: &Report) -> Answer {
    let body = document(echo, report);
    let content_type = body.content_type().to_owned();
    Answer { status: status(report).as_u16().into(), content_type, body: body.bytes }
}

fn document(echo: &Echo, report: &Report) -> Body {
    let mut out = echo.open_made(REPORT);
    for (name, values) in report.fields() {
        out.attribute(&name, values.iter().map(String::as_str));
    }
    let (shown, more) = report.findings.split_at(report.findings.len().min(MOST_FINDINGS));
    if !more.is_empty() {
        out.attribute("findingsNotShown", [more.len().to_string().as_str()]);
    }
    if !shown.is_empty() {
        out.open_attribute("finding");
        for finding in shown {
            out.open_referred("finding", (None, None));
            for (name, value) in finding.fields() {
                out.attribute(name, [value.as_str()]);
            }
            out.close();
        }
        out.close();
    }
    out.finish()
}
