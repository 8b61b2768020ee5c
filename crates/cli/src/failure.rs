//! Failures: why the command ends with another code than 0, and how that is said.

use std::fmt;

use aimapper_core::error::Explain;

/// How the command ended; the number is its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ending {
    /// Done.
    Done = 0,
    /// It could not run.
    CouldNotRun = 1,
    /// Wrong use of the command (clap ends with the same code).
    Usage = 2,
    /// Done, but with more rejects than allowed.
    TooManyRejects = 3,
    /// A decision is needed.
    Undecided = 4,
}

impl Ending {
    /// The worse of two endings: a source that gave nothing is worse than a question about one,
    /// and that is worse than rejects.
    pub(crate) const fn worse(self, other: Self) -> Self {
        if self.rank() < other.rank() {
            other
        } else {
            self
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::TooManyRejects => 1,
            Self::Undecided => 2,
            Self::CouldNotRun => 3,
            Self::Usage => 4,
        }
    }
}

/// Why the command could not go on: a message, its causes, and a hint.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) ending: Ending,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
}

impl Failure {
    /// A failure of our own words.
    pub(crate) fn new(ending: Ending, message: impl Into<String>) -> Self {
        Self {
            ending,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// The same, with a hint.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// An error of the operating system about a file that is read.
    pub(crate) fn unreadable(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let mut failure = Self::new(
            Ending::CouldNotRun,
            format!("reading {what} {} failed", path.display()),
        );
        failure.causes.push(error.to_string());
        let kind = error.kind();
        failure.hint(if kind == std::io::ErrorKind::NotFound {
            "check the spelling and the folder you are in"
        } else if kind == std::io::ErrorKind::InvalidData {
            "it has to be a text file in UTF-8"
        } else {
            "check that you may read it"
        })
    }

    /// An error of the operating system about a file that is written.
    pub(crate) fn io(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        let mut failure = Self::new(
            Ending::CouldNotRun,
            format!("{what} {} failed", path.display()),
        );
        failure.causes.push(error.to_string());
        let hint = if error.kind() == std::io::ErrorKind::PermissionDenied {
            "you may not write there; name another folder with -o"
        } else if error.kind() == std::io::ErrorKind::StorageFull {
            "the disk is full"
        } else if error.kind() == std::io::ErrorKind::AlreadyExists {
            "it is a file; name a folder with -o"
        } else {
            return failure;
        };
        failure.hint(hint)
    }
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(next) = cause {
            causes.push(next.to_string());
            cause = next.source();
        }
        let hints = error.hint().into_iter().collect();
        let ending = match error.kind() {
            aimapper_core::error::ErrorKind::Undecided => Ending::Undecided,
            aimapper_core::error::ErrorKind::Invalid
            | aimapper_core::error::ErrorKind::Unauthenticated
            | aimapper_core::error::ErrorKind::Forbidden
            | aimapper_core::error::ErrorKind::NotFound
            | aimapper_core::error::ErrorKind::Conflict
            | aimapper_core::error::ErrorKind::PreconditionFailed
            | aimapper_core::error::ErrorKind::TooLarge
            | aimapper_core::error::ErrorKind::Unsupported
            | aimapper_core::error::ErrorKind::RateLimited
            | aimapper_core::error::ErrorKind::NoSpace
            | aimapper_core::error::ErrorKind::Unavailable
            | aimapper_core::error::ErrorKind::Internal => Ending::CouldNotRun,
        };
        Self {
            ending,
            message: error.to_string(),
            causes,
            hints,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.message)?;
        for cause in &self.causes {
            writeln!(f, "  because: {cause}")?;
        }
        for hint in &self.hints {
            writeln!(f, "hint: {hint}")?;
        }
        Ok(())
    }
}
