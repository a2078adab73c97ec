"""What the card of a small GPT tells: simple methods beside it, and what it writes."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from zoo import Run
from zoo.evaluation import plots as pictures
from zoo.evaluation.ngram_baseline import Ngrams
from zoo.inference import predict as prediction
from zoo.inference import sample as verbs
from zoo.tasks.results.vision import GeneratedText
from zoo.training.token_stream import Stream

__all__ = ["borrowed", "compare", "repeated", "written"]

ORDERS = range(2, 10)  # of the tables of character sequences that are tried
WRITTEN = 5000  # characters that are looked at for what they repeat
EACH = 500  # of them in one sample
WIDE = 44  # characters of a line in a picture
COMPLETIONS = (
    "How the first characters of the test split go on, with seed zero, the prompt "
    "included."
)


def written(model: Any, run: Run, source: str, prompt: Tensor) -> None:
    """Note how much of what a model writes is borrowed from `source` or comes twice,
    and show how a prompt goes on."""
    size, count = (48, 2) if run.smoke else (EACH, WRITTEN // EACH)
    for name, temperature in {"": 1.0, "cool_": 0.5}.items():
        drawn = verbs.sample(
            model, count, seed=0, temperature=temperature, max_new_tokens=size
        )
        texts = [str(one) for one in drawn]
        run.log_summary(
            **{f"{name}borrowed": borrowed(texts, source)},
            **{f"{name}repeated": repeated(texts)},
        )
    shown = {
        f"temperature {temperature:g}": prediction.predict(
            model, prompt, temperature=temperature, max_new_tokens=size, seed=0
        )
        for temperature in (0, 0.5, 0.8, 1.0)
    }
    run.log_figure("completions", _printed(shown), COMPLETIONS)


def _printed(shown: Mapping[str, GeneratedText]) -> bytes:
    def draw(figure: Any) -> None:
        for place, (title, one) in enumerate(shown.items(), start=1):
            axes = figure.add_subplot(1, len(shown), place)
            axes.set_axis_off()
            axes.set_title(title, loc="left", fontsize=9)
            lines = [
                line
                for long in str(one).split("\n")
                for line in textwrap.wrap(long, WIDE) or [""]
            ]
            axes.text(0, 1, "\n".join(lines), va="top", family="monospace", fontsize=7)

    return pictures.png(3.1 * len(shown), 4.6, draw)


def compare(run: Run, training: Stream, validation: Stream, test: Stream) -> Ngrams:
    """Note what simple methods reach, and return the best: a table of sequences, whose
    order is chosen on validation rows."""
    vocabulary: int = run.spec.options["vocabulary"]
    kinds = len(training.token.unique())

    def table(order: int) -> Ngrams:
        return Ngrams(training.token, order=order, vocabulary=vocabulary)

    nats = {o: table(o).nats(validation.token).mean().item() for o in ORDERS}
    order = min(nats, key=nats.__getitem__)
    _figures(run, "uniform", math.log(kinds))
    _figures(run, "unigram", table(1).nats(test.token).mean().item())
    best = table(order)
    _figures(run, f"Kneser-Ney {order}-gram", best.nats(test.token).mean().item())
    run.log_summary(
        kinds=kinds, order=order, order_loss=nats[order], sequences=len(best)
    )
    return best


def borrowed(texts: Sequence[str], source: str) -> int:
    """Return how long the longest passage of the source is that stands in a text."""
    longest = 0
    for text in texts:
        for place in range(len(text)):
            while text[place : place + longest + 1] in source:
                if place + longest + 1 > len(text):
                    break
                longest += 1
    return longest


def repeated(texts: Sequence[str], length: int = 20) -> float:
    """Return the share of sequences of a length that a text held before already."""
    again = total = 0
    for text in texts:
        seen: set[str] = set()
        for place in range(len(text) - length + 1):
            part = text[place : place + length]
            again, total = again + (part in seen), total + 1
            seen.add(part)
    return again / max(1, total)


def _figures(run: Run, name: str, loss: float) -> None:
    run.log_baseline(
        name,
        loss=loss,
        perplexity=math.exp(loss),
        bits_per_character=loss / math.log(2),
    )
