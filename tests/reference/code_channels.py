"""PyTorch's values for networks whose code is a picture, as a small safetensors file.

Run from anywhere, in an environment with torch, numpy and safetensors:

    python tests/reference/code_channels.py

The file beside this script was made with torch 2.15.0 on a CPU, in float64, from inputs and weights rounded to float32,
and stored as float32. Every case is a whole network as a group of tensors `CASE/NAME`: `x`, the code `code` (its mean
where it is drawn), the reconstruction `y` of a training step, `terms` (the total loss, then what adds up to it), every array under the name that
Hourglass gives it, and its gradient under that name after `d.`. Pictures are NCHW and weights OIHW, PyTorch's own order.

The network is a convolution with a stride, a convolution of single pixels that makes the channels of the code, and the
transposes of both. Losses are summed over features and averaged over the minibatch.
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

HERE = Path(__file__).parent
ROWS, PICTURE, HIDDEN, CODE = 5, (2, 6, 8), 4, 3
BETA, COMMITMENT, ENTRIES = 0.7, 0.25, 7
CONTRACTION = 0.5


def single(tensor):
    """Rounded to single precision once, as the other side reads it."""
    return tensor.float().double()


def random(scale, *shape):
    return single(scale * torch.randn(*shape)).requires_grad_()


def array(shape, fan):
    return random(1.5 / fan**0.5, *shape)


def network(outputs):
    """Weights by name; `outputs` channels come out of the convolution of single pixels."""
    channels = PICTURE[0]
    return {
        "encoder.0.weight": array((HIDDEN, channels, 3, 3), 9 * channels),
        "encoder.0.bias": random(0.3, HIDDEN),
        "code.weight": array((outputs, HIDDEN, 1, 1), HIDDEN),
        "code.bias": random(0.3, outputs),
        "decoder.0.weight": array((CODE, HIDDEN, 1, 1), CODE),
        "decoder.0.bias": random(0.3, HIDDEN),
        "output.weight": array((HIDDEN, channels, 3, 3), 9 * HIDDEN / 4),
        "output.bias": random(0.3, channels),
    }


def head(w, x):
    hidden = torch.tanh(F.conv2d(x, w["encoder.0.weight"], w["encoder.0.bias"], 2, 1))
    return F.conv2d(hidden, w["code.weight"], w["code.bias"])


def decode(w, z):
    hidden = torch.tanh(F.conv_transpose2d(z, w["decoder.0.weight"], w["decoder.0.bias"]))
    return F.conv_transpose2d(hidden, w["output.weight"], w["output.bias"], 2, 1, 1)


def squared(a, b):
    return ((a - b) ** 2).flatten(1).sum(1).mean()


def winners(z, k, within):
    """1 at the k largest of what competes: the code, the channels of each position, the positions of each channel."""
    n, c, h, w = z.shape
    groups = {
        "code": z.reshape(n, 1, -1),
        "position": z.permute(0, 2, 3, 1).reshape(n, h * w, c),
        "channel": z.reshape(n, c, h * w),
    }[within]
    order = groups.sort(-1, descending=True)
    gaps = order.values[..., k - 1] - order.values[..., k]
    assert gaps.min() > 1e-5, "both sides must choose the same"
    mask = torch.zeros_like(groups).scatter(-1, order.indices[..., :k], 1.0)
    if within == "position":
        return mask.reshape(n, h, w, c).permute(0, 3, 1, 2)
    return mask.reshape(n, c, h, w)


def contraction(x, code):
    """The mean over the rows of the squared norm of the code's derivative by the input."""
    total = 0.0
    for value in code.flatten(1).sum(0):
        (slope,) = torch.autograd.grad(value, x, create_graph=True)
        total = total + (slope**2).sum()
    return total / len(x)


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


GAMMA, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1


def noise(count, seed=1, purpose=9, step=5, index=0):
    """The standard normal numbers that `src/dataset/random.rs` gives for the samples of a variational code in a step."""
    key = mix((seed + GAMMA) & MASK)
    for part in (purpose, step, index):
        key = mix(key ^ mix((part + GAMMA) & MASK))
    bits = [mix((key + (position + 1) * GAMMA) & MASK) for position in range(count)]
    radius = np.array([((b >> 40) + 1) / 2**24 for b in bits])
    angle = np.array([(b & 0xFFFFFF) * 2 * np.pi / 2**24 for b in bits])
    return torch.from_numpy(np.sqrt(-2 * np.log(radius)) * np.cos(angle))


def store(out, case, w, x, code, y, terms, unseen=0.0):
    """`unseen` gives gradients, but is no part of the loss that is shown."""
    total = sum(terms)
    (total + unseen).backward()
    out |= {f"{case}/x": x, f"{case}/code": code, f"{case}/y": y}
    out[f"{case}/terms"] = torch.stack([total, *terms])
    for name, values in w.items():
        out[f"{case}/{name}"], out[f"{case}/d.{name}"] = values, values.grad


def cases():
    out = {}
    x = single(torch.rand(ROWS, *PICTURE)).requires_grad_()

    def kept(case, choose, contracts):
        w = network(CODE)
        z = head(w, x)
        z = z * choose(z)
        y = decode(w, z)
        terms = [squared(y, x.detach())] + ([CONTRACTION * contraction(x, z)] if contracts else [])
        store(out, case, w, x, z, y, terms)

    for contracts in (False, True):
        end = "-contractive" if contracts else ""
        kept(f"plain{end}", torch.ones_like, contracts)
        for within, k in (("code", 9), ("position", 1), ("position", 2), ("channel", 1), ("channel", 4)):
            kept(f"{within}-{k}{end}", lambda z: winners(z, k, within), contracts)

    w = network(2 * CODE)
    mean, log_variance = head(w, x).split(CODE, 1)
    n, c, rows, columns = mean.shape
    epsilon = noise(mean.numel()).reshape(n, rows, columns, c).permute(0, 3, 1, 2)
    z = mean + torch.exp(0.5 * log_variance) * epsilon
    divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).flatten(1).sum(1).mean()
    y = decode(w, z)
    store(out, "variational", w, x, mean, y, [squared(y, x.detach()), BETA * divergence])

    w = network(CODE)
    found = head(w, x)
    vectors = found.permute(0, 2, 3, 1).reshape(-1, CODE)
    some = vectors[torch.randperm(len(vectors))[:ENTRIES]]
    w["code.codebook"] = single(some + 0.2 * torch.randn_like(some)).detach().requires_grad_()
    choices = torch.cdist(vectors, w["code.codebook"]).argmin(1)
    assert len(choices.unique()) > 3, "several entries must be in use"
    nearest = w["code.codebook"][choices].reshape(n, rows, columns, CODE).permute(0, 3, 1, 2)
    z = found + (nearest - found).detach()
    y = decode(w, z)
    commitment = COMMITMENT * squared(found, nearest.detach())
    # The term that moves the codebook has the commitment's value but for its weight.
    codebook = squared(found.detach(), nearest)
    store(out, "quantised", w, x, z, y, [squared(y, x.detach()), commitment], codebook)

    stored = {key: value.detach().float().contiguous().clone() for key, value in out.items()}
    save_file(stored, HERE / "code_channels.safetensors", metadata={"torch": torch.__version__})


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(1)
    cases()
