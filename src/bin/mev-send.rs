//! mev-send: sends bundles and keeps receipts. See mev-send(1).

fn main() -> std::process::ExitCode {
    mev::cli::main(mev::chain::SEND)
}
