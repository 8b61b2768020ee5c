//! The HTTP server: the gate round everything, then REST, sign-in and pages.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App as Routes, HttpServer};

use crate::app::App;
use crate::{auth, log, pages, routes};

/// Threads that answer requests; what blocks is done on others.
const THREADS: usize = 2;

/// Seconds that requests get to end when the server is stopped.
const SHUTDOWN: u64 = 5;

/// A server over an address that is taken already. It runs once it is polled, until it is stopped by
/// its handle; signals are left to the caller.
///
/// # Errors
/// When the system refuses the address.
pub fn server(app: App, listener: TcpListener) -> io::Result<Server> {
    actix_web::rt::spawn(auth::keep_keys(Arc::downgrade(&app.identity)));
    let app = Data::new(app);
    let server = HttpServer::new(move || {
        Routes::new()
            .app_data(app.clone())
            .wrap(Compress::default())
            .wrap(from_fn(auth::gate))
            .wrap(from_fn(log::request))
            .configure(auth::routes)
            .configure(routes::rest)
            .configure(pages::routes)
            .default_service(web::to(pages::not_found))
    });
    let server = server
        .workers(THREADS)
        .client_request_timeout(Duration::from_secs(10))
        .shutdown_timeout(SHUTDOWN)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}
