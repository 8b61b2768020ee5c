//! `aimapper serve`: pages, REST and workers over SQLite and a queue inside of the process.

use std::net::TcpListener;
use std::sync::Arc;

use aimapper_api::App;
use aimapper_api::auth::Identity;
use aimapper_core::blob::Blobs;
use aimapper_core::config::Config;
use aimapper_core::program::{self, StartError};
use aimapper_core::queue::Queue;
use aimapper_core::store::{DatabaseUrl, ServeLock, Settings, Store, jobs};
use aimapper_core::telemetry;
use aimapper_worker::{Program, Service};
use tokio::sync::{Notify, watch};

use super::args;
use crate::failure::{Ending, Failure};

/// Serves until SIGINT or SIGTERM.
pub(crate) fn serve(args: &args::Serve) -> Result<Ending, Failure> {
    let config = super::config(&args.settings, args.bind.as_deref())?;
    telemetry::start(&config.log)?;
    program::data_folder(&config)?;
    // Held until the end of the process.
    let (_lock, store) = open_store(&config)?;
    let blobs = Blobs::open(&config.blobs)?;
    let listener = program::listen(config.server.bind, "--bind")?;
    let at = listener.local_addr().map_err(|source| StartError::Listen {
        at: config.server.bind,
        setting: "--bind",
        source,
    })?;
    let identity = Identity::open(&config, at)?;
    let system = actix_web::rt::System::new();
    system.block_on(run(config, store, blobs, identity, listener))
}

async fn run(
    config: Config,
    store: Store,
    blobs: Blobs,
    identity: Identity,
    listener: TcpListener,
) -> Result<Ending, Failure> {
    let (store, blobs) = (Arc::new(store), Arc::new(blobs));
    let accepted = Arc::new(Notify::new());
    let service = Service::new(
        &config,
        Program::this()?,
        (Arc::clone(&store), Arc::clone(&blobs)),
        Queue::in_process(),
        Arc::clone(&accepted),
    )?;
    let (say, stop) = watch::channel(false);
    let worker = tokio::spawn(service.run(stop));
    let announcement = aimapper_api::announcement(&identity)?;
    let app = App::new(store, blobs, accepted, Arc::new(identity), Arc::new(config));
    let server = aimapper_api::server(app, listener).map_err(|source| StartError::System {
        doing: "serve",
        source,
    })?;
    let handle = server.handle();
    let serving = tokio::spawn(server);
    aimapper_api::announce(&announcement);
    let ended = program::told_to_end().await;
    // Jobs first: they are given back while requests may still end.
    say.send_replace(true);
    let worked = worker.await;
    handle.stop(true).await;
    let _served = serving.await;
    ended?;
    match worked {
        Ok(worked) => worked?,
        Err(error) => return Err(Failure::new(Ending::CouldNotRun, error.to_string())),
    }
    Ok(Ending::Done)
}

/// The database of this process alone, up to date, with the jobs of a process that is gone put back.
fn open_store(config: &Config) -> Result<(ServeLock, Store), Failure> {
    let DatabaseUrl::Sqlite(path) = &config.database else {
        return Err(Failure::new(
            Ending::CouldNotRun,
            "`aimapper serve` keeps its jobs in SQLite and in its own memory; a PostgreSQL database \
             could be served by others at the same time",
        )
        .hint("leave database.url out, or name an SQLite file"));
    };
    let lock = ServeLock::take(path)?;
    Store::migrate(&config.database)?;
    let store = Store::open(&config.database, &Settings::default())?;
    let found = jobs::take_over(&store, &config.jobs.rules())?;
    if found.crashed > 0 || found.hints > 0 {
        tracing::info!(
            jobs.running = found.crashed,
            jobs.waiting = found.hints,
            "jobs of the process before go on"
        );
    }
    Ok((lock, store))
}
