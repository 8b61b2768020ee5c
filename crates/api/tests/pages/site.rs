//! A service for one test: a database and files in a folder, a signed-in caller, and a stand-in for the
//! worker that does each job with the functions of core.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::{App as Actix, Error, test, web};
use aimapper_api::App;
use aimapper_api::auth::{Caller, Identity, gate};
use aimapper_core::auth::{Principal, PrincipalKind, Role};
use aimapper_core::blob::{BlobPlace, Blobs, Key};
use aimapper_core::config::Config;
use aimapper_core::id::{
    DecisionId, JobId, SourceId, SourceVersionId, TargetVersionId, TenantId, UserId, WorkerId,
};
use aimapper_core::job::{
    Failure, FailureClass, Outcome, Payload, Phase, Progress, Rules, State, Written,
};
use aimapper_core::mapping::{Mapping, from_yaml, to_yaml};
use aimapper_core::matching::Memory;
use aimapper_core::pipeline::{self, Settings, Sinks, Source, Tally};
use aimapper_core::profile::Profile;
use aimapper_core::report::{FORMAT_VERSION, Report, SourceFile};
use aimapper_core::source::{Input, Limits, Overrides, Reading, What};
use aimapper_core::store::accounts::{self, Sight};
use aimapper_core::store::blobs::{self, NewBlob};
use aimapper_core::store::jobs::{self, Claim, Claimed, JobRecord, NewJob};
use aimapper_core::store::outputs::{NewOutput, Part};
use aimapper_core::store::{mappings, memory, sources, targets, tenants, users};
use aimapper_core::target::TargetSchema;
use aimapper_core::transform::{
    Encoder, RejectsWriter, TableWriter, TextFormat, UniqueStage, compile,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::databases::{self, Database};

/// The bar of the pages.
const BAR: f64 = 0.9;

pub(crate) struct Site {
    pub(crate) app: App,
    pub(crate) caller: Caller,
    /// The name that requests are sent to.
    host: String,
    /// The session's cookie.
    cookie: String,
    /// The token that its forms carry.
    csrf: String,
    _database: Database,
    _folder: TempDir,
}

impl Site {
    /// Somebody has signed in with the start address.
    pub(crate) async fn new() -> Self {
        Self::listening(SocketAddr::from(([127, 0, 0, 1], 8000))).await
    }

    pub(crate) async fn listening(listens: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("data").display().to_string();
        let (database, store) = Database::migrated(databases::chosen());
        let variables = [
            ("AIMAPPER__DATA__DIR".to_owned(), dir),
            ("AIMAPPER__DATABASE__URL".to_owned(), database.address()),
        ];
        let config = Config::from_parts(None, variables).unwrap();
        let identity = Identity::open(&config, listens).unwrap();
        let app = App::new(
            Arc::new(store),
            Arc::new(Blobs::open(&config.blobs).unwrap()),
            Arc::default(),
            Arc::new(identity),
            Arc::new(config),
        );
        let caller = caller(&app, "local", "local");
        let mut site = Self {
            app,
            caller,
            host: listens.to_string(),
            cookie: String::new(),
            csrf: String::new(),
            _database: database,
            _folder: folder,
        };
        site.sign_in().await;
        site
    }

    async fn sign_in(&mut self) {
        let start = self.start_path();
        let answer = self.ask(test::TestRequest::get().uri(&start)).await;
        let (cookie, _) = answer.cookie.split_once(';').unwrap();
        self.cookie = cookie.to_owned();
        let page = self.get("/").await.body;
        let token = page.split_once("name=\"csrf\" value=\"").unwrap().1;
        self.csrf = token.split_once('"').unwrap().0.to_owned();
    }

    /// A start address, without its server.
    pub(crate) fn start_path(&self) -> String {
        let url = self.app.identity.start_url(Role::Mapper).unwrap();
        url[url.find("/start").unwrap()..].to_owned()
    }

    pub(crate) fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Does one job that waits; says whether there was one.
    pub(crate) fn work_one(&self) -> bool {
        self.work_one_of(self.caller.tenant)
    }

    /// The same for any tenant.
    pub(crate) fn work_one_of(&self, tenant: TenantId) -> bool {
        let waiting = self
            .app
            .store
            .read(|conn| jobs::list(conn, tenant, Some(State::Queued), None, 100))
            .unwrap();
        let Some(job) = waiting.last() else {
            return false;
        };
        let rules = Rules::default();
        let claimed = self
            .app
            .store
            .write(|conn| jobs::claim(conn, job.id, WorkerId::generate(), &rules))
            .unwrap();
        let Claimed::Yes(claim, job) = claimed else {
            panic!("{claimed:?}");
        };
        match job.payload {
            Payload::Read { version, .. } if self.is_slow(job.tenant, version) => {
                self.begin(&claim)
            }
            Payload::Read { .. } => self.read(&claim, &job),
            Payload::Propose { .. } => self.propose(&claim, &job),
            Payload::Run { .. } => self.run(&claim, &job),
        }
        true
    }

    fn is_slow(&self, tenant: TenantId, version: SourceVersionId) -> bool {
        let version = self
            .app
            .store
            .read(|conn| sources::version(conn, tenant, version));
        version.unwrap().file_name.contains("slow")
    }

    /// Begins a job and says how far it is.
    fn begin(&self, claim: &Claim) {
        let progress = Progress {
            phase: Phase::Reading,
            rows_done: 12_000,
            rows_total: None,
            bytes_done: 3_100_000,
            bytes_total: 20_400_000,
            left_ms: Some(12_300),
        };
        self.app
            .store
            .write(|conn| jobs::report(conn, claim, &progress))
            .unwrap();
    }

    pub(crate) fn work_off(&self) {
        while self.work_one() {}
    }

    fn source(&self, tenant: TenantId, version: SourceVersionId) -> (Input, Overrides) {
        let (version, blob) = self
            .app
            .store
            .read(|conn| {
                let version = sources::version(conn, tenant, version)?;
                let blob = blobs::find(conn, tenant, version.blob_id.unwrap())?;
                Ok((version, blob))
            })
            .unwrap();
        let key: Key = blob.object_key.parse().unwrap();
        let input = Input::spool(version.file_name, self.app.blobs.read(&key).unwrap()).unwrap();
        let given: Vec<serde_json::Value> = serde_json::from_str(&version.decisions).unwrap();
        let mut overrides = Overrides::default();
        for one in given.iter().filter(|one| one.get("confidence").is_none()) {
            let what = What::parse(one["what"].as_str().unwrap()).unwrap();
            let column = one.get("column").and_then(|column| column.as_str());
            overrides.set(what, column.map(str::to_owned), one["value"].clone());
        }
        (input, overrides)
    }

    /// What another caller has uploaded to a target of this schema: the source, and the job that
    /// reads it.
    pub(crate) fn upload_of(
        &self,
        caller: &Caller,
        (name, bytes): (&str, &[u8]),
        schema: &TargetSchema,
    ) -> (SourceId, JobId) {
        let (tenant, user) = (caller.tenant, caller.user);
        let file = self.store_for(tenant, bytes);
        let body = serde_json::to_string(schema).unwrap();
        let written = self.app.store.write(|conn| {
            let hash = aimapper_core::target::sha256(schema);
            let target = targets::create(conn, tenant, user, &schema.name)?;
            let target = targets::add_version(conn, tenant, user, target, 1, (&body, &hash))?;
            let source = sources::create(conn, tenant, user, name)?;
            let new = sources::NewVersion {
                source,
                number: 1,
                file_name: name,
                blob: blobs::add(conn, tenant, &file)?,
                decisions: "[]",
            };
            let version = sources::add_version(conn, tenant, user, &new)?;
            let payload = Payload::Read {
                source,
                version,
                propose: Some(target),
                memory: true,
            };
            let job = new_job(tenant, user, payload);
            Ok((source, jobs::submit(conn, &job, None)?.id()))
        });
        written.unwrap()
    }

    fn store(&self, bytes: &[u8]) -> NewBlob {
        self.store_for(self.caller.tenant, bytes)
    }

    fn store_for(&self, tenant: TenantId, bytes: &[u8]) -> NewBlob {
        let mut upload = self.app.blobs.begin(&Key::upload(tenant)).unwrap();
        upload.write(bytes).unwrap();
        let stored = upload.finish().unwrap();
        NewBlob {
            object_key: stored.key.to_string(),
            bytes: i64::try_from(stored.bytes).unwrap(),
            sha256: stored.sha256,
        }
    }

    fn read(&self, claim: &Claim, job: &JobRecord) {
        let Payload::Read {
            version, propose, ..
        } = job.payload
        else {
            panic!("{job:?}");
        };
        let (input, overrides) = self.source(job.tenant, version);
        let reading = match Reading::decide(&input, &overrides, &Limits::default()) {
            Ok(reading) => reading,
            Err(error) => {
                let failure = Failure {
                    class: FailureClass::Permanent,
                    code: "unreadable".to_owned(),
                    message: error.to_string(),
                    hint: None,
                    evidence: None,
                };
                let rules = Rules::default();
                self.app
                    .store
                    .write(|conn| jobs::fail(conn, claim, &failure, 0, 0, &rules))
                    .unwrap();
                return;
            }
        };
        let (profile, tally) = profiled(&input, &reading, &overrides);
        let report = report(&input, &reading, profile, &tally, &[]);
        let stored = json!({"report": report, "lines": lines(&input, &tally)});
        let blob = self.store(&serde_json::to_vec(&stored).unwrap());
        let decisions = serde_json::to_string(&report.decisions).unwrap();
        self.app
            .store
            .write(|conn| {
                let profile = sources::set_profile(conn, claim.tenant, version, &blob, &decisions)?;
                let next = match propose {
                    Some(target) => {
                        Some(jobs::submit(conn, &follow(job, version, target), None)?.id())
                    }
                    None => None,
                };
                let outcome = Outcome::Read {
                    profile,
                    propose: next,
                };
                jobs::succeed(conn, claim, &outcome, &[])
            })
            .unwrap();
    }

    fn propose(&self, claim: &Claim, job: &JobRecord) {
        let Payload::Propose {
            source_version,
            target_version,
            ..
        } = job.payload
        else {
            panic!("{job:?}");
        };
        let (input, overrides) = self.source(job.tenant, source_version);
        let reading = Reading::decide(&input, &overrides, &Limits::default()).unwrap();
        let (profile, _) = profiled(&input, &reading, &overrides);
        self.app
            .store
            .write(|conn| {
                let target = targets::version(conn, claim.tenant, target_version)?;
                let target = serde_json::from_str(&target.body).unwrap();
                let mapping = pipeline::propose(
                    input.name(),
                    &reading,
                    &profile,
                    &target,
                    &Memory::default(),
                );
                let body = to_yaml(&mapping);
                let name = format!("{} to {}", input.name(), target.name);
                let id = mappings::create(conn, claim.tenant, job.created_by, &name)?;
                let new = mappings::NewVersion {
                    mapping: id,
                    number: 1,
                    source_version,
                    target_version,
                    body: &body,
                    sha256: &hex(body.as_bytes()),
                };
                let version = mappings::add_version(conn, claim.tenant, job.created_by, &new, &[])?;
                let outcome = Outcome::Propose {
                    mapping_version: version,
                };
                jobs::succeed(conn, claim, &outcome, &[])
            })
            .unwrap();
    }

    fn run(&self, claim: &Claim, job: &JobRecord) {
        let Payload::Run {
            mapping_version,
            source_version,
            ..
        } = job.payload
        else {
            panic!("{job:?}");
        };
        let version = self
            .app
            .store
            .read(|conn| mappings::version(conn, claim.tenant, mapping_version))
            .unwrap();
        let mapping = from_yaml(&version.body, "m.yaml").unwrap();
        let (input, overrides) = self.source(job.tenant, source_version);
        let reading = Reading::decide(&input, &overrides, &Limits::default()).unwrap();
        let (profile, _) = profiled(&input, &reading, &overrides);
        let done = rows(&input, &reading, &mapping);
        let report = report(&input, &reading, profile, &done.tally, &[]);
        let balance = done.tally.balance;
        let output = |part, count: u64, bytes: &[u8]| NewOutput {
            part,
            chunk: 0,
            row_count: i64::try_from(count).unwrap(),
            blob: self.store(bytes),
        };
        let chunks = [
            output(Part::Good, balance.good, &done.good),
            output(Part::Rejects, balance.rejected, &done.rejects),
            output(Part::Report, 0, &serde_json::to_vec(&report).unwrap()),
            output(Part::Page, 0, b"<!doctype html>"),
        ];
        let outcome = Outcome::Run {
            balance: Written {
                counted: balance.counted,
                read: balance.read,
                good: balance.good,
                rejected: balance.rejected,
                non_data: balance.non_data,
            },
        };
        self.app
            .store
            .write(|conn| jobs::succeed(conn, claim, &outcome, &chunks))
            .unwrap();
    }
}

/// A caller of a tenant, with its rows.
pub(crate) fn caller(app: &App, tenant: &str, name: &str) -> Caller {
    let sight = Sight {
        issuer: "test",
        subject: name,
        id_key: "sub",
        sub: name,
        kind: "person",
        username: Some(name),
        display_name: Some(name),
        email: None,
        links_by_email: false,
    };
    let (tenant_id, account, user) = app
        .store
        .write(|conn| {
            let account = accounts::seen(conn, &sight)?;
            let tenant = tenants::ensure(conn, tenant)?;
            let user = users::of_account(conn, tenant.id, &account, ("test", name))?;
            Ok((tenant.id, account.id, user.id))
        })
        .unwrap();
    Caller {
        principal: Principal {
            issuer: "test".to_owned(),
            subject: name.to_owned(),
            sub: name.to_owned(),
            kind: PrincipalKind::Person,
            name: Some(name.to_owned()),
            username: None,
            email: None,
            sid: None,
            party: None,
            roles: BTreeSet::from([Role::Mapper]),
            tenant: Some(tenant.to_owned()),
            issued_at: 0,
            expires_at: i64::MAX,
        },
        tenant: tenant_id,
        tenant_name: tenant.to_owned(),
        account,
        user,
    }
}

fn follow(
    job: &JobRecord,
    source_version: SourceVersionId,
    target_version: TargetVersionId,
) -> NewJob {
    let payload = Payload::Propose {
        source_version,
        target_version,
        memory: matches!(job.payload, Payload::Read { memory: true, .. }),
    };
    new_job(job.tenant, job.created_by, payload)
}

fn new_job(tenant: TenantId, created_by: UserId, payload: Payload) -> NewJob {
    NewJob {
        tenant,
        created_by,
        payload,
        class: payload.class(0),
        priority: 0,
        delay_ms: 0,
        max_attempts: 3,
        traceparent: None,
    }
}

fn from<'a>(input: &'a Input, reading: &'a Reading) -> Source<'a> {
    Source {
        input,
        reading,
        limits: Limits::default(),
        replays: None,
    }
}

fn profiled(input: &Input, reading: &Reading, overrides: &Overrides) -> (Profile, Tally) {
    pipeline::profile(
        from(input, reading),
        overrides,
        Settings::default(),
        &mut |_| {},
    )
    .unwrap()
}

fn rows(input: &Input, reading: &Reading, mapping: &Mapping) -> pipeline::Done<Vec<u8>> {
    let plan = compile(mapping, &reading.columns, BAR).unwrap();
    let encoder = Encoder::of_plan(&plan, TextFormat::Csv).unwrap();
    let sinks = Sinks {
        table: TableWriter::text(Vec::new(), encoder).unwrap(),
        rejects: RejectsWriter::new(Vec::new(), input.name()).unwrap(),
        chunks: None,
        profile: None,
    };
    let unique = UniqueStage::new(&plan);
    let settings = Settings::default();
    pipeline::run(
        from(input, reading),
        &plan,
        unique,
        sinks,
        settings,
        &mut |_| {},
    )
    .unwrap()
}

fn report(
    input: &Input,
    reading: &Reading,
    profile: Profile,
    tally: &Tally,
    outputs: &[String],
) -> Report {
    Report {
        version: FORMAT_VERSION,
        source: SourceFile {
            file: input.name().to_owned(),
            bytes: input.size(),
            sha256: reading.sha256.clone(),
        },
        decisions: [reading.decisions.as_slice(), profile.decisions.as_slice()].concat(),
        columns: profile.columns,
        fields: None,
        non_data: tally.non_data.clone(),
        balance: tally.balance,
        rejects_by_rule: tally.by_rule.clone(),
        outputs: outputs.to_vec(),
        seconds: 0.1,
    }
}

/// The first lines with what the pass declared them to be.
fn lines(input: &Input, tally: &Tally) -> Vec<serde_json::Value> {
    let bytes = input.range(0, input.size()).unwrap();
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let kind = |line: u64| {
        let piece = tally
            .non_data
            .iter()
            .find(|piece| (piece.line..piece.line + piece.lines).contains(&line));
        piece.map_or(json!("data"), |piece| json!(piece.kind))
    };
    text.lines()
        .zip(1_u64..)
        .take(20)
        .map(|(text, line)| json!({"line": line, "kind": kind(line), "text": text}))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The pages behind the gate, as they are served.
pub(crate) fn pages(
    app: App,
) -> Actix<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    Actix::new()
        .app_data(web::Data::new(app))
        .wrap(from_fn(gate))
        .configure(aimapper_api::auth::routes)
        .configure(aimapper_api::pages::routes)
        .default_service(web::to(aimapper_api::pages::not_found))
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) cookie: String,
    pub(crate) body: String,
}

impl Site {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(test::TestRequest::get().uri(path)).await
    }

    /// Sends a form, with the session's token.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let form: Vec<(&str, &str)> = [("csrf", self.csrf())]
            .into_iter()
            .chain(form.iter().copied())
            .collect();
        self.send(test::TestRequest::post().uri(path).set_form(form))
            .await
    }

    /// Sends a request with the session.
    pub(crate) async fn send(&self, request: test::TestRequest) -> Answer {
        self.ask(request.insert_header((header::COOKIE, self.cookie.as_str())))
            .await
    }

    /// Sends a request without a session.
    pub(crate) async fn ask(&self, request: test::TestRequest) -> Answer {
        let request = request
            .insert_header((header::HOST, self.host.as_str()))
            .insert_header((header::ACCEPT, "text/html"));
        let service = test::init_service(pages(self.app.clone())).await;
        let response = test::call_service(&service, request.to_request()).await;
        let status = response.status();
        let get = |name: header::HeaderName| {
            let value = response.headers().get(name);
            value.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let (location, cookie) = (get(header::LOCATION), get(header::SET_COOKIE));
        let body = test::read_body(response).await;
        Answer {
            status,
            location,
            cookie,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// Follows where a form leads, with the jobs done, until a page comes.
    pub(crate) async fn follow(&self, mut answer: Answer) -> (String, Answer) {
        let mut path = String::new();
        while answer.status == StatusCode::SEE_OTHER {
            self.work_off();
            path = answer.location;
            answer = self.get(&path).await;
        }
        (path, answer)
    }

    /// An example, up to its mapping: the path of its page, and the page.
    pub(crate) async fn mapped(&self, example: &str) -> (String, Answer) {
        let begun = self.post(&format!("/try/{example}"), &[]).await;
        self.follow(begun).await
    }

    /// What the tenant remembers: field, column and verdict.
    pub(crate) fn remembered(&self) -> Vec<String> {
        let tenant = self.caller.tenant;
        let rows = self
            .app
            .store
            .read(|conn| memory::list(conn, tenant, None, 100))
            .unwrap();
        let line = |row: &memory::Remembered| {
            format!("{} {} {}", row.field, row.source_column, row.verdict)
        };
        rows.iter().map(line).collect()
    }

    /// Ids of what the tenant remembers, as the page lists it.
    pub(crate) fn remembered_ids(&self) -> Vec<DecisionId> {
        let tenant = self.caller.tenant;
        let rows = self
            .app
            .store
            .read(|conn| memory::list(conn, tenant, None, 100));
        rows.unwrap().iter().map(|row| row.id).collect()
    }

    /// How many stored files there are.
    pub(crate) fn files(&self) -> usize {
        fn count(folder: &std::path::Path) -> usize {
            let Ok(entries) = std::fs::read_dir(folder) else {
                return 0;
            };
            let below = entries.map(|entry| {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    count(&entry.path())
                } else {
                    1
                }
            });
            below.sum()
        }
        let BlobPlace::Local(folder) = &self.app.config.blobs else {
            panic!("the tests of the pages keep their files in a folder");
        };
        count(folder)
    }

    pub(crate) fn job(&self, id: JobId) -> JobRecord {
        let tenant = self.caller.tenant;
        self.app
            .store
            .read(|conn| jobs::find(conn, tenant, id))
            .unwrap()
    }
}
