"""English text from the sets at hand, as one set: a text a row, without labels."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import zoo

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["SOURCES", "mix", "prose"]

SOURCES = {  # and the column that holds English
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
HELD = 20  # every so many texts one is for validation
QUOTED = re.compile(r"^\s*[>|:]|^\s*\w{0,3}>|writes:$|^In article")
OTHER = re.compile(r"[^\w ]|[\d_]")  # no letter and no blank
MOST = 0.25  # share of these in a line of prose


def mix(split: str) -> Dataset:
    """Return a split: the sources' own test rows, or their training rows parted."""
    from datasets import Dataset

    texts = _all("test" if split == "test" else "train")
    if split == "train":
        texts = [text for place, text in enumerate(texts, start=1) if place % HELD]
    elif split == "validation":
        texts = texts[HELD - 1 :: HELD]
    return Dataset.from_dict({"text": texts})


@lru_cache(maxsize=2)
def _all(split: str) -> list[str]:
    """Return the texts of a split of all sources, each once."""
    return list(dict.fromkeys(t for name in SOURCES for t in _texts(name, split)))


def _texts(name: str, split: str) -> list[str]:
    texts = [str(text) for text in zoo.load_dataset(name, split)[SOURCES[name]][:]]
    found = map(prose, texts) if name == "20_newsgroups" else texts
    return [text for text in found if text.strip()]


def prose(post: str) -> str:
    """Return the lines of a Usenet post that are its writer's sentences.

    Lines that are quoted, and pictures, programs and tables in letters, are left out.
    """
    kept = [line for line in post.split("\n") if not QUOTED.search(line)]
    return "\n".join(line for line in kept if _share(line) <= MOST)


def _share(line: str) -> float:
    return len(OTHER.findall(line)) / max(1, len(line))
