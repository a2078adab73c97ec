"""Train word vectors by the continuous bag of words with negative sampling.

Settings, and what is trained on. Texts, vocabulary, the loop, evaluation and most
settings are those of the skip-gram recipe. The test texts are used once, at the end.
"""

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from zoo.recipes import TensorRows
from zoo.recipes.text import TextRun
from zoo_word_embedding import recipe as skipgram_recipe
from zoo_word_embedding.recipe import data, evaluate, train_vectors, training_rows
from zoo_word_embedding.windows import sample_windows

__all__ = ["SMOKE_SETTINGS", "Settings", "bag_of_words", "data", "evaluate", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings(skipgram_recipe.Settings):
    lr: float = 0.05  # per word, twice that of skip-gram, as in the authors' program
    batch_size: int = 1024  # words, each with those around it


SMOKE_SETTINGS = {"epochs": 1}  # what the test suite runs


def train(settings: Settings, run: TextRun) -> nn.Module:
    return train_vectors(settings, run, window_rows, bag_of_words)


def window_rows(
    training: Tensor, keep: Tensor, settings: skipgram_recipe.Settings, run: TextRun
) -> TensorRows:
    """Return windows as rows: the words around are the input, the word the target."""
    word, around = sample_windows(training, keep, settings.window, run.generator)
    return training_rows(around, word, run)


def bag_of_words(model: Any, around: Tensor) -> Tensor:
    """Return h of rows of words, (B, embed_dim): their mean, with a sum's gradient.

    The authors' program, and gensim, give each word around the whole gradient of h, not
    its part of the mean: otherwise words in wide windows would learn slower.
    """
    mean: Tensor = model(around)
    total = mean * (around > 0).sum(dim=1, keepdim=True)
    return total + (mean - total).detach()
