"""Every installed model keeps every promise in zoo.testing."""

from dataclasses import replace
from pathlib import Path

import pytest

import zoo
from zoo.testing import CHECKS, Check
from zoo.testing.checks import claims_are_what_was_measured

TRAINS = {"same_seed_same_bytes", "head_learns"}  # seconds each, beside recipe_runs
HEAVY = {  # their smoke runs take more than eight seconds each
    "ae-fashion-mnist",
    "bert-mini",
    "cae-denoise-mnist",
    "crnn-captcha",
    "gpt-mini",
    "lsa-mlp-20news",
    "mlp-fashion-mnist-reg.dropout",
}
SHIPPED = [spec for spec in zoo.search() if spec.weights and not spec.weights.repo]
LIGHT = [spec for spec in SHIPPED if spec.name not in HEAVY]
FIRST = {spec.package: spec.name for spec in reversed(LIGHT)}.values()


def is_slow(name: str, check: Check) -> bool:
    """Return whether a check waits for `scripts/check --all`."""
    if check.__name__ in TRAINS:
        return name not in FIRST
    return check.__name__ == "recipe_runs" and name in HEAVY


@pytest.mark.parametrize(
    ("name", "check"),
    [
        pytest.param(
            name,
            check,
            id=f"{name}-{check.__name__}",
            marks=[pytest.mark.slow] if is_slow(name, check) else [],
        )
        for name in zoo.list_models()
        for check in CHECKS
    ],
)
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
    clothes, cells = (
        zoo.get_spec("mlp-fashion-mnist"),
        zoo.get_spec("mlp-breast-cancer"),
    )
    plain = replace(clothes, input=zoo.get_spec("mlp-mnist").input)
    first, *others = cells.metrics
    worse = replace(first, baseline=first.value + 0.001)

    with pytest.raises(AssertionError, match=r"config.json says input=ImageInput"):
        claims_are_what_was_measured(plain, tmp_path)
    with pytest.raises(AssertionError, match="accuracy is worse than logistic"):
        claims_are_what_was_measured(replace(cells, metrics=(worse, *others)), tmp_path)


def test_a_weaker_baseline_does_not_hide_a_stronger_one(tmp_path: Path) -> None:
    """
    The receipt's strongest counts, whatever the spec names; only the spec's own word
    that the model is behind lets it pass, and only where that is true.
    """
    pima, cells = zoo.get_spec("mlp-pima"), zoo.get_spec("mlp-breast-cancer")
    first, *others = pima.metrics
    easy = replace(first, baseline=0.662338, baseline_name="majority class")
    silent = replace(pima, metrics=(easy, *others), behind_baseline="")

    with pytest.raises(AssertionError) as caught:
        claims_are_what_was_measured(silent, tmp_path)
    assert str(caught.value) == "accuracy is worse than logistic regression"
    with pytest.raises(AssertionError, match="remove behind_baseline="):
        claims_are_what_was_measured(replace(cells, behind_baseline="so"), tmp_path)
    claims_are_what_was_measured(pima, tmp_path)
