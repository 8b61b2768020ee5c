//! Where a browser goes after it signed in: a path of this server, or a host that the settings allow. A link
//! of somebody else never leads through here to a third place.

use openidconnect::url::Url;

/// Longer addresses are not of ours.
const MAX_BYTES: usize = 2_048;

/// The address that is asked for, if it may be; else the one of the settings.
pub(super) fn sanitised(asked: Option<&str>, hosts: &[String], fallback: &str) -> String {
    let good = asked.filter(|next| is_path(next) || is_allowed(next, hosts));
    good.unwrap_or(fallback).to_owned()
}

/// Browsers take `\` for `/`, and leave out tabs and line ends before they look.
fn is_plain(next: &str) -> bool {
    next.len() <= MAX_BYTES
        && !next
            .chars()
            .any(|c| c.is_control() || c == '\\' || c == ' ')
}

fn is_path(next: &str) -> bool {
    is_plain(next) && next.starts_with('/') && !next.starts_with("//")
}

fn is_allowed(next: &str, hosts: &[String]) -> bool {
    if !is_plain(next) || !next.starts_with("https://") {
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
}
