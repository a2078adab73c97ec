"""`zoo nearest-words`: words by the distance of their embeddings."""

import json

import click

from zoo.cli.options import device_option, json_option, model_argument


@click.command("nearest-words")
@model_argument
@click.argument("words", nargs=-1, required=True)
@click.option("--minus", multiple=True, help="A word to subtract; may be repeated.")
@click.option("-n", "count", default=10, show_default=True, help="Number of words.")
@device_option
@json_option
def nearest_words_command(
    name: str,
    words: tuple[str, ...],
    minus: tuple[str, ...],
    count: int,
    device: str,
    as_json: bool,
) -> None:
    """Print the words nearest to the sum of WORDS, by cosine similarity.

    An analogy, king - man + woman: zoo nearest-words NAME king woman --minus man
    """
    from zoo.inference.nearest_words import nearest_words

    result = nearest_words(name, positive=words, negative=minus, n=count, device=device)
    if as_json:
        click.echo(json.dumps(result.to_dict(), indent=2))
    else:
        click.echo("\n".join(map(str, result.most_similar)))
