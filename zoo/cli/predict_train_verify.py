"""`zoo predict`, `train` and `verify`: torch is imported once one of them runs."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo._utils.allocator import keep_freed_memory
from zoo.cli import render as show
from zoo.cli.completion import models
from zoo.cli.options import translating, writing
from zoo.errors import ZooError
from zoo.specs import Output

if TYPE_CHECKING:
    from zoo.tasks.results.result import Result
    from zoo.testing.verify import Verification

LONG = 200  # characters of an input that a message shows
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("predict")
@click.argument("name", shell_complete=models)
@click.argument("inputs", nargs=-1)
@click.option("--example", is_flag=True, help="Use the example the model ships.")
@click.option("--invert", is_flag=True, help="Exchange dark and light (pictures).")
@click.option("--windows", is_flag=True, help="Look for several things in a picture.")
@click.option("--size", type=int, multiple=True, help="Of a window, in pixels.")
@click.option("--stride", type=int, help="From window to window, in pixels.")
@click.option("--by", type=click.Choice(["pixels", "features"]), help="Of what.")
@click.option("--threshold", type=float, help="Score of a window that votes.")
@click.option("--overlap", type=float, help="Share of two boxes for one thing.")
@click.option("--label", "labels", multiple=True, help="Look for this one alone.")
@click.option(
    "--save", type=click.Path(path_type=Path), help="Draw what was found here."
)
@click.option("--seed", type=int, help="The same seed writes or draws the same.")
@writing
@translating
@as_json
def predict_command(
    name: str,
    inputs: tuple[str, ...],
    example: bool,
    invert: bool,
    save: Path | None,
    seed: int | None,
    plan: dict[str, Any],
    as_json: bool,
    **over: Any,
) -> None:
    """Run the model NAME on INPUTS: files, rows written as JSON, or - for stdin.

    NAME may also be a checkpoint folder. A model that draws needs no input. --windows
    finds several things in a picture with a model that names one; --size to --label are
    for it alone. --save draws the boxes, or the mask or the text of a model that gives
    one, or what a translation looked at; --max-new-tokens to --stop are for a model
    that writes, --beams for one that reads or translates, and --max-tokens and
    --length-penalty for one that translates.
    """
    from zoo.inference.predict import example as find_example
    from zoo.inference.predict import predict
    from zoo.inference.sample import able
    from zoo.models.loading import build, find, load

    texts = (str(find_example(name)), *inputs) if example else inputs
    if not texts and not able(build(name), "sample"):  # asked before weights come
        raise click.UsageError("Give an input, or --example to try the model's own.")
    options = _given(invert=invert or None, seed=seed)
    options |= _over(**over) | plan
    if "windows" in options:
        keep_freed_memory()  # for one input at a time it does not pay
    if save:
        _check_save(find(name).output, options, len(texts))
    read = _text if find(name).input.takes_strings else _raw
    raw = [read(text) for text in texts] or [None]
    model = load(name)
    answers = [predict(model, one, **options) for one in raw]
    if save:
        _draw(answers[0], save)
    if as_json:
        plain = [_plain(answer) for answer in answers]
        click.echo(json.dumps(plain[0] if len(plain) == 1 else plain, indent=2))
        return
    for text, answer in zip(texts or ("",), answers, strict=True):
        if len(texts) > 1 or example:
            click.echo(f"{text}:")
        for line in show.answer(answer):
            click.echo(line)


@click.command("train")
@click.argument("name", shell_complete=models)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder to write.")
@click.option("--set", "words", multiple=True, metavar="KEY=VALUE", help="A setting.")
@click.option("--seed", type=int, help="Short for --set seed=...")
@click.option("--sweep", type=click.Path(path_type=Path), help="Take its best.")
@click.option("--smoke", is_flag=True, help="A moment's training, to see it run.")
@click.option("--resume", is_flag=True, help="Go on with a run that was killed.")
@click.option("--keep-every", default=10.0, help="Seconds between states kept.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--precision", type=click.Choice(["no", "fp16", "bf16"]), default="no")
@click.option("--processes", type=int, help="How many must run (torchrun).")
@click.option("--track", multiple=True, help="tensorboard or wandb.")
def train_command(
    name: str, out: Path | None, words: tuple[str, ...], seed: int | None, **how: Any
) -> None:
    """Run the recipe of the model NAME; by default into runs/NAME."""
    from zoo.artifacts.checkpoint_folder import read_receipt
    from zoo.cli.progress import watching
    from zoo.training.settings import parse
    from zoo.training.train import train

    keep_freed_memory()
    check_device(how["device"])
    settings: dict[str, object] = {**parse(words)}
    if seed is not None:
        settings["seed"] = seed
    with watching() as watcher:
        folder = train(name, out, settings=settings, watcher=watcher, **how)
    if int(os.environ.get("RANK", "0")):
        return  # the first process speaks for all
    receipt = read_receipt(folder)
    for metric in receipt["metrics"]:
        where = f"{metric['dataset']} {metric['split']}"
        click.echo(f"{metric['name']} {metric['value']:.4f} on {where}")
    click.echo(f"{folder} ({receipt['seconds']:.0f} s)")


@click.command("verify")
@click.argument("names", shell_complete=models, nargs=-1)
@click.option("--metric", is_flag=True, help="Measure the claims on the data again.")
@as_json
@click.pass_context
def verify_command(
    ctx: click.Context, names: tuple[str, ...], metric: bool, as_json: bool
) -> None:
    """Check the models NAMES, or all with shipped weights; status 1 if one fails."""
    from zoo.plugins.catalog import search
    from zoo.testing.verify import verify

    chosen = names or [s.name for s in search() if s.weights and not s.weights.repo]
    seen: list[Verification | ZooError] = []
    for name in chosen:
        try:
            seen.append(verify(name, metric=metric))
        except ZooError as exc:  # one broken model does not hide the others
            seen.append(exc)
    if as_json:
        plain = [
            _verdict_json(name, one) for name, one in zip(chosen, seen, strict=True)
        ]
        click.echo(json.dumps(plain, indent=2))
    for one in seen:
        if isinstance(one, ZooError):
            click.echo(f"error: {one}", err=True)
        elif not as_json:
            click.echo("\n".join(_verdict(one)))
    ctx.exit(0 if all(getattr(one, "passed", False) for one in seen) else 1)


def _raw(text: str) -> Any:
    """Return a path as it is, JSON as what it means, and "-" as what stdin holds."""
    if text == "-":
        content = sys.stdin.buffer.read()
        if content.lstrip()[:1] not in (b"{", b"["):
            return content
        text = content.decode(errors="replace")
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as exc:
            shown = text if len(text) < LONG else f"{text[:LONG]}..."
            raise click.UsageError(f"{shown!r} is not JSON ({exc}).") from exc
    return text


def _text(text: str) -> Any:
    """Return the path of a file that is there, and else the words themselves."""
    if text != "-":
        return Path(text) if os.path.isfile(text) else text
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as exc:
        raise click.UsageError(f"stdin is not UTF-8 text ({exc.reason}).") from exc


def _given(**options: Any) -> dict[str, Any]:
    return {name: one for name, one in options.items() if one is not None}


def _over(*, windows: bool, **given: Any) -> dict[str, Any]:
    """Return what `zoo.predict` is told of windows: nothing, where none are wanted."""
    chosen = {name: one for name, one in given.items() if one not in (None, ())}
    if windows:
        return {"windows": chosen}
    if chosen:
        option = next(iter(chosen)).replace("labels", "label")
        raise click.UsageError(f"--{option} is for --windows.")
    return {}


def _check_save(output_spec: Output, options: dict[str, Any], inputs: int) -> None:
    if not ("windows" in options or output_spec.drawable):
        wanted = "--windows, and for models of masks, readings or translations"
        raise click.UsageError(f"--save is for {wanted}.")
    if inputs > 1:
        raise click.UsageError("--save draws what is in one input.")


def _draw(answer: "Result", path: Path) -> None:
    picture = answer.render()
    assert picture is not None, "a picture was opened"
    try:
        picture.save(path)
    except ValueError as exc:
        problem = f"{path.name!r} names no format of pictures, such as .png."
        raise click.UsageError(problem) from exc


def check_device(device: str) -> None:
    """Refuse a device that this machine does not have."""
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as exc:
        problem = str(exc).partition("\n")[0].rstrip(".")
        raise click.UsageError(f"Device {device!r} can't be used: {problem}.") from exc


def _plain(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_plain(one) for one in answer]
    return answer.to_dict()


def _verdict_json(name: str, one: "Verification | ZooError") -> dict[str, Any]:
    if isinstance(one, ZooError):
        return {"name": name, "passed": False, "error": str(one)}
    return one.to_dict()


def _verdict(one: "Verification") -> list[str]:
    lines = [
        f"{'ok  ' if one.passed else 'FAIL'} {one.name}: {one.tensors} tensors, "
        f"SHA-256 {one.sha256[:12]}..., {_golden(one)}"
    ]
    for metric in one.metrics:
        sign = "=" if metric.agrees else "is not"
        lines.append(
            f"     {metric.name} on {metric.dataset} {metric.split}: "
            f"{metric.found:.4f} {sign} {metric.claimed:.4f} "
            f"(tolerance {metric.tolerance:g})"
        )
    return lines


def _golden(one: "Verification") -> str:
    if one.matches is None:
        return "no golden"
    gap = f"{one.difference:.2g} apart (tolerance {one.tolerance:g})"
    if one.matches:
        return f"golden matches, {gap}"
    first = f"; the first layer that differs is {one.first_layer!r}"
    return f"golden differs, {gap}{first if one.first_layer else ''}; see {one.kept}"
