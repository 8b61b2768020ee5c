//! What a person still has to decide before a mapping can run: the command's exit 4, the page's
//! queue.

use serde::Serialize;

use super::words::{decision_question, value_in_words};
use super::{Mapping, Rule, RuleState, Step};
use crate::source::{Decision, What};
use crate::target::Field;

/// What a question is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A target field that needs a source.
    Field {
        /// The field.
        field: String,
    },
    /// The target as a whole, of which nothing is filled.
    Target,
    /// A reading decision.
    Reading {
        /// What it is about.
        what: What,
        /// The column, for decisions that are made per column.
        column: Option<String>,
    },
}

/// A decision that is needed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    /// What it is about.
    pub about: Subject,
    /// The question in one line.
    pub text: String,
    /// What is known about it; may be empty.
    pub reason: String,
    /// Possible answers with their probability, the most likely first.
    pub options: Vec<(String, f64)>,
    /// How to answer it on the command line or in the mapping file.
    pub settle: String,
}

/// The decisions that are needed, readings first, then fields in the target's order.
///
/// A reading is asked for if it is not sure and a rule depends on it. A field is asked for if it is
/// required, has no default, and no rule with an origin that is accepted, edited or at least as
/// likely as `bar`. A person's `ignored` and `absent` are answers.
#[must_use]
pub fn open_questions(mapping: &Mapping, bar: f64) -> Vec<Question> {
    let readings = mapping
        .decisions
        .iter()
        .filter(|decision| !decision.sure && matters(decision, mapping, bar))
        .map(reading_question);
    let fields = mapping
        .target
        .fields
        .iter()
        .filter_map(|field| field_question(field, mapping, bar));
    readings.chain(fields).collect()
}

/// What keeps a mapping from running: the open questions, or else that no field is filled at all.
#[must_use]
pub fn blocking_questions(mapping: &Mapping, bar: f64) -> Vec<Question> {
    let mut questions = open_questions(mapping, bar);
    if questions.is_empty() {
        questions.extend(nothing_filled(mapping, bar));
    }
    questions
}

/// The question about a mapping of which no rule runs: all of its rows would be empty.
fn nothing_filled(mapping: &Mapping, bar: f64) -> Option<Question> {
    if mapping.rules.iter().any(|rule| rule.runs(bar)) {
        return None;
    }
    let proposed = mapping
        .rules
        .iter()
        .filter(|rule| rule.state == RuleState::Proposed && rule.has_origin());
    let mut options: Vec<(String, f64)> = proposed
        .map(|rule| {
            let sources = super::sources_in_words(rule);
            (format!("{} <- {sources}", rule.field), rule.confidence)
        })
        .collect();
    options.sort_by(|a, b| b.1.total_cmp(&a.1));
    let by_hand = "check that this is the right target, or name sources in the mapping file and \
                   write state: \"edited\"";
    let settle = match options.first() {
        Some((_, confidence)) => format!(
            "{by_hand}, or take what is at least as likely with --accept {}",
            floor_to_hundredths(*confidence)
        ),
        None => by_hand.to_owned(),
    };
    Some(Question {
        about: Subject::Target,
        text: "no field is filled, so every row would be empty".to_owned(),
        reason: String::new(),
        options,
        settle,
    })
}

fn matters(decision: &Decision, mapping: &Mapping, bar: f64) -> bool {
    let Some(column) = &decision.column else {
        return true;
    };
    mapping.rules.iter().any(|rule| {
        let required = mapping
            .target
            .fields
            .iter()
            .any(|f| f.name == rule.field && f.required);
        let counts = rule.runs(bar) || (required && rule.is_live());
        counts && rule.sources.contains(column) && rule.depends_on(decision.what)
    })
}

impl Rule {
    /// Whether a reading decision about one of its columns changes what the rule gives.
    fn depends_on(&self, what: What) -> bool {
        match what {
            What::DateOrder => self
                .transform
                .iter()
                .any(|step| matches!(step, Step::Date { .. } | Step::Timestamp { .. })),
            What::DecimalMark | What::ThousandsMark => self
                .transform
                .iter()
                .any(|step| matches!(step, Step::Decimal { .. } | Step::Integer { .. })),
            What::NullMarkers
            | What::Encoding
            | What::Delimiter
            | What::Quote
            | What::Escape
            | What::LineEnd
            | What::HeaderLines
            | What::PreambleLines
            | What::FooterLines
            | What::Table
            | What::Repair => true,
        }
    }
}

fn reading_question(decision: &Decision) -> Question {
    let mut options = vec![(value_in_words(&decision.value), decision.confidence)];
    options.extend(
        decision
            .alternatives
            .iter()
            .map(|o| (value_in_words(&o.value), o.confidence)),
    );
    let value = decision
        .value
        .as_str()
        .map_or_else(|| decision.value.to_string(), ToOwned::to_owned);
    let what = decision.what.name();
    let setting = match &decision.column {
        Some(column) => format!("{what}@{column}={value}"),
        None => format!("{what}={value}"),
    };
    Question {
        about: Subject::Reading {
            what: decision.what,
            column: decision.column.clone(),
        },
        text: decision_question(decision),
        reason: decision.reason.clone(),
        options,
        settle: format!("--set {} (or another value)", shell_quoted(&setting)),
    }
}

/// In single quotes where a shell would take it apart.
pub(crate) fn shell_quoted(text: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '=' | '@' | '.' | '/');
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn field_question(field: &Field, mapping: &Mapping, bar: f64) -> Option<Question> {
    if !field.required || field.default.is_some() {
        return None;
    }
    let rule = mapping.rules.iter().find(|rule| rule.field == field.name);
    let mut options: Vec<(String, f64)> = Vec::new();
    let name = &field.name;
    let text = match rule {
        None => format!("{name} is required and has no rule"),
        Some(rule) => {
            let answered = matches!(rule.state, RuleState::Ignored | RuleState::Absent);
            if rule.runs(bar) || answered {
                return None;
            }
            if rule.is_live() && rule.has_origin() {
                options.push((super::sources_in_words(rule), rule.confidence));
            }
            let others = rule.alternatives.iter();
            options.extend(others.map(|other| (other.sources.join(" + "), other.confidence)));
            match (options.first(), rule.state) {
                (_, RuleState::Rejected) => {
                    format!("{name} is required and its proposal was rejected")
                }
                (None, _) => format!("{name} is required and no column fits"),
                (Some((best, confidence)), _) => {
                    format!("{name} is required: is it {best} ({confidence:.2})?")
                }
            }
        }
    };
    // What is not likely enough to be proposed cannot be accepted, only chosen.
    let is_proposed = rule.is_some_and(|rule| rule.is_live() && rule.has_origin());
    let settle = match options.first() {
        Some((_, confidence)) if is_proposed => format!(
            "write state: \"accepted\" (or other sources) into its rule, or take what is at least \
             as likely with --accept {}",
            floor_to_hundredths(*confidence)
        ),
        Some(_) | None => {
            "name its sources in the mapping file and write state: \"edited\"".to_owned()
        }
    };
    let reason = rule.and_then(strongest_reason).unwrap_or_default();
    Some(Question {
        about: Subject::Field {
            field: name.clone(),
        },
        text,
        reason,
        options,
        settle,
    })
}

fn strongest_reason(rule: &Rule) -> Option<String> {
    let strongest = rule
        .evidence
        .iter()
        .max_by(|a, b| a.weight.abs().total_cmp(&b.weight.abs()));
    strongest.map(|evidence| evidence.text.clone())
}

/// Rounded down, so that the printed bar takes the rule that it was printed for.
fn floor_to_hundredths(probability: f64) -> f64 {
    (probability * 100.0).floor() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::examples::bank;

    fn about(mapping: &Mapping, bar: f64) -> Vec<String> {
        let questions = open_questions(mapping, bar);
        questions
            .iter()
            .map(|question| match &question.about {
                Subject::Field { field } => field.clone(),
                Subject::Target => "target".to_owned(),
                Subject::Reading { what, column } => {
                    format!("{}@{}", what.name(), column.as_deref().unwrap_or_default())
                }
            })
            .collect()
    }

    #[test]
    fn required_fields_and_readings_that_matter_are_asked() {
        let mapping = bank();
        assert_eq!(
            about(&mapping, 0.9),
            ["decimal_mark@Betrag (EUR)", "amount", "currency"]
        );
        assert_eq!(
            about(&mapping, 0.86),
            ["decimal_mark@Betrag (EUR)", "amount"]
        );
        assert_eq!(about(&mapping, 0.8), ["decimal_mark@Betrag (EUR)"]);
    }

    #[test]
    fn a_reading_that_no_rule_depends_on_is_not_asked() {
        let mut mapping = bank();
        mapping.decisions[1].column = Some("Kd-Geschl.".to_owned());
        assert_eq!(about(&mapping, 0.8), Vec::<String>::new());
        mapping.decisions[1].column = None;
        assert_eq!(about(&mapping, 0.8), ["decimal_mark@"]);
    }

    #[test]
    fn what_a_person_said_is_an_answer() {
        let mut mapping = bank();
        mapping.decisions[1].sure = true;
        mapping.rules[1].state = RuleState::Accepted;
        mapping.rules[2].state = RuleState::Absent;
        assert!(about(&mapping, 0.9).is_empty());
        mapping.rules[0].state = RuleState::Rejected;
        assert_eq!(about(&mapping, 0.9), ["booking_date"]);
        mapping.target.fields[0].default = Some("2026-01-01".to_owned());
        assert!(about(&mapping, 0.9).is_empty());
    }

    #[test]
    fn a_question_says_how_to_settle_it() {
        let questions = open_questions(&bank(), 0.9);
        assert_eq!(
            questions[0].settle,
            "--set 'decimal_mark@Betrag (EUR)=,' (or another value)"
        );
        assert_eq!(
            questions[0].options,
            [(",".to_owned(), 0.6), (".".to_owned(), 0.4)]
        );
        assert_eq!(
            questions[1].text,
            "amount is required: is it Betrag (EUR) + S/H (0.84)?"
        );
        assert!(
            questions[1].settle.ends_with("--accept 0.84"),
            "{}",
            questions[1].settle
        );
    }

    #[test]
    fn a_mapping_that_fills_nothing_is_a_question() {
        let mut mapping = bank();
        for field in &mut mapping.target.fields {
            field.required = false;
        }
        assert!(blocking_questions(&mapping, 0.9).is_empty());
        for rule in &mut mapping.rules {
            rule.state = RuleState::Proposed;
            rule.confidence = rule.confidence.min(0.86);
        }
        let questions = blocking_questions(&mapping, 0.9);
        assert_eq!(questions.len(), 1);
        assert_eq!(questions[0].about, Subject::Target);
        assert_eq!(
            questions[0].text,
            "no field is filled, so every row would be empty"
        );
        assert_eq!(
            questions[0].options[0],
            ("booking_date <- Buchungstag".to_owned(), 0.86)
        );
        assert!(questions[0].settle.ends_with("--accept 0.86"));
        assert!(blocking_questions(&mapping, 0.86).is_empty());
        for rule in &mut mapping.rules {
            rule.state = RuleState::Absent;
        }
        let questions = blocking_questions(&mapping, 0.9);
        assert_eq!((questions.len(), questions[0].options.len()), (1, 0));
        // What is asked already is enough.
        mapping.target.fields[0].required = true;
        mapping.rules[0].state = RuleState::Rejected;
        let questions = blocking_questions(&mapping, 0.9);
        assert!(matches!(questions[0].about, Subject::Field { .. }));
        assert_eq!(questions.len(), 1);
    }

    #[test]
    fn a_field_without_any_idea_is_asked_plainly() {
        let mut mapping = bank();
        mapping.rules[2].transform.clear();
        let questions = open_questions(&mapping, 0.9);
        assert_eq!(questions[2].text, "currency is required and no column fits");
        mapping.rules.remove(2);
        let questions = open_questions(&mapping, 0.9);
        assert_eq!(questions[2].text, "currency is required and has no rule");
    }
}
