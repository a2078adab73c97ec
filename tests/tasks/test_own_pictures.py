"""A family that draws says how it learns from pictures; the core needs no more."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import zoo
from zoo.errors import DataError, OptionError, PluginError
from zoo.recipes.finetuning import (
    LossTrainer,
    PictureLearning,
    PictureTrainer,
    TrainingPlan,
)
from zoo.runtime.run import Run
from zoo.tasks import task_of
from zoo.tasks._own_pictures import OwnPictures
from zoo.tasks._picture_learning import learning_reference
from zoo.tasks.targets.base import Rows
from zoo.tasks.targets.picture_pairs import (
    PairedPicture,
    PicturePairTargets,
    same_shape,
)

VAE, PAIRS, GAN = "vae-mnist", "pix2pix-facades", "gan-mnist"


def plan(**chosen: Any) -> TrainingPlan:
    return TrainingPlan(**{"steps": 4, "batch_size": 2, "rows": 4, "lr": 0.1} | chosen)


@pytest.fixture
def own_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the family of the VAE name a class that is not there."""
    from zoo_autoencoder import vae

    monkeypatch.setattr(vae, "PICTURE_LEARNING", "zoo_autoencoder.nowhere:Learning")


def test_a_family_that_says_nothing_has_the_task_of_its_tag() -> None:
    """
    Its models learn as their task says, or not at all.
    """
    spec = zoo.get_spec("cae-denoise-mnist")

    assert learning_reference(spec) is None
    assert not isinstance(task_of(spec), OwnPictures)
    assert task_of(zoo.get_spec("lenet5-mnist")) is task_of(zoo.get_spec("mlp-mnist"))


@pytest.mark.parametrize("name", [VAE, PAIRS, GAN])
def test_a_family_that_does_has_one_task(name: str) -> None:
    """
    The same each time it is asked for; it learns as a whole and is measured.
    """
    spec = zoo.get_spec(name)
    task = task_of(spec)

    assert isinstance(task, OwnPictures)
    assert task is task_of(spec)
    assert task.learns_whole(spec)
    assert task.measures(spec)
    assert task.learns_from_inputs(spec) == (name != PAIRS)


def test_a_class_that_is_not_there_is_the_plugins_fault(own_class: None) -> None:
    """
    It is imported where somebody asks how the model learns, and not to draw.
    """
    assert zoo.sample(VAE, 1, seed=0)
    with pytest.raises(PluginError) as told:
        zoo.evaluate(VAE, "nowhere")

    assert str(told.value).startswith(
        "Plugin 'zoo_autoencoder': 'zoo_autoencoder.nowhere' can't be imported: "
    )


def test_a_label_map_has_no_light_and_dark() -> None:
    """
    The options are those of the task of the tag.
    """
    with pytest.raises(OptionError, match=r"zoo\.evaluate has no option 'invert'"):
        zoo.evaluate(PAIRS, "nowhere", invert=True)


def test_a_picture_is_learned_beside_itself_or_beside_noise() -> None:
    """
    Noise is drawn by the name of the picture, whatever else is learned.
    """
    picture = Image.new("L", (28, 28), 200)
    spec, drawing = zoo.get_spec(VAE), zoo.get_spec(GAN)
    [(same, pixels)] = task_of(spec).training_pairs(picture, "one", spec)
    noises = [
        task_of(drawing).training_pairs(picture, name, drawing)[0][0]
        for name in ("one", "one", "other")
    ]

    assert np.array_equal(np.asarray(same), pixels[0])
    assert torch.equal(noises[0], noises[1])
    assert not torch.equal(noises[0], noises[2])


@pytest.mark.parametrize(
    ("chosen", "kind", "beta"),
    [
        ({}, torch.optim.Adam, 0.5),
        ({"optimizer": "adamw", "weight_decay": 0.1}, torch.optim.AdamW, 0.5),
        ({"optimizer": "sgd"}, torch.optim.SGD, None),
    ],
)
def test_a_plan_makes_the_optimizer_that_was_chosen(
    chosen: dict[str, Any], kind: type[Any], beta: float | None
) -> None:
    """
    By default Adam with the factors of the family; the schedule is of so many steps.
    """
    made, schedule = plan(schedule="warm-up", **chosen).optimizer_of(
        nn.Linear(2, 1), beta1=0.5
    )

    assert type(made) is kind
    assert made.defaults.get("betas", (None,))[0] == beta
    assert made.defaults["weight_decay"] == chosen.get("weight_decay", 0)
    assert schedule.get_last_lr() == [0.1]


def test_one_loss_makes_a_trainer() -> None:
    """
    Each step goes down its gradient, and counts in the run.
    """
    model, run = nn.Linear(1, 1, bias=False), Run(None)
    trainer = LossTrainer(model, run, plan(), lambda given, target: model(given).sum())
    before = model.weight.item()
    trainer.step(torch.ones(1, 1), torch.zeros(1))

    assert trainer.kept is model
    assert model.weight.item() == pytest.approx(before - 0.1, abs=1e-4)
    trainer.finish_epoch()


def test_a_learning_without_methods_says_which() -> None:
    class Nothing(PictureLearning):
        metric = "mae"

    nothing, given = Nothing(), torch.zeros(1)
    for call in (
        lambda: nothing.trainer(nn.Identity(), Run(None), plan()),
        lambda: nothing.measure(nn.Identity(), given, given),
        lambda: PictureTrainer().step(given, given),
    ):
        with pytest.raises(NotImplementedError, match=r"^(Nothing|PictureTrainer) "):
            call()


def test_pairs_keep_their_content_for_the_receipt(tmp_path: Path) -> None:
    """
    Two pictures with other bytes are two targets, wherever they lie.
    """
    paths = []
    for name, light in (("a", 10), ("b", 10), ("c", 20)):
        Image.new("L", (8, 8), light).save(tmp_path / f"{name}.png")
        paths.append(tmp_path / f"{name}.png")
    rows = Rows(paths, paths, ["a", "b", "c"])
    assert PicturePairTargets().parse("data", {"training": rows}, None) == ()
    first, second, third = rows.targets

    assert first == second != third
    assert str(tmp_path) not in repr(first)


def test_a_row_without_a_target_is_named() -> None:
    rows = Rows([Image.new("L", (8, 8))], [None], ["a"])
    with pytest.raises(DataError) as told:
        PicturePairTargets().parse("data", {"training": rows}, None)

    assert str(told.value) == "data: there is no target for a."


def test_targets_are_brought_to_the_size_of_the_output() -> None:
    """
    As bytes, in color, whatever their own size is.
    """
    spec = zoo.get_spec(PAIRS)
    picture = Image.new("L", (200, 200), 77)
    target = PairedPicture(sources=[picture], row=0, name="a", seal="")
    made: Tensor = PicturePairTargets().tensor([target], spec.input, spec.output)

    assert made.shape == (1, 3, 128, 128)
    assert made.dtype == torch.uint8
    assert made.unique().tolist() == [77]


@pytest.mark.parametrize(
    ("size", "other", "same"),
    [
        ((256, 256), (128, 128), True),
        ((257, 256), (128, 128), True),
        ((100, 67), (300, 200), True),
        ((300, 200), (128, 128), False),
        ((128, 128), (128, 120), False),
    ],
)
def test_one_shape_is_one_aspect_ratio(
    size: tuple[int, int], other: tuple[int, int], same: bool
) -> None:
    assert same_shape(size, other) is same
    assert same_shape(other, size) is same
