//! A realm that is set up by hand, in the order of `docs/keycloak.md`, and what `aimapper auth doctor` says
//! on the way.

use serde_json::json;

use crate::browser::{Browser, Scripts};
use crate::person::sign_in;
use crate::realm::Realm;
use crate::service::Service;

/// Steps 1, 2, 4 and 9: client, client authentication, secret, roles; and somebody who has one.
fn begin(realm: &Realm) {
    let client = json!({
        "clientId": "aimapper", "protocol": "openid-connect", "publicClient": false,
        "standardFlowEnabled": true, "directAccessGrantsEnabled": true,
        "secret": realm.client_secret.as_str(),
    });
    realm.told("POST", "/clients", &client);
    realm.told("POST", "/roles", &json!({"name": "mapper"}));
    realm.add_user("mia");
    let path = format!("/users/{}/role-mappings/realm", realm.user("mia"));
    realm.told("POST", &path, &json!([realm.asked("/roles/mapper")]));
}

/// Step 6.
fn add_audience(realm: &Realm) {
    let mapper = json!({
        "name": "audience", "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {"included.client.audience": "aimapper", "access.token.claim": "true"},
    });
    let client = realm.asked("/clients?clientId=aimapper");
    let client = client[0]["id"].as_str().unwrap();
    let path = format!("/clients/{client}/protocol-mappers/models");
    realm.told("POST", &path, &mapper);
}

/// Steps 5, 8 and 10, as far as the service's address does not say them.
fn finish(realm: &Realm) {
    realm.change_client("aimapper", |client| {
        client["frontchannelLogout"] = json!(false);
        let attributes = &mut client["attributes"];
        attributes["pkce.code.challenge.method"] = json!("S256");
        attributes["user.info.response.signature.alg"] = json!("RS256");
        attributes["request.object.signature.alg"] = json!("RS256");
        attributes["backchannel.logout.session.required"] = json!("true");
    });
}

#[tokio::test]
async fn a_realm_that_is_set_up_by_the_page_lets_people_in() {
    let Some(realm) = Realm::bare("a realm by hand") else {
        return;
    };
    begin(&realm);
    let settings = realm.settings();
    // Registers steps 3 and 10.
    let service = Service::of(&realm);
    let without = realm.access_of("mia");
    service.refuses("without the audience mapper", &without);
    let (is_content, said) = service.doctor(&settings, &without);
    assert!(!is_content && said.contains("Audience"), "{said}");
    add_audience(&realm);
    finish(&realm);
    let token = realm.access_of("mia");
    let me = service.me(&token);
    assert_eq!(me["roles"], json!(["mapper"]));
    let (is_content, said) = service.doctor(&settings, &token);
    assert!(is_content, "{said}");
    assert!(
        !said.contains("WRONG") && !said.contains("doubtful"),
        "{said}"
    );
    Browser::with(Scripts::On, async |browser| {
        sign_in(browser, (&realm, &service), "mia").await;
        realm.sign_out(&realm.user("mia"));
        browser.goto(&service.at("/jobs")).await;
        browser.wait_for("#username").await;
    })
    .await;
}

#[test]
fn the_doctor_finds_what_is_wrong_at_keycloak() {
    let Some(realm) = Realm::new("the doctor") else {
        return;
    };
    let service = Service::of(&realm);
    let token = realm.access_of("mia");
    let (is_content, said) = service.doctor(&realm.settings(), &token);
    assert!(is_content, "{said}");
    assert!(said.contains("roles: mapper"), "{said}");

    let wrong = |name: &'static str, value: String| {
        let mut settings = realm.settings();
        settings.retain(|(known, _)| *known != name);
        settings.push((name, value));
        service.doctor(&settings, &token)
    };
    let (is_content, said) = wrong("AIMAPPER__AUTH__CLIENT_SECRET", realm.secrets.make());
    assert!(
        !is_content && said.contains("is not let in with its secret"),
        "{said}"
    );
    let (is_content, said) = wrong("AIMAPPER__AUTH__ISSUER", format!("{}-none", realm.issuer()));
    assert!(!is_content && said.contains("status 404"), "{said}");
    realm.change_client("aimapper", |client| client["redirectUris"] = json!([]));
    let (is_content, said) = service.doctor(&realm.settings(), &token);
    assert!(
        !is_content && said.contains("valid redirect URIs"),
        "{said}"
    );
}
