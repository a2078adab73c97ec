"""What every model promises that takes texts, and what one that goes on with them does.

A check returns at once where a model takes none, where its module has no `next_logits`:
see `zoo.runtime.generation`, or where it makes no text of a text: see
`zoo.runtime.beam_search`.
"""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from zoo.datasets.in_memory import synthetic_rows, to_model_input
from zoo.models import loading
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime import beam_search, generation, tokenizer
from zoo.runtime.generation import METHOD, GenerationConfig
from zoo.specs import ModelSpec, TextInput
from zoo.tasks import task_of
from zoo.testing.remark import Remark, not_applicable

__all__ = [
    "TEXT_CHECKS",
    "memory_changes_nothing",
    "padding_says_nothing",
    "steps_are_the_whole",
    "texts_go_on_as_alone",
    "translations_are_found_as_alone",
]

GREEDY_CONFIG = GenerationConfig(max_new_tokens=8, temperature=0)


@torch.inference_mode()
def padding_says_nothing(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """A text that is filled up beside a longer one says what it says alone."""
    if not preprocessor(spec.input).pads:
        return not_applicable("its rows are not padded")
    model = loading.build(spec.name).eval()
    given = to_model_input(
        synthetic_rows(spec.input, spec.output, 4, spec.name).input, spec.input
    )
    together = model(given)
    for place, row in enumerate(given):
        alone = model(to_model_input(row[None], spec.input))[0]
        beside = together[place]
        if alone.ndim == 2:  # an output at every place; that of padding does not count
            beside = beside[: len(alone)]
        assert torch.allclose(alone, beside, atol=1e-5), (
            f"row {place} saw what fills up"
        )
    return None


@torch.inference_mode()
def memory_changes_nothing(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """Read at once or in parts, a text says the same of what comes next, what comes
    later says nothing of what came before, and the same is written by both ways."""
    model: Any = loading.build(spec.name).eval()
    if not callable(getattr(model, METHOD, None)):
        return not_applicable("it writes no texts token by token")
    token = to_model_input(
        synthetic_rows(spec.input, spec.output, 3, spec.name).input[:1]
    )
    whole, _ = model.next_logits(token)
    _, memory = model.next_logits(token[:, :3])
    parts, memory = model.next_logits(token[:, 3:-1], memory)
    parts, _ = model.next_logits(token[:, -1:], memory)
    output = model(token)
    assert torch.allclose(whole, parts, atol=1e-4), "a text in parts is another text"
    assert torch.allclose(whole, output[:, -1], atol=1e-4), "next_logits is not forward"
    assert torch.allclose(output[:, :3], model(token[:, :3]), atol=1e-4), (
        "it looks ahead"
    )
    prompts = [token[0, :4].tolist()]
    with_memory, without = (
        generation.generate(
            model, prompts, plan=GREEDY_CONFIG, seeds=[0], remember=remember
        )
        for remember in (True, False)
    )
    assert with_memory == without, "memory changed what was written"
    return None


def texts_go_on_as_alone(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """Prompts of different length go on as each does alone, also where a text outgrows
    what the model reads at once, and a draw by a seed is the same in company."""
    model = loading.build(spec.name).eval()
    if not callable(getattr(model, METHOD, None)):
        return not_applicable("it writes no texts token by token")
    max_length = _text(spec).max_length
    row = synthetic_rows(spec.input, spec.output, 1, spec.name).input[0].tolist()
    prompts = [row[:2], row[:7], row[:3]]
    if max_length <= 512:  # a longer text takes too long to try
        prompts[1] = row * (max_length // len(row)) + row[:1]
    for plan in (GREEDY_CONFIG, GenerationConfig(max_new_tokens=8)):
        together = _written(model, prompts, plan)
        alone = [_written(model, [one], plan)[0] for one in prompts]
        assert together == alone, "company changed a text"
        assert all(len(one.tokens) == 8 or one.finished for one in together)
    return None


@torch.inference_mode()
def steps_are_the_whole(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """Step by step a translation is told what it is told as a whole, a step leaves the
    memory it was given as it was, and nothing that fills up a source is looked at."""
    if not task_of(spec).uses_beam_search:
        return not_applicable("it translates nothing")
    model: Any = loading.build(spec.name).eval()
    _, output_spec = task_of(spec).signature(spec)
    source = to_model_input(
        synthetic_rows(spec.input, spec.output, 3, spec.name).input, spec.input
    )
    pad_token_id = _text(spec).pad_token_id
    source[-1, 2:] = pad_token_id  # however long the others were drawn
    target = source[:, :5].roll(1, dims=0)
    target[:, 0] = output_spec.bos_token_id
    whole, memory = model(source, target), model.encode_source(source)
    for place in range(target.shape[1]):
        before = {name: value.clone() for name, value in memory.items()}
        logits, weight, after = model.decode_step(target[:, place], memory)
        assert torch.allclose(logits, whole[:, place], atol=1e-4), "a step is another"
        assert all(torch.equal(memory[name], value) for name, value in before.items())
        assert torch.allclose(weight.sum(dim=1), torch.ones(3), atol=1e-4)
        assert not weight[source == pad_token_id].any(), "it looked at what fills up"
        memory = after
    return None


def translations_are_found_as_alone(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """What is found for a source does not depend on those beside it."""
    if not task_of(spec).uses_beam_search:
        return not_applicable("it translates nothing")
    model = loading.build(spec.name).eval()
    rows = synthetic_rows(spec.input, spec.output, 1, spec.name).input[0].tolist()
    sources = [rows[:2], rows[:9], rows[:5]]
    for plan in (
        beam_search.BeamSearchConfig(beams=1, max_tokens=6),
        beam_search.BeamSearchConfig(beams=3, max_tokens=6),
    ):
        together = beam_search.run_beam_search(model, sources, plan=plan)
        alone = [
            beam_search.run_beam_search(model, [one], plan=plan)[0] for one in sources
        ]
        for some, others in zip(together, alone, strict=True):
            assert [one.tokens for one in some] == [one.tokens for one in others]
    return None


def _text(spec: ModelSpec) -> TextInput:
    input_spec: TextInput | None = tokenizer.text_input(spec.input)
    assert input_spec is not None, "a model that writes also reads"
    return input_spec


def _written(
    model: nn.Module, prompts: list[list[int]], plan: GenerationConfig
) -> list[generation.Written]:
    return generation.generate(model, prompts, plan=plan, seeds=[0] * len(prompts))


TEXT_CHECKS = (
    padding_says_nothing,
    memory_changes_nothing,
    texts_go_on_as_alone,
    steps_are_the_whole,
    translations_are_found_as_alone,
)
