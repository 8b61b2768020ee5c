//! An identity provider for tests, with realms at Keycloak's addresses. It signs in whomever the test says,
//! without a page, and is as wrong, slow, large or dead as the test wants it.

mod answers;
mod keys;

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::{Value, json};
use url::form_urlencoded;

pub(crate) use keys::{Key, attacker, key};

use crate::http::{self, Reply};

pub(crate) const CLIENT: &str = "aimapper";
pub(crate) const SECRET: &str = "canary-client-secret-5f2c";

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Endpoint {
    Discovery,
    Certs,
    Authorize,
    Token,
    UserInfo,
    EndSession,
    Revoke,
    Introspect,
    /// Nothing of the realm.
    Other,
}

/// What can be changed before it is sent or signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Document {
    Discovery,
    Certs,
    AccessToken,
    IdToken,
    UserInfo,
    /// The answer of the token endpoint.
    Tokens,
    /// What is said about a token.
    Introspection,
    /// What a browser brings back, as an object.
    WayBack,
}

/// One request, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) form: Vec<(String, String)>,
}

impl Asked {
    /// A value of the query or of the form.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.iter().chain(&self.form);
        let found = pairs.find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type", kind.to_owned())],
            body: body.into(),
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub(crate) fn error(status: u16, word: &str) -> Self {
        let said = "<script>canary</script>";
        Self::json(status, &json!({"error": word, "error_description": said}))
    }

    pub(crate) fn html() -> Self {
        Self::new(200, "text/html", "<!doctype html><p>Please sign in")
    }

    pub(crate) fn redirect(to: &str) -> Self {
        let mut answer = Self::new(302, "text/plain", "");
        answer.headers.push(("location", to.to_owned()));
        answer
    }

    pub(crate) fn oversized(bytes: usize) -> Self {
        Self::new(200, "application/json", vec![b' '; bytes])
    }
}

/// Holds requests until the test opens it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<(usize, bool)>, Condvar)>);

impl Gate {
    pub(crate) fn open(&self) {
        let (state, changed) = &*self.0;
        lock(state).1 = true;
        changed.notify_all();
    }

    /// Waits until so many requests are held.
    pub(crate) fn holds(&self, number: usize) {
        self.wait(|(held, _)| *held >= number);
    }

    fn pass(&self) {
        let (state, changed) = &*self.0;
        lock(state).0 += 1;
        changed.notify_all();
        self.wait(|(_, is_open)| *is_open);
    }

    fn wait(&self, enough: impl Fn(&(usize, bool)) -> bool) {
        let (state, changed) = &*self.0;
        let wait =
            changed.wait_timeout_while(lock(state), Duration::from_secs(60), |now| !enough(now));
        let (_held, timeout) = wait.unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "the gate was waited for in vain");
    }
}

/// Whom the realm signs in.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) sub: String,
    pub(crate) claims: Value,
}

impl User {
    /// Somebody with the role `mapper` and a verified address.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            sub: format!("sub-of-{name}"),
            claims: json!({
                "preferred_username": name, "name": format!("{name} Mapper"),
                "email": format!("{name}@example.test"), "email_verified": true,
                "realm_access": {"roles": ["mapper", "default-roles-aimapper"]},
                "groups": ["/data-team"],
            }),
        }
    }

    /// The same with other claims; null takes one away.
    pub(crate) fn with(mut self, changes: &Value) -> Self {
        self.claims = changed(self.claims, changes);
        self
    }
}

/// An object with some of its names changed; null takes a name away.
pub(crate) fn changed(mut object: Value, changes: &Value) -> Value {
    let map = object.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            map.remove(name);
        } else {
            map.insert(name.clone(), value.clone());
        }
    }
    object
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct PublishedKey {
    kid: String,
    key: &'static Key,
    is_published: bool,
}

/// What a code or a refresh token stands for.
#[derive(Debug, Clone)]
struct Grant {
    user: User,
    sid: String,
    nonce: Option<String>,
    redirect_uri: String,
    challenge: String,
}

type Change = Arc<dyn Fn(&mut Value) + Send + Sync>;

#[derive(Default)]
struct State {
    keys: Vec<PublishedKey>,
    /// The name of the key that signs.
    signing: String,
    user: Option<User>,
    redirect_uris: Vec<String>,
    /// What a browser is sent back with, instead of a code.
    denied: Option<String>,
    signs_user_info: bool,
    token_seconds: i64,
    codes: BTreeMap<String, Grant>,
    refresh: BTreeMap<String, Grant>,
    ended: BTreeSet<String>,
    /// Access tokens that were taken back.
    taken_back: BTreeSet<String>,
    faults: BTreeMap<Endpoint, Answer>,
    gates: BTreeMap<Endpoint, Gate>,
    changes: BTreeMap<Document, Change>,
    asked: Vec<(Endpoint, Asked)>,
    made: usize,
}

/// One realm of a provider.
#[derive(Clone)]
pub(crate) struct Realm {
    issuer: String,
    state: Arc<Mutex<State>>,
}

impl Realm {
    fn new(base: &str, name: &str) -> Self {
        let realm = Self {
            issuer: format!("{base}/realms/{name}"),
            state: Arc::default(),
        };
        {
            let mut state = lock(&realm.state);
            state.token_seconds = 300;
            state.user = Some(User::named("mia"));
        }
        realm.rotate();
        realm
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The address of an endpoint.
    pub(crate) fn url(&self, endpoint: Endpoint) -> String {
        let path = match endpoint {
            Endpoint::Discovery => "/.well-known/openid-configuration",
            Endpoint::Certs => "/protocol/openid-connect/certs",
            Endpoint::Authorize => "/protocol/openid-connect/auth",
            Endpoint::Token => "/protocol/openid-connect/token",
            Endpoint::UserInfo => "/protocol/openid-connect/userinfo",
            Endpoint::EndSession => "/protocol/openid-connect/logout",
            Endpoint::Revoke => "/protocol/openid-connect/revoke",
            Endpoint::Introspect => "/protocol/openid-connect/token/introspect",
            Endpoint::Other => "/other",
        };
        format!("{}{path}", self.issuer)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Signs with a new key from now on; the old ones stay published. Gives its name.
    pub(crate) fn rotate(&self) -> String {
        let kid = self.publish();
        self.state().signing.clone_from(&kid);
        kid
    }

    /// Publishes a key that signs nothing yet. Gives its name.
    pub(crate) fn publish(&self) -> String {
        let mut state = self.state();
        let number = state.keys.len();
        let kid = format!("k{}", number + 1);
        state.keys.push(PublishedKey {
            kid: kid.clone(),
            key: key(number),
            is_published: true,
        });
        kid
    }

    /// Publishes a key no more.
    pub(crate) fn remove(&self, kid: &str) {
        for key in self.state().keys.iter_mut().filter(|key| key.kid == kid) {
            key.is_published = false;
        }
    }

    pub(crate) fn signing(&self) -> String {
        self.state().signing.clone()
    }

    /// Who is signed in from now on.
    pub(crate) fn user(&self, user: User) {
        self.state().user = Some(user);
    }

    /// An address that browsers may be sent back to.
    pub(crate) fn register(&self, redirect_uri: &str) {
        self.state().redirect_uris.push(redirect_uri.to_owned());
    }

    /// Sends browsers back with an error.
    pub(crate) fn deny(&self, error: Option<&str>) {
        self.state().denied = error.map(str::to_owned);
    }

    pub(crate) fn sign_user_info(&self) {
        self.state().signs_user_info = true;
    }

    pub(crate) fn change(
        &self,
        what: Document,
        change: impl Fn(&mut Value) + Send + Sync + 'static,
    ) {
        self.state().changes.insert(what, Arc::new(change));
    }

    pub(crate) fn unchanged(&self, what: Document) {
        self.state().changes.remove(&what);
    }

    pub(crate) fn fail(&self, endpoint: Endpoint, answer: Answer) {
        self.state().faults.insert(endpoint, answer);
    }

    pub(crate) fn mend(&self, endpoint: Endpoint) {
        self.state().faults.remove(&endpoint);
    }

    /// Holds the requests to an endpoint until the gate is opened.
    pub(crate) fn gate(&self, endpoint: Endpoint) -> Gate {
        let gate = Gate::default();
        self.state().gates.insert(endpoint, gate.clone());
        gate
    }

    pub(crate) fn hits(&self, endpoint: Endpoint) -> usize {
        self.asked(endpoint).len()
    }

    /// All that was asked of an endpoint.
    pub(crate) fn asked(&self, endpoint: Endpoint) -> Vec<Asked> {
        let state = self.state();
        let asked = state.asked.iter().filter(|(of, _)| *of == endpoint);
        asked.map(|(_, asked)| asked.clone()).collect()
    }

    /// How much was asked of all endpoints.
    pub(crate) fn all_hits(&self) -> usize {
        self.state().asked.len()
    }

    /// A token signed by the key that signs now.
    pub(crate) fn signed(&self, header: &Value, claims: &Value) -> String {
        let state = self.state();
        let key = state.keys.iter().find(|key| key.kid == state.signing);
        let base = json!({"alg": "RS256", "typ": "JWT", "kid": state.signing});
        key.unwrap().key.sign(&changed(base, header), claims)
    }

    /// An access token of the user, with changes.
    pub(crate) fn access_token(&self, changes: &Value) -> String {
        let (user, seconds) = {
            let state = self.state();
            (state.user.clone().unwrap(), state.token_seconds)
        };
        let claims = self.access_claims(&user, "a-session-of-nobody", seconds);
        self.signed(&json!({}), &changed(claims, changes))
    }

    /// Claims as Keycloak writes them.
    fn access_claims(&self, user: &User, sid: &str, seconds: i64) -> Value {
        let claims = json!({
            "exp": now() + seconds, "iat": now(), "auth_time": now(), "jti": self.fresh("jti"),
            "iss": self.issuer, "aud": [CLIENT, "account"], "sub": user.sub, "typ": "Bearer",
            "azp": CLIENT, "sid": sid, "scope": "openid profile email",
        });
        changed(claims, &user.claims)
    }

    /// A logout token for the session of this name, with changes.
    pub(crate) fn logout_token(&self, sid: &str, changes: &Value) -> String {
        let claims = json!({
            "iss": self.issuer, "aud": CLIENT, "iat": now(), "exp": now() + 120, "sid": sid,
            "jti": self.fresh("logout"), "typ": "Logout",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        });
        let header = json!({"typ": "logout+jwt"});
        self.signed(&header, &changed(claims, changes))
    }

    /// Takes an access token back; nobody but the realm knows.
    pub(crate) fn take_back(&self, token: &str) {
        self.state().taken_back.insert(token.to_owned());
    }

    /// Ends the session at the provider, so that it is not renewed any more.
    pub(crate) fn end_session(&self, sid: &str) {
        self.state().ended.insert(sid.to_owned());
    }

    pub(crate) fn has_ended(&self, sid: &str) -> bool {
        self.state().ended.contains(sid)
    }

    /// The session that was begun last, as the realm calls it.
    pub(crate) fn last_sid(&self) -> String {
        let asked = self.state();
        let last = asked
            .refresh
            .values()
            .map(|grant| &grant.sid)
            .max_by_key(|sid| sid.rsplit('-').next().unwrap().parse::<usize>().unwrap());
        last.unwrap().clone()
    }

    /// A name that was not there before.
    fn fresh(&self, what: &str) -> String {
        let mut state = self.state();
        state.made += 1;
        format!("{what}-{}", state.made)
    }
}

/// Sends a logout token as a provider does.
pub(crate) fn send_logout(site: &str, token: &str) -> Reply {
    let url = format!("{site}/accounts/logout/keycloak/backchannel/");
    http::post(&url, &[], &[("logout_token", token)])
}

/// A provider on a port of its own.
pub(crate) struct Provider {
    port: u16,
    realms: Arc<Mutex<BTreeMap<String, Realm>>>,
    running: Mutex<Option<(ServerHandle, JoinHandle<()>)>>,
}

impl Provider {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let provider = Self {
            port: listener.local_addr().unwrap().port(),
            realms: Arc::default(),
            running: Mutex::default(),
        };
        provider.serve(listener);
        provider
    }

    /// A provider with one realm.
    pub(crate) fn with_realm() -> (Self, Realm) {
        let provider = Self::start();
        let realm = provider.add_realm("aimapper");
        (provider, realm)
    }

    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn add_realm(&self, name: &str) -> Realm {
        let realm = Realm::new(&self.base(), name);
        lock(&self.realms).insert(name.to_owned(), realm.clone());
        realm
    }

    /// Nobody listens any more.
    pub(crate) fn down(&self) {
        let running = lock(&self.running).take();
        if let Some((handle, thread)) = running {
            // The order is given at once; the thread ends when it was followed.
            drop(handle.stop(false));
            thread.join().unwrap();
        }
    }

    /// Listens at the same address again.
    pub(crate) fn up(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match TcpListener::bind(("127.0.0.1", self.port)) {
                Ok(listener) => return self.serve(listener),
                Err(error) => assert!(Instant::now() < deadline, "{}: {error}", self.port),
            }
        }
    }

    fn serve(&self, listener: TcpListener) {
        let realms = Data::from(Arc::clone(&self.realms));
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    App::new()
                        .app_data(realms.clone())
                        .default_service(web::to(answer))
                });
                let server = server.workers(1).disable_signals();
                let server = server.listen(listener).unwrap().run();
                send.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        let handle = receive.recv().unwrap();
        *lock(&self.running) = Some((handle, thread));
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.down();
    }
}

async fn answer(
    realms: Data<Mutex<BTreeMap<String, Realm>>>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let pairs = |text: &[u8]| form_urlencoded::parse(text).into_owned().collect();
    let asked = Asked {
        path: request.path().to_owned(),
        query: pairs(request.query_string().as_bytes()),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.to_string(), value)
            })
            .collect(),
        form: pairs(&body),
    };
    let realm = asked.path.split('/').nth(2);
    let realm = realm.and_then(|name| lock(&realms).get(name).cloned());
    // Gates block.
    let answered = web::block(move || match realm {
        Some(realm) => realm.answer(asked),
        None => Answer::error(404, "Realm does not exist"),
    });
    let answer = answered.await.unwrap();
    let status = StatusCode::from_u16(answer.status).unwrap();
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers {
        response.append_header((name, value));
    }
    response.body(answer.body)
}
