"""What only Faster R-CNN promises; the rest is in zoo.testing."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops import roi_align as their_roi_align
from zoo_detection.faster_rcnn import (
    BOX_SCALE,
    PROPOSAL_SCALE,
    anchor_boxes,
    decode_boxes,
    encode_boxes,
    faster_rcnn,
    match,
    roi_align,
    sample,
)

from zoo.recipes.boxes import NO_BOX

SIZES, RATIOS = (16.0, 40.0, 80.0), (0.7, 1.0, 1.4)


def boxes(count: int, *, width: float = 256.0, height: float = 192.0) -> Tensor:
    """Return random boxes in a picture, (count, 4), in pixels."""
    low = torch.rand(count, 2) * torch.tensor([width - 20, height - 20])
    size = 4 + torch.rand(count, 2) * 60
    limit = torch.tensor([width, height])
    return torch.cat([low, (low + size).minimum(limit)], dim=1)


# Its parts are torchvision's


def test_regions_are_cut_out_as_torchvision_does() -> None:
    """
    Of two pictures, with boxes smaller than a place of the map, at the border, and as
    large as the picture.
    """
    torch.manual_seed(0)
    features = torch.randn(2, 4, 24, 32)
    given = torch.stack([boxes(5), boxes(5)])
    given[0, 0] = torch.tensor([0.0, 0.0, 256.0, 192.0])
    given[0, 1] = torch.tensor([250.0, 190.0, 251.0, 190.5])
    ours = roi_align(features, given, 1 / 8, 7)
    theirs = their_roi_align(features, [*given], 7, 1 / 8, 2, aligned=False)

    assert torch.allclose(ours.flatten(0, 1), theirs, atol=1e-5)


def test_anchors_are_torchvisions() -> None:
    """
    In their order, too.
    """
    generator = AnchorGenerator((SIZES,), (RATIOS,))
    pictures = ImageList(torch.zeros(1, 3, 96, 128), [(96, 128)])
    (theirs,) = generator(pictures, [torch.zeros(1, 1, 12, 16)])

    assert torch.equal(anchor_boxes(SIZES, RATIOS, 12, 16), theirs)


@pytest.mark.parametrize("scale", [PROPOSAL_SCALE, BOX_SCALE])
def test_moves_of_boxes_are_torchvisions(scale: Any) -> None:
    """
    To numbers and back.
    """
    torch.manual_seed(0)
    true, given = boxes(9), boxes(9)
    moves = encode_boxes(true, given, scale)

    assert torch.allclose(moves, BoxCoder(scale).encode_single(true, given), atol=1e-5)
    assert torch.allclose(decode_boxes(moves, given, scale), true, atol=1e-3)


def test_the_network_is_torchvisions_on_copied_weights() -> None:
    """
    The proposals, and what the second stage says of each, are those of torchvision's
    FasterRCNN with the same layers.
    """
    torch.manual_seed(0)
    ours = faster_rcnn(width=4, hidden=16).eval()
    for parameter in ours.rpn.parameters():
        torch.nn.init.normal_(parameter, std=0.1)  # proposals that differ
    backbone: Any = ours.backbone
    backbone.out_channels = 16
    theirs: Any = FasterRCNN(
        backbone,
        rpn_anchor_generator=AnchorGenerator((SIZES,), (RATIOS,)),
        rpn_pre_nms_top_n_test=400,
        rpn_post_nms_top_n_test=100,
        box_roi_pool=MultiScaleRoIAlign(["0"], 7, 2),
        box_head=TwoMLPHead(16 * 49, 16),
        box_predictor=FastRCNNPredictor(16, 4),
    ).eval()
    theirs.rpn.head.conv[0][0].load_state_dict(ours.rpn.conv.state_dict())
    theirs.rpn.head.cls_logits.load_state_dict(ours.rpn.objectness.state_dict())
    theirs.rpn.head.bbox_pred.load_state_dict(ours.rpn.deltas.state_dict())
    theirs.roi_heads.box_head.fc6.load_state_dict(ours.head.fc1.state_dict())
    theirs.roi_heads.box_head.fc7.load_state_dict(ours.head.fc2.state_dict())
    predictor = theirs.roi_heads.box_predictor
    predictor.cls_score.load_state_dict(ours.head.label.state_dict())
    held = predictor.bbox_pred.state_dict()
    held["weight"][4:], held["bias"][4:] = ours.head.deltas.state_dict().values()
    predictor.bbox_pred.load_state_dict(held)
    image = torch.randn(2, 3, 96, 128)
    with torch.inference_mode():
        output = ours(image)
        features = {"0": ours.backbone(image)}
        proposals, _ = theirs.rpn(ImageList(image, [(96, 128)] * 2), features)
        cut = theirs.roi_heads.box_roi_pool(features, proposals, [(96, 128)] * 2)
        logits, moves = predictor(theirs.roi_heads.box_head(cut))
        decoded = theirs.roi_heads.box_coder.decode(moves, proposals)
    count = [len(one) for one in proposals]
    for row, (said, at) in enumerate(
        zip(logits.split(count), decoded.split(count), strict=True)
    ):
        mine = output[row, : len(said)]
        best = said[:, 1:].argmax(dim=1) + 1
        frame = torch.tensor([128.0, 96.0, 128.0, 96.0])
        place = at[torch.arange(len(at)), best] / frame
        none = said.softmax(dim=1)[:, 0]

        assert len(said) > 20
        assert torch.allclose(mine[:, :4], place, atol=1e-4)
        assert torch.allclose(mine[:, 5:], said[:, 1:], atol=1e-4)
        assert torch.allclose(mine[:, 4].sigmoid(), 1 - none, atol=1e-5)


# What the losses look at


def test_an_object_has_the_anchor_that_is_nearest_to_it() -> None:
    """
    Though no anchor overlaps it enough; an object that nothing overlaps has none.
    """
    anchors = torch.tensor([[0.0, 0, 10, 10], [20, 20, 30, 30], [50, 50, 60, 60]])
    objects = torch.tensor([[0.0, 0, 0, 10, 30], [1, 80, 80, 90, 90]])
    near, overlap = match(anchors, objects)
    near_too, best = match(anchors, objects, best_too=True)

    assert overlap.tolist() == pytest.approx([1 / 3, 0, 0])
    assert best.tolist() == pytest.approx([1, 0, 0])
    assert near.tolist() == near_too.tolist() == [0, 0, 0]


def test_no_more_than_their_share_is_of_objects() -> None:
    """
    And what is missing of them is filled with others.
    """
    first = torch.arange(100) < 40

    assert int((sample(first, ~first, 50, 0.5) < 40).sum()) == 25
    assert len(sample(first[:10], ~first, 50, 0.5)) == 50


def test_a_picture_without_an_object_has_losses() -> None:
    """
    It teaches what is background, and moves no box.
    """
    torch.manual_seed(0)
    model = faster_rcnn(width=4, hidden=16)
    target = torch.zeros(2, 3, 5)
    target[..., 0] = NO_BOX
    losses = model(torch.rand(2, 3, 64, 64), target)
    losses.sum().backward()

    assert losses.isfinite().all()
    assert losses[[0, 2]].min() > 0
    assert losses[[1, 3]].tolist() == [0, 0]


def test_objects_are_learned() -> None:
    """
    Two squares in one picture are found, each by its color, after a hundred steps.
    """
    torch.manual_seed(2)
    model = faster_rcnn(
        classes=2, width=4, hidden=32, sizes=(16.0,), ratios=(1.0,), proposals=20
    )
    image = torch.zeros(1, 3, 64, 64)
    image[0, 0, 8:24, 8:24] = image[0, 2, 36:52, 40:56] = 1.0
    target = torch.tensor([[[0.0, 8, 8, 24, 24], [1, 40, 36, 56, 52]]])
    target[..., 1:] /= 64
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(100):
        optimizer.zero_grad()
        model(image, target).sum().backward()
        optimizer.step()
    with torch.inference_mode():
        output = model(image)[0]
    chance = output[:, 4:5].sigmoid() * output[:, 5:].softmax(dim=1)
    found = [output[row, :4].tolist() for row in chance.argmax(dim=0).tolist()]

    assert chance.amax(dim=0).min() > 0.5
    assert found[0] == pytest.approx(target[0, 0, 1:].tolist(), abs=0.06)
    assert found[1] == pytest.approx(target[0, 1, 1:].tolist(), abs=0.06)


def test_a_picture_without_proposals_is_answered() -> None:
    """
    Fewer candidates than proposals leave empty boxes, which are no objects.
    """
    model = faster_rcnn(candidates=3, proposals=10, width=4, hidden=16).eval()
    with torch.inference_mode():
        output = model(torch.zeros(1, 3, 64, 64))

    assert output.shape == (1, 10, 8)
    assert output[0, 3:, :4].eq(0).all()


@pytest.mark.parametrize(("candidates", "proposals"), [(60, 40), (60, 5), (30, 40)])
def test_a_graph_proposes_the_same_boxes(
    monkeypatch: pytest.MonkeyPatch, candidates: int, proposals: int
) -> None:
    """
    Of two pictures, to the bit, whether more or fewer stay than are wanted; each
    candidate overlaps several others, so that some stay because their rival went.
    """
    torch.manual_seed(0)
    model = faster_rcnn(candidates=candidates, proposals=proposals)
    model.proposal_overlap = 0.3
    given = torch.stack([boxes(80, width=60, height=60) for _ in range(2)])
    logits = torch.randn(2, 80)
    expected = model.propose(logits, given, 60, 60)
    monkeypatch.setattr(torch.onnx, "is_in_onnx_export", lambda: True)

    found = model.propose(logits, given, 60, 60)

    assert torch.equal(found, expected)
    assert 3 < (expected[0].sum(dim=1) > 0).sum() < candidates
