"""What only the small Vision Transformer promises; the rest is in zoo.testing."""

import pytest
import torch
from PIL import Image
from torch import nn
from zoo_vit.vit_cifar10_report import attention_distance, softmax_regression_accuracy

import zoo
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store
from zoo.datasets.in_memory import TensorRows
from zoo.models import safetensors_io as weights

NAME = "vit-cifar10"


def test_attention_to_oneself_has_no_distance() -> None:
    """
    And attention to the next patch on the right, or back from the last, has a patch's,
    or all patches of the row but one.
    """
    alone = torch.eye(5)
    right = torch.zeros(5, 5)
    right[[1, 3], [2, 4]] = 1  # the left patches of 2x2
    right[[2, 4], [1, 3]] = 1  # the right ones

    assert attention_distance(alone[None], 16).tolist() == [0]
    assert attention_distance(right[None], 16).tolist() == [16]


def test_the_class_token_has_no_place() -> None:
    """
    What goes to it or comes from it does not count; the rest is weighed as it is.
    """
    maps = torch.zeros(1, 5, 5)
    maps[:, 0] = 0.2
    maps[:, 1:, 0] = 0.9
    maps[:, 1, 1] = maps[:, 1, 4] = 0.05  # a half here, a half across the square

    (found,) = attention_distance(maps, 8).tolist()
    assert found == pytest.approx(8 * 2**0.5 / 2)


def rows(seed: int, *, moved: int) -> TensorRows:
    """Noise; with `moved`, a picture of class 1 is lighter by so much in its red."""
    random = torch.Generator().manual_seed(seed)
    target = torch.arange(40) % 2
    image = torch.randint(0, 100, (40, 3, 32, 32), generator=random)
    image[:, 0] += moved * target.view(-1, 1, 1)
    return TensorRows(
        input=image.to(torch.uint8), target=target, source="drawn", fingerprint=""
    )


def test_the_softmax_regression_reads_pixels_and_nothing_else() -> None:
    """
    It tells light from dark red on pictures it has not seen, and in noise it guesses.
    """
    assert softmax_regression_accuracy(rows(0, moved=50), rows(1, moved=50)) == 1.0
    assert 0.2 < softmax_regression_accuracy(rows(0, moved=0), rows(1, moved=0)) < 0.8


def test_the_figures_of_the_receipt_fit_each_other() -> None:
    """
    Each class has as many test rows: the mean of their recalls is the accuracy, and so
    is what is right where the model is confident and where it is not.
    """
    receipt = checkpoints.read_receipt(store.shipped_checkpoint(zoo.get_spec(NAME)))
    told, accuracy = receipt["measured"], receipt["metrics"][0]["value"]
    recalls = [told[f"recall_{label}"] for label in zoo.get_spec(NAME).labels]
    parts = told["confident"] * told["accuracy_confident"]
    parts += (1 - told["confident"]) * told["accuracy_not_confident"]

    assert sum(recalls) / 10 == pytest.approx(accuracy, abs=1e-6)
    assert parts == pytest.approx(accuracy, abs=1e-6)


@torch.inference_mode()
def test_its_answer_depends_on_attention_to_patches() -> None:
    """
    The trained maps are probabilities, and are not all alike.
    """
    model = zoo.load(NAME)
    maps = model.attention_maps(torch.randn(4, 3, 32, 32))

    assert maps.shape == (4, 4, 3, 17, 17)
    assert torch.allclose(maps.sum(dim=-1), torch.ones(4, 4, 3, 17), atol=1e-5)
    assert maps.max() > 3 / 17


def test_positions_matter_to_the_trained_model() -> None:
    """
    As the card says: in another order its accuracy falls.
    """
    receipt = checkpoints.read_receipt(store.shipped_checkpoint(zoo.get_spec(NAME)))
    told, accuracy = receipt["measured"], receipt["metrics"][0]["value"]

    assert told["accuracy_shuffled_positions"] < accuracy


def test_no_picture_without_a_licence_is_shipped() -> None:
    """
    CIFAR-10 has none: the example is of another size, and the golden is of noise, which
    differs from one pixel to the next as no picture does.
    """
    with Image.open(zoo.example(NAME)) as example:
        size = example.size
    folder = store.shipped_checkpoint(zoo.get_spec(NAME))
    held = weights.tensors(folder / "golden.safetensors")["input"]

    assert size != (32, 32)
    assert held.diff(dim=3).abs().mean() > 0.8 * held.std()


def test_the_stem_halves_the_image_thrice() -> None:
    """
    32x32 pixels become 4x4 patches of 96 numbers, before any attention.
    """
    model = zoo.build(NAME)
    patches = model.patch_embed(torch.zeros(2, 3, 32, 32))

    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert patches.shape == (2, 16, 96)
    assert [conv.stride[0] for conv in convolutions] == [2, 2, 2, 1]
