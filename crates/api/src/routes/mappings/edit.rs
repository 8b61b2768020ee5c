//! Deciding: a patch becomes edits, the edits the next version, and each decision a row that says
//! who, when and what; what was decided about a column is remembered for the next proposal.

use actix_web::HttpRequest;
use actix_web::http::header;
use aimapper_core::id::MappingId;
use aimapper_core::mapping::{
    Edit, MappedValue, Mapping, OnError, OnUnseen, Rule, RuleState, Step, accept_at, apply, to_yaml,
};
use aimapper_core::store::mappings::{self, MappingVersion, NewDecision, Verdict};
use aimapper_core::store::memory::{self, NewMemory};
use aimapper_core::store::{Conn, StoreError};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::readings::{self, SetReading};
use super::super::views::{At, quoted};
use super::{add, mapping_of, tag};
use crate::auth::Caller;
use crate::problem::{Code, Problem, Wrong, of_edit};

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

/// Which version a change is about (`If-Match`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Whatever is the last.
    Any,
    /// One of these entity tags, in quotes.
    Tags(Vec<String>),
}

impl Condition {
    /// That of a request, which has to have one.
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let value = request.headers().get(header::IF_MATCH);
        let Some(text) = value.and_then(|value| value.to_str().ok()) else {
            return Err(
                Problem::new(Code::PreconditionRequired, "If-Match is missing")
                    .hint("send the ETag that GET gave as If-Match".to_owned()),
            );
        };
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        let tags = text.split(',').map(|tag| tag.trim().to_owned());
        Ok(Self::Tags(tags.collect()))
    }

    fn holds(&self, row: &MappingVersion) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.contains(&quoted(&row.sha256)),
        }
    }
}

/// Makes the next version of a mapping by decisions of the caller.
///
/// # Errors
/// `precondition_failed` if there is a newer version; `invalid` with pointers; `not_found`.
pub(crate) fn edit(
    conn: &mut Conn<'_>,
    caller: &Caller,
    id: MappingId,
    condition: &Condition,
    patch: &Patch,
) -> Result<MappingVersion, Problem> {
    mappings::find(conn, caller.tenant, id)?;
    let before = mappings::latest(conn, caller.tenant, id)?;
    if !condition.holds(&before) {
        let said = format!("version {} is the last", before.number);
        return Err(Problem::new(Code::PreconditionFailed, said)
            .hint("load it again and repeat the change".to_owned()));
    }
    let old = mapping_of(&before)?;
    let at = At::from(conn.now()?);
    let by = caller.principal.name.as_deref();
    let by = by.unwrap_or(&caller.principal.subject);
    let decided = decide(&old, patch, by, &at.0)?;
    let body = to_yaml(&decided.mapping);
    let rules = decided.rules()?;
    let rows: Vec<NewDecision<'_>> = rules
        .iter()
        .map(|(rule, verdict, text)| NewDecision {
            field: &rule.field,
            verdict: *verdict,
            rule: text,
            note: rule.note.as_deref(),
        })
        .collect();
    let new = mappings::NewVersion {
        mapping: id,
        number: before.number.saturating_add(1),
        source_version: before.source_version_id,
        target_version: before.target_version_id,
        body: &body,
        sha256: &tag(&body),
    };
    let row = add(conn, caller, &new, &rows)?;
    for (rule, verdict, text) in &rules {
        remember(
            conn,
            caller,
            &decided.mapping.target.name,
            rule,
            *verdict,
            text,
        )?;
    }
    Ok(row)
}

/// Remembers what was decided about the columns of a rule.
fn remember(
    conn: &mut Conn<'_>,
    caller: &Caller,
    target_name: &str,
    rule: &Rule,
    verdict: Verdict,
    text: &str,
) -> Result<(), StoreError> {
    for source_column in &rule.sources {
        let new = NewMemory {
            target_name,
            field: &rule.field,
            source_column,
            verdict,
            rule: text,
        };
        memory::remember(conn, caller.tenant, caller.user, &new)?;
    }
    Ok(())
}

/// A mapping after decisions, and which fields were decided how.
#[derive(Debug)]
struct Decided {
    mapping: Mapping,
    fields: Vec<(String, Verdict)>,
}

impl Decided {
    /// The decided rules as they stand now, with their JSON. A field that was decided twice counts
    /// as it was decided last.
    fn rules(&self) -> Result<Vec<(&Rule, Verdict, String)>, Problem> {
        let mut found = Vec::new();
        for rule in &self.mapping.rules {
            let last = self
                .fields
                .iter()
                .rev()
                .find(|(field, _)| *field == rule.field);
            if let Some((_, verdict)) = last {
                let text =
                    serde_json::to_string(rule).map_err(|error| Problem::internal(&error))?;
                found.push((rule, *verdict, text));
            }
        }
        Ok(found)
    }
}

fn decide(old: &Mapping, patch: &Patch, by: &str, at: &str) -> Result<Decided, Problem> {
    let wrong = |pointer: &str, said: &str| {
        Problem::new(Code::Invalid, said.to_owned()).errors(vec![Wrong::new(pointer, said)])
    };
    if patch.fields.is_empty() && patch.readings.is_empty() && patch.accept_at.is_none() {
        return Err(wrong("", "nothing is decided"));
    }
    readings::check(&patch.readings, "/readings")?;
    let mut mapping = old.clone();
    for (index, set) in patch.readings.iter().enumerate() {
        let edit = Edit::SetDecision {
            what: set.what,
            column: set.column.clone(),
            value: set.value.clone(),
        };
        mapping = apply(&mapping, &edit, by, at)
            .map_err(|error| of_edit(&error, &format!("/readings/{index}")))?;
    }
    let mut fields = Vec::new();
    for (index, field) in patch.fields.iter().enumerate() {
        let pointer = format!("/fields/{index}");
        mapping = decide_field(mapping, field, by, at, &pointer)?;
        fields.push((field.field.clone(), field.verdict));
    }
    if let Some(bar) = patch.accept_at {
        if !(0.0..=1.0).contains(&bar) {
            return Err(wrong("/accept_at", "it is a number from 0 to 1"));
        }
        let next = accept_at(&mapping, bar, &format!("{by}, all from {bar} on"), at);
        let changed = next.rules.iter().zip(&mapping.rules);
        fields.extend(
            changed
                .filter(|(new, old)| new.state != old.state)
                .map(|(new, _)| (new.field.clone(), Verdict::Accepted)),
        );
        mapping = next;
    }
    Ok(Decided { mapping, fields })
}

fn decide_field(
    mapping: Mapping,
    patch: &FieldPatch,
    by: &str,
    at: &str,
    pointer: &str,
) -> Result<Mapping, Problem> {
    let mut next = mapping;
    for edit in edits(&next, patch, pointer)? {
        next = apply(&next, &edit, by, at).map_err(|error| of_edit(&error, pointer))?;
    }
    // Setting values or answers alone leaves the state as it was; the person said that it is theirs.
    let state = rule_of(&next, &patch.field).map(|rule| (rule.state, rule.transform.clone()));
    if let (Verdict::Edited, Some((state, transform))) = (patch.verdict, state)
        && state != RuleState::Edited
    {
        let field = patch.field.clone();
        let edit = Edit::SetTransform { field, transform };
        next = apply(&next, &edit, by, at).map_err(|error| of_edit(&error, pointer))?;
    }
    if let Some(text) = &patch.note {
        let edit = Edit::Note {
            field: patch.field.clone(),
            text: text.clone(),
        };
        next = apply(&next, &edit, by, at).map_err(|error| of_edit(&error, pointer))?;
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
