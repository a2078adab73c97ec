"""`zoo completion`: the completion script of a shell."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion_command(shell: str) -> None:
    """Print the script that makes SHELL complete commands, options and model names.

    For bash: zoo completion bash > ~/.zoo-completion, and in ~/.bashrc the line
    '. ~/.zoo-completion'; for zsh the same with ~/.zshrc; for fish into
    ~/.config/fish/completions/zoo.fish.
    """
    from zoo.cli import zoo

    completion_class = get_completion_class(shell)
    assert completion_class is not None, "click supports all three"
    click.echo(completion_class(zoo, {}, "zoo", "_ZOO_COMPLETE").source())
