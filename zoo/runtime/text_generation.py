"""From texts to their continuations, by `generation` and a tokenizer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from torch import Tensor, nn

from zoo.runtime import generation, tokenizer
from zoo.runtime.generation import GenerationConfig
from zoo.runtime.options import Rules, check, number, whole
from zoo.runtime.rows import spec_of
from zoo.runtime.sampling import seeded

__all__ = ["OPTIONS", "draw", "planned", "predict", "sample", "stream"]

OPTIONS = tuple(field.name for field in fields(GenerationConfig))
MAX_NEW_TOKENS = 1 << 20  # tokens that are written at once


def _texts(value: object) -> bool:
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, (list, tuple)):
        return False
    return all(isinstance(one, str) and one for one in several)


# What each option must be: a test, and words for an error message.
RULES: Rules = {
    "max_new_tokens": (
        lambda value: whole(value, 1, MAX_NEW_TOKENS),
        f"a whole number from 1 to {MAX_NEW_TOKENS:,}",
    ),
    "temperature": (
        lambda value: value == 0 or number(value, 0.01, 100),
        "0, for the likeliest token, or from 0.01 to 100",
    ),
    "top_k": (
        lambda value: value is None or whole(value, 1, 1 << 62),
        "a whole number from 1 on, or None",
    ),
    "top_p": (
        lambda value: value is None or (number(value, 0, 1) and value > 0),
        "above 0 and at most 1, or None",
    ),
    "repetition_penalty": (
        lambda value: number(value, 0.01, 100),
        "from 0.01 to 100; 1 changes nothing",
    ),
    "seed": (
        lambda value: value is None or whole(value, 0, (1 << 63) - 1),
        "a whole number from 0 on, below 2**63, or None",
    ),
    "stop": (
        lambda value: value is None or _texts(value),
        "a text that is not empty, a list of those, or None",
    ),
    "log_probabilities": (
        lambda value: isinstance(value, bool),
        "True or False",
    ),
}


def predict(
    model: nn.Module, batch: Tensor, items: Sequence[str | Tensor], **options: Any
) -> list[dict[str, Any]]:
    """Return continuations of texts; `options` are those of a `GenerationConfig`."""
    spec = spec_of(model)
    plan = planned(spec.name, options)
    prompts = [_tokens(one, spec.input) for one in items]
    texts = [
        one if isinstance(one, str) else tokenizer.decode(row, spec.input)
        for one, row in zip(items, prompts, strict=True)
    ]
    count = len(items)
    seeds = generation.seeds(count) if plan.seed is None else [plan.seed] * count
    return _results(model, texts, prompts, seeds, plan)


def sample(
    model: nn.Module, count: int, *, seed: int | None = None, **options: Any
) -> list[dict[str, Any]]:
    """Return texts that begin with nothing; the same seed and count give the same."""
    return draw(model, count, seeded(seed), options)


def draw(
    model: nn.Module, count: int, random: Any, options: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return texts that begin with nothing, each drawn by a seed of its own."""
    spec = spec_of(model)
    plan = planned(spec.name, options)
    seeds = generation.seeds(count, random)
    prompts = [generation.beginning(spec)] * count
    return _results(model, [""] * count, prompts, seeds, plan)


def planned(model: str, options: Mapping[str, Any]) -> GenerationConfig:
    """Return the plan of a generation, or an OptionError about one of its options."""
    check(model, options, RULES)
    return GenerationConfig(**options)


def _results(
    model: nn.Module,
    given: Sequence[str],
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    plan: GenerationConfig,
) -> list[dict[str, Any]]:
    input_spec = spec_of(model).input
    over = _over(plan, input_spec)
    written = generation.generate(model, prompts, plan=plan, seeds=seeds, over=over)
    return [
        {
            "prompt": prompt,
            "text": plan.cut(_continuation(prompt, row, one.tokens, input_spec)),
            "tokens": len(one.tokens),
            "finished": one.finished,
            "log_probabilities": _told(one, input_spec)
            if plan.log_probabilities
            else None,
        }
        for prompt, row, one in zip(given, prompts, written, strict=True)
    ]


def stream(model: nn.Module, prompt: str, options: Mapping[str, Any]) -> Iterator[str]:
    """Yield the continuation of a text in pieces, as it is written.

    Joined they are the text that `predict` returns, and without a prompt the one that
    `sample` does. A piece waits while it may be the
    beginning of a text to stop at, or of a character of several tokens.
    """
    spec = spec_of(model)
    plan = planned(spec.name, options)
    if prompt:
        tokens = _tokens(prompt, spec.input)
        seed = generation.seeds(1)[0] if plan.seed is None else plan.seed
    else:
        tokens = generation.beginning(spec)
        (seed,) = generation.seeds(1, seeded(plan.seed))
    over, text, sent = _over(plan, spec.input), "", ""
    for one in generation.stream(model, tokens, plan=plan, seed=seed, over=over):
        text = plan.cut(_continuation(prompt, tokens, one.tokens, spec.input))
        piece = _settled(text, plan)
        if piece.startswith(sent) and len(piece) > len(sent):
            yield piece[len(sent) :]
            sent = piece
    if text.startswith(sent) and len(text) > len(sent):
        yield text[len(sent) :]


def _settled(text: str, plan: GenerationConfig) -> str:
    """Return the part of a text that no token can change any more."""
    text = text.rstrip("\N{REPLACEMENT CHARACTER}")
    stops = (plan.stop,) if isinstance(plan.stop, str) else plan.stop or ()
    for stop in stops:
        for length in range(min(len(stop) - 1, len(text)), 0, -1):
            if text.endswith(stop[:length]):
                text = text[:-length]
                break
    return text


def _tokens(item: str | Tensor, input_spec: Any) -> list[int]:
    """Return the tokens that a model goes on from, at least one."""
    if isinstance(item, str):
        whole = tokenizer.encode_untruncated(item, input_spec)
        return whole or tokenizer.filler(input_spec)
    numbers: list[int] = item.tolist()
    return numbers


def _over(
    plan: GenerationConfig, input_spec: Any
) -> Callable[[list[int]], bool] | None:
    """Return what tells whether tokens have a text to stop at in them."""

    def over(row: list[int]) -> bool:
        text = tokenizer.decode(row, input_spec)
        return plan.cut(text) != text

    return over if plan.stop else None


def _told(one: generation.Written, input_spec: Any) -> list[tuple[str, float]]:
    """Return the text of each token, and the logarithm of its probability."""
    return [
        (tokenizer.decode([token], input_spec), chance)
        for token, chance in zip(one.tokens, one.log_probabilities, strict=True)
    ]


def _continuation(
    prompt: str, given: Sequence[int], made: Sequence[int], input_spec: Any
) -> str:
    """Return the text of tokens that follow others, with a space where words meet."""
    before = tokenizer.decode(given, input_spec)
    whole = tokenizer.decode([*given, *made], input_spec)
    if not whole.startswith(before):
        return tokenizer.decode(made, input_spec)
    text = whole[len(before) :]
    if prompt[-1:].isspace() and not before[-1:].isspace():
        return text.removeprefix(" ")  # the prompt has the space that words have not
    return text
