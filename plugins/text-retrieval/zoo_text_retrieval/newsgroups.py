"""Two of the 20 newsgroups, without headers, quotes and signatures.

Names in a header, and quoted sentences, let a classifier look far better than it is.
scikit-learn warns of that in its notes on this collection, and the rules here remove
what its `remove=("headers", "footers", "quotes")` does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import zoo

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["load_pair", "strip_quotes_and_signature", "thread_name"]

GROUPS = ("sci.electronics", "talk.politics.misc")
QUOTED = re.compile(
    r"writes in|writes:|wrote:|says:|said:|^In article|^Quoted from|^\||^>"
)
REPLY_PREFIX = re.compile(r"^\s*((re|fwd?)\s*:\s*)+")
FORMER_SUBJECT = re.compile(r"\(was.*")


def load_pair(split: str) -> Dataset:
    """Return the posts of two groups of `20_newsgroups`, as far as their authors wrote
    them.

    A post that only quotes becomes an empty text, and stays: leaving it out would make
    the test easier. The thread is no input: it says which posts belong together.
    """
    from datasets import Dataset

    posts = zoo.load_dataset("20_newsgroups", split)
    names = posts.features["label"].names
    group_labels = [names.index(group) for group in GROUPS]
    texts, labels, threads = [], [], []
    for text, label in zip(posts["text"], posts["label"], strict=True):
        if label in group_labels:
            subject, _, body = text.partition("\n")  # no other header is left
            texts.append(strip_quotes_and_signature(body))
            labels.append(GROUPS[group_labels.index(label)])
            threads.append(thread_name(subject))
    return Dataset.from_dict({"text": texts, "label": labels, "thread": threads})


def thread_name(subject: str) -> str:
    """Return the words of a subject, the same for a post and for the replies to it."""
    original = REPLY_PREFIX.sub("", FORMER_SUBJECT.sub("", subject.lower()))
    return " ".join(re.findall(r"\w+", original))


def strip_quotes_and_signature(body: str) -> str:
    """Return a post's body without the lines it quotes and without a signature."""
    lines = [line for line in body.split("\n") if not QUOTED.search(line)]
    lines = "\n".join(lines).strip().split("\n")
    # The last empty line, or line of dashes, begins the signature.
    for number in range(len(lines) - 1, 0, -1):
        if not lines[number].strip().strip("-"):
            return "\n".join(lines[:number])
    return "\n".join(lines)
