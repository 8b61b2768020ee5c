//! Options of the service's verbs.

use std::path::PathBuf;

use aimapper_core::auth::Role;
use clap::{Args, Subcommand, ValueEnum};

use crate::args::Most;

/// Where settings come from.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// A file of settings (TOML); it names only what it changes. All keys are explained in
    /// config/default.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder for all that is kept (`data.dir`).
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// The address to listen at (`server.bind`); port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) bind: Option<String>,
}

/// Options of `token`.
#[derive(Debug, Args)]
pub(crate) struct Token {
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// What the bearer may do.
    #[arg(long, value_enum, default_value_t = RoleName::Mapper)]
    pub(crate) role: RoleName,
    /// How long it is good: a number with `s`, `m` or `h`; a day at most.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = seconds)]
    pub(crate) ttl: i64,
}

/// What to do about signing in.
#[derive(Debug, Subcommand)]
pub(crate) enum Auth {
    /// Says what is wrong between this program, its provider and a token, and what mends it.
    #[command(
        after_help = "Example: curl -s .../token -d ... | jq -r .access_token | aimapper auth doctor --token -"
    )]
    Doctor(Doctor),
}

/// Options of `auth doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// A file with an access token to look at; - reads it from stdin.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) token: Option<String>,
}

/// What to do about accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum Users {
    /// Names all accounts, and what they are known by.
    List {
        #[command(flatten)]
        settings: Settings,
    },
    /// Lets an account in no more, and ends its sessions.
    Disable {
        #[command(flatten)]
        settings: Settings,
        /// Its id or its name.
        account: String,
    },
    /// Lets it in again.
    Enable {
        #[command(flatten)]
        settings: Settings,
        /// Its id or its name.
        account: String,
    },
    /// Lets accounts that are found by a name be found by `sub`, which never changes. Says what it would do;
    /// does it with --apply.
    Relink {
        #[command(flatten)]
        settings: Settings,
        /// What they are found by now.
        #[arg(long, value_enum)]
        from: Claim,
        /// Does it.
        #[arg(long)]
        apply: bool,
    },
}

/// A claim that can change hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Claim {
    /// `preferred_username`.
    Username,
    /// `email`.
    Email,
}

/// [`Role`] as an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleName {
    /// Sources, targets, mappings, runs.
    Mapper,
    /// All jobs of the tenant.
    Operator,
    /// Everything.
    Admin,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Mapper => Self::Mapper,
            RoleName::Operator => Self::Operator,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// Options of `submit`.
#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// The file.
    pub(crate) source: PathBuf,
    /// The mapping that is run; its latest version.
    #[arg(long, value_name = "ID")]
    pub(crate) mapping: String,
    /// The service.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000")]
    pub(crate) url: String,
    /// Waits for the end of the run and fetches its results; without it, prints the run's address.
    #[arg(long)]
    pub(crate) wait: bool,
    /// The form of the good rows.
    #[arg(long, value_enum, default_value_t = crate::args::Format::Csv)]
    pub(crate) format: crate::args::Format,
    /// Ends with exit code 3 if there are more rejects: a number, or a share such as 0.5%.
    #[arg(long, value_name = "N|P%", default_value = "0", value_parser = crate::args::parse_most)]
    pub(crate) max_rejects: Most,
    /// Folder of the results; beside the file by default.
    #[arg(short, long, value_name = "FOLDER", requires = "wait")]
    pub(crate) output: Option<PathBuf>,
    /// Writes over results that are there.
    #[arg(long, requires = "wait")]
    pub(crate) force: bool,
}

fn seconds(text: &str) -> Result<i64, String> {
    let (number, unit) = text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err("a number with `s`, `m` or `h` behind it, such as 8h".to_owned()),
    };
    let number: i64 = number.parse().map_err(|_| "no number".to_owned())?;
    number
        .checked_mul(unit)
        .ok_or_else(|| "too long".to_owned())
}
