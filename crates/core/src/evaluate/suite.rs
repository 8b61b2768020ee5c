//! All cases together: figures per suite, their means, and how far confidence can be trusted.

use serde::Serialize;

use super::figures::{Best, area_under_curve, calibration_error, coverage, evenly, mean, median};
use super::grade::{ColumnGrade, Grade, ValueGrade};

/// From which score on an answer counts as accepted.
const ACCEPT: f64 = 0.9;
/// The precision of fewer accepted answers says nothing.
const FEWEST_ACCEPTED: usize = 10;

/// The figures of all suites.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Suites of columns, in the order of their names.
    pub columns: Vec<SuiteColumns>,
    /// The mean over these suites, each with the same weight.
    pub columns_mean: Option<ColumnFigures>,
    /// Over the suites whose truth judges every column, if there are any.
    pub calibration: Option<Calibration>,
    /// Suites of values, in the order of their names.
    pub values: Vec<SuiteValues>,
    /// The mean over these suites.
    pub values_mean: Option<ValueFigures>,
}

/// A suite of columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SuiteColumns {
    /// Its name.
    pub suite: String,
    /// Cases.
    pub cases: usize,
    /// Columns that have a target.
    pub columns: usize,
    /// Its figures.
    #[serde(flatten)]
    pub figures: ColumnFigures,
}

/// Figures of columns; `None` where one cannot be told. Ranks are means over cases, confidence is
/// judged over the suite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct ColumnFigures {
    /// Share of the right pairs among as many best pairs as there are right ones (Valentine,
    /// Koutras et al., ICDE 2021).
    pub recall: Option<f64>,
    /// Mean of 1 / rank of the best right field, over columns that have a target.
    pub mrr: Option<f64>,
    /// Share of such columns whose first field is right.
    pub top1: Option<f64>,
    /// Share with a right one among the first five.
    pub top5: Option<f64>,
    /// Share with a right one among the first twenty.
    pub top20: Option<f64>,
    /// F1 of each column's first field.
    pub f1: Option<f64>,
    /// Expected calibration error of the first field's score.
    pub ece: Option<f64>,
    /// How well that score tells right from wrong.
    pub auc: Option<f64>,
    /// Largest share of columns that a threshold accepts with at least 95 % right.
    pub cov95: Option<f64>,
    /// Share of columns whose first field has at least 0.9.
    pub accepted: Option<f64>,
    /// Share of these that are right.
    pub precision: Option<f64>,
    /// Seconds of processor per case, the median.
    pub seconds: Option<f64>,
}

/// How far confidence can be trusted, over suites whose truth judges every column.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Calibration {
    /// Suites.
    pub suites: usize,
    /// Expected calibration error over all their columns.
    pub ece_pooled: f64,
    /// The same with each suite weighing the same.
    pub ece_balanced: f64,
    /// Share of all columns whose first field has at least 0.9.
    pub accepted_pooled: f64,
    /// Share of these that are right.
    pub precision_pooled: f64,
    /// Mean over suites of the share that is accepted.
    pub accepted_balanced: f64,
    /// Lowest precision of a suite with ten accepted columns.
    pub worst_precision: Option<f64>,
}

/// A suite of values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SuiteValues {
    /// Its name.
    pub suite: String,
    /// Cases.
    pub cases: usize,
    /// Values.
    pub values: usize,
    /// Its figures.
    #[serde(flatten)]
    pub figures: ValueFigures,
}

/// Figures of values, means over cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct ValueFigures {
    /// Share of values whose first label is right.
    pub top1: f64,
    /// Share with the right one among the first five.
    pub top5: f64,
    /// Mean of 1 / rank.
    pub mrr: f64,
    /// `top1` over the values that differ from their target in more than upper and lower case.
    pub top1_different: f64,
}

impl Evaluation {
    /// Sums up the grades of cases, each with its suite and the seconds that it took; cases of a
    /// suite stand together.
    #[must_use]
    pub fn of(graded: &[(&str, Grade, f64)]) -> Self {
        let mut columns = Vec::new();
        let mut values = Vec::new();
        let mut exhaustive = Vec::new();
        for suite in graded.chunk_by(|a, b| a.0 == b.0) {
            let Some((name, _, _)) = suite.first() else {
                continue;
            };
            let (of_columns, of_values) = by_task(suite);
            if !of_columns.is_empty() {
                if of_columns.iter().all(|(grade, _)| grade.exhaustive) {
                    exhaustive.push(Confidence::of(&of_columns));
                }
                columns.push(suite_of_columns(name, &of_columns));
            }
            if !of_values.is_empty() {
                values.push(suite_of_values(name, &of_values));
            }
        }
        Self {
            columns_mean: mean_of_columns(&columns),
            calibration: calibration(&exhaustive),
            values_mean: mean_of_values(&values),
            columns,
            values,
        }
    }
}

type Graded<'a, T> = Vec<(&'a T, f64)>;

fn by_task<'a>(
    suite: &'a [(&str, Grade, f64)],
) -> (Graded<'a, ColumnGrade>, Graded<'a, ValueGrade>) {
    let mut columns = Vec::new();
    let mut values = Vec::new();
    for (_, grade, seconds) in suite {
        match grade {
            Grade::Columns(grade) => columns.push((grade, *seconds)),
            Grade::Values(grade) => values.push((grade, *seconds)),
        }
    }
    (columns, values)
}

/// Answers of a suite, of which the confidence is judged.
struct Confidence {
    best: Vec<Best>,
    /// Columns, also those without an answer.
    columns: usize,
}

impl Confidence {
    fn of(grades: &[(&ColumnGrade, f64)]) -> Self {
        Self {
            best: grades
                .iter()
                .flat_map(|(grade, _)| grade.best.clone())
                .collect(),
            columns: grades.iter().map(|(grade, _)| grade.judged).sum(),
        }
    }

    /// Accepted answers, and how many of them are right.
    fn accepted(&self) -> (usize, usize) {
        let accepted = self.best.iter().filter(|best| best.score >= ACCEPT);
        let right = accepted.clone().filter(|best| best.right).count();
        (accepted.count(), right)
    }
}

fn share(part: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

fn suite_of_columns(name: &str, grades: &[(&ColumnGrade, f64)]) -> SuiteColumns {
    let over =
        |figure: fn(&ColumnGrade) -> f64| mean(grades.iter().map(|(grade, _)| figure(grade)));
    let confidence = Confidence::of(grades);
    let (accepted, right) = confidence.accepted();
    SuiteColumns {
        suite: name.to_owned(),
        cases: grades.len(),
        columns: grades.iter().map(|(grade, _)| grade.targeted).sum(),
        figures: ColumnFigures {
            recall: over(|grade| grade.recall),
            mrr: over(|grade| grade.reciprocal_rank),
            top1: over(|grade| grade.top1),
            top5: over(|grade| grade.top5),
            top20: over(|grade| grade.top20),
            f1: over(|grade| grade.f1),
            ece: calibration_error(evenly(&confidence.best)),
            auc: area_under_curve(&confidence.best),
            cov95: coverage(&confidence.best, confidence.columns),
            accepted: share(accepted, confidence.columns),
            precision: share(right, accepted),
            seconds: median(grades.iter().map(|(_, seconds)| *seconds)),
        },
    }
}

fn suite_of_values(name: &str, grades: &[(&ValueGrade, f64)]) -> SuiteValues {
    let over = |figure: fn(&ValueGrade) -> f64| {
        mean(grades.iter().map(|(grade, _)| figure(grade))).unwrap_or_default()
    };
    SuiteValues {
        suite: name.to_owned(),
        cases: grades.len(),
        values: grades.iter().map(|(grade, _)| grade.values).sum(),
        figures: ValueFigures {
            top1: over(|grade| grade.top1),
            top5: over(|grade| grade.top5),
            mrr: over(|grade| grade.reciprocal_rank),
            top1_different: mean(grades.iter().filter_map(|(grade, _)| grade.different))
                .unwrap_or_default(),
        },
    }
}

fn mean_of_columns(suites: &[SuiteColumns]) -> Option<ColumnFigures> {
    let over = |figure: fn(&ColumnFigures) -> Option<f64>| {
        mean(suites.iter().filter_map(|suite| figure(&suite.figures)))
    };
    (!suites.is_empty()).then(|| ColumnFigures {
        recall: over(|figures| figures.recall),
        mrr: over(|figures| figures.mrr),
        top1: over(|figures| figures.top1),
        top5: over(|figures| figures.top5),
        top20: over(|figures| figures.top20),
        f1: over(|figures| figures.f1),
        ece: over(|figures| figures.ece),
        auc: over(|figures| figures.auc),
        cov95: over(|figures| figures.cov95),
        accepted: over(|figures| figures.accepted),
        precision: over(|figures| figures.precision),
        seconds: over(|figures| figures.seconds),
    })
}

fn mean_of_values(suites: &[SuiteValues]) -> Option<ValueFigures> {
    let over = |figure: fn(&ValueFigures) -> f64| mean(suites.iter().map(|s| figure(&s.figures)));
    Some(ValueFigures {
        top1: over(|figures| figures.top1)?,
        top5: over(|figures| figures.top5)?,
        mrr: over(|figures| figures.mrr)?,
        top1_different: over(|figures| figures.top1_different)?,
    })
}

fn calibration(suites: &[Confidence]) -> Option<Calibration> {
    let judged: Vec<&Confidence> = suites.iter().filter(|s| !s.best.is_empty()).collect();
    let all: Vec<Best> = judged.iter().flat_map(|suite| suite.best.clone()).collect();
    let balanced = judged.iter().flat_map(|suite| {
        evenly(&suite.best).map(|(best, weight)| (best, weight / judged.len() as f64))
    });
    let columns: usize = suites.iter().map(|suite| suite.columns).sum();
    let accepted: Vec<(usize, usize)> = suites.iter().map(Confidence::accepted).collect();
    let all_accepted: usize = accepted.iter().map(|(accepted, _)| accepted).sum();
    let all_right: usize = accepted.iter().map(|(_, right)| right).sum();
    let shares = suites
        .iter()
        .zip(&accepted)
        .filter_map(|(suite, (accepted, _))| share(*accepted, suite.columns));
    Some(Calibration {
        suites: judged.len(),
        ece_pooled: calibration_error(evenly(&all))?,
        ece_balanced: calibration_error(balanced)?,
        accepted_pooled: share(all_accepted, columns)?,
        precision_pooled: share(all_right, all_accepted).unwrap_or_default(),
        accepted_balanced: shares.sum::<f64>() / suites.len() as f64,
        worst_precision: accepted
            .iter()
            .filter(|(accepted, _)| *accepted >= FEWEST_ACCEPTED)
            .filter_map(|(accepted, right)| share(*right, *accepted))
            .min_by(f64::total_cmp),
    })
}
