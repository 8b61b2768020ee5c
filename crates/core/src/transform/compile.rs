//! Compiles a mapping against a source's columns: names become positions, formats and patterns
//! are read, and the types of the steps are checked, so that running it can only meet bad cells.

use std::collections::{HashMap, HashSet};

use ahash::AHashMap;

use super::error::{CompileError, MissingColumn};
use super::plan::{Fill, Plan, PlanField, Zone};
use super::read::Read;
use super::rule::CompiledRule;
use super::steps::Steps;
use super::text_step::{Input, ValueMap};
use crate::error::nearest_names;
use crate::mapping::{MappedValue, Mapping, OnError, OnUnseen, Rule, RuleState};
use crate::source::Batch;
use crate::target::{Field, FieldType};
use crate::validation::{self, Cell, FieldChecks, Spelling};

/// Compiles the rules of a mapping that run: those that a person accepted or edited, and proposed
/// ones whose confidence is at least `bar`. Entries of a value map hold by the same test.
///
/// A field without such a rule is null in every row, but for one that was declared ignored or
/// absent and has a default: it gets the default.
///
/// # Errors
/// [`CompileError`] names the rule and what is wrong with it; all missing columns at once.
pub fn compile(mapping: &Mapping, columns: &[String], bar: f64) -> Result<Plan, CompileError> {
    let rules = rules_by_field(mapping)?;
    let source = Source::new(columns);
    source.check(mapping, bar)?;
    let mut fields = Vec::with_capacity(mapping.target.fields.len());
    for field in &mapping.target.fields {
        let rule = rules.get(field.name.as_str()).copied();
        fields.push(compile_field(field, rule, &source, bar)?);
    }
    Ok(Plan { fields })
}

fn rules_by_field(mapping: &Mapping) -> Result<HashMap<&str, &Rule>, CompileError> {
    let names = || {
        mapping
            .target
            .fields
            .iter()
            .map(|field| field.name.as_str())
    };
    let known: HashSet<&str> = names().collect();
    let mut rules = HashMap::new();
    for rule in &mapping.rules {
        if !known.contains(rule.field.as_str()) {
            let nearest = nearest_names(&rule.field, names());
            let nearest = nearest.into_iter().map(str::to_owned).collect();
            return Err(CompileError::UnknownField {
                field: rule.field.clone(),
                nearest,
            });
        }
        if rules.insert(rule.field.as_str(), rule).is_some() {
            return Err(CompileError::TwoRules(rule.field.clone()));
        }
    }
    Ok(rules)
}

/// Whether what was decided so far lets a rule or an entry of a value map run.
fn runs(state: RuleState, confidence: f64, bar: f64) -> bool {
    match state {
        RuleState::Accepted | RuleState::Edited => true,
        RuleState::Proposed => confidence >= bar,
        RuleState::Rejected | RuleState::Ignored | RuleState::Absent => false,
    }
}

/// The columns of the source by name.
pub(super) struct Source<'s> {
    names: &'s [String],
    positions: HashMap<&'s str, usize>,
}

impl<'s> Source<'s> {
    fn new(names: &'s [String]) -> Self {
        // Names are unique; were they not, the first would win.
        let positions = names.iter().enumerate().rev();
        let positions = positions
            .map(|(position, name)| (name.as_str(), position))
            .collect();
        Self { names, positions }
    }

    /// All columns that running rules name are there.
    fn check(&self, mapping: &Mapping, bar: f64) -> Result<(), CompileError> {
        let mut missing = Vec::new();
        let running = |rule: &&Rule| runs(rule.state, rule.confidence, bar);
        for rule in mapping.rules.iter().filter(running) {
            for column in &rule.sources {
                if !self.positions.contains_key(column.as_str()) {
                    let nearest = nearest_names(column, self.names.iter().map(String::as_str));
                    missing.push(MissingColumn {
                        column: column.clone(),
                        field: rule.field.clone(),
                        nearest: nearest.into_iter().map(str::to_owned).collect(),
                    });
                }
            }
        }
        if missing.is_empty() {
            Ok(())
        } else {
            Err(CompileError::MissingColumns(missing))
        }
    }

    pub(super) fn position(&self, column: &str) -> Option<usize> {
        self.positions.get(column).copied()
    }
}

fn compile_field(
    field: &Field,
    rule: Option<&Rule>,
    source: &Source<'_>,
    bar: f64,
) -> Result<PlanField, CompileError> {
    let checks = validation::compile(field).map_err(|source| CompileError::Constraint {
        field: field.name.clone(),
        source,
    })?;
    let mut default = None;
    let fill = match (rule, &field.default) {
        (Some(rule), _) if runs(rule.state, rule.confidence, bar) => {
            let rule = compile_rule(field, rule, source, bar)?;
            let of_rows = field.default.as_ref().filter(|_| rule.is_some());
            let of_rows = of_rows.map(|text| constant(field, text)).transpose()?;
            default = of_rows.map(Box::new);
            rule.map_or(Fill::Nothing, |rule| Fill::Rule(Box::new(rule)))
        }
        (
            Some(Rule {
                state: RuleState::Ignored | RuleState::Absent,
                ..
            }),
            Some(default),
        ) => Fill::Rule(Box::new(constant(field, default)?)),
        (Some(_) | None, _) => Fill::Nothing,
    };
    Ok(PlanField {
        name: field.name.clone(),
        kind: field.kind,
        required: field.required,
        nullable: field.nullable,
        scale: field.scale(),
        // What a default adds to the column is known row by row.
        zone: if default.is_some() {
            Zone::Unknown
        } else {
            zone(&fill)
        },
        unique: checks.unique(),
        map_admitted: map_admitted(&fill, &checks),
        fill,
        default,
        checks,
    })
}

/// Whether a rule gives nothing but texts of its value map, and the checks admit all of them.
fn map_admitted(fill: &Fill, checks: &FieldChecks) -> bool {
    let Fill::Rule(rule) = fill else {
        return false;
    };
    let texts = matches!(rule.read, Read::Text) && rule.kind == FieldType::String;
    let map = rule.value_map.as_ref().filter(|_| texts);
    map.is_some_and(|map| map.gives_only(|to| checks.admit(&Cell::Text(to))))
}

/// What is known of a timestamp's offset before any row was read.
fn zone(fill: &Fill) -> Zone {
    let Fill::Rule(rule) = fill else {
        return Zone::Unknown;
    };
    let Read::Timestamp(formats) = &rule.read else {
        return Zone::Unknown;
    };
    let with_offset = formats.iter().filter(|format| format.has_offset()).count();
    match with_offset {
        0 => Zone::Local,
        count if count == formats.len() => Zone::Utc,
        _ => Zone::Unknown,
    }
}

/// A rule without sources and without a constant fills nothing.
fn compile_rule(
    field: &Field,
    rule: &Rule,
    source: &Source<'_>,
    bar: f64,
) -> Result<Option<CompiledRule>, CompileError> {
    let Some(steps) = Steps::compile(rule, source)? else {
        return Ok(None);
    };
    let value_map = value_map(rule, field.kind, bar)?;
    if value_map.is_some() && steps.read.is_some() {
        return Err(CompileError::MapOfNoText(rule.field.clone()));
    }
    let read = steps.read.unwrap_or_else(|| spelt(field.kind));
    if !fits(read.gives(), field.kind) {
        let (gives, wants) = (read.gives(), field.kind);
        return Err(CompileError::Type {
            field: rule.field.clone(),
            gives,
            wants,
        });
    }
    let rule = CompiledRule {
        field: field.name.clone(),
        kind: field.kind,
        scale: field.scale(),
        input: steps.input,
        steps: steps.text,
        value_map,
        read,
        amounts: steps.amounts,
        on_error: rule.on_error,
    };
    if let (Input::Constant(value), true) = (&rule.input, rule.amounts.is_empty()) {
        check_constant(&rule, "constant", value)?;
    }
    Ok(Some(rule))
}

fn spelt(kind: FieldType) -> Read {
    match kind {
        FieldType::String => Read::Text,
        FieldType::Integer
        | FieldType::Decimal
        | FieldType::Boolean
        | FieldType::Date
        | FieldType::Timestamp
        | FieldType::Time => Read::Spelt(kind, Spelling::of(kind)),
    }
}

/// Whether a value of one type can be brought to another without a loss that no check sees.
const fn fits(gives: FieldType, wants: FieldType) -> bool {
    match wants {
        FieldType::String => true,
        FieldType::Integer | FieldType::Decimal => {
            matches!(gives, FieldType::Integer | FieldType::Decimal)
        }
        FieldType::Boolean => matches!(gives, FieldType::Boolean),
        FieldType::Date => matches!(gives, FieldType::Date),
        FieldType::Timestamp => matches!(gives, FieldType::Timestamp),
        FieldType::Time => matches!(gives, FieldType::Time),
    }
}

fn constant(field: &Field, value: &str) -> Result<CompiledRule, CompileError> {
    let rule = CompiledRule {
        field: field.name.clone(),
        kind: field.kind,
        scale: field.scale(),
        input: Input::Constant(value.to_owned()),
        steps: Vec::new(),
        value_map: None,
        read: spelt(field.kind),
        amounts: Vec::new(),
        on_error: OnError::Reject,
    };
    check_constant(&rule, "default", value)?;
    Ok(rule)
}

/// A constant has one value, so what is wrong with it is wrong before the first row.
fn check_constant(
    rule: &CompiledRule,
    part: &'static str,
    value: &str,
) -> Result<(), CompileError> {
    let nowhere = Batch::new(0, Vec::new(), Vec::new(), std::sync::Arc::default());
    rule.value(&nowhere, 0, |_| ())
        .map_err(|fault| CompileError::Value {
            field: rule.field.clone(),
            part,
            value: value.to_owned(),
            why: fault.message,
        })
}

/// The entries that hold. One that a person left out on purpose (`ignored`, `absent`) is no value;
/// one that was refused, or proposed below the bar, is as if it were not there.
fn value_map(rule: &Rule, kind: FieldType, bar: f64) -> Result<Option<ValueMap>, CompileError> {
    if rule.value_map.is_empty() {
        return Ok(None);
    }
    let spelling = Spelling::of(kind);
    let check = |value: &str| {
        let spelt = spelling.read(value).map(|_| ());
        spelt.ok_or_else(|| CompileError::Value {
            field: rule.field.clone(),
            part: "value map",
            value: value.to_owned(),
            why: format!("it is not {}", spelling.example()),
        })
    };
    let mut entries: AHashMap<String, Option<String>> = AHashMap::default();
    for MappedValue {
        from,
        to,
        confidence,
        state,
        ..
    } in &rule.value_map
    {
        let to = match state {
            RuleState::Ignored | RuleState::Absent => None,
            RuleState::Accepted | RuleState::Edited | RuleState::Proposed => to.clone(),
            RuleState::Rejected => continue,
        };
        if *state == RuleState::Proposed && !runs(*state, *confidence, bar) {
            continue;
        }
        if let Some(value) = &to {
            check(value)?;
        }
        if entries.insert(from.clone(), to).is_some() {
            let (field, from) = (rule.field.clone(), from.clone());
            return Err(CompileError::MappedTwice { field, from });
        }
    }
    if let OnUnseen::Value(value) = &rule.on_unseen {
        check(value)?;
    }
    Ok(Some(ValueMap {
        entries,
        unseen: rule.on_unseen.clone(),
    }))
}
