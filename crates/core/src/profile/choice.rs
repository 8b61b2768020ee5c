//! Choosing a reading: which marks the numbers of a column have, in which order its dates stand.
//!
//! Where two readings fit the same rows and give different values, the choice is open: both are
//! equally likely and nothing is guessed. What other columns of the source say makes one of them
//! likelier, but not sure.

use serde_json::Value;

use super::dates::{DateTally, Order};
use super::numbers::NumberTally;
use crate::source::{Alternative, Decision};
use crate::value::Marks;

/// Confidence where a whole column speaks for it.
const CLEAR: f64 = 0.99;
/// Where only a few values speak for it.
const SETTLED_BY_FEW: f64 = 0.95;
/// Where it is a habit of writing: nobody writes the month first with points.
const HABIT: f64 = 0.97;
/// Where other columns of the same source speak for it.
const BY_OTHERS: f64 = 0.85;

/// Most where the column's own values contradict each other.
const CONTRADICTED: f64 = 0.8;

/// From how many rows on what speaks for another reading is no slip, and from which part of what
/// speaks for the chosen one (1 / 50 = 2 %).
const NO_SLIP: u64 = 2;
const NO_SLIP_PART: u64 = 50;

/// Whether a decision about a column rules another value of it out: a person took it, or the values
/// tell. A habit of writing does not, nor does what is the same by every reading.
#[must_use]
pub fn rules_out(decision: &Decision, other: &Value) -> bool {
    let is_rival = |rival: &Alternative| rival.value == *other;
    let by_few = decision.confidence < HABIT && decision.alternatives.iter().any(is_rival);
    decision.sure && decision.value != *other && (decision.confidence >= CLEAR || by_few)
}

/// Why, where all orders of day and month read the same days.
pub const SAME_DAYS: &str = "every order gives the same days";

/// Why, where numbers read the same with every mark.
pub const NO_MARK_TELLS: &str = "no value has a mark that tells";

/// Why, where a person set it.
pub(super) const BY_PERSON: &str = "set by a person";

/// A reading, and why.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice<T> {
    pub(super) value: T,
    pub(super) confidence: f64,
    /// Others and how likely they are, most likely first.
    pub(super) rivals: Vec<(T, f64)>,
    pub(super) reason: String,
    /// Rows whose value depends on a choice that the values leave open; 0 where it is settled.
    pub(super) open: u64,
    /// Whether the values or a person tell it, so that it is evidence for other columns.
    pub(super) telling: bool,
}

impl<T: Copy + PartialEq> Choice<T> {
    fn by_person(value: T) -> Self {
        let reason = BY_PERSON.to_owned();
        Self {
            value,
            confidence: 1.0,
            rivals: Vec::new(),
            reason,
            open: 0,
            telling: true,
        }
    }

    fn settled(value: T, confidence: f64, reason: String) -> Self {
        Self {
            value,
            confidence,
            rivals: Vec::new(),
            reason,
            open: 0,
            telling: true,
        }
    }

    fn with_rival(mut self, rival: T) -> Self {
        self.rivals.push((rival, round(1.0 - self.confidence)));
        self
    }

    /// The readings that the values leave open, the chosen one first.
    pub(super) fn readings(&self) -> impl Iterator<Item = T> {
        std::iter::once(self.value).chain(self.rivals.iter().map(|(value, _)| *value))
    }

    /// Takes what other columns say into account, if this one is open and has that reading.
    pub(super) fn lean(&mut self, towards: impl Fn(T) -> bool, column: &str) {
        if self.open == 0 {
            return;
        }
        let readings: Vec<T> = self.readings().collect();
        let Some(value) = readings.iter().copied().find(|value| towards(*value)) else {
            return;
        };
        let rest = readings.len().saturating_sub(1).max(1);
        #[expect(clippy::cast_precision_loss, reason = "a handful of readings")]
        let each = round((1.0 - BY_OTHERS) / rest as f64);
        self.rivals = readings
            .into_iter()
            .filter(|r| *r != value)
            .map(|r| (r, each))
            .collect();
        self.value = value;
        self.confidence = BY_OTHERS;
        self.reason = format!("the values leave it open; column {column} has it so");
    }
}

/// Confidences are written with two digits.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// What a person set about numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct MarksSet {
    pub(super) decimal: Option<char>,
    pub(super) thousands: Option<Option<char>>,
}

impl MarksSet {
    fn allows(self, marks: Marks) -> bool {
        self.decimal.is_none_or(|decimal| decimal == marks.decimal)
            && self
                .thousands
                .is_none_or(|thousands| thousands == marks.thousands)
    }
}

/// Chooses the marks of a column's numbers; `None` where it has no numbers. The confidence is that
/// of what is not set.
pub(super) fn choose_marks(tally: &NumberTally, set: MarksSet) -> Option<Choice<Marks>> {
    let best = |decimal: char| tally.best(|m| m.decimal == decimal && set.allows(m));
    let (point, comma) = match (best('.'), best(',')) {
        (None, None) => return None,
        (Some((value, rows)), None) | (None, Some((value, rows))) => {
            return Some(match set.decimal {
                Some(_) => Choice::settled(
                    value,
                    CLEAR,
                    "fits the decimal mark that was set".to_owned(),
                ),
                None => Choice::settled(value, CLEAR, format!("{rows} values read only so")),
            });
        }
        (Some(point), Some(comma)) => (point, comma),
    };
    let ((value, rows), (rival, rival_rows)) = if comma.1 > point.1 {
        (comma, point)
    } else {
        (point, comma)
    };
    if let Some(choice) = contradicted_marks(tally, value, rival) {
        return Some(choice);
    }
    let more = rows - rival_rows;
    let differ = tally.differ(value, rival);
    Some(match (more, differ) {
        (0, 0) => {
            let reason = NO_MARK_TELLS.to_owned();
            Choice {
                telling: false,
                ..Choice::settled(value, SETTLED_BY_FEW, reason)
            }
        }
        (0, _) => Choice {
            value,
            confidence: 0.5,
            rivals: vec![(rival, 0.5)],
            reason: format!("{differ} values such as 1.234 or 1,234 can be read both ways"),
            open: differ,
            telling: false,
        },
        (_, 0) => Choice::settled(value, CLEAR, format!("{more} values read only so")),
        (_, _) => {
            let confidence = if more * 50 >= rows {
                CLEAR
            } else {
                SETTLED_BY_FEW
            };
            let reason = format!("{more} of {rows} values read only so");
            Choice::settled(value, confidence, reason).with_rival(rival)
        }
    })
}

/// How many numbers speak against marks by themselves: they exist only with the other decimal mark.
pub(super) fn contradicting_mark(tally: &NumberTally, value: Marks) -> Option<u64> {
    let against = tally.proven(if value.decimal == '.' { ',' } else { '.' });
    contradicted(tally.proven(value.decimal), against).map(|_| against)
}

/// The marks of most numbers, where others prove the other decimal mark: what the rest means nobody can
/// tell.
fn contradicted_marks(tally: &NumberTally, value: Marks, rival: Marks) -> Option<Choice<Marks>> {
    let against = contradicting_mark(tally, value)?;
    let speaks_for = tally.proven(value.decimal);
    let confidence = contradicted(speaks_for, against)?;
    let reason = format!(
        "{speaks_for} numbers exist only with the decimal mark “{}”, but {against} only with “{}”",
        value.decimal, rival.decimal
    );
    let choice = Choice {
        telling: false,
        ..Choice::settled(value, confidence, reason)
    };
    Some(choice.with_rival(rival))
}

/// The confidence of a reading that so many values speak for and so many against; `None` where those
/// against it can be slips.
fn contradicted(speaks_for: u64, against: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a share of rows")]
    let share = speaks_for as f64 / (speaks_for + against) as f64;
    let is_slip = against < NO_SLIP || against.saturating_mul(NO_SLIP_PART) < speaks_for;
    (!is_slip).then(|| round(share.clamp(0.5, CONTRADICTED)))
}

/// Chooses the order of a column's dates; `None` where it has no dates.
pub(super) fn choose_order(tally: &DateTally, set: Option<Order>) -> Option<Choice<Order>> {
    let rows = |order: Order| tally.rows(order);
    let most = Order::ALL.into_iter().map(rows).max().unwrap_or(0);
    let fixed = tally.fixed_order();
    if let Some(order) = set
        && (most > 0 || fixed.is_some())
    {
        return Some(Choice::by_person(order));
    }
    if most == 0 {
        let order = fixed?;
        let reason = "the year or the month's name tells the order".to_owned();
        return Some(Choice::settled(order, CLEAR, reason));
    }
    let best = Order::ALL.into_iter().find(|order| rows(*order) == most);
    if let Some(choice) = best.and_then(|best| contradicted_order(tally, best)) {
        return Some(choice);
    }
    if rows(Order::Dmy) == most && tally.is_dotted(Order::Dmy) {
        let choice = Choice::settled(
            Order::Dmy,
            HABIT,
            "dates with points have the day first".to_owned(),
        );
        return Some(if rows(Order::Mdy) > 0 {
            choice.with_rival(Order::Mdy)
        } else {
            choice
        });
    }
    let fitting: Vec<Order> = Order::ALL
        .into_iter()
        .filter(|o| rows(*o) == most)
        .collect();
    let (value, others) = fitting.split_first()?;
    let open: Vec<(Order, u64)> = others
        .iter()
        .map(|other| (*other, tally.differ(*value, *other)))
        .filter(|(_, rows)| *rows > 0)
        .collect();
    Some(match open.iter().map(|(_, rows)| *rows).max() {
        Some(differ) => open_order(*value, &open, differ),
        None => settled_order(tally, *value, most, !others.is_empty()),
    })
}

/// What speaks against an order by itself: another order, and how many dates exist only in that.
pub(super) fn contradicting(tally: &DateTally, value: Order) -> Option<(Order, u64)> {
    Order::ALL
        .into_iter()
        .filter(|rival| *rival != value)
        .map(|rival| (rival, tally.proven(rival, value)))
        .filter(|(rival, against)| contradicted(tally.proven(value, *rival), *against).is_some())
        .max_by_key(|(rival, against)| (*against, std::cmp::Reverse(*rival)))
}

/// The order of most dates, where others prove another one: no order is right for all of them, and
/// what the rest means nobody can tell.
fn contradicted_order(tally: &DateTally, value: Order) -> Option<Choice<Order>> {
    let (rival, against) = contradicting(tally, value)?;
    let speaks_for = tally.proven(value, rival);
    let confidence = contradicted(speaks_for, against)?;
    let reason = format!(
        "{speaks_for} dates exist only with the {} first, but {against} only with the {} first",
        value.first(),
        rival.first()
    );
    let choice = Choice {
        telling: false,
        ..Choice::settled(value, confidence, reason)
    };
    Some(choice.with_rival(rival))
}

fn open_order(value: Order, open: &[(Order, u64)], differ: u64) -> Choice<Order> {
    // With a third reading, it is the rare one that begins with a short year.
    let (likely, last) = if open.len() == 1 {
        (0.5, 0.5)
    } else {
        (0.4, 0.2)
    };
    let last_index = open.len().saturating_sub(1);
    let rivals = open
        .iter()
        .enumerate()
        .map(|(index, (order, _))| (*order, if index == last_index { last } else { likely }));
    Choice {
        value,
        confidence: likely,
        rivals: rivals.collect(),
        reason: format!("{differ} dates are different days in another order, and none tells"),
        open: differ,
        telling: false,
    }
}

fn settled_order(tally: &DateTally, value: Order, most: u64, same: bool) -> Choice<Order> {
    if same {
        let reason = SAME_DAYS.to_owned();
        return Choice {
            telling: false,
            ..Choice::settled(value, SETTLED_BY_FEW, reason)
        };
    }
    let second = Order::ALL
        .into_iter()
        .filter(|order| *order != value)
        .map(|order| (tally.rows(order), order))
        .max_by_key(|(rows, order)| (*rows, std::cmp::Reverse(*order)));
    let (second_rows, second) = second.unwrap_or((0, value));
    let more = most - second_rows;
    let confidence = if more * 50 >= most {
        CLEAR
    } else {
        SETTLED_BY_FEW
    };
    let reason = format!("{more} of {most} dates exist only in this order");
    let choice = Choice::settled(value, confidence, reason);
    if second_rows > 0 {
        choice.with_rival(second)
    } else {
        choice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(values: &[&str], set: MarksSet) -> Option<Choice<Marks>> {
        let mut tally = NumberTally::default();
        for value in values {
            tally.add(value, value, 1, u64::MAX);
        }
        choose_marks(&tally, set)
    }

    fn order(values: &[&str], set: Option<Order>) -> Option<Choice<Order>> {
        let mut tally = DateTally::default();
        for value in values {
            tally.add(value, 1);
        }
        choose_order(&tally, set)
    }

    #[test]
    fn marks_are_open_only_where_every_value_admits_both() {
        let none = MarksSet::default();
        let open = marks(&["1.234", "5"], none).expect("numbers");
        assert_eq!(
            (open.value.decimal, open.confidence, open.open),
            ('.', 0.5, 1)
        );
        let settled = marks(&["1.234", "12,5"], none).expect("numbers");
        assert_eq!(
            (settled.value.decimal, settled.value.thousands),
            (',', Some('.'))
        );
        assert_eq!((settled.open, settled.telling), (0, true));
        let plain = marks(&["5", "€ 7"], none).expect("numbers");
        assert_eq!((plain.open, plain.telling), (0, false));
        assert_eq!(marks(&["abc"], none), None);
    }

    #[test]
    fn numbers_that_prove_both_marks_leave_it_open() {
        let none = MarksSet::default();
        let values = ["1.50", "2,50", "3.50", "1,234.50", "1.234,50", "7"];
        let choice = marks(&values, none).expect("numbers");
        assert_eq!((choice.value.decimal, choice.telling), ('.', false));
        assert!((choice.confidence - 0.6).abs() < 1e-9, "{choice:?}");
        let rivals: Vec<char> = choice.rivals.iter().map(|(m, _)| m.decimal).collect();
        assert_eq!(rivals, [',']);
        // One may be a slip.
        let slip = marks(&["1.50", "2,50", "3.50", "4.50"], none).expect("numbers");
        assert!(slip.confidence >= SETTLED_BY_FEW, "{slip:?}");
    }

    #[test]
    fn a_person_settles_the_marks() {
        let set = MarksSet {
            decimal: Some(','),
            thousands: None,
        };
        let choice = marks(&["1.234", "5"], set).expect("numbers");
        assert_eq!(
            (choice.value.thousands, choice.confidence, choice.open),
            (Some('.'), 0.99, 0)
        );
    }

    #[test]
    fn orders_of_dates() {
        for (values, wanted, confidence, open) in [
            (&["01/02/2026", "24/11/2026"][..], Order::Dmy, 0.99, 0),
            (&["01/02/2026", "11/24/2026"], Order::Mdy, 0.99, 0),
            (&["01/02/2026", "03/04/2026"], Order::Dmy, 0.5, 2),
            (&["05/05/2026"], Order::Dmy, 0.95, 0),
            (&["01.02.2026"], Order::Dmy, 0.97, 0),
            (&["01.02.26"], Order::Dmy, 0.97, 0),
            (&["2026-02-01"], Order::Ymd, 0.99, 0),
            (&["26-11-24"], Order::Dmy, 0.5, 1),
            (&["10-11-12"], Order::Dmy, 0.4, 1),
            (&["5 May 2026"], Order::Dmy, 0.99, 0),
            (&["2026-02-01", "03/04/2026"], Order::Dmy, 0.5, 1),
        ] {
            let choice = order(values, None).expect("dates");
            assert_eq!((choice.value, choice.open), (wanted, open), "{values:?}");
            assert!(
                (choice.confidence - confidence).abs() < 1e-9,
                "{values:?} {choice:?}"
            );
        }
        let set = order(&["01/02/2026"], Some(Order::Mdy)).expect("dates");
        assert_eq!((set.value, set.confidence, set.open), (Order::Mdy, 1.0, 0));
        assert_eq!(order(&["x"], Some(Order::Mdy)), None);
    }

    #[test]
    fn dates_that_prove_different_orders_leave_it_open() {
        for (values, wanted, confidence, rival) in [
            (
                &[
                    "13/01/2026",
                    "14/01/2026",
                    "15/01/2026",
                    "01/13/2026",
                    "01/14/2026",
                    "01/02/2026",
                ][..],
                Order::Dmy,
                0.6,
                Order::Mdy,
            ),
            (
                &["01/13/2026", "01/14/2026", "13/01/2026", "14/01/2026"],
                Order::Dmy,
                0.5,
                Order::Mdy,
            ),
            (
                &[
                    "01/13/26", "01/14/26", "01/15/26", "13/01/26", "14/01/26", "32/01/02",
                ],
                Order::Mdy,
                0.6,
                Order::Dmy,
            ),
        ] {
            let choice = order(values, None).expect("dates");
            assert_eq!(
                (choice.value, choice.telling),
                (wanted, false),
                "{values:?}"
            );
            assert!((choice.confidence - confidence).abs() < 1e-9, "{choice:?}");
            assert_eq!(choice.rivals, [(rival, round(1.0 - confidence))]);
        }
        let choice = order(
            &["13/01/2026", "14/01/2026", "01/13/2026", "01/14/2026"],
            None,
        );
        assert_eq!(
            choice.map(|choice| choice.reason),
            Some(
                "2 dates exist only with the day first, but 2 only with the month first".to_owned()
            )
        );
    }

    #[test]
    fn a_slip_contradicts_nothing() {
        let many = |rows: u64, slips: u64| {
            let mut tally = DateTally::default();
            tally.add("24/11/2026", rows);
            tally.add("11/24/2026", slips);
            choose_order(&tally, None).expect("dates").confidence
        };
        assert!((many(3, 1) - CLEAR).abs() < 1e-9);
        assert!((many(101, 2) - CLEAR).abs() < 1e-9);
        assert!((many(100, 2) - CONTRADICTED).abs() < 1e-9);
    }

    #[test]
    fn other_columns_make_a_reading_likelier_but_not_sure() {
        let mut choice = order(&["01/02/2026"], None).expect("dates");
        choice.lean(|order| order == Order::Mdy, "paid");
        assert_eq!((choice.value, choice.confidence), (Order::Mdy, 0.85));
        assert_eq!(choice.rivals, [(Order::Dmy, 0.15)]);
        assert_eq!(choice.open, 1);
    }
}
