//! Addresses that need no credentials and carry no data: `/healthz`, `/readyz`, `/metrics`, `/schema/*.xsd`.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse};

use crate::http::answer::allowed;
use crate::http::dialect::known;
use crate::http::failure::Failure;
use crate::http::form::Form;
use crate::http::road::Trace;
use crate::http::service::Service;
use crate::xml::schema_file;

const TEXT: &str = "text/plain; charset=utf-8";

/// Answers a public address; `None` when `path` is not one.
pub async fn answer(
    service: &Service,
    request: &HttpRequest,
    path: &str,
    trace: &mut Trace,
) -> Option<Result<HttpResponse, Failure>> {
    let schema = path.strip_prefix("/schema/");
    trace.route = match (path, schema) {
        ("/healthz", _) => "healthz",
        ("/readyz", _) => "readyz",
        ("/metrics", _) => "metrics",
        (_, Some(_)) => "schema",
        _ => return None,
    };
    match request.method().as_str() {
        "GET" | "HEAD" => {}
        "OPTIONS" => return Some(Ok(allowed(&known(vec!["GET"])))),
        _ => return Some(Err(Failure::WrongMethod(known(vec!["GET"])))),
    }
    Some(match (trace.route, schema) {
        ("healthz", _) => Ok(text("alive\n".to_owned())),
        ("readyz", _) => match service.engine.store.ready().await {
            Ok(()) => Ok(text("ready\n".to_owned())),
            Err(error) => Err(crate::model::Error::unavailable(format!("readyz: {error:?}")).into()),
        },
        ("metrics", _) => match &service.metrics {
            Some(metrics) => Ok(text(metrics.render())),
            None => Err(Failure::UnknownPath),
        },
        (_, Some(name)) => schema_file(name).map_or(Err(Failure::UnknownPath), |schema| {
            Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, Form::Xml.content_type())).body(schema))
        }),
        _ => Err(Failure::UnknownPath),
    })
}

fn text(body: String) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, TEXT)).body(body)
}
