//! mev-capture: brings packets in, from captures, sockets and a generator. See mev-capture(1).

fn main() -> std::process::ExitCode {
    mev::cli::main(mev::chain::CAPTURE)
}
