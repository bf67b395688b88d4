//! The coded events of the partner service.

use super::{Category, Coded, Service, coded};

const PARTNER: Option<&str> = Some("Partner ID");

coded! { Partner;
    REGISTER_ASKED = Request "PMS_PRT_101" User "Register Partner" None, "a partner is to be registered";
    KEY_ASKED = Request "PMS_PRT_112" User "Register Partner" PARTNER, "an API key for partner {} is asked for";
    REGISTERED = Success "PMS_PRT_200" User "Register Partner" None, "a partner was registered";
    KEY_REQUESTED = Success "PMS_PRT_212" User "Create Partner Key" PARTNER, "the request of partner {} for an API key was taken";
    KEY_DECISION_ASKED = Request "PMS_PRT_122" System "Create Partner" None, "a request for an API key is to be decided";
    EXTRACTORS_ASKED = Request "PMS_PRT_111" System "Create Partner" None, "biometric extractors of a partner are to be stored";
    CREDENTIAL_TYPE_ASKED = Request "PMS_PRT_121" System "Create Partner Policy Map" None, "a policy is to be mapped to a credential type of a partner";
    CONTACT_ASKED = Request "PMS_PRT_144" System "Create Partner Policy Map" None, "a contact of a partner is to be stored";
    READ_ASKED = Request "PMS_PRT_149" System "Get Partner" None, "partners are to be read";
    KEY_REQUESTS_ASKED = Request "PMS_PRT_159" System "Get Partner" None, "requests for API keys are to be read";
    CERTIFICATE_ASKED = Request "PMS_PRT_169" System "Get Partner" None, "the certificate of a partner is to be read";
    KEY_APPROVED = Success "PMS_PRT_222" System "Create Partner" None, "the API key of partner {} was approved";
    EXTRACTORS_STORED = Success "PMS_PRT_211" System "Create Partner" None, "biometric extractors of a partner were stored";
    CREDENTIAL_TYPE_MAPPED = Success "PMS_PRT_221" System "Create Partner Policy Mapping" None, "a policy was mapped to a credential type of a partner";
    CONTACT_STORED = Success "PMS_PRT_244" System "Create Partner Policy Mapping" None, "a contact of a partner was stored";
    READ = Success "PMS_PRT_249" System "Get Partner" None, "partners were read";
    KEY_REQUESTS_READ = Success "PMS_PRT_259" System "Get Partner" None, "requests for API keys were read";
    CERTIFICATE_READ = Success "PMS_PRT_269" System "Get Partner" None, "the certificate of a partner was read";
    REGISTER_EMAIL = Failure "PMS_PRT_401" System "Create Partner Request" None, "the e-mail address of the partner to be registered is not one";
    UPDATE_EMAIL = Failure "PMS_PRT_416" System "Update Partner Request" PARTNER, "the new e-mail address of partner {} is not one";
    UPDATE_NAME_TAKEN = Failure "PMS_PRT_402" System "Update Partner Request" PARTNER, "what partner {} would be called is registered by another";
    REGISTER_NAME_TAKEN = Failure "PMS_PRT_417" System "Create Partner Request" None, "a partner of this organization name is registered already";
    POLICY_GROUP_UNKNOWN = Failure "PMS_PRT_419" System "Create Partner Request" None, "there is no such policy group or policy";
    PARTNER_UNKNOWN = Failure "PMS_PRT_421" System "Create Partner API Key request" None, "there is no such partner";
    POLICY_NOT_MAPPED = Failure "PMS_PRT_423" System "Add Biometric Extractors Request" None, "the partner has no right to this policy";
    NOT_ALLOWED = Failure "PMS_PRT_425" System "Partner not allowed" None, "this is not open to a partner of this type";
    CONTACT_EMAIL = Failure "PMS_PRT_429" System "Email not allowed" None, "the e-mail address of the contact is not allowed";
    CERTIFICATE_FAILED = Failure "PMS_PRT_431" System "Create Partner" None, "the certificate of a partner was refused";
    CERTIFICATE_PARTNER_ID = Failure "PMS_PRT_452" System "Create Partner" None, "a certificate came for a partner id that is too long";
}
