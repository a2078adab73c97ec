"""The check of a declared head can fail, and asks no giant."""

from pathlib import Path

import pytest
from torch import Tensor

import zoo
from zoo.tasks import get_task
from zoo.testing.head_checks import head_learns


def test_a_loss_that_teaches_nothing_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    A family whose loss does not depend on its output is told so.
    """

    def loss(_: object, output: Tensor, *__: object) -> Tensor:
        return 0 * output.sum() + 1

    monkeypatch.setattr(type(get_task("image-classification")), "loss", loss)

    with pytest.raises(AssertionError, match="the loss is 1, of a flat answer 1"):
        head_learns(zoo.get_spec("mlp-mnist"), tmp_path)


@pytest.mark.parametrize("name", ["vgg16", "perceptron-iris"])
def test_giants_and_models_without_a_head_are_not_asked(
    name: str, tmp_path: Path
) -> None:
    """
    Nothing is built for them.
    """
    head_learns(zoo.get_spec(name), tmp_path)
