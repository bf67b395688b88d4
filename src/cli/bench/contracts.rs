//! Devices and contracts to ask about: made by requests to the server that is measured, as anybody would make them.

use rand::RngExt as _;
use rand::rngs::SmallRng;
use uuid::Uuid;

use super::wire::Wire;
use super::work::{Door, ids_in};
use crate::operation::device::enrol::fresh_key;

/// Pairs of devices with a contract between them.
const PAIRS: usize = 200;

async fn made(wire: &mut Wire, door: &Door, path: &str, query: &str) -> Result<Uuid, String> {
    let (mut request, mut open, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    door.put("POST", path, query, &mut request);
    let answer = wire.ask(&request, &mut |piece: &[u8]| ids_in(piece, &mut open, &mut ids)).await;
    let answer = answer.map_err(|error| format!("{path}: {error}"))?;
    ids.pop().filter(|_| answer.status == 200).ok_or_else(|| format!("POST {path}: status {}", answer.status))
}

/// Enrols devices and makes a contract for each two; provider and user of each.
pub async fn pairs(wire: &mut Wire, door: &Door, random: &mut SmallRng) -> Result<Vec<(Uuid, Uuid)>, String> {
    let mut pairs = Vec::with_capacity(PAIRS);
    for _ in 0..PAIRS {
        let mut ends = [Uuid::nil(); 2];
        for end in &mut ends {
            let mut seed = [0; 32];
            random.fill(&mut seed);
            let xpub = fresh_key(&seed).map_err(|error| error.to_string())?;
            *end = made(wire, door, "/devices", &format!("name=bench&xpub={xpub}&organization=root")).await?;
        }
        let [provider, user] = ends;
        made(wire, door, "/contracts", &format!("provider={provider}&user={user}")).await?;
        pairs.push((provider, user));
    }
    Ok(pairs)
}
