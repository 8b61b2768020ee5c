//! Who of several processes relays, reaps and sweeps: one at a time, the others stand by.

use std::fmt;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::conn::Conn;
use super::error::StoreError;
use super::kept::Kept;
use super::open::{Store, connect};
use super::url::DatabaseUrl;

/// Rung, without words, when a job becomes due or a slot free.
const BELL: &str = "aimapper_jobs";

/// Rings the bell once the transaction is committed. A ring that nobody hears is no loss: the leader
/// also looks up every second. Of PostgreSQL only; with SQLite there is one process.
pub(super) const RING: &str = "pg_notify('aimapper_jobs', '')";

/// The lock that is the office. The number is arbitrary but for all time; the schema, because locks are of
/// the whole database.
const OFFICE: &str = "4711004, hashtext(current_schema())";

/// The office, held until this is dropped, the process ends, or the database hears nothing from it for
/// five seconds: a process that is stopped and not dead holds it no longer than that.
///
/// Nothing depends on there being one leader only. Two of them publish hints twice, and a claim is
/// given once.
pub struct Leader(Session);

enum Session {
    /// SQLite, which one process serves.
    Alone,
    /// An advisory lock of this connection, which it has for itself.
    Locked(Box<PgConnection>),
}

impl Store {
    /// Takes the office, if nobody has it, with a connection of its own.
    ///
    /// # Errors
    /// [`StoreError::Connect`], [`StoreError::Database`], [`StoreError::Busy`].
    pub fn lead(&self) -> Result<Option<Leader>, StoreError> {
        let address = match self.url() {
            DatabaseUrl::Sqlite(_) => return Ok(Some(Leader(Session::Alone))),
            url @ DatabaseUrl::Postgres(_) => url.address(),
        };
        // Those who stand by ask each second. A connection for each of these questions would cost the
        // database more than all else that an idle worker wants of it.
        if !self.read(is_free)? {
            return Ok(None);
        }
        let mut conn = connect::<PgConnection>(self.url(), &address)?;
        let lock = format!("pg_try_advisory_lock({OFFICE})");
        let ours: bool = diesel::select(diesel::dsl::sql::<Bool>(&lock)).get_result(&mut conn)?;
        if !ours {
            return Ok(None);
        }
        conn.batch_execute(&format!("SET idle_session_timeout = '5s'; LISTEN {BELL}"))?;
        Ok(Some(Leader(Session::Locked(Box::new(conn)))))
    }
}

/// Whether nobody has the office. Who asks has it for the moment of the question, so two who ask at once
/// may both be told no.
fn is_free(conn: &mut Conn<'_>) -> Result<bool, StoreError> {
    match conn {
        Conn::Lite(_) => Ok(true),
        Conn::Postgres(conn) => {
            let lock = format!("pg_try_advisory_xact_lock({OFFICE})");
            Ok(Kept(diesel::select(diesel::dsl::sql::<Bool>(&lock))).get_result(*conn)?)
        }
    }
}

impl Leader {
    /// Says that it is there; to be called every second or so.
    ///
    /// # Errors
    /// When the office is lost: the connection is gone.
    pub fn stay(&mut self) -> Result<(), StoreError> {
        match &mut self.0 {
            Session::Alone => Ok(()),
            Session::Locked(conn) => {
                diesel::select(diesel::dsl::sql::<Bool>("true")).get_result::<bool>(&mut **conn)?;
                Ok(())
            }
        }
    }

    /// Whether the bell has rung since the last call. Asks no one: looks at what has arrived.
    ///
    /// # Errors
    /// As [`Self::stay`].
    pub fn rung(&mut self) -> Result<bool, StoreError> {
        match &mut self.0 {
            Session::Alone => Ok(false),
            Session::Locked(conn) => {
                let mut rung = false;
                for note in conn.notifications_iter() {
                    note?;
                    rung = true;
                }
                Ok(rung)
            }
        }
    }

    /// Whether there can be another, who would have to be waited for.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        matches!(self.0, Session::Alone)
    }
}

impl fmt::Debug for Leader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_alone() {
            "Leader(alone)"
        } else {
            "Leader(locked)"
        })
    }
}
