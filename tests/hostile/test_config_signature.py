"""What a stranger's config.json says of input, output and task: bounded, and fitting.

A model that can't compute with it ends in an error that names the file.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import zoo
from zoo.errors import CheckpointError, SpecError, ZooError
from zoo.models.config_fit import blaming_config


def saved(name: str, folder: Path, part: str, value: Any) -> Path:
    """Save a shipped model, and rewrite a part of its config.json."""
    zoo.save(zoo.load(name), folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config[part] = config[part] | value if isinstance(value, dict) else value
    path.write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("name", "part", "value", "said"),
    [
        ("lenet5-mnist", "input", {"height": 30_000}, "at most 16,384"),
        ("lenet5-mnist", "input", {"width": 10**9}, "at most 16,384"),
        (
            "lenet5-mnist",
            "input",
            {"height": 8192, "width": 8192},
            "at most 2,048 with a width of 8192",
        ),
        (
            "lenet5-mnist",
            "input",
            {"crop": 1e-300, "background": None},
            "so much that size / crop is at most 16,384 pixels",
        ),
        ("rnn-netflix", "input", {"length": 10**15}, "at most 16,777,216"),
        ("gru-nsmc", "input", {"max_length": 10**15}, "at most 2,147,483,648"),
        ("gru-nsmc", "input", {"vocab_size": 10**15}, "at most 16,777,216"),
        ("dcgan-mnist", "input", {"latent_dim": 10**15}, "at most 16,777,216"),
        ("dcgan-mnist", "output", {"height": 20_000}, "at most 16,384"),
        ("srresnet-face", "output", {"scale": 10**6}, "at most 64"),
        ("srresnet-face", "output", {"reach": 10**6}, "at most 16,384"),
        ("rnn-netflix", "output", {"horizon": 10**9}, "at most 16,777,216"),
        ("yolo-mini", "output", {"max_objects": 10**9}, "at most 16,777,216"),
    ],
)
def test_sizes_have_bounds(
    name: str, part: str, value: dict[str, Any], said: str, tmp_path: Path
) -> None:
    """
    The file is refused before any input is read.
    """
    folder = saved(name, tmp_path / "x", part, value)

    with pytest.raises(CheckpointError, match=re.escape(f"should be {said})")):
        zoo.load(folder)


@pytest.mark.parametrize(
    "task", ["text-generation", "translation", "fill-mask", "feature-extraction"]
)
def test_a_task_has_kinds_of_its_own(task: str, tmp_path: Path) -> None:
    """
    A classifier of pictures is none that reads texts, whatever its file says.
    """
    folder = saved("lenet5-mnist", tmp_path / "x", "task", task)
    verbs: list[Callable[[], Any]] = [
        lambda: zoo.predict(folder, zoo.example("lenet5-mnist")),
        lambda: next(zoo.predict_iter(folder, [zoo.example("lenet5-mnist")])),
        lambda: zoo.features(folder, zoo.example("lenet5-mnist")),
    ]

    for verb in verbs:
        with pytest.raises(SpecError, match=f"should be one that '{task}' has"):
            verb()


def test_a_model_that_fails_with_its_config(tmp_path: Path) -> None:
    """
    The error names the file, the shape and what torch says, which is its cause.
    """
    folder = saved("lenet5-mnist", tmp_path / "x", "input", {"channels": 3})
    picture = zoo.example("lenet5-mnist")

    with pytest.raises(CheckpointError) as caught:
        zoo.predict(folder, picture)

    assert str(caught.value) == (
        f"{folder / 'config.json'} does not fit its model, which fails with an input "
        "of the shape (1, 3, 28, 28) (RuntimeError: Given groups=1, weight of size [6, "
        "1, 5, 5], expected input[1, 3, 28, 28] to have 1 channels, but got 3 channels "
        "instead). Save the checkpoint again, or get another copy of the folder. If "
        "you have changed the model since it was loaded, look there first."
    )
    assert isinstance(caught.value.__cause__, RuntimeError)
    for verb in (
        lambda: list(zoo.predict_iter(folder, [picture])),
        lambda: zoo.features(folder, picture),
    ):
        with pytest.raises(CheckpointError, match="does not fit its model"):
            verb()


@pytest.mark.parametrize(
    ("name", "part", "value"),
    [
        ("lenet5-mnist", "input", {"height": 1, "width": 1}),
        ("vit-cifar10", "options", {"num_heads": 5}),
        ("rnn-netflix", "input", {"length": 1}),
        ("bert-mini", "options", {"num_heads": 7}),
    ],
)
def test_whatever_does_not_fit_is_an_error_of_the_zoo(
    name: str, part: str, value: dict[str, Any], tmp_path: Path
) -> None:
    """
    One place for all tasks and for whatever PyTorch raises.
    """
    folder = saved(name, tmp_path / "x", part, value)

    with pytest.raises(ZooError, match=r"config\.json does not fit its model, which"):
        zoo.predict(folder, zoo.example(name))


def test_an_output_that_can_not_be_read_as_the_config_says(tmp_path: Path) -> None:
    """
    The error has the shape of the output, where that is at fault.
    """
    model = zoo.load(zoo.save(zoo.load("lenet5-mnist"), tmp_path / "x"))

    with (
        pytest.raises(CheckpointError) as caught,
        blaming_config(model, output=torch.zeros(1, 7)),
    ):
        raise IndexError("out of range.")

    assert "which fails with an output of the shape (1, 7) (IndexError: out of " in str(
        caught.value
    )


def test_errors_of_a_registered_model_stay_what_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    A plugin's code is no stranger's file: a fault of it is not hidden.
    """
    model = zoo.load("lenet5-mnist")

    def broken(_: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("a fault of the plugin")

    monkeypatch.setattr(model, "forward", broken)

    with pytest.raises(RuntimeError, match="a fault of the plugin"):
        zoo.predict(model, zoo.example("lenet5-mnist"))


def test_a_users_own_errors_stay_what_they_are(tmp_path: Path) -> None:
    """
    What is raised while inputs are made is of whoever makes them.
    """
    folder = zoo.save(zoo.load("lenet5-mnist"), tmp_path / "x")

    def inputs() -> Any:
        yield zoo.example("lenet5-mnist")
        raise ValueError("of the caller")

    with pytest.raises(ValueError, match="of the caller"):
        list(zoo.predict_iter(folder, inputs()))
