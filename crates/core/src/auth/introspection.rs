//! Asking an issuer whether one of its tokens still counts (RFC 7662). A token that the check here finds good
//! may have been taken back since it was issued; only its issuer knows.

use serde_json::Value;
use ureq::http::{Request, StatusCode};
use url::form_urlencoded::Serializer;

use super::object::object;
use super::provider::{Provider, ProviderError, has_tls_or_is_here, shortened};
use super::web::WebError;

impl Provider {
    /// Whether the issuer says that an access token counts, which was found good and is about this subject.
    /// An answer about another subject or issuer is none about this token. Blocks.
    ///
    /// # Errors
    /// [`ProviderError`] for everything but a plain yes or no: then nobody knows.
    pub fn is_active(&self, token: &str, sub: &str) -> Result<bool, ProviderError> {
        let endpoints = self.endpoints()?;
        let url = endpoints
            .introspection
            .as_deref()
            .ok_or(ProviderError::Missing(
                "place to ask about tokens (introspection_endpoint)",
            ))?;
        // A token and the client's secret go there.
        if !has_tls_or_is_here(url) {
            return Err(ProviderError::Address(shortened(url)));
        }
        let mut form = Serializer::new(String::new());
        form.append_pair("token", token)
            .append_pair("token_type_hint", "access_token");
        let shown = self.settings().show_client(&mut form);
        let mut request = Request::post(url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json");
        if let Some(shown) = shown {
            request = request.header("Authorization", shown);
        }
        let request = request
            .body(form.finish().into_bytes())
            .map_err(|_| ProviderError::Address(shortened(url)))?;
        let answer = self.web().send(request).map_err(ProviderError::Web)?;
        if answer.status() != StatusCode::OK {
            return Err(ProviderError::Web(WebError::Status {
                address: url.to_owned(),
                status: answer.status().as_u16(),
            }));
        }
        says_active(answer.body(), (&self.settings().policy.issuer, sub)).ok_or_else(|| {
            ProviderError::Web(WebError::NotJson {
                address: url.to_owned(),
            })
        })
    }
}

/// What an answer says about a token of an issuer and a subject; nothing if it says neither yes nor no.
fn says_active(answer: &[u8], (issuer, sub): (&str, &str)) -> Option<bool> {
    let answer = object(answer).ok()?;
    let is_active = answer.get("active")?.as_bool()?;
    // Both are optional (RFC 7662, 2.2).
    let is_of = |name, expected: &str| match answer.get(name) {
        None | Some(Value::Null) => true,
        Some(said) => said.as_str() == Some(expected),
    };
    Some(is_active && is_of("iss", issuer) && is_of("sub", sub))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_about_this_token_is_one() {
        let says = |text: &str| says_active(text.as_bytes(), ("https://sso", "7"));
        for (text, expected) in [
            (r#"{"active": true}"#, Some(true)),
            (
                r#"{"active": true, "iss": "https://sso", "sub": "7"}"#,
                Some(true),
            ),
            (r#"{"active": true, "sub": null}"#, Some(true)),
            (r#"{"active": false}"#, Some(false)),
            (r#"{"active": true, "sub": "8"}"#, Some(false)),
            (r#"{"active": true, "sub": ["7"]}"#, Some(false)),
            (r#"{"active": true, "iss": "https://other"}"#, Some(false)),
            (r#"{"active": "true"}"#, None),
            (r#"{"active": 1}"#, None),
            (r#"{"active": false, "active": true}"#, None),
            ("{}", None),
            ("[true]", None),
            ("true", None),
            ("", None),
            ("<p>Please sign in", None),
        ] {
            assert_eq!(says(text), expected, "{text}");
        }
    }
}
