"""What only the GAN of multilayer perceptrons promises."""

import io

import pytest
import torch
from PIL import Image
from zoo_gan import dcgan_recipe
from zoo_gan.gan import Discriminator, Generator
from zoo_gan.gan_recipe import data, train
from zoo_gan.sheets import animation, png, sheet

import zoo


def test_the_networks_are_perceptrons() -> None:
    """
    Each layer of the generator is one matrix; the discriminator turns images into a
    logit each, and a layer more is a layer more.
    """
    torch.manual_seed(0)
    model, discriminator = zoo.build("gan-mnist"), Discriminator(hidden=(8, 4))
    image = model.eval()(torch.randn(3, 64))

    assert [tuple(p.shape) for p in model.parameters() if p.ndim == 2] == [
        (512, 64),
        (768, 512),
        (784, 768),
    ]
    assert image.shape == (3, 1, 28, 28)
    assert image.abs().max() <= 1
    assert discriminator(image).shape == (3,)
    assert len(list(zoo.build("gan-mnist", hidden=(8, 8, 8)).parameters())) == 11


def test_pixels_of_the_discriminator_have_no_neighbors() -> None:
    """
    Images whose pixels are in another order have the same logits, where the first
    layer's weights are in that order too.
    """
    torch.manual_seed(0)
    order = torch.randperm(28 * 28)
    plain, moved = (Discriminator(hidden=(8,)).eval() for _ in range(2))
    moved.load_state_dict(plain.state_dict())
    moved.features[1].weight.data = plain.features[1].weight.data[:, order]
    image = torch.rand(5, 1, 28, 28)
    other = image.flatten(1)[:, order].view_as(image)

    assert torch.allclose(plain(image), moved(other), atol=1e-6)


def test_the_recipe_needs_no_other_rows_than_the_dcgans() -> None:
    """
    Both learn from the same digits, so that their distances can be compared.
    """
    assert data is dcgan_recipe.data
    assert train is not dcgan_recipe.train


def test_samples_are_the_same_after_a_reload() -> None:
    """
    Sixteen digits by seed zero, from two loads and from the noise itself.
    """
    first, again = (zoo.sample(zoo.load("gan-mnist"), 16, seed=0) for _ in range(2))
    noise = torch.randn(16, 64, generator=torch.Generator().manual_seed(0))
    drawn = zoo.predict("gan-mnist", noise)

    assert isinstance(zoo.load("gan-mnist"), Generator)
    for other in (again, drawn):
        assert [one.image.tobytes() for one in first] == [
            one.image.tobytes() for one in other
        ]


def test_all_ten_digits_are_drawn() -> None:
    """
    By the receipt each is at least four in a hundred of ten thousand samples, as
    LeNet-5 classifies them.
    """
    samples = [one.image for one in zoo.sample("gan-mnist", 200, seed=0)]
    read = zoo.predict("lenet5-mnist", samples)

    assert zoo.load("gan-mnist").zoo.receipt["measured"]["min_class_fraction"] >= 0.04
    assert {one.label for one in read} == set("0123456789")


def test_a_sheet_has_images_of_one_or_three_channels() -> None:
    """
    Side by side; what is beyond black and white is cut off.
    """
    gray = sheet(torch.full((3, 1, 4, 4), 1.5), columns=3)
    color = sheet(torch.tensor([1.0, 0.0, -1.0]).view(1, 3, 1, 1).expand(1, 3, 4, 4))

    assert gray.mode == "L"
    assert gray.getextrema()[1] == 255
    assert color.mode == "RGB"
    assert color.getpixel((4, 4)) == (255, 0, 0)
    assert png(gray).startswith(b"\x89PNG")


@pytest.mark.parametrize("channels", [1, 3])
def test_an_animation_has_a_frame_for_each_epoch(channels: int) -> None:
    """
    Of gray images and of images in color.
    """
    epochs = [torch.full((4, channels, 4, 4), 80 * n).byte() for n in range(3)]
    made = Image.open(io.BytesIO(animation(epochs, columns=2)))

    assert made.n_frames == 3
