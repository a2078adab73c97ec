"""`zoo benchmark`: what a model costs here, and the file that a plugin keeps of it."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from zoo._utils.allocator import keep_freed_memory
from zoo.cli.completion import models


@click.command("benchmark")
@click.argument("name", shell_complete=models)
@click.option("--threads", type=click.IntRange(1), help="Hold PyTorch to so many.")
@click.option("--untrained", is_flag=True, help="Do without the weights.")
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    help="Write it into this file as well, the costs.json of a plugin.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def benchmark_command(
    name: str, threads: int | None, untrained: bool, record: Path | None, as_json: bool
) -> None:
    """Measure what the model NAME, or a checkpoint folder, costs on this machine.

    A load, a pass of one input and a pass of 32, and the most memory that was held.
    'zoo info' shows what a plugin recorded, before anything is fetched. Like the other
    commands that compute, it lets the C library keep freed memory, which Python's
    zoo.benchmark does not; ZOO_MALLOC=0 measures without.
    """
    from zoo.artifacts import costs
    from zoo.evaluation.benchmark import benchmark

    keep_freed_memory()
    found = benchmark(name, threads=threads, untrained=untrained)
    if record:
        costs.record(name, found, record)
    click.echo(json.dumps(asdict(found), indent=2) if as_json else str(found))
