//! Cases on the disk: which folders are cases, and their files.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use aimapper_core::evaluate::{CASE_FILES, Case, CaseFiles, TextFile, parse_json};

use crate::args;
use crate::failure::{Ending, Failure};

/// A case's folder.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    suite: String,
    name: String,
    files: CaseFiles,
}

impl Place {
    /// The case itself.
    pub(crate) fn open(&self) -> Result<Case, Failure> {
        Ok(Case::parse(&self.suite, &self.name, &self.files)?)
    }
}

/// All cases that are asked for, by suite and name, their files read.
///
/// A folder without any file of a case is none, and nothing is said about it.
pub(crate) fn find(args: &args::Eval) -> Result<Vec<Place>, Failure> {
    let wanted = args.split.as_ref().map(listed).transpose()?;
    let suites = folders(&args.folder)?;
    for suite in &args.only {
        if !suites.contains(suite) {
            let there = suites.join(", ");
            let message = format!("{} has no suite `{suite}`", args.folder.display());
            return Err(Failure::new(Ending::Usage, message).hint(format!("there are {there}")));
        }
    }
    let mut places = Vec::new();
    for suite in suites {
        if !args.only.is_empty() && !args.only.contains(&suite) {
            continue;
        }
        let folder = args.folder.join(&suite);
        for name in folders(&folder)? {
            let key = format!("{suite}/{name}");
            if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&key)) {
                continue;
            }
            let files = files(&folder.join(&name))?;
            if !files.files.is_empty() {
                let suite = suite.clone();
                places.push(Place { suite, name, files });
            }
        }
    }
    if places.is_empty() {
        let message = format!("{} holds no case that is asked for", args.folder.display());
        return Err(Failure::new(Ending::CouldNotRun, message).hint(
            "a case is a folder SUITE/CASE below it with a source, a target and a truth.json; \
             docs/matching.md shows its files",
        ));
    }
    Ok(places)
}

/// The keys of a split.
fn listed(split: &args::Split) -> Result<HashSet<String>, Failure> {
    let file = read(&split.file, "the split")?;
    let lists: BTreeMap<String, Vec<String>> = parse_json(&file)?;
    match lists.get(&split.key) {
        Some(keys) => Ok(keys.iter().cloned().collect()),
        None => {
            let there: Vec<&str> = lists.keys().map(String::as_str).collect();
            let message = format!("{} has no list `{}`", file.path, split.key);
            let hint = format!("there are {}", there.join(", "));
            Err(Failure::new(Ending::Usage, message).hint(hint))
        }
    }
}

fn read(path: &Path, what: &str) -> Result<TextFile, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::unreadable(what, path, &error))?;
    Ok(TextFile {
        path: path.display().to_string(),
        text,
    })
}

/// Names of the folders in a folder, sorted.
fn folders(folder: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error: &std::io::Error| Failure::unreadable("the cases in", folder, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        if entry.path().is_dir()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn files(folder: &Path) -> Result<CaseFiles, Failure> {
    let mut files = BTreeMap::new();
    for name in CASE_FILES {
        let path = folder.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let path = path.display().to_string();
                files.insert(name.to_owned(), TextFile { path, text });
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::unreadable("the case's file", &path, &error)),
        }
    }
    Ok(CaseFiles {
        path: folder.display().to_string(),
        files,
    })
}
