//! The properties of the orchestrator: seven texts in one setting. An unknown one is refused, a missing one stays.

use std::collections::BTreeMap;

use crate::audit::{Action, Events};
use crate::model::{Error, Kind, Verb};
use crate::operation::engine::Engine;
use crate::operation::perform::Change;
use crate::store::Write;

/// Their names, in the order of the answer.
pub const NAMES: [&str; 7] =
    ["network", "mqttTopic", "mqttBroker", "httpPort", "insightApiUrl", "registryUrl", "imprinterUrl"];
/// The longest one.
pub const LONGEST: usize = 2_000;

const SETTING: &str = "orchestrator.properties";

/// Texts by name.
pub type Properties = BTreeMap<String, String>;

fn read(text: Option<&str>) -> Result<Properties, Error> {
    let damaged = |error| Error::internal(format!("the setting {SETTING}: {error}"));
    text.map_or(Ok(Properties::new()), |text| serde_json::from_str(text).map_err(damaged))
}

/// The properties that were set.
pub async fn present(engine: &Engine) -> Result<Properties, Error> {
    read(engine.store.setting(SETTING).await?.as_deref())
}

/// Error 1 unless these can be set.
pub fn check(given: &Properties) -> Result<(), Error> {
    for (name, value) in given {
        if !NAMES.contains(&name.as_str()) {
            let name: String = name.chars().filter(|letter| !letter.is_control()).take(64).collect();
            return Err(Error::invalid(name, format!("not one of {}", NAMES.join(", "))));
        }
        if value.chars().count() > LONGEST || value.chars().any(char::is_control) {
            return Err(Error::invalid(
                name.as_str(),
                format!("expected at most {LONGEST} printable characters"),
            ));
        }
    }
    Ok(())
}

/// Setting them: they are no entity; whoever may make contracts may set them.
pub fn action() -> Action {
    Action { word: "PROPERTIES", ..Action::of(Verb::Create, Kind::Contract, None) }
}

/// Sets some of them.
#[derive(Debug)]
pub struct SetProperties(pub Properties);

impl Change for SetProperties {
    type Out = ();

    fn action(&self) -> Action {
        action()
    }

    fn touches(&self) -> &'static [Kind] {
        &[]
    }

    async fn run<'t>(&'t self, tx: &'t mut (dyn Write + 't), events: &'t mut Events) -> Result<(), Error> {
        tx.lock(&[super::SETTING]).await?;
        let mut held = read(tx.setting(SETTING).await?.as_deref())?;
        let mut differences = Vec::new();
        for (name, value) in &self.0 {
            let before = held.insert(name.clone(), value.clone()).unwrap_or_default();
            if before != *value {
                differences.push(format!("{name}: {before} → {value}"));
            }
        }
        let text = serde_json::to_string(&held);
        let text = text.map_err(|error| Error::internal(format!("the setting {SETTING}: {error}")))?;
        tx.set_setting(SETTING, &text).await?;
        events.succeeded(self.action(), differences);
        Ok(())
    }
}
