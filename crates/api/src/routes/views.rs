//! What several routes show alike.

use aimapper_core::id::{JobId, UserId};
use aimapper_core::time::Millis;
use serde::Serialize;
use utoipa::ToSchema;

use crate::at::At;

/// Below this path lie all routes.
pub(super) const BASE: &str = "/api/v1";

/// Who made something, and when.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Made {
    /// The user.
    #[schema(value_type = uuid::Uuid)]
    pub(super) created_by: UserId,
    /// When.
    pub(super) created_at: At,
}

impl Made {
    pub(super) fn new(by: UserId, at: Millis) -> Self {
        Self {
            created_by: by,
            created_at: at.into(),
        }
    }
}

/// Where a job is found.
pub(super) fn job_location(job: JobId) -> String {
    format!("{BASE}/jobs/{job}")
}

/// An entity tag in quotes, as headers have it.
pub(super) fn quoted(tag: &str) -> String {
    format!("\"{tag}\"")
}
