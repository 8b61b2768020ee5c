//! A realm of a real Keycloak for one test, and what its administrator does in it.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use ureq::Agent;

use crate::secrets::Secrets;

/// What docker-compose imports as well.
const FILE: &str = include_str!("../../../../deploy/keycloak/aimapper-realm.json");

/// A realm, deleted with this value.
#[derive(Debug)]
pub(crate) struct Realm {
    keycloak: String,
    admin: (String, String),
    agent: Agent,
    pub(crate) name: String,
    pub(crate) client_secret: String,
    pub(crate) worker_secret: String,
    /// Of everybody in it.
    pub(crate) password: String,
    pub(crate) secrets: Arc<Secrets>,
}

/// What Keycloak gives to a client.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) id: String,
}

impl Realm {
    /// A new realm, unless there is no Keycloak: then it says that a test is skipped.
    pub(crate) fn new(test: &str) -> Option<Self> {
        Self::with(test, |_| {})
    }

    /// The same, with something changed in the file.
    pub(crate) fn with(test: &str, change: impl FnOnce(&mut Value)) -> Option<Self> {
        let realm = Self::named(test)?;
        realm.import(change);
        Some(realm)
    }

    /// A realm as Keycloak's console makes it: only a name.
    pub(crate) fn bare(test: &str) -> Option<Self> {
        let realm = Self::named(test)?;
        let file = json!({"realm": realm.name.as_str(), "enabled": true});
        let (status, said) = realm.administer("POST", "", Some(&file));
        assert_eq!(status, 201, "{said}");
        Some(realm)
    }

    fn named(test: &str) -> Option<Self> {
        let (Some(url), Some(folder)) = (
            env::var("AIMAPPER_TEST_KEYCLOAK_URL").ok(),
            env::var_os("AIMAPPER_TEST_KEYCLOAK_FOLDER"),
        ) else {
            // Not by the macro, whose words are kept from whoever runs the tests.
            let mut out = std::io::stderr();
            let _closed = writeln!(out, "SKIPPED {test}: AIMAPPER_TEST_KEYCLOAK_URL is not set");
            return None;
        };
        Some(Self::at(&url, Path::new(&folder)))
    }

    fn at(url: &str, folder: &Path) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let count = MADE.fetch_add(1, Ordering::Relaxed);
        let admin = fs::read_to_string(folder.join("admin")).unwrap();
        let (user, password) = admin.trim_end().split_once('\n').unwrap();
        let secrets = Arc::new(Secrets::default());
        // A connection that the other side ends while it is idle would fail the next question.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_idle_connections(0)
            .build();
        Self {
            keycloak: url.to_owned(),
            admin: (user.to_owned(), password.to_owned()),
            agent: config.into(),
            name: format!("test-{}-{count}", std::process::id()),
            client_secret: secrets.make(),
            worker_secret: secrets.make(),
            password: secrets.make(),
            secrets,
        }
    }

    fn import(&self, change: impl FnOnce(&mut Value)) {
        let everybody = format!("default-roles-{}", self.name);
        let text = FILE
            .replace("${KEYCLOAK_CLIENT_SECRET}", &self.client_secret)
            .replace("${KEYCLOAK_WORKER_SECRET}", &self.worker_secret)
            .replace("${KEYCLOAK_USERS_PASSWORD}", &self.password)
            .replace("default-roles-aimapper", &everybody);
        assert!(!text.contains("${"), "the file names another variable");
        let mut file: Value = serde_json::from_str(&text).unwrap();
        file["realm"] = json!(self.name);
        // A busy machine may take its time, unless a test is about time.
        file["accessTokenLifespan"] = json!(600);
        change(&mut file);
        let (status, said) = self.administer("POST", "", Some(&file));
        assert_eq!(status, 201, "{said}");
    }

    /// As its tokens name it.
    pub(crate) fn issuer(&self) -> String {
        format!("{}/realms/{}", self.keycloak, self.name)
    }

    /// An address of the protocol in it.
    pub(crate) fn endpoint(&self, end: &str) -> String {
        format!("{}/protocol/openid-connect/{end}", self.issuer())
    }

    /// What a service has to be told about it.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AIMAPPER__AUTH__ISSUER", self.issuer()),
            ("AIMAPPER__AUTH__CLIENT_ID", "aimapper".to_owned()),
            (
                "AIMAPPER__AUTH__CLIENT_SECRET",
                self.client_secret.to_owned(),
            ),
            (
                "AIMAPPER__AUTH__SERVICE_CLIENTS",
                "aimapper-worker".to_owned(),
            ),
        ]
    }

    /// What a service of this address needs to be registered.
    pub(crate) fn register(&self, base: &str) {
        self.change_client("aimapper", |client| {
            client["redirectUris"] = json!([format!("{base}/accounts/complete/keycloak/")]);
            client["webOrigins"] = json!([base]);
            client["attributes"]["post.logout.redirect.uris"] = json!(format!("{base}/"));
            client["attributes"]["backchannel.logout.url"] =
                json!(format!("{base}/accounts/logout/keycloak/backchannel/"));
        });
    }

    /// The tokens of somebody who is in the realm, by the client `aimapper`.
    pub(crate) fn tokens_of(&self, user: &str) -> Tokens {
        let tokens = self.tokens("aimapper", user);
        tokens.unwrap_or_else(|error| panic!("{user}: {error}"))
    }

    pub(crate) fn access_of(&self, user: &str) -> String {
        self.tokens_of(user).access
    }

    /// Tokens by any client, or Keycloak's word why not.
    pub(crate) fn tokens(&self, client: &str, user: &str) -> Result<Tokens, String> {
        self.granted(&[
            ("grant_type", "password"),
            ("client_id", client),
            ("client_secret", &self.client_secret),
            ("username", user),
            ("password", &self.password),
            ("scope", "openid profile email"),
        ])
    }

    /// The token of a program.
    pub(crate) fn program_token(&self) -> String {
        let tokens = self.granted(&[
            ("grant_type", "client_credentials"),
            ("client_id", "aimapper-worker"),
            ("client_secret", &self.worker_secret),
        ]);
        tokens.unwrap().access
    }

    /// What a refresh token gives.
    pub(crate) fn refreshed(&self, refresh: &str) -> Result<Tokens, String> {
        self.granted(&[
            ("grant_type", "refresh_token"),
            ("client_id", "aimapper"),
            ("client_secret", &self.client_secret),
            ("refresh_token", refresh),
        ])
    }

    fn granted(&self, form: &[(&str, &str)]) -> Result<Tokens, String> {
        let asked = self.agent.post(self.endpoint("token"));
        let mut answer = asked.send_form(form.iter().copied()).unwrap();
        let said = answer.body_mut().read_to_string().unwrap();
        let said: Value = serde_json::from_str(&said).unwrap();
        if answer.status() != 200 {
            return Err(said.to_string());
        }
        let token = |name: &str| {
            let token = said[name].as_str().unwrap_or_default().to_owned();
            if !token.is_empty() {
                self.secrets.add_token(&token);
            }
            token
        };
        Ok(Tokens {
            access: token("access_token"),
            refresh: token("refresh_token"),
            id: token("id_token"),
        })
    }

    /// The realm's key as its page shows it.
    pub(crate) fn public_key(&self) -> String {
        let mut answer = self.agent.get(self.issuer()).call().unwrap();
        let said = answer.body_mut().read_to_string().unwrap();
        let said: Value = serde_json::from_str(&said).unwrap();
        said["public_key"].as_str().unwrap().to_owned()
    }

    // What its administrator does.

    /// Keycloak's id of somebody.
    pub(crate) fn user(&self, name: &str) -> String {
        let found = self.asked(&format!("/users?username={name}&exact=true"));
        found[0]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn add_user(&self, name: &str) {
        let password =
            json!({"type": "password", "value": self.password.as_str(), "temporary": false});
        let user = json!({
            "username": name, "enabled": true, "email": format!("{name}.new@example.test"),
            "emailVerified": true, "firstName": "New", "lastName": "Holder", "requiredActions": [],
            "credentials": [password],
        });
        self.told("POST", "/users", &user);
    }

    pub(crate) fn change_user(&self, id: &str, change: &Value) {
        let mut user = self.asked(&format!("/users/{id}"));
        for (name, value) in change.as_object().unwrap() {
            user[name] = value.clone();
        }
        self.told("PUT", &format!("/users/{id}"), &user);
    }

    /// Takes somebody out of all groups.
    pub(crate) fn take_from_groups(&self, id: &str) {
        let groups = self.asked(&format!("/users/{id}/groups"));
        for group in groups.as_array().unwrap() {
            let group = group["id"].as_str().unwrap();
            self.told("DELETE", &format!("/users/{id}/groups/{group}"), &json!({}));
        }
    }

    /// Takes a role of the realm from somebody.
    pub(crate) fn take_role(&self, id: &str, role: &str) {
        let role = self.asked(&format!("/roles/{role}"));
        let path = format!("/users/{id}/role-mappings/realm");
        self.told("DELETE", &path, &json!([role]));
    }

    /// How many sessions somebody has at Keycloak.
    pub(crate) fn sessions_of(&self, id: &str) -> usize {
        let sessions = self.asked(&format!("/users/{id}/sessions"));
        sessions.as_array().unwrap().len()
    }

    /// Ends all of somebody's sessions.
    pub(crate) fn sign_out(&self, id: &str) {
        self.told("POST", &format!("/users/{id}/logout"), &json!({}));
    }

    /// Adds a key that signs from now on.
    pub(crate) fn rotate(&self) {
        let realm = self.asked("");
        let key = json!({
            "name": "rotated", "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider", "parentId": realm["id"],
            "config": {"priority": ["200"], "algorithm": ["RS256"]},
        });
        self.told("POST", "/components", &key);
    }

    pub(crate) fn change_client(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let found = self.asked(&format!("/clients?clientId={name}"));
        let mut client = found[0].clone();
        change(&mut client);
        let id = client["id"].as_str().unwrap().to_owned();
        self.told("PUT", &format!("/clients/{id}"), &client);
    }

    pub(crate) fn asked(&self, path: &str) -> Value {
        let path = format!("/{}{path}", self.name);
        let (status, said) = self.administer("GET", &path, None);
        assert_eq!(status, 200, "{path}: {said}");
        serde_json::from_str(&said).unwrap()
    }

    pub(crate) fn told(&self, method: &str, path: &str, body: &Value) {
        let path = format!("/{}{path}", self.name);
        let (status, said) = self.administer(method, &path, Some(body));
        assert!((200..300).contains(&status), "{path}: {status} {said}");
    }

    /// A new token each time: it knows only the realms that there were when it was made.
    fn administer(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
        let (user, password) = (self.admin.0.as_str(), self.admin.1.as_str());
        let form = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", user),
            ("password", password),
        ];
        let url = format!(
            "{}/realms/master/protocol/openid-connect/token",
            self.keycloak
        );
        let mut answer = self.agent.post(url).send_form(form).unwrap();
        let said = answer.body_mut().read_to_string().unwrap();
        let said: Value = serde_json::from_str(&said).unwrap();
        let token = said["access_token"].as_str().unwrap();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}/admin/realms{path}", self.keycloak))
            .header("Authorization", format!("Bearer {token}"))
            .header("Content-Type", "application/json")
            .body(body.map(Value::to_string).unwrap_or_default())
            .unwrap();
        let config = self.agent.configure_request(request);
        let request = config.allow_non_standard_methods(true).build();
        let mut answer = self.agent.run(request).unwrap();
        let said = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), said)
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.administer("DELETE", &format!("/{}", self.name), None);
        }
    }
}
