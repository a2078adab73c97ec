"""What only Mask R-CNN promises; the rest is in zoo.testing."""

import time
from pathlib import Path
from typing import Any

import pytest
import torch
from colored_shapes import LABELS, shapes, write_masks, write_outlines
from torch import Tensor
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads
from torchvision.ops import MultiScaleRoIAlign, masks_to_boxes
from zoo_detection.mask_rcnn import boxes_of_maps, fit_options, mask_rcnn
from zoo_detection.nuclei import NucleusAugmentation, augment_nuclei
from zoo_detection.otsu_baseline import (
    find_by_threshold,
    map_overlaps,
    metrics_of_maps,
    otsu,
)

import zoo
from zoo.recipes.boxes import NO_BOX

NAME = "mask-rcnn-mini"


def disks(seed: int = 0, side: int = 64) -> Tensor:
    """Return a map of disks apart from each other, (2, side, side)."""
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    target = torch.zeros(2, side, side, dtype=torch.uint8)
    random = torch.Generator().manual_seed(seed)
    for number in range(1, 5):
        radius = int(torch.randint(4, 10, (), generator=random))
        left = 16 + 32 * ((number - 1) % 2)
        upper = 16 + 32 * ((number - 1) // 2)
        target[0][(x - left) ** 2 + (y - upper) ** 2 <= radius**2] = number
    return target


def test_boxes_follow_from_maps_as_torchvisions() -> None:
    """
    Whose ends are the last pixels, where ours are outside; an object that has no pixel
    is a row that only fills up.
    """
    target = torch.stack([disks(0), disks(1)])
    target[1, 0][target[1, 0] == 2] = 0
    ours = boxes_of_maps(target)

    for row, objects in enumerate(target):
        numbers = [n for n in range(1, 5) if (objects[0] == n).any()]
        theirs = masks_to_boxes(torch.stack([objects[0] == n for n in numbers]))
        theirs[:, 2:] += 1
        mine = ours[row, [n - 1 for n in numbers]]
        assert torch.equal(mine[:, 1:], theirs)
        assert mine[:, 0].tolist() == [0.0] * len(numbers)
    assert ours[1, 1].tolist() == [NO_BOX, 0, 0, 0, 0]


def test_masks_are_torchvisions_on_copied_weights() -> None:
    """
    Of the boxes as the second stage has moved them, through torchvision's heads.
    """
    torch.manual_seed(0)
    ours = mask_rcnn(classes=2, width=4, hidden=16, mask_channels=8, proposals=20)
    for part in (ours.rpn, ours.head.deltas):
        for parameter in part.parameters():
            torch.nn.init.normal_(parameter, std=0.05)  # boxes that differ
    for _ in range(3):  # so that batch normalization has seen something
        ours(torch.randn(2, 3, 64, 64), torch.stack([disks(0), disks(1)]))
    ours.eval()
    theirs = MaskRCNNHeads(16, (8, 8), 1, norm_layer=torch.nn.BatchNorm2d).eval()
    for number in range(2):
        block, their_block = ours.mask_head[number], theirs[number]
        their_block[0].weight.data.copy_(block[0].weight)
        their_block[1].load_state_dict(block[1].state_dict())
    pool = MultiScaleRoIAlign(["0"], ours.mask_size, 2)
    image = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        output = ours(image)
        features = {"0": ours.backbone(image)}
        cut = pool(features, [*(64 * output[..., :4])], [(64, 64)] * 2)
        masks = ours.mask_head[2](theirs(cut))  # 1x1, as their predictor ends

    assert torch.allclose(output[..., 7:].flatten(0, 1), masks.flatten(1), atol=1e-4)


def test_a_picture_without_an_object_has_losses() -> None:
    """
    It teaches what is background, and no mask.
    """
    torch.manual_seed(0)
    model = mask_rcnn(width=4, hidden=16)
    empty = torch.zeros(2, 2, 64, 64, dtype=torch.uint8)
    losses = model(torch.rand(2, 3, 64, 64), empty)
    losses.sum().backward()

    assert losses.isfinite().all()
    assert losses[[1, 3, 4]].tolist() == [0, 0, 0]


def test_the_loss_of_a_mask_is_for_the_right_pixels() -> None:
    """
    A head that answers with the features themselves, which are the disk, has learnt it;
    one that answers with the negative has it all wrong.
    """
    torch.manual_seed(0)
    model = mask_rcnn(width=4, hidden=16)
    model.stride = 1
    target = disks()[None]
    true = boxes_of_maps(target)
    shown = (target[:, :1] > 0).float() - 0.5
    shown = torch.nn.functional.pad(shown, (0, 1, 0, 1))[..., :64, :64]
    losses = []
    for sign in (20.0, -20.0):
        model.mask_head = torch.nn.Sequential(Times(sign))  # type: ignore[assignment]
        losses.append(model.mask_loss(shown, true[..., 1:], target[:, 0], true).item())

    assert losses[0] < 1 < 5 < losses[1]


class Times(torch.nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return self.factor * x


@pytest.mark.parametrize("seed", range(3))
def test_map_and_picture_move_together(seed: int) -> None:
    """
    A picture that shows its own map still does, whatever the augmentation.
    """
    target = torch.stack([disks(seed), disks(seed + 7)])
    image = 2.0 * (target[:, :1] > 0).float().expand(-1, 3, -1, -1) - 1
    settings = NucleusAugmentation(
        crop=48, brightness_contrast_std=0, channel_shift_std=0
    )
    moved, maps = augment_nuclei(
        image, target, settings, torch.Generator().manual_seed(seed)
    )
    same = ((moved[:, 0] > 0) == (maps[:, 0] > 0)).float().mean()

    assert moved.shape == (2, 3, 48, 48)
    assert maps.shape == (2, 2, 48, 48)
    assert maps.dtype == torch.uint8
    assert 0 < (maps[:, 0] > 0).float().mean() < 1
    assert same > 0.98


# The baseline


def test_the_threshold_is_between_the_kinds() -> None:
    """
    Of grey values around 50 and around 180.
    """
    random = torch.Generator().manual_seed(0)
    dark = 50 + 8 * torch.randn(900, generator=random)
    light = 180 + 20 * torch.randn(300, generator=random)
    grey = torch.cat([dark, light]).round().clamp(0, 255)

    assert 75 < otsu(grey) < 130


def test_disks_are_found_by_threshold_on_any_ground() -> None:
    """
    Bright on dark and dark on bright; a spot of a few pixels is left out.
    """
    target = disks()
    light = 40 + 160 * (target[0] > 0)
    light[0, :3] = 200
    pictures = torch.stack([light, 255 - light]).byte()[:, None].expand(-1, 3, -1, -1)
    found = find_by_threshold(pictures)
    measured = metrics_of_maps(found, target[:1].expand(2, -1, -1))

    assert found.amax(dim=(1, 2)).tolist() == [4, 4]
    assert measured == {"map_50": 1.0, "map": 1.0, "f1_50": 1.0}
    assert torch.equal(
        map_overlaps(found[0], target[0]).amax(dim=0).float(), torch.ones(4)
    )


def test_nuclei_are_learned() -> None:
    """
    Disks of one picture are found with their masks after some steps.
    """
    torch.manual_seed(0)
    model = mask_rcnn(
        width=8, hidden=32, sizes=(14.0,), ratios=(1.0,), proposals=30, candidates=100
    )
    target = disks()[None]
    image = (target[:, :1] > 0).float().expand(-1, 3, -1, -1).contiguous()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for _ in range(60):
        optimizer.zero_grad()
        model(image, target).sum().backward()
        optimizer.step()
    model.eval()
    with torch.inference_mode():
        output = model(image.expand(2, -1, -1, -1))
    best = output[0, output[0, :, 4].topk(4).indices]
    inside = best[:, 6:].sigmoid() > 0.5

    assert (best[:, 4] > 0).all()
    assert 0.6 < inside.float().mean() < 0.95


# Fine-tuning


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what is fine-tuned: the shipped model, or a fresh one before there is."""
    if zoo.get_spec(NAME).weights:
        return NAME
    torch.manual_seed(0)
    return str(zoo.save(zoo.build(NAME), tmp_path_factory.mktemp("fresh") / NAME))


def test_new_objects_are_learned_and_saved(started: str, tmp_path: Path) -> None:
    """
    With new labels, anchors of their sizes and a fresh head; masks go on from what they
    were. It is measured beside the mean box, and the worst are drawn.
    """
    folder = write_outlines(tmp_path / "shapes", shapes(6, seed=5))
    mine = tmp_path / "mine"
    model = zoo.finetune(started, folder, mine, epochs=1, progress=False)
    loaded: Any = zoo.load(mine)
    receipt = loaded.zoo.receipt
    picture = shapes(1, seed=6)[0].picture

    assert loaded.zoo.labels == LABELS
    assert min(loaded.zoo.options["sizes"]) > 15
    assert [m["name"] for m in receipt["metrics"]] == ["map_50", "map", "f1_50"]
    assert set(receipt["baselines"]) == {"the mean box of each label"}
    assert set(receipt["classes"]) == {*LABELS}
    assert {"masks.png", "README.md"} <= {path.name for path in mine.iterdir()}
    one, other = (
        zoo.predict(m, picture, threshold=0.05).objects for m in (model, loaded)
    )
    assert one == other


def test_anchors_are_fitted_to_the_boxes_of_masks() -> None:
    """
    As those of boxes are; too few objects change nothing.
    """
    frame: Any = zoo.get_spec(NAME).input
    target = torch.zeros(1, 2, 192, 192)
    for number, side in enumerate((12, 24, 48), 1):
        place = 60 * (number - 1)
        target[0, 0, place : place + side, place : place + side] = number

    assert fit_options(target, frame, {}) == {"sizes": (16.0, 24.0, 40.0)}
    assert fit_options(target * (target < 2), frame, {}) == {}


@pytest.mark.slow
@pytest.mark.parametrize("write", [write_outlines, write_masks])
def test_shapes_are_learned_from_thirty_pictures(
    write: Any, started: str, tmp_path: Path
) -> None:
    """
    In five minutes of one core, from outlines and from masks; a hundred other pictures
    measure it.
    """
    if not zoo.get_spec(NAME).weights:
        pytest.skip("it has no weights to begin with")
    folder = write(tmp_path / "shapes", shapes(30, seed=0))
    others = write(tmp_path / "others", shapes(100, seed=1))
    began = time.process_time()
    model = zoo.finetune(
        started, folder, tmp_path / "mine", test=others, progress=False
    )
    seconds = time.process_time() - began
    measured = {m["name"]: m["value"] for m in model.zoo.receipt["metrics"]}

    assert measured["map_50"] >= 0.7, (measured, seconds)
    assert seconds < 60 * 5, (measured, seconds)
