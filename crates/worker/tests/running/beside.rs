//! Mended rejects beside the good rows that are there already.

use aimapper_core::id::{MappingVersionId, RunId};
use aimapper_core::job::{Outcome, OutputFormat, Payload, State, Written};
use aimapper_core::store::outputs::Part;

use crate::ground::{Ground, rows};

const SCHEMA: &str = r#"{"type": "object", "required": ["id", "amount"],
    "properties": {"id": {"type": "integer", "x-unique": true}, "amount": {"type": "number"}}}"#;

/// What becomes of a rejects file beside a run.
async fn replayed(
    ground: &Ground,
    mapping: MappingVersionId,
    rejects: &str,
    with: Option<RunId>,
) -> (RunId, Written, String) {
    let (_, version) = ground.upload("rows.rejects.csv", rejects);
    let run = ground.start(Payload::Run {
        mapping_version: mapping,
        source_version: version,
        format: OutputFormat::Csv,
        max_rejects: 0,
        with,
    });
    let job = ground.run_accepted(run.job_id).await;
    assert_eq!(job.standing.state, State::Succeeded, "{:?}", job.failure);
    let Some(Outcome::Run { balance }) = job.outcome else {
        panic!("{job:?}");
    };
    let rejects = ground.output(run.job_id, Part::Rejects);
    (run.id, balance, String::from_utf8(rejects).unwrap())
}

#[tokio::test]
async fn no_unique_value_of_earlier_runs_comes_again() {
    let ground = Ground::new();
    // More than one chunk, so that the good rows lie in several files.
    let text = format!("{}700001,oops\n", rows(70_000));
    let (mapping, version) = ground.mapped_to(SCHEMA, "rows.csv", &text).await;
    let first = ground.start(ground.run_of(mapping, version, OutputFormat::Csv));
    let done = ground.run_accepted(first.job_id).await;
    assert_eq!(done.standing.state, State::Succeeded, "{:?}", done.failure);
    assert!(ground.epochs(first.job_id, Part::Good).len() > 1);
    let rejects = ground.output(first.job_id, Part::Rejects);
    let rejects = String::from_utf8(rejects).unwrap();
    let mut lines = rejects.lines();
    let head = lines.next().unwrap();
    let line = lines.find(|line| line.contains("\"700001,oops\"")).unwrap();
    let mended = |record: &str| format!("{head}\n{}\n", line.replace("700001,oops", record));

    // One that the second file of the good rows holds.
    let taken = mended("69999,9.25");
    let (_, alone, _) = replayed(&ground, mapping, &taken, None).await;
    assert_eq!(
        (alone.good, alone.rejected),
        (1, 0),
        "nobody told it of the others"
    );
    let (_, beside, why) = replayed(&ground, mapping, &taken, Some(first.id)).await;
    assert_eq!((beside.good, beside.rejected), (0, 1));
    assert!(why.contains(",unique,"), "{why}");

    let fresh = mended("700001,9.25");
    let (second, beside, _) = replayed(&ground, mapping, &fresh, Some(first.id)).await;
    assert_eq!((beside.good, beside.rejected), (1, 0));
    // What was beside the second run counts for the third.
    for record in [&taken, &fresh] {
        let (_, beside, _) = replayed(&ground, mapping, record, Some(second)).await;
        assert_eq!((beside.good, beside.rejected), (0, 1), "{record}");
    }
}
