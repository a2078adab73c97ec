"""Conditions and figures in the prose of cards, and what is said of wrong ones."""

from typing import Any

import pytest

from zoo.cards import prose
from zoo.errors import CardError

RECEIPT: dict[str, Any] = {
    "settings": {"epochs": 3, "augment": True, "max_norm": None},
    "metrics": [{"name": "accuracy", "value": 0.9}],
    "baselines": {"nearest class mean": {"accuracy": 0.8}},
    "measured": {"turned": 0.25},
    "history": [{"epoch": 1.0, "loss": 2.0}, {"epoch": 2.0, "loss": 1.0}],
}
WHOSE = "cards/net.md of 'net'"


def filled(text: str, *, shipped: bool = False, **changes: Any) -> str:
    return prose.fill(text, prose.context(RECEIPT | changes, shipped=shipped), WHOSE)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("settings.augment", True),
        ("settings.epochs == 1", False),
        ("settings.max_norm is none", True),
        ("accuracy > baselines['nearest class mean'].accuracy", True),
        ("accuracy == 1", False),
        ("turned < 0.3 and accuracy > 0.5", True),
        ("recall is defined", False),
        ("changed", False),
        ("'lr' in changed", False),
        ("compared", True),
        ("shipped", False),
        ("smoke", False),
        ("history[-1].loss < history[0].loss", True),
        ("history|length == 2", True),
    ],
)
def test_a_condition_asks_the_receipt(condition: str, holds: bool) -> None:
    """
    Settings, figures, baselines and facts of the run decide which text is there.
    """
    text = f"It {{% if {condition} %}}does{{% else %}}does not{{% endif %}}."

    assert filled(text) == ("It does." if holds else "It does not.")


@pytest.mark.parametrize(
    ("condition", "change"),
    [
        ("changed", {"changed": {"lr": 0.1}}),
        ("'lr' in changed", {"changed": {"lr": 0.1}}),
        ("changed.lr == 0.1", {"changed": {"lr": 0.1}}),
        ("not compared", {"comparison": "left out"}),
        ("smoke", {"smoke": True}),
        ("shipped", {"shipped": True}),
    ],
)
def test_a_fact_of_the_run(condition: str, change: dict[str, Any]) -> None:
    """
    What is unusual of a run can be asked for.
    """
    assert filled(f"{{% if {condition} %}}Yes{{% endif %}}", **change) == "Yes"


def test_blocks_leave_no_lines_behind() -> None:
    """
    A line of blocks alone is gone; the end of a line that holds text as well stays.
    """
    text = """\
Before.

{% if settings.augment %}
Shifted{% if turned > 1 %} far{% endif %}
by a little.
{% else %}
Not shifted.
{% endif %}

{% if not settings.augment %}

Nothing.

{% endif %}

After, {% if settings.epochs
    == 3 %}three{% endif %}
epochs.
"""

    assert filled(text) == ("Before.\n\nShifted\nby a little.\n\nAfter, three\nepochs.")


def test_figures_and_braces_beside_conditions() -> None:
    """
    Figures are written as before, also where a line ends with a percentage.
    """
    text = "{% if turned %}{turned:.1%}\nof {{1, 2}}, {settings.epochs:02}{% endif %}"

    assert filled(text) == "25.0%\nof {1, 2}, 03"


def test_a_value_is_not_read_as_a_condition() -> None:
    """
    What a user chose is text, whatever braces it has.
    """
    settings = {"kind": "{% if %}{accuracy}"}

    assert filled("As {settings.kind}.", settings=settings) == "As {% if %}{accuracy}."


REFUSED = [
    (
        "One.\n{% if settings.augment %}\nTwo.\n",
        "cards/net.md of 'net', line 3, has a block that can't be read: Unexpected end "
        "of template. Jinja was looking for the following tags: 'elif' or 'else' or "
        "'endif'. The innermost block that needs to be closed is 'if'.",
    ),
    (
        "One.\n{% iff settings.augment %}\nTwo.\n{% endif %}",
        "cards/net.md of 'net', line 2, has a block that can't be read: Encountered "
        "unknown tag 'iff'.",
    ),
    (
        "One.\n\n{% if settings.augmentation %}\nTwo.\n{% endif %}",
        "cards/net.md of 'net', line 3, asks for 'settings.augmentation', which the "
        "receipt does not hold. Measured: accuracy, turned. Settings: epochs, augment, "
        "max_norm.",
    ),
    (
        "One.\n{% if 1 < acuracy %}\nTwo.\n{% endif %}",
        "cards/net.md of 'net', line 2, asks for 'acuracy', which the receipt does not "
        "hold. Measured: accuracy, turned. Settings: epochs, augment, max_norm.",
    ),
    (
        "One.\n{% if baselines['mean'].accuracy < 1 %}\nTwo.\n{% endif %}",
        "cards/net.md of 'net', line 2, asks for 'baselines.mean.accuracy', which the "
        "receipt does not hold. Measured: accuracy, turned. Settings: epochs, augment, "
        "max_norm.",
    ),
    (
        "One.\n{% if settings.max_norm > 1 %}\nTwo.\n{% endif %}",
        "cards/net.md of 'net', line 2, has a condition that can't be decided "
        "(TypeError: '>' not supported between instances of 'NoneType' and 'int').",
    ),
    (
        "One.\n{% if ''.__class__.__mro__ %}\nTwo.\n{% endif %}",
        "cards/net.md of 'net', line 2, has a condition that can't be decided "
        "(SecurityError: access to attribute '__class__' of 'str' object is unsafe.).",
    ),
    (
        "One.\nTwo, {accuracies:.1%}.",
        "cards/net.md of 'net', line 2, speaks of 'accuracies', which the receipt does "
        "not hold. Measured: accuracy, turned. Settings: epochs, augment, max_norm.",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refused(text: str, message: str) -> None:
    """
    What can't be read or decided is told with its file and line.
    """
    with pytest.raises(CardError) as caught:
        filled(text)

    assert str(caught.value) == message


def test_a_figure_of_a_comparison_that_was_left_out() -> None:
    """
    In braces it is not measured; a condition has to ask first whether there is one.
    """
    left_out = {"comparison": "left out"}
    asked = "{% if compared %}{% if other > 1 %}Ahead.{% endif %}{% else %}-{% endif %}"

    assert filled("{other:.1%}", **left_out) == "(not measured)"
    assert filled(asked, **left_out) == "-"
    with pytest.raises(CardError) as caught:
        filled("{% if other > 1 %}Ahead.{% endif %}", **left_out)
    assert str(caught.value) == (
        "cards/net.md of 'net', line 1, asks for 'other', which the receipt does not "
        "hold. The comparison was left out: ask {% if compared %} first."
    )


def test_names_in_all_branches() -> None:
    """
    Each name is found with its line, also where this run does not come.
    """
    text = """\
{settings.epochs} epochs.
{% if settings.augment and baselines["nearest class mean"].accuracy < accuracy %}
{turned:.1%}
{% elif recall is defined %}
{recall:.1%} of {baselines.nearest class mean.accuracy}
{% endif %}
{% if history[-1].loss < 1 %}x{% endif %}
"""

    assert {(str(one), one.line, one.condition) for one in prose.names(text)} == {
        ("settings.epochs", 1, False),
        ("settings.augment", 2, True),
        ("baselines.nearest class mean.accuracy", 2, True),
        ("accuracy", 2, True),
        ("turned", 3, False),
        ("recall", 4, True),
        ("recall", 5, False),
        ("baselines.nearest class mean.accuracy", 5, False),
        ("history", 7, True),
    }
    prose.check_names(text, prose.context(RECEIPT), WHOSE)


def test_all_unknown_names_are_told_at_once() -> None:
    """
    With their lines, also those of branches in which this run does not come.
    """
    text = "{acuracy}\n{% if not settings.augment %}\n{% if settings.size %}{b}"
    text += "{% endif %}{% endif %}"

    with pytest.raises(CardError) as caught:
        prose.check_names(text, prose.context(RECEIPT), WHOSE)

    assert str(caught.value) == (
        "cards/net.md of 'net' speaks of what the receipt does not hold (line 1: "
        "acuracy; line 3: settings.size; line 3: b). Measured: accuracy, turned. "
        "Settings: epochs, augment, max_norm."
    )


def test_before_anything_was_measured_settings_are_known() -> None:
    """
    A name that begins otherwise may be that of a figure.
    """
    known = {"settings": {"epochs": 3}}
    prose.check_names("{accuracy} {settings.epochs}", known, WHOSE, partly=True)

    with pytest.raises(CardError) as caught:
        prose.check_names("{accuracy} {settings.epoch}", known, WHOSE, partly=True)
    assert str(caught.value) == (
        "cards/net.md of 'net' speaks of what the receipt does not hold (line 1: "
        "settings.epoch). Settings: epochs."
    )


def test_a_figure_may_not_hide_a_fact() -> None:
    """
    A condition on `history` would ask for another thing than its author thinks.
    """
    receipt = RECEIPT | {"measured": {"history": 0.5}}

    with pytest.raises(CardError) as caught:
        prose.context(receipt)
    assert str(caught.value) == (
        "The receipt measures 'history', which is a fact of the run in the prose of a "
        "card. Give the figure another name in run.log_summary."
    )
