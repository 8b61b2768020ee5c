//! Decisions as requests name them, and the edits that they mean.

use actix_web::HttpRequest;
use actix_web::http::header;
use aimapper_core::mapping::{
    Edit, MappedValue, Mapping, OnError, OnUnseen, Rule, RuleState, Step,
};
use aimapper_core::store::mappings::Verdict;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::actions::mappings::{Condition, Signature};
use crate::problem::{Code, Problem, Wrong};
use crate::readings::{self, SetReading};

/// Decisions about a mapping. Fields are decided in their order, after the readings; `accept_at`
/// comes last.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Patch {
    /// What is decided about fields.
    #[serde(default)]
    pub(crate) fields: Vec<FieldPatch>,
    /// How the source is read.
    #[serde(default)]
    pub(crate) readings: Vec<SetReading>,
    /// Accept every proposal and reading of at least this confidence, 0 to 1.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1)]
    pub(crate) accept_at: Option<f64>,
}

/// What is decided about one field.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldPatch {
    /// The target field.
    pub(crate) field: String,
    /// `accepted`, `edited`, `rejected`, `ignored` or `absent`.
    #[schema(value_type = String)]
    pub(crate) verdict: Verdict,
    /// Take this one of the alternatives, counted from 0, in place of what is proposed.
    #[serde(default)]
    pub(crate) alternative: Option<usize>,
    /// The person's own rule; only what it names is changed.
    #[serde(default)]
    pub(crate) rule: Option<RulePatch>,
    /// Why it is ignored or absent.
    #[serde(default)]
    pub(crate) why: Option<String>,
    /// The person's words; an empty text takes them away.
    #[serde(default)]
    pub(crate) note: Option<String>,
}

/// A person's own rule.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RulePatch {
    /// Columns of the source.
    #[serde(default)]
    pub(crate) sources: Option<Vec<String>>,
    /// Steps.
    #[serde(default)]
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    pub(crate) transform: Option<Vec<Step>>,
    /// Entries of the value map that are set; the others stay.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub(crate) value_map: Vec<MappedValue>,
    /// What happens to values that the map does not list.
    #[serde(default)]
    #[schema(value_type = Option<serde_json::Value>)]
    pub(crate) on_unseen: Option<OnUnseen>,
    /// What happens to values that a step refuses.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(crate) on_error: Option<OnError>,
}

/// Which version a change is about, as its request says; it has to.
///
/// # Errors
/// `precondition_required`.
pub(super) fn condition(request: &HttpRequest) -> Result<Condition, Problem> {
    let value = request.headers().get(header::IF_MATCH);
    let Some(text) = value.and_then(|value| value.to_str().ok()) else {
        return Err(
            Problem::new(Code::PreconditionRequired, "If-Match is missing")
                .hint("send the ETag that GET gave as If-Match".to_owned()),
        );
    };
    if text.trim() == "*" {
        return Ok(Condition::Any);
    }
    let mut tags = Vec::new();
    for tag in text.split(',').map(str::trim) {
        // A weak one is none of ours.
        let (weak, quoted) = match tag.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, tag),
        };
        let inner = quoted
            .strip_prefix('"')
            .and_then(|tag| tag.strip_suffix('"'));
        let inner = inner.ok_or_else(|| {
            Problem::new(Code::InvalidParameter, "If-Match is no ETag")
                .hint("send the ETag that GET gave, with its quotes".to_owned())
        })?;
        if !weak {
            tags.push(inner.to_owned());
        }
    }
    Ok(Condition::Tags(tags))
}

impl Patch {
    /// What a mapping becomes by it.
    ///
    /// # Errors
    /// `invalid` with pointers.
    pub(super) fn of(&self, old: &Mapping, signature: &Signature) -> Result<Mapping, Problem> {
        let wrong = |pointer: &str, said: &str| {
            Problem::new(Code::Invalid, said.to_owned()).errors(vec![Wrong::new(pointer, said)])
        };
        if self.fields.is_empty() && self.readings.is_empty() && self.accept_at.is_none() {
            return Err(wrong("", "nothing is decided"));
        }
        readings::check(&self.readings, "/readings")?;
        let mut mapping = old.clone();
        for (index, set) in self.readings.iter().enumerate() {
            let mut known = mapping.decisions.iter();
            let is_as_read = known.any(|d| d.what == set.what && d.value == set.value);
            if !set.what.per_column() && !is_as_read {
                // The rows were read by the old one, and the columns may be others by this one.
                let said = "the source has to be read again for that";
                return Err(wrong(&format!("/readings/{index}"), said)
                    .hint("POST it to the source's versions".to_owned()));
            }
            let edit = Edit::SetDecision {
                what: set.what,
                column: set.column.clone(),
                value: set.value.clone(),
            };
            mapping = signature.apply(&mapping, &edit, &format!("/readings/{index}"))?;
        }
        for (index, field) in self.fields.iter().enumerate() {
            mapping = decide_field(mapping, field, signature, &format!("/fields/{index}"))?;
        }
        match self.accept_at {
            Some(bar) if (0.0..=1.0).contains(&bar) => Ok(signature.accept_at(&mapping, bar)),
            Some(_) => Err(wrong("/accept_at", "it is a number from 0 to 1")),
            None => Ok(mapping),
        }
    }
}

fn decide_field(
    mapping: Mapping,
    patch: &FieldPatch,
    signature: &Signature,
    pointer: &str,
) -> Result<Mapping, Problem> {
    let mut next = mapping;
    for edit in edits(&next, patch, pointer)? {
        next = signature.apply(&next, &edit, pointer)?;
    }
    // Setting values or answers alone leaves the state as it was; the person said that it is theirs.
    let state = rule_of(&next, &patch.field).map(|rule| (rule.state, rule.transform.clone()));
    if let (Verdict::Edited, Some((state, transform))) = (patch.verdict, state)
        && state != RuleState::Edited
    {
        let field = patch.field.clone();
        next = signature.apply(&next, &Edit::SetTransform { field, transform }, pointer)?;
    }
    if let Some(text) = &patch.note {
        let edit = Edit::Note {
            field: patch.field.clone(),
            text: text.clone(),
        };
        next = signature.apply(&next, &edit, pointer)?;
    }
    Ok(next)
}

fn rule_of<'a>(mapping: &'a Mapping, field: &str) -> Option<&'a Rule> {
    mapping.rules.iter().find(|rule| rule.field == field)
}

/// The edits that a decision means.
fn edits(mapping: &Mapping, patch: &FieldPatch, pointer: &str) -> Result<Vec<Edit>, Problem> {
    let field = patch.field.clone();
    let refuse = |place: &str, said: &str| {
        let place = format!("{pointer}/{place}");
        Problem::new(Code::Invalid, said.to_owned()).errors(vec![Wrong::new(place, said)])
    };
    let own = match patch.verdict {
        Verdict::Edited => patch.rule.is_some() || patch.alternative.is_some(),
        Verdict::Accepted => patch.rule.is_none(),
        Verdict::Rejected | Verdict::Ignored | Verdict::Absent => {
            patch.rule.is_none() && patch.alternative.is_none()
        }
    };
    if !own {
        return Err(refuse(
            "verdict",
            "a rule goes with edited and nothing else, an alternative with edited or accepted",
        ));
    }
    let mut edits = Vec::new();
    if let Some(index) = patch.alternative {
        let alternative = rule_of(mapping, &field).and_then(|rule| rule.alternatives.get(index));
        let Some(alternative) = alternative else {
            return Err(refuse("alternative", "the field has no such alternative"));
        };
        edits.push(Edit::Choose {
            field: field.clone(),
            sources: alternative.sources.clone(),
        });
    }
    let why = || patch.why.clone().unwrap_or_default();
    match patch.verdict {
        Verdict::Accepted => edits.push(Edit::Accept { field }),
        Verdict::Rejected => edits.push(Edit::Reject { field }),
        Verdict::Ignored => edits.push(Edit::Ignore { field, why: why() }),
        Verdict::Absent => edits.push(Edit::Absent { field, why: why() }),
        Verdict::Edited => edits.extend(own_rule(&field, patch.rule.as_ref())),
    }
    Ok(edits)
}

fn own_rule(field: &str, rule: Option<&RulePatch>) -> Vec<Edit> {
    let Some(rule) = rule else {
        return Vec::new();
    };
    let field = || field.to_owned();
    let mut edits = Vec::new();
    if let Some(sources) = rule.sources.clone() {
        edits.push(Edit::Choose {
            field: field(),
            sources,
        });
    }
    if let Some(transform) = rule.transform.clone() {
        edits.push(Edit::SetTransform {
            field: field(),
            transform,
        });
    }
    edits.extend(rule.value_map.iter().map(|value| Edit::SetValue {
        field: field(),
        from: value.from.clone(),
        to: value.to.clone(),
    }));
    if let Some(on_unseen) = rule.on_unseen.clone() {
        edits.push(Edit::SetUnseen {
            field: field(),
            on_unseen,
        });
    }
    if let Some(on_error) = rule.on_error {
        edits.push(Edit::SetOnError {
            field: field(),
            on_error,
        });
    }
    edits
}
