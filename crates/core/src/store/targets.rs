//! Targets and their versions.

use diesel::prelude::*;

use super::conn::{Conn, on};
use super::error::{StoreError, storable};
use super::schema::{target_versions, targets};
use crate::id::{TargetId, TargetVersionId, TenantId, UserId};
use crate::time::Millis;

/// A target.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
pub struct Target {
    /// Its id.
    pub id: TargetId,
    /// Its name for people.
    pub name: String,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Millis,
}

/// One version of a target.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = target_versions)]
pub struct TargetVersion {
    /// Its id.
    pub id: TargetVersionId,
    /// The target.
    pub target_id: TargetId,
    /// Its number, from 1.
    pub number: i32,
    /// The schema as JSON.
    pub body: String,
    /// Its hash, as mappings name it.
    pub sha256: String,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Millis,
}

/// Makes a target without versions.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn create(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    by: UserId,
    name: &str,
) -> Result<TargetId, StoreError> {
    let name = storable("name of the target", name)?;
    let now = conn.now()?;
    let id = TargetId::generate();
    on!(conn, c => diesel::insert_into(targets::table)
        .values((
            targets::tenant_id.eq(tenant.to_string()),
            targets::id.eq(id.to_string()),
            targets::name.eq(name),
            targets::created_by.eq(by.to_string()),
            targets::created_at.eq(now.0),
        ))
        .execute(c))?;
    Ok(id)
}

/// One target of the tenant.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn find(conn: &mut Conn<'_>, tenant: TenantId, id: TargetId) -> Result<Target, StoreError> {
    on!(conn, c => targets::table
        .filter(targets::tenant_id.eq(tenant.to_string()))
        .filter(targets::id.eq(id.to_string()))
        .select(Target::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found(TargetId::WHAT, &id))
}

/// Targets, newest first, from behind `after` on.
///
/// # Errors
/// [`StoreError::Database`].
pub fn list(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    after: Option<TargetId>,
    limit: i64,
) -> Result<Vec<Target>, StoreError> {
    Ok(on!(conn, c => {
        let mut query = targets::table
            .filter(targets::tenant_id.eq(tenant.to_string()))
            .order(targets::id.desc())
            .limit(limit)
            .select(Target::as_select())
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(targets::id.lt(after.to_string()));
        }
        query.load(c)
    })?)
}

/// Adds the version of a number, which is one more than that of the last.
///
/// # Errors
/// [`StoreError::Outdated`] if there is one of this number; [`StoreError::Nul`],
/// [`StoreError::Database`].
pub fn add_version(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    by: UserId,
    target: TargetId,
    number: i32,
    schema: (&str, &str),
) -> Result<TargetVersionId, StoreError> {
    let (body, sha256) = schema;
    let body = storable("schema", body)?;
    let now = conn.now()?;
    let id = TargetVersionId::generate();
    let added = on!(conn, c => diesel::insert_into(target_versions::table)
        .values((
            target_versions::tenant_id.eq(tenant.to_string()),
            target_versions::id.eq(id.to_string()),
            target_versions::target_id.eq(target.to_string()),
            target_versions::number.eq(number),
            target_versions::body.eq(body),
            target_versions::sha256.eq(sha256),
            target_versions::created_by.eq(by.to_string()),
            target_versions::created_at.eq(now.0),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    if added == 0 {
        return Err(StoreError::Outdated {
            what: TargetId::WHAT,
            number,
        });
    }
    Ok(id)
}

/// One version.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn version(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    id: TargetVersionId,
) -> Result<TargetVersion, StoreError> {
    on!(conn, c => target_versions::table
        .filter(target_versions::tenant_id.eq(tenant.to_string()))
        .filter(target_versions::id.eq(id.to_string()))
        .select(TargetVersion::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found(TargetVersionId::WHAT, &id))
}

/// All versions of a target, oldest first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn versions(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    target: TargetId,
) -> Result<Vec<TargetVersion>, StoreError> {
    Ok(on!(conn, c => target_versions::table
        .filter(target_versions::tenant_id.eq(tenant.to_string()))
        .filter(target_versions::target_id.eq(target.to_string()))
        .order(target_versions::number)
        .select(TargetVersion::as_select())
        .load(c))?)
}
