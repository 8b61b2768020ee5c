//! The Run page: how far it is, then the balance, the files and what was rejected.

mod handlers;
mod view;

pub(crate) use handlers::routes;
