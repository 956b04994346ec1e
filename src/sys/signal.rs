//! Signals: the first SIGINT or SIGTERM asks for an end, the second one kills.
//!
//! Ctrl-C goes to every process of a pipeline at once. A source stops and closes its stream; a
//! filter only notes the signal and goes on until its input ends, so that nothing in flight is
//! lost. Either way the second signal has its default action, and the parent sees the process die
//! of it.
//!
//! SIGPIPE stays ignored, as Rust's runtime leaves it: a reader that goes away is an error of
//! `write`, which the command-line frame turns into a quiet end.

#![expect(unsafe_code, reason = "std has no signal handlers")]

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What a first signal means to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It stops: [`stop_requested`] becomes true, and system calls that wait return.
    Source,
    /// It drains: [`stop_requested`] stays false, and system calls that wait go on waiting.
    Filter,
}

/// Signals seen so far.
static SEEN: AtomicU32 = AtomicU32::new(0);
static IS_SOURCE: AtomicBool = AtomicBool::new(false);

/// Takes over SIGINT and SIGTERM for this process.
///
/// # Errors
/// Status 5 when the system refuses.
pub fn install(role: Role) -> Result<()> {
    IS_SOURCE.store(role == Role::Source, Ordering::Relaxed);
    let restart = if role == Role::Filter { libc::SA_RESTART } else { 0 };
    for number in [libc::SIGINT, libc::SIGTERM] {
        let handler: extern "C" fn(libc::c_int) = note;
        // SAFETY: sigaction consists of integers and an optional function pointer, for which all
        // zero bits are a value: no flags, an empty mask, the default action.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = handler as libc::sighandler_t;
        action.sa_flags = restart;
        // SAFETY: the action is initialised; without SA_SIGINFO the handler takes one integer, as
        // `note` does, which does nothing but what signal-safety(7) allows; a null old action is
        // allowed.
        let done = unsafe { libc::sigaction(number, &raw const action, std::ptr::null_mut()) };
        if done != 0 {
            return Err(Error::os("cannot handle signals", &std::io::Error::last_os_error()));
        }
    }
    Ok(())
}

/// Whether this process is a source and was asked to end.
#[inline]
pub fn stop_requested() -> bool {
    interrupted() && IS_SOURCE.load(Ordering::Relaxed)
}

/// Whether a first signal came, whatever the role.
#[inline]
pub fn interrupted() -> bool {
    SEEN.load(Ordering::Relaxed) > 0
}

/// The handler. It may run at any point of any thread: it touches atomics, and calls signal and
/// raise, which signal-safety(7) lists as safe.
extern "C" fn note(number: libc::c_int) {
    if SEEN.fetch_add(1, Ordering::Relaxed) > 0 {
        // SAFETY: SIG_DFL is an action for every signal number, and the number is one that this
        // handler was installed for.
        unsafe { libc::signal(number, libc::SIG_DFL) };
        // SAFETY: raise takes any signal number. The signal is blocked while its handler runs and
        // takes its default action, the end of the process, when this one returns.
        unsafe { libc::raise(number) };
    }
}

#[cfg(test)]
mod tests {
    use super::super::pipe;
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    const ROLE: &str = "MEV_TEST_SIGNAL_ROLE";

    /// A process of its own that installs handlers in `role` and lives until it should stop or its
    /// input ends, and its output after it said that it is ready.
    fn child(role: &str) -> (Child, impl Iterator<Item = String>) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sys::signal::tests::the_child", "--ignored", "--nocapture"])
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said =
            lines.filter_map(|line| Some(line.unwrap().split_once("child: ")?.1.to_owned()));
        assert_eq!(said.next().unwrap(), "ready");
        (child, said)
    }

    fn send(child: &Child, signal: &str) {
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    #[test]
    #[ignore = "the other tests of this module run it as a process of its own"]
    fn the_child() {
        let Some(role) = std::env::var_os(ROLE) else { return };
        install(if role == "filter" { Role::Filter } else { Role::Source }).unwrap();
        println!("child: ready");
        let mut told = false;
        loop {
            let ended = pipe::readable(std::io::stdin(), Duration::from_millis(5)).unwrap();
            if interrupted() && !told {
                println!("child: interrupted, stop {}", stop_requested());
                told = true;
            }
            if ended || (stop_requested() && role != "stubborn") {
                break;
            }
        }
        println!("child: done");
    }

    #[test]
    fn a_source_stops_at_the_first_signal() {
        for signal in ["-INT", "-TERM"] {
            let (mut child, mut said) = child("source");
            send(&child, signal);
            assert_eq!(said.next().unwrap(), "interrupted, stop true");
            assert_eq!(said.next().unwrap(), "done");
            assert!(child.wait().unwrap().success());
        }
    }

    #[test]
    fn a_filter_goes_on_until_its_input_ends() {
        let (mut child, mut said) = child("filter");
        send(&child, "-INT");
        assert_eq!(said.next().unwrap(), "interrupted, stop false");
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"x").unwrap();
        drop(input);
        assert_eq!(said.next().unwrap(), "done");
        assert!(child.wait().unwrap().success());
    }

    #[test]
    fn the_second_signal_kills_and_the_parent_sees_it() {
        for (role, second, number) in
            [("stubborn", "-TERM", libc::SIGTERM), ("filter", "-INT", libc::SIGINT)]
        {
            let (mut child, mut said) = child(role);
            // Waiting closes the input that the child still holds, and a filter ends with it.
            let _input = child.stdin.take();
            send(&child, "-INT");
            assert!(said.next().unwrap().starts_with("interrupted"));
            send(&child, second);
            assert_eq!(child.wait().unwrap().signal(), Some(number));
            assert_eq!(said.next(), None);
        }
    }
}
