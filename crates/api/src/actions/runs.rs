//! Runs: started, once nothing is open.

use aimapper_core::id::{MappingVersionId, RunId, SourceVersionId, TenantId};
use aimapper_core::job::{OutputFormat, Payload, State};
use aimapper_core::mapping::{Mapping, Question, Subject, blocking_questions};
use aimapper_core::source::SURE_BAR;
use aimapper_core::store::runs::{self, Run};
use aimapper_core::store::{Conn, jobs, mappings, sources};
use aimapper_core::target::Field;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Asker;
use super::mappings::mapping_of;
use super::sources::file_of;
use crate::problem::{Code, Problem, Wrong, pointer};

/// A run that is asked for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRun {
    /// The mapping.
    #[schema(value_type = uuid::Uuid)]
    pub(crate) mapping_version: MappingVersionId,
    /// The rows; without it, those that the mapping was made for.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub(crate) source_version: Option<SourceVersionId>,
    /// Form of the good rows.
    #[serde(default = "csv")]
    #[schema(value_type = String, example = "csv")]
    pub(crate) format: OutputFormat,
    /// More rejects than that, and the run counts as not good enough; its files stay.
    #[serde(default)]
    pub(crate) max_rejects: u64,
    /// A run whose good rows, and those that were beside it, are there already: no unique value of theirs comes again.
    /// For rejects that were mended, the run that they come from.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub(crate) with: Option<RunId>,
}

const fn csv() -> OutputFormat {
    OutputFormat::Csv
}

/// Starts a run: its row and its job.
///
/// # Errors
/// `undecided` with what is open; `source_deleted`, `not_found`; `not_done_yet`, `invalid_body` where the good rows that
/// are there already cannot be compared.
pub(crate) fn start(conn: &mut Conn<'_>, asker: &Asker, new: &NewRun) -> Result<Run, Problem> {
    let tenant = asker.caller.tenant;
    let version = mappings::version(conn, tenant, new.mapping_version)?;
    let source_version = new.source_version.unwrap_or(version.source_version_id);
    let source = sources::version(conn, tenant, source_version)?;
    let file = file_of(conn, tenant, &source)?;
    let mapping = mapping_of(&version)?;
    let open = blockers(&mapping);
    if !open.is_empty() {
        return Err(undecided(open));
    }
    let payload = Payload::Run {
        mapping_version: version.id,
        source_version,
        format: new.format,
        max_rejects: new.max_rejects,
        with: new.with,
    };
    if let Some(with) = new.with {
        comparable(conn, tenant, &mapping, with)?;
    }
    let job = asker.job(payload, u64::try_from(file.bytes).unwrap_or(0));
    Ok(runs::start(conn, &job, None)?)
}

/// Whether the good rows of a run, and of those that were beside it, can be looked at for unique values.
fn comparable(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    mapping: &Mapping,
    with: RunId,
) -> Result<(), Problem> {
    let is_asked = mapping.target.fields.iter().any(Field::is_unique);
    let mut next = Some(with);
    while let Some(id) = next {
        let run = runs::find(conn, tenant, id)?;
        let job = jobs::find(conn, tenant, run.job_id)?;
        let state = job.standing.state;
        if state != State::Succeeded {
            let said = format!("the run {id} is {state}");
            return Err(Problem::new(Code::NotDoneYet, said));
        }
        if is_asked && run.format != OutputFormat::Csv {
            let said = format!(
                "the good rows of the run {id} are {}, and only those of CSV can be looked at for unique values",
                run.format
            );
            return Err(Problem::new(Code::InvalidBody, said.clone())
                .hint("run it again with the format csv".to_owned())
                .errors(vec![Wrong::new(pointer(&["with"]), said)]));
        }
        next = match job.payload {
            Payload::Run { with, .. } => with,
            Payload::Read { .. } | Payload::Propose { .. } => None,
        };
    }
    Ok(())
}

/// Why a mapping cannot run: what is open, or that no field would be filled at all.
pub(crate) fn blockers(mapping: &Mapping) -> Vec<Wrong> {
    let questions = blocking_questions(mapping, SURE_BAR);
    questions.iter().map(blocker).collect()
}

fn blocker(question: &Question) -> Wrong {
    let place = match &question.about {
        Subject::Field { field } => pointer(&["fields", field]),
        Subject::Target => pointer(&["fields"]),
        Subject::Reading { what, column } => match column {
            Some(column) => pointer(&["readings", what.name(), column]),
            None => pointer(&["readings", what.name()]),
        },
    };
    let hint = (!question.reason.is_empty()).then(|| question.reason.clone());
    Wrong::new(place, question.text.clone()).hint(hint)
}

fn undecided(open: Vec<Wrong>) -> Problem {
    let said = match open.len() {
        1 => "a decision is needed before it can run".to_owned(),
        several => format!("{several} decisions are needed before it can run"),
    };
    Problem::new(Code::Undecided, said)
        .hint("decide on the page of the mapping, or with PATCH".to_owned())
        .errors(open)
}
