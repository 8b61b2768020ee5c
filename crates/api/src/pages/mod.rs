//! The web pages: HTML made here, plain forms and links, smoother with a script and whole without
//! one. Pages show what core says and send a person's decisions back; they decide nothing.
//!
//! ```text
//! request -> Visitor -> one unit of work (lookup)     -> view (pure) -> template
//! form    -> Visitor -> one of the service's actions -> redirect
//! ```

mod assets;
pub(crate) mod entry;
mod error;
pub(crate) mod figures;
mod frame;
mod jobs;
mod lists;
mod lookup;
mod map;
mod over;
mod run;
mod start;
mod steps;
mod visitor;

pub(crate) use assets::Asset;
pub use error::PageError;
pub(crate) use frame::SIMPLE_POLICY;

use actix_web::web;

/// All routes of the pages. An address that is none is answered by [`not_found`].
pub fn routes(cfg: &mut web::ServiceConfig) {
    assets::routes(cfg);
    start::routes(cfg);
    map::routes(cfg);
    over::routes(cfg);
    run::routes(cfg);
    jobs::routes(cfg);
    lists::routes(cfg);
}

/// The page for an address that leads nowhere.
///
/// # Errors
/// Always: `no_such_route`.
pub async fn not_found() -> Result<actix_web::HttpResponse, PageError> {
    Err(PageError::no_such_page())
}
