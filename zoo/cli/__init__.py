"""The `zoo` command. A command's module is imported when that command is run.

May import: everything; nothing imports it.
"""

import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

import click

from zoo.errors import ZooError, near

__all__ = ["main"]

# Name, module and one line of help: what `zoo --help` shows without importing more.
COMMANDS = {
    "list": ("list_info", "List the installed models."),
    "search": ("list_info", "Find models by task, size, licence, data or metric."),
    "info": ("list_info", "Show what is known about a model before loading it."),
    "card": ("list_info", "Print a model's card."),
    "doctor": ("doctor", "Look for broken plugins and a broken environment."),
    "predict": (
        "predict_train_verify",
        "Run a model on a file, on JSON, or on its own example.",
    ),
    "sample": ("sample", "Let a model draw, into a file or the terminal."),
    "encode": ("sample", "Print the codes that a model has for inputs."),
    "reconstruct": ("sample", "Show what is left of inputs in their codes."),
    "interpolate": ("sample", "Show what lies between two inputs, by their codes."),
    "nearest-words": ("sample", "Print the words nearest to words."),
    "train": (
        "predict_train_verify",
        "Run a model's recipe; write a checkpoint folder.",
    ),
    "finetune": ("finetune", "Teach a model your own data; write a checkpoint folder."),
    "evaluate": ("finetune", "Measure a model on your own data."),
    "sweep": ("sweep", "Search for a recipe's settings, on validation rows."),
    "crossval": ("sweep", "Train on folds of the training rows; mean and deviation."),
    "fetch": ("cache_lock_bundle", "Bring all that a load needs to this machine."),
    "lock": (
        "cache_lock_bundle",
        "Fix which bytes a name stands for, in a project's file.",
    ),
    "bundle": (
        "cache_lock_bundle",
        "Write models into one file, to carry without a network.",
    ),
    "unbundle": (
        "cache_lock_bundle",
        "Check such a file, and put its models into a store.",
    ),
    "cache": (
        "cache_lock_bundle",
        "List what is kept on this machine; verify or prune it.",
    ),
    "verify": (
        "predict_train_verify",
        "Hash, load and replay a model; measure its claims again.",
    ),
    "benchmark": ("benchmark", "Measure what a model costs on this machine."),
    "completion": ("completion", "Print a script for a shell's completion."),
    "new": ("new", "Write a plugin to begin with."),
    "check": ("check", "Try what every model promises, on a model or a plugin."),
    "publish": ("publish_eject", "Put a model on the Hugging Face Hub."),
    "eject": (
        "publish_eject",
        "Copy a model into your own project, needing torch alone.",
    ),
    "import-weights": ("publish_eject", "Make somebody's weights a checkpoint folder."),
}


class _Late(click.Group):
    """A group that knows its commands by name, and imports one to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"zoo.cli.{COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS:
            ctx.fail(f"No command {args[0]!r}. {near(args[0], COMMANDS)}".rstrip())
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in COMMANDS.items()])


@click.command(
    cls=_Late,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="zoo-core", prog_name="zoo")
@click.pass_context
def zoo(ctx: click.Context) -> None:
    """Trained PyTorch models by name, each one a plugin, checked to the byte."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its status: 1 for an error, 2 for a wrong call.

    Errors and warnings are one line each, on stderr. A reader that goes away early
    (`zoo list | head -1`) is click's to handle: it ends in silence.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # not a file of this process
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    with warnings.catch_warnings():
        warnings.showwarning = _warn  # type: ignore[assignment]
        try:
            status = zoo.main(arguments, prog_name="zoo", standalone_mode=False)
        except click.ClickException as exc:
            return _fail(_explained(exc), exc.exit_code)
        except (ZooError, OSError) as exc:
            return _fail(str(exc), 1)
        except (click.Abort, KeyboardInterrupt):
            click.echo("stopped", err=True)
            return 130
    return status if isinstance(status, int) else 0


def _fail(problem: str, status: int) -> int:
    click.echo(f"error: {problem}", err=True)
    return status


def _explained(exc: click.ClickException) -> str:
    problem = " ".join(exc.format_message().split())
    context = getattr(exc, "ctx", None)
    return f"{problem} See '{context.command_path} --help'." if context else problem


def _warn(message: Warning | str, *_: object) -> None:
    click.echo(f"warning: {message}", err=True)
