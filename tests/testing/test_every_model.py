"""Every installed model keeps every promise in zoo.testing."""

from dataclasses import replace
from pathlib import Path

import pytest

import zoo
from zoo.testing import CHECKS, Check, claims_are_what_was_measured


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", zoo.list_models())
def test_promise(name: str, check: Check, tmp_path: Path) -> None:
    """
    The claim is the check's name; its docstring states the property.
    """
    check(zoo.get_spec(name), tmp_path)


def test_claims_of_another_checkpoint_are_refused(tmp_path: Path) -> None:
    """
    A spec that expects other pixels than its checkpoint was trained on, and a figure
    that is worse than a simple method's.
    """
    clothes, pima = zoo.get_spec("mlp-fashion-mnist"), zoo.get_spec("mlp-pima")
    plain = replace(clothes, input=zoo.get_spec("mlp-mnist").input)
    first, *others = pima.metrics
    behind = replace(first, baseline=first.value + 0.001)

    with pytest.raises(AssertionError, match=r"config.json says ImageInput"):
        claims_are_what_was_measured(plain, tmp_path)
    with pytest.raises(AssertionError, match="accuracy is worse than majority"):
        claims_are_what_was_measured(replace(pima, metrics=(behind, *others)), tmp_path)
