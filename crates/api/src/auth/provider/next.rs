//! Where a browser goes after it signed in: a path of this server, or a host that the settings allow. A link
//! of somebody else never leads through here to a third place.

use aimapper_core::auth::{is_path_here, is_plain_address};
use openidconnect::url::{Url, form_urlencoded};

/// The address that is asked for, if it may be; else the one of the settings.
pub(super) fn sanitised(asked: Option<&str>, hosts: &[String], fallback: &str) -> String {
    let good = asked.filter(|next| is_path_here(next) || is_allowed(next, hosts));
    good.unwrap_or(fallback).to_owned()
}

fn is_allowed(next: &str, hosts: &[String]) -> bool {
    if !is_plain_address(next) || !next.starts_with("https://") {
        return false;
    }
    let Ok(url) = Url::parse(next) else {
        return false;
    };
    let authority = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => return false,
    };
    url.username().is_empty() && url.password().is_none() && hosts.contains(&authority)
}

/// A path with one more pair in its query.
pub(super) fn with_pair(path: &str, name: &str, value: &str) -> String {
    let (path, fragment) = match path.split_once('#') {
        Some((path, fragment)) => (path, format!("#{fragment}")),
        None => (path, String::new()),
    };
    let mark = if path.contains('?') { '&' } else { '?' };
    let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    format!("{path}{mark}{name}={value}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ways_on_this_server_and_to_known_hosts_are_taken() {
        let hosts = [
            "other.example.org".to_owned(),
            "b.example.org:8443".to_owned(),
        ];
        for good in [
            "/",
            "/ok?x=//e",
            "/runs/1?next=https://evil.test",
            "/%2f%2fe",
            "https://other.example.org/x",
            "https://b.example.org:8443/",
        ] {
            assert_eq!(sanitised(Some(good), &hosts, "/home"), good);
        }
        let long = format!("/{}", "a".repeat(4_096));
        for wrong in [
            "",
            "e",
            "//e",
            "///e",
            "/\\e",
            "\\\\e",
            "https:e",
            "https:/e",
            "https://evil.test/",
            "https://other.example.org.evil.test/",
            "https://other.example.org@evil.test/",
            "https://x@other.example.org/",
            "https://other.example.org:444/",
            "http://other.example.org/",
            "javascript:alert(1)",
            "data:text/html,x",
            "%2f%2fe",
            "/\t/e",
            "/\n/e",
            "/\0/e",
            " //e",
            "/ /e",
            &long,
        ] {
            assert_eq!(
                sanitised(Some(wrong), &hosts, "/home"),
                "/home",
                "{wrong:?}"
            );
        }
        assert_eq!(sanitised(None, &hosts, "/home"), "/home");
    }

    #[test]
    fn a_pair_is_put_behind_the_path_and_what_is_in_it_stays_in_it() {
        for (path, expected) in [
            ("/welcome", "/welcome?next=%2Fjobs%3Fa%3D1%26b"),
            ("/welcome?x=1", "/welcome?x=1&next=%2Fjobs%3Fa%3D1%26b"),
            ("/welcome#top", "/welcome?next=%2Fjobs%3Fa%3D1%26b#top"),
        ] {
            assert_eq!(with_pair(path, "next", "/jobs?a=1&b"), expected);
        }
    }
}
