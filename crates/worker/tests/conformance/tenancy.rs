//! Another tenant's rows are not there.

use aimapper_core::error::{ErrorKind, Explain};
use aimapper_core::job::State;
use aimapper_core::store::{jobs, outputs};

use crate::databases;
use crate::ground::{Ground, outcome};

pub(crate) async fn another_tenants_job_is_not_there(ground: &Ground) {
    let job = ground.submit();
    let claim = ground.claim(job);
    ground.advance(&claim, 1);
    let (other, their_user) = databases::tenant(&ground.store, "two");
    let before = databases::everything(&ground.store);
    let mut forged = claim;
    forged.tenant = other;
    let errors = [
        ground
            .store
            .read(|conn| jobs::find(conn, other, job))
            .unwrap_err(),
        ground
            .store
            .write(|conn| jobs::cancel(conn, other, job, their_user))
            .unwrap_err(),
        ground
            .store
            .write(|conn| jobs::redrive(conn, other, job, their_user))
            .unwrap_err(),
        ground
            .store
            .write(|conn| jobs::renew(conn, &forged, &ground.rules))
            .unwrap_err(),
        ground
            .store
            .write(|conn| jobs::succeed(conn, &forged, &outcome(), &[]))
            .unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        // The same words as for what is nowhere.
        assert_eq!(error.to_string(), format!("there is no job {job}"));
    }
    assert_eq!(databases::everything(&ground.store), before);
    ground
        .store
        .write(|conn| jobs::succeed(conn, &claim, &outcome(), &[]))
        .unwrap();
    let theirs = ground.store.read(|conn| {
        assert_eq!(outputs::published(conn, other, job)?, []);
        assert_eq!(jobs::events(conn, other, job, 0, 100)?, []);
        assert_eq!(jobs::list(conn, other, None, None, 100)?, []);
        jobs::list(conn, ground.tenant, Some(State::Succeeded), None, 100)
    });
    assert_eq!(theirs.unwrap().len(), 1);
    ground
        .store
        .write(|conn| outputs::forget(conn, other, job))
        .unwrap();
    let listed = ground
        .store
        .read(|conn| outputs::published(conn, ground.tenant, job));
    assert_eq!(listed.unwrap().len(), 1);
}
