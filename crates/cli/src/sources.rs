//! Sources: which files the command line names, and what their results are called.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aimapper_core::source::{
    Input, Limits, PACKED_ENDINGS, SourceError, TABLE_ENDINGS, stem, without_ending,
};

use crate::failure::{Ending, Failure};

/// Endings of our own results, which are not taken from a folder or by a pattern.
const RESULTS: [&str; 5] = [
    ".good.csv",
    ".rejects.csv",
    ".nondata.csv",
    ".guarded.csv",
    ".good.ndjson",
];

/// One source of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its path; none is standard input.
    path: Option<PathBuf>,
    /// The file of a ZIP archive that is meant.
    member: Option<String>,
    /// What its results are called.
    pub(crate) stem: String,
    /// Folder for its results.
    pub(crate) folder: PathBuf,
}

impl Named {
    /// Name for people.
    pub(crate) fn display(&self) -> String {
        let path = self.path.as_ref();
        self.with_member(path.map_or_else(|| "-".to_owned(), |path| path.display().to_string()))
    }

    /// Its base name, as in reports.
    pub(crate) fn file_name(&self) -> String {
        let name = self.path.as_ref().and_then(|path| path.file_name());
        self.with_member(name.map_or_else(
            || "stdin".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        ))
    }

    fn with_member(&self, name: String) -> String {
        match &self.member {
            Some(member) => format!("{name}/{member}"),
            None => name,
        }
    }

    /// Opens it; standard input is spooled, and what is packed is unpacked.
    pub(crate) fn open(&self, limits: &Limits) -> Result<Input, SourceError> {
        let input = match &self.path {
            Some(path) => Input::open(path),
            None => Input::spool("stdin", io::stdin().lock()),
        };
        input?.unpack(self.member.as_deref(), limits)
    }
}

/// All sources that the arguments name, in order; folders and patterns are expanded and sorted,
/// and an archive stands for the tables in it.
pub(crate) fn expand(arguments: &[String], output: Option<&Path>) -> Result<Vec<Named>, Failure> {
    let mut sources = Vec::new();
    for argument in arguments {
        if argument == "-" {
            sources.push(Named {
                path: None,
                member: None,
                stem: "stdin".to_owned(),
                folder: output.unwrap_or(Path::new(".")).to_owned(),
            });
            continue;
        }
        let path = Path::new(argument);
        let paths = if path.is_dir() {
            folder(path)?
        } else if let Some((archive, member)) = in_archive(path) {
            sources.push(named(archive, Some(member), output));
            continue;
        } else if !path.exists() && argument.contains(['*', '?', '[']) {
            pattern(argument)?
        } else {
            vec![path.to_owned()]
        };
        for path in paths {
            sources.extend(tables(path, output));
        }
    }
    refuse_same_results(&sources)?;
    Ok(sources)
}

/// The tables of an archive, or the file itself.
fn tables(path: PathBuf, output: Option<&Path>) -> Vec<Named> {
    // A pipe can be read once only; what is wrong with a file is said when its turn comes.
    let members = if path.is_file() {
        Input::open(&path).and_then(|input| input.tables())
    } else {
        Ok(Vec::new())
    }
    .unwrap_or_default();
    if members.is_empty() {
        return vec![named(path, None, output)];
    }
    members
        .into_iter()
        .map(|member| named(path.clone(), Some(member), output))
        .collect()
}

/// Splits `orders.zip/members.csv` into the archive and the name of a file in it.
fn in_archive(path: &Path) -> Option<(PathBuf, String)> {
    let archive = path.ancestors().skip(1).find(|above| above.is_file())?;
    let member = path.strip_prefix(archive).ok()?;
    let parts: Vec<_> = member.iter().map(|part| part.to_string_lossy()).collect();
    Some((archive.to_owned(), parts.join("/")))
}

fn named(path: PathBuf, member: Option<String>, output: Option<&Path>) -> Named {
    let stem = match &member {
        // Windows writes `\` into archives at times.
        Some(member) => stem(member.rsplit(['/', '\\']).next().unwrap_or_default()),
        None => path
            .file_name()
            .map_or_else(String::new, |name| stem(&name.to_string_lossy())),
    };
    let beside = match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    };
    Named {
        stem,
        member,
        folder: output.map_or(beside, Path::to_owned),
        path: Some(path),
    }
}

fn folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries =
        fs::read_dir(folder).map_err(|error| Failure::unreadable("the folder", folder, &error))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_file() && is_table(path) && !is_result(path))
        .collect();
    paths.sort();
    if paths.is_empty() {
        let message = format!(
            "{} has no file ending in .{}",
            folder.display(),
            TABLE_ENDINGS.join(", .")
        );
        return Err(Failure::new(Ending::CouldNotRun, message).hint("name the files one by one"));
    }
    Ok(paths)
}

/// Archives are not taken from a folder: they may hold what lies beside them.
fn is_table(path: &Path) -> bool {
    let name = unpacked_name(path, &["gz", "zst"]);
    without_ending(&name, &TABLE_ENDINGS).is_some()
}

fn is_result(path: &Path) -> bool {
    let name = unpacked_name(path, &PACKED_ENDINGS);
    RESULTS.iter().any(|ending| name.ends_with(ending))
}

/// Base name without an ending that packing adds.
fn unpacked_name(path: &Path, endings: &[&str]) -> String {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    without_ending(&name, endings).unwrap_or(&name).to_owned()
}

fn pattern(pattern: &str) -> Result<Vec<PathBuf>, Failure> {
    let found = glob::glob(pattern).map_err(|error| {
        Failure::new(Ending::Usage, format!("`{pattern}` is no pattern: {error}"))
    })?;
    let mut paths: Vec<PathBuf> = found
        .filter_map(Result::ok)
        .filter(|path| path.is_file() && !is_result(path))
        .collect();
    paths.sort();
    if paths.is_empty() {
        return Err(
            Failure::new(Ending::CouldNotRun, format!("no file fits `{pattern}`"))
                .hint("check the folder you are in"),
        );
    }
    Ok(paths)
}

/// Two sources may not write the same results.
fn refuse_same_results(sources: &[Named]) -> Result<(), Failure> {
    let mut seen: HashMap<(PathBuf, &str), String> = HashMap::new();
    for source in sources {
        let key = (source.folder.clone(), source.stem.as_str());
        if let Some(other) = seen.insert(key, source.display()) {
            let message = format!(
                "{other} and {} would write the same results",
                source.display()
            );
            return Err(Failure::new(Ending::Usage, message)
                .hint("run them one after the other, with a folder of its own each (-o)"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_go_beside_the_source_or_to_the_folder() {
        let beside = named(PathBuf::from("in/bank.csv"), None, None);
        assert_eq!(
            (beside.stem.as_str(), beside.folder),
            ("bank", PathBuf::from("in"))
        );
        let here = named(PathBuf::from("bank.csv"), None, None);
        assert_eq!(here.folder, PathBuf::from("."));
        let there = named(PathBuf::from("in/bank.csv"), None, Some(Path::new("out")));
        assert_eq!(there.folder, PathBuf::from("out"));
    }

    #[test]
    fn results_are_called_as_the_table_that_was_packed() {
        for (member, wanted) in [
            ("2026/members.csv", "members"),
            ("2026\\members.csv", "members"),
            ("../../members.csv", "members"),
        ] {
            let named = named(PathBuf::from("in/a.zip"), Some(member.to_owned()), None);
            assert_eq!(named.stem, wanted);
            assert_eq!(named.folder, PathBuf::from("in"));
        }
    }

    #[test]
    fn a_folder_gives_its_tables_but_not_our_results() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "b.csv",
            "a.TSV",
            "c.csv.gz",
            "d.zip",
            "a.good.csv",
            "a.good.csv.gz",
            "a.rejects.csv",
            "notes.md",
        ] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let argument = folder.path().display().to_string();
        let stems: Vec<String> = expand(&[argument], None)
            .unwrap()
            .into_iter()
            .map(|source| source.stem)
            .collect();
        assert_eq!(stems, ["a", "b", "c"]);
    }

    #[test]
    fn two_sources_with_one_name_are_refused_in_one_folder() {
        let arguments = ["a/x.csv".to_owned(), "b/x.csv".to_owned()];
        assert!(expand(&arguments, None).is_ok());
        let failure = expand(&arguments, Some(Path::new("out"))).unwrap_err();
        assert_eq!(failure.ending, Ending::Usage);
    }
}
