"""What only the course's network for CIFAR-10 promises; the rest is in zoo.testing."""

import pytest
import torch
from sklearn.metrics import confusion_matrix
from torch import nn
from zoo_cnn.cifar10_report import worst_confusions
from zoo_cnn.small_cnn import small_cnn

import zoo

NAME = "cnn-cifar10"


def as_the_course_has_it(*, batch_norm: bool) -> nn.Sequential:
    """The layers in the course's order, pooling behind ReLU."""

    def norm(channels: int) -> list[nn.Module]:
        return [nn.BatchNorm2d(channels)] if batch_norm else []

    return nn.Sequential(
        nn.Conv2d(3, 32, 3),
        *norm(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        *norm(64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3),
        *norm(64),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(1024, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def copied(model: nn.Module, other: nn.Module) -> None:
    """Copy every tensor of `model` into `other`, in its order."""
    theirs = other.state_dict().values()
    for mine, tensor in zip(model.state_dict().values(), theirs, strict=True):
        tensor.copy_(mine)


def test_the_parameter_count_is_the_courses() -> None:
    """
    896 + 18,496 + 36,928 in the convolutions, 65,600 + 650 in the linear layers.
    """
    counts = [p.numel() for p in small_cnn().parameters()]

    pairs = zip(counts[::2], counts[1::2], strict=True)
    assert [sum(pair) for pair in pairs] == [896, 18_496, 36_928, 65_600, 650]
    assert sum(counts) == 122_570


def test_batch_norm_adds_a_scale_and_a_shift_for_each_map() -> None:
    """
    Two for each of 32, 64 and 64 maps; dropout adds no parameter.
    """
    model = small_cnn(batch_norm=True, dropout=0.5)

    assert sum(p.numel() for p in model.parameters()) == 122_570 + 2 * (32 + 64 + 64)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_it_gives_the_logits_and_gradients_of_the_courses_layers(
    batch_norm: bool,
) -> None:
    """
    With the same weights, in training and in eval mode: pooling before ReLU or after it
    is the same function.
    """
    torch.manual_seed(0)
    model, other = (
        small_cnn(batch_norm=batch_norm),
        as_the_course_has_it(batch_norm=batch_norm),
    )
    copied(model, other)
    image = torch.randn(8, 3, 32, 32)

    found, expected = model(image), other(image)
    found.square().sum().backward()
    expected.square().sum().backward()

    assert torch.allclose(found, expected, atol=1e-5)
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert mine.grad is not None
        assert theirs.grad is not None
        assert torch.allclose(mine.grad, theirs.grad, rtol=1e-3, atol=1e-4)
    assert torch.allclose(model.eval()(image), other.eval()(image), atol=1e-5)


def test_the_trained_weights_give_the_logits_of_the_courses_layers() -> None:
    """
    The shipped weights are those of the course's layers with batch normalisation.
    """
    model, other = zoo.load(NAME), as_the_course_has_it(batch_norm=True)
    copied(model, other)
    image = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        assert torch.allclose(model(image), other.eval()(image), atol=1e-4)


def test_the_maps_have_the_sizes_of_unpadded_convolutions() -> None:
    """
    32 -> 30, 15 -> 13, 6 -> 4, and as many logits as classes.
    """
    model, image = small_cnn(classes=7), torch.rand(2, 3, 32, 32)

    sizes = []
    for part in model.features:
        image = part(image)
        sizes.append(tuple(image.shape[1:]))

    assert sizes == [(32, 15, 15), (64, 6, 6), (64, 4, 4)]
    assert model(torch.rand(2, 3, 32, 32)).shape == (2, 7)


def test_dropout_sets_inputs_of_the_linear_layers_to_zero_in_training_only() -> None:
    """
    With a probability of one nothing but the last bias is left.
    """
    model, image = small_cnn(dropout=1.0), torch.rand(2, 3, 32, 32)
    bias = model.classifier[-1].bias

    assert torch.allclose(model(image), bias.expand(2, 10))
    assert not torch.allclose(model.eval()(image), bias.expand(2, 10))


def test_the_worst_confusions_are_the_largest_parts_of_a_class() -> None:
    """
    The largest places off the diagonal of scikit-learn's matrix, as parts of its rows.
    """
    generator = torch.Generator().manual_seed(0)
    true, predicted = torch.randint(4, (2, 200), generator=generator)
    matrix = confusion_matrix(true, predicted, normalize="true")
    expected = sorted(
        (matrix[i, j] for i in range(4) for j in range(4) if i != j), reverse=True
    )

    found = worst_confusions(predicted, true, tuple("abcd"), 5)

    assert [part for *_, part in found] == pytest.approx(expected[:5])
    for one, other, part in found:
        place = "abcd".index(one), "abcd".index(other)
        assert matrix[place] == pytest.approx(part)


def test_it_is_far_better_than_the_softmax_regression() -> None:
    """
    What the receipt measured, on the same rows of the test split.
    """
    (accuracy,) = (m for m in zoo.get_spec(NAME).metrics if m.name == "accuracy")

    assert accuracy.value >= 0.75
    assert accuracy.baseline is not None
    assert accuracy.value > accuracy.baseline + 0.3
