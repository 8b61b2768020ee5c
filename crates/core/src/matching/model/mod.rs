//! The trained model: boosted trees over the features of a pair, then the probability that a
//! column's best field is right.
//!
//! Weights are data: `weights.json`, made by `training/train.py` from `training/features.bin.gz`
//! (docs/matching.md). The features are whole numbers in one byte, and every tree adds the same
//! constants in the same order, so that all machines come to the same scores.

mod confidence;
mod forest;

pub(crate) use confidence::{Confidence, Leader};
pub(crate) use forest::Forest;

use std::sync::LazyLock;

use serde::Deserialize;

use super::evidence::{Kind, feature_names};

/// All weights.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// What the features are called; the program has to have the same.
    features: Vec<String>,
    pub(crate) forest: Forest,
    pub(crate) confidence: Confidence,
    #[serde(skip)]
    pub(crate) left_out: Vec<Kind>,
}

/// Weights that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// Not the JSON that `training/train.py` writes.
    #[error("the weights are not what training/train.py writes")]
    Form(#[from] serde_json::Error),
    /// Trained on other features.
    #[error("the weights were trained on other features than this program has")]
    Features,
    /// A tree leads nowhere, or has more nodes than training makes.
    #[error("tree {0} of the weights leads nowhere or has more than 8 nodes")]
    Tree(usize),
}

impl Weights {
    /// Reads weights.
    ///
    /// # Errors
    /// [`WeightsError`] where they are of another form or for other features.
    pub fn parse(json: &[u8]) -> Result<Self, WeightsError> {
        let weights: Self = serde_json::from_slice(json)?;
        if weights.features != feature_names() {
            return Err(WeightsError::Features);
        }
        weights.forest.check().map_err(WeightsError::Tree)?;
        Ok(weights)
    }

    /// The weights, to be asked without these kinds of evidence.
    #[must_use]
    pub fn leaving_out(mut self, kinds: &[Kind]) -> Self {
        self.left_out = kinds.to_vec();
        self
    }

    /// The weights that the program carries.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static BUILT_IN: LazyLock<Weights> = LazyLock::new(|| {
            // A test reads the same bytes, so that what is built can be read.
            Weights::parse(include_bytes!("weights.json")).unwrap_or_else(|_| Weights::nothing())
        });
        &BUILT_IN
    }

    fn nothing() -> Self {
        Self {
            features: feature_names(),
            forest: Forest::default(),
            confidence: Confidence::default(),
            left_out: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::matching::evidence::{FEATURES, Features};

    #[test]
    fn the_weights_that_are_built_in_can_be_read() {
        Weights::parse(include_bytes!("weights.json")).unwrap();
    }

    #[test]
    fn weights_for_other_features_are_refused() {
        let json = include_str!("weights.json").replacen("NameWords", "NameWard", 1);
        assert!(matches!(
            Weights::parse(json.as_bytes()),
            Err(WeightsError::Features)
        ));
        assert!(matches!(Weights::parse(b"{}"), Err(WeightsError::Form(_))));
    }

    #[test]
    fn weights_with_more_than_is_known_are_refused() {
        let json = include_str!("weights.json").replacen('{', "{\"more\":1,", 1);
        let error = Weights::parse(json.as_bytes());
        assert!(matches!(error, Err(WeightsError::Form(_))));
    }

    #[test]
    fn a_tree_that_leads_nowhere_is_named() {
        let json = include_str!("weights.json");
        let (before, trees) = json.split_once("\"left\":[").unwrap();
        let (_, rest) = trees.split_once(',').unwrap();
        let broken = format!("{before}\"left\":[-999,{rest}");
        let error = Weights::parse(broken.as_bytes());
        assert!(matches!(error, Err(WeightsError::Tree(0))), "{error:?}");
    }

    proptest! {
        /// More likeness never speaks against a pair; of a rank, less is more.
        #[test]
        fn more_likeness_is_never_less_likely(
            values in proptest::collection::vec(-127_i8..=127, FEATURES),
            at in 0..FEATURES,
            to in -127_i8..=127,
        ) {
            let forest = &Weights::built_in().forest;
            let score = |pair| forest.scores(&Features::of_pairs(&[pair]))[0];
            let mut features: [i8; FEATURES] = values.try_into().unwrap();
            let is_rank = feature_names()[at].ends_with(".rank");
            let (from, before) = (features[at], score(features));
            features[at] = to;
            let gain = score(features) - before;
            let more = if is_rank { to < from } else { to > from };
            prop_assert!(if more { gain >= -1e-9 } else { gain <= 1e-9 }, "{from} {to} {gain}");
        }
    }
}
