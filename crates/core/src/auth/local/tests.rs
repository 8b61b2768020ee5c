//! Tests of the local issuer.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

const NOW: i64 = 1_790_000_000;
const LIMITS: SessionLimits = SessionLimits {
    idle_seconds: 600,
    absolute_seconds: 1_000,
};

fn issuer() -> (TempDir, LocalIssuer) {
    let folder = tempfile::tempdir().unwrap();
    let issuer = LocalIssuer::open(&folder.path().join("auth")).unwrap();
    (folder, issuer)
}

fn grant(role: Role) -> Grant<'static> {
    Grant {
        subject: "local",
        role,
        ttl_seconds: 3_600,
    }
}

#[test]
fn the_key_is_made_once_and_for_its_owner_alone() {
    let (folder, first) = issuer();
    let auth = folder.path().join("auth");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&auth), 0o700);
    assert_eq!(mode(&auth.join(key_file::FILE)), 0o600);
    assert_eq!(fs::read_dir(&auth).unwrap().count(), 1);

    let token = first.issue(grant(Role::Operator), NOW).unwrap();
    let again = LocalIssuer::open(&auth).unwrap();
    assert_eq!(again.csrf_key(), first.csrf_key());
    let verified = again.verify_access(&token, NOW).unwrap();
    assert_eq!(verified.principal.issuer, first.name());
    assert!(first.name().starts_with("urn:aimapper:local:"));
    assert_eq!(verified.principal.subject, "local");
    assert_eq!(verified.principal.tenant.as_deref(), Some(TENANT));
    assert!(verified.principal.may(Role::Mapper) && verified.principal.may(Role::Operator));
    assert!(!verified.principal.may(Role::Admin));
}

#[test]
fn a_key_that_others_can_get_at_is_refused() {
    let (folder, _) = issuer();
    let auth = folder.path().join("auth");
    let file = auth.join(key_file::FILE);
    for (path, wrong, right) in [
        (&file, 0o644, 0o600),
        (&file, 0o620, 0o600),
        (&auth, 0o755, 0o700),
    ] {
        fs::set_permissions(path, Permissions::from_mode(wrong)).unwrap();
        let error = LocalIssuer::open(&auth).unwrap_err();
        assert!(
            matches!(&error, LocalError::OpenToOthers { path: named, mode } if named == path && *mode == wrong),
            "{error:?}"
        );
        fs::set_permissions(path, Permissions::from_mode(right)).unwrap();
    }
    assert!(LocalIssuer::open(&auth).is_ok());
}

#[test]
fn a_broken_key_file_is_refused_and_stays() {
    let (folder, _) = issuer();
    let auth = folder.path().join("auth");
    let file = auth.join(key_file::FILE);
    let whole = fs::read_to_string(&file).unwrap();
    for text in [
        String::new(),
        "{}".to_owned(),
        whole.replace("ed25519_pkcs8\": \"MC4CAQ", "ed25519_pkcs8\": \"AAAAAA"),
        whole.replace('{', "{\"more\": 1,"),
    ] {
        assert_ne!(text, whole);
        fs::write(&file, &text).unwrap();
        let error = LocalIssuer::open(&auth).unwrap_err();
        assert!(matches!(error, LocalError::NotAKey(_)), "{error:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[test]
fn many_starts_at_once_make_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let auth = folder.path().join("auth");
    let names: Vec<String> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| LocalIssuer::open(&auth).unwrap().name().to_owned()))
            .collect();
        starts.into_iter().map(|s| s.join().unwrap()).collect()
    });
    assert!(names.iter().all(|name| *name == names[0]));
}

#[test]
fn another_installation_is_another_issuer() {
    let (_one, first) = issuer();
    let (_two, second) = issuer();
    let token = first.issue(grant(Role::Admin), NOW).unwrap();
    assert_eq!(second.verify_access(&token, NOW), Err(Refusal::KeyUnknown));
    assert_ne!(first.csrf_key(), second.csrf_key());
}

#[test]
fn tokens_have_an_end() {
    let (_folder, issuer) = issuer();
    for ttl_seconds in [-1, 0, MAX_TTL_SECONDS + 1, i64::MAX] {
        let grant = Grant {
            ttl_seconds,
            ..grant(Role::Mapper)
        };
        assert!(matches!(issuer.issue(grant, NOW), Err(LocalError::Ttl(t)) if t == ttl_seconds));
    }
    let token = issuer.issue(grant(Role::Mapper), NOW).unwrap();
    assert!(issuer.verify_access(&token, NOW + 3_600).is_ok());
    let late = issuer.verify_access(&token, NOW + 3_600 + LEEWAY_SECONDS);
    assert_eq!(late, Err(Refusal::Expired));
}

#[test]
fn a_session_is_no_access_token_and_the_reverse() {
    let (_folder, issuer) = issuer();
    let access = issuer.issue(grant(Role::Admin), NOW).unwrap();
    let session = issuer
        .begin_session("local", Role::Admin, LIMITS, NOW)
        .unwrap();
    assert!(issuer.verify_access(&access, NOW).is_ok());
    assert!(issuer.verify_session(&session, LIMITS, NOW).is_ok());
    assert_eq!(
        issuer.verify_access(&session, NOW),
        Err(Refusal::HeaderType)
    );
    assert_eq!(
        issuer.verify_session(&access, LIMITS, NOW),
        Err(Refusal::HeaderType)
    );
}

#[test]
fn a_session_ends_when_idle_and_at_its_absolute_end() {
    let (_folder, issuer) = issuer();
    let token = issuer
        .begin_session("local", Role::Admin, LIMITS, NOW)
        .unwrap();
    let session = issuer.verify_session(&token, LIMITS, NOW + 599).unwrap();
    assert_eq!(
        issuer.verify_session(&token, LIMITS, NOW + 600),
        Err(Refusal::Expired)
    );
    let renewed = issuer.renew_session(&session, LIMITS, NOW + 599).unwrap();
    let later = issuer.verify_session(&renewed, LIMITS, NOW + 999).unwrap();
    assert_eq!((&later.id, later.started_at), (&session.id, NOW));
    assert_eq!(later.principal.roles, session.principal.roles);
    assert_eq!(
        issuer.verify_session(&renewed, LIMITS, NOW + 1_000),
        Err(Refusal::Expired)
    );
    let shortened = SessionLimits {
        absolute_seconds: 900,
        ..LIMITS
    };
    assert_eq!(
        issuer.verify_session(&renewed, shortened, NOW + 900),
        Err(Refusal::Expired)
    );
}

#[test]
fn nothing_printed_holds_a_key() {
    let (folder, issuer) = issuer();
    let file = fs::read_to_string(folder.path().join("auth").join(key_file::FILE)).unwrap();
    let secret = file.split('"').find(|part| part.len() > 40).unwrap();
    let shown = format!("{issuer:?}");
    assert!(shown.contains(issuer.name()) && !shown.contains(secret));
}
