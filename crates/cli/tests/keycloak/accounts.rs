//! Whose account it is when names change hands.

use serde_json::json;

use crate::realm::Realm;
use crate::service::Service;

#[test]
fn who_is_renamed_keeps_the_account_and_the_next_holder_of_the_name_gets_another() {
    let Some(realm) = Realm::new("a renamed user") else {
        return;
    };
    let service = Service::of(&realm);
    let first = service.me(&realm.access_of("mia"));
    realm.change_user(&realm.user("mia"), &json!({"username": "mia2"}));
    let renamed = service.me(&realm.access_of("mia2"));
    assert_eq!(renamed["username"], "mia2");
    for what in ["account", "user", "tenant", "subject"] {
        assert_eq!(renamed[what], first[what], "{what}");
    }
    realm.add_user("mia");
    let next = service.me(&realm.access_of("mia"));
    assert_eq!(next["username"], "mia");
    for what in ["account", "user", "tenant", "subject"] {
        assert_ne!(next[what], first[what], "{what}");
    }
    // Nothing has changed for the first one.
    let again = service.me(&realm.access_of("mia2"));
    assert_eq!(again["account"], first["account"]);
}
