"""Train a small BERT to fill gaps, on two novels, plays and short sentences.

Read it from top to bottom: settings, data, training, measuring. To try something else,
copy this file and change it. The settings were chosen by how the loss fell in short
runs; the test split is used once, at the end.
"""

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo import Run
from zoo.datasets.in_memory import TensorRows
from zoo.training import train_tokenizer as tokenising
from zoo.training.token_stream import Stream, stream
from zoo_transformer import filling, hiding, pieces
from zoo_transformer.bert import BERT
from zoo_transformer.muon import MuonAndAdamW

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "report", "train"]

BOOKS = {"gutenberg_novels": "text", "tiny_shakespeare": "text"}
SENTENCES = {"tatoeba_en_fr": "en"}
REVIEWS = {"rotten_tomatoes": "text"}  # nothing is trained on them
START = 0.02  # the deviation of an embedding, as the model starts
MOMENT = 1 << 14  # characters of a set that a smoke run makes pieces of


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 8  # passes over the text, each cut into passages anew
    batch: int = 16  # passages
    lr: float = 4e-3  # the peak: it rises for a twentieth of the steps, then falls
    weight_decay: float = 0.1
    dropout: float = 0.0
    shortest: int = 16  # tokens of a row in the first pass; then it may be longer
    share: float = 0.3  # of the tokens are hidden; the paper's 0.15 learns slower


SMOKE_SETTINGS = {"epochs": 1, "batch": 4}  # what the test suite runs


def once(text: str) -> str:
    """Return the lines of a text, each once: a sentence has several translations."""
    return "\n".join(dict.fromkeys(text.split("\n")))


def streams(run: Run, sets: dict[str, str], split: str) -> list[Stream]:
    """Return a split of some sets, each as one row of tokens."""
    return [
        stream(run, name, split, column=column, change=str if name in BOOKS else once)
        for name, column in sets.items()
    ]


def passages(run: Run, texts: list[Stream], offset: int = 0) -> TensorRows:
    """Return texts as rows as long as the model reads, one text after the other."""
    length: int = run.spec.options["context"]
    parts = [text.passages(length, offset=offset) for text in texts]
    names = "+".join(part.source.partition("/")[0] for part in parts)
    seals = "".join(part.fingerprint for part in parts)
    return TensorRows(
        input=torch.cat([part.input for part in parts]),
        target=torch.cat([part.target for part in parts]),
        source=f"{names}/{parts[0].source.partition('/')[2]}",
        fingerprint=hashlib.sha256(seals.encode()).hexdigest(),
    )


def data(run: Run, split: str) -> TensorRows:
    """Return passages of the novels and plays, seven times each, with every token
    hidden in one of them."""
    return hiding.each(passages(run, streams(run, BOOKS, split)), mask=pieces.MASK)


def train(settings: Settings, run: Run) -> nn.Module:
    sets = BOOKS | SENTENCES
    texts = [text for name in sets for text in source(run, name, sets[name])]
    vocabulary: int = run.spec.options["vocabulary"]
    tokenising.use_tokenizer(run, pieces.tokenizer(texts, size=vocabulary))
    fitting, holding = streams(run, sets, "train"), data(run, "validation")
    bare: BERT = run.build(dropout=settings.dropout)
    begin(bare, passages(run, fitting).input)
    model = run.prepare(bare)
    optimizer = run.prepare(
        MuonAndAdamW(
            model, model.blocks, lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    steps = run.steps(passages(run, fitting), settings.batch, settings.epochs)
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=steps,
            pct_start=0.05,
            cycle_momentum=False,
        )
    )
    length: int = run.spec.options["context"]
    for epoch in run.epochs(settings.epochs):
        model.train()
        offset = int(torch.randint(length, (), generator=run.generator))
        for token, _ in run.batches(passages(run, fitting, offset), settings.batch):
            short = cut(token, settings.shortest, epoch, run.generator)
            given, asked = hiding.hide(
                short,
                run.generator,
                mask=pieces.MASK,
                vocabulary=vocabulary,
                share=settings.share,
            )
            with torch.autocast(run.device.type, torch.bfloat16):
                logits = model(given, asked)
            loss = cross_entropy(logits.float(), short[asked])
            run.step(loss, optimizer, schedule, clip=1.0)
        found = evaluate(model, holding[::5])  # all drawings, of other rows each
        run.log(
            {f"validation_{n}": v for n, v in found.items()}, best="validation_loss"
        )
    return run.best(model)


def source(run: Run, name: str, column: str) -> list[str]:
    """Return the training texts of a set; a smoke run takes only their beginning."""
    texts = tokenising.training_texts(run, name, column=column)
    if run.smoke:
        return ["\n".join(texts)[:MOMENT]]
    return list(dict.fromkeys(texts))


def begin(model: BERT, token: Tensor) -> None:
    """Let a model start from what training would take long to find.

    Places are waves, so that neighbours are alike; matrices are as large as a small
    width needs, because the paper's numbers are for a wide one; and before anything is
    known of a gap, a token is as likely as it is in the training text.
    """
    count, width = model.place.weight.shape
    rate = torch.exp(-math.log(10_000) * torch.arange(0, width, 2) / width)
    angle = torch.arange(count)[:, None] * rate
    waves = torch.cat([angle.sin(), angle.cos()], dim=1)
    seen = torch.bincount(token.flatten().long(), minlength=len(model.tell.bias)) + 1
    with torch.no_grad():
        model.place.weight.copy_(START * math.sqrt(2) * waves)
        model.tell.bias.copy_((seen / seen.sum()).log())
        for matrix in (*model.blocks.parameters(), model.turn.weight):
            if matrix.ndim == 2:
                nn.init.normal_(matrix, std=matrix.shape[1] ** -0.5)


def cut(token: Tensor, shortest: int, epoch: int, random: torch.Generator) -> Tensor:
    """Return rows cut into parts of one length: `shortest` in the first pass.

    In the second it may be twice or four times that, and so on, as long as rows are.
    All lengths of a pass are as likely, for users' texts are short.
    """
    lengths = [shortest * 2**power for power in range(2 * epoch - 1)]
    lengths = [one for one in lengths if one <= token.shape[1]] or [token.shape[1]]
    drawn = int(torch.randint(len(lengths), (), generator=random))
    return token.reshape(-1, lengths[drawn])


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return how many of the hidden tokens are told, and what one costs in nats."""
    return hiding.figures(hiding.told(model, rows), rows)


def report(model: Any, run: Run) -> None:
    """Measure what the card speaks of."""
    training = passages(run, streams(run, BOOKS | SENTENCES, "train")).input
    held = {split: data(run, split) for split in ("validation", "test")}
    counts = filling.compare(run, training, held["validation"], held["test"])
    filling.by_frequency(model, run, training, held["test"][::3])
    filling.shown(model, run)
    others = {
        "novels": dict([*BOOKS.items()][:1]),
        "plays": dict([*BOOKS.items()][1:]),
        "sentences": SENTENCES,
        "reviews": REVIEWS,
    }
    for name, sets in others.items():
        found = passages(run, streams(run, sets, "test"))
        rows = hiding.each(found[: filling.MOST], mask=pieces.MASK)
        said = hiding.figures(counts.told(rows, mask=pieces.MASK), rows)
        run.log_summary(
            **{name: evaluate(model, rows)["masked_accuracy"]},
            **{f"{name}_counts": said["masked_accuracy"]},
        )
