//! The generator, for the benchmark: mev-capture as the main workspace has it.

fn main() -> std::process::ExitCode {
    mev::cli::main(mev::capture::TOOL)
}
