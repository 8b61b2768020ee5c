//! What happens to a job, as server-sent events. The database is asked again and again: whoever
//! writes the events is in another process, and a reader that was cut off goes on by the number of
//! the last event that it saw.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use aimapper_core::id::{JobId, TenantId};
use aimapper_core::store::jobs;
use futures_util::stream;
use tokio::time::sleep;

use crate::app::App;
use crate::problem::Problem;
use crate::routes::jobs::EventView;

/// Between two questions.
const PERIOD: Duration = Duration::from_secs(1);

/// After so many questions without an answer, a comment is sent, so that proxies keep the line.
const SILENT: u32 = 15;

/// Events read at a time.
const AT_A_TIME: i64 = 100;

/// Where a reader is.
struct Follower {
    app: App,
    tenant: TenantId,
    job: JobId,
    after: i64,
    /// Whether the job has ended and all is told.
    done: bool,
}

/// The events of a job behind one of them, until the job has ended.
pub(crate) fn stream(app: &App, tenant: TenantId, job: JobId, after: i64) -> HttpResponse {
    let follower = Follower {
        app: app.clone(),
        tenant,
        job,
        after,
        done: false,
    };
    let events = stream::try_unfold(follower, |mut follower| async move {
        let next = follower.next().await?;
        Ok::<_, Problem>(next.map(|bytes| (bytes, follower)))
    });
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Buffering in a proxy would hold the events back.
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(Box::pin(events))
}

impl Follower {
    async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        for silent in 0..SILENT {
            if self.done {
                return Ok(None);
            }
            if silent > 0 {
                sleep(PERIOD).await;
            }
            let text = self.read().await?;
            if !text.is_empty() {
                return Ok(Some(text.into()));
            }
        }
        Ok(Some(Bytes::from_static(b": \n\n")))
    }

    async fn read(&mut self) -> Result<String, Problem> {
        let (tenant, id, after) = (self.tenant, self.job, self.after);
        let (ended, events) = self
            .app
            .read(move |conn| {
                // The state first: what happened before the end is there by then.
                let job = jobs::find(conn, tenant, id)?;
                let events = jobs::events(conn, tenant, id, after, AT_A_TIME)?;
                Ok((job.standing.state.has_ended(), events))
            })
            .await?;
        let all = i64::try_from(events.len()).is_ok_and(|read| read < AT_A_TIME);
        self.done = ended && all;
        let mut text = String::new();
        for event in events {
            self.after = event.seq;
            text.push_str(&written(&EventView::from(event))?);
        }
        Ok(text)
    }
}

/// One event in the form of the WHATWG standard.
fn written(event: &EventView) -> Result<String, Problem> {
    let data = serde_json::to_string(event).map_err(|error| Problem::internal(&error))?;
    Ok(format!(
        "id: {}\nevent: {}\ndata: {data}\n\n",
        event.seq, event.event
    ))
}
