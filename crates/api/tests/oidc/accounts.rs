//! Whose account somebody gets who signs in, and whose not.

use std::thread;

use aimapper_core::id::AccountId;
use aimapper_core::store::accounts::{self, Sight};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::realm::{Endpoint, Provider, Realm, User};
use crate::site::{Site, assert_problem};

const JSON: [(&str, &str); 1] = [("Accept", "application/json")];

/// Signs somebody in; gives the account.
fn account(site: &Site, realm: &Realm, user: User) -> String {
    realm.user(user);
    let browser = Browser::new();
    browser.sign_in(site);
    account_of(&browser, site)
}

fn account_of(browser: &Browser, site: &Site) -> String {
    let me = browser.me(site).json();
    me["account"].as_str().unwrap().to_owned()
}

/// Somebody who is known to another issuer, with a verified address.
fn elsewhere(site: &Site, username: &str, email: &str) -> AccountId {
    let sight = Sight {
        issuer: "urn:aimapper:local:1",
        subject: username,
        id_key: "sub",
        sub: username,
        kind: "person",
        username: Some(username),
        display_name: Some(username),
        email: Some(email),
        links_by_email: false,
    };
    let made = site.app.store.write(|conn| accounts::seen(conn, &sight));
    made.unwrap().id
}

#[test]
fn a_freed_username_gives_no_account() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let mia = User::named("mia");
    let first = account(&site, &realm, mia.clone());
    let renamed = mia.with(&json!({"preferred_username": "mia2"}));
    assert_eq!(account(&site, &realm, renamed), first);
    let eve = User::named("eve").with(&json!({"preferred_username": "mia"}));
    assert_ne!(account(&site, &realm, eve.clone()), first);
    // The same by token.
    let token = realm.access_token(&json!({}));
    assert_ne!(site.me(&token).json()["account"], json!(first));
    let names: Vec<String> = site.accounts().into_iter().map(|a| a.username).collect();
    assert_eq!(names[0], "mia");
    assert!(names[1].starts_with("mia-"), "{names:?}");
    assert_eq!(names.len(), 2);
}

#[test]
fn with_the_predecessors_key_a_freed_username_does_give_the_account() {
    // What the setting says, and why it has to be accepted.
    let (_provider, realm) = Provider::with_realm();
    let settings = [
        ("auth.id_key", "username"),
        ("auth.id_key_i_accept_mutable", "yes"),
    ];
    let site = Site::with(&realm, &settings);
    let first = account(&site, &realm, User::named("mia"));
    let eve = User::named("eve").with(&json!({"preferred_username": "mia"}));
    assert_eq!(account(&site, &realm, eve), first);
}

#[test]
fn mia_and_mia_in_capitals_stay_two() {
    for settings in [
        &[][..],
        &[
            ("auth.id_key", "username"),
            ("auth.id_key_i_accept_mutable", "yes"),
        ],
    ] {
        let (_provider, realm) = Provider::with_realm();
        let site = Site::with(&realm, settings);
        let small = account(&site, &realm, User::named("mia"));
        let mut capital = User::named("Mia");
        capital.sub = "SUB-of-mia".to_owned();
        assert_ne!(account(&site, &realm, capital.clone()), small);
        assert_eq!(site.accounts().len(), 2);
        assert_eq!(account(&site, &realm, User::named("mia")), small);
    }
}

#[test]
fn a_local_name_is_not_taken_over() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let local = elsewhere(&site, "mia", "mia@example.test");
    let signed_in = account(&site, &realm, User::named("mia"));
    assert_ne!(signed_in, local.to_string());
    let names: Vec<String> = site.accounts().into_iter().map(|a| a.username).collect();
    assert!(
        names.contains(&"mia".to_owned()) && names.len() == 2,
        "{names:?}"
    );
}

#[test]
fn an_unverified_email_links_nothing() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::with(&realm, &[("auth.link_by_verified_email", "yes")]);
    let known = elsewhere(&site, "mia.m", "mia@example.test").to_string();
    for (name, verified) in [
        ("u1", json!(false)),
        ("u2", json!("true")),
        ("u3", Value::Null),
    ] {
        let claims = json!({"email": "mia@example.test", "email_verified": verified});
        let user = User::named(name).with(&claims);
        assert_ne!(account(&site, &realm, user), known, "{claims}");
    }
    // With a verified one, the account is the same, and stays so.
    let verified = User::named("mia");
    assert_eq!(account(&site, &realm, verified.clone()), known);
    assert_eq!(account(&site, &realm, verified), known);
    let linked = (
        "identity_linked".to_owned(),
        Some("verified_email".to_owned()),
    );
    let told = site.audit(known.parse().unwrap());
    assert_eq!(
        told.iter().filter(|line| **line == linked).count(),
        1,
        "{told:?}"
    );
}

#[test]
fn no_email_links_unless_that_is_set() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let known = elsewhere(&site, "mia.m", "mia@example.test").to_string();
    assert_ne!(account(&site, &realm, User::named("mia")), known);
}

#[test]
fn an_email_of_two_accounts_or_of_a_disabled_one_links_nothing() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::with(&realm, &[("auth.link_by_verified_email", "yes")]);
    let both = [
        elsewhere(&site, "one", "mia@example.test").to_string(),
        elsewhere(&site, "two", "mia@example.test").to_string(),
    ];
    let third = account(&site, &realm, User::named("mia"));
    assert!(!both.contains(&third));
    let disabled = elsewhere(&site, "olaf.o", "olaf@example.test");
    let off = site
        .app
        .store
        .write(|conn| accounts::set_active(conn, disabled, false));
    off.unwrap();
    let olaf = account(&site, &realm, User::named("olaf"));
    assert_ne!(olaf, disabled.to_string());
}

#[test]
fn a_disabled_account_is_403() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    let id: AccountId = account_of(&browser, &site).parse().unwrap();
    let set = |active| {
        let store = &site.app.store;
        store
            .write(|conn| accounts::set_active(conn, id, active))
            .unwrap();
    };
    set(false);
    assert_eq!(browser.me(&site).status, 401, "its sessions are over");
    let again = browser.send("GET", &browser.way_back(&site), &JSON);
    assert_problem(&again, 403, "account_disabled");
    let token = realm.access_token(&json!({"sid": "another-device"}));
    let reply = site.me(&token);
    assert_problem(&reply, 403, "account_disabled");
    assert_eq!(reply.header("www-authenticate"), "");
    set(true);
    browser.sign_in(&site);
    assert_eq!(account_of(&browser, &site), id.to_string());
}

#[test]
fn two_first_sign_ins_make_one_account() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browsers: Vec<Browser> = (0..4).map(|_| Browser::new()).collect();
    let gate = realm.gate(Endpoint::UserInfo);
    thread::scope(|scope| {
        let trips: Vec<_> = browsers
            .iter()
            .map(|browser| scope.spawn(|| browser.get(&browser.way_back(&site)).status))
            .collect();
        gate.holds(4);
        gate.open();
        for trip in trips {
            assert_eq!(trip.join().unwrap(), 303);
        }
    });
    let accounts = site.accounts();
    assert_eq!(accounts.len(), 1, "{accounts:?}");
    for browser in &browsers {
        assert_eq!(account_of(browser, &site), accounts[0].id.to_string());
    }
    // By token as well.
    realm.user(User::named("olaf"));
    thread::scope(|scope| {
        for number in 0..8 {
            let (site, realm) = (&site, &realm);
            scope.spawn(move || {
                let token = realm.access_token(&json!({"sid": format!("s{number}")}));
                assert_eq!(site.me(&token).status, 200);
            });
        }
    });
    assert_eq!(site.accounts().len(), 2);
}

#[test]
fn allowed_emails_need_a_verified_one() {
    for setting in [
        ("auth.allowed_emails", "Mia@example.test, x@y.test"),
        ("auth.allowed_domains", "example.test"),
    ] {
        let (_provider, realm) = Provider::with_realm();
        let site = Site::with(&realm, &[setting]);
        account(&site, &realm, User::named("mia"));
        let capital = User::named("mia").with(&json!({"email": "MIA@example.test"}));
        account(&site, &realm, capital);
        for wrong in [
            json!({"email_verified": false}),
            json!({"email_verified": null}),
            json!({"email": null}),
            json!({"email": "mia@example.test.evil.test"}),
            json!({"email": "mia@sub.example.test"}),
            json!({"email": "example.test"}),
        ] {
            realm.user(User::named("mia").with(&wrong));
            let browser = Browser::new();
            let reply = browser.send("GET", &browser.way_back(&site), &JSON);
            assert_problem(&reply, 403, "not_allowed");
            assert_eq!(browser.me(&site).status, 401);
            let reply = site.me(&realm.access_token(&json!({})));
            assert_problem(&reply, 403, "not_allowed");
        }
    }
}

#[test]
fn disconnecting_the_last_identity_is_409() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    let mine = account_of(&browser, &site);
    let csrf = browser.csrf(&site);
    let post = |path: &str| {
        let headers = [
            ("Accept", "application/json"),
            ("X-CSRF-Token", csrf.as_str()),
        ];
        browser.post(&site.url(path), &headers, &[])
    };
    for path in [
        "/accounts/disconnect/keycloak/",
        "/accounts/disconnect/keycloak",
    ] {
        assert_problem(&post(path), 409, "last_identity");
        let without = browser.post(&site.url(path), &JSON, &[]);
        assert_problem(&without, 403, "csrf");
    }
    // Another one is added, by whoever is signed in.
    realm.user(User::named("olaf"));
    let login = site.url("/accounts/login/keycloak");
    let sent = browser.post(&login, &[], &[("csrf", &csrf)]);
    assert_eq!(sent.status, 302, "{}", sent.text());
    assert_eq!(browser.go_on(&login, sent).reply.status, 200);
    assert_eq!(account_of(&browser, &site), mine);
    let olaf = Browser::new();
    olaf.sign_in(&site);
    assert_eq!(account_of(&olaf, &site), mine);
    assert_eq!(site.accounts().len(), 1);

    let store = &site.app.store;
    let id: AccountId = mine.parse().unwrap();
    let identities = store
        .read(|conn| accounts::identities_of(conn, id))
        .unwrap();
    assert_eq!(identities.len(), 2);
    let second = format!("/accounts/disconnect/keycloak/{}", identities[1].id);
    // Nobody else can do that.
    realm.user(User::named("eve"));
    let eve = Browser::new();
    eve.sign_in(&site);
    let eves = eve.csrf(&site);
    let headers = [
        ("Accept", "application/json"),
        ("X-CSRF-Token", eves.as_str()),
    ];
    let reply = eve.post(&site.url(&second), &headers, &[]);
    assert_problem(&reply, 404, "not_found");
    assert_problem(&post("/accounts/disconnect/keycloak/x"), 404, "not_found");

    assert_eq!(post(&second).status, 303);
    assert_eq!(olaf.me(&site).status, 401, "its sessions are over");
    assert_eq!(
        realm.hits(Endpoint::Revoke),
        1,
        "its refresh token is given back"
    );
    assert_eq!(browser.me(&site).status, 200);
    assert_problem(&post(&second), 404, "not_found");
    assert_problem(
        &post("/accounts/disconnect/keycloak/"),
        409,
        "last_identity",
    );
}

#[test]
fn an_identity_is_added_for_whoever_is_still_signed_in() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let browser = Browser::new();
    browser.sign_in(&site);
    let mine = account_of(&browser, &site);
    let login = site.url("/accounts/login/keycloak");
    let begun = || {
        let csrf = browser.csrf(&site);
        realm.user(User::named("olaf"));
        let sent = browser.post(&login, &[], &[("csrf", &csrf)]);
        browser.until(sent.header("location"), "/accounts/complete/")
    };
    // Signed out meanwhile, and then somebody else is signed in.
    let (first, second) = (begun(), begun());
    let csrf = browser.csrf(&site);
    browser.post(&site.url("/logout"), &[], &[("csrf", &csrf)]);
    assert_problem(&browser.send("GET", &first, &JSON), 400, "state_mismatch");
    realm.user(User::named("eve"));
    browser.sign_in(&site);
    assert_ne!(account_of(&browser, &site), mine);
    assert_problem(&browser.send("GET", &second, &JSON), 400, "state_mismatch");
    assert_eq!(site.count("identities"), 2);
}

#[test]
fn an_identity_of_another_account_is_409() {
    let (_provider, realm) = Provider::with_realm();
    let site = Site::start(&realm);
    let olaf = account(&site, &realm, User::named("olaf"));
    realm.user(User::named("mia"));
    let browser = Browser::new();
    browser.sign_in(&site);
    let csrf = browser.csrf(&site);
    realm.user(User::named("olaf"));
    let login = site.url("/accounts/login/keycloak");
    let sent = browser.post(&login, &[], &[("csrf", &csrf)]);
    let back = browser.until(sent.header("location"), "/accounts/complete/");
    assert_problem(&browser.send("GET", &back, &JSON), 409, "identity_in_use");
    assert_ne!(account_of(&browser, &site), olaf);
}
