//! The REST interface and the web pages: HTTP in, calls of core and store, HTTP out. It runs no jobs;
//! long work is accepted and left to the workers.

mod actions;
mod app;
mod at;
pub mod auth;
mod log;
mod metrics;
mod openapi;
pub mod pages;
mod paging;
mod presets;
pub mod problem;
mod profile;
mod program;
mod readings;
mod routes;
mod server;
mod sse;
mod uploads;

pub use app::{App, Limits};
pub use openapi::document;
pub use problem::{Code, Problem};
pub use program::{announce, announcement, run};
pub use routes::rest;
pub use server::server;
