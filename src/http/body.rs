//! Bodies of requests: read within limits of size and time, and understood by their content type.

use actix_web::error::PayloadError;
use actix_web::web;
use futures_util::StreamExt;

use crate::http::arguments::Arguments;
use crate::http::failure::Failure;
use crate::http::form::Form;
use crate::http::service::Service;
use crate::{json, xml};

/// The arguments that the document of an entity gives, or of a list of entities where the root of a list is given.
pub fn arguments(
    service: &Service,
    (list, root): (Option<&'static str>, &'static str),
    form: Form,
    bytes: &[u8],
) -> Result<Arguments, Failure> {
    match form {
        Form::Xml => {
            let document = xml::decode(bytes, &xml_limits(service)).map_err(Failure::Document)?;
            Ok(match list {
                Some(list) => Arguments::of_documents((list, root), document)?,
                None => Arguments::of_document(root, document)?,
            })
        }
        Form::Json => {
            let document = json::decode(bytes, &json_limits(service)).map_err(Failure::Json)?;
            Ok(match list {
                Some(list) => Arguments::of_json_documents((list, root), document)?,
                None => Arguments::of_json(root, document)?,
            })
        }
    }
}

fn xml_limits(service: &Service) -> xml::Limits {
    let limits = &service.config.limits;
    xml::Limits {
        bytes: limits.body,
        depth: limits.depth,
        members: limits.xml_children,
        value_bytes: limits.value,
        ..xml::Limits::default()
    }
}

/// The limits of a JSON body.
pub(super) fn json_limits(service: &Service) -> json::Limits {
    let limits = &service.config.limits;
    json::Limits {
        bytes: limits.body,
        depth: limits.depth,
        members: limits.xml_children,
        value_bytes: limits.value,
    }
}

/// Reads a body whole, within its limits of size and time.
pub async fn read(service: &Service, mut body: web::Payload) -> Result<Vec<u8>, Failure> {
    let limit = service.config.limits.body;
    let whole = async {
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| broken(&error, limit))?;
            if bytes.len() + chunk.len() > limit {
                return Err(Failure::BodyTooLong(limit));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    let seconds = std::time::Duration::from_secs(service.config.limits.body_seconds.into());
    tokio::time::timeout(seconds, whole).await.unwrap_or(Err(Failure::BodyTooSlow))
}

/// The listener bounds a body in size and time; what it says of one that broke off.
fn broken(error: &PayloadError, limit: usize) -> Failure {
    match error {
        PayloadError::Overflow => Failure::BodyTooLong(limit),
        PayloadError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Failure::BodyTooSlow,
        _ => Failure::BodyBroken,
    }
}
