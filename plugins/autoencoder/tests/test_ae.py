"""What only the plain autoencoder promises; the rest is in zoo.testing."""

import pytest
import torch
from PIL import Image
from zoo_autoencoder.ae import autoencoder

import zoo
from zoo.errors import VerbError


def test_the_sizes_are_the_courses() -> None:
    """
    784-64-784.
    """
    counts = [p.numel() for p in autoencoder().parameters()]

    assert counts == [50_176, 64, 50_176, 784]


def test_it_computes_what_its_layers_say() -> None:
    """
    The same numbers come out of matrix products.
    """
    torch.manual_seed(0)
    model, image = autoencoder().eval(), torch.rand(3, 1, 28, 28)
    weight, bias, back, shift = model.parameters()
    code = (image.flatten(start_dim=1) @ weight.T + bias).relu()
    found = (code @ back.T + shift).view(3, 1, 28, 28)

    assert torch.allclose(model.encode(image), code, atol=1e-5)
    assert torch.allclose(model(image), found, atol=1e-5)


def test_the_boot_is_reconstructed() -> None:
    """
    The shipped boot and its reconstruction are a few gray levels apart.
    """
    path = zoo.example("ae-fashion-mnist")
    again = zoo.reconstruct("ae-fashion-mnist", path).image
    with Image.open(path) as boot:
        image, reconstruction = (
            torch.frombuffer(bytearray(one.tobytes()), dtype=torch.uint8).float() / 255
            for one in (boot, again)
        )

    assert (image - reconstruction).square().mean() < 0.01


def test_it_can_not_sample() -> None:
    """
    An autoencoder without a distribution of codes has no samples, and says what it can.
    """
    model = zoo.build("ae-fashion-mnist")

    with pytest.raises(VerbError) as told:
        zoo.sample(model)

    assert str(told.value) == (
        "Model 'ae-fashion-mnist' can't sample: its module has no method 'sample'. "
        "It can be used with zoo.predict, zoo.encode, zoo.reconstruct, "
        "zoo.interpolate."
    )
