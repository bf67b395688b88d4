//! Actions as the tree of their modules. A module is what actions name as their `parentModule`; where that is the number,
//! code or name of an action of the answer, the module stands below the module of that action.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

fn text<'a>(action: &'a Value, name: &str) -> &'a str {
    action.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The names by which a module may mean this action, the surest first.
fn names(action: &Value) -> [String; 3] {
    let number = action.get("id").map(ToString::to_string).unwrap_or_default();
    [number, text(action, "code").to_owned(), text(action, "name").to_owned()]
}

/// How many modules stand one below the other at most.
const DEEPEST: usize = 16;

/// Modules by name: their actions, and the modules below them.
struct Tree {
    actions: HashMap<String, Vec<Value>>,
    below: HashMap<String, Vec<String>>,
    titles: HashMap<String, String>,
}

/// The tree; every action stands in it once.
pub fn tree(actions: &[Value]) -> Value {
    let mut by_name: HashMap<String, usize> = HashMap::new();
    for rank in 0..3 {
        for (place, action) in actions.iter().enumerate() {
            let name = names(action).into_iter().nth(rank).unwrap_or_default();
            if !name.is_empty() {
                by_name.entry(name).or_insert(place);
            }
        }
    }
    let mut order = Vec::new();
    let mut held: HashMap<String, Vec<Value>> = HashMap::new();
    for action in actions {
        let module = text(action, "parentModule").to_owned();
        if !held.contains_key(&module) {
            order.push(module.clone());
        }
        held.entry(module).or_default().push(action.clone());
    }
    let head = |module: &str| by_name.get(module).and_then(|place| actions.get(*place));
    let above: BTreeMap<&str, &str> = order
        .iter()
        .filter_map(|module| Some((module.as_str(), text(head(module)?, "parentModule"))))
        .filter(|(module, above)| !above.is_empty() && module != above)
        .collect();
    let mut tree = Tree { actions: held, below: HashMap::new(), titles: HashMap::new() };
    let mut tops = Vec::new();
    for module in &order {
        let title = head(module).map(|head| text(head, "displayName")).filter(|title| !title.is_empty());
        tree.titles.insert(module.clone(), title.unwrap_or(module).to_owned());
        match above.get(module.as_str()).filter(|_| hangs(module, &above)) {
            Some(above) => tree.below.entry((*above).to_owned()).or_default().push(module.clone()),
            None => tops.push(module.clone()),
        }
    }
    tops.iter().map(|module| tree.module(module)).collect()
}

/// Those that stand above a module, next first; as many as may stand above one another.
fn upwards<'t>(module: &'t str, above: &BTreeMap<&'t str, &'t str>) -> impl Iterator<Item = &'t str> {
    std::iter::successors(above.get(module).copied(), |at| above.get(at).copied()).take(DEEPEST)
}

/// Whether a module stands below another: not when it is in a circle, which has no top, nor so deep that no reader would
/// take the document.
fn hangs(module: &str, above: &BTreeMap<&str, &str>) -> bool {
    let in_circle = |module: &str| upwards(module, above).any(|at| at == module);
    let is_top = |module: &str| !above.contains_key(module) || in_circle(module);
    !in_circle(module) && upwards(module, above).any(is_top)
}

impl Tree {
    fn module(&mut self, name: &str) -> Value {
        let below = self.below.remove(name).unwrap_or_default();
        let below: Vec<Value> = below.iter().map(|module| self.module(module)).collect();
        let actions = self.actions.remove(name).unwrap_or_default();
        let title = self.titles.remove(name).unwrap_or_default();
        json!({"name": name, "code": name, "displayName": title, "subModules": below, "actionList": actions})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(tree: &Value) -> String {
        let modules = tree.as_array().unwrap().iter().map(|module| {
            let actions: Vec<String> = module["actionList"]
                .as_array()
                .unwrap()
                .iter()
                .map(|action| action["id"].to_string())
                .collect();
            format!(
                "{}({}){}",
                module["name"].as_str().unwrap(),
                actions.join(","),
                outline(&module["subModules"])
            )
        });
        format!("[{}]", modules.collect::<Vec<_>>().join(" "))
    }

    fn of(actions: &[(i64, &str, &str)]) -> String {
        let actions =
            actions.iter().map(|(id, name, module)| json!({"id": id, "name": name, "parentModule": module}));
        outline(&tree(&actions.collect::<Vec<_>>()))
    }

    #[test]
    fn modules_stand_below_the_module_of_the_action_that_they_name() {
        assert_eq!(of(&[]), "[]");
        assert_eq!(of(&[(1, "a", ""), (2, "b", "PGR"), (3, "c", "PGR")]), "[(1)[] PGR(2,3)[]]");
        assert_eq!(of(&[(1, "a", "PGR"), (2, "b", "1"), (3, "c", "b")]), "[PGR(1)[1(2)[b(3)[]]]]");
        assert_eq!(of(&[(1, "a", ""), (2, "b", "1")]), "[(1)[] 1(2)[]]");
    }

    #[test]
    fn a_chain_without_end_is_cut_into_tops() {
        let names: Vec<String> = (0..5_000).map(|number| format!("m{number}")).collect();
        let chain = names.windows(2).zip(1_i64..).map(|(two, id)| {
            let [above, name] = two else { unreachable!() };
            json!({"id": id, "name": name, "parentModule": above})
        });
        let tree = tree(&chain.collect::<Vec<_>>());
        let text = tree.to_string();
        assert_eq!(text.matches("\"id\":").count(), 4_999, "every action stands in it once");
        let deepest = text.bytes().scan(0_usize, |depth, byte| {
            match byte {
                b'[' => *depth += 1,
                b']' => *depth -= 1,
                _ => {}
            }
            Some(*depth)
        });
        assert!(deepest.max().unwrap() <= DEEPEST + 3);
    }

    #[test]
    fn a_circle_is_no_way_to_lose_an_action() {
        assert_eq!(of(&[(1, "a", "1")]), "[1(1)[]]");
        assert_eq!(of(&[(1, "a", "b"), (2, "b", "a")]), "[b(1)[] a(2)[]]");
        assert_eq!(
            of(&[(1, "a", "b"), (2, "b", "a"), (3, "c", "1"), (4, "d", "c")]),
            "[b(1)[1(3)[c(4)[]]] a(2)[]]"
        );
    }
}
