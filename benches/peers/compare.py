#!/usr/bin/env python3
"""Trains the same networks in PyTorch on the CPU and in Hourglass, in turn, and compares the times of a step.

    cargo build --release
    pip install torch numpy
    python3 benches/peers/compare.py            # a table, as docs/performance.md keeps it
    python3 benches/peers/compare.py --json     # one object a row
    python3 benches/peers/compare.py --rows conv --rounds 3
    python3 benches/peers/compare.py --cpu-time # processor time on one thread: where others use the machine too

A step is forward, backward and Adam, in f32, on minibatches that are gathered from memory. PyTorch runs both eagerly
with its fused Adam and through torch.compile (which needs a C++ compiler); the better of the two counts. Each round runs
every side once. A side's time is that of its fastest step in any round, the one that other programs on the machine
disturbed least: all steps of a side do the same work. The peak, and the rate of a copy, are found in the same way,
at the start and after each row.

The limit of a row is the time its matrix products take at the best rate that either side reaches in a product in this
sitting, plus 28 bytes a parameter (Adam reads gradient, weight and two moments and writes all but the gradient) and
seven passes over the values of each norm (forward: read, write; backward: read values and gradients for the sums, read
both again, write), both at the rate at which memory is copied in this sitting. Where a ratio misses its target, a row
still counts as met at 90 % of its limit.

Peak memory is that of `hourglass train` over one epoch, against 1.3 × (data in their own type + 44 bytes a parameter +
two minibatches of activations) + 150 MB.
"""

import argparse
import datetime
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import numpy
import torch
from torch import nn

ADAM_BYTES = 28
NORM_PASSES = 7
ENOUGH = 0.9


@dataclass
class Row:
    """One network: `encoder` holds ("dense", units), ("conv", channels, stride), ("norm",) and ("pool",)."""

    name: str
    shape: tuple
    encoder: list
    code: tuple  # ("units" | "channels" | "vae", size)
    batch: int
    target: float
    samples: int = 2048
    encodes: bool = False
    memory: bool = False


def dense(*units):
    return [("dense", size) for size in units]


def convolutions(channels, stride=2, norm=False, pool=False):
    layers = []
    for size in channels:
        layers.append(("conv", size, stride))
        layers += [("norm",)] * norm + [("pool",)] * pool
    return layers


SMALL, LARGE = ((28, 28, 1), [16, 32]), ((64, 64, 3), [32, 64, 128])
ROWS = [
    Row("64-32-8, batch 64", (64,), dense(32), ("units", 8), 64, 10),
    Row("784-256-64, batch 1", (784,), dense(256), ("units", 64), 1, 3),
    Row("784-256-64, batch 128", (784,), dense(256), ("units", 64), 128, 1.5),
    Row("784-256-64, batch 512", (784,), dense(256), ("units", 64), 512, 1.35, samples=8192),
    Row("784-256-64, batch 1000", (784,), dense(256), ("units", 64), 1000, 1.35, samples=16000),
    Row("784-1000-500-250-30, batch 100", (784,), dense(1000, 500, 250), ("units", 30), 100, 1.4, memory=True),
    Row("784-5000-3, batch 256", (784,), dense(5000), ("units", 3), 256, 1.25),
    Row("conv 28x28, 1-16-32, picture code, batch 128", SMALL[0], convolutions(SMALL[1]), ("channels", 32), 128, 3),
    Row("conv 64x64, 3-32-64-128, picture code, batch 64", LARGE[0], convolutions(LARGE[1]), ("channels", 128), 64, 2,
        memory=True),
    Row("conv 28x28, 1-16-32, norm, VAE 16, batch 128", SMALL[0], convolutions(SMALL[1], norm=True), ("vae", 16), 128,
        2.5),
    Row("conv 64x64, 3-32-64-128, norm, VAE 64, batch 64", LARGE[0], convolutions(LARGE[1], norm=True), ("vae", 64), 64,
        2, memory=True),
    Row("conv 32x32, 3-32-32, stride 1, max pooling, code 64, batch 64", (32, 32, 3),
        convolutions([32, 32], 1, pool=True), ("units", 64), 64, 2.5),
    Row("encoding 10000 x 784, 256-64", (784,), dense(256), ("units", 64), 128, 1.05, samples=10000, encodes=True),
]


def shape_after(shape, layer):
    """The shape that a layer of the encoder hands on: height, width and channels, or features."""
    kind, *sizes = layer
    if kind == "dense":
        return (sizes[0],)
    if kind == "conv":
        return (-(-shape[0] // sizes[1]), -(-shape[1] // sizes[1]), sizes[0])
    if kind == "pool":
        return (shape[0] // 2, shape[1] // 2, shape[2])
    return shape


class Peer(nn.Module):
    """The row's network in PyTorch, its decoder mirrored as Hourglass mirrors it."""

    def __init__(self, row):
        super().__init__()
        self.is_variational = row.code[0] == "vae"
        encoder, blocks, shape = [], [], row.shape
        for index, layer in enumerate(row.encoder):
            kind, before = layer[0], shape
            shape = shape_after(before, layer)
            has_norm = row.encoder[index + 1 : index + 2] == [("norm",)]
            if kind == "dense":
                encoder += [nn.Linear(before[0], shape[0]), nn.ReLU()]
                blocks.append([nn.Linear(shape[0], before[0])])
            elif kind == "conv":
                stride, channels = layer[2], shape[2]
                encoder.append(nn.Conv2d(before[2], channels, 3, stride=stride, padding=1))
                encoder += [nn.BatchNorm2d(channels)] * has_norm + [nn.ReLU()]
                back = nn.ConvTranspose2d(channels, before[2], 3, stride=stride, padding=1, output_padding=stride - 1)
                blocks.append([back] + ([nn.BatchNorm2d(before[2])] if has_norm and index > 0 else []))
            elif kind == "pool":
                encoder.append(nn.MaxPool2d(2))
                blocks.append([nn.Upsample(scale_factor=2)])
        form, size = row.code
        decoder, features = [], int(numpy.prod(shape))
        if form != "channels":
            if len(shape) == 3:
                encoder.append(nn.Flatten())
            encoder.append(nn.Linear(features, size * (2 if self.is_variational else 1)))
            decoder.append(nn.Linear(size, features))
            if len(shape) == 3:
                decoder.append(nn.Unflatten(1, (shape[2], shape[0], shape[1])))
            if ("norm",) in row.encoder:
                decoder.append(nn.BatchNorm2d(shape[2]))
            decoder.append(nn.ReLU())
        for index, block in enumerate(reversed(blocks)):
            decoder += block
            if not isinstance(block[0], nn.Upsample):
                decoder.append(nn.Sigmoid() if index + 1 == len(blocks) else nn.ReLU())
        self.encoder, self.decoder = nn.Sequential(*encoder), nn.Sequential(*decoder)

    def forward(self, x):
        code = self.encoder(x)
        if not self.is_variational:
            return ((self.decoder(code) - x) ** 2).sum() / len(x)
        mean, log_variance = code.chunk(2, 1)
        y = self.decoder(mean + torch.randn_like(mean) * (0.5 * log_variance).exp())
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum()
        return (((y - x) ** 2).sum() + divergence) / len(x)


def values_of(row):
    """Values that all layers of a sample hold, decoder and input included, and those that norms read."""
    shape, held, normed = row.shape, int(numpy.prod(row.shape)), 0
    for layer in row.encoder:
        shape = shape_after(shape, layer)
        values = int(numpy.prod(shape))
        held += values
        normed += values * (layer == ("norm",))
    return 2 * held, 2 * normed


def design(row):
    """The row's network as a design file of Hourglass."""
    layers = []
    for index, layer in enumerate(row.encoder):
        has_norm = row.encoder[index + 1 : index + 2] == [("norm",)]
        if layer[0] == "dense":
            layers.append(f"Dense(units: {layer[1]}, activation: ReLU)")
        elif layer[0] == "conv":
            activation = "Linear" if has_norm else "ReLU"
            layers.append(f"Conv2d(channels: {layer[1]}, kernel: 3, stride: {layer[2]}, padding: Same, "
                          f"activation: {activation})")
        elif layer[0] == "norm":
            layers.append("BatchNorm(activation: ReLU)")
        elif layer[0] == "pool":
            layers.append("MaxPool2d(size: 2)")
    form, size = row.code
    kind = "Variational(beta: 1.0, warmup_epochs: 0, free_nats: 0.0)" if form == "vae" else "Plain"
    form = "form: Channels, " if form == "channels" else ""
    return f"""Project(
    format_version: 1, name: "bench",
    data: Data(source: Digits, scaling: UnitRange, binarise: Off,
        split: Split(validation: 0.0, test: 0.0, seed: 1), held_out: None),
    corruption: r#None,
    encoder: [{", ".join(layers)}],
    code: Code({form}units: {size}, activation: Linear, kind: {kind}),
    regularizers: [], decoder: Mirrored(tied: false), output: Output(activation: Sigmoid), loss: SquaredError,
    training: Training(optimizer: Adam(beta1: 0.9, beta2: 0.999, eps: 1e-8), learning_rate: 0.001,
        schedule: Constant, warmup_epochs: 0, weight_decay: 0.0, gradient_clip: None, batch_size: {row.batch},
        epochs: 1, seed: 1, early_stopping: None, strategy: Joint),
)
"""


def data_of(row):
    random = numpy.random.default_rng(1)
    if len(row.shape) == 3:
        return random.integers(0, 256, (row.samples, *row.shape), dtype=numpy.uint8)
    return random.random((row.samples, *row.shape), dtype=numpy.float32)


class Hourglass:
    """The program, on a row's design and data in a folder."""

    def __init__(self, program, threads, folder):
        self.program, self.threads, self.folder = program, str(threads), pathlib.Path(folder)

    def prepare(self, row, data):
        (self.folder / "design.ron").write_text(design(row), encoding="utf-8")
        numpy.save(self.folder / "data.npy", data)

    def run(self, *arguments):
        return self.timed_run(*arguments)[0]

    def timed_run(self, *arguments):
        """What a command prints, and the processor time that it took, in seconds."""
        command = [self.program, *arguments, "--threads", self.threads]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: {done.stderr or done.stdout}")
        return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def bench(self, row, steps, cpu_time=False):
        """The time of a step, in ms, and its operations, in millions."""

        def of(steps):
            arguments = ["bench", "design.ron", "--data", "data.npy", "--steps", str(steps), "--json"]
            return self.timed_run(*arguments, *(["--encode"] if row.encodes else []))

        printed, seconds = of(steps + cpu_time)
        found = json.loads(printed)
        # What is not a step is the same in a bench of one step.
        ms = 1e3 * (seconds - of(1)[1]) / steps if cpu_time else found["fastest_ms_per_step"]
        # The rate is that of the median step.
        return ms, found["gflops"] * found["ms_per_step"]

    def machine(self):
        found = json.loads(self.run("bench", "--machine", "--json"))
        return found["gflops"], found["copy_gb_per_sec"]

    def peak_bytes(self):
        """The most memory that training for one epoch took."""
        command = [self.program, "train", "design.ron", "--data", "data.npy", "-o", "run.hourglass", "--force",
                   "--threads", self.threads]
        # Started by a small process: a program's peak memory includes that of the process that starts it,
        # and this one holds PyTorch.
        script = ("import resource, subprocess, sys; "
                  "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode; "
                  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)")
        done = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True,
                              cwd=self.folder, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: it ended with {done.returncode}")
        return int(done.stdout) * (1 if sys.platform == "darwin" else 1024)


class Torch:
    """The row in PyTorch, eager or compiled."""

    def __init__(self, row, data, compiled):
        torch.manual_seed(1)
        self.row, self.model, self.at = row, Peer(row), 0
        values = torch.from_numpy(data).float()
        if len(row.shape) == 3:
            values = (values / 255).permute(0, 3, 1, 2).contiguous()
        self.values, self.order = values, torch.randperm(len(values))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3, fused=True)
        part = self.model.encoder if row.encodes else self.model
        self.call = torch.compile(part) if compiled else part

    def step(self):
        batch = self.row.batch
        if self.row.encodes:
            with torch.inference_mode():
                return self.call(self.values)
        if self.at + batch > len(self.order):
            self.at = 0
        x = self.values[self.order[self.at : self.at + batch]]
        self.at += batch
        loss = self.call(x)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def bench(self, seconds, cpu_time):
        """The time of a step, in ms: the fastest, or the median of processor times, which are coarse."""
        if cpu_time:
            return 1e3 * statistics.median(timed(self.step, seconds, time.process_time))
        return 1e3 * min(timed(self.step, seconds))


def timed(work, seconds, clock=time.perf_counter):
    """How long each call takes, for so many seconds, in seconds."""
    times, start = [], clock()
    while clock() - start < seconds or len(times) < 3:
        before = clock()
        work()
        times.append(clock() - before)
    return times


def torch_machine():
    """The best matrix product of PyTorch and its copying, as `hourglass bench --machine` measures its own."""
    rates = []
    for rows, columns, inner in [(512, 512, 512), (1024, 1024, 1024), (768, 2048, 512), (256, 2048, 1024)]:
        a, b = torch.rand(rows, inner), torch.rand(columns, inner)
        rates.append(2e-9 * rows * columns * inner / min(timed(lambda a=a, b=b: torch.mm(a, b.T), 0.4)))
    source, to = torch.rand(1 << 25), torch.zeros(1 << 25)
    return max(rates), 8e-9 * len(source) / min(timed(lambda: to.copy_(source), 0.4))


def measure(row, ours, arguments):
    """The times of the row's network, and what its limit depends on."""
    data = data_of(row)
    ours.prepare(row, data)
    peers = {"eager": Torch(row, data, False)}
    if not arguments.no_compile:
        peers["compiled"] = Torch(row, data, True)
    for peer in peers.values():
        for _ in range(5):
            peer.step()
    steps = max(5, int(1e3 * arguments.seconds / ours.bench(row, 5)[0]))
    if arguments.cpu_time:
        # What one bench takes more than another but for its steps must not count.
        steps *= 2
    times, operations = {name: [] for name in ("ours", *peers)}, 0.0
    for _ in range(arguments.rounds):
        for name, peer in peers.items():
            times[name].append(peer.bench(arguments.seconds, arguments.cpu_time))
        ms, operations = ours.bench(row, steps, arguments.cpu_time)
        times["ours"].append(ms)
    best = {name: min(values) for name, values in times.items()}
    ours_ms, peer = best.pop("ours"), min(best, key=best.get)
    params = sum(p.numel() for p in peers["eager"].model.parameters())
    held, normed = values_of(row)
    result = {
        "network": row.name, "ours_ms": ours_ms, "peer_ms": best[peer], "ratio": best[peer] / ours_ms,
        "target": row.target, "gflops": operations / ours_ms, "peer": peer,
        "adam_bytes": 0 if row.encodes else ADAM_BYTES * params, "norm_bytes": 4 * NORM_PASSES * normed * row.batch,
    }
    if row.memory and not arguments.no_memory:
        needed = data.nbytes + 44 * params + 2 * 4 * held * row.batch
        result["peak_mb"], result["bound_mb"] = ours.peak_bytes() / 1e6, 1.3 * needed / 1e6 + 150
    return result


def judge(result, machine):
    """Adds the limit of a network to what was measured of it."""
    peak, copy = machine
    times = {
        "products_ms": result["gflops"] * result["ours_ms"] / peak,
        "adam_ms": 1e-6 * result.pop("adam_bytes") / copy, "norms_ms": 1e-6 * result.pop("norm_bytes") / copy,
    }
    limit_ms = sum(times.values())
    result |= times | {"limit_ms": limit_ms, "share_of_limit": limit_ms / result["ours_ms"]}
    result["share_of_peak"] = result["gflops"] / peak
    result["met"] = result["ratio"] >= result["target"] or result["share_of_limit"] >= ENOUGH


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return "unknown processor"


def table(results, arguments, machine):
    peak, copy = machine
    sides = "eager" if arguments.no_compile else "eager and compiled"
    print(f"{datetime.date.today().isoformat()}, {processor()}, {arguments.threads} threads, f32, PyTorch "
          f"{torch.__version__} ({sides}, fused Adam), {arguments.rounds} rounds of {arguments.seconds:g} s"
          f"{', processor time' if arguments.cpu_time else ''}: best matrix "
          f"product {peak:.0f} GFLOP/s, copying {copy:.1f} GB/s.\n")
    print("| network | ours, ms | PyTorch, ms | ratio | target | GFLOP/s | of peak | limit, ms: products + Adam + norms |"
          " of limit | met |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for r in results:
        print(f"| {r['network']} | {r['ours_ms']:.3g} | {r['peer_ms']:.3g} ({r['peer']}) | {r['ratio']:.2f} | "
              f"{r['target']} | {r['gflops']:.0f} | {r['share_of_peak']:.0%} | {r['limit_ms']:.3g}: "
              f"{r['products_ms']:.3g} + {r['adam_ms']:.2g} + {r['norms_ms']:.2g} | {r['share_of_limit']:.0%} | "
              f"{'yes' if r['met'] else 'no'} |")
    kept = [r for r in results if "peak_mb" in r]
    if kept:
        print("\n| network | peak memory of training, MB | bound, MB |\n|---|---|---|")
        for r in kept:
            print(f"| {r['network']} | {r['peak_mb']:.0f} | {r['bound_mb']:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one object a row instead of a table")
    parser.add_argument("--rows", default="", metavar="TEXT", help="only rows whose name holds one of these, by ;")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="how often every side runs")
    parser.add_argument("--seconds", type=float, default=1.0, metavar="S", help="how long a side runs in a round")
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out")
    parser.add_argument("--no-memory", action="store_true", help="leave peak memory out")
    parser.add_argument("--program", default=os.environ.get("HOURGLASS", "target/release/hourglass"), metavar="FILE")
    parser.add_argument("--cpu-time", action="store_true", help="processor time on one thread instead of time")
    arguments = parser.parse_args()
    if arguments.cpu_time:
        arguments.threads = 1
    torch.set_num_threads(arguments.threads)
    wanted = [text.strip() for text in arguments.rows.split(";")]
    rows = [row for row in ROWS if any(text in row.name for text in wanted)]
    with tempfile.TemporaryDirectory() as folder:
        ours = Hourglass(str(pathlib.Path(arguments.program).resolve()), arguments.threads, folder)
        machines, results = [ours.machine(), torch_machine()], []
        for row in rows:
            results.append(measure(row, ours, arguments))
            torch.compiler.reset()
            # Other programs may disturb any one of these measurements.
            machines += [ours.machine(), torch_machine()]
    machine = tuple(max(measured) for measured in zip(*machines))
    for result in results:
        judge(result, machine)
        if arguments.json:
            print(json.dumps(result))
    if not arguments.json:
        table(results, arguments, machine)


if __name__ == "__main__":
    main()
