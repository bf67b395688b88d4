//! Giving roles a feature in one transaction, together with making the feature where there is none.

use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::model::state::Draft;
use crate::model::{Error, Kind, Stored, Verb};
use crate::operation::create::Create;
use crate::operation::engine::{Caller, Engine};
use crate::operation::perform::Change;
use crate::operation::scope;
use crate::operation::several::of_item;
use crate::store::Write;

/// Maps roles to one feature.
#[derive(Debug)]
pub struct MapFeature {
    feature: Uuid,
    new: Option<Create>,
    mappings: Vec<(String, Create)>,
}

/// What was mapped.
#[derive(Debug)]
pub struct Mapped {
    /// The feature.
    pub feature: Stored,
    /// Whether it was made just now.
    pub is_new: bool,
}

impl MapFeature {
    /// To a feature that there is.
    pub fn to(feature: Uuid) -> Self {
        Self { feature, new: None, mappings: Vec::new() }
    }

    /// To a feature that is made.
    pub fn to_new(engine: &Engine, caller: &Caller, draft: Draft) -> Self {
        let feature = engine.world.id();
        let new = Create::new(engine, caller, draft).with_id(feature);
        Self { feature, new: Some(new), mappings: Vec::new() }
    }

    /// The feature's id.
    pub fn feature(&self) -> Uuid {
        self.feature
    }

    /// Also makes this mapping, which stands in the request at `place`.
    pub fn add(&mut self, place: String, mapping: Create) {
        self.mappings.push((place, mapping));
    }
}

impl Change for MapFeature {
    type Out = Mapped;

    fn action(&self) -> Action {
        Action::of(Verb::Create, Kind::FeatureRole, None)
    }

    fn includes(&self) -> Option<Action> {
        self.new.as_ref().map(Change::action)
    }

    fn touches(&self) -> &'static [Kind] {
        &[Kind::Feature, Kind::FeatureRole]
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Mapped, Error> {
        if let Some(new) = &self.new {
            new.run(tx, events).await.map_err(|error| of_item(error, "feature"))?;
        }
        let feature = scope::companion(tx, Kind::Feature, self.feature).await?;
        for (place, mapping) in &self.mappings {
            mapping.run(tx, events).await.map_err(|error| of_item(error, place))?;
        }
        Ok(Mapped { feature, is_new: self.new.is_some() })
    }
}
