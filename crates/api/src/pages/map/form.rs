//! What the forms of the Map page mean. Forms name rows, columns and values by their position, so
//! that no text of a source has to survive the way through a browser.

use aimapper_core::mapping::{Edit, Mapping, OnUnseen, RuleState, Step};
use aimapper_core::target::Field;
use serde_json::Value;

use super::detail::{REASONS, unlisted};
use super::view::BAR;
use crate::actions::mappings::Change;
use crate::pages::error::PageError;
use crate::pages::steps::edits_for;
use crate::profile::SourceProfile;
use crate::readings::SetReading;

/// What a form asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Wish {
    /// The mapping changes.
    Change(Change),
    /// The source is read again.
    ReadAgain(SetReading),
}

/// A form that was sent.
#[derive(Debug)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) const fn new(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    fn need(&self, name: &str) -> Result<&str, PageError> {
        self.get(name)
            .ok_or_else(|| PageError::form(format!("the form lacks the field {name:?}")))
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, PageError> {
        let text = self.need(name)?;
        text.trim()
            .parse()
            .map_err(|_| PageError::form(format!("the form's field {name:?} is no number")))
    }

    /// Number of the version that the form was made for.
    pub(super) fn version(&self) -> Result<i32, PageError> {
        self.number("version")
    }

    /// Whether it holds what somebody typed or picked, and not only what was pressed.
    pub(super) fn is_typed(&self) -> bool {
        let deeds = ["note", "constant", "leave", "values", "choose"];
        self.get("do").is_some_and(|deed| deeds.contains(&deed))
    }

    /// The query of the page that the form stood on, rebuilt from what is known in it.
    pub(super) fn back(&self) -> String {
        let given = self.get("back").unwrap_or_default();
        let parts: Vec<&str> = given
            .split('&')
            .filter(|part| {
                let plain = |text: &str| {
                    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                };
                part.split_once('=')
                    .is_some_and(|(key, value)| ["open", "show"].contains(&key) && plain(value))
            })
            .collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!("?{}", parts.join("&"))
        }
    }

    /// What it asks for.
    pub(super) fn wish(
        &self,
        mapping: &Mapping,
        profile: &SourceProfile,
    ) -> Result<Wish, PageError> {
        if self.get("reading").is_some() {
            return self.reading(mapping);
        }
        let change = match self.get("do") {
            Some("accept-sure") => Change::AcceptAt(BAR),
            Some("undo") => Change::BackTo(self.number("to")?),
            other => {
                let field = self.field(mapping)?;
                Change::Edits(self.field_edits(other, field, mapping, profile)?)
            }
        };
        Ok(Wish::Change(change))
    }

    fn field<'m>(&self, mapping: &'m Mapping) -> Result<&'m Field, PageError> {
        let index: usize = self.number("field")?;
        let field = mapping.target.fields.get(index);
        field.ok_or_else(|| PageError::form(format!("the target has no field {index}")))
    }

    fn field_edits(
        &self,
        deed: Option<&str>,
        field: &Field,
        mapping: &Mapping,
        profile: &SourceProfile,
    ) -> Result<Vec<Edit>, PageError> {
        let name = field.name.clone();
        Ok(match deed {
            Some("accept") => vec![Edit::Accept { field: name }],
            Some("refuse") => vec![Edit::Reject { field: name }],
            Some("note") => vec![Edit::Note {
                field: name,
                text: self.need("note")?.trim().to_owned(),
            }],
            Some("leave") => vec![self.leave(name)?],
            Some("constant") => vec![Edit::SetTransform {
                field: name,
                transform: vec![Step::Constant(self.need("constant")?.to_owned())],
            }],
            Some("values") => self.values(field, mapping, profile),
            Some("choose") => chosen(self.columns(mapping)?, field, mapping, profile),
            None if self.get("alternative").is_some() => {
                let sources = self.alternative(field, mapping)?;
                chosen(sources, field, mapping, profile)
            }
            Some(_) | None => return Err(PageError::form("the form asks for nothing")),
        })
    }

    fn leave(&self, field: String) -> Result<Edit, PageError> {
        let reason = self.need("reason")?;
        let (_, words, absent) = REASONS
            .iter()
            .find(|(name, _, _)| *name == reason)
            .ok_or_else(|| PageError::form("the form gives no known reason"))?;
        let own = self.get("why").unwrap_or_default().trim();
        let why = if own.is_empty() {
            (*words).to_owned()
        } else {
            own.to_owned()
        };
        Ok(if *absent {
            Edit::Absent { field, why }
        } else {
            Edit::Ignore { field, why }
        })
    }

    fn columns(&self, mapping: &Mapping) -> Result<Vec<String>, PageError> {
        let mut chosen = Vec::new();
        for name in ["column", "second"] {
            let Some(text) = self.get(name).filter(|text| !text.is_empty()) else {
                continue;
            };
            let column = text.parse::<usize>().ok();
            let column = column.and_then(|index| mapping.source.columns.get(index));
            let column = column.ok_or_else(|| PageError::form("no such column"))?;
            if !chosen.contains(&column.name) {
                chosen.push(column.name.clone());
            }
        }
        if chosen.is_empty() {
            return Err(PageError::refused(
                "no column was chosen",
                "pick one from the list",
            ));
        }
        Ok(chosen)
    }

    fn alternative(&self, field: &Field, mapping: &Mapping) -> Result<Vec<String>, PageError> {
        let index: usize = self.number("alternative")?;
        let rule = mapping.rules.iter().find(|rule| rule.field == field.name);
        let other = rule.and_then(|rule| rule.alternatives.get(index));
        other
            .map(|other| other.sources.clone())
            .ok_or_else(|| PageError::form("no such alternative"))
    }

    /// Values that are not as they were; an empty text is no value.
    fn values(&self, field: &Field, mapping: &Mapping, profile: &SourceProfile) -> Vec<Edit> {
        let Some(rule) = mapping.rules.iter().find(|rule| rule.field == field.name) else {
            return Vec::new();
        };
        let mut edits = Vec::new();
        for (index, value) in rule.value_map.iter().enumerate() {
            let Some(given) = self.get(&format!("to.{index}")) else {
                continue;
            };
            let to = (!given.is_empty()).then(|| given.to_owned());
            if to != value.to {
                edits.push(Edit::SetValue {
                    field: field.name.clone(),
                    from: value.from.clone(),
                    to,
                });
            }
        }
        for (index, value) in unlisted(rule, field, profile) {
            if let Some(to) = self
                .get(&format!("new.{index}"))
                .filter(|to| !to.is_empty())
            {
                edits.push(Edit::SetValue {
                    field: field.name.clone(),
                    from: value.value.trim().to_owned(),
                    to: Some(to.to_owned()),
                });
            }
        }
        let unseen = match self.get("unseen") {
            Some("reject") => Some(OnUnseen::Reject),
            Some("null") => Some(OnUnseen::Null),
            Some("keep") => Some(OnUnseen::Keep),
            Some(_) | None => None,
        };
        if let Some(on_unseen) = unseen.filter(|unseen| *unseen != rule.on_unseen) {
            edits.push(Edit::SetUnseen {
                field: field.name.clone(),
                on_unseen,
            });
        }
        // Who has looked at the values of a proposal and kept them has agreed to it.
        if rule.state == RuleState::Proposed && rule.has_origin() {
            edits.push(Edit::Accept {
                field: field.name.clone(),
            });
        }
        edits
    }

    fn reading(&self, mapping: &Mapping) -> Result<Wish, PageError> {
        let index: usize = self.number("reading")?;
        let decision = mapping.decisions.get(index);
        let decision = decision.ok_or_else(|| PageError::form("no such reading"))?;
        let value = match (self.get("value"), self.get("do")) {
            (Some(json), _) => parse_json(json)?,
            (None, Some("keep-reading")) => decision.value.clone(),
            (None, Some("set-number")) => Value::from(self.number::<u64>("number")?),
            (None, Some("set-choice")) => parse_json(self.need("choice")?)?,
            (None, Some(_) | None) => {
                return Err(PageError::form("the form asks for nothing"));
            }
        };
        if value != decision.value && !decision.what.per_column() {
            return Ok(Wish::ReadAgain(SetReading {
                what: decision.what,
                column: None,
                value,
            }));
        }
        Ok(Wish::Change(Change::Edits(vec![Edit::SetDecision {
            what: decision.what,
            column: decision.column.clone(),
            value,
        }])))
    }
}

fn parse_json(text: &str) -> Result<Value, PageError> {
    serde_json::from_str(text).map_err(|_| PageError::form("the form's value is no JSON"))
}

/// The choice of columns, with the steps that the program would propose for a single one.
fn chosen(
    sources: Vec<String>,
    field: &Field,
    mapping: &Mapping,
    profile: &SourceProfile,
) -> Vec<Edit> {
    let steps = match sources.as_slice() {
        [only] => profile.column(only).map_or_else(Vec::new, |column| {
            edits_for(column, field, &mapping.decisions)
        }),
        _ => Vec::new(),
    };
    let mut edits = vec![Edit::Choose {
        field: field.name.clone(),
        sources,
    }];
    edits.extend(steps);
    edits
}
