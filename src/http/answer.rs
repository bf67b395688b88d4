//! Documents of success: entities, lists of ids, lists of entities. Only what is `Visible` can be written.

use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::body::{self, BodySize, BodyStream, BoxBody, MessageBody};
use actix_web::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue, LAST_MODIFIED};
use actix_web::web::Bytes;
use uuid::Uuid;

use crate::config::{AnswersConfig, ReferenceStyle};
use crate::http::dialect::Version;
use crate::http::form::Form;
use crate::http::writer::{Body, Writer};
use crate::model::visible::{Field, Shown, Visible};
use crate::model::{Kind, visible::VisibleId};
use crate::store::answers::Answer;
use crate::xml::encode;

/// What every answer repeats of its request, and how it is written.
#[derive(Debug, Clone)]
pub struct Echo {
    /// `inResponseTo`: the path after `/customerid-rest/services`, or the whole address; never the query.
    pub in_response_to: String,
    /// The request's method; for HEAD that of the answer it stands for.
    pub method: &'static str,
    /// Where references carry their kind.
    pub style: encode::ReferenceStyle,
    /// The form the client accepts.
    pub form: Form,
    /// The version of the interface that was asked.
    pub version: Version,
}

impl Echo {
    /// The echo of a request for `path`, the raw path below `/customerid-rest/services`.
    pub fn new(answers: &AnswersConfig, path: &str, method: &'static str, host: Option<&str>) -> Self {
        let in_response_to = match host {
            Some(host) if answers.absolute_urls => format!("https://{host}/customerid-rest/services{path}"),
            _ => path.to_owned(),
        };
        let style = match answers.reference_style {
            ReferenceStyle::Value => encode::ReferenceStyle::Value,
            ReferenceStyle::Attribute => encode::ReferenceStyle::Attribute,
        };
        Self { in_response_to, method, style, form: Form::Xml, version: Version::V2_0 }
    }

    /// In this form of that version.
    #[must_use]
    pub fn written(self, form: Form, version: Version) -> Self {
        Self { form, version, ..self }
    }

    /// A writer in the form of the answer.
    fn writer(&self, bytes: usize) -> Writer {
        Writer::new(self.form, self.version, bytes)
    }

    /// Begins the document of a list of `kind`.
    pub fn open_list(&self, kind: Kind, bytes: usize) -> Writer {
        let mut out = self.writer(bytes);
        out.open_list(kind.def().list, &self.in_response_to, self.method);
        out
    }

    /// Begins the document of something that is no entity, by its root.
    pub fn open_made(&self, root: &'static str) -> Writer {
        let mut out = self.writer(4_096);
        out.open_entity(root, (None, None), &self.in_response_to, self.method);
        out
    }

    /// Begins the document of a list of something that is no kind, by its root.
    pub fn open_made_list(&self, root: &'static str) -> Writer {
        let mut out = self.writer(1_024);
        out.open_list(root, &self.in_response_to, self.method);
        out.expect_entities();
        out
    }

    /// The document of ids as the list of a kind: what a change touched.
    pub fn id_list(&self, kind: Kind, ids: &[Uuid]) -> Body {
        let mut out = self.open_list(kind, 256 + ids.len() * 48);
        for id in ids {
            out.id(*id);
        }
        out.finish()
    }

    /// Answers ids as the list of a kind.
    pub fn ids(&self, kind: Kind, ids: &[Uuid]) -> HttpResponse {
        let body = self.id_list(kind, ids);
        let may_be_kept = (self.method == "POST").then(|| IdsOnly(body.clone()));
        let mut response = document(body);
        if let Some(ids) = may_be_kept {
            response.extensions_mut().insert(ids);
        }
        response
    }

    /// The answer of ids as it is kept for a repetition of the request.
    pub fn kept_ids(&self, kind: Kind, ids: &[Uuid]) -> Answer {
        kept(self.id_list(kind, ids))
    }

    /// Answers whom an invitation was sent to again, and where.
    pub fn reinvited(&self, user: uuid::Uuid, email: &str) -> HttpResponse {
        let mut out = self.writer(512);
        out.open_entity("ReinviteResponse", (None, None), &self.in_response_to, self.method);
        out.element("userId", &user.to_string());
        out.element("email", email);
        document(out.finish())
    }

    /// The document of one entity.
    pub fn entity(&self, visible: &Visible<'_>) -> Body {
        let mut out = self.writer(1_024);
        let entity_type = self.version.entity_type(visible);
        let identity = (Some(visible.id), entity_type.as_deref());
        out.open_entity(visible.kind.def().root, identity, &self.in_response_to, self.method);
        fields(&mut out, Some(visible.kind), &visible.fields, self.style);
        out.finish()
    }

    /// The document of something that is no entity, by its root.
    pub fn made(&self, root: &'static str, made: &[Field<'_>]) -> Body {
        let mut out = self.writer(512);
        out.open_entity(root, (None, None), &self.in_response_to, self.method);
        fields(&mut out, None, made, self.style);
        out.finish()
    }

    /// The document of one row that is no entity.
    pub fn entry(&self, kind: Kind, id: Uuid, fields: &[(&'static str, Vec<String>)]) -> Body {
        let mut out = self.writer(2_048);
        out.open_entity(kind.def().root, (Some(id), None), &self.in_response_to, self.method);
        entry_fields(&mut out, fields);
        out.finish()
    }
}

/// Marks an answer that shows ids only, so that it may be kept: there is no secret in it.
struct IdsOnly(Body);

/// What may be kept of an answer as it stands; `None` where it might show a secret.
pub fn without_secrets(response: &HttpResponse) -> Option<Answer> {
    response.extensions().get::<IdsOnly>().map(|ids| kept(ids.0.clone()))
}

fn kept(body: Body) -> Answer {
    Answer { status: 200, content_type: body.content_type().to_owned(), body: body.bytes }
}

/// Writes an id of a list.
pub fn list_id(out: &mut Writer, id: VisibleId) {
    out.id(id.id());
}

/// Writes a whole entity of a list.
pub fn list_entity(out: &mut Writer, visible: &Visible<'_>, style: encode::ReferenceStyle) {
    let entity_type = out.version().entity_type(visible);
    out.open_identified(visible.kind.def().root, (Some(visible.id), entity_type.as_deref()));
    fields(out, Some(visible.kind), &visible.fields, style);
    out.close();
}

/// Writes an entity of a list that is no kind, by its root.
pub fn list_made(out: &mut Writer, root: &'static str, made: &[Field<'_>], style: encode::ReferenceStyle) {
    out.open_nested(root);
    fields(out, None, made, style);
    out.close();
}

/// Writes a whole row of a list that is no entity.
pub fn list_entry(out: &mut Writer, kind: Kind, id: Uuid, fields: &[(&'static str, Vec<String>)]) {
    out.open_identified(kind.def().root, (Some(id), None));
    entry_fields(out, fields);
    out.close();
}

fn entry_fields(out: &mut Writer, fields: &[(&'static str, Vec<String>)]) {
    for (name, values) in fields {
        out.attribute(name, values.iter().map(String::as_str));
    }
}

fn fields(out: &mut Writer, kind: Option<Kind>, fields: &[Field<'_>], style: encode::ReferenceStyle) {
    for field in fields {
        let name = kind.map_or(field.name, |kind| out.version().name(kind, field.name));
        match field.values.referred_kind() {
            Some(kind) if style == encode::ReferenceStyle::Attribute => {
                let mut ids = Vec::new();
                field.values.each(|value| {
                    if let Shown::Reference(_, id) = value {
                        ids.push(*id);
                    }
                });
                out.reference(name, kind.name(), ids, style);
            }
            _ => {
                out.open_attribute(name);
                values(out, kind, field, style);
                out.close();
            }
        }
    }
}

fn values(out: &mut Writer, kind: Option<Kind>, field: &Field<'_>, style: encode::ReferenceStyle) {
    field.values.each(|value| match value {
        Shown::Text(text) => {
            let text = kind.map_or(text.as_ref(), |kind| out.version().text(kind, field.name, text));
            out.value(text);
        }
        Shown::Reference(kind, id) => {
            let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
            out.typed_value(kind.name(), id.hyphenated().encode_lower(&mut text));
        }
        Shown::Entity(visible) => {
            let entity_type = out.version().entity_type(visible);
            out.open_referred(visible.kind.name(), (Some(visible.id), entity_type.as_deref()));
            fields(out, Some(visible.kind), &visible.fields, style);
            out.close();
        }
    });
}

/// A document of success.
pub fn document(body: Body) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, body.content_type())).body(body.bytes)
}

/// The answer to OPTIONS: the methods an address knows.
pub fn allowed(methods: &[&str]) -> HttpResponse {
    HttpResponse::NoContent().insert_header((ALLOW, methods.join(", "))).finish()
}

/// The answer to HEAD: what GET would say before the body. What is streamed has no length that could be told, and
/// is not read on.
///
/// The library leaves bodies out by itself, but only while the HEAD is the last request it has read: with another
/// one behind it on the connection the body would be sent. So nothing is left that could be.
pub fn head_of(mut answer: HttpResponse) -> HttpResponse {
    match answer.body().size() {
        // Even an empty body of chunks has a last chunk.
        BodySize::Stream => answer.set_body(BoxBody::new(body::None::new())),
        BodySize::Sized(length) if length > 0 => {
            answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
            answer.head_mut().no_chunking(true);
            let nothing = futures_util::stream::empty::<Result<Bytes, Infallible>>();
            answer.set_body(BoxBody::new(BodyStream::new(nothing)))
        }
        BodySize::None | BodySize::Sized(_) => answer,
    }
}

/// The ETag of an answer: the version that `If-Match` compares, and a digest of the document, because names of
/// organizations and the client's grants shape it too.
pub fn etag(version: i64, body: &[u8]) -> String {
    let digest = blake3::hash(body);
    let short = digest.as_bytes().first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    format!("\"{version}-{short:08x}\"")
}

/// A document of one entity with its validators.
pub fn validated(body: Body, etag: &str, updated: i64) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, body.content_type())).insert_header((ETAG, etag));
    // 0: it is not known when.
    if updated > 0 {
        response.insert_header((LAST_MODIFIED, http_date(updated)));
    }
    response.body(body.bytes)
}

/// An instant in the form of HTTP headers.
fn http_date(micros: i64) -> String {
    let seconds = u64::try_from(micros / 1_000_000).unwrap_or_default();
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    actix_web::http::header::HttpDate::from(at).to_string()
}
