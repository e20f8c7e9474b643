//! The files of the repository, as text by path.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

const MADE: [&str; 7] = [".git", "data", "node_modules", "playwright-report", "screenshots", "target", "test-results"];

/// Paths from the root, with `/`, and contents.
#[derive(Default)]
pub(super) struct Tree(BTreeMap<String, String>);

impl Tree {
    /// Reads everything except what is made by building and running.
    ///
    /// # Errors
    /// A file or folder cannot be read.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        let mut folders = vec![root.to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                if MADE.iter().any(|made| entry.file_name() == *made) {
                    continue;
                }
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
                    tree.insert(&name, String::from_utf8_lossy(&std::fs::read(&path)?).into_owned());
                }
            }
        }
        Ok(tree)
    }

    /// Adds or replaces a file.
    pub(super) fn insert(&mut self, path: &str, text: impl Into<String>) {
        self.0.insert(path.to_owned(), text.into());
    }

    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Whether a file or folder is there.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        self.0.contains_key(path) || self.0.keys().any(|known| known.starts_with(&folder))
    }

    /// Files below a folder, named with its closing slash, in the order of their paths.
    pub(super) fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files().filter(move |(path, _)| path.starts_with(folder))
    }

    /// All files in the order of their paths.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }
}
