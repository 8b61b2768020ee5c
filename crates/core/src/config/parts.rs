//! The settings by what they are about, each with its bounds, and as the modules take them.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::error::ConfigError;
use super::layers::Layers;
use crate::job::Rules;
use crate::source;
use crate::telemetry;

pub(super) const DAY: u64 = 24 * 3600;

/// Where it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    pub bind: SocketAddr,
    /// How browsers reach it, if not there.
    pub public_url: Option<PublicUrl>,
    /// Address and port of the figures.
    pub metrics_bind: Option<SocketAddr>,
}

/// The address that browsers use: scheme, host and port, nothing behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    scheme: &'static str,
    authority: String,
}

impl PublicUrl {
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = if let Some(rest) = text.strip_prefix("http://") {
            ("http", rest)
        } else {
            ("https", text.strip_prefix("https://")?)
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        let url = Self { scheme, authority };
        let good = !url.host().is_empty() && url.authority.chars().all(known) && url.port_is_good();
        good.then_some(url)
    }

    /// Host and port as they stand in `Host`.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Whether browsers reach it by TLS.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    /// Whether this is the machine itself.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        matches!(self.host(), "localhost" | "127.0.0.1" | "[::1]")
    }

    fn host(&self) -> &str {
        if let Some(end) = self.authority.find(']') {
            return self.authority.get(..=end).unwrap_or_default();
        }
        self.authority
            .split_once(':')
            .map_or(self.authority.as_str(), |(host, _)| host)
    }

    fn port_is_good(&self) -> bool {
        match self.authority.get(self.host().len()..) {
            Some("") => true,
            Some(rest) => rest
                .strip_prefix(':')
                .is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0)),
            None => false,
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl Server {
    pub(super) fn from(layers: &Layers) -> Result<Self, ConfigError> {
        let public = "nothing or http(s)://HOST[:PORT] without a path";
        Ok(Self {
            bind: layers.parsed("server.bind", "ADDRESS:PORT", |text| text.parse().ok())?,
            public_url: layers.parsed("server.public_url", public, |text| match text {
                "" => Some(None),
                text => PublicUrl::parse(text).map(Some),
            })?,
            metrics_bind: layers.parsed(
                "server.metrics_bind",
                "nothing or ADDRESS:PORT",
                |text| match text {
                    "" => Some(None),
                    text => text.parse().ok().map(Some),
                },
            )?,
        })
    }
}

/// How many jobs of each class run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Small readings and proposals.
    pub interactive: usize,
    /// Large readings and runs.
    pub batch: usize,
    /// Questions to the assistant.
    pub assistant: usize,
}

impl Slots {
    pub(super) fn from(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            interactive: size(layers, "worker.slots.interactive", 0, 256)?,
            batch: size(layers, "worker.slots.batch", 0, 256)?,
            assistant: size(layers, "worker.slots.assistant", 0, 256)?,
        })
    }
}

/// Leases and attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jobs {
    lease: Duration,
    heartbeat: Duration,
    reaper: Duration,
    max_attempts: i32,
}

impl Jobs {
    pub(super) fn from(layers: &Layers) -> Result<Self, ConfigError> {
        let lease = seconds(layers, "jobs.lease_seconds", 3, DAY)?;
        let heartbeat = seconds(layers, "jobs.heartbeat_seconds", 1, DAY)?;
        // One sign of life may be late without the job being taken for lost.
        if heartbeat * 2 > lease {
            let half = lease.as_secs() / 2;
            let takes = format!("at most half of jobs.lease_seconds, {half}");
            return Err(layers.wrong("jobs.heartbeat_seconds", &takes));
        }
        Ok(Self {
            lease,
            heartbeat,
            reaper: seconds(layers, "jobs.reaper_seconds", 1, 3600)?,
            max_attempts: i32::try_from(layers.number("jobs.max_attempts", 1..=100)?)
                .unwrap_or(100),
        })
    }

    /// Leases and retries as jobs take them.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            lease_ms: i64::try_from(self.lease.as_millis()).unwrap_or(i64::MAX),
            ..Rules::default()
        }
    }

    /// After so many attempts an error that may pass is final.
    #[must_use]
    pub const fn max_attempts(&self) -> i32 {
        self.max_attempts
    }

    /// Between two renewals of the lease.
    #[must_use]
    pub const fn renew(&self) -> Duration {
        self.heartbeat
    }

    /// After so long without a renewal a worker gives its job up: a heartbeat before the lease
    /// ends, so that nobody else has begun by then.
    #[must_use]
    pub const fn give_up(&self) -> Duration {
        self.lease.saturating_sub(self.heartbeat)
    }

    /// Between two looks for jobs whose worker is gone.
    #[must_use]
    pub const fn reap(&self) -> Duration {
        self.reaper
    }
}

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Uploads, from their time on; `None` keeps them.
    pub sources: Option<Duration>,
    /// Results of runs; `None` keeps them.
    pub results: Option<Duration>,
    /// Between two sweeps for files that nothing names.
    pub sweep: Duration,
}

impl Retention {
    pub(super) fn from(layers: &Layers) -> Result<Self, ConfigError> {
        let days = |key| {
            let days = layers.number(key, 0..=36_500)?;
            Ok((days > 0).then(|| Duration::from_secs(days * DAY)))
        };
        Ok(Self {
            sources: days("retention.sources_days")?,
            results: days("retention.results_days")?,
            sweep: Duration::from_secs(60 * layers.number("retention.sweep_minutes", 1..=10_080)?),
        })
    }
}

/// What is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one upload.
    pub upload_bytes: u64,
    /// Memory of the process that runs one job.
    pub child_memory_bytes: u64,
    /// Computing time of one job.
    pub child_time: Duration,
    /// Bytes of one file that a job writes.
    pub child_file_bytes: u64,
    record_bytes: usize,
    field_bytes: usize,
    columns: usize,
    inflated_bytes: Option<u64>,
}

impl Limits {
    pub(super) fn from(layers: &Layers) -> Result<Self, ConfigError> {
        // TOML's numbers have 63 bits.
        let most = i64::MAX.unsigned_abs();
        let inflated = layers.number("limits.inflated_bytes", 0..=most)?;
        Ok(Self {
            upload_bytes: layers.number("limits.upload_bytes", 1..=most)?,
            child_memory_bytes: layers.number("limits.child_memory_bytes", 1 << 28..=most)?,
            child_time: seconds(layers, "limits.child_seconds", 1, 30 * DAY)?,
            child_file_bytes: layers.number("limits.child_file_bytes", 1 << 20..=most)?,
            record_bytes: size(layers, "limits.record_bytes", 1 << 10, 1 << 30)?,
            field_bytes: size(layers, "limits.field_bytes", 1 << 10, 1 << 30)?,
            columns: size(layers, "limits.columns", 1, 1 << 16)?,
            inflated_bytes: (inflated > 0).then_some(inflated),
        })
    }

    /// Limits as reading takes them.
    #[must_use]
    pub const fn source(&self) -> source::Limits {
        source::Limits {
            field_bytes: self.field_bytes,
            line_bytes: self.record_bytes,
            columns: self.columns,
            inflated_bytes: self.inflated_bytes,
        }
    }
}

/// What logs look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For terminals.
    Human,
    /// For machines.
    Json,
}

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// What they look like.
    pub format: LogFormat,
    /// What is written, as `tracing-subscriber` filters.
    pub level: String,
}

impl Log {
    pub(super) fn from(layers: &Layers) -> Result<Self, ConfigError> {
        let level = "error, warn, info, debug or trace, or such as info,aimapper_worker=debug";
        Ok(Self {
            format: layers.parsed("log.format", "human or json", |text| match text {
                "human" => Some(LogFormat::Human),
                "json" => Some(LogFormat::Json),
                _ => None,
            })?,
            level: layers.parsed("log.level", level, |text| {
                telemetry::is_level(text).then(|| text.to_owned())
            })?,
        })
    }
}

pub(super) fn seconds(
    layers: &Layers,
    key: &'static str,
    least: u64,
    most: u64,
) -> Result<Duration, ConfigError> {
    layers.number(key, least..=most).map(Duration::from_secs)
}

fn size(layers: &Layers, key: &'static str, least: u64, most: u64) -> Result<usize, ConfigError> {
    let number = layers.number(key, least..=most)?;
    usize::try_from(number).map_err(|_| layers.wrong(key, "a number that this machine can hold"))
}
