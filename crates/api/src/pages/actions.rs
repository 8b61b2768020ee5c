//! What pages do beyond showing: one function for each thing that a person wants. Plain functions
//! over [`App`], [`Caller`] and arguments, so that other ways in can share them.

use std::sync::Arc;

use actix_multipart::Field;
use aimapper_core::blob::{Key, Stored};
use aimapper_core::id::{
    JobId, MappingId, MappingVersionId, RunId, SourceId, SourceVersionId, TargetVersionId, TenantId,
};
use aimapper_core::job::{OutputFormat, Payload, State};
use aimapper_core::mapping::{
    self, Edit, Mapping, Rule, RuleState, accept_at, from_yaml, open_questions, to_yaml,
};
use aimapper_core::source::What;
use aimapper_core::store::blobs::{self, NewBlob};
use aimapper_core::store::jobs::{self, JobRecord, NewJob};
use aimapper_core::store::mappings::{
    self, MappingVersion, NewDecision, NewVersion, Verdict, VersionHead,
};
use aimapper_core::store::{runs, sources, targets};
use aimapper_core::target::TargetSchema;
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::error::PageError;
use super::figures::rfc3339;
use super::map::{BAR, blockers};
use super::visitor::Visitor;
use super::work::{block, read, write};
use crate::App;
use crate::auth::Caller;

/// After so many attempts an error that may pass ends a job.
const MAX_ATTEMPTS: i32 = 5;

/// Who accepted what nobody looked at, as it stands in the rules.
fn by_bar(by: &str) -> String {
    format!("{by} (all sure)")
}

/// A source that was taken in.
#[derive(Debug, Clone, Copy)]
pub struct Uploaded {
    /// The source.
    pub source: SourceId,
    /// Its first version.
    pub version: SourceVersionId,
    /// The job that reads it.
    pub job: JobId,
}

/// What changes a mapping.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Edits, in their order.
    Edits(Vec<Edit>),
    /// All proposals at or above the bar are accepted.
    AcceptSure,
    /// The mapping is again what it was in the version of this number.
    BackTo(i32),
}

/// Streams an uploaded file into the blob store. What is too large leaves nothing behind.
///
/// # Errors
/// [`PageError::TooLarge`], [`PageError::Upload`], [`PageError::Blob`]; [`PageError::Refused`] if
/// the file is empty.
pub async fn store_file(
    app: &App,
    tenant: TenantId,
    file: &mut Field,
) -> Result<Stored, PageError> {
    let most = app.config.limits.upload_bytes;
    let blobs = Arc::clone(&app.blobs);
    let mut upload = block(move || Ok(blobs.begin(&Key::upload(tenant))?)).await?;
    while let Some(chunk) = file.try_next().await? {
        if upload.bytes() + chunk.len() as u64 > most {
            return Err(PageError::TooLarge(most));
        }
        upload = block(move || {
            upload.write(&chunk)?;
            Ok(upload)
        })
        .await?;
    }
    if upload.bytes() == 0 {
        return Err(PageError::refused(
            "the file is empty",
            "choose a file with rows in it",
        ));
    }
    block(move || Ok(upload.finish()?)).await
}

/// Stores bytes that are there already.
///
/// # Errors
/// [`PageError::Blob`].
pub async fn store_bytes(
    app: &App,
    tenant: TenantId,
    bytes: &'static [u8],
) -> Result<Stored, PageError> {
    let blobs = Arc::clone(&app.blobs);
    block(move || {
        let mut upload = blobs.begin(&Key::upload(tenant))?;
        upload.write(bytes)?;
        Ok(upload.finish()?)
    })
    .await
}

/// Makes a source of a stored file and accepts the job that reads it; with a target, a mapping is
/// proposed as soon as it is read.
///
/// # Errors
/// [`PageError::Store`].
pub async fn upload(
    app: &App,
    caller: &Caller,
    file: Stored,
    name: &str,
    target: Option<TargetVersionId>,
) -> Result<Uploaded, PageError> {
    let (caller, name) = (caller.clone(), name.to_owned());
    let uploaded = write(app, move |conn| {
        let (tenant, user) = (caller.tenant, caller.user);
        let blob = NewBlob {
            object_key: file.key.to_string(),
            bytes: i64::try_from(file.bytes).unwrap_or(i64::MAX),
            sha256: file.sha256.clone(),
        };
        let blob = blobs::add(conn, tenant, &blob)?;
        let source = sources::create(conn, tenant, user, &name)?;
        let new = sources::NewVersion {
            source,
            number: 1,
            file_name: &name,
            blob,
            decisions: "[]",
        };
        let version = sources::add_version(conn, tenant, user, &new)?;
        let payload = Payload::Read {
            source,
            version,
            propose: target,
        };
        let job = jobs::submit(conn, &new_job(&caller, payload, file.bytes), None)?.id();
        Ok(Uploaded {
            source,
            version,
            job,
        })
    })
    .await?;
    app.accepted.notify_one();
    Ok(uploaded)
}

fn new_job(caller: &Caller, payload: Payload, source_bytes: u64) -> NewJob {
    NewJob {
        tenant: caller.tenant,
        created_by: caller.user,
        payload,
        class: payload.class(source_bytes),
        priority: 0,
        delay_ms: 0,
        max_attempts: MAX_ATTEMPTS,
        traceparent: None,
    }
}

/// The version of a target with this schema: the one that is there, or a new one.
///
/// # Errors
/// [`PageError::Store`].
pub async fn target_version(
    app: &App,
    caller: &Caller,
    schema: &TargetSchema,
) -> Result<TargetVersionId, PageError> {
    let body = serde_json::to_string(schema).map_err(|error| PageError::stored("target", error))?;
    let sha256 = aimapper_core::target::sha256(schema);
    let (caller, name) = (caller.clone(), schema.name.clone());
    write(app, move |conn| {
        let (tenant, user) = (caller.tenant, caller.user);
        let known = targets::list(conn, tenant, None, 1_000)?;
        let named = known.into_iter().find(|target| target.name == name);
        let (target, last) = match named {
            Some(target) => (target.id, targets::versions(conn, tenant, target.id)?.pop()),
            None => (targets::create(conn, tenant, user, &name)?, None),
        };
        match last {
            Some(last) if last.sha256 == sha256 => Ok(last.id),
            last => {
                let number = last.map_or(1, |last| last.number + 1);
                targets::add_version(conn, tenant, user, target, number, (&body, &sha256))
            }
        }
    })
    .await
}

/// Changes a mapping: a new version, and who decided what. Gives its number.
///
/// # Errors
/// [`PageError::Edit`] if an edit cannot be made; [`PageError::Store`] with
/// [`aimapper_core::store::StoreError::Outdated`] if `if_version` is not the last one any more.
pub async fn edit_mapping(
    app: &App,
    caller: &Caller,
    mapping: MappingId,
    if_version: i32,
    change: Change,
) -> Result<i32, PageError> {
    let tenant = caller.tenant;
    let (heads, now) = read(app, move |conn| {
        mappings::find(conn, tenant, mapping)?;
        Ok((mappings::heads(conn, tenant, mapping)?, conn.now()?))
    })
    .await?;
    let last = numbered(app, caller, &heads, if_version).await?;
    let before = from_yaml(&last.body, "mapping.yaml")?;
    let by = caller_name(caller);
    let at = rfc3339(now);
    let after = match change {
        Change::Edits(edits) => edits.iter().try_fold(before.clone(), |mapping, edit| {
            mapping::apply(&mapping, edit, &by, &at)
        })?,
        Change::AcceptSure => accept_at(&before, BAR, &by_bar(&by), &at),
        Change::BackTo(number) => {
            let old = numbered(app, caller, &heads, number).await?;
            from_yaml(&old.body, "mapping.yaml")?
        }
    };
    if after == before {
        return Ok(if_version);
    }
    keep_version(app, caller, last, &before, &after).await
}

async fn numbered(
    app: &App,
    caller: &Caller,
    heads: &[VersionHead],
    number: i32,
) -> Result<MappingVersion, PageError> {
    let head = heads.iter().find(|head| head.number == number);
    let id = head
        .ok_or_else(|| PageError::Form(format!("the mapping has no version {number}")))?
        .id;
    let tenant = caller.tenant;
    read(app, move |conn| mappings::version(conn, tenant, id)).await
}

/// The name under which a person's decisions are kept.
pub fn caller_name(caller: &Caller) -> String {
    let principal = &caller.principal;
    principal
        .name
        .as_ref()
        .unwrap_or(&principal.subject)
        .clone()
}

async fn keep_version(
    app: &App,
    caller: &Caller,
    last: MappingVersion,
    before: &Mapping,
    after: &Mapping,
) -> Result<i32, PageError> {
    let body = to_yaml(after);
    let sha256 = hex_sha256(&body);
    let decided = decided(before, after)?;
    let (tenant, user) = (caller.tenant, caller.user);
    let number = last.number + 1;
    write(app, move |conn| {
        let new = NewVersion {
            mapping: last.mapping_id,
            number,
            source_version: last.source_version_id,
            target_version: last.target_version_id,
            body: &body,
            sha256: &sha256,
        };
        let decisions: Vec<NewDecision<'_>> = decided.iter().map(Decided::row).collect();
        mappings::add_version(conn, tenant, user, &new, &decisions).map(|_| number)
    })
    .await
}

struct Decided {
    field: String,
    verdict: Verdict,
    rule: String,
    note: Option<String>,
}

impl Decided {
    fn row(&self) -> NewDecision<'_> {
        NewDecision {
            field: &self.field,
            verdict: self.verdict,
            rule: &self.rule,
            note: self.note.as_deref(),
        }
    }
}

/// Rules that are not as they were, and that a person has decided on.
fn decided(before: &Mapping, after: &Mapping) -> Result<Vec<Decided>, PageError> {
    let changed = after
        .rules
        .iter()
        .filter(|rule| !before.rules.contains(rule));
    let row = |rule: &Rule| {
        let json = serde_json::to_string(rule).map_err(|error| PageError::stored("rule", error))?;
        Ok(verdict(rule.state).map(|verdict| Decided {
            field: rule.field.clone(),
            verdict,
            rule: json,
            note: rule.note.clone(),
        }))
    };
    changed.filter_map(|rule| row(rule).transpose()).collect()
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

fn hex_sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The version to which an undo leads from the last one: the one before it, where versions that
/// were undone do not count. Nothing if there is none.
#[must_use]
pub fn before_last(versions: &[VersionHead]) -> Option<i32> {
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

/// Reads a source again with another reading decision, and proposes anew.
///
/// # Errors
/// [`PageError::SourceGone`], [`PageError::Store`].
pub async fn read_again(
    app: &App,
    caller: &Caller,
    version: &MappingVersion,
    mapping: &Mapping,
    (what, value): (What, Value),
) -> Result<JobId, PageError> {
    let tenant = caller.tenant;
    let source_version = version.source_version_id;
    let (old, number, size) = read(app, move |conn| {
        let old = sources::version(conn, tenant, source_version)?;
        let last = sources::versions(conn, tenant, old.source_id)?.pop();
        let size = match old.blob_id {
            Some(blob) => blobs::find(conn, tenant, blob)?.bytes,
            None => 0,
        };
        let number = last.map_or(1, |last| last.number + 1);
        Ok((old, number, size))
    })
    .await?;
    let blob = old.blob_id.ok_or(PageError::SourceGone)?;
    let decisions = persons_decisions(mapping, what, &value).to_string();
    let target = version.target_version_id;
    let caller = caller.clone();
    let job = write(app, move |conn| {
        let new = sources::NewVersion {
            source: old.source_id,
            number,
            file_name: &old.file_name,
            blob,
            decisions: &decisions,
        };
        let version = sources::add_version(conn, tenant, caller.user, &new)?;
        let payload = Payload::Read {
            source: old.source_id,
            version,
            propose: Some(target),
        };
        let size = u64::try_from(size).unwrap_or_default();
        Ok(jobs::submit(conn, &new_job(&caller, payload, size), None)?.id())
    })
    .await?;
    app.accepted.notify_one();
    Ok(job)
}

/// What persons have said about the reading so far, and what one says now.
fn persons_decisions(mapping: &Mapping, what: What, value: &Value) -> Value {
    let kept = mapping.decisions.iter().filter(|decision| {
        decision.reason.starts_with("set by ")
            && !(decision.what == what && decision.column.is_none())
    });
    let mut all: Vec<Value> = kept
        .map(|decision| match &decision.column {
            Some(column) => {
                json!({"what": decision.what, "column": column, "value": decision.value})
            }
            None => json!({"what": decision.what, "value": decision.value}),
        })
        .collect();
    all.push(json!({"what": what, "value": value}));
    Value::Array(all)
}

/// Starts a run of a mapping version over its own source.
///
/// # Errors
/// [`PageError::Undecided`] while questions are open; [`PageError::SourceGone`],
/// [`PageError::Store`].
pub async fn start_run(
    app: &App,
    caller: &Caller,
    mapping_version: MappingVersionId,
    format: OutputFormat,
) -> Result<(RunId, JobId), PageError> {
    let tenant = caller.tenant;
    let (version, source) = read(app, move |conn| {
        let version = mappings::version(conn, tenant, mapping_version)?;
        let source = sources::version(conn, tenant, version.source_version_id)?;
        Ok((version, source))
    })
    .await?;
    if source.blob_id.is_none() {
        return Err(PageError::SourceGone);
    }
    let mapping = from_yaml(&version.body, "mapping.yaml")?;
    let blockers = blockers(&mapping, &open_questions(&mapping, BAR));
    if !blockers.is_empty() {
        return Err(PageError::Undecided(blockers));
    }
    let payload = Payload::Run {
        mapping_version,
        source_version: version.source_version_id,
        format,
        // Who looks at the page sees the rejects; none of them makes the run a failure.
        max_rejects: i64::MAX.unsigned_abs(),
    };
    let job = new_job(caller, payload, 0);
    let run = write(app, move |conn| runs::start(conn, &job, None)).await?;
    app.accepted.notify_one();
    Ok((run.id, run.job_id))
}

/// What a person does to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Steering {
    /// It shall end.
    Cancel,
    /// It shall be tried again.
    Retry,
}

/// Cancels a job or tries it again.
///
/// # Errors
/// [`PageError::Forbidden`] for the job of another; [`PageError::Store`] if its state does not allow
/// it.
pub(crate) async fn steer(
    app: &App,
    visitor: &Visitor,
    job: JobId,
    steering: Steering,
) -> Result<JobRecord, PageError> {
    let (tenant, user) = (visitor.caller.tenant, visitor.caller.user);
    let record = read(app, move |conn| jobs::find(conn, tenant, job)).await?;
    if !visitor.may_steer(&record) {
        return Err(PageError::Forbidden);
    }
    let changed = write(app, move |conn| match steering {
        Steering::Cancel => jobs::cancel(conn, tenant, job, user),
        Steering::Retry => jobs::redrive(conn, tenant, job, user),
    })
    .await?;
    if changed.standing.state == State::Queued {
        app.accepted.notify_one();
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use aimapper_core::id::UserId;
    use aimapper_core::time::Millis;

    use super::*;

    fn versions(bodies: &[&str]) -> Vec<VersionHead> {
        let one = |(body, number): (&&str, i32)| VersionHead {
            id: MappingVersionId::generate(),
            number,
            source_version_id: SourceVersionId::generate(),
            sha256: hex_sha256(body),
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
