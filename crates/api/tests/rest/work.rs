//! What a worker does with the jobs that the interface accepts, by the core itself.

use std::path::{Path, PathBuf};

use aimapper_core::blob::{Key, Stored};
use aimapper_core::id::{JobId, TenantId, WorkerId};
use aimapper_core::job::{Failure, FailureClass, Outcome, Payload, Rules, Written};
use aimapper_core::mapping::{Edit, apply, to_yaml};
use aimapper_core::matching::Memory;
use aimapper_core::pipeline::{self, Settings, Source, Tally};
use aimapper_core::profile::Profile;
use aimapper_core::report::{self, Report, SourceFile};
use aimapper_core::source::{Input, Limits, Overrides, Reading};
use aimapper_core::store::blobs::{self, NewBlob};
use aimapper_core::store::jobs::{self, Claim, Claimed};
use aimapper_core::store::outputs::{NewOutput, Part};
use aimapper_core::store::{sources, targets};
use aimapper_core::target::TargetSchema;
use serde_json::{Value, json};

use crate::ground::Ground;

/// A tenant with something of everything.
pub(crate) struct Filled {
    pub(crate) source: String,
    pub(crate) source_version: String,
    pub(crate) read_job: String,
    pub(crate) target: String,
    pub(crate) target_version: String,
    pub(crate) mapping: String,
    pub(crate) mapping_version: String,
    pub(crate) run: String,
    pub(crate) run_job: String,
    pub(crate) memory: String,
}

/// The example of the repository.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name)
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(crate) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    value.as_str().unwrap().parse().unwrap()
}

impl Ground {
    pub(crate) fn claim(&self, job: &Value) -> Claim {
        let job: JobId = id(job);
        let claimed = self
            .app
            .store
            .write(|conn| jobs::claim(conn, job, WorkerId::generate(), &Rules::default()));
        match claimed.unwrap() {
            Claimed::Yes(claim, _) => claim,
            Claimed::No(refusal) => panic!("{refusal}"),
        }
    }

    fn put(&self, key: &Key, bytes: &[u8]) -> NewBlob {
        let mut upload = self.app.blobs.begin(key).unwrap();
        upload.write(bytes).unwrap();
        let Stored { key, bytes, sha256 } = upload.finish().unwrap();
        NewBlob {
            object_key: key.to_string(),
            bytes: i64::try_from(bytes).unwrap(),
            sha256,
        }
    }

    /// Does a read job: the profile of the uploaded file becomes the version's.
    pub(crate) fn read(&self, job: &Value) {
        let claim = self.claim(job);
        let store = &self.app.store;
        let record = store
            .read(|conn| jobs::find(conn, claim.tenant, claim.job))
            .unwrap();
        let Payload::Read { version, .. } = record.payload else {
            panic!("{:?}", record.payload);
        };
        let row = store
            .read(|conn| sources::version(conn, claim.tenant, version))
            .unwrap();
        let file = store
            .read(|conn| blobs::find(conn, claim.tenant, row.blob_id.unwrap()))
            .unwrap();
        let at = self.folder.path().join("objects").join(file.object_key);
        let (input, reading, profile, tally) = profiled(&at);
        let report = report(&input, &reading, &profile, &tally);
        let decisions = serde_json::to_string(&report.decisions).unwrap();
        let body = json!({"report": report, "lines": []}).to_string();
        let key = Key::output(claim.tenant, claim.job, claim.fence.epoch, "profile.json");
        let blob = self.put(&key.unwrap(), body.as_bytes());
        store
            .write(|conn| {
                let profile = sources::set_profile(conn, claim.tenant, version, &blob, &decisions)?;
                let outcome = Outcome::Read {
                    profile,
                    propose: None,
                };
                jobs::succeed(conn, &claim, &outcome, &[])
            })
            .unwrap();
    }

    /// The mapping that would be proposed, as a file.
    pub(crate) fn proposal(&self, tenant: TenantId, file: &Path, target: &Value) -> String {
        let version = self
            .app
            .store
            .read(|conn| targets::version(conn, tenant, id(target)))
            .unwrap();
        let target: TargetSchema = serde_json::from_str(&version.body).unwrap();
        let (_, reading, profile, _) = profiled(file);
        let name = file.file_name().unwrap().to_str().unwrap();
        let mapping = pipeline::propose(name, &reading, &profile, &target, &Memory::default());
        to_yaml(&mapping)
    }

    /// Does a run job: two chunks of good rows, one of rejects, and the report.
    pub(crate) fn run(&self, job: &Value) {
        let claim = self.claim(job);
        let (input, reading, profile, tally) = profiled(&example("bank/umsaetze_2026-03.csv"));
        let mut report = report(&input, &reading, &profile, &tally);
        report.seconds = 0.0;
        let page = report::to_html(&report, None, &[]);
        let report = report::to_json(&report);
        let chunks = [
            (Part::Good, 0, "a;b\r\n1;2\r\n", 1),
            (Part::Good, 1, "3;4\r\n5;6\r\n", 2),
            (Part::Rejects, 0, "_file,_line\r\nx,1\r\n", 1),
            (Part::Report, 0, report.as_str(), 0),
            (Part::Page, 0, page.as_str(), 0),
        ];
        let outputs: Vec<NewOutput> = chunks
            .into_iter()
            .map(|(part, chunk, text, row_count)| {
                let name = format!("{part}-{chunk}");
                let epoch = claim.fence.epoch;
                let key = Key::output(claim.tenant, claim.job, epoch, &name).unwrap();
                NewOutput {
                    part,
                    chunk,
                    row_count,
                    blob: self.put(&key, text.as_bytes()),
                }
            })
            .collect();
        let balance = Written {
            counted: 5,
            read: 5,
            good: 3,
            rejected: 1,
            non_data: 1,
        };
        self.app
            .store
            .write(|conn| jobs::succeed(conn, &claim, &Outcome::Run { balance }, &outputs))
            .unwrap();
    }

    pub(crate) fn fail(&self, job: &Value) {
        let claim = self.claim(job);
        let failure = Failure {
            class: FailureClass::Permanent,
            code: "limit_exceeded".to_owned(),
            message: "the record in line 3 is too long".to_owned(),
            hint: None,
            evidence: None,
        };
        self.app
            .store
            .write(|conn| jobs::fail(conn, &claim, &failure, 0, 0, &Rules::default()))
            .unwrap();
    }

    /// Uploads the example, and does its read job.
    pub(crate) async fn read_source(&self, caller: &str) -> Value {
        let bytes = std::fs::read(example("bank/umsaetze_2026-03.csv")).unwrap();
        let parts = [("file", Some("umsaetze_2026-03.csv"), bytes.as_slice())];
        let made = self.upload(caller, &parts).await.ok(202);
        self.read(&made["job"]);
        made
    }

    pub(crate) async fn preset(&self, caller: &str) -> Value {
        let body = json!({"preset": "transaction"});
        self.post(caller, "targets", &body).await.ok(201)
    }

    /// A mapping of the example, as proposed.
    pub(crate) async fn mapping(&self, caller: &str) -> Value {
        let target = self.preset(caller).await;
        self.mapping_to(caller, &target["id"]).await
    }

    /// A mapping of the example to a version of a target, as proposed.
    pub(crate) async fn mapping_to(&self, caller: &str, target: &Value) -> Value {
        let made = self.read_source(caller).await;
        let tenant = self.tenant(caller.split('/').next().unwrap());
        let file = example("bank/umsaetze_2026-03.csv");
        let yaml = self.proposal(tenant, &file, target);
        let path = format!(
            "mappings?source_version={}&target_version={}",
            text(&made["version"]),
            text(target)
        );
        let request = crate::ground::request(caller, actix_web::http::Method::POST, &path)
            .insert_header(("content-type", "application/yaml"))
            .set_payload(yaml);
        self.send(request).await.ok(201)
    }

    /// The same with its question answered.
    pub(crate) async fn decided(&self, caller: &str) -> Value {
        let mapping = self.mapping(caller).await;
        let path = format!("mappings/{}", text(&mapping["mapping"]));
        let body = json!({"fields": [{"field": "currency", "verdict": "accepted"}]});
        let request = crate::ground::request(caller, actix_web::http::Method::PATCH, &path)
            .insert_header(("if-match", format!("\"{}\"", text(&mapping["sha256"]))))
            .set_json(&body);
        self.send(request).await.ok(200)
    }

    pub(crate) async fn started(&self, caller: &str) -> Value {
        let mapping = self.decided(caller).await;
        let body = json!({"mapping_version": mapping["id"], "format": "csv"});
        self.post(caller, "runs", &body).await.ok(202)
    }

    pub(crate) async fn filled(&self, caller: &str) -> Filled {
        let made = self.read_source(caller).await;
        let mapping = self.decided(caller).await;
        // A decision about a column, so that there is something to remember.
        let path = format!("mappings/{}", text(&mapping["mapping"]));
        // What a bar accepts is not remembered; what a person looked at is.
        let one = json!({"fields": [{"field": "amount", "verdict": "accepted"}]});
        let mut mapping = mapping;
        for body in [one, json!({"accept_at": 0.5})] {
            let request = crate::ground::request(caller, actix_web::http::Method::PATCH, &path)
                .insert_header(("if-match", "*"))
                .set_json(&body);
            mapping = self.send(request).await.ok(200);
        }
        let body = json!({"mapping_version": mapping["id"]});
        let run = self.post(caller, "runs", &body).await.ok(202);
        self.run(&run["job"]);
        let target_version = text(&mapping["target_version"]);
        let targets = self.get(caller, "targets").await.ok(200);
        let memory = self.get(caller, "memory").await.ok(200);
        Filled {
            source: text(&made["source"]),
            source_version: text(&made["version"]),
            read_job: text(&made["job"]),
            target: text(&targets["items"][0]["id"]),
            target_version,
            mapping: text(&mapping["mapping"]),
            mapping_version: text(&mapping["id"]),
            run: text(&run["run"]),
            run_job: text(&run["job"]),
            memory: text(&memory["items"][0]["id"]),
        }
    }
}

fn profiled(file: &Path) -> (Input, Reading, Profile, Tally) {
    let limits = Limits::default();
    let overrides = Overrides::default();
    let input = Input::open(file).unwrap();
    let reading = Reading::decide(&input, &overrides, &limits).unwrap();
    let source = Source {
        input: &input,
        reading: &reading,
        limits,
        replays: None,
    };
    let (profile, tally) =
        pipeline::profile(source, &overrides, Settings::default(), &mut |_| {}).unwrap();
    (input, reading, profile, tally)
}

fn report(input: &Input, reading: &Reading, profile: &Profile, tally: &Tally) -> Report {
    Report {
        version: report::FORMAT_VERSION,
        source: SourceFile {
            file: "umsaetze_2026-03.csv".to_owned(),
            bytes: input.size(),
            sha256: reading.sha256.clone(),
        },
        decisions: [reading.decisions.as_slice(), profile.decisions.as_slice()].concat(),
        columns: profile.columns.clone(),
        fields: None,
        non_data: tally.non_data.clone(),
        balance: tally.balance,
        rejects_by_rule: tally.by_rule.clone(),
        outputs: Vec::new(),
        seconds: 0.0,
    }
}

/// The mapping of YAML after an edit, as YAML.
pub(crate) fn edited(yaml: &str, edit: &Edit) -> String {
    let mapping = aimapper_core::mapping::from_yaml(yaml, "test").unwrap();
    to_yaml(&apply(&mapping, edit, "test", "").unwrap())
}
