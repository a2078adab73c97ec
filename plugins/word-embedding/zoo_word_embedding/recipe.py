"""Train word vectors by skip-gram with negative sampling.

Read it from top to bottom: settings, data, training, evaluation. The test texts are
used once, at the end.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, normalize

from zoo.recipes import TensorRows, unwrap_model
from zoo.recipes.text import TextRun, tokenizer, use_tokenizer
from zoo_word_embedding.pairs import (
    flatten_texts,
    keep_probability,
    sample_pairs,
    word_counts,
)
from zoo_word_embedding.word_tokenizer import encode_known_words, train_tokenizer

__all__ = [
    "SMOKE_SETTINGS",
    "Settings",
    "data",
    "evaluate",
    "load_tokens",
    "nearer_word_accuracy",
    "train",
]

DATASET = "english-mix"
SMOKE_TEXTS, SMOKE_LENGTH = 200, 500  # texts of a smoke run, and characters of each
MAX_PAIRS = 200_000  # for evaluation


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 5
    min_count: int = 5  # occurrences of a word in the vocabulary
    window: int = 5  # words to each side, at most
    sample: float = 1e-3  # words with a larger frequency are subsampled
    negatives: int = 5  # negative samples per pair
    ns_exponent: float = 0.75  # the power of the counts in the noise distribution
    lr: float = 0.025  # per pair; it falls linearly to a ten-thousandth
    batch_size: int = 1024  # pairs
    group_size: int = 64  # pairs that share their negative samples
    group_negatives: int = 20  # shared samples; each is weighted by negatives / this


SMOKE_SETTINGS = {"epochs": 1}  # what the test suite runs


def source_texts(run: TextRun, split: str) -> list[str]:
    """Return the texts of a split; a smoke run takes the beginning of a few."""
    texts = run.load_texts(DATASET, split)
    if run.smoke:
        return [text[:SMOKE_LENGTH] for text in texts[:SMOKE_TEXTS]]
    return texts


def load_tokens(run: TextRun, split: str) -> Tensor:
    """Return (2, words): the known words of a split, and the text each is from."""
    texts = source_texts(run, split)
    flat = flatten_texts(encode_known_words(tokenizer(run.spec.input), texts))
    fingerprint = hashlib.sha256(flat.numpy().tobytes()).hexdigest()
    source = f"{DATASET}/{split}"
    run.data[source] = {"rows": len(texts), "fingerprint": fingerprint}
    return flat


def data(run: TextRun, split: str) -> TensorRows:
    """Return rows of a word, a word of its context, and one that is not.

    The third is the context of another row, drawn at random: it is as frequent as the
    second, so that word counts are no help. Rows in which the two are the same are left
    out.
    """
    random = torch.Generator().manual_seed(0)
    flat, vocab_size = load_tokens(run, split), run.spec.options["vocab_size"]
    keep = keep_probability(word_counts(flat, vocab_size), Settings.sample)
    word, context = sample_pairs(flat, keep, Settings.window, random)
    order = torch.randperm(len(word), generator=random)[:MAX_PAIRS]
    word, context = word[order], context[order]
    other = context[torch.randperm(len(context), generator=random)]
    rows = torch.stack([word, context, other], dim=1)[context != other]
    return TensorRows(
        input=rows,
        target=torch.zeros(len(rows)),
        source=f"{DATASET}/{split}",
        fingerprint=run.data[f"{DATASET}/{split}"]["fingerprint"],
    )


def train(settings: Settings, run: TextRun) -> nn.Module:
    return train_vectors(settings, run, pair_rows, lambda model, word: model(word))


def train_vectors(
    settings: Settings,
    run: TextRun,
    draw_rows: Callable[[Tensor, Tensor, Settings, TextRun], TensorRows],
    embed: Callable[[nn.Module, Tensor], Tensor],
) -> nn.Module:
    """Train vectors of words by negative sampling, new rows in each epoch.

    `draw_rows` makes them of tokens (2, words) and of the probability to keep a word:
    the target is a word near those of the input. `embed` gives the vectors that are to
    predict the target, (B, embed_dim).
    """
    vocab_size = run.spec.options["vocab_size"]
    embed_dim = run.spec.options["embed_dim"]
    texts = source_texts(run, "train")
    made = train_tokenizer(texts, vocab_size=vocab_size, min_count=settings.min_count)
    use_tokenizer(run, made)
    training, validation = load_tokens(run, "train"), data(run, "validation")
    count = word_counts(training, vocab_size)
    keep = keep_probability(count, settings.sample)
    noise = count.double() ** settings.ns_exponent
    unwrapped: Any = run.build()
    unwrapped.embedding.sparse = True  # a step changes only the rows of its words
    model = run.prepare(unwrapped)
    out_embedding = run.prepare(nn.Embedding(vocab_size, embed_dim, sparse=True))
    nn.init.zeros_(out_embedding.weight)
    optimizer = run.prepare(
        torch.optim.SGD(
            [*model.parameters(), *out_embedding.parameters()],
            lr=settings.lr * settings.batch_size,  # the loss is a mean over rows
        )
    )
    for epoch in run.epochs(settings.epochs):
        model.train()
        rows = draw_rows(training, keep, settings, run)
        steps = run.steps(rows, settings.batch_size, 1)
        batches = run.batches(rows, settings.batch_size)
        for step, (given, target) in enumerate(batches):
            progress = (epoch - 1 + step / steps) / settings.epochs
            for group in optimizer.param_groups:
                lr = settings.lr * max(1e-4, 1 - progress)
                group["lr"] = lr * len(target)
            loss = negative_sampling_loss(
                embed(model, given), out_embedding, target, noise, settings, run
            )
            run.step(loss, optimizer)
        run.log(evaluate(model, validation), best="accuracy")
    return run.best(model)


def pair_rows(
    training: Tensor, keep: Tensor, settings: Settings, run: TextRun
) -> TensorRows:
    """Return pairs as rows: the word is the input, its context the target."""
    word, context = sample_pairs(training, keep, settings.window, run.generator)
    return training_rows(word.unsqueeze(1), context, run)


def training_rows(given: Tensor, target: Tensor, run: TextRun) -> TensorRows:
    """Return rows drawn from the training texts."""
    return TensorRows(
        input=given,
        target=target,
        source=f"{DATASET}/train",
        fingerprint=run.data[f"{DATASET}/train"]["fingerprint"],
    )


def negative_sampling_loss(
    vector: Tensor,
    out_embedding: nn.Module,
    context: Tensor,
    noise: Tensor,
    settings: Settings,
    run: TextRun,
) -> Tensor:
    """Return the loss of negative sampling, a mean over pairs.

    The paper draws `negatives` words for each pair. Here `group_size` pairs share
    `group_negatives` words, each with a smaller weight: the same in expectation, in
    less time.
    """
    groups = -(-len(vector) // settings.group_size)
    negatives = torch.multinomial(
        noise,
        groups * settings.group_negatives,
        replacement=True,
        generator=run.generator,
    ).view(groups, settings.group_negatives)
    positive_score = (vector * out_embedding(context)).sum(dim=1)  # (B,)
    missing = groups * settings.group_size - len(vector)
    padded = nn.functional.pad(vector, (0, 0, 0, missing))
    grouped = padded.view(groups, -1, vector.shape[1])
    negative_score = grouped @ out_embedding(negatives.to(vector.device)).transpose(
        1, 2
    )
    weight = settings.negatives / settings.group_negatives
    negative = logsigmoid(-negative_score).flatten(0, 1)[: len(vector)]
    # The negative of equation (4) of the second 2013 paper, with the sigmoid s:
    # log s(v'_O . v_I) + sum over k of E_{w_k ~ P_n} log s(-v'_k . v_I)
    return -(logsigmoid(positive_score).sum() + weight * negative.sum()) / len(vector)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return how often the word of the context is nearer than the other, by cosine."""
    trained: Any = unwrap_model(model)
    unit = normalize(trained.embedding_matrix().float().cpu(), dim=1)
    return {"accuracy": nearer_word_accuracy(unit, rows.input)}


def nearer_word_accuracy(unit: Tensor, rows: Tensor) -> float:
    """Return the fraction of rows whose second word is nearer to the first than the
    third.

    `unit` are vectors of length one; a tie counts as half a row.
    """
    word, context, other = rows.long().T
    gap = (unit[word] * (unit[context] - unit[other])).sum(dim=1)
    return (gap.sign().mean().item() + 1) / 2
