"""PyTorch's values that tests state in their own text: losses and the one-cycle schedule.

Run from anywhere, in an environment with torch:

    python tests/reference/typed.py

It prints the values of `src/engine/kernels/loss/tests.rs` (`absolute_and_huber_errors_are_pytorchs`,
`weighted_losses_are_pytorchs`) and of `src/project/schedule.rs` (`one_cycle_is_pytorchs`), which come from torch 2.15.0.
"""

import torch
from torch.nn import functional as F


def loss(name, function, y, x, weight, **options):
    y = torch.tensor(y, requires_grad=True)
    value = (torch.tensor(weight) * function(y, torch.tensor(x), reduction="none", **options)).sum()
    value.backward()
    print(f"{name:30} {value.item():.8g}  {[float(f'{slope:.8g}') for slope in y.grad.tolist()]}")


def rates(steps, rise):
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=steps, pct_start=rise)
    for step in range(steps):
        yield float(f"{optimizer.param_groups[0]['lr']:.8g}")
        optimizer.step()
        if step + 1 < steps:
            schedule.step()


PLAIN = ([0.0, 0.2, -1.0, 3.0], [0.0, 0.0, 0.0, 0.5], [1.0, 1.0, 1.0, 1.0])
loss("absolute error", F.l1_loss, *PLAIN)
loss("Huber, δ 0.5", F.huber_loss, *PLAIN, delta=0.5)
WEIGHTED = ([0.5, 0.2, -1.0, 3.0], [0.0, 1.0, 0.25, 0.5], [2.0, 1.0, 0.5, 0.5])
loss("weighted squared error", F.mse_loss, *WEIGHTED)
loss("weighted absolute error", F.l1_loss, *WEIGHTED)
loss("weighted Huber, δ 0.5", F.huber_loss, *WEIGHTED, delta=0.5)
loss("weighted cross-entropy", F.binary_cross_entropy_with_logits, *WEIGHTED)
print("one cycle, 20 steps, 0.3", list(rates(20, 0.3)))
print("one cycle, 10 steps, 0.25", list(rates(10, 0.25)))
