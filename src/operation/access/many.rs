//! Making several entities of a kind at once, in one transaction: all or none.

use uuid::Uuid;

use crate::audit::{Action, Events};
use crate::model::{Error, Kind, Verb};
use crate::operation::create::Create;
use crate::operation::perform::Change;
use crate::store::Write;

/// More than this and the change stands alone in its group.
const FEW: usize = 50;

/// Makes entities of one kind, in order.
#[derive(Debug)]
pub struct CreateMany {
    kind: Kind,
    creates: Vec<Create>,
}

impl CreateMany {
    /// The creations, all of `kind`.
    pub fn new(kind: Kind, creates: Vec<Create>) -> Self {
        Self { kind, creates }
    }
}

/// The same error, which says which of the entities it is about, from 1.
pub fn of_entry(error: Error, number: usize) -> Error {
    let which = |parameter: String| format!("entity {number}, {parameter}");
    match error {
        Error::Invalid { parameter, expected } => Error::Invalid { parameter: which(parameter), expected },
        Error::InvalidReference { parameter, expected } => {
            Error::InvalidReference { parameter: which(parameter), expected }
        }
        Error::AlreadyExists { parameter } => Error::AlreadyExists { parameter: which(parameter) },
        other => other,
    }
}

impl Change for CreateMany {
    type Out = Vec<Uuid>;

    fn action(&self) -> Action {
        Action::of(Verb::Create, self.kind, None)
    }

    fn touches(&self) -> &'static [Kind] {
        self.creates.first().map_or(&[], Create::touches)
    }

    fn is_bulk(&self) -> bool {
        self.creates.len() > FEW
    }

    async fn run<'t>(
        &'t self,
        tx: &'t mut (dyn Write + 't),
        events: &'t mut Events,
    ) -> Result<Vec<Uuid>, Error> {
        let mut made = Vec::with_capacity(self.creates.len());
        for (place, create) in self.creates.iter().enumerate() {
            let one = create.run(tx, events).await.map_err(|error| of_entry(error, place + 1))?;
            made.push(one);
        }
        Ok(made)
    }
}
