//! Sources and their versions. A version is an upload, or the same upload read by other decisions.

use diesel::prelude::*;

use super::blobs::{self, NewBlob};
use super::conn::{Conn, on};
use super::error::{StoreError, storable};
use super::schema::{source_versions, sources};
use crate::id::{BlobId, SourceId, SourceVersionId, TenantId, UserId};
use crate::time::Millis;

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
pub struct Source {
    /// Its id.
    pub id: SourceId,
    /// Its name for people.
    pub name: String,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Millis,
    /// When it was deleted: its files are gone, the rows stay for the mappings and runs that name
    /// them.
    pub deleted_at: Option<Millis>,
}

/// One version of a source.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = source_versions)]
pub struct SourceVersion {
    /// Its id.
    pub id: SourceVersionId,
    /// The source.
    pub source_id: SourceId,
    /// Its number, from 1.
    pub number: i32,
    /// The name of the uploaded file. Only shown, never used as a path.
    pub file_name: String,
    /// The file, until the source is deleted.
    pub blob_id: Option<BlobId>,
    /// Reading decisions as JSON.
    pub decisions: String,
    /// The profile, once it is read.
    pub profile_blob_id: Option<BlobId>,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Millis,
}

/// Makes a source without versions.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn create(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    by: UserId,
    name: &str,
) -> Result<SourceId, StoreError> {
    let name = storable("name of the source", name)?;
    let now = conn.now()?;
    let id = SourceId::generate();
    on!(conn, c => diesel::insert_into(sources::table)
        .values((
            sources::tenant_id.eq(tenant.to_string()),
            sources::id.eq(id.to_string()),
            sources::name.eq(name),
            sources::created_by.eq(by.to_string()),
            sources::created_at.eq(now.0),
        ))
        .execute(c))?;
    Ok(id)
}

/// One source of the tenant, deleted or not.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn find(conn: &mut Conn<'_>, tenant: TenantId, id: SourceId) -> Result<Source, StoreError> {
    on!(conn, c => sources::table
        .filter(sources::tenant_id.eq(tenant.to_string()))
        .filter(sources::id.eq(id.to_string()))
        .select(Source::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found(SourceId::WHAT, &id))
}

/// Sources that are not deleted, newest first, from behind `after` on.
///
/// # Errors
/// [`StoreError::Database`].
pub fn list(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    after: Option<SourceId>,
    limit: i64,
) -> Result<Vec<Source>, StoreError> {
    Ok(on!(conn, c => {
        let mut query = sources::table
            .filter(sources::tenant_id.eq(tenant.to_string()))
            .filter(sources::deleted_at.is_null())
            .order(sources::id.desc())
            .limit(limit)
            .select(Source::as_select())
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(sources::id.lt(after.to_string()));
        }
        query.load(c)
    })?)
}

/// A version that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewVersion<'a> {
    /// The source.
    pub source: SourceId,
    /// Its number: one more than that of the last.
    pub number: i32,
    /// The name of the uploaded file.
    pub file_name: &'a str,
    /// The file.
    pub blob: BlobId,
    /// Reading decisions as JSON.
    pub decisions: &'a str,
}

/// Adds a version.
///
/// # Errors
/// [`StoreError::Outdated`] if there is one of this number; [`StoreError::Nul`],
/// [`StoreError::Database`].
pub fn add_version(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    by: UserId,
    new: &NewVersion<'_>,
) -> Result<SourceVersionId, StoreError> {
    let file_name = storable("name of the file", new.file_name)?;
    let decisions = storable("reading decisions", new.decisions)?;
    let now = conn.now()?;
    let id = SourceVersionId::generate();
    let added = on!(conn, c => diesel::insert_into(source_versions::table)
        .values((
            source_versions::tenant_id.eq(tenant.to_string()),
            source_versions::id.eq(id.to_string()),
            source_versions::source_id.eq(new.source.to_string()),
            source_versions::number.eq(new.number),
            source_versions::file_name.eq(file_name),
            source_versions::blob_id.eq(new.blob.to_string()),
            source_versions::decisions.eq(decisions),
            source_versions::created_by.eq(by.to_string()),
            source_versions::created_at.eq(now.0),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    if added == 0 {
        return Err(StoreError::Outdated {
            what: SourceId::WHAT,
            number: new.number,
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
    id: SourceVersionId,
) -> Result<SourceVersion, StoreError> {
    on!(conn, c => source_versions::table
        .filter(source_versions::tenant_id.eq(tenant.to_string()))
        .filter(source_versions::id.eq(id.to_string()))
        .select(SourceVersion::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found(SourceVersionId::WHAT, &id))
}

/// All versions of a source, oldest first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn versions(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    source: SourceId,
) -> Result<Vec<SourceVersion>, StoreError> {
    Ok(on!(conn, c => source_versions::table
        .filter(source_versions::tenant_id.eq(tenant.to_string()))
        .filter(source_versions::source_id.eq(source.to_string()))
        .order(source_versions::number)
        .select(SourceVersion::as_select())
        .load(c))?)
}

/// What a `read` job found: its profile and the decisions. Called in the transaction in which the
/// job succeeds.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Nul`], [`StoreError::Database`].
pub fn set_profile(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    id: SourceVersionId,
    profile: &NewBlob,
    decisions: &str,
) -> Result<BlobId, StoreError> {
    let decisions = storable("reading decisions", decisions)?;
    let before = version(conn, tenant, id)?;
    if before.blob_id.is_none() {
        // The source was deleted meanwhile; what was found in it is not kept.
        return Err(StoreError::not_found(SourceVersionId::WHAT, &id));
    }
    let blob = blobs::add(conn, tenant, profile)?;
    on!(conn, c => diesel::update(source_versions::table)
        .filter(source_versions::tenant_id.eq(tenant.to_string()))
        .filter(source_versions::id.eq(id.to_string()))
        .set((
            source_versions::profile_blob_id.eq(blob.to_string()),
            source_versions::decisions.eq(decisions),
        ))
        .execute(c))?;
    if let Some(old) = before.profile_blob_id {
        blobs::forget(conn, tenant, &[old])?;
    }
    Ok(blob)
}

/// Sources that were made before a time and are not deleted, oldest first. For retention, so over all
/// tenants.
///
/// # Errors
/// [`StoreError::Database`].
pub fn made_before(
    conn: &mut Conn<'_>,
    before: Millis,
    limit: i64,
) -> Result<Vec<(TenantId, SourceId)>, StoreError> {
    Ok(on!(conn, c => sources::table
        .filter(sources::created_at.lt(before.0))
        .filter(sources::deleted_at.is_null())
        .select((sources::tenant_id, sources::id))
        .order(sources::created_at)
        .limit(limit)
        .load(c))?)
}

/// Deletes a source: takes its files, profiles and samples away and gives the number of files. The
/// rows stay, without contents, because mappings and runs name them.
///
/// # Errors
/// [`StoreError::NotFound`], also if it was deleted before; [`StoreError::Database`].
pub fn delete(conn: &mut Conn<'_>, tenant: TenantId, id: SourceId) -> Result<usize, StoreError> {
    let now = conn.now()?;
    let changed = on!(conn, c => diesel::update(sources::table)
        .filter(sources::tenant_id.eq(tenant.to_string()))
        .filter(sources::id.eq(id.to_string()))
        .filter(sources::deleted_at.is_null())
        .set(sources::deleted_at.eq(now.0))
        .execute(c))?;
    if changed == 0 {
        return Err(StoreError::not_found(SourceId::WHAT, &id));
    }
    let mut files: Vec<BlobId> = Vec::new();
    for version in versions(conn, tenant, id)? {
        files.extend(version.blob_id);
        files.extend(version.profile_blob_id);
    }
    // Versions that differ in their decisions share the file.
    files.sort();
    files.dedup();
    on!(conn, c => diesel::update(source_versions::table)
        .filter(source_versions::tenant_id.eq(tenant.to_string()))
        .filter(source_versions::source_id.eq(id.to_string()))
        .set((
            source_versions::blob_id.eq(None::<String>),
            source_versions::profile_blob_id.eq(None::<String>),
        ))
        .execute(c))?;
    blobs::forget(conn, tenant, &files)?;
    Ok(files.len())
}
