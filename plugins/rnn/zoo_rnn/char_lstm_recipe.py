"""Train an LSTM on the characters of a book, with its state carried on.

The text is cut into parallel streams, which are read side by side, a window at a time.
Back-propagation ends at the start of a window (truncated through time), and the state
goes on: so each character is predicted from all of its stream before it. The settings
were chosen on the validation split in short runs. The test split is used once, at the
end.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.recipes import TensorRows, eval_mode, unwrap_model
from zoo.recipes.text import TextRun, TokenStream, load_token_stream, use_tokenizer
from zoo_rnn.char_lstm import CharLSTM, State
from zoo_rnn.char_tokenizer import train_lower_case_tokenizer

__all__ = [
    "DATASET",
    "SMOKE_SETTINGS",
    "WINDOW",
    "Settings",
    "data",
    "evaluate",
    "in_streams",
    "load_stream",
    "token_losses",
    "train",
]

DATASET = "nietzsche"
WINDOW = 64  # characters through which gradients flow back


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 14  # passes over the text, each cut into windows at another offset
    batch_size: int = 32  # parallel streams
    lr: float = 1e-2  # the peak: a warm-up of a twentieth of the steps, then cosine
    weight_decay: float = 0.01
    embed_dropout: float = 0.1
    dropout: float = 0.2  # of the hidden states that are read out
    max_grad_norm: float = 1.0


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 8}  # what the test suite runs


def load_stream(run: TextRun, split: str) -> TokenStream:
    """Return a split as one sequence of tokens, one for each character."""
    return load_token_stream(run, DATASET, split)


def data(run: TextRun, split: str) -> TensorRows:
    """Return a split as windows that follow each other."""
    return load_stream(run, split).passages(WINDOW)


def in_streams(drawn: Tensor, size: int, _random: torch.Generator) -> Tensor:
    """Return the order in which `size` parallel streams of windows are read.

    Each batch has the next window of every stream. A remainder is left out.

    >>> in_streams(torch.arange(7), 2, torch.Generator())
    tensor([0, 3, 1, 4, 2, 5])
    """
    length = len(drawn) // size
    return torch.arange(length * size).view(size, length).T.flatten()


def train(settings: Settings, run: TextRun) -> nn.Module:
    use_tokenizer(run, train_lower_case_tokenizer(run.load_texts(DATASET)))
    training, validation = load_stream(run, "train"), data(run, "validation")
    built = run.build(embed_dropout=settings.embed_dropout, dropout=settings.dropout)
    model: CharLSTM = run.prepare(built)
    optimizer = run.prepare(
        torch.optim.AdamW(
            model.parameters(),
            lr=settings.lr,
            betas=(0.9, 0.99),
            weight_decay=settings.weight_decay,
        )
    )
    windows = len(training.passages(WINDOW)) // settings.batch_size
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=windows * settings.epochs,
            pct_start=0.05,
            cycle_momentum=False,
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        offset = int(torch.randint(WINDOW, (), generator=run.generator))
        rows = training.passages(WINDOW, offset=offset)
        state: State | None = None
        for token, next_token in run.batches(
            rows, settings.batch_size, order=in_streams
        ):
            logits, (hidden, cell) = model.read(token, state)
            state = hidden.detach(), cell.detach()
            # The mean of -log P(s_(t+1) | s_1, ..., s_t).
            loss = cross_entropy(logits.flatten(0, 1), next_token.flatten())
            run.step(loss, optimizer, schedule, clip=settings.max_grad_norm)
        metrics = {"validation_loss": evaluate(model, validation)["loss"]}
        run.log(metrics, best="validation_loss")
    return run.best(model)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the mean loss of a character, with all of its split before it as context.

    The rows are read one after the other, as one text.
    """
    loss = token_losses(model, rows).mean().item()
    return {
        "loss": loss,
        "perplexity": math.exp(loss),
        "bits_per_character": loss / math.log(2),
    }


@torch.inference_mode()
def token_losses(model: nn.Module, rows: TensorRows, *, carry: bool = True) -> Tensor:
    """Return the cross-entropy of each next token in nats, (rows, length).

    Without `carry` each row is read on its own.
    """
    unwrapped = unwrap_model(model)
    assert isinstance(unwrapped, CharLSTM), "the recipe builds no other"
    device = unwrapped.embedding.weight.device
    token, next_token = rows.input.long().to(device), rows.target.to(device)
    if carry:
        token = token.flatten()[None]
    with eval_mode(unwrapped):
        logits = unwrapped(token).view(*next_token.shape, -1)
    loss = cross_entropy(logits.transpose(1, 2), next_token, reduction="none")
    return loss.cpu()
