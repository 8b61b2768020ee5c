//! What api and workers of a test share when they are apart: a database of their own in a PostgreSQL
//! server, and queues of their own in a RabbitMQ.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use aimapper_core::id::JobId;
use aimapper_core::queue::Broker;
use aimapper_core::store::DatabaseUrl;

use crate::databases::{Database, Which};
use crate::served::{aimapper, program_path, said};

/// Names the broker for the tests.
const BROKER_VARIABLE: &str = "AIMAPPER_TEST_RABBITMQ_URL";

pub(crate) struct Shared {
    /// Dropped with this value.
    _database: Option<Database>,
    settings: Vec<(String, String)>,
    pub(crate) broker: Broker,
}

impl Shared {
    /// In the servers that the tests share.
    pub(crate) fn new() -> Self {
        let broker = std::env::var(BROKER_VARIABLE).unwrap_or_else(|_| {
            panic!("{BROKER_VARIABLE} names no RabbitMQ\nhint: run `bash deploy/dev/test.sh`")
        });
        let database = Database::empty(Which::Postgres);
        let url = database.address();
        Self::at(Some(database), &url, &broker)
    }

    /// At these addresses, and migrated.
    pub(crate) fn at(database: Option<Database>, database_url: &str, broker_url: &str) -> Self {
        let prefix = format!("aimapper.{}", JobId::generate());
        let setting = |name: &str, value: &str| (format!("AIMAPPER__{name}"), value.to_owned());
        let shared = Self {
            _database: database,
            settings: vec![
                setting("DATABASE__URL", database_url),
                setting("BROKER__URL", broker_url),
                setting("BROKER__PREFIX", &prefix),
            ],
            broker: Broker::new(broker_url, &prefix).unwrap(),
        };
        let folder = tempfile::tempdir().unwrap();
        let migrated = shared
            .set(&mut aimapper(folder.path()))
            .arg("migrate")
            .output();
        let migrated = migrated.unwrap();
        assert!(migrated.status.success(), "{migrated:?}");
        shared
    }

    /// The same with further settings, or other values of them.
    pub(crate) fn with(mut self, settings: &[(&str, &str)]) -> Self {
        for (name, value) in settings {
            self.settings
                .push(((*name).to_owned(), (*value).to_owned()));
        }
        self
    }

    /// Where the rows are.
    pub(crate) fn database_url(&self) -> DatabaseUrl {
        let (_, url) = &self.settings[0];
        url.parse().unwrap()
    }

    pub(crate) fn set<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.envs(self.settings.iter().map(|(name, value)| (name, value)))
    }

    /// The api, not started yet.
    pub(crate) fn api(&self, data: &Path, bind: &str) -> Command {
        let mut command = program("aimapper-api", data);
        self.set(&mut command).env("AIMAPPER__SERVER__BIND", bind);
        command
    }

    /// A worker, which is ready.
    pub(crate) fn worker(&self, data: &Path) -> (Child, BufReader<ChildStdout>) {
        let mut command = program("aimapper-worker", data);
        self.set(&mut command)
            .env("AIMAPPER__WORKER__BIND", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        said(&mut stdout, "AiMapper's worker is ready");
        (child, stdout)
    }
}

/// One of the programs of the workspace, which are built beside each other.
pub(crate) fn program(name: &str, data: &Path) -> Command {
    let path: PathBuf = program_path().with_file_name(name);
    assert!(
        path.is_file(),
        "{} is not there\nhint: run the tests of the whole workspace",
        path.display()
    );
    let mut command = Command::new(path);
    command.envs(
        aimapper(data)
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    command
}
