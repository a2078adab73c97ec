"""`zoo benchmark`: time and memory of a model on this machine."""

import json
from dataclasses import asdict
from typing import Any

import click

from zoo._utils.allocator import keep_freed_memory
from zoo.cli.options import (
    backend_option,
    device_option,
    json_option,
    model_argument,
    precision_option,
)


@click.command("benchmark")
@model_argument
@click.option("--threads", type=click.IntRange(1), help="Number of PyTorch threads.")
@click.option("--untrained", is_flag=True, help="Use random weights.")
@click.option(
    "--record",
    is_flag=True,
    help="Write the result into the measured.json of the model's plugin.",
)
@device_option
@precision_option
@backend_option
@json_option
def benchmark_command(
    name: str,
    threads: int | None,
    untrained: bool,
    record: bool,
    device: str,
    precision: Any,
    backend: Any,
    as_json: bool,
) -> None:
    """Measure the time and memory of NAME, a model or a checkpoint folder.

    Measured are loading, a forward pass of one input and of 32 inputs, and peak memory.
    'zoo info' shows what a plugin recorded, before anything is downloaded. Like the
    other commands that compute, this one lets the C library reuse freed memory, which
    zoo.benchmark in Python does not; ZOO_MALLOC=0 turns that off.
    """
    from zoo.artifacts import weight_store
    from zoo.evaluation.benchmark import benchmark
    from zoo.plugins import catalog, discovery, measured

    if record:
        if precision != "no" or backend != "torch":
            raise click.UsageError(
                "--record keeps costs of torch in float32: drop --precision and "
                "--backend."
            )
        if device != "cpu":
            raise click.UsageError("--record keeps costs of a CPU: drop --device.")
        spec = catalog.get_spec(name)  # a folder has no plugin that could record it
        if spec.name not in discovery.installed().models:
            raise click.UsageError(f"--record keeps no costs of {spec.name!r}.")
    keep_freed_memory()
    costs = benchmark(
        name,
        threads=threads,
        untrained=untrained,
        precision=precision,
        backend=backend,
        device=device,
    )
    if record:
        plugin = discovery.installed().providers[name]
        path = weight_store.package_folder(plugin.package) / measured.FILE
        measured.record(path, plugin.name, name, costs=costs)
    click.echo(json.dumps(asdict(costs), indent=2) if as_json else str(costs))
