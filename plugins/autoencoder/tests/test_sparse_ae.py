"""What only the sparse autoencoder promises; the rest is in zoo.testing."""

import numpy as np
import pytest
import torch
from PIL import Image
from zoo_autoencoder.sparse_ae import keep_largest, sparse_autoencoder
from zoo_autoencoder.sparse_ae_recipe import evaluate
from zoo_autoencoder.sparse_ae_report import filter_images

import zoo
from zoo.recipes import TensorRows


def test_the_sizes_are_784_256_784_with_one_matrix() -> None:
    """
    The decoder has the encoder's weights, so there is one matrix, and two biases.
    """
    counts = [p.numel() for p in sparse_autoencoder().parameters()]

    assert counts == [256 * 784, 256, 784]


def test_it_computes_what_the_paper_says() -> None:
    """
    The same numbers come out of NumPy, by sorting each code.
    """
    torch.manual_seed(0)
    model, image = sparse_autoencoder(active=7).eval(), torch.rand(3, 1, 28, 28)
    with torch.no_grad():
        model.bias.normal_()
        model.pixel_bias.normal_()
    filters, bias, shift = (one.detach().numpy() for one in model.parameters())
    code = image.numpy().reshape(3, 784) @ filters.T + bias
    for one in code:
        one[np.argsort(one)[:-7]] = 0
    logits = (code @ filters + shift).reshape(3, 1, 28, 28)

    assert model.encode(image).detach().numpy() == pytest.approx(code, abs=1e-5)
    assert model(image).detach().numpy() == pytest.approx(logits, abs=1e-4)


def test_the_largest_are_kept_and_they_alone_have_gradients() -> None:
    """
    By value, not by size: a large number below zero is not kept.
    """
    code = torch.tensor([[3.0, -9.0, 1.0, 2.0]], requires_grad=True)
    kept = keep_largest(code, 2)
    kept.sum().backward()

    assert kept.tolist() == [[3.0, 0.0, 0.0, 2.0]]
    assert code.grad is not None
    assert code.grad.tolist() == [[1.0, 0.0, 0.0, 1.0]]


def test_at_most_a_tenth_of_the_units_is_active_for_any_image() -> None:
    """
    Digits, noise, black and white alike have 25 of 256.
    """
    model = zoo.load("sparse-ae-mnist")
    paths = [
        zoo.example("sparse-ae-mnist").with_name(name)
        for name in ("seven.png", "five.png")
    ]
    noise = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    others = [Image.fromarray(noise), Image.new("L", (28, 28)), _white()]
    codes = zoo.encode(model, [*paths, *others])

    assert codes.shape == (5, 256)
    assert (codes != 0).sum(dim=1).tolist() == [25] * 5


def test_the_error_is_ahead_of_as_many_principal_components() -> None:
    """
    In the receipt of the shipped weights: half of theirs, or less.
    """
    metric = zoo.get_spec("sparse-ae-mnist").metrics[0]

    assert metric.name == "mse"
    assert metric.baseline_name == "25 principal components"
    assert metric.baseline is not None
    assert metric.value < metric.baseline / 2


def test_the_error_is_the_mean_over_pixels() -> None:
    """
    It is that of torch.nn.MSELoss.
    """
    torch.manual_seed(0)
    model, pixels = sparse_autoencoder(), torch.rand(4, 1, 28, 28)
    rows = TensorRows(input=pixels, target=torch.zeros(4), source="made/test")
    expected = torch.nn.MSELoss()(model(pixels).sigmoid(), pixels).item()

    assert evaluate(model, rows)["mse"] == pytest.approx(expected, rel=1e-4)


def test_the_digits_are_reconstructed_and_keep_their_class() -> None:
    """
    The shipped seven and five come back as what they were.
    """
    for name, digit in (("seven.png", "7"), ("five.png", "5")):
        path = zoo.example("sparse-ae-mnist").with_name(name)
        again = zoo.reconstruct("sparse-ae-mnist", path).image

        assert zoo.predict("lenet5-mnist", again).label == digit


def test_filters_are_drawn_by_how_often_they_are_active() -> None:
    """
    With zero gray, and the largest number of either sign white or black.
    """
    filters = torch.zeros(2, 784)
    filters[0, 0], filters[1, 5] = -2.0, 0.5
    busy, rare = filter_images(filters, torch.tensor([0.1, 0.9]))

    assert (busy.getpixel((5, 0)), busy.getpixel((0, 0))) == (255, 128)
    assert (rare.getpixel((0, 0)), rare.getpixel((5, 0))) == (0, 128)


def _white() -> Image.Image:
    return Image.new("L", (28, 28), 255)
