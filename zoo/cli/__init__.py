"""The `zoo` command. A command's module is imported when that command is run."""

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from zoo.errors import ZooError

__all__ = ["main"]

# Name, module and one line of help: what `zoo --help` shows without importing more.
COMMANDS = {
    "list": ("browse", "List the installed models."),
    "search": ("browse", "Find models by task, size, licence, data or metric."),
    "info": ("browse", "Show what is known about a model before loading it."),
    "card": ("browse", "Print a model's card."),
    "doctor": ("doctor", "Look for broken plugins and a broken environment."),
    "predict": ("use", "Run a model on a file, on JSON, or on its own example."),
    "train": ("use", "Run a model's recipe; write a checkpoint folder."),
    "verify": ("use", "Hash, load and replay a model; measure its claims again."),
}


class _Late(click.Group):
    """A group that knows its commands by name, and imports one to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"zoo.cli.{COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, f"{cmd_name}_command")
        return found

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in COMMANDS.items()])


@click.command(cls=_Late, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zoo-core", prog_name="zoo")
def zoo() -> None:
    """Trained PyTorch models by name, each one a plugin, checked to the byte."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 1 for an error of the zoo's."""
    try:
        status = zoo.main(arguments, prog_name="zoo", standalone_mode=False)
    except ZooError as exc:
        click.echo(f"error: {exc}", err=True)
        return 1
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return 130
    except BrokenPipeError:  # `zoo list | head`
        sys.stderr.close()
        return 0
    return status if isinstance(status, int) else 0
