//! The routes. Each names what it asks of its caller in its types, does one thing in core or store,
//! and shows what came of it.

pub(crate) mod body;
mod docs;
mod download;
mod health;
pub(crate) mod jobs;
pub(crate) mod mappings;
pub(crate) mod me;
pub(crate) mod memory;
mod once;
mod query;
pub(crate) mod run_files;
pub(crate) mod runs;
mod said;
pub(crate) mod sources;
pub(crate) mod targets;
pub(crate) mod tickets;
mod views;

use actix_web::HttpResponse;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use crate::problem::{self, Code, Problem};

/// Registers the REST interface, the health checks and the pages that describe it. Needs
/// [`crate::App`] as `web::Data`.
pub fn rest(config: &mut ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(body::MOST_BYTES))
        .service(
            web::scope("/api/v1")
                .wrap(from_fn(problem::layer))
                .app_data(path_errors())
                .configure(names)
                .configure(sources_and_targets)
                .configure(mappings_and_runs)
                .configure(jobs_and_memory)
                .default_service(web::to(no_such_route)),
        )
        .service(
            web::scope("/errors")
                .wrap(from_fn(problem::layer))
                .service(web::resource("/{code}").route(web::get().to(docs::error)))
                .default_service(web::to(no_such_route)),
        )
        .service(
            web::scope("/health")
                .wrap(from_fn(problem::layer))
                .service(web::resource("/live").route(web::get().to(health::live)))
                .service(web::resource("/ready").route(web::get().to(health::ready)))
                .default_service(web::to(no_such_route)),
        )
        .service(
            web::resource("/api")
                .wrap(from_fn(problem::layer))
                .route(web::get().to(docs::overview)),
        );
}

/// Paths without ids. They are tried one after the other, and those with ids are the ones that take time.
fn names(config: &mut ServiceConfig) {
    config
        .service(web::resource("/me").route(web::get().to(me::me)))
        .service(web::resource("/tickets").route(web::post().to(tickets::give)))
        .service(web::resource("/openapi.json").route(web::get().to(docs::openapi)));
}

fn sources_and_targets(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/sources")
                .route(web::get().to(sources::list))
                .route(web::post().to(sources::upload)),
        )
        .service(
            web::resource("/sources/{id}")
                .route(web::get().to(sources::find))
                .route(web::delete().to(sources::delete)),
        )
        .service(web::resource("/sources/{id}/versions").route(web::post().to(sources::read_again)))
        .service(web::resource("/source-versions/{id}").route(web::get().to(sources::version)))
        .service(
            web::resource("/source-versions/{id}/profile").route(web::get().to(sources::profile)),
        )
        .service(web::resource("/source-versions/{id}/file").route(web::get().to(sources::file)))
        .service(
            web::resource("/targets")
                .route(web::get().to(targets::list))
                .route(web::post().to(targets::create)),
        )
        .service(web::resource("/targets/presets").route(web::get().to(targets::presets)))
        .service(web::resource("/targets/{id}").route(web::get().to(targets::find)))
        .service(
            web::resource("/targets/{id}/versions").route(web::post().to(targets::create_version)),
        );
}

fn mappings_and_runs(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/mappings")
                .route(web::get().to(mappings::list))
                .route(web::post().to(mappings::create)),
        )
        .service(
            web::resource("/mappings/{id}")
                .route(web::get().to(mappings::find))
                .route(web::patch().to(mappings::patch)),
        )
        .service(web::resource("/mappings/{id}/versions").route(web::get().to(mappings::versions)))
        .service(web::resource("/mapping-versions/{id}").route(web::get().to(mappings::version)))
        .service(
            web::resource("/mapping-versions/{id}/approve")
                .route(web::post().to(mappings::approve)),
        )
        .service(
            web::resource("/mapping-versions/{id}/export").route(web::get().to(mappings::export)),
        )
        .service(
            web::resource("/mapping-versions/{id}/drift").route(web::get().to(mappings::drift)),
        )
        .service(
            web::resource("/runs")
                .route(web::get().to(runs::list))
                .route(web::post().to(runs::create)),
        )
        .service(web::resource("/runs/{id}").route(web::get().to(runs::find)))
        .service(web::resource("/runs/{id}/{file}").route(web::get().to(run_files::file)));
}

fn jobs_and_memory(config: &mut ServiceConfig) {
    config
        .service(web::resource("/jobs").route(web::get().to(jobs::list)))
        .service(web::resource("/jobs/redrive").route(web::post().to(jobs::redrive)))
        .service(web::resource("/jobs/{id}").route(web::get().to(jobs::find)))
        .service(web::resource("/jobs/{id}/events").route(web::get().to(jobs::events)))
        .service(web::resource("/jobs/{id}/cancel").route(web::post().to(jobs::cancel)))
        .service(web::resource("/jobs/{id}/retry").route(web::post().to(jobs::retry)))
        .service(web::resource("/memory").route(web::get().to(memory::list)))
        .service(web::resource("/memory/{id}").route(web::delete().to(memory::forget)));
}

async fn no_such_route() -> Result<HttpResponse, Problem> {
    Err(Problem::new(Code::NoSuchRoute, "").hint("/api lists the addresses".to_owned()))
}

/// What is no id names nothing.
fn path_errors() -> web::PathConfig {
    web::PathConfig::default()
        .error_handler(|_, _| Problem::new(Code::NotFound, "the address names nothing").into())
}
