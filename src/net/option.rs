//! Socket options of any type of plain integers, and what every system call's answer means.

#![expect(unsafe_code, reason = "std sets few options")]

use bytemuck::{NoUninit, Pod};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Opens a socket that does not block and is closed by exec.
pub(super) fn socket(family: i32, kind: i32, protocol: i32) -> io::Result<OwnedFd> {
    let kind = kind | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: socket takes no pointer.
    let fd = checked(unsafe { libc::socket(family, kind, protocol) })?;
    // SAFETY: `fd` was just opened and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sets an option to `value`. Options that hand memory over have functions of their own.
pub(super) fn set<T: NoUninit>(
    socket: &impl AsRawFd,
    level: i32,
    name: i32,
    value: &T,
) -> io::Result<()> {
    let (fd, at) = (socket.as_raw_fd(), &raw const *value);
    // SAFETY: setsockopt reads `len_of` bytes at the pointer, those of `value`, all initialised.
    checked(unsafe { libc::setsockopt(fd, level, name, at.cast(), len_of::<T>()) }).map(|_| ())
}

/// What an option is.
pub(super) fn get<T: Pod>(socket: &impl AsRawFd, level: i32, name: i32) -> io::Result<T> {
    let (mut value, mut len) = (T::zeroed(), len_of::<T>());
    let (fd, at) = (socket.as_raw_fd(), (&raw mut value).cast());
    // SAFETY: getsockopt writes at most `len` bytes at the pointer, those of `value`, for which all
    // bytes are a value, and the length; both are exclusively borrowed for the call.
    checked(unsafe { libc::getsockopt(fd, level, name, at, &raw mut len) })?;
    Ok(value)
}

/// The error that waits at the socket, if one does.
pub(super) fn error_of(socket: &impl AsRawFd) -> io::Result<()> {
    match get::<i32>(socket, libc::SOL_SOCKET, libc::SO_ERROR)? {
        0 => Ok(()),
        number => Err(io::Error::from_raw_os_error(number)),
    }
}

pub(super) fn len_of<T>() -> libc::socklen_t {
    libc::socklen_t::try_from(size_of::<T>()).unwrap_or_default()
}

/// What a system call gave, or the error it left in errno.
pub(super) fn checked(returned: libc::c_int) -> io::Result<libc::c_int> {
    if returned < 0 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}
