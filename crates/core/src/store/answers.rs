//! What was answered to requests that came with an idempotency key. The key, the work and the answer
//! are written in one transaction, so a repetition either gets the answer or does the work.

use diesel::prelude::*;

use super::conn::{Conn, on};
use super::error::{StoreError, storable};
use super::jobs::{IDEMPOTENCY_MS, Idempotency};
use super::schema::answers;
use crate::id::TenantId;

/// An answer as it is given again.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = answers)]
pub struct Answer {
    /// The status of HTTP.
    pub status: i32,
    /// Where what was made can be found.
    pub location: Option<String>,
    /// The body, as JSON.
    pub body: String,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = answers)]
struct Kept {
    body_sha256: String,
    #[diesel(embed)]
    answer: Answer,
}

/// Takes the key for a new request, or gives the answer of the request that has it. A request that
/// comes while another with the same key is under way waits here for its end.
///
/// # Errors
/// [`StoreError::OtherBody`] if the key came with another body within [`IDEMPOTENCY_MS`];
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn take_key(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    request: &Idempotency<'_>,
) -> Result<Option<Answer>, StoreError> {
    use diesel::query_dsl::methods::FilterDsl as _;

    let key = storable("idempotency key", request.key)?;
    let now = conn.now()?;
    let expires = now.plus(IDEMPOTENCY_MS).0;
    let taken = on!(conn, c => diesel::insert_into(answers::table)
        .values((
            answers::tenant_id.eq(tenant.to_string()),
            answers::route.eq(request.route),
            answers::idem_key.eq(key),
            answers::body_sha256.eq(request.body_sha256),
            answers::status.eq(0),
            answers::body.eq(""),
            answers::expires_at.eq(expires),
        ))
        .on_conflict((answers::tenant_id, answers::route, answers::idem_key))
        .do_update()
        .set((
            answers::body_sha256.eq(request.body_sha256),
            answers::expires_at.eq(expires),
        ))
        .filter(answers::expires_at.le(now.0))
        .execute(c))?;
    if taken == 1 {
        return Ok(None);
    }
    let kept: Kept = on!(conn, c => QueryDsl::filter(
            answers::table,
            answers::tenant_id
                .eq(tenant.to_string())
                .and(answers::route.eq(request.route))
                .and(answers::idem_key.eq(key)),
        )
        .select(Kept::as_select())
        .get_result(c))?;
    if kept.body_sha256 != request.body_sha256 {
        return Err(StoreError::OtherBody {
            key: key.to_owned(),
        });
    }
    Ok(Some(kept.answer))
}

/// Keeps the answer of a request that took its key in the same transaction.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn keep(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    request: &Idempotency<'_>,
    answer: &Answer,
) -> Result<(), StoreError> {
    let body = storable("answer", &answer.body)?;
    on!(conn, c => diesel::update(answers::table)
        .filter(answers::tenant_id.eq(tenant.to_string()))
        .filter(answers::route.eq(request.route))
        .filter(answers::idem_key.eq(request.key))
        .set((
            answers::status.eq(answer.status),
            answers::location.eq(answer.location.as_deref()),
            answers::body.eq(body),
        ))
        .execute(c))?;
    Ok(())
}

/// Drops the answers whose time is over. For the system; from time to time.
///
/// # Errors
/// [`StoreError::Database`].
pub fn drop_expired(conn: &mut Conn<'_>) -> Result<usize, StoreError> {
    let now = conn.now()?;
    Ok(on!(conn, c => diesel::delete(answers::table)
        .filter(answers::expires_at.le(now.0))
        .execute(c))?)
}
