"""Train an LSTM on the words of headlines, in another order in every epoch.

The headlines of the New York Times are few; those of a collection for telling clickbait
are read with them. Only the former are measured. Headlines are put behind each other,
with a mark between, and the text is read in parallel streams, a window at a time: the
gradient ends at the start of a window, and the state is carried on. The settings were
chosen on the validation split. The test split is used once, at the end.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.recipes import TensorRows, eval_mode, unwrap_model
from zoo.recipes.text import TextRun, TokenStream, encode_batch, use_tokenizer
from zoo_rnn.char_lstm_recipe import in_streams
from zoo_rnn.headlines import MARK_ID, train_headline_tokenizer
from zoo_rnn.word_lstm import State, WordLSTM

__all__ = [
    "DATASET",
    "EXTRA",
    "SMOKE_SETTINGS",
    "WINDOW",
    "Settings",
    "data",
    "evaluate",
    "load_headlines",
    "to_stream",
    "token_losses",
    "train",
]

DATASET, EXTRA = "nyt_headlines", "clickbait_headlines"
WINDOW = 32  # words through which gradients flow back
SMOKE_HEADLINES = 200  # of a split that a smoke run reads


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 7
    batch_size: int = 32  # parallel streams
    lr: float = 5e-3  # the peak: a warm-up of a tenth of the steps, then cosine
    weight_decay: float = 0.01
    embed_dropout: float = 0.2
    dropout: float = 0.3  # of the hidden states, and of what is compared with words
    max_grad_norm: float = 1.0


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 4}  # what the test suite runs


def load_headlines(run: TextRun, split: str) -> list[str]:
    """Return the headlines of a split; those for training are of both sources."""
    found: list[str] = []
    for name in (EXTRA, DATASET) if split == "train" else (DATASET,):
        texts = run.load_texts(name, split)
        if run.smoke:
            texts = texts[:: max(1, len(texts) // SMOKE_HEADLINES)]
        seal = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        run.data[f"{name}/{split}"] = {"rows": len(texts), "fingerprint": seal}
        found += texts
    return found


def to_stream(run: TextRun, texts: Sequence[str], split: str) -> TokenStream:
    """Return headlines as one row of tokens, a mark before each and after the last."""
    rows = encode_batch(texts, run.spec.input)
    token = [number for row in rows for number in row if number]  # no padding
    source = f"{DATASET}/{split}"
    return TokenStream(
        token=torch.tensor([*token, MARK_ID], dtype=torch.int32),
        characters=sum(map(len, texts)),
        source=source,
        fingerprint=run.data[source]["fingerprint"],
    )


def data(run: TextRun, split: str) -> TensorRows:
    """Return a split as windows that follow each other."""
    return to_stream(run, load_headlines(run, split), split).passages(WINDOW)


def train(settings: Settings, run: TextRun) -> nn.Module:
    texts, vocab_size = load_headlines(run, "train"), run.spec.options["vocab_size"]
    use_tokenizer(run, train_headline_tokenizer(texts, vocab_size=vocab_size))
    training, validation = to_stream(run, texts, "train"), data(run, "validation")
    headlines = torch.tensor_split(
        training.token[:-1], (training.token[:-1] == MARK_ID).nonzero()[1:, 0]
    )
    built = run.build(embed_dropout=settings.embed_dropout, dropout=settings.dropout)
    model: WordLSTM = run.prepare(built)
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
            pct_start=0.1,
            cycle_momentum=False,
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        order = torch.randperm(len(headlines), generator=run.generator).tolist()
        token = torch.cat([*(headlines[n] for n in order), training.token[-1:]])
        rows = TokenStream(
            token=token,
            characters=training.characters,
            source=training.source,
            fingerprint=training.fingerprint,
        ).passages(WINDOW)
        state: State | None = None
        for given, following in run.batches(
            rows, settings.batch_size, order=in_streams
        ):
            logits, (hidden, cell) = model.read(given, state)
            state = hidden.detach(), cell.detach()
            # The mean of -log P(w_(t+1) | w_1, ..., w_t).
            loss = cross_entropy(logits.flatten(0, 1), following.flatten())
            run.step(loss, optimizer, schedule, clip=settings.max_grad_norm)
        run.log(evaluate(model, validation), best="perplexity")
    return run.best(model)


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the perplexity of a word or an end, with all headlines before it read.

    The rows are read one after the other, as one text.
    """
    loss = token_losses(model, rows).mean().item()
    return {"perplexity": math.exp(loss)}


@torch.inference_mode()
def token_losses(model: nn.Module, rows: TensorRows) -> Tensor:
    """Return the cross-entropy of each next token in nats, (rows * length,)."""
    unwrapped = unwrap_model(model)
    assert isinstance(unwrapped, WordLSTM), "the recipe builds no other"
    device = unwrapped.output_bias.device
    token, following = rows.input.long().flatten(), rows.target.flatten()
    with eval_mode(unwrapped):
        logits = unwrapped(token[None].to(device))[0]
    return cross_entropy(logits, following.to(device), reduction="none").cpu()
