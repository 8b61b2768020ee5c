//! `aimapper users`.

use std::io::{self, Write as _};

use aimapper_core::store::accounts::{self, Account};
use aimapper_core::store::relink::{self, Fate};
use aimapper_core::store::{Conn, Settings, Store, StoreError};

use super::args::{Claim, Users};
use crate::failure::{Ending, Failure};

/// Lists accounts, lets them in or no more, and moves them from names to `sub`.
pub(crate) fn users(args: &Users) -> Result<Ending, Failure> {
    match args {
        Users::List { settings } => list(&open(settings)?),
        Users::Disable { settings, account } => set_active(&open(settings)?, account, false),
        Users::Enable { settings, account } => set_active(&open(settings)?, account, true),
        Users::Relink {
            settings,
            from,
            apply,
        } => relink(&open(settings)?, *from, *apply),
    }
}

fn open(settings: &super::args::Settings) -> Result<Store, Failure> {
    let config = super::config(settings, None)?;
    let settings = Settings {
        connections: 1,
        ..Settings::default()
    };
    Ok(Store::open(&config.database, &settings)?)
}

fn list(store: &Store) -> Result<Ending, Failure> {
    let all = store.read(|conn| {
        accounts::all(conn)?
            .into_iter()
            .map(|account| {
                let identities = accounts::identities_of(conn, account.id)?;
                Ok((account, identities))
            })
            .collect::<Result<Vec<_>, StoreError>>()
    })?;
    let mut out = io::stdout().lock();
    for (account, identities) in &all {
        let state = if account.active { "active" } else { "disabled" };
        let Account {
            id, kind, username, ..
        } = account;
        let _closed = writeln!(out, "{id}  {state:<8}  {kind:<7}  {username}");
        for one in identities {
            let (key, subject) = (&one.id_key, &one.subject);
            let _closed = writeln!(out, "    {key} {subject} of {}", one.issuer);
        }
    }
    if all.is_empty() {
        let _closed = writeln!(out, "nobody was here yet");
    }
    Ok(Ending::Done)
}

fn set_active(store: &Store, named: &str, active: bool) -> Result<Ending, Failure> {
    let changed = store.write(|conn| {
        let Some(account) = find(conn, named)? else {
            return Ok(None);
        };
        accounts::set_active(conn, account.id, active)?;
        Ok(Some(account))
    })?;
    let Some(account) = changed else {
        let said = format!("there is no account {named}");
        return Err(Failure::new(Ending::CouldNotRun, said)
            .hint("`aimapper users list` names them all: by id, or by name"));
    };
    let word = if active {
        "may come in"
    } else {
        "is disabled, its sessions are over"
    };
    let _closed = writeln!(
        io::stdout(),
        "{} {word} (services that saw it lately notice within 30 seconds)",
        account.username
    );
    Ok(Ending::Done)
}

fn find(conn: &mut Conn<'_>, named: &str) -> Result<Option<Account>, StoreError> {
    let all = accounts::all(conn)?;
    Ok(all
        .into_iter()
        .find(|account| account.id.to_string() == named || account.username == named))
}

fn relink(store: &Store, from: Claim, apply: bool) -> Result<Ending, Failure> {
    let claim = match from {
        Claim::Username => "username",
        Claim::Email => "email",
    };
    let all = if apply {
        store.write(|conn| relink::from_claim(conn, claim, true))?
    } else {
        store.read(|conn| relink::from_claim(conn, claim, false))?
    };
    let mut out = io::stdout().lock();
    let mut left = 0;
    for one in &all {
        let (subject, sub) = (&one.identity.subject, &one.identity.sub);
        let _closed = match &one.fate {
            Fate::Relinked => writeln!(out, "{subject} -> {sub}"),
            Fate::Taken(owner) => {
                left += 1;
                writeln!(out, "{subject}: left, {sub} belongs to account {owner}")
            }
            Fate::Ambiguous => {
                left += 1;
                writeln!(
                    out,
                    "{subject}: left, another name was last seen with {sub}"
                )
            }
        };
    }
    let moved = all.len() - left;
    let _closed = if apply {
        writeln!(
            out,
            "{moved} moved, {left} left; set auth.id_key to sub now"
        )
    } else {
        writeln!(out, "{moved} would be moved, {left} left; --apply does it")
    };
    Ok(Ending::Done)
}
