//! The floors hold: no module imports from its own floor or from above, no stage does I/O outside
//! its `run.rs`, no file outgrows a reader.
//!
//! Every source file is parsed; paths in `use` trees, in code and in macro arguments are followed,
//! `super::` that leaves a top-level module included. ARCHITECTURE.md says why.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use proc_macro2::{TokenStream, TokenTree};
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

/// The modules of each floor, lowest first.
const FLOORS: [&[&str]; 8] = [
    &["bytes", "error", "ids", "math", "mem", "time"],
    &["keys", "record", "wire"],
    &["dex"],
    &["net", "ring", "sim", "stream", "sys"],
    &["cli"],
    &["arb", "bundle", "capture", "ledger", "parse", "send", "tune", "wallet"],
    &["chain"],
    &["bin"],
];

/// Modules of the standard library that mean I/O or threads; in a stage only `run.rs` has them.
const EFFECTS: [&str; 5] = ["fs", "net", "os", "process", "thread"];

/// Lines above which a file is too long.
const LINES_MAX: usize = 800;

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// Finds the broken rules of one file.
struct Checker<'a> {
    file: &'a str,
    /// The module the visitor stands in, from the crate's root.
    module: Vec<String>,
    /// Inside `#[cfg(test)]`.
    test: bool,
    broken: Vec<String>,
}

impl Checker<'_> {
    /// Follows one path that starts at `line`.
    fn path(&mut self, segments: &[String], line: usize) {
        let own = self.module.first().cloned().unwrap_or_default();
        let target = match segments.first().map(String::as_str) {
            Some("crate") => segments.get(1),
            Some("super") => {
                let up = segments.iter().take_while(|s| *s == "super").count();
                if up >= self.module.len() { segments.get(up) } else { None }
            }
            Some("std") => {
                self.effect(segments.get(1), line);
                None
            }
            _ => None,
        };
        let Some(target) = target.filter(|target| **target != own) else { return };
        match (floor(&own), floor(target)) {
            (Some(from), Some(to)) if to >= from => self.broken.push(format!(
                "{}:{line}: {own} (floor {from}) may not use {target} (floor {to})",
                self.file
            )),
            (Some(_), Some(_)) => {}
            (None, _) => self.broken.push(format!("{}: {own} stands on no floor", self.file)),
            (_, None) => {
                self.broken.push(format!("{}:{line}: {target} stands on no floor", self.file));
            }
        }
    }

    fn effect(&mut self, module: Option<&String>, line: usize) {
        let own = self.module.first().map(String::as_str).unwrap_or_default();
        let stage = floor(own) == Some(5) && !self.file.ends_with("/run.rs");
        if stage && !self.test && module.is_some_and(|m| EFFECTS.contains(&m.as_str())) {
            let module = module.cloned().unwrap_or_default();
            self.broken.push(format!("{}:{line}: std::{module} belongs into run.rs", self.file));
        }
    }

    /// Follows every path of a use tree.
    fn tree(&mut self, tree: &syn::UseTree, before: &[String]) {
        match tree {
            syn::UseTree::Path(path) => {
                let mut segments = before.to_vec();
                segments.push(path.ident.to_string());
                self.tree(&path.tree, &segments);
            }
            syn::UseTree::Name(name) => self.leaf(before, &name.ident),
            syn::UseTree::Rename(rename) => self.leaf(before, &rename.ident),
            syn::UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                self.path(before, line);
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.tree(item, before));
            }
        }
    }

    fn leaf(&mut self, before: &[String], ident: &syn::Ident) {
        let mut segments = before.to_vec();
        segments.push(ident.to_string());
        self.path(&segments, ident.span().start().line);
    }

    /// Follows what looks like a path in a macro's tokens.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut segments: Vec<String> = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.path(&std::mem::take(&mut segments), line);
                        line = ident.span().start().line;
                    }
                    segments.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.path(&std::mem::take(&mut segments), line);
                    self.tokens(group.stream());
                    colons = 0;
                }
                _ => {
                    self.path(&std::mem::take(&mut segments), line);
                    colons = 0;
                }
            }
        }
        self.path(&segments, line);
    }
}

impl<'ast> Visit<'ast> for Checker<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<_> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        if let Some(first) = path.segments.first() {
            self.path(&segments, first.ident.span().start().line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.tokens(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let test = self.test;
        self.test |= item.attrs.iter().any(|attr| {
            attr.path().is_ident("cfg")
                && attr.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
        });
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
        self.test = test;
    }
}

/// The broken rules of a file with this path (from `src/`) and this text.
fn check(file: &str, text: &str) -> Vec<String> {
    let parts = file.trim_end_matches(".rs").split('/');
    let module = parts.filter(|part| *part != "mod" && *part != "lib").map(str::to_owned);
    let mut checker = Checker { file, module: module.collect(), test: false, broken: Vec::new() };
    checker.test = file.ends_with("/tests.rs");
    let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    if !checker.module.is_empty() {
        checker.visit_file(&parsed);
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        checker.broken.push(format!("{file}: {lines} lines, at most {LINES_MAX}"));
    }
    if file.ends_with("util.rs") || file.ends_with("utils.rs") {
        checker.broken.push(format!("{file}: a helper lives where its noun lives"));
    }
    checker.broken
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_module_imports_from_below_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 30, "the sources were not found");
    let broken: Vec<_> = files
        .iter()
        .flat_map(|path| {
            let file = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            check(&file, &std::fs::read_to_string(path).unwrap())
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_stage_has_the_same_kinds_of_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for stage in FLOORS[5].iter().filter(|stage| root.join(stage).is_dir()) {
        for file in ["mod.rs", "args.rs", "run.rs"] {
            assert!(root.join(stage).join(file).is_file(), "{stage} has no {file}");
        }
    }
}

#[test]
fn every_program_is_one_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin");
    let mut programs = Vec::new();
    sources(&root, &mut programs);
    for path in programs {
        let text = std::fs::read_to_string(&path).unwrap();
        let code: Vec<_> =
            text.lines().filter(|l| !l.starts_with("//!") && !l.is_empty()).collect();
        assert_eq!(code.len(), 3, "{}: {code:?}", path.display());
        assert!(code[1].contains("mev::cli::main(mev::"), "{}: {}", path.display(), code[1]);
    }
}

/// Crates that stand in others' signatures: with two versions of one, what the SDK makes is not what the
/// VM takes.
#[test]
fn there_is_one_family_of_solana_crates() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let lock = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = lock.lines().collect();
    for name in ["account", "clock", "instruction", "message", "sdk", "signature", "transaction"] {
        let named = format!("name = \"solana-{name}\"");
        let versions: Vec<&str> =
            lines.windows(2).filter(|two| two[0] == named).map(|two| two[1]).collect();
        assert_eq!(versions.len(), 1, "solana-{name}: {versions:?}");
    }
}

#[test]
fn the_checker_finds_each_way_up() {
    let cases = [
        ("wire/shred.rs", "use crate::dex::Pool;", "wire (floor 1) may not use dex (floor 2)"),
        ("wire/shred.rs", "use crate::{record::Swap, time};", "may not use record (floor 1)"),
        ("wire/mod.rs", "use super::keys::Signer;", "may not use keys (floor 1)"),
        ("wire/shred.rs", "use super::super::keys;", "may not use keys (floor 1)"),
        ("dex/mod.rs", "pub use crate::stream::Writer;", "may not use stream (floor 3)"),
        ("dex/a.rs", "fn f() -> u8 { crate::cli::main() }", "may not use cli (floor 4)"),
        ("dex/a.rs", "fn f() { assert!(crate::arb::ok()); }", "may not use arb (floor 5)"),
        ("dex/a.rs", "mod t { use super::super::super::arb; }", "may not use arb (floor 5)"),
        ("arb/engine.rs", "use std::fs::File;", "std::fs belongs into run.rs"),
        ("attic/mod.rs", "use crate::time;", "attic stands on no floor"),
        ("dex/util.rs", "", "a helper lives where its noun lives"),
    ];
    for (file, text, rule) in cases {
        let broken = check(file, text);
        assert!(broken.iter().any(|b| b.contains(rule)), "{file}: {text}: {broken:?}");
    }
    let fine = [
        ("wire/shred.rs", "use crate::bytes; use super::fec::Set; use crate::wire::txn;"),
        ("dex/a.rs", "mod t { use super::super::b; use super::*; }"),
        ("arb/run.rs", "use std::fs::File;"),
        ("arb/book.rs", "#[cfg(test)] mod tests { use std::fs; }"),
    ];
    for (file, text) in fine {
        assert!(check(file, text).is_empty(), "{file}: {text}: {:?}", check(file, text));
    }
    assert!(check("dex/long.rs", &"\n".repeat(801))[0].contains("801 lines"));
}
