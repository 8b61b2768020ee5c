//! The REST interface and the web pages: HTTP in, calls of core and store, HTTP out. It runs no jobs;
//! long work is accepted and left to the workers.

mod app;
pub mod auth;

pub use app::App;
