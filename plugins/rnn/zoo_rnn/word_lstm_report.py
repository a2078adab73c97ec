"""What the card of word-lstm-headlines tells: n-grams, and invented headlines."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from zoo import Run
from zoo.recipes import plots
from zoo.recipes.sampling import sample
from zoo.recipes.text import Ngrams, encode_batch, pad
from zoo_rnn.headlines import words_of
from zoo_rnn.word_lstm import WordLSTM
from zoo_rnn.word_lstm_recipe import data, evaluate, load_headlines, to_stream

__all__ = ["alone_perplexity", "report"]

ORDERS = (2, 3, 4)  # of the n-gram models that are tried
TEMPERATURE = 0.7
SAMPLES, SHOWN = 200, 16  # headlines that are drawn, and those in the figure
LONGEST = 20  # words of a headline
UNK_ID = 1


def report(model: WordLSTM, run: Run) -> None:
    """Add the figures of the card to the run."""
    texts = {split: load_headlines(run, split) for split in ("train", "test")}
    streams = {split: to_stream(run, t, split).token for split, t in texts.items()}
    validation = to_stream(run, load_headlines(run, "validation"), "validation").token
    vocab_size: int = run.spec.options["vocab_size"]

    def perplexity(order: int, token: Tensor) -> float:
        ngrams = Ngrams(streams["train"], order=order, vocabulary=vocab_size)
        return math.exp(ngrams.nats(token).mean().item())

    on_validation = {order: perplexity(order, validation) for order in ORDERS}
    best = min(on_validation, key=on_validation.__getitem__)
    for order in sorted({1, 3, best}):
        name = f"Kneser-Ney {order}-gram" if order > 1 else "unigram"
        run.log_baseline(name, perplexity=perplexity(order, streams["test"]))
    made = sample(
        model, 4 if run.smoke else SAMPLES, seed=0, temperature=TEMPERATURE,
        max_new_tokens=LONGEST,
    )  # fmt: skip
    headlines = [str(one) for one in made]
    known = {" ".join(words_of(text)) for text in texts["train"]}
    run.log_summary(
        validation_perplexity=min(epoch["perplexity"] for epoch in run.history),
        validation_trigram_perplexity=on_validation[3],
        alone_perplexity=alone_perplexity(model, run, texts["test"]),
        test_without_remainder=evaluate(model, data(run, "test"))["perplexity"],
        training_headlines=len(texts["train"]),
        training_words=len(streams["train"]) - len(texts["train"]) - 1,
        unknown_words=_unknown(streams["test"]),
        copied_headlines=sum(one in known for one in headlines) / len(headlines),
        unfinished_headlines=_unfinished(headlines),
        training_perplexity=math.exp(run.history[-1]["loss"]),
        best_epoch=min(run.history, key=lambda row: row["perplexity"])["epoch"],
    )
    run.log_figure(
        "headlines",
        _listed(headlines[:SHOWN]),
        f"Headlines that the model makes up at temperature {TEMPERATURE}, none chosen.",
    )


@torch.inference_mode()
def alone_perplexity(model: WordLSTM, run: Any, texts: Sequence[str]) -> float:
    """Return the perplexity where each headline is read from a state of zeros."""
    rows = [[n for n in row if n] for row in encode_batch(texts, run.spec.input)]
    following = pad([[*row[1:], row[0]] for row in rows], run.spec.input)
    given = pad(rows, run.spec.input)
    # What fills a row up comes after all that counts.
    logits = model(given)
    loss = cross_entropy(logits.flatten(0, 1), following.flatten(), reduction="none")
    return math.exp(loss[following.flatten() > 0].mean().item())


def _unknown(token: Tensor) -> float:
    words = token[token != 2]
    return (words == UNK_ID).float().mean().item()


def _unfinished(headlines: Sequence[str]) -> float:
    return sum(len(words_of(one)) >= LONGEST for one in headlines) / len(headlines)


def _listed(headlines: Sequence[str]) -> bytes:
    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        axes.set_axis_off()
        shown = "\n".join(headlines).replace("$", r"\$")
        axes.text(0, 1, shown, va="top", family="monospace", fontsize=8)

    return plots.to_png(8.0, 2.9, draw)
