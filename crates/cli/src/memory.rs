//! `--memory`: what a person decided in mappings of the past, in one file of that person.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use aimapper_core::mapping::Mapping;
use aimapper_core::matching::{Memory, PastDecision};
use serde::{Deserialize, Serialize};

use crate::args;
use crate::failure::{Ending, Failure};

/// Version of the file's format.
const VERSION: u32 = 1;

/// The file: the newest decision first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    version: u32,
    decisions: Vec<Entry>,
}

/// A decision and the target that it was for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    target: String,
    decision: PastDecision,
}

impl Entry {
    /// Whether two entries are about the same column and field; the later one counts.
    fn is_about(&self, other: &Self) -> bool {
        self.target == other.target
            && self.decision.rule.field == other.decision.rule.field
            && self.decision.column == other.decision.column
    }
}

/// Where decisions are kept: the file that was named, or the one in the user's data folder (XDG Base
/// Directory Specification).
fn path(named: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(named.clone());
    }
    let folder = |name: &str| {
        let value = std::env::var_os(name).map(PathBuf::from);
        value.filter(|path| path.is_absolute())
    };
    let data = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")));
    let data = data.ok_or_else(|| {
        let message = "there is no folder for what is remembered";
        Failure::new(Ending::Usage, message).hint("name a file: --memory=FILE")
    })?;
    Ok(data.join("aimapper").join("memory.json"))
}

impl Kept {
    fn load(path: &Path) -> Result<Self, Failure> {
        let nothing = Self {
            version: VERSION,
            decisions: Vec::new(),
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(nothing),
            Err(error) => return Err(Failure::unreadable("the memory", path, &error)),
        };
        let refused = |why: String| {
            let message = format!("{} is no memory of this program: {why}", path.display());
            let hint = "name another file with --memory=FILE, or move this one away";
            Failure::new(Ending::CouldNotRun, message).hint(hint)
        };
        let kept: Self = serde_json::from_str(&text).map_err(|error| refused(error.to_string()))?;
        if kept.version != VERSION {
            return Err(refused(format!(
                "its version is {}, not {VERSION}",
                kept.version
            )));
        }
        Ok(kept)
    }

    /// Writes the file anew, or leaves it as it was.
    fn store(&self, path: &Path) -> Result<(), Failure> {
        let failed = |error: &io::Error| Failure::io("writing the memory", path, error);
        let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(&error.into()))?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .map_err(|error| failed(&error))?;
        file.persist(path).map_err(|error| failed(&error.error))?;
        Ok(())
    }
}

/// The right to change a memory, until it is dropped: two commands at once would lose what one of them
/// remembers.
fn alone(path: &Path) -> Result<fs::File, Failure> {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    let lock = PathBuf::from(lock);
    let failed = |error: &io::Error| Failure::io("locking the memory by", &lock, error);
    if let Some(folder) = lock
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    }
    let mut options = fs::OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).open(&lock);
    let file = file.map_err(|error| failed(&error))?;
    file.lock().map_err(|error| failed(&error))?;
    Ok(file)
}

/// What is remembered about sources for a target; nothing without `--memory`.
pub(crate) fn recall(asked: Option<&Option<PathBuf>>, target: &str) -> Result<Memory, Failure> {
    let Some(named) = asked else {
        return Ok(Memory::default());
    };
    let kept = Kept::load(&path(named.as_ref())?)?;
    let decisions = kept.decisions.into_iter();
    let for_target = decisions.filter(|entry| entry.target == target);
    Ok(Memory::new(
        for_target.map(|entry| entry.decision).collect(),
    ))
}

/// Remembers what a person decided in a mapping, and says how much that was.
pub(crate) fn remember(asked: Option<&Option<PathBuf>>, mapping: &Mapping) -> Result<(), Failure> {
    let Some(named) = asked else {
        return Ok(());
    };
    let path = path(named.as_ref())?;
    let _alone = alone(&path)?;
    let mut kept = Kept::load(&path)?;
    let now = jiff::Timestamp::now().to_string();
    let mut new: Vec<Entry> = PastDecision::of_mapping(mapping)
        .into_iter()
        .map(|mut decision| {
            if decision.at.is_empty() {
                decision.at.clone_from(&now);
            }
            let target = mapping.target.name.clone();
            Entry { target, decision }
        })
        .collect();
    let count = new.len();
    kept.decisions
        .retain(|old| !new.iter().any(|entry| entry.is_about(old)));
    new.append(&mut kept.decisions);
    kept.decisions = new;
    kept.store(&path)?;
    let said = format!("remembered {count} decisions in {}", path.display());
    // Where standard error is closed nobody can be told.
    let _ = writeln!(io::stderr(), "{said}");
    Ok(())
}

/// Lists what is remembered, or forgets some of it.
pub(crate) fn memory(args: &args::Memory) -> Result<Ending, Failure> {
    let path = path(args.file.as_ref())?;
    if args.forget.is_empty() {
        return list(&Kept::load(&path)?);
    }
    let _alone = alone(&path)?;
    let mut kept = Kept::load(&path)?;
    let all = args.forget.iter().any(|number| number == "all");
    let numbers: Vec<usize> = args.forget.iter().filter_map(|n| n.parse().ok()).collect();
    let known = 1..=kept.decisions.len();
    if !all
        && let Some(wrong) = args
            .forget
            .iter()
            .find(|n| !n.parse::<usize>().is_ok_and(|n| known.contains(&n)))
    {
        let message = format!("there is no decision {wrong}");
        let hint = "`aimapper memory` lists them with their numbers";
        return Err(Failure::new(Ending::Usage, message).hint(hint));
    }
    let mut number = 0;
    kept.decisions.retain(|_| {
        number += 1;
        !all && !numbers.contains(&number)
    });
    kept.store(&path)?;
    list(&kept)
}

fn list(kept: &Kept) -> Result<Ending, Failure> {
    let mut out = io::stdout().lock();
    let mut print = |line: String| {
        let written = writeln!(out, "{line}");
        written.map_err(|error| Failure::new(Ending::CouldNotRun, error.to_string()))
    };
    if kept.decisions.is_empty() {
        print("nothing is remembered".to_owned())?;
    }
    for (index, entry) in kept.decisions.iter().enumerate() {
        let Entry { target, decision } = entry;
        let verb = if decision.holds { "fills" } else { "is not" };
        let day = decision.at.get(..10).unwrap_or_default();
        let (column, field) = (&decision.column, &decision.rule.field);
        let file = &decision.file;
        let number = index + 1;
        print(format!(
            "{number}  {column:?} {verb} {field} of {target:?}  ({day}, for {file})"
        ))?;
    }
    Ok(Ending::Done)
}
