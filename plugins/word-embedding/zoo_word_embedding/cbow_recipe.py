"""Train word vectors by the continuous bag of words with negative sampling.

Read it from top to bottom: settings and training. Texts, vocabulary, evaluation and
most settings are those of the skip-gram recipe. The test texts are used once, at the
end.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from zoo.recipes import TensorRows
from zoo.recipes.text import TextRun, use_tokenizer
from zoo_word_embedding import recipe as skipgram_recipe
from zoo_word_embedding.cbow import CBOW
from zoo_word_embedding.pairs import keep_probability, word_counts
from zoo_word_embedding.recipe import (
    DATASET,
    data,
    evaluate,
    load_tokens,
    negative_sampling_loss,
    source_texts,
)
from zoo_word_embedding.windows import sample_windows
from zoo_word_embedding.word_tokenizer import train_tokenizer

__all__ = ["SMOKE_SETTINGS", "Settings", "bag_of_words", "data", "evaluate", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings(skipgram_recipe.Settings):
    lr: float = 0.05  # per word, twice that of skip-gram, as in the authors' program
    batch_size: int = 1024  # words, each with those around it


SMOKE_SETTINGS = {"epochs": 1}  # what the test suite runs


def train(settings: Settings, run: TextRun) -> nn.Module:
    vocab_size = run.spec.options["vocab_size"]
    embed_dim = run.spec.options["embed_dim"]
    texts = source_texts(run, "train")
    made = train_tokenizer(texts, vocab_size=vocab_size, min_count=settings.min_count)
    use_tokenizer(run, made)
    training, validation = load_tokens(run, "train"), data(run, "validation")
    count = word_counts(training, vocab_size)
    keep = keep_probability(count, settings.sample)
    noise = count.double() ** settings.ns_exponent
    unwrapped: CBOW = run.build()
    unwrapped.embedding.sparse = True  # a step changes only the rows of its words
    model = run.prepare(unwrapped)
    out_embedding = run.prepare(nn.Embedding(vocab_size, embed_dim, sparse=True))
    nn.init.zeros_(out_embedding.weight)
    optimizer = run.prepare(
        torch.optim.SGD(
            [*model.parameters(), *out_embedding.parameters()],
            lr=settings.lr * settings.batch_size,  # the loss is a mean over words
        )
    )
    for epoch in run.epochs(settings.epochs):
        model.train()
        rows = window_rows(
            sample_windows(training, keep, settings.window, run.generator), run
        )
        steps = run.steps(rows, settings.batch_size, 1)
        batches = run.batches(rows, settings.batch_size)
        for step, (around, word) in enumerate(batches):
            progress = (epoch - 1 + step / steps) / settings.epochs
            for group in optimizer.param_groups:
                lr = settings.lr * max(1e-4, 1 - progress)
                group["lr"] = lr * len(word)
            loss = negative_sampling_loss(
                bag_of_words(model, around), out_embedding, word, noise, settings, run
            )
            run.step(loss, optimizer)
        run.log(evaluate(model, validation), best="accuracy")
    return run.best(model)


def window_rows(windows: tuple[Tensor, Tensor], run: TextRun) -> TensorRows:
    """Return windows as rows: the words around are the input, the word the target."""
    word, around = windows
    return TensorRows(
        input=around,
        target=word,
        source=f"{DATASET}/train",
        fingerprint=run.data[f"{DATASET}/train"]["fingerprint"],
    )


def bag_of_words(model: Any, around: Tensor) -> Tensor:
    """Return h of rows of words, (B, embed_dim): their mean, with a sum's gradient.

    The authors' program, and gensim, give each word around the whole gradient of h, not
    its part of the mean: otherwise words in wide windows would learn slower.
    """
    mean: Tensor = model(around)
    total = mean * (around > 0).sum(dim=1, keepdim=True)
    return total + (mean - total).detach()
