//! The Run page: how far it is, then the balance, the files and what was rejected. And the runs of a mapping.

mod handlers;
mod list;
mod replay;
mod view;

use actix_web::web::ServiceConfig;

pub(crate) fn routes(cfg: &mut ServiceConfig) {
    handlers::routes(cfg);
    list::routes(cfg);
    replay::routes(cfg);
}
