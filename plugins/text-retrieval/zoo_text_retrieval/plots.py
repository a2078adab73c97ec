"""A figure of the topics: texts in the plane of the first two, and words by weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from zoo import ModelSpec, TextInput
from zoo.recipes import plots
from zoo.recipes.text import tokenizer
from zoo_text_retrieval.lsa import LSA

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["top_words", "topics"]

LISTED_TOPICS, LISTED_WORDS = 4, 8
COLOURS = ("#cc6677", "#4477aa")


def top_words(
    model: LSA, input_spec: TextInput, topic: int, count: int = LISTED_WORDS
) -> list[str]:
    """Return the words with the largest absolute weight in a topic."""
    known = tokenizer(input_spec)
    weight = model.svd.components[topic].abs()
    return [str(known.id_to_token(n)) for n in weight.topk(count).indices.tolist()]


def topics(model: LSA, topic: Tensor, label: Tensor, spec: ModelSpec) -> bytes:
    """Return texts on the first two topics, coloured by label, and the top words."""
    input_spec = spec.input
    assert isinstance(input_spec, TextInput), "the models here read text"

    def draw(figure: Figure) -> None:
        plane = figure.add_subplot(1, 2, 1)
        for number, name in enumerate(spec.labels):
            x, y = topic[label == number, :2].T.tolist()
            plane.scatter(x, y, s=6, alpha=0.5, label=name, color=COLOURS[number])
        plane.set_xlabel("first topic")
        plane.set_ylabel("second topic")
        plane.legend()
        listing = figure.add_subplot(1, 2, 2)
        listing.set_axis_off()
        for number in range(min(LISTED_TOPICS, len(model.svd.components))):
            line = " ".join(top_words(model, input_spec, number))
            height = 0.95 - number / LISTED_TOPICS
            listing.text(0, height, f"topic {number + 1}", weight="bold")
            listing.text(0, height - 0.09, line, fontsize=8, wrap=True)

    return plots.to_png(9.0, 3.6, draw)
