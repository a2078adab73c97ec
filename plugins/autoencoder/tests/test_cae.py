"""What only the denoiser of digits promises; the rest is in zoo.testing."""

import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional
from zoo_autoencoder.cae import cae

import zoo

NAME = "cae-denoise-mnist"


def test_the_sizes_are_the_courses() -> None:
    """
    16 and 8 channels down, 8 and 16 up again: 12,065 parameters, 392 numbers in the
    middle.
    """
    model, image = cae(), torch.rand(2, 1, 28, 28)
    channels = [p.shape[0] for p in model.parameters() if p.ndim == 4]

    assert channels == [16, 16, 16, 8, 8, 8, 8, 16, 16, 16, 1]
    assert sum(p.numel() for p in model.parameters()) == 12_065
    assert model.encode(image).shape == (2, 392)
    assert model.decode(model.encode(image)).shape == image.shape


def test_the_options_are_more_channels_and_normalisation() -> None:
    """
    `zoo.build` of the shipped model can be told the course's sizes.
    """
    found = zoo.build(NAME, inner=8, batch_norm=False)

    assert sum(p.numel() for p in found.parameters()) == 12_065
    assert cae(outer=4, inner=6).encode(torch.rand(1, 1, 28, 28)).shape == (1, 294)


def test_the_trained_weights_give_what_the_equations_say() -> None:
    """
    Written out with torch's functions: convolution, normalisation by the running
    statistics, ReLU, average pooling, and upsampling by a matrix for each of the four
    pixels that one becomes.
    """
    model = zoo.load(NAME)
    weights = {n: t.float() for n, t in model.state_dict().items()}
    image = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))

    def block(part: str, at: int, x: Tensor) -> Tensor:
        for place in (at, at + 3):
            conv, norm = f"{part}.{place}", f"{part}.{place + 1}"
            x = functional.conv2d(x, weights[f"{conv}.weight"], padding=1)
            mean, var = (weights[f"{norm}.running_{s}"] for s in ("mean", "var"))
            x = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
            x = x * weights[f"{norm}.weight"][:, None, None]
            x = (x + weights[f"{norm}.bias"][:, None, None]).clamp(min=0)
        return x

    def pool(x: Tensor) -> Tensor:
        return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2]) / 4 + (
            x[..., 1::2, 1::2] / 4
        )

    def up(part: str, x: Tensor) -> Tensor:
        weight, bias = weights[f"{part}.weight"], weights[f"{part}.bias"]
        made = torch.einsum("bchw,cokl->bohkwl", x, weight)
        count, maps, height, _, width, _ = made.shape
        return made.reshape(count, maps, 2 * height, 2 * width) + bias[:, None, None]

    code = pool(block("encoder", 7, pool(block("encoder", 0, image))))
    maps = up("decoder.6", block("decoder", 0, code))
    maps = up("decoder.13", block("decoder", 7, maps))
    last = [weights[f"decoder.14.{part}"] for part in ("weight", "bias")]
    expected = functional.conv2d(maps, *last, padding=1)

    with torch.inference_mode():
        assert torch.allclose(model(image), expected, atol=1e-3)


def test_it_is_ahead_of_ridge_regression() -> None:
    """
    In the receipt of the shipped weights, by one and a half decibels or more; and more
    digits can be read.
    """
    receipt = zoo.load(NAME).zoo.receipt
    (psnr,) = (m["value"] for m in receipt["metrics"] if m["name"] == "psnr")
    measured = receipt["measured"]

    assert psnr > receipt["baselines"]["ridge regression"]["psnr"] + 1.5
    assert measured["readable_denoised"] > measured["readable_noisy"] + 0.2


@pytest.mark.parametrize(("digit", "label"), [("five", "5"), ("seven", "7")])
def test_a_digit_comes_out_of_its_noise(digit: str, label: str) -> None:
    """
    The shipped example is nearer to the digit it was made of, and LeNet reads it.
    """
    path = zoo.example(NAME).with_name(f"noisy_{digit}.png")
    found = zoo.predict(NAME, path).image
    with Image.open(path.with_name(f"{digit}.png")) as file:
        clean = pixels(file)
    with Image.open(path) as file:
        before = (pixels(file) - clean).square().mean()

    assert (pixels(found) - clean).square().mean() < before / 3
    assert zoo.predict("lenet5-mnist", found).label == label


def pixels(image: Image.Image) -> Tensor:
    return torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8) / 255
