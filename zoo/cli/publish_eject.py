"""`zoo publish`, `eject` and `adopt`: models that go out, and weights that come in."""

import json
from pathlib import Path
from typing import Any

import click

from zoo.cli.completion import models


@click.command("publish")
@click.argument("name", shell_complete=models)
@click.option("--repo", required=True, metavar="USER/NAME", help="Where to put it.")
@click.option("--private", is_flag=True, help="Create the repository as a private one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def publish_command(name: str, repo: str, private: bool, as_json: bool) -> None:
    """Put the model NAME, or a checkpoint folder, on the Hugging Face Hub.

    Prints what to load it by, and the pin for a plugin's spec. HF_TOKEN or 'hf auth
    login' says who you are; HF_ENDPOINT names another Hub.
    """
    from zoo.sharing.publish import publish

    done = publish(name, repo, private=private)
    if as_json:
        click.echo(json.dumps(done.to_dict(), indent=2))
        return
    news = "published" if done.changed else "nothing to change"
    click.echo(f"{done.name}: {news}, {done.url}")
    click.echo(f'zoo.load("{done.address}")')
    click.echo(done.pin)


@click.command("eject")
@click.argument("name", shell_complete=models)
@click.argument("folder", type=click.Path(path_type=Path))
def eject_command(name: str, folder: Path) -> None:
    """Write the model NAME into FOLDER, as a Python package that needs no zoo.

    Its architecture, weights, preprocessing and recipe are yours from then on.
    """
    from zoo.sharing.eject.eject import eject

    written = eject(name, folder)
    click.echo(written)
    click.echo(f"import {written.name}; model = {written.name}.load()")


@click.command("import-weights")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--build", required=True, help="'package.module:function' of a model.")
@click.option("-o", "--out", "folder", required=True, type=click.Path(path_type=Path))
@click.option("--model", help="Which model, where several have this build function.")
@click.option("--mapping", type=click.Path(path_type=Path), help="JSON of names.")
@click.option("--rename", "rules", multiple=True, metavar="PATTERN=REPLACEMENT")
@click.option("--by-order", is_flag=True, help="Take the tensors as they lie.")
@click.option("--input", "example", help="A raw input for the golden.")
def import_weights_command(
    file: Path,
    build: str,
    folder: Path,
    mapping: Path | None,
    rules: tuple[str, ...],
    **how: Any,
) -> None:
    """Write the weights in FILE as a checkpoint folder that 'zoo load' takes.

    FILE is a safetensors file or a state_dict that torch saved. Where its names differ
    from the model's, --mapping or --rename (a regular expression, as in re.sub) says
    which stands for which; without them the report of an attempt does.
    """
    from zoo.sharing import import_weights as adopting

    if mapping and rules:
        raise click.UsageError("--mapping and --rename don't go together.")
    wrong = next((rule for rule in rules if "=" not in rule), None)
    if wrong:
        raise click.UsageError(
            f"--rename takes PATTERN=REPLACEMENT, and not {wrong!r}."
        )
    pairs = [(a, b) for a, _, b in (rule.partition("=") for rule in rules)]
    rename = adopting.mapping(mapping) if mapping else pairs
    done = adopting.import_weights(file, folder, build=build, rename=rename, **how)
    click.echo(f"{done.folder}: {done.name}, {len(done.match.matched)} tensors")
    click.echo(
        f"{done.folder / 'README.md'} is a draft: complete it before you publish."
    )
