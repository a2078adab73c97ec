"""What only the VGGs promise; the rest is in zoo.testing."""

import pytest
import torch
from sklearn.metrics import confusion_matrix
from torch import nn
from torchvision.models import VGG as TorchvisionVGG
from torchvision.models import vgg16 as torchvision_vgg16
from torchvision.models import vgg16_bn as torchvision_vgg16_bn
from torchvision.models.vgg import make_layers
from zoo_vgg.report import worst_confusions
from zoo_vgg.vgg import VGG, vgg16, vgg_small

import zoo

NAME = "vgg-small-cifar10"


def small_of_torchvision(model: VGG, *, batch_norm: bool) -> TorchvisionVGG:
    """Torchvision's layers, of the widths of a small VGG and with its tensors."""
    widths = [p.out_channels for p in model.features if isinstance(p, nn.Conv2d)]
    plan: list[str | int] = [*widths[:2], "M", *widths[2:4], "M", *widths[4:], "M"]
    linear = [p for p in model.classifier if isinstance(p, nn.Linear)]
    other = TorchvisionVGG(make_layers(plan, batch_norm), init_weights=False)
    other.avgpool = nn.Identity()
    for place, layer in zip((0, 3, 6), linear, strict=True):
        other.classifier[place] = nn.Linear(layer.in_features, layer.out_features)
    other.load_state_dict(model.state_dict())
    return other


@pytest.mark.parametrize("batch_norm", [False, True])
def test_its_tensors_have_the_names_and_shapes_of_torchvisions(
    batch_norm: bool,
) -> None:
    """
    Of VGG-16 with normalisation or without it; 138,357,544 parameters without it.
    """
    theirs = torchvision_vgg16_bn if batch_norm else torchvision_vgg16
    with torch.device("meta"):
        expected, model = theirs().state_dict(), vgg16(batch_norm=batch_norm)
    found = model.state_dict()

    assert [(n, t.shape) for n, t in found.items()] == [
        (n, t.shape) for n, t in expected.items()
    ]
    if not batch_norm:
        assert sum(p.numel() for p in model.parameters()) == 138_357_544


@pytest.mark.parametrize("size", [(64, 64), (33, 70)])
def test_it_gives_torchvisions_logits(size: tuple[int, int]) -> None:
    """
    With the random weights of torchvision's VGG-16, bit for bit, whatever the size of
    the image.
    """
    torch.manual_seed(0)
    other = torchvision_vgg16(init_weights=False).eval()
    with torch.device("meta"):
        model = vgg16().eval()
    model.load_state_dict(other.state_dict(), assign=True)
    image = torch.randn(1, 3, *size)

    with torch.inference_mode():
        assert torch.equal(model(image), other(image))


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_small_one_gives_the_logits_and_gradients_of_torchvisions_layers(
    batch_norm: bool,
) -> None:
    """
    With the same weights, in training, which moves the statistics, and in eval mode.
    """
    torch.manual_seed(0)
    model = vgg_small(width=4, hidden=(16, 8), batch_norm=batch_norm)
    other = small_of_torchvision(model, batch_norm=batch_norm)
    for layer in other.classifier:
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
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


def test_the_trained_weights_give_the_logits_of_torchvisions_layers() -> None:
    """
    The shipped weights are those of a VGG with batch normalisation.
    """
    model = zoo.load(NAME)
    other = small_of_torchvision(model, batch_norm=True).eval()
    image = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        assert torch.allclose(model(image), other(image), atol=1e-4)


def test_the_courses_size_is_the_courses() -> None:
    """
    9,457,962 parameters with sixteen channels in the first layer, and no options.
    """
    model = zoo.build(NAME, width=16, hidden=(2048, 256), batch_norm=False)
    widths = [p.out_channels for p in model.features if isinstance(p, nn.Conv2d)]

    assert widths == [16, 32, 64, 128, 128, 256]
    assert sum(p.numel() for p in model.parameters()) == 9_457_962
    assert sum(p.numel() for p in vgg_small().parameters()) == 9_457_962


def test_each_stack_halves_the_maps() -> None:
    """
    32, 16, 8 and 4 pixels; averaging to four changes nothing there.
    """
    model, image = vgg_small(width=2, hidden=(4,)), torch.rand(1, 3, 32, 32)
    sizes = []
    for layer in model.features:
        image = layer(image)
        if isinstance(layer, nn.MaxPool2d):
            sizes.append(tuple(image.shape[1:]))

    assert sizes == [(4, 16, 16), (16, 8, 8), (32, 4, 4)]
    assert torch.equal(model.avgpool(image), image)


def test_what_an_image_shows_reaches_the_last_maps_at_the_start() -> None:
    """
    He's initialization keeps the differences between images through thirteen
    convolutions without normalisation; torch's own draws lose them.
    """
    torch.manual_seed(0)
    stacks = ((16, 16), (16, 16), (16, 16, 16), (16, 16, 16), (16, 16, 16))
    model = VGG(stacks, pooled=1, hidden=(16,), classes=10).features
    image = torch.randn(16, 3, 32, 32)
    at_start = model(image).std(dim=0).mean()
    for layer in model:
        if isinstance(layer, nn.Conv2d):
            layer.reset_parameters()

    assert at_start > 0.01
    assert model(image).std(dim=0).mean() < at_start / 1000


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


def test_it_is_far_better_than_the_softmax_regression() -> None:
    """
    What the receipt measured, on the same rows of the test split.
    """
    (accuracy,) = (m for m in zoo.get_spec(NAME).metrics if m.name == "accuracy")

    assert accuracy.value >= 0.82
    assert accuracy.baseline is not None
    assert accuracy.value > accuracy.baseline + 0.3


def test_the_example_is_taken_for_a_dog() -> None:
    """
    The photograph of a cat, which is not of CIFAR-10; the card says so.
    """
    assert zoo.predict(NAME, zoo.example(NAME)).label == "dog"
    assert "a cat is taken for a dog" in " ".join(zoo.card(NAME).split())
