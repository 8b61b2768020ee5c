//! What a realm answers at each of its endpoints.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::{Answer, Asked, CLIENT, Document, Endpoint, Grant, Realm, SECRET, changed, now};

const ENDPOINTS: [Endpoint; 8] = [
    Endpoint::Discovery,
    Endpoint::Certs,
    Endpoint::Authorize,
    Endpoint::Token,
    Endpoint::UserInfo,
    Endpoint::EndSession,
    Endpoint::Revoke,
    Endpoint::Introspect,
];

impl Realm {
    pub(super) fn answer(&self, asked: Asked) -> Answer {
        let endpoint = ENDPOINTS
            .into_iter()
            .find(|endpoint| self.url(*endpoint).ends_with(&asked.path))
            .unwrap_or(Endpoint::Other);
        let (gate, fault) = {
            let mut state = self.state();
            state.asked.push((endpoint, asked.clone()));
            let gate = state.gates.get(&endpoint).cloned();
            (gate, state.faults.get(&endpoint).cloned())
        };
        if let Some(gate) = gate {
            gate.pass();
        }
        if let Some(fault) = fault {
            return fault;
        }
        match endpoint {
            Endpoint::Discovery => self.discovery(),
            Endpoint::Certs => self.certs(),
            Endpoint::Authorize => self.authorize(&asked),
            Endpoint::Token => self.token(&asked),
            Endpoint::UserInfo => self.user_info(&asked),
            Endpoint::EndSession => self.signed_out(&asked),
            Endpoint::Revoke => self.revoke(&asked),
            Endpoint::Introspect => self.introspect(&asked),
            Endpoint::Other => Answer::error(404, "not_found"),
        }
    }

    fn changed(&self, what: Document, mut value: Value) -> Value {
        let change = self.state().changes.get(&what).cloned();
        if let Some(change) = change {
            change(&mut value);
        }
        value
    }

    fn discovery(&self) -> Answer {
        let document = json!({
            "issuer": self.issuer,
            "authorization_endpoint": self.url(Endpoint::Authorize),
            "token_endpoint": self.url(Endpoint::Token),
            "jwks_uri": self.url(Endpoint::Certs),
            "userinfo_endpoint": self.url(Endpoint::UserInfo),
            "end_session_endpoint": self.url(Endpoint::EndSession),
            "revocation_endpoint": self.url(Endpoint::Revoke),
            "introspection_endpoint": self.url(Endpoint::Introspect),
        });
        Answer::json(200, &self.changed(Document::Discovery, document))
    }

    fn certs(&self) -> Answer {
        let keys: Vec<Value> = {
            let state = self.state();
            let published = state.keys.iter().filter(|key| key.is_published);
            published.map(|key| key.key.jwk(&key.kid)).collect()
        };
        let mut answer = Answer::json(200, &self.changed(Document::Certs, json!({"keys": keys})));
        answer
            .headers
            .push(("cache-control", "no-cache".to_owned()));
        answer
    }

    /// Signs the user in, and sends the browser back.
    fn authorize(&self, asked: &Asked) -> Answer {
        let value = |name| asked.value(name).unwrap_or_default().to_owned();
        let (redirect_uri, state) = (value("redirect_uri"), value("state"));
        let is_known = self.state().redirect_uris.contains(&redirect_uri);
        if value("client_id") != CLIENT || !is_known {
            return Answer::error(400, "invalid_request");
        }
        let is_whole = value("response_type") == "code"
            && value("scope").split(' ').any(|scope| scope == "openid")
            && value("code_challenge_method") == "S256";
        let denied = self.state().denied.clone();
        let mut back = match (is_whole, denied) {
            (false, _) => json!({
                "error": "invalid_request",
                "error_description": "Missing parameter: code_challenge_method",
            }),
            (true, Some(error)) => json!({
                "error": error,
                "error_description": "<script>canary</script>",
            }),
            (true, None) => {
                let (code, sid) = self.new_code(asked, redirect_uri.clone());
                json!({"code": code, "session_state": sid, "iss": self.issuer})
            }
        };
        back["state"] = json!(state);
        let back = self.changed(Document::WayBack, back);
        let mut url = Url::parse(&redirect_uri).unwrap();
        for (name, value) in back.as_object().unwrap() {
            let mut query = url.query_pairs_mut();
            query.append_pair(name, value.as_str().unwrap());
        }
        Answer::redirect(url.as_str())
    }

    fn new_code(&self, asked: &Asked, redirect_uri: String) -> (String, String) {
        let (code, sid) = (self.fresh("canary-code"), self.fresh("sid"));
        let mut state = self.state();
        let grant = Grant {
            user: state.user.clone().unwrap(),
            sid: sid.clone(),
            nonce: asked.value("nonce").map(str::to_owned),
            redirect_uri,
            challenge: asked.value("code_challenge").unwrap_or_default().to_owned(),
        };
        state.codes.insert(code.clone(), grant);
        (code, sid)
    }

    fn token(&self, asked: &Asked) -> Answer {
        if !is_client(asked) {
            return Answer::error(401, "unauthorized_client");
        }
        let value = |name| asked.value(name).unwrap_or_default();
        match value("grant_type") {
            "authorization_code" => {
                let grant = self.state().codes.remove(value("code"));
                let hash = Sha256::digest(value("code_verifier").as_bytes());
                let grant = grant.filter(|grant| {
                    grant.redirect_uri == value("redirect_uri")
                        && grant.challenge == URL_SAFE_NO_PAD.encode(hash)
                });
                match grant {
                    Some(grant) => self.tokens(grant),
                    None => Answer::error(400, "invalid_grant"),
                }
            }
            "refresh_token" => {
                let mut state = self.state();
                let grant = state.refresh.remove(value("refresh_token"));
                let grant = grant.filter(|grant| !state.ended.contains(&grant.sid));
                // The user as of now; a renewed ID token has no nonce.
                let user = state.user.clone().unwrap();
                let nonce = None;
                drop(state);
                match grant {
                    Some(grant) => self.tokens(Grant {
                        user,
                        nonce,
                        ..grant
                    }),
                    None => Answer::error(400, "invalid_grant"),
                }
            }
            _ => Answer::error(400, "unsupported_grant_type"),
        }
    }

    fn tokens(&self, grant: Grant) -> Answer {
        let seconds = self.state().token_seconds;
        let access = self.access_claims(&grant.user, &grant.sid, seconds);
        let access = self.changed(Document::AccessToken, access);
        let access = self.signed(&json!({}), &access);
        let hash = Sha256::digest(access.as_bytes());
        let id = json!({
            "iss": self.issuer, "aud": CLIENT, "azp": CLIENT, "sub": grant.user.sub, "typ": "ID",
            "iat": now(), "exp": now() + seconds, "sid": grant.sid, "jti": self.fresh("id"),
            "at_hash": URL_SAFE_NO_PAD.encode(&hash[..16]),
        });
        let mut id = changed(id, &grant.user.claims);
        if let Some(nonce) = &grant.nonce {
            id["nonce"] = json!(nonce);
        }
        let id = self.signed(&json!({}), &self.changed(Document::IdToken, id));
        let refresh = self.fresh("canary-refresh");
        self.state().refresh.insert(refresh.clone(), grant);
        let tokens = json!({
            "access_token": access, "id_token": id, "refresh_token": refresh,
            "token_type": "Bearer", "expires_in": seconds, "scope": "openid profile email",
        });
        Answer::json(200, &self.changed(Document::Tokens, tokens))
    }

    fn user_info(&self, asked: &Asked) -> Answer {
        let bearer = asked.header("authorization").strip_prefix("Bearer ");
        let Some(claims) = bearer.and_then(claims_of) else {
            return Answer::error(401, "invalid_token");
        };
        let (user, signs) = {
            let state = self.state();
            (state.user.clone().unwrap(), state.signs_user_info)
        };
        let about = changed(json!({"sub": claims["sub"]}), &user.claims);
        if !signs {
            return Answer::json(200, &self.changed(Document::UserInfo, about));
        }
        let about = changed(about, &json!({"iss": self.issuer, "aud": CLIENT}));
        let about = self.signed(&json!({}), &self.changed(Document::UserInfo, about));
        Answer::new(200, "application/jwt", about)
    }

    fn signed_out(&self, asked: &Asked) -> Answer {
        let hint = asked.value("id_token_hint").and_then(claims_of);
        if let Some(sid) = hint.as_ref().and_then(|claims| claims["sid"].as_str()) {
            self.state().ended.insert(sid.to_owned());
        }
        Answer::redirect(asked.value("post_logout_redirect_uri").unwrap_or("/"))
    }

    fn introspect(&self, asked: &Asked) -> Answer {
        if !is_client(asked) {
            return Answer::error(401, "invalid_request");
        }
        let token = asked.value("token").unwrap_or_default();
        let claims = claims_of(token).filter(|claims| claims["iss"] == self.issuer);
        let is_gone = self.state().taken_back.contains(token);
        let said = match claims {
            Some(claims) if !is_gone => changed(claims, &json!({"active": true})),
            Some(_) | None => json!({"active": false}),
        };
        Answer::json(200, &self.changed(Document::Introspection, said))
    }

    fn revoke(&self, asked: &Asked) -> Answer {
        if !is_client(asked) {
            return Answer::error(401, "unauthorized_client");
        }
        let token = asked.value("token").unwrap_or_default();
        self.state().refresh.remove(token);
        Answer::json(200, &json!({}))
    }
}

/// Name and secret in the form, or as HTTP Basic.
fn is_client(asked: &Asked) -> bool {
    let basic = asked.header("authorization").strip_prefix("Basic ");
    if let Some(basic) = basic {
        let expected = STANDARD.encode(format!("{CLIENT}:{SECRET}"));
        return basic == expected;
    }
    asked.value("client_id") == Some(CLIENT) && asked.value("client_secret") == Some(SECRET)
}

/// The claims of a token, unchecked.
fn claims_of(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}
