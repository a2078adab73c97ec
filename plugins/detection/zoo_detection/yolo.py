"""YOLO: boxes around objects from one pass of a convolutional network over a picture.

- Redmon, Divvala, Girshick, Farhadi: You Only Look Once, 2015,
  https://arxiv.org/abs/1506.02640
- Redmon, Farhadi: YOLO9000, 2016, https://arxiv.org/abs/1612.08242
- Redmon, Farhadi: YOLOv3, 2018, https://arxiv.org/abs/1804.02767

A grid of cells lies over the picture. In each cell, each of a few anchors, boxes of
usual sizes, answers for objects whose centre is in the cell and whose size is near
its own. This one is slim: a Darknet of nine convolutions, one grid, and the finer
feature map that YOLO9000 passes through to it.

    >>> import torch
    >>> yolo()(torch.zeros(1, 3, 192, 256)).shape
    torch.Size([1, 576, 8])
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from zoo.recipes.boxes import NO_BOX, iou

__all__ = ["ANCHORS", "YOLO", "LossWeights", "priors", "yolo", "yolo_loss"]

# The usual widths and heights, as shares of the picture: of a platelet, of a red cell
# and of a white one.
ANCHORS = ((0.061, 0.082), (0.164, 0.209), (0.327, 0.394))
FINETUNE_DEFAULTS = {"min_steps": 800}  # its steps are short, and it wants many
SLOPE = 0.1  # of the leaky ReLU below zero
MAX_LOG_SIZE = 3.0  # of a box over its anchor: what is no box yet should stay finite
TINY = 1e-6
MOST_ROUNDS = 100  # of k-means


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """How much each sum of the loss counts."""

    box: float = 2.0
    object: float = 1.0
    nothing: float = 1.0
    label: float = 0.5
    ignored_iou: float = 0.5  # from which a box that answers for nothing is no mistake


class ConvBlock(nn.Sequential):
    """A convolution, batch normalization and a leaky ReLU: (B, C, H, W) to (B, D, H /
    stride, W / stride)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.LeakyReLU(SLOPE),
        )


class YOLO(nn.Module):
    """Turn pictures, (B, 3, H, W), into boxes, (B, boxes, 5 + labels).

    H and W are multiples of 16. The boxes are those of the grid's cells, row by row,
    `anchors` of each. Of a box there are its ends (xmin, ymin, xmax, ymax) as shares of
    the picture, the logit of an object, and the logit of each label. With `target`,
    (B, M, 5), it returns the loss instead.
    """

    def __init__(
        self, *, classes: int, width: int, anchors: Sequence[Sequence[float]]
    ) -> None:
        super().__init__()
        self.numbers = 5 + classes  # that a cell gives for each anchor
        self.anchors = tuple(tuple(one) for one in anchors)
        self.weights = LossWeights()
        w = width
        self.fine = nn.Sequential(
            ConvBlock(3, w, 3, stride=2),
            ConvBlock(w, 2 * w, 3, stride=2),
            ConvBlock(2 * w, 2 * w, 3),
            ConvBlock(2 * w, 4 * w, 3, stride=2),
            ConvBlock(4 * w, 4 * w, 3),
        )
        self.coarse = nn.Sequential(
            ConvBlock(4 * w, 8 * w, 3, stride=2),
            ConvBlock(8 * w, 8 * w, 3),
            ConvBlock(8 * w, 8 * w, 3),
        )
        # YOLO9000, "fine-grained features": 2x2 neighbours become channels of one cell.
        self.passthrough = nn.Sequential(
            ConvBlock(4 * w, 2 * w, 1), nn.PixelUnshuffle(2)
        )
        self.neck = ConvBlock(16 * w, 8 * w, 3)
        self.head = nn.Conv2d(8 * w, len(self.anchors) * self.numbers, 1)
        assert self.head.bias is not None
        with torch.no_grad():  # few boxes hold an object
            assert self.head.bias is not None
            self.head.bias.view(-1, self.numbers)[:, 4] = -4.0

    def forward(self, image: Tensor, target: Tensor | None = None) -> Tensor:
        """Turn (B, 3, H, W) into (B, H / 16 * W / 16 * anchors, 5 + labels), or into
        the loss, ()."""
        fine = self.fine(image)  # (B, 4w, H / 8, W / 8)
        joined = torch.cat([self.coarse(fine), self.passthrough(fine)], dim=1)
        grid = self.head(self.neck(joined))  # (B, anchors * numbers, H / 16, W / 16)
        rows, columns = grid.shape[2:]
        raw = grid.permute(0, 2, 3, 1).reshape(len(grid), -1, self.numbers)
        prior = priors(self.anchors, rows, columns).to(raw.device)
        output = decode(raw, prior.to(raw))
        if target is None:
            return output
        return yolo_loss(output, target, prior, self.weights)

    @torch.no_grad()
    def init_head_from(self, old: "YOLO", labels: Sequence[tuple[int, int]]) -> None:
        """Begin with what the head of `old` knew of labels that both have: pairs of
        numbers, the old and the new one. `zoo.finetune` asks.

        An anchor takes the numbers of the old one that is most like it; a box stays as
        large, for t_w + log(p_old / p_new) over the new anchor is t_w over the old.
        """
        if not labels:
            return
        ours, theirs = torch.tensor(self.anchors), torch.tensor(old.anchors)
        nearest = iou(_at_origin(ours), _at_origin(theirs)).argmax(dim=1)
        for name, new in self.head.named_parameters():
            rows = new.unflatten(0, (-1, self.numbers))
            known = getattr(old.head, name).unflatten(0, (-1, old.numbers))[nearest]
            rows[:, :5] = known[:, :5]
            for before, after in labels:
                rows[:, 5 + after] = known[:, 5 + before]
            if name == "bias":
                rows[:, 2:4] += (theirs[nearest] / ours).log()


def priors(anchors: Sequence[Sequence[float]], rows: int, columns: int) -> Tensor:
    """Return of each box its cell's left and upper end, and its anchor's width and
    height, as shares of the picture: (rows * columns * anchors, 4)."""
    y, x = torch.meshgrid(
        torch.arange(rows) / rows, torch.arange(columns) / columns, indexing="ij"
    )
    corner = torch.stack([x, y], dim=-1)[:, :, None].expand(-1, -1, len(anchors), -1)
    size = torch.tensor(anchors).expand(rows, columns, -1, -1)
    return torch.cat([corner, size], dim=-1).flatten(0, 2)


def decode(raw: Tensor, prior: Tensor) -> Tensor:
    """Return what a grid gives, (B, boxes, 5 + labels), with its boxes in the picture.

    YOLO9000, "direct location prediction", with the cell's corner c, the anchor's size
    p and, as everything here is a share of the picture, the cell's size s:

        b_x = s sigma(t_x) + c_x        b_w = p_w exp(t_w)
        b_y = s sigma(t_y) + c_y        b_h = p_h exp(t_h)
    """
    cell = cell_size(prior)
    center = cell * raw[..., :2].sigmoid() + prior[:, :2]
    size = prior[:, 2:] * raw[..., 2:4].clamp(max=MAX_LOG_SIZE).exp()
    return torch.cat([center - size / 2, center + size / 2, raw[..., 4:]], dim=-1)


def cell_size(prior: Tensor) -> Tensor:
    """Return the width and height of a cell, (2,): the last one ends at 1."""
    return 1 - prior[:, :2].amax(dim=0)


def yolo_loss(
    output: Tensor, target: Tensor, prior: Tensor, weights: LossWeights
) -> Tensor:
    """Return YOLO's loss, as a mean over the objects of a batch.

    Each object is the business of one box: of its centre's cell, the one whose anchor
    is most like it. With v = 1 for those boxes, and with the numbers that `decode`
    names,

        L = sum v ((sigma(t_x) - x)^2 + (sigma(t_y) - y)^2)     YOLOv3, 2.1: squared
          + sum v ((t_w - log w / p_w)^2 + (t_h - log h / p_h)^2)   errors of the t's
          - sum v log P(object) + (1 - v) log (1 - P(object))
          - sum v log P(label | object)

    The third sum leaves out boxes with v = 0 that overlap some object by `ignored_iou`:
    YOLOv3, 2.1. `output` is (B, boxes, 5 + labels), `target` (B, M, 5), and `prior` are
    the cells and anchors, (boxes, 4).
    """
    row, place = (target[..., 0] != NO_BOX).nonzero().unbind(dim=1)
    label, true = target[row, place, 0].long(), target[row, place, 1:]
    logits, boxes = output[..., 4].float(), output[..., :4].float()
    chosen = responsible(true, prior)
    with torch.no_grad():
        overlap = iou(boxes, target[..., 1:])  # 0 with rows that only fill up
        counted = overlap.amax(dim=2) < weights.ignored_iou
    wanted = torch.zeros_like(logits)
    wanted[row, chosen], counted[row, chosen] = 1.0, True
    cost = binary_cross_entropy_with_logits(logits, wanted, reduction="none") * counted
    cost = cost * torch.where(wanted > 0, weights.object, weights.nothing)
    cell = cell_size(prior)
    found = box_numbers(boxes[row, chosen], prior[chosen], cell)
    right = box_numbers(true, prior[chosen], cell)
    box = (found - right).square().sum()
    names = cross_entropy(output[row, chosen, 5:].float(), label, reduction="sum")
    total = weights.box * box + cost.sum() + weights.label * names
    return total / max(1, len(row))


def responsible(true: Tensor, prior: Tensor) -> Tensor:
    """Return which box answers for each object, (objects,); `true` are their boxes,
    (objects, 4)."""
    center, size = (true[:, :2] + true[:, 2:]) / 2, true[:, 2:] - true[:, :2]
    away = center[:, None] - prior[:, :2]
    inside = ((away >= -TINY) & (away < cell_size(prior) + TINY)).all(dim=2)
    alike = iou(_at_origin(size), _at_origin(prior[:, 2:]))  # of shapes alone
    return torch.where(inside, alike, -1.0).argmax(dim=1)


def box_numbers(boxes: Tensor, prior: Tensor, cell: Tensor) -> Tensor:
    """Return what `decode` made boxes of, (n, 4): sigma(t_x), sigma(t_y), t_w, t_h."""
    center, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    place = (center - prior[:, :2]) / cell
    return torch.cat([place, (size.clamp_min(TINY) / prior[:, 2:]).log()], dim=1)


def _at_origin(size: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(size), size], dim=1)


def yolo(
    *,
    classes: int = 3,
    width: int = 12,
    anchors: Sequence[Sequence[float]] = ANCHORS,
) -> YOLO:
    """Build YOLO; `width` is the number of channels of the first convolution."""
    return YOLO(classes=classes, width=width, anchors=anchors)


def fit_options(
    target: Tensor, input_spec: object, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the anchors of new data, as many as there were: `zoo.finetune` asks."""
    count = len(options.get("anchors", ANCHORS))
    size = (target[..., 3:] - target[..., 1:3])[target[..., 0] != NO_BOX]
    if len(size.unique(dim=0)) < count:
        return {}
    return {"anchors": cluster_sizes(size, count)}


def cluster_sizes(size: Tensor, count: int) -> tuple[tuple[float, float], ...]:
    """Return the `count` usual widths and heights of boxes, (n, 2), the smallest first.

    YOLO9000, "dimension clusters": k-means with the distance d(box, centre) = 1 -
    IoU(box, centre). The first centres are boxes of evenly spaced areas.
    """
    order = size.prod(dim=1).argsort()
    steps = (torch.arange(count) + 0.5) / count * len(size)
    center = size[order[steps.long()]]
    for _ in range(MOST_ROUNDS):
        nearest = iou(_at_origin(size), _at_origin(center)).argmax(dim=1)
        moved = torch.stack(
            [
                size[nearest == n].mean(dim=0) if (nearest == n).any() else center[n]
                for n in range(count)
            ]
        )
        if torch.equal(moved, center):
            break
        center = moved
    rounded = [(round(w, 4), round(h, 4)) for w, h in center.tolist()]
    return tuple(sorted(rounded, key=lambda one: one[0] * one[1]))
