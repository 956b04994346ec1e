//! Processes: who this one is, and whether another one is still there.
//!
//! A number of a process is given to another one some time after it ended; together with the time
//! of its start it names one process since boot.

use std::io::ErrorKind;

/// The number of this process and the time of its start in clock ticks since boot; 0 for the time
/// where `/proc` does not tell.
pub fn own() -> (u32, u64) {
    let start = stat("self").ok().and_then(|text| parse(&text)).map_or(0, |(_, start)| start);
    (std::process::id(), start)
}

/// Whether process `pid`, started at `start` (0 for any time), is still there. One that has ended
/// and was not waited for yet is not. Where the system does not tell, the answer is yes.
pub fn alive(pid: u32, start: u64) -> bool {
    match stat(&pid.to_string()) {
        Ok(text) => parse(&text).is_none_or(|(state, since)| {
            !matches!(state, 'Z' | 'X' | 'x') && (start == 0 || start == since)
        }),
        // ESRCH comes when it ends while it is being read.
        Err(e) if e.kind() == ErrorKind::NotFound || e.raw_os_error() == Some(libc::ESRCH) => {
            stat("self").is_err()
        }
        Err(_) => true,
    }
}

/// Numbers and names of the processes with a descriptor of which `/proc` says `line`; those that this
/// process may not look into are left out.
pub fn holding(line: &str) -> Vec<(u32, String)> {
    let holds = |pid: u32| {
        let infos = std::fs::read_dir(format!("/proc/{pid}/fdinfo")).into_iter().flatten();
        let mut texts =
            infos.flatten().filter_map(|info| std::fs::read_to_string(info.path()).ok());
        texts.any(|text| text.lines().any(|each| each == line))
    };
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| holds(*pid))
        .map(|pid| {
            let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            (pid, name.trim_end().to_owned())
        })
        .collect()
}

/// What this process has used and holds; 0 where `/proc` does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time of all threads, in clock ticks of a hundredth of a second.
    pub cpu_ticks: u64,
    /// Bytes in memory.
    pub resident_bytes: u64,
    /// Threads.
    pub threads: u64,
    /// Open descriptors.
    pub open_files: u64,
}

/// What this process has used so far, and holds now.
pub fn usage() -> Usage {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok()
    };
    // Fields 14 and 15 of proc_pid_stat(5), user and system; USER_HZ is 100 on every Linux.
    let text = stat("self").unwrap_or_default();
    let after = text.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks = after.split_ascii_whitespace().skip(11).take(2);
    let files = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    Usage {
        cpu_ticks: ticks.filter_map(|ticks| ticks.parse().ok()).fold(0, u64::saturating_add),
        resident_bytes: of("VmRSS:").unwrap_or(0).saturating_mul(1024),
        threads: of("Threads:").unwrap_or(0),
        open_files: u64::try_from(files).unwrap_or(u64::MAX),
    }
}

fn stat(who: &str) -> std::io::Result<String> {
    std::fs::read(format!("/proc/{who}/stat"))
        .map(|text| String::from_utf8_lossy(&text).into_owned())
}

/// State and start of a line of `/proc/PID/stat`: fields 3 and 22 of proc_pid_stat(5). The second is
/// a name in parentheses that may itself hold blanks and parentheses.
fn parse(text: &str) -> Option<(char, u64)> {
    let (_, after) = text.rsplit_once(')')?;
    let mut fields = after.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;
    use std::process::{Command, Stdio};

    #[test]
    fn this_process_is_there_and_its_number_at_another_time_is_not() {
        let (pid, start) = own();
        assert!(start > 0 && alive(pid, start) && alive(pid, 0));
        assert!(!alive(pid, start + 1));
    }

    #[test]
    fn what_this_process_holds_is_told() {
        let busy = usage();
        assert!(busy.resident_bytes > 1 << 20 && busy.threads >= 1 && busy.open_files >= 3);
        let held = std::fs::File::open("/dev/null").unwrap();
        while usage().cpu_ticks <= busy.cpu_ticks {}
        drop(held);
    }

    #[test]
    fn a_child_is_gone_when_it_ended_even_before_it_is_waited_for() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = child.id();
        assert!(alive(pid, 0));
        drop(child.stdin.take());
        while alive(pid, 0) {}
        assert!(child.wait().unwrap().success());
        assert!(!alive(pid, 0));
    }

    #[test]
    fn who_holds_a_descriptor_is_found_by_what_it_says() {
        let path = std::env::temp_dir().join(format!("mev-holding-{}", std::process::id()));
        let file = std::fs::File::create(&path).unwrap();
        let line = format!("ino:\t{}", file.metadata().unwrap().ino());
        let pid = std::process::id();
        assert!(holding(&line).iter().any(|(found, name)| *found == pid && !name.is_empty()));
        assert_eq!(holding("ino:\tnone"), []);
        drop(file);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_name_may_hold_anything() {
        let rest = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 19";
        assert_eq!(parse(&format!("12 (a) b) {rest}")), Some(('S', 4711)));
        assert_eq!(parse("12 (a"), None);
        assert_eq!(parse("12 (a) S 1"), None);
    }
}
