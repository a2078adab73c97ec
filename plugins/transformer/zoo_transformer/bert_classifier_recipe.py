"""Pre-train a small BERT on masked tokens and next sentences, then teach it sentiment.

Read it from top to bottom: settings, data, pre-training, fine-tuning, evaluation. The
first epochs read the training reviews without their labels, and articles of Wikipedia;
the others read the reviews with their labels. Batches hold reviews of similar length.
A tenth of the training reviews is held out from both, and chooses the epoch. The test
reviews are used at the end.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from zoo import TextInput
from zoo.recipes import TensorRows, eval_mode
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo.recipes.text import (
    TextRun,
    bucket_by_length,
    load_token_stream,
    trim_padding,
    use_tokenizer,
)
from zoo_transformer.bert_classifier import BERTClassifier, BERTForPretraining
from zoo_transformer.bert_recipe import initialize_encoder
from zoo_transformer.masking import mask_random_tokens
from zoo_transformer.muon import MuonAndAdamW
from zoo_transformer.review_tokenizer import (
    CLS_TOKEN_ID,
    MASK_TOKEN_ID,
    SEP_TOKEN_ID,
    train_review_tokenizer,
)
from zoo_transformer.sentence_pairs import SentencePairs, sentence_pairs

__all__ = [
    "ARTICLES",
    "REVIEWS",
    "SMOKE_SETTINGS",
    "Settings",
    "article_rows",
    "data",
    "evaluate",
    "evaluate_pretraining",
    "reviews",
    "train",
]

REVIEWS, ARTICLES = "imdb", "wikipedia_text"
VOCABULARY_STEP = 4  # every fourth review is read to make the vocabulary
SMOKE_REVIEWS = 80
WARMUP_FRACTION = 0.1  # of the steps of either stage


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    pretraining_epochs: int = 2
    pretraining_lr: float = 4e-3  # the peak of a one-cycle schedule, of Muon and AdamW
    mlm_probability: float = 0.2  # of a token to be masked
    epochs: int = 2  # with labels
    batch_size: int = 32
    lr: float = 5e-4  # the peak of a one-cycle schedule, of AdamW
    weight_decay: float = 0.1
    dropout: float = 0.1  # with labels
    mask_probability: float = 0.1  # of a token to be replaced by [MASK], with labels
    max_grad_norm: float = 1.0
    val_fraction: float = 0.1  # of the training reviews
    amp: bool = True  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"pretraining_epochs": 1, "epochs": 1}  # what the test suite runs


def reviews(run: TextRun, split: str) -> list[str]:
    """Return the reviews of a split as texts; a smoke run takes the first of them."""
    texts = run.load_texts(REVIEWS, split)
    return texts[:SMOKE_REVIEWS] if run.smoke else texts


def data(run: TextRun, split: str) -> TensorRows:
    """Return reviews as token ids, and 1 for a positive one."""
    first = SMOKE_REVIEWS if run.smoke else None
    return run.load_rows(REVIEWS, split, columns="text", first=first)


def article_rows(run: TextRun, width: int) -> Tensor:
    """Return the training articles as rows of `width` tokens, as reviews look."""
    text = load_token_stream(run, ARTICLES, "train").token
    inner = text[: len(text) // (width - 2) * (width - 2)].view(-1, width - 2)
    cls, sep = (
        inner.new_full((len(inner), 1), n) for n in (CLS_TOKEN_ID, SEP_TOKEN_ID)
    )
    return torch.cat([cls, inner, sep], dim=1)


def train(settings: Settings, run: TextRun) -> nn.Module:
    input_spec = run.spec.input
    assert isinstance(input_spec, TextInput), "the model here reads text"
    tokenizer = train_review_tokenizer(
        reviews(run, "train")[::VOCABULARY_STEP],
        vocab_size=input_spec.vocab_size,
        max_length=input_spec.max_length,
    )
    use_tokenizer(run, tokenizer)
    labeled, validation = run.split(data(run, "train"), settings.val_fraction)
    built: BERTClassifier = run.build(dropout=settings.dropout)
    initialize_encoder(built)
    model = run.prepare(built)
    optimizer = run.prepare(
        AdamW(model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
    )
    steps = run.steps(labeled, settings.batch_size, settings.epochs)
    schedule = run.prepare(
        OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=steps,
            pct_start=WARMUP_FRACTION,
            cycle_momentum=False,
        )
    )
    pretrain = pretraining(settings, run, built, labeled, validation)
    order = bucket_by_length((labeled.input != input_spec.pad_token_id).sum(dim=1))

    def hide_tokens(token: Tensor, random: torch.Generator) -> Tensor:
        """Replace some tokens by [MASK], and leave out columns of padding alone."""
        hidden = torch.rand(token.shape, generator=random) < settings.mask_probability
        token = token.masked_fill(hidden & (token > MASK_TOKEN_ID), MASK_TOKEN_ID)
        return trim_padding(token, input_spec)

    for epoch in run.epochs(settings.pretraining_epochs + settings.epochs):
        if epoch <= settings.pretraining_epochs:
            run.log(pretrain())
            continue
        set_dropout(model, settings.dropout)
        model.train()
        for token, label in run.batches(
            labeled, settings.batch_size, augment=hide_tokens, order=order
        ):
            loss = cross_entropy(model(token), label)
            run.step(loss, optimizer, schedule, clip=settings.max_grad_norm)
        run.log(evaluate(model, validation), best="accuracy", model=model)
    return run.best(model)


def pretraining(
    settings: Settings,
    run: TextRun,
    body: BERTClassifier,
    labeled: TensorRows,
    validation: TensorRows,
) -> Callable[[], dict[str, float]]:
    """Return what pre-trains `body` for an epoch on the texts of `labeled` and on
    articles, and returns what `evaluate_pretraining` gives for `validation`."""
    if not settings.pretraining_epochs:
        return dict
    input_spec = run.spec.input
    articles = article_rows(run, labeled.input.shape[1])
    token = torch.cat([labeled.input, articles.to(labeled.input.dtype)])
    rows = TensorRows(
        input=token,
        target=torch.zeros(len(token), dtype=torch.int64),  # nothing reads it
        source=f"{REVIEWS}+{ARTICLES}/train",
        fingerprint="",
    )
    model = run.prepare(BERTForPretraining(body))
    optimizer = run.prepare(
        MuonAndAdamW(
            model,
            body.blocks,
            lr=settings.pretraining_lr,
            weight_decay=settings.weight_decay,
        )
    )
    steps = run.steps(rows, settings.batch_size, settings.pretraining_epochs)
    schedule = run.prepare(
        OneCycleLR(
            optimizer,
            max_lr=settings.pretraining_lr,
            total_steps=steps,
            pct_start=WARMUP_FRACTION,
            cycle_momentum=False,
        )
    )
    order = bucket_by_length((token != 0).sum(dim=1))

    def trimmed(token: Tensor, _random: torch.Generator) -> Tensor:
        return trim_padding(token, input_spec)

    def one_epoch() -> dict[str, float]:
        set_dropout(body, 0.0)
        model.train()
        for token, _ in run.batches(
            rows, settings.batch_size, augment=trimmed, order=order
        ):
            pairs = sentence_pairs(token, run.generator)
            masked, selected = mask_pairs(
                pairs, run.generator, settings.mlm_probability, input_spec.vocab_size
            )
            logits, next_logits = model(masked, pairs.segment, selected)
            # Section 3.1: the sum of the losses of both tasks.
            loss = cross_entropy(logits, pairs.token[selected])
            loss = loss + cross_entropy(next_logits, pairs.is_next)
            run.step(
                loss,
                optimizer,
                schedule,
                clip=settings.max_grad_norm,
                name="pretraining_loss",
            )
        return evaluate_pretraining(model, validation, settings.mlm_probability)

    return one_epoch


def mask_pairs(
    pairs: SentencePairs,
    random: torch.Generator,
    mlm_probability: float,
    vocab_size: int,
) -> tuple[Tensor, Tensor]:
    """Return the tokens of pairs with some masked, and which: no special ones."""
    masked, selected = mask_random_tokens(
        pairs.token,
        random,
        mask_token_id=MASK_TOKEN_ID,
        vocab_size=vocab_size,
        mlm_probability=mlm_probability,
    )
    special = pairs.token <= MASK_TOKEN_ID
    return torch.where(special, pairs.token, masked), selected & ~special


@torch.inference_mode()
def evaluate_pretraining(
    model: BERTForPretraining, rows: TensorRows, mlm_probability: float
) -> dict[str, float]:
    """Return the accuracy on masked tokens of rows, and on which pairs follow.

    The pairs and the masks depend on the rows alone; half of the pairs, about, do not
    belong together.
    """
    random = torch.Generator().manual_seed(0)
    vocab_size = model.body.token_embedding.num_embeddings
    device = model.nsp_head.weight.device
    right = asked = followed = 0
    with eval_mode(model):
        for token, _ in rows.batches(torch.arange(len(rows)).split(64)):
            pairs = sentence_pairs(token.long().to(device), random)
            masked, selected = mask_pairs(pairs, random, mlm_probability, vocab_size)
            logits, next_logits = model(masked, pairs.segment, selected)
            found = logits.argmax(dim=1) == pairs.token[selected]
            right, asked = right + int(found.sum()), asked + len(found)
            followed += int((next_logits.argmax(dim=1) == pairs.is_next).sum())
    return {"masked_accuracy": right / asked, "nsp_accuracy": followed / len(rows)}


def set_dropout(model: nn.Module, dropout: float) -> None:
    """Set the probability of every dropout of a model."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = dropout
