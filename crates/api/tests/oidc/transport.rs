//! How tokens come in a request, and how that is answered (RFC 6750, 2 and 3).

use serde_json::json;

use crate::browser::Browser;
use crate::http::{self, Reply};
use crate::realm::{Provider, Realm, User};
use crate::site::{Site, assert_problem};

const CHALLENGE: &str = "Bearer realm=\"aimapper\"";
const BAD: &str = "Bearer realm=\"aimapper\", error=\"invalid_token\", \
                   error_description=\"The access token is not valid\"";
const REQUEST: &str = "Bearer realm=\"aimapper\", error=\"invalid_request\"";

struct Ground {
    _provider: Provider,
    realm: Realm,
    site: Site,
}

fn ground() -> Ground {
    let (provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    Ground {
        _provider: provider,
        realm,
        site,
    }
}

impl Ground {
    fn with(&self, headers: &[(&str, &str)]) -> Reply {
        http::get(&self.site.url("/api/v1/me"), headers)
    }
}

#[track_caller]
fn assert_refused(reply: &Reply, status: u16, code: &str, challenge: &str) {
    assert_problem(reply, status, code);
    assert_eq!(reply.all("www-authenticate"), [challenge]);
    assert_eq!(reply.header("cache-control"), "no-store");
}

#[test]
fn who_shows_nothing_is_asked_without_an_error() {
    let ground = ground();
    let basic = ("Authorization", "Basic YWRhOmFkYQ==");
    let cookie = ("Cookie", "aimapper-1=no-session-of-ours");
    for headers in [&[][..], &[basic], &[cookie]] {
        let reply = ground.with(headers);
        assert_refused(&reply, 401, "unauthenticated", CHALLENGE);
    }
}

#[test]
fn malformed_credentials_are_a_bad_request() {
    let ground = ground();
    let token = ground.realm.access_token(&json!({}));
    let bearer = format!("Bearer {token}");
    let two_blanks = format!("Bearer  {token}");
    let good = ("Authorization", bearer.as_str());
    for headers in [
        &[("Authorization", "Bearer")][..],
        &[("Authorization", "Bearer ")],
        &[("Authorization", two_blanks.as_str())],
        &[good, good],
        &[("Authorization", "Basic YWRhOmFkYQ=="), good],
    ] {
        let reply = ground.with(headers);
        assert_refused(&reply, 400, "invalid_credentials", REQUEST);
    }
    for query in ["?access_token=", "?x=1&access_token="] {
        for headers in [&[][..], &[good]] {
            let url = ground.site.url(&format!("/api/v1/me{query}{token}"));
            let reply = http::get(&url, headers);
            assert_refused(&reply, 400, "invalid_credentials", REQUEST);
        }
    }
}

#[test]
fn bad_tokens_get_one_answer_and_ended_ones_their_own() {
    let ground = ground();
    let long = "a".repeat(20_000);
    let other = ground.realm.access_token(&json!({"aud": "account"}));
    let issuer = ground
        .realm
        .access_token(&json!({"iss": "https://evil.test"}));
    for token in ["x", "a.b.c", ".....", &other, &issuer] {
        let reply = ground.site.me(token);
        assert_refused(&reply, 401, "invalid_token", BAD);
        assert!(!reply.text().contains(token) || token.len() < 6);
    }
    assert_eq!(ground.site.me(&long).status, 401);
    let ended = ground.realm.access_token(&json!({"exp": 1_700_000_000}));
    let said = "Bearer realm=\"aimapper\", error=\"invalid_token\", \
                error_description=\"The access token expired\"";
    assert_refused(&ground.site.me(&ended), 401, "token_expired", said);
}

#[test]
fn a_missing_role_is_named() {
    let ground = ground();
    let none = ground
        .realm
        .access_token(&json!({"realm_access": {"roles": []}}));
    assert_eq!(ground.site.me(&none).status, 200);
    let wrong = "Bearer realm=\"aimapper\", error=\"insufficient_scope\", scope=\"mapper\"";
    let reply = ground.site.bearer("/api/v1/sources", &none);
    assert_refused(&reply, 403, "role_missing", wrong);
    let text = ground
        .realm
        .access_token(&json!({"realm_access": {"roles": "admin"}}));
    let reply = ground.site.bearer("/api/v1/sources", &text);
    assert_refused(&reply, 403, "role_missing", wrong);
    let mapper = ground.realm.access_token(&json!({}));
    assert_eq!(ground.site.bearer("/api/v1/sources", &mapper).status, 200);
}

#[test]
fn the_scheme_may_be_written_in_any_case() {
    let ground = ground();
    let token = ground.realm.access_token(&json!({}));
    for scheme in ["bearer", "BEARER", "Bearer"] {
        let value = format!("{scheme} {token}");
        assert_eq!(
            ground.with(&[("Authorization", &value)]).status,
            200,
            "{scheme}"
        );
    }
}

#[test]
fn tokens_that_are_bound_to_a_key_are_refused() {
    let ground = ground();
    let token = ground.realm.access_token(&json!({}));
    let value = format!("DPoP {token}");
    let reply = ground.with(&[("Authorization", &value)]);
    let dpop = "DPoP error=\"invalid_token\", algs=\"ES256 PS256\"";
    assert_refused(&reply, 401, "invalid_token", dpop);
    let bound = ground.realm.access_token(&json!({"cnf": {"jkt": "x"}}));
    assert_refused(&ground.site.me(&bound), 401, "invalid_token", BAD);
}

#[test]
fn a_token_goes_before_a_cookie() {
    let ground = ground();
    let browser = Browser::new();
    browser.sign_in(&ground.site);
    assert_eq!(browser.me(&ground.site).json()["username"], "mia");
    ground.realm.user(User::named("olaf"));
    let token = ground.realm.access_token(&json!({}));
    let url = ground.site.url("/api/v1/me");
    let bearer = format!("Bearer {token}");
    let reply = browser.send("GET", &url, &[("Authorization", &bearer)]);
    assert_eq!(reply.json()["username"], "olaf");
    let reply = browser.send("GET", &url, &[("Authorization", "Bearer x")]);
    assert_eq!(reply.status, 401);
}
