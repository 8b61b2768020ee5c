//! Sources: which files the command line names, and what their results are called.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aimapper_core::source::{Input, SourceError};

use crate::failure::{Ending, Failure};

/// Endings of files that are taken from a folder.
const EXTENSIONS: [&str; 5] = ["csv", "tsv", "txt", "tab", "psv"];
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
    /// What its results are called.
    pub(crate) stem: String,
    /// Folder for its results.
    pub(crate) folder: PathBuf,
}

impl Named {
    /// Name for people.
    pub(crate) fn display(&self) -> String {
        self.path
            .as_ref()
            .map_or_else(|| "-".to_owned(), |path| path.display().to_string())
    }

    /// Its base name, as in reports.
    pub(crate) fn file_name(&self) -> String {
        let name = self.path.as_ref().and_then(|path| path.file_name());
        name.map_or_else(
            || "stdin".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        )
    }

    /// Opens it; standard input is spooled.
    pub(crate) fn open(&self) -> Result<Input, SourceError> {
        match &self.path {
            Some(path) => Input::open(path),
            None => Input::spool("stdin", io::stdin().lock()),
        }
    }
}

/// All sources that the arguments name, in order; folders and patterns are expanded and sorted.
pub(crate) fn expand(arguments: &[String], output: Option<&Path>) -> Result<Vec<Named>, Failure> {
    let mut sources = Vec::new();
    for argument in arguments {
        if argument == "-" {
            sources.push(Named {
                path: None,
                stem: "stdin".to_owned(),
                folder: output.unwrap_or(Path::new(".")).to_owned(),
            });
            continue;
        }
        let path = Path::new(argument);
        let paths = if path.is_dir() {
            folder(path)?
        } else if !path.exists() && argument.contains(['*', '?', '[']) {
            pattern(argument)?
        } else {
            vec![path.to_owned()]
        };
        sources.extend(paths.into_iter().map(|path| named(path, output)));
    }
    refuse_same_results(&sources)?;
    Ok(sources)
}

fn named(path: PathBuf, output: Option<&Path>) -> Named {
    let stem = path.file_stem().map_or_else(
        || "source".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    );
    let beside = match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    };
    Named {
        stem,
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
            EXTENSIONS.join(", .")
        );
        return Err(Failure::new(Ending::CouldNotRun, message).hint("name the files one by one"));
    }
    Ok(paths)
}

fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|found| {
        EXTENSIONS
            .iter()
            .any(|wanted| found.eq_ignore_ascii_case(wanted))
    })
}

fn is_result(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    RESULTS.iter().any(|ending| name.ends_with(ending))
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
        let beside = named(PathBuf::from("in/bank.csv"), None);
        assert_eq!(
            (beside.stem.as_str(), beside.folder),
            ("bank", PathBuf::from("in"))
        );
        let here = named(PathBuf::from("bank.csv"), None);
        assert_eq!(here.folder, PathBuf::from("."));
        let there = named(PathBuf::from("in/bank.csv"), Some(Path::new("out")));
        assert_eq!(there.folder, PathBuf::from("out"));
    }

    #[test]
    fn a_folder_gives_its_tables_but_not_our_results() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.TSV", "a.good.csv", "a.rejects.csv", "notes.md"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let argument = folder.path().display().to_string();
        let stems: Vec<String> = expand(&[argument], None)
            .unwrap()
            .into_iter()
            .map(|source| source.stem)
            .collect();
        assert_eq!(stems, ["a", "b"]);
    }

    #[test]
    fn two_sources_with_one_name_are_refused_in_one_folder() {
        let arguments = ["a/x.csv".to_owned(), "b/x.csv".to_owned()];
        assert!(expand(&arguments, None).is_ok());
        let failure = expand(&arguments, Some(Path::new("out"))).unwrap_err();
        assert_eq!(failure.ending, Ending::Usage);
    }
}
