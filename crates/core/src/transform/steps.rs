//! Compiles the steps of one rule and checks their order:
//! `[constant | concat | coalesce] text steps* [one typed step] (sign | minus_debit)*`.

use regex::Regex;

use super::amount::Amount;
use super::compile::Source;
use super::error::CompileError;
use super::read::{NumberFormat, Read};
use super::signs::Signs;
use super::text_step::{Input, Part, TextStep};
use crate::mapping::{Rule, Step, why_no_time};
use crate::value::{DateFormat, Marks, THOUSANDS_MARKS};

/// The steps of a rule, sorted by what they do.
pub(super) struct Steps {
    pub(super) input: Input,
    pub(super) text: Vec<TextStep>,
    /// The step that leaves the text; `None` where no step does.
    pub(super) read: Option<Read>,
    pub(super) amounts: Vec<Amount>,
}

impl Steps {
    /// `None` for a rule that takes its value from nowhere.
    pub(super) fn compile(rule: &Rule, source: &Source<'_>) -> Result<Option<Self>, CompileError> {
        let Some(input) = input(rule, source)? else {
            return Ok(None);
        };
        let mut steps = Self {
            input,
            text: Vec::new(),
            read: None,
            amounts: Vec::new(),
        };
        for (index, step) in rule.transform.iter().enumerate() {
            At {
                rule,
                source,
                step: index + 1,
            }
            .add(step, &mut steps)?;
        }
        Ok(Some(steps))
    }
}

fn input(rule: &Rule, source: &Source<'_>) -> Result<Option<Input>, CompileError> {
    let side: Vec<&str> = rule
        .transform
        .iter()
        .filter_map(Step::side_column)
        .collect();
    let main = rule
        .sources
        .iter()
        .filter(|column| !side.contains(&column.as_str()));
    let mut columns: Vec<usize> = main.filter_map(|column| source.position(column)).collect();
    let sources = |problem: &str| {
        let (field, problem) = (rule.field.clone(), problem.to_owned());
        Err(CompileError::Sources { field, problem })
    };
    Ok(match rule.transform.first() {
        Some(Step::Constant(_)) if !columns.is_empty() => {
            return sources("a constant takes no source");
        }
        Some(Step::Constant(value)) => Some(Input::Constant(value.clone())),
        _ if columns.is_empty() && !side.is_empty() => {
            return sources("the column of the amount itself is not among its sources");
        }
        _ if columns.is_empty() => None,
        Some(Step::Concat { separator }) => Some(Input::Concat {
            columns,
            separator: separator.clone(),
        }),
        Some(Step::Coalesce) => Some(Input::Coalesce(columns)),
        Some(_) | None => match (columns.pop(), columns.is_empty()) {
            (Some(column), true) => Some(Input::Column(column)),
            (Some(_) | None, _) => return Err(CompileError::SeveralSources(rule.field.clone())),
        },
    })
}

/// One step at its place.
struct At<'r> {
    rule: &'r Rule,
    source: &'r Source<'r>,
    step: usize,
}

impl At<'_> {
    fn add(&self, step: &Step, steps: &mut Steps) -> Result<(), CompileError> {
        match step {
            Step::Constant(_) => return self.first("constant"),
            Step::Concat { .. } => return self.first("concat"),
            Step::Coalesce => return self.first("coalesce"),
            Step::Trim => self.text("trim", TextStep::Trim, steps)?,
            Step::Case(case) => self.text("case", TextStep::Case(*case), steps)?,
            Step::Split { separator, part } => {
                let step = self.split(separator, *part)?;
                self.text("split", step, steps)?;
            }
            Step::RegexExtract { pattern, group } => {
                let step = self.regex(pattern, *group)?;
                self.text("regex_extract", step, steps)?;
            }
            Step::NullIf(texts) => self.text("null_if", TextStep::NullIf(texts.clone()), steps)?,
            Step::Signs {
                negative,
                positive,
                bare,
            } => {
                if negative.iter().chain(positive).any(String::is_empty) {
                    return Err(self.argument("a word for the sign is empty"));
                }
                let signs = TextStep::Signs(Signs::new(negative, positive, *bare));
                self.text("signs", signs, steps)?;
            }
            Step::Integer { thousands_mark } => {
                let thousands = self.thousands(thousands_mark)?;
                self.typed("integer", Read::Integer { thousands }, steps)?;
            }
            Step::Decimal {
                decimal_mark,
                thousands_mark,
                strip,
            } => {
                let number = self.number(decimal_mark, thousands_mark, strip)?;
                self.typed("decimal", Read::Decimal(number), steps)?;
            }
            Step::Date { formats } => {
                self.typed("date", Read::Date(self.formats(formats)?), steps)?;
            }
            Step::Timestamp { formats } => {
                self.typed("timestamp", Read::Timestamp(self.formats(formats)?), steps)?;
            }
            Step::Time { formats } => {
                self.typed("time", Read::Time(self.times(formats)?), steps)?;
            }
            Step::Boolean { r#true, r#false } => {
                let read = self.boolean(r#true, r#false)?;
                self.typed("boolean", read, steps)?;
            }
            Step::Sign {
                column,
                negative,
                positive,
            } => {
                let amount = self.sign(column, negative, positive)?;
                self.amount("sign", amount, steps)?;
            }
            Step::MinusDebit { column } => {
                let (column, name) = (self.side(column)?, column.clone());
                self.amount("minus_debit", Amount::MinusDebit { column, name }, steps)?;
            }
        }
        Ok(())
    }

    fn order(&self, name: &'static str, problem: &'static str) -> CompileError {
        CompileError::Order {
            field: self.rule.field.clone(),
            step: self.step,
            name,
            problem,
        }
    }

    fn argument(&self, problem: impl Into<String>) -> CompileError {
        let (field, step, problem) = (self.rule.field.clone(), self.step, problem.into());
        CompileError::Argument {
            field,
            step,
            problem,
        }
    }

    fn first(&self, name: &'static str) -> Result<(), CompileError> {
        // The first step was taken as the input.
        if self.step == 1 {
            Ok(())
        } else {
            Err(self.order(name, "can only be the first step"))
        }
    }

    fn text(
        &self,
        name: &'static str,
        step: TextStep,
        steps: &mut Steps,
    ) -> Result<(), CompileError> {
        if steps.read.is_some() {
            return Err(self.order(name, "takes a text, and the steps before it give none"));
        }
        steps.text.push(step);
        Ok(())
    }

    fn typed(&self, name: &'static str, read: Read, steps: &mut Steps) -> Result<(), CompileError> {
        if steps.read.is_some() {
            return Err(self.order(name, "takes a text, and the steps before it give none"));
        }
        steps.read = Some(read);
        Ok(())
    }

    fn amount(
        &self,
        name: &'static str,
        amount: Amount,
        steps: &mut Steps,
    ) -> Result<(), CompileError> {
        if !steps.read.as_ref().is_some_and(Read::is_number_step) {
            return Err(self.order(name, "can only stand after `decimal` or `integer`"));
        }
        steps.amounts.push(amount);
        Ok(())
    }

    fn split(&self, separator: &str, part: i32) -> Result<TextStep, CompileError> {
        if separator.is_empty() {
            return Err(self.argument("the separator is empty"));
        }
        let distance = usize::try_from(part.unsigned_abs()).unwrap_or(usize::MAX);
        let Some(index) = distance.checked_sub(1) else {
            return Err(self.argument("parts are counted from 1, or from the end with -1"));
        };
        let part = if part > 0 {
            Part::FromStart(index)
        } else {
            Part::FromEnd(index)
        };
        Ok(TextStep::Split {
            separator: separator.to_owned(),
            part,
        })
    }

    fn regex(&self, pattern: &str, group: u32) -> Result<TextStep, CompileError> {
        let regex = Regex::new(pattern).map_err(|source| CompileError::Pattern {
            field: self.rule.field.clone(),
            pattern: pattern.to_owned(),
            source: Box::new(source),
        })?;
        let group = usize::try_from(group).unwrap_or(usize::MAX);
        let groups = regex.captures_len() - 1;
        if group > groups {
            return Err(self.argument(format!("the pattern has {groups} groups, not {group}")));
        }
        Ok(TextStep::Regex { regex, group })
    }

    fn thousands(&self, mark: &str) -> Result<Option<char>, CompileError> {
        if mark.is_empty() {
            return Ok(None);
        }
        let known = THOUSANDS_MARKS
            .into_iter()
            .find(|known| mark.chars().eq([*known]));
        let bad = || self.argument(format!("`{mark}` is no thousands mark"));
        known.map(Some).ok_or_else(bad)
    }

    fn number(
        &self,
        decimal: &str,
        thousands: &str,
        strip: &[String],
    ) -> Result<NumberFormat, CompileError> {
        let marks = Marks::parse(decimal, thousands).ok_or_else(|| {
            self.argument(format!(
                "`{decimal}` and `{thousands}` are no marks of a number"
            ))
        })?;
        let mut strip: Vec<String> = strip
            .iter()
            .filter(|text| !text.is_empty())
            .cloned()
            .collect();
        strip.sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
        Ok(NumberFormat { marks, strip })
    }

    fn formats(&self, formats: &[String]) -> Result<Vec<DateFormat>, CompileError> {
        if formats.is_empty() {
            return Err(self.argument("it has no format"));
        }
        let parse = |format: &String| {
            DateFormat::parse(format).map_err(|source| CompileError::Format {
                field: self.rule.field.clone(),
                format: format.clone(),
                source,
            })
        };
        formats.iter().map(parse).collect()
    }

    fn times(&self, formats: &[String]) -> Result<Vec<DateFormat>, CompileError> {
        let formats = self.formats(formats)?;
        match formats.iter().find_map(why_no_time) {
            Some((problem, _)) => Err(self.argument(problem)),
            None => Ok(formats),
        }
    }

    fn boolean(&self, yes: &[String], no: &[String]) -> Result<Read, CompileError> {
        if let Some(text) = yes.iter().find(|text| no.contains(text)) {
            return Err(self.argument(format!("`{text}` is both true and false")));
        }
        let yes = yes.iter().map(|text| (text.clone(), true));
        let no = no.iter().map(|text| (text.clone(), false));
        Ok(Read::Boolean(yes.chain(no).collect()))
    }

    fn sign(
        &self,
        column: &str,
        negative: &[String],
        positive: &[String],
    ) -> Result<Amount, CompileError> {
        if let Some(flag) = negative.iter().find(|flag| positive.contains(flag)) {
            return Err(self.argument(format!("the flag `{flag}` is both negative and positive")));
        }
        Ok(Amount::Sign {
            column: self.side(column)?,
            name: column.to_owned(),
            negative: negative.to_vec(),
            positive: positive.to_vec(),
        })
    }

    /// The position of the column of a sign or a debit.
    fn side(&self, column: &str) -> Result<usize, CompileError> {
        let listed = self.rule.sources.iter().any(|source| source == column);
        let position = self.source.position(column).filter(|_| listed);
        position.ok_or_else(|| CompileError::Sources {
            field: self.rule.field.clone(),
            problem: format!(
                "the column `{column}` of step {} is not among its sources",
                self.step
            ),
        })
    }
}
