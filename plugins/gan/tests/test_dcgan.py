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
from zoo_gan.dcgan import Critic, Generator, dcgan
from zoo_gan.dcgan_recipe import (
    Settings,
    deceiving,
    falling,
    gamma,
    steepness,
    telling_apart,
)
from zoo_gan.telling import nearest

import zoo
from zoo.errors import Collapsed, VerbError

COMMAND = [
    *(sys.executable, "-m", "zoo", "train", "dcgan-mnist", "--smoke", "--resume"),
    *("--keep-every", "0", "--set", "epochs=2", "--out"),
]


@pytest.fixture
def critic() -> nn.Module:
    """A critic that says the same each time, and is not wholly undecided."""
    torch.manual_seed(0)
    made = Critic(width=4, dropout=0.3).eval()
    nn.init.normal_(made.judge[-1].weight)
    return made


@pytest.fixture
def picture() -> Tensor:
    return torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_sizes_are_the_courses() -> None:
    """
    At the course's width both networks have as many parameters as there.
    """
    assert count(zoo.build("dcgan-mnist", width=256)) == 2_305_472
    assert count(Critic(width=64, dropout=0.3)) == 212_865


def test_weights_start_small() -> None:
    """
    Normal numbers with the deviation of the paper, around zero, and around one where
    they scale what is normalised.
    """
    torch.manual_seed(0)
    model = dcgan()
    norm = model.spread[1]

    for layer in (model.spread[0], model.draw[0], model.draw[3], model.draw[6]):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.15)
    assert norm.weight.mean().item() == pytest.approx(1, abs=0.002)
    assert norm.weight.std().item() == pytest.approx(0.02, rel=0.1)


def test_the_losses_are_the_published_ones(critic: nn.Module, picture: Tensor) -> None:
    """
    The critic's is -log D(x) - log(1 - D(G(z))), and the generator's, which does not
    saturate, -log D(G(z)).
    """
    real, drawn = picture[:3], picture[3:]
    said, seen = critic(drawn).sigmoid(), critic(real).sigmoid()
    apart = (-seen.log() - (1 - said).log()).mean()

    assert telling_apart(critic, real, drawn).item() == pytest.approx(apart.item())
    assert deceiving(critic, drawn).item() == pytest.approx(-said.log().mean().item())


def test_the_generator_learns_from_the_critic_and_not_the_critic(
    critic: nn.Module, picture: Tensor
) -> None:
    """
    The gradient reaches what was drawn; none is left in the critic, which learns
    afterwards as before.
    """
    drawn = picture.clone().requires_grad_()
    deceiving(critic, drawn).backward()

    assert drawn.grad is not None
    assert drawn.grad.abs().sum() > 0
    assert all(one.grad is None for one in critic.parameters())
    assert all(one.requires_grad for one in critic.parameters())


def test_steepness_is_half_the_square_of_the_gradient(picture: Tensor) -> None:
    """
    A critic that only weighs pixels is as steep everywhere as its weights are long.
    The gradient of a half square is the weights themselves: it can be trained flat.
    """
    weigh = nn.Linear(28 * 28, 1)
    found = steepness(nn.Sequential(nn.Flatten(), weigh, nn.Flatten(0)), picture)
    found.backward()

    assert found.item() == pytest.approx(weigh.weight.square().sum().item() / 2)
    assert torch.allclose(weigh.weight.grad, weigh.weight)
    assert not picture.requires_grad


def test_the_nearest_is_found() -> None:
    """
    By the distance of all pixels, whatever the order of the others.
    """
    others = torch.tensor([0.0, 1.0, 0.4]).view(3, 1, 1, 1).expand(3, 1, 2, 2)
    apart, which = nearest(torch.full((1, 1, 2, 2), 0.5), others)

    assert which.tolist() == [2]
    assert apart.item() == pytest.approx(0.2)


def test_a_generator_that_always_draws_one_picture_is_stopped(
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
        "(--set seed=...). The best weights before that are in "
        f"{tmp_path / 'd-last-good'}."
    )
    assert not (tmp_path / "d").exists()
    assert isinstance(zoo.load(tmp_path / "d-last-good"), Generator)


def test_a_killed_run_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """
    kill -9 after the first epoch. The critic, both optimizers, the average and the film
    go on where they were.
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
    reads them; of two hundred it is sure of more than half.
    """
    samples = [one.image for one in zoo.sample("dcgan-mnist", 200, seed=0)]
    read = zoo.predict("lenet5-mnist", samples)

    assert zoo.load("dcgan-mnist").zoo.receipt["measured"]["rarest_digit"] >= 1 / 11
    assert {one.label for one in read} == set("0123456789")
    assert sum(one.score > 0.9 for one in read) > 100


def test_samples_are_near_to_digits_and_no_copies() -> None:
    """
    By the receipt at most three times as far as other real digits are, and as many of
    them near copies as of real digits, or fewer.
    """
    receipt = zoo.load("dcgan-mnist").zoo.receipt
    measured = receipt["measured"]

    assert receipt["metrics"][0]["value"] <= 3 * measured["frechet_floor"]
    assert measured["very_near"] <= 0.01


def test_the_line_between_two_rows_of_noise() -> None:
    """
    It begins and ends with what is drawn of them, and no two pictures are one.
    """
    noise = torch.randn(2, 100, generator=torch.Generator().manual_seed(0))
    ends = zoo.predict("dcgan-mnist", noise)
    between = zoo.interpolate("dcgan-mnist", *noise, steps=8)

    assert between[0].image.tobytes() == ends[0].image.tobytes()
    assert between[-1].image.tobytes() == ends[1].image.tobytes()
    assert len({one.image.tobytes() for one in between}) == 8


def test_a_picture_has_no_noise() -> None:
    """
    A generator does not read pictures, and says what it can do.
    """
    with pytest.raises(VerbError) as told:
        zoo.encode("dcgan-mnist", zoo.example("lenet5-mnist"))

    assert str(told.value) == (
        "Model 'dcgan-mnist' can't encode: its module has no method 'encode'. It can "
        "be used with zoo.predict, zoo.sample, zoo.interpolate."
    )


def test_the_critic_pays_more_from_some_epoch_on() -> None:
    """
    Up to the epoch before it the first gamma counts, from it on the other.
    """
    chosen = Settings(penalty=0.25, later=2.0, since=3)

    assert [gamma(chosen, epoch) for epoch in (1, 2, 3, 4)] == [0.25, 0.25, 2.0, 2.0]


def test_steps_shrink_in_the_second_half_only() -> None:
    """
    In a straight line, down to a fiftieth; a run of one step has that step whole.
    """
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule, rates = falling(optimizer, 8), []

    for _ in range(9):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()

    assert rates == pytest.approx([1, 1, 1, 1, 1, 0.755, 0.51, 0.265, 0.02])
    assert falling(optimizer, 1).get_last_lr() == [1.0]
