"""Options that several commands share, and the checks of what was given to them."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

__all__ = [
    "all_option",
    "backend_option",
    "check_device",
    "chosen_models",
    "complete_model",
    "device_option",
    "example_option",
    "force_option",
    "generation_options",
    "image_out_option",
    "inputs_or_example",
    "invert_option",
    "json_option",
    "metric_option",
    "model_argument",
    "models_argument",
    "out_option",
    "path_type",
    "precision_option",
    "table_options",
    "target_option",
    "translation_options",
]

Command = Callable[..., Any]


def complete_model(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the models whose names start with `incomplete`, or else ask for a file."""
    from zoo.plugins.catalog import search

    specs = [spec for spec in search() if spec.name.startswith(incomplete)]
    if not specs:
        return [CompletionItem(incomplete, type="file")]
    return [CompletionItem(spec.name, help=spec.summary) for spec in specs]


class _UserPath(click.Path):
    """A path in which "~" is a home folder, also in --out=~/x, where no shell sees it.

    Folders above it that are made when it is written need not exist.
    """

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        path = str(super().convert(value, param, ctx))
        if not path:
            self.fail("an empty path names nothing.", param, ctx)
        try:
            return Path(path).expanduser()
        except RuntimeError as exc:
            self.fail(f"{path}: the home folder is not known ({exc}).", param, ctx)


path_type = _UserPath(path_type=str)
model_argument = click.argument("name", shell_complete=complete_model)
models_argument = click.argument("names", shell_complete=complete_model, nargs=-1)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
out_option = click.option("-o", "--out", type=path_type, help="Output folder.")
force_option = click.option(
    "--force", is_flag=True, help="Replace a trained model that the folder holds."
)
image_out_option = click.option(
    "-o", "--out", type=path_type, help="Image file to write."
)
all_option = click.option(
    "--all", "every", is_flag=True, help="All installed models with weights."
)
precision_option = click.option(
    "--precision",
    type=click.Choice(["auto", "no", "bf16", "fp16"]),
    default="no",
    show_default=True,
    help="Number format; auto takes bf16 where the hardware computes in it.",
)
backend_option = click.option(
    "--backend",
    type=click.Choice(["auto", "torch", "onnxruntime"]),
    default="torch",
    show_default=True,
    help="What computes; auto takes onnxruntime where it is faster (extra onnx).",
)
example_option = click.option(
    "--example", is_flag=True, help="Use the model's own example input."
)
invert_option = click.option(
    "--invert", is_flag=True, help="Invert the brightness of images."
)
device_option = click.option(
    "--device",
    default="cpu",
    show_default=True,
    help="Such as cpu or cuda:0; auto takes a GPU where there is one.",
)
target_option = click.option("--target", metavar="COLUMN", help="Column to predict.")
column_option = click.option(
    "--column", metavar="COLUMN", help="Column of a table with the texts or pictures."
)
encoding_option = click.option(
    "--encoding", help="Encoding of a table or of texts not in UTF-8, such as cp949."
)
allow_outside_option = click.option(
    "--allow-outside",
    is_flag=True,
    help="Let a table name pictures elsewhere, and addresses, and links lead there.",
)
metric_option = click.option(
    "--metric", help="Metric to compare by; by default the recipe's."
)

GENERATION = (
    click.option("--max-new-tokens", type=int, help="Maximum number of new tokens."),
    click.option("--temperature", type=float, help="0 takes the most likely token."),
    click.option("--top-k", type=int, help="Sample from the k most likely tokens."),
    click.option(
        "--top-p", type=float, help="Sample from tokens with this total mass."
    ),
    click.option(
        "--repetition-penalty", type=float, help="Above 1: tokens repeat less often."
    ),
    click.option("--stop", multiple=True, help="Stop generating at this text."),
)
TRANSLATION = (
    click.option("--beams", type=int, help="Number of beams of the beam search."),
    click.option("--max-tokens", type=int, help="Maximum length of a translation."),
    click.option("--length-penalty", type=float, help="Higher prefers longer texts."),
)


def generation_options(command: Command) -> Command:
    """Add the options of text generation; those given are passed as `generation`."""
    names = (
        "max_new_tokens",
        "temperature",
        "top_k",
        "top_p",
        "repetition_penalty",
        "stop",
    )
    return _collected(command, names, GENERATION)


def translation_options(command: Command) -> Command:
    """Add the options of translation; those given are passed as `generation` too."""
    names = ("beams", "max_tokens", "length_penalty")
    return _collected(command, names, TRANSLATION)


def _collected(
    command: Command, names: Sequence[str], options: Sequence[Callable[..., Any]]
) -> Command:
    @wraps(command)
    def collect(*args: Any, generation: Any = (), **kwargs: Any) -> Any:
        values = {name: kwargs.pop(name) for name in names}
        supplied = {
            name: value for name, value in values.items() if value not in (None, ())
        }
        return command(*args, generation={**dict(generation), **supplied}, **kwargs)

    for option in reversed(options):
        collect = option(collect)
    return collect


def table_options(command: Command) -> Command:
    """Add the options that say how a table is read: column, encoding, what it names."""
    for option in (allow_outside_option, encoding_option, column_option):
        command = option(command)
    return command


def chosen_models(names: tuple[str, ...], every: bool) -> tuple[str, ...]:
    """Return the models that were named, and with --all every one with weights."""
    from zoo.plugins.catalog import search

    if every:
        trained = (spec.name for spec in search() if spec.weights)
        return tuple(dict.fromkeys((*names, *trained)))
    if not names:
        raise click.UsageError("Give the names of models, or --all.")
    return names


def inputs_or_example(name: str, inputs: tuple[str, ...], example: bool) -> list[str]:
    """Return the paths of the inputs, with --example the model's own first."""
    from zoo.inference import predict

    if not inputs and not example:
        raise click.UsageError("Give an input, or --example to use the model's own.")
    return [str(predict.example(name)), *inputs] if example else list(inputs)


def check_device(device: str) -> str:
    """Return the device that is meant, of this machine. Raises DeviceError."""
    from zoo.models.devices import resolve_device

    return str(resolve_device(device))
