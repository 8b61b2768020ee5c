//! `aimapper token`.

use std::io::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use aimapper_core::auth::{Grant, LocalIssuer};
use aimapper_core::config::AuthMode;

use super::args;
use crate::failure::{Ending, Failure};

/// Prints a token of local mode. Whoever may read the key in the data folder may make one.
pub(crate) fn token(args: &args::Token) -> Result<Ending, Failure> {
    let config = super::config(&args.settings, None)?;
    if let AuthMode::Oidc(settings) = &config.auth.mode {
        let said = format!("tokens come from {} here", settings.policy.issuer);
        return Err(Failure::new(Ending::CouldNotRun, said)
            .hint("ask its token endpoint; tokens of local mode are not taken beside it"));
    }
    // A key of its own would make tokens that nobody takes.
    let keys = config.key_dir();
    if !keys.exists() {
        let said = format!(
            "no service has run here yet: there is no {}",
            keys.display()
        );
        return Err(Failure::new(Ending::CouldNotRun, said)
            .hint("start it first, or name its data folder with --data"));
    }
    let issuer = LocalIssuer::open(&config.key_dir())?;
    let grant = Grant {
        subject: "local",
        role: args.role.into(),
        ttl_seconds: args.ttl,
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = since.map_or(0, |since| since.as_secs());
    let token = issuer.issue(grant, i64::try_from(now).unwrap_or(i64::MAX))?;
    let _closed = writeln!(io::stdout(), "{token}");
    Ok(Ending::Done)
}
