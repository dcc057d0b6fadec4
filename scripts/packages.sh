# shellcheck shell=bash
# What run.sh and test.sh share: the root of the project, and what must be on the system before cargo can work.

# A linker for Rust.
# shellcheck disable=SC2034
BUILD_PACKAGES=(gcc libc6-dev)
# What a window loads when it opens: OpenGL, and the libraries of X11 and Wayland.
# shellcheck disable=SC2034
WINDOW_PACKAGES=(libgl1 libegl1 libgl1-mesa-dri libx11-6 libx11-xcb1 libxcursor1 libxi6 libxrandr2
    libxkbcommon0 libxkbcommon-x11-0 libwayland-client0 libwayland-egl1)

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

# Ends with what to do where Rust is missing or older than Cargo.toml asks for.
need_rust() {
    local env=${CARGO_HOME:-${HOME:-}/.cargo}/env
    # A fresh installation is on the path of the next login only.
    if ! command -v cargo >/dev/null && [ -f "$env" ]; then
        # shellcheck disable=SC1090
        . "$env"
    fi
    command -v cargo >/dev/null ||
        fail "cargo is missing. Install Rust (see https://rustup.rs), open a new terminal and run this again."
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\([0-9.]*\)"$/\1/p' "$1/Cargo.toml")
    found=$(rustc --version) || fail "rustc does not run. Install Rust again (see https://rustup.rs)."
    found=${found#rustc }
    found=${found%%[ -]*}
    if is_older "$found" "$wanted"; then
        fail "Hourglass needs Rust $wanted or newer, this is $found: run 'rustup update stable' (without rustup, see https://rustup.rs)."
    fi
}

# Whether one version of two or three numbers comes before another.
is_older() {
    local found wanted at
    IFS=. read -r -a found <<<"$1"
    IFS=. read -r -a wanted <<<"$2"
    for at in 0 1 2; do
        if ((${found[at]:-0} != ${wanted[at]:-0})); then
            ((${found[at]:-0} < ${wanted[at]:-0}))
            return
        fi
    done
    return 1
}

# Sees to the given Debian packages: installs what is missing as root, or by sudo where it asks for no password; where neither
# is possible it ends with the one line to run. Other systems are told what they need instead.
need_packages() {
    [ -z "${HOURGLASS_SKIP_PACKAGES:-}" ] || return 0
    case "$(uname -s)" in
    Linux) ;;
    Darwin)
        xcode-select -p >/dev/null 2>&1 || fail "the command line tools are missing; run: xcode-select --install"
        return 0
        ;;
    *) return 0 ;;
    esac
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        other_linux
        return 0
    fi
    local missing=() package
    for package in "$@"; do
        if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
            missing+=("$package")
        fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    install "${missing[@]}"
}

install() {
    local line="apt-get update && apt-get install -y $*"
    local as_root=(env)
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            say_line "su - -c '$line'"
        elif ! sudo -n true 2>/dev/null; then
            say_line "sudo sh -c '$line'"
        fi
        as_root=(sudo -n env)
    fi
    say "Installing: $*"
    # An old index often still serves, so a failed update is not the end.
    "${as_root[@]}" apt-get update -qq >&2 || say "note: the package index could not be renewed"
    "${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 ||
        fail "the packages could not be installed; as root, try: $line"
}

# Ends with the line a person with the password has to run.
say_line() {
    say "Some packages are missing. Run this line, then this script again (HOURGLASS_SKIP_PACKAGES=1 continues without them):"
    say "    $1"
    exit 1
}

# Where there is no apt: nothing is installed, and nothing is asked for but a linker.
other_linux() {
    local line="install a C compiler, OpenGL and the libraries of X11 and Wayland"
    if command -v dnf >/dev/null; then
        line="sudo dnf install gcc mesa-libGL mesa-libEGL mesa-dri-drivers libX11 libX11-xcb libXcursor libXi libXrandr"
        line+=" libxkbcommon libxkbcommon-x11 libwayland-client libwayland-egl"
    elif command -v pacman >/dev/null; then
        line="sudo pacman -S --needed gcc mesa libx11 libxcursor libxi libxrandr libxkbcommon libxkbcommon-x11 wayland"
    elif command -v zypper >/dev/null; then
        line="sudo zypper install gcc Mesa-libGL1 Mesa-libEGL1 Mesa-dri libX11-6 libX11-xcb1 libXcursor1 libXi6 libXrandr2"
        line+=" libxkbcommon0 libxkbcommon-x11-0 libwayland-client0 libwayland-egl1"
    fi
    command -v cc >/dev/null || command -v gcc >/dev/null || fail "there is no C compiler to link with: $line"
    say "note: this system has no apt, so nothing is installed. Should the window not open: $line"
}
