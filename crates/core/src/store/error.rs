//! What can go wrong with the database.

use std::path::PathBuf;

use diesel::result::{DatabaseErrorKind, Error as Diesel};

use super::url::{DatabaseUrl, UrlError};
use crate::error::{ErrorKind, Explain};
use crate::id::JobId;
use crate::job::{Kind, Refusal};

/// An error of the driver as text, without the secrets of the URL that it may repeat.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Censored(pub(crate) String);

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is none.
    #[error("there is no such database")]
    Url(#[from] UrlError),
    /// The database cannot be reached.
    #[error("cannot connect to the database {url}")]
    Connect {
        /// Which one; printed without its password.
        url: DatabaseUrl,
        /// Why, as the driver says it.
        #[source]
        source: Censored,
    },
    /// There is no database file, and none is made unasked.
    #[error("there is no database file {}", .path.display())]
    NoFile {
        /// Where it should be.
        path: PathBuf,
    },
    /// The folder or file of the database cannot be used.
    #[error("cannot use {}", .path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process serves this database file.
    #[error("another process already serves {}", .path.display())]
    AlreadyServed {
        /// The database file.
        path: PathBuf,
    },
    /// The tables are older than this build, or not there at all.
    #[error("the database {url} lacks {} of the migrations", .pending.len())]
    NotMigrated {
        /// Which database.
        url: DatabaseUrl,
        /// Versions of the migrations that it lacks.
        pending: Vec<String>,
    },
    /// A migration failed; those before it are applied.
    #[error("cannot migrate the database {url}")]
    Migrate {
        /// Which database.
        url: DatabaseUrl,
        /// Why, as the driver says it.
        #[source]
        source: Censored,
    },
    /// All connections are in use.
    #[error("no connection to the database became free in time")]
    Busy(#[source] Censored),
    /// A statement failed.
    #[error("the database refused a statement")]
    Database(#[from] Diesel),
    /// A row holds what no code of ours writes.
    #[error("a row of {what} cannot be understood")]
    Corrupt {
        /// Which kind of row.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No such row in this tenant.
    #[error("there is no {what} {id}")]
    NotFound {
        /// What kind of row.
        what: &'static str,
        /// Its id, as it was given.
        id: String,
    },
    /// Such a row is there already.
    #[error("there is such a {what} already")]
    Exists {
        /// What kind of row.
        what: &'static str,
    },
    /// Somebody else made the next version meanwhile.
    #[error("version {number} of the {what} was made by somebody else meanwhile")]
    Outdated {
        /// What has versions.
        what: &'static str,
        /// The version that was to be made.
        number: i32,
    },
    /// The job does not allow it; nothing was changed.
    #[error("job {job} stays as it is")]
    Refused {
        /// Which job.
        job: JobId,
        /// Why not.
        #[source]
        refusal: Refusal,
    },
    /// The idempotency key came with another body before.
    #[error("the idempotency key “{key}” was used for another request")]
    OtherBody {
        /// The key.
        key: String,
    },
    /// A run is started by a job that runs a mapping.
    #[error("a job of kind {kind} is no run")]
    NoRun {
        /// The kind of the job.
        kind: Kind,
    },
    /// PostgreSQL stores no NUL in text, so none is taken.
    #[error("the {what} holds a NUL character")]
    Nul {
        /// Which text.
        what: &'static str,
    },
}

impl StoreError {
    /// No such row.
    pub(crate) fn not_found(what: &'static str, id: &impl ToString) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }

    /// Why the job stayed as it is, if that is what happened.
    #[must_use]
    pub const fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(*refusal),
            Self::Url(_)
            | Self::Connect { .. }
            | Self::NoFile { .. }
            | Self::File { .. }
            | Self::AlreadyServed { .. }
            | Self::NotMigrated { .. }
            | Self::Migrate { .. }
            | Self::Busy(_)
            | Self::Database(_)
            | Self::Corrupt { .. }
            | Self::NotFound { .. }
            | Self::Exists { .. }
            | Self::Outdated { .. }
            | Self::OtherBody { .. }
            | Self::NoRun { .. }
            | Self::Nul { .. } => None,
        }
    }
}

/// Takes a text that both databases can keep.
pub(crate) fn storable<'a>(what: &'static str, text: &'a str) -> Result<&'a str, StoreError> {
    if text.contains('\0') {
        return Err(StoreError::Nul { what });
    }
    Ok(text)
}

/// Kind of a failed statement. Messages are the only sign by which SQLite's driver tells a full
/// disk and a locked file.
fn kind_of_statement(error: &Diesel) -> ErrorKind {
    // The connection went away between two statements; the pool throws it away.
    if matches!(error, Diesel::BrokenTransactionManager) {
        return ErrorKind::Unavailable;
    }
    if let Diesel::RollbackErrorOnCommit { commit_error, .. } = error {
        return kind_of_statement(commit_error);
    }
    if let Diesel::DatabaseError(kind, details) = error {
        if matches!(
            kind,
            DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::UnableToSendCommand
        ) {
            return ErrorKind::Unavailable;
        }
        // Rows name each other with their tenant, so this is a row that the tenant does not have.
        if matches!(kind, DatabaseErrorKind::ForeignKeyViolation) {
            return ErrorKind::NotFound;
        }
        let message = details.message();
        if ["disk is full", "No space left"]
            .iter()
            .any(|said| message.contains(said))
        {
            return ErrorKind::NoSpace;
        }
        let passing = [
            "database is locked",
            "deadlock detected",
            "lock timeout",
            "terminating connection",
            "server closed the connection",
            "connection not open",
            "no connection to the server",
            "could not receive data from server",
            "could not send data to server",
            "connection has been closed unexpectedly",
            "the database system is",
        ];
        if passing.iter().any(|said| message.contains(said)) {
            return ErrorKind::Unavailable;
        }
    }
    ErrorKind::Internal
}

impl Explain for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Url(_) | Self::OtherBody { .. } | Self::Nul { .. } => ErrorKind::Invalid,
            Self::NoFile { .. } | Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Connect { .. } | Self::File { .. } | Self::NotMigrated { .. } | Self::Busy(_) => {
                ErrorKind::Unavailable
            }
            Self::AlreadyServed { .. }
            | Self::Exists { .. }
            | Self::Outdated { .. }
            | Self::Refused { .. } => ErrorKind::Conflict,
            Self::Database(source) => kind_of_statement(source),
            Self::Migrate { .. } | Self::Corrupt { .. } | Self::NoRun { .. } => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Url(UrlError::NoTls) => Some(
                "reach the database over a trusted network or a local tunnel, or use a build with TLS"
                    .to_owned(),
            ),
            Self::Url(_) => Some(
                "write sqlite://PATH for a file or postgres://USER@HOST/DATABASE".to_owned(),
            ),
            Self::Connect { .. } => Some("see that it runs and takes connections".to_owned()),
            Self::NoFile { .. } | Self::NotMigrated { .. } => {
                Some("check the URL; `aimapper migrate` makes the tables".to_owned())
            }
            Self::AlreadyServed { .. } => {
                Some("end the other process, or give this one another data folder".to_owned())
            }
            Self::Busy(_) => Some("try again shortly".to_owned()),
            Self::Outdated { .. } => Some("load it again and repeat the change".to_owned()),
            Self::OtherBody { .. } => Some("use a new key for each request".to_owned()),
            Self::File { .. }
            | Self::Migrate { .. }
            | Self::Database(_)
            | Self::Corrupt { .. }
            | Self::NotFound { .. }
            | Self::Exists { .. }
            | Self::Refused { .. }
            | Self::NoRun { .. }
            | Self::Nul { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a storm of faults has shown: a connection that is lost between two statements, or at
    /// their commit, is no fault of the job.
    #[test]
    fn a_lost_connection_passes() {
        let kind = |error| StoreError::Database(error).kind();
        assert_eq!(
            kind(Diesel::BrokenTransactionManager),
            ErrorKind::Unavailable
        );
        let lost = || Box::new(Diesel::BrokenTransactionManager);
        let at_commit = |commit_error| Diesel::RollbackErrorOnCommit {
            rollback_error: lost(),
            commit_error,
        };
        assert_eq!(kind(at_commit(lost())), ErrorKind::Unavailable);
        let other = Box::new(Diesel::NotFound);
        assert_eq!(kind(at_commit(other)), ErrorKind::Internal);
        for said in [
            "server closed the connection unexpectedly",
            "FATAL:  the database system is starting up",
            "no connection to the server",
        ] {
            let details = Box::new(said.to_owned());
            let error = Diesel::DatabaseError(DatabaseErrorKind::Unknown, details);
            assert_eq!(kind(error), ErrorKind::Unavailable, "{said}");
        }
    }
}
