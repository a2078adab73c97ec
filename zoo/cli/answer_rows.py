"""What `zoo predict -o` does: answers for many inputs, as the rows of a file."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from zoo._utils.shown import counted
from zoo.errors import DataError

if TYPE_CHECKING:
    from zoo.inference.answer_file import AnswerFile
    from zoo.inference.sources import Source

__all__ = ["write_answers"]

FEW = 256  # inputs for which no worker is started
ROWS = 64  # that are written at a time


def write_answers(
    name: str,
    raw: Sequence[Any],
    out: Path,
    *,
    top: int | None,
    strict: bool,
    workers: int | None,
    read: dict[str, Any],
    options: dict[str, Any],
) -> None:
    """Write the answers of a model for inputs into `out`, and say how many there are.

    Raises DataError, and with `strict` InputError for the first input that fails.
    """
    from zoo._utils.hardware import processors
    from zoo.inference.answer_file import AnswerFile, as_row
    from zoo.inference.sources import ReadInputs, Source, source_of
    from zoo.inference.stream import answers
    from zoo.models.loading import find, load

    spec = find(name)
    sources = [source_of(one, spec.input, ReadInputs(**read)) for one in raw]
    counts = [one.count for one in sources]
    count = None if None in counts else sum(c for c in counts if c is not None)
    settings = {"model": name, "inputs": list(map(str, raw)), **read, **options}
    file = AnswerFile(out, settings | {"top": top})
    model = load(name, device=options.get("device"))
    file.settings["sha256"] = model.zoo.report.sha256  # type: ignore[union-attr]
    if workers is None:
        workers = processors() if count is None or count > FEW else 0
    with file.written() as work, _progress() as progress:
        done = len(work.names)
        if done:
            click.echo(f"going on after {counted(done, 'row')}", err=True)
        source = Source(lambda: _same(work.names, sources, file), count)
        made = answers(
            model,
            source,
            skip=done,
            workers=workers,
            pictures=False,
            verb="zoo.predict",
            **options,
        )
        task = progress.add_task("predicting", total=count, completed=done)
        while part := list(islice(made, ROWS)):
            for one in part:
                if strict and one.error is not None:
                    raise one.error.of(one.name)
            work.write([as_row(one, top=top) for one in part])
            done += len(part)
            progress.update(task, completed=done)
        if not done:
            raise DataError("There is no input.")
    click.echo(f"{counted(done, 'row')} in {out}")
    if file.formulas:
        begin = "cell begins" if file.formulas == 1 else "cells begin"
        click.echo(
            f"warning: {file.formulas:,} {begin} with =, +, -, @, a tab or a line end, "
            "which a spreadsheet may take for a formula. Nothing was changed; .parquet "
            "and .jsonl have no formulas",
            err=True,
        )
    if work.failed:
        said = f"{work.failed:,} of them have an error and no answer"
        click.echo(f"warning: {said}", err=True)
        if work.failed == done:
            raise click.exceptions.Exit(1)  # a script goes on with nothing


def _same(
    names: Sequence[str], sources: "Sequence[Source]", file: "AnswerFile"
) -> Iterator[tuple[str, Any]]:
    """Yield the inputs; complain where the first are not those that are answered."""
    from zoo.inference.answer_file import written_name

    inputs = chain.from_iterable(sources)
    for number, name in enumerate(names, start=1):
        found = next(inputs, ("nothing", None))
        if written_name(found[0]) != name:
            raise DataError(
                f"{file.work} has {name!r} in row {number}, and there is {found[0]!r} "
                "now: the inputs have changed. Delete it, or write to another file."
            )
        yield found
    yield from inputs


def _progress() -> Progress:
    console = Console(stderr=True, highlight=False)
    return Progress(
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
