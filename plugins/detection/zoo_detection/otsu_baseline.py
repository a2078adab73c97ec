"""Nuclei found by one threshold a picture: what instance segmentation has to beat.

Otsu's threshold parts the grey values of a picture where the two kinds differ most; the
kind with fewer pixels are nuclei, and those that touch are one. Nuclei that touch are
one too, which is where it fails. Otsu: A threshold selection method from gray-level
histograms, 1979, https://doi.org/10.1109/TSMC.1979.4310076
"""

import torch
from torch import Tensor

from zoo.recipes.instances import matched, ranked_precision
from zoo_detection.color_baseline import components

__all__ = ["find_by_threshold", "map_overlaps", "metrics_of_maps", "otsu"]

SMALLEST = 8  # pixels of a nucleus
GREY = (0.299, 0.587, 0.114)  # of red, green and blue, as ITU-R BT.601 has it


def otsu(grey: Tensor) -> int:
    """Return the byte above which a pixel is of the second kind: of all thresholds t
    that with the greatest variance between the kinds,

        w_0(t) w_1(t) (mu_0(t) - mu_1(t)) ** 2   equation (14)
    """
    count = torch.bincount(grey.flatten().long(), minlength=256).double()
    share = count.cumsum(0) / count.sum()
    weighed = (count * torch.arange(256)).cumsum(0) / count.sum()
    total = weighed[-1]
    between = (total * share - weighed) ** 2 / (share * (1 - share)).clamp_min(1e-12)
    return int(between.argmax())


def find_by_threshold(image: Tensor) -> Tensor:
    """Return the number of the nucleus at each pixel, from 1, or 0: (B, H, W) of
    pictures as bytes, (B, 3, H, W)."""
    grey = (image.float() * torch.tensor(GREY)[:, None, None]).sum(dim=1).round()
    found = torch.stack([one > otsu(one) for one in grey])
    found ^= found.float().mean(dim=(1, 2), keepdim=True) > 0.5
    made = torch.zeros_like(found, dtype=torch.long)
    for row, parts in enumerate(components(found)):
        own, count = parts.unique(return_counts=True)
        large = own[(own > 0) & (count >= SMALLEST)]
        for number, part in enumerate(large, start=1):
            made[row][parts == part] = number
    return made


def map_overlaps(found: Tensor, true: Tensor) -> Tensor:
    """Return the intersection over union of objects of two maps, (H, W) each, as
    (found, true)."""
    rows, columns = int(found.max()) + 1, int(true.max()) + 1
    both = torch.bincount(
        (found.long() * columns + true.long()).flatten(), minlength=rows * columns
    ).view(rows, columns)
    either = both.sum(1, keepdim=True) + both.sum(0, keepdim=True) - both
    return (both.double() / either.clamp_min(1))[1:, 1:]


def metrics_of_maps(found: Tensor, true: Tensor) -> dict[str, float]:
    """Return `map_50`, `map` and `f1_50` of maps, (B, H, W) each, of one label; the
    larger an object, the surer it is."""
    scores, overlaps = [], []
    right = sure = there = 0
    for ours, theirs in zip(found, true, strict=True):
        sizes = torch.bincount(ours.flatten())[1:].double()
        order = sizes.argsort(descending=True)
        scores.append(sizes[order])
        overlaps.append(map_overlaps(ours, theirs)[order])
        good, met = matched(overlaps[-1])
        right, sure, there = right + int(good.sum()), sure + len(good), there + len(met)
    each = ranked_precision(scores, overlaps).nan_to_num()
    return {
        "map_50": each[0].item(),
        "map": each.mean().item(),
        "f1_50": 2 * right / max(1, sure + there),
    }
