//! The verbs of the service. They are there only in builds with the feature `server`.

pub(crate) mod args;
pub(crate) mod migrate;
pub(crate) mod serve;
pub(crate) mod submit;
pub(crate) mod token;

use aimapper_core::config::Config;

use crate::failure::Failure;

/// The settings: defaults, file, environment, and then what the command line says.
fn config(settings: &args::Settings, bind: Option<&str>) -> Result<Config, Failure> {
    let mut variables = Config::variables()?;
    if let Some(data) = &settings.data {
        let data = data.display().to_string();
        variables.insert("AIMAPPER__DATA__DIR".to_owned(), data);
    }
    if let Some(bind) = bind {
        variables.insert("AIMAPPER__SERVER__BIND".to_owned(), bind.to_owned());
    }
    Ok(Config::from_parts(settings.config.as_deref(), variables)?)
}
