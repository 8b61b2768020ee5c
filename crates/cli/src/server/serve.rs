//! `aimapper serve`: pages, REST and workers over SQLite and a queue inside of the process.

use std::fs;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use aimapper_api::App;
use aimapper_api::auth::Identity;
use aimapper_core::auth::Role;
use aimapper_core::blob::Blobs;
use aimapper_core::config::Config;
use aimapper_core::queue::Queue;
use aimapper_core::store::{DatabaseUrl, ServeLock, Settings, Store, jobs};
use aimapper_core::telemetry;
use aimapper_worker::{Program, Service};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};

use super::args;
use crate::failure::{Ending, Failure};

/// Serves until SIGINT or SIGTERM.
pub(crate) fn serve(args: &args::Serve) -> Result<Ending, Failure> {
    let config = super::config(&args.settings, args.bind.as_deref())?;
    telemetry::start(&config.log)?;
    make_data_folder(&config)?;
    // Held until the end of the process.
    let (_lock, store) = open_store(&config)?;
    let blobs = Blobs::local(&config.blobs)?;
    let listener = listen(config.server.bind)?;
    let at = listener
        .local_addr()
        .map_err(unusable(config.server.bind))?;
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
    let program = Program::this().map_err(|error| {
        Failure::new(
            Ending::CouldNotRun,
            format!("the program does not know where it lies: {error}"),
        )
    })?;
    let service = Service::new(
        &config,
        program,
        (Arc::clone(&store), Arc::clone(&blobs)),
        Queue::in_process(),
        Arc::clone(&accepted),
    )
    .map_err(|error| Failure::io("making", &config.data_dir.join("work"), &error))?;
    let (say, stop) = watch::channel(false);
    let worker = tokio::spawn(service.run(stop));
    let start_url = identity.start_url(Role::Admin)?;
    let base_url = identity.base_url().to_owned();
    let app = App::new(store, blobs, accepted, Arc::new(identity), Arc::new(config));
    let server = aimapper_api::server(app, listener)
        .map_err(|error| Failure::new(Ending::CouldNotRun, format!("cannot serve: {error}")))?;
    let handle = server.handle();
    let serving = tokio::spawn(server);
    announce(&base_url, &start_url);
    let ended = wait_for_the_end().await;
    // Jobs first: they are given back while requests may still end.
    say.send_replace(true);
    let worked = worker.await;
    handle.stop(true).await;
    let _served = serving.await;
    ended.map_err(|error| {
        Failure::new(
            Ending::CouldNotRun,
            format!("no signal can be caught: {error}"),
        )
    })?;
    match worked {
        Ok(worked) => worked?,
        Err(error) => return Err(Failure::new(Ending::CouldNotRun, error.to_string())),
    }
    Ok(Ending::Done)
}

async fn wait_for_the_end() -> io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    Ok(())
}

/// Says where it is, for people and for scripts that wait for the first line.
fn announce(base_url: &str, start_url: &str) {
    let mut out = io::stdout().lock();
    let _closed = writeln!(
        out,
        "AiMapper is ready at {base_url}\nOpen {start_url}\n     (once, within five minutes; \
         end with Ctrl-C)"
    )
    .and_then(|()| out.flush());
}

/// The folder for all that is kept. Nobody else may look into it.
pub(super) fn make_data_folder(config: &Config) -> Result<(), Failure> {
    let folder = &config.data_dir;
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|error| Failure::io("making", folder, &error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .map_err(|error| Failure::io("making", folder, &error))?;
    }
    Ok(())
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

fn listen(bind: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(bind).map_err(unusable(bind))
}

fn unusable(bind: SocketAddr) -> impl Fn(io::Error) -> Failure {
    move |error| {
        let failure = Failure::new(
            Ending::CouldNotRun,
            format!("cannot listen at {bind}: {error}"),
        );
        if error.kind() == io::ErrorKind::AddrInUse {
            return failure.hint("another program does; take another port with --bind");
        }
        failure
    }
}
