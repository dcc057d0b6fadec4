//! Memory limits of this process.

use std::path::{Path, PathBuf};

/// Free memory assumed if the system does not report it.
const ASSUMED_BYTES: u64 = 8 << 30;
/// Most free memory that is reserved for everything too small to be charged.
const KEPT_BYTES: u64 = 256 << 20;
/// Address space that a thread may reserve: its stack and its heap.
const THREAD_BYTES: u64 = 72 << 20;
/// Limits from this value on mean unlimited: version 1 of control groups writes the largest number
/// of pages.
const UNLIMITED: u64 = 1 << 60;

/// Memory that may be allocated now, in bytes: the smallest of the free memory, the rest of the
/// control groups of this process, and the rest of its limits (`ulimit -v`, `ulimit -d`); a modest
/// guess if the system reports nothing.
pub fn available_bytes() -> u64 {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    System { root: PathBuf::from("/"), threads }.available_bytes()
}

/// The files in which a system reports its limits.
struct System {
    root: PathBuf,
    threads: u64,
}

impl System {
    fn available_bytes(&self) -> u64 {
        let physical = [self.free_memory(), self.cgroup_available()].into_iter().flatten().min();
        let physical = physical.map(|available| available - (available / 8).min(KEPT_BYTES));
        // Threads that are still to be started reserve addresses, used or not.
        let kept = THREAD_BYTES.saturating_mul(self.threads.saturating_add(1));
        let addresses = self.address_space_available().map(|available| available - (available / 2).min(kept));
        [physical, addresses].into_iter().flatten().min().unwrap_or(ASSUMED_BYTES)
    }

    fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        std::fs::read_to_string(self.root.join(path)).ok()
    }

    fn free_memory(&self) -> Option<u64> {
        kibibytes(&self.read("proc/meminfo")?, "MemAvailable:")
    }

    /// The least remaining memory of all control groups around this process, in both versions.
    fn cgroup_available(&self) -> Option<u64> {
        let groups = self.read("proc/self/cgroup")?;
        let address_limits = groups.lines().filter_map(|line| {
            let mut parts = line.splitn(3, ':');
            let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            if controllers.is_empty() {
                self.cgroup_chain_available("sys/fs/cgroup", path, "memory.max", "memory.current")
            } else if controllers.split(',').any(|controller| controller == "memory") {
                let (limit, usage) = ("memory.limit_in_bytes", "memory.usage_in_bytes");
                self.cgroup_chain_available("sys/fs/cgroup/memory", path, limit, usage)
            } else {
                None
            }
        });
        address_limits.min()
    }

    /// The least remaining memory of a group and all those around it. In a container the path may
    /// be that of the host, of which only the last folder, the mount itself, exists.
    fn cgroup_chain_available(&self, mount: &str, path: &str, limit: &str, usage: &str) -> Option<u64> {
        let below = Path::new(path.trim_start_matches('/'));
        let address_limits = below.ancestors().filter_map(|below| {
            let folder = Path::new(mount).join(below);
            let number = |name: &str| self.read(folder.join(name))?.trim().parse::<u64>().ok();
            let limit = number(limit).filter(|limit| *limit < UNLIMITED)?;
            // Cached files count as used, but are dropped when memory is requested.
            let cached = self.read(folder.join("memory.stat")).map(|text| reclaimable(&text));
            Some(limit.saturating_sub(number(usage)?.saturating_sub(cached.unwrap_or(0))))
        });
        address_limits.min()
    }

    /// The address space and data size that the limits of the process leave.
    fn address_space_available(&self) -> Option<u64> {
        let (limits, status) = (self.read("proc/self/limits")?, self.read("proc/self/status")?);
        let available = |limit: &str, usage: &str| {
            let text = limits.lines().find_map(|line| line.strip_prefix(limit))?;
            let limit: u64 = text.split_whitespace().next()?.parse().ok()?;
            Some(limit.saturating_sub(kibibytes(&status, usage)?))
        };
        let address_limits =
            [available("Max address space", "VmSize:"), available("Max data size", "VmData:")];
        address_limits.into_iter().flatten().min()
    }
}

/// The number in a line `name  12 kB`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let number = text.lines().find_map(|line| line.strip_prefix(name))?;
    number.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// Cached files, recently used or not, and kernel lists that can be dropped; version 1 sums nested
/// groups in `total_…`.
fn reclaimable(text: &str) -> u64 {
    let number = |name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    };
    [
        number("total_inactive_file ").or_else(|| number("inactive_file ")),
        number("total_active_file ").or_else(|| number("active_file ")),
        number("slab_reclaimable "),
    ]
    .into_iter()
    .flatten()
    .fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn the_smallest_limit_counts_less_what_is_kept_back() {
        let check = |files: &[(&str, &str)], expected: u64| {
            let dir = tempfile::tempdir().unwrap();
            for (name, text) in files {
                let path = dir.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, text).unwrap();
            }
            let system = System { root: dir.path().to_path_buf(), threads: 1 };
            assert_eq!(system.available_bytes() / MIB, expected, "{files:?}");
        };
        check(&[], ASSUMED_BYTES / MIB);
        let memory = ("proc/meminfo", "MemTotal: 99 kB\nMemAvailable:   8388608 kB\n");
        check(&[memory], 8192 - 256);
        check(&[("proc/meminfo", "MemAvailable: 1048576 kB\n")], 1024 - 128);

        // Version 2: the surrounding group is the tighter one, and its cached files can be dropped.
        let group = ("proc/self/cgroup", "0::/a.slice/b.scope\n");
        let inner = [
            ("sys/fs/cgroup/a.slice/b.scope/memory.max", "max\n"),
            ("sys/fs/cgroup/a.slice/b.scope/memory.current", "5\n"),
        ];
        let outer = [
            ("sys/fs/cgroup/a.slice/memory.max", "1073741824\n"),
            ("sys/fs/cgroup/a.slice/memory.current", "805306368\n"),
        ];
        let cached = (
            "sys/fs/cgroup/a.slice/memory.stat",
            "anon 1\ninactive_file 134217728\nactive_file 67108864\nslab_reclaimable 67108864\nfile 9\n",
        );
        check(&[memory, group, inner[0], inner[1]], 8192 - 256);
        check(&[memory, group, inner[0], inner[1], outer[0], outer[1]], 256 - 32);
        check(&[memory, group, outer[0], outer[1], cached], 512 - 64);

        // Version 1, in a container that sees its own group as the root.
        let group = ("proc/self/cgroup", "4:cpu,cpuacct:/x\n7:memory:/docker/0a1b\n");
        let limit = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
        let none = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        let usage = ("sys/fs/cgroup/memory/memory.usage_in_bytes", "268435456\n");
        check(&[memory, group, limit, usage], 256 - 32);
        check(&[memory, group, none, usage], 8192 - 256);

        // Limits of the process.
        let status = ("proc/self/status", "Name: x\nVmSize:\t 102400 kB\nVmData:\t 51200 kB\n");
        let limits = |address: &str, data: &str| {
            format!(
                "Limit   Soft Limit  Hard Limit  Units\nMax data size   {data}  unlimited  bytes\n\
                 Max address space   {address}  unlimited  bytes\n"
            )
        };
        let both = |address: &str, data: &str, expected: u64| {
            check(&[memory, status, ("proc/self/limits", &limits(address, data))], expected);
        };
        both("unlimited", "unlimited", 8192 - 256);
        both("629145600", "unlimited", 500 - 144);
        both("unlimited", "157286400", 100 - 50);
        both("1024", "unlimited", 0);
    }

    #[test]
    fn this_system_says_something() {
        assert!(available_bytes() > 0);
    }
}
