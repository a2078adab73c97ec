"""The topics of a model as a picture: posts on a plane, and words by weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from zoo import ModelSpec, TextInput
from zoo.evaluation import plots as pictures
from zoo.preprocessing import tokenizer as tokens
from zoo_text_retrieval.lsa import LSA

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["drawn", "topic_words"]

SHOWN, WORDS = 4, 8  # topics, and words of each
COLOURS = ("#cc6677", "#4477aa")


def topic_words(
    model: LSA, expected: TextInput, topic: int, count: int = WORDS
) -> list[str]:
    """Return the words with the largest weight in a topic, whatever its sign."""
    names = tokens.tokenizer(expected)
    weight = model.project.component[topic].abs()
    return [str(names.id_to_token(n)) for n in weight.topk(count).indices.tolist()]


def drawn(model: LSA, topic: Tensor, label: Tensor, spec: ModelSpec) -> bytes:
    """Return texts on the first two topics, coloured by label, and topics as words."""
    expected = spec.input
    assert isinstance(expected, TextInput), "the models here read text"

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
        for place in range(SHOWN):
            line = " ".join(topic_words(model, expected, place))
            height = 0.95 - place / SHOWN
            listing.text(0, height, f"topic {place + 1}", weight="bold")
            listing.text(0, height - 0.09, line, fontsize=8, wrap=True)

    return pictures.png(9.0, 3.6, draw)
