//! Tests of the settings.

mod provider;

use std::collections::BTreeSet;
use std::fs;

use super::layers::{DEFAULTS, PREFIX, keys, variable};
use super::*;
use crate::auth::{Algorithm, IdKey, Oidc, Role, TenantRule};
use crate::blob::BlobPlace;
use crate::error::Explain;
use crate::job::Rules;
use crate::source;

fn with(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = variables
        .iter()
        .map(|(key, value)| (variable(key), (*value).to_owned()));
    Config::from_parts(None, variables)
}

fn with_file(text: &str) -> (PathBuf, Result<Config, ConfigError>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("aimapper.toml");
    fs::write(&file, text).unwrap();
    let config = Config::from_parts(Some(&file), []);
    (file, config)
}

#[test]
fn the_defaults_are_good_and_are_those_of_the_modules() {
    let config = with(&[]).unwrap();
    assert_eq!(config.server.bind.to_string(), "127.0.0.1:8000");
    assert_eq!(config.limits.source(), source::Limits::default());
    assert_eq!(config.jobs.rules(), Rules::default());
    assert_eq!(
        config.database.to_string(),
        "sqlite://aimapper-data/aimapper.db"
    );
    assert_eq!(config.blobs, BlobPlace::Local("aimapper-data/blobs".into()));
    assert_eq!(config.key_dir(), Path::new("aimapper-data/auth"));
    assert_eq!(config.base_url(config.server.bind), "http://127.0.0.1:8000");
    assert_eq!(config.jobs.give_up().as_secs(), 20);
}

/// A value other than the default for every key, so that none is read and forgotten.
const OTHERS: [(&str, &str); 75] = [
    ("server.bind", "[::1]:9000"),
    ("server.public_url", "http://localhost:9000"),
    ("server.metrics_bind", "127.0.0.1:9001"),
    ("data.dir", "/srv/aimapper"),
    ("database.url", "postgres://aimapper@db/aimapper"),
    ("broker.url", "amqp://aimapper:secret@mq/%2f"),
    // Of no use without an address.
    ("broker.prefix", "aimapper.other"),
    ("blob.url", "file:///srv/blobs"),
    ("worker.bind", "0.0.0.0:9002"),
    ("worker.slots.interactive", "3"),
    ("worker.slots.batch", "0"),
    ("worker.slots.assistant", "7"),
    ("jobs.lease_seconds", "60"),
    ("jobs.heartbeat_seconds", "5"),
    ("jobs.reaper_seconds", "9"),
    ("jobs.max_attempts", "6"),
    ("retention.sources_days", "30"),
    ("retention.results_days", "7"),
    ("retention.sweep_minutes", "5"),
    ("limits.upload_bytes", "1000"),
    ("limits.record_bytes", "2000"),
    ("limits.field_bytes", "1500"),
    ("limits.columns", "50"),
    ("limits.inflated_bytes", "9000"),
    ("limits.child_memory_bytes", "1000000000"),
    ("limits.child_seconds", "60"),
    ("limits.child_file_bytes", "2000000"),
    ("log.format", "json"),
    ("log.level", "warn,aimapper_api=trace"),
    ("auth.session.idle_seconds", "600"),
    ("auth.session.absolute_seconds", "1200"),
    ("auth.mode", "local"),
    ("auth.issuer", "https://sso.example.org/realms/b"),
    ("auth.discovery_url", "https://sso/realms/a"),
    ("auth.client_id", "another"),
    ("auth.client_secret", "hunter2"),
    ("auth.client_secret_file", "Cargo.toml"),
    ("auth.client_auth", "basic"),
    ("auth.public_key", "MIIB"),
    ("auth.public_key_file", "Cargo.toml"),
    ("auth.authorization_url", "https://sso/auth"),
    ("auth.access_token_url", "https://sso/token"),
    ("auth.jwks_url", "https://sso/certs"),
    ("auth.user_info_url", "https://sso/userinfo"),
    ("auth.end_session_url", "https://sso/logout"),
    ("auth.audiences", "one, two"),
    ("auth.authorized_parties", "aimapper portal"),
    ("auth.service_clients", "nightly"),
    ("auth.algorithms", "PS256, ES256"),
    ("auth.leeway_seconds", "5"),
    ("auth.max_token_seconds", "3600"),
    ("auth.id_key", "username"),
    // Of no use beside `sub`.
    ("auth.id_key_i_accept_mutable", "yes"),
    ("auth.scopes", "offline_access"),
    ("auth.authorization_params", "kc_idp_hint=github"),
    ("auth.role_mappings", "group:/data-team=mapper"),
    // Of no use without a rule about groups.
    ("auth.groups_claim", "teams"),
    ("auth.tenant_claim", "group:/tenants/"),
    ("auth.allowed_emails", "Mia@example.org"),
    ("auth.allowed_domains", "example.org"),
    ("auth.link_by_verified_email", "yes"),
    ("auth.redirect_hosts", "portal.example.org"),
    ("auth.redirects.login", "/jobs"),
    ("auth.redirects.logout", "/bye"),
    ("auth.redirects.new_user", "/welcome?from=sign-in"),
    ("auth.redirects.new_identity", "/linked"),
    ("auth.redirects.inactive", "/inactive"),
    ("auth.redirects.error", "/sign-in"),
    ("auth.http_timeout_seconds", "9"),
    ("auth.user_agent", "mapper of Example Ltd"),
    ("auth.introspection", "admin"),
    ("auth.introspection_url", "https://sso/introspect"),
    ("auth.introspection_seconds", "0"),
    ("auth.encryption_key_file", "/run/secrets/key"),
    ("auth.ca_file", "/etc/ca.pem"),
];

/// What has to be set, that a key may count.
fn ground(key: &str) -> Vec<(&'static str, &'static str)> {
    let mut ground = Vec::new();
    if key.starts_with("auth.") {
        ground.push(("auth.client_id", "aimapper"));
        ground.push(("auth.issuer", "https://sso.example.org/realms/a"));
    }
    if key == "auth.id_key" {
        ground.push(("auth.id_key_i_accept_mutable", "yes"));
    }
    if key == "auth.introspection" {
        ground.push(("auth.client_secret", "hunter2"));
    }
    ground.retain(|(name, _)| *name != key);
    ground
}

#[test]
fn every_key_does_something_from_the_environment_and_from_a_file() {
    let named: BTreeSet<&str> = OTHERS.iter().map(|(key, _)| *key).collect();
    assert_eq!(named, keys().collect());
    for (key, value) in OTHERS {
        let mut set = ground(key);
        let before = match key {
            "auth.client_id" => with(&[set.as_slice(), &[(key, "aimapper")]].concat()),
            "auth.issuer" => with(&[set.as_slice(), &[(key, "https://sso.example.org")]].concat()),
            _ => with(&set),
        };
        set.push((key, value));
        let changed = with(&set).unwrap();
        let of_no_use = [
            "auth.id_key_i_accept_mutable",
            "auth.groups_claim",
            "broker.prefix",
        ];
        assert_eq!(
            changed == before.unwrap(),
            of_no_use.contains(&key),
            "{key}"
        );
        let lines: Vec<String> = set
            .iter()
            .map(|(key, value)| match value.parse::<u64>() {
                Ok(_) => format!("{key} = {value}\n"),
                Err(_) => format!("{key} = \"{value}\"\n"),
            })
            .collect();
        let (_, from_file) = with_file(&lines.concat());
        assert_eq!(from_file.unwrap(), changed, "{key}");
    }
}

/// The settings about the provider.
fn oidc(variables: &[(&str, &str)]) -> Oidc {
    let config = with(variables).unwrap();
    let AuthMode::Oidc(oidc) = config.auth.mode else {
        panic!("that is local mode");
    };
    *oidc
}

fn predecessor(more: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let settings = [
        ("SOCIAL_AUTH_KEYCLOAK_KEY", "example"),
        ("SOCIAL_AUTH_KEYCLOAK_SECRET", "1234abcd"),
        ("SOCIAL_AUTH_KEYCLOAK_PUBLIC_KEY", "MIIB"),
        (
            "SOCIAL_AUTH_KEYCLOAK_AUTHORIZATION_URL",
            "https://sso.com/auth/realms/example/protocol/openid-connect/auth",
        ),
        (
            "SOCIAL_AUTH_KEYCLOAK_ACCESS_TOKEN_URL",
            "https://sso.com/auth/realms/example/protocol/openid-connect/token",
        ),
    ];
    let variables = settings
        .iter()
        .chain(more)
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Config::from_parts(None, variables)
}

#[test]
fn the_five_settings_of_the_predecessor_are_enough() {
    let config = predecessor(&[]).unwrap();
    let AuthMode::Oidc(oidc) = config.auth.mode else {
        panic!("that is local mode");
    };
    assert_eq!(oidc.policy.issuer, "https://sso.com/auth/realms/example");
    assert_eq!(oidc.client_id, "example");
    assert_eq!(oidc.client_secret.unwrap().expose(), "1234abcd");
    assert_eq!(oidc.policy.audiences, ["example"]);
    assert_eq!(oidc.policy.authorized_parties, ["example"]);
    assert_eq!(oidc.policy.id_key, IdKey::Sub);
    assert_eq!(oidc.public_key.as_deref(), Some("MIIB"));
    let below = |end: &str| {
        let realm = "https://sso.com/auth/realms/example/protocol/openid-connect/";
        Some(format!("{realm}{end}"))
    };
    assert_eq!(oidc.endpoints.authorization, below("auth"));
    assert_eq!(oidc.endpoints.token, below("token"));
    assert_eq!(oidc.endpoints.jwks, below("certs"));
    assert_eq!(oidc.endpoints.user_info, below("userinfo"));
    assert_eq!(oidc.endpoints.end_session, below("logout"));
    assert_eq!(oidc.endpoints.discovery, None);
}

#[test]
fn settings_of_the_predecessor_mean_what_they_meant() {
    let config = predecessor(&[
        ("SOCIAL_AUTH_KEYCLOAK_ID_KEY", "username"),
        ("SOCIAL_AUTH_KEYCLOAK_ALGORITHM", "RS384"),
        ("SOCIAL_AUTH_KEYCLOAK_JWT_LEEWAY", "7"),
        ("SOCIAL_AUTH_KEYCLOAK_SCOPE", "roles"),
        ("SOCIAL_AUTH_KEYCLOAK_WHITELISTED_DOMAINS", "Example.org"),
        ("LOGIN_REDIRECT_URL", "/start"),
        // Ours goes before it.
        ("SOCIAL_AUTH_KEYCLOAK_GROUPS_KEY", "teams"),
        ("AIMAPPER__AUTH__CLIENT_ID", "ours"),
    ]);
    let AuthMode::Oidc(oidc) = config.unwrap().auth.mode else {
        panic!("that is local mode");
    };
    assert_eq!(oidc.policy.id_key, IdKey::Username);
    assert_eq!(
        oidc.warnings().len(),
        2,
        "about names and keys that are set"
    );
    assert_eq!(oidc.policy.algorithms, [Algorithm::Rs384]);
    assert_eq!(oidc.policy.leeway_seconds, 7);
    assert_eq!(oidc.scopes, ["roles"]);
    assert_eq!(oidc.policy.emails.domains, ["example.org"]);
    assert_eq!(oidc.redirects.login, "/start");
    assert_eq!(oidc.client_id, "ours");
}

#[test]
fn an_issuer_is_needed_and_cannot_be_guessed_from_two_realms() {
    let url = "SOCIAL_AUTH_KEYCLOAK_ACCESS_TOKEN_URL";
    for other in [
        "https://sso.com/auth/realms/other/protocol/openid-connect/token",
        "https://sso.com/oauth/token",
    ] {
        let error = predecessor(&[(url, other)]).unwrap_err();
        assert!(matches!(error, ConfigError::NoIssuer), "{other}");
    }
    let error = with(&[("auth.client_id", "aimapper")]).unwrap_err();
    assert!(matches!(error, ConfigError::NoIssuer));
    let error = with(&[("auth.issuer", "https://sso.example.org")]).unwrap_err();
    assert!(
        matches!(
            &error,
            ConfigError::Value {
                key: "auth.client_id",
                ..
            }
        ),
        "half a provider is not local mode: {error}"
    );
}

#[test]
fn issuers_without_tls_are_on_this_machine() {
    let issuer = |issuer| {
        with(&[("auth.client_id", "a"), ("auth.issuer", issuer)]).map(|config| config.auth.mode)
    };
    for good in [
        "https://sso.example.org/realms/a",
        "http://localhost:8180/realms/a",
        "http://127.0.0.1/realms/a",
        "http://[::1]:8180/realms/a",
    ] {
        assert!(issuer(good).is_ok(), "{good}");
    }
    for bad in [
        "http://sso.example.org/realms/a",
        "http://localhost.example.org/realms/a",
        "http://localhost@example.org/realms/a",
        "http://127.0.0.1.example.org",
    ] {
        let error = issuer(bad).unwrap_err();
        assert!(matches!(error, ConfigError::IssuerWithoutTls), "{bad}");
    }
}

#[test]
fn roles_and_tenants_are_read_from_the_rules() {
    let base = [("auth.client_id", "a"), ("auth.issuer", "https://sso")];
    let set = |more: &[(&'static str, &'static str)]| oidc(&[&base[..], more].concat()).policy;
    let standard = set(&[]);
    assert_eq!(standard.roles.len(), 6, "realm's and client's, three each");
    assert_eq!(standard.tenant, TenantRule::Own);
    let rules = "realm:boss=admin client:b:c:writer=mapper group:/data=operator scope:run=mapper";
    let policy = set(&[
        ("auth.role_mappings", rules),
        ("auth.groups_claim", "teams"),
        ("auth.tenant_claim", "group:/tenants/"),
    ]);
    let paths: Vec<String> = policy
        .roles
        .iter()
        .map(|rule| rule.path.join("/"))
        .collect();
    assert_eq!(
        paths,
        [
            "realm_access/roles",
            "resource_access/b:c/roles",
            "teams",
            "scope"
        ]
    );
    let roles: Vec<Role> = policy.roles.iter().map(|rule| rule.role).collect();
    assert_eq!(
        roles,
        [Role::Admin, Role::Mapper, Role::Operator, Role::Mapper]
    );
    assert_eq!(
        policy.tenant,
        TenantRule::Group {
            claim: "teams".to_owned(),
            prefix: "/tenants/".to_owned()
        }
    );
    let claim = set(&[("auth.tenant_claim", "org")]).tenant;
    assert_eq!(claim, TenantRule::Claim("org".to_owned()));
}

#[test]
fn with_a_provider_the_service_may_be_reached_from_elsewhere() {
    let config = with(&[
        ("auth.client_id", "a"),
        ("auth.issuer", "https://sso"),
        ("server.bind", "0.0.0.0:8000"),
        ("server.public_url", "https://aimapper.example.org"),
    ]);
    let config = config.unwrap();
    let url = config.base_url(config.server.bind);
    assert_eq!(url, "https://aimapper.example.org");
}

#[test]
fn the_names_of_the_queues_can_be_chosen() {
    let set = with(&[("broker.url", "amqp://mq"), ("broker.prefix", "aimapper.b")]);
    let broker = set.unwrap().broker.unwrap();
    assert_eq!(broker.exchange(), "aimapper.b.jobs");
    assert!(with(&[("broker.prefix", "a b")]).is_err());
}

#[test]
fn the_environment_goes_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    fs::write(&file, "[jobs]\nreaper_seconds = 7\nmax_attempts = 9\n").unwrap();
    let variables = [("AIMAPPER__JOBS__REAPER_SECONDS".to_owned(), "11".to_owned())];
    let config = Config::from_parts(Some(&file), variables).unwrap();
    assert_eq!(config.jobs.reap().as_secs(), 11);
    assert_eq!(config.jobs.max_attempts(), 9);
}

#[test]
fn the_example_names_every_key_with_its_default() {
    let example = include_str!("../../../../../.env.example");
    let lines: Vec<(String, String)> = example
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let named: BTreeSet<String> = lines.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(named, keys().map(variable).collect());
    let config = Config::from_parts(None, lines).unwrap();
    assert_eq!(config, with(&[]).unwrap());
}

#[test]
fn every_key_of_the_defaults_has_a_comment() {
    let mut before = "";
    for line in DEFAULTS.lines() {
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(before.starts_with('#'), "{line} is not explained");
        }
        before = line;
    }
}

#[test]
fn unknown_keys_are_refused_with_the_nearest() {
    let error = with(&[("jobs.lease_second", "3")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "AIMAPPER__JOBS__LEASE_SECOND sets “jobs.lease_second”, which is no setting"
    );
    assert!(error.hint().unwrap().contains("jobs.lease_seconds"));

    let (file, error) = with_file("[auth]\nenabled = false\n");
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{} sets “auth.enabled”, which is no setting",
            file.display()
        )
    );
    for text in [
        "server = 5\n",
        "[server.bind]\nhost = \"x\"\n",
        "[srver]\nbind = \"x\"\n",
    ] {
        let (_, error) = with_file(text);
        assert!(matches!(error, Err(ConfigError::Unknown { .. })), "{text}");
    }
}

#[test]
fn wrong_values_name_key_and_origin_and_hide_the_value() {
    for (key, value) in [
        ("server.bind", "hunter2"),
        ("server.bind", "localhost"),
        ("server.public_url", "http://localhost:9000/hunter2"),
        ("server.public_url", "ftp://localhost"),
        ("server.public_url", "http://"),
        ("server.public_url", "http://localhost:0"),
        ("server.public_url", "http://localhost:99999"),
        ("server.public_url", "http://me:hunter2@localhost"),
        ("server.public_url", "https://aimapper.example.org"),
        ("data.dir", ""),
        ("database.url", "mysql://root:hunter2@db/x"),
        ("database.url", "sqlite://:memory:"),
        ("blob.url", "s3://me:hunter2@files"),
        ("worker.slots.batch", "-1"),
        ("jobs.lease_seconds", "hunter2"),
        ("jobs.lease_seconds", "2"),
        ("jobs.lease_seconds", "3.5"),
        ("jobs.heartbeat_seconds", "16"),
        ("jobs.max_attempts", "0"),
        ("limits.upload_bytes", "99999999999999999999"),
        ("log.format", "hunter2"),
        ("log.level", "hunter2=loud"),
        ("auth.mode", "none"),
        ("auth.session.idle_seconds", "0"),
    ] {
        let error = with(&[(key, value)]).unwrap_err();
        let said = format!("{error} {error:?} {:?}", error.hint());
        assert!(
            matches!(&error, ConfigError::Value { key: named, .. } if *named == key),
            "{said}"
        );
        assert!(
            said.contains(&variable(key)) && !said.contains("hunter2"),
            "{said}"
        );
    }
    let (file, error) = with_file("[jobs]\nlease_seconds = \"30\"\n");
    let said = error.unwrap_err().to_string();
    assert!(
        said.starts_with(&format!("{} sets", file.display())),
        "{said}"
    );
}

#[test]
fn wrong_settings_about_the_provider_are_refused() {
    for (key, value) in [
        ("auth.issuer", "sso.example.org"),
        ("auth.discovery_url", "ftp://sso"),
        ("auth.client_id", ""),
        ("auth.client_auth", "hunter2"),
        ("auth.algorithms", "HS256"),
        ("auth.algorithms", "RS256 none"),
        ("auth.algorithms", ""),
        ("auth.leeway_seconds", "301"),
        ("auth.id_key", "username"),
        ("auth.id_key", "email"),
        ("auth.id_key", "hunter2"),
        ("auth.id_key_i_accept_mutable", "perhaps"),
        ("auth.authorization_params", "redirect_uri=https://evil"),
        ("auth.authorization_params", "hunter2"),
        ("auth.role_mappings", "realm:boss=king"),
        ("auth.role_mappings", "realm=admin"),
        ("auth.role_mappings", "user:mia=admin"),
        ("auth.tenant_claim", "group:"),
        ("auth.redirects.login", "//evil"),
        ("auth.redirects.login", "https://evil"),
        ("auth.link_by_verified_email", "1"),
    ] {
        let mut set = ground(key);
        set.retain(|(name, _)| *name != "auth.id_key_i_accept_mutable");
        set.push((key, value));
        let error = with(&set).unwrap_err();
        assert!(
            matches!(&error, ConfigError::Value { key: named, .. } if *named == key),
            "{key}: {error}"
        );
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{key}");
    }
    let secret = [("auth.client_secret", "hunter2"), ("auth.client_id", "a")];
    let config = with(&[&secret[..], &[("auth.issuer", "https://sso")]].concat());
    assert!(!format!("{config:?}").contains("hunter2"));
    let key = "auth.client_secret_file";
    let missing = with(&[ground(key).as_slice(), &[(key, "/no/such")]].concat());
    assert!(matches!(missing, Err(ConfigError::File { .. })));
}

#[test]
fn a_broken_file_is_told_by_its_place() {
    let (file, error) = with_file("[database]\nurl = \"postgres://me:hunter2@db/x\n");
    let error = error.unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(
        said.contains(&file.display().to_string()) && said.contains("line 2"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    let missing = Config::from_parts(Some(Path::new("/no/such/file.toml")), []);
    assert!(matches!(missing, Err(ConfigError::Read { .. })));
}

#[test]
fn passwords_are_not_printed() {
    let config = with(&[("database.url", "postgres://me:hunter2@db/x")]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn files_are_kept_in_a_folder_or_a_bucket() {
    let place = |url| with(&[("blob.url", url)]).unwrap().blobs;
    assert_eq!(
        place("file:///srv/blobs"),
        BlobPlace::Local("/srv/blobs".into())
    );
    let bucket = BlobPlace::S3 {
        bucket: "files".to_owned(),
        prefix: "aimapper".to_owned(),
    };
    assert_eq!(place("s3://files/aimapper"), bucket);
}

#[test]
fn local_mode_stays_on_the_machine() {
    for bind in ["0.0.0.0:8000", "[::]:8000", "192.168.1.5:8000"] {
        let error = with(&[("server.bind", bind)]).unwrap_err();
        assert!(matches!(error, ConfigError::NotLoopback { .. }), "{bind}");
        assert!(error.hint().unwrap().contains("127.0.0.1:8000"));
    }
    for url in [
        "http://localhost",
        "https://LOCALHOST:9000/",
        "http://[::1]:9000",
    ] {
        let config = with(&[("server.public_url", url)]).unwrap();
        assert!(config.server.public_url.unwrap().is_loopback(), "{url}");
    }
}
