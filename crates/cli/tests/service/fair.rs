//! One job of somebody beside a thousand of somebody else, as both send them.

use std::time::{SystemTime, UNIX_EPOCH};

use aimapper_core::store::{Settings, Store};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

use crate::databases::lines;
use crate::kill::{SCHEMA, rows};
use crate::served::{Served, folder, signal};
use crate::shared::Shared;

const MANY: usize = 1_000;

/// Jobs that run at once.
const SLOTS: usize = 2;

/// Connections that the many are sent by.
const SENDERS: usize = 4;

/// So many of the many have run when the one comes.
const BEFORE: usize = 5;

const ISSUER: &str = "https://sso.example.org/realms/rows";

/// Who issues tokens: a provider whose key is set, so nobody asks it anything.
struct Issuer {
    key: EncodingKey,
    public: String,
}

impl Issuer {
    fn new() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key());
        Self {
            key: EncodingKey::from_ed_der(der.as_ref()),
            public: json!({"kty": "OKP", "crv": "Ed25519", "x": x}).to_string(),
        }
    }

    fn settings(&self) -> [(&str, &str); 4] {
        [
            ("AIMAPPER__AUTH__CLIENT_ID", "aimapper"),
            ("AIMAPPER__AUTH__ISSUER", ISSUER),
            ("AIMAPPER__AUTH__PUBLIC_KEY", &self.public),
            ("AIMAPPER__AUTH__ALGORITHMS", "EdDSA"),
        ]
    }

    /// A token of a person, who is a tenant of their own.
    fn token(&self, who: &str) -> String {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since.unwrap().as_secs();
        let claims = json!({
            "iss": ISSUER, "aud": "aimapper", "azp": "aimapper", "typ": "Bearer", "sub": who,
            "iat": now, "exp": now + 600, "realm_access": {"roles": ["mapper"]},
        });
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("any".to_owned());
        jsonwebtoken::encode(&header, &claims, &self.key).unwrap()
    }
}

/// Sends many runs, over some connections; gives their jobs.
fn send_many(served: &Served, mapping: &str, source: &str) -> Vec<String> {
    let send = || -> Vec<String> {
        let count = 0..MANY / SENDERS;
        count.map(|_| served.start_run(mapping, source).1).collect()
    };
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(send)).collect();
        senders
            .into_iter()
            .flat_map(|sender| sender.join().unwrap())
            .collect()
    })
}

/// How many jobs began after the one was accepted and before it began itself.
fn ahead_of(store: &Store, job: &str) -> usize {
    number(
        store,
        &format!(
            "SELECT CAST(count(*) AS text) AS line FROM jobs AS one, jobs AS other
             WHERE one.id = '{job}' AND other.id <> one.id
             AND other.started_at >= one.created_at AND other.started_at <= one.started_at"
        ),
    )
}

fn number(store: &Store, sql: &str) -> usize {
    lines(store, sql)[0].parse().unwrap()
}

#[test]
fn one_job_starts_beside_a_thousand_of_another_tenant() {
    let (data, issuer) = (folder(), Issuer::new());
    let slots = SLOTS.to_string();
    let shared = Shared::new()
        .with(&issuer.settings())
        .with(&[("AIMAPPER__WORKER__SLOTS__BATCH", &slots)]);
    let (one, many) = (issuer.token("one"), issuer.token("many"));
    let mut served = Served::with_token(data.path(), &shared, &one);
    let (mut worker, out) = shared.worker(data.path());
    let few = rows(10);
    let of_one = served.mapped("rows.csv", few.as_bytes(), SCHEMA);
    served.asks(&many);
    let of_many = served.mapped("rows.csv", few.as_bytes(), SCHEMA);
    // It signs off, so that its slots do not count any more.
    signal(&worker, "TERM");
    assert!(worker.wait().unwrap().success());
    drop(out);

    // Nothing runs while they are sent, so that all of them are there when the one comes.
    let sent = send_many(&served, &of_many.0, &of_many.1);
    assert_eq!(sent.len(), MANY);
    let (mut worker, _out) = shared.worker(data.path());
    let mut in_order = sent;
    // Ids ascend, and within a tenant the oldest goes first.
    in_order.sort();
    served.ended(&in_order[BEFORE]);
    served.asks(&one);
    let (_, job) = served.start_run(&of_one.0, &of_one.1);
    let ended = served.ended(&job);
    worker.kill().unwrap();
    worker.wait().unwrap();

    assert_eq!(ended["state"], "succeeded", "{ended}");
    let store = Store::open(&shared.database_url(), &Settings::default()).unwrap();
    let waiting = number(&store, "SELECT CAST(count(*) AS text) AS line FROM outbox");
    assert!(waiting > MANY / 2, "only {waiting} are left to wait behind");
    let ahead = ahead_of(&store, &job);
    // No slot has begun two others meanwhile, so it waited for no longer than one of them takes.
    assert!(ahead <= SLOTS, "{ahead} jobs of the other go first");
}
