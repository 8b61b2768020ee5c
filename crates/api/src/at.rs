//! Points in time as they are told.

use aimapper_core::time::Millis;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A point in time, as RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = DateTime)]
pub(crate) struct At(pub(crate) String);

impl From<Millis> for At {
    fn from(at: Millis) -> Self {
        // The database has no time outside of the years that there are.
        Self(
            Timestamp::from_millisecond(at.0)
                .map_or_else(|_| at.0.to_string(), |at| at.to_string()),
        )
    }
}
