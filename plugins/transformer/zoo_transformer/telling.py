"""What the card of a small GPT tells: simple methods beside it, and what it writes."""

import math
from collections.abc import Sequence
from typing import Any

from zoo import Run, generating, verbs
from zoo.ngrams import Ngrams
from zoo.passages import Stream

__all__ = ["borrowed", "compare", "describe", "repeated"]

ORDERS = range(2, 10)  # of the tables of character sequences that are tried
WRITTEN = 5000  # characters that are looked at for what they repeat
EACH = 500  # of them in one sample


def describe(
    model: Any, run: Run, training: Stream, validation: Stream, test: Stream
) -> None:
    """Add baselines and notes to a run: what it writes, and how much is borrowed."""
    compare(run, training, validation, test)
    size, count = (64, 2) if run.smoke else (EACH, WRITTEN // EACH)
    for name, temperature in {"": 1.0, "cool_": 0.5}.items():
        plan = generating.Plan(max_new_tokens=size, temperature=temperature)
        start = run.spec.output.start
        written = [
            one.tokens
            for one in generating.generate(
                model, [[start]] * count, plan=plan, seeds=range(count)
            )
        ]
        run.note(
            **{
                f"{name}borrowed": borrowed(written, training.token.tolist()),
                f"{name}repeated": repeated(written),
            }
        )


def compare(run: Run, training: Stream, validation: Stream, test: Stream) -> None:
    """Note what simple methods reach; the order of the table is chosen on validation
    rows."""
    vocabulary = run.spec.input.vocabulary
    kinds = len(training.token.unique())

    def table(order: int) -> Ngrams:
        return Ngrams(training.token, order=order, vocabulary=vocabulary)

    nats = {o: table(o).nats(validation.token).mean().item() for o in ORDERS}
    order = min(nats, key=nats.__getitem__)
    _figures(run, "uniform", math.log(kinds))
    _figures(run, "unigram", table(1).nats(test.token).mean().item())
    best = table(order)
    _figures(run, f"Kneser-Ney {order}-gram", best.nats(test.token).mean().item())
    run.note(order=order, order_loss=nats[order], sequences=len(best))


def borrowed(written: Sequence[Sequence[int]], training: Sequence[int]) -> int:
    """Return how long the longest passage is that was written as it was read."""
    source, longest = _letters(training), 0
    for text in map(_letters, written):
        for place in range(len(text)):
            while text[place : place + longest + 1] in source:
                if place + longest + 1 > len(text):
                    break
                longest += 1
    return longest


def repeated(written: Sequence[Sequence[int]], length: int = 20) -> float:
    """Return the share of sequences of a length that a text held before already."""
    again = total = 0
    for text in map(_letters, written):
        seen: set[str] = set()
        for place in range(len(text) - length + 1):
            part = text[place : place + length]
            again, total = again + (part in seen), total + 1
            seen.add(part)
    return again / max(1, total)


def _letters(tokens: Sequence[int]) -> str:
    """Return tokens as a string, in which passages are found fast."""
    return "".join(map(chr, tokens))


def _figures(run: Run, name: str, loss: float) -> None:
    run.baseline(
        name,
        loss=loss,
        perplexity=math.exp(loss),
        bits_per_character=loss / math.log(2),
    )
