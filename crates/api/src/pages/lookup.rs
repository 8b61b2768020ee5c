//! Where the subject of a job is shown, and names for jobs in lists.

use std::collections::BTreeMap;

use aimapper_core::id::{SourceVersionId, TenantId, UserId};
use aimapper_core::job::{Kind, Outcome, State};
use aimapper_core::store::jobs::JobRecord;
use aimapper_core::store::{Conn, StoreError, mappings, runs, sources, users};
use aimapper_core::time::Millis;

use super::jobs::{JobView, job_view, subject};

/// Where somebody who waits for a job looks next; nothing while there is only waiting.
pub(crate) fn next_place(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    job: &JobRecord,
) -> Result<Option<String>, StoreError> {
    if job.payload.kind() == Kind::Run {
        let run = runs::of_job(conn, tenant, job.id)?;
        return Ok(Some(format!("/runs/{}", run.id)));
    }
    if job.standing.state != State::Succeeded {
        return Ok(None);
    }
    Ok(match job.outcome {
        Some(Outcome::Read {
            propose: Some(next),
            ..
        }) => Some(format!("/jobs/{next}/wait")),
        Some(Outcome::Propose { mapping_version }) => {
            let version = mappings::version(conn, tenant, mapping_version)?;
            Some(format!("/mappings/{}", version.mapping_id))
        }
        Some(Outcome::Read { propose: None, .. } | Outcome::Run { .. }) | None => {
            Some("/sources".to_owned())
        }
    })
}

/// Jobs for the eye, with names in place of ids.
pub(crate) fn job_views(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    jobs: &[JobRecord],
) -> Result<Vec<JobView>, StoreError> {
    let now = conn.now()?;
    let mut names = Names::default();
    jobs.iter()
        .map(|job| names.view(conn, tenant, job, now))
        .collect()
}

/// One job for the eye.
pub(crate) fn one_job_view(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    job: &JobRecord,
) -> Result<JobView, StoreError> {
    let now = conn.now()?;
    Names::default().view(conn, tenant, job, now)
}

/// Names that were looked up before.
#[derive(Default)]
pub(crate) struct Names {
    users: BTreeMap<UserId, String>,
    files: BTreeMap<SourceVersionId, String>,
}

impl Names {
    fn view(
        &mut self,
        conn: &mut Conn<'_>,
        tenant: TenantId,
        job: &JobRecord,
        now: Millis,
    ) -> Result<JobView, StoreError> {
        let who = self.user(conn, tenant, job.created_by)?;
        let about = self.file(conn, tenant, subject(&job.payload))?;
        Ok(job_view(job, now, &who, &about))
    }

    pub(crate) fn user(
        &mut self,
        conn: &mut Conn<'_>,
        tenant: TenantId,
        id: UserId,
    ) -> Result<String, StoreError> {
        if let Some(name) = self.users.get(&id) {
            return Ok(name.clone());
        }
        let user = users::find(conn, tenant, id)?;
        let name = user.display_name.unwrap_or(user.subject);
        self.users.insert(id, name.clone());
        Ok(name)
    }

    pub(crate) fn file(
        &mut self,
        conn: &mut Conn<'_>,
        tenant: TenantId,
        id: SourceVersionId,
    ) -> Result<String, StoreError> {
        if let Some(name) = self.files.get(&id) {
            return Ok(name.clone());
        }
        let name = sources::version(conn, tenant, id)?.file_name;
        self.files.insert(id, name.clone());
        Ok(name)
    }
}
