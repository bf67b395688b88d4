//! The table of what can happen to a user in `docs/states.md`, made from the state machine.

use std::fmt::Write as _;

use valtuus::model::kind::user::{Event, Status};

use super::fresh;

fn words(event: Event) -> &'static str {
    match event {
        Event::SetEnabled => "PUT `status=Enabled`",
        Event::SetDisabled => "PUT `status=Disabled`",
        Event::Reinvited => "invited again",
        Event::Accepted { approval: false } => "accepts an invitation",
        Event::Accepted { approval: true } => "accepts, approval needed",
        Event::InvitationEnded => "invitation declined or withdrawn",
        Event::Approved => "registration approved",
        Event::Rejected => "registration rejected",
        Event::Locked => "too many wrong passwords",
        Event::Unlocked => "the lock's time is over",
    }
}

fn table() -> String {
    let mut out = "| |".to_owned();
    for status in Status::ALL {
        write!(out, " {} |", status.name()).unwrap();
    }
    writeln!(out, "\n|---|{}", "---|".repeat(Status::ALL.len())).unwrap();
    for event in Event::ALL {
        write!(out, "| {} |", words(event)).unwrap();
        for status in Status::ALL {
            match status.after(event) {
                Ok(next) if next == status => out.push_str(" stays |"),
                Ok(next) => write!(out, " {} |", next.name()).unwrap(),
                Err(_) => out.push_str(" – |"),
            }
        }
        out.push('\n');
    }
    out
}

#[test]
fn the_table_of_statuses_is_what_the_machine_does() {
    fresh::part("docs/states.md", "statuses", &table());
}
