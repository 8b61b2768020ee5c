//! Signals: what is told to people about a pair, and how much each piece weighs beside the others.
//!
//! The probability of a pair does not come from here but from the trained model. These weights are
//! set by hand, on the scale of log-odds, and only order the evidence; the one thing that counts
//! for more is a conflict of values and type, by which a pair is held down.

/// Name agreement to log-odds, straight lines between these points.
const NAME: [(f64, f64); 7] = [
    (0.0, -1.5),
    (0.2, -0.8),
    (0.4, 0.5),
    (0.6, 1.8),
    (0.8, 3.4),
    (0.9, 4.3),
    (1.0, 6.5),
];

/// Share of values that fit the type to log-odds.
const TYPE: [(f64, f64); 4] = [(0.0, -4.0), (0.5, -2.0), (0.9, 0.5), (1.0, 1.0)];

/// Share of rows whose value is matched to a label to log-odds.
const LABELS: [(f64, f64); 4] = [(0.0, -3.0), (0.3, -1.0), (0.6, 1.0), (1.0, 2.6)];

/// Share of rows whose value stands in the target's sample to log-odds.
const SAMPLE: [(f64, f64); 3] = [(0.0, -0.4), (0.3, 0.8), (1.0, 2.5)];

/// Cosine of two meanings to log-odds.
const MEANING: [(f64, f64); 2] = [(0.5, 0.6), (1.0, 3.0)];

/// Highest log-odds that a description gives.
const DESCRIPTION: f64 = 0.8;
/// Log-odds of values that are certainly what the name asks for, or certainly not.
const KIND: f64 = 1.8;
/// Log-odds of values that all have the form that the name asks for.
const FORM: f64 = 1.5;

/// Fewer values than this share that fit the type are a conflict.
const CONFLICT: f64 = 0.05;

/// All evidence of one pair; `None` is absent, not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Signals {
    /// Agreement of the names, 0 to 1.
    pub(crate) name: Option<f64>,
    /// Cosine of the meanings of names that share no word, 0.5 to 1.
    pub(crate) meaning: Option<f64>,
    /// Share of the name's words in the description, 0 to 1.
    pub(crate) description: Option<f64>,
    /// Share of values that the field's type accepts, 0 to 1.
    pub(crate) types: Option<f64>,
    /// Whether the values are of the sort that the name asks for, -1 to 1.
    pub(crate) kind: Option<f64>,
    /// Share of the values that have the form that the name asks for, times how much it asks.
    pub(crate) form: Option<f64>,
    /// Share of rows whose value is one of the labels, 0 to 1.
    pub(crate) labels: Option<f64>,
    /// Share of rows whose value stands in the sample, 0 to 1.
    pub(crate) sample: Option<f64>,
    /// The values cannot be the field's labels: too many of them, and none fits.
    pub(crate) never: bool,
}

/// One kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Piece {
    Name,
    Meaning,
    Description,
    Type,
    Kind,
    Form,
    Labels,
    Sample,
}

impl Signals {
    /// The pieces that are present with their log-odds.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Piece, f64)> {
        // A description helps where the name does not already say it.
        let name = self.name.unwrap_or(0.0);
        let described = self
            .description
            .filter(|_| name < 0.6)
            .map(|share| share * DESCRIPTION);
        [
            (Piece::Name, self.name.map(|score| on_line(&NAME, score))),
            (
                Piece::Meaning,
                self.meaning.map(|near| on_line(&MEANING, near)),
            ),
            (Piece::Description, described),
            (Piece::Type, self.types.map(|share| on_line(&TYPE, share))),
            (Piece::Kind, self.kind.map(|agreement| agreement * KIND)),
            (Piece::Form, self.form.map(|share| share * FORM)),
            (
                Piece::Labels,
                self.labels.map(|share| on_line(&LABELS, share)),
            ),
            (
                Piece::Sample,
                self.sample.map(|share| on_line(&SAMPLE, share)),
            ),
        ]
        .into_iter()
        .filter_map(|(piece, logit)| logit.map(|logit| (piece, logit)))
    }

    /// Whether the values do not fit the field's type at all.
    pub(crate) fn conflict(&self) -> bool {
        self.never || self.types.is_some_and(|share| share < CONFLICT)
    }
}

/// The straight line through the points; level beyond them.
fn on_line(points: &[(f64, f64)], at: f64) -> f64 {
    let mut before: Option<(f64, f64)> = None;
    for &(x, y) in points {
        if at <= x {
            return match before {
                Some((x0, y0)) if x > x0 => (y - y0).mul_add((at - x0) / (x - x0), y0),
                _ => y,
            };
        }
        before = Some((x, y));
    }
    before.map_or(0.0, |(_, y)| y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_not_told() {
        assert_eq!(Signals::default().parts().count(), 0);
        let named = Signals {
            name: Some(1.0),
            description: Some(1.0),
            ..Signals::default()
        };
        // The name says it already.
        assert_eq!(named.parts().collect::<Vec<_>>(), [(Piece::Name, 6.5)]);
        let described = Signals {
            name: Some(0.4),
            ..named
        };
        assert_eq!(described.parts().count(), 2);
    }

    #[test]
    fn values_that_do_not_fit_at_all_are_a_conflict() {
        let fits = |share| Signals {
            types: Some(share),
            ..Signals::default()
        };
        assert!(fits(0.0).conflict() && !fits(0.05).conflict());
        assert!(!Signals::default().conflict());
        let never = Signals {
            never: true,
            ..fits(1.0)
        };
        assert!(never.conflict());
    }

    #[test]
    fn lines_are_level_beyond_their_points() {
        let line = [(0.2, -1.0), (0.6, 1.0)];
        for (at, value) in [(0.0, -1.0), (0.2, -1.0), (0.4, 0.0), (0.6, 1.0), (0.9, 1.0)] {
            assert!((on_line(&line, at) - value).abs() < 1e-12, "{at}");
        }
        assert!(on_line(&[], 0.5).abs() < 1e-12);
    }
}
