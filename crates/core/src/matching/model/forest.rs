//! Gradient-boosted trees (Friedman 2001), as `LightGBM` trains them: a sum of small decision trees.

use serde::Deserialize;

use crate::matching::evidence::{ABSENT, FEATURES, Features};

/// The trees; their sum is the log-odds that a pair is right, before a table's base rate is known.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Forest {
    trees: Vec<Tree>,
}

/// One tree as lists by node, as it lies in the file; node 0 is the root. A child below zero is the leaf
/// `-1 - child`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    feature: Vec<u16>,
    /// Features up to it go left.
    at_most: Vec<i8>,
    /// Whether what is absent goes left.
    absent_left: Vec<bool>,
    left: Vec<i16>,
    right: Vec<i16>,
    leaves: Vec<f64>,
}

/// The most nodes that a tree has: their answers are the bits of one byte.
const MOST_NODES: usize = 8;

/// The same as conditions: all are asked of all pairs, without a way that depends on the answer
/// before, and the answers together are the number of the leaf's entry.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Lists")]
struct Tree {
    nodes: Vec<Node>,
    /// For all answers the leaf that they lead to; none of a tree that leads nowhere.
    leaves: Vec<f64>,
}

/// What is absent is less than all else.
#[derive(Debug, Clone, Copy)]
struct Node {
    feature: u16,
    /// Features from it up to `at_most` go left.
    least: i8,
    at_most: i8,
}

impl Node {
    fn goes_left(self, value: i8) -> bool {
        (self.least <= value) & (value <= self.at_most)
    }
}

impl From<Lists> for Tree {
    fn from(lists: Lists) -> Self {
        let leaves = if lists.is_whole() {
            (0..1 << lists.feature.len())
                .map(|answers| lists.leaf(answers))
                .collect()
        } else {
            Vec::new()
        };
        let conditions = lists.feature.into_iter().zip(lists.at_most);
        let nodes = conditions.zip(lists.absent_left);
        let nodes = nodes.map(|((feature, at_most), absent_left)| Node {
            feature,
            least: if absent_left { ABSENT } else { ABSENT + 1 },
            at_most,
        });
        Self {
            nodes: nodes.collect(),
            leaves,
        }
    }
}

impl Lists {
    /// Whether all lists have the same length, and each child is there and comes after its parent.
    fn is_whole(&self) -> bool {
        let nodes = self.feature.len();
        let lengths = [
            self.at_most.len(),
            self.absent_left.len(),
            self.left.len(),
            self.right.len(),
        ];
        let leads_on = |(place, child): (usize, &i16)| match usize::try_from(*child) {
            Ok(inner) => inner > place && inner < nodes,
            Err(_) => usize::try_from(-1 - child).is_ok_and(|leaf| leaf < self.leaves.len()),
        };
        (1..=MOST_NODES).contains(&nodes)
            && lengths.iter().all(|length| *length == nodes)
            && self
                .feature
                .iter()
                .all(|feature| usize::from(*feature) < FEATURES)
            && self.left.iter().enumerate().all(leads_on)
            && self.right.iter().enumerate().all(leads_on)
    }

    /// The leaf of a pair that goes left at the nodes whose bit is set.
    fn leaf(&self, answers: usize) -> f64 {
        let mut node = 0_i16;
        while let Ok(place) = usize::try_from(node) {
            let sides = if answers >> place & 1 == 1 {
                &self.left
            } else {
                &self.right
            };
            let Some(next) = sides.get(place) else {
                break;
            };
            node = *next;
        }
        let leaf = usize::try_from(-1 - node).ok();
        let leaf = leaf.and_then(|leaf| self.leaves.get(leaf));
        leaf.copied().unwrap_or(0.0)
    }
}

impl Forest {
    /// The sum over all trees for each candidate.
    pub(crate) fn scores(&self, features: &Features) -> Vec<f64> {
        let pairs = features.fields().len();
        let mut sums = vec![0.0; pairs];
        let mut answers = vec![0_u8; pairs];
        for tree in &self.trees {
            answers.fill(0);
            for (bit, node) in tree.nodes.iter().enumerate() {
                let values = features.of_all(usize::from(node.feature));
                for (answers, &value) in answers.iter_mut().zip(values) {
                    *answers |= u8::from(node.goes_left(value)) << bit;
                }
            }
            for (sum, answers) in sums.iter_mut().zip(&answers) {
                *sum += tree
                    .leaves
                    .get(usize::from(*answers))
                    .copied()
                    .unwrap_or(0.0);
            }
        }
        sums
    }

    /// The number of the first tree that is not whole: a child that is missing or goes back, or more
    /// nodes than a tree has.
    pub(super) fn check(&self) -> Result<(), usize> {
        match self.trees.iter().position(|tree| tree.leaves.is_empty()) {
            Some(broken) => Err(broken),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forest(json: &str) -> Forest {
        serde_json::from_str(json).unwrap()
    }

    const TREE: &str = r#"[{"feature":[0,1],"at_most":[10,-5],"absent_left":[true,false],
        "left":[-1,-2],"right":[1,-3],"leaves":[0.5,1.0,2.0]}]"#;

    #[test]
    fn a_pair_falls_into_its_leaf() {
        let forest = forest(TREE);
        forest.check().unwrap();
        let mut features = [0_i8; FEATURES];
        let mut score = |first, second| {
            features[0] = first;
            features[1] = second;
            forest.scores(&Features::of_pairs(&[features]))[0]
        };
        for (first, second, leaf) in [
            (10, 0, 0.5),
            (11, -5, 1.0),
            (11, -4, 2.0),
            (ABSENT, 9, 0.5),
            (11, ABSENT, 2.0),
        ] {
            assert!(
                (score(first, second) - leaf).abs() < 1e-12,
                "{first} {second}"
            );
        }
    }

    /// So many nodes, each the right child of the one before.
    fn chain(nodes: usize) -> String {
        let list = |value: fn(usize) -> String| (0..nodes).map(value).collect::<Vec<_>>().join(",");
        let right = (1..nodes).map(|node| node.to_string());
        let right: Vec<String> = right.chain([format!("-{}", nodes + 1)]).collect();
        format!(
            r#"[{{"feature":[{}],"at_most":[{}],"absent_left":[{}],"left":[{}],"right":[{}],
            "leaves":[{},9]}}]"#,
            list(|node| node.to_string()),
            list(|_| "0".to_owned()),
            list(|_| "false".to_owned()),
            list(|node| format!("-{}", node + 1)),
            right.join(","),
            list(|node| format!("{node}.5")),
        )
    }

    #[test]
    fn as_many_nodes_as_there_are_bits_lead_to_their_leaves() {
        let forest = forest(&chain(8));
        forest.check().unwrap();
        let pairs: Vec<[i8; FEATURES]> = (0..=8)
            .map(|leaf| {
                let mut features = [1; FEATURES];
                features[leaf] = -1;
                features
            })
            .collect();
        let expected = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 9.0];
        assert_eq!(forest.scores(&Features::of_pairs(&pairs)), expected);
    }

    #[test]
    fn a_tree_that_leads_nowhere_is_found() {
        for broken in [
            TREE.replace("[1,-3]", "[5,-3]"),
            TREE.replace("[1,-3]", "[0,-3]"),
            TREE.replace("[1,-3]", "[1,-9]"),
            TREE.replace("\"feature\":[0,1]", "\"feature\":[0,9999]"),
            TREE.replace("\"left\":[-1,-2]", "\"left\":[-1]"),
            chain(9),
        ] {
            assert_eq!(forest(&broken).check(), Err(0), "{broken}");
        }
    }
}
