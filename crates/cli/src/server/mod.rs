//! The verbs of the service. They are there only in builds with the feature `server`.

pub(crate) mod args;
pub(crate) mod auth;
pub(crate) mod migrate;
pub(crate) mod serve;
pub(crate) mod submit;
pub(crate) mod token;
pub(crate) mod users;

use std::net::SocketAddr;

use aimapper_core::config::Config;

use crate::failure::{Ending, Failure};

/// The settings: defaults, file, environment, and then what the command line says.
fn config(settings: &args::Settings, bind: Option<&str>) -> Result<Config, Failure> {
    let mut variables = Config::variables()?;
    if let Some(data) = &settings.data {
        let data = data.display().to_string();
        variables.insert("AIMAPPER__DATA__DIR".to_owned(), data);
    }
    if let Some(bind) = bind {
        if bind.parse::<SocketAddr>().is_err() {
            let said = format!("--bind {bind} is no address");
            return Err(Failure::new(Ending::Usage, said)
                .hint("it takes ADDRESS:PORT, such as 127.0.0.1:8000"));
        }
        variables.insert("AIMAPPER__SERVER__BIND".to_owned(), bind.to_owned());
    }
    Ok(Config::from_parts(settings.config.as_deref(), variables)?)
}
