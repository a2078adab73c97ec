"""What a person wrote in a Usenet post: the rest would tell a model who, not what.

Names in a header, and sentences of the post that is answered, let a classifier look far
better than it is. scikit-learn warns of that in its notes on this collection, and the
rules here take away what its `remove=("headers", "footers", "quotes")` does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import zoo

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["own_words", "pair"]

GROUPS = ("sci.electronics", "talk.politics.misc")
QUOTED = re.compile(
    r"writes in|writes:|wrote:|says:|said:|^In article|^Quoted from|^\||^>"
)


def pair(split: str) -> Dataset:
    """Return the posts of two groups of `20_newsgroups`, in what their writers wrote.

    A post that only quotes becomes an empty text, and stays: leaving it out would make
    the test easier.
    """
    from datasets import Dataset

    everything = zoo.data("20_newsgroups", split)
    names = everything.features["label"].names
    wanted = [names.index(group) for group in GROUPS]
    texts, labels = [], []
    for text, label in zip(everything["text"], everything["label"], strict=True):
        if label in wanted:
            texts.append(own_words(_body(text)))
            labels.append(GROUPS[wanted.index(label)])
    return Dataset.from_dict({"text": texts, "label": labels})


def own_words(body: str) -> str:
    """Return a post's body without the lines it quotes and without a signature."""
    lines = [line for line in body.split("\n") if not QUOTED.search(line)]
    lines = "\n".join(lines).strip().split("\n")
    for place in range(len(lines) - 1, 0, -1):  # from the end: the last empty line,
        if not lines[place].strip().strip("-"):  # or line of dashes, ends the post
            return "\n".join(lines[:place])
    return "\n".join(lines)


def _body(text: str) -> str:
    """Return a post without its first line, the subject: no other header is left."""
    return text.partition("\n")[2]
