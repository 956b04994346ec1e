//! The differential run: a table, and the causes of what differs. Status 1 when something has none.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let mut number = |default| args.next().and_then(|arg| arg.parse().ok()).unwrap_or(default);
    let (cases, seed) = (number(100_000), number(1));
    println!("{cases} orders to each, seed {seed}.\n");
    let report = peers_quotes::run::all(seed, cases);
    println!("{}\n{}", report.rows, report.causes);
    if report.unexplained == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
