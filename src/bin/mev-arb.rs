//! mev-arb: finds cycles of swaps that pay. See mev-arb(1).

fn main() -> std::process::ExitCode {
    mev::cli::main(mev::arb::TOOL)
}
