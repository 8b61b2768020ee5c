//! A fresh database for a test: an SQLite file of its own, or a schema of its own in a PostgreSQL
//! server. Used by the tests of several crates.

#![allow(dead_code, reason = "not every test uses all of it")]

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;

use aimapper_core::id::{JobId, TenantId, UserId};
use aimapper_core::store::{Conn, DatabaseUrl, Settings, Store, tenants, users};
use tempfile::TempDir;

/// Names the server for the tests.
pub(crate) const URL_VARIABLE: &str = "AIMAPPER_TEST_POSTGRES_URL";

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Sqlite,
    Postgres,
}

/// SQLite, or what `AIMAPPER_TEST_REST=postgres` says.
pub(crate) fn chosen() -> Which {
    match std::env::var("AIMAPPER_TEST_REST").as_deref() {
        Ok("postgres") => Which::Postgres,
        Ok(other) => panic!("AIMAPPER_TEST_REST={other}: there is postgres, or nothing"),
        Err(_) => Which::Sqlite,
    }
}

/// A database that is gone with this value.
pub(crate) struct Database {
    url: DatabaseUrl,
    /// The file's folder.
    folder: Option<TempDir>,
    /// The server's URL and the schema in it.
    schema: Option<(String, String)>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Database {
    /// One without tables.
    pub(crate) fn empty(which: Which) -> Self {
        match which {
            Which::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("test #1?.db");
                Self {
                    url: format!("sqlite://{}", path.display()).parse().unwrap(),
                    folder: Some(folder),
                    schema: None,
                }
            }
            Which::Postgres => {
                let server = std::env::var(URL_VARIABLE).unwrap_or_else(|_| {
                    panic!(
                        "{URL_VARIABLE} names no PostgreSQL server\n\
                         hint: run `bash deploy/dev/test.sh`, or start one as it does, with \
                         `bash deploy/dev/postgres.sh start`, and set the variable to its URL"
                    )
                });
                let schema = format!("t{}", JobId::generate().to_string().replace('-', ""));
                statement(&server, &format!("CREATE SCHEMA {schema}"));
                let with = if server.contains('?') { '&' } else { '?' };
                let url = format!(
                    "{server}{with}options=-csearch_path%3D{schema}&application_name={schema}"
                );
                Self {
                    url: url.parse().unwrap(),
                    folder: None,
                    schema: Some((server, schema)),
                }
            }
        }
    }

    /// One with all tables.
    pub(crate) fn migrated(which: Which) -> (Self, Store) {
        let database = Self::empty(which);
        Store::migrate(database.url()).unwrap();
        let store = database.open();
        (database, store)
    }

    /// The same database for another owner, who does not take it away.
    pub(crate) fn again(&self) -> Self {
        Self {
            url: self.url.clone(),
            folder: None,
            schema: None,
        }
    }

    pub(crate) fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// The URL with its password.
    pub(crate) fn address(&self) -> String {
        match &self.url {
            DatabaseUrl::Postgres(url) => url.clone(),
            DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        }
    }

    pub(crate) fn open(&self) -> Store {
        let settings = Settings {
            connections: 4,
            ..Settings::default()
        };
        Store::open(&self.url, &settings).unwrap()
    }

    /// Runs a statement, or several, on a connection of its own.
    pub(crate) fn run(&self, sql: &str) {
        match &self.url {
            DatabaseUrl::Sqlite(_) => {
                self.lite().batch_execute(sql).unwrap();
            }
            DatabaseUrl::Postgres(url) => statement(url, sql),
        }
    }

    /// A connection to the file, which is made if it is not there.
    pub(crate) fn lite(&self) -> SqliteConnection {
        let path = self.folder.as_ref().unwrap().path().join("test #1?.db");
        let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        let ready = "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;";
        conn.batch_execute(ready).unwrap();
        conn
    }

    /// A connection to the schema.
    pub(crate) fn postgres(&self) -> PgConnection {
        match &self.url {
            DatabaseUrl::Postgres(url) => PgConnection::establish(url).unwrap(),
            DatabaseUrl::Sqlite(path) => panic!("{} is a file", path.display()),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, schema)) = &self.schema {
            // A request whose answer did not wait for it may still be at work, and stand in the way.
            let drop = format!("DROP SCHEMA {schema} CASCADE");
            let mut conn = PgConnection::establish(server).unwrap();
            let dropped = (0..10).any(|_| conn.batch_execute(&drop).is_ok());
            assert!(dropped, "{schema} is in use");
        }
    }
}

fn statement(url: &str, sql: &str) {
    let mut conn = PgConnection::establish(url).unwrap();
    conn.batch_execute(sql).unwrap();
}

/// The rows of a query whose only column is called `line`, sorted.
pub(crate) fn lines(store: &Store, sql: &str) -> Vec<String> {
    let rows: Vec<Line> = store
        .read(|conn| {
            Ok(match conn {
                Conn::Lite(c) => diesel::sql_query(sql).load(*c)?,
                Conn::Postgres(c) => diesel::sql_query(sql).load(*c)?,
            })
        })
        .unwrap();
    let mut lines: Vec<String> = rows.into_iter().map(|row| row.line).collect();
    lines.sort();
    lines
}

/// Every row of the tables that a worker may write, one a line.
pub(crate) fn everything(store: &Store) -> Vec<String> {
    let mut all = Vec::new();
    for table in [
        "jobs",
        "job_events",
        "outbox",
        "outputs",
        "blobs",
        "source_versions",
        "mapping_versions",
    ] {
        let columns = store
            .read(|conn| {
                Ok(match conn {
                    Conn::Lite(_) => {
                        format!("SELECT name AS line FROM pragma_table_info('{table}')")
                    }
                    Conn::Postgres(_) => format!(
                        "SELECT column_name::text AS line FROM information_schema.columns \
                         WHERE table_name = '{table}' AND table_schema = current_schema()"
                    ),
                })
            })
            .unwrap();
        let cells: Vec<String> = lines(store, &columns)
            .iter()
            .map(|name| format!("'{name}=' || coalesce(CAST({name} AS text), '-')"))
            .collect();
        let rows = format!("SELECT {} AS line FROM {table}", cells.join(" || ' ' || "));
        all.extend(
            lines(store, &rows)
                .into_iter()
                .map(|row| format!("{table}: {row}")),
        );
    }
    all
}

/// Runs a statement inside of the store.
pub(crate) fn run(store: &Store, sql: &str) {
    store
        .write(|conn| {
            match conn {
                Conn::Lite(c) => diesel::sql_query(sql).execute(*c)?,
                Conn::Postgres(c) => diesel::sql_query(sql).execute(*c)?,
            };
            Ok(())
        })
        .unwrap();
}

/// Lets time pass for all jobs that have not ended, by moving what they wait for.
pub(crate) fn elapse(store: &Store, milliseconds: i64) {
    run(
        store,
        &format!(
            "UPDATE jobs SET run_at = run_at - {milliseconds}, \
             dispatched_at = dispatched_at - {milliseconds}, \
             lease_until = lease_until - {milliseconds}, \
             started_at = started_at - {milliseconds} WHERE finished_at IS NULL"
        ),
    );
    run(
        store,
        &format!("UPDATE outbox SET due_at = due_at - {milliseconds}"),
    );
}

/// A tenant of this name with one user.
pub(crate) fn tenant(store: &Store, name: &str) -> (TenantId, UserId) {
    store
        .write(|conn| {
            let tenant = tenants::ensure(conn, name)?.id;
            let user = users::seen(conn, tenant, "https://issuer", name, None)?;
            Ok((tenant, user.id))
        })
        .unwrap()
}
