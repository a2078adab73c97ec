"""What only the deep autoencoder promises; the rest is in zoo.testing."""

import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import linear
from zoo_autoencoder.deep_ae import deep_autoencoder
from zoo_autoencoder.deep_ae_recipe import evaluate

import zoo
from zoo.recipes import TensorRows


def test_the_sizes_are_the_papers() -> None:
    """
    784-1000-500-250-30 and back.
    """
    sizes = [layer.weight.shape for layer in _linear(deep_autoencoder())]

    assert [tuple(size) for size in sizes] == [
        (1000, 784),
        (500, 1000),
        (250, 500),
        (30, 250),
        (250, 30),
        (500, 250),
        (1000, 500),
        (784, 1000),
    ]


def test_it_computes_what_its_layers_say() -> None:
    """
    Matrix products with ReLU between them; none follows the code or the logits.
    """
    torch.manual_seed(0)
    model, image = deep_autoencoder().eval(), torch.rand(3, 1, 28, 28)
    values, codes = image.flatten(start_dim=1), torch.empty(0)
    for number, layer in enumerate(_linear(model)):
        values = linear(values, layer.weight, layer.bias)
        if number == 3:
            codes = values
        elif number < 7:
            values = values.relu()

    assert (codes < 0).any()
    assert torch.allclose(model.encode(image), codes, atol=1e-4)
    assert torch.allclose(model(image), values.view(3, 1, 28, 28), atol=1e-4)


def test_the_signal_keeps_its_size_through_the_layers() -> None:
    """
    With the weights of He and others the last hidden layer of fresh weights is as large
    as the code it comes from; with torch's own it would be a hundred times smaller.
    """
    torch.manual_seed(0)
    model, code = deep_autoencoder(), torch.randn(200, 30)
    hidden = model.decoder[:-1](code)

    assert 0.5 < hidden.square().mean().sqrt().item() < 2


def test_the_squared_error_is_summed_over_the_pixels_of_an_image() -> None:
    """
    It is that of torch.nn.MSELoss times the number of pixels.
    """
    torch.manual_seed(0)
    model, pixels = deep_autoencoder(), torch.rand(4, 1, 28, 28)
    rows = TensorRows(input=pixels, target=torch.zeros(4), source="made/test")
    expected = nn.MSELoss()(model(pixels).sigmoid(), pixels).item()
    found = evaluate(model, rows)

    assert found["mse"] == pytest.approx(expected, rel=1e-4)
    assert found["squared_error"] == pytest.approx(784 * expected, rel=1e-4)


def test_the_digits_are_reconstructed_and_keep_their_class() -> None:
    """
    The shipped seven and five come back with a small error, as what they were.
    """
    for name, digit in (("seven.png", "7"), ("five.png", "5")):
        path = zoo.example("deep-ae-mnist").with_name(name)
        again = zoo.reconstruct("deep-ae-mnist", path).image
        with Image.open(path) as original:
            image, reconstruction = (
                torch.frombuffer(bytearray(one.tobytes()), dtype=torch.uint8) / 255
                for one in (original, again)
            )

        assert (image - reconstruction).square().sum() < 14.4  # of as many components
        assert zoo.predict("lenet5-mnist", again).label == digit


def _linear(model: nn.Module) -> list[nn.Linear]:
    return [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
