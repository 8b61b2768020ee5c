//! Opening a database: pools, settings of each connection, migrations.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationVersion;
use diesel::prelude::*;
use diesel::r2d2::{
    ConnectionManager, CustomizeConnection, NopErrorHandler, Pool, PooledConnection,
};
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::MigrationHarness;

use super::conn::{Conn, on};
use super::error::{Censored, StoreError};
use super::migrations;
use super::url::DatabaseUrl;

/// How long a statement waits for another process that writes; the pragmas below say the same.
const BUSY: Duration = Duration::from_secs(5);

/// How many connections there are, and how long is waited for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Connections to PostgreSQL, or readers of SQLite (its writer comes on top).
    pub connections: u32,
    /// How long a unit of work waits for a connection.
    pub wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections: 8,
            wait: Duration::from_secs(2),
        }
    }
}

/// The database with its connections. Cheap to share by reference between threads.
pub struct Store {
    url: DatabaseUrl,
    pools: Pools,
}

enum Pools {
    /// One writer, because SQLite has one; more would only wait for each other inside of it, without
    /// any order and up to the busy timeout.
    Lite {
        writer: Pool<ConnectionManager<SqliteConnection>>,
        readers: Pool<ConnectionManager<SqliteConnection>>,
    },
    Postgres(Pool<ConnectionManager<PgConnection>>),
}

/// Makes each new connection ready.
#[derive(Debug, Clone, Copy)]
enum Prepare {
    LiteWriter,
    LiteReader,
    Postgres,
}

impl Prepare {
    const fn statements(self) -> &'static str {
        match self {
            Self::LiteWriter => {
                "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON;"
            }
            Self::LiteReader => "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON;",
            // A client that hangs in a transaction must not hold rows of others for long.
            Self::Postgres => {
                "SET TIME ZONE 'UTC'; SET lock_timeout = '5s'; \
                 SET idle_in_transaction_session_timeout = '30s'"
            }
        }
    }
}

impl<C> CustomizeConnection<C, diesel::r2d2::Error> for Prepare
where
    C: Connection + 'static,
{
    fn on_acquire(&self, conn: &mut C) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute(self.statements())
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Store {
    /// Opens a database that is there and migrated. Never makes a file or a table.
    ///
    /// # Errors
    /// [`StoreError::NoFile`], [`StoreError::Connect`], [`StoreError::NotMigrated`].
    pub fn open(url: &DatabaseUrl, settings: &Settings) -> Result<Self, StoreError> {
        if let DatabaseUrl::Sqlite(path) = url
            && !path.is_file()
        {
            return Err(StoreError::NoFile { path: path.clone() });
        }
        let store = Self {
            url: url.clone(),
            pools: Pools::open(url, settings)?,
        };
        let pending = store.pending()?;
        if pending.is_empty() {
            return Ok(store);
        }
        Err(StoreError::NotMigrated {
            url: url.clone(),
            pending,
        })
    }

    /// Makes the database file if it is one and is not there, and brings the tables up to date. Two
    /// processes may do so at once. Gives the versions that were applied.
    ///
    /// # Errors
    /// [`StoreError::Connect`], [`StoreError::Migrate`]; a failed migration leaves no trace.
    pub fn migrate(url: &DatabaseUrl) -> Result<Vec<String>, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let mut conn = connect::<SqliteConnection>(url, &file_uri(path, "rwc"))?;
                conn.batch_execute("PRAGMA busy_timeout = 5000")?;
                turn_to_write_ahead(&mut conn)?;
                conn.batch_execute(Prepare::LiteWriter.statements())?;
                // Only what is inside of a transaction waits for another process; diesel opens one
                // for each migration, after it has looked at what is pending.
                conn.immediate_transaction(|conn| {
                    Ok(conn.run_pending_migrations(migrations::SQLITE).map(names))
                })
                .map_err(|error: diesel::result::Error| error.into())
                .and_then(|applied| applied.map_err(|error| cannot_migrate(url, &*error)))
            }
            DatabaseUrl::Postgres(_) => {
                let mut conn = connect::<PgConnection>(url, &url.address())?;
                // Given back when the connection ends. The number is arbitrary but for all time.
                diesel::sql_query("SELECT pg_advisory_lock(4711003)").execute(&mut conn)?;
                conn.run_pending_migrations(migrations::POSTGRES)
                    .map(names)
                    .map_err(|error| cannot_migrate(url, &*error))
            }
        }
    }

    /// Where the database is.
    #[must_use]
    pub const fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Runs a unit of work that only reads, over one state of the data in SQLite; in PostgreSQL each
    /// query sees what is committed by then.
    ///
    /// # Errors
    /// Those of the work; [`StoreError::Busy`].
    pub fn read<T>(
        &self,
        work: impl FnOnce(&mut Conn<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &self.pools {
            Pools::Lite { readers, .. } => {
                taken(&self.url, readers)?.transaction(|c| work(&mut Conn::Lite(c)))
            }
            Pools::Postgres(pool) => taken(&self.url, pool)?
                .build_transaction()
                .read_only()
                .run(|c| work(&mut Conn::Postgres(c))),
        }
    }

    /// Runs a unit of work in one transaction: all of it is durable when this returns, or nothing is
    /// changed.
    ///
    /// # Errors
    /// Those of the work; [`StoreError::Busy`]. After a lost connection it is not known whether the
    /// work was done, so callers repeat only what may be repeated.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&mut Conn<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &self.pools {
            // Immediate: a transaction that begins by reading cannot become a writer once another
            // process has written.
            Pools::Lite { writer, .. } => {
                taken(&self.url, writer)?.immediate_transaction(|c| work(&mut Conn::Lite(c)))
            }
            Pools::Postgres(pool) => {
                taken(&self.url, pool)?.transaction(|c| work(&mut Conn::Postgres(c)))
            }
        }
    }

    /// Versions of this build that the database lacks. More than this build knows are no fault: the
    /// tables are extended while older processes still run.
    fn pending(&self) -> Result<Vec<String>, StoreError> {
        #[derive(QueryableByName)]
        struct Found {
            #[diesel(sql_type = BigInt)]
            found: i64,
        }
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = Text)]
            version: String,
        }
        let applied = self.read(|conn| {
            let present = match conn {
                Conn::Lite(_) => {
                    "SELECT count(*) AS found FROM sqlite_master \
                     WHERE name = '__diesel_schema_migrations'"
                }
                Conn::Postgres(_) => {
                    "SELECT count(*) AS found FROM pg_class \
                     WHERE oid = to_regclass('__diesel_schema_migrations')"
                }
            };
            let found: Found = on!(conn, c => diesel::sql_query(present).get_result(c))?;
            if found.found == 0 {
                return Ok(Vec::new());
            }
            let query = "SELECT version FROM __diesel_schema_migrations";
            let applied: Vec<Version> = on!(conn, c => diesel::sql_query(query).load(c))?;
            Ok(applied)
        })?;
        let mut pending = migrations::versions();
        pending.retain(|version| applied.iter().all(|row| row.version != *version));
        Ok(pending)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.url)
    }
}

impl Pools {
    fn open(url: &DatabaseUrl, settings: &Settings) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let uri = file_uri(path, "rw");
                Ok(Self::Lite {
                    // First, because a reader cannot turn the file to write-ahead logging.
                    writer: pool::<SqliteConnection>(url, &uri, Prepare::LiteWriter, 1, settings)?,
                    readers: pool(
                        url,
                        &uri,
                        Prepare::LiteReader,
                        settings.connections,
                        settings,
                    )?,
                })
            }
            DatabaseUrl::Postgres(_) => Ok(Self::Postgres(pool(
                url,
                &url.address(),
                Prepare::Postgres,
                settings.connections,
                settings,
            )?)),
        }
    }
}

/// A pool. The first connection is tried outside of it, because the pool would only say that it
/// waited.
fn pool<C>(
    url: &DatabaseUrl,
    address: &str,
    prepare: Prepare,
    size: u32,
    settings: &Settings,
) -> Result<Pool<ConnectionManager<C>>, StoreError>
where
    C: diesel::r2d2::R2D2Connection + 'static,
{
    connect::<C>(url, address)?;
    Pool::builder()
        .max_size(size.max(1))
        .min_idle(Some(1))
        .connection_timeout(settings.wait)
        .connection_customizer(Box::new(prepare))
        .error_handler(Box::new(NopErrorHandler))
        .build(ConnectionManager::new(address))
        .map_err(|error| cannot_connect(url, &error))
}

fn taken<C>(
    url: &DatabaseUrl,
    pool: &Pool<ConnectionManager<C>>,
) -> Result<PooledConnection<ConnectionManager<C>>, StoreError>
where
    C: diesel::r2d2::R2D2Connection + 'static,
{
    pool.get()
        .map_err(|error| StoreError::Busy(Censored(url.censor(&error.to_string()))))
}

/// Turns a database file to write-ahead logging, for all time. The busy timeout does not hold for this
/// statement: it reads before it locks, and SQLite fails at once where two that have read both want to
/// write (<https://www.sqlite.org/c3ref/busy_handler.html>). So it is tried again for as long.
fn turn_to_write_ahead(conn: &mut SqliteConnection) -> Result<(), diesel::result::Error> {
    let begun = Instant::now();
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Err(diesel::result::Error::DatabaseError(_, said))
                if said.message().contains("locked") && begun.elapsed() < BUSY =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

pub(super) fn connect<C: Connection>(url: &DatabaseUrl, address: &str) -> Result<C, StoreError> {
    C::establish(address).map_err(|error| cannot_connect(url, &error))
}

fn cannot_connect(url: &DatabaseUrl, error: &dyn std::error::Error) -> StoreError {
    StoreError::Connect {
        url: url.clone(),
        source: Censored(url.censor(&error.to_string())),
    }
}

fn cannot_migrate(
    url: &DatabaseUrl,
    error: &(dyn std::error::Error + Send + Sync + 'static),
) -> StoreError {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        said = format!("{said}: {source}");
        cause = source.source();
    }
    StoreError::Migrate {
        url: url.clone(),
        source: Censored(url.censor(&said)),
    }
}

fn names(applied: Vec<MigrationVersion<'_>>) -> Vec<String> {
    applied.iter().map(ToString::to_string).collect()
}

/// A file as SQLite's URI, which can say whether it may be made (`rwc`) or must be there (`rw`).
fn file_uri(path: &Path, mode: &str) -> String {
    let absolute: PathBuf = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut escaped = String::new();
    for c in absolute.to_string_lossy().chars() {
        match c {
            '%' => escaped.push_str("%25"),
            '?' => escaped.push_str("%3f"),
            '#' => escaped.push_str("%23"),
            other => escaped.push(other),
        }
    }
    format!("file:{escaped}?mode={mode}")
}
