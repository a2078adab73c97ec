"""Texts as token numbers: what a model takes, of a person and of a dataset."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from zoo._utils.schema import Malformed
from zoo.errors import CheckpointError, DataError
from zoo.preprocessing import tokenizer_check
from zoo.preprocessing.preprocessor import GraphInput, InputWarning, Preprocessor
from zoo.runtime import text, tokenizer
from zoo.specs import TextInput
from zoo.specs.inputs import TOKENIZER

__all__ = ["TextPreprocessor"]

NOISE_TOKENS = 32  # tokens of a text of noise, at most
BENCHMARK_TOKENS = 128  # of a text that a model is timed with


class TextPreprocessor(Preprocessor[TextInput]):
    """Texts become rows of token numbers, padded at the end."""

    pads = True

    def check_files(self, input_spec: TextInput, folder: Path) -> None:
        """Refuse a tokenizer that crashes, runs for ever, or has too many tokens."""
        content = input_spec.tokenizer_source
        if not isinstance(content, bytes):
            return  # it is missing, or another: reading a text says so
        try:
            tokenizer_check.check(content, input_spec.vocab_size, input_spec.max_length)
        except Malformed as exc:
            raise CheckpointError(
                f"{folder / TOKENIZER} is no tokenizer for this model: {exc}. Save the "
                "checkpoint again, or get another copy of the folder."
            ) from exc

    def split_items(self, raw: Any, input_spec: TextInput) -> tuple[list[Any], bool]:
        """Take a text or a list of texts, or token numbers as a tensor."""
        return text.items(raw, input_spec)

    def load_item(self, item: Any, input_spec: TextInput) -> str | Tensor:
        """Return a text, which may be empty of known words, but not empty."""
        return text.open_text(item, input_spec)

    def collate(self, opened: Sequence[str | Tensor], input_spec: TextInput) -> Tensor:
        """Return opened texts as token numbers, (B, length), padded to the longest."""
        return text.encode(opened, input_spec)

    def truncated(self, opened: Sequence[str | Tensor], input_spec: TextInput) -> int:
        """Return how many texts have more tokens than the model reads."""
        return sum(
            tokenizer.is_truncated(one, input_spec)
            if isinstance(one, str)
            else len(one) > input_spec.max_length
            for one in opened
        )

    def steps(self, input_spec: TextInput) -> list[str]:
        return [
            "Read a text, or the pathlib.Path of a text file in UTF-8.",
            f"Split it into tokens of a vocabulary of {input_spec.vocab_size:,}.",
            f"Keep {input_spec.max_length:,} of them at most.",
            "Give an int64 tensor (tokens,).",
        ]

    def input_warnings(
        self, batch: Tensor, input_spec: TextInput
    ) -> list[InputWarning]:
        """Return a warning where the model knows not one token of a text."""
        known = batch != input_spec.pad_token_id
        if input_spec.unk_token_id is not None:
            known &= batch != input_spec.unk_token_id
        around = torch.tensor(tokenizer.surrounding(input_spec), dtype=batch.dtype)
        known &= ~torch.isin(batch, around)
        if known.any(dim=1).all():
            return []
        language = f" (language: {input_spec.language})" if input_spec.language else ""
        sentence = (
            "A text has no word that the model knows, so its answer means nothing: "
            f"check the language and the alphabet{language}."
        )
        return [InputWarning("unknown", sentence)]

    def column(
        self, rows: Any, name: str, input_spec: TextInput, source: str
    ) -> Tensor | None:
        """Return a column of texts as a batch."""
        texts = list(rows[name])
        for place, one in enumerate(texts):
            if not isinstance(one, str):
                shown = type(one).__name__
                raise DataError(
                    f"{source}: column {name!r} does not hold texts (row {place}: "
                    f"{shown})."
                )
        return tokenizer.pad(tokenizer.encode_batch(texts, input_spec), input_spec)

    def graph_input(self, input_spec: TextInput) -> GraphInput:
        """Take token numbers, as the tokenizer.json beside the graph gives them."""
        return GraphInput(name="input_ids", axes={0: "batch", 1: "length"})

    def identity(self, input_spec: TextInput) -> str:
        content = hashlib.sha256(tokenizer.content(input_spec)).hexdigest()
        return f"{content}:{input_spec.max_length}"

    def prepared(self, rows: Tensor, input_spec: TextInput) -> Tensor:
        """Return rows no wider than the longest text; floats are features of texts."""
        return (
            rows
            if rows.is_floating_point()
            else tokenizer.trim_padding(rows, input_spec)
        )

    def joined(self, batches: Sequence[Tensor], input_spec: TextInput) -> Tensor:
        """Return batches of different width as one, filled up at the end."""
        width = max(part.shape[1] for part in batches)
        return torch.cat(
            [
                pad(part, (0, width - part.shape[1]), value=input_spec.pad_token_id)
                for part in batches
            ]
        )

    def save(self, input_spec: TextInput, folder: Path) -> TextInput:
        """Write the tokenizer, where there is one: a model that was never trained may
        have none."""
        source = input_spec.tokenizer_source
        if source is None or (isinstance(source, Path) and not source.is_file()):
            if input_spec.tokenizer:
                raise CheckpointError(
                    f"The {TOKENIZER} of this model is gone from "
                    f"{source.parent if source else 'its folder'}, and without it the "
                    "saved model would read no text. Load the model again from a whole "
                    "folder, then save it."
                )
            return input_spec
        content = tokenizer.content(input_spec)
        (folder / TOKENIZER).write_bytes(content)
        return replace(input_spec, tokenizer=hashlib.sha256(content).hexdigest())

    def synthetic(
        self, input_spec: TextInput, rows: int, random: torch.Generator
    ) -> Tensor:
        """Return rows of random tokens of the vocabulary, of different lengths."""
        width = min(NOISE_TOKENS, input_spec.max_length)
        drawn = torch.randint(1, input_spec.vocab_size, (rows, width), generator=random)
        tokens = (
            drawn + input_spec.pad_token_id
        ) % input_spec.vocab_size  # all but padding
        length = torch.randint(1, width + 1, (rows, 1), generator=random)
        length[:1] = width
        return tokens.masked_fill(
            torch.arange(width) >= length, input_spec.pad_token_id
        )

    def benchmark(self, input_spec: TextInput, rows: int) -> Tensor:
        """Return texts of one length: no two of a dataset's are as long."""
        shape = (rows, min(input_spec.max_length, BENCHMARK_TOKENS))
        random = torch.Generator().manual_seed(0)
        return torch.randint(1, input_spec.vocab_size, shape, generator=random)

    def contrast(self, drawn: Tensor, second: Tensor, input_spec: TextInput) -> Tensor:
        """Return texts of a few tokens that are of one kind only."""
        third = input_spec.vocab_size // 3
        few = drawn % min(8, third)
        return torch.where(second[:, None], 2 * third + few, third + few)
