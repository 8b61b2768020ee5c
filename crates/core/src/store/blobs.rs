//! Rows that name stored files. A file without a row is an orphan and is swept.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::conn::{Conn, on};
use super::error::StoreError;
use super::schema::blobs;
use crate::id::{BlobId, TenantId};
use crate::time::Millis;

/// A stored file as a row names it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = blobs)]
pub struct BlobRow {
    /// Its id.
    pub id: BlobId,
    /// Where it lies.
    pub object_key: String,
    /// Its size.
    pub bytes: i64,
    /// SHA-256 of its bytes, as 64 hexadecimal digits.
    pub sha256: String,
    /// When it was named.
    pub created_at: Millis,
}

/// A file that was stored and is to be named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBlob {
    /// Where it lies.
    pub object_key: String,
    /// Its size.
    pub bytes: i64,
    /// SHA-256 of its bytes, as 64 hexadecimal digits.
    pub sha256: String,
}

/// Names a stored file.
///
/// # Errors
/// [`StoreError::Database`].
pub fn add(conn: &mut Conn<'_>, tenant: TenantId, blob: &NewBlob) -> Result<BlobId, StoreError> {
    let now = conn.now()?;
    let id = BlobId::generate();
    on!(conn, c => diesel::insert_into(blobs::table)
        .values((
            blobs::tenant_id.eq(tenant.to_string()),
            blobs::id.eq(id.to_string()),
            blobs::object_key.eq(&blob.object_key),
            blobs::bytes.eq(blob.bytes),
            blobs::sha256.eq(&blob.sha256),
            blobs::created_at.eq(now.0),
        ))
        .execute(c))?;
    Ok(id)
}

/// One stored file of the tenant.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn find(conn: &mut Conn<'_>, tenant: TenantId, id: BlobId) -> Result<BlobRow, StoreError> {
    on!(conn, c => blobs::table
        .filter(blobs::tenant_id.eq(tenant.to_string()))
        .filter(blobs::id.eq(id.to_string()))
        .select(BlobRow::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found(BlobId::WHAT, &id))
}

/// Takes the names of files away, once nothing refers to them. The files are then orphans, and the
/// sweep deletes them: a file is never deleted before its row is gone.
///
/// # Errors
/// [`StoreError::Database`], also if a row still refers to one.
pub fn forget(conn: &mut Conn<'_>, tenant: TenantId, ids: &[BlobId]) -> Result<(), StoreError> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    on!(conn, c => diesel::delete(blobs::table)
        .filter(blobs::tenant_id.eq(tenant.to_string()))
        .filter(blobs::id.eq_any(&ids))
        .execute(c))?;
    Ok(())
}

/// Those of the keys that a row of any tenant names. For the sweep, which works for no tenant.
///
/// # Errors
/// [`StoreError::Database`].
pub fn named(conn: &mut Conn<'_>, keys: &[String]) -> Result<BTreeSet<String>, StoreError> {
    let found: Vec<String> = on!(conn, c => blobs::table
        .filter(blobs::object_key.eq_any(keys))
        .select(blobs::object_key)
        .load(c))?;
    Ok(found.into_iter().collect())
}
