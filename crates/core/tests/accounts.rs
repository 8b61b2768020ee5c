//! Accounts, sessions, what was revoked and the audit, on both databases: nobody gets what is another's, and
//! what is good once is good once.

#![cfg(test)]
#![cfg(feature = "store")]

mod databases;

use std::sync::Barrier;

use aimapper_core::id::{AccountId, IdentityId};
use aimapper_core::store::accounts::{self, Account, Sight};
use aimapper_core::store::relink::{self, Fate};
use aimapper_core::store::revocations::{self, Bearer};
use aimapper_core::store::sessions::{self, Attempt, Renewal, SessionRow};
use aimapper_core::store::{Store, StoreError, audit, tenants, users};
use databases::{Database, Which};

/// A test on both databases.
macro_rules! on_both {
    ($($rule:ident)+) => {
        mod sqlite {
            $(#[test] fn $rule() { super::on(super::Which::Sqlite, super::$rule); })+
        }
        mod postgresql {
            $(#[test] fn $rule() { super::on(super::Which::Postgres, super::$rule); })+
        }
    };
}

on_both! {
    an_account_is_found_by_issuer_and_subject
    letter_case_tells_subjects_apart
    a_taken_name_gets_digits_and_not_the_account
    a_name_that_looks_like_a_subject_is_none
    two_first_sights_make_one_account
    an_address_links_only_where_asked_and_if_it_is_one_s
    the_last_identity_stays
    an_identity_of_another_is_not_linked
    a_disabled_account_loses_its_sessions
    a_user_from_before_becomes_the_account_s
    names_become_subjects_if_that_is_clear
    an_attempt_is_taken_once
    attempts_of_strangers_are_bounded
    one_renews_a_session
    sessions_end_by_what_the_provider_names
    a_notice_is_taken_once
    tokens_end_with_their_session_or_subject
    what_a_database_cannot_keep_is_refused
}

const ISSUER: &str = "https://sso.example.org/realms/a";

fn on(which: Which, rule: fn(&Store)) {
    let (_database, store) = Database::migrated(which);
    rule(&store);
}

fn sight<'a>(subject: &'a str, username: &'a str) -> Sight<'a> {
    Sight {
        issuer: ISSUER,
        subject,
        id_key: "sub",
        sub: subject,
        kind: "person",
        username: Some(username),
        display_name: Some("Mia Mapper"),
        email: None,
        links_by_email: false,
    }
}

fn by_name<'a>(username: &'a str, sub: &'a str) -> Sight<'a> {
    Sight {
        id_key: "username",
        sub,
        ..sight(username, username)
    }
}

fn see(store: &Store, sight: &Sight<'_>) -> Account {
    store.write(|conn| accounts::seen(conn, sight)).unwrap()
}

fn events(store: &Store, account: AccountId) -> Vec<String> {
    let rows = store.read(|conn| audit::of_account(conn, account)).unwrap();
    rows.into_iter()
        .map(|(event, reason)| match reason {
            Some(reason) => format!("{event} {reason}"),
            None => event,
        })
        .collect()
}

fn session(hash: &str, account: AccountId, sid: Option<&str>) -> SessionRow {
    SessionRow {
        hash: hash.to_owned(),
        account_id: account.to_string(),
        issuer: ISSUER.to_owned(),
        sub: "7".to_owned(),
        sid: sid.map(str::to_owned),
        principal: "{}".to_owned(),
        sealed: "x".to_owned(),
        renew_at: 5,
        renewing_until: 0,
        created_at: 0,
        seen_at: 0,
    }
}

fn begin(store: &Store, session: SessionRow) {
    store
        .write(|conn| sessions::begin(conn, session, 36_000_000))
        .unwrap();
}

fn is_there(store: &Store, hash: &str) -> bool {
    let found = store.read(|conn| sessions::find(conn, hash)).unwrap();
    found.is_some()
}

fn an_account_is_found_by_issuer_and_subject(store: &Store) {
    let mia = see(store, &sight("7", "mia"));
    assert_eq!(mia.username, "mia");
    assert!(mia.active);
    // She is renamed; somebody else gets her name.
    let renamed = see(store, &sight("7", "mia2"));
    assert_eq!(renamed.id, mia.id);
    let eve = see(store, &sight("8", "mia"));
    assert_ne!(eve.id, mia.id);
    let elsewhere = Sight {
        issuer: "https://sso.example.org/realms/b",
        ..sight("7", "mia")
    };
    assert_ne!(see(store, &elsewhere).id, mia.id);
    let changed = Sight {
        display_name: Some("Mia M."),
        email: Some("mia@example.org"),
        ..sight("7", "mia")
    };
    let changed = see(store, &changed);
    assert_eq!(changed.display_name.as_deref(), Some("Mia M."));
    assert_eq!(changed.email.as_deref(), Some("mia@example.org"));
    assert_eq!(events(store, mia.id), ["account_made"]);
    let all = store.read(accounts::all).unwrap();
    assert_eq!(all.len(), 3);
}

fn letter_case_tells_subjects_apart(store: &Store) {
    let upper = see(store, &by_name("Mia", "1"));
    let lower = see(store, &by_name("mia", "2"));
    assert_ne!(upper.id, lower.id);
}

fn a_taken_name_gets_digits_and_not_the_account(store: &Store) {
    let first = see(store, &sight("7", "mia"));
    let second = see(store, &sight("8", "mia"));
    assert_ne!(first.id, second.id);
    let digits = second.username.strip_prefix("mia-").unwrap();
    assert_eq!(digits.len(), 12);
    assert!(digits.bytes().all(|b| b.is_ascii_hexdigit()));
}

fn a_name_that_looks_like_a_subject_is_none(store: &Store) {
    let mia = see(store, &sight("7", "mia"));
    let eve = see(store, &by_name("7", "8"));
    assert_ne!(eve.id, mia.id);
    assert_eq!(see(store, &sight("7", "mia")).id, mia.id);
}

fn two_first_sights_make_one_account(store: &Store) {
    let together = Barrier::new(4);
    let ids: Vec<AccountId> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    together.wait();
                    see(store, &sight("7", "mia")).id
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(store.read(accounts::all).unwrap().len(), 1);
}

fn an_address_links_only_where_asked_and_if_it_is_one_s(store: &Store) {
    let address = Some("mia@example.org");
    let with = |subject, username, links_by_email| Sight {
        email: address,
        links_by_email,
        ..sight(subject, username)
    };
    let mia = see(store, &with("7", "mia", false));
    assert_ne!(see(store, &with("8", "b", false)).id, mia.id);
    // Two accounts have the address now, so it says nothing.
    let third = see(store, &with("9", "c", true));
    assert_ne!(third.id, mia.id);
    store
        .write(|conn| {
            for account in accounts::all(conn)? {
                accounts::set_active(conn, account.id, account.id == mia.id)?;
            }
            Ok(())
        })
        .unwrap();
    let fourth = see(store, &with("10", "d", true));
    assert_eq!(fourth.id, mia.id);
    assert_eq!(
        events(store, mia.id).last().map(String::as_str),
        Some("identity_linked verified_email")
    );
}

fn the_last_identity_stays(store: &Store) {
    let mia = see(store, &sight("7", "mia"));
    let of = |account| {
        store
            .read(|conn| accounts::identities_of(conn, account))
            .unwrap()
    };
    let unlink = |id| store.write(|conn| accounts::unlink(conn, mia.id, id));
    let only = of(mia.id)[0].id;
    assert_eq!(unlink(only).unwrap(), None);
    let linked = store.write(|conn| accounts::link(conn, mia.id, &sight("8", "mia")));
    assert_eq!(linked.unwrap(), Ok(true));
    assert_eq!(of(mia.id).len(), 2);
    begin(store, session("a", mia.id, None));
    let ended = unlink(only).unwrap().unwrap();
    assert_eq!(ended.len(), 1);
    assert!(!is_there(store, "a"), "its sessions are over");
    assert_eq!(of(mia.id).len(), 1);
    let strange = unlink(IdentityId::generate());
    assert!(matches!(strange, Err(StoreError::NotFound { .. })));
    assert_eq!(
        events(store, mia.id),
        [
            "account_made",
            "identity_linked by_owner",
            "identity_unlinked"
        ]
    );
}

fn an_identity_of_another_is_not_linked(store: &Store) {
    let mia = see(store, &sight("7", "mia"));
    let eve = see(store, &sight("8", "eve"));
    let link = |account, subject| {
        store
            .write(|conn| accounts::link(conn, account, &sight(subject, "x")))
            .unwrap()
    };
    assert_eq!(link(eve.id, "7"), Err(mia.id));
    assert_eq!(see(store, &sight("7", "mia")).id, mia.id);
    assert_eq!(link(mia.id, "7"), Ok(false), "hers already");
}

fn a_disabled_account_loses_its_sessions(store: &Store) {
    let mia = see(store, &sight("7", "mia"));
    begin(store, session("a", mia.id, None));
    store
        .write(|conn| accounts::set_active(conn, mia.id, false))
        .unwrap();
    assert!(!is_there(store, "a"));
    assert!(!see(store, &sight("7", "mia")).active);
    store
        .write(|conn| accounts::set_active(conn, mia.id, true))
        .unwrap();
    assert!(see(store, &sight("7", "mia")).active);
    assert_eq!(
        events(store, mia.id),
        ["account_made", "account_disabled", "account_enabled"]
    );
    let strange = store.write(|conn| accounts::set_active(conn, AccountId::generate(), false));
    assert!(matches!(strange, Err(StoreError::NotFound { .. })));
}

fn a_user_from_before_becomes_the_account_s(store: &Store) {
    let mia = see(store, &sight("7", "mia"));
    let eve = see(store, &sight("8", "eve"));
    let (before, after) = store
        .write(|conn| {
            let tenant = tenants::ensure(conn, "one")?.id;
            let before = users::seen(conn, tenant, ISSUER, "7", None)?;
            let after = users::of_account(conn, tenant, &mia, (ISSUER, "7"))?;
            Ok((before, after))
        })
        .unwrap();
    assert_eq!(before.id, after.id);
    assert_eq!(after.account_id, Some(mia.id));
    assert_eq!(after.display_name.as_deref(), Some("Mia Mapper"));
    // Another identity of hers is the same user; another account is none of it.
    store
        .write(|conn| {
            let tenant = tenants::ensure(conn, "one")?.id;
            let by_another = users::of_account(conn, tenant, &mia, (ISSUER, "70"))?;
            assert_eq!(by_another.id, before.id);
            let stolen = users::of_account(conn, tenant, &eve, (ISSUER, "7"));
            assert!(matches!(stolen, Err(StoreError::Exists { .. })));
            Ok(())
        })
        .unwrap();
}

fn names_become_subjects_if_that_is_clear(store: &Store) {
    let mia = see(store, &by_name("mia", "7"));
    let ada = see(store, &by_name("ada", "8"));
    see(store, &sight("8", "ada"));
    see(store, &by_name("one", "9"));
    see(store, &by_name("two", "9"));
    let relink = |apply| {
        store
            .write(|conn| relink::from_claim(conn, "username", apply))
            .unwrap()
            .into_iter()
            .map(|one| (one.identity.subject, one.fate))
            .collect::<Vec<_>>()
    };
    let owner = see(store, &sight("8", "ada")).id;
    assert_ne!(owner, ada.id);
    let told = [
        ("ada".to_owned(), Fate::Taken(owner)),
        ("mia".to_owned(), Fate::Relinked),
        ("one".to_owned(), Fate::Ambiguous),
        ("two".to_owned(), Fate::Ambiguous),
    ];
    assert_eq!(relink(false), told, "a dry run");
    assert_eq!(relink(false), told, "changes nothing");
    assert_eq!(relink(true), told);
    assert_eq!(see(store, &sight("7", "mia2")).id, mia.id);
    // The next holder of the name is somebody else.
    assert_ne!(see(store, &by_name("mia", "70")).id, mia.id);
    assert_eq!(
        events(store, mia.id),
        ["account_made", "identity_relinked from_name"]
    );
    let left = relink(false);
    assert!(left.iter().any(|(subject, _)| subject == "one"));
    assert!(
        left.iter()
            .filter(|(_, fate)| *fate == Fate::Relinked)
            .count()
            == 1,
        "{left:?}"
    );
}

fn an_attempt_is_taken_once(store: &Store) {
    let attempt = Attempt {
        state_hash: "s".to_owned(),
        browser_hash: "b".to_owned(),
        nonce: "n".to_owned(),
        pkce_verifier: "v".to_owned(),
        next: "/".to_owned(),
        account_id: None,
        created_at: 0,
    };
    store
        .write(|conn| sessions::begin_attempt(conn, attempt.clone(), 9))
        .unwrap();
    let take = |state| {
        store
            .write(|conn| sessions::take_attempt(conn, state))
            .unwrap()
    };
    assert!(take("other").is_none());
    let (taken, in_time) = take("s").unwrap();
    assert!(in_time);
    assert_eq!(
        (taken.nonce, taken.pkce_verifier),
        ("n".to_owned(), "v".to_owned())
    );
    assert!(take("s").is_none());
}

fn attempts_of_strangers_are_bounded(store: &Store) {
    let begin = |state: String, browser: &str, most| {
        let attempt = Attempt {
            state_hash: state,
            browser_hash: browser.to_owned(),
            nonce: "n".to_owned(),
            pkce_verifier: "v".to_owned(),
            next: "/".to_owned(),
            account_id: None,
            created_at: 0,
        };
        let begun = store.write(|conn| sessions::begin_attempt(conn, attempt.clone(), most));
        begun.unwrap()
    };
    let take = |state: &str| {
        let taken = store.write(|conn| sessions::take_attempt(conn, state));
        taken.unwrap().is_some()
    };
    // One browser pushes out what is its own.
    assert!(begin("of-mia".to_owned(), "mia", 100));
    for number in 0..40 {
        assert!(begin(format!("tab-{number}"), "eve", 100));
    }
    let open = (0..40).filter(|number| take(&format!("tab-{number}")));
    assert_eq!(open.count(), 16);
    assert!(take("of-mia"));
    // Many pretend to be many; those who were sent away just now stay.
    for number in 0..5 {
        assert!(begin(format!("a{number}"), &format!("browser-{number}"), 5));
    }
    assert!(!begin("late".to_owned(), "late", 5));
    // After a minute the oldest makes room.
    let aged = "UPDATE login_attempts SET created_at = created_at - 60001";
    databases::run(store, aged);
    assert!(begin("late".to_owned(), "late", 5));
    let left = (0..5).filter(|number| take(&format!("a{number}")));
    assert_eq!(left.count(), 4);
    assert!(take("late"));
}

fn one_renews_a_session(store: &Store) {
    let mia = see(store, &sight("7", "mia"));
    begin(store, session("a", mia.id, None));
    let (row, _) = store
        .read(|conn| sessions::find(conn, "a"))
        .unwrap()
        .unwrap();
    let take = || {
        store
            .write(|conn| sessions::take_renewal(conn, &row, 10_000))
            .unwrap()
    };
    assert!(take());
    assert!(!take(), "somebody is at it");
    let renewal = Renewal {
        principal: "{\"a\":1}",
        sealed: "y",
        renew_at: 9,
    };
    store
        .write(|conn| sessions::renewed(conn, "a", &renewal))
        .unwrap();
    assert!(!take(), "what was read is old");
    let (row, now) = store
        .read(|conn| sessions::find(conn, "a"))
        .unwrap()
        .unwrap();
    assert_eq!((row.sealed.as_str(), row.renew_at), ("y", 9));
    assert!(row.created_at > 0 && row.created_at <= now.0);
    let take = |row: &SessionRow| {
        store
            .write(|conn| sessions::take_renewal(conn, row, 10_000))
            .unwrap()
    };
    assert!(take(&row));
    store
        .write(|conn| sessions::put_off_renewal(conn, "a", 60_000))
        .unwrap();
    assert!(!take(&row), "what was read is old");
    let (row, now) = store
        .read(|conn| sessions::find(conn, "a"))
        .unwrap()
        .unwrap();
    assert!(row.renew_at > now.0 + 50_000, "nobody is to ask before");
    assert!(take(&row), "nobody is at it");
}

fn sessions_end_by_what_the_provider_names(store: &Store) {
    let mia = see(store, &sight("7", "mia"));
    for (hash, sid) in [("a", Some("s1")), ("b", Some("s2")), ("c", None)] {
        begin(store, session(hash, mia.id, sid));
    }
    let ended = |result: Result<Vec<AccountId>, StoreError>| result.unwrap().len();
    let by_sid = |issuer, sid| ended(store.write(|conn| sessions::end_by_sid(conn, issuer, sid)));
    let by_sub = |issuer, sub| ended(store.write(|conn| sessions::end_by_sub(conn, issuer, sub)));
    assert_eq!(by_sid("https://other", "s1"), 0);
    assert_eq!(by_sid(ISSUER, "s1"), 1);
    assert!(!is_there(store, "a") && is_there(store, "b"));
    assert_eq!(by_sub("https://other", "7"), 0);
    assert_eq!(by_sub(ISSUER, "7"), 2);
    assert!(!is_there(store, "b") && !is_there(store, "c"));
    begin(store, session("d", mia.id, None));
    let end = || store.write(|conn| sessions::end(conn, "d")).unwrap();
    assert_eq!(end().map(|row| row.sub), Some("7".to_owned()));
    assert_eq!(end(), None);
}

fn far() -> i64 {
    4_000_000_000
}

fn a_notice_is_taken_once(store: &Store) {
    let take = |issuer, id| {
        store
            .write(|conn| revocations::take_notice(conn, issuer, id, far()))
            .unwrap()
    };
    assert!(take(ISSUER, "j"));
    assert!(!take(ISSUER, "j"));
    assert!(take("https://other", "j"));
    // One that is over is forgotten by the next.
    let old = store.write(|conn| revocations::take_notice(conn, ISSUER, "old", 1));
    assert!(old.unwrap());
    assert!(take(ISSUER, "k"));
    let again = store.write(|conn| revocations::take_notice(conn, ISSUER, "old", 1));
    assert!(again.unwrap());
}

fn tokens_end_with_their_session_or_subject(store: &Store) {
    let bearer = Bearer {
        issuer: ISSUER,
        sub: "7",
        sid: Some("s"),
        issued_at: 100,
    };
    let hold = |bearer| store.read(|conn| revocations::hold(conn, bearer)).unwrap();
    assert!(!hold(bearer));
    let without = Bearer {
        sid: None,
        ..bearer
    };
    store
        .write(|conn| revocations::revoke_session(conn, ISSUER, "s", far()))
        .unwrap();
    assert!(hold(bearer) && !hold(without));
    let elsewhere = Bearer {
        issuer: "https://other",
        ..bearer
    };
    assert!(!hold(elsewhere));
    let subject = |at| {
        store
            .write(|conn| revocations::revoke_subject(conn, ISSUER, "7", at, far()))
            .unwrap();
    };
    subject(99);
    assert!(!hold(without), "it was issued later");
    subject(100);
    assert!(hold(without));
    subject(50);
    assert!(hold(without), "an older notice takes nothing back");
    let other = Bearer {
        sub: "8",
        ..without
    };
    assert!(!hold(other));
}

fn what_a_database_cannot_keep_is_refused(store: &Store) {
    let nul = Sight {
        display_name: Some("a\0b"),
        ..sight("7", "mia")
    };
    let refused = store.write(|conn| accounts::seen(conn, &nul));
    assert!(
        matches!(refused, Err(StoreError::Nul { .. })),
        "{refused:?}"
    );
    let refused = store.write(|conn| accounts::seen(conn, &sight("7\0", "mia")));
    assert!(
        matches!(refused, Err(StoreError::Nul { .. })),
        "{refused:?}"
    );
    let refused = store.write(|conn| revocations::revoke_session(conn, ISSUER, "\0", far()));
    assert!(
        matches!(refused, Err(StoreError::Nul { .. })),
        "{refused:?}"
    );
}
