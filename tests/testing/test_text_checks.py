"""The checks of models that take and write texts catch those that cheat."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from writers import Writer, writer

from zoo.testing import text_checks

Install = Callable[[type[Writer]], Any]


@pytest.fixture
def spec(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that has checks build a writer of another class."""

    def install(kind: type[Writer]) -> Any:
        made = writer()
        made.__class__ = kind
        monkeypatch.setattr("zoo.testing.text_checks.loading.build", lambda *_: made)
        return made.zoo.spec

    return install


class Ahead(Writer):
    """Tells of a place what stands after it."""

    def forward(self, token: Tensor) -> Tensor:
        return super().forward(token.flip(1)).flip(1)


class Forgetful(Writer):
    """Reads each part as if it were the first."""

    def next_logits(
        self, token: Tensor, memory: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        return super().next_logits(token)


class Mixed(Writer):
    """Adds to each row the mean of all."""

    def next_logits(
        self, token: Tensor, memory: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        told, memory = super().next_logits(token, memory)
        return told + 9 * told.mean(dim=0), memory


class Filled(Writer):
    """Counts what rows are filled up with."""

    def forward(self, token: Tensor) -> Tensor:
        return super().forward(token) + token.shape[1]


def test_an_honest_model_passes(spec: Install, tmp_path: Path) -> None:
    """
    One with a state keeps every promise.
    """
    known = spec(Writer)

    for check in text_checks.TEXT_CHECKS:
        check(known, tmp_path)


@pytest.mark.parametrize(
    ("kind", "check", "problem"),
    [
        (Ahead, text_checks.memory_changes_nothing, "next_logits is not forward"),
        (Forgetful, text_checks.memory_changes_nothing, "is another text"),
        (Mixed, text_checks.texts_go_on_as_alone, "company changed a text"),
        (Filled, text_checks.padding_says_nothing, "row 2 saw what fills up"),
    ],
)
def test_a_cheat_is_caught(
    kind: type[Writer], check: Any, problem: str, spec: Install, tmp_path: Path
) -> None:
    """
    By the check of what it breaks.
    """
    known = spec(kind)

    with pytest.raises(AssertionError, match=problem), torch.inference_mode():
        check(known, tmp_path)
