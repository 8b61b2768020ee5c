//! Rows of sources, targets, mappings, runs, users and the memory, on both databases: they come back
//! as they were written, belong to one tenant, and what must not be overwritten is not.

#![cfg(test)]
#![cfg(feature = "store")]

mod databases;

use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::id::{
    BlobId, MappingId, MappingVersionId, SourceId, SourceVersionId, TargetId, TargetVersionId,
    TenantId, UserId,
};
use aimapper_core::job::{Class, Kind, OutputFormat, Payload, State};
use aimapper_core::store::answers::{self, Answer};
use aimapper_core::store::blobs::NewBlob;
use aimapper_core::store::jobs::{self, IDEMPOTENCY_MS, Idempotency, NewJob, Wanted};
use aimapper_core::store::mappings::{NewDecision, Verdict};
use aimapper_core::store::memory::NewMemory;
use aimapper_core::store::{
    Store, StoreError, blobs, mappings, memory, runs, sources, targets, tenants, users,
};
use databases::{Database, Which, lines, tenant};

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
    tenants_and_users_are_found_again
    versions_are_numbered_and_never_overwritten
    decisions_say_who_and_when
    a_deleted_source_leaves_no_contents
    a_run_is_made_with_its_job
    memory_keeps_the_last_decision
    nothing_is_seen_or_named_across_tenants
    text_that_one_database_cannot_keep_is_refused_by_both
    lists_are_paged
    an_answer_is_given_again_to_the_same_request
    an_answer_expires
    a_request_that_fails_takes_no_key
    jobs_are_searched_by_state_kind_and_user
}

fn on(which: Which, rule: fn(&Store)) {
    let (_database, store) = Database::migrated(which);
    rule(&store);
}

fn blob(store: &Store, tenant: TenantId, key: &str) -> BlobId {
    let new = NewBlob {
        object_key: key.to_owned(),
        bytes: 12,
        sha256: "0".repeat(64),
    };
    store.write(|conn| blobs::add(conn, tenant, &new)).unwrap()
}

/// A source, a target and a mapping between them.
struct Bank {
    tenant: TenantId,
    user: UserId,
    source: SourceId,
    source_version: SourceVersionId,
    target: TargetId,
    target_version: TargetVersionId,
    mapping: MappingId,
    mapping_version: MappingVersionId,
}

fn bank(store: &Store, name: &str) -> Bank {
    let (tenant, user) = tenant(store, name);
    let file = blob(store, tenant, &format!("{name}/upload"));
    store
        .write(|conn| {
            let source = sources::create(conn, tenant, user, "bank")?;
            let version = sources::NewVersion {
                source,
                number: 1,
                file_name: "umsätze.csv",
                blob: file,
                decisions: "[]",
            };
            let source_version = sources::add_version(conn, tenant, user, &version)?;
            let target = targets::create(conn, tenant, user, "ledger")?;
            let schema = ("{}", "hash");
            let target_version = targets::add_version(conn, tenant, user, target, 1, schema)?;
            let mapping = mappings::create(conn, tenant, user, "bank to ledger")?;
            let new = mappings::NewVersion {
                mapping,
                number: 1,
                source_version,
                target_version,
                body: "version: 1\n",
                sha256: "hash",
            };
            let mapping_version = mappings::add_version(conn, tenant, user, &new, &[])?;
            Ok(Bank {
                tenant,
                user,
                source,
                source_version,
                target,
                target_version,
                mapping,
                mapping_version,
            })
        })
        .unwrap()
}

fn run_job(bank: &Bank) -> NewJob {
    NewJob {
        tenant: bank.tenant,
        created_by: bank.user,
        payload: Payload::Run {
            mapping_version: bank.mapping_version,
            source_version: bank.source_version,
            format: OutputFormat::Parquet,
            max_rejects: 7,
            with: None,
        },
        class: Class::Batch,
        priority: 0,
        delay_ms: 0,
        max_attempts: 3,
        traceparent: None,
    }
}

fn tenants_and_users_are_found_again(store: &Store) {
    let one = store.write(|conn| tenants::ensure(conn, "one")).unwrap();
    let again = store.write(|conn| tenants::ensure(conn, "one")).unwrap();
    assert_eq!((&one, one.weight, one.max_running), (&again, 1, None));
    store
        .write(|conn| tenants::set_share(conn, one.id, 0, Some(4)))
        .unwrap();
    let shared = store.write(|conn| tenants::ensure(conn, "one")).unwrap();
    assert_eq!((shared.weight, shared.max_running), (1, Some(4)));
    let seen = |issuer: &str, name| {
        store
            .write(|conn| users::seen(conn, one.id, issuer, "sub", name))
            .unwrap()
    };
    let user = seen("https://a", Some("Ada"));
    let renamed = seen("https://a", Some("Ada L."));
    assert_eq!(user.id, renamed.id);
    assert_eq!(renamed.display_name.as_deref(), Some("Ada L."));
    assert!(renamed.seen_at >= user.seen_at && renamed.created_at == user.created_at);
    // The same name at another issuer is somebody else.
    assert_ne!(seen("https://b", None).id, user.id);
    let found = store.read(|conn| users::find(conn, one.id, user.id));
    assert_eq!(found.unwrap(), renamed);
}

fn versions_are_numbered_and_never_overwritten(store: &Store) {
    let bank = bank(store, "one");
    let before = store
        .read(|conn| mappings::version(conn, bank.tenant, bank.mapping_version))
        .unwrap();
    let edit = |number| {
        let new = mappings::NewVersion {
            mapping: bank.mapping,
            number,
            source_version: bank.source_version,
            target_version: bank.target_version,
            body: "version: 1 # edited\n",
            sha256: "other",
        };
        store.write(|conn| mappings::add_version(conn, bank.tenant, bank.user, &new, &[]))
    };
    // Two people edit version 1: the second is told.
    edit(2).unwrap();
    let late = edit(2).unwrap_err();
    assert!(
        matches!(late, StoreError::Outdated { number: 2, .. }),
        "{late}"
    );
    assert_eq!(late.kind(), ErrorKind::Conflict);
    let all = store
        .read(|conn| mappings::versions(conn, bank.tenant, bank.mapping))
        .unwrap();
    let numbers: Vec<i32> = all.iter().map(|version| version.number).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(all[0], before);
    let schema = ("{\"title\":\"x\"}", "hash2");
    let target = |number| {
        store.write(|conn| {
            targets::add_version(conn, bank.tenant, bank.user, bank.target, number, schema)
        })
    };
    let second = target(2).unwrap();
    assert!(matches!(target(2), Err(StoreError::Outdated { .. })));
    let found = store.read(|conn| targets::version(conn, bank.tenant, second));
    assert_eq!(found.unwrap().body, schema.0);
    // The first approval stays.
    let approve = |by| {
        store
            .write(|conn| mappings::approve(conn, bank.tenant, by, bank.mapping_version))
            .unwrap()
    };
    let approved = approve(bank.user);
    assert_eq!(approved.approved_by, Some(bank.user));
    let other = store
        .write(|conn| users::seen(conn, bank.tenant, "https://issuer", "other", None))
        .unwrap();
    assert_eq!(approve(other.id), approved);
}

fn decisions_say_who_and_when(store: &Store) {
    let bank = bank(store, "one");
    let decisions: Vec<NewDecision<'_>> = [
        ("amount", Verdict::Accepted, None),
        ("currency", Verdict::Edited, Some("always euro")),
        ("memo", Verdict::Ignored, Some("not needed")),
    ]
    .iter()
    .map(|(field, verdict, note)| NewDecision {
        field,
        verdict: *verdict,
        rule: "{}",
        note: *note,
    })
    .collect();
    let new = mappings::NewVersion {
        mapping: bank.mapping,
        number: 2,
        source_version: bank.source_version,
        target_version: bank.target_version,
        body: "version: 1\n",
        sha256: "hash",
    };
    let version = store
        .write(|conn| mappings::add_version(conn, bank.tenant, bank.user, &new, &decisions))
        .unwrap();
    let kept = store
        .read(|conn| mappings::decisions(conn, bank.tenant, version))
        .unwrap();
    let told: Vec<(&str, Verdict, Option<&str>)> = kept
        .iter()
        .map(|it| (it.field.as_str(), it.verdict, it.note.as_deref()))
        .collect();
    let expected: Vec<(&str, Verdict, Option<&str>)> = decisions
        .iter()
        .map(|it| (it.field, it.verdict, it.note))
        .collect();
    assert_eq!(told, expected);
    assert!(
        kept.iter()
            .all(|it| it.decided_by == bank.user && it.decided_at.0 > 0)
    );
}

fn a_deleted_source_leaves_no_contents(store: &Store) {
    let bank = bank(store, "one");
    let profile = NewBlob {
        object_key: "one/profile".to_owned(),
        bytes: 5,
        sha256: "1".repeat(64),
    };
    let first = store
        .write(|conn| sources::set_profile(conn, bank.tenant, bank.source_version, &profile, "[1]"))
        .unwrap();
    // A second reading takes the place of the first, whose file is no longer named.
    let newer = NewBlob {
        object_key: "one/profile2".to_owned(),
        ..profile
    };
    store
        .write(|conn| sources::set_profile(conn, bank.tenant, bank.source_version, &newer, "[2]"))
        .unwrap();
    let gone = store.read(|conn| blobs::find(conn, bank.tenant, first));
    assert!(matches!(gone, Err(StoreError::NotFound { .. })));
    let version = store
        .read(|conn| sources::version(conn, bank.tenant, bank.source_version))
        .unwrap();
    assert_eq!(
        (version.decisions.as_str(), version.file_name.as_str()),
        ("[2]", "umsätze.csv")
    );
    // Another version by other decisions shares the file.
    let new = sources::NewVersion {
        source: bank.source,
        number: 2,
        file_name: "umsätze.csv",
        blob: version.blob_id.unwrap(),
        decisions: "[3]",
    };
    store
        .write(|conn| sources::add_version(conn, bank.tenant, bank.user, &new))
        .unwrap();
    let deleted = store.write(|conn| sources::delete(conn, bank.tenant, bank.source));
    assert_eq!(deleted.unwrap(), 2, "the upload and its profile");
    let count = "SELECT CAST(count(*) AS text) AS line FROM blobs";
    assert_eq!(lines(store, count), ["0"]);
    let again = store.write(|conn| sources::delete(conn, bank.tenant, bank.source));
    assert!(matches!(again, Err(StoreError::NotFound { .. })));
    let listed = store.read(|conn| sources::list(conn, bank.tenant, None, 10));
    assert_eq!(listed.unwrap(), []);
    // The mapping still knows what it was made for.
    let versions = store
        .read(|conn| sources::versions(conn, bank.tenant, bank.source))
        .unwrap();
    assert!(
        versions
            .iter()
            .all(|it| it.blob_id.is_none() && it.profile_blob_id.is_none())
    );
    let source = store.read(|conn| sources::find(conn, bank.tenant, bank.source));
    assert!(source.unwrap().deleted_at.is_some());
}

fn a_run_is_made_with_its_job(store: &Store) {
    let bank = bank(store, "one");
    let key = Idempotency {
        route: "POST /runs",
        key: "k",
        body_sha256: "body",
    };
    let start = || {
        store
            .write(|conn| runs::start(conn, &run_job(&bank), Some(&key)))
            .unwrap()
    };
    let run = start();
    assert_eq!((run.format, run.max_rejects), (OutputFormat::Parquet, 7));
    assert_eq!(run.mapping_version_id, bank.mapping_version);
    assert_eq!(start(), run, "the same request, the same run");
    let found = store.read(|conn| runs::find(conn, bank.tenant, run.id));
    assert_eq!(found.unwrap(), run);
    // Neither without the other.
    let mut unknown = run_job(&bank);
    unknown.payload = Payload::Run {
        mapping_version: MappingVersionId::generate(),
        source_version: bank.source_version,
        format: OutputFormat::Csv,
        max_rejects: 0,
        with: None,
    };
    let refused = store
        .write(|conn| runs::start(conn, &unknown, None))
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound, "{refused}");
    let mut other = run_job(&bank);
    other.payload = Payload::Read {
        source: bank.source,
        version: bank.source_version,
        propose: None,
        memory: true,
    };
    let refused = store
        .write(|conn| runs::start(conn, &other, None))
        .unwrap_err();
    assert!(matches!(refused, StoreError::NoRun { .. }), "{refused}");
    let count = "SELECT CAST(count(*) AS text) AS line FROM jobs";
    assert_eq!(lines(store, count), ["1"]);
}

fn memory_keeps_the_last_decision(store: &Store) {
    let bank = bank(store, "one");
    let remember = |column, verdict| {
        let new = NewMemory {
            target_name: "ledger",
            field: "amount",
            source_column: column,
            source_file: "march.csv",
            verdict,
            rule: "{}",
        };
        store
            .write(|conn| memory::remember(conn, bank.tenant, bank.user, &new))
            .unwrap();
    };
    remember("Betrag", Verdict::Accepted);
    remember("Betrag", Verdict::Rejected);
    remember("Amount", Verdict::Accepted);
    let kept = store
        .read(|conn| memory::about(conn, bank.tenant, "ledger"))
        .unwrap();
    let told: Vec<(&str, Verdict)> = kept
        .iter()
        .map(|it| (it.source_column.as_str(), it.verdict))
        .collect();
    let expected = [("Amount", Verdict::Accepted), ("Betrag", Verdict::Rejected)];
    assert_eq!(told, expected);
    store
        .write(|conn| memory::forget(conn, bank.tenant, kept[0].id))
        .unwrap();
    let again = store.write(|conn| memory::forget(conn, bank.tenant, kept[0].id));
    assert!(matches!(again, Err(StoreError::NotFound { .. })));
}

fn nothing_is_seen_or_named_across_tenants(store: &Store) {
    let mine = bank(store, "one");
    let other = bank(store, "two");
    let t = other.tenant;
    let not_there = [
        store.read(|conn| users::find(conn, t, mine.user).map(drop)),
        store.read(|conn| sources::find(conn, t, mine.source).map(drop)),
        store.read(|conn| sources::version(conn, t, mine.source_version).map(drop)),
        store.read(|conn| targets::find(conn, t, mine.target).map(drop)),
        store.read(|conn| targets::version(conn, t, mine.target_version).map(drop)),
        store.read(|conn| mappings::find(conn, t, mine.mapping).map(drop)),
        store.read(|conn| mappings::version(conn, t, mine.mapping_version).map(drop)),
        store.write(|conn| mappings::approve(conn, t, other.user, mine.mapping_version).map(drop)),
        store.write(|conn| sources::delete(conn, t, mine.source).map(drop)),
    ];
    for result in not_there {
        let error = result.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    }
    // Rows cannot name rows of another tenant: the database refuses it.
    let foreign = mappings::NewVersion {
        mapping: other.mapping,
        number: 2,
        source_version: mine.source_version,
        target_version: other.target_version,
        body: "",
        sha256: "",
    };
    let error = store
        .write(|conn| mappings::add_version(conn, t, other.user, &foreign, &[]))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let mut stolen = run_job(&mine);
    (stolen.tenant, stolen.created_by) = (other.tenant, other.user);
    let error = store
        .write(|conn| runs::start(conn, &stolen, None))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

fn text_that_one_database_cannot_keep_is_refused_by_both(store: &Store) {
    let bank = bank(store, "one");
    let refused = [
        store.write(|conn| sources::create(conn, bank.tenant, bank.user, "a\0b").map(drop)),
        store.write(|conn| targets::create(conn, bank.tenant, bank.user, "a\0b").map(drop)),
        store.write(|conn| mappings::create(conn, bank.tenant, bank.user, "a\0b").map(drop)),
        store.write(|conn| tenants::ensure(conn, "a\0b").map(drop)),
    ];
    for result in refused {
        let error = result.unwrap_err();
        assert!(matches!(error, StoreError::Nul { .. }), "{error}");
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
    // Everything else comes back as it was.
    let name = "Ünï\u{1}\u{7f}\u{feff}\u{10ffff} ' \" \\ % _ \r\n";
    let source = store
        .write(|conn| sources::create(conn, bank.tenant, bank.user, name))
        .unwrap();
    let found = store.read(|conn| sources::find(conn, bank.tenant, source));
    assert_eq!(found.unwrap().name, name);
}

fn lists_are_paged(store: &Store) {
    let (tenant, user) = tenant(store, "one");
    let mut made = Vec::new();
    for number in 0..5 {
        let name = format!("source {number}");
        made.push(
            store
                .write(|conn| sources::create(conn, tenant, user, &name))
                .unwrap(),
        );
    }
    made.reverse();
    let page = |after| {
        let page = store.read(|conn| sources::list(conn, tenant, after, 2));
        let ids: Vec<SourceId> = page.unwrap().iter().map(|it| it.id).collect();
        ids
    };
    assert_eq!(page(None), made[0..2]);
    assert_eq!(page(Some(made[1])), made[2..4]);
    assert_eq!(page(Some(made[3])), made[4..]);
    assert_eq!(page(Some(made[4])), []);
}

fn request<'a>(key: &'a str, body_sha256: &'a str) -> Idempotency<'a> {
    Idempotency {
        route: "POST /targets",
        key,
        body_sha256,
    }
}

fn made(body: &str) -> Answer {
    Answer {
        status: 201,
        location: Some("/targets/1".to_owned()),
        body: body.to_owned(),
    }
}

/// Does what a request does: takes the key, works, keeps the answer.
fn answered(store: &Store, tenant: TenantId, key: &str, body: &str) -> Result<Answer, StoreError> {
    store.write(|conn| {
        let request = request(key, body);
        if let Some(answer) = answers::take_key(conn, tenant, &request)? {
            return Ok(answer);
        }
        let answer = made(&TargetId::generate().to_string());
        answers::keep(conn, tenant, &request, &answer)?;
        Ok(answer)
    })
}

fn an_answer_is_given_again_to_the_same_request(store: &Store) {
    let (one, _) = tenant(store, "one");
    let (two, _) = tenant(store, "two");
    let first = answered(store, one, "k", "body").unwrap();
    assert_eq!(answered(store, one, "k", "body").unwrap(), first);
    assert_ne!(answered(store, one, "l", "body").unwrap(), first);
    assert_ne!(answered(store, two, "k", "body").unwrap(), first);
    let other = answered(store, one, "k", "other").unwrap_err();
    assert!(matches!(other, StoreError::OtherBody { .. }), "{other}");
    assert_eq!(answered(store, one, "k", "body").unwrap(), first);
}

fn an_answer_expires(store: &Store) {
    let (one, _) = tenant(store, "one");
    let first = answered(store, one, "k", "body").unwrap();
    let kept = answered(store, one, "later", "body").unwrap();
    let aged = format!(
        "UPDATE answers SET expires_at = expires_at - {IDEMPOTENCY_MS} WHERE idem_key = 'k'"
    );
    databases::run(store, &aged);
    let second = answered(store, one, "k", "other").unwrap();
    assert_ne!(second, first);
    databases::run(store, &aged);
    assert_eq!(store.write(answers::drop_expired).unwrap(), 1);
    assert_eq!(answered(store, one, "later", "body").unwrap(), kept);
}

fn a_request_that_fails_takes_no_key(store: &Store) {
    let (one, _) = tenant(store, "one");
    let failed = store.write(|conn| {
        let taken = answers::take_key(conn, one, &request("k", "body"))?;
        assert_eq!(taken, None);
        Err::<(), _>(StoreError::Nul { what: "test" })
    });
    assert!(failed.is_err());
    answered(store, one, "k", "other").unwrap();
}

fn jobs_are_searched_by_state_kind_and_user(store: &Store) {
    let bank = bank(store, "one");
    let (run, other) = (run_job(&bank), run_job(&bank));
    let propose = NewJob {
        payload: Payload::Propose {
            source_version: bank.source_version,
            target_version: bank.target_version,
            memory: false,
        },
        ..run.clone()
    };
    let eve = store
        .write(|conn| users::seen(conn, bank.tenant, "https://issuer", "eve", None))
        .unwrap();
    let eves = NewJob {
        created_by: eve.id,
        ..other
    };
    let ids: Vec<_> = [run, propose, eves]
        .iter()
        .map(|new| {
            store
                .write(|conn| jobs::submit(conn, new, None))
                .unwrap()
                .id()
        })
        .collect();
    store
        .write(|conn| jobs::cancel(conn, bank.tenant, ids[0], eve.id))
        .unwrap();
    let found = |wanted: Wanted| -> Vec<_> {
        let rows = store.read(|conn| jobs::search(conn, bank.tenant, &wanted, None, 10));
        rows.unwrap().into_iter().map(|job| job.id).collect()
    };
    let any = Wanted::default();
    assert_eq!(found(any), [ids[2], ids[1], ids[0]]);
    let state = Some(State::Queued);
    assert_eq!(found(Wanted { state, ..any }), [ids[2], ids[1]]);
    let kind = Some(Kind::Run);
    assert_eq!(found(Wanted { kind, ..any }), [ids[2], ids[0]]);
    let by = Some(eve.id);
    assert_eq!(found(Wanted { by, ..any }), [ids[2]]);
    assert_eq!(
        found(Wanted {
            state,
            kind: Some(Kind::Propose),
            by
        }),
        []
    );
    let (two, _) = tenant(store, "two");
    let foreign = store.read(|conn| jobs::search(conn, two, &any, None, 10));
    assert_eq!(foreign.unwrap(), []);
}
