"""Fit TF-IDF weights to news articles, and measure whose neighbours they make.

Read it from top to bottom: settings, data, fitting, evaluation. Nothing is trained by
gradients. The settings were compared on the training articles; the held-out ones are
used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zoo.recipes import TensorRows, predict_batches, to_model_input
from zoo.recipes.text import TextRun, use_tokenizer
from zoo_text_retrieval.retriever import TfidfRetriever
from zoo_text_retrieval.word_tokenizer import train_tokenizer

__all__ = [
    "DATASET",
    "NEIGHBOURS",
    "SMOKE_SETTINGS",
    "SMOKE_STEP",
    "Settings",
    "data",
    "evaluate",
    "neighbour_scores",
    "train",
]

DATASET = "bbc_news"
NEIGHBOURS = 5  # of an article, that are looked at
SMOKE_STEP = 8  # a smoke run takes every eighth article


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0  # unused: the weights are a formula
    max_df: float = 0.2  # words in a larger fraction of the articles are left out


SMOKE_SETTINGS: dict[str, object] = {}


def data(run: TextRun, split: str) -> TensorRows:
    """Return articles as token ids, and which of the five topics they are on."""
    rows = run.load_rows(DATASET, split, columns="text")
    return rows[::SMOKE_STEP] if run.smoke else rows


def train(settings: Settings, run: TextRun) -> nn.Module:
    texts = run.load_texts(DATASET)
    vocab_size = run.spec.options["vocab_size"]
    tokenizer = train_tokenizer(texts, vocab_size=vocab_size, max_df=settings.max_df)
    use_tokenizer(run, tokenizer)
    model: TfidfRetriever = run.build()
    model.fit(to_model_input(data(run, "train").input, run.spec.input))
    return model.eval()


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return how many neighbours are on the topic of an article.

    Each article is looked up among all others: `precision_at_5` is the fraction of the
    five nearest that are on its topic, and `recall_at_5` the fraction of articles of
    which at least one is.
    """
    vector = predict_batches(model, rows.input)
    similarity = vector @ vector.T
    similarity.fill_diagonal_(-torch.inf)
    return neighbour_scores(similarity, rows.target, rows.target)


def neighbour_scores(
    similarity: Tensor, label: Tensor, among: Tensor
) -> dict[str, float]:
    """Return the two figures for similarities of queries to documents.

    `similarity` is (queries, documents), `label` that of the queries, `among` that of
    the documents.
    """
    nearest = similarity.topk(NEIGHBOURS, dim=1).indices
    same = among[nearest] == label[:, None]
    return {
        f"precision_at_{NEIGHBOURS}": same.float().mean().item(),
        f"recall_at_{NEIGHBOURS}": same.any(dim=1).float().mean().item(),
    }
