"""What language models share that learn from plain texts: blocks, losses, characters.

A text becomes rows of one length, its blocks, each with the tokens that it asks for and
`IGNORE_INDEX` where it asks for none. What is kept of a model's answers to them is the
loss at each place: the logits of a large vocabulary would not fit into memory.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo._utils.shown import counted
from zoo.errors import DataError, InputError
from zoo.models.metadata import model_metadata
from zoo.runtime import tokenizer
from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.text import describe
from zoo.specs import ModelSpec, TextInput
from zoo.tasks._task import FinetuneSettings, OutputT, RawRows
from zoo.tasks._tokens import TokenTask

__all__ = [
    "IGNORE_INDEX",
    "MOST_TOKENS",
    "SPECIAL",
    "LanguageModelTask",
    "padded",
    "unknown_characters",
    "unknown_tokens",
]

IGNORE_INDEX = -100  # the target of a place that asks for nothing, as in cross_entropy
SPECIAL = -101  # that of padding, and of what stands around every text
MOST_TOKENS = 256  # of a block: longer ones cost much memory, and teach little more
MOST_UNKNOWN_CHARACTERS = 0.05  # of the texts that are learned
MOST_UNKNOWN_TOKENS = 0.2
MOST_LOGITS = 1 << 24  # that are computed at once while a model is measured
SHOWN = 5  # of them that a message names


class LanguageModelTask(TokenTask[OutputT]):
    """A model that is fine-tuned as a whole on plain texts."""

    metric = "loss"
    finetune_defaults: ClassVar[Mapping[str, Any]] = {
        "freeze": "none",
        "lr": 3e-4,
        "clip": 1.0,
    }

    def blocks(
        self, token: Sequence[int], input_spec: TextInput, output_spec: OutputT
    ) -> Iterable[tuple[Tensor, Tensor]]:
        """Yield the blocks of a text and what each asks for, both (length,)."""
        raise NotImplementedError(f"{type(self).__name__} has no blocks")

    def learns_from_inputs(self, spec: ModelSpec) -> bool:
        return True

    def check_finetuning(self, spec: ModelSpec, chosen: FinetuneSettings) -> None:
        super().check_finetuning(spec, chosen)
        self.refuse_head_settings(
            spec, chosen, "texts as they are", {}, freezes=("none", "lora")
        )

    def training_pairs(
        self, item: Any, name: str, spec: ModelSpec
    ) -> Sequence[tuple[Any, Any]]:
        """Return the blocks of a text, without the characters that it has no token
        for."""
        input_spec, output_spec = self.signature(spec)
        text = self._text(item, name, input_spec)
        if input_spec.unk_token_id is None:
            unknown, _ = unknown_characters(text, input_spec)
            text = "".join(one for one in text if one not in unknown)
        token = tokenizer.encode_untruncated(text, input_spec)
        if len(token) < 2:
            problem = (
                f"{name}: the text has {counted(len(token), 'token')}; one that is "
                "learned has 2 or more."
            )
            raise InputError(problem, describe(input_spec))
        return list(self.blocks(token, input_spec, output_spec))

    def held_out_tail(
        self, item: Any, name: str, val_fraction: float, spec: ModelSpec
    ) -> tuple[str, str]:
        """Return a text without its last part, and that part: it begins a line, or a
        word, if there is one near."""
        input_spec, _ = self.signature(spec)
        text = self._text(item, name, input_spec)
        border = round(len(text) * (1 - val_fraction))
        for mark in ("\n", " "):
            found = text.find(mark, border, (border + len(text)) // 2)
            if found >= 0:
                border = found + 1
                break
        if not text[:border].strip() or not text[border:].strip():
            raise DataError(
                f"{name}: the text is too short: its last part is held back for "
                "validation. Give more, or validation rows."
            )
        return text[:border], text[border:]

    def input_notes(
        self, rows: RawRows, source: str, part: str, spec: ModelSpec
    ) -> tuple[str, ...]:
        """Return what is said of characters that have no token, or of tokens that are
        unknown. Raises DataError where they are too many."""
        input_spec, _ = self.signature(spec)
        by_token = input_spec.unk_token_id is not None
        count_unknown = unknown_tokens if by_token else unknown_characters
        total, unknown = 0, Counter[str]()
        for item, name in zip(rows.items, rows.names, strict=True):
            found, size = count_unknown(self._text(item, name, input_spec), input_spec)
            total, unknown = total + size, unknown + found
        if not unknown:
            return ()
        count, others = unknown.total(), len(unknown) - SHOWN
        listed = ", ".join(f"{one!r} {n:,}" for one, n in unknown.most_common(SHOWN))
        more = f" and {others:,} more" if others > 0 else ""
        what = "tokens" if by_token else "characters"
        lack = "are unknown to" if by_token else "have no token in"
        said = (
            f"{source}: {count:,} of {total:,} {what} of the {part} texts "
            f"({count / total:.2%}) {lack} the vocabulary of {spec.name!r}: "
            f"{listed}{more}."
        )
        most = MOST_UNKNOWN_TOKENS if by_token else MOST_UNKNOWN_CHARACTERS
        if count > most * total:
            language = f" (language: {input_spec.language})"
            raise DataError(
                f"{said} A model learns texts of which at most {most:.0%} are such: "
                f"check the language and the alphabet"
                f"{language if input_spec.language else ''}, or take another model."
            )
        return (f"{said} They {'become [UNK]' if by_token else 'are left out'}.",)

    def _text(self, item: Any, name: str, input_spec: TextInput) -> str:
        """Return a text of a user's own, opened. Raises InputError."""
        try:
            opened = self.load_item(item, input_spec)
        except InputError as exc:
            raise exc.of(name) from exc.__cause__
        if isinstance(opened, Tensor):
            return tokenizer.decode(opened.tolist(), input_spec)
        return str(opened)

    # Learning, and measuring

    def loss(
        self,
        output: Tensor,
        target: Tensor,
        output_spec: OutputT,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Return the mean cross-entropy of the tokens that are asked for, in nats.

        `output` are logits, (B, length, vocabulary), or the losses that
        `measured_output` returned, (B, length).
        """
        if output.ndim == 2:
            return output[target >= 0].double().mean().float()
        asked = target.clamp(min=IGNORE_INDEX).flatten()
        return cross_entropy(output.flatten(0, 1), asked, ignore_index=IGNORE_INDEX)

    def compute_metrics(
        self, output: Tensor, target: Tensor, output_spec: OutputT
    ) -> dict[str, float]:
        """Return the mean loss in nats a token, and its exponential."""
        loss = self.loss(output, target, output_spec).item()
        return {"loss": loss, "perplexity": math.exp(min(loss, 700.0))}

    def selection_metric(
        self, *, balance: bool, output_spec: OutputT | None = None
    ) -> str:
        return "perplexity"

    @torch.inference_mode()
    def measured_output(
        self, module: nn.Module, batch: Tensor, rows: RawRows
    ) -> Tensor:
        """Return the loss at each place of blocks, (rows, length); 0 where a block asks
        for nothing."""
        input_spec, output_spec = self.signature(model_metadata(module).spec)
        target = self.target_tensor(rows, input_spec, output_spec)
        size = max(1, MOST_LOGITS // (batch.shape[1] * input_spec.vocab_size))
        losses = []
        with eval_mode(module):
            for given, wanted in zip(
                batch.split(size), target.split(size), strict=True
            ):
                logits = forward_on_device(module, given).float().transpose(1, 2)
                wanted = wanted.clamp(min=IGNORE_INDEX).to(logits.device)
                loss = cross_entropy(
                    logits, wanted, ignore_index=IGNORE_INDEX, reduction="none"
                )
                losses.append(loss.cpu())
        return torch.cat(losses)

    def measure_rows(
        self, module: nn.Module, rows: RawRows, **prepare: Any
    ) -> dict[str, float]:
        """Return the metrics of raw texts, in blocks."""
        spec = model_metadata(module).spec
        pairs = [
            pair
            for item, name in zip(rows.items, rows.names, strict=True)
            for pair in self.training_pairs(item, name, spec)
        ]
        made = BlockRows(pairs)
        output = self.measured_output(module, torch.stack(made.items), made)
        input_spec, output_spec = self.signature(spec)
        target = self.target_tensor(made, input_spec, output_spec)
        return self.compute_metrics(output, target, output_spec)


def padded(numbers: Sequence[int], length: int, filler: int) -> Tensor:
    """Return numbers as a row of a length, filled up at its end.

    >>> padded([5, 6], 4, 0)
    tensor([5, 6, 0, 0])
    """
    return torch.tensor([*numbers, *[filler] * (length - len(numbers))])


class BlockRows:
    """Blocks and what they ask for, as rows of data."""

    def __init__(self, pairs: Sequence[tuple[Tensor, Tensor]]) -> None:
        self.items = [block for block, _ in pairs]
        self.targets = [target for _, target in pairs]
        self.names = [f"block {n}" for n in range(1, len(pairs) + 1)]


def unknown_characters(text: str, input_spec: TextInput) -> tuple[Counter[str], int]:
    """Return how often a text has each character that the tokenizer refuses, and how
    many characters it has."""
    counts = Counter(text)
    unknown = {c: n for c, n in counts.items() if not _has_token(c, input_spec)}
    return Counter(unknown), len(text)


def unknown_tokens(text: str, input_spec: TextInput) -> tuple[Counter[str], int]:
    """Return how often a text has each part that becomes the unknown token, and how
    many tokens it has."""
    whole = replace(input_spec, max_length=tokenizer.NO_LIMIT)
    reader = tokenizer.tokenizer(whole)
    read = reader.encode(text, add_special_tokens=False)
    parts = zip(read.ids, read.offsets, strict=True)
    unknown = (text[a:b] for n, (a, b) in parts if n == input_spec.unk_token_id)
    return Counter(unknown), len(read.ids)


def _has_token(character: str, input_spec: TextInput) -> bool:
    try:
        tokenizer.encode_untruncated(character, input_spec)
    except InputError:
        return False
    return True
