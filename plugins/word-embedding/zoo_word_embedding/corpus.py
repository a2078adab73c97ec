"""The English text of the other datasets as one dataset: a text per row, no labels."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import zoo

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["SOURCES", "english_mix", "prose_lines"]

SOURCES = {  # datasets, and the column that holds English
    "gutenberg_novels": "text",
    "tiny_shakespeare": "text",
    "bbc_news": "text",
    "20_newsgroups": "text",
    "rotten_tomatoes": "text",
    "multi30k": "en",
    "tatoeba_en_fr": "en",
    "tatoeba_en_ko": "en",
    "korean_parallel": "en",
}
VALIDATION_EVERY = 20  # one text in so many is for validation
QUOTED = re.compile(r"^\s*[>|:]|^\s*\w{0,3}>|writes:$|^In article")
NOT_PROSE = re.compile(r"[^\w ]|[\d_]")  # neither a letter nor a space
MAX_NOT_PROSE = 0.25  # the largest fraction of these in a line of prose


def english_mix(split: str) -> Dataset:
    """Return a split: the sources' test rows, or a part of their training rows."""
    from datasets import Dataset

    texts = _unique_texts("test" if split == "test" else "train")
    if split == "train":
        texts = [text for n, text in enumerate(texts, start=1) if n % VALIDATION_EVERY]
    elif split == "validation":
        texts = texts[VALIDATION_EVERY - 1 :: VALIDATION_EVERY]
    return Dataset.from_dict({"text": texts})


@lru_cache(maxsize=2)
def _unique_texts(split: str) -> list[str]:
    """Return the texts of a split of all sources, each once."""
    return list(dict.fromkeys(t for name in SOURCES for t in _texts(name, split)))


def _texts(name: str, split: str) -> list[str]:
    texts = [str(text) for text in zoo.load_dataset(name, split)[SOURCES[name]][:]]
    cleaned = map(prose_lines, texts) if name == "20_newsgroups" else texts
    return [text for text in cleaned if text.strip()]


def prose_lines(post: str) -> str:
    """Return the lines of a Usenet post that are its author's sentences.

    Quoted lines, ASCII art, programs and tables are left out.
    """
    kept = [line for line in post.split("\n") if not QUOTED.search(line)]
    return "\n".join(line for line in kept if _not_prose(line) <= MAX_NOT_PROSE)


def _not_prose(line: str) -> float:
    return len(NOT_PROSE.findall(line)) / max(1, len(line))
