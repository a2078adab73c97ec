"""What the card of char-lstm-nietzsche tells: baselines, and samples."""

import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

import zoo
from zoo import Run
from zoo.recipes import plots
from zoo.recipes.sampling import sample
from zoo.recipes.text import Ngrams
from zoo_rnn.char_lstm_recipe import DATASET, data, load_stream, token_losses

__all__ = ["longest_copied", "report", "unseen_fraction"]

PROMPT_LENGTH = 68  # characters of the test split to be continued
ORDERS = range(3, 10)  # of the n-gram models that are tried
TEMPERATURES = {"0_2": 0.2, "0_5": 0.5, "1_0": 1.0, "1_2": 1.2}  # by their suffix
SAMPLES, SAMPLE_LENGTH = 10, 500  # of each temperature, in characters
LINE_WIDTH = 44  # characters of a line in the figure
CAPTION = (
    "Continuations of the first characters of the test split, with seed 0, the prompt "
    "included."
)


def report(model: Any, run: Run) -> None:
    """Add the figures of the card to the run."""
    training, validation, test = (
        load_stream(run, split).token for split in ("train", "validation", "test")
    )
    add_baselines(run, training, validation, test)
    rows = data(run, "test")
    losses = token_losses(model, rows, carry=False)
    run.log_summary(
        validation_loss=min(epoch["validation_loss"] for epoch in run.history),
        loss_without_carry=losses.mean().item(),
        epochs_trained=len(run.history),
        training_loss=run.history[-1]["loss"],
    )
    add_samples(model, run, test[:PROMPT_LENGTH])


def add_baselines(run: Run, training: Tensor, validation: Tensor, test: Tensor) -> None:
    """Add baselines: the order of the best is chosen on the validation split."""
    vocab_size: int = run.spec.options["vocab_size"]
    distinct = len(training.unique())

    def loss(order: int, split: Tensor) -> float:
        ngrams = Ngrams(training, order=order, vocabulary=vocab_size)
        return ngrams.nats(split).mean().item()

    losses = {order: loss(order, validation) for order in ORDERS}
    best = min(losses, key=losses.__getitem__)
    named = {
        "uniform": math.log(distinct),
        "unigram": loss(1, test),
        "Kneser-Ney 5-gram": loss(5, test),
        f"Kneser-Ney {best}-gram": loss(best, test),
    }
    for name, value in named.items():
        run.log_baseline(
            name,
            loss=value,
            perplexity=math.exp(value),
            bits_per_character=value / math.log(2),
        )
    run.log_summary(
        distinct_characters=distinct,
        ngram_order=best,
        ngram_validation_loss=losses[best],
    )


def add_samples(model: Any, run: Run, prompt: Tensor) -> None:
    """Add how a prompt goes on at some temperatures, and what samples are made of."""
    source = "\n".join(run.load_texts(DATASET)).lower()
    length, count = (48, 2) if run.smoke else (SAMPLE_LENGTH, SAMPLES)
    continued = {}
    for suffix, temperature in TEMPERATURES.items():
        samples = sample(
            model, count, seed=0, temperature=temperature, max_new_tokens=length
        )
        texts = [str(one) for one in samples]
        run.log_summary(
            **{f"unseen_words_{suffix}": unseen_fraction(texts, source)},
            **{f"longest_copied_{suffix}": longest_copied(texts, source)},
        )
        continued[f"temperature {temperature:g}"] = str(
            zoo.predict(
                model, prompt, temperature=temperature, max_new_tokens=length, seed=0
            )
        )
    run.log_figure("samples", _figure(continued), CAPTION)


def _figure(texts: Mapping[str, str]) -> bytes:
    def draw(figure: Any) -> None:
        for place, (title, text) in enumerate(texts.items(), start=1):
            axes = figure.add_subplot(1, len(texts), place)
            axes.set_axis_off()
            axes.set_title(title, loc="left", fontsize=9)
            joined = text.replace("\n\n", "\0").replace("\n", " ").replace("\0", "\n\n")
            lines = [
                wrapped
                for line in joined.split("\n")
                for wrapped in textwrap.wrap(line, LINE_WIDTH) or [""]
            ]
            # A dollar sign would begin mathematics.
            shown = "\n".join(lines).replace("$", r"\$")
            axes.text(0, 1, shown, va="top", family="monospace", fontsize=7)

    return plots.to_png(3.1 * len(texts), 3.2, draw)


def words(text: str) -> list[str]:
    """Return the words of a text, without the first and last, which may be cut."""
    return re.findall(r"[a-z]+", text)[1:-1]


def unseen_fraction(texts: Sequence[str], source: str) -> float:
    """Return the fraction of words in `texts` that `source` does not have."""
    known = set(re.findall(r"[a-z]+", source))
    written = [word for text in texts for word in words(text)]
    return sum(word not in known for word in written) / max(1, len(written))


def longest_copied(texts: Sequence[str], source: str) -> int:
    """Return the length of the longest passage of `source` that is in a text."""
    longest = 0
    for text in texts:
        for start in range(len(text)):
            while text[start : start + longest + 1] in source:
                if start + longest + 1 > len(text):
                    break
                longest += 1
    return longest
