//! What the model says counts for a user: roles that are assigned, received by a mandate in force or by a delegation of
//! one, each with all that it includes.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::apply::instant;
use super::drive::Way;
use super::model::{Mandate, Model};

impl Model {
    /// Every way in which a role counts for a user now.
    pub fn effective(&self, user: Uuid) -> BTreeSet<Way> {
        let mut ways = BTreeSet::new();
        for (_, role) in self.assignments.iter().filter(|(holder, _)| *holder == user) {
            self.spread(*role, &Way { source: "direct".to_owned(), ..Way::default() }, &mut ways);
        }
        for (id, mandate) in self.mandates.iter().filter(|(_, m)| m.to == Some(user) && m.in_force(self.now))
        {
            let way = by("mandate", mandate, vec![*id]);
            mandate.roles.iter().for_each(|role| self.spread(*role, &way, &mut ways));
        }
        let home = self.users[&user].home;
        for (id, delegation) in self.delegations.iter().filter(|(_, d)| d.user == user) {
            let mandate = &self.mandates[&delegation.mandate];
            let belongs = mandate.to.is_some_and(|to| self.stands_below(home, to));
            if belongs && mandate.in_force(self.now) {
                let way = by("delegation", mandate, vec![delegation.mandate, *id]);
                delegation.roles.iter().for_each(|role| self.spread(*role, &way, &mut ways));
            }
        }
        ways
    }

    /// Adds a role that was given, and what it includes.
    fn spread(&self, given: Uuid, way: &Way, ways: &mut BTreeSet<Way>) {
        for (role, steps) in self.included(given) {
            let mut way = Way { role, steps, ..way.clone() };
            if steps > 0 {
                way.given = Some(given);
                if way.source == "direct" {
                    "included".clone_into(&mut way.source);
                }
            }
            ways.insert(way);
        }
    }
}

fn by(source: &str, mandate: &Mandate, through: Vec<Uuid>) -> Way {
    let until = instant(mandate.valid_until).pop_first().unwrap_or_default();
    Way { source: source.to_owned(), through, mandater: Some(mandate.from), until, ..Way::default() }
}
