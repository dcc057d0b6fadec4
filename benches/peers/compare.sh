#!/usr/bin/env bash
# Runs `hourglass bench` and its PyTorch peer in turn, several times, and prints the median of the ratios.
# Other programs on the machine disturb both sides alike. Usage: benches/peers/compare.sh [ROUNDS] [THREADS]
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-7} threads=${2:-$(nproc)} python=${PYTHON:-python3} program=${HOURGLASS:-target/release/hourglass}
for batch in 128 512; do
  for _ in $(seq "$rounds"); do
    ours=$("$program" bench --batch "$batch" --steps 300 --threads "$threads" --json)
    peer=$("$python" benches/peers/pytorch.py --batch "$batch" --steps 300 --threads "$threads")
    printf '%s\n%s\n' "$ours" "$peer"
  done | "$python" -c '
import json, statistics, sys
rows = [json.loads(line)["ms_per_step"] for line in sys.stdin]
ours, peer = rows[::2], rows[1::2]
ratios = [a / b for a, b in zip(ours, peer)]
print(f"batch '"$batch"': hourglass {statistics.median(ours):.3f} ms, PyTorch {statistics.median(peer):.3f} ms, "
      f"ratio {statistics.median(ratios):.2f} (from {min(ratios):.2f} to {max(ratios):.2f})")'
done
