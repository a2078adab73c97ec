"""What the card of gpt-mini tells: baselines, and how original its samples are."""

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

import zoo
from zoo import Run
from zoo.recipes import plots
from zoo.recipes.sampling import sample
from zoo.recipes.text import Ngrams, TokenStream, load_token_stream
from zoo.results import GeneratedText
from zoo_transformer.gpt_recipe import DATASET, evaluate, load_stream, token_losses

__all__ = ["longest_copied", "repeated_fraction", "report"]

OTHER_DATASET = "gutenberg_novels"
PROMPT_LENGTH = 68  # characters of the test split to be continued: up to a name
ORDERS = range(2, 10)  # of the n-gram models that are tried
SAMPLED_CHARACTERS = 5000  # that are checked for copies and repetitions
SAMPLE_LENGTH = 500  # characters of one sample
LINE_WIDTH = 44  # characters of a line in the figure
CAPTION = (
    "Continuations of the first characters of the test split, with seed 0, the prompt "
    "included."
)


def report(model: Any, run: Run) -> None:
    """Add the figures of the card to the run."""
    training, validation, test = (
        load_stream(run, split) for split in ("train", "validation", "test")
    )
    length: int = run.spec.options["context_length"]
    source = "\n".join(run.load_texts(DATASET))
    ngrams = add_baselines(run, training, validation, test)
    add_samples(model, run, source, test.token[:PROMPT_LENGTH])
    losses = token_losses(model, test.passages(length))
    run.log_summary(
        loss_without_overlap=losses.mean().item(),
        loss_first_8=losses[:, :8].mean().item(),
    )
    novels = load_token_stream(
        run, OTHER_DATASET, "test", change=keep_only(set(source))
    )
    rows = novels.passages(length, step=length // 2)
    run.log_summary(
        novels_loss=evaluate(model, rows)["loss"],
        novels_ngram_loss=ngrams.nats(novels.token).mean().item(),
    )


def keep_only(alphabet: set[str]) -> Callable[[str], str]:
    """Return a function that removes all other characters from a text."""
    return lambda text: "".join(c for c in text if c in alphabet)


def add_baselines(
    run: Run, training: TokenStream, validation: TokenStream, test: TokenStream
) -> Ngrams:
    """Add baselines to a run; return the best: an n-gram model, whose order is chosen
    on the validation split."""
    vocab_size: int = run.spec.options["vocab_size"]
    distinct = len(training.token.unique())

    def ngrams(order: int) -> Ngrams:
        return Ngrams(training.token, order=order, vocabulary=vocab_size)

    losses = {n: ngrams(n).nats(validation.token).mean().item() for n in ORDERS}
    order = min(losses, key=losses.__getitem__)
    best = ngrams(order)
    _add_baseline(run, "uniform", math.log(distinct))
    _add_baseline(run, "unigram", ngrams(1).nats(test.token).mean().item())
    _add_baseline(run, f"Kneser-Ney {order}-gram", best.nats(test.token).mean().item())
    run.log_summary(
        distinct_characters=distinct,
        ngram_order=order,
        ngram_validation_loss=losses[order],
        ngram_table_size=len(best),
    )
    return best


def _add_baseline(run: Run, name: str, loss: float) -> None:
    run.log_baseline(
        name,
        loss=loss,
        perplexity=math.exp(loss),
        bits_per_character=loss / math.log(2),
    )


def add_samples(model: Any, run: Run, source: str, prompt: Tensor) -> None:
    """Add to a run how much of the model's samples is copied from `source` or repeats
    itself, and a figure of how it continues a prompt."""
    length, count = (
        (48, 2) if run.smoke else (SAMPLE_LENGTH, SAMPLED_CHARACTERS // SAMPLE_LENGTH)
    )
    for suffix, temperature in {"": 1.0, "_low_temperature": 0.5}.items():
        samples = sample(
            model, count, seed=0, temperature=temperature, max_new_tokens=length
        )
        texts = [str(one) for one in samples]
        run.log_summary(
            **{f"longest_copied{suffix}": longest_copied(texts, source)},
            **{f"repeated_fraction{suffix}": repeated_fraction(texts)},
        )
    completions: dict[str, Any] = {
        f"temperature {temperature:g}": zoo.predict(
            model, prompt, temperature=temperature, max_new_tokens=length, seed=0
        )
        for temperature in (0, 0.5, 0.8, 1.0)
    }
    run.log_figure("completions", _figure(completions), CAPTION)


def _figure(completions: Mapping[str, GeneratedText]) -> bytes:
    def draw(figure: Any) -> None:
        for place, (title, text) in enumerate(completions.items(), start=1):
            axes = figure.add_subplot(1, len(completions), place)
            axes.set_axis_off()
            axes.set_title(title, loc="left", fontsize=9)
            lines = [
                wrapped
                for line in str(text).split("\n")
                for wrapped in textwrap.wrap(line, LINE_WIDTH) or [""]
            ]
            axes.text(0, 1, "\n".join(lines), va="top", family="monospace", fontsize=7)

    return plots.to_png(3.1 * len(completions), 4.6, draw)


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


def repeated_fraction(texts: Sequence[str], length: int = 20) -> float:
    """Return the fraction of substrings that occur earlier in the same text."""
    repeated = total = 0
    for text in texts:
        seen: set[str] = set()
        for start in range(len(text) - length + 1):
            part = text[start : start + length]
            repeated, total = repeated + (part in seen), total + 1
            seen.add(part)
    return repeated / max(1, total)
