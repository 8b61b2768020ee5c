//! The settings of the service: read once at the start, checked as a whole, then passed on in parts.
//! `config/default.toml` explains each of them and is the default; a file and variables of the
//! environment go before it. Nothing here is looked up later.

mod auth;
mod error;
mod layers;
mod parts;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use auth::{Auth, AuthMode, SessionTimes};
pub use error::ConfigError;
pub use parts::{Jobs, Limits, Log, LogFormat, PublicUrl, Retention, Server, Slots};

use self::layers::Layers;
use crate::blob::BlobPlace;
use crate::queue::Broker;
use crate::store::{DatabaseUrl, UrlError};

/// All settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where it listens.
    pub server: Server,
    /// Folder for all that is kept.
    pub data_dir: PathBuf,
    /// The database. Printing it shows no password.
    pub database: DatabaseUrl,
    /// The broker; `None` is a queue inside of the process.
    pub broker: Option<Broker>,
    /// Where uploads and results are kept.
    pub blobs: BlobPlace,
    /// Where a worker of its own answers for its health.
    pub worker_bind: SocketAddr,
    /// How many jobs run at once.
    pub slots: Slots,
    /// Leases and attempts.
    pub jobs: Jobs,
    /// How long things are kept.
    pub retention: Retention,
    /// What is too much.
    pub limits: Limits,
    /// What the logs look like.
    pub log: Log,
    /// Who may come in.
    pub auth: Auth,
}

impl Config {
    /// The defaults, then a file, then variables of this process's environment.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Self::from_parts(file, Self::variables()?)
    }

    /// The variables of this process's environment that are settings, under their own names or those of the
    /// predecessor.
    ///
    /// # Errors
    /// [`ConfigError::NotUnicode`].
    pub fn variables() -> Result<HashMap<String, String>, ConfigError> {
        let ours = |name: &std::ffi::OsString| {
            let name = name.to_string_lossy();
            layers::is_alias(&name)
                || name
                    .get(..layers::PREFIX.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(layers::PREFIX))
        };
        std::env::vars_os()
            .filter(|(name, _)| ours(name))
            .map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect::<Option<HashMap<_, _>>>()
            .ok_or(ConfigError::NotUnicode)
    }

    /// The same with variables that are given, not those of the process.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn from_parts(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let layers = Layers::new(file, variables.into_iter().collect())?;
        let data_dir = layers.parsed("data.dir", "the path of a folder", |text| {
            (!text.is_empty()).then(|| PathBuf::from(text))
        })?;
        let config = Self {
            server: Server::from(&layers)?,
            database: database(&layers, &data_dir)?,
            broker: broker(&layers)?,
            blobs: blobs(&layers, &data_dir)?,
            worker_bind: layers.parsed("worker.bind", "ADDRESS:PORT", |text| text.parse().ok())?,
            slots: Slots::from(&layers)?,
            jobs: Jobs::from(&layers)?,
            retention: Retention::from(&layers)?,
            limits: Limits::from(&layers)?,
            log: Log::from(&layers)?,
            auth: Auth::from(&layers)?,
            data_dir,
        };
        config.check_reach(&layers)?;
        Ok(config)
    }

    /// Folder of the key of local mode.
    #[must_use]
    pub fn key_dir(&self) -> PathBuf {
        self.data_dir.join("auth")
    }

    /// Where browsers find it, when it listens at this address: without a slash at the end.
    #[must_use]
    pub fn base_url(&self, listens: SocketAddr) -> String {
        match (&self.server.public_url, &self.auth.mode) {
            (Some(url), AuthMode::Local | AuthMode::Oidc(_)) => url.to_string(),
            (None, AuthMode::Local) => format!("http://{listens}"),
            // The name that is registered at providers.
            (None, AuthMode::Oidc(_)) => format!("http://localhost:{}", listens.port()),
        }
    }

    /// Who may reach it, and under which name.
    fn check_reach(&self, layers: &Layers) -> Result<(), ConfigError> {
        let bind = self.server.bind;
        let url = self.server.public_url.as_ref();
        match &self.auth.mode {
            AuthMode::Local if !bind.ip().is_loopback() => Err(ConfigError::NotLoopback { bind }),
            AuthMode::Local if url.is_some_and(|url| !url.is_loopback()) => Err(layers.wrong(
                "server.public_url",
                "an address of this machine in local mode (localhost, 127.0.0.1 or [::1])",
            )),
            AuthMode::Oidc(_) if url.is_none() && !bind.ip().is_loopback() => Err(layers.wrong(
                "server.public_url",
                "the address that browsers use, because others than this machine are let in \
                     (server.bind)",
            )),
            AuthMode::Oidc(_) if url.is_some_and(|url| !url.is_secure() && !url.is_loopback()) => {
                Err(layers.wrong(
                    "server.public_url",
                    "an address with https, where browsers are not on this machine: cookies and \
                     tokens would pass in clear text",
                ))
            }
            AuthMode::Local | AuthMode::Oidc(_) => Ok(()),
        }
    }
}

fn database(layers: &Layers, data_dir: &Path) -> Result<DatabaseUrl, ConfigError> {
    let key = "database.url";
    match layers.text(key)? {
        "" => Ok(DatabaseUrl::Sqlite(data_dir.join("aimapper.db"))),
        text => text.parse().map_err(|error| match error {
            UrlError::NoTls => ConfigError::NoTls {
                origin: layers.origin(key),
            },
            UrlError::Scheme | UrlError::Empty | UrlError::InMemory => {
                let takes = "nothing, sqlite://PATH or postgres://USER@HOST/DATABASE";
                layers.wrong(key, takes)
            }
        }),
    }
}

fn broker(layers: &Layers) -> Result<Option<Broker>, ConfigError> {
    let prefix = layers.parsed(
        "broker.prefix",
        "letters, digits, dots and hyphens",
        |text| Broker::new("amqp://localhost", text).map(|_| text.to_owned()),
    )?;
    let takes = "nothing or amqp(s)://USER:PASSWORD@HOST:PORT/VHOST";
    layers.parsed("broker.url", takes, |text| match text {
        "" => Some(None),
        text => Broker::new(text, &prefix).map(Some),
    })
}

fn blobs(layers: &Layers, data_dir: &Path) -> Result<BlobPlace, ConfigError> {
    let takes = "nothing, file://PATH or s3://BUCKET/PREFIX";
    layers.parsed("blob.url", takes, |text| match text {
        "" => Some(BlobPlace::Local(data_dir.join("blobs"))),
        text => text.parse().ok(),
    })
}
