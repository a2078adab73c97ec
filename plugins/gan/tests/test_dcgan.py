"""What only the DCGAN promises; the rest is in zoo.testing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from zoo_gan.dcgan import Discriminator, Generator, dcgan
from zoo_gan.dcgan_recipe import (
    Settings,
    discriminator_loss,
    generator_loss,
    linear_decay,
    r1_gamma,
    r1_penalty,
)
from zoo_gan.dcgan_report import nearest

import zoo
from zoo.errors import Collapsed, TrainingError, VerbError

COMMAND = [
    *(sys.executable, "-m", "zoo", "train", "dcgan-mnist", "--smoke", "--resume"),
    *("--precision", "no"),  # as the tests themselves have it
    *("--keep-every", "0", "--set", "epochs=2", "--out"),
]


@pytest.fixture
def discriminator() -> nn.Module:
    """A discriminator without randomness, whose logits are not all near zero."""
    torch.manual_seed(0)
    made = Discriminator(width=4, dropout=0.3).eval()
    nn.init.normal_(made.classifier[-1].weight)
    return made


@pytest.fixture
def image() -> Tensor:
    return torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_sizes_are_the_courses() -> None:
    """
    At the course's width both networks have as many parameters as there.
    """
    assert count(zoo.build("dcgan-mnist", width=256)) == 2_305_472
    assert count(Discriminator(width=64, dropout=0.3)) == 212_865


def test_weights_start_small() -> None:
    """
    Normal numbers with the standard deviation of the paper, with a mean of zero, and of
    one for the scale of a batch normalization.
    """
    torch.manual_seed(0)
    model = dcgan()
    norm, upsample = model.project[1], model.upsample

    for layer in (model.project[0], upsample[0], upsample[3], upsample[6]):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.15)
    assert norm.weight.mean().item() == pytest.approx(1, abs=0.002)
    assert norm.weight.std().item() == pytest.approx(0.02, rel=0.1)


def test_the_losses_are_the_published_ones(
    discriminator: nn.Module, image: Tensor
) -> None:
    """
    The discriminator's is -log D(x) - log(1 - D(G(z))), and the generator's, which does
    not saturate, -log D(G(z)).
    """
    real, fake = image[:3], image[3:]
    d_real, d_fake = (discriminator(one).sigmoid() for one in (real, fake))
    d_loss = (-d_real.log() - (1 - d_fake).log()).mean().item()
    g_loss = -d_fake.log().mean().item()

    assert discriminator_loss(discriminator, real, fake).item() == pytest.approx(d_loss)
    assert generator_loss(discriminator, fake).item() == pytest.approx(g_loss)


def test_the_generators_loss_leaves_no_gradient_in_the_discriminator(
    discriminator: nn.Module, image: Tensor
) -> None:
    """
    The gradient reaches the samples; the discriminator can be trained afterwards as
    before.
    """
    fake = image.clone().requires_grad_()
    generator_loss(discriminator, fake).backward()

    assert fake.grad is not None
    assert fake.grad.abs().sum() > 0
    assert all(one.grad is None for one in discriminator.parameters())
    assert all(one.requires_grad for one in discriminator.parameters())


def test_the_penalty_is_half_the_squared_norm_of_the_gradient(image: Tensor) -> None:
    """
    Of a linear discriminator the gradient is its weights, everywhere; and that of half
    their squared norm is the weights themselves, so that it can be minimized.
    """
    linear = nn.Linear(28 * 28, 1)
    found = r1_penalty(nn.Sequential(nn.Flatten(), linear, nn.Flatten(0)), image)
    found.backward()

    assert found.item() == pytest.approx(linear.weight.square().sum().item() / 2)
    assert torch.allclose(linear.weight.grad, linear.weight)
    assert not image.requires_grad


def test_the_nearest_is_found() -> None:
    """
    By the distance of all pixels, whatever the order of the others.
    """
    others = torch.tensor([0.0, 1.0, 0.4]).view(3, 1, 1, 1).expand(3, 1, 2, 2)
    distance, which = nearest(torch.full((1, 1, 2, 2), 0.5), others)

    assert which.tolist() == [2]
    assert distance.item() == pytest.approx(0.2)


def test_a_generator_that_collapses_to_one_image_is_stopped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    After three epochs, with the best weights so far beside, and nothing in their place.
    """
    whole = Generator.forward
    monkeypatch.setattr(Generator, "forward", lambda self, z: whole(self, 0 * z))

    with pytest.raises(Collapsed) as told:
        zoo.train("dcgan-mnist", tmp_path / "d", smoke=True, settings={"epochs": 9})

    assert str(told.value) == (
        "The generator has collapsed: after epoch 3 its samples have 0% of the variety "
        "of real rows. Let the critic learn more slowly, or start from another seed "
        "(the setting seed). The best weights before that are in "
        f"{tmp_path / 'd-last-good'}."
    )
    assert not (tmp_path / "d").exists()
    assert isinstance(zoo.load(tmp_path / "d-last-good"), Generator)


def test_a_last_batch_of_one_is_left_out(tmp_path: Path) -> None:
    """
    230 rows in batches of 229 leave one row, which has no variance to normalise by;
    batches of one alone are refused in words.
    """
    folder = zoo.train(
        "dcgan-mnist", tmp_path / "d", smoke=True, settings={"batch_size": 229}
    )

    assert zoo.load(folder).zoo.receipt["settings"]["batch_size"] == 229
    with pytest.raises(TrainingError) as caught:
        zoo.train("dcgan-mnist", tmp_path / "e", smoke=True, settings={"batch_size": 1})
    assert str(caught.value) == (
        "Batch normalisation learns from the spread of a batch, and a batch of one row "
        "has none. Give a batch_size of 2 or more, and 2 rows for each process."
    )


def test_a_killed_run_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """
    kill -9 after the first epoch. The discriminator, both optimizers, the average and
    the animation continue where they were.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    alone, killed = tmp_path / "alone", tmp_path / "killed"
    zoo.train("dcgan-mnist", alone, smoke=True, settings={"epochs": 2})
    held = tmp_path / ".killed.state"
    with subprocess.Popen([*COMMAND, killed], env=environment) as process:
        while not held.exists():
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)
    assert not killed.exists()
    subprocess.run([*COMMAND, killed], check=True, env=environment)

    for name in ("model.safetensors", "epochs.gif"):
        assert (killed / name).read_bytes() == (alone / name).read_bytes()
    assert (
        zoo.load(killed).zoo.receipt["history"]
        == zoo.load(alone).zoo.receipt["history"]
    )


def test_samples_are_the_same_after_a_reload() -> None:
    """
    Sixteen digits by seed zero, from two loads and from the noise itself.
    """
    first, again = (zoo.sample(zoo.load("dcgan-mnist"), 16, seed=0) for _ in range(2))
    noise = torch.randn(16, 100, generator=torch.Generator().manual_seed(0))
    drawn = zoo.predict("dcgan-mnist", noise)

    assert [one.image.tobytes() for one in first] == [
        one.image.tobytes() for one in again
    ]
    assert [one.image.tobytes() for one in first] == [
        one.image.tobytes() for one in drawn
    ]


def test_all_ten_digits_are_drawn() -> None:
    """
    By the receipt each is at least one in eleven of ten thousand samples, as LeNet-5
    classifies them; of two hundred more than half have a score above 0.9.
    """
    samples = [one.image for one in zoo.sample("dcgan-mnist", 200, seed=0)]
    read = zoo.predict("lenet5-mnist", samples)

    assert (
        zoo.load("dcgan-mnist").zoo.receipt["measured"]["min_class_fraction"] >= 1 / 11
    )
    assert {one.label for one in read} == set("0123456789")
    assert sum(one.score > 0.9 for one in read) > 100


def test_samples_are_near_to_digits_and_no_copies() -> None:
    """
    By the receipt at most three times as far as other real digits are, and as many of
    them near copies as of real digits, or fewer.
    """
    receipt = zoo.load("dcgan-mnist").zoo.receipt
    measured = receipt["measured"]

    assert receipt["metrics"][0]["value"] <= 3 * measured["frechet_distance_real"]
    assert measured["very_near"] <= 0.01


def test_the_line_between_two_rows_of_noise() -> None:
    """
    It begins and ends with their images, and no two images are the same.
    """
    noise = torch.randn(2, 100, generator=torch.Generator().manual_seed(0))
    ends = zoo.predict("dcgan-mnist", noise)
    between = zoo.interpolate("dcgan-mnist", *noise, steps=8)

    assert between[0].image.tobytes() == ends[0].image.tobytes()
    assert between[-1].image.tobytes() == ends[1].image.tobytes()
    assert len({one.image.tobytes() for one in between}) == 8


def test_a_picture_has_no_noise() -> None:
    """
    A generator does not take images, and says what it can do.
    """
    with pytest.raises(VerbError) as told:
        zoo.encode("dcgan-mnist", zoo.example("lenet5-mnist"))

    assert str(told.value) == (
        "Model 'dcgan-mnist' can't encode: its module has no method 'encode'. It can "
        "be used with zoo.predict, zoo.sample, zoo.interpolate."
    )


def test_the_penalty_changes_its_weight_once() -> None:
    """
    Before the epoch the first gamma counts, from it on the other.
    """
    chosen = Settings(r1_gamma=0.25, late_r1_gamma=2.0, late_r1_epoch=3)
    gammas = [r1_gamma(chosen, epoch) for epoch in (1, 2, 3, 4)]

    assert gammas == [0.25, 0.25, 2.0, 2.0]


def test_the_learning_rate_falls_in_the_second_half_only() -> None:
    """
    Linearly, down to a fiftieth; a run of one step has the whole learning rate.
    """
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, rates = linear_decay(optimizer, 8), []

    for _ in range(9):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()

    assert rates == pytest.approx([1, 1, 1, 1, 1, 0.755, 0.51, 0.265, 0.02])
    assert linear_decay(optimizer, 1).get_last_lr() == [1.0]
