//! Browsers that sign in at Keycloak, and how their sessions end.

use serde_json::json;

use crate::browser::{Browser, Scripts};
use crate::person::{fill_in, picture, sign_in, until};
use crate::realm::Realm;
use crate::service::Service;

#[tokio::test]
async fn a_person_signs_in_and_out_here_and_at_keycloak() {
    let Some(realm) = Realm::new("signing in and out") else {
        return;
    };
    let service = Service::of(&realm);
    let mia = realm.user("mia");
    Browser::with(Scripts::On, async |browser| {
        browser.goto(&service.at("/sign-in")).await;
        browser.wait_for("a.button").await;
        picture(browser, "sign-in").await;
        browser.click("a.button").await;
        browser.wait_for("#username").await;
        picture(browser, "form").await;
        fill_in(browser, &realm, "mia").await;
        assert_eq!(browser.text("form.who .soft").await, "Mia Mapper");
        picture(browser, "signed-in").await;
        browser.has_no_complaints().await;
        for cookie in browser.driver.get_all_cookies().await.unwrap() {
            realm.secrets.add(&cookie.value);
        }
        assert_eq!(realm.sessions_of(&mia), 1);

        // Both sessions end, so the next page leads to the form.
        browser.click("form.who button").await;
        browser.wait_for("#username").await;
        assert_eq!(realm.sessions_of(&mia), 0);
        browser.goto(&service.at("/jobs")).await;
        browser.wait_for("#username").await;
    })
    .await;
}

#[tokio::test]
async fn a_session_that_keycloak_ends_has_ended_here() {
    let Some(realm) = Realm::new("back-channel logout") else {
        return;
    };
    let service = Service::of(&realm);
    let mia = realm.user("mia");
    Browser::with(Scripts::On, async |browser| {
        sign_in(browser, (&realm, &service), "mia").await;
        // Of somebody else, whose session goes on.
        let olaf = realm.access_of("olaf");
        service.me(&olaf);
        realm.sign_out(&mia);
        browser.goto(&service.at("/jobs")).await;
        browser.wait_for("#username").await;
        service.me(&olaf);
        fill_in(browser, &realm, "mia").await;
        browser.wait_for("form.who").await;
    })
    .await;
}

#[tokio::test]
async fn a_session_is_renewed_and_loses_what_keycloak_takes_away() {
    // Sessions are renewed ten seconds before their token ends, and ten seconds after they began at the
    // earliest.
    let short = |file: &mut serde_json::Value| file["accessTokenLifespan"] = json!(12);
    let Some(realm) = Realm::with("renewal of sessions", short) else {
        return;
    };
    let service = Service::of(&realm);
    let mia = realm.user("mia");
    Browser::with(Scripts::On, async |browser| {
        sign_in(browser, (&realm, &service), "mia").await;
        realm.take_from_groups(&mia);
        until(browser, &service.at("/jobs"), "body:not(:has(form.who))").await;
        assert!(
            !browser.has("#username").await,
            "the session has ended with the role"
        );
        realm.change_user(&mia, &json!({"enabled": false}));
        until(browser, &service.at("/jobs"), "#username").await;
    })
    .await;
}

#[tokio::test]
async fn a_link_in_a_page_whose_session_has_ended_leads_to_the_form_and_back() {
    let Some(realm) = Realm::new("a link after the end of a session") else {
        return;
    };
    let service = Service::of(&realm);
    Browser::with(Scripts::On, async |browser| {
        sign_in(browser, (&realm, &service), "mia").await;
        realm.sign_out(&realm.user("mia"));
        // Scripts follow links, and none may follow to another site.
        browser.click("nav a[href='/targets']").await;
        fill_in(browser, &realm, "mia").await;
        browser.wait_for("form.who").await;
        let url = browser.driver.current_url().await.unwrap();
        assert_eq!(url.as_str(), service.at("/targets"));
    })
    .await;
}
