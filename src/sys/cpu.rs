//! Processors: which ones this process may use, and a thread on one of them.

#![expect(unsafe_code, reason = "std does not know of processors")]

use std::mem::{size_of, zeroed};

/// Numbers of the processors that the calling thread may run on; empty when the system does not
/// say.
pub fn allowed() -> Vec<usize> {
    // SAFETY: a set is an array of integers, for which all zeros is a value: the empty set.
    let mut set: libc::cpu_set_t = unsafe { zeroed() };
    // SAFETY: 0 is the calling thread; the length is that of the set, which is written to.
    let got = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut set) };
    if got != 0 {
        return Vec::new();
    }
    let has = |cpu: &usize| {
        // SAFETY: the number is below the size of the set.
        unsafe { libc::CPU_ISSET(*cpu, &set) }
    };
    (0..CPUS_MAX).filter(has).collect()
}

/// Keeps the calling thread on processor `cpu`; `false` when the system refuses, and the thread
/// stays free.
pub fn pin(cpu: usize) -> bool {
    if cpu >= CPUS_MAX {
        return false;
    }
    // SAFETY: as in `allowed`.
    let mut set: libc::cpu_set_t = unsafe { zeroed() };
    // SAFETY: the number is below the size of the set.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    // SAFETY: 0 is the calling thread; the length is that of the set, which is read.
    unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set) == 0 }
}

/// Processors that a set can name.
const CPUS_MAX: usize = libc::CPU_SETSIZE as usize;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_stays_on_the_processor_it_was_given() {
        let cpus = allowed();
        assert!(!cpus.is_empty());
        let last = *cpus.last().unwrap();
        // In a thread of its own: other tests keep their processors.
        let pinned = std::thread::spawn(move || (pin(last), allowed())).join().unwrap();
        assert_eq!(pinned, (true, vec![last]));
        assert!(!pin(CPUS_MAX));
        assert_eq!(allowed(), cpus);
    }
}
