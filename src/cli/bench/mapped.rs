//! Roles and addresses of services to ask about: five thousand mappings at one tenant, made over the interface itself,
//! so that any server of it can be measured.

use super::wire::Wire;
use super::work::{Door, encoded};

/// The tenant that holds everything, and the one below it that is asked for.
const TENANT: &str = "benchaccess";
const CITY: &str = "city";
const ROLES: usize = 50;
const ACTIONS: usize = 600;
/// Every so many of all pairs is mapped.
const STEP: usize = 6;
/// Entities of one document.
const AT_ONCE: usize = 400;

/// The address of an action; one in ten is a template.
fn url(number: usize, id: &str) -> String {
    let service = number % 40;
    if number.is_multiple_of(10) {
        format!("/service-{service}/things/{id}/v{number}/_update")
    } else {
        format!("/service-{service}/v{number}/_create")
    }
}

/// The query of a question, by a number of chance. Three of ten are allowed; the others ask for a role that is not mapped
/// to the action.
pub(super) fn question(number: usize) -> String {
    let action = number % ACTIONS;
    let first = (STEP - action * ROLES % STEP) % STEP;
    let mapped = first + STEP * ((number / ACTIONS) % (ROLES / STEP));
    let role = if is_allowed(number) { mapped } else { (mapped + 1) % ROLES };
    let uri = encoded(&url(action, "4711"));
    format!("uri={uri}&tenant={TENANT}.{CITY}&role=ROLE_{role}@{TENANT}")
}

/// Whether the answer to the question of this number is yes.
fn is_allowed(number: usize) -> bool {
    (number / 7) % 10 < 3
}

fn entity(root: &str, pairs: &[(&str, String)]) -> String {
    let attribute = |(name, value): &(&str, String)| {
        format!("<Attribute name=\"{name}\"><Value>{value}</Value></Attribute>")
    };
    format!("<{root}>{}</{root}>", pairs.iter().map(attribute).collect::<String>())
}

fn action(number: usize) -> String {
    let (id, enabled, tenant) = (number.to_string(), "false".to_owned(), TENANT.to_owned());
    entity("Action", &[("id", id), ("url", url(number, "{id}")), ("enabled", enabled), ("tenant", tenant)])
}

fn mapping((action, role): (usize, usize)) -> String {
    let (role, action) = (format!("ROLE_{role}"), action.to_string());
    entity("RoleAction", &[("role", role), ("action", action), ("tenant", TENANT.to_owned())])
}

struct Laying<'w> {
    wire: &'w mut Wire,
    door: &'w Door,
}

impl Laying<'_> {
    /// Posts, and fails unless that was a success; `false` when it was there already.
    async fn post(&mut self, path: &str, query: &str, body: &str) -> Result<bool, String> {
        let mut request = Vec::with_capacity(body.len() + 512);
        self.door.post(path, query, body, &mut request);
        let mut text = Vec::new();
        let answer = self.wire.ask(&request, &mut |piece| text.extend_from_slice(piece)).await;
        match answer.map_err(|error| format!("{path}: {error}"))?.status {
            200 => Ok(true),
            409 => Ok(false),
            status => Err(format!("{path}: status {status}: {}", String::from_utf8_lossy(&text))),
        }
    }

    async fn documents(&mut self, list: &str, entities: &[String]) -> Result<(), String> {
        let namespace = "http://schema.ubisecure.com/customerid/api";
        for some in entities.chunks(AT_ONCE) {
            let body = format!("<{list} xmlns=\"{namespace}\" method=\"POST\">{}</{list}>", some.concat());
            self.post(&format!("/{}", list.to_lowercase()), "", &body).await?;
        }
        Ok(())
    }
}

/// Makes what is asked about, unless it is there already.
pub(super) async fn lay(wire: &mut Wire, door: &Door) -> Result<(), String> {
    let mut laying = Laying { wire, door };
    if !laying.post("/organizations", &format!("technicalName={TENANT}"), "").await? {
        return Ok(());
    }
    let city = format!("technicalName={CITY}&parentOrganizationId={TENANT}");
    laying.post("/organizations", &city, "").await?;
    for role in 0..ROLES {
        laying.post("/roles", &format!("name=ROLE_{role}&organization={TENANT}"), "").await?;
    }
    laying.documents("Actions", &(0..ACTIONS).map(action).collect::<Vec<_>>()).await?;
    let pairs = (0..ACTIONS).flat_map(|action| (0..ROLES).map(move |role| (action, role)));
    laying.documents("RoleActions", &pairs.step_by(STEP).map(mapping).collect::<Vec<_>>()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_of_ten_that_are_asked_are_mapped() {
        let pairs = (0..ACTIONS).flat_map(|action| (0..ROLES).map(move |role| (action, role)));
        let mapped: std::collections::HashSet<(String, String)> = pairs
            .step_by(STEP)
            .map(|(action, role)| (encoded(&url(action, "4711")), format!("ROLE_{role}@{TENANT}")))
            .collect();
        assert_eq!(mapped.len(), 5_000);
        for number in 0..10_000 {
            let asked = question(number);
            let part = |name: &str| {
                let found = asked.split('&').find_map(|part| part.strip_prefix(name));
                found.unwrap_or_default().to_owned()
            };
            let allowed = mapped.contains(&(part("uri="), part("role=")));
            assert_eq!(allowed, is_allowed(number), "{asked}");
        }
        assert_eq!((0..10_000).filter(|number| is_allowed(*number)).count() / 100, 30);
    }
}
