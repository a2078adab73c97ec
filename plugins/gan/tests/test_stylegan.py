"""What only the small StyleGAN promises."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d
from zoo_gan.stylegan import GAIN, Generator, ModulatedConv2d, stylegan
from zoo_gan.stylegan_recipe import framed, mixing_layer
from zoo_gan.stylegan_report import mixed_styles

import zoo
from zoo.errors import OptionError


@pytest.fixture
def model() -> Generator:
    """A small generator, whose styles and noise count."""
    torch.manual_seed(0)
    made = stylegan(latent_dim=8, channels=(8, 6, 4, 2)).eval()
    made.mean_style.normal_()
    for conv in made.convs:
        conv.noise_strength.data.fill_(0.1)
    return made


def noise(rows: int = 4) -> Tensor:
    return torch.randn(rows, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("up", [False, True])
def test_a_batch_is_convolved_by_each_images_own_kernel(*, up: bool) -> None:
    """
    The equations of Karras et al., 2020: kernels scaled by the style, and divided by
    their norm; of a transposed convolution each output sees a quarter of a kernel.
    """
    torch.manual_seed(0)
    conv, features = ModulatedConv2d(5, 3, style_dim=4, up=up), torch.randn(2, 5, 6, 6)
    style = torch.randn(2, 4)
    found = conv(features, style)

    for row in range(2):
        scale, one = conv.affine(style[row, None])[0], features[row, None]
        if up:
            kernel = conv.weight * scale[:, None, None, None]
            norm = (kernel.square().sum(dim=(0, 2, 3)) / 4 + 1e-8).sqrt()
            kernel = GAIN * kernel / norm[None, :, None, None]
            expected = conv_transpose2d(one, kernel, stride=2, padding=1)
        else:
            kernel = conv.weight * scale[None, :, None, None]
            norm = (kernel.square().sum(dim=(1, 2, 3)) + 1e-8).sqrt()
            kernel = GAIN * kernel / norm[:, None, None, None]
            expected = conv2d(one, kernel, padding=1)
        assert torch.allclose(found[row, None], expected, atol=1e-5)


@pytest.mark.parametrize("up", [False, True])
def test_demodulation_keeps_the_variance(*, up: bool) -> None:
    """
    Features of variance one leave with that of the gain, whatever the scale of a style.
    """
    torch.manual_seed(0)
    conv = ModulatedConv2d(32, 32, style_dim=4, up=up)
    features, style = torch.randn(8, 32, 16, 16), 5 * torch.randn(8, 4)
    inner = conv(features, style)[:, :, 2:-2, 2:-2]

    assert inner.std().item() == pytest.approx(GAIN, rel=0.1)


def test_an_image_depends_on_the_direction_of_its_noise_alone(model: Generator) -> None:
    """
    Noise is brought to one length first.
    """
    assert torch.allclose(model(noise()), model(3 * noise()), atol=1e-4)


def test_a_truncation_of_zero_draws_the_mean_style(model: Generator) -> None:
    """
    All rows of noise give one image then; half-way styles are half as far from the
    mean, and a truncation of 1 changes nothing.
    """
    whole, mean = model.styles(noise())[0], model(noise(), truncation=0.0)
    half = model.styles(noise(), 0.5)[0]

    assert torch.allclose(mean, mean[:1].expand_as(mean))
    assert torch.allclose(half, (whole + model.mean_style) / 2, atol=1e-6)
    assert torch.equal(model(noise(), truncation=1.0), model(noise()))


def test_truncation_does_not_count_in_training(model: Generator) -> None:
    """
    Styles are then as they were.
    """
    model.train()

    assert torch.equal(model.styles(noise(), 0.5)[0], model.styles(noise())[0])


def test_truncation_is_an_option_of_sampling() -> None:
    """
    Of an untrained generator, whose mean style is zero: no two samples are the same,
    and those of the mean style all are; a number out of its range is refused.
    """
    torch.manual_seed(0)
    untrained = zoo.build("stylegan-mini")
    whole, mean = (zoo.sample(untrained, 3, seed=0, truncation=psi) for psi in (1, 0))

    assert len({one.image.tobytes() for one in whole}) == 3
    assert len({one.image.tobytes() for one in mean}) == 1
    with pytest.raises(OptionError) as told:
        zoo.sample(untrained, 3, truncation=2)
    assert str(told.value) == (
        "Model 'stylegan-mini': truncation=2 should be a number from 0 to 1.5. "
        "Options: n, seed, truncation."
    )


def test_mixed_styles_come_from_both(model: Generator) -> None:
    """
    From layer 0 on all styles are of the second noise, from the last on none; between
    them images are neither's.
    """
    coarse, fine = noise(), noise().flip(0)
    mixed = model.mix(coarse, fine, 3)

    assert torch.equal(model.mix(coarse, fine, 0), model(fine))
    assert torch.equal(model.mix(coarse, fine, 7), model(coarse))
    assert not torch.allclose(mixed, model(coarse))
    assert not torch.allclose(mixed, model(fine))


def test_the_table_of_mixed_styles_has_samples_at_its_borders(model: Generator) -> None:
    """
    Seven by seven images, of which the first is white.
    """
    images = mixed_styles(model).unflatten(0, (7, 7))
    generator = torch.Generator().manual_seed(0)
    coarse, fine = torch.randn(2, 6, 8, generator=generator)
    expected = (model.mix(coarse[2, None], fine[4, None], 3) + 1) / 2

    assert (images[0, 0] == 1).all()
    assert torch.allclose(images[3, 5], expected[0].clamp(0, 1), atol=1e-5)


def test_noise_is_drawn_in_training_and_fixed_else(model: Generator) -> None:
    """
    The same styles draw the same image in eval mode, and another one in training.
    """
    styles = model.styles(noise())

    assert torch.equal(model.synthesize(styles), model.synthesize(styles))
    model.train()
    assert not torch.equal(model.synthesize(styles), model.synthesize(styles))


def test_the_mean_style_follows_styles_in_training_alone(model: Generator) -> None:
    """
    By a small step towards the mean of the batch.
    """
    before = model.mean_style.clone()
    model.styles(noise())
    assert torch.equal(model.mean_style, before)

    model.train()
    mean = model.styles(noise())[0].mean(dim=0)
    assert torch.allclose(model.mean_style, before + 0.005 * (mean - before), atol=1e-6)


def test_a_change_of_styles_is_at_a_layer_between_the_first_and_the_last() -> None:
    """
    In a share of the steps; in the others none is changed.
    """
    torch.manual_seed(0)
    layers = [mixing_layer(0.5, 7) for _ in range(400)]

    assert set(layers) == set(range(1, 8))
    assert layers.count(7) == pytest.approx(200, abs=40)
    assert {mixing_layer(0.0, 7) for _ in range(50)} == {7}


def test_the_frame_is_black() -> None:
    """
    Two pixels on each side.
    """
    image = framed(torch.ones(1, 1, 28, 28))

    assert image.shape == (1, 1, 32, 32)
    assert image.sum() == 28 * 28
    assert (image[:, :, 2:30, 2:30] == 1).all()


def test_samples_are_the_same_after_a_reload() -> None:
    """
    Sixteen images by seed zero, from two loads and from the noise itself.
    """
    first, again = (zoo.sample(zoo.load("stylegan-mini"), 16, seed=0) for _ in range(2))
    drawn_from = torch.randn(16, 64, generator=torch.Generator().manual_seed(0))
    drawn = zoo.predict("stylegan-mini", drawn_from)

    for other in (again, drawn):
        assert [one.image.tobytes() for one in first] == [
            one.image.tobytes() for one in other
        ]


def test_truncated_samples_vary_less() -> None:
    """
    By the receipt, and of a few samples.
    """
    loaded = zoo.load("stylegan-mini")
    measured = loaded.zoo.receipt["measured"]
    whole = zoo.sample(loaded, 16, seed=0)
    mean = zoo.sample(loaded, 16, seed=0, truncation=0.0)

    assert measured["truncated_variety"] < measured["variety"]
    assert len({one.image.tobytes() for one in whole}) == 16
    assert len({one.image.tobytes() for one in mean}) == 1
