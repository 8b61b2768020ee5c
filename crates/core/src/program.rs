//! What every program of the service does first, and how it says why it could not.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::error::{ErrorKind, Explain};
use crate::queue::Broker;
use crate::store::{DatabaseUrl, Settings, Store, StoreError};

/// Why a program of the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A folder cannot be made.
    #[error("cannot make the folder {}", path.display())]
    Folder {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An address cannot be listened at.
    #[error("cannot listen at {at}")]
    Listen {
        /// The address.
        at: SocketAddr,
        /// The setting that names it.
        setting: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// SQLite is for one process.
    #[error("api and workers apart need PostgreSQL, and database.url names an SQLite file")]
    NotShared,
    /// A queue inside of a process is for one process.
    #[error("workers of their own need a broker, and broker.url is empty")]
    NoBroker,
    /// The system refuses something that every program needs.
    #[error("cannot {doing}")]
    System {
        /// What was tried.
        doing: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Explain for StartError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Folder { .. } | Self::Listen { .. } => ErrorKind::Unavailable,
            Self::NotShared | Self::NoBroker => ErrorKind::Invalid,
            Self::System { .. } => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Folder { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("you may not write there; set data.dir to another folder".to_owned())
            }
            Self::Listen {
                setting, source, ..
            } if source.kind() == io::ErrorKind::AddrInUse => Some(format!(
                "another program does; take another port with {setting}"
            )),
            Self::NotShared | Self::NoBroker => Some(
                "set AIMAPPER__DATABASE__URL and AIMAPPER__BROKER__URL, or run `aimapper serve`, \
                 which is api and worker in one"
                    .to_owned(),
            ),
            Self::Folder { .. } | Self::Listen { .. } | Self::System { .. } => None,
        }
    }
}

/// Why a program ends, as its user reads it: `error:`, its causes, `hint:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fatal(String);

impl<E: Explain> From<E> for Fatal {
    fn from(error: E) -> Self {
        let mut said = format!("error: {error}\n");
        let mut cause = error.source();
        while let Some(next) = cause {
            said.push_str(&format!("  because: {next}\n"));
            cause = next.source();
        }
        if let Some(hint) = error.hint() {
            said.push_str(&format!("hint: {hint}\n"));
        }
        Self(said)
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The folder for all that is kept on this machine. Nobody else may look into it.
///
/// # Errors
/// [`StartError::Folder`].
pub fn data_folder(config: &Config) -> Result<(), StartError> {
    let folder = &config.data_dir;
    if folder.is_dir() {
        return Ok(());
    }
    make_private(folder).map_err(|source| StartError::Folder {
        path: folder.clone(),
        source,
    })
}

fn make_private(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Takes an address that a setting names.
///
/// # Errors
/// [`StartError::Listen`].
pub fn listen(at: SocketAddr, setting: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(at).map_err(|source| StartError::Listen {
        at,
        setting,
        source,
    })
}

/// Opens the database that several processes share.
///
/// # Errors
/// [`StartError::NotShared`] as a [`Fatal`], and those of [`Store::open`].
pub fn shared_store(config: &Config, connections: u32) -> Result<Store, Fatal> {
    if let DatabaseUrl::Sqlite(_) = config.database {
        return Err(StartError::NotShared.into());
    }
    let settings = Settings {
        connections,
        ..Settings::default()
    };
    Store::open(&config.database, &settings).map_err(|error: StoreError| error.into())
}

/// The broker that several processes share.
///
/// # Errors
/// [`StartError::NoBroker`].
pub fn shared_broker(config: &Config) -> Result<Broker, StartError> {
    config.broker.clone().ok_or(StartError::NoBroker)
}

/// Done when the process is told to end, by SIGINT or SIGTERM.
///
/// # Errors
/// [`StartError::System`] if these signals cannot be caught.
pub async fn told_to_end() -> Result<(), StartError> {
    let caught = |kind| {
        signal(kind).map_err(|source| StartError::System {
            doing: "catch signals",
            source,
        })
    };
    let mut terminated = caught(SignalKind::terminate())?;
    let mut interrupted = caught(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    Ok(())
}
