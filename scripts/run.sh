#!/usr/bin/env bash
# Builds Hourglass and opens its window. Arguments are passed on: `scripts/run.sh project.hourglass`,
# `scripts/run.sh train recipe:denoising`. Without a display it trains the default project instead.
set -euo pipefail

# It may be called by a link to it.
script=$(readlink -f -- "${BASH_SOURCE[0]}" 2>/dev/null) || script=${BASH_SOURCE[0]}
root=$(CDPATH='' cd -- "$(dirname -- "$script")/.." && pwd)
# shellcheck source=scripts/packages.sh
. "$root/scripts/packages.sh"

has_display() {
    case "$(uname -s)" in
    Linux | *BSD) [ -n "${DISPLAY:-}" ] || [ -n "${WAYLAND_DISPLAY:-}" ] ;;
    *) true ;;
    esac
}

need_rust "$root"
if has_display; then
    need_packages "${BUILD_PACKAGES[@]}" "${WINDOW_PACKAGES[@]}"
else
    need_packages "${BUILD_PACKAGES[@]}"
fi

cargo=(--release --locked --manifest-path "$root/Cargo.toml")
say "Building (the first time takes some minutes) ..."
cargo build "${cargo[@]}" || fail "the build failed; what cargo says above is the reason"

if [ $# -eq 0 ] && ! has_display; then
    say "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set), so the default project is trained without a window."
    result=$PWD/undercomplete.hourglass
    if [ -e "$result" ]; then
        # What is there gets one more run.
        set -- train "$result"
    else
        set -- train recipe:undercomplete -o "$result"
    fi
fi
exec cargo run --quiet "${cargo[@]}" -- "$@"
