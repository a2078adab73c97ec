"""What the U-Nets of several classes promise: losses, metrics and baselines."""

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import jaccard_score
from torch import Tensor
from torch.nn import functional
from torchmetrics.classification import MulticlassJaccardIndex
from zoo_datasets.annotated_images import SPECS
from zoo_segmentation.augmentation import Augmentation, augment
from zoo_segmentation.class_report import (
    baseline_masks,
    class_ious,
    fit_pixel_classifier,
    majority_mask,
)
from zoo_segmentation.full_size import full_size_ious
from zoo_segmentation.losses import IGNORED, class_weights, pixel_cross_entropy
from zoo_segmentation.photographs import STREET, TRIMAP, Photograph

import zoo
from zoo.datasets.in_memory import TensorRows
from zoo.recipes.metrics import SEGMENTATION

CLASSES = 4


def masks(rows: int = 5, side: int = 24) -> tuple[Tensor, Tensor]:
    """Return predicted and true classes, the latter with pixels of no label."""
    random = torch.Generator().manual_seed(0)
    true = torch.randint(CLASSES, (rows, side, side), generator=random)
    wrong = torch.rand(true.shape, generator=random) < 0.4
    found = torch.where(wrong, true.roll(1, dims=1), true)
    true[torch.rand(true.shape, generator=random) < 0.1] = IGNORED
    return found, true.byte()


def striped(rows: int = 6) -> TensorRows:
    """Return pictures whose left half is dark and of class 0, and whose right half is
    bright and of class 1, with a column of no label between them."""
    pixels = torch.full((rows, 3, 8, 16), 20, dtype=torch.uint8)
    pixels[..., 8:] = 220
    target = (pixels[:, 0] > 128).byte()
    target[..., 8] = IGNORED
    return TensorRows(input=pixels, target=target, source="stripes/train")


def test_the_ignored_label_is_the_zoos() -> None:
    """
    The number that losses leave out is the one that metrics leave out.
    """
    assert zoo.MaskOutput.ignored_label == IGNORED


# The loss


def test_the_loss_is_torchs_on_the_pixels_that_have_a_label() -> None:
    """
    Chosen by hand, weighted and averaged, they give the same number.
    """
    _, true = masks()
    logits = torch.randn(
        len(true), CLASSES, 24, 24, generator=torch.Generator().manual_seed(1)
    )
    weight = torch.tensor([0.5, 1.0, 2.0, 4.0])
    known = true != IGNORED
    each = functional.cross_entropy(
        logits.permute(0, 2, 3, 1)[known], true[known].long(), reduction="none"
    )
    of_pixel = weight[true[known].long()]

    expected = (each * of_pixel).sum() / of_pixel.sum()
    assert torch.allclose(pixel_cross_entropy(logits, true, weight), expected)


def test_a_pixel_of_no_label_has_no_gradient() -> None:
    """
    Every other pixel has one.
    """
    _, true = masks()
    logits = torch.zeros(len(true), CLASSES, 24, 24, requires_grad=True)
    pixel_cross_entropy(logits, true, torch.ones(CLASSES)).backward()
    moved = logits.grad.abs().sum(dim=1) > 0  # type: ignore[union-attr]

    assert torch.equal(moved, true != IGNORED)


def test_a_batch_without_any_label_costs_nothing() -> None:
    """
    It has a gradient of zero, and no NaN.
    """
    logits = torch.randn(2, CLASSES, 4, 4, requires_grad=True)
    nothing = torch.full((2, 4, 4), IGNORED, dtype=torch.uint8)
    loss = pixel_cross_entropy(logits, nothing, torch.ones(CLASSES))
    loss.backward()

    assert loss.item() == 0
    assert not logits.grad.any()  # type: ignore[union-attr]


def test_rare_classes_weigh_more_and_a_pixel_weighs_one_on_average() -> None:
    """
    With the power of one half, a class with a ninth of the pixels of another weighs
    three times as much; pixels of no label change nothing.
    """
    target = torch.tensor([0] * 9 + [1]).byte()
    weight = class_weights(target, 3, power=0.5)
    more = class_weights(
        torch.cat([target, torch.full((7,), IGNORED).byte()]), 3, power=0.5
    )

    assert weight[1] / weight[0] == pytest.approx(3.0)
    assert (weight[target.long()]).mean() == pytest.approx(1.0)
    assert weight[2] == 0  # of which there is no pixel
    assert torch.equal(weight, more)


def test_without_a_power_every_class_weighs_the_same() -> None:
    """
    A power of zero is the plain cross-entropy.
    """
    _, true = masks()

    assert torch.allclose(class_weights(true, CLASSES, power=0.0), torch.ones(CLASSES))


# Metrics


def test_the_iou_of_each_class_is_that_of_torchmetrics() -> None:
    """
    Over the pixels of all pictures, and their mean is the zoo's metric.
    """
    found, true = masks()
    theirs = MulticlassJaccardIndex(
        num_classes=CLASSES, average="none", ignore_index=IGNORED
    )(found, true.long())
    output_spec = zoo.MaskOutput(labels=tuple("abcd"))
    logits = functional.one_hot(found, CLASSES).permute(0, 3, 1, 2).float()
    measured = SEGMENTATION.compute_metrics(logits, true, output_spec)

    assert torch.allclose(class_ious(found, true, CLASSES).float(), theirs)
    assert measured["iou"] == pytest.approx(theirs.mean().item())


def test_the_iou_of_a_picture_is_that_of_scikit_learn() -> None:
    """
    The mean over pictures of the mean over classes, without pixels of no label.
    """
    found, true = masks()
    output_spec = zoo.MaskOutput(labels=tuple("abcd"))
    logits = functional.one_hot(found, CLASSES).permute(0, 3, 1, 2).float()
    measured = SEGMENTATION.compute_metrics(logits, true, output_spec)
    theirs = [
        jaccard_score(two[two != IGNORED], one[two != IGNORED], average="macro")
        for one, two in zip(found.numpy(), true.numpy(), strict=True)
    ]

    assert measured["image_iou"] == pytest.approx(np.mean(theirs))


def test_what_is_found_where_no_label_is_does_not_count() -> None:
    """
    Another class in these pixels changes no IoU.
    """
    found, true = masks()
    other = torch.where(true == IGNORED, (found + 1) % CLASSES, found)

    assert not torch.equal(found, other)
    assert torch.equal(
        class_ious(found, true, CLASSES), class_ious(other, true, CLASSES)
    )


def test_a_class_in_neither_mask_has_no_iou() -> None:
    """
    It is NaN, so that no mean takes it for a success or for a failure.
    """
    nothing = torch.zeros(1, 2, 2).byte()

    assert class_ious(nothing, nothing, 2).isnan().tolist() == [False, True]


# Baselines


def test_the_majority_mask_is_the_commonest_class_of_each_place() -> None:
    """
    It counts by place, and leaves out pixels of no label.
    """
    target = torch.tensor([[[0, 1]], [[0, 1]], [[1, IGNORED]], [[0, IGNORED]]]).byte()

    assert majority_mask(target, 2).tolist() == [[0, 1]]


def test_the_pixel_classifier_learns_colors() -> None:
    """
    Where the bright half changes its side, its class does too.
    """
    rows = striped()
    turned = rows.input.flip(-1)
    found = fit_pixel_classifier(rows, 2)(turned)

    assert (found == (turned[:, 0] > 128)).double().mean() > 0.95


def test_baselines_answer_each_test_row() -> None:
    """
    With classes of the model, as large as the masks.
    """
    rows = striped()
    found = baseline_masks(rows, rows[:2], 2)

    assert len(found) == 3
    for mask in found.values():
        assert mask.shape == rows.target[:2].shape
        assert set(mask.unique().tolist()) <= {0, 1}


# Data


def test_a_crop_has_the_size_that_was_asked_for_and_keeps_its_labels() -> None:
    """
    Picture and mask agree, and no number is made between two classes and 255.
    """
    rows = striped()
    image = rows.input.float() / 255
    still = Augmentation(size=(4, 8), brightness_contrast_std=0.0, channel_shift_std=0)
    random = torch.Generator().manual_seed(0)
    seen, mask = augment(image, rows.target, still, random)

    assert seen.shape == (6, 3, 4, 8)
    assert mask.shape == (6, 4, 8)
    assert set(mask.unique().tolist()) <= {0, 1, IGNORED}
    known = mask != IGNORED
    assert ((seen[:, 0] > 0.5) == mask.bool())[known].double().mean() > 0.9


@pytest.mark.parametrize(
    ("numbers", "labels"), [(STREET, 11), (TRIMAP, 3)], ids=["streets", "trimaps"]
)
def test_every_number_of_a_mask_is_a_class_or_none(
    numbers: tuple[int, ...], labels: int
) -> None:
    """
    Each class of the model has a number in the masks of the set.
    """
    assert set(range(labels)) <= set(numbers) <= {*range(labels), IGNORED}


def test_the_classes_are_those_of_the_set() -> None:
    """
    In its order, without the last one, which is none.
    """
    (of_set,) = (spec.labels for spec in SPECS if spec.name == "camvid")

    assert zoo.get_spec("unet-camvid").labels == of_set[:-1]


def test_full_size_masks_are_measured_at_the_size_of_the_photograph() -> None:
    """
    A model that says one class has the IoU of that class's share of the pixels.
    """
    model = zoo.build("unet-efficientnet-lite0-trimap", width=2)
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.copy_(torch.tensor([0.0, 9.0, 0.0]))
    trimap = np.full((50, 70), 2, dtype=np.uint8)
    trimap[:10] = 1
    photo = Photograph(Image.new("RGB", (70, 50)), Image.fromarray(trimap))
    ious = full_size_ious(model, [photo], TRIMAP)

    assert ious[:2].tolist() == [0.0, pytest.approx(0.2)]
    assert ious[2].isnan()
