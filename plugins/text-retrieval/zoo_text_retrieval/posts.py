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

__all__ = ["own_words", "pair", "thread"]

GROUPS = ("sci.electronics", "talk.politics.misc")
QUOTED = re.compile(
    r"writes in|writes:|wrote:|says:|said:|^In article|^Quoted from|^\||^>"
)
ANSWER = re.compile(r"^\s*((re|fwd?)\s*:\s*)+")
WAS = re.compile(r"\(was.*")  # what a discussion was called before


def pair(split: str) -> Dataset:
    """Return the posts of two groups of `20_newsgroups`, in what their writers wrote.

    A post that only quotes becomes an empty text, and stays: leaving it out would make
    the test easier. The thread is no input: it tells which posts belong together.
    """
    from datasets import Dataset

    everything = zoo.load_dataset("20_newsgroups", split)
    names = everything.features["label"].names
    wanted = [names.index(group) for group in GROUPS]
    texts, labels, threads = [], [], []
    for text, label in zip(everything["text"], everything["label"], strict=True):
        if label in wanted:
            subject, _, body = text.partition("\n")  # no other header is left
            texts.append(own_words(body))
            labels.append(GROUPS[wanted.index(label)])
            threads.append(thread(subject))
    return Dataset.from_dict({"text": texts, "label": labels, "thread": threads})


def thread(subject: str) -> str:
    """Return the words of a subject, alike for a post and for the answers to it."""
    named = ANSWER.sub("", WAS.sub("", subject.lower()))
    return " ".join(re.findall(r"\w+", named))


def own_words(body: str) -> str:
    """Return a post's body without the lines it quotes and without a signature."""
    lines = [line for line in body.split("\n") if not QUOTED.search(line)]
    lines = "\n".join(lines).strip().split("\n")
    for place in range(len(lines) - 1, 0, -1):  # from the end: the last empty line,
        if not lines[place].strip().strip("-"):  # or line of dashes, ends the post
            return "\n".join(lines[:place])
    return "\n".join(lines)
