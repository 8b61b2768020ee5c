//! Names of rows: UUID version 7 (RFC 9562), so that ids sort by the time they were made and new
//! rows go to the end of an index. One type for each kind of row, so that a job's id never stands
//! where a source's belongs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is no {what} id")]
pub struct NotAnId {
    /// What kind of id was expected, in words.
    pub what: &'static str,
    /// The text that was given, at most 64 characters of it.
    pub text: String,
    /// Why it is none.
    #[source]
    pub source: uuid::Error,
}

/// Declares an id type, with the name of its row in words.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// What the row is called in messages.
            pub const WHAT: &'static str = $what;

            /// A new id from the clock and the system's randomness. Never called by pure modules;
            /// ids made by one process in the same millisecond still ascend.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// An id from a time in milliseconds since 1970 and ten bytes of randomness.
            #[must_use]
            pub const fn from_parts(milliseconds: u64, random: &[u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(milliseconds, random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self).map_err(|source| NotAnId {
                    what: $what,
                    text: text.chars().take(64).collect(),
                    source,
                })
            }
        }
    )*};
}

ids! {
    /// Who owns a row; nobody sees the rows of another tenant.
    TenantId = "tenant";
    /// A person or a program of a tenant.
    UserId = "user";
    /// A person or a program, whatever its tenants.
    AccountId = "account";
    /// How an account is known to an issuer.
    IdentityId = "identity";
    /// A row of the audit.
    AuditId = "audit";
    /// A source, whatever its versions.
    SourceId = "source";
    /// One upload or one set of reading decisions of a source.
    SourceVersionId = "source version";
    /// A target, whatever its versions.
    TargetId = "target";
    /// One state of a target's schema.
    TargetVersionId = "target version";
    /// A mapping, whatever its versions.
    MappingId = "mapping";
    /// One state of a mapping.
    MappingVersionId = "mapping version";
    /// One decision about a field, kept with a mapping version or in the memory.
    DecisionId = "decision";
    /// One run of a mapping over a source.
    RunId = "run";
    /// A job.
    JobId = "job";
    /// A process that runs jobs. Made anew at each start, so that a restarted worker is never taken
    /// for its predecessor.
    WorkerId = "worker";
    /// A stored file.
    BlobId = "blob";
    /// An installation that issues its own tokens.
    IssuerId = "issuer";
    /// A session of a person in the web pages.
    SessionId = "session";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_text_and_back_and_ascend() {
        let first = JobId::generate();
        let second = JobId::generate();
        assert!(first < second && first.to_string() < second.to_string());
        assert_eq!(first.to_string().parse(), Ok(first));
        assert_eq!(
            serde_json::to_string(&first).unwrap(),
            format!("\"{first}\"")
        );
        let wrong = "x".repeat(100).parse::<JobId>().unwrap_err();
        assert_eq!(
            wrong.to_string(),
            format!("“{}” is no job id", "x".repeat(64))
        );
    }

    #[test]
    fn the_parts_stand_in_the_id() {
        let id = SourceId::from_parts(0x0123_4567_89ab, &[0xff; 10]);
        assert_eq!(id.to_string(), "01234567-89ab-7fff-bfff-ffffffffffff");
    }
}
