"""Train a small GPT on the characters of Shakespeare's plays.

Read it from top to bottom: settings, data, training, evaluation. The settings were
chosen on the validation split in short runs. The test split is used once, at the end.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.recipes import TensorRows, predict_batches
from zoo.recipes.text import TextRun, TokenStream, load_token_stream, use_tokenizer
from zoo_transformer.char_tokenizer import train_tokenizer
from zoo_transformer.muon import MuonAndAdamW

__all__ = [
    "DATASET",
    "SMOKE_SETTINGS",
    "Settings",
    "data",
    "evaluate",
    "load_stream",
    "token_losses",
    "train",
]

DATASET = "tiny_shakespeare"
PATIENCE = 2  # epochs without a lower validation loss end the training


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 16  # passes over the text, each cut into passages at another offset
    batch_size: int = 32  # passages
    lr: float = 6e-3  # the peak: a warm-up of a twentieth of the steps, then cosine
    weight_decay: float = 0.1
    dropout: float = 0.0
    amp: bool = True  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 4}  # what the test suite runs


def load_stream(run: TextRun, split: str) -> TokenStream:
    """Return a split as one sequence of tokens, one for each character."""
    return load_token_stream(run, DATASET, split)


def data(run: TextRun, split: str) -> TensorRows:
    """Return passages of the context length, each starting in the middle of the one
    before: `evaluate` says why."""
    length: int = run.spec.options["context_length"]
    return load_stream(run, split).passages(length, step=length // 2)


def train(settings: Settings, run: TextRun) -> nn.Module:
    use_tokenizer(run, train_tokenizer(run.load_texts(DATASET)))
    training, validation = load_stream(run, "train"), data(run, "validation")
    length: int = run.spec.options["context_length"]
    model = run.prepare(run.build(dropout=settings.dropout))
    optimizer = run.prepare(
        MuonAndAdamW(
            model, model.blocks, lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    steps = run.steps(training.passages(length), settings.batch_size, settings.epochs)
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=steps,
            pct_start=0.05,
            cycle_momentum=False,
        )
    )
    for _ in run.epochs(settings.epochs, patience=PATIENCE):
        model.train()
        offset = int(torch.randint(length, (), generator=run.generator))
        rows = training.passages(length, offset=offset)
        for token, next_token in run.batches(rows, settings.batch_size):
            logits = model(token)
            # The mean of -log p(s_n | s_1, ..., s_{n-1}): the factors of equation (1)
            # in the GPT-2 paper.
            loss = cross_entropy(logits.flatten(0, 1), next_token.flatten())
            run.step(loss, optimizer, schedule, clip=1.0)
        metrics = {"validation_loss": evaluate(model, validation)["loss"]}
        run.log(metrics, best="validation_loss")
    return run.best(model)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the mean loss of a character that has at least half a passage as context.

    Only the second half of each passage counts; of the first passage, all of it.
    """
    losses = token_losses(model, rows)
    half = losses.shape[1] // 2
    loss = torch.cat([losses[0, :half], losses[:, half:].flatten()]).mean().item()
    return {
        "loss": loss,
        "perplexity": math.exp(loss),
        "bits_per_character": loss / math.log(2),
    }


def token_losses(model: nn.Module, rows: TensorRows) -> Tensor:
    """Return the cross-entropy of each next token in nats, (rows, length)."""
    losses = [
        cross_entropy(
            predict_batches(model, token.long()).transpose(1, 2),
            next_token,
            reduction="none",
        )
        for token, next_token in rows.batches(torch.arange(len(rows)).split(64))
    ]
    return torch.cat(losses)
