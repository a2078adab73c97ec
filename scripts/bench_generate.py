"""Compare writing with and without a memory of what was read.

    python scripts/bench_generate.py [--tokens N] [--size mini|small]

One text from nothing, N tokens that the model is sure of, by a GPT that is not trained:
once with the keys and values of what was read, and once reading all of it for each
token. Both write the same. The context is as long as the text. It prints the ratio of
the times, the median of three rounds, and judges nothing.
"""

import time
from dataclasses import replace
from statistics import median
from typing import Any

import click
import torch

import zoo
from zoo.models.metadata import model_metadata, with_input_spec
from zoo.runtime import generation
from zoo.runtime.generation import GenerationConfig, Written
from zoo.specs import TextInput

SIZES: dict[str, dict[str, int]] = {
    "mini": {},
    "small": {"embed_dim": 768, "num_layers": 12, "num_heads": 12},
}


@click.command()
@click.option("--tokens", default=256, show_default=True)
@click.option("--size", type=click.Choice(list(SIZES)), default="mini")
def main(tokens: int, size: str) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = zoo.build("gpt-mini", context_length=tokens, **SIZES[size])
    expected = model_metadata(model).spec.input
    assert isinstance(expected, TextInput), "a model that writes also reads"
    with_input_spec(model, replace(expected, max_length=tokens))
    ratios = []
    for _ in range(3):
        slow, plain = timed(model, tokens, remember=False)
        fast, held = timed(model, tokens, remember=True)
        if plain != held:
            raise SystemExit("memory changed what was written")
        ratios.append(slow / fast)
        click.echo(f"without memory {slow:.2f} s, with it {fast:.2f} s")
    click.echo(f"{tokens} tokens, {size}: {median(ratios):.1f} times as fast")


def timed(model: Any, tokens: int, *, remember: bool) -> tuple[float, list[Written]]:
    """Return how many seconds a text takes, and the text."""
    plan = GenerationConfig(max_new_tokens=tokens, temperature=0)
    started = time.perf_counter()
    written = generation.generate(model, [[1]], plan=plan, seeds=[0], remember=remember)
    return time.perf_counter() - started, written


if __name__ == "__main__":
    main()
