#!/usr/bin/env bash
# Builds Hourglass and opens its window. Arguments are passed on: `scripts/run.sh project.hourglass`,
# `scripts/run.sh train recipe:denoising`. Without a display it trains the default project instead.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/packages.sh
. "$root/scripts/packages.sh"

need_rust

has_display() {
    case "$(uname -s)" in
    Linux | *BSD) [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ] ;;
    *) true ;;
    esac
}

if [ "$(uname -s)" = Linux ]; then
    if has_display; then
        need_packages "${BUILD_PACKAGES[@]}" "${WINDOW_PACKAGES[@]}"
    else
        need_packages "${BUILD_PACKAGES[@]}"
    fi
fi

say "Building (the first time takes some minutes) ..."
cargo build --release --manifest-path "$root/Cargo.toml" ||
    fail "the build failed. Hourglass needs Rust 1.95 or newer: rustup update stable"

if [ $# -eq 0 ] && ! has_display; then
    say "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set), so the default project is trained without a window."
    set -- train recipe:undercomplete -o undercomplete.hourglass
fi
exec cargo run --release --quiet --manifest-path "$root/Cargo.toml" -- "$@"
