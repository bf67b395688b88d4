//! Documents of success: entities, lists of ids, lists of entities. Only what is `Visible` can be written.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, ETAG, LAST_MODIFIED};

use crate::config::{AnswersConfig, ReferenceStyle};
use crate::http::failure::XML;
use crate::model::visible::{Field, Shown, Visible};
use crate::model::{Kind, visible::VisibleId};
use crate::xml::{Encoder, encode};

/// What every answer repeats of its request.
#[derive(Debug, Clone)]
pub struct Echo {
    /// `inResponseTo`: the path after `/customerid-rest/services`, or the whole address; never the query.
    pub in_response_to: String,
    /// The request's method.
    pub method: &'static str,
    /// Where references carry their kind.
    pub style: encode::ReferenceStyle,
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
        Self { in_response_to, method, style }
    }

    /// Begins the document of a list of `kind`.
    pub fn open_list(&self, kind: Kind, bytes: usize) -> Encoder {
        let mut out = Encoder::with_capacity(bytes);
        out.declaration();
        out.open_list(kind.def().list, Some(&self.in_response_to), self.method);
        out
    }

    /// Begins the document of a list of something that is no kind, by its root.
    pub fn open_made_list(&self, root: &'static str) -> Encoder {
        let mut out = Encoder::with_capacity(1_024);
        out.declaration();
        out.open_list(root, Some(&self.in_response_to), self.method);
        out
    }

    /// Answers ids as the list of a kind: what a change touched.
    pub fn ids(&self, kind: Kind, ids: &[uuid::Uuid]) -> HttpResponse {
        let mut out = self.open_list(kind, 256 + ids.len() * 48);
        for id in ids {
            out.id(*id);
        }
        document(out.finish())
    }

    /// Answers whom an invitation was sent to again, and where.
    pub fn reinvited(&self, user: uuid::Uuid, email: &str) -> HttpResponse {
        let mut out = Encoder::with_capacity(512);
        out.declaration();
        out.open_entity("ReinviteResponse", Some(&self.in_response_to), Some(self.method));
        out.element("userId", &user.to_string());
        out.element("email", email);
        document(out.finish())
    }

    /// The document of one entity.
    pub fn entity(&self, visible: &Visible<'_>) -> Vec<u8> {
        let mut out = Encoder::with_capacity(1_024);
        out.declaration();
        out.open_entity(visible.kind.def().root, Some(&self.in_response_to), Some(self.method));
        fields(&mut out, &visible.fields, self.style);
        out.finish()
    }

    /// The document of one row that is no entity.
    pub fn entry(&self, kind: Kind, fields: &[(&'static str, Vec<String>)]) -> Vec<u8> {
        let mut out = Encoder::with_capacity(2_048);
        out.declaration();
        out.open_entity(kind.def().root, Some(&self.in_response_to), Some(self.method));
        entry_fields(&mut out, fields);
        out.finish()
    }
}

/// Writes an id of a list.
pub fn list_id(out: &mut Encoder, id: VisibleId) {
    out.id(id.id());
}

/// Writes a whole entity of a list.
pub fn list_entity(out: &mut Encoder, visible: &Visible<'_>, style: encode::ReferenceStyle) {
    out.open_nested(visible.kind.def().root);
    fields(out, &visible.fields, style);
    out.close();
}

/// Writes an entity of a list that is no kind, by its root.
pub fn list_made(out: &mut Encoder, root: &'static str, made: &[Field<'_>], style: encode::ReferenceStyle) {
    out.open_nested(root);
    fields(out, made, style);
    out.close();
}

/// Writes a whole row of a list that is no entity.
pub fn list_entry(out: &mut Encoder, kind: Kind, fields: &[(&'static str, Vec<String>)]) {
    out.open_nested(kind.def().root);
    entry_fields(out, fields);
    out.close();
}

fn entry_fields(out: &mut Encoder, fields: &[(&'static str, Vec<String>)]) {
    for (name, values) in fields {
        out.attribute(name, values.iter().map(String::as_str));
    }
}

fn fields(out: &mut Encoder, fields: &[Field<'_>], style: encode::ReferenceStyle) {
    for field in fields {
        match field.values.referred_kind() {
            Some(kind) if style == encode::ReferenceStyle::Attribute => {
                let mut ids = Vec::new();
                field.values.each(|value| {
                    if let Shown::Reference(_, id) = value {
                        ids.push(*id);
                    }
                });
                out.reference(field.name, kind.name(), ids, style);
            }
            _ => {
                out.open_attribute(field.name);
                field.values.each(|value| one(out, value, style));
                out.close();
            }
        }
    }
}

fn one(out: &mut Encoder, value: &Shown<'_>, style: encode::ReferenceStyle) {
    match value {
        Shown::Text(text) => out.value(text),
        Shown::Reference(kind, id) => {
            let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
            out.typed_value(kind.name(), id.hyphenated().encode_lower(&mut text));
        }
        Shown::Entity(visible) => {
            out.open_nested("Entity");
            fields(out, &visible.fields, style);
            out.close();
        }
    }
}

/// A document of success.
pub fn document(body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, XML)).body(body)
}

/// The ETag of an answer: the version that `If-Match` compares, and a digest of the document, because names of
/// organizations and the client's grants shape it too.
pub fn etag(version: i64, body: &[u8]) -> String {
    let digest = blake3::hash(body);
    let short = digest.as_bytes().first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes));
    format!("\"{version}-{short:08x}\"")
}

/// A document of one entity with its validators.
pub fn validated(body: Vec<u8>, etag: &str, updated: i64) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, XML)).insert_header((ETAG, etag));
    // 0: it is not known when.
    if updated > 0 {
        response.insert_header((LAST_MODIFIED, http_date(updated)));
    }
    response.body(body)
}

/// An instant in the form of HTTP headers.
fn http_date(micros: i64) -> String {
    let seconds = u64::try_from(micros / 1_000_000).unwrap_or_default();
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    actix_web::http::header::HttpDate::from(at).to_string()
}
