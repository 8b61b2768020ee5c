//! Logs: one line for each event, for people or as JSON, with the same dotted names everywhere
//! (`job.id`, `rows.rejected`, `duration_ms`). Values of cells, tokens and secrets are never fields.
//! Also the trace that a request or a job belongs to (W3C Trace Context, level 1).

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

use crate::config::{Log, LogFormat};
use crate::error::{ErrorKind, Explain};

/// Why nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level is none.
    #[error("the level of the log is none")]
    Level,
    /// Somebody else writes the log of this process.
    #[error("the log of this process is set up already")]
    Twice(#[source] tracing::subscriber::SetGlobalDefaultError),
}

impl Explain for TelemetryError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Level => ErrorKind::Invalid,
            Self::Twice(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Level => Some("see log.level in config/default.toml".to_owned()),
            Self::Twice(_) => None,
        }
    }
}

/// Writes what this process logs to standard error, from now on.
///
/// # Errors
/// [`TelemetryError`].
pub fn start(log: &Log) -> Result<(), TelemetryError> {
    let colours = io::IsTerminal::is_terminal(&io::stderr());
    let subscriber = subscriber(log, colours, io::stderr)?;
    tracing::subscriber::set_global_default(subscriber).map_err(TelemetryError::Twice)
}

/// Whether a text can be the level of a log.
pub(crate) fn is_level(text: &str) -> bool {
    filter(text).is_some()
}

/// The library would take a word that is no level for the name of a module and leave the rest out.
fn filter(text: &str) -> Option<EnvFilter> {
    let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
    let good = text
        .split(',')
        .all(|part| is_level(part.rsplit_once('=').map_or(part, |(_, level)| level)));
    if !good {
        return None;
    }
    EnvFilter::builder().parse(text).ok()
}

fn subscriber<W>(
    log: &Log,
    colours: bool,
    writer: W,
) -> Result<Box<dyn tracing::Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = filter(&log.level).ok_or(TelemetryError::Level)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(OneLine(writer));
    let registry = Registry::default().with(filter);
    Ok(match log.format {
        LogFormat::Human => Box::new(registry.with(lines.with_ansi(colours))),
        LogFormat::Json => Box::new(
            registry.with(
                lines
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false),
            ),
        ),
    })
}

/// Each event is one write; line ends inside of it would let a message look like several.
struct OneLine<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = OneLineWriter<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLineWriter(self.0.make_writer())
    }
}

struct OneLineWriter<W>(W);

impl<W: Write> Write for OneLineWriter<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let inner = event.strip_suffix(b"\n").unwrap_or(event);
        let mut line: Vec<u8> = inner
            .iter()
            .map(|byte| {
                if matches!(byte, b'\n' | b'\r') {
                    b' '
                } else {
                    *byte
                }
            })
            .collect();
        line.push(b'\n');
        self.0.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Which trace something belongs to, and below what in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace: u128,
    parent: u64,
    flags: u8,
}

/// A header that says nothing; the trace begins anew then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no traceparent")]
pub struct NotATraceParent;

impl TraceParent {
    /// A new trace from random bytes. It is not sampled: nobody here records spans.
    #[must_use]
    pub fn new(trace: [u8; 16], parent: [u8; 8]) -> Self {
        Self {
            // All zeros are no id.
            trace: u128::from_be_bytes(trace).max(1),
            parent: u64::from_be_bytes(parent).max(1),
            flags: 0,
        }
    }

    /// The same trace, below another part of it.
    #[must_use]
    pub fn child(self, parent: [u8; 8]) -> Self {
        Self {
            parent: u64::from_be_bytes(parent).max(1),
            ..self
        }
    }

    /// The trace's id as logs and problems write it.
    #[must_use]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{:032x}-{:016x}-{:02x}",
            self.trace, self.parent, self.flags
        )
    }
}

impl FromStr for TraceParent {
    type Err = NotATraceParent;

    fn from_str(text: &str) -> Result<Self, NotATraceParent> {
        let mut parts = text.splitn(5, '-');
        let mut hex = |digits: usize| {
            parts
                .next()
                .filter(|part| part.len() == digits)
                .filter(|part| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
                .and_then(|part| u128::from_str_radix(part, 16).ok())
                .ok_or(NotATraceParent)
        };
        let version = hex(2)?;
        let (trace, parent, flags) = (hex(32)?, hex(16)?, hex(2)?);
        // Later versions may add parts behind; version 255 is forbidden.
        let more = parts.next().is_some();
        if version == 0xff || (version == 0 && more) || trace == 0 || parent == 0 {
            return Err(NotATraceParent);
        }
        Ok(Self {
            trace,
            parent: u64::try_from(parent).map_err(|_| NotATraceParent)?,
            // Only the first bit means something.
            flags: u8::from(flags & 1 == 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = Log {
            format,
            level: level.to_owned(),
        };
        let subscriber = subscriber(&log, false, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("job", job.id = "j1", trace_id = "t1");
            let _inside = span.enter();
            tracing::info!(duration_ms = 12, rows.rejected = 3, "the job\r\nended");
            tracing::debug!("quiet");
        });
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn json_has_one_object_a_line_with_dotted_names() {
        let text = logged(LogFormat::Json, "info");
        assert_eq!(text.lines().count(), 1, "{text}");
        let event: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(event["duration_ms"], 12);
        assert_eq!(event["rows.rejected"], 3);
        assert_eq!(event["message"], "the job\r\nended");
        assert_eq!(event["level"], "INFO");
        assert_eq!(event["span"]["job.id"], "j1");
        assert_eq!(logged(LogFormat::Json, "debug").lines().count(), 2);
        assert_eq!(logged(LogFormat::Json, "warn"), "");
    }

    #[test]
    fn a_line_end_in_a_message_makes_no_line() {
        let text = logged(LogFormat::Human, "info");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(
            text.contains("the job  ended") && text.contains("job.id=\"j1\""),
            "{text}"
        );
    }

    #[test]
    fn levels_are_levels() {
        for good in [
            "info",
            "WARN",
            "info,aimapper_worker=debug",
            "aimapper_api=trace",
            "off",
        ] {
            assert!(is_level(good), "{good}");
        }
        for wrong in ["", "loud", "info,x=loud", "aimapper_api=", "5x"] {
            assert!(!is_level(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_traceparent_is_read_and_written() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent: TraceParent = text.parse().unwrap();
        assert_eq!(parent.to_string(), text);
        assert_eq!(parent.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let child = parent.child([0, 0, 0, 0, 0, 0, 0, 7]).to_string();
        assert_eq!(
            child,
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000007-01"
        );
        let later = text.replacen("00", "01", 1) + "-more";
        assert_eq!(later.parse::<TraceParent>().unwrap(), parent);
        let new = TraceParent::new([0; 16], [0; 8]);
        assert_eq!(new.to_string().parse::<TraceParent>(), Ok(new));
    }

    #[test]
    fn what_is_no_traceparent_is_refused() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        for wrong in [
            String::new(),
            "00".to_owned(),
            good.to_uppercase(),
            format!("{good}-"),
            format!(" {good}"),
            good.replace("00-4", "ff-4"),
            good.replace("4bf9", "4bg9"),
            good.replace("4bf9", "4bf"),
            good.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            good.replace("00f067aa0ba902b7", &"0".repeat(16)),
            good.replace("-01", "-1"),
            good.replace("-01", "-+1"),
        ] {
            assert_ne!(wrong, good);
            assert_eq!(
                wrong.parse::<TraceParent>(),
                Err(NotATraceParent),
                "{wrong}"
            );
        }
    }
}
