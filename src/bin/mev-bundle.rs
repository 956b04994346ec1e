//! mev-bundle: makes signed bundles of opportunities. See mev-bundle(1).

fn main() -> std::process::ExitCode {
    mev::cli::main(mev::bundle::TOOL)
}
