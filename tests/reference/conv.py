"""PyTorch's values for convolution, pooling, upsampling and normalisation, as small safetensors files.

Run from anywhere, in an environment with torch and safetensors:

    python tests/reference/conv.py

The files beside this script were made with torch 2.15.0 on a CPU, in float64, and stored as float32. Every case is a
group of tensors `CASE/NAME`: `config` (the sizes, see each function), `x`, `y`, the gradient `dy` that was given, and
`dx`, `weight`, `dweight`, `bias`, `dbias` as far as they apply. Pictures are NCHW and weights OIHW, PyTorch's own order.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

HERE = Path(__file__).parent
CHANNELS = [(1, 1), (2, 3), (3, 2)]
SIZES = [(5, 4), (4, 6), (7, 5)]
SAME = -1


def config(*values):
    return torch.tensor(values, dtype=torch.int32)


def finish(out, case, tensors, y):
    """Runs backwards from a random gradient and stores everything."""
    dy = torch.randn_like(y)
    y.backward(dy)
    out[f"{case}/y"], out[f"{case}/dy"] = y, dy
    for name, tensor in tensors.items():
        out[f"{case}/{name}"] = tensor
        if tensor.grad is not None:
            out[f"{case}/d{name}"] = tensor.grad


def save(name, out):
    stored = {
        key: (value if value.dtype == torch.int32 else value.detach().float()).contiguous().clone()
        for key, value in out.items()
    }
    save_file(stored, HERE / f"{name}.safetensors", metadata={"torch": torch.__version__})


def random(*shape):
    return torch.randn(*shape, requires_grad=True)


def conv():
    """config: stride, kernel, padding (-1: "same")."""
    out, count = {}, 0
    for stride in (1, 2, 3):
        for padding in (0, 1, 2) + ((SAME,) if stride == 1 else ()):
            for kernel in (1, 2, 3, 4, 5):
                inputs, outputs = CHANNELS[count % 3]
                size = SIZES[(count // 3) % 3]
                count += 1
                if min(size) + 2 * max(padding, 0) < kernel and padding != SAME:
                    size = (7, 5)
                x, weight, bias = random(2, inputs, *size), random(outputs, inputs, kernel, kernel), random(outputs)
                y = F.conv2d(x, weight, bias, stride, "same" if padding == SAME else padding)
                case = f"{count:02}"
                out[f"{case}/config"] = config(stride, kernel, padding)
                finish(out, case, {"x": x, "weight": weight, "bias": bias}, y)
    save("conv", out)


def conv_transpose():
    """config: stride, kernel, padding, output padding (rows, columns)."""
    out, count = {}, 0
    for stride in (1, 2, 3):
        for padding in (0, 1, 2):
            for kernel in (1, 2, 3, 4, 5):
                inputs, outputs = CHANNELS[count % 3]
                size = [(3, 4), (4, 3), (3, 5)][(count // 3) % 3]
                extra = [(0, 0), (stride - 1, 0), (0, stride - 1), (stride - 1, stride - 1)][count % 4]
                count += 1
                sides = [(n - 1) * stride - 2 * padding + kernel + e for n, e in zip(size, extra)]
                if min(sides) < 1:
                    continue
                x, weight, bias = random(2, inputs, *size), random(inputs, outputs, kernel, kernel), random(outputs)
                y = F.conv_transpose2d(x, weight, bias, stride, padding, extra)
                case = f"{count:02}"
                out[f"{case}/config"] = config(stride, kernel, padding, *extra)
                finish(out, case, {"x": x, "weight": weight, "bias": bias}, y)
    save("conv_transpose", out)


def pool():
    """config: size of the window, or the factor. Inputs of max pooling are small integers, so that there are ties."""
    out = {}
    for name, op in (
        ("max", F.max_pool2d),
        ("average", F.avg_pool2d),
        ("upsample", lambda x, size: F.interpolate(x, scale_factor=size, mode="nearest")),
    ):
        for size in (1, 2, 3):
            for channels, sides in ((1, (6, 6)), (3, (5, 7)), (2, (3, 4))):
                if name == "upsample":
                    sides = (sides[0] // 2, sides[1] // 2)
                x = random(2, channels, *sides)
                if name == "max":
                    x = torch.randint(-2, 3, x.shape).double().requires_grad_()
                case = f"{name}-{size}-{channels}"
                out[f"{case}/config"] = config(size)
                finish(out, case, {"x": x}, op(x, size))
    save("pool", out)


def norm():
    """config: 1 where the mode is training. `mean` and `variance` are the running statistics after the step."""
    out = {}
    for name, shape in (("features", (9, 5)), ("pixels", (3, 4, 3, 2))):
        channels = shape[1]
        module = (torch.nn.BatchNorm1d if len(shape) == 2 else torch.nn.BatchNorm2d)(channels).double()
        with torch.no_grad():
            module.weight.normal_()
            module.bias.normal_()
        for step in ("first", "second", "evaluation"):
            module.train(step != "evaluation")
            module.zero_grad()
            x = (2.0 * torch.randn(shape) + 3.0).requires_grad_()
            y = module(x)
            case = f"batch-{name}-{step}"
            out[f"{case}/config"] = config(int(module.training))
            finish(out, case, {"x": x, "weight": module.weight, "bias": module.bias}, y)
            for key in ("dweight", "dbias"):
                out[f"{case}/{key}"] = out[f"{case}/{key}"].clone()
            out[f"{case}/mean"] = module.running_mean.clone()
            out[f"{case}/variance"] = module.running_var.clone()
    for name, shape in (("features", (4, 7)), ("pixels", (3, 2, 4, 3))):
        module = torch.nn.LayerNorm(shape[1:]).double()
        with torch.no_grad():
            module.weight.normal_()
            module.bias.normal_()
        x = (2.0 * torch.randn(shape) + 3.0).requires_grad_()
        finish(out, f"layer-{name}", {"x": x, "weight": module.weight, "bias": module.bias}, module(x))
    save("norm", out)


def group_norm():
    """config: groups."""
    out = {}
    for name, shape in (("features", (4, 12)), ("pixels", (3, 6, 4, 3))):
        for groups in (1, 2, 3):
            module = torch.nn.GroupNorm(groups, shape[1]).double()
            with torch.no_grad():
                module.weight.normal_()
                module.bias.normal_()
            x = (2.0 * torch.randn(shape) + 3.0).requires_grad_()
            case = f"{name}-{groups}"
            out[f"{case}/config"] = config(groups)
            finish(out, case, {"x": x, "weight": module.weight, "bias": module.bias}, module(x))
    save("group_norm", out)


def grouped_conv():
    """config: 1 where transposed, stride, kernel, padding (-1: "same"), dilation, groups, output padding (two)."""
    out, count = {}, 0
    for transposed in (0, 1):
        for stride in (1, 2):
            for padding in (0, 2) + ((SAME,) if stride == 1 and not transposed else ()):
                for dilation, groups, inputs, outputs in (
                    (2, 1, 2, 3), (1, 2, 4, 2), (2, 2, 2, 4), (3, 1, 3, 2), (1, 3, 3, 3), (2, 3, 3, 3), (1, 3, 3, 6),
                ):
                    kernel = 2 + count % 2
                    size = (9, 8) if not transposed else (6, 5)
                    count += 1
                    shape = (inputs, outputs // groups) if transposed else (outputs, inputs // groups)
                    x, bias = random(2, inputs, *size), random(outputs)
                    weight = random(*shape, kernel, kernel)
                    extra = (0, 0)
                    if transposed:
                        extra = (stride - 1, 0)
                        y = F.conv_transpose2d(x, weight, bias, stride, padding, extra, groups, dilation)
                    else:
                        pad = "same" if padding == SAME else padding
                        y = F.conv2d(x, weight, bias, stride, pad, dilation, groups)
                    case = f"{count:02}"
                    out[f"{case}/config"] = config(transposed, stride, kernel, padding, dilation, groups, *extra)
                    finish(out, case, {"x": x, "weight": weight, "bias": bias}, y)
    save("grouped_conv", out)


def crop_or_pad():
    """config: height and width after it. What is cropped is cut off first."""
    out = {}
    for channels, sides, to in ((1, (3, 4), (3, 5)), (2, (3, 4), (5, 6)), (3, (5, 4), (3, 6)), (2, (5, 4), (4, 2))):
        x = random(2, channels, *sides)
        extra = [max(n - m, 0) for n, m in zip(to, sides)]
        y = F.pad(x[:, :, : to[0], : to[1]], (0, extra[1], 0, extra[0]), mode="replicate")
        case = f"{sides[0]}-{sides[1]}-{to[0]}-{to[1]}"
        out[f"{case}/config"] = config(*to)
        finish(out, case, {"x": x}, y)
    save("crop_or_pad", out)


def prelu():
    """config: number of slopes."""
    out = {}
    for name, shape in (("features", (4, 6)), ("pixels", (3, 5, 4, 3))):
        for slopes in (1, shape[1]):
            module = torch.nn.PReLU(slopes).double()
            with torch.no_grad():
                module.weight.normal_()
            x = random(*shape)
            case = f"{name}-{slopes}"
            out[f"{case}/config"] = config(slopes)
            finish(out, case, {"x": x, "weight": module.weight}, module(x))
    save("prelu", out)


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(1)
    conv()
    conv_transpose()
    pool()
    norm()
    group_norm()
    for function in (prelu, grouped_conv, crop_or_pad):
        torch.manual_seed(2)
        function()
