//! What a search of mappings means by a role's code, an action's number or a feature's code: every one of that name, in
//! whichever tenant.

use crate::model::kind::{action, feature, feature_role, role, role_action};
use crate::model::term::{Term, Test};
use crate::model::{AttrId, Error, Stored, Value};
use crate::operation::engine::Engine;
use crate::operation::search::matching;

/// The entities that `text` names as a value of the reference `attr`; `None` where it is an id or a name with a tenant,
/// which the general search understands.
pub async fn targets(engine: &Engine, attr: AttrId, text: &str) -> Result<Option<Vec<Stored>>, Error> {
    let (own, is_number) = match attr {
        role_action::ROLE | feature_role::ROLE => (role::NAME, false),
        role_action::ACTION => (action::ID, true),
        feature_role::FEATURE => (feature::CODE, false),
        _ => return Ok(None),
    };
    if uuid::Uuid::try_parse(text).is_ok() || text.contains(['/', ':']) {
        return Ok(None);
    }
    let registry = engine.registry();
    let attribute =
        registry.numbered(own).ok_or_else(|| Error::internal("a built-in attribute is not registered"))?;
    let term = match crate::model::value::integer(text) {
        Ok(number) if is_number => {
            Term { attribute: attribute.clone(), test: Test::Equal(Value::Int(number)) }
        }
        _ if is_number => return Ok(Some(Vec::new())),
        _ => Term::text(attribute, text, true),
    };
    matching(engine, &term).await.map(Some)
}
