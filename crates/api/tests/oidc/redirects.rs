//! Where browsers are sent to, where the settings name it.

use serde_json::json;

use crate::browser::Browser;
use crate::http;
use crate::realm::{Document, Endpoint, Provider, Realm, User};
use crate::site::{Site, assert_problem};

/// Signs in as far as the answer to the way back, and does not go on.
fn came_back(browser: &Browser, site: &Site, login: &str) -> http::Reply {
    let back = browser.until(&site.url(login), "/accounts/complete/");
    browser.get(&back)
}

const LOGIN: &str = "/accounts/login/keycloak";

fn with(realm: &Realm, settings: &[(&str, &str)]) -> Site {
    Site::with(realm, settings)
}

#[test]
fn after_signing_in_the_browser_goes_where_it_is_set_or_asked() {
    let (_provider, realm) = Provider::with_realm();
    let site = with(&realm, &[("auth.redirects.login", "/jobs")]);
    let done = came_back(&Browser::new(), &site, LOGIN);
    assert_eq!((done.status, done.header("location")), (303, "/jobs"));
    let asked = format!("{LOGIN}?next=/targets");
    let done = came_back(&Browser::new(), &site, &asked);
    assert_eq!(done.header("location"), "/targets");
    let hostile = format!("{LOGIN}?next=//evil.test");
    let done = came_back(&Browser::new(), &site, &hostile);
    assert_eq!(done.header("location"), "/jobs");
}

#[test]
fn who_is_new_is_welcomed_once() {
    let (_provider, realm) = Provider::with_realm();
    let site = with(&realm, &[("auth.redirects.new_user", "/welcome?a=1")]);
    let asked = format!("{LOGIN}?next=/jobs");
    let first = came_back(&Browser::new(), &site, &asked);
    assert_eq!(
        (first.status, first.header("location")),
        (303, "/welcome?a=1&next=%2Fjobs")
    );
    let again = came_back(&Browser::new(), &site, &asked);
    assert_eq!(again.header("location"), "/jobs");
    // A program that was here before is not new either.
    realm.user(User::named("olaf"));
    let olaf = realm.access_token(&json!({"sub": "sub-of-olaf"}));
    assert_eq!(site.me(&olaf).status, 200);
    let olaf = came_back(&Browser::new(), &site, &asked);
    assert_eq!(olaf.header("location"), "/jobs");
}

#[test]
fn who_adds_a_way_to_sign_in_is_led_to_the_page_for_that_once() {
    let (_provider, realm) = Provider::with_realm();
    let site = with(&realm, &[("auth.redirects.new_identity", "/linked")]);
    let browser = Browser::new();
    browser.sign_in(&site);
    realm.user(User::named("olaf"));
    let add = || {
        let csrf = browser.csrf(&site);
        let asked = site.url(&format!("{LOGIN}?next=/jobs"));
        let sent = browser.post(&asked, &[], &[("csrf", &csrf)]);
        let back = browser.until(sent.header("location"), "/accounts/complete/");
        let done = browser.get(&back);
        (done.status, done.header("location").to_owned())
    };
    assert_eq!(add(), (303, "/linked?next=%2Fjobs".to_owned()));
    assert_eq!(site.count("identities"), 2);
    assert_eq!(add(), (303, "/jobs".to_owned()));
}

#[test]
fn whoever_is_disabled_is_led_to_the_page_for_that() {
    let (_provider, realm) = Provider::with_realm();
    let site = with(
        &realm,
        &[
            ("auth.redirects.inactive", "/inactive"),
            ("auth.redirects.error", "/error"),
        ],
    );
    Browser::new().sign_in(&site);
    site.database.run("UPDATE accounts SET active = false");
    let browser = Browser::new();
    let done = came_back(&browser, &site, LOGIN);
    assert_eq!((done.status, done.header("location")), (303, "/inactive"));
    assert_eq!(browser.session(&site), None);
    assert_eq!(browser.me(&site).status, 401);
}

#[test]
fn what_fails_leads_to_the_page_for_that_with_its_code() {
    let (_provider, realm) = Provider::with_realm();
    let site = with(&realm, &[("auth.redirects.error", "/error")]);
    realm.deny(Some("access_denied"));
    let done = came_back(&Browser::new(), &site, LOGIN);
    assert_eq!(
        (done.status, done.header("location")),
        (303, "/error?error=authorization_declined")
    );
    assert_eq!(done.header("cache-control"), "no-store");
    realm.deny(Some("<script>canary</script>"));
    let done = came_back(&Browser::new(), &site, LOGIN);
    assert_eq!(done.header("location"), "/error?error=provider_error");
    realm.deny(None);
    realm.change(Document::IdToken, |id| id["nonce"] = json!("another"));
    let done = came_back(&Browser::new(), &site, LOGIN);
    assert_eq!(done.header("location"), "/error?error=token_rejected");
    let stranger = Browser::new();
    let done = stranger.get(&site.url("/accounts/complete/keycloak/?state=x&code=y"));
    assert_eq!(done.header("location"), "/error?error=state_expired");
    // A disabled account has no page of its own here.
    realm.unchanged(Document::IdToken);
    Browser::new().sign_in(&site);
    site.database.run("UPDATE accounts SET active = false");
    let done = came_back(&Browser::new(), &site, LOGIN);
    assert_eq!(done.header("location"), "/error?error=account_disabled");
    // A program is told.
    let json = [("Accept", "application/json")];
    let reply = http::get(&site.url("/accounts/complete/keycloak/"), &json);
    assert_problem(&reply, 400, "state_missing");
}

#[test]
fn without_a_setting_the_page_says_what_failed() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    realm.deny(Some("access_denied"));
    let done = came_back(&Browser::new(), &site, LOGIN);
    assert_eq!(done.status, 403);
    assert_eq!(done.header("location"), "");
}

#[test]
fn after_signing_out_the_browser_goes_where_it_is_set() {
    let (_provider, realm) = Provider::with_realm();
    for (set, there, here) in [("", "/", "/sign-in"), ("/bye", "/bye", "/bye")] {
        let site = with(&realm, &[("auth.redirects.logout", set)]);
        let browser = Browser::new();
        browser.sign_in(&site);
        let csrf = browser.csrf(&site);
        let form = [("csrf", csrf.as_str())];
        let out = browser.post(&site.url("/accounts/logout/"), &[], &form);
        let to = out.header("location");
        assert!(to.starts_with(&realm.url(Endpoint::EndSession)), "{to}");
        let back = http::value(to, "post_logout_redirect_uri");
        let base = site.app.identity.base_url();
        assert_eq!(back, format!("{base}{there}"));
        // Whoever is signed out already goes there as well.
        let out = Browser::new().post(&site.url("/accounts/logout/"), &[], &[]);
        assert_eq!(out.header("location"), here);
    }
}

#[test]
fn the_provider_is_asked_by_the_name_of_the_settings() {
    let (_provider, realm) = Provider::with_realm();
    let _site = with(&realm, &[("auth.user_agent", "mapper of Example Ltd")]);
    let asked = realm.asked(Endpoint::Discovery);
    assert_eq!(asked[0].header("user-agent"), "mapper of Example Ltd");
    let (_provider, realm) = Provider::with_realm();
    let _site = Site::start(&realm);
    let asked = realm.asked(Endpoint::Certs);
    let name = asked[0].header("user-agent").to_owned();
    assert!(name.starts_with("aimapper/"), "{name}");
}
