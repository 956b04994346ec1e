//! Every captured transaction through both systems, and every disagreement with its cause.
//!
//! `--list` prints every swap that they disagree on. Fails when one of them is not explained.

use peers::{differ, fixtures};
use std::process::ExitCode;

fn main() -> ExitCode {
    let list = std::env::args().any(|arg| arg == "--list");
    let mut unexplained = 0;
    let corpora = [
        ("sol-parser-sdk's fixtures", Some(fixtures::of_sdk())),
        ("mainnet-txs.jsonl", fixtures::of_shared()),
    ];
    for (name, captured) in corpora {
        let Some(captured) = captured else {
            println!("### {name}\n\nskipped: no shared folder\n");
            continue;
        };
        let found = differ::run(&captured);
        println!("### {name}\n\n{}", found.report());
        if list {
            println!("{}", found.list());
        }
        unexplained += found.unexplained().count();
    }
    if unexplained > 0 {
        eprintln!("{unexplained} groups of disagreements are not explained");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
