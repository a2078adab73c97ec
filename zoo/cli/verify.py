"""`zoo verify`: hash, load and replay models, and measure their metrics again."""

import json
from typing import TYPE_CHECKING, Any

import click

from zoo.cli.options import json_option, models_argument
from zoo.errors import ZooError

if TYPE_CHECKING:
    from zoo.testing.verify import Verification


@click.command("verify")
@models_argument
@click.option("--metric", is_flag=True, help="Measure the metrics on the data again.")
@json_option
@click.pass_context
def verify_command(
    ctx: click.Context, names: tuple[str, ...], metric: bool, as_json: bool
) -> None:
    """Verify the models NAMES, or all with shipped weights.

    The exit status is 1 if one fails.
    """
    from zoo.plugins.catalog import search
    from zoo.testing.verify import verify

    selected = names or [s.name for s in search() if s.weights and not s.weights.repo]
    results: list[Verification | ZooError] = []
    for name in selected:
        try:
            results.append(verify(name, metric=metric))
        except ZooError as exc:  # one broken model does not hide the others
            results.append(exc)
    if as_json:
        pairs = zip(selected, results, strict=True)
        click.echo(json.dumps([_plain(*pair) for pair in pairs], indent=2))
    for result in results:
        if isinstance(result, ZooError):
            click.echo(f"error: {result}", err=True)
        elif not as_json:
            click.echo("\n".join(_lines(result)))
    ctx.exit(0 if all(getattr(one, "passed", False) for one in results) else 1)


def _plain(name: str, result: "Verification | ZooError") -> dict[str, Any]:
    if isinstance(result, ZooError):
        return {"name": name, "passed": False, "error": str(result)}
    return result.to_dict()


def _lines(result: "Verification") -> list[str]:
    lines = [
        f"{'ok  ' if result.passed else 'FAIL'} {result.name}: {result.tensors} "
        f"tensors, SHA-256 {result.sha256[:12]}..., {_golden(result)}"
    ]
    for metric in result.metrics:
        sign = "=" if metric.agrees else "is not"
        lines.append(
            f"     {metric.name} on {metric.dataset} {metric.split}: "
            f"{metric.found:.4f} {sign} {metric.claimed:.4f} "
            f"(tolerance {metric.tolerance:g})"
        )
    return lines


def _golden(result: "Verification") -> str:
    if result.matches is None:
        return "no golden"
    difference = f"{result.difference:.2g} apart (tolerance {result.tolerance:g})"
    if result.matches:
        return f"golden matches, {difference}"
    layer = result.first_layer
    first = f"; the first layer that differs is {layer!r}" if layer else ""
    return f"golden differs, {difference}{first}; see {result.kept}"
