"""Faster R-CNN: boxes around objects in two stages.

- Ren, He, Girshick, Sun: Faster R-CNN, 2015, https://arxiv.org/abs/1506.01497
- Girshick: Fast R-CNN, 2015, https://arxiv.org/abs/1504.08083
- He, Gkioxari, Dollar, Girshick: Mask R-CNN, 2017, https://arxiv.org/abs/1703.06870,
  for RoIAlign

At every place of a feature map a region proposal network says of a few anchors, boxes
of usual sizes, whether there is an object, and how its box differs. The surest of these
proposals are cut out of the same map, by RoIAlign, and a second network says of each
which object it is, or that it is none, and corrects its box once more. This one is
slim: a backbone of seven convolutions and a map of an eighth of the picture's size.

    >>> import torch
    >>> faster_rcnn()(torch.zeros(1, 3, 192, 256)).shape
    torch.Size([1, 100, 8])
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    avg_pool2d,
    binary_cross_entropy_with_logits,
    cross_entropy,
    grid_sample,
    pad,
    smooth_l1_loss,
)

from zoo.recipes.boxes import NO_BOX, iou, non_maximum_suppression

__all__ = [
    "FasterRCNN",
    "anchor_boxes",
    "decode_boxes",
    "encode_boxes",
    "faster_rcnn",
    "fit_sizes",
    "match",
    "roi_align",
]

STRIDE = 8  # pixels of the picture to one place of the feature map
MAX_LOG_SIZE = math.log(1000 / 16)  # of a box over the one it is told from
PROPOSAL_SCALE = (1.0, 1.0, 1.0, 1.0)  # of the four numbers that move a box,
BOX_SCALE = (10.0, 10.0, 5.0, 5.0)  # in the first stage and in the second
SIZES = (16.0, 40.0, 80.0)  # the usual ones of cells, in pixels
FINETUNE_DEFAULTS = {"min_steps": 350}  # its steps are long, and teach more
BETA = 1 / 9  # below which the smooth L1 loss is quadratic


class ConvBlock(nn.Sequential):
    """A convolution, batch normalization and a ReLU: (B, C, H, W) to (B, D, H / stride,
    W / stride)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        )


class RegionProposalNetwork(nn.Module):
    """A convolution, and two of 1x1: Faster R-CNN, 3.1."""

    def __init__(self, channels: int, anchors: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.objectness = nn.Conv2d(channels, anchors, 1)
        self.deltas = nn.Conv2d(channels, 4 * anchors, 1)
        for layer in (self.conv, self.objectness, self.deltas):
            nn.init.normal_(layer.weight, std=0.01)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Turn (B, C, h, w) into logits of there being an object, (B, h * w * anchors),
        and what moves each anchor, (B, h * w * anchors, 4)."""
        x = self.conv(features).relu()
        logits = self.objectness(x).permute(0, 2, 3, 1).flatten(1)
        deltas = self.deltas(x).permute(0, 2, 3, 1)
        return logits, deltas.flatten(1).unflatten(1, (-1, 4))


class BoxHead(nn.Module):
    """Two layers, and one for the labels and one for the boxes: Fast R-CNN, 2.1."""

    def __init__(self, inputs: int, hidden: int, labels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.label = nn.Linear(hidden, labels + 1)  # the first is the background
        self.deltas = nn.Linear(hidden, 4 * labels)  # for each label its own box
        nn.init.normal_(self.label.weight, std=0.01)
        nn.init.normal_(self.deltas.weight, std=0.001)
        nn.init.zeros_(self.label.bias)
        nn.init.zeros_(self.deltas.bias)

    def forward(self, regions: Tensor) -> tuple[Tensor, Tensor]:
        """Turn (R, C, 7, 7) into logits, (R, 1 + labels), and what moves the boxes,
        (R, labels, 4)."""
        x = self.fc1(regions.flatten(1)).relu()
        x = self.fc2(x).relu()
        return self.label(x), self.deltas(x).unflatten(1, (-1, 4))


def onnx_suppress(boxes: Tensor, overlap: float, most: int) -> Tensor:
    """Return what stays of boxes (B, N, 4) in their order, (B, most, 4), with empty
    ones where fewer do: non-maximum suppression in N steps, which a graph can take.

    A box goes where one before it, that stays, overlaps it by more than `overlap`.
    """
    from torch._higher_order_ops.scan import scan

    count = boxes.shape[1]
    places = torch.arange(count, device=boxes.device)
    rivals = (iou(boxes, boxes) > overlap) & (places[:, None] < places)

    def step(stays: Tensor, now: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        place, beaten = now
        here = (stays * (places == place)).amax(dim=1, keepdim=True)
        left = stays * (1 - here * beaten)
        return left, here.clone()

    start = torch.ones_like(boxes[..., 0])
    given = places, rivals.transpose(0, 1).to(boxes.dtype)
    stays, _ = scan(step, start, given)
    kept = min(most, count)
    rank, order = (stays * (count - places)).topk(kept, dim=1)
    found = boxes.gather(1, order[..., None].expand(-1, -1, 4)) * (rank > 0)[..., None]
    return pad(found, (0, 0, 0, most - kept))


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Which anchors and proposals count in the losses: Faster R-CNN, 3.1.2 and 3.1.3,
    and Fast R-CNN, 2.3."""

    anchor_iou: float = 0.7  # from which an anchor is of an object,
    no_anchor_iou: float = 0.3  # and below which it is of none
    anchors: int = 128  # of a picture, half of them of objects if there are so many
    proposal_iou: float = 0.5
    proposals: int = 64
    objects: float = 0.5  # the most of them that are of objects, as a share


class FasterRCNN(nn.Module):
    """Turn pictures, (B, 3, H, W), into boxes, (B, proposals, 5 + labels).

    H and W are multiples of 8. Of a box there are its ends (xmin, ymin, xmax, ymax) as
    shares of the picture, the logit of there being an object, and a logit for each
    label. With `target`, (B, M, 5), it returns the four losses instead: of the
    proposals' logits and boxes, and of the labels and boxes of the second stage.
    """

    stride = STRIDE

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
    ) -> None:
        super().__init__()
        self.sizes, self.ratios, self.region = tuple(sizes), tuple(ratios), region
        self.candidates, self.proposals = candidates, proposals
        self.proposal_overlap = proposal_overlap
        self.sampling = Sampling()
        w = width
        self.backbone: nn.Module = nn.Sequential(
            ConvBlock(3, w, stride=2),
            ConvBlock(w, 2 * w, stride=2),
            ConvBlock(2 * w, 2 * w),
            ConvBlock(2 * w, 4 * w, stride=2),
            ConvBlock(4 * w, 4 * w),
            ConvBlock(4 * w, 4 * w),
            ConvBlock(4 * w, 4 * w),
        )
        self.rpn = RegionProposalNetwork(4 * w, len(sizes) * len(ratios))
        self.head = BoxHead(4 * w * region**2, hidden, classes)

    def forward(self, image: Tensor, target: Tensor | None = None) -> Tensor:
        """Turn (B, 3, H, W) into (B, proposals, 5 + labels), or into four losses."""
        height, width = image.shape[2:]
        features, logits, deltas, anchors, proposals = self.first_stage(image)
        if target is not None:
            true = target * target.new_tensor([1, width, height, width, height])
            first = self.proposal_losses(logits, deltas, anchors, true)
            second = self.box_losses(features, proposals, true)
            return torch.stack([*first, *second])
        output, _ = self.second_stage(features, proposals, height, width)
        return output

    def first_stage(
        self, image: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return the features, (B, C, h, w); of each anchor the logit of an object and
        what moves it; the anchors; and the proposals, (B, proposals, 4), in pixels."""
        features = self.backbone(image)
        logits, deltas = self.rpn(features)
        rows, columns = features.shape[2:]
        anchors = anchor_boxes(self.sizes, self.ratios, rows, columns, self.stride)
        anchors = anchors.to(deltas)
        boxes = decode_boxes(deltas, anchors, PROPOSAL_SCALE)
        proposals = self.propose(logits, boxes, *image.shape[2:])
        return features, logits, deltas, anchors, proposals

    def second_stage(
        self, features: Tensor, proposals: Tensor, height: int, width: int
    ) -> tuple[Tensor, Tensor]:
        """Return the output, (B, proposals, 5 + labels), and the number of the label of
        each box, (B, proposals)."""
        regions = roi_align(features, proposals, 1 / self.stride, self.region)
        labels, moved = self.head(regions.flatten(0, 1))
        # P(object) = 1 - P(background): the logit of it is what follows from a softmax.
        objects = labels[:, 1:].logsumexp(dim=1) - labels[:, 0]
        best = labels[:, 1:].argmax(dim=1)
        chosen = moved.gather(1, best[:, None, None].expand(-1, -1, 4))[:, 0]
        ends = decode_boxes(chosen, proposals.flatten(0, 1), BOX_SCALE)
        ends = ends / ends.new_tensor([width, height, width, height])
        each = torch.cat([ends, objects[:, None], labels[:, 1:]], dim=1)
        shape = proposals.shape[:2]
        return each.unflatten(0, shape), best.unflatten(0, shape)

    @torch.no_grad()
    def propose(self, logits: Tensor, boxes: Tensor, height: int, width: int) -> Tensor:
        """Return the surest boxes of each picture, (B, proposals, 4), in pixels: of two
        that overlap by more than `proposal_overlap` one. A picture with fewer has empty
        ones besides."""
        limit = boxes.new_tensor([width, height, width, height])
        boxes = boxes.clamp_min(0).minimum(limit)
        count = min(self.candidates, logits.shape[1])
        if torch.onnx.is_in_onnx_export():
            order = logits.topk(count, dim=1).indices
            best = boxes.gather(1, order[..., None].expand(-1, -1, 4))
            return onnx_suppress(best, self.proposal_overlap, self.proposals)
        found = boxes.new_zeros(len(boxes), self.proposals, 4)
        for row, order in enumerate(logits.topk(count, dim=1).indices):
            best, same = boxes[row, order].cpu(), torch.zeros(count)
            falling = -torch.arange(count)  # they are in their order already
            stay = non_maximum_suppression(best, falling, same, self.proposal_overlap)
            chosen = best[stay[: self.proposals]]
            found[row, : len(chosen)] = chosen.to(found)
        return found

    @torch.no_grad()
    def init_head_from(
        self, old: "FasterRCNN", labels: Sequence[tuple[int, int]]
    ) -> None:
        """Begin with what the head of `old` knew: its two layers, the background, and
        labels that both have, pairs of numbers, the old and the new one. `zoo.finetune`
        asks."""
        ours, theirs = self.head, old.head
        for layer in ("fc1", "fc2"):
            getattr(ours, layer).load_state_dict(getattr(theirs, layer).state_dict())
        for name in ("weight", "bias"):
            new, known = (getattr(head.label, name) for head in (ours, theirs))
            moves, old_moves = (
                getattr(head.deltas, name).unflatten(0, (-1, 4))
                for head in (ours, theirs)
            )
            new[0] = known[0]
            for before, after in labels:
                new[1 + after] = known[1 + before]
                moves[after] = old_moves[before]

    def proposal_losses(
        self, logits: Tensor, deltas: Tensor, anchors: Tensor, true: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the loss of the proposals' logits, and of their boxes:

        L = 1 / N sum L_cls(p_i, p_i*) + 1 / N sum p_i* L_reg(t_i, t_i*)   equation (1)

        `true` are labels and boxes in pixels, (B, M, 5). N counts the sampled anchors.
        """
        s = self.sampling
        chosen, wanted, moves = [], [], []
        for row, objects in enumerate(_real(true)):
            near, overlap = match(anchors, objects, best_too=True)
            is_object = overlap >= s.anchor_iou
            is_none = overlap < s.no_anchor_iou
            picked = sample(is_object, is_none, s.anchors, 0.5)
            chosen.append(picked + row * len(anchors))
            wanted.append(is_object[picked])
            right = objects[near[picked], 1:] if len(objects) else anchors[picked]
            moves.append(encode_boxes(right, anchors[picked], PROPOSAL_SCALE))
        number, label = torch.cat(chosen), torch.cat(wanted)
        count = max(1, len(number))
        told, moved = logits.flatten()[number].float(), deltas.flatten(0, 1)[number]
        cost = binary_cross_entropy_with_logits(told, label.float(), reduction="sum")
        box = smooth_l1_loss(
            moved[label].float(),
            torch.cat(moves)[label],
            beta=BETA,
            reduction="sum",
        )
        return cost / count, box / count

    def box_losses(
        self, features: Tensor, proposals: Tensor, true: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the loss of the second stage's labels, and of its boxes.

        L = 1 / N sum L_cls(p, u) + [u >= 1] L_loc(t^u, v)   Fast R-CNN, equation (1)

        The objects themselves are among the proposals, so that there is something to
        learn from the start.
        """
        s = self.sampling
        regions, wanted, moves = [], [], []
        for row, objects in enumerate(_real(true)):
            given = torch.cat([objects[:, 1:], proposals[row].to(objects)])
            near, overlap = match(given, objects)
            is_object = overlap >= s.proposal_iou
            picked = sample(is_object, ~is_object, s.proposals, s.objects)
            boxes = given[picked]
            right = objects[near[picked]] if len(objects) else objects.new_zeros(0, 5)
            label = torch.zeros(len(picked), dtype=torch.long, device=boxes.device)
            if len(objects):
                label = torch.where(is_object[picked], right[:, 0].long() + 1, label)
                moves.append(encode_boxes(right[:, 1:], boxes, BOX_SCALE))
            else:
                moves.append(torch.zeros_like(boxes))
            cut = roi_align(
                features[row : row + 1], boxes[None], 1 / self.stride, self.region
            )
            regions.append(cut[0])
            wanted.append(label)
        label, moved = torch.cat(wanted), torch.cat(moves)
        logits, deltas = self.head(torch.cat(regions))
        cost = cross_entropy(logits.float(), label)
        of = (label > 0).nonzero()[:, 0]
        box = smooth_l1_loss(
            deltas[of, label[of] - 1].float(), moved[of], beta=BETA, reduction="sum"
        )
        return cost, box / max(1, len(label))


def anchor_boxes(
    sizes: Sequence[float],
    ratios: Sequence[float],
    rows: int,
    columns: int,
    stride: int = STRIDE,
) -> Tensor:
    """Return the anchors of a feature map in pixels, (rows * columns * anchors, 4).

    Each has the area of one of the `sizes` squared and one of the `ratios` of height to
    width, and is around the upper left corner of its place, as torchvision has it.
    """
    size = torch.tensor(sizes, dtype=torch.float32)
    root = torch.tensor(ratios, dtype=torch.float32).sqrt()[:, None]
    width, height = (size / root).flatten(), (size * root).flatten()
    around = (torch.stack([-width, -height, width, height], dim=1) / 2).round()
    y, x = torch.meshgrid(
        stride * torch.arange(rows), stride * torch.arange(columns), indexing="ij"
    )
    corner = torch.stack([x, y, x, y], dim=-1)[:, :, None]
    return (corner + around).flatten(0, 2)


def encode_boxes(
    boxes: Tensor, given: Tensor, scale: tuple[float, float, float, float]
) -> Tensor:
    """Return what moves the boxes that were given, (..., 4), onto others.

    Equation (2), times `scale`, with the centre (x, y) and the size (w, h) of a box:

        t_x = (x - x_a) / w_a, t_y = (y - y_a) / h_a, t_w = log(w / w_a), ...
    """
    center, size = _center_size(boxes)
    old_center, old_size = _center_size(given)
    tiny = torch.finfo(size.dtype).tiny
    old_size = old_size.clamp_min(1e-3)
    moves = [(center - old_center) / old_size, (size / old_size).clamp_min(tiny).log()]
    return torch.cat(moves, dim=-1) * boxes.new_tensor(scale)


def decode_boxes(
    deltas: Tensor, given: Tensor, scale: tuple[float, float, float, float]
) -> Tensor:
    """Return the boxes that were given, (..., 4), moved: `encode_boxes` undone."""
    deltas = deltas.float() / deltas.new_tensor(scale).float()
    old_center, old_size = _center_size(given.float())
    center = deltas[..., :2] * old_size + old_center
    size = deltas[..., 2:].clamp(max=MAX_LOG_SIZE).exp() * old_size
    return torch.cat([center - size / 2, center + size / 2], dim=-1)


def roi_align(features: Tensor, boxes: Tensor, scale: float, side: int) -> Tensor:
    """Return the features inside boxes, (B, R, C, side, side): Mask R-CNN, 3.

    A box is cut into side by side bins, and each is the mean of 2x2 points in it, whose
    features are interpolated between the four places around. `features` are (B, C, h,
    w); `boxes`, (B, R, 4), are in pixels, and `scale` makes places of them. Points past
    the last place count 0.
    """
    height, width = features.shape[2:]
    boxes = boxes.to(features.dtype) * scale
    low = boxes[..., :2]
    size = (boxes[..., 2:] - low).clamp_min(1.0)  # a box has one place at least
    steps = torch.arange(2 * side, device=boxes.device, dtype=features.dtype)
    points = low[..., None] + size[..., None] * (steps + 0.5) / (2 * side)
    # (B, R, 2, 2 * side): of the columns and of the rows; grid_sample wants -1 to 1,
    # where the ends are the centres of the first and last place.
    inside = points <= features.new_tensor([width, height])[:, None]
    inside_x, inside_y = inside.unbind(dim=2)
    inside_grid = inside_x[:, :, None, :] & inside_y[:, :, :, None]
    most = features.new_tensor([max(width - 1, 1), max(height - 1, 1)])
    x, y = (2 * points / most[:, None] - 1).unbind(dim=2)
    grid = torch.stack(
        [
            x[:, :, None, :].expand(-1, -1, 2 * side, -1),
            y[:, :, :, None].expand(-1, -1, -1, 2 * side),
        ],
        dim=-1,
    )  # (B, R, 2 * side, 2 * side, 2)
    count = boxes.shape[1]
    seen = grid_sample(
        features, grid.flatten(1, 2), padding_mode="border", align_corners=True
    )  # (B, C, R * 2 * side, 2 * side)
    seen = seen * inside_grid.flatten(1, 2)[:, None]
    bins: Tensor = avg_pool2d(seen, 2).unflatten(2, (count, side))
    return bins.movedim(1, 2)  # (B, R, C, side, side)


def match(
    boxes: Tensor, objects: Tensor, *, best_too: bool = False
) -> tuple[Tensor, Tensor]:
    """Return for each box, (n, 4), the number of the object, (m, 5), that it overlaps
    most, and by how much, (n,) each.

    With `best_too` the boxes that overlap an object most count as if they were it.
    """
    if not len(objects):
        nothing = torch.zeros(len(boxes), device=boxes.device)
        return nothing.long(), nothing
    overlap = iou(boxes, objects[:, 1:])
    most, near = overlap.max(dim=1)
    if best_too:
        best = overlap.amax(dim=0)
        is_best = ((overlap == best) & (best > 0)).any(dim=1)
        most = most.masked_fill(is_best, 1.0)
    return near, most


def sample(first: Tensor, second: Tensor, count: int, share: float) -> Tensor:
    """Return the numbers of `count` rows at random: of the `first` kind no more than
    their `share`, and the rest of the `second`."""
    chosen = _some(first, int(share * count))
    return torch.cat([chosen, _some(second, count - len(chosen))])


def _some(kind: Tensor, count: int) -> Tensor:
    number = kind.nonzero()[:, 0]
    return number[torch.randperm(len(number), device=number.device)[:count]]


def _real(target: Tensor) -> list[Tensor]:
    """Return the objects of each picture, without the rows that only fill up."""
    return [objects[objects[:, 0] != NO_BOX] for objects in target]


def _center_size(boxes: Tensor) -> tuple[Tensor, Tensor]:
    low, high = boxes[..., :2], boxes[..., 2:]
    return (low + high) / 2, high - low


def faster_rcnn(
    *,
    classes: int = 3,
    width: int = 16,
    hidden: int = 128,
    sizes: Sequence[float] = SIZES,
    ratios: Sequence[float] = (0.7, 1.0, 1.4),
    region: int = 7,
    candidates: int = 400,
    proposals: int = 100,
    proposal_overlap: float = 0.7,
) -> FasterRCNN:
    """Build Faster R-CNN; `width` is the number of channels of the first convolution.

    `sizes` (pixels) and `ratios` (height to width) make the anchors of each place. The
    surest `candidates` of a picture are thinned to `proposals`.
    """
    return FasterRCNN(
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


def fit_options(
    target: Tensor, input_spec: Any, options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the sizes of anchors for new data, as many as there were. `zoo.finetune`
    asks."""
    return fit_sizes(target, input_spec, len(options.get("sizes", SIZES)))


def fit_sizes(target: Tensor, input_spec: Any, count: int) -> dict[str, Any]:
    """Return `count` sizes of anchors for boxes (B, M, 5), in shares: of the boxes in
    order, those in the middle of as many equal parts; none where there are fewer."""
    size = (target[..., 3:] - target[..., 1:3])[target[..., 0] != NO_BOX]
    if len(size) < count:
        return {}
    sides = size * size.new_tensor([input_spec.width, input_spec.height])
    shares = (torch.arange(count) + 0.5) / count
    usual = sides.prod(dim=1).sqrt().quantile(shares).tolist()
    return {"sizes": tuple(round(max(side, 4.0), 1) for side in usual)}
