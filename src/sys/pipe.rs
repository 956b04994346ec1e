//! Pipes and descriptors: is there something to read, and waiting for it.
#![expect(unsafe_code, reason = "poll(2) takes a pointer")]

use std::os::fd::RawFd;
use std::time::Duration;

/// Waits up to `timeout` for `fd` to have something to read or to have ended.
///
/// A refusal of the system counts as readable: the read that follows tells what it was.
pub fn wait_readable(fd: RawFd, timeout: Duration) -> bool {
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let mut polled = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: the pointer is to one pollfd that lives across the call, and the count is one.
    let ready = unsafe { libc::poll(&raw mut polled, 1, millis) };
    ready != 0
}

/// Waits for `time`, or less when a signal comes.
pub fn pause(time: Duration) {
    // A negative descriptor is ignored by poll(2), which leaves the wait.
    wait_readable(-1, time);
}
