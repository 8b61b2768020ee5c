//! Tests of what is set about further issuers, questions to them, and where browsers are sent to.

use super::{oidc, predecessor, with, with_file};
use crate::auth::{Algorithm, ClientAuth, Endpoints, IdKey, Introspection, Redirects};
use crate::config::{AuthMode, Config};

/// Two realms besides the one of `[auth]`, with settings in both places.
const ISSUERS: &str = r#"
[auth]
client_id = "aimapper"
client_secret = "hunter2"
issuer = "https://sso.example.org/realms/a"
public_key = "MIIB"
jwks_url = "https://sso.example.org/keys"
service_clients = "nightly"
algorithms = "PS256"
id_key = "email"
id_key_i_accept_mutable = "yes"
link_by_verified_email = "yes"
leeway_seconds = 7

[[auth.issuers]]
issuer = "https://sso.example.org/realms/b"

[[auth.issuers]]
issuer = "https://elsewhere.example.org"
discovery_url = "https://inner.example.org"
jwks_url = "https://inner.example.org/keys"
public_key = "MIIC"
client_id = "mapper"
client_secret = "hunter3"
client_auth = "basic"
audiences = "mapping"
authorized_parties = "portal"
service_clients = "importer"
algorithms = "ES256"
role_mappings = "realm:boss=admin"
introspection_url = "https://inner.example.org/introspect"
"#;

#[test]
fn further_issuers_have_settings_of_their_own_and_the_rest_in_common() {
    let (_, config) = with_file(ISSUERS);
    let AuthMode::Oidc(first) = config.unwrap().auth.mode else {
        panic!("that is local mode");
    };
    let [plain, own] = first.further.as_slice() else {
        panic!("{} further issuers", first.further.len());
    };
    assert_eq!(plain.policy.issuer, "https://sso.example.org/realms/b");
    assert_eq!(plain.policy.audiences, ["aimapper"]);
    assert_eq!(plain.policy.authorized_parties, ["aimapper", "nightly"]);
    assert_eq!(plain.policy.algorithms, [Algorithm::Ps256]);
    assert_eq!(plain.policy.leeway_seconds, 7);
    assert_eq!(plain.policy.roles, first.policy.roles);
    // What is never taken over.
    assert_eq!(plain.endpoints, Endpoints::default());
    assert_eq!((&plain.public_key, &plain.client_secret), (&None, &None));
    assert_eq!(first.policy.id_key, IdKey::Email);
    assert_eq!(plain.policy.id_key, IdKey::Sub);
    assert!(first.link_by_verified_email && !plain.link_by_verified_email);

    assert_eq!(own.policy.issuer, "https://elsewhere.example.org");
    assert_eq!(own.policy.audiences, ["mapping"]);
    assert_eq!(own.policy.authorized_parties, ["portal", "importer"]);
    assert_eq!(own.policy.programs, ["importer"]);
    assert_eq!(own.policy.algorithms, [Algorithm::Es256]);
    assert_eq!(own.policy.roles.len(), 1);
    assert_eq!(own.client_id, "mapper");
    assert_eq!(own.client_auth, ClientAuth::Basic);
    assert_eq!(own.client_secret.as_ref().unwrap().expose(), "hunter3");
    assert_eq!(own.public_key.as_deref(), Some("MIIC"));
    let of = |end: &str| Some(format!("https://inner.example.org{end}"));
    assert_eq!(own.endpoints.discovery, of(""));
    assert_eq!(own.endpoints.jwks, of("/keys"));
    assert_eq!(own.endpoints.introspection, of("/introspect"));
    assert_eq!(
        first.warnings().len(),
        3,
        "a name that changes hands, and keys that are set"
    );
}

#[test]
fn further_issuers_come_from_the_environment_as_well() {
    let first = oidc(&[
        ("auth.client_id", "a"),
        ("auth.issuer", "https://sso"),
        ("auth.issuers.0.issuer", "https://b"),
        ("auth.issuers.1.issuer", "https://c"),
        ("auth.issuers.1.audiences", "mapping"),
    ]);
    let issuers: Vec<&str> = first
        .further
        .iter()
        .map(|one| one.policy.issuer.as_str())
        .collect();
    assert_eq!(issuers, ["https://b", "https://c"]);
    assert_eq!(first.further[1].policy.audiences, ["mapping"]);
}

#[test]
fn mistakes_about_further_issuers_are_named_with_their_place() {
    let base = "[auth]\nclient_id = \"a\"\nissuer = \"https://sso\"\n";
    for (table, said) in [
        ("audiences = \"a\"", "“auth.issuer”"),
        ("issuer = \"https://sso\"", "number 1, sets “auth.issuer”"),
        ("issuer = \"http://b\"", "no TLS"),
        (
            "issuer = \"https://b\"\nalgorithms = \"HS256\"",
            "number 1, sets “auth.algorithms”",
        ),
        (
            "issuer = \"https://b\"\nscopes = \"a\"",
            "auth.issuers.0.scopes",
        ),
        ("issuer = 5", "number 1, sets “auth.issuer”"),
    ] {
        let (_, read) = with_file(&format!("{base}[[auth.issuers]]\n{table}\n"));
        let error = read.unwrap_err().to_string();
        assert!(error.contains(said), "{table}: {error}");
    }
    let (_, read) = with_file(&format!("{base}[auth.issuers]\nissuer = \"https://b\"\n"));
    assert!(read.is_err(), "one table is no list");
    // Half a provider is not local mode.
    let (_, read) = with_file("[[auth.issuers]]\nissuer = \"https://b\"\n");
    assert!(read.is_err());
    let mut many = base.to_owned();
    for number in 0..16 {
        many.push_str(&format!(
            "[[auth.issuers]]\nissuer = \"https://sso/{number}\"\n"
        ));
    }
    let error = with_file(&many).1.unwrap_err().to_string();
    assert!(error.contains("there are 16"), "{error}");
}

#[test]
fn each_issuer_that_is_asked_about_tokens_needs_a_secret_of_its_own() {
    let base = [
        ("auth.client_id", "a"),
        ("auth.issuer", "https://sso"),
        ("auth.introspection", "all"),
    ];
    let secret = [("auth.client_secret", "hunter2")];
    let further = [("auth.issuers.0.issuer", "https://b")];
    let own = [("auth.issuers.0.client_secret", "hunter3")];
    assert!(with(&base).is_err());
    assert!(with(&[&base[..], &secret].concat()).is_ok());
    assert!(with(&[&base[..], &secret, &further].concat()).is_err());
    let all = oidc(&[&base[..], &secret, &further, &own].concat());
    assert_eq!(all.further[0].introspection, Introspection::All);
}

#[test]
fn redirects_of_the_predecessor_are_taken_the_nearest_name_first() {
    let redirects = |more: &[(&str, &str)]| {
        let AuthMode::Oidc(oidc) = predecessor(more).unwrap().auth.mode else {
            panic!("that is local mode");
        };
        oidc.redirects
    };
    let found = redirects(&[
        ("SOCIAL_AUTH_KEYCLOAK_LOGIN_REDIRECT_URL", "/keycloak"),
        ("SOCIAL_AUTH_LOGIN_REDIRECT_URL", "/social"),
        ("LOGIN_REDIRECT_URL", "/login"),
        ("LOGOUT_REDIRECT_URL", "/bye"),
        ("SOCIAL_AUTH_NEW_USER_REDIRECT_URL", "/welcome"),
        ("NEW_ASSOCIATION_REDIRECT_URL", "/linked"),
        ("SOCIAL_AUTH_INACTIVE_USER_URL", "/inactive"),
        ("SOCIAL_AUTH_LOGIN_ERROR_URL", "/error"),
        ("LOGIN_ERROR_URL", "/other"),
    ]);
    let path = |text: &str| Some(text.to_owned());
    let expected = Redirects {
        login: "/keycloak".to_owned(),
        logout: path("/bye"),
        new_user: path("/welcome"),
        new_identity: path("/linked"),
        inactive: path("/inactive"),
        error: path("/error"),
    };
    assert_eq!(found, expected);
    for key in [
        "login",
        "logout",
        "new_user",
        "new_identity",
        "inactive",
        "error",
    ] {
        let key = format!("auth.redirects.{key}");
        for wrong in [
            "https://evil.test/",
            "//evil.test",
            "/\\evil.test",
            "/\t/evil.test",
            "evil",
        ] {
            let set = [
                ("auth.client_id", "a"),
                ("auth.issuer", "https://sso"),
                (key.as_str(), wrong),
            ];
            assert!(with(&set).is_err(), "{key} = {wrong:?}");
        }
    }
}

#[test]
fn words_of_any_environment_are_no_settings() {
    let words = ["KEY", "SECRET", "PUBLIC_KEY", "SCOPE"];
    let variables = words.map(|word| (word.to_owned(), "a".to_owned()));
    let config = Config::from_parts(None, variables).unwrap();
    assert!(matches!(config.auth.mode, AuthMode::Local));
    let short = predecessor(&[("SOCIAL_AUTH_SCOPE", "groups")]).unwrap();
    let AuthMode::Oidc(oidc) = short.auth.mode else {
        panic!("that is local mode");
    };
    assert!(oidc.scopes.iter().any(|scope| scope == "groups"));
}

#[test]
fn browsers_elsewhere_are_not_led_to_an_address_in_clear_text() {
    let at = |url| {
        let own = ("AIMAPPER__SERVER__PUBLIC_URL", url);
        predecessor(&[own, ("SOCIAL_AUTH_REDIRECT_IS_HTTPS", "true")])
    };
    let error = at("http://aimapper.example.org").unwrap_err();
    assert!(error.to_string().contains("https"), "{error}");
    assert!(at("https://aimapper.example.org").is_ok());
}

#[test]
fn questions_to_the_provider_have_a_time_and_a_name() {
    let config = predecessor(&[
        ("SOCIAL_AUTH_REQUESTS_TIMEOUT", "9"),
        ("SOCIAL_AUTH_USER_AGENT", "mapper"),
    ]);
    let AuthMode::Oidc(oidc) = config.unwrap().auth.mode else {
        panic!("that is local mode");
    };
    assert_eq!(oidc.asking.timeout.as_secs(), 9);
    assert_eq!(oidc.asking.user_agent.as_deref(), Some("mapper"));
    let bare = predecessor(&[
        ("REQUESTS_TIMEOUT", "8"),
        ("USER_AGENT", "all"),
        ("SOCIAL_AUTH_KEYCLOAK_USER_AGENT", "keycloak"),
    ]);
    let AuthMode::Oidc(oidc) = bare.unwrap().auth.mode else {
        panic!("that is local mode");
    };
    assert_eq!(oidc.asking.timeout.as_secs(), 8);
    assert_eq!(oidc.asking.user_agent.as_deref(), Some("keycloak"));
    for (key, wrong) in [
        ("auth.http_timeout_seconds", "0"),
        ("auth.http_timeout_seconds", "31"),
        ("auth.user_agent", "a\r\nX-Header: b"),
    ] {
        let set = [
            ("auth.client_id", "a"),
            ("auth.issuer", "https://sso"),
            (key, wrong),
        ];
        assert!(with(&set).is_err(), "{key} = {wrong:?}");
    }
}
