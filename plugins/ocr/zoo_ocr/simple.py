"""What simple methods make of captchas: they stand beside the figures of a model."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.errors import MissingExtra
from zoo.specs import OCROutput
from zoo.tasks.decoding import ctc
from zoo.tasks.image_to_text import compared, spelled

__all__ = ["beside", "commonest", "slots", "true"]

FIRST, NEXT = 22, 23  # pixels: where the first slot begins, and from one to the next
WIDE = 40  # of a slot: they overlap, for characters do not stand quite alike
STRENGTHS = (0.02, 0.1, 0.5, 2.0)  # the less, the more weights are held to zero
HOLDING = 0.2  # of the training rows, to choose the strength on


def beside(run: Run, training: TensorRows, test: TensorRows) -> None:
    """Add to a run what simple methods read in the test rows."""
    meaning: Any = run.spec.output
    said = true(test, meaning)
    texts = true(training, meaning)
    guess = commonest(texts)
    run.log_baseline("commonest characters", **compared([guess] * len(said), said))
    read = slots(training, texts, test)
    run.log_baseline("logistic regression on five slots", **compared(read, said))


def true(rows: TensorRows, meaning: OCROutput) -> list[str]:
    """Return the texts of rows."""
    return [spelled(row, meaning) for row in ctc.unpadded(rows.target)]


def commonest(texts: Sequence[str]) -> str:
    """Return the text of the commonest character in each place."""
    long = Counter(map(len, texts)).most_common(1)[0][0]
    whole = [text for text in texts if len(text) == long]
    return "".join(
        Counter(text[place] for text in whole).most_common(1)[0][0]
        for place in range(long)
    )


def slots(training: TensorRows, texts: Sequence[str], test: TensorRows) -> list[str]:
    """Return what five logistic regressions read, each in the pixels of its slot.

    Their strength is chosen on rows held back from the training rows, then all of
    those are fitted.
    """
    order = torch.randperm(len(texts), generator=torch.Generator().manual_seed(0))
    border = max(1, round(HOLDING * len(texts)))
    held, rest = order[:border].tolist(), order[border:].tolist()

    def right(strength: float) -> int:
        fitted = _fitted(training[torch.tensor(rest)], _some(texts, rest), strength)
        read = _read(fitted, training[torch.tensor(held)])
        pairs = zip(read, _some(texts, held), strict=True)
        return sum(one == other for one, other in pairs)

    best = max(STRENGTHS, key=right)
    return _read(_fitted(training, texts, best), test)


def _some(texts: Sequence[str], rows: Sequence[int]) -> list[str]:
    return [texts[row] for row in rows]


def _fitted(rows: TensorRows, texts: Sequence[str], strength: float) -> list[Any]:
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as exc:
        raise MissingExtra("scikit-learn", "Comparing with simple methods") from exc
    made = []
    for place, pixels in enumerate(_cut(rows)):
        letters = [text[place : place + 1] or " " for text in texts]
        kinds = len({*letters})
        if not 1 < kinds <= len(letters) / 2:  # a few rows teach it nothing
            made.append(max(letters, key=letters.count))
            continue
        model = LogisticRegression(C=strength, max_iter=1000)
        made.append(model.fit(pixels, letters))
    return made


def _read(fitted: Sequence[Any], rows: TensorRows) -> list[str]:
    columns = [
        [one] * len(rows) if isinstance(one, str) else one.predict(pixels)
        for one, pixels in zip(fitted, _cut(rows), strict=True)
    ]
    return ["".join(letters).strip() for letters in zip(*columns, strict=True)]


def _cut(rows: TensorRows) -> list[Any]:
    """Return the pixels of each slot, every second in both directions, (rows, n)."""
    dark = rows.input[:, 0, ::2, :].float() / 255 - 0.5
    starts = [FIRST + NEXT * place for place in range(5)]
    return [
        dark[:, :, start : start + WIDE : 2].flatten(start_dim=1).numpy()
        for start in starts
    ]
