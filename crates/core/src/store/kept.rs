//! Statements that a connection keeps.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

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
