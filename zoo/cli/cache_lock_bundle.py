"""`zoo fetch`, `lock`, `bundle`, `unbundle` and `cache`: nothing here imports torch."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from zoo._utils import paths as folders
from zoo.artifacts import bundle as bundles
from zoo.artifacts import cache as inventory
from zoo.artifacts import fetch as fetching
from zoo.artifacts import lock as locking
from zoo.artifacts import lockfile as locks
from zoo.artifacts.cache import Item
from zoo.artifacts.weight_store import SHORT
from zoo.cli.completion import models
from zoo.cli.render import size
from zoo.errors import ZooError
from zoo.plugins import catalog as catalogue

WHERE = {
    "package": "comes with its plugin",
    "folder": "is a folder here",
    "store": "is in a store",
    "cache": "was here",
}
KINDS = {
    "hub": "from the Hub",
    "store": "in a store",
    "stamp": "stamps of hashed files",
    "tensors": "decoded datasets",
    "other": "other files of the zoo",
    "wrong": "set aside as wrong",
    "orphan": "left by what was killed",
}
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
everything = click.option(
    "--all", "every", is_flag=True, help="All that are installed."
)
path_type = click.Path(path_type=Path)


@click.command("fetch")
@click.argument("names", shell_complete=models, nargs=-1)
@everything
@as_json
@click.pass_context
def fetch_command(
    ctx: click.Context, names: tuple[str, ...], every: bool, as_json: bool
) -> None:
    """Bring all that a load of the models NAMES needs to this machine.

    Status 1 if one fails; the others are fetched none the less.
    """
    chosen = _chosen(names, every)
    told: list[dict[str, Any]] = []
    for name, found in fetching.each(chosen):
        if isinstance(found, ZooError):
            click.echo(f"error: {name}: {found}", err=True)
            told.append({"name": name, "error": str(found)})
            continue
        told.append(asdict(found) | {"path": str(found.path)})
        if not as_json:
            where = WHERE.get(found.origin) or f"fetched from {found.repo}"
            click.echo(f"{name}: {size(found.size)}, {where}")
    if as_json:
        click.echo(json.dumps(told, indent=2))
    ctx.exit(1 if any("error" in one for one in told) else 0)


@click.command("lock")
@click.argument("names", shell_complete=models, nargs=-1)
@everything
@click.option("-o", "--out", type=path_type, help="The file; by default zoo.lock.")
@click.option("--check", is_flag=True, help="Only compare, status 1 if it disagrees.")
@click.pass_context
def lock_command(
    ctx: click.Context,
    names: tuple[str, ...],
    every: bool,
    out: Path | None,
    check: bool,
) -> None:
    """Fix which bytes the models NAMES stand for, in a file for your project.

    Without NAMES, those that are in the file are locked to what they are today.
    """
    if check:
        if names or every:
            raise click.UsageError("--check compares the whole file; give no names.")
        problems = locking.check(out)
        for problem in problems:
            click.echo(problem, err=True)
        if not problems:
            click.echo(f"{out or locks.project()} agrees with what is installed")
        ctx.exit(1 if problems else 0)
    for change in locking.lock(*(_chosen(names, every) if every else names), path=out):
        click.echo(f"{change.name}: {_change(change)}")


@click.command("bundle")
@click.argument("names", shell_complete=models, nargs=-1, required=True)
@click.option("-o", "--out", type=path_type, required=True, help="The file to write.")
def bundle_command(names: tuple[str, ...], out: Path) -> None:
    """Write the models NAMES into one file, for a machine without a network."""
    path = bundles.bundle(*names, out=out)
    click.echo(f"{path} ({size(path.stat().st_size)})")


@click.command("unbundle")
@click.argument("file", type=path_type)
@click.option("--store", type=path_type, help="The folder to put them in.")
def unbundle_command(file: Path, store: Path | None) -> None:
    """Check a FILE of `zoo bundle`, and put its models where loads find them."""
    arrived = bundles.unbundle(file, store=store)
    home = store or folders.store()
    for one in arrived:
        click.echo(f"{one.name}: {size(one.size)}, in {home}")
    for advice in sorted({one.advice for one in arrived if one.advice}):
        lacking = ", ".join(one.name for one in arrived if one.advice == advice)
        need = f"{lacking} needs its plugin. If you trust it, run"
        click.echo(f"warning: {need}: {advice}", err=True)
    if home.absolute() not in [known.absolute() for known in folders.stores()]:
        click.echo(f"warning: set ZOO_STORE={home} to load from it.", err=True)


@click.group("cache", invoke_without_command=True)
@as_json
@click.pass_context
def cache_command(ctx: click.Context, as_json: bool) -> None:
    """List what the zoo keeps on this machine; verify it, or prune it."""
    if ctx.invoked_subcommand is not None:
        return
    items = inventory.listed()
    if as_json:
        plain = [asdict(item) | {"path": str(item.path)} for item in items]
        click.echo(json.dumps(plain, indent=2))
        return
    for line in _listing(items):
        click.echo(line)


@cache_command.command("verify")
@click.argument("names", shell_complete=models, nargs=-1)
@click.pass_context
def verify_command(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Hash the files of NAMES, or all, again; set aside what is wrong, status 1."""
    right = wrong = 0
    for verdict in inventory.verify(names):
        if verdict.problem is None:
            right += 1
            continue
        wrong += 1
        aside = " It was set aside." if verdict.aside else ""
        click.echo(f"error: {verdict.problem}{aside}", err=True)
    click.echo(f"{_files(right)} as they should be, {wrong} wrong")
    ctx.exit(1 if wrong else 0)


@cache_command.command("prune")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option(
    "--days",
    default=inventory.DAYS,
    show_default=True,
    help="Keep decoded datasets that were read in so many days.",
)
def prune_command(dry_run: bool, days: float) -> None:
    """Remove what no load needs: remains, wrong files, stale stamps, idle datasets."""
    items = inventory.prunable(days)
    gone = items if dry_run else inventory.prune(items)
    for item in gone:
        click.echo(f"{KINDS[item.kind]}: {item.path} ({size(item.size)})")
    for item in items:
        if item not in gone:
            click.echo(f"warning: {item.path} can't be removed.", err=True)
    verb = "would be freed" if dry_run else "freed"
    click.echo(f"{_files(len(gone))}, {size(sum(i.size for i in gone))} {verb}")


def _chosen(names: tuple[str, ...], every: bool) -> tuple[str, ...]:
    """Return the names that were given, or all that have weights."""
    if every:
        trained = (spec.name for spec in catalogue.search() if spec.weights)
        return tuple(dict.fromkeys((*names, *trained)))
    if not names:
        raise click.UsageError("Give the names of models, or --all.")
    return names


def _change(change: locking.Change) -> str:
    new = change.new.sha256[:SHORT]
    if change.old is None:
        return f"{new}... (new)"
    if change.old.sha256 != change.new.sha256:
        return f"{change.old.sha256[:SHORT]}... -> {new}..."
    if change.old.commit != change.new.commit:
        return f"{new}... (commit {change.old.commit[:8]} -> {change.new.commit[:8]})"
    return f"{new}... (as before)"


def _listing(items: list[Item]) -> Iterable[str]:
    """Yield a line for each model and place, then one for each other kind."""
    models: dict[tuple[str, str], int] = {}
    kinds: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for item in items:
        if item.names:
            key = ", ".join(item.names), KINDS[item.kind]
            models[key] = models.get(key, 0) + item.size
        else:
            kinds[item.kind].append(item.size)
    for (names, where), total in sorted(models.items()):
        yield f"{size(total):>12}  {names} ({where})"
    for kind, sizes in kinds.items():
        if sizes:
            yield f"{size(sum(sizes)):>12}  {KINDS[kind]}: {_files(len(sizes))}"
    yield f"{size(sum(item.size for item in items)):>12}  in all"


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
