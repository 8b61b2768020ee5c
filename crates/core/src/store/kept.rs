//! Statements that a connection keeps, and such as do several things at once.

use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel::sqlite::Sqlite;

use super::conn::{Conn, POSTGRES_CLOCK};
use super::error::StoreError;

/// A query that each connection prepares once and plans anew only when the tables have changed. Diesel
/// does so for queries whose text it knows by their type; it cannot know that an `UPDATE` always sets the
/// same columns and that literal SQL is always the same, and has these planned each time, which costs more
/// than to run them. Here the text is the key, so this is for queries that have one or a few.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<Q>(pub(super) Q);

impl<Q> QueryId for Kept<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Kept<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Kept<Q> {}

/// Rows that a query locks, each behind the time at which it was locked. The time is taken outside of the
/// query that locks, because within it that would be done before the wait for the lock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timed<Q>(pub(super) Q);

impl<Q> QueryId for Timed<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Timed<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT ");
        out.push_sql(POSTGRES_CLOCK);
        out.push_sql(", locked.* FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS locked");
        Ok(())
    }
}

impl<Q: Query> Query for Timed<Q> {
    type SqlType = (BigInt, Q::SqlType);
}

/// No further change.
pub(super) const NOTHING: Option<diesel::query_builder::SqlQuery> = None;

/// A query for either database.
pub(super) trait Either: QueryFragment<Pg> + QueryFragment<Sqlite> {}

impl<Q: QueryFragment<Pg> + QueryFragment<Sqlite>> Either for Q {}

/// A change of one table together with those of others that belong to it. PostgreSQL does them in one
/// statement, because each takes it more to hear of than to do.
#[derive(Debug)]
pub(super) struct Together<M, T, P, G> {
    /// Whose rows are counted.
    pub(super) main: M,
    pub(super) told: Option<T>,
    pub(super) put: Option<P>,
    pub(super) gone: Option<G>,
    /// What PostgreSQL does besides for each row of `main`, as an expression.
    pub(super) besides: Option<&'static str>,
}

impl<M: Either, T: Either, P: Either, G: Either> Together<M, T, P, G> {
    /// Does all of it, and says how many rows `main` has changed.
    pub(super) fn run(self, conn: &mut Conn<'_>) -> Result<usize, StoreError> {
        let lite = match conn {
            Conn::Postgres(conn) => return Ok(Kept(self).execute(*conn)?),
            Conn::Lite(conn) => conn,
        };
        let changed = Kept(self.main).execute(*lite)?;
        if let Some(told) = self.told {
            Kept(told).execute(*lite)?;
        }
        if let Some(put) = self.put {
            Kept(put).execute(*lite)?;
        }
        if let Some(gone) = self.gone {
            Kept(gone).execute(*lite)?;
        }
        Ok(changed)
    }
}

impl<M, T, P, G> QueryId for Together<M, T, P, G> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<M: Either, T: Either, P: Either, G: Either> QueryFragment<Pg> for Together<M, T, P, G> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let parts: [(&str, Option<&'b dyn QueryFragment<Pg>>); 3] = [
            ("told", self.told.as_ref().map(|part| part as _)),
            ("put", self.put.as_ref().map(|part| part as _)),
            ("gone", self.gone.as_ref().map(|part| part as _)),
        ];
        let mut before = "WITH ";
        for (name, part) in parts {
            if let Some(part) = part {
                out.push_sql(before);
                out.push_sql(name);
                out.push_sql(" AS (");
                part.walk_ast(out.reborrow())?;
                out.push_sql(") ");
                before = ", ";
            }
        }
        self.main.walk_ast(out.reborrow())?;
        if let Some(besides) = self.besides {
            out.push_sql(" RETURNING ");
            out.push_sql(besides);
        }
        Ok(())
    }
}
