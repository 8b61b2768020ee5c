//! A job's progress as server-sent events: HTML for the page that waits, then `ended`.

use std::collections::VecDeque;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use aimapper_core::id::{JobId, TenantId};
use aimapper_core::store::jobs as rows;
use askama::Template;
use futures_util::stream;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::view::JobView;
use crate::App;
use crate::pages::error::PageError;
use crate::pages::lookup::one_job_view;
use crate::pages::start::parsed;
use crate::pages::visitor::Visitor;

/// How often the job is looked at.
const PACE: Duration = Duration::from_millis(500);
/// After so many looks without news a comment is sent, so that nobody takes the line for dead.
const QUIET: u32 = 20;

#[derive(Template)]
#[template(path = "meter.html")]
struct MeterPart<'a> {
    job: &'a JobView,
}

struct Watch {
    app: web::Data<App>,
    tenant: TenantId,
    job: JobId,
    ticks: Interval,
    /// What was sent last.
    last: String,
    quiet: u32,
    waiting: VecDeque<String>,
    over: bool,
}

pub(super) async fn stream(
    app: web::Data<App>,
    visitor: Visitor,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let job: JobId = parsed(&id)?;
    let tenant = visitor.caller.tenant;
    app.read(move |conn| Ok(rows::find(conn, tenant, job)?))
        .await?;
    let mut ticks = interval(PACE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watch = Watch {
        app,
        tenant,
        job,
        ticks,
        last: String::new(),
        quiet: 0,
        waiting: VecDeque::new(),
        over: false,
    };
    let events = stream::unfold(watch, |mut watch| async move {
        let text = watch.next().await?;
        Some((Ok::<_, actix_web::Error>(web::Bytes::from(text)), watch))
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Packed, events would lie in a buffer until it is full.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .streaming(events))
}

impl Watch {
    /// The next piece of the stream; nothing when it has ended.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(text) = self.waiting.pop_front() {
                return Some(text);
            }
            if self.over {
                return None;
            }
            self.ticks.tick().await;
            self.look().await;
        }
    }

    async fn look(&mut self) {
        let (tenant, id) = (self.tenant, self.job);
        let seen = self.app.read(move |conn| {
            let job = rows::find(conn, tenant, id)?;
            Ok(one_job_view(conn, tenant, &job)?)
        });
        let Ok(job) = seen.await else {
            // The browser asks again by itself.
            self.over = true;
            return;
        };
        match (MeterPart { job: &job }).render() {
            Ok(html) if html != self.last => {
                self.waiting.push_back(event("progress", &html));
                self.last = html;
                self.quiet = 0;
            }
            Ok(_) | Err(_) => self.quiet += 1,
        }
        if self.quiet >= QUIET {
            self.quiet = 0;
            self.waiting.push_back(": still there\n\n".to_owned());
        }
        if job.ended {
            self.over = true;
            self.waiting.push_back(event("ended", job.state));
        }
    }
}

/// One event; each line of its text is a line of data.
fn event(name: &str, text: &str) -> String {
    let data: String = text.lines().map(|line| format!("data: {line}\n")).collect();
    format!("event: {name}\n{data}\n")
}

#[cfg(test)]
mod tests {
    use super::event;

    #[test]
    fn no_line_of_the_text_ends_the_event() {
        assert_eq!(
            event("progress", "<p>\n\nx"),
            "event: progress\ndata: <p>\ndata: \ndata: x\n\n"
        );
    }
}
