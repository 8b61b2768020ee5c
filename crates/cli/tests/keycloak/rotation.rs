//! Keycloak changes its key while requests run.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::door::Door;
use crate::realm::Realm;
use crate::service::Service;

/// Of each of two clients, at most: more than there are while Keycloak makes a key.
const REQUESTS: usize = 100_000;

/// With the new key, of each of them.
const WITH_THE_NEW_KEY: usize = 100;

fn header(token: &str) -> Value {
    let (header, _) = token.split_once('.').unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

/// The same token, said to be of another key.
fn of_key(token: &str, key: &str) -> String {
    let mut named = header(token);
    named["kid"] = json!(key);
    let named = URL_SAFE_NO_PAD.encode(named.to_string());
    let (_, rest) = token.split_once('.').unwrap();
    format!("{named}.{rest}")
}

#[test]
fn a_new_key_is_fetched_once_and_no_good_token_is_refused_meanwhile() {
    let Some(realm) = Realm::new("a rotated key") else {
        return;
    };
    // The door stands where the keys are, so every fetch of them is seen.
    let issuer = realm.issuer();
    let server = issuer.split("/realms/").next().unwrap();
    let door = Door::to(server);
    let keys = realm.endpoint("certs").replace(server, &door.url);
    let mut settings = realm.settings();
    settings.push(("AIMAPPER__AUTH__JWKS_URL", keys));
    let service = Service::with(&realm, &settings);

    let old = realm.access_of("mia");
    service.me(&old);
    let before = door.asked().len();
    assert!(before >= 1, "the keys have come another way");

    let tokens = Mutex::new(vec![old.clone()]);
    let asked = || {
        let mut with_the_new_key = 0;
        for at in 0..REQUESTS {
            let token = {
                let tokens = tokens.lock().unwrap();
                with_the_new_key += usize::from(tokens.len() > 1);
                tokens[at % tokens.len()].clone()
            };
            let answer = service.ask("me", Some(&token));
            assert_eq!(answer.status, 200, "{answer:?}");
            if with_the_new_key == WITH_THE_NEW_KEY {
                return;
            }
        }
        panic!("there was no new key in {REQUESTS} requests");
    };
    thread::scope(|scope| {
        let clients = [scope.spawn(asked), scope.spawn(asked)];
        realm.rotate();
        let new = realm.access_of("olaf");
        assert_ne!(header(&new)["kid"], header(&old)["kid"]);
        tokens.lock().unwrap().push(new);
        for client in clients {
            client.join().unwrap();
        }
    });
    for at in 0..200 {
        service.refuses("an unknown key", &of_key(&old, &format!("made-up-{at}")));
    }
    let asked = door.asked();
    let after: Vec<_> = asked.iter().skip(before).collect();
    assert!(!after.is_empty(), "the new key was not fetched");
    for pair in after.windows(2) {
        let between = *pair[1] - *pair[0];
        assert!(between >= Duration::from_secs(29), "{between:?}");
    }
}
