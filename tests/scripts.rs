//! `scripts/run.sh` on various systems: every program it calls, except for the shell's own, is a
//! stub that records its arguments.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A system: a folder of programs, a copy of the scripts, and a working folder. The names of the
/// last two contain a space.
struct System {
    home: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

struct Done {
    code: Option<i32>,
    stderr: String,
    /// The calls of the stubs, one per line.
    asked: String,
}

impl System {
    /// Debian with Rust, for a user without root privileges, with a display.
    fn debian() -> System {
        let home = tempfile::tempdir().expect("a folder");
        for folder in ["bin", "my project/scripts", "my work"] {
            fs::create_dir_all(home.path().join(folder)).expect("made");
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for file in ["Cargo.toml", "scripts/run.sh", "scripts/packages.sh"] {
            fs::copy(root.join(file), home.path().join("my project").join(file)).expect("copied");
        }
        let system = System { home, variables: vec![("DISPLAY", ":0".to_owned())] };
        for tool in ["bash", "sh", "dirname", "readlink", "sed", "grep", "env", "cat"] {
            symlink(found(tool), system.path("bin").join(tool)).expect("linked");
        }
        system
            .with("uname", "echo Linux")
            .with("id", "echo 1000")
            .with("rustc", "echo 'rustc 1.95.0 (0123456 2026-01-01)'")
            .with("dpkg-query", "exit 1")
            .with("apt-get", "")
            .with("cargo", "")
    }

    /// Adds or replaces this program.
    fn with(self, name: &str, body: &str) -> System {
        let path = self.path("bin").join(name);
        let log = self.path("asked").display().to_string();
        fs::write(&path, format!("#!/bin/sh\necho \"{name} $*\" >> '{log}'\n{body}\n")).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
        self
    }

    fn without(self, name: &str) -> System {
        fs::remove_file(self.path("bin").join(name)).expect("removed");
        self
    }

    /// With nothing missing.
    fn complete(self) -> System {
        self.with("dpkg-query", "echo 'install ok installed'")
    }

    fn without_display(mut self) -> System {
        self.variables.clear();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Done {
        let _ = fs::remove_file(self.path("asked"));
        let output = Command::new(self.path("bin/bash"))
            .arg("../my project/scripts/run.sh")
            .args(arguments)
            .current_dir(self.path("my work"))
            .env_clear()
            .envs(self.variables.iter().cloned())
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("nobody"))
            // A shell that prints its directory when it changes, and may change to another one.
            .env("CDPATH", "/:/usr")
            .output()
            .expect("started");
        Done {
            code: output.status.code(),
            stderr: String::from_utf8(output.stderr).expect("text"),
            asked: fs::read_to_string(self.path("asked")).unwrap_or_default(),
        }
    }

    #[track_caller]
    fn fails(&self, words: &str) {
        let done = self.run(&[]);
        assert_eq!(done.code, Some(1), "{}", done.stderr);
        assert!(done.stderr.contains(words), "{words} is not in\n{}", done.stderr);
        assert!(!done.asked.contains("cargo build"), "{}", done.asked);
    }

    /// Succeeds, and calls the program it has built with these arguments.
    #[track_caller]
    fn starts(&self, arguments: &[&str], expected: &str) -> Done {
        let done = self.run(arguments);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        let last = done.asked.lines().last().unwrap_or_default();
        assert!(last.starts_with("cargo run") && last.ends_with(expected), "{last}\n{}", done.stderr);
        done
    }
}

fn found(tool: &str) -> PathBuf {
    let path = std::env::var_os("PATH").expect("a path");
    std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|path| path.exists()).expect(tool)
}

#[test]
fn users_without_root_get_one_command_to_install() {
    let alone = System::debian();
    alone.fails("    su - -c 'apt-get update && apt-get install -y gcc libc6-dev libgl1 libegl1");
    alone.without_display().fails("    su - -c 'apt-get update && apt-get install -y gcc libc6-dev'\n");
    System::debian().with("sudo", "exit 1").fails("    sudo sh -c 'apt-get update && apt-get install -y gcc");
    // Users can override the check.
    let mut system = System::debian();
    system.variables.push(("HOURGLASS_SKIP_PACKAGES", "1".to_owned()));
    system.starts(&[], "--");
}

#[test]
fn root_installs_only_missing_packages() {
    let only_gcc = "case \"$*\" in *' gcc') exit 1 ;; esac; echo 'install ok installed'";
    let root = System::debian().with("id", "echo 0").with("dpkg-query", only_gcc);
    let done = root.starts(&[], "--");
    assert!(done.asked.contains("apt-get install -y -qq --no-install-recommends gcc\n"), "{}", done.asked);
    let sudo = System::debian().with("sudo", "[ \"$2\" = true ] || { shift; exec \"$@\"; }");
    let done = sudo.starts(&[], "--");
    assert!(
        done.asked.contains("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install"),
        "{}",
        done.asked
    );
    // A failed update of the package index is ignored; a failed installation is not.
    root.with("apt-get", "[ \"$1\" != update ]").starts(&[], "--");
    System::debian()
        .with("id", "echo 0")
        .with("apt-get", "exit 1")
        .fails("the packages could not be installed");
    let done = System::debian().complete().starts(&[], "--");
    assert!(!done.asked.contains("apt-get"), "{}", done.asked);
}

#[test]
fn arguments_are_passed_on_and_nothing_depends_on_the_folder() {
    let system = System::debian().complete();
    let done = system.starts(&["train", "my file.ron", "--json"], "-- train my file.ron --json");
    let root = system.path("my project").canonicalize().expect("there");
    let manifest = format!("--manifest-path {}/Cargo.toml", root.display());
    assert!(done.asked.contains(&manifest), "{}", done.asked);
    let system = system.without_display();
    system.starts(&["check", "a.ron"], "-- check a.ron");
}

#[test]
fn without_a_display_the_default_project_is_trained_in_the_current_folder() {
    let system = System::debian().complete().without_display();
    let result = system.path("my work").canonicalize().expect("there").join("undercomplete.hourglass");
    let expected = format!("-- train recipe:undercomplete -o {}", result.display());
    let done = system.starts(&[], &expected);
    let said = done.stderr.lines().filter(|line| line.contains("There is no display")).count();
    assert_eq!(said, 1, "{}", done.stderr);
    // On the second call, existing files are not overwritten.
    fs::write(&result, "").expect("written");
    system.starts(&[], &format!("-- train {}", result.display()));
}

#[test]
fn missing_or_outdated_rust_is_reported() {
    System::debian().without("cargo").fails("cargo is missing. Install Rust (see https://rustup.rs)");
    let old = System::debian().complete().with("rustc", "echo 'rustc 1.94.1 (0123456 2025-01-01)'");
    old.fails("needs Rust 1.95 or newer, this is 1.94.1: run 'rustup update stable'");
    for newer in ["1.95.0-nightly", "1.100.2", "2.0.0"] {
        let system = System::debian().complete().with("rustc", &format!("echo 'rustc {newer} (0123456)'"));
        system.starts(&[], "--");
    }
}

#[test]
fn requirements_are_shown_on_other_systems() {
    let fedora = || System::debian().without("apt-get").without("dpkg-query").with("dnf", "");
    fedora().fails("there is no C compiler to link with: sudo dnf install gcc mesa-libGL");
    let done = fedora().with("cc", "").starts(&[], "--");
    assert!(done.stderr.contains("Should the window not open: sudo dnf install"), "{}", done.stderr);
    let mac = || System::debian().with("uname", "echo Darwin").without_display();
    mac().with("xcode-select", "exit 2").fails("run: xcode-select --install");
    mac().with("xcode-select", "").starts(&[], "--");
}
