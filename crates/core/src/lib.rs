//! AiMapper's core: bytes of a **source** in, rows of a **target schema** out, and a **balance**
//! that proves that every record ended as good, rejected or declared non-data.
//!
//! ```text
//! source::open(bytes, overrides) -> batches of text columns, each record with line and raw text
//!   -> profile -> matching -> Mapping -> a person
//!   -> transform (compile, run) -> good rows | rejects -> Balance -> report
//! ```
//!
//! Behind the feature `store` is what a service needs besides: jobs, their queue, the database and the
//! stored files.
//!
//! Everything here but [`source::Input`], the writers and that feature is pure: no clock, no randomness, no
//! global configuration. The same input, mapping and version give the same bytes, whatever the
//! number of threads and the size of the read blocks.

#[cfg(feature = "settings")]
pub mod auth;
#[cfg(feature = "store")]
pub mod blob;
#[cfg(feature = "settings")]
pub mod config;
pub mod error;
pub mod evaluate;
#[cfg(feature = "store")]
pub mod id;
#[cfg(feature = "store")]
pub mod job;
pub mod mapping;
pub mod matching;
#[cfg(feature = "settings")]
pub mod metrics;
pub mod pipeline;
pub mod profile;
#[cfg(feature = "settings")]
pub mod program;
#[cfg(feature = "store")]
pub mod queue;
pub mod report;
#[cfg(feature = "store")]
mod secret;
pub mod source;
#[cfg(feature = "store")]
pub mod store;
pub mod target;
#[cfg(feature = "settings")]
pub mod telemetry;
#[cfg(feature = "store")]
pub mod time;
pub mod transform;
pub mod validation;
pub mod value;
