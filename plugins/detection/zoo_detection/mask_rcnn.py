"""Mask R-CNN: boxes around objects in two stages, and a mask in each.

- He, Gkioxari, Dollar, Girshick: Mask R-CNN, 2017, https://arxiv.org/abs/1703.06870
- Lin, Dollar, Girshick, He, Hariharan, Belongie: Feature Pyramid Networks, 2016,
  https://arxiv.org/abs/1612.03144

It is Faster R-CNN with a third head: of each box that the second stage has moved, a few
convolutions say at 14 x 14 places whether the object is there. One mask is for all
labels, which the paper finds nearly as good as one for each (its comparison of class-
specific and class-agnostic masks), and which new labels keep. This one is slim, and its
objects are small: the features of three scales are added up to one map of a quarter of
the picture's size, the finest level of a pyramid.

    >>> import torch
    >>> mask_rcnn(proposals=5)(torch.zeros(1, 3, 96, 96)).shape
    torch.Size([1, 5, 202])
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

from zoo.recipes.boxes import NO_BOX
from zoo_detection.faster_rcnn import (
    ConvBlock,
    FasterRCNN,
    fit_sizes,
    match,
    roi_align,
    sample,
)

__all__ = [
    "MaskHead",
    "MaskRCNN",
    "PyramidLevel",
    "boxes_of_maps",
    "fit_options",
    "mask_rcnn",
]

SIZES = (8.0, 13.0, 26.0)  # the usual ones of nuclei, in pixels
FINETUNE_DEFAULTS = {"min_steps": 240}  # its steps are long, and teach more
MIN_PIXELS = 8  # of an object that there is something to learn from
MASKED = 24  # proposals of a picture that masks are learnt from


class PyramidLevel(nn.Module):
    """Features of a quarter of the picture's size that also see an eighth and a
    sixteenth: Feature Pyramid Networks, 3, the finest level."""

    def __init__(self, width: int) -> None:
        super().__init__()
        w, channels = width, 4 * width
        self.quarter = nn.Sequential(
            ConvBlock(3, w, stride=2),
            ConvBlock(w, 2 * w, stride=2),
            ConvBlock(2 * w, 2 * w),
        )
        self.eighth = nn.Sequential(
            ConvBlock(2 * w, channels, stride=2), ConvBlock(channels, channels)
        )
        self.sixteenth = nn.Sequential(
            ConvBlock(channels, channels, stride=2), ConvBlock(channels, channels)
        )
        self.lateral_quarter = nn.Conv2d(2 * w, channels, 1)
        self.lateral_eighth = nn.Conv2d(channels, channels, 1)
        self.smooth = ConvBlock(channels, channels)

    def forward(self, image: Tensor) -> Tensor:
        """Turn (B, 3, H, W) into (B, 4 * width, H / 4, W / 4)."""
        quarter = self.quarter(image)
        eighth = self.eighth(quarter)
        x = self.sixteenth(eighth)
        x = self.lateral_eighth(eighth) + interpolate(x, eighth.shape[2:])
        x = self.lateral_quarter(quarter) + interpolate(x, quarter.shape[2:])
        features: Tensor = self.smooth(x)
        return features


class MaskHead(nn.Sequential):
    """Convolutions over the places of a region, and its mask: Mask R-CNN, 3. (R, C,
    side, side) to logits (R, 1, side, side)."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__(
            ConvBlock(inputs, channels),
            ConvBlock(channels, channels),
            nn.Conv2d(channels, 1, 1),
        )


class MaskRCNN(FasterRCNN):
    """Turn pictures, (B, 3, H, W), into boxes with masks, (B, proposals, 5 + labels +
    mask_size ** 2).

    H and W are multiples of 16. The first numbers of a box are those of `FasterRCNN`;
    the others are the logits of its object being at mask_size x mask_size places of
    it. With `target`, maps (B, 2, H, W) as in `zoo.recipes.instances`, it returns the
    five losses instead: those of `FasterRCNN`, and of the masks.
    """

    stride = 4

    def __init__(
        self,
        *,
        classes: int,
        width: int,
        hidden: int,
        sizes: Sequence[float],
        ratios: Sequence[float],
        region: int,
        candidates: int,
        proposals: int,
        proposal_overlap: float,
        mask_channels: int,
        mask_size: int,
    ) -> None:
        super().__init__(
            classes=classes,
            width=width,
            hidden=hidden,
            sizes=sizes,
            ratios=ratios,
            region=region,
            candidates=candidates,
            proposals=proposals,
            proposal_overlap=proposal_overlap,
        )
        self.mask_size = mask_size
        self.backbone = PyramidLevel(width)
        self.mask_head = MaskHead(4 * width, mask_channels)

    def forward(self, image: Tensor, target: Tensor | None = None) -> Tensor:
        """Turn (B, 3, H, W) into boxes with masks, or into five losses."""
        height, width = image.shape[2:]
        features, logits, deltas, anchors, proposals = self.first_stage(image)
        if target is not None:
            true = boxes_of_maps(target)
            first = self.proposal_losses(logits, deltas, anchors, true)
            second = self.box_losses(features, proposals, true)
            mask = self.mask_loss(features, proposals, target[:, 0], true)
            return torch.stack([*first, *second, mask])
        output, _ = self.second_stage(features, proposals, height, width)
        # Masks are of the boxes as the second stage has moved them.
        ends = output[..., :4] * output.new_tensor([width, height, width, height])
        regions = roi_align(features, ends, 1 / self.stride, self.mask_size)
        masks = self.mask_head(regions.flatten(0, 1))  # (B * proposals, 1, M, M)
        return torch.cat([output, masks.flatten(1).view(*output.shape[:2], -1)], dim=2)

    def mask_loss(
        self, features: Tensor, proposals: Tensor, number: Tensor, true: Tensor
    ) -> Tensor:
        """Return the loss of the masks, L_mask in L = L_cls + L_box + L_mask:

        the mean over the places of a proposal that is of an object, and over such
        proposals, of the binary cross-entropy.

        `number` are the objects of pixels, (B, H, W); `true` their boxes, (B, M, 5).
        """
        regions, wanted = [], []
        for row, padded in enumerate(true):
            known = (padded[:, 0] != NO_BOX).nonzero()[:, 0]  # the numbers, less one
            if not len(known):
                continue
            objects = padded[known]
            given = torch.cat([objects[:, 1:], proposals[row].to(objects)])
            near, overlap = match(given, objects)
            is_object = overlap >= self.sampling.proposal_iou
            picked = sample(is_object, ~is_object, MASKED, 1.0)
            picked = picked[is_object[picked]]
            boxes, which = given[picked], near[picked]
            cut = roi_align(
                features[row : row + 1], boxes[None], 1 / self.stride, self.mask_size
            )
            regions.append(cut[0])
            own = (number[row] == known[which][:, None, None] + 1).float()
            # A pixel's centre is half a pixel from its corner, where roi_align has it.
            inside = roi_align(own[:, None], boxes[:, None] - 0.5, 1.0, self.mask_size)
            wanted.append((inside[:, 0, 0] >= 0.5).float())
        if not regions:
            return features.sum() * 0
        logits = self.mask_head(torch.cat(regions))[:, 0]
        return binary_cross_entropy_with_logits(logits.float(), torch.cat(wanted))


def boxes_of_maps(target: Tensor) -> Tensor:
    """Return the box around each object of maps (B, 2, H, W), in pixels, with its
    label: (B, M, 5), the object numbered k in row k - 1.

    Objects of fewer than 8 pixels are left out, as rows that only fill up.
    """
    height, width = target.shape[2:]
    number, label = target[:, 0].long().flatten(1), target[:, 1].long().flatten(1)
    most = max(1, int(number.max()))
    place = torch.arange(height * width, device=target.device).expand_as(number)
    y, x = place // width, place % width

    def each(values: Tensor, how: str) -> Tensor:
        empty = values.new_zeros(len(values), most + 1)
        made = empty.scatter_reduce(1, number, values, how, include_self=False)
        return made[:, 1:]

    columns = [
        each(label, "amax"),
        each(x, "amin"),
        each(y, "amin"),
        each(x, "amax") + 1,
        each(y, "amax") + 1,
    ]
    boxes = torch.stack(columns, dim=2).float()
    gone = each(torch.ones_like(number), "sum") < MIN_PIXELS
    boxes[gone] = boxes.new_tensor([NO_BOX, 0, 0, 0, 0])
    return boxes


def mask_rcnn(
    *,
    classes: int = 1,
    width: int = 16,
    hidden: int = 128,
    sizes: Sequence[float] = SIZES,
    ratios: Sequence[float] = (0.7, 1.0, 1.4),
    region: int = 7,
    candidates: int = 400,
    proposals: int = 200,
    proposal_overlap: float = 0.7,
    mask_channels: int = 48,
    mask_size: int = 14,
) -> MaskRCNN:
    """Build Mask R-CNN; `width` is the number of channels of the first convolution.

    `sizes` (pixels) and `ratios` (height to width) make the anchors of each place. The
    surest `candidates` of a picture are thinned to `proposals`. Masks have `mask_size`
    places on each side.
    """
    return MaskRCNN(
        classes=classes,
        width=width,
        hidden=hidden,
        sizes=sizes,
        ratios=ratios,
        region=region,
        candidates=candidates,
        proposals=proposals,
        proposal_overlap=proposal_overlap,
        mask_channels=mask_channels,
        mask_size=mask_size,
    )


def fit_options(
    target: Tensor, input_spec: Any, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the sizes of anchors for the objects of maps (B, 2, H, W), as many as
    there were. `zoo.finetune` asks."""
    height, width = target.shape[2:]
    pixels = boxes_of_maps(target)
    shares = pixels / pixels.new_tensor([1, width, height, width, height])
    return fit_sizes(shares, input_spec, len(options.get("sizes", SIZES)))
