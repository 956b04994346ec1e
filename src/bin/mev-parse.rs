//! mev-parse: turns packets into swaps, pools and slots. See mev-parse(1).

fn main() -> std::process::ExitCode {
    mev::cli::main(mev::parse::TOOL)
}
