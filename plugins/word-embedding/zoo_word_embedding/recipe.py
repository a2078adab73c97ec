"""Train word vectors by skip-gram with negative sampling.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The test texts are used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, normalize

from zoo import Run, TextInput
from zoo.datasets.in_memory import TensorRows
from zoo.preprocessing import tokenizer as tokens
from zoo.training import train_tokenizer as tokenising
from zoo_word_embedding import telling, words
from zoo_word_embedding.pairs import joined, kept, pairs
from zoo_word_embedding.skipgram import SkipGram

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

SET = "english-mix"
MOMENT, LENGTH = 200, 500  # texts that a smoke run reads, and letters of each
ASKED = 200_000  # pairs that are asked at most


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 5
    least: int = 5  # occurrences of a word that is learned
    window: int = 5  # places to each side, at most
    sample: float = 1e-3  # words with a larger share of the text are thinned out
    negatives: int = 5  # words that did not stand there, for each that did
    smoothing: float = 0.75  # the power of the counts that negatives are drawn by
    lr: float = 0.025  # of a pair; it falls to a ten-thousandth in a straight line
    batch: int = 1024  # pairs
    sharing: int = 64  # pairs that share their negatives
    drawn: int = 20  # negatives that they share; each counts as `negatives / drawn`


SMOKE_SETTINGS = {"epochs": 1}  # what the test suite runs


def source_texts(run: Run, split: str) -> list[str]:
    """Return the texts of a split; a smoke run reads the beginning of a few."""
    texts = tokenising.training_texts(run, SET, split)
    return [text[:LENGTH] for text in texts[:MOMENT]] if run.smoke else texts


def read(run: Run, split: str) -> Tensor:
    """Return the known words of a split, and the number of the text each is from."""
    texts = source_texts(run, split)
    expected = run.spec.input
    assert isinstance(expected, TextInput), "the model reads text"
    found = joined(words.numbered(tokens.tokenizer(expected), texts))
    source = f"{SET}/{split}"
    run.data[source] = {"rows": len(texts), "fingerprint": telling.seal(found)}
    return found


def data(run: Run, split: str) -> TensorRows:
    """Return rows of a word, one that stands near it, and one that stands elsewhere.

    The third is the context of another row, drawn: it is as frequent as the second, so
    that counting words tells nothing. Rows in which the two are the same are left out.
    """
    random = torch.Generator().manual_seed(0)
    found, size = read(run, split), run.spec.options["vocabulary"]
    chance = kept(telling.counted(found, size), Settings.sample)
    word, near = pairs(found, chance, Settings.window, random)
    order = torch.randperm(len(word), generator=random)[:ASKED]
    word, near = word[order], near[order]
    far = near[torch.randperm(len(near), generator=random)]
    rows = torch.stack([word, near, far], dim=1)[near != far]
    return TensorRows(
        input=rows,
        target=torch.zeros(len(rows)),
        source=f"{SET}/{split}",
        fingerprint=run.data[f"{SET}/{split}"]["fingerprint"],
    )


def train(settings: Settings, run: Run) -> nn.Module:
    size, width = (run.spec.options[name] for name in ("vocabulary", "width"))
    texts = source_texts(run, "train")
    tokenising.use_tokenizer(
        run, words.tokenizer(texts, size=size, least=settings.least)
    )
    fitting, holding = read(run, "train"), data(run, "validation")
    count = telling.counted(fitting, size)
    chance, noise = kept(count, settings.sample), count.double() ** settings.smoothing
    bare: SkipGram = run.build()
    bare.word.sparse = True  # a step changes the rows of its pairs alone
    model = run.prepare(bare)
    context = run.prepare(nn.Embedding(size, width, sparse=True))
    nn.init.zeros_(context.weight)
    optimizer = run.prepare(
        torch.optim.SGD(
            [*model.parameters(), *context.parameters()],
            lr=settings.lr * settings.batch,  # the loss is a mean over the pairs
        )
    )
    for epoch in run.epochs(settings.epochs):
        model.train()
        drawn = pairs(fitting, chance, settings.window, run.generator)
        rows = near(drawn, run)
        steps = run.steps(rows, settings.batch, 1)
        for step, (word, other) in enumerate(run.batches(rows, settings.batch)):
            done = (epoch - 1 + step / steps) / settings.epochs
            for group in optimizer.param_groups:
                rate = settings.lr * max(1e-4, 1 - done)
                group["lr"] = rate * len(word)
            loss = cost(model(word), context, other, noise, settings, run)
            run.step(loss, optimizer)
        run.log(evaluate(model, holding), best="accuracy")
    return run.best(model)


def near(drawn: tuple[Tensor, Tensor], run: Run) -> TensorRows:
    """Return pairs as rows to fit."""
    word, other = drawn
    known = run.data[f"{SET}/train"]["fingerprint"]
    return TensorRows(
        input=word.unsqueeze(1), target=other, source=f"{SET}/train", fingerprint=known
    )


def cost(
    vector: Tensor,
    context: nn.Module,
    other: Tensor,
    noise: Tensor,
    settings: Settings,
    run: Run,
) -> Tensor:
    """Return the loss of negative sampling, a mean over pairs.

    The original draws `negatives` words for each pair. Here `sharing` pairs share
    `drawn` words, and each counts as much less: the same on average, in less time.
    """
    groups = -(-len(vector) // settings.sharing)
    size = (groups, settings.drawn)
    far = torch.multinomial(
        noise, groups * settings.drawn, replacement=True, generator=run.generator
    ).view(size)
    match = (vector * context(other)).sum(dim=1)  # (B,)
    short = groups * settings.sharing - len(vector)
    row = nn.functional.pad(vector, (0, 0, 0, short)).view(groups, -1, vector.shape[1])
    clash = row @ context(far.to(vector.device)).transpose(1, 2)
    share = settings.negatives / settings.drawn
    apart = logsigmoid(-clash).flatten(0, 1)[: len(vector)]
    return -(logsigmoid(match).sum() + share * apart.sum()) / len(vector)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return how often the word that stands near is the nearer one, by the cosine."""
    found: SkipGram = telling.bare(model)
    unit = normalize(found.table().float().cpu(), dim=1)
    return {"accuracy": telling.nearer(unit, rows.input)}


def report(model: SkipGram, run: Run) -> None:
    """Measure what simple methods reach, and draw some words."""
    size, width = (run.spec.options[name] for name in ("vocabulary", "width"))
    fitting, test = read(run, "train"), data(run, "test")
    count = telling.counted(fitting, size)
    random = torch.Generator().manual_seed(0)
    chance = kept(count, Settings.sample)
    run.log_baseline("frequency", accuracy=telling.commoner(count, test.input))
    found = pairs(fitting, chance, Settings.window, random)
    vector = telling.factors(found, size, width)
    factored = telling.nearer(normalize(vector, dim=1), test.input)
    run.log_baseline("factored counts", accuracy=factored)
    run.log_summary(words=(count > 0).sum().item(), running=fitting.shape[1])
    run.log_figure(
        "groups",
        telling.drawn(model, run.spec),
        "Words of some groups, on the two directions in which they differ most.",
    )
