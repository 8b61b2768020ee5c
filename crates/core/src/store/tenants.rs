//! Tenants: whose rows are whose, and which share of the workers they get.

use diesel::prelude::*;

use super::conn::{Conn, on};
use super::error::{StoreError, storable};
use super::schema::tenants;
use crate::id::TenantId;
use crate::time::Millis;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// What the tokens call it; unique.
    pub name: String,
    /// Its share of the workers, against that of others.
    pub weight: i32,
    /// So many jobs of its may be under way at once, if that is limited.
    pub max_running: Option<i32>,
    /// When it was first seen.
    pub created_at: Millis,
}

/// The tenant of this name, made if it is not there. Of two requests at once, both get the same.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn ensure(conn: &mut Conn<'_>, name: &str) -> Result<Tenant, StoreError> {
    let name = storable("name of the tenant", name)?;
    if let Some(tenant) = named(conn, name)? {
        return Ok(tenant);
    }
    let now = conn.now()?;
    on!(conn, c => diesel::insert_into(tenants::table)
        .values((
            tenants::id.eq(TenantId::generate().to_string()),
            tenants::name.eq(name),
            tenants::created_at.eq(now.0),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    named(conn, name)?.ok_or_else(|| StoreError::not_found(TenantId::WHAT, &name))
}

fn named(conn: &mut Conn<'_>, name: &str) -> Result<Option<Tenant>, StoreError> {
    Ok(on!(conn, c => tenants::table
        .filter(tenants::name.eq(name))
        .select(Tenant::as_select())
        .first(c)
        .optional())?)
}

/// Sets a tenant's share (at least one) and its limit.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn set_share(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    weight: i32,
    max_running: Option<i32>,
) -> Result<(), StoreError> {
    let changed = on!(conn, c => diesel::update(tenants::table)
        .filter(tenants::id.eq(tenant.to_string()))
        .set((
            tenants::weight.eq(weight.max(1)),
            tenants::max_running.eq(max_running),
        ))
        .execute(c))?;
    if changed == 0 {
        return Err(StoreError::not_found(TenantId::WHAT, &tenant));
    }
    Ok(())
}
