//! One connection to either database, and the macro that writes a query once for both.

use std::fmt;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::error::StoreError;
use super::kept::Kept;
use crate::time::Millis;

/// Milliseconds since 1970 by PostgreSQL's clock.
pub(super) const POSTGRES_CLOCK: &str =
    "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)";

/// A connection inside of a unit of work.
pub enum Conn<'a> {
    /// SQLite.
    Lite(&'a mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'a mut PgConnection),
}

/// Writes a query for both databases. Diesel types a query by its backend, so the same text is
/// compiled once for each; `MultiConnection` would take neither upserts nor `RETURNING`.
macro_rules! on {
    ($conn:expr, $c:ident => $query:expr) => {
        match $conn {
            $crate::store::Conn::Lite($c) => {
                let $c: &mut diesel::SqliteConnection = $c;
                $query
            }
            $crate::store::Conn::Postgres($c) => {
                let $c: &mut diesel::PgConnection = $c;
                $query
            }
        }
    };
}
pub(super) use on;

impl Conn<'_> {
    /// The time by the database's clock. Not frozen within a transaction, and of no time zone.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn now(&mut self) -> Result<Millis, StoreError> {
        let fragment = match self {
            Self::Lite(_) => "CAST(round(unixepoch('subsec') * 1000) AS INTEGER)",
            Self::Postgres(_) => POSTGRES_CLOCK,
        };
        let query = Kept(diesel::select(diesel::dsl::sql::<BigInt>(fragment)));
        Ok(Millis(on!(self, c => query.get_result::<i64>(c))?))
    }
}

impl fmt::Debug for Conn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lite(_) => "Conn::Lite",
            Self::Postgres(_) => "Conn::Postgres",
        })
    }
}
