//! The database: PostgreSQL, or SQLite for the service in one process. The same tables in both, the
//! same code over both ([`Conn`]), one file for each aggregate.
//!
//! - A unit of work is a function over a [`Conn`], run by [`Store::read`] or [`Store::write`]; what
//!   belongs together is called in one `write` and is one transaction.
//! - Every query is by (tenant, id). A row of another tenant is as if it were not there. The only
//!   exceptions work for the system and no tenant (claim, relay, reaper, sweep), or say who somebody is before
//!   there is a tenant (accounts, sessions, tickets, revocations, audit).
//! - Times are milliseconds by the database's clock ([`Conn::now`]).
//! - Calls block. Async callers run them where blocking is allowed.
//!
//! It decides nothing about jobs: what may happen to one is said by [`crate::job`].

pub mod accounts;
pub mod answers;
pub mod audit;
pub mod blobs;
mod columns;
mod conn;
mod error;
pub mod figures;
pub mod jobs;
mod kept;
mod leader;
mod lock;
pub mod mappings;
pub mod memory;
pub mod migrations;
mod open;
pub mod outbox;
pub mod outputs;
pub mod relink;
pub mod revocations;
pub mod runs;
mod schema;
pub mod sessions;
pub mod sources;
pub mod targets;
pub mod tenants;
pub mod tickets;
mod url;
pub mod users;
pub mod workers;

pub use conn::Conn;
pub use error::{Censored, StoreError};
pub use leader::Leader;
pub use lock::ServeLock;
pub use open::{Settings, Store};
pub use url::{DatabaseUrl, UrlError};
