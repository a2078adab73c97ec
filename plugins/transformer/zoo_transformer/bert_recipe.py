"""Train a small BERT to fill masks, on two novels, plays and short sentences.

Read it from top to bottom: settings, data, training, evaluation. The settings were
chosen by how fast the loss fell in short runs. The test split is used at the end.
"""

import hashlib
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.recipes import TensorRows
from zoo.recipes.text import TextRun, TokenStream, load_token_stream, use_tokenizer
from zoo_transformer import masking
from zoo_transformer.bert import BERT, Encoder
from zoo_transformer.muon import MuonAndAdamW
from zoo_transformer.wordpiece_tokenizer import MASK_TOKEN_ID, train_tokenizer

__all__ = [
    "BOOKS",
    "SENTENCES",
    "SMOKE_SETTINGS",
    "Settings",
    "data",
    "evaluate",
    "initialize_encoder",
    "passages",
    "streams",
    "train",
]

BOOKS = {"gutenberg_novels": "text", "tiny_shakespeare": "text"}  # and their columns
SENTENCES = {"tatoeba_en_fr": "en"}
POSITION_STD = 0.02  # of the position embeddings as the model starts
SMOKE_CHARACTERS = 1 << 14  # of a dataset that the tokenizer of a smoke run reads


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 8  # passes over the text, each cut into passages at another offset
    batch_size: int = 16  # passages
    lr: float = 4e-3  # the peak: a warm-up of a twentieth of the steps, then cosine
    weight_decay: float = 0.1
    dropout: float = 0.0
    amp: bool = True  # bfloat16 where the hardware computes in it
    min_length: int = 16  # tokens of a row in the first epoch; later rows may be longer
    mlm_probability: float = 0.3  # of a token to be masked; the paper's 0.15 is slower


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 4}  # what the test suite runs


def unique_lines(text: str) -> str:
    """Return each line of a text once: a sentence has several translations."""
    return "\n".join(dict.fromkeys(text.split("\n")))


def streams(run: TextRun, datasets: dict[str, str], split: str) -> list[TokenStream]:
    """Return a split of some datasets, each as one sequence of tokens."""
    return [
        load_token_stream(
            run,
            name,
            split,
            column=column,
            change=str if name in BOOKS else unique_lines,
        )
        for name, column in datasets.items()
    ]


def passages(run: TextRun, texts: list[TokenStream], offset: int = 0) -> TensorRows:
    """Return texts as rows of the context length, one text after the other."""
    length: int = run.spec.options["context_length"]
    parts = [text.passages(length, offset=offset) for text in texts]
    names = "+".join(part.source.partition("/")[0] for part in parts)
    fingerprints = "".join(part.fingerprint for part in parts)
    return TensorRows(
        input=torch.cat([part.input for part in parts]),
        target=torch.cat([part.target for part in parts]),
        source=f"{names}/{parts[0].source.partition('/')[2]}",
        fingerprint=hashlib.sha256(fingerprints.encode()).hexdigest(),
    )


def data(run: TextRun, split: str) -> TensorRows:
    """Return passages of the novels and plays, seven times each, with every token
    masked in one of them."""
    rows = passages(run, streams(run, BOOKS, split))
    return masking.mask_every_token(rows, mask_token_id=MASK_TOKEN_ID)


def train(settings: Settings, run: TextRun) -> nn.Module:
    datasets = BOOKS | SENTENCES
    texts = [t for name in datasets for t in training_texts(run, name, datasets[name])]
    vocab_size: int = run.spec.options["vocab_size"]
    use_tokenizer(run, train_tokenizer(texts, vocab_size=vocab_size))
    training, validation = streams(run, datasets, "train"), data(run, "validation")
    unwrapped: BERT = run.build(dropout=settings.dropout)
    initialize(unwrapped, passages(run, training).input)
    model = run.prepare(unwrapped)
    optimizer = run.prepare(
        MuonAndAdamW(
            model, model.blocks, lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    steps = run.steps(passages(run, training), settings.batch_size, settings.epochs)
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=steps,
            pct_start=0.05,
            cycle_momentum=False,
        )
    )
    length: int = run.spec.options["context_length"]
    for epoch in run.epochs(settings.epochs):
        model.train()
        offset = int(torch.randint(length, (), generator=run.generator))
        rows = passages(run, training, offset)
        for token, _ in run.batches(rows, settings.batch_size):
            target = split_rows(token, settings.min_length, epoch, run.generator)
            masked, selected = masking.mask_random_tokens(
                target,
                run.generator,
                mask_token_id=MASK_TOKEN_ID,
                vocab_size=vocab_size,
                mlm_probability=settings.mlm_probability,
            )
            logits = model(masked, selected)
            # Section 3.1, task 1: the cross-entropy of the original tokens at the
            # selected positions alone.
            loss = cross_entropy(logits, target[selected])
            run.step(loss, optimizer, schedule, clip=1.0)
        metrics = evaluate(model, validation[::5])  # in turn a different copy of a row
        run.log(
            {f"validation_{name}": value for name, value in metrics.items()},
            best="validation_loss",
        )
    return run.best(model)


def training_texts(run: TextRun, name: str, column: str) -> list[str]:
    """Return the training texts of a dataset; a smoke run takes their beginning."""
    texts = run.load_texts(name, column=column)
    if run.smoke:
        return ["\n".join(texts)[:SMOKE_CHARACTERS]]
    return list(dict.fromkeys(texts))


def initialize(model: BERT, token: Tensor) -> None:
    """Replace the paper's initialization by one from which a small model learns faster.

    The output bias is the log-frequency of each token; see `initialize_encoder`.
    """
    initialize_encoder(model)
    bias = model.lm_head.decoder.bias
    frequency = torch.bincount(token.flatten().long(), minlength=len(bias)) + 1
    with torch.no_grad():
        bias.copy_((frequency / frequency.sum()).log())
        dense = model.lm_head.dense.weight
        nn.init.normal_(dense, std=dense.shape[1] ** -0.5)


def initialize_encoder(model: Encoder) -> None:
    """Initialize the positions and blocks of a small model, which then learns faster.

    The position embeddings are the sinusoids of Vaswani et al., section 3.5, so that
    neighbouring positions are alike. The matrices are larger, because the paper's
    deviation is for a wider model.
    """
    count, embed_dim = model.position_embedding.weight.shape
    # PE(pos, i) = sin(pos / 10000^(2i / d)), and the cosine of the same
    rate = torch.exp(-math.log(10_000) * torch.arange(0, embed_dim, 2) / embed_dim)
    angle = torch.arange(count)[:, None] * rate
    sinusoids = torch.cat([angle.sin(), angle.cos()], dim=1)
    with torch.no_grad():
        model.position_embedding.weight.copy_(POSITION_STD * math.sqrt(2) * sinusoids)
        for weight in model.blocks.parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, std=weight.shape[1] ** -0.5)


def split_rows(
    token: Tensor, min_length: int, epoch: int, random: torch.Generator
) -> Tensor:
    """Return rows split into parts of one length: `min_length` in the first epoch.

    In the second it may be two or four times that, and so on, up to the whole row. All
    lengths of an epoch are equally likely, because users' texts are short.
    """
    lengths = [min_length * 2**power for power in range(2 * epoch - 1)]
    lengths = [n for n in lengths if n <= token.shape[1]] or [token.shape[1]]
    choice = int(torch.randint(len(lengths), (), generator=random))
    return token.reshape(-1, lengths[choice])


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the accuracy on masked tokens, and their mean cross-entropy in nats."""
    return masking.masked_metrics(masking.masked_logits(model, rows), rows)
