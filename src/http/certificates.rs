//! Requests about certificates: arguments to a change, and its answer.

use actix_web::HttpResponse;

use crate::http::arguments::given;
use crate::http::change::Request;
use crate::http::dialect::Operation;
use crate::http::failure::Failure;
use crate::model::kind::certificate;
use crate::model::rules::check_given;
use crate::model::state::Given;
use crate::model::{AttrId, Error, Kind};
use crate::operation::certificate::Upload;
use crate::operation::certificate::authority::UploadAuthorities;
use crate::operation::certificate::partner::{UploadCertificate, check_partner_id};

impl Request<'_> {
    /// The text of the certificates, and the domain.
    async fn certificate_fields(&mut self) -> Result<(String, String), Error> {
        let arguments = std::mem::take(&mut self.arguments);
        let given = given(&self.service.engine, Kind::Certificate, arguments, true).await?;
        check_given(Kind::Certificate, &given, true)?;
        let text = |attr: AttrId| {
            let values = given.iter().find(|(known, _)| *known == attr).map(|(_, values)| values.as_slice());
            match values.and_then(<[Given]>::first) {
                Some(Given::Value(value)) => value.as_text().unwrap_or_default().to_owned(),
                _ => String::new(),
            }
        };
        Ok((text(certificate::DATA), text(certificate::DOMAIN)))
    }

    /// POST `/certificates/ca` and `/partners/{}/certificate`.
    pub(super) async fn upload_certificate(mut self, asked: Upload) -> Result<HttpResponse, Failure> {
        let operation = Operation::Upload(asked);
        if asked == Upload::Partner {
            let named = check_partner_id(self.keys.first().map(String::as_str).unwrap_or_default());
            self.understood(operation, named).await?;
        }
        let read = self.certificate_fields().await;
        let (data, domain) = self.understood(operation, read).await?;
        match asked {
            Upload::Authority => {
                let upload = UploadAuthorities::new(&self.service.engine, &data, &domain);
                let upload = self.understood(operation, upload).await?;
                self.granted(operation).await?;
                self.nothing_to_match(operation).await?;
                self.answering(upload, Kind::Certificate, Clone::clone).await
            }
            Upload::Partner => {
                // What can be said of the certificate alone is said before anything is looked up.
                let precondition = self.precondition.clone();
                let upload = UploadCertificate::new(&self.service.engine, &data, &domain, precondition);
                let upload = self.understood(operation, upload).await?;
                self.granted(operation).await?;
                let partner = self.owner_id(operation, Kind::Partner).await?;
                let upload = upload.of(partner);
                self.answering(upload, Kind::Certificate, |id| vec![*id]).await
            }
        }
    }
}
