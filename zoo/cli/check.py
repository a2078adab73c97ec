"""`zoo check`: test models and plugins against the contract of the zoo."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from zoo.cli.options import complete_model, json_option

if TYPE_CHECKING:
    from zoo.testing.runner import CheckResult

SIGNS = {
    "kept": "ok  ",
    "broken": "FAIL",
    "skipped": "skip",
    "not applicable": "n/a ",
    "placeholder left": "todo",
}


@click.command("check")
@click.argument("targets", shell_complete=complete_model, nargs=-1, required=True)
@click.option("--metric/--no-metric", default=True, help="Measure the metrics again.")
@json_option
@click.pass_context
def check_command(
    ctx: click.Context, targets: tuple[str, ...], metric: bool, as_json: bool
) -> None:
    """Run the checks of TARGETS: models, plugins, or the folder of a plugin's source.

    The exit status is 1 if a check fails. A plugin that passes may be listed.
    """
    from zoo.testing.runner import check

    outcomes = []
    for target in targets:
        for outcome in check(target, metric=metric):
            outcomes.append(outcome)
            if as_json:
                continue
            click.echo(f"{SIGNS[outcome.state]} {outcome.subject}: {outcome.meaning}")
            for line in _details(outcome):
                click.echo(f"     {line}")
    counts = Counter(outcome.state for outcome in outcomes)
    if as_json:
        click.echo(json.dumps([outcome.to_dict() for outcome in outcomes], indent=2))
    else:
        run = counts["kept"] + counts["broken"]
        rest = "".join(
            f", {counts[state]} {state}"
            for state in ("not applicable", "placeholder left", "skipped")
            if counts[state]
        )
        click.echo(f"{counts['kept']} of {run} checks passed{rest}")
    ctx.exit(1 if counts["broken"] else 0)


def _details(outcome: "CheckResult") -> Iterator[str]:
    """Yield what is wrong and what to do; why a check does not apply; or nothing."""
    state = outcome.state
    if outcome.problem:
        known = state in ("not applicable", "placeholder left")
        yield f"{state}: {outcome.problem}" if known else outcome.problem
    if outcome.advice:
        yield outcome.advice
