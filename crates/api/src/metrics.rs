//! The api's figures, at an address of their own.

use std::io;
use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App as Routes, HttpResponse, HttpServer};
use aimapper_core::metrics::CONTENT_TYPE;
use aimapper_core::store::figures::figures;

use crate::app::App;
use crate::problem::Problem;

/// A server over an address that is taken already.
pub(crate) fn server(app: App, listener: TcpListener) -> io::Result<Server> {
    let app = Data::new(app);
    let server = HttpServer::new(move || {
        Routes::new()
            .app_data(app.clone())
            .route("/metrics", web::get().to(metrics))
    });
    let server = server.workers(1).disable_signals().listen(listener)?;
    Ok(server.run())
}

/// A database that is away takes its own figures away and no others.
async fn metrics(app: Data<App>) -> Result<HttpResponse, Problem> {
    let found = app.read(|conn| Ok(figures(conn)?)).await.ok();
    let keys = app.identity.key_figures();
    let text = app.metrics.text(found.as_ref(), &keys);
    let text = text.map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}
