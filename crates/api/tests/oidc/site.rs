//! The service in this process, on a free port, where people sign in at a realm.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use aimapper_api::App;
use aimapper_api::auth::Identity;
use aimapper_core::auth::Oidc;
use aimapper_core::blob::Blobs;
use aimapper_core::config::{AuthMode, Config};
use aimapper_core::id::AccountId;
use aimapper_core::store::accounts::{self, Account};
use aimapper_core::store::{DatabaseUrl, Store, audit};
use diesel::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::databases::{self, Database, Which};
use crate::http::{self, Reply};
use crate::logs;
use crate::realm::{CLIENT, Realm, SECRET, now};

/// Generous: the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(60);

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

pub(crate) struct Site {
    pub(crate) app: App,
    pub(crate) database: Database,
    base: String,
    running: Option<(ServerHandle, JoinHandle<()>)>,
    folder: Arc<TempDir>,
}

impl Site {
    /// A service with the keys of the realm.
    pub(crate) fn start(realm: &Realm) -> Self {
        Self::with(realm, &[])
    }

    /// The same with other settings.
    pub(crate) fn with(realm: &Realm, settings: &[(&str, &str)]) -> Self {
        let site = Self::unready(realm, settings);
        wait_until("the service has keys", || site.is_ready());
        site
    }

    /// A service that may have no keys.
    pub(crate) fn unready(realm: &Realm, settings: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let site = Self::at(listener, realm.issuer(), settings);
        let base = site.app.identity.base_url();
        realm.register(&format!("{base}/accounts/complete/keycloak/"));
        site
    }

    /// A service at this address whose provider is this issuer.
    pub(crate) fn at(listener: TcpListener, issuer: &str, settings: &[(&str, &str)]) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let config = config(folder.path(), issuer, settings);
        let database = Database::migrated(databases::chosen());
        Self::over(listener, config, database, folder)
    }

    /// Another process of the same service, as far as that goes in one: over the same database and keys, and
    /// with a memory of its own.
    pub(crate) fn beside(&self, realm: &Realm) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let config = config(self.folder.path(), realm.issuer(), &[]);
        let database = self.database.again();
        let store = database.open();
        let folder = Arc::clone(&self.folder);
        let site = Self::over(listener, config, (database, store), folder);
        wait_until("the other process has keys", || site.is_ready());
        site
    }

    fn over(
        listener: TcpListener,
        config: Config,
        (database, store): (Database, Store),
        folder: Arc<TempDir>,
    ) -> Self {
        logs::listen();
        let listens = listener.local_addr().unwrap();
        let identity = Identity::open(&config, listens).unwrap();
        let base = format!("http://localhost:{}", listens.port());
        let app = App::new(
            Arc::new(store),
            Arc::new(Blobs::open(&config.blobs).unwrap()),
            Arc::default(),
            Arc::new(identity),
            Arc::new(config),
        );
        let (send, receive) = mpsc::channel();
        let served = app.clone();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = aimapper_api::server(served, listener).unwrap();
                send.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Self {
            app,
            database,
            base,
            running: Some((receive.recv().unwrap(), thread)),
            folder,
        }
    }

    /// Where browsers find it.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn is_ready(&self) -> bool {
        http::get(&self.url("/health/ready"), &[]).status == 200
    }

    /// Asks who a token stands for.
    pub(crate) fn me(&self, token: &str) -> Reply {
        self.bearer("/api/v1/me", token)
    }

    pub(crate) fn bearer(&self, path: &str, token: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        http::get(&self.url(path), &[("Authorization", &bearer)])
    }

    /// All accounts, the oldest first.
    pub(crate) fn accounts(&self) -> Vec<Account> {
        self.app.store.read(accounts::all).unwrap()
    }

    /// What happened to an account: event and reason.
    pub(crate) fn audit(&self, account: AccountId) -> Vec<(String, Option<String>)> {
        let read = self.app.store.read(|conn| audit::of_account(conn, account));
        read.unwrap()
    }

    /// Lets every session be renewed at its next request.
    pub(crate) fn make_renewals_due(&self) {
        self.database
            .run("UPDATE sessions SET renew_at = 0, renewing_until = 0");
    }

    /// Makes the tokens that sessions hold as much older.
    pub(crate) fn age_tokens(&self, seconds: i64) {
        let ends = now() - seconds;
        let rows = self.texts("SELECT principal AS text FROM sessions");
        for row in rows {
            let mut principal: Value = serde_json::from_str(&row).unwrap();
            principal["expires_at"] = ends.into();
            let sql =
                format!("UPDATE sessions SET principal = '{principal}' WHERE principal = '{row}'");
            self.database.run(&sql);
        }
    }

    /// The files of this service that hold these bytes: the database with its journals, and all below its
    /// folder.
    pub(crate) fn files_with(&self, bytes: &[u8]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        if let DatabaseUrl::Sqlite(path) = self.database.url() {
            folders.extend(path.parent().map(Path::to_owned));
        }
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let content = std::fs::read(&path).unwrap();
                if content.windows(bytes.len()).any(|window| window == bytes) {
                    found.push(path);
                }
            }
        }
        found
    }

    /// How many sessions there are.
    pub(crate) fn session_rows(&self) -> usize {
        self.count("sessions")
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: &str) -> usize {
        let sql = format!("SELECT count(*) AS number FROM {table}");
        usize::try_from(self.number(&sql)).unwrap()
    }

    /// The one number that a query gives, as `number`.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        let query = diesel::sql_query(sql);
        let row: Number = match databases::chosen() {
            Which::Sqlite => query.get_result(&mut self.database.lite()),
            Which::Postgres => query.get_result(&mut self.database.postgres()),
        }
        .unwrap();
        row.number
    }

    /// What a query gives as `text`.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        let query = diesel::sql_query(sql);
        let rows: Vec<Text> = match databases::chosen() {
            Which::Sqlite => query.load(&mut self.database.lite()),
            Which::Postgres => query.load(&mut self.database.postgres()),
        }
        .unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some((handle, thread)) = self.running.take() {
            // The order is given at once; the thread ends when it was followed.
            drop(handle.stop(false));
            let _ended = thread.join();
        }
    }
}

/// The settings of a service whose provider is this issuer.
pub(crate) fn config(folder: &Path, issuer: &str, settings: &[(&str, &str)]) -> Config {
    let data = folder.join("data").display().to_string();
    let base = [
        ("data.dir", data.as_str()),
        ("auth.issuer", issuer),
        ("auth.client_id", CLIENT),
        ("auth.client_secret", SECRET),
    ];
    let mut variables: Vec<(String, String)> = Vec::new();
    for (key, value) in base.iter().chain(settings) {
        let name = format!("AIMAPPER__{}", key.replace('.', "__").to_uppercase());
        variables.retain(|(known, _)| *known != name);
        variables.push((name, (*value).to_owned()));
    }
    Config::from_parts(None, variables).unwrap()
}

/// What is set about the provider.
pub(crate) fn oidc(issuer: &str, settings: &[(&str, &str)]) -> Oidc {
    let folder = tempfile::tempdir().unwrap();
    match config(folder.path(), issuer, settings).auth.mode {
        AuthMode::Oidc(oidc) => *oidc,
        AuthMode::Local => panic!("the settings name a provider"),
    }
}

/// Waits for a condition, not longer than a generous time.
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < DEADLINE, "waited in vain until {what}");
        thread::yield_now();
        thread::park_timeout(Duration::from_millis(20));
    }
}

/// A problem of this status and code.
#[track_caller]
pub(crate) fn assert_problem(reply: &Reply, status: u16, code: &str) {
    let found = (reply.status, reply.code());
    assert_eq!(found, (status, code.to_owned()), "{}", reply.text());
}
