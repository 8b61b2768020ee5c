//! Two realms whose tokens are taken, and a realm that is asked whether its tokens still count.

use serde_json::json;

use crate::realm::Realm;
use crate::service::Service;

#[test]
fn tokens_of_two_realms_are_of_two_people() {
    let Some(realm) = Realm::new("the first of two realms") else {
        return;
    };
    let second = Realm::new("the second of two realms").unwrap();
    let mut settings = realm.settings();
    settings.extend([
        ("AIMAPPER__AUTH__ISSUERS__0__ISSUER", second.issuer()),
        (
            "AIMAPPER__AUTH__ISSUERS__0__ROLE_MAPPINGS",
            "group:/data-team=operator".to_owned(),
        ),
    ]);
    let service = Service::with(&realm, &settings);
    let here = service.me(&realm.access_of("mia"));
    let there = service.me(&second.access_of("mia"));
    assert_eq!(here["username"], there["username"]);
    assert_ne!(here["account"], there["account"]);
    assert_ne!(here["tenant"], there["tenant"]);
    assert_eq!(there["issuer"], second.issuer());
    assert_eq!(
        (&here["roles"], &there["roles"]),
        (&json!(["mapper"]), &json!(["operator"]))
    );
    // A third one is nobody.
    let third = Realm::new("a realm that is not in the list").unwrap();
    service.refuses("a realm that is not in the list", &third.access_of("mia"));
}

#[test]
fn a_realm_that_is_asked_says_when_a_token_counts_no_more() {
    let Some(realm) = Realm::new("a realm that is asked") else {
        return;
    };
    let mut settings = realm.settings();
    settings.extend([
        ("AIMAPPER__AUTH__INTROSPECTION", "all".to_owned()),
        ("AIMAPPER__AUTH__INTROSPECTION_SECONDS", "0".to_owned()),
    ]);
    let service = Service::with(&realm, &settings);
    let (mia, olaf) = (realm.access_of("mia"), realm.access_of("olaf"));
    service.me(&mia);
    service.me(&olaf);
    service.me(&realm.program_token());
    // Nobody is told about this one, and no session is ended.
    realm.change_user(&realm.user("mia"), &json!({"enabled": false}));
    service.refuses("of somebody who was disabled", &mia);
    assert!(service.log().contains("refusal=\"inactive\""));
    service.me(&olaf);
}
