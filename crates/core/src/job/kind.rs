//! Kinds of jobs, what they are asked to do and what they leave behind.

use serde::{Deserialize, Serialize};

use crate::id::{
    BlobId, JobId, MappingVersionId, RunId, SourceId, SourceVersionId, TargetVersionId,
};

/// A word that is none of those that a column or a message may hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{word}” is no {what}; known are {known}")]
pub struct UnknownWord {
    /// What was expected.
    pub what: &'static str,
    /// The word that was found.
    pub word: String,
    /// The words that there are.
    pub known: String,
}

/// Declares an enum whose variants are stored and sent as words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident = $what:literal {
        $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// All of them, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in database, messages and logs.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::job::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|one| one.word() == word).ok_or_else(|| {
                    let known: Vec<&str> = Self::ALL.iter().map(|one| one.word()).collect();
                    $crate::job::UnknownWord {
                        what: $what,
                        word: word.chars().take(64).collect(),
                        known: known.join(", "),
                    }
                })
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What a job does.
    Kind = "kind of job" {
        /// Reads a source: decisions and profile.
        Read = "read",
        /// Proposes a mapping.
        Propose = "propose",
        /// Runs a mapping over all rows.
        Run = "run",
    }
}

words! {
    /// What a job needs, and so which queue it waits in: a long one never stands before a person who
    /// waits for a short one.
    Class = "class of jobs" {
        /// Small reads and proposals; somebody is looking.
        Interactive = "interactive",
        /// Large reads and runs.
        Batch = "batch",
        /// Waits for a language model more than it works.
        Assistant = "assistant",
    }
}

words! {
    /// How the good rows are written.
    OutputFormat = "output format" {
        /// RFC 4180.
        Csv = "csv",
        /// One JSON object a line.
        Ndjson = "ndjson",
        /// Flat Parquet.
        Parquet = "parquet",
    }
}

/// A source of at most so many bytes (16 MiB) is read among the interactive jobs: some seconds.
pub const SMALL_SOURCE_BYTES: u64 = 16 << 20;

/// What a job is asked to do. Names rows, holds no data of theirs; stored as JSON with `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Payload {
    /// Find out how the source is read, and profile it.
    Read {
        /// The source.
        source: SourceId,
        /// The version with the blob and the decisions taken so far.
        version: SourceVersionId,
        /// A target to which a mapping is proposed as soon as the source is read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        propose: Option<TargetVersionId>,
        /// Whether decisions of the tenant's past count for that proposal.
        #[serde(default = "yes", skip_serializing_if = "is_yes")]
        memory: bool,
    },
    /// Propose a mapping.
    Propose {
        /// What is mapped.
        source_version: SourceVersionId,
        /// What it has to fit.
        target_version: TargetVersionId,
        /// Whether decisions of the tenant's past count as evidence.
        memory: bool,
    },
    /// Run a mapping.
    Run {
        /// The mapping.
        mapping_version: MappingVersionId,
        /// The rows.
        source_version: SourceVersionId,
        /// Form of the good rows.
        format: OutputFormat,
        /// More rejects than that, and the run counts as not good enough (its files stay).
        max_rejects: u64,
        /// A run whose good rows, and those that were beside it, are there already: no unique value of theirs comes
        /// again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        with: Option<RunId>,
    },
}

const fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
const fn is_yes(yes: &bool) -> bool {
    *yes
}

impl Payload {
    /// Which kind of job it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Read { .. } => Kind::Read,
            Self::Propose { .. } => Kind::Propose,
            Self::Run { .. } => Kind::Run,
        }
    }

    /// Which queue it waits in, by the size of its source in bytes.
    #[must_use]
    pub const fn class(&self, source_bytes: u64) -> Class {
        match self {
            Self::Read { .. } if source_bytes > SMALL_SOURCE_BYTES => Class::Batch,
            Self::Read { .. } | Self::Propose { .. } => Class::Interactive,
            Self::Run { .. } => Class::Batch,
        }
    }
}

/// The figures of a run's balance, in records; `counted` comes from code that shares no parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Records by the independent count.
    pub counted: u64,
    /// Records that the reader gave.
    pub read: u64,
    /// Rows that fit the target.
    pub good: u64,
    /// Records that were rejected.
    pub rejected: u64,
    /// Header, preamble and other declared non-data.
    pub non_data: u64,
}

/// What a job that succeeded left behind, stored as JSON with `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Outcome {
    /// A source was read.
    Read {
        /// The profile, also named by the source version.
        profile: BlobId,
        /// The job that proposes a mapping, if one was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        propose: Option<JobId>,
    },
    /// A mapping was proposed.
    Propose {
        /// The new version.
        mapping_version: MappingVersionId,
    },
    /// A mapping was run; the files are the job's outputs.
    Run {
        /// What became of the records.
        balance: Written,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_keep_their_form() {
        let id = "01234567-89ab-7fff-bfff-ffffffffffff";
        let run = Payload::Run {
            mapping_version: id.parse().unwrap(),
            source_version: id.parse().unwrap(),
            format: OutputFormat::Ndjson,
            max_rejects: 3,
            with: None,
        };
        let text = format!(
            r#"{{"kind":"run","mapping_version":"{id}","source_version":"{id}","format":"ndjson","max_rejects":3}}"#
        );
        assert_eq!(serde_json::to_string(&run).unwrap(), text);
        assert_eq!(serde_json::from_str::<Payload>(&text).unwrap(), run);
        let more = text.replace("\"kind\"", "\"user\":1,\"kind\"");
        assert!(serde_json::from_str::<Payload>(&more).is_err());
    }

    #[test]
    fn long_reads_and_runs_do_not_stand_before_people() {
        let id = "01234567-89ab-7fff-bfff-ffffffffffff";
        let read = Payload::Read {
            source: id.parse().unwrap(),
            version: id.parse().unwrap(),
            propose: None,
            memory: true,
        };
        assert_eq!(read.class(SMALL_SOURCE_BYTES), Class::Interactive);
        assert_eq!(read.class(SMALL_SOURCE_BYTES + 1), Class::Batch);
    }

    #[test]
    fn an_unknown_word_names_the_known_ones() {
        let wrong = "bash".parse::<Class>().unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "“bash” is no class of jobs; known are interactive, batch, assistant"
        );
    }
}
