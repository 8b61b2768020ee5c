//! The api as a process of its own: its parts, from its settings, until it is told to end.

use std::io::{self, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use aimapper_core::auth::{LocalError, Role};
use aimapper_core::blob::Blobs;
use aimapper_core::config::Config;
use aimapper_core::program::{self, Fatal, StartError};
use aimapper_core::telemetry;
use tokio::sync::Notify;

use crate::app::App;
use crate::auth::Identity;

/// Connections to the database.
const CONNECTIONS: u32 = 16;

/// Serves REST and pages until SIGINT or SIGTERM. Accepts jobs, and needs no broker for that: the
/// workers publish them.
///
/// # Errors
/// [`Fatal`] if a part cannot be had at the start. What goes away later is waited for.
pub fn run(config: Config) -> Result<(), Fatal> {
    telemetry::start(&config.log)?;
    program::data_folder(&config)?;
    let store = program::shared_store(&config, CONNECTIONS)?;
    let blobs = Blobs::open(&config.blobs)?;
    let listener = program::listen(config.server.bind, "server.bind")?;
    let at = listener.local_addr().map_err(system("listen"))?;
    let metrics = match config.server.metrics_bind {
        Some(at) => Some(program::listen(at, "server.metrics_bind")?),
        None => None,
    };
    let identity = Identity::open(&config, at)?;
    let announcement = announcement(&identity)?;
    // Nobody listens: in a process of its own the relay is told by the database.
    let accepted = Arc::new(Notify::new());
    let app = App::new(
        Arc::new(store),
        Arc::new(blobs),
        accepted,
        Arc::new(identity),
        Arc::new(config),
    );
    actix_web::rt::System::new().block_on(serve(app, (listener, metrics), &announcement))
}

async fn serve(
    app: App,
    (listener, metrics): (TcpListener, Option<TcpListener>),
    announcement: &str,
) -> Result<(), Fatal> {
    let figures = metrics
        .map(|listener| crate::metrics::server(app.clone(), listener))
        .transpose()
        .map_err(system("serve figures"))?;
    let figures = figures.map(tokio::spawn);
    let server = crate::server(app, listener).map_err(system("serve"))?;
    let handle = server.handle();
    let serving = tokio::spawn(server);
    announce(announcement);
    let ended = program::told_to_end().await;
    handle.stop(true).await;
    let _served = serving.await;
    if let Some(figures) = figures {
        figures.abort();
    }
    Ok(ended?)
}

/// What says where it is, and how one gets in.
///
/// # Errors
/// [`LocalError`] if no start address can be made.
pub fn announcement(identity: &Identity) -> Result<String, LocalError> {
    let base_url = identity.base_url();
    Ok(match identity.provider() {
        Some(issuer) => format!(
            "AiMapper is ready at {base_url}\nPeople sign in at {issuer}\n     (end with Ctrl-C)"
        ),
        None => format!(
            "AiMapper is ready at {base_url}\nOpen {}\n     (once, within five minutes; \
             end with Ctrl-C)",
            identity.start_url(Role::Admin)?
        ),
    })
}

/// Prints it, for people and for scripts that wait for the first line.
pub fn announce(announcement: &str) {
    let mut out = io::stdout().lock();
    let _closed = writeln!(out, "{announcement}").and_then(|()| out.flush());
}

fn system(doing: &'static str) -> impl Fn(io::Error) -> StartError {
    move |source| StartError::System { doing, source }
}
