//! walletdb: the wallet table that shells, services and the hot path share. See walletdb(1).

fn main() -> std::process::ExitCode {
    mev::cli::main(mev::wallet::TOOL)
}
