//! Gradient-boosted trees (Friedman 2001), as `LightGBM` trains them: a sum of small decision trees.

use serde::Deserialize;

use crate::matching::evidence::{ABSENT, FEATURES};

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

/// The same node by node: walking it touches one place of memory per step, and few in all.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Lists")]
struct Tree {
    nodes: Vec<Node>,
    leaves: Vec<f64>,
    /// Whether all lists had the same length.
    even: bool,
}

/// What is absent is less than all else.
#[derive(Debug, Clone, Copy)]
struct Node {
    feature: u16,
    /// Features from it up to `at_most` go left.
    least: i8,
    at_most: i8,
    left: i16,
    right: i16,
}

impl From<Lists> for Tree {
    fn from(lists: Lists) -> Self {
        let lengths = [
            lists.at_most.len(),
            lists.absent_left.len(),
            lists.left.len(),
            lists.right.len(),
        ];
        let even = lengths.iter().all(|length| *length == lists.feature.len());
        let conditions = lists
            .feature
            .into_iter()
            .zip(lists.at_most)
            .zip(lists.absent_left);
        let children = lists.left.into_iter().zip(lists.right);
        let nodes = conditions.zip(children);
        let nodes = nodes.map(|(((feature, at_most), absent_left), (left, right))| Node {
            feature,
            least: if absent_left { ABSENT } else { ABSENT + 1 },
            at_most,
            left,
            right,
        });
        Self {
            nodes: nodes.collect(),
            leaves: lists.leaves,
            even,
        }
    }
}

impl Forest {
    /// The sum over all trees for each of several pairs: a tree is walked by all of them before the next
    /// one is looked at, so that its nodes are near.
    pub(crate) fn scores(&self, pairs: &[&[i8; FEATURES]]) -> Vec<f64> {
        let mut sums = vec![0.0; pairs.len()];
        for tree in &self.trees {
            for (sum, features) in sums.iter_mut().zip(pairs) {
                *sum += tree.leaf(features);
            }
        }
        sums
    }

    /// The number of the first tree that is not whole: a child that is missing or goes back.
    pub(super) fn check(&self) -> Result<(), usize> {
        match self.trees.iter().position(|tree| !tree.is_whole()) {
            Some(broken) => Err(broken),
            None => Ok(()),
        }
    }
}

impl Tree {
    fn leaf(&self, features: &[i8; FEATURES]) -> f64 {
        let mut node = 0_i16;
        while let Ok(place) = usize::try_from(node) {
            let Some(next) = self.next(place, features) else {
                break;
            };
            node = next;
        }
        usize::try_from(-1 - node)
            .ok()
            .and_then(|leaf| self.leaves.get(leaf))
            .copied()
            .unwrap_or(0.0)
    }

    fn next(&self, place: usize, features: &[i8; FEATURES]) -> Option<i16> {
        let node = self.nodes.get(place)?;
        let value = *features.get(usize::from(node.feature))?;
        let goes_left = (node.least..=node.at_most).contains(&value);
        Some(if goes_left { node.left } else { node.right })
    }

    fn is_whole(&self) -> bool {
        let child = |place: usize, child: i16| match usize::try_from(child) {
            Ok(inner) => inner > place && inner < self.nodes.len(),
            Err(_) => usize::try_from(-1 - child).is_ok_and(|leaf| leaf < self.leaves.len()),
        };
        let leads_on = |(place, node): (usize, &Node)| {
            usize::from(node.feature) < FEATURES
                && child(place, node.left)
                && child(place, node.right)
        };
        self.even && !self.nodes.is_empty() && self.nodes.iter().enumerate().all(leads_on)
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
            forest.scores(&[&features])[0]
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

    #[test]
    fn a_tree_that_leads_nowhere_is_found() {
        for broken in [
            TREE.replace("[1,-3]", "[5,-3]"),
            TREE.replace("[1,-3]", "[0,-3]"),
            TREE.replace("[1,-3]", "[1,-9]"),
            TREE.replace("\"feature\":[0,1]", "\"feature\":[0,9999]"),
        ] {
            assert_eq!(forest(&broken).check(), Err(0), "{broken}");
        }
    }
}
