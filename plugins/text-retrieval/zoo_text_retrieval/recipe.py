"""Train LSA and an MLP to classify posts as electronics or politics.

Read it from top to bottom: settings, data, training. TF-IDF, log-count
ratios and topics are fitted without gradients; the MLP is trained on top. The main
choices, see the card, were made by cross-validation over the training posts with whole
threads in a fold, and the card tells its result. No post is held out for validation in
the end, so there is no best epoch: their number is a setting like the others. The test
posts chose nothing, but were evaluated for other variants: see the card.
"""

from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from zoo.recipes import TensorRows, to_model_input
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo.recipes.text import TextRun, use_tokenizer
from zoo_text_retrieval.lsa import LSA
from zoo_text_retrieval.word_tokenizer import train_tokenizer

__all__ = [
    "DATASET",
    "SMOKE_SETTINGS",
    "SMOKE_STEP",
    "Settings",
    "data",
    "evaluate",
    "fit",
    "train",
]

DATASET = "newsgroups-pair"
SMOKE_STEP = 4  # a smoke run takes every fourth post


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    num_topics: int = 50
    max_df: float = 0.2  # words in a larger fraction of the posts are left out
    epochs: int = 40
    batch_size: int = 32
    lr: float = 3e-3
    weight_decay: float = 1.0
    folds: int = 5  # of the report's cross-validation, each with a model of its own
    repeats: int = 5  # of the cross-validation, each with other folds


SMOKE_SETTINGS = {"epochs": 1, "num_topics": 8, "folds": 2, "repeats": 1}


def data(run: TextRun, split: str) -> TensorRows:
    """Return posts as token ids, and which of the two groups they are from."""
    rows = run.load_rows(DATASET, split, columns="text")
    return rows[::SMOKE_STEP] if run.smoke else rows


def train(settings: Settings, run: TextRun) -> nn.Module:
    texts = run.load_texts(DATASET)
    vocab_size = run.spec.options["vocab_size"]
    tokenizer = train_tokenizer(texts, vocab_size=vocab_size, max_df=settings.max_df)
    use_tokenizer(run, tokenizer)
    return fit(settings, run, data(run, "train"))


def fit(settings: Settings, run: TextRun, rows: TensorRows) -> LSA:
    """Return a new model, fitted to these posts."""
    model: LSA = run.build(num_topics=settings.num_topics)
    features = model.fit(to_model_input(rows.input, run.spec.input), rows.target)
    head = run.prepare(model.classifier)
    optimizer = run.prepare(
        torch.optim.AdamW(
            head.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    head.train()
    feature_rows = replace(rows, input=features)
    for _ in run.epochs(settings.epochs):
        for batch, label in run.batches(feature_rows, settings.batch_size):
            run.step(cross_entropy(head(batch), label), optimizer)
        run.log({})
    return model.eval()
