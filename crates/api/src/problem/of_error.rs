//! Errors of core as problems.

use aimapper_core::blob::{BlobError, NotAKey};
use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::mapping::{EditError, MappingError};
use aimapper_core::store::StoreError;
use aimapper_core::target::TargetError;

use super::{Code, Problem, Wrong};

/// The code of errors that have no own one.
const fn code_of(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::Invalid => Code::Invalid,
        ErrorKind::Undecided => Code::Undecided,
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::Forbidden => Code::Forbidden,
        ErrorKind::PreconditionFailed => Code::PreconditionFailed,
        ErrorKind::RateLimited => Code::RateLimited,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::Conflict => Code::Conflict,
        ErrorKind::TooLarge => Code::TooLarge,
        ErrorKind::Unsupported => Code::Unsupported,
        ErrorKind::NoSpace => Code::NoSpace,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::Internal => Code::Internal,
    }
}

/// A problem that says what the error says, if that is for the client's eyes.
fn explained(error: &dyn Explain) -> Problem {
    of_code(code_of(error.kind()), error)
}

fn of_code(code: Code, error: &dyn Explain) -> Problem {
    if code == Code::Internal {
        return Problem::internal(error);
    }
    // What cannot be reached is named in the log; addresses are not for clients.
    if matches!(code, Code::Unavailable | Code::NoSpace) {
        return Problem::new(code, "")
            .hint("try again later".to_owned())
            .caused_by(error);
    }
    Problem::new(code, error.to_string()).hint(error.hint())
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::OtherBody { .. } => of_code(Code::IdempotencyMismatch, &error),
            StoreError::Refused { refusal, .. } => Self::new(Code::JobState, refusal.to_string()),
            StoreError::Outdated { .. } => of_code(Code::PreconditionFailed, &error),
            StoreError::NotFound { .. } | StoreError::Exists { .. } | StoreError::Nul { .. } => {
                explained(&error)
            }
            // A row of another tenant and one that is not there look the same.
            StoreError::Database(_) if error.kind() == ErrorKind::NotFound => {
                Self::new(Code::NotFound, "something that was named is not there")
            }
            StoreError::Url(_)
            | StoreError::Connect { .. }
            | StoreError::NoFile { .. }
            | StoreError::File { .. }
            | StoreError::AlreadyServed { .. }
            | StoreError::NotMigrated { .. }
            | StoreError::Migrate { .. }
            | StoreError::Busy(_)
            | StoreError::Database(_)
            | StoreError::Corrupt { .. }
            | StoreError::NoRun { .. } => match error.kind() {
                ErrorKind::Unavailable => of_code(Code::Unavailable, &error),
                ErrorKind::NoSpace => of_code(Code::NoSpace, &error),
                ErrorKind::Invalid
                | ErrorKind::Undecided
                | ErrorKind::Unauthenticated
                | ErrorKind::Forbidden
                | ErrorKind::PreconditionFailed
                | ErrorKind::RateLimited
                | ErrorKind::NotFound
                | ErrorKind::Conflict
                | ErrorKind::TooLarge
                | ErrorKind::Unsupported
                | ErrorKind::Internal => Self::internal(&error),
            },
        }
    }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Self {
        match &error {
            // A row names it, so it is our fault that it is gone.
            BlobError::NotFound { .. } => Self::internal(&error),
            BlobError::NoSpace { .. } | BlobError::Io { .. } | BlobError::Names(_) => {
                explained(&error)
            }
            // Only of the start.
            BlobError::Settings { .. } | BlobError::NotBuilt { .. } => Self::internal(&error),
        }
    }
}

impl From<NotAKey> for Problem {
    fn from(error: NotAKey) -> Self {
        Self::internal(&error)
    }
}

impl Problem {
    /// A schema that cannot be a target; `at` is where the schema stands in the body.
    #[must_use]
    pub fn of_target(error: &TargetError, at: &str) -> Self {
        let pointer = match error {
            TargetError::NotASchema { pointer, .. }
            | TargetError::NoFields { pointer }
            | TargetError::BadKeyword { pointer, .. }
            | TargetError::Contradiction { pointer, .. }
            | TargetError::ForeignReference { pointer, .. }
            | TargetError::MissingReference { pointer, .. }
            | TargetError::Cycle { pointer, .. }
            | TargetError::Pattern { pointer, .. }
            | TargetError::DuplicateField { pointer, .. }
            | TargetError::RequiredUnknown { pointer, .. }
            | TargetError::RequiredNotAField { pointer, .. }
            | TargetError::TooLarge { pointer, .. } => pointer.as_str(),
            TargetError::NotJson { .. } | TargetError::EmptySample { .. } => "",
        };
        // Samples are for the command.
        let is_json = !matches!(error, TargetError::NotJson { .. });
        let hint = if is_json {
            error.hint()
        } else {
            Some("mend it there; a target is a JSON Schema".to_owned())
        };
        let wrong = Wrong::new(format!("{at}{pointer}"), error.to_string()).hint(hint.clone());
        // A part of JSON Schema that is not followed is a fault of the content, not of its type.
        let code = if error.kind() == ErrorKind::Unsupported {
            Code::Invalid
        } else {
            code_of(error.kind())
        };
        let problem = of_code(code, error).errors(vec![wrong]);
        match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }

    /// A mapping file that cannot be read.
    #[must_use]
    pub fn of_mapping(error: &MappingError) -> Self {
        let place = match error {
            MappingError::Content { path, .. } => path.clone(),
            MappingError::Syntax { .. } | MappingError::Version { .. } => {
                format!("line {}", error.line())
            }
        };
        let code = match error {
            MappingError::Syntax { .. } | MappingError::Content { .. } => Code::Invalid,
            MappingError::Version { .. } => Code::Unsupported,
        };
        let wrong = Wrong::new(place, error.to_string()).hint(error.hint());
        of_code(code, error).errors(vec![wrong])
    }
}

/// An edit that cannot be made, with the place in the body that asks for it.
pub(crate) fn of_edit(error: &EditError, pointer: &str) -> Problem {
    let wrong = Wrong::new(pointer, error.to_string()).hint(error.hint());
    of_code(Code::Invalid, error).errors(vec![wrong])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_already_is_a_conflict() {
        let problem = Problem::from(StoreError::Exists { what: "target" });
        assert_eq!(problem.code(), Code::Conflict);
        assert_eq!(problem.detail(), "there is such a target already");
    }

    #[test]
    fn addresses_and_statements_are_for_the_log_only() {
        let error = StoreError::NoFile {
            path: "/var/lib/secret.db".into(),
        };
        for error in [
            error,
            StoreError::Corrupt {
                what: "mappings",
                source: "secret".into(),
            },
        ] {
            let problem = Problem::from(error);
            assert_eq!(problem.detail(), "");
            assert_eq!(
                problem.hint_text().filter(|hint| hint.contains("secret")),
                None
            );
            assert!(problem.0.chain.unwrap().contains("secret"));
        }
    }
}
