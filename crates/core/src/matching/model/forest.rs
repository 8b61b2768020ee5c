//! Gradient-boosted trees (Friedman 2001), as `LightGBM` trains them: a sum of small decision trees.

use serde::Deserialize;

use crate::matching::evidence::{ABSENT, FEATURES};

/// The trees; their sum is the log-odds that a pair is right, before a table's base rate is known.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Forest {
    trees: Vec<Tree>,
}

/// One tree as lists by node; node 0 is the root. A child below zero is the leaf `-1 - child`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tree {
    feature: Vec<usize>,
    /// Features up to it go left.
    at_most: Vec<i8>,
    /// Whether what is absent goes left.
    absent_left: Vec<bool>,
    left: Vec<i32>,
    right: Vec<i32>,
    leaves: Vec<f64>,
}

impl Forest {
    /// The sum over all trees.
    pub(crate) fn score(&self, features: &[i8; FEATURES]) -> f64 {
        self.trees.iter().map(|tree| tree.leaf(features)).sum()
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
        let mut node = 0_i32;
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

    fn next(&self, node: usize, features: &[i8; FEATURES]) -> Option<i32> {
        let value = *features.get(*self.feature.get(node)?)?;
        let left = if value == ABSENT {
            *self.absent_left.get(node)?
        } else {
            value <= *self.at_most.get(node)?
        };
        if left {
            self.left.get(node)
        } else {
            self.right.get(node)
        }
        .copied()
    }

    fn is_whole(&self) -> bool {
        let nodes = self.feature.len();
        let lists = [
            self.at_most.len(),
            self.absent_left.len(),
            self.left.len(),
            self.right.len(),
        ];
        let child = |node: usize, child: i32| match usize::try_from(child) {
            Ok(inner) => inner > node && inner < nodes,
            Err(_) => usize::try_from(-1 - child).is_ok_and(|leaf| leaf < self.leaves.len()),
        };
        let children = self.left.iter().zip(&self.right).enumerate();
        nodes > 0
            && lists.iter().all(|length| *length == nodes)
            && self.feature.iter().all(|feature| *feature < FEATURES)
            && children
                .clone()
                .all(|(node, (left, right))| child(node, *left) && child(node, *right))
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
            forest.score(&features)
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
