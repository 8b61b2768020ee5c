//! Targets: schemas understood, and kept as versions.

use aimapper_core::id::{TargetId, TargetVersionId};
use aimapper_core::store::{Conn, targets};
use aimapper_core::target::{TargetSchema, sha256};

use crate::auth::Caller;
use crate::problem::Problem;

/// So many targets are looked through for one of the same name.
const KNOWN: i64 = 1_000;

/// Adds a version; its body is the canonical JSON that the hash is of.
///
/// # Errors
/// `not_found`, `unavailable`, `internal`.
pub(crate) fn add_version(
    conn: &mut Conn<'_>,
    caller: &Caller,
    target: TargetId,
    schema: &TargetSchema,
) -> Result<TargetVersionId, Problem> {
    let versions = targets::versions(conn, caller.tenant, target)?;
    let number = versions
        .last()
        .map_or(1, |last| last.number.saturating_add(1));
    let body = serde_json::to_string(schema).map_err(|error| Problem::internal(&error))?;
    let hash = sha256(schema);
    let schema = (body.as_str(), hash.as_str());
    let id = targets::add_version(conn, caller.tenant, caller.user, target, number, schema)?;
    Ok(id)
}

/// The version of a target with this schema: the one that is there, or a new one. Who uses a schema
/// again does not want another target.
///
/// # Errors
/// `unavailable`, `internal`.
pub(crate) fn version_of(
    conn: &mut Conn<'_>,
    caller: &Caller,
    schema: &TargetSchema,
) -> Result<TargetVersionId, Problem> {
    let tenant = caller.tenant;
    let known = targets::list(conn, tenant, None, KNOWN)?;
    let named = known.into_iter().find(|target| target.name == schema.name);
    let target = match named {
        Some(target) => target.id,
        None => targets::create(conn, tenant, caller.user, &schema.name)?,
    };
    let hash = sha256(schema);
    match targets::versions(conn, tenant, target)?.pop() {
        Some(last) if last.sha256 == hash => Ok(last.id),
        Some(_) | None => add_version(conn, caller, target, schema),
    }
}
