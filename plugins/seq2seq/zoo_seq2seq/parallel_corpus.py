"""Sentence pairs: loaded, split without overlap, and tokenized."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from zoo.errors import SettingsError
from zoo.recipes import TensorRows
from zoo.recipes.text import TextRun, encode_batch, pad, tokenizer
from zoo_seq2seq.attention import BOS, EOS, PAD

__all__ = [
    "SentencePairs",
    "joined",
    "load_all_pairs",
    "load_pairs",
    "load_related",
    "non_overlapping",
    "normalize",
    "teacher_forcing",
    "tokenize",
    "train_validation_split",
    "untranslated",
]

HELD_OUT = 50  # one source sentence in so many is held out, with all its translations
ENOUGH = 400  # held-out pairs: of a small corpus one sentence in fewer is held out
FEWEST = 5
TRANSLATED_TO = {"tatoeba_en_es": "es", "tatoeba_en_fr": "fr"}  # from English
SMOKE_PAIRS = 200  # that a smoke run reads


@dataclass(frozen=True, kw_only=True)
class SentencePairs:
    """Sentences and a translation of each; `source` names the split they are from.

    A sentence with several translations is there several times. `token` has the source
    sentences as token ids, as a model takes them.
    """

    source_texts: list[str]
    target_texts: list[str]
    source: str
    token: Tensor
    fingerprint: str = ""

    def __len__(self) -> int:
        return len(self.source_texts)

    def __getitem__(self, rows: slice) -> "SentencePairs":
        return replace(
            self,
            source_texts=self.source_texts[rows],
            target_texts=self.target_texts[rows],
            token=self.token[rows],
        )

    def select(self, rows: Sequence[int], source: str) -> "SentencePairs":
        """Return some of the pairs, under a name of their own."""
        return replace(
            self,
            source_texts=[self.source_texts[row] for row in rows],
            target_texts=[self.target_texts[row] for row in rows],
            source=source,
            token=self.token[rows],
        )

    def tokenized(self, input_spec: Any) -> "SentencePairs":
        """Return the pairs with the token ids of their source sentences."""
        rows = pad(encode_batch(self.source_texts, input_spec), input_spec)
        return replace(self, token=rows)

    def in_order(self) -> Iterator[Tensor]:
        """Yield the token ids of all source sentences at once."""
        yield self.token


def load_pairs(
    run: TextRun, split: str, dataset: str | None = None, language: str | None = None
) -> SentencePairs:
    """Return all pairs of a split; in a smoke run the first of them.

    `dataset` is by default the first that the model's spec names. Its columns are the
    languages of the spec, or that of the targets is `language`.
    """
    name = run.spec.trained_on[0] if dataset is None else dataset
    limit = SMOKE_PAIRS if run.smoke else None
    columns = run.spec.input.language, language or run.spec.output.language
    source_texts = run.load_texts(name, split, column=columns[0])[:limit]
    target_texts = run.load_texts(name, split, column=columns[1], target=True)[:limit]
    content = "\0".join([*source_texts, *target_texts])
    fingerprint = hashlib.sha256(content.encode()).hexdigest()
    source = f"{name}/{split}"
    run.data[source] = {"rows": len(source_texts), "fingerprint": fingerprint}
    return SentencePairs(
        source_texts=source_texts,
        target_texts=target_texts,
        source=source,
        token=torch.zeros(len(source_texts), 0, dtype=torch.int32),
        fingerprint=fingerprint,
    )


def load_all_pairs(run: TextRun, split: str) -> list[SentencePairs]:
    """Return the pairs of a split of every dataset of the spec in its two languages."""
    names = [name for name in run.spec.trained_on if not _is_related(run, name)]
    return [load_pairs(run, split, name) for name in names]


def _is_related(run: TextRun, name: str) -> bool:
    """Return whether a dataset has no sentences in one of the model's languages."""
    languages = run.spec.input.language, run.spec.output.language
    return TRANSLATED_TO.get(name, languages[0]) not in languages


def train_validation_split(run: TextRun) -> tuple[SentencePairs, SentencePairs]:
    """Return the training split's pairs to fit and those held out for validation.

    No sentence of either language, case and punctuation aside, is in more than one of
    these two and the test split: a pair to fit that would be is excluded. Those of
    several datasets are joined, and of the first some are held out.
    """
    parts, tests = load_all_pairs(run, "train"), load_all_pairs(run, "test")
    pairs, first = joined(parts), parts[0].source_texts
    one_in = min(HELD_OUT, max(FEWEST, len(first) // ENOUGH))
    held_out = [n for n, text in enumerate(first) if _is_held_out(text, one_in)]
    validation = pairs.select(held_out, f"{pairs.source}-held-back")
    rest = non_overlapping(pairs, [*tests, validation])
    return pairs.select(rest, pairs.source), validation


def load_related(run: TextRun, validation: SentencePairs) -> SentencePairs:
    """Return the pairs of the first dataset of the spec whose translations are in
    another language than the model's.

    Those with a source sentence of the validation or the test pairs are left out.
    """
    pairs = _related(run)
    held_out = [*load_all_pairs(run, "test"), validation]
    return pairs.select(non_overlapping(pairs, held_out), pairs.source)


def untranslated(run: TextRun, pairs: Sequence[SentencePairs]) -> list[str]:
    """Return the source sentences of the same dataset as `load_related` that are not in
    these pairs, nor in the test pairs, each once."""
    others = [*load_all_pairs(run, "test"), *pairs]
    known = {normalize(text) for other in others for text in other.source_texts}
    found = {normalize(text): text for text in _related(run).source_texts}
    return [text for key, text in found.items() if key not in known]


def _related(run: TextRun) -> SentencePairs:
    names = [name for name in run.spec.trained_on if _is_related(run, name)]
    if not names:
        raise SettingsError(
            f"{run.spec.name!r} is trained on no pairs in a third language, which "
            "teacher= and related_epochs= need: leave them out."
        )
    return load_pairs(run, "train", names[0], TRANSLATED_TO[names[0]])


def joined(parts: Sequence[SentencePairs]) -> SentencePairs:
    """Return the pairs of several datasets as one, under the name of the first."""
    return replace(
        parts[0],
        source_texts=[text for part in parts for text in part.source_texts],
        target_texts=[text for part in parts for text in part.target_texts],
        token=torch.cat([part.token for part in parts]),
    )


def non_overlapping(pairs: SentencePairs, others: Sequence[SentencePairs]) -> list[int]:
    """Return the rows of which neither sentence is in any of the others, normalized."""
    sources = {normalize(text) for other in others for text in other.source_texts}
    targets = {normalize(text) for other in others for text in other.target_texts}
    rows = zip(pairs.source_texts, pairs.target_texts, strict=True)
    return [
        number
        for number, (source, target) in enumerate(rows)
        if normalize(source) not in sources and normalize(target) not in targets
    ]


def normalize(text: str) -> str:
    """Return a text in lower case, without punctuation, words joined by spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))


def tokenize(run: TextRun, pairs: SentencePairs, *, max_length: int) -> TensorRows:
    """Return pairs as token ids, the target with BOS and EOS; those of which a side has
    more than `max_length` tokens are left out."""
    input_spec = run.spec.input
    known = tokenizer(input_spec)

    def encode(texts: list[str]) -> list[list[int]]:
        return [encoding.ids for encoding in known.encode_batch(texts)]

    sources, targets = encode(pairs.source_texts), encode(pairs.target_texts)
    kept = [
        (source, [BOS, *target])
        for source, target in zip(sources, targets, strict=True)
        if max(len(source), len(target)) <= max_length
    ]
    return TensorRows(
        input=pad([source for source, _ in kept], input_spec).int(),
        target=pad([target for _, target in kept], input_spec).int(),
        source=pairs.source,
        fingerprint=pairs.fingerprint,
    )


def teacher_forcing(target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the decoder's inputs, the labels, and which labels are no padding.

    All are as wide as the longest target of the batch.
    """
    length = int((target != PAD).sum(dim=1).max())
    trimmed = target[:, :length].long()
    inputs, labels = trimmed[:, :-1], trimmed[:, 1:]
    return inputs.masked_fill(inputs == EOS, PAD), labels, labels != PAD


def _is_held_out(text: str, one_in: int) -> bool:
    """Return whether a sentence is held out: by its hash, so the same in every run."""
    digest = hashlib.sha256(normalize(text).encode()).digest()
    return int.from_bytes(digest[:4], "big") % one_in == 0
