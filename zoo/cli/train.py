"""`zoo train`: run the recipe of a model."""

import os
from pathlib import Path
from typing import Any

import click

from zoo._utils.allocator import keep_freed_memory
from zoo.cli.options import (
    check_device,
    device_option,
    force_option,
    model_argument,
    out_option,
    path_type,
)


@click.command("train")
@model_argument
@out_option
@click.option("--model", help="Model of a recipe file; by default its MODEL.")
@click.option("--set", "words", multiple=True, metavar="KEY=VALUE", help="A setting.")
@click.option("--seed", type=int, help="Short for --set seed=...")
@click.option("--sweep", type=path_type, help="Use the best settings of a sweep.")
@click.option("--smoke", is_flag=True, help="Train briefly, to test the recipe.")
@force_option
@click.option("--resume", is_flag=True, help="Continue an interrupted run.")
@click.option(
    "--keep-every",
    default=10.0,
    show_default=True,
    help="Seconds between saved states, for --resume.",
)
@device_option
@click.option(
    "--precision",
    type=click.Choice(["auto", "no", "bf16", "fp16"]),
    default="auto",
    show_default=True,
    help="Number format of training; auto takes bf16 where it is safe and fast.",
)
@click.option("--processes", type=int, help="Number of processes that must run.")
@click.option(
    "--no-comparison",
    "comparison",
    flag_value=False,
    default=True,
    help="Leave out other models that the report trains to compare them.",
)
@click.option("--track", multiple=True, help="Log to tensorboard or wandb.")
def train_command(
    name: str,
    out: Path | None,
    words: tuple[str, ...],
    seed: int | None,
    **options: Any,
) -> None:
    """Train the model NAME with its recipe; by default into runs/NAME,
    or runs/NAME-2 and so on where that is taken.

    NAME may also be the path of a recipe file, such as ./my_recipe.py: a changed copy
    of a plugin's recipe. The file is executed, and trains --model, or the model that it
    defines as MODEL; by default into runs/my_recipe.
    """
    from zoo.artifacts.checkpoint_folder import read_receipt
    from zoo.training.progress import watching
    from zoo.training.settings import parse
    from zoo.training.train import comparison_of, train

    keep_freed_memory()
    options["device"] = check_device(options["device"])
    settings: dict[str, object] = {**parse(words)}
    if seed is not None:
        settings["seed"] = seed
    if options["comparison"] and (others := comparison_of(name, options["model"])):
        click.echo(
            f"The report of {name} trains others too, to compare them: {others}. Leave "
            "them out with --no-comparison.",
            err=True,
        )
    with watching() as monitor:
        folder = train(name, out, settings=settings, monitor=monitor, **options)
    if os.environ.get("RANK", "0") != "0":
        return  # the first process prints for all
    receipt = read_receipt(folder)
    for metric in receipt["metrics"]:
        split = f"{metric['dataset']} {metric['split']}"
        click.echo(f"{metric['name']} {metric['value']:.4f} on {split}")
    for note in receipt.get("notes", ()):
        click.echo(note)
    click.echo(f"{folder} ({receipt['seconds']:.0f} s)")
