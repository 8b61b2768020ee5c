//! `aimapper submit`: a file to a service, a kept mapping over it there, the results back. All over
//! the same REST interface that everybody has.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::time::Duration;

use aimapper_core::source::stem;
use serde_json::{Value, json};
use ureq::http::Response;
use ureq::unversioned::multipart::{Form, Part};
use ureq::{Agent, Body};

use super::args;
use crate::failure::{Ending, Failure};
use crate::outputs::Outputs;

/// Names the token, which no command line should show.
const TOKEN: &str = "AIMAPPER_TOKEN";
/// Between two looks at a job.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Sends a file, runs the mapping, and fetches what came of it.
pub(crate) fn submit(args: &args::Submit) -> Result<Ending, Failure> {
    let service = Service::new(&args.url)?;
    let file = args.source.file_name();
    let file = file.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let outputs = match args.wait {
        true => Some(place(args, &file)?),
        false => None,
    };
    let mapping = service.get(&format!("mappings/{}", args.mapping))?;
    let mapping_version = text(&mapping, "/id")?;
    let sent = service.upload(&args.source, &file)?;
    service.job(&text(&sent, "/job")?)?;
    let wanted = json!({
        "mapping_version": mapping_version,
        "source_version": text(&sent, "/version")?,
        "format": args.format.extension(),
        // The command judges rejects itself, as it does everywhere.
        "max_rejects": i64::MAX,
    });
    let started = service.post("runs", &wanted)?;
    let run = text(&started, "/run")?;
    let Some(mut outputs) = outputs else {
        say(&format!("{}/api/v1/runs/{run}", service.url));
        return Ok(Ending::Done);
    };
    let ended = service.job(&text(&started, "/job")?)?;
    let names = [
        (format!("good.{}", args.format.extension()), "good"),
        ("rejects.csv".to_owned(), "rejects"),
        ("mapping.yaml".to_owned(), "mapping.yaml"),
        ("report.html".to_owned(), "report.html"),
        ("report.json".to_owned(), "report.json"),
    ];
    for (suffix, part) in names {
        let mut draft = outputs.draft(&suffix)?;
        let answer = service.fetch(&format!("runs/{run}/{part}"))?;
        io::copy(&mut answer.into_body().into_reader(), &mut draft)
            .map_err(|error| Failure::io("fetching", &outputs.path(&suffix), &error))?;
        outputs.keep(draft)?;
    }
    outputs.publish()?;
    let figure = |name: &str| {
        ended
            .pointer(&format!("/outcome/balance/{name}"))
            .and_then(Value::as_u64)
    };
    let (good, rejected) = (figure("good").unwrap_or(0), figure("rejected").unwrap_or(0));
    say(&format!("{file}: {good} good, {rejected} rejected"));
    Ok(if args.max_rejects.exceeded(rejected, good + rejected) {
        Ending::TooManyRejects
    } else {
        Ending::Done
    })
}

/// The place of the results, where none of them may be yet.
fn place(args: &args::Submit, file: &str) -> Result<Outputs, Failure> {
    let beside = args
        .source
        .parent()
        .filter(|parent| *parent != Path::new(""));
    let folder = args.output.as_deref().or(beside).unwrap_or(Path::new("."));
    let outputs = Outputs::new(folder, &stem(file), args.force)?;
    let suffixes = crate::job::suffixes(args.format);
    outputs.refuse_existing(&suffixes.iter().map(String::as_str).collect::<Vec<_>>())?;
    Ok(outputs)
}

fn say(line: &str) {
    let _closed = writeln!(io::stdout(), "{line}");
}

/// The text at a place of an answer.
fn text(answer: &Value, pointer: &str) -> Result<String, Failure> {
    let text = answer.pointer(pointer).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| {
        Failure::new(
            Ending::CouldNotRun,
            format!("the service answered without {pointer}"),
        )
        .hint("is it another version of aimapper?")
    })
}

/// A service at the other end.
struct Service {
    url: String,
    token: String,
    agent: Agent,
}

impl Service {
    fn new(url: &str) -> Result<Self, Failure> {
        let token = std::env::var(TOKEN).map_err(|_| {
            Failure::new(Ending::Usage, format!("{TOKEN} is not set")).hint(format!(
                "on the service's own machine: {TOKEN}=$(aimapper token)"
            ))
        })?;
        if url.starts_with("https:") {
            return Err(Failure::new(Ending::Usage, "this build speaks http only")
                .hint("go through a tunnel, or use curl as the README shows"));
        }
        // Problems are answers too.
        let config = Agent::config_builder().http_status_as_error(false).build();
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            token,
            agent: config.into(),
        })
    }

    fn address(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.url)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn fetch(&self, path: &str) -> Result<Response<Body>, Failure> {
        let request = self.agent.get(self.address(path));
        self.judged(request.header("Authorization", self.bearer()).call())
    }

    fn get(&self, path: &str) -> Result<Value, Failure> {
        self.parsed(self.fetch(path)?)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.agent.post(self.address(path));
        let request = request
            .header("Authorization", self.bearer())
            .content_type("application/json");
        let answer = self.judged(request.send(body.to_string()))?;
        self.parsed(answer)
    }

    fn upload(&self, path: &Path, name: &str) -> Result<Value, Failure> {
        let file =
            File::open(path).map_err(|error| Failure::unreadable("the source", path, &error))?;
        let form = Form::new().part("file", Part::owned_reader(file).file_name(name));
        let request = self.agent.post(self.address("sources"));
        let answer = request.header("Authorization", self.bearer()).send(form);
        let answer = self.judged(answer)?;
        self.parsed(answer)
    }

    /// Waits for the end of a job, which has to be a good one.
    fn job(&self, id: &str) -> Result<Value, Failure> {
        loop {
            let job = self.get(&format!("jobs/{id}"))?;
            match job.pointer("/state").and_then(Value::as_str) {
                Some("succeeded") => return Ok(job),
                Some("queued" | "dispatched" | "running") => std::thread::sleep(LOOK_EVERY),
                state => return Err(of_job(&job, state.unwrap_or("unknown"))),
            }
        }
    }

    fn judged(
        &self,
        answer: Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, Failure> {
        let mut answer = answer.map_err(|error| {
            Failure::new(
                Ending::CouldNotRun,
                format!("{} cannot be reached: {error}", self.url),
            )
            .hint("is `aimapper serve` running there?")
        })?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let mut body = Vec::new();
        let mut reader = answer.body_mut().as_reader().take(1 << 16);
        let _cut_off = reader.read_to_end(&mut body);
        let problem: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let said = |name| {
            problem
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let ending = if status == 409 {
            Ending::Undecided
        } else {
            Ending::CouldNotRun
        };
        let message = said("detail").or_else(|| said("title"));
        let failure = Failure::new(
            ending,
            format!(
                "the service answered {status}: {}",
                message.unwrap_or("nothing more")
            ),
        );
        Err(match said("hint") {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    }

    fn parsed(&self, answer: Response<Body>) -> Result<Value, Failure> {
        serde_json::from_reader(answer.into_body().into_reader()).map_err(|error| {
            Failure::new(
                Ending::CouldNotRun,
                format!("{} answered no JSON: {error}", self.url),
            )
        })
    }
}

/// A job that ended, and not well.
fn of_job(job: &Value, state: &str) -> Failure {
    let said = |name: &str| {
        job.pointer(&format!("/failure/{name}"))
            .and_then(Value::as_str)
    };
    let ending = match said("code") {
        Some("undecided") => Ending::Undecided,
        Some(_) | None => Ending::CouldNotRun,
    };
    let failure = Failure::new(
        ending,
        format!(
            "the job is {state}: {}",
            said("message").unwrap_or("nobody said why")
        ),
    );
    match said("hint") {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
