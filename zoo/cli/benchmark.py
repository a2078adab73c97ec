"""`zoo benchmark`: what a model costs here, and what its plugin keeps of that."""

import json
from dataclasses import asdict

import click

from zoo._utils.allocator import keep_freed_memory
from zoo.cli.completion import models


@click.command("benchmark")
@click.argument("name", shell_complete=models)
@click.option("--threads", type=click.IntRange(1), help="Hold PyTorch to so many.")
@click.option("--untrained", is_flag=True, help="Do without the weights.")
@click.option(
    "--record",
    is_flag=True,
    help="Write it into the measured.json of the model's plugin as well.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def benchmark_command(
    name: str, threads: int | None, untrained: bool, record: bool, as_json: bool
) -> None:
    """Measure what the model NAME, or a checkpoint folder, costs on this machine.

    A load, a pass of one input and a pass of 32, and the most memory that was held.
    'zoo info' shows what a plugin recorded, before anything is fetched. Like the other
    commands that compute, it lets the C library keep freed memory, which Python's
    zoo.benchmark does not; ZOO_MALLOC=0 measures without.
    """
    from zoo.artifacts import weight_store as store
    from zoo.evaluation.benchmark import benchmark
    from zoo.plugins import catalog, measured
    from zoo.plugins.discovery import found

    if record:
        catalog.get_spec(name)  # a folder has no plugin that could keep it
    keep_freed_memory()
    costs = benchmark(name, threads=threads, untrained=untrained)
    if record:
        plugin = found().providers[name]
        path = store.package_folder(plugin.package) / measured.FILE
        measured.record(path, plugin.name, name, costs=costs)
    click.echo(json.dumps(asdict(costs), indent=2) if as_json else str(costs))
