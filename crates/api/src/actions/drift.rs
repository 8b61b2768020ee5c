//! What differs between a mapping and a source, before it is run over it.

use aimapper_core::id::{SourceVersionId, TenantId};
use aimapper_core::mapping::Mapping;
use aimapper_core::pipeline::{self, Drift};
use aimapper_core::store::sources::{self, SourceVersion};

use super::sources::profile_of;
use crate::app::App;
use crate::problem::Problem;
use crate::profile::SourceProfile;

/// A source beside a mapping.
#[derive(Debug)]
pub(crate) struct Compared {
    /// The source.
    pub(crate) source: SourceVersion,
    /// Its records of data.
    pub(crate) rows: u64,
    /// How many columns it has.
    pub(crate) columns: usize,
    /// What differs.
    pub(crate) drift: Drift,
}

/// Compares a mapping with a source that was read.
///
/// # Errors
/// `not_found`, `not_read_yet`, `source_deleted`, `unavailable`.
pub(crate) async fn compare(
    app: &App,
    tenant: TenantId,
    mapping: &Mapping,
    source: SourceVersionId,
) -> Result<Compared, Problem> {
    let source = app
        .read(move |conn| Ok(sources::version(conn, tenant, source)?))
        .await?;
    let SourceProfile {
        columns,
        decisions,
        rows,
        ..
    } = SourceProfile::load(app, tenant, profile_of(&source)?).await?;
    let drift = pipeline::drift(mapping, &source.file_name, &decisions, &columns);
    Ok(Compared {
        rows,
        columns: columns.len(),
        drift,
        source,
    })
}
