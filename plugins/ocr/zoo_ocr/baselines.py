"""Baselines for reading captchas: the most frequent characters, and a linear model."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch

from zoo import OCROutput, Run
from zoo.errors import MissingExtra
from zoo.recipes import TensorRows, ctc
from zoo.recipes.metrics import decode_labels, text_accuracy

__all__ = ["add_baselines", "most_frequent_text", "slot_regression", "true_texts"]

# In pixels. The slots overlap, because the characters are not exactly at fixed places.
FIRST_SLOT, SLOT_STEP, SLOT_WIDTH = 22, 23, 40
C_VALUES = (0.02, 0.1, 0.5, 2.0)  # inverse regularization strengths that are tried
VAL_FRACTION = 0.2  # of the training rows, to choose C on


def add_baselines(run: Run, training: TensorRows, test: TensorRows) -> None:
    """Add what the baselines reach on the test rows."""
    output_spec: Any = run.spec.output
    true, texts = true_texts(test, output_spec), true_texts(training, output_spec)
    constant = [most_frequent_text(texts)] * len(true)
    run.log_baseline("most frequent characters", **text_accuracy(constant, true))
    predicted = slot_regression(training, texts, test)
    run.log_baseline(
        "logistic regression on five slots", **text_accuracy(predicted, true)
    )


def true_texts(rows: TensorRows, output_spec: OCROutput) -> list[str]:
    """Return the texts of rows."""
    return [decode_labels(row, output_spec) for row in ctc.unpad(rows.target)]


def most_frequent_text(texts: Sequence[str]) -> str:
    """Return the most frequent characters, for texts of the most frequent length."""
    length = Counter(map(len, texts)).most_common(1)[0][0]
    same_length = [text for text in texts if len(text) == length]
    return "".join(
        Counter(text[position] for text in same_length).most_common(1)[0][0]
        for position in range(length)
    )


def slot_regression(
    training: TensorRows, texts: Sequence[str], test: TensorRows
) -> list[str]:
    """Return what five logistic regressions predict, each from the pixels of its slot.

    Their regularization is chosen on a validation part of the training rows; then they
    are fitted to all of them.
    """
    order = torch.randperm(len(texts), generator=torch.Generator().manual_seed(0))
    count = max(1, round(VAL_FRACTION * len(texts)))
    validation, rest = order[:count].tolist(), order[count:].tolist()

    def correct(c: float) -> int:
        models = _fit(training[torch.tensor(rest)], _select(texts, rest), c)
        predicted = _predict(models, training[torch.tensor(validation)])
        pairs = zip(predicted, _select(texts, validation), strict=True)
        return sum(one == other for one, other in pairs)

    best = max(C_VALUES, key=correct)
    return _predict(_fit(training, texts, best), test)


def _select(texts: Sequence[str], rows: Sequence[int]) -> list[str]:
    return [texts[row] for row in rows]


def _fit(rows: TensorRows, texts: Sequence[str], c: float) -> list[Any]:
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as exc:
        raise MissingExtra("scikit-learn", "Comparing with simple methods") from exc
    models = []
    for position, pixels in enumerate(_slots(rows)):
        labels = [text[position : position + 1] or " " for text in texts]
        classes = len({*labels})
        if not 1 < classes <= len(labels) / 2:  # too few rows to learn from
            models.append(max(labels, key=labels.count))
            continue
        model = LogisticRegression(C=c, max_iter=1000)
        models.append(model.fit(pixels, labels))
    return models


def _predict(models: Sequence[Any], rows: TensorRows) -> list[str]:
    columns = [
        [model] * len(rows) if isinstance(model, str) else model.predict(pixels)
        for model, pixels in zip(models, _slots(rows), strict=True)
    ]
    return ["".join(characters).strip() for characters in zip(*columns, strict=True)]


def _slots(rows: TensorRows) -> list[Any]:
    """Return the pixels of each slot, every second in both directions, (rows, n)."""
    pixels = rows.input[:, 0, ::2, :].float() / 255 - 0.5
    starts = [FIRST_SLOT + SLOT_STEP * position for position in range(5)]
    return [
        pixels[:, :, start : start + SLOT_WIDTH : 2].flatten(start_dim=1).numpy()
        for start in starts
    ]
