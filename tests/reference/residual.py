"""PyTorch's values for residual blocks, as a small safetensors file.

Run from anywhere, in an environment with torch and safetensors:

    python tests/reference/residual.py

The file beside this script was made with torch 2.15.0 on a CPU, in float64, and stored as float32. `Block` is
torchvision's `BasicBlock` and `Bottleneck` (the latter with a width of a quarter of its output's channels), with the
same names of parameters; with `up` its convolutions are transposed and in the opposite order, and the shortcut is a
convolution of single pixels whose result is repeated (nearest) up to the stride, then cropped or padded by its edge.
Every case is a group of tensors `CASE/NAME`: `config` (1 where it enlarges, 1 where it is a bottleneck, channels,
stride, groups of the norm: 0 none, 1 batch norm; output padding, two), `x`, `y`, the gradient `dy` that was given,
`dx`, every parameter `NAME` with its gradient `dNAME`, and running statistics after the step.
"""

from pathlib import Path

import torch
from conv import config, finish, save
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, up, bottleneck, inputs, outputs, stride, groups, extra):
        super().__init__()
        self.up, self.stride = up, stride
        bias = groups == 0

        def norm(channels):
            if groups == 0:
                return nn.Identity()
            return nn.BatchNorm2d(channels) if groups == 1 else nn.GroupNorm(groups, channels)

        def conv(a, b, kernel, step):
            if up:
                padding = extra if step > 1 else 0
                return nn.ConvTranspose2d(a, b, kernel, step, kernel // 2, output_padding=padding, bias=bias)
            return nn.Conv2d(a, b, kernel, step, kernel // 2, bias=bias)

        if bottleneck:
            width = -(-(inputs if up else outputs) // 4)
            sizes = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)]
        elif up:
            sizes = [(inputs, inputs, 3, 1), (inputs, outputs, 3, stride)]
        else:
            sizes = [(inputs, outputs, 3, stride), (outputs, outputs, 3, 1)]
        self.count = len(sizes)
        for number, size in enumerate(sizes, 1):
            self.add_module(f"conv{number}", conv(*size))
            self.add_module(f"bn{number}", norm(size[1]))
        self.shortcut = None
        if inputs != outputs or stride != 1:
            self.shortcut = "upsample" if up else "downsample"
            step = 1 if up else stride
            self.add_module(self.shortcut, nn.Sequential(conv(inputs, outputs, 1, step), norm(outputs)))

    def forward(self, x):
        y = x
        for number in range(1, self.count + 1):
            y = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(y))
            if number < self.count:
                y = F.relu(y)
        if self.shortcut:
            x = getattr(self, self.shortcut)(x)
        if self.up and self.stride > 1:
            x = F.interpolate(x, scale_factor=self.stride, mode="nearest")[:, :, : y.shape[2], : y.shape[3]]
            x = F.pad(x, (0, y.shape[3] - x.shape[3], 0, y.shape[2] - x.shape[2]), mode="replicate")
        return F.relu(x + y)


def residual():
    out = {}
    cases = {
        "basic": (0, 0, 3, 3, 1, 1, (0, 0)),
        "basic-stride": (0, 0, 3, 4, 2, 1, (0, 0)),
        "basic-channels": (0, 0, 2, 4, 1, 2, (0, 0)),
        "basic-plain": (0, 0, 2, 2, 3, 0, (0, 0)),
        "bottleneck": (0, 1, 8, 8, 1, 1, (0, 0)),
        "bottleneck-stride": (0, 1, 4, 8, 2, 2, (0, 0)),
        "up-basic": (1, 0, 3, 3, 1, 1, (0, 0)),
        "up-basic-stride": (1, 0, 4, 3, 2, 1, (0, 1)),
        "up-basic-plain": (1, 0, 2, 3, 3, 0, (2, 0)),
        "up-bottleneck": (1, 1, 8, 4, 2, 2, (1, 1)),
    }
    for name, (up, bottleneck, inputs, outputs, stride, groups, extra) in cases.items():
        module = Block(up, bottleneck, inputs, outputs, stride, groups, extra).double()
        with torch.no_grad():
            for parameter in module.parameters():
                if parameter.dim() == 1:
                    parameter.normal_(0.5)
        x = (torch.randn(3, inputs, *((3, 4) if up else (6, 5))) + 0.3).requires_grad_()
        y = module(x)
        out[f"{name}/config"] = config(up, bottleneck, outputs, stride, groups, *extra)
        finish(out, name, {"x": x, **dict(module.named_parameters())}, y)
        for key, value in module.named_buffers():
            if "running" in key:
                out[f"{name}/{key}"] = value.clone()
    save("residual", out)


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(3)
    residual()
