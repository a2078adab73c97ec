"""Texts that go on token by token: the loop, by a method that a module has.

A plugin's module takes part by one method, and nothing else is registered:

* `next_logits(token, memory=None)` takes the next tokens of some texts, (batch,
  length), and returns logits of what comes after the last of them, (batch, vocabulary),
  and a memory of all it has read, which is given back with the tokens that follow. What
  is in a memory is the module's own affair: keys and values, or a state.

It is called in eval mode, and what it gives must not depend on the rows beside. Texts
of different length are read in step: while the longer ones are still being read, the
shorter ones are written already, so no row is padded and a module needs no mask.
A module is never given more than its spec's `longest` tokens: when a text outgrows
them, it is read again from where half of them are left. That depends on the length of
the text alone, so the same is written whether or not memory is used.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.eval_mode import eval_mode
from zoo.runtime.rows import spec_of, unwrap_model

__all__ = [
    "METHOD",
    "GenerationConfig",
    "Written",
    "beginning",
    "drawn",
    "generate",
    "seeds",
    "start",
    "stream",
]

METHOD = "next_logits"
FEW = 16  # tokens of a text that only shows that something was drawn


@dataclass(frozen=True, kw_only=True)
class GenerationConfig:
    """How texts go on: these are the options of a generation, by name.

    Logits are divided by `temperature`; at 0 the likeliest token is taken. Of the rest
    only the `top_k` likeliest are kept, and only the likeliest that together have the
    share `top_p` of the probability. A text ends before the first of the texts `stop`,
    at the model's own end, or after `max_new_tokens`. With a `seed` every text draws as
    it would alone.

    A `repetition_penalty` above 1 makes tokens less likely that the text has already,
    its prompt included: Keskar and others, "CTRL: a conditional transformer language
    model", 2019, section 4.1. With `log_probabilities` the result tells how likely each
    token was by the model alone, before all of these.
    """

    max_new_tokens: int = 200
    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    repetition_penalty: float = 1.0
    seed: int | None = None
    stop: str | Sequence[str] | None = None
    log_probabilities: bool = False

    def penalized(self, logits: Tensor, texts: Sequence[Sequence[int]]) -> Tensor:
        """Return logits, (batch, vocabulary), lower for the tokens of each text.

        Those above 0 are divided by the penalty, the others multiplied, so that a
        token never gains.
        """
        if self.repetition_penalty == 1:
            return logits
        lower = logits.clone()
        for row, text in enumerate(texts):
            known = torch.tensor(sorted({*text}), dtype=torch.long)
            old = logits[row, known]
            penalty = self.repetition_penalty
            lower[row, known] = torch.where(old > 0, old / penalty, old * penalty)
        return lower

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return the chance of each token to be drawn, (batch, vocabulary)."""
        if self.temperature == 0:
            best = logits.argmax(dim=-1, keepdim=True)
            return torch.zeros_like(logits).scatter(-1, best, 1.0)
        logits = logits / self.temperature
        if self.top_k is not None:
            least = logits.topk(min(self.top_k, logits.shape[-1])).values[:, -1:]
            logits = logits.masked_fill(logits < least, -torch.inf)
        if self.top_p is not None:
            chance, order = logits.softmax(dim=-1).sort(descending=True, stable=True)
            beyond = chance.cumsum(dim=-1) - chance >= self.top_p
            logits = logits.masked_fill(beyond.scatter(-1, order, beyond), -torch.inf)
        return logits.softmax(dim=-1)

    def cut(self, text: str) -> str:
        """Return a text up to the first of the texts to stop at."""
        stops = (self.stop,) if isinstance(self.stop, str) else self.stop or ()
        places = [text.find(stop) for stop in stops if stop in text]
        return text[: min(places)] if places else text


@dataclass(frozen=True)
class Written:
    """The tokens that were added to a prompt, whether the text was ended, and how
    likely the model found each token, as logarithms, if that was asked for."""

    tokens: list[int]
    finished: bool
    log_probabilities: list[float]


def generate(
    module: nn.Module,
    prompts: Sequence[Sequence[int]],
    *,
    plan: GenerationConfig,
    seeds: Sequence[int],
    over: Callable[[list[int]], bool] | None = None,
    remember: bool = True,
) -> list[Written]:
    """Return the tokens to go on with after each prompt.

    A row draws with its own seed, so it gets what it would get alone. `over` is asked
    after every token whether the text should stop. Without `remember` a module reads
    all of a text for each token, which is slow and gives the same.
    """
    rows = [
        _Row(list(prompt), plan.max_new_tokens, seed)
        for prompt, seed in zip(prompts, seeds, strict=True)
    ]
    with eval_mode(module), torch.inference_mode():
        for _ in _steps(module, rows, plan, over, remember):
            pass
    return [row.written() for row in rows]


def stream(
    module: nn.Module,
    prompt: Sequence[int],
    *,
    plan: GenerationConfig,
    seed: int,
    over: Callable[[list[int]], bool] | None = None,
) -> Iterator[Written]:
    """Yield what was written after each token: what `generate` returns, at the end."""
    row = _Row(list(prompt), plan.max_new_tokens, seed)
    steps = _steps(module, [row], plan, over, True)
    going = not row.done
    while going:
        # Whoever iterates computes in between, in a mode of his own.
        with eval_mode(module), torch.inference_mode():
            next(steps, None)
            going = not row.done
        yield row.written()


def _steps(
    module: nn.Module,
    rows: "Sequence[_Row]",
    plan: GenerationConfig,
    over: Callable[[list[int]], bool] | None,
    remember: bool,
) -> Iterator[None]:
    """Write rows token by token, until all are done."""
    spec = spec_of(module)
    input_spec, output_spec = spec.input, spec.output
    barred = _barred(input_spec, output_spec)
    next_logits: Any = getattr(unwrap_model(module), METHOD)
    device = next((p.device for p in module.parameters()), torch.device("cpu"))
    at, begun, memory = min(row.read for row in rows), -1, None
    while not all(row.done for row in rows):
        first = start(at, input_spec.max_length)
        if first != begun or not remember:
            begun, given, memory = first, [row.part(first, at) for row in rows], None
        else:
            given = [row.part(at - 1, at) for row in rows]
        logits, memory = next_logits(torch.tensor(given, device=device), memory)
        logits = logits.cpu().double()
        logits[:, barred] = -torch.inf
        lower = plan.penalized(logits, [row.tokens for row in rows])
        known = logits.log_softmax(dim=-1) if plan.log_probabilities else None
        chance = plan.probabilities(lower)
        _choose(rows, chance, known, at, output_spec.eos_token_id, over)
        at += 1
        yield


def drawn(module: nn.Module, count: int, random: torch.Generator) -> Tensor:
    """Return the first tokens of texts that begin with nothing, (count, FEW).

    Where a text ends before, padding follows.
    """
    spec = spec_of(module)
    prompts, plan = [beginning(spec)] * count, GenerationConfig(max_new_tokens=FEW)
    written = generate(module, prompts, plan=plan, seeds=seeds(count, random))
    rows = torch.full((count, FEW), spec.input.pad_token_id)
    for row, one in zip(rows, written, strict=True):
        row[: len(one.tokens)] = torch.tensor(one.tokens)
    return rows


def beginning(spec: Any) -> list[int]:
    """Return the prompt of a text from nothing."""
    assert spec.output.bos_token_id is not None, (
        "else a model is not asked to write from nothing"
    )
    return [spec.output.bos_token_id]


def start(count: int, longest: int) -> int:
    """Return where a module begins to read a text of `count` tokens.

    At the beginning while it fits; later at the last of the places, half of `longest`
    apart, from which it fits again.
    """
    step = max(1, longest // 2)
    return -(-max(0, count - longest) // step) * step


def seeds(count: int, random: torch.Generator | None = None) -> list[int]:
    """Return seeds drawn with a generator, or with torch's own."""
    return torch.randint(2**62, (count,), generator=random).tolist()


class _Row:
    """A text that is read, then written."""

    def __init__(self, prompt: list[int], most: int, seed: int) -> None:
        self.tokens, self.read, self.most = prompt, len(prompt), most
        self.random = torch.Generator().manual_seed(seed)
        self.finished, self.done = False, most < 1
        self.log_probabilities: list[float] = []

    def part(self, first: int, last: int) -> list[int]:
        """Return its tokens of these places, or anything where it is over."""
        tokens = self.tokens[first:last]
        return tokens + [self.tokens[-1]] * (last - first - len(tokens))

    def add(self, token: int, end: int | None) -> None:
        self.finished = token == end
        if not self.finished:
            self.tokens.append(token)
        self.done = self.finished or len(self.tokens) - self.read >= self.most

    def stop(self) -> None:
        self.finished = self.done = True

    def written(self) -> Written:
        made = self.tokens[self.read :]
        return Written(made, self.finished, self.log_probabilities[: len(made)])


def _choose(
    rows: Sequence[_Row],
    chance: Tensor,
    known: Tensor | None,
    at: int,
    end: int | None,
    over: Callable[[list[int]], bool] | None,
) -> None:
    """Add a token to each row that was read to its end and is not over."""
    reach = chance.cumsum(dim=-1)
    for number, (row, cumulative) in enumerate(zip(rows, reach, strict=True)):
        if row.done or len(row.tokens) > at:
            continue
        drawn = (
            torch.rand((), generator=row.random, dtype=torch.float64) * cumulative[-1]
        )
        token = int(torch.searchsorted(cumulative, drawn, right=True))
        if known is not None:
            row.log_probabilities.append(known[number, token].item())
        row.add(token, end)
        if over is not None and over(row.tokens[row.read :]):
            row.stop()


def _barred(input_spec: Any, output_spec: Any) -> list[int]:
    """Return the tokens that stand for no text, so that none is drawn."""
    return [
        number
        for number in {input_spec.pad_token_id, input_spec.unk_token_id}
        if number is not None and number != output_spec.eos_token_id
    ]
