//! Learning with the review: each proposal that a person finds right or wrong says how far the other
//! proposals of the same mapping can be trusted.
//!
//! What differs most from table to table is the share of the proposals that are right. The matcher
//! estimates it from the table (docs/matching.md); here it is estimated again with what people saw,
//! in the same way (Saerens, Latinne and Decaestecker 2002), and the open proposals follow.

use super::{Mapping, Proposed, Rule, RuleState};

/// How many proposals the share that the matcher expected counts as.
const IMAGINED: f64 = 10.0;
/// Just below what is called sure.
const UNSURE: f64 = 0.89;
/// Rounds of the estimation.
const ROUNDS: usize = 30;

impl Rule {
    /// Whether a person found the proposal right; `None` where nobody looked, or nothing was
    /// proposed.
    #[must_use]
    pub fn was_right(&self) -> Option<bool> {
        let proposed = self.proposed.as_ref()?;
        if !proposed.judged || proposed.sources.is_empty() {
            return None;
        }
        match self.state {
            RuleState::Proposed => None,
            RuleState::Accepted | RuleState::Edited => Some(self.sources == proposed.sources),
            RuleState::Rejected | RuleState::Ignored | RuleState::Absent => Some(false),
        }
    }

    /// Notes that a person looked at the proposal, as it was in `before`.
    pub(super) fn judge(&mut self, before: &Rule) {
        self.bar = None;
        match (&mut self.proposed, before.state) {
            (Some(proposed), _) => {
                proposed.judged = true;
                // What others taught counts no more where a person has looked.
                if self.confidence.to_bits() == before.confidence.to_bits() {
                    self.confidence = proposed.confidence;
                }
            }
            (None, RuleState::Proposed | RuleState::Accepted) => {
                self.proposed = Some(Proposed {
                    sources: before.sources.clone(),
                    confidence: before.confidence,
                    judged: true,
                });
            }
            // Nobody knows any more what was proposed.
            (
                None,
                RuleState::Edited | RuleState::Rejected | RuleState::Ignored | RuleState::Absent,
            ) => {}
        }
    }

    /// The confidence that it was proposed with.
    fn first_confidence(&self) -> f64 {
        let proposed = self.proposed.as_ref();
        proposed.map_or(self.confidence, |proposed| proposed.confidence)
    }

    fn is_open(&self) -> bool {
        self.state == RuleState::Proposed && !self.sources.is_empty()
    }
}

/// Moves the confidence of the open proposals to what people found about the others. Gives the
/// mapping back as it was where nobody decided anything; what a person decided stays as it is.
#[must_use]
pub fn learn(mapping: &Mapping) -> Mapping {
    let mut next = mapping.clone();
    let judged: Vec<(f64, bool)> = mapping
        .rules
        .iter()
        .filter_map(|rule| Some((rule.first_confidence(), rule.was_right()?)))
        .collect();
    let open = mapping.rules.iter().filter(|rule| rule.is_open());
    let open: Vec<f64> = open.map(Rule::first_confidence).collect();
    let Some(share) = Share::estimate(&judged, &open) else {
        return next;
    };
    for rule in next.rules.iter_mut().filter(|rule| rule.is_open()) {
        let first = rule.first_confidence();
        let moved = if judged.is_empty() {
            first
        } else {
            (share.moved(first).min(ceiling(rule)) * 1000.0).round() / 1000.0
        };
        if rule.proposed.is_none() && moved.to_bits() != rule.confidence.to_bits() {
            rule.proposed = Some(Proposed {
                sources: rule.sources.clone(),
                confidence: rule.confidence,
                judged: false,
            });
        }
        rule.confidence = moved;
    }
    next
}

/// The most that a rule may become. Where nothing is said about it, nothing becomes sure.
fn ceiling(rule: &Rule) -> f64 {
    if rule.most < 1.0 {
        rule.most
    } else {
        rule.first_confidence().max(UNSURE)
    }
}

/// The share of right proposals: as it was expected, and as it is estimated now.
#[derive(Debug, Clone, Copy)]
struct Share {
    expected: f64,
    now: f64,
}

impl Share {
    /// `None` where there is nothing to estimate it from.
    fn estimate(judged: &[(f64, bool)], open: &[f64]) -> Option<Self> {
        let all = count(judged.len() + open.len());
        let first = judged.iter().map(|(first, _)| first).chain(open);
        let expected = first.sum::<f64>() / all;
        if !(expected > 0.0 && expected < 1.0) {
            return None;
        }
        let right = count(judged.iter().filter(|(_, right)| *right).count());
        let mut share = Self {
            expected,
            now: expected,
        };
        for _ in 0..ROUNDS {
            let likely: f64 = open.iter().map(|&first| share.moved(first)).sum();
            share.now = (right + likely + IMAGINED * expected) / (all + IMAGINED);
        }
        Some(share)
    }

    /// What a probability becomes at the share of now.
    fn moved(self, probability: f64) -> f64 {
        let right = probability * self.now / self.expected;
        let wrong = (1.0 - probability) * (1.0 - self.now) / (1.0 - self.expected);
        right / (right + wrong).max(f64::MIN_POSITIVE)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rules")]
const fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mapping::examples::{bank, rule};
    use crate::mapping::{Edit, accept_at, apply};

    /// Eight proposals at one confidence, with columns of the example.
    fn eight(confidence: f64) -> Mapping {
        let mut mapping = bank();
        let field = mapping.target.fields[4].clone();
        mapping.target.fields.clear();
        mapping.rules.clear();
        for number in 0..8 {
            let mut field = field.clone();
            field.name = format!("f{number}");
            mapping
                .rules
                .push(rule(&field.name, &["Buchungstag"], confidence));
            mapping.target.fields.push(field);
        }
        mapping
    }

    fn decide(mapping: &Mapping, edit: &Edit) -> Mapping {
        apply(mapping, edit, "mira", "2026-11-29T10:00:00Z").unwrap()
    }

    fn accept(field: usize) -> Edit {
        let field = format!("f{field}");
        Edit::Accept { field }
    }

    fn reject(field: usize) -> Edit {
        let field = format!("f{field}");
        Edit::Reject { field }
    }

    #[test]
    fn right_ones_raise_and_wrong_ones_lower_the_rest() {
        let mapping = eight(0.6);
        let better = (0..4).fold(mapping.clone(), |mapping, at| decide(&mapping, &accept(at)));
        let worse = (0..4).fold(mapping, |mapping, at| decide(&mapping, &reject(at)));
        assert!(better.rules[7].confidence > 0.63, "{:?}", better.rules[7]);
        assert!(worse.rules[7].confidence < 0.56, "{:?}", worse.rules[7]);
        let proposed = better.rules[7].proposed.as_ref().unwrap();
        assert!((proposed.confidence - 0.6).abs() < 1e-9 && !proposed.judged);
        assert!(
            (better.rules[0].confidence - 0.6).abs() < 1e-9,
            "decided ones stay"
        );
    }

    #[test]
    fn the_order_of_decisions_and_a_way_back_do_not_matter() {
        let mapping = eight(0.6);
        let one = decide(&decide(&mapping, &accept(0)), &reject(1));
        let other = decide(&decide(&mapping, &reject(1)), &accept(0));
        assert_eq!(one, other);
        let changed = decide(&decide(&one, &accept(1)), &reject(0));
        let direct = decide(&decide(&mapping, &accept(1)), &reject(0));
        assert_eq!(changed, direct);
    }

    #[test]
    fn what_is_open_for_another_reason_stays_open() {
        let mut mapping = eight(0.5);
        mapping.rules[7].most = 0.5;
        let learnt = (0..6).fold(mapping, |mapping, at| decide(&mapping, &accept(at)));
        assert!(learnt.rules[6].confidence > 0.55);
        assert!((learnt.rules[7].confidence - 0.5).abs() < 1e-9);
    }

    #[test]
    fn another_column_says_that_the_proposal_was_wrong() {
        let choose = |column: &str| Edit::Choose {
            field: "f0".to_owned(),
            sources: vec![column.to_owned()],
        };
        let other = decide(&eight(0.6), &choose("Wertstellung"));
        assert_eq!(other.rules[0].was_right(), Some(false));
        assert!(other.rules[7].confidence < 0.6);
        let back = decide(&other, &choose("Buchungstag"));
        assert_eq!(back.rules[0].was_right(), Some(true));
        let gone = Edit::Absent {
            field: "f0".to_owned(),
            why: "no".to_owned(),
        };
        assert_eq!(decide(&eight(0.6), &gone).rules[0].was_right(), Some(false));
    }

    #[test]
    fn what_nobody_looked_at_teaches_nothing() {
        let mapping = eight(0.6);
        let all = accept_at(&mapping, 0.5, "--accept 0.5", "");
        assert!(all.rules.iter().all(|rule| rule.was_right().is_none()));
        let note = Edit::Note {
            field: "f0".to_owned(),
            text: "ask".to_owned(),
        };
        assert_eq!(decide(&mapping, &note).rules[7], mapping.rules[7]);
        assert_eq!(learn(&mapping), mapping);
        assert_eq!(learn(&bank()), bank());
    }

    proptest! {
        #[test]
        fn confidences_keep_their_order(
            first in proptest::collection::vec(0.02..0.99_f64, 2..20),
            right in proptest::collection::vec(any::<bool>(), 0..20),
        ) {
            let judged: Vec<(f64, bool)> = right.iter().map(|&right| (0.7, right)).collect();
            let share = Share::estimate(&judged, &first).unwrap();
            let mut sorted = first;
            sorted.sort_by(f64::total_cmp);
            let moved: Vec<f64> = sorted.iter().map(|&first| share.moved(first)).collect();
            prop_assert!(moved.iter().all(|p| (0.0..=1.0).contains(p)));
            prop_assert!(moved.is_sorted());
        }
    }
}
