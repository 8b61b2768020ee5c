//! Figures of a process for Prometheus, in the OpenMetrics text format (1.0). Labels are words of ours,
//! patterns of routes and ids of tenants: nothing that a user wrote, and few enough to be kept.

use std::fmt;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::id::TenantId;
use crate::job::{Class, Kind, State, Written};
use crate::store::figures::Figures;

/// Type of the text, for the answer's header.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;
type Counters = Family<Labels, Counter>;

/// What is known of an issuer's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFigures {
    /// The issuer, which is one of the settings.
    pub issuer: String,
    /// How often they were fetched.
    pub fetched: u64,
    /// How often that failed.
    pub failed: u64,
    /// How old they are, in seconds; nothing if there are none, or they are set.
    pub age: Option<i64>,
}

/// What has happened in this process since it began. Copies count together.
#[derive(Clone)]
pub struct Metrics {
    requests: Counters,
    seconds: Family<Labels, Histogram, fn() -> Histogram>,
    attempts: Counters,
    auth: Counters,
    fenced: Counter,
    lost: Counter,
    rows: Counters,
    bytes: Counter,
}

/// From a millisecond to some eight seconds, doubling.
fn buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 14))
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Counters::default(),
            seconds: Family::new_with_constructor(buckets),
            attempts: Counters::default(),
            auth: Counters::default(),
            fenced: Counter::default(),
            lost: Counter::default(),
            rows: Counters::default(),
            bytes: Counter::default(),
        }
    }
}

impl Metrics {
    /// A request was answered. `route` is the pattern, never the path.
    pub fn request(&self, method: &str, route: &str, status: u16, seconds: f64) {
        let mut labels = vec![("method", method.to_owned()), ("route", route.to_owned())];
        self.seconds.get_or_create(&labels).observe(seconds);
        labels.push(("status", status.to_string()));
        self.requests.get_or_create(&labels).inc();
    }

    /// Somebody showed a token or a session: it was good, or is refused for this reason.
    pub fn auth(&self, refusal: Option<&'static str>) {
        let result = if refusal.is_none() { "good" } else { "refused" };
        let labels = vec![
            ("result", result.to_owned()),
            ("reason", refusal.unwrap_or_default().to_owned()),
        ];
        self.auth.get_or_create(&labels).inc();
    }

    /// An attempt at a job has ended, and left it in this state.
    pub fn attempt(&self, kind: Kind, state: State) {
        let labels = vec![
            ("kind", kind.word().to_owned()),
            ("end", state.word().to_owned()),
        ];
        self.attempts.get_or_create(&labels).inc();
    }

    /// A worker came to an end of a job that was given to somebody else meanwhile.
    pub fn fenced(&self) {
        self.fenced.inc();
    }

    /// A worker broke off because its job was not its own any more.
    pub fn lost(&self) {
        self.lost.inc();
    }

    /// A run wrote these rows from a source of so many bytes.
    pub fn run(&self, balance: &Written, bytes: u64) {
        let ends = [
            ("good", balance.good),
            ("rejected", balance.rejected),
            ("non_data", balance.non_data),
        ];
        for (end, rows) in ends {
            let labels = vec![("end", end.to_owned())];
            self.rows.get_or_create(&labels).inc_by(rows);
        }
        self.bytes.inc_by(bytes);
    }

    /// All of them as text, with those of the database and of the issuers' keys if there are some.
    ///
    /// # Errors
    /// As writing to a text has, which is none.
    pub fn text(
        &self,
        figures: Option<&Figures>,
        keys: &[KeyFigures],
    ) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry())?;
        if !keys.is_empty() {
            encode_registry(&mut text, &of_keys(keys))?;
        }
        if let Some(figures) = figures {
            encode_registry(&mut text, &of_database(figures))?;
        }
        encode_eof(&mut text)?;
        Ok(text)
    }

    fn registry(&self) -> Registry {
        let mut all = Registry::with_prefix("aimapper");
        all.register(
            "http_requests",
            "Requests that were answered",
            self.requests.clone(),
        );
        all.register(
            "http_request_seconds",
            "Until the answer began",
            self.seconds.clone(),
        );
        all.register(
            "job_attempts",
            "Attempts that ended, by what they left the job in",
            self.attempts.clone(),
        );
        all.register(
            "auth",
            "Tokens and sessions that were shown, and why those were refused that were",
            self.auth.clone(),
        );
        all.register(
            "fenced_finishes",
            "Ends of attempts that somebody else had overtaken",
            self.fenced.clone(),
        );
        all.register(
            "lease_losses",
            "Attempts that were broken off because the lease was lost",
            self.lost.clone(),
        );
        all.register("rows", "Rows of runs, by how they ended", self.rows.clone());
        all.register(
            "source_bytes",
            "Bytes of sources that runs have read",
            self.bytes.clone(),
        );
        all
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

fn of_keys(keys: &[KeyFigures]) -> Registry {
    let mut all = Registry::with_prefix("aimapper");
    let fetches = Counters::default();
    let ages = Family::<Labels, Gauge>::default();
    for of in keys {
        let issuer = ("issuer", of.issuer.clone());
        for (result, count) in [("good", of.fetched), ("failed", of.failed)] {
            let labels = vec![("result", result.to_owned()), issuer.clone()];
            fetches.get_or_create(&labels).inc_by(count);
        }
        if let Some(age) = of.age {
            ages.get_or_create(&vec![issuer]).set(age);
        }
    }
    all.register("jwks_fetch", "Fetches of an issuer's keys", fetches);
    all.register("jwks_age_seconds", "Since the keys were fetched", ages);
    all
}

/// Every process that is asked gives the same of these: take one, or the maximum.
fn of_database(figures: &Figures) -> Registry {
    let mut all = Registry::with_prefix("aimapper");
    let jobs = Family::<Labels, Gauge>::default();
    for state in [
        State::Queued,
        State::Dispatched,
        State::Running,
        State::Dead,
    ] {
        let found = figures.jobs.iter().find(|(of, _)| *of == state);
        let labels = vec![("state", state.word().to_owned())];
        jobs.get_or_create(&labels)
            .set(found.map_or(0, |(_, count)| *count));
    }
    all.register("jobs", "Jobs by state, without those that ended well", jobs);
    let ages = Family::<Labels, Gauge>::default();
    let mut oldest = 0;
    for (class, tenant, age) in &figures.waits {
        let labels = waits(*class, *tenant);
        ages.get_or_create(&labels).set(age / 1_000);
        oldest = oldest.max(age / 1_000);
    }
    all.register(
        "queue_age_seconds",
        "For how long the oldest job that is due waits for its hint",
        ages,
    );
    let lag = Gauge::<i64>::default();
    lag.set(oldest);
    all.register(
        "outbox_oldest_seconds",
        "The same over all tenants and classes",
        lag,
    );
    all
}

fn waits(class: Class, tenant: TenantId) -> Labels {
    vec![
        ("class", class.word().to_owned()),
        ("tenant", tenant.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_prometheus_reads_them() {
        let metrics = Metrics::default();
        metrics.request("GET", "/api/v1/jobs/{id}", 200, 0.003);
        metrics.request("GET", "/api/v1/jobs/{id}", 404, 0.001);
        metrics.attempt(Kind::Run, State::Succeeded);
        metrics.fenced();
        metrics.auth(None);
        metrics.auth(Some("audience"));
        let balance = Written {
            counted: 13,
            read: 13,
            good: 10,
            rejected: 2,
            non_data: 1,
        };
        metrics.run(&balance, 500);
        let tenant: TenantId = "01234567-89ab-7fff-bfff-ffffffffffff".parse().unwrap();
        let figures = Figures {
            jobs: vec![(State::Running, 2)],
            waits: vec![(Class::Batch, tenant, 61_500)],
        };
        let keys = KeyFigures {
            issuer: "https://sso".to_owned(),
            fetched: 3,
            failed: 1,
            age: Some(42),
        };
        let text = metrics.text(Some(&figures), &[keys]).unwrap();
        for line in [
            "aimapper_http_requests_total{method=\"GET\",route=\"/api/v1/jobs/{id}\",status=\"404\"} 1",
            "aimapper_http_request_seconds_count{method=\"GET\",route=\"/api/v1/jobs/{id}\"} 2",
            "aimapper_job_attempts_total{kind=\"run\",end=\"succeeded\"} 1",
            "aimapper_auth_total{result=\"good\",reason=\"\"} 1",
            "aimapper_auth_total{result=\"refused\",reason=\"audience\"} 1",
            "aimapper_jwks_fetch_total{result=\"good\",issuer=\"https://sso\"} 3",
            "aimapper_jwks_fetch_total{result=\"failed\",issuer=\"https://sso\"} 1",
            "aimapper_jwks_age_seconds{issuer=\"https://sso\"} 42",
            "aimapper_fenced_finishes_total 1",
            "aimapper_lease_losses_total 0",
            "aimapper_rows_total{end=\"rejected\"} 2",
            "aimapper_source_bytes_total 500",
            "aimapper_jobs{state=\"running\"} 2",
            "aimapper_jobs{state=\"dead\"} 0",
            "aimapper_queue_age_seconds{class=\"batch\",tenant=\"01234567-89ab-7fff-bfff-ffffffffffff\"} 61",
            "aimapper_outbox_oldest_seconds 61",
        ] {
            assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
