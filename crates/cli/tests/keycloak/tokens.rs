//! Tokens as programs bring them: whose they are, what they allow, and which ones are for others.

use serde_json::{Value, json};

use crate::realm::Realm;
use crate::service::Service;

/// What Keycloak's token says of a person's account at this service.
fn roles(me: &Value) -> Vec<&str> {
    let roles = me["roles"].as_array().unwrap().iter();
    roles.map(|role| role.as_str().unwrap()).collect()
}

#[test]
fn people_and_programs_come_in_with_the_roles_that_keycloak_gives_them() {
    let Some(realm) = Realm::new("tokens of people and programs") else {
        return;
    };
    let service = Service::of(&realm);
    // By the group, by the client's role, by the realm's role.
    for (user, role, may_map, address) in [
        ("mia", "mapper", 200, Some("mia@example.test")),
        ("olaf", "operator", 200, None),
        ("ada", "admin", 200, Some("ada@example.test")),
    ] {
        let token = realm.access_of(user);
        let me = service.me(&token);
        assert_eq!(roles(&me), [role], "{user}");
        assert_eq!(me["kind"], "person");
        assert_eq!(me["issuer"], realm.issuer());
        assert_eq!(me["subject"], realm.user(user));
        assert_eq!(me["username"], user);
        // An address that nobody has verified is none.
        assert_eq!(me["email"].as_str(), address, "{user}");
        assert_eq!(me["client"], "aimapper");
        let answer = service.ask("sources", Some(&token));
        assert_eq!(answer.status, may_map, "{user}: {answer:?}");
    }
    let me = service.me(&realm.program_token());
    assert_eq!(me["kind"], "program");
    assert_eq!(roles(&me), ["operator"]);
    assert_eq!(me["client"], "aimapper-worker");
    // Without a token nothing is said to be wrong with it.
    let answer = service.ask("me", None);
    assert_eq!(answer.status, 401);
    assert_eq!(answer.challenge, "Bearer realm=\"aimapper\"");
}

#[test]
fn tokens_that_are_for_others_are_refused() {
    let changed = |file: &mut Value| {
        let mut clients = file["clients"].as_array().unwrap().clone();
        // One that writes our name into its tokens, one that signs in another way, one that says what its
        // tokens are as RFC 9068 wants it.
        let ours = clients[0].clone();
        for (name, attributes) in [
            ("third-app", json!({})),
            (
                "es256",
                json!({"access.token.signed.response.alg": "ES256"}),
            ),
            (
                "rfc9068",
                json!({"access.token.header.type.rfc9068": "true"}),
            ),
        ] {
            let mut client = ours.clone();
            client["clientId"] = json!(name);
            client["attributes"] = attributes;
            client["authorizationServicesEnabled"] = json!(false);
            clients.push(client);
        }
        file["clients"] = json!(clients);
    };
    let Some(realm) = Realm::with("tokens for others", changed) else {
        return;
    };
    let other = Realm::new("another realm").unwrap();
    let mut settings = realm.settings();
    settings.push((
        "AIMAPPER__AUTH__AUTHORIZED_PARTIES",
        "aimapper es256 rfc9068".to_owned(),
    ));
    let service = Service::with(&realm, &settings);
    let ours = realm.tokens_of("mia");
    service.me(&ours.access);
    let by = |client: &str| realm.tokens(client, "mia").unwrap().access;
    service.me(&by("rfc9068"));
    service.refuses("another audience", &by("other-app"));
    service.refuses("another client", &by("third-app"));
    service.refuses("another algorithm", &by("es256"));
    service.refuses("another realm", &other.access_of("mia"));
    service.refuses("a refresh token", &ours.refresh);
    service.refuses("an ID token", &ours.id);
    let log = service.log();
    for reason in ["audience", "authorized_party", "algorithm", "token_type"] {
        assert!(log.contains(&format!("refusal=\"{reason}\"")), "{reason}");
    }
}

#[test]
fn somebody_who_is_disabled_gets_no_more_tokens_and_the_last_ones_end_with_the_session() {
    let Some(realm) = Realm::new("a disabled user") else {
        return;
    };
    let service = Service::of(&realm);
    let tokens = realm.tokens_of("mia");
    service.me(&tokens.access);
    let mia = realm.user("mia");
    realm.change_user(&mia, &json!({"enabled": false}));
    let refused = realm.tokens("aimapper", "mia").unwrap_err();
    assert!(refused.contains("invalid_grant"), "{refused}");
    let refused = realm.refreshed(&tokens.refresh).unwrap_err();
    assert!(refused.contains("invalid_grant"), "{refused}");
    // Keycloak says nothing about that to anybody, but it does when the session is ended.
    realm.sign_out(&mia);
    service.refuses("of a session that was ended", &tokens.access);
    assert!(service.log().contains("refusal=\"ended\""));
}

#[test]
fn a_role_that_is_taken_away_is_gone_with_the_next_token() {
    let Some(realm) = Realm::new("a role taken away") else {
        return;
    };
    let service = Service::of(&realm);
    let before = service.me(&realm.access_of("mia"));
    assert_eq!(roles(&before), ["mapper"]);
    realm.take_from_groups(&realm.user("mia"));
    let token = realm.access_of("mia");
    let after = service.me(&token);
    assert_eq!(roles(&after), [""; 0]);
    assert_eq!(after["account"], before["account"]);
    let answer = service.ask("sources", Some(&token));
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(
        answer.challenge,
        "Bearer realm=\"aimapper\", error=\"insufficient_scope\", scope=\"mapper\""
    );
    realm.take_role(&realm.user("ada"), "admin");
    assert_eq!(roles(&service.me(&realm.access_of("ada"))), [""; 0]);
}
