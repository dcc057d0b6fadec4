#!/usr/bin/env bash
# Formatting, lints, documentation and all tests, as they must be before a change is merged. `--long` adds the tests that take
# many minutes.
set -euo pipefail

CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

long=false
for argument in "$@"; do
    case "$argument" in
    --long) long=true ;;
    *) fail "unknown argument $argument (the only one is --long)" ;;
    esac
done

step() {
    local start=$SECONDS
    say ""
    say "== $*"
    "$@"
    say "== done in $((SECONDS - start)) s"
}

# A build from nothing is faster and smaller without what only the next build or a debugger would need.
if [ -n "${CI:-}" ]; then
    export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=none
fi

need_rust "$PWD"
# Mesa's software Vulkan draws the pictures that tests compare; the window test drives a real window in Xvfb; strace shows that
# no network is used.
need_packages "${BUILD_PACKAGES[@]}" "${WINDOW_PACKAGES[@]}" \
    libvulkan1 mesa-vulkan-drivers xvfb xauth xdotool imagemagick strace
for component in rustfmt clippy; do
    cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1 || rustup component add "$component" ||
        fail "cargo has no $component; install it with what you installed Rust with"
done

# What is quickest to fail comes first.
step cargo fmt --check
step cargo clippy --locked --all-targets --features long-tests -- -D warnings
step cargo check --locked --no-default-features
step env RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
step cargo test --locked
if $long; then
    step cargo test --locked --features long-tests --test mutations --test kills -- --nocapture
    step cargo test --locked --features long-tests --test soak -- --nocapture
    step cargo test --locked --features long-tests --lib ui::tests::shots
    step cargo test --locked --features long-tests --test long
fi
say ""
say "All good, in $((SECONDS / 60)) min $((SECONDS % 60)) s."
