//! Where the database is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::secret;

/// The address of a database. Printing it never shows the password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite://PATH`: a file, relative to the working directory or (`sqlite:///..`) not.
    Sqlite(PathBuf),
    /// `postgres://..` as libpq takes it.
    Postgres(String),
}

/// An address that is none. The text is not repeated, because it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It starts with neither scheme.
    #[error("the database URL starts with neither sqlite:// nor postgres://")]
    Scheme,
    /// No path or no host.
    #[error("the database URL names no database")]
    Empty,
    /// SQLite without a file would lose accepted jobs.
    #[error("a database in memory keeps nothing")]
    InMemory,
    /// TLS is asked for, and the libpq that is built in has none.
    #[error("the database URL asks for TLS, which this build has not")]
    NoTls,
}

impl FromStr for DatabaseUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return match path {
                "" => Err(UrlError::Empty),
                path if path.contains(":memory:") => Err(UrlError::InMemory),
                path => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        let rest = text
            .strip_prefix("postgres://")
            .or_else(|| text.strip_prefix("postgresql://"))
            .ok_or(UrlError::Scheme)?;
        if rest.is_empty() {
            return Err(UrlError::Empty);
        }
        let wants_tls = ["require", "verify-ca", "verify-full"]
            .iter()
            .any(|mode| rest.contains(&format!("sslmode={mode}")));
        if wants_tls && cfg!(feature = "bundled") {
            return Err(UrlError::NoTls);
        }
        Ok(Self::Postgres(text.to_owned()))
    }
}

/// Parameters of libpq that are set unless the URL says otherwise. Its own defaults wait for a machine
/// that is gone until the system gives up, after a quarter of an hour or more.
const PATIENCE: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "5"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "15000"),
];

impl DatabaseUrl {
    /// The address as the driver takes it, with the password.
    pub(super) fn address(&self) -> String {
        match self {
            Self::Sqlite(path) => path.display().to_string(),
            Self::Postgres(url) => {
                let mut address = url.clone();
                for (key, value) in PATIENCE {
                    if !url.contains(&format!("{key}=")) {
                        address.push(if address.contains('?') { '&' } else { '?' });
                        address.push_str(&format!("{key}={value}"));
                    }
                }
                address
            }
        }
    }

    /// A text of somebody else, such as an error of the driver, without this URL's secrets.
    #[must_use]
    pub(crate) fn censor(&self, text: &str) -> String {
        let Self::Postgres(url) = self else {
            return text.to_owned();
        };
        secret::censor(url, text)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => f.write_str(&secret::censor(url, url)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_address_is_an_error() {
        let wrong = |text: &str| text.parse::<DatabaseUrl>().unwrap_err();
        assert_eq!(wrong("data/aimapper.db"), UrlError::Scheme);
        assert_eq!(wrong("sqlite:data/aimapper.db"), UrlError::Scheme);
        assert_eq!(wrong("postgers://localhost/db"), UrlError::Scheme);
        assert_eq!(wrong("mysql://localhost/db"), UrlError::Scheme);
        assert_eq!(wrong(""), UrlError::Scheme);
        assert_eq!(wrong("sqlite://"), UrlError::Empty);
        assert_eq!(wrong("postgres://"), UrlError::Empty);
        assert_eq!(wrong("sqlite://:memory:"), UrlError::InMemory);
        if cfg!(feature = "bundled") {
            assert_eq!(wrong("postgres://h/db?sslmode=require"), UrlError::NoTls);
        }
    }

    #[test]
    fn paths_are_relative_or_not() {
        let path = |text: &str| match text.parse().unwrap() {
            DatabaseUrl::Sqlite(path) => path.to_str().unwrap().to_owned(),
            DatabaseUrl::Postgres(url) => panic!("{url}"),
        };
        assert_eq!(path("sqlite://data/a.db"), "data/a.db");
        assert_eq!(path("sqlite:///var/lib/a b.db"), "/var/lib/a b.db");
    }

    #[test]
    fn passwords_are_never_shown() {
        let url: DatabaseUrl = "postgres://me:s3cr:et@db/x?sslpassword=hid&a=b"
            .parse()
            .unwrap();
        assert_eq!(
            url.to_string(),
            "postgres://me:***@db/x?sslpassword=***&a=b"
        );
        assert_eq!(format!("{url:?}"), url.to_string());
        let said = "cannot parse \"postgres://me:s3cr:et@db/x?sslpassword=hid&a=b\" near s3cr:et";
        let censored = url.censor(said);
        assert!(
            !censored.contains("s3cr") && !censored.contains("hid"),
            "{censored}"
        );
        let plain: DatabaseUrl = "postgres://me@db/x".parse().unwrap();
        assert_eq!(plain.to_string(), "postgres://me@db/x");
    }
}
