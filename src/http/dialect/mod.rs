//! Addresses: one table per version of the interface, from method and path to what is to be done.
//!
//! Paths are split before they are percent-decoded, so that `%2F` stays inside a natural key. The tables hold no
//! logic; `Allow` and the reference documentation derive from them.

pub mod digit;
pub mod v2_0;
pub mod v2_1;
pub mod version;

pub use version::Version;

use crate::model::Kind;
use crate::operation::certificate::Upload;
use crate::operation::device::ContractStep;
use crate::operation::invitation::Inviting;
use crate::operation::keys::Keying;
use crate::operation::list::Base;
use crate::operation::misp::MispStep;
use crate::operation::partner::Partnering;
use crate::operation::policy::PolicyStep;
use crate::operation::revoke::Step;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// List entities of a kind.
    List(Kind, Base),
    /// Read one entity.
    Get(Kind),
    /// Make an entity; `true`: below the organization in the path.
    Create(Kind, bool),
    /// Change an entity.
    Update(Kind),
    /// Delete an entity.
    Delete(Kind),
    /// Take an entity one step further in its life.
    Step(Kind, Step),
    /// Move an organization under another parent.
    MoveOrganization,
    /// Something about invitations, invited users or workflows.
    Invitation(Inviting),
    /// Something about partners.
    Partner(Partnering),
    /// Something about API keys and what goes with them.
    Key(Keying),
    /// Read one entity below its partner.
    GetOf(Kind),
    /// Upload certificates.
    Upload(Upload),
    /// Read the certificate of a partner.
    CertificateOfPartner,
    /// Take a policy a step further in its life.
    Policy(PolicyStep),
    /// Check a user's password.
    Authenticate,
    /// Demand another password of a user.
    ForcePasswordChange,
    /// Move a user to another home organization.
    MoveUser,
    /// Give a role to a user (`true`) or take it away.
    Assign(bool),
    /// Give an API client another password.
    ResetClient,
    /// Pass roles of a mandate on.
    Delegate,
    /// Bring DIGIT masters in.
    ImportMasters,
    /// Something about a MISP or its licence keys.
    Misp(MispStep),
    /// Something about a contract.
    Contract(ContractStep),
    /// Decide whether roles, or a user, may call an address.
    Authorize,
    /// List the roles that count for a user.
    EffectiveRoles,
    /// List rows of a kind that are no entities.
    ListRows(Kind),
    /// Read one row of a kind that is no entity.
    GetRow(Kind),
}

/// One address.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The path below the version, without slashes at its ends; `{}` stands for one segment.
    pub path: &'static str,
    /// What it does.
    pub operation: Operation,
    /// The operation's number in the seed, or `X`.
    pub source: &'static str,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// A route, by its place in the table.
    Route(usize),
    /// An address that was asked what it knows, by OPTIONS; the methods it knows.
    Options(Vec<&'static str>),
    /// An address that does not know this method; the methods it knows.
    WrongMethod(Vec<&'static str>),
    /// No address.
    Unknown,
}

/// What every address answers beside the methods of its routes.
pub fn known(mut methods: Vec<&'static str>) -> Vec<&'static str> {
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    methods
}

/// Finds what `method` on the path of these segments leads to; HEAD leads where GET does.
pub fn find(table: &[Route], method: &str, segments: &[&str]) -> Match {
    let wanted = if method == "HEAD" { "GET" } else { method };
    let mut methods = Vec::new();
    // A fixed word stands before a key: `users/invite` is no user. A UUID is never such a word.
    let may_be_word = segments.last().is_some_and(|last| last.len() != uuid::fmt::Hyphenated::LENGTH);
    let is_fixed = |route: &Route| !route.path.contains('{');
    let fixed = may_be_word && table.iter().any(|route| is_fixed(route) && fits(route.path, segments));
    for (place, route) in table.iter().enumerate() {
        if (!fixed || is_fixed(route)) && fits(route.path, segments) {
            if route.method == wanted {
                return Match::Route(place);
            }
            methods.push(route.method);
        }
    }
    match (methods.is_empty(), method) {
        (true, _) => Match::Unknown,
        (false, "OPTIONS") => Match::Options(known(methods)),
        (false, _) => Match::WrongMethod(known(methods)),
    }
}

fn fits(path: &str, segments: &[&str]) -> bool {
    let mut wanted = path.split('/');
    let all = segments.iter().all(|segment| {
        wanted
            .next()
            .is_some_and(|wanted| if wanted == "{}" { !segment.is_empty() } else { wanted == *segment })
    });
    all && wanted.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_by_its_segments_and_method() {
        let found = find(v2_0::ROUTES, "GET", &["users", "x", "roles"]);
        let Match::Route(place) = found else { panic!("{found:?}") };
        assert_eq!(v2_0::ROUTES[place].operation, Operation::List(Kind::Role, Base::RolesOfUser));
        assert_eq!(
            find(v2_0::ROUTES, "PATCH", &["auditevents"]),
            Match::WrongMethod(vec!["GET", "HEAD", "OPTIONS"])
        );
        assert_eq!(
            find(v2_0::ROUTES, "OPTIONS", &["users", "x", "roles", "y"]),
            Match::Options(vec!["PUT", "DELETE", "OPTIONS"])
        );
        assert_eq!(find(v2_0::ROUTES, "HEAD", &["users"]), find(v2_0::ROUTES, "GET", &["users"]));
        assert_eq!(find(v2_0::ROUTES, "GET", &["users", "", "roles"]), Match::Unknown);
        assert_eq!(find(v2_0::ROUTES, "GET", &["planets"]), Match::Unknown);
        assert_eq!(
            find(v2_0::ROUTES, "GET", &["users", "invite"]),
            Match::WrongMethod(vec!["POST", "OPTIONS"])
        );
    }

    #[test]
    fn no_two_routes_claim_the_same_address() {
        for (place, route) in v2_0::ROUTES.iter().enumerate() {
            let segments: Vec<&str> =
                route.path.split('/').map(|s| if s == "{}" { "x" } else { s }).collect();
            assert_eq!(find(v2_0::ROUTES, route.method, &segments), Match::Route(place), "{}", route.path);
        }
    }
}
