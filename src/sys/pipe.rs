//! What stands at an end of a tool: terminal, pipe or file; how large the pipe is; whether input
//! waits.

#![expect(unsafe_code, reason = "std has neither poll nor the size of a pipe")]

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::FileTypeExt;
use std::time::Duration;

/// Bytes of pipe asked for: the most that a process without privileges gets by default
/// (`fs.pipe-max-size`), 16 times the usual.
pub const PIPE_LEN: usize = 1 << 20;

/// What a descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A terminal: a person is there.
    Terminal,
    /// A pipe, named or not.
    Pipe,
    /// A regular file.
    File,
    /// A socket, a device, or what the system would not tell.
    Other,
}

/// What `end` is.
pub fn kind(end: impl AsFd) -> Kind {
    let end = end.as_fd();
    if end.is_terminal() {
        return Kind::Terminal;
    }
    let told = end.try_clone_to_owned().and_then(|own| File::from(own).metadata());
    match told.map(|about| about.file_type()) {
        Ok(of) if of.is_fifo() => Kind::Pipe,
        Ok(of) if of.is_file() => Kind::File,
        _ => Kind::Other,
    }
}

/// Enlarges the pipe at `end` to [`PIPE_LEN`] where the system allows it; the bytes it has now,
/// `None` if it is no pipe. A pipe that is larger stays as it is.
pub fn enlarge(end: impl AsFd) -> Option<usize> {
    let has = len(&end)?;
    if has >= PIPE_LEN {
        return Some(has);
    }
    let wanted = libc::c_int::try_from(PIPE_LEN).unwrap_or(libc::c_int::MAX);
    // SAFETY: F_SETPIPE_SZ takes an int; the descriptor is open because `end` is borrowed.
    let got = unsafe { libc::fcntl(end.as_fd().as_raw_fd(), libc::F_SETPIPE_SZ, wanted) };
    Some(usize::try_from(got).unwrap_or(has))
}

/// Bytes that the pipe at `end` holds at most; `None` if it is no pipe.
pub fn len(end: impl AsFd) -> Option<usize> {
    // SAFETY: F_GETPIPE_SZ takes no argument; the descriptor is open because `end` is borrowed.
    let has = unsafe { libc::fcntl(end.as_fd().as_raw_fd(), libc::F_GETPIPE_SZ) };
    usize::try_from(has).ok()
}

/// Gives the memory of `bytes` to the pipe at `end` without copying it; how many bytes it took.
///
/// The pipe refers to the pages until they are read: what is written to them before is read instead.
///
/// # Errors
/// What the system says; nothing was given then.
pub fn give(end: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    let part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let fd = end.as_fd().as_raw_fd();
    // SAFETY: the one entry names memory that is borrowed for the call, and the kernel writes none of it;
    // afterwards it keeps the pages, not our mapping of them. The descriptor is open as above.
    let given = unsafe { libc::vmsplice(fd, &raw const part, 1, 0) };
    usize::try_from(given).map_err(|_| io::Error::last_os_error())
}

/// Whether a read of `end` would return at once (bytes, the end, or an error), waiting at most
/// `timeout` for that, rounded up to a millisecond. `false` too when a signal came.
///
/// # Errors
/// What the system says.
pub fn readable(end: impl AsFd, timeout: Duration) -> io::Result<bool> {
    let fd = end.as_fd().as_raw_fd();
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let ms = i32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX);
    // SAFETY: poll reads and writes one entry, `poll`, which is exclusively borrowed for the call;
    // the descriptor is open because `end` is borrowed.
    match unsafe { libc::poll(&raw mut poll, 1, ms) } {
        0 => Ok(false),
        1.. => Ok(true),
        _ => match io::Error::last_os_error() {
            e if e.kind() == io::ErrorKind::Interrupted => Ok(false),
            e => Err(e),
        },
    }
}

/// Waits for `time`, or less when a signal comes.
pub fn pause(time: Duration) {
    let ms = i32::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX);
    // SAFETY: with a count of zero poll looks at no entry, so the null pointer is never followed.
    unsafe { libc::poll(std::ptr::null_mut(), 0, ms) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn ends_are_what_they_are() {
        let (reader, writer) = io::pipe().unwrap();
        assert_eq!((kind(&reader), kind(&writer)), (Kind::Pipe, Kind::Pipe));
        let program = File::open(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(kind(&program), Kind::File);
        assert_eq!(enlarge(&program), None);
        let null = File::open("/dev/null").unwrap();
        assert_eq!(kind(&null), Kind::Other);
    }

    #[test]
    fn a_pipe_grows_where_the_system_allows_it() {
        let (reader, writer) = io::pipe().unwrap();
        let grown = enlarge(&writer).unwrap();
        let limit = std::fs::read_to_string("/proc/sys/fs/pipe-max-size").unwrap();
        let limit: usize = limit.trim().parse().unwrap();
        assert_eq!(grown >= PIPE_LEN, limit >= PIPE_LEN);
        // Both ends are the same pipe, and it stays.
        assert_eq!(enlarge(&reader), Some(grown));
    }

    #[test]
    fn readable_means_that_a_read_returns() {
        let (mut reader, mut writer) = io::pipe().unwrap();
        assert!(!readable(&reader, Duration::ZERO).unwrap());
        assert!(!readable(&reader, Duration::from_micros(1)).unwrap());
        writer.write_all(b"ab").unwrap();
        assert!(readable(&reader, Duration::from_secs(5)).unwrap());
        reader.read_exact(&mut [0; 2]).unwrap();
        assert!(!readable(&reader, Duration::ZERO).unwrap());
        drop(writer);
        assert!(readable(&reader, Duration::from_secs(5)).unwrap());
        assert_eq!(reader.read(&mut [0]).unwrap(), 0);
    }
}
