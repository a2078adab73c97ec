"""Texts made from texts, token by token, by beam search.

A plugin's module, an encoder and a decoder of whatever kind, takes part by two methods:

* `encode_source(source)` takes token numbers, (batch, length), padded at the end, and
  returns a memory of them: a dict of tensors whose first dimension is the batch.
* `decode_step(token, memory)` takes the last token of each text that is being written,
  (batch,), at first the one that texts start after, and returns logits of the next,
  (batch, vocabulary), the weight that each token of the source had in that, (batch,
  length), and a memory to go on with. It leaves the memory it was given as it was.

Both are called in eval mode, and a row of their output must not depend on the other
rows. For training, `forward(source, target)` returns the logits of all steps at once,
(batch, length, vocabulary), for targets that begin with the token that texts start
after. Without a target the source stands in for it.

The search keeps the `beams` likeliest beginnings of a text. One that ends is set aside,
and one fewer is kept (Bahdanau, Cho, Bengio 2015), so that a single beam is the greedy
way. Texts of different length are compared by their log-probability over a penalty of
their length (Wu et al.: "Google's neural machine translation system", 2016).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime.eval_mode import eval_mode
from zoo.runtime.rows import spec_of, unwrap_model
from zoo.runtime.tokenizer import pad

__all__ = ["METHODS", "BeamSearchConfig", "Written", "run_beam_search"]

METHODS = ("encode_source", "decode_step")
Memory = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class BeamSearchConfig:
    """The options of a beam search, by name.

    `beams` beginnings are kept: 1 takes the likeliest token each time. A text has
    `max_tokens` at most, by default twice as many as its source and ten more. Scores
    are divided by ((5 + tokens) / 6) ** `length_penalty`: more of it favours longer
    texts, and at 0 the likeliest text wins, which is often too short.
    """

    beams: int = 4
    max_tokens: int | None = None
    length_penalty: float = 1.0

    def most(self, source: int) -> int:
        """Return how many tokens the text of a source may have."""
        return 2 * source + 10 if self.max_tokens is None else self.max_tokens

    def normal(self, chance: float, count: int) -> float:
        """Return the score of `count` tokens, the end among them, and their chance."""
        return chance / float(((5 + count) / 6) ** self.length_penalty)


@dataclass(frozen=True)
class Written:
    """A text as tokens, without its end, and its score.

    `finished` is False where the text was cut. `attention` has a row of weights
    over the source for each token, and for the end.
    """

    tokens: list[int]
    score: float
    finished: bool
    attention: Tensor = field(compare=False)


def run_beam_search(
    module: nn.Module, sources: Sequence[Sequence[int]], *, plan: BeamSearchConfig
) -> list[list[Written]]:
    """Return the best texts for each source, the best first, at most `beams` of them.

    The texts for a source do not depend on the other sources.
    """
    spec = spec_of(module)
    input_spec, output_spec = spec.input, spec.output
    barred = sorted(
        {input_spec.pad_token_id, output_spec.bos_token_id} - {output_spec.eos_token_id}
    )
    made: Any = unwrap_model(module)
    device = next((p.device for p in module.parameters()), torch.device("cpu"))
    looking = [_Search(source, plan, output_spec) for source in sources]
    with eval_mode(module), torch.inference_mode():
        memory = made.encode_source(pad(sources, input_spec).to(device))
        while live := [one for one in looking if one.kept]:
            last = [text.tokens[-1] for one in live for text in one.kept]
            given = torch.tensor(last, device=device)
            logits, weight, memory = made.decode_step(given, memory)
            logits = logits.cpu().double()
            logits[:, barred] = -torch.inf
            chance = logits.log_softmax(dim=-1)
            memory = _picked(memory, _grown(live, chance, weight.cpu()))
    return [one.results() for one in looking]


def _grown(live: Sequence["_Search"], chance: Tensor, weight: Tensor) -> list[int]:
    """Let each search choose its next tokens; return the rows that they go on from."""
    rows: list[int] = []
    first = 0
    for one in live:
        last = first + len(one.kept)
        rows += [
            first + row for row in one.grow(chance[first:last], weight[first:last])
        ]
        first = last
    return rows


def _picked(memory: Memory, rows: Sequence[int]) -> Memory:
    return {name: values[list(rows)] for name, values in memory.items()}


@dataclass(frozen=True)
class _Beginning:
    """A text that is not over: its tokens after the start, and their chance."""

    tokens: list[int]
    chance: float
    attention: list[Tensor]


class _Search:
    """The texts of one source: those that are kept, and those that are over."""

    def __init__(
        self,
        source: Sequence[int],
        plan: BeamSearchConfig,
        output_spec: Any,
    ) -> None:
        self.plan, self.end, self.length = plan, output_spec.eos_token_id, len(source)
        self.most = plan.most(len(source))
        self.kept = [_Beginning([output_spec.bos_token_id], 0.0, [])]
        self.over: list[Written] = []

    def grow(self, chance: Tensor, weight: Tensor) -> list[int]:
        """Add a token to the likeliest beginnings; return the row of each that is kept.

        `chance` (rows, vocabulary) and `weight` (rows, length) are of the next token.
        """
        before = torch.tensor([one.chance for one in self.kept], dtype=chance.dtype)
        total = (before[:, None] + chance).flatten()
        room = min(self.plan.beams - len(self.over), int(total.isfinite().sum()))
        best = total.topk(room)
        grown, rows = [], []
        for value, place in zip(
            best.values.tolist(), best.indices.tolist(), strict=True
        ):
            row, token = divmod(place, chance.shape[1])
            old, seen = self.kept[row], weight[row, : self.length]
            new = _Beginning([*old.tokens, token], value, [*old.attention, seen])
            if token == self.end or len(new.tokens) > self.most:
                self.over.append(self._ended(new))
            else:
                grown.append(new)
                rows.append(row)
        self.kept = grown
        return rows

    def results(self) -> list[Written]:
        """Return the texts that are over, those that were ended and the best first."""
        return sorted(self.over, key=lambda one: (not one.finished, -one.score))

    def _ended(self, text: _Beginning) -> Written:
        finished = text.tokens[-1] == self.end
        count = len(text.tokens) - 1
        return Written(
            tokens=text.tokens[1 : -1 if finished else None],
            score=self.plan.normal(text.chance, count),
            finished=finished,
            attention=torch.stack(text.attention),
        )
