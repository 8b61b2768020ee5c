//! Where the broker is.

use std::fmt;

use crate::job::Class;
use crate::secret;

/// A broker and the names of what it keeps for this installation. Printing it never shows the
/// password.
#[derive(Clone, PartialEq, Eq)]
pub struct Broker {
    url: String,
    prefix: String,
}

impl Broker {
    /// A broker by its address, `amqp://USER:PASSWORD@HOST:PORT/VHOST` or `amqps://..` (the URI
    /// specification of RabbitMQ), and what the names of exchange and queues begin with. Nothing, if
    /// either is of another form.
    #[must_use]
    pub fn new(url: &str, prefix: &str) -> Option<Self> {
        let rest = url
            .strip_prefix("amqp://")
            .or_else(|| url.strip_prefix("amqps://"))?;
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        let named = host.starts_with(|c: char| c.is_alphanumeric() || c == '[');
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let good = !prefix.is_empty() && prefix.len() <= 100 && prefix.chars().all(plain);
        (named && good).then(|| Self {
            url: url.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    /// The address, with the password.
    #[cfg(feature = "amqp")]
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// A text of somebody else without the address's secrets.
    #[cfg(feature = "amqp")]
    pub(super) fn censor(&self, text: &str) -> String {
        secret::censor(&self.url, text)
    }

    /// Name of the exchange that hints are published to.
    #[must_use]
    pub fn exchange(&self) -> String {
        format!("{}.jobs", self.prefix)
    }

    /// Name of the queue of a class.
    #[must_use]
    pub fn queue(&self, class: Class) -> String {
        format!("{}.{}", self.prefix, class.word())
    }
}

impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&secret::censor(&self.url, &self.url))
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_another_form_is_refused() {
        let good = |url| Broker::new(url, "aimapper").is_some();
        assert!(good("amqp://localhost") && good("amqps://me:pw@[::1]:5671/%2f"));
        assert!(!good("") && !good("localhost:5672") && !good("http://localhost"));
        assert!(!good("amqp://") && !good("amqp://me@") && !good("amqp:///vhost"));
        assert!(Broker::new("amqp://localhost", "").is_none());
        assert!(Broker::new("amqp://localhost", "a b").is_none());
    }

    #[test]
    fn the_password_is_never_shown() {
        let broker = Broker::new("amqp://me:s3cret@mq:5672/%2f", "aimapper").unwrap();
        assert_eq!(broker.to_string(), "amqp://me:***@mq:5672/%2f");
        assert_eq!(format!("{broker:?}"), broker.to_string());
        assert_eq!(broker.queue(Class::Batch), "aimapper.batch");
        assert_eq!(broker.exchange(), "aimapper.jobs");
    }
}
