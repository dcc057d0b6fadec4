#!/usr/bin/env python3
"""The peer of `hourglass bench`: the same network, loss, optimizer and minibatch in PyTorch on the CPU.

    pip install torch
    python3 benches/peers/pytorch.py --layers 784,256,64,256,784 --batch 128 --threads 2

Prints one JSON object like `hourglass bench --json`. Data are gathered from memory for each step, as in a training loop;
Adam is PyTorch's fused one. `benches/peers/compare.sh` runs both sides in turn and prints the ratio.
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn


def build(sizes):
    layers = []
    for index, (inputs, outputs) in enumerate(zip(sizes, sizes[1:])):
        layers.append(nn.Linear(inputs, outputs))
        is_code = index + 1 == (len(sizes) - 1) // 2
        is_last = index + 2 == len(sizes)
        layers.append(nn.Sigmoid() if is_last else nn.Identity() if is_code else nn.ReLU())
    return nn.Sequential(*layers)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", default="784,256,64,256,784")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compile", action="store_true", help="use torch.compile (needs gcc)")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    sizes = [int(size) for size in args.layers.split(",")]
    model = build(sizes)
    forward = torch.compile(model) if args.compile else model
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    data = torch.rand(max(4096, args.batch), sizes[0])

    def step(rows):
        x = data[rows]
        loss = ((forward(x) - x) ** 2).sum() / args.batch
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    order = torch.randperm(len(data))
    batches = [order[i : i + args.batch] for i in range(0, len(data) - args.batch + 1, args.batch)]
    for index in range(30):
        step(batches[index % len(batches)])
    times = []
    for index in range(args.steps):
        start = time.perf_counter()
        step(batches[index % len(batches)])
        times.append(time.perf_counter() - start)
    median = statistics.median(times)
    macs = sum(a * b for a, b in zip(sizes, sizes[1:]))
    flops = 2 * args.batch * (3 * macs - sizes[0] * sizes[1])
    print(
        json.dumps(
            {
                "ms_per_step": 1e3 * median,
                "samples_per_sec": args.batch / median,
                "gflops": flops / median / 1e9,
                "torch": torch.__version__,
                "threads": args.threads,
            }
        )
    )


if __name__ == "__main__":
    main()
