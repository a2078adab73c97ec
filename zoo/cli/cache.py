"""`zoo cache`: list, verify and prune the files that the zoo keeps on this machine."""

import json
from collections.abc import Iterable
from dataclasses import asdict

import click

from zoo.artifacts import cache
from zoo.artifacts.cache import Item
from zoo.cli.options import json_option, models_argument
from zoo.cli.render import size

KINDS = {
    "hub": "from the Hub",
    "store": "in a store",
    "stamp": "records of verified files",
    "tensors": "decoded datasets",
    "features": "features of datasets",
    "other": "other files of the zoo",
    "wrong": "quarantined files",
    "orphan": "remains of interrupted processes",
}


@click.group("cache", invoke_without_command=True)
@json_option
@click.pass_context
def cache_command(ctx: click.Context, as_json: bool) -> None:
    """List the files that the zoo keeps on this machine; verify or prune them."""
    if ctx.invoked_subcommand is not None:
        return
    items = cache.list_items()
    if as_json:
        plain = [asdict(item) | {"path": str(item.path)} for item in items]
        click.echo(json.dumps(plain, indent=2))
        return
    for line in _listing(items):
        click.echo(line)


@cache_command.command("verify")
@models_argument
@click.pass_context
def verify_command(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Hash the files of NAMES, or all files, again; quarantine the corrupt ones.

    The exit status is 1 if a file is corrupt.
    """
    intact = corrupt = 0
    for verdict in cache.verify(names):
        if verdict.problem is None:
            intact += 1
            continue
        corrupt += 1
        aside = " It was quarantined." if verdict.aside else ""
        click.echo(f"error: {verdict.problem}{aside}", err=True)
    click.echo(f"{_files(intact)} intact, {corrupt} corrupt")
    ctx.exit(1 if corrupt else 0)


@cache_command.command("prune")
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
@click.option(
    "--days",
    default=cache.UNUSED_DAYS,
    show_default=True,
    help="Keep decoded datasets that were read within this many days.",
)
def prune_command(dry_run: bool, days: float) -> None:
    """Remove files that no load needs.

    These are remains of interrupted processes, quarantined files, stale records of
    verified files, and decoded datasets that are no longer read.
    """
    items = cache.prunable(days)
    removed = items if dry_run else cache.prune(items)
    for item in removed:
        click.echo(f"{KINDS[item.kind]}: {item.path} ({size(item.size)})")
    for item in items:
        if item not in removed:
            click.echo(f"warning: {item.path} can't be removed.", err=True)
    verb = "would be freed" if dry_run else "freed"
    total = size(sum(item.size for item in removed))
    click.echo(f"{_files(len(removed))}, {total} {verb}")


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
    for (names, place), total in sorted(models.items()):
        yield f"{size(total):>12}  {names} ({place})"
    for kind, sizes in kinds.items():
        if sizes:
            yield f"{size(sum(sizes)):>12}  {KINDS[kind]}: {_files(len(sizes))}"
    yield f"{size(sum(item.size for item in items)):>12}  in total"


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
