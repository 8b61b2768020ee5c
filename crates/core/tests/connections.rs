//! What a store promises of its connections: how SQLite is set up, that writers wait for each other,
//! that readers cannot write, and that lost connections are replaced.

#![cfg(test)]
#![cfg(feature = "store")]

mod databases;

use std::time::{Duration, Instant};

use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::store::{Settings, Store, StoreError, tenants};
use databases::{Database, Which, lines};
use diesel::prelude::*;

#[test]
fn sqlite_is_durable_and_keeps_references() {
    let (database, store) = Database::migrated(Which::Sqlite);
    let mut told = Vec::new();
    for pragma in ["journal_mode", "synchronous", "foreign_keys", "timeout"] {
        let name = pragma.replace("timeout", "busy_timeout");
        let query = format!("SELECT CAST({pragma} AS text) AS line FROM pragma_{name}");
        // As the writer sees it: a reader has settings of its own.
        let value = store.write(|conn| {
            let aimapper_core::store::Conn::Lite(c) = conn else {
                panic!("not SQLite")
            };
            #[derive(QueryableByName)]
            struct Line {
                #[diesel(sql_type = diesel::sql_types::Text)]
                line: String,
            }
            let line: Line = diesel::sql_query(&query).get_result(*c)?;
            Ok(line.line)
        });
        told.push(value.unwrap());
    }
    // 2 is FULL.
    assert_eq!(told, ["wal", "2", "1", "5000"]);
    drop(database);
}

#[test]
fn writers_take_turns_and_none_is_refused() {
    for which in [Which::Sqlite, Which::Postgres] {
        let (database, store) = Database::migrated(which);
        // A second store is what a second process is.
        let other = database.open();
        std::thread::scope(|scope| {
            for (writer, store) in [&store, &other, &store, &other].into_iter().enumerate() {
                scope.spawn(move || {
                    for number in 0..20 {
                        let name = format!("{writer}/{number}");
                        store.write(|conn| tenants::ensure(conn, &name)).unwrap();
                        // And all of them the same one.
                        let same = format!("shared {number}");
                        store.write(|conn| tenants::ensure(conn, &same)).unwrap();
                    }
                });
            }
        });
        let count = "SELECT CAST(count(*) AS text) AS line FROM tenants";
        assert_eq!(lines(&store, count), ["100"], "{which:?}");
    }
}

#[test]
fn who_only_reads_cannot_write() {
    for which in [Which::Sqlite, Which::Postgres] {
        let (_database, store) = Database::migrated(which);
        let refused = store.read(|conn| tenants::ensure(conn, "one"));
        assert!(matches!(refused, Err(StoreError::Database(_))), "{which:?}");
        store.write(|conn| tenants::ensure(conn, "one")).unwrap();
    }
}

#[test]
fn a_unit_of_work_does_not_wait_for_ever() {
    for which in [Which::Sqlite, Which::Postgres] {
        let (database, _) = Database::migrated(which);
        let settings = Settings {
            connections: 1,
            wait: Duration::from_millis(300),
        };
        let store = Store::open(database.url(), &settings).unwrap();
        let busy = store.write(|_| store.write(|conn| conn.now())).unwrap_err();
        assert!(matches!(busy, StoreError::Busy(_)), "{busy}");
        assert_eq!(busy.kind(), ErrorKind::Unavailable);
    }
}

#[test]
fn who_stands_by_asks_for_the_office_over_a_connection_that_is_there() {
    let (database, first) = Database::migrated(Which::Postgres);
    let leader = first.lead().unwrap();
    assert!(leader.is_some());
    let settings = Settings {
        connections: 1,
        wait: Duration::from_millis(300),
    };
    let second = Store::open(database.url(), &settings).unwrap();
    assert!(second.lead().unwrap().is_none());
    // Its only connection is in use; it could ask over a new one.
    let busy = second.read(|_| second.lead().map(drop)).unwrap_err();
    assert!(matches!(busy, StoreError::Busy(_)), "{busy}");
    drop(leader);
    let until = Instant::now() + Duration::from_secs(30);
    while second.lead().unwrap().is_none() {
        assert!(Instant::now() < until, "the office stays taken");
    }
}

#[test]
fn times_are_of_this_century_and_pass_inside_of_a_transaction() {
    for which in [Which::Sqlite, Which::Postgres] {
        let (_database, store) = Database::migrated(which);
        let (first, last) = store
            .write(|conn| {
                let first = conn.now()?;
                let mut last = conn.now()?;
                for _ in 0..100_000 {
                    if last > first {
                        break;
                    }
                    last = conn.now()?;
                }
                Ok((first, last))
            })
            .unwrap();
        assert!(last > first, "{which:?}: time is frozen");
        assert!((1_700_000_000_000..4_000_000_000_000).contains(&first.0));
    }
}

/// The time zone of a session must not shift times.
#[test]
fn both_databases_tell_the_same_time() {
    let (_file, lite) = Database::migrated(Which::Sqlite);
    let (_schema, postgres) = Database::migrated(Which::Postgres);
    let here = lite.read(|conn| conn.now()).unwrap().0;
    let there = postgres
        .read(|conn| {
            if let aimapper_core::store::Conn::Postgres(c) = conn {
                diesel::sql_query("SET LOCAL TIME ZONE 'Asia/Kolkata'").execute(*c)?;
            }
            conn.now()
        })
        .unwrap()
        .0;
    assert!((here - there).abs() < 60_000, "{here} and {there}");
}

#[test]
fn a_lost_connection_is_replaced() {
    let (database, store) = Database::migrated(Which::Postgres);
    store.write(|conn| tenants::ensure(conn, "one")).unwrap();
    let cut = || {
        database.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = current_schema() AND pid <> pg_backend_pid()",
        );
    };
    cut();
    let again = store.write(|conn| tenants::ensure(conn, "one"));
    assert_eq!(again.unwrap().name, "one");
    // One that is lost in the middle is an error that may be tried again, and leaves nothing.
    let lost = store.write(|conn| {
        tenants::ensure(conn, "two")?;
        cut();
        conn.now()
    });
    assert_eq!(lost.unwrap_err().kind(), ErrorKind::Unavailable);
    let count = "SELECT name AS line FROM tenants";
    assert_eq!(lines(&store, count), ["one"]);
}
