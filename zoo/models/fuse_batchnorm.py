"""Faster inference with the same output: batch normalisation is folded into the
convolution before it, and convolutions get the channels-last memory format.
"""

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

__all__ = ["fuse_batchnorm", "optimize_for_batch"]

MIN_BATCH = (
    16  # pictures for which it pays to make a quick copy, and to prove it on one
)
RELATIVE_TOLERANCE = (
    1e-4  # how far the quick model's output may lie, against the largest of it
)


def fuse_batchnorm(model: nn.Module, batch: Tensor) -> nn.Module:
    """Return a copy of `model` in eval mode that gives the same output faster.

    The copy is tested on `batch`. Where its output differs by more than rounding, or
    nothing could be folded, a plain copy of `model` is returned.
    """
    plain = copy.deepcopy(model).eval().requires_grad_(False)
    if batch.ndim != 4 or batch.device.type != "cpu":
        return plain
    quick = copy.deepcopy(plain)
    if not _fold(quick):
        return plain
    quick = quick.to(memory_format=torch.channels_last)
    with torch.inference_mode():
        expected, fused = plain(batch), quick(batch)
    apart = (expected - fused).abs().max()
    return quick if apart <= RELATIVE_TOLERANCE * expected.abs().max() else plain


def optimize_for_batch(model: nn.Module, batch: Tensor) -> nn.Module:
    """Return the module to run a batch through: a fused copy for large batches.

    The model itself is returned for few pictures, for anything but pictures in float32
    on a CPU, where nothing can be folded, and where a module has a hook: a hook is
    called with the layers as they were written.
    """
    if batch.ndim != 4 or len(batch) < MIN_BATCH or batch.device.type != "cpu":
        return model  # before any layer is looked at: most calls are of one input
    parts = list(model.modules())
    folds = any(isinstance(part, nn.BatchNorm2d) for part in parts)
    hooked = any(part._forward_hooks or part._forward_pre_hooks for part in parts)
    plain = all(
        p.dtype == torch.float32 and p.device.type == "cpu" for p in model.parameters()
    )
    return fuse_batchnorm(model, batch[:1]) if folds and plain and not hooked else model


def _fold(model: nn.Module) -> int:
    """Fold every normalisation that follows a convolution; return how many.

    Which module follows is guessed from the order of the submodules: the caller
    compares outputs.
    """
    count = 0
    for parent in list(model.modules()):
        children = list(parent.named_children())
        for (first, conv), (second, norm) in pairwise(children):
            if not isinstance(conv, nn.Conv2d) or not isinstance(norm, nn.BatchNorm2d):
                continue
            if norm.num_features != conv.out_channels or norm.running_var is None:
                continue
            setattr(parent, first, fuse_conv_bn_eval(conv, norm))
            setattr(parent, second, _without_normalization(norm))
            count += 1
    return count


def _without_normalization(norm: nn.BatchNorm2d) -> nn.Module:
    """Return the other children of a normalisation: some have an activation."""
    rest = [part for _, part in norm.named_children()]
    return nn.Sequential(*rest) if rest else nn.Identity()
