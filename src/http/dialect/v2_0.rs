//! The addresses of version 2.0 below `/customerid-rest/services/2.0`.

use crate::http::dialect::{Operation, Route};
use crate::model::Kind;
use crate::operation::list::Base;
use crate::operation::revoke::Step;

use Kind::{
    ApiClient, AuditEvent, Delegation, Mandate, MandateTemplate, Message, Organization, Role, RoleInvitation,
    Token, User,
};
use Operation::{Assign, Create, Delegate, Delete, EffectiveRoles, Get, GetRow, List, ListRows};
use Operation::{MoveOrganization, Update};

const fn route(
    method: &'static str,
    path: &'static str,
    operation: Operation,
    source: &'static str,
) -> Route {
    Route { method, path, operation, source }
}

/// The table. The most asked for stand first.
pub static ROUTES: &[Route] = &[
    route("GET", "users/{}", Get(User), "REQ002"),
    route("GET", "users", List(User, Base::All), "REQ001"),
    route("POST", "users", Create(User, false), "X"),
    route("PUT", "users/{}", Update(User), "MOD004"),
    route("DELETE", "users/{}", Delete(User), "MOD010"),
    route("POST", "users/{}/authenticate", Operation::Authenticate, "X"),
    route("PUT", "users/{}/forcepasswordchange", Operation::ForcePasswordChange, "X"),
    route("PUT", "users/{}/organization", Operation::MoveUser, "X"),
    route("GET", "users/{}/roles", List(Role, Base::RolesOfUser), "REQ051"),
    route("PUT", "users/{}/roles/{}", Assign(true), "X"),
    route("DELETE", "users/{}/roles/{}", Assign(false), "X"),
    route("GET", "users/{}/roleinvitations", List(RoleInvitation, Base::InvitationsOfUser), "REQ011c"),
    route("GET", "users/{}/givenmandates", List(Mandate, Base::GivenBy(User)), "REQ007"),
    route("GET", "users/{}/receivedmandates", List(Mandate, Base::ReceivedBy(User)), "REQ007"),
    route("GET", "users/{}/receivedmandatedelegations", List(Mandate, Base::DelegatedToUser), "REQ007"),
    route("GET", "users/{}/receivedmandateroledelegations", List(Delegation, Base::DelegationsOfUser), "X"),
    route("GET", "users/{}/effectiveroles", EffectiveRoles, "X"),
    route("GET", "organizations", List(Organization, Base::All), "REQ003"),
    route("POST", "organizations", Create(Organization, false), "MOD001"),
    route("GET", "organizations/{}", Get(Organization), "REQ004"),
    route("PUT", "organizations/{}", Update(Organization), "MOD003"),
    route("DELETE", "organizations/{}", Delete(Organization), "X"),
    route("PUT", "organizations/{}/parent", MoveOrganization, "X"),
    route("GET", "organizations/{}/users", List(User, Base::UsersOfOrganization), "REQ001"),
    route("POST", "organizations/{}/users", Create(User, true), "X"),
    route(
        "GET",
        "organizations/{}/organizations",
        List(Organization, Base::OrganizationsOfOrganization),
        "X",
    ),
    route("GET", "organizations/{}/roles", List(Role, Base::RolesOfOrganization), "X"),
    route(
        "GET",
        "organizations/{}/roleinvitations",
        List(RoleInvitation, Base::InvitationsOfOrganization),
        "X",
    ),
    route("GET", "organizations/{}/givenmandates", List(Mandate, Base::GivenBy(Organization)), "REQ007"),
    route(
        "GET",
        "organizations/{}/receivedmandates",
        List(Mandate, Base::ReceivedBy(Organization)),
        "REQ007",
    ),
    route("GET", "roles", List(Role, Base::All), "REQ051"),
    route("POST", "roles", Create(Role, false), "X"),
    route("GET", "roles/{}", Get(Role), "REQ005"),
    route("PUT", "roles/{}", Update(Role), "X"),
    route("DELETE", "roles/{}", Delete(Role), "X"),
    route("GET", "roles/{}/users", List(User, Base::UsersOfRole), "X"),
    route("GET", "mandates", List(Mandate, Base::All), "REQ007"),
    route("POST", "mandates", Create(Mandate, false), "X"),
    route("GET", "mandates/{}", Get(Mandate), "REQ008"),
    route("PUT", "mandates/{}", Update(Mandate), "X"),
    route("DELETE", "mandates/{}", Delete(Mandate), "X"),
    route("PUT", "mandates/{}/revoke", Operation::Step(Mandate, Step::RevokeMandate), "X"),
    route("PUT", "mandates/{}/approve", Operation::Step(Mandate, Step::ApproveMandate), "X"),
    route("PUT", "mandates/{}/reject", Operation::Step(Mandate, Step::RejectMandate), "X"),
    route("GET", "mandates/{}/delegations", List(Delegation, Base::DelegationsOfMandate), "X"),
    route("POST", "mandates/{}/delegations", Delegate, "X"),
    route("GET", "delegations", List(Delegation, Base::All), "X"),
    route("GET", "delegations/{}", Get(Delegation), "X"),
    route("DELETE", "delegations/{}", Delete(Delegation), "X"),
    route("GET", "mandatetemplates", List(MandateTemplate, Base::All), "X"),
    route("POST", "mandatetemplates", Create(MandateTemplate, false), "X"),
    route("GET", "mandatetemplates/{}", Get(MandateTemplate), "X"),
    route("PUT", "mandatetemplates/{}", Update(MandateTemplate), "X"),
    route("DELETE", "mandatetemplates/{}", Delete(MandateTemplate), "X"),
    route("GET", "roleinvitations", List(RoleInvitation, Base::All), "REQ011"),
    route("POST", "roleinvitations", Create(RoleInvitation, false), "X"),
    route("GET", "roleinvitations/{}", Get(RoleInvitation), "X"),
    route("DELETE", "roleinvitations/{}", Operation::Step(RoleInvitation, Step::WithdrawInvitation), "X"),
    route("GET", "apiclients", List(ApiClient, Base::All), "X"),
    route("POST", "apiclients", Create(ApiClient, false), "X"),
    route("GET", "apiclients/{}", Get(ApiClient), "X"),
    route("PUT", "apiclients/{}", Update(ApiClient), "X"),
    route("DELETE", "apiclients/{}", Delete(ApiClient), "X"),
    route("PUT", "apiclients/{}/reset", Operation::ResetClient, "X"),
    route("GET", "tokens", List(Token, Base::All), "X"),
    route("POST", "tokens", Create(Token, false), "X"),
    route("GET", "tokens/{}", Get(Token), "X"),
    route("DELETE", "tokens/{}", Delete(Token), "X"),
    route("GET", "auditevents", ListRows(AuditEvent), "X"),
    route("GET", "auditevents/{}", GetRow(AuditEvent), "X"),
    route("GET", "outbox", ListRows(Message), "X"),
    route("GET", "outbox/{}", GetRow(Message), "X"),
];
