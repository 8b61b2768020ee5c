//! The steps that read times of day.

use super::evidence;
use super::steps::{CHANGED_PRECISION, Reading};
use crate::mapping::{Step, why_no_time};
use crate::matching::times::{Way, ways};
use crate::matching::value_evidence::filled;
use crate::profile::{ColumnProfile, SemanticType, TypeCount};
use crate::value::DateFormat;

/// Times of which only some have AM or PM.
const SOME_HALVES: f64 = 0.6;
/// Numbers such as 6.30, which may be half past six or a little more than six hours.
const MAY_BE_NUMBERS: f64 = 0.6;

impl Reading {
    /// Times of day by the formats that the column has. Nothing is taken for afternoon that does not say so.
    pub(super) fn add_times(&mut self, column: &ColumnProfile) {
        let all = filled(column);
        // Without rows nothing is known, and the target's own spelling is asked for.
        if all == 0 {
            return;
        }
        let (offsets, ways): (Vec<Way>, Vec<Way>) = ways(column)
            .into_iter()
            .partition(|way| way.format.contains("%z"));
        let rows = |ways: &[Way]| ways.iter().map(|way| way.rows).sum::<u64>();
        let (with_offset, read) = (rows(&offsets), rows(&ways));
        if with_offset > 0 {
            let text = format!(
                "values: {with_offset} of {all} have an offset from UTC, which a time of day has no place for"
            );
            self.limit(CHANGED_PRECISION, "values", text);
        }
        if ways.is_empty() {
            return self.cut_times(column);
        }
        self.expect(column, read, "times");
        let with_half = |way: &&Way| way.format.contains("%p");
        let halves: u64 = ways.iter().filter(with_half).map(|way| way.rows).sum();
        if halves > 0 && halves < read {
            let bare = read - halves;
            let text = format!(
                "values: {bare} of {all} have neither AM nor PM and are read as hours of 0 to 23"
            );
            self.limit(SOME_HALVES, "values", text);
        }
        if ways.iter().any(|way| way.may_be_number) {
            let text = "type: the values may be times with a point or numbers of hours";
            self.limit(MAY_BE_NUMBERS, "type", text);
        }
        let formats = ways.into_iter().map(|way| way.format).collect();
        self.steps.push(Step::Time { formats });
    }

    /// Times of day behind dates, which are cut off where that is plain. A person has to see it.
    fn cut_times(&mut self, column: &ColumnProfile) {
        let is_timestamp =
            |count: &&TypeCount| count.semantic == SemanticType::Timestamp && count.rows > 0;
        let timestamps = column.types.iter().filter(is_timestamp);
        let mut found: Option<(&str, Vec<String>)> = None;
        let mut read = 0_u64;
        for count in timestamps.clone() {
            let Some((joint, time)) = count.format.as_deref().and_then(behind_date) else {
                continue;
            };
            let (of_others, formats) = found.get_or_insert((joint, Vec::new()));
            // Day and month in both orders are one way of writing times.
            if *of_others == joint && !formats.contains(&time) {
                read = read.saturating_add(count.rows);
                formats.push(time);
            }
        }
        let Some((joint, formats)) = found else {
            self.none_read = true;
            let text = if timestamps.count() > 0 {
                "values: they have a date as well; cut the time out with regex_extract, if it alone is meant"
            } else {
                "values: none of them is a time of day that can be read"
            };
            self.evidence.push(evidence("values", -1.0, text));
            return;
        };
        self.expect(column, read, "times");
        self.limit(CHANGED_PRECISION, "type", "type: the date is left out");
        self.steps.push(Step::Split {
            separator: joint.to_owned(),
            part: 2,
        });
        self.steps.push(Step::Time { formats });
    }
}

/// What stands between the date and the time of a format, and the format of the time, where it is all that stands
/// behind it.
fn behind_date(format: &str) -> Option<(&'static str, String)> {
    let is_time =
        |text: &str| DateFormat::parse(text).is_ok_and(|format| why_no_time(&format).is_none());
    ["T", " "].into_iter().find_map(|joint| {
        let (date, time) = format.split_once(joint)?;
        let is_only = !date.contains(joint)
            && !time.contains(joint)
            && !date.contains("%b")
            && !date.contains("%B");
        (is_only && is_time(time)).then(|| (joint, time.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Rule;
    use crate::matching::tests::{field, filled_column, named};
    use crate::matching::{Memory, propose};
    use crate::target::{FieldType, TargetSchema};

    /// The rule of a field of times for a column with so many rows of each way of writing.
    fn rule(values: &[(&str, u64)], types: &[(SemanticType, &str, u64)]) -> Rule {
        let mut column = filled_column("opens", values);
        column.types = types
            .iter()
            .map(|(semantic, format, rows)| TypeCount {
                semantic: *semantic,
                format: Some((*format).to_owned()),
                rows: *rows,
            })
            .collect();
        column.semantic = types.first().map(|(semantic, ..)| *semantic);
        let target = TargetSchema {
            name: "t".to_owned(),
            description: None,
            fields: vec![field("opens", FieldType::Time)],
            unused: Vec::new(),
        };
        propose(&named(&[column]), &target, &[], &Memory::default()).remove(0)
    }

    fn time(formats: &[&str]) -> Step {
        Step::Time {
            formats: formats.iter().map(|&format| format.to_owned()).collect(),
        }
    }

    const TIME: SemanticType = SemanticType::Time;

    #[test]
    fn times_are_read_in_the_formats_that_they_have() {
        let found = rule(
            &[("06:00", 30), ("6:30:15", 10)],
            &[(TIME, "%H:%M", 30), (TIME, "%-H:%M:%S", 10)],
        );
        assert_eq!(found.transform, [time(&["%H:%M", "%-H:%M:%S"])]);
        assert!(found.confidence >= 0.9, "{found:?}");
        let found = rule(
            &[("9:05", 10), ("10:30", 30)],
            &[(TIME, "%H:%M", 30), (TIME, "%-H:%M", 10)],
        );
        assert_eq!(found.transform, [time(&["%-H:%M"])]);
    }

    #[test]
    fn what_is_open_about_times_is_asked() {
        let halves = rule(
            &[("06:00", 10), ("1:00 PM", 30)],
            &[(TIME, "%-I:%M %p", 30), (TIME, "%H:%M", 10)],
        );
        assert!(halves.confidence <= 0.6 && halves.most <= 0.6, "{halves:?}");
        let said = "values: 10 of 40 have neither AM nor PM and are read as hours of 0 to 23";
        assert!(halves.evidence.iter().any(|e| e.text == said), "{halves:?}");
        let dated = rule(
            &[("2026-06-01 06:00", 40)],
            &[(SemanticType::Timestamp, "%Y-%m-%d %H:%M", 40)],
        );
        let split = Step::Split {
            separator: " ".to_owned(),
            part: 2,
        };
        assert_eq!(dated.transform, [split, time(&["%H:%M"])]);
        assert!(dated.confidence <= 0.8, "{dated:?}");
        let some = rule(
            &[("06:00", 30), ("07:00Z", 10)],
            &[(TIME, "%H:%M", 30), (TIME, "%H:%M%z", 10)],
        );
        assert_eq!(some.transform, [time(&["%H:%M"])]);
        assert!(some.confidence <= 0.8, "{some:?}");
    }

    #[test]
    fn a_column_without_a_time_that_can_be_read_leaves_the_field_open() {
        for found in [
            rule(&[("soon", 40)], &[]),
            rule(&[("07:00Z", 40)], &[(TIME, "%H:%M%z", 40)]),
            rule(
                &[("6/1/2026 6:00 AM", 40)],
                &[(SemanticType::Timestamp, "%-m/%-d/%Y %-I:%M %p", 40)],
            ),
        ] {
            assert!(
                found.sources.is_empty() && found.transform.is_empty(),
                "{found:?}"
            );
            assert_eq!(found.alternatives[0].sources, ["opens"]);
        }
    }

    #[test]
    fn times_behind_dates_that_can_be_cut_off() {
        let cut = |format| behind_date(format).map(|(joint, time)| format!("{joint}|{time}"));
        for (format, wanted) in [
            ("%Y-%m-%d %H:%M", Some(" |%H:%M")),
            ("%Y-%m-%dT%H:%M:%S", Some("T|%H:%M:%S")),
            ("%-d.%-m.%Y %-H:%M", Some(" |%-H:%M")),
            ("%d.%m.%Y, %H:%M", Some(" |%H:%M")),
            ("%m/%d/%Y %-I:%M %p", None),
            ("%Y-%m-%dT%H:%M:%S%z", None),
            ("%-d %b %Y %H:%M", None),
            ("%d/%b/%Y:%H:%M:%S", None),
            ("%Y-%m-%d", None),
        ] {
            assert_eq!(cut(format).as_deref(), wanted, "{format}");
        }
    }
}
