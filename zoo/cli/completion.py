"""`zoo completion`: what a shell needs to complete commands, options and models."""

import click
from click.shell_completion import CompletionItem, get_completion_class

__all__ = ["models"]

SHELLS = ("bash", "zsh", "fish")


def models(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the models whose names begin so; where none does, a file may be meant."""
    from zoo.plugins.catalog import search

    begun = [spec for spec in search() if spec.name.startswith(incomplete)]
    if not begun:
        return [CompletionItem(incomplete, type="file")]
    return [CompletionItem(spec.name, help=spec.summary) for spec in begun]


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion_command(shell: str) -> None:
    """Print a script that lets SHELL complete commands, options and models.

    For bash: zoo completion bash > ~/.zoo-completion, and in ~/.bashrc the line
    '. ~/.zoo-completion'; for zsh the same with ~/.zshrc; for fish into
    ~/.config/fish/completions/zoo.fish.
    """
    from zoo.cli import zoo

    kind = get_completion_class(shell)
    assert kind is not None, "click knows all three"
    click.echo(kind(zoo, {}, "zoo", "_ZOO_COMPLETE").source())
