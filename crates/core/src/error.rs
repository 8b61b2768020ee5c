//! What every error of this crate can say about itself, so that each edge (command, REST, page)
//! renders it in its own form without knowing the modules.

/// How an error is to be treated at an edge. Matched without a wildcard, so that a new kind has to
/// be handled everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The input is wrong, and the person can mend it.
    Invalid,
    /// A decision of a person is needed before this can go on.
    Undecided,
    /// Something that was named is not there.
    NotFound,
    /// The thing is there already, or changed meanwhile.
    Conflict,
    /// A limit was exceeded.
    TooLarge,
    /// A format or a feature that this build does not handle.
    Unsupported,
    /// No space is left.
    NoSpace,
    /// A file or a service could not be reached.
    Unavailable,
    /// Our own fault.
    Internal,
}

/// An error with its kind and, where there is one, a hint that tells how to mend it.
pub trait Explain: std::error::Error {
    /// How an edge treats it.
    fn kind(&self) -> ErrorKind;
    /// One sentence that says what to do about it, without a full stop.
    fn hint(&self) -> Option<String>;
}
