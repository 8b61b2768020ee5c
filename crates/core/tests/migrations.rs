//! Both databases have the same tables, diesel is told of just these, and each migration applies to
//! a database that is in use.

#![cfg(test)]
#![cfg(feature = "store")]

mod databases;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::store::{DatabaseUrl, Settings, Store, StoreError, migrations};
use databases::{Database, Which, lines};
use diesel_migrations::MigrationHarness;

const LITE_COLUMNS: &str = "SELECT m.name || '.' || c.name || ' ' || lower(c.type) \
    || CASE c.\"notnull\" WHEN 1 THEN ' not null' ELSE '' END \
    || coalesce(' default ' || c.dflt_value, '') AS line \
    FROM sqlite_master m, pragma_table_info(m.name) c \
    WHERE m.type = 'table' AND m.name NOT LIKE '%schema_migrations'";
const POSTGRES_COLUMNS: &str = "SELECT table_name || '.' || column_name || ' ' || data_type \
    || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END \
    || coalesce(' default ' || column_default, '') AS line \
    FROM information_schema.columns \
    WHERE table_schema = current_schema() AND table_name NOT LIKE '%schema_migrations'";
const LITE_INDEXES: &str = "SELECT m.name || CASE WHEN i.origin = 'pk' \
    THEN ' primary key' WHEN i.\"unique\" = 1 THEN ' unique' ELSE ' index ' || i.name END || ' (' || group_concat(x.name \
    || CASE x.desc WHEN 1 THEN ' desc' ELSE '' END, ', ' ORDER BY x.seqno) || ')' \
    || CASE i.partial WHEN 1 THEN ' partial' ELSE '' END AS line \
    FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_xinfo(i.name) x \
    WHERE m.type = 'table' AND m.name NOT LIKE '%schema_migrations' AND x.key = 1 \
    GROUP BY m.name, i.name";
const POSTGRES_INDEXES: &str = "SELECT t.relname || CASE WHEN i.indisprimary THEN ' primary key' \
    WHEN i.indisunique THEN ' unique' ELSE ' index ' || x.relname END || ' (' || (\
    SELECT string_agg(a.attname || CASE WHEN i.indoption[(k.n - 1)::int] & 1 = 1 THEN ' desc' \
    ELSE '' END, ', ' ORDER BY k.n) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(a, n) \
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.a) || ')' \
    || CASE WHEN i.indpred IS NULL THEN '' ELSE ' partial' END AS line \
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid \
    WHERE t.relnamespace = current_schema()::regnamespace AND t.relname NOT LIKE '%schema_migrations'";
const LITE_REFERENCES: &str = "SELECT m.name || ' (' || group_concat(f.\"from\", ', ' ORDER BY f.seq) \
    || ') to ' || f.\"table\" || ' (' || group_concat(f.\"to\", ', ' ORDER BY f.seq) || ')' AS line \
    FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' \
    GROUP BY m.name, f.id";
const POSTGRES_REFERENCES: &str = "SELECT k.conrelid::regclass || ' (' || (SELECT \
    string_agg(a.attname, ', ' ORDER BY c.n) FROM unnest(k.conkey) WITH ORDINALITY AS c(a, n) \
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.a) || ') to ' \
    || k.confrelid::regclass || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY c.n) \
    FROM unnest(k.confkey) WITH ORDINALITY AS c(a, n) \
    JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = c.a) || ')' AS line \
    FROM pg_constraint k WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Names of the folders or files in one.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Applies the next migration.
fn step(database: &Database) {
    match database.url() {
        DatabaseUrl::Sqlite(_) => {
            database
                .lite()
                .run_next_migration(migrations::SQLITE)
                .unwrap();
        }
        DatabaseUrl::Postgres(_) => {
            database
                .postgres()
                .run_next_migration(migrations::POSTGRES)
                .unwrap();
        }
    }
}

#[test]
fn both_databases_have_the_same_tables() {
    let (_file, lite) = Database::migrated(Which::Sqlite);
    let (_schema, postgres) = Database::migrated(Which::Postgres);
    let columns = lines(&lite, LITE_COLUMNS);
    assert!(columns.len() > 150, "only {} columns", columns.len());
    assert_eq!(columns, lines(&postgres, POSTGRES_COLUMNS));
    let indexes = lines(&lite, LITE_INDEXES);
    assert!(indexes.len() > 30, "only {} indexes", indexes.len());
    assert_eq!(indexes, lines(&postgres, POSTGRES_INDEXES));
    let references = lines(&lite, LITE_REFERENCES);
    assert!(
        references.len() > 30,
        "only {} references",
        references.len()
    );
    assert_eq!(references, lines(&postgres, POSTGRES_REFERENCES));
}

#[test]
fn both_have_the_same_migrations_by_name() {
    let lite = names(&root().join("migrations/sqlite"));
    assert_eq!(lite, names(&root().join("migrations/postgres")));
    assert!(lite.len() >= 5);
}

/// `schema.rs` is what queries are checked against, so it has to be what the database has.
#[test]
fn diesel_is_told_of_just_these_tables() {
    let (_file, store) = Database::migrated(Which::Sqlite);
    let schema = root().join("crates/core/src/store/schema.rs");
    let schema = fs::read_to_string(schema).unwrap();
    let mut told = BTreeSet::new();
    let mut table = "";
    for line in schema.lines().map(str::trim) {
        if let Some((column, kind)) = line.split_once(" -> ") {
            let kind = kind.trim_end_matches(',');
            let inner = kind
                .strip_prefix("Nullable<")
                .map(|kind| kind.trim_end_matches('>'));
            let sql = match inner.unwrap_or(kind) {
                "Text" => "text",
                "BigInt" => "bigint",
                "Integer" => "integer",
                "Bool" => "boolean",
                other => panic!("{other}"),
            };
            let not_null = if inner.is_some() { "" } else { " not null" };
            told.insert(format!("{table}.{column} {sql}{not_null}"));
        } else if let Some((name, _)) = line.split_once(" (") {
            table = name;
        }
    }
    let found: BTreeSet<String> = lines(&store, LITE_COLUMNS)
        .iter()
        .map(|line| line.split(" default ").next().unwrap().to_owned())
        .collect();
    assert_eq!(told, found);
}

/// Before each migration, every table that there is by then has rows.
#[test]
fn every_migration_applies_to_a_database_with_data_in_it() {
    let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/databases/rows");
    for which in [Which::Sqlite, Which::Postgres] {
        let database = Database::empty(which);
        for name in names(&root().join("migrations/sqlite")) {
            step(&database);
            let filled = fs::read_to_string(rows.join(format!("{name}.sql")));
            let filled =
                filled.unwrap_or_else(|_| panic!("add rows/{name}.sql for the new tables"));
            database.run(&filled);
        }
        let store = database.open();
        let tables: BTreeSet<String> = lines(
            &store,
            match which {
                Which::Sqlite => LITE_COLUMNS,
                Which::Postgres => POSTGRES_COLUMNS,
            },
        )
        .iter()
        .map(|line| line.split('.').next().unwrap().to_owned())
        .collect();
        for table in tables {
            let count = format!("SELECT CAST(count(*) AS text) AS line FROM {table}");
            assert_ne!(lines(&store, &count), ["0"], "no row in {table}");
        }
    }
}

#[test]
fn down_takes_everything_away() {
    for which in [Which::Sqlite, Which::Postgres] {
        let database = Database::empty(which);
        Store::migrate(database.url()).unwrap();
        match which {
            Which::Sqlite => {
                database
                    .lite()
                    .revert_all_migrations(migrations::SQLITE)
                    .unwrap();
            }
            Which::Postgres => {
                database
                    .postgres()
                    .revert_all_migrations(migrations::POSTGRES)
                    .unwrap();
            }
        }
        let applied = Store::migrate(database.url()).unwrap();
        assert_eq!(
            applied.len(),
            names(&root().join("migrations/sqlite")).len()
        );
        assert_eq!(
            Store::migrate(database.url()).unwrap(),
            Vec::<String>::new()
        );
    }
}

#[test]
fn two_processes_may_migrate_at_once() {
    // A file is made by one of them while the others open it, which takes many tries to go wrong.
    let files = std::iter::repeat_n(Which::Sqlite, 40);
    for which in files.chain([Which::Postgres]) {
        let database = Database::empty(which);
        let applied: usize = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| Store::migrate(database.url()).unwrap().len()))
                .collect();
            all.into_iter().map(|it| it.join().unwrap()).sum()
        });
        assert_eq!(applied, names(&root().join("migrations/sqlite")).len());
        database.open();
    }
}

#[test]
fn nothing_is_made_unasked() {
    let database = Database::empty(Which::Sqlite);
    let DatabaseUrl::Sqlite(path) = database.url().clone() else {
        panic!("no file")
    };
    let error = Store::open(database.url(), &Settings::default()).unwrap_err();
    assert!(matches!(error, StoreError::NoFile { .. }), "{error}");
    assert!(error.hint().unwrap().contains("aimapper migrate"));
    assert!(!path.exists());

    let there = fs::File::create(&path);
    drop(there.unwrap());
    let error = Store::open(database.url(), &Settings::default()).unwrap_err();
    assert!(matches!(error, StoreError::NotMigrated { .. }), "{error}");

    fs::write(
        &path,
        "not a database, but a file of somebody else's. ".repeat(100),
    )
    .unwrap();
    let error = Store::open(database.url(), &Settings::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .starts_with("not a database")
    );

    let database = Database::empty(Which::Postgres);
    let error = Store::open(database.url(), &Settings::default()).unwrap_err();
    assert!(matches!(&error, StoreError::NotMigrated { pending, .. } if pending.len() >= 5));
}

#[test]
fn a_server_that_is_away_is_said_without_the_password() {
    let url: DatabaseUrl = "postgres://me:s3cret@127.0.0.1:1/db".parse().unwrap();
    let error = Store::open(&url, &Settings::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let said = format!(
        "{error} {error:?} {}",
        std::error::Error::source(&error).unwrap()
    );
    assert!(
        said.contains("refused") && !said.contains("s3cret"),
        "{said}"
    );
}
