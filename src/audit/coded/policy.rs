//! The coded events of the policy service.

use super::{Category, Coded, Service, coded};

const GROUP: Option<&str> = Some("Policy Group ID");
const POLICY: Option<&str> = Some("Policy ID");

coded! { Policy;
    GROUP_CREATE_ASKED = Request "PMS_PRT_115" System "Create Policy Group" None, "a policy group is to be made";
    GROUP_READ_ASKED = Request "PMS_PRT_116" System "Create Policy Group" None, "policy groups are to be read";
    GROUP_UPDATE_ASKED = Request "PMS_PRT_156" System "Update Policy Group" None, "a policy group is to be changed";
    CREATE_ASKED = Request "PMS_PRT_137" System "Create Policy" None, "a policy is to be made in a policy group";
    READ_ASKED = Request "PMS_PRT_187" System "Create Policy" None, "policies are to be read";
    UPDATE_ASKED = Request "PMS_PRT_183" System "Update Policy" None, "a policy of a policy group is to be changed";
    GROUP_CREATED = Success "PMS_PRT_215" System "Create Policy Group" None, "a policy group was made";
    GROUP_READ = Success "PMS_PRT_216" System "Create Policy Group" GROUP, "the policy group {} was read";
    GROUP_UPDATED = Success "PMS_PRT_256" System "Update Policy Group" GROUP, "the policy group {} was changed";
    CREATED = Success "PMS_PRT_237" System "Create Policy" None, "a policy was made in a policy group";
    READ = Success "PMS_PRT_287" System "Create Policy" POLICY, "the policy {} was read";
    UPDATED = Success "PMS_PRT_283" System "Update Policy" POLICY, "the policy {} of a policy group was changed";
    GROUP_CREATE_FAILED = Failure "PMS_PRT_475" System "Create Policy Group" None, "a policy group could not be made";
    GROUP_READ_FAILED = Failure "PMS_PRT_416" System "Create Policy Group" GROUP, "the policy group {} could not be read";
    GROUP_UPDATE_FAILED = Failure "PMS_PRT_456" System "Update Policy Group" GROUP, "the policy group {} could not be changed";
    CREATE_FAILED = Failure "PMS_PRT_437" System "Create Policy" None, "a policy could not be made in a policy group";
    READ_FAILED = Failure "PMS_PRT_487" System "Create Policy" POLICY, "the policy {} could not be read";
    UPDATE_FAILED = Failure "PMS_PRT_483" System "Update Policy" POLICY, "the policy {} of a policy group could not be changed";
}
