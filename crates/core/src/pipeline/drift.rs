//! How a source that was read differs from what a kept mapping knows, by what was kept of its reading: so that a
//! person sees it before a run is begun. It opens no file, and a run that it lets pass is looked at again.

use super::holds::other_readings;
use super::kept::{OF_FORMAT, OtherReading, find, other_format};
use super::renamed::check_profiles;
use crate::mapping::{ColumnCheck, Mapping};
use crate::profile::ColumnProfile;
use crate::source::{ALL_ASCII, Decision, What};
use crate::transform::REJECT_COLUMNS;

/// How a source differs from what a mapping knows.
#[derive(Debug, Default)]
pub struct Drift {
    /// Whether it is a rejects file: its records are read as the mapping's own source was, and nothing is compared.
    pub replays: bool,
    /// Readings that no longer hold. Each is a reason not to run.
    pub readings: Vec<OtherReading>,
    /// Columns that are missing, each a reason not to run, and columns that are new.
    pub columns: ColumnCheck,
    /// Whether the run reads the source otherwise than it was read for its profile, so that only the run itself can
    /// tell which columns it has.
    pub read_otherwise: bool,
}

impl Drift {
    /// Whether nothing of it speaks against a run.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.readings.is_empty() && self.columns.missing.is_empty()
    }
}

/// Compares a mapping with a source: `decisions` and `columns` are what its profile says.
#[must_use]
pub fn drift(
    mapping: &Mapping,
    file: &str,
    decisions: &[Decision],
    columns: &[ColumnProfile],
) -> Drift {
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    if names.iter().map(String::as_str).eq(REJECT_COLUMNS) {
        return Drift {
            replays: true,
            ..Drift::default()
        };
    }
    let ascii = find(decisions, What::Encoding).is_some_and(|found| found.reason == ALL_ASCII);
    let readings: Vec<OtherReading> = OF_FORMAT
        .into_iter()
        .filter_map(|what| other_format(file, mapping, what, decisions, ascii))
        .collect();
    if !readings.is_empty() {
        // Columns that were found by another reading are not those that the mapping would find.
        return Drift {
            readings,
            ..Drift::default()
        };
    }
    if reads_otherwise(mapping, decisions) {
        return Drift {
            read_otherwise: true,
            ..Drift::default()
        };
    }
    Drift {
        readings: other_readings(mapping, file, decisions, columns).collect(),
        columns: check_profiles(mapping, columns),
        ..Drift::default()
    }
}

/// Whether the mapping has another reading of what makes columns, though the source does not plainly ask for its
/// own.
fn reads_otherwise(mapping: &Mapping, decisions: &[Decision]) -> bool {
    let value = |all: &[Decision], what| find(all, what).map(|found| found.value.clone());
    let differs = |what| {
        let kept = value(&mapping.decisions, what);
        kept.is_some() && kept != value(decisions, what)
    };
    let is_chosen =
        find(&mapping.decisions, What::Table).is_some_and(|table| table.confidence >= 1.0);
    [What::Delimiter, What::HeaderLines]
        .into_iter()
        .any(differs)
        || (is_chosen && differs(What::Table))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::mapping::RuleState;
    use crate::matching::Memory;
    use crate::pipeline::{Asked, Settings, Source, profile, propose};
    use crate::source::{Input, Limits, Overrides, Reading};
    use crate::target::from_json_schema;

    const TARGET: &str = r#"{"title": "Booking", "type": "object", "required": ["booked", "amount"],
        "properties": {"booked": {"type": "string", "format": "date"}, "amount": {"type": "number"}}}"#;
    const MARCH: &str =
        "Booked;Amount;Text\n13/03/2026;1.50;a\n14/03/2026;2.25;b\n15/03/2026;3.75;c\n";

    /// Decisions and columns of a text, as its profile has them.
    fn read(text: &str) -> (Input, Reading, crate::profile::Profile) {
        let limits = Limits::default();
        let input = Input::spool("next.csv", text.as_bytes()).unwrap();
        let reading = Reading::decide(&input, &Overrides::default(), &limits).unwrap();
        let source = Source {
            input: &input,
            reading: &reading,
            limits,
            replays: None,
        };
        let none = Overrides::default();
        let (profile, _) = profile(source, &none, Settings::default(), &mut |_| {}).unwrap();
        (input, reading, profile)
    }

    /// What is different in a text from [`MARCH`]: missing and new columns, then readings.
    fn found(text: &str) -> Drift {
        let (input, reading, first) = read(MARCH);
        let target = from_json_schema(TARGET, "t").unwrap();
        let mut mapping = propose(input.name(), &reading, &first, &target, &Memory::default());
        for rule in &mut mapping.rules {
            rule.state = RuleState::Accepted;
        }
        let (_, reading, profile) = read(text);
        let decisions = [reading.decisions, profile.decisions].concat();
        drift(&mapping, "next.csv", &decisions, &profile.columns)
    }

    #[test]
    fn the_next_month_fits() {
        let drift = found("Text;Amount;Booked\nd;4.50;16/04/2026\ne;5.25;17/04/2026\n");
        assert!(drift.fits() && !drift.read_otherwise, "{drift:?}");
        assert_eq!(drift.columns, ColumnCheck::default());
    }

    #[test]
    fn columns_that_are_missing_and_new_are_named() {
        let drift = found("Booked;Amounts;Text;Branch\n16/04/2026;4.50;d;x\n17/04/2026;5.25;e;y\n");
        assert!(!drift.fits());
        let missing = &drift.columns.missing;
        assert_eq!(missing.len(), 1, "{missing:?}");
        assert_eq!(missing[0].column, "Amount");
        assert_eq!(missing[0].used_by, ["amount"]);
        assert_eq!(missing[0].nearest, ["Amounts"]);
        assert_eq!(drift.columns.new, ["Amounts", "Branch"]);
    }

    #[test]
    fn a_column_is_found_by_what_its_name_means_and_what_is_in_it() {
        let drift = found("Buchungstag;Amt;Zzz\n16/04/2026;4.50;d\n17/04/2026;5.25;e\n");
        let missing = &drift.columns.missing;
        let nearest = |column: &str| {
            let found = missing.iter().find(|missing| missing.column == column);
            found.expect("a missing column").nearest.clone()
        };
        assert_eq!(nearest("Booked"), ["Buchungstag"]);
        assert_eq!(nearest("Amount"), ["Amt"]);
        let drift = found("Booked;Quux;Zzz\n16/04/2026;f;d\n17/04/2026;g;e\n");
        assert!(drift.columns.missing[0].nearest.is_empty(), "{drift:?}");
    }

    #[test]
    fn readings_that_no_longer_hold_are_told() {
        let of_column = found("Booked;Amount;Text\n04/16/2026;4.50;d\n04/17/2026;5.25;e\n");
        let of_format = found("Booked,Amount,Text\n16/04/2026,4.50,d\n17/04/2026,5.25,e\n");
        for (drift, what) in [(of_column, What::DateOrder), (of_format, What::Delimiter)] {
            assert!(!drift.fits(), "{drift:?}");
            assert_eq!(drift.readings[0].what, Asked::Reading(what));
            assert!(drift.columns.missing.is_empty(), "{drift:?}");
        }
    }

    #[test]
    fn times_in_another_format_are_told() {
        let target = r#"{"title": "t", "type": "object", "properties": {
            "day": {"type": "string"}, "opens": {"type": "string", "format": "time"}}}"#;
        let of = |times: [&str; 2]| {
            let text = format!("day;opens\nMon;{}\nTue;{}\n", times[0], times[1]);
            let (input, reading, profile) = read(&text);
            let target = from_json_schema(target, "t").unwrap();
            let mapping = propose(
                input.name(),
                &reading,
                &profile,
                &target,
                &Memory::default(),
            );
            (
                mapping,
                [reading.decisions, profile.decisions].concat(),
                profile.columns,
            )
        };
        let (mapping, ..) = of(["06:00", "13:30"]);
        for (times, now) in [
            (["07:00", "14:30"], None),
            (["7:00", "14:30"], None),
            (["07:00", "02:30 PM"], None),
            (["soon", "later"], None),
            (["7:00", "8:30"], Some(json!(["%-H:%M"]))),
            (["07:00 AM", "2:30 PM"], Some(json!(["%-I:%M %p"]))),
            (["07:00:15", "2 PM"], Some(json!(["%-I %p", "%H:%M:%S"]))),
            (["07.00", "14.30"], Some(json!(["%H.%M"]))),
            (
                ["2026-06-01T07:00", "2026-06-01T14:30"],
                Some(json!(["%Y-%m-%dT%H:%M"])),
            ),
        ] {
            let (_, decisions, columns) = of(times);
            let drift = drift(&mapping, "next.csv", &decisions, &columns);
            let found: Vec<&Value> = drift.readings.iter().map(|other| &other.now).collect();
            assert_eq!(found, now.iter().collect::<Vec<_>>(), "{times:?}");
            assert!(
                drift
                    .readings
                    .iter()
                    .all(|other| other.what == Asked::TimeFormat)
            );
        }
    }

    #[test]
    fn rejects_are_replayed_and_not_compared() {
        let head = REJECT_COLUMNS.join(",");
        let drift = found(&format!("{head}\nn.csv,2,1,amount,required,x,m,h,a;b;c,\n"));
        assert!(drift.replays && drift.fits(), "{drift:?}");
    }
}
