//! Cases: a source and a target in one of two tasks, with the known answer.

use std::collections::HashSet;

use super::files::{
    CaseFiles, Examples, FieldEntry, MetaFile, SchemaFile, TruthFile, ValueEntry, ValueTruthFile,
};
use super::table::{Table, names_only};
use super::{EvaluateError, TextFile, parse_json};
use crate::matching::Stated;
use crate::profile::ColumnProfile;
use crate::target::{Constraint, Field, FieldType, Label, TargetSchema, field_of_column};

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// The suite that it belongs to.
    pub suite: String,
    /// Its own name.
    pub name: String,
    /// Whether the truth judges every column: one without a pair has no target.
    pub exhaustive: bool,
    /// Whether what ships may be trained on it.
    pub train: bool,
    /// What is asked.
    pub task: Task,
}

/// What a case asks.
#[derive(Debug, Clone)]
pub enum Task {
    /// Which field each column fills.
    Columns(Box<Columns>),
    /// Which value of an enumeration each value stands for.
    Values(Values),
}

/// Columns to be matched.
#[derive(Debug, Clone)]
pub struct Columns {
    /// What the source's table is called, if all columns name the same one.
    pub table: Option<String>,
    /// Names of the source's columns as they are written, also where two are the same.
    pub names: Vec<String>,
    /// What is known of their values.
    pub profiles: Vec<ColumnProfile>,
    /// What the source says of them; empty without a schema.
    pub stated: Vec<Stated>,
    /// The target.
    pub target: TargetSchema,
    /// The right pairs of column and field.
    pub truth: Vec<(String, String)>,
}

/// Values to be matched.
#[derive(Debug, Clone)]
pub struct Values {
    /// The values, each once, with what they are called where that is known.
    pub values: Vec<Label>,
    /// The values of the target.
    pub labels: Vec<Label>,
    /// What each value stands for; `None` where it stands for nothing.
    pub truth: Vec<(String, Option<String>)>,
}

impl Case {
    /// Makes a case of its files.
    ///
    /// # Errors
    /// When a file is broken or missing, or the truth names what is not there.
    pub fn parse(suite: &str, name: &str, files: &CaseFiles) -> Result<Self, EvaluateError> {
        let meta: MetaFile = files.json("meta.json")?.unwrap_or_default();
        let task = if let Some(truth) = files.get("truth_values.json") {
            Task::Values(values(truth)?)
        } else if let Some(truth) = files.get("truth.json") {
            Task::Columns(Box::new(columns(truth, files)?))
        } else {
            return Err(missing(files, "truth.json or truth_values.json"));
        };
        Ok(Self {
            suite: suite.to_owned(),
            name: name.to_owned(),
            exhaustive: meta.exhaustive,
            train: meta.train,
            task,
        })
    }

    /// `suite/case`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.suite, self.name)
    }
}

fn missing(files: &CaseFiles, what: &'static str) -> EvaluateError {
    EvaluateError::Missing {
        case: files.path.clone(),
        what,
    }
}

fn columns(truth: &TextFile, files: &CaseFiles) -> Result<Columns, EvaluateError> {
    let pairs: TruthFile = parse_json(truth)?;
    if pairs.pairs.is_empty() {
        return Err(EvaluateError::Empty {
            path: truth.path.clone(),
        });
    }
    let schema: Option<SchemaFile> = files.json("source.schema.json")?;
    let table = files.get("source.csv").map(Table::parse).transpose()?;
    let (names, profiles, stated) = source(table, schema.as_ref())
        .ok_or_else(|| missing(files, "source.csv or source.schema.json"))?;
    let target = target(files)?;
    check_names("column", "the source", &names, &pairs.pairs, truth, |p| {
        &p.0
    })?;
    let fields: Vec<String> = target.fields.iter().map(|f| f.name.clone()).collect();
    check_names("field", "the target", &fields, &pairs.pairs, truth, |p| {
        &p.1
    })?;
    Ok(Columns {
        table: schema.as_ref().and_then(common_table),
        names,
        profiles,
        stated,
        target,
        truth: pairs.pairs,
    })
}

fn check_names(
    kind: &'static str,
    file: &'static str,
    known: &[String],
    pairs: &[(String, String)],
    truth: &TextFile,
    of: fn(&(String, String)) -> &String,
) -> Result<(), EvaluateError> {
    let known: HashSet<&String> = known.iter().collect();
    match pairs.iter().map(of).find(|name| !known.contains(name)) {
        Some(name) => Err(EvaluateError::Unknown {
            path: truth.path.clone(),
            kind,
            name: name.clone(),
            file,
        }),
        None => Ok(()),
    }
}

type Source = (Vec<String>, Vec<ColumnProfile>, Vec<Stated>);

/// The source's columns. Where there are rows and a schema, the schema says which columns there
/// are, and the rows tell of those that have the same name.
fn source(table: Option<Table>, schema: Option<&SchemaFile>) -> Option<Source> {
    match (table, schema) {
        (None, None) => None,
        (Some(table), None) => Some((table.header, table.profiles, Vec::new())),
        (table, Some(schema)) => {
            let names: Vec<String> = schema.fields.iter().map(|f| f.name.clone()).collect();
            let mut profiles = names_only(&names);
            if let Some(table) = table {
                for (name, profile) in names.iter().zip(&mut profiles) {
                    let at = table.header.iter().position(|header| header == name);
                    if let Some(rows) = at.and_then(|at| table.profiles.get(at)) {
                        *profile = ColumnProfile {
                            name: profile.name.clone(),
                            index: profile.index,
                            ..rows.clone()
                        };
                    }
                }
            }
            let stated = schema.fields.iter().map(stated).collect();
            Some((names, profiles, stated))
        }
    }
}

fn stated(field: &FieldEntry) -> Stated {
    Stated {
        title: filled(field.label.as_ref()),
        description: described(field),
        kind: field.kind.as_deref().and_then(field_type),
        values: field.values.iter().flatten().map(label).collect(),
        table: filled(field.table.as_ref()),
    }
}

/// The table that all columns name.
fn common_table(schema: &SchemaFile) -> Option<String> {
    let first = schema.fields.first()?.table.as_ref()?;
    let all = schema
        .fields
        .iter()
        .all(|field| field.table.as_ref() == Some(first));
    all.then(|| first.clone())
}

/// The target's fields. Where there are rows and a schema, the schema says which fields there are,
/// and the rows give samples, and types where the schema is silent.
fn target(files: &CaseFiles) -> Result<TargetSchema, EvaluateError> {
    let schema: Option<SchemaFile> = files.json("target.schema.json")?;
    let table = files.get("target.csv").map(Table::parse).transpose()?;
    let fields = match (table, schema) {
        (None, None) => return Err(missing(files, "target.csv or target.schema.json")),
        (Some(table), None) => table
            .header
            .iter()
            .zip(&table.profiles)
            .map(|(name, profile)| Field {
                name: name.clone(),
                ..field_of_column(profile)
            })
            .collect(),
        (table, Some(schema)) => schema
            .fields
            .iter()
            .map(|entry| field(entry, table.as_ref()))
            .collect(),
    };
    Ok(TargetSchema {
        name: String::new(),
        description: None,
        fields,
        unused: Vec::new(),
    })
}

fn field(entry: &FieldEntry, table: Option<&Table>) -> Field {
    let seen = table.and_then(|table| {
        let at = table.header.iter().position(|name| *name == entry.name)?;
        table.profiles.get(at).map(field_of_column)
    });
    let stated = entry.kind.as_deref().and_then(field_type);
    let labels: Vec<Label> = entry.values.iter().flatten().map(label).collect();
    let mut field = seen.unwrap_or_else(|| Field {
        name: entry.name.clone(),
        kind: FieldType::String,
        required: false,
        nullable: false,
        title: None,
        description: None,
        aliases: Vec::new(),
        default: None,
        constraints: Vec::new(),
        sample: Vec::new(),
        values: Vec::new(),
    });
    field.name.clone_from(&entry.name);
    field.title = filled(entry.label.as_ref());
    field.description = described(entry);
    if let Some(kind) = stated {
        field.kind = kind;
    }
    if !labels.is_empty() {
        field.kind = stated.unwrap_or(FieldType::String);
        field.constraints = vec![Constraint::Enum(labels)];
    }
    field
}

fn filled(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty()).cloned()
}

/// The description, with the examples behind it.
fn described(entry: &FieldEntry) -> Option<String> {
    let examples = match &entry.examples {
        None => None,
        Some(Examples::One(text)) => filled(Some(text)),
        Some(Examples::Several(texts)) => filled(Some(&texts.join(", "))),
    };
    match (filled(entry.description.as_ref()), examples) {
        (Some(text), Some(examples)) => Some(format!("{text} Examples: {examples}")),
        (None, Some(examples)) => Some(format!("Examples: {examples}")),
        (text, None) => text,
    }
}

fn label(entry: &ValueEntry) -> Label {
    let plain = |value: String| Label {
        value,
        label: None,
        description: None,
    };
    match entry {
        ValueEntry::Text(text) => plain(text.clone()),
        ValueEntry::Number(number) => plain(number.to_string()),
        ValueEntry::Truth(truth) => plain(truth.to_string()),
        ValueEntry::Described {
            value,
            label,
            description,
        } => Label {
            value: value.clone(),
            label: filled(label.as_ref()),
            description: filled(description.as_ref()),
        },
    }
}

/// The type that a word of a schema language stands for; `None` for text and for words that are
/// not known, of which nothing is known then.
fn field_type(word: &str) -> Option<FieldType> {
    let word = word.trim().to_ascii_lowercase();
    let base = word.split(['(', '[', ' ']).next().unwrap_or_default();
    Some(match base {
        "integer" | "int" | "int2" | "int4" | "int8" | "int16" | "int32" | "int64" | "smallint"
        | "bigint" | "tinyint" | "long" | "serial" | "bigserial" => FieldType::Integer,
        "number" | "decimal" | "numeric" | "float" | "float4" | "float8" | "float32"
        | "float64" | "double" | "real" | "money" => FieldType::Decimal,
        "boolean" | "bool" | "bit" | "logical" => FieldType::Boolean,
        "date" => FieldType::Date,
        "timestamp" | "timestamptz" | "datetime" | "datetime2" | "date-time" => {
            FieldType::Timestamp
        }
        "time" | "timetz" => FieldType::Time,
        _ => return None,
    })
}

fn values(file: &TextFile) -> Result<Values, EvaluateError> {
    let truth: ValueTruthFile = parse_json(file)?;
    if truth.values.is_empty() {
        return Err(EvaluateError::Empty {
            path: file.path.clone(),
        });
    }
    let domain: HashSet<&String> = truth.target_domain.iter().collect();
    let targets = truth.values.iter().filter_map(|pair| pair.target.as_ref());
    if let Some(name) = targets.into_iter().find(|name| !domain.contains(name)) {
        return Err(EvaluateError::Unknown {
            path: file.path.clone(),
            kind: "value",
            name: name.clone(),
            file: "target_domain",
        });
    }
    let called = |value: &String, label: Option<&String>| Label {
        value: value.clone(),
        label: label.filter(|label| !label.trim().is_empty()).cloned(),
        description: None,
    };
    let mut seen = HashSet::new();
    Ok(Values {
        values: truth
            .values
            .iter()
            .filter(|pair| seen.insert(&pair.source))
            .map(|pair| called(&pair.source, truth.source_labels.get(&pair.source)))
            .collect(),
        labels: truth
            .target_domain
            .iter()
            .map(|value| called(value, truth.target_labels.get(value)))
            .collect(),
        truth: truth
            .values
            .iter()
            .map(|pair| (pair.source.clone(), pair.target.clone()))
            .collect(),
    })
}
