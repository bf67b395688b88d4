//! Properties: a thousand random cases each, against the operations of one store that they share. Each case leaves the
//! store as it found it.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use uuid::Uuid;
use valtuus::model::Kind;
use valtuus::operation::list::Base;

use super::direct::Direct;
use super::drive::{Asked, Driver, Request};

/// How many cases are tried.
const CASES: u32 = 1_000;

/// A property that a case can contradict.
pub type Verdict = Result<(), TestCaseError>;

/// Tries a property on a thousand cases; what `ground` makes is shared by them.
#[expect(clippy::needless_pass_by_value, reason = "closures are written where they are passed")]
pub fn holds<S: Strategy, G>(
    cases: &S,
    ground: impl AsyncFnOnce(Direct) -> G,
    property: impl AsyncFn(&G, S::Value) -> Verdict,
) -> G {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ground = runtime.block_on(async { ground(Direct::start().await).await });
    let config = Config { failure_persistence: None, max_shrink_iters: 500, ..Config::with_cases(CASES) };
    let outcome = TestRunner::new(config).run(cases, |case| runtime.block_on(property(&ground, case)));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    ground
}

/// A verdict against a case.
pub fn fails(why: impl Into<String>) -> TestCaseError {
    TestCaseError::fail(why.into())
}

impl Direct {
    async fn all(&self, kind: Kind) -> Vec<Uuid> {
        self.list(&Asked::all(kind), None).await
    }

    /// Takes everything away but the root organization, which is as it was at first.
    pub async fn clear(&self) -> Verdict {
        let root = self.engine.root;
        // A role that another includes would stay.
        let alone = |id| Request::Update(Kind::Role, id, vec![("includes", String::new())]);
        let mut requests: Vec<Request> = self.all(Kind::Role).await.into_iter().map(alone).collect();
        for kind in [Kind::Mandate, Kind::MandateTemplate, Kind::User] {
            requests.extend(self.all(kind).await.into_iter().map(|id| Request::Delete(kind, id, false)));
        }
        let top = Asked::of(Kind::Organization, Base::OrganizationsOfOrganization, root);
        let below = self.list(&top, None).await;
        requests.extend(below.into_iter().map(|id| Request::Delete(Kind::Organization, id, true)));
        let roles = self.list(&Asked::of(Kind::Role, Base::RolesOfOrganization, root), None).await;
        requests.extend(roles.into_iter().map(|id| Request::Delete(Kind::Role, id, false)));
        let first = [("friendlyName", ""), ("organizationClass", "organization"), ("memberships", "")];
        let first = first.map(|(name, value)| (name, value.to_owned())).to_vec();
        requests.push(Request::Update(Kind::Organization, root, first));
        for request in requests {
            self.change(&request).await.map_err(|no| fails(format!("{request:?} in the end: {no:?}")))?;
        }
        Ok(())
    }

    /// Fails unless every derived row fits the entities.
    pub async fn must_be_sound(&self) -> Verdict {
        let differences = self.engine.store.check().await.unwrap();
        if differences.is_empty() { Ok(()) } else { Err(fails(differences.join("\n"))) }
    }
}
