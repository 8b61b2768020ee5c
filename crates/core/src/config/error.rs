//! Why the settings cannot be used.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::error::{ErrorKind, Explain};

/// Why the settings cannot be used. Names file or variable and key, and never repeats a value,
/// which may be a secret that stands in the wrong place.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the settings in {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no TOML.
    #[error("{} is no TOML: {place}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line and column, without the text.
        place: String,
    },
    /// A variable is no Unicode.
    #[error("a variable of the environment that begins with AIMAPPER__ is no Unicode")]
    NotUnicode,
    /// Nobody knows this key.
    #[error("{origin} sets “{key}”, which is no setting")]
    Unknown {
        /// The file or the variable.
        origin: String,
        /// The key.
        key: String,
        /// Settings that may have been meant.
        near: Vec<&'static str>,
    },
    /// The value is not what the key takes.
    #[error("{origin} sets “{key}” to a wrong value: it takes {takes}")]
    Value {
        /// The file or the variable.
        origin: String,
        /// The key.
        key: &'static str,
        /// What it takes.
        takes: String,
    },
    /// A database that is to be reached by TLS, and a libpq that has none.
    #[error("{origin} asks for TLS to the database, which this build has not")]
    NoTls {
        /// The file or the variable.
        origin: String,
    },
    /// A file that a setting names cannot be read.
    #[error("the file that “{key}” names cannot be read")]
    File {
        /// The key.
        key: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Neither issuer nor addresses from which it could be told.
    #[error("auth.client_id is set, and nothing says who issues the tokens")]
    NoIssuer,
    /// Tokens would be signed by keys that pass in clear text.
    #[error("auth.issuer has no TLS, and is not this machine")]
    IssuerWithoutTls,
    /// Local mode would be open to the network.
    #[error("local mode listens on this machine only, not on {bind}")]
    NotLoopback {
        /// `server.bind`.
        bind: SocketAddr,
    },
}

impl Explain for ConfigError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                ErrorKind::NotFound
            }
            Self::Read { .. } => ErrorKind::Unavailable,
            Self::Syntax { .. }
            | Self::NotUnicode
            | Self::Unknown { .. }
            | Self::Value { .. }
            | Self::NoTls { .. }
            | Self::File { .. }
            | Self::NoIssuer
            | Self::IssuerWithoutTls
            | Self::NotLoopback { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some("check the path, and that you may read it".to_owned()),
            Self::Syntax { .. } => {
                Some("texts stand in quotes: bind = \"127.0.0.1:8000\"".to_owned())
            }
            Self::NotUnicode => None,
            Self::Unknown { near, .. } if near.is_empty() => {
                Some("config/default.toml lists all settings".to_owned())
            }
            Self::Unknown { near, .. } => Some(format!("did you mean {}?", near.join(" or "))),
            Self::Value { .. } => Some("config/default.toml explains it".to_owned()),
            Self::NoTls { .. } => Some(
                "build it with the system's libpq (cargo build with --no-default-features, see \
                 docs/operations.md), or reach the database over a local tunnel without sslmode"
                    .to_owned(),
            ),
            Self::File { .. } => Some("check the path, and that you may read it".to_owned()),
            Self::NoIssuer => Some(
                "set auth.issuer, such as https://sso.example.org/realms/NAME; or auth.authorization_url \
                 and auth.access_token_url, as Keycloak has them"
                    .to_owned(),
            ),
            Self::IssuerWithoutTls => Some(
                "whoever is between could make tokens: give the provider https; http is for a \
                 provider on this machine (localhost)"
                    .to_owned(),
            ),
            Self::NotLoopback { bind } => Some(format!(
                "set server.bind to 127.0.0.1:{} and reach it through a tunnel \
                 (ssh -L), or let people sign in at a provider (auth.client_id); whoever \
                 reaches the port could otherwise ask for a session",
                bind.port()
            )),
        }
    }
}
