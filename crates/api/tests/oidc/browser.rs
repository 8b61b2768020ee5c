//! A browser as far as signing in needs one: it keeps cookies by host, and goes where it is sent.

use std::collections::BTreeMap;
use std::sync::Mutex;

use url::Url;

use crate::http::{self, Reply};
use crate::realm::lock;
use crate::site::Site;

/// More steps would be a circle.
const STEPS: usize = 10;

#[derive(Default)]
pub(crate) struct Browser {
    cookies: Mutex<BTreeMap<(String, String), String>>,
}

/// Where a browser ended up, and on which way.
pub(crate) struct Trip {
    pub(crate) steps: Vec<String>,
    pub(crate) reply: Reply,
}

impl Trip {
    pub(crate) fn last(&self) -> &str {
        self.steps.last().unwrap()
    }

    /// The step at which the browser came back from the provider.
    pub(crate) fn way_back(&self) -> &str {
        let step = self
            .steps
            .iter()
            .find(|step| step.contains("/accounts/complete/"));
        step.unwrap()
    }
}

impl Browser {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// One that was copied, with all its cookies.
    pub(crate) fn copy(&self) -> Self {
        Self {
            cookies: Mutex::new(lock(&self.cookies).clone()),
        }
    }

    pub(crate) fn get(&self, url: &str) -> Reply {
        self.send("GET", url, &[])
    }

    pub(crate) fn post(&self, url: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Reply {
        let cookies = self.header(url);
        let all = with_defaults(&cookies, headers);
        let reply = http::post(url, &all, form);
        self.keep(url, &reply);
        reply
    }

    pub(crate) fn send(&self, method: &str, url: &str, headers: &[(&str, &str)]) -> Reply {
        let cookies = self.header(url);
        let all = with_defaults(&cookies, headers);
        let reply = http::send(method, url, &all, b"");
        self.keep(url, &reply);
        reply
    }

    /// Like [`Browser::get`], of a server that may cut the line instead of answering in words.
    pub(crate) fn get_answered(&self, url: &str) -> Option<Reply> {
        let cookies = self.header(url);
        let reply = http::answered("GET", url, &with_defaults(&cookies, &[]), b"")?;
        self.keep(url, &reply);
        Some(reply)
    }

    /// Goes to an address, and on to where it leads.
    pub(crate) fn go(&self, url: &str) -> Trip {
        let first = self.get(url);
        self.go_on(url, first)
    }

    /// Goes on from an answer to where it leads.
    pub(crate) fn go_on(&self, url: &str, mut reply: Reply) -> Trip {
        let mut steps = vec![url.to_owned()];
        while (300..400).contains(&reply.status) {
            assert!(steps.len() < STEPS, "a circle: {steps:?}");
            let at = Url::parse(steps.last().unwrap()).unwrap();
            let next = at.join(reply.header("location")).unwrap();
            steps.push(next.into());
            reply = self.get(steps.last().unwrap());
        }
        Trip { steps, reply }
    }

    /// Goes to an address until it is led to one that contains this, and does not go there.
    pub(crate) fn until(&self, url: &str, part: &str) -> String {
        let mut at = url.to_owned();
        for _ in 0..STEPS {
            let reply = self.get(&at);
            assert!((300..400).contains(&reply.status), "{at}: {}", reply.text());
            let next = Url::parse(&at).unwrap().join(reply.header("location"));
            at = next.unwrap().into();
            if at.contains(part) {
                return at;
            }
        }
        panic!("{url} does not lead to {part}");
    }

    /// Signs in; the browser has a session then.
    pub(crate) fn sign_in(&self, site: &Site) -> Trip {
        let trip = self.go(&site.url("/accounts/login/keycloak"));
        assert_eq!(
            trip.reply.status,
            200,
            "{:?} {}",
            trip.steps,
            trip.reply.text()
        );
        trip
    }

    /// As far as the address that the provider sends the browser back to.
    pub(crate) fn way_back(&self, site: &Site) -> String {
        self.until(&site.url("/accounts/login/keycloak"), "/accounts/complete/")
    }

    /// Who the site says is signed in.
    pub(crate) fn me(&self, site: &Site) -> Reply {
        let json = [("Accept", "application/json")];
        self.send("GET", &site.url("/api/v1/me"), &json)
    }

    /// Sends the one form of a page with its hidden fields and these, and goes on to where that leads.
    pub(crate) fn submit(&self, trip: &Trip, fields: &[(&str, &str)]) -> Trip {
        let page = trip.reply.text();
        let form = page.split_once("<form").map(|(_, form)| form);
        let form = form.unwrap_or_else(|| panic!("no form at {:?}: {page}", trip.steps));
        let action = attribute(form, "action").replace("&amp;", "&");
        let url = Url::parse(trip.last()).unwrap().join(&action).unwrap();
        let hidden = form
            .split("<input")
            .filter(|input| input.contains("type=\"hidden\""))
            .map(|input| (attribute(input, "name"), attribute(input, "value")));
        let all: Vec<(&str, &str)> = hidden.chain(fields.iter().copied()).collect();
        let reply = self.post(url.as_str(), &[], &all);
        self.go_on(url.as_str(), reply)
    }

    /// The token of the site's forms.
    pub(crate) fn csrf(&self, site: &Site) -> String {
        let page = self.get(&site.url("/")).text();
        let token = page.split_once("name=\"csrf\" value=\"");
        let (_, token) = token.unwrap_or_else(|| panic!("no form in {page}"));
        token.split_once('"').unwrap().0.to_owned()
    }

    /// The cookie of the session at the site, if there is one.
    pub(crate) fn session(&self, site: &Site) -> Option<String> {
        let name = cookie_name(site);
        let key = (authority(site.base()), name);
        lock(&self.cookies).get(&key).cloned()
    }

    /// Sets a cookie, as somebody does who can.
    pub(crate) fn set(&self, site: &Site, name: &str, value: &str) {
        let key = (authority(site.base()), name.to_owned());
        lock(&self.cookies).insert(key, value.to_owned());
    }

    /// Takes away all cookies.
    pub(crate) fn forget(&self) {
        lock(&self.cookies).clear();
    }

    fn header(&self, url: &str) -> String {
        let host = authority(url);
        let cookies = lock(&self.cookies);
        let of_host = cookies.iter().filter(|((of, _), _)| *of == host);
        let pairs: Vec<String> = of_host
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep(&self, url: &str, reply: &Reply) {
        for cookie in reply.all("set-cookie") {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap();
            let key = (authority(url), name.to_owned());
            let is_over = attributes.split(';').any(|attribute| {
                let attribute = attribute.trim().to_ascii_lowercase();
                attribute == "max-age=0" || attribute.starts_with("expires=thu, 01 jan 1970")
            });
            if is_over {
                lock(&self.cookies).remove(&key);
            } else {
                lock(&self.cookies).insert(key, value.to_owned());
            }
        }
    }
}

/// The first attribute of this name.
fn attribute<'a>(html: &'a str, name: &str) -> &'a str {
    let from = html.split_once(&format!("{name}=\""));
    let (_, rest) = from.unwrap_or_else(|| panic!("no {name} in {html}"));
    rest.split_once('"').unwrap().0
}

fn with_defaults<'a>(cookies: &'a str, headers: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![("Cookie", cookies)];
    if !headers.iter().any(|(name, _)| *name == "Accept") {
        all.push(("Accept", "text/html"));
    }
    all.extend_from_slice(headers);
    all
}

/// The name of the site's session cookie.
pub(crate) fn cookie_name(site: &Site) -> String {
    let url = Url::parse(site.base()).unwrap();
    format!("aimapper-{}", url.port().unwrap())
}

fn authority(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    let port = url.port_or_known_default().unwrap();
    format!("{}:{port}", url.host_str().unwrap())
}
