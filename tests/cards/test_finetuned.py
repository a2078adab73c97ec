"""The card of a fine-tuned model says how that run was made, and no other."""

from typing import Any

import pytest

import zoo
from zoo.cards.finetuned import render

RECEIPT: dict[str, Any] = {
    "parent": {"name": "lenet5-mnist", "sha256": "ab" * 32},
    "settings": {"freeze": "none", "l2_sp": None, "balance": False},
    "data": {
        "photos/training": {"rows": 80, "fingerprint": "01" * 32},
        "photos/validation": {"rows": 20, "fingerprint": "23" * 32},
    },
    "metrics": [
        {"name": "accuracy", "value": 0.9, "dataset": "photos", "split": "validation"}
    ],
    "rows": 20,
    "baselines": {},
    "measured": {},
    "pictures": {},
    "history": [],
    "classes": {},
    "skipped": [],
    "weakest": [],
    "tried": [],
    "seen": False,
    "seconds": 3.0,
    "hardware": "a computer",
    "versions": {"torch": "2.9"},
}


def told(**changes: Any) -> str:
    """Return a card as one line."""
    settings = RECEIPT["settings"] | changes.pop("settings", {})
    receipt = RECEIPT | {"settings": settings} | changes
    return " ".join(render(zoo.get_spec("lenet5-mnist"), receipt).split())


@pytest.mark.parametrize(
    ("tried", "l2_sp", "chosen"),
    [
        (
            8,
            None,
            "; where it starts, and how far it may go, was chosen from 8 candidates, "
            "in cross-validation on the training rows.",
        ),
        (
            2,
            0.5,
            "; l2_sp=0.5 holds it to its start; where it starts was chosen from 2 "
            "candidates, in cross-validation on the training rows.",
        ),
        (1, 0.5, "; l2_sp=0.5 holds it to its start."),
    ],
)
def test_a_solved_head(tried: int, l2_sp: float | None, chosen: str) -> None:
    """
    What was given by the user was not chosen by cross-validation.
    """
    card = told(tried=[{}] * tried, settings={"freeze": "backbone", "l2_sp": l2_sp})

    assert (
        "All before the head is as it was. The head is the best linear one on its "
        f"features{chosen} "
    ) in card


@pytest.mark.parametrize(
    ("epochs", "sentence"),
    [
        (1, "Strategy 'none', one epoch. "),
        (3, "Strategy 'none', 3 epochs, the best of them by validation rows. "),
    ],
)
def test_a_training_in_epochs(epochs: int, sentence: str) -> None:
    """
    Of one epoch none is the best.
    """
    assert sentence in told(history=[{"epoch": 1.0}] * epochs)


@pytest.mark.parametrize(
    ("split", "epochs", "sentence"),
    [
        (
            "validation",
            3,
            "It was measured on 20 validation rows, which chose the epoch as well; on "
            "inputs of another kind it was not measured",
        ),
        ("validation", 1, "It was measured on 20 validation rows; on inputs"),
        ("validation", 0, "It was measured on 20 validation rows; on inputs"),
        ("test", 3, "It was measured on 20 test rows; on inputs of another kind"),
    ],
)
def test_rows_that_chose_the_epoch(split: str, epochs: int, sentence: str) -> None:
    """
    Figures of validation rows are flattered where these chose the epoch.
    """
    metrics = [RECEIPT["metrics"][0] | {"split": split}]

    assert sentence in told(metrics=metrics, history=[{"epoch": 1.0}] * epochs)
