"""What only the DCGAN of faces promises."""

import torch
from torch import Tensor, nn
from zoo_gan.dcgan_face import Discriminator
from zoo_gan.dcgan_face_report import gaussian_faces
from zoo_gan.diff_augment import changed_colors, diff_augment, shifted

import zoo


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def faces(rows: int = 6) -> Tensor:
    """Images in -1..1 of random pixels."""
    generator = torch.Generator().manual_seed(0)
    return 2 * torch.rand(rows, 3, 64, 64, generator=generator) - 1


def test_the_sizes_are_the_courses() -> None:
    """
    At the course's width both networks have as many parameters as there; the logit of
    the discriminator is one number an image.
    """
    assert count(zoo.build("dcgan-face", width=512)) == 3_576_704
    assert count(Discriminator(width=64)) == 2_765_697
    assert Discriminator(width=4, batch_norm=False)(faces(2)).shape == (2,)


def test_a_discriminator_without_normalization_reads_images_one_by_one() -> None:
    """
    The logit of an image does not depend on those beside it, as the penalty on its
    gradient takes for granted.
    """
    torch.manual_seed(0)
    discriminator, image = Discriminator(width=4, batch_norm=False), faces()

    assert torch.allclose(discriminator(image)[:1], discriminator(image[:1]), atol=1e-6)


def test_changes_of_images_let_gradients_through() -> None:
    """
    Each pixel that is still seen has a gradient, and none is infinite.
    """
    torch.manual_seed(0)
    image = faces().requires_grad_()
    diff_augment(image).sum().backward()

    assert image.grad is not None
    assert image.grad.isfinite().all()
    assert image.grad.abs().sum() > 0


def test_images_are_changed_differently() -> None:
    """
    Six copies of one image are no longer the same after either change.
    """
    torch.manual_seed(0)
    same = faces(1).expand(6, -1, -1, -1)

    for change in (changed_colors, shifted):
        changed = change(same)
        assert changed.shape == same.shape
        assert not torch.equal(changed[0], changed[1])


def test_a_shift_moves_by_an_eighth_at_most_and_leaves_zeros() -> None:
    """
    A white image stays white in its middle; what is moved in is zero.
    """
    torch.manual_seed(0)
    moved = shifted(torch.ones(50, 3, 64, 64))

    assert (moved[:, :, 8:-8, 8:-8] == 1).all()
    assert set(moved.unique().tolist()) == {0.0, 1.0}


def test_faces_of_the_baseline_have_the_mean_and_the_spread_of_the_data() -> None:
    """
    Of images with two directions of spread, as many components as there are give back
    their covariance.
    """
    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(2, 3 * 4 * 4, generator=generator) / 20
    weights = torch.randn(200, 2, generator=generator)
    image = (0.5 + weights @ directions).view(200, 3, 4, 4)
    drawn = gaussian_faces(image, 4000).flatten(1)

    assert torch.allclose(drawn.mean(dim=0), image.flatten(1).mean(dim=0), atol=0.01)
    assert torch.allclose(drawn.std(dim=0), image.flatten(1).std(dim=0), rtol=0.15)


def test_samples_are_the_same_after_a_reload() -> None:
    """
    Sixteen faces by seed zero, from two loads and from the noise itself.
    """
    first, again = (zoo.sample(zoo.load("dcgan-face"), 16, seed=0) for _ in range(2))
    noise = torch.randn(16, 100, generator=torch.Generator().manual_seed(0))
    drawn = zoo.predict("dcgan-face", noise)

    assert first[0].image.size == (64, 64)
    for other in (again, drawn):
        assert [one.image.tobytes() for one in first] == [
            one.image.tobytes() for one in other
        ]


def test_samples_are_faces_and_no_copies() -> None:
    """
    By the receipt they are nearer than the mean face is, and no nearer to a training
    face than held-out faces are, by features and by pixels.
    """
    receipt = zoo.load("dcgan-face").zoo.receipt
    measured, mean = receipt["measured"], receipt["baselines"]["mean face"]

    assert receipt["metrics"][0]["value"] < mean["frechet_distance"]
    for what in ("feature", "pixel"):
        median = measured[f"nearest_{what}_median"]
        assert median >= measured[f"nearest_{what}_median_real"]
