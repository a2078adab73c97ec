"""`zoo check` reads the conditions of a card before anybody's run needs them."""

from dataclasses import replace
from pathlib import Path

import pytest

import zoo
from zoo.cards.render import check_prose
from zoo.errors import CardError
from zoo.plugins.scaffold import KINDS, TEMPLATES
from zoo.specs import ModelSpec
from zoo.testing.checks import card_is_complete

WRONG = [
    (
        "\n{% if settings.lr > 0.5 %}\nIt is fast.\n",
        "{card} of 'neuron-or', line {line}, has a block that can't be read: "
        "Unexpected end of template. Jinja was looking for the following tags: 'elif' "
        "or 'else' or 'endif'. The innermost block that needs to be closed is 'if'.",
    ),
    (
        "\n{% if setting.lr > 0.5 %}\nIt is fast.\n{% endif %}",
        "{card} of 'neuron-or' speaks of what the receipt does not hold (line {line}: "
        "setting.lr). Measured: accuracy, f1, output_00, output_01, output_10, "
        "output_11, weight_a, weight_b, bias. Settings: seed, iterations, lr.",
    ),
    (
        "\n{% if false %}{settings.rate} and {acuracy:.1%}.{% endif %}",
        "{card} of 'neuron-or' speaks of what the receipt does not hold (line {line}: "
        "settings.rate; line {line}: acuracy). Measured: accuracy, f1, output_00, "
        "output_01, output_10, output_11, weight_a, weight_b, bias. Settings: seed, "
        "iterations, lr.",
    ),
]


def with_card(tmp_path: Path, added: str) -> tuple[ModelSpec, int]:
    """Return a spec with a longer card of its own, and its number of lines before."""
    spec = zoo.get_spec("neuron-or")
    usual = check_prose(spec)
    path = tmp_path / "card.md"
    path.write_text(usual + added)
    return replace(spec, card=str(path)), usual.count("\n") + 1


@pytest.mark.parametrize(("added", "message"), WRONG)
def test_a_wrong_condition_is_refused(tmp_path: Path, added: str, message: str) -> None:
    """
    A block that is not closed, and names that no run holds, also where the shipped run
    does not come: with the file and the line.
    """
    spec, before = with_card(tmp_path, added)
    line = before + 1 if "lr > 0.5" in added or "false" in added else 0
    if "Unexpected" in message:
        line = before + 2  # where the text ends

    with pytest.raises(CardError) as caught:
        card_is_complete(spec, tmp_path)

    assert str(caught.value) == message.format(card=spec.card, line=line)


def test_a_right_condition_is_not(tmp_path: Path) -> None:
    """
    Settings, figures, and what may be there in some runs alone.
    """
    added = "{% if settings.lr and recall is defined %}{recall:.1%}{% endif %}"

    assert card_is_complete(with_card(tmp_path, added)[0], tmp_path) is None


def test_a_new_plugin_shows_a_condition() -> None:
    """
    The card of what `zoo new` writes has one, for the kinds that measure mistakes.
    """
    cards = {kind: next((TEMPLATES / kind).rglob("*.md.txt")) for kind in KINDS}

    assert {kind for kind, card in cards.items() if "{% if" in card.read_text()} == {
        *("image-classification", "tabular-classification", "text-classification"),
    }
