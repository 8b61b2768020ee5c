//! `aimapper auth`.

use std::io::{self, Read as _, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use aimapper_core::auth::{Finding, MAX_TOKEN_BYTES, Provider, Verdict, examine};
use aimapper_core::config::{AuthMode, Config};

use super::args;
use crate::failure::{Ending, Failure};

/// Looks at settings, provider and a token, and says for each what is wrong and what mends it.
pub(crate) fn doctor(args: &args::Doctor) -> Result<Ending, Failure> {
    let config = super::config(&args.settings, None)?;
    let AuthMode::Oidc(settings) = &config.auth.mode else {
        return Err(Failure::new(
            Ending::CouldNotRun,
            "in local mode there is no provider to look at",
        )
        .hint("set auth.client_id and auth.issuer; docs/keycloak.md begins with that"));
    };
    let token = args.token.as_deref().map(token).transpose()?;
    let provider = Provider::new((**settings).clone())?;
    let redirect_uri = redirect_uri(&config);
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = since.map_or(0, |since| since.as_secs());
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let found = examine(&provider, &redirect_uri, token.as_deref(), now);
    say(&found);
    if found.iter().any(|one| one.verdict == Verdict::Wrong) {
        return Ok(Ending::CouldNotRun);
    }
    Ok(Ending::Done)
}

fn redirect_uri(config: &Config) -> String {
    let base = config.base_url(config.server.bind);
    format!("{base}{}", aimapper_api::auth::COMPLETE)
}

/// A token from stdin (`-`) or a file: as an option others could see it in the list of processes.
fn token(place: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let most = u64::try_from(MAX_TOKEN_BYTES).unwrap_or(u64::MAX) + 1024;
    let read = if place == "-" {
        io::stdin().take(most).read_to_string(&mut text)
    } else {
        std::fs::File::open(place).and_then(|file| file.take(most).read_to_string(&mut text))
    };
    read.map_err(|error| {
        Failure::unreadable("the token", std::path::Path::new(place), &error)
            .hint("--token takes - for stdin or the name of a file, not the token itself")
    })?;
    let text = text.trim();
    Ok(text.strip_prefix("Bearer ").unwrap_or(text).to_owned())
}

fn say(found: &[Finding]) {
    let mut out = io::stdout().lock();
    for one in found {
        let verdict = match one.verdict {
            Verdict::Good => "good",
            Verdict::Doubtful => "doubtful",
            Verdict::Wrong => "WRONG",
        };
        let _closed = writeln!(out, "{verdict:<9} {:<9} {}", one.what, one.says);
        if let Some(fix) = &one.fix {
            let _closed = writeln!(out, "{:19} fix: {fix}", "");
        }
    }
}
