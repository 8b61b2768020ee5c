//! The predecessor's settings, and nothing else.

use crate::browser::{Browser, Scripts};
use crate::person::sign_in;
use crate::realm::Realm;
use crate::service::Service;

#[tokio::test]
async fn the_settings_of_the_predecessor_alone_sign_a_browser_in() {
    let Some(realm) = Realm::new("settings of the predecessor") else {
        return;
    };
    let settings = [
        ("SOCIAL_AUTH_KEYCLOAK_KEY", "aimapper".to_owned()),
        ("SOCIAL_AUTH_KEYCLOAK_SECRET", realm.client_secret.clone()),
        ("SOCIAL_AUTH_KEYCLOAK_PUBLIC_KEY", realm.public_key()),
        (
            "SOCIAL_AUTH_KEYCLOAK_AUTHORIZATION_URL",
            realm.endpoint("auth"),
        ),
        (
            "SOCIAL_AUTH_KEYCLOAK_ACCESS_TOKEN_URL",
            realm.endpoint("token"),
        ),
    ];
    let service = Service::with(&realm, &settings);
    assert!(service.log().contains("auth.public_key"), "no warning");
    let me = service.me(&realm.access_of("mia"));
    assert_eq!(me["issuer"], realm.issuer());
    let mia = realm.user("mia");
    Browser::with(Scripts::On, async |browser| {
        sign_in(browser, (&realm, &service), "mia").await;
        browser.click("form.who button").await;
        browser.wait_for("#username").await;
        // Another one is that of the token above.
        assert_eq!(realm.sessions_of(&mia), 1);
    })
    .await;
}
