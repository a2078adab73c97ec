"""`zoo lock`: pin the weights of models in a project's lock file."""

from pathlib import Path

import click

from zoo.artifacts import lock, lockfile
from zoo.artifacts.checked_file import SHORT_HASH
from zoo.cli.options import all_option, chosen_models, models_argument, path_type


@click.command("lock")
@models_argument
@all_option
@click.option("-o", "--out", type=path_type, help="Lock file; by default zoo.lock.")
@click.option(
    "--check", is_flag=True, help="Only compare; exit status 1 if something differs."
)
@click.pass_context
def lock_command(
    ctx: click.Context,
    names: tuple[str, ...],
    every: bool,
    out: Path | None,
    check: bool,
) -> None:
    """Pin the weights of the models NAMES in your project's lock file.

    Without NAMES, the models in the file are updated to the weights of today.
    """
    if check:
        if names or every:
            raise click.UsageError("--check compares the whole file; give no names.")
        problems = lock.check(out)
        for problem in problems:
            click.echo(problem, err=True)
        if not problems:
            click.echo(f"{out or lockfile.lock_path()} agrees with what is installed")
        ctx.exit(1 if problems else 0)
    models = chosen_models(names, every) if every else names
    for change in lock.lock(*models, path=out):
        click.echo(f"{change.name}: {_describe(change)}")


def _describe(change: lock.Change) -> str:
    new = change.new.sha256[:SHORT_HASH]
    if change.old is None:
        return f"{new}... (new)"
    if change.old.sha256 != change.new.sha256:
        return f"{change.old.sha256[:SHORT_HASH]}... -> {new}..."
    if change.old.commit != change.new.commit:
        return f"{new}... (commit {change.old.commit[:8]} -> {change.new.commit[:8]})"
    return f"{new}... (unchanged)"
