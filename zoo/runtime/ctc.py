"""Texts from steps: connectionist temporal classification, CTC.

Graves, Fernández, Gomez, Schmidhuber: "Connectionist temporal classification: labelling
unsegmented sequence data with recurrent neural networks", 2006. At each of its steps a
model predicts a character, or nothing: the blank. Its predictions at all steps are a
path. A path stands for the text that is left when equal neighbours are made one and
then the blanks are dropped, so a text has many paths, and its probability is the sum of
theirs. Two equal characters in a row need a blank between them.

Texts are tuples of numbers here: the blank is 0, characters are counted from 1. A
model's output is a tensor of log-probabilities, (steps, characters + 1).
"""

import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "BLANK",
    "Candidate",
    "beam",
    "best_path",
    "character_confidence",
    "collapse",
    "likelihood",
    "loss",
    "min_steps",
    "pad",
    "prefix_beam_search",
    "unpad",
]

BLANK = 0
NEVER = -math.inf  # the logarithm of no chance at all

Text = tuple[int, ...]


class Candidate(NamedTuple):
    """A text that may be what was shown, and the logarithm of its probability."""

    text: Text
    score: float


def collapse(path: Sequence[int]) -> Text:
    """Return the text that a path stands for."""
    return tuple(number for number, _ in groupby(path) if number != BLANK)


def min_steps(text: Sequence[int]) -> int:
    """Return the fewest steps that a text takes: one more for each repetition."""
    return len(text) + sum(one == other for one, other in pairwise(text))


def best_path(log_probs: Tensor) -> Text:
    """Return the text of the likeliest path, which is mostly the likeliest text."""
    return collapse(log_probs.argmax(dim=-1).tolist())


def beam(log_probs: Tensor, *, width: int) -> list[Candidate]:
    """Return up to `width` texts, the likeliest first, with their true scores."""
    texts = list(prefix_beam_search(log_probs, width=width))
    scores = likelihood(log_probs, texts).tolist()
    pairs = (Candidate(*one) for one in zip(texts, scores, strict=True))
    return sorted(pairs, key=lambda one: -one.score)


def prefix_beam_search(log_probs: Tensor, *, width: int) -> dict[Text, float]:
    """Return up to `width` texts, and the logarithm of what was seen of their chance.

    A prefix beam search: step by step it keeps the `width` likeliest beginnings of a
    text, each with the chance of all its paths that end in a blank, and of those that
    end in its last character. They are kept apart because the same character once more
    continues a text of the second kind, and makes a new text of the first. Paths by a
    beginning that was dropped and came back are missed, so less may be seen than is.
    """
    kept: dict[Text, tuple[float, float]] = {(): (0.0, NEVER)}
    for chances in log_probs.double().tolist():
        grown: dict[Text, list[float]] = {}
        for text, (blank, last) in kept.items():
            either = _sum(blank, last)
            _add(grown, text, 0, either + chances[BLANK])
            if text:
                _add(grown, text, 1, last + chances[text[-1]])
            for number in range(1, len(chances)):
                before = blank if text and number == text[-1] else either
                _add(grown, (*text, number), 1, before + chances[number])
        best = sorted(grown.items(), key=lambda one: -_sum(*one[1]))[:width]
        kept = {text: (blank, last) for text, (blank, last) in best}
    scores = {text: _sum(*ends) for text, ends in kept.items()}
    return {text: score for text, score in scores.items() if score > NEVER}


def likelihood(log_probs: Tensor, texts: Sequence[Text]) -> Tensor:
    """Return the logarithm of each text's probability, the sum over all its paths."""
    steps, target = len(log_probs), pad(texts)
    spread = log_probs.double()[:, None].expand(-1, len(texts), -1)
    counts = torch.tensor([len(text) for text in texts])
    negative = functional.ctc_loss(
        spread, target, torch.full_like(counts, steps), counts, BLANK, "none"
    )
    return -negative


def character_confidence(log_probs: Tensor, text: Text) -> list[float]:
    """Return how sure each character of a text is, the others being as they are.

    It is the share of the text's probability in that of all texts that have some
    character in this place.
    """
    count, confidences = log_probs.shape[-1] - 1, []
    for place, number in enumerate(text):
        others = [(*text[:place], n, *text[place + 1 :]) for n in range(1, count + 1)]
        chance = likelihood(log_probs, others).softmax(dim=0)[number - 1]
        confidences.append(0.0 if chance.isnan() else chance.item())
    return confidences


def loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the mean of each text's surprise by the character, over the rows.

    `logits` (batch, steps, characters + 1), `target` (batch, longest) of numbers,
    filled up with blanks. A text that does not fit into the steps counts nothing, for
    there is nothing to learn from it: `min_steps` finds those before.
    """
    log_probs = logits.float().log_softmax(dim=-1).transpose(0, 1)
    counts = (target != BLANK).sum(dim=1)
    steps = torch.full_like(counts, logits.shape[1])
    return functional.ctc_loss(
        log_probs, target.long(), steps, counts, BLANK, zero_infinity=True
    )


def pad(texts: Sequence[Sequence[int]]) -> Tensor:
    """Return texts as a tensor (texts, longest), filled up with blanks."""
    longest = max((len(text) for text in texts), default=0)
    rows = [[*text, *[BLANK] * (longest - len(text))] for text in texts]
    return torch.tensor(rows, dtype=torch.long).view(len(texts), longest)


def unpad(target: Tensor) -> list[Text]:
    """Return the texts of such a tensor."""
    return [tuple(n for n in row if n != BLANK) for row in target.tolist()]


def _add(grown: dict[Text, list[float]], text: Text, end: int, score: float) -> None:
    ends = grown.setdefault(text, [NEVER, NEVER])
    ends[end] = _sum(ends[end], score)


def _sum(one: float, other: float) -> float:
    """Return the logarithm of the sum of two chances, given theirs."""
    high, low = max(one, other), min(one, other)
    return high if low == NEVER else high + math.log1p(math.exp(low - high))
