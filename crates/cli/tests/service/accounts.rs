//! `aimapper users` and `aimapper auth`, over a database that people were in.

use std::path::Path;
use std::process::Command;

use aimapper_core::config::Config;
use aimapper_core::store::accounts::{self, Account, Sight};
use aimapper_core::store::{Settings, Store};

use crate::served::{aimapper, folder};

const ISSUER: &str = "https://sso.example.org/realms/a";

fn store(data: &Path) -> Store {
    let dir = data.display().to_string();
    let config = Config::from_parts(None, [("AIMAPPER__DATA__DIR".to_owned(), dir)]).unwrap();
    Store::migrate(&config.database).unwrap();
    Store::open(&config.database, &Settings::default()).unwrap()
}

fn seen(store: &Store, id_key: &str, subject: &str, sub: &str) -> Account {
    let sight = Sight {
        issuer: ISSUER,
        subject,
        id_key,
        sub,
        kind: "person",
        username: Some(subject),
        display_name: None,
        email: None,
        links_by_email: false,
    };
    store.write(|conn| accounts::seen(conn, &sight)).unwrap()
}

/// Exit code, standard output, standard error.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let done = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (done.status.code(), text(done.stdout), text(done.stderr))
}

#[test]
fn accounts_are_listed_and_disabled() {
    let data = folder();
    let store = store(data.path());
    let mia = seen(&store, "sub", "7", "7");
    let users = |args: &[&str]| run(aimapper(data.path()).arg("users").args(args));
    let (code, said, _) = users(&["list"]);
    assert_eq!(code, Some(0));
    assert_eq!(
        said,
        format!("{}  active    person   7\n    sub 7 of {ISSUER}\n", mia.id)
    );
    let (code, said, _) = users(&["disable", &mia.id.to_string()]);
    assert_eq!(code, Some(0));
    assert!(said.starts_with("7 is disabled"), "{said}");
    assert!(!seen(&store, "sub", "7", "7").active);
    let (code, ..) = users(&["enable", "7"]);
    assert_eq!(code, Some(0));
    assert!(seen(&store, "sub", "7", "7").active);
    let (code, _, said) = users(&["disable", "nobody"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("hint: `aimapper users list`"), "{said}");
}

#[test]
fn names_are_moved_to_subjects_after_a_dry_run() {
    let data = folder();
    let store = store(data.path());
    let mia = seen(&store, "username", "mia", "7");
    seen(&store, "username", "one", "8");
    seen(&store, "username", "two", "8");
    let relink = |more: &[&str]| {
        let args = ["users", "relink", "--from", "username"];
        run(aimapper(data.path()).args(args).args(more)).1
    };
    let told = relink(&[]);
    assert!(told.contains("mia -> 7\n"), "{told}");
    assert!(told.contains("one: left, another name"), "{told}");
    assert!(
        told.ends_with("1 would be moved, 2 left; --apply does it\n"),
        "{told}"
    );
    assert_ne!(seen(&store, "sub", "9", "9").id, mia.id);
    let done = relink(&["--apply"]);
    assert!(
        done.ends_with("1 moved, 2 left; set auth.id_key to sub now\n"),
        "{done}"
    );
    assert_eq!(seen(&store, "sub", "7", "7").id, mia.id);
}

#[test]
fn the_doctor_and_tokens_know_the_mode() {
    let data = folder();
    let (code, _, said) = run(aimapper(data.path()).args(["auth", "doctor"]));
    assert_eq!(code, Some(1));
    assert!(said.contains("hint: set auth.client_id"), "{said}");
    let mut token = aimapper(data.path());
    let (code, _, said) = run(token
        .arg("token")
        .env("AIMAPPER__AUTH__CLIENT_ID", "aimapper")
        .env("AIMAPPER__AUTH__ISSUER", ISSUER));
    assert_eq!(code, Some(1));
    assert!(said.contains(ISSUER), "{said}");
    let mut doctor = aimapper(data.path());
    let (code, said, _) = run(doctor
        .args(["auth", "doctor"])
        .env("SOCIAL_AUTH_KEYCLOAK_KEY", "aimapper")
        .env("AIMAPPER__AUTH__ISSUER", "http://127.0.0.1:1/realms/a"));
    assert_eq!(code, Some(1));
    assert!(said.contains("WRONG     provider"), "{said}");
    assert!(said.contains("fix: "), "{said}");
}
