//! The coded events of the MISP service.

use super::{Category, Coded, Service, coded};

const MISP: Option<&str> = Some("MISP ID");

coded! { Misp;
    REGISTER_ASKED = Request "PMS_MSP_101" User "Register MISP" None, "a MISP is to be registered";
    REGISTERED = Success "PMS_MSP_200" User "Register MISP" None, "a MISP was registered";
    ID_CREATED = Success "PMS_MSP_212" User "Register MISP" MISP, "the MISP with the id {} was made";
    ID_ASKED = Request "PMS_MSP_102" System "Register MISP" None, "the next MISP id is taken";
    DETAILS_STORED = Request "PMS_MSP_103" System "Register MISP" None, "the details of the MISP are stored";
    STATUS_ASKED = Request "PMS_MSP_104" System "Processing of MISP status request" MISP, "the status of MISP {} is to be decided";
    STATUS_ID_VALID = Request "PMS_MSP_104" System "Processing of MISP status request" MISP, "MISP {} was found to be registered";
    NO_KEY_WHEN_REJECTED = Request "PMS_MSP_105" System "Processing of MISP status request" MISP, "no licence key is made for the rejected MISP {}";
    KEY_STATUS_CHANGED = Request "PMS_MSP_106" System "Processing of MISP status request" MISP, "the status of the licence keys of MISP {} is changed";
    UPDATE_ASKED = Request "PMS_MSP_107" System "Update MISP request" None, "a MISP is to be changed";
    UPDATE_ANSWERED = Request "PMS_MSP_108" System "Update MISP request" None, "the changed MISP is answered";
    VALIDATE_ASKED = Request "PMS_MSP_109" System "Validate license key" None, "a licence key is to be validated";
    KEY_FETCHED = Request "PMS_MSP_110" System "Validate license key" MISP, "the licence key of MISP {} is looked up";
    KEY_IS = Request "PMS_MSP_111" System "Validate license key" MISP, "the licence key belongs to MISP {}";
    ACTIVATION_ASKED = Request "PMS_MSP_112" System "Update MISP status request" None, "a MISP is to be activated or de-activated";
    ACTIVATION_IS = Request "PMS_MSP_113" System "Update MISP status request" MISP, "the activation of MISP {} was changed";
    KEY_STATUS_ASKED = Request "PMS_MSP_114" System "Update MISP license key request" None, "the status of a licence key is to be changed";
    STATUS_DONE = Success "PMS_MSP_201" System "Processing MISP status request" MISP, "the decision on the status of MISP {} was carried out";
    STATUS_CHANGED = Success "PMS_MSP_202" System "Processing MISP status request" MISP, "the status of MISP {} was changed";
    ACTIVATION_CHANGED = Success "PMS_MSP_211" System "Update MISP status" MISP, "MISP {} was activated or de-activated";
    UPDATED = Success "PMS_MSP_203" System "Update MISP request" None, "a MISP was changed";
    VALIDATED = Success "PMS_MSP_204" System "Validate MISP license key" None, "a licence key was validated";
    ACTIVATION_DONE = Success "PMS_MSP_205" System "Update MISP status request" None, "the activation of a MISP was carried out";
    REGISTER_EMAIL = Failure "PMS_MSP_401" System "Create MISP request" None, "the e-mail address of the MISP to be registered is not one";
    UPDATE_EMAIL = Failure "PMS_MSP_416" System "Update MISP request" MISP, "the new e-mail address of MISP {} is not one";
    UPDATE_NAME_TAKEN = Failure "PMS_MSP_402" System "Update MISP request" None, "the new name belongs to another registered MISP";
    REGISTER_NAME_TAKEN = Failure "PMS_MSP_417" System "Create MISP request" None, "a MISP of this organization name is registered already";
    STATUS_WORD = Failure "PMS_MSP_403" System "Processing MISP status request" MISP, "the status of MISP {} can be decided as approved or rejected only";
    STATUS_REPEATED = Failure "PMS_MSP_404" System "Processing MISP status request" None, "the MISP has this status already";
    STATUS_NOT_ACTIVE = Failure "PMS_MSP_405" System "Processing MISP status request" MISP, "MISP {} is de-activated and cannot be approved";
    KEY_UNKNOWN = Failure "PMS_MSP_406" System "Validate license key" None, "no such licence key was found";
    KEY_STATUS_WORD = Failure "PMS_MSP_418" System "Update MISP license key request" MISP, "a licence key of MISP {} can be made active or de-active only";
    ACTIVATION_WORD = Failure "PMS_MSP_407" System "Update MISP status request" MISP, "MISP {} can be made active or de-active only";
}
