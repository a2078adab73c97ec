"""The `zoo` command: one module a command, imported when that command is run.

May import: everything; nothing imports it.
"""

import errno
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

import click

from zoo._utils import shown
from zoo.errors import PluginError, ZooError, near

if TYPE_CHECKING:
    from zoo.plugins.discovery import Plugin
    from zoo.specs import Command

__all__ = ["main"]

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # a disk, a quota, a limit of files

# What `zoo --help` shows, without importing a command's module, which has its name.
COMMANDS = {
    "list": "List the installed models.",
    "search": "Find models by task, size, licence, data or metric.",
    "info": "Show the specification of a model.",
    "card": "Print the model card of a model.",
    "doctor": "Check the installed plugins and the environment.",
    "predict": "Run a model on files, on JSON, or on its own example.",
    "sample": "Generate images or texts with a model.",
    "generate": "Go on with a text, and print it as it is written.",
    "encode": "Print the latent codes of inputs.",
    "reconstruct": "Reconstruct inputs from their latent codes.",
    "interpolate": "Interpolate between two inputs in latent space.",
    "nearest-words": "Print the words nearest to given words.",
    "nearest-texts": "Print which of your texts are nearest to a text.",
    "train": "Train a model with its recipe; write a checkpoint folder.",
    "inspect": "Tell what stands in your data, before a training.",
    "finetune": "Fine-tune a model on your data; write a checkpoint folder.",
    "evaluate": "Evaluate a model on your data.",
    "compare": "Compare runs: settings, metrics, costs, curves.",
    "sweep": "Search for settings of a recipe on validation rows.",
    "crossval": "Cross-validate a recipe on its training rows.",
    "fetch": "Download everything that loading a model needs.",
    "lock": "Pin the weights of models in a project's lock file.",
    "bundle": "Write models into one file, for use without a network.",
    "unbundle": "Verify a bundle, and install its models into a store.",
    "cache": "List the files kept on this machine; verify or prune them.",
    "verify": "Hash, load and replay a model; measure its metrics again.",
    "benchmark": "Measure the time and memory of a model on this machine.",
    "completion": "Print the completion script of a shell.",
    "new": "Create a plugin from a template.",
    "check": "Test a model or a plugin against the contract of the zoo.",
    "publish": "Publish a model on the Hugging Face Hub.",
    "demo": "Start a page that runs a model; or write one for a Space.",
    "eject": "Write a model as a package that does not need zoo.",
    "export": "Write a model as a graph that runs without PyTorch.",
    "import-weights": "Convert foreign weights into a checkpoint folder.",
    "measure": "Measure imported weights; write their receipt and card.",
    "ship": "Make a checkpoint folder the one that a plugin ships.",
}
# A submodule `list` would hide the builtin function in this package.
MODULES = {"list": "list_models"}


def _added() -> "dict[str, tuple[Command, Plugin]]":
    """Return the commands of plugins; warn of those that the zoo has itself."""
    from zoo.plugins.discovery import installed

    found = installed().commands
    for name in sorted(found.keys() & COMMANDS.keys()):
        plugin = found[name][1].name
        warnings.warn(
            f"Plugin {plugin!r} brings a command {name!r}, which is left out: the zoo "
            "has one of this name.",
            stacklevel=2,
        )
    return {name: found[name] for name in sorted(found.keys() - COMMANDS.keys())}


class _LazyGroup(click.Group):
    """A group that imports the module of a command only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *_added()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return _command_of_plugin(cmd_name)
        name = cmd_name.replace("-", "_")
        module = import_module(f"zoo.cli.{MODULES.get(name, name)}")
        command: click.Command = getattr(module, f"{name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and args[0] not in _added():
            known = self.list_commands(ctx)
            ctx.fail(f"No command {args[0]!r}. {near(args[0], known)}".rstrip())
        return super().resolve_command(ctx, args)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        if added := _added():
            with formatter.section("Commands of plugins"):
                formatter.write_dl([(k, v.summary) for k, (v, _) in added.items()])


def _command_of_plugin(name: str) -> click.Command | None:
    """Return a command that a plugin brings; None where none does."""
    from zoo._utils.import_string import resolve

    if name not in _added():
        return None
    command, plugin = _added()[name]
    found = resolve(command.run, plugin=plugin.name)
    if not isinstance(found, click.Command):
        problem = f"{command.run!r} is not a click.Command but {found!r}."
        raise PluginError(plugin.name, problem)
    return found


@click.command(
    cls=_LazyGroup,
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
    """Run the command line; return its status: 1 for an error, 2 for a usage error.

    Errors and warnings are one line each, on stderr. click handles a closed pipe
    (`zoo list | head -1`), without a message.
    """
    _open_streams()
    # A command draws into files. A notebook's backend, which `!zoo` inherits, may not
    # even be installed here.
    os.environ["MPLBACKEND"] = "agg"
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):  # replaced by an object that is no file
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    with warnings.catch_warnings():
        warnings.showwarning = _warn  # type: ignore[assignment]
        try:
            status = zoo.main(arguments, prog_name="zoo", standalone_mode=False)
        except click.ClickException as exc:
            return _fail(_message(exc), exc.exit_code)
        except ZooError as exc:
            return _fail(str(exc), 1)
        except OSError as exc:
            return _fail(_system_problem(exc), 1)
        except (click.Abort, KeyboardInterrupt) as exc:
            # A note says what was kept of the work.
            notes = getattr(exc, "__notes__", ()) or getattr(
                exc.__context__, "__notes__", ()
            )
            click.echo(" ".join(["interrupted", *notes]), err=True)
            return 130
    return status if isinstance(status, int) else 0


def _open_streams() -> None:
    """Give a process that was started with closed streams something to write to."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _fail(problem: str, status: int) -> int:
    click.echo(f"error: {shown.lines(problem)}", err=True)
    return status


def _system_problem(exc: OSError) -> str:
    """Return what an error of the system says to a person: what to do next.

    >>> import errno
    >>> _system_problem(OSError(errno.ENOSPC, "No space left on device"))
    'No space left on device. Make room there, or write elsewhere, and run it again.'
    """
    if exc.errno in FULL:
        where = f"{exc.filename}: " if exc.filename else ""
        advice = "Make room there, or write elsewhere, and run it again."
        return f"{where}{exc.strerror}. {advice}"
    if exc.errno == errno.EROFS and exc.filename:
        folder = os.path.dirname(os.path.abspath(exc.filename))
        advice = "Name a folder that you may write to."
        return f"{folder} can't be written: {exc.strerror}. {advice}"
    if exc.strerror and exc.filename:
        return f"{exc.filename}: {exc.strerror}."
    return str(exc)


def _message(exc: click.ClickException) -> str:
    problem = " ".join(exc.format_message().split())
    context = getattr(exc, "ctx", None)
    return f"{problem} See '{context.command_path} --help'." if context else problem


def _warn(message: Warning | str, *_: object) -> None:
    click.echo(f"warning: {shown.lines(message)}", err=True)
