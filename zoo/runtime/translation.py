"""From texts to translations, by a beam search and one tokenizer for both languages.

`read` reads texts, and refuses those that can't be translated.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from torch import Tensor, nn

from zoo.runtime import beam_search, text, tokenizer
from zoo.runtime.beam_search import BeamSearchConfig, Written
from zoo.runtime.input_errors import InputError, open_each
from zoo.runtime.options import Rules, check, number, whole
from zoo.runtime.rows import spec_of
from zoo.runtime.text import describe, encode, token_numbers

__all__ = ["BROKEN", "OPTIONS", "encode", "fitting", "predict", "read"]

OPTIONS = tuple(field.name for field in fields(BeamSearchConfig))
WIDEST, LARGEST = 100, 1 << 12  # beams, and tokens that are written
BROKEN = "\ufffd"  # what part of a character is read as

RULES: Rules = {
    "beams": (
        lambda value: whole(value, 1, WIDEST),
        f"a whole number from 1 to {WIDEST}",
    ),
    "max_tokens": (
        lambda value: value is None or whole(value, 1, LARGEST),
        f"a whole number from 1 to {LARGEST:,}, or None",
    ),
    "length_penalty": (
        lambda value: number(value, 0, 10),
        "from 0, for none, to 10",
    ),
}


def read(raw: Any, input_spec: Any) -> tuple[list[str | Tensor], bool]:
    """Return the texts in `raw`, and whether it was a single one."""
    texts, single = text.items(raw, input_spec)

    def opening(item: Any) -> str | Tensor:
        return fitting(text.open_text(item, input_spec), input_spec)

    return open_each(texts, single, opening), single


def fitting(item: str | Tensor, input_spec: Any) -> str | Tensor:
    """Return a text that the model can read to its end, or an InputError.

    Line breaks and repeated spaces become single spaces.
    """
    if isinstance(item, str):
        item = " ".join(item.split())
        around = len(tokenizer.tokenizer(input_spec).encode("").ids)
        count = len(tokenizer.encode_untruncated(item, input_spec)) + around
        if count > input_spec.max_length:
            problem = (
                f"The text has {count:,} tokens, and the model reads "
                f"{input_spec.max_length:,} at most: give it sentence by sentence, as "
                "a list."
            )
            raise InputError(problem, describe(input_spec))
    elif (item == input_spec.pad_token_id).all():
        problem = "A row of token numbers that is padding alone has nothing to say."
        raise InputError(problem, describe(input_spec))
    return item


def predict(
    model: nn.Module, batch: Tensor, items: Sequence[str | Tensor], **options: Any
) -> list[dict[str, Any]]:
    """Return translations; `options` are those of a `BeamSearchConfig`."""
    spec = spec_of(model)
    check(spec.name, options, RULES)
    sources = token_numbers(items, spec.input)
    candidates = beam_search.run_beam_search(
        model, sources, plan=BeamSearchConfig(**options)
    )
    return [
        _result(one, source, texts, spec)
        for one, source, texts in zip(items, sources, candidates, strict=True)
    ]


def _result(
    given: str | Tensor, source: Sequence[int], candidates: Sequence[Written], spec: Any
) -> dict[str, Any]:
    made, best = tokenizer.tokenizer(spec.input), candidates[0]

    def shown(row: Sequence[int]) -> tuple[str, ...]:
        return tuple(made.decode([n], skip_special_tokens=False) for n in row)

    ended = [spec.output.eos_token_id] if best.finished else []
    return {
        "source": given if isinstance(given, str) else made.decode(list(source)),
        "text": made.decode(list(best.tokens)),
        "score": best.score,
        "finished": best.finished,
        "alternatives": tuple(
            {"text": made.decode(list(one.tokens)), "score": one.score}
            for one in candidates[1:]
        ),
        "source_tokens": shown(source),
        "tokens": shown([*best.tokens, *ended]),
        "attention": tuple(map(tuple, best.attention.tolist())),
    }
