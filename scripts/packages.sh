# shellcheck shell=bash
# What run.sh and test.sh share: the system packages they need, and a way to get those that are missing.

# A linker for Rust.
BUILD_PACKAGES=(gcc libc6-dev)
# What a window loads when it opens: OpenGL, and the libraries of X11 and Wayland.
WINDOW_PACKAGES=(libgl1 libegl1 libgl1-mesa-dri libx11-6 libx11-xcb1 libxcursor1 libxi6 libxrandr2
    libxkbcommon0 libxkbcommon-x11-0 libwayland-client0 libwayland-egl1)

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $*"
    exit 1
}

# Ends with what to do where Rust is missing.
need_rust() {
    # A fresh installation is on the path of the next login only.
    if ! command -v cargo >/dev/null && [ -f "$HOME/.cargo/env" ]; then
        # shellcheck disable=SC1091
        . "$HOME/.cargo/env"
    fi
    command -v cargo >/dev/null ||
        fail "cargo is missing. Install Rust (see https://rustup.rs), open a new terminal and run this again."
}

# Installs those of the given Debian packages that are missing: as root, or by sudo where it asks for no password. Where
# neither is possible it ends with the one line to run.
need_packages() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        say "note: this system has no apt. Should something be missing, install what these Debian packages hold: $*"
        return 0
    fi
    local missing=() package
    for package in "$@"; do
        if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed'; then
            missing+=("$package")
        fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
            as_root=(sudo -n)
        else
            say "Some packages are missing. Run this line, then this script again:"
            say "    sudo apt-get install -y ${missing[*]}"
            exit 1
        fi
    fi
    say "Installing: ${missing[*]}"
    # An old index often still serves, so a failed update is not the end.
    "${as_root[@]}" apt-get update -qq >&2 || say "note: the package index could not be renewed"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
        fail "the packages could not be installed; try: sudo apt-get install -y ${missing[*]}"
}
