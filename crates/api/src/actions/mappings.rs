//! Deciding: what a person says becomes the next version of a mapping, a row for each rule that says
//! who, when and what, and what is remembered about its columns for the next proposal.

use aimapper_core::id::{JobId, MappingId, SourceVersionId, TargetVersionId, TenantId};
use aimapper_core::job::Payload;
use aimapper_core::mapping::{
    Edit, Mapping, Rule, RuleState, accept_at, apply, from_yaml, to_yaml,
};
use aimapper_core::matching::PastDecision;
use aimapper_core::store::mappings::{
    self, MappingVersion, NewDecision, NewVersion, Verdict, VersionHead,
};
use aimapper_core::store::memory::{self, NewMemory};
use aimapper_core::store::{Conn, StoreError, jobs, sources, targets};
use aimapper_core::time::Millis;

use super::Asker;
use super::sources::profile_of;
use crate::at::At;
use crate::auth::Caller;
use crate::problem::{Problem, of_edit};

/// Which version a change is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Whatever is the last.
    Any,
    /// One with one of these entity tags.
    Tags(Vec<String>),
    /// The one of this number.
    Number(i32),
}

impl Condition {
    fn holds(&self, row: &MappingVersion) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.contains(&row.sha256),
            Self::Number(number) => *number == row.number,
        }
    }
}

/// Who decides, and when, as it stands in rules.
#[derive(Debug, Clone)]
pub(crate) struct Signature {
    by: String,
    at: String,
}

impl Signature {
    fn new(caller: &Caller, now: Millis) -> Self {
        Self {
            by: caller.name().to_owned(),
            at: At::from(now).0,
        }
    }

    /// The mapping after an edit; `pointer` is where it was asked for.
    ///
    /// # Errors
    /// `invalid` with that place.
    pub(crate) fn apply(
        &self,
        mapping: &Mapping,
        edit: &Edit,
        pointer: &str,
    ) -> Result<Mapping, Problem> {
        apply(mapping, edit, &self.by, &self.at).map_err(|error| of_edit(&error, pointer))
    }

    /// The mapping with all accepted that is at least so sure; its rules say that nobody looked.
    pub(crate) fn accept_at(&self, mapping: &Mapping, bar: f64) -> Mapping {
        let by = format!("{}, all from {bar} on", self.by);
        accept_at(mapping, bar, &by, &self.at)
    }
}

/// What changes a mapping.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// Edits, in their order.
    Edits(Vec<Edit>),
    /// All proposals at or above this are accepted.
    AcceptAt(f64),
    /// The mapping is again what it was in the version of this number.
    BackTo(i32),
}

impl Change {
    /// What a version becomes by it.
    ///
    /// # Errors
    /// `invalid` for edits that cannot be made; `not_found` if there is no such version.
    pub(crate) fn of(
        &self,
        conn: &mut Conn<'_>,
        caller: &Caller,
        (version, old): (&MappingVersion, &Mapping),
        signature: &Signature,
    ) -> Result<Mapping, Problem> {
        match self {
            Self::Edits(edits) => edits.iter().try_fold(old.clone(), |mapping, edit| {
                signature.apply(&mapping, edit, "")
            }),
            Self::AcceptAt(bar) => Ok(signature.accept_at(old, *bar)),
            Self::BackTo(number) => {
                let back = numbered(conn, caller.tenant, version.mapping_id, *number)?;
                mapping_of(&mappings::version(conn, caller.tenant, back.id)?)
            }
        }
    }
}

/// The version of this number.
///
/// # Errors
/// `not_found`, `unavailable`.
pub(crate) fn numbered(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    mapping: MappingId,
    number: i32,
) -> Result<VersionHead, Problem> {
    let heads = mappings::heads(conn, tenant, mapping)?;
    let found = heads.into_iter().find(|head| head.number == number);
    found.ok_or_else(|| Problem::not_found("version of the mapping", &number))
}

/// The mapping of a version.
///
/// # Errors
/// `internal` if it cannot be read.
pub(crate) fn mapping_of(version: &MappingVersion) -> Result<Mapping, Problem> {
    from_yaml(&version.body, "mapping.yaml").map_err(|error| Problem::internal(&error))
}

/// Makes the next version of a mapping by decisions of the caller. What changes nothing makes none.
///
/// # Errors
/// `precondition_failed` if there is a newer version; `not_found`; those of `decide`.
pub(crate) fn edit<F>(
    conn: &mut Conn<'_>,
    caller: &Caller,
    id: MappingId,
    condition: &Condition,
    decide: F,
) -> Result<MappingVersion, Problem>
where
    F: FnOnce(&mut Conn<'_>, (&MappingVersion, &Mapping), &Signature) -> Result<Mapping, Problem>,
{
    mappings::find(conn, caller.tenant, id)?;
    let last = mappings::latest(conn, caller.tenant, id)?;
    if !condition.holds(&last) {
        let number = last.number;
        let what = MappingId::WHAT;
        return Err(StoreError::Outdated { what, number }.into());
    }
    let before = mapping_of(&last)?;
    let signature = Signature::new(caller, conn.now()?);
    let after = decide(conn, (&last, &before), &signature)?;
    if after == before {
        return Ok(last);
    }
    keep(conn, caller, &last, &before, &after)
}

fn keep(
    conn: &mut Conn<'_>,
    caller: &Caller,
    last: &MappingVersion,
    before: &Mapping,
    after: &Mapping,
) -> Result<MappingVersion, Problem> {
    let decided = decided(before, after)?;
    let rows: Vec<NewDecision<'_>> = decided.iter().map(Decided::row).collect();
    let body = to_yaml(after);
    let new = NewVersion {
        mapping: last.mapping_id,
        number: last.number.saturating_add(1),
        source_version: last.source_version_id,
        target_version: last.target_version_id,
        body: &body,
        sha256: &mappings::sha256(&body),
    };
    let row = add(conn, caller, &new, &rows)?;
    for rule in &decided {
        rule.remember(conn, caller, (before, after))?;
    }
    forget_what_was_undone(conn, caller, before, after)?;
    Ok(row)
}

/// Proposes a mapping for a source that was read: the job that does it.
///
/// # Errors
/// `not_found`, `not_read_yet`, `source_deleted`; `unavailable`.
pub(crate) fn propose(
    conn: &mut Conn<'_>,
    asker: &Asker,
    (source_version, target_version): (SourceVersionId, TargetVersionId),
    memory: bool,
) -> Result<JobId, Problem> {
    let tenant = asker.caller.tenant;
    let source = sources::version(conn, tenant, source_version)?;
    targets::version(conn, tenant, target_version)?;
    profile_of(&source)?;
    let payload = Payload::Propose {
        source_version,
        target_version,
        memory,
    };
    Ok(jobs::submit(conn, &asker.job(payload, 0), None)?.id())
}

/// Adds a version, and gives it as it is stored.
///
/// # Errors
/// `precondition_failed` if there is one of this number; `unavailable`.
pub(crate) fn add(
    conn: &mut Conn<'_>,
    caller: &Caller,
    new: &NewVersion<'_>,
    decisions: &[NewDecision<'_>],
) -> Result<MappingVersion, Problem> {
    let id = mappings::add_version(conn, caller.tenant, caller.user, new, decisions)?;
    Ok(mappings::version(conn, caller.tenant, id)?)
}

/// A rule that a person decided on.
struct Decided<'a> {
    rule: &'a Rule,
    verdict: Verdict,
    /// The rule as JSON.
    json: String,
}

/// Rules that are not as they were, and that a person has decided on.
fn decided<'a>(before: &Mapping, after: &'a Mapping) -> Result<Vec<Decided<'a>>, Problem> {
    let mut found = Vec::new();
    for rule in &after.rules {
        let Some(verdict) = verdict(rule.state).filter(|_| !before.rules.contains(rule)) else {
            continue;
        };
        let json = serde_json::to_string(rule).map_err(|error| Problem::internal(&error))?;
        found.push(Decided {
            rule,
            verdict,
            json,
        });
    }
    Ok(found)
}

fn rule_of<'a>(mapping: &'a Mapping, field: &str) -> Option<&'a Rule> {
    mapping.rules.iter().find(|rule| rule.field == field)
}

/// What nobody has decided any more is not remembered either.
fn forget_what_was_undone(
    conn: &mut Conn<'_>,
    caller: &Caller,
    before: &Mapping,
    after: &Mapping,
) -> Result<(), StoreError> {
    for rule in &after.rules {
        let last = rule_of(before, &rule.field).filter(|_| verdict(rule.state).is_none());
        let decided = last.map(PastDecision::of_rule).unwrap_or_default();
        for (column, _) in decided {
            let about = (after.target.name.as_str(), rule.field.as_str());
            memory::forget_about(conn, caller.tenant, about, &column)?;
        }
    }
    Ok(())
}

const fn verdict(state: RuleState) -> Option<Verdict> {
    match state {
        RuleState::Proposed => None,
        RuleState::Accepted => Some(Verdict::Accepted),
        RuleState::Edited => Some(Verdict::Edited),
        RuleState::Rejected => Some(Verdict::Rejected),
        RuleState::Ignored => Some(Verdict::Ignored),
        RuleState::Absent => Some(Verdict::Absent),
    }
}

impl Decided<'_> {
    fn row(&self) -> NewDecision<'_> {
        NewDecision {
            field: &self.rule.field,
            verdict: self.verdict,
            rule: &self.json,
            note: self.rule.note.as_deref(),
        }
    }

    /// Remembers what was decided about each column that the rule has or had.
    fn remember(
        &self,
        conn: &mut Conn<'_>,
        caller: &Caller,
        (before, mapping): (&Mapping, &Mapping),
    ) -> Result<(), StoreError> {
        let kept = serde_json::to_string(&PastDecision::kept(self.rule));
        let kept = kept.as_ref().unwrap_or(&self.json);
        let mut columns = PastDecision::of_rule(self.rule);
        // Whoever takes another column, or none, has changed their mind about the ones before.
        if let Some(last) = rule_of(before, &self.rule.field).filter(|_| !columns.is_empty()) {
            let gone = last.sources.iter().filter(|column| {
                !self.rule.sources.contains(column)
                    && columns.iter().all(|(known, _)| known != *column)
            });
            let gone: Vec<(String, bool)> = gone.map(|column| (column.clone(), false)).collect();
            columns.extend(gone);
        }
        for (source_column, holds) in columns {
            let verdict = if holds == self.verdict.holds() {
                self.verdict
            } else {
                Verdict::Rejected
            };
            let new = NewMemory {
                target_name: &mapping.target.name,
                field: &self.rule.field,
                source_column: &source_column,
                source_file: &mapping.source.file,
                verdict,
                rule: kept,
            };
            memory::remember(conn, caller.tenant, caller.user, &new)?;
        }
        Ok(())
    }
}

/// The version to which an undo leads from the last one: the one before it, where versions that
/// were undone do not count. Nothing if there is none.
pub(crate) fn before_last(versions: &[VersionHead]) -> Option<i32> {
    let mut stack: Vec<&VersionHead> = Vec::new();
    for version in versions {
        match stack
            .iter()
            .position(|known| known.sha256 == version.sha256)
        {
            Some(at) => stack.truncate(at + 1),
            None => stack.push(version),
        }
    }
    stack.iter().rev().nth(1).map(|version| version.number)
}

#[cfg(test)]
mod tests {
    use aimapper_core::id::{MappingVersionId, SourceVersionId, UserId};

    use super::*;

    fn versions(bodies: &[&str]) -> Vec<VersionHead> {
        let one = |(body, number): (&&str, i32)| VersionHead {
            id: MappingVersionId::generate(),
            number,
            source_version_id: SourceVersionId::generate(),
            sha256: mappings::sha256(body),
            created_by: UserId::generate(),
            created_at: Millis(0),
        };
        bodies.iter().zip(1..).map(one).collect()
    }

    #[test]
    fn undo_goes_back_step_by_step_and_not_to_and_fro() {
        assert_eq!(before_last(&versions(&["a"])), None);
        assert_eq!(before_last(&versions(&["a", "b", "c"])), Some(2));
        // "c" was undone: the next undo leads to "a", not to "c" again.
        assert_eq!(before_last(&versions(&["a", "b", "c", "b"])), Some(1));
        assert_eq!(before_last(&versions(&["a", "b", "c", "b", "a"])), None);
        // After an undo, something else was decided.
        assert_eq!(before_last(&versions(&["a", "b", "a", "d"])), Some(1));
    }
}
