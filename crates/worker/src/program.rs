//! The worker as a process of its own: its parts, from its settings, until it is told to end.

use std::io::{self, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use aimapper_core::blob::Blobs;
use aimapper_core::config::Config;
use aimapper_core::program::{self, Fatal, StartError};
use aimapper_core::queue::Queue;
use aimapper_core::telemetry;
use tokio::sync::{Notify, watch};

use crate::health::{self, Health};
use crate::service::Service;
use crate::supervise::Program;

/// Connections to the database: for each slot a job that writes and one that looks, and some beside.
fn connections(config: &Config) -> u32 {
    let slots = config.slots.interactive + config.slots.batch + config.slots.assistant;
    u32::try_from(slots).unwrap_or(64).clamp(2, 60) + 4
}

/// Works until SIGINT or SIGTERM: takes jobs from the broker, runs them and ends them.
///
/// # Errors
/// [`Fatal`] if a part cannot be had at the start. What goes away later is waited for.
pub fn run(config: &Config) -> Result<(), Fatal> {
    telemetry::start(&config.log)?;
    program::data_folder(config)?;
    let queue = Queue::rabbit(program::shared_broker(config)?)?;
    let store = Arc::new(program::shared_store(config, connections(config))?);
    let blobs = Arc::new(Blobs::open(&config.blobs)?);
    let listener = program::listen(config.worker_bind, "worker.bind")?;
    let accepted = Arc::new(Notify::new());
    let service = Service::new(
        config,
        Program::this()?,
        (Arc::clone(&store), blobs),
        queue.clone(),
        accepted,
    )?;
    let metrics = service.metrics.clone();
    let health = Health {
        store,
        queue,
        metrics,
    };
    actix_web::rt::System::new().block_on(work(service, health, listener))
}

async fn work(service: Service, health: Health, listener: TcpListener) -> Result<(), Fatal> {
    let at = listener.local_addr().ok();
    let server = health::server(health, listener).map_err(|source| StartError::System {
        doing: "answer for its health",
        source,
    })?;
    let (answers, serving) = (server.handle(), tokio::spawn(server));
    let (say, stop) = watch::channel(false);
    let mut working = tokio::spawn(service.run(stop));
    if let Some(at) = at {
        let mut out = io::stdout().lock();
        let _closed = writeln!(
            out,
            "AiMapper's worker is ready; its health is at http://{at}"
        )
        .and_then(|()| out.flush());
    }
    let worked = tokio::select! {
        ended = program::told_to_end() => {
            say.send_replace(true);
            let worked = working.await;
            ended?;
            worked
        }
        worked = &mut working => worked,
    };
    answers.stop(true).await;
    let _served = serving.await;
    match worked {
        Ok(worked) => Ok(worked?),
        Err(error) => Err(crate::error::WorkerError::BrokenOff(error).into()),
    }
}
