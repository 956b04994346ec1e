//! Generated files are current: manual pages, completions, help texts, layouts of records.
//!
//! `UPDATE=1 cargo test --test assets` rewrites them. A record's layout is the exception: under the
//! same version it never changes, and no environment variable makes it.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use clap_complete::{Shell, generate};
use mev::cli::{Tool, command};
use mev::record::{self, Schema};
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn update() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Compares the committed file with what it should hold, and rewrites it on request.
fn check(path: &Path, should: &str, stale: &mut Vec<String>) {
    let is = std::fs::read_to_string(path).unwrap_or_default();
    if is == should {
        return;
    }
    if update() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, should).unwrap();
    } else {
        stale.push(path.strip_prefix(root()).unwrap().display().to_string());
    }
}

fn no_stale(stale: &[String]) {
    assert!(
        stale.is_empty(),
        "not current: {}\nrun UPDATE=1 cargo test --test assets and read the difference",
        stale.join(", ")
    );
}

/// A manual page: clap's own sections with the tool's description, examples and statuses.
fn manual(tool: &Tool) -> String {
    let mut command = command(tool);
    command.build();
    let man = clap_mangen::Man::new(command.clone().after_long_help("").after_help(""))
        .date("")
        .source(format!("mev-tools {}", env!("CARGO_PKG_VERSION")))
        .manual("mev-tools");
    let mut page = Vec::new();
    man.render_title(&mut page).unwrap();
    man.render_name_section(&mut page).unwrap();
    man.render_synopsis_section(&mut page).unwrap();
    let mut page = String::from_utf8(page).unwrap();
    page.push_str(".SH DESCRIPTION\n");
    for paragraph in tool.description {
        let _ = writeln!(page, ".PP\n{}", roff(paragraph));
    }
    let mut options = Vec::new();
    man.render_options_section(&mut options).unwrap();
    page.push_str(&String::from_utf8(options).unwrap());
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        subcommand(sub, tool.name, &mut page);
    }
    page.push_str(".SH EXAMPLES\n");
    for (line, what) in tool.examples {
        let _ = writeln!(page, ".PP\n{}\n.PP\n.nf\n.RS\n{}\n.RE\n.fi", roff(what), roff(line));
    }
    page.push_str(".SH \"EXIT STATUS\"\n");
    for (exit, what) in mev::error::Exit::ALL {
        let _ = writeln!(page, ".TP\n.B {}\n{}", exit as u8, roff(what));
    }
    page.push_str(".SH \"SEE ALSO\"\n.BR mev (7),\n.BR mev-records (5)\n");
    page
}

/// The options of a subcommand, those common to all left out.
fn subcommand(command: &clap::Command, parent: &str, page: &mut String) {
    let name = format!("{parent} {}", command.get_name());
    let about = command.get_long_about().or(command.get_about());
    let _ = writeln!(
        page,
        ".SH \"{}\"\n{}",
        name.to_uppercase(),
        roff(&about.map(ToString::to_string).unwrap_or_default())
    );
    for arg in command.get_arguments().filter(|arg| !arg.is_global_set() && arg.get_id() != "help")
    {
        let value = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
        let shown = match (arg.get_long(), value) {
            (Some(long), Some(value)) if arg.get_action().takes_values() => {
                format!("--{long} <{value}>")
            }
            (Some(long), _) => format!("--{long}"),
            (None, value) => value.unwrap_or_else(|| arg.get_id().to_string()),
        };
        let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string);
        let default = arg.get_default_values().first().map(|value| value.to_string_lossy());
        let default = default.map(|value| format!(" [default: {value}]")).unwrap_or_default();
        let _ = writeln!(
            page,
            ".TP\n\\fB{}\\fR\n{}{}",
            roff(&shown),
            roff(&help.unwrap_or_default()),
            roff(&default)
        );
    }
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        subcommand(sub, &name, page);
    }
}

/// Text with what roff would take for its own escaped.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let lines = text.lines().map(|line| {
        if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// `mev-records(5)`: every layout.
fn records_page() -> String {
    let mut page = String::from(
        ".TH mev\\-records 5 \"\" \"mev\\-tools\" \"mev\\-tools\"\n.SH NAME\nmev\\-records \\- layouts of the \
         records that the mev\\-tools pass on\n.SH DESCRIPTION\nEvery record begins with the same 16 bytes \
         and its length is a multiple of 64. Integers are little\\-endian. An optional field holds a value \
         when its bit of\n.B present\nis set, and is zero otherwise. Bytes named\n.B _zero\nare zero. A \
         stream is a head, records and gaps, and an end; several streams may follow one another. A stream \
         without an end was cut off.\n",
    );
    for schema in record::ALL {
        let _ =
            writeln!(page, ".SH {}\n{}\n.PP\n.nf", schema.name, roff(&one_paragraph(schema.doc)));
        let _ = writeln!(page, "{}\n.fi", roff(&record::table(schema)));
    }
    page.push_str(".SH \"SEE ALSO\"\n.BR mev (7)\n");
    page
}

fn one_paragraph(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn manual_pages_are_current() {
    let mut stale = Vec::new();
    for tool in mev::TOOLS {
        assert!(!tool.description.is_empty(), "{} has no description", tool.name);
        assert!(!tool.examples.is_empty(), "{} has no example", tool.name);
        check(&root().join(format!("man/{}.1", tool.name)), &manual(tool), &mut stale);
    }
    check(&root().join("man/mev-records.5"), &records_page(), &mut stale);
    no_stale(&stale);
}

#[test]
fn completions_and_help_are_current() {
    let mut stale = Vec::new();
    for tool in mev::TOOLS {
        let name = tool.name;
        let shells = [
            (Shell::Bash, format!("{name}.bash")),
            (Shell::Zsh, format!("_{name}")),
            (Shell::Fish, format!("{name}.fish")),
        ];
        for (shell, file) in shells {
            let mut script = Vec::new();
            generate(shell, &mut command(tool), name, &mut script);
            let script = String::from_utf8(script).unwrap();
            check(&root().join("completions").join(file), &script, &mut stale);
        }
        let help = command(tool).term_width(100).render_long_help().to_string();
        check(&root().join(format!("testdata/help/{name}.txt")), &help, &mut stale);
    }
    no_stale(&stale);
}

#[test]
fn layouts_change_only_with_their_version() {
    for schema in record::ALL {
        let path = root().join(format!("testdata/schema/{}.v{}.txt", schema.name, schema.version));
        let should = layout(schema);
        match std::fs::read_to_string(&path) {
            Ok(is) => assert_eq!(
                is, should,
                "{} version {} changed its layout: give it the next version",
                schema.name, schema.version
            ),
            Err(_) if update() => {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, should).unwrap();
            }
            Err(error) => panic!("{}: {error}: run UPDATE=1", path.display()),
        }
    }
}

/// What must not change under a version: places, names and types, but not the words about them.
fn layout(schema: &Schema) -> String {
    let mut out = format!(
        "{} kind {} version {} size {} fingerprint {:016x}\n",
        schema.name,
        schema.kind,
        schema.version,
        schema.size,
        schema.fingerprint()
    );
    for field in schema.fields {
        let _ = writeln!(
            out,
            "{} {} {} {} {} present {:#x}",
            field.at,
            field.name,
            field.ty.name(),
            field.bytes,
            field.show.tag(),
            field.present
        );
    }
    for flag in schema.flags {
        let _ = writeln!(out, "flag {} {:#x}", flag.name, flag.bit);
    }
    out
}

/// The table of venues that the README shows, between its two marks.
#[test]
fn the_coverage_table_is_current() {
    const MARKS: [&str; 2] = ["<!-- coverage -->\n", "<!-- /coverage -->\n"];
    let mut table = String::new();
    for (number, row) in mev::parse::coverage().into_iter().enumerate() {
        let [venue, intents, fills, pools, _] = row;
        if number == 0 {
            let _ =
                writeln!(table, "| {venue} | {intents} | {fills} | {pools} |\n|---|---|---|---|");
        } else {
            let _ = writeln!(table, "| `{venue}` | {intents} | {fills} | {pools} |");
        }
    }
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(MARKS[0]).unwrap();
    let (_, after) = rest.split_once(MARKS[1]).unwrap();
    let should = format!("{before}{}{table}{}{after}", MARKS[0], MARKS[1]);
    let mut stale = Vec::new();
    check(&path, &should, &mut stale);
    no_stale(&stale);
}
