//! Which names this server answers to, and whose pages may send requests.
//!
//! A page of anybody can point a name at 127.0.0.1 (DNS rebinding) or post a form to it. `Host` shows
//! the first, `Origin` and `Sec-Fetch-Site` the second.

use std::net::SocketAddr;

use actix_web::http::header::{self, HeaderMap};
use actix_web::http::uri::Uri;
use aimapper_core::config::PublicUrl;

/// Names of the machine itself.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

/// Names with ports that this server answers to, and their origins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hosts {
    /// Scheme and authority.
    allowed: Vec<(&'static str, String)>,
}

impl Hosts {
    pub(super) fn new(listens: SocketAddr, public: Option<&PublicUrl>) -> Self {
        let port = listens.port();
        let mut allowed: Vec<(&'static str, String)> = Vec::new();
        for name in LOOPBACK {
            allowed.push(("http", format!("{name}:{port}")));
            // Clients leave the port out where it is that of the scheme.
            if port == 80 {
                allowed.push(("http", name.to_owned()));
            }
        }
        if let Some(url) = public {
            let scheme = if url.is_secure() { "https" } else { "http" };
            allowed.push((scheme, url.authority().to_owned()));
        }
        Self { allowed }
    }

    /// Whether the request is for this server: every name that it gives is one of ours.
    pub(super) fn are_named(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut names: Vec<&[u8]> = uri
            .authority()
            .map(|authority| authority.as_str().as_bytes())
            .into_iter()
            .collect();
        names.extend(headers.get_all(header::HOST).map(|name| name.as_bytes()));
        !names.is_empty() && names.iter().all(|name| self.known(name))
    }

    fn known(&self, name: &[u8]) -> bool {
        self.allowed
            .iter()
            .any(|(_, known)| known.as_bytes().eq_ignore_ascii_case(name))
    }

    /// Whether a page of somebody else sent this. Programs send neither header.
    pub(super) fn are_foreign_to(&self, headers: &HeaderMap) -> bool {
        let from_elsewhere = headers
            .get_all("Sec-Fetch-Site")
            .any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
        let other_origin = headers.get_all(header::ORIGIN).any(|origin| {
            !self.allowed.iter().any(|(scheme, authority)| {
                format!("{scheme}://{authority}")
                    .as_bytes()
                    .eq_ignore_ascii_case(origin.as_bytes())
            })
        });
        from_elsewhere || other_origin
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use aimapper_core::config::Config;

    use super::*;

    fn hosts(port: u16, public: &str) -> Hosts {
        let key = "AIMAPPER__SERVER__PUBLIC_URL".to_owned();
        let config = Config::from_parts(None, [(key, public.to_owned())]).unwrap();
        let listens = SocketAddr::from(([127, 0, 0, 1], port));
        Hosts::new(listens, config.server.public_url.as_ref())
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let name: HeaderName = name.parse().unwrap();
                (name, HeaderValue::from_str(value).unwrap())
            })
            .collect()
    }

    fn named(hosts: &Hosts, uri: &str, names: &[&str]) -> bool {
        let pairs: Vec<_> = names.iter().map(|name| ("host", *name)).collect();
        hosts.are_named(&uri.parse().unwrap(), &headers(&pairs))
    }

    #[test]
    fn only_the_machine_itself_is_named() {
        let hosts = hosts(8000, "");
        for good in [
            "127.0.0.1:8000",
            "localhost:8000",
            "LOCALHOST:8000",
            "[::1]:8000",
        ] {
            assert!(named(&hosts, "/", &[good]), "{good}");
        }
        for wrong in [
            "",
            "127.0.0.1",
            "localhost",
            "127.0.0.1:80",
            "evil.test",
            "evil.test:8000",
            "localhost:8000.evil.test",
            "evil.test@localhost:8000",
            "127.0.0.1.nip.io:8000",
            "127.1:8000",
            "0.0.0.0:8000",
            "localhost.:8000",
        ] {
            assert!(!named(&hosts, "/", &[wrong]), "{wrong}");
        }
        assert!(!named(&hosts, "/", &[]));
        assert!(!named(&hosts, "/", &["localhost:8000", "evil.test"]));
        assert!(!named(&hosts, "http://evil.test/", &["localhost:8000"]));
        assert!(named(&hosts, "http://localhost:8000/", &["localhost:8000"]));
    }

    #[test]
    fn a_public_name_is_ours_as_well() {
        let hosts = hosts(80, "https://localhost:9443");
        for good in ["localhost", "127.0.0.1:80", "localhost:9443"] {
            assert!(named(&hosts, "/", &[good]), "{good}");
        }
        assert!(!hosts.are_foreign_to(&headers(&[("origin", "https://localhost:9443")])));
        assert!(hosts.are_foreign_to(&headers(&[("origin", "http://localhost:9443")])));
    }

    #[test]
    fn pages_of_others_are_foreign() {
        let hosts = hosts(8000, "");
        for good in [
            &[][..],
            &[
                ("origin", "http://localhost:8000"),
                ("sec-fetch-site", "same-origin"),
            ],
            &[("sec-fetch-site", "none")],
        ] {
            assert!(!hosts.are_foreign_to(&headers(good)), "{good:?}");
        }
        for wrong in [
            &[("origin", "null")][..],
            &[("origin", "http://evil.test")],
            &[("origin", "https://localhost:8000")],
            &[("origin", "http://localhost:3000")],
            &[("origin", "http://localhost:8000.evil.test")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[
                ("origin", "http://localhost:8000"),
                ("sec-fetch-site", "cross-site"),
            ],
        ] {
            assert!(hosts.are_foreign_to(&headers(wrong)), "{wrong:?}");
        }
    }
}
