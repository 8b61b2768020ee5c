//! Mappings, their versions, and who decided what. A version never changes; an edit makes the next
//! one, and of two edits of the same version one is told that it came too late.

use diesel::prelude::*;

use super::conn::{Conn, on};
use super::error::{StoreError, storable};
use super::schema::{mapping_decisions, mapping_versions, mappings};
use crate::id::{
    DecisionId, MappingId, MappingVersionId, SourceVersionId, TargetVersionId, TenantId, UserId,
};
use crate::job::words;
use crate::time::Millis;

words! {
    /// What a person decided about a field.
    Verdict = "verdict" {
        /// The proposal is right.
        Accepted = "accepted",
        /// The person's own rule.
        Edited = "edited",
        /// The proposal is wrong.
        Rejected = "rejected",
        /// The field is not to be filled.
        Ignored = "ignored",
        /// The source has nothing for it.
        Absent = "absent",
    }
}

impl Verdict {
    /// Whether a rule's own sources fill its field by this.
    #[must_use]
    pub const fn holds(self) -> bool {
        match self {
            Self::Accepted | Self::Edited => true,
            Self::Rejected | Self::Ignored | Self::Absent => false,
        }
    }
}

/// A mapping.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = mappings)]
pub struct MappingRow {
    /// Its id.
    pub id: MappingId,
    /// Its name for people.
    pub name: String,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Millis,
}

/// One version of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
pub struct MappingVersion {
    /// Its id.
    pub id: MappingVersionId,
    /// The mapping.
    pub mapping_id: MappingId,
    /// Its number, from 1.
    pub number: i32,
    /// What it maps.
    pub source_version_id: SourceVersionId,
    /// What it fits.
    pub target_version_id: TargetVersionId,
    /// The mapping as YAML.
    pub body: String,
    /// SHA-256 of the body, as 64 hexadecimal digits: its entity tag.
    pub sha256: String,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Millis,
    /// Who approved it.
    pub approved_by: Option<UserId>,
    /// When.
    pub approved_at: Option<Millis>,
}

/// A version without the mapping itself, for lists and for the way back.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = mapping_versions)]
pub struct VersionHead {
    /// Its id.
    pub id: MappingVersionId,
    /// Its number, from 1.
    pub number: i32,
    /// What it maps.
    pub source_version_id: SourceVersionId,
    /// SHA-256 of the body: the same for versions that say the same.
    pub sha256: String,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Millis,
}

/// A version that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewVersion<'a> {
    /// The mapping.
    pub mapping: MappingId,
    /// Its number: one more than that of the version that was edited.
    pub number: i32,
    /// What it maps.
    pub source_version: SourceVersionId,
    /// What it fits.
    pub target_version: TargetVersionId,
    /// The mapping as YAML.
    pub body: &'a str,
    /// SHA-256 of the body.
    pub sha256: &'a str,
}

/// One decision of a person.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = mapping_decisions)]
pub struct Decision {
    /// Its id.
    pub id: DecisionId,
    /// The version to which it led.
    pub mapping_version_id: MappingVersionId,
    /// The target field.
    pub field: String,
    /// What was decided.
    pub verdict: Verdict,
    /// The rule as it was then, as JSON.
    pub rule: String,
    /// The person's words.
    pub note: Option<String>,
    /// Who.
    pub decided_by: UserId,
    /// When.
    pub decided_at: Millis,
}

/// A decision that is to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewDecision<'a> {
    /// The target field.
    pub field: &'a str,
    /// What was decided.
    pub verdict: Verdict,
    /// The rule, as JSON.
    pub rule: &'a str,
    /// The person's words.
    pub note: Option<&'a str>,
}

/// SHA-256 of a mapping's text, as 64 hexadecimal digits.
#[must_use]
pub fn sha256(body: &str) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(body.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a mapping without versions.
///
/// # Errors
/// [`StoreError::Nul`], [`StoreError::Database`].
pub fn create(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    by: UserId,
    name: &str,
) -> Result<MappingId, StoreError> {
    let name = storable("name of the mapping", name)?;
    let now = conn.now()?;
    let id = MappingId::generate();
    on!(conn, c => diesel::insert_into(mappings::table)
        .values((
            mappings::tenant_id.eq(tenant.to_string()),
            mappings::id.eq(id.to_string()),
            mappings::name.eq(name),
            mappings::created_by.eq(by.to_string()),
            mappings::created_at.eq(now.0),
        ))
        .execute(c))?;
    Ok(id)
}

/// Mappings, newest first, from behind `after` on.
///
/// # Errors
/// [`StoreError::Database`].
pub fn list(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    after: Option<MappingId>,
    limit: i64,
) -> Result<Vec<MappingRow>, StoreError> {
    Ok(on!(conn, c => {
        let mut query = mappings::table
            .filter(mappings::tenant_id.eq(tenant.to_string()))
            .order(mappings::id.desc())
            .limit(limit)
            .select(MappingRow::as_select())
            .into_boxed();
        if let Some(after) = after {
            query = query.filter(mappings::id.lt(after.to_string()));
        }
        query.load(c)
    })?)
}

/// One mapping of the tenant.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn find(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    id: MappingId,
) -> Result<MappingRow, StoreError> {
    on!(conn, c => mappings::table
        .filter(mappings::tenant_id.eq(tenant.to_string()))
        .filter(mappings::id.eq(id.to_string()))
        .select(MappingRow::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found(MappingId::WHAT, &id))
}

/// Adds a version with the decisions that led to it.
///
/// # Errors
/// [`StoreError::Outdated`] if there is one of this number; [`StoreError::Nul`],
/// [`StoreError::Database`].
pub fn add_version(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    by: UserId,
    new: &NewVersion<'_>,
    decisions: &[NewDecision<'_>],
) -> Result<MappingVersionId, StoreError> {
    let body = storable("mapping", new.body)?;
    let now = conn.now()?;
    let id = MappingVersionId::generate();
    let added = on!(conn, c => diesel::insert_into(mapping_versions::table)
        .values((
            mapping_versions::tenant_id.eq(tenant.to_string()),
            mapping_versions::id.eq(id.to_string()),
            mapping_versions::mapping_id.eq(new.mapping.to_string()),
            mapping_versions::number.eq(new.number),
            mapping_versions::source_version_id.eq(new.source_version.to_string()),
            mapping_versions::target_version_id.eq(new.target_version.to_string()),
            mapping_versions::body.eq(body),
            mapping_versions::sha256.eq(new.sha256),
            mapping_versions::created_by.eq(by.to_string()),
            mapping_versions::created_at.eq(now.0),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    if added == 0 {
        return Err(StoreError::Outdated {
            what: MappingId::WHAT,
            number: new.number,
        });
    }
    for decision in decisions {
        add_decision(conn, tenant, by, id, decision, now)?;
    }
    Ok(id)
}

fn add_decision(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    by: UserId,
    version: MappingVersionId,
    new: &NewDecision<'_>,
    at: Millis,
) -> Result<(), StoreError> {
    let field = storable("name of the field", new.field)?;
    let rule = storable("rule", new.rule)?;
    let note = new.note.map(|note| storable("note", note)).transpose()?;
    on!(conn, c => diesel::insert_into(mapping_decisions::table)
        .values((
            mapping_decisions::tenant_id.eq(tenant.to_string()),
            mapping_decisions::id.eq(DecisionId::generate().to_string()),
            mapping_decisions::mapping_version_id.eq(version.to_string()),
            mapping_decisions::field.eq(field),
            mapping_decisions::verdict.eq(new.verdict.word()),
            mapping_decisions::rule.eq(rule),
            mapping_decisions::note.eq(note),
            mapping_decisions::decided_by.eq(by.to_string()),
            mapping_decisions::decided_at.eq(at.0),
        ))
        .execute(c))?;
    Ok(())
}

/// One version.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn version(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    id: MappingVersionId,
) -> Result<MappingVersion, StoreError> {
    on!(conn, c => mapping_versions::table
        .filter(mapping_versions::tenant_id.eq(tenant.to_string()))
        .filter(mapping_versions::id.eq(id.to_string()))
        .select(MappingVersion::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found(MappingVersionId::WHAT, &id))
}

/// All versions of a mapping, oldest first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn versions(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    mapping: MappingId,
) -> Result<Vec<MappingVersion>, StoreError> {
    Ok(on!(conn, c => mapping_versions::table
        .filter(mapping_versions::tenant_id.eq(tenant.to_string()))
        .filter(mapping_versions::mapping_id.eq(mapping.to_string()))
        .order(mapping_versions::number)
        .select(MappingVersion::as_select())
        .load(c))?)
}

/// The last version of a mapping.
///
/// # Errors
/// [`StoreError::NotFound`] if there is none; [`StoreError::Database`].
pub fn latest(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    mapping: MappingId,
) -> Result<MappingVersion, StoreError> {
    on!(conn, c => mapping_versions::table
        .filter(mapping_versions::tenant_id.eq(tenant.to_string()))
        .filter(mapping_versions::mapping_id.eq(mapping.to_string()))
        .order(mapping_versions::number.desc())
        .select(MappingVersion::as_select())
        .first(c)
        .optional())?
    .ok_or_else(|| StoreError::not_found(MappingId::WHAT, &mapping))
}

/// The heads of all versions of a mapping, oldest first.
///
/// # Errors
/// [`StoreError::Database`].
pub fn heads(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    mapping: MappingId,
) -> Result<Vec<VersionHead>, StoreError> {
    Ok(on!(conn, c => mapping_versions::table
        .filter(mapping_versions::tenant_id.eq(tenant.to_string()))
        .filter(mapping_versions::mapping_id.eq(mapping.to_string()))
        .order(mapping_versions::number)
        .select(VersionHead::as_select())
        .load(c))?)
}

/// The decisions that led to a version, in the order in which they were taken.
///
/// # Errors
/// [`StoreError::Database`].
pub fn decisions(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    version: MappingVersionId,
) -> Result<Vec<Decision>, StoreError> {
    Ok(on!(conn, c => mapping_decisions::table
        .filter(mapping_decisions::tenant_id.eq(tenant.to_string()))
        .filter(mapping_decisions::mapping_version_id.eq(version.to_string()))
        .order(mapping_decisions::id)
        .select(Decision::as_select())
        .load(c))?)
}

/// Approves a version; the first approval stays.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Database`].
pub fn approve(
    conn: &mut Conn<'_>,
    tenant: TenantId,
    by: UserId,
    id: MappingVersionId,
) -> Result<MappingVersion, StoreError> {
    let now = conn.now()?;
    on!(conn, c => diesel::update(mapping_versions::table)
        .filter(mapping_versions::tenant_id.eq(tenant.to_string()))
        .filter(mapping_versions::id.eq(id.to_string()))
        .filter(mapping_versions::approved_by.is_null())
        .set((
            mapping_versions::approved_by.eq(by.to_string()),
            mapping_versions::approved_at.eq(now.0),
        ))
        .execute(c))?;
    version(conn, tenant, id)
}
