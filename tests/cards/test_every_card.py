"""The prose of every card is true of other runs than the one that was shipped."""

import re
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import zoo
from zoo.artifacts import checkpoint_folder, weight_store
from zoo.cards import prose
from zoo.cards.render import SECTIONS, check_names, check_prose, text
from zoo.training import train

NAMES = sorted(zoo.list_models())
MEASURED = [
    spec.name
    for spec in zoo.search()
    if (weight_store.shipped_checkpoint(spec) / checkpoint_folder.RECEIPT).is_file()
]
# What `compare` of a report measures, which a run may leave out.
COMPARISONS = {
    "bert-mini-imdb": ("scratch_",),
    "dafl-student": ("accuracy_real",),
    "gpt-mini-nietzsche": ("scratch_",),
    "mlp-fashion-mnist": ("val_accuracy_", "early_", "lr_", "grad_norm_"),
    "mlp-fashion-mnist-reg.none": (
        *("val_accuracy_", "best_epoch_", "train_loss_", "standard_error"),
    ),
    "mlp-pima": ("repeated_cv_", "cv_repeats"),
    "mlp-thoracic": ("repeated_cv_", "cv_repeats"),
}
IN_CHANGED = re.compile(r"'(\w+)' (?:not )?in changed")
TEXTS = re.compile(r"""==? ["']([^"']+)["']""")
NUMBERS = re.compile(r"(?<![\w.])\d*\.?\d+")


@cache
def receipt_of(name: str) -> dict[str, Any]:
    return checkpoint_folder.read_receipt(
        weight_store.shipped_checkpoint(zoo.get_spec(name))
    )


@cache
def defaults_of(name: str) -> dict[str, Any]:
    spec = zoo.get_spec(name)
    if not train.is_trainable(spec):
        return {}
    return asdict(train.choose_settings(spec, None)[1])


def flipped(receipt: dict[str, Any]) -> dict[str, Any]:
    """Return the receipt of a run whose switches were all the other way."""
    switches = {k: v for k, v in receipt["settings"].items() if isinstance(v, bool)}
    settings = receipt["settings"] | {name: not on for name, on in switches.items()}
    return receipt | {"settings": settings, "changed": switches}


def brief(receipt: dict[str, Any]) -> dict[str, Any]:
    """Return the receipt of a run of one epoch."""
    if "epochs" not in receipt["settings"]:
        return receipt
    return receipt | {
        "settings": receipt["settings"] | {"epochs": 1},
        "changed": {"epochs": receipt["settings"]["epochs"]},
        "history": receipt["history"][:1],
    }


def alone(receipt: dict[str, Any]) -> dict[str, Any]:
    """Return the receipt of a run whose comparison was left out."""
    gone = COMPARISONS.get(receipt["name"], ())
    measured = {
        name: value
        for name, value in receipt["measured"].items()
        if not name.startswith(gone or ("-",))
    }
    return receipt | {"comparison": "left out", "measured": measured}


def empty(receipt: dict[str, Any]) -> dict[str, Any]:
    """Return the receipt of a run in which optional settings were none or zero."""
    nothing = {
        name: None if value is None else 0
        for name, value in receipt["settings"].items()
        if value is None or name in ("shift_pixels", "dropout", "label_smoothing")
    }
    optional = {
        name: None
        for name in ("max_norm", "schedule_period")
        if name in receipt["settings"]
    }
    return receipt | {"settings": receipt["settings"] | nothing | optional}


def as_shipped(receipt: dict[str, Any]) -> dict[str, Any]:
    return receipt


VARIANTS = (as_shipped, flipped, brief, alone, empty)


@pytest.mark.parametrize("name", MEASURED)
def test_every_card_renders_for_other_runs(name: str) -> None:
    """
    As shipped, with every switch flipped, after one epoch, without the comparison and
    without optional settings: three sections with text, and no block or brace is left.
    """
    template = check_prose(zoo.get_spec(name))
    for variant in VARIANTS:
        known = prose.context(variant(receipt_of(name)), shipped=variant is as_shipped)
        card = "\n" + prose.fill(template, known, name)
        assert "{%" not in card
        assert "%}" not in card
        assert not re.search(r"\{[a-z_.]+[:}]", prose_of(card)), variant
        for section in SECTIONS:
            assert len(section_of(card, section)) > 40, (variant, section)
        assert not re.search(r"[a-z,(] None\b", section_of(card, SECTIONS[1])), variant


def prose_of(card: str) -> str:
    """Return a card without its code, which has braces of its own."""
    return re.sub(r"```.*?```|`[^`]*`", "", card, flags=re.DOTALL)


def section_of(card: str, name: str) -> str:
    return card.partition(f"\n## {name}\n")[2].partition("\n## ")[0].strip()


def test_the_comparisons_are_those_of_the_reports() -> None:
    """
    Each report that trains other models is in the list above.
    """
    assert {one for one in NAMES if train.comparison_of(one)} == set(COMPARISONS)


@pytest.mark.parametrize("name", NAMES)
def test_settings_and_figures_of_a_card_are_there(name: str) -> None:
    """
    In all branches, each setting is one of the recipe, and each figure is measured.
    """
    check_names(zoo.get_spec(name), defaults_of(name))
    used = set(IN_CHANGED.findall(check_prose(zoo.get_spec(name))))
    assert used <= defaults_of(name).keys()


# ------------------------------------------------------------------ conditions


def conditions(name: str) -> list[tuple[str, ...]]:
    """Return what the conditions of a card's prose ask, each once."""
    spec = zoo.get_spec(name)
    found = [one.path for one in prose.names(check_prose(spec)) if one.condition]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("name", MEASURED)
def test_each_condition_changes_the_prose(name: str) -> None:
    """
    For another value of what it asks, in a run like the shipped one or in one that is
    not, the prose is another.
    """
    assert [path for path in conditions(name) if not changes(name, path)] == []


def changes(name: str, path: tuple[str, ...]) -> bool:
    """Return whether the prose of some run depends on what a condition asks."""
    template = check_prose(zoo.get_spec(name))
    first = prose.context(receipt_of(name), shipped=True)
    first["settings"] = defaults_of(name) | first["settings"]  # an old one has fewer
    for usual in (first, first | {"shipped": False}, *others(template, first, name)):
        decided = prose.decide(template, usual, name)
        for value in candidates(template, usual, path):
            if decided != prose.decide(template, changed(usual, path, value), name):
                return True
    return False


def others(template: str, first: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Yield runs in which one of the other conditions was changed first."""
    for path in conditions(name):
        for value in candidates(template, first, path):
            yield changed(first, path, value)


def candidates(
    template: str, known: dict[str, Any], path: tuple[str, ...]
) -> list[Any]:
    """Return other values of a setting, a figure or a fact."""
    value: Any = known
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    if path == ("changed",):
        return [{"seed": 1}, *({one: 1} for one in IN_CHANGED.findall(template))]
    if path == ("history",):
        worse = [{k: v + 10 for k, v in row.items()} for row in value]
        return [value[:-1] + worse[-1:], value[:1], [*value, *value]]
    if path == ("autocast",):
        return ["bf16", "no"]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str):
        return ["another", "", *TEXTS.findall(template)]
    numbers = [float(one) for one in NUMBERS.findall(template)]
    near = [one + step for one in numbers for step in (-1e-3, 0.0, 1e-3)]
    optional = [None] if "is none" in template or "is not none" in template else []
    return [0, 1, -1e9, 1e9, *dict.fromkeys(near), *optional]


def changed(known: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return what is known of a run, with another value."""
    first, *rest = path
    if not rest:
        return known | {first: value}
    return known | {first: changed(known.get(first, {}), tuple(rest), value)}


# ------------------------------------------------------------ numbers in words

DIGITS = re.compile(r"(?<![\w.,^-])(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?![\w^]|[,.]\d|-\w)")
WORDS = {
    **{"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8},
    **{"ten": 10, "twelve": 12, "fourteen": 14, "sixteen": 16, "twenty": 20},
    **{"a tenth": 0.1, "a fifth": 0.2, "a twentieth": 0.05, "in ten": 0.1},
    **{"in five": 0.2, "in twenty": 0.05, "a quarter": 0.25, "half": 0.5},
}
# Numbers that are equal to the default of some setting by chance, and what they count.
BY_CHANCE = {
    ("attention-eng-fra", "five"): "iterations of EM of a baseline",
    ("crnn-captcha", "five"): "characters of a real captcha",
    ("cyclegan-horse2zebra", "half"): "of the run, with a constant learning rate",
    ("cyclegan-horse2zebra", "two"): "generators, and hundred epochs of the paper",
    ("dcgan-mnist", "half"): "of the run, with constant learning rates",
    ("dcgan-mnist", "three"): "epochs without variety that end a run",
    ("gru-nsmc", "four"): "characters of the longest n-gram of the deep path",
    ("mlp-thoracic", "30"): "units of a layer",
    ("pix2pix-facades", "half"): "of the run, with a constant learning rate",
    ("pix2pix-facades", "two"): "hundred epochs of the paper, and photographs of a map",
    ("resnet20-cifar10", "four"): "the section of the paper",
    ("srresnet-face", "two"): "pixels of the border that is not measured",
    ("tfidf-clf-20news", "3"): "a strength of regularization that is tried",
    ("tfidf-clf-20news", "10"): "a strength of regularization that is tried",
    ("transformer-imdb", "32"): "numbers of a word's vector",
    ("transformer-imdb", "two"): "heads",
    ("vit-cifar10", "four"): "in five, which others reach",
    ("word-lstm-headlines", "32"): "words of a window",
    ("xor-mlp", "10"): "two bits",
}


@pytest.mark.parametrize("name", [one for one in MEASURED if defaults_of(one)])
def test_no_default_is_typed_in(name: str) -> None:
    """
    Of a run that changed all settings, no number that is a default is left in what is
    said of the training: it would not be that run's.
    """
    settings = defaults_of(name)
    known = prose.context(receipt_of(name)) | {"changed": settings}
    known["settings"] = settings | known["settings"]
    card = "\n" + prose.decide(check_prose(zoo.get_spec(name)), known, name)
    training = re.sub(r"`[^`]*`|\{[^}]*\}|\|.*\|", "", section_of(card, SECTIONS[1]))
    words = " ".join(training.split()).lower()
    typed = {one: float(one.replace(",", "")) for one in DIGITS.findall(words)}
    spelled = {
        word: value for word, value in WORDS.items() if re.search(rf"\b{word}\b", words)
    }
    found = {
        (name, word): key
        for word, value in (typed | spelled).items()
        for key, default in settings.items()
        if value not in (0, 1) and not isinstance(default, bool) and value == default
    }
    assert found.keys() == {one for one in BY_CHANCE if one[0] == name}, found


# ------------------------------------------------------------------- three runs


def told(card: str, section: str = SECTIONS[1]) -> str:
    """Return a section of a card as one line."""
    return " ".join(section_of(card, section).split())


def test_a_network_that_did_not_learn_xor_says_so(tmp_path: Path) -> None:
    """
    At a learning rate of 2 no initialization gets the four rows right.
    """
    settings = {"lr": 2.0, "n_init": 2, "iterations": 200}
    zoo.train("xor-mlp", tmp_path / "run", settings=settings)

    card = (tmp_path / "run" / "README.md").read_text()
    receipt = checkpoint_folder.read_receipt(tmp_path / "run")
    accuracy = receipt["metrics"][0]["value"]
    assert accuracy < 1
    assert receipt["changed"] == {"n_init": 10, "iterations": 1000, "lr": 0.05}
    assert (
        "**This run changed the recipe's defaults:** `n_init` is 2 instead of 10, "
        "`iterations` is 200 instead of 1000, `lr` is 2.0 instead of 0.05. What is "
        "said\nbelow of how settings were chosen, and of earlier runs, holds for the "
        "defaults."
    ) in card
    assert (
        "at most 2 random initializations, each trained for 200 steps of Adam at a "
        "learning rate of 2.0; none of the 2 that were tried got all four rows right, "
        f"and the accuracy of the last is {accuracy:.0%}. Its outputs"
    ) in told(card)
    assert (
        "\n`zoo train xor-mlp --set n_init=2 --set iterations=200 --set lr=2.0` "
        in card
    )
    assert "\nversions; `zoo verify ./xor-mlp --metric` measures" in card
    assert 'zoo.load("./xor-mlp")  # its folder, or hf://user/name once' in card
    assert "no single perceptron computes, to be learned by two hidden" in told(
        card, SECTIONS[0]
    )
    assert "got all four rows right" in told(text_of("xor-mlp"))
    assert "none of the" not in told(text_of("xor-mlp"))
    assert 'zoo.load("xor-mlp")\n' in text_of("xor-mlp")
    assert "`zoo verify xor-mlp --metric`" in text_of("xor-mlp")


def text_of(name: str, **changes: Any) -> str:
    """Return the card of the shipped run, with other settings."""
    receipt = receipt_of(name)
    usual = receipt["settings"]
    other = {key: usual[key] for key in changes if usual[key] != changes[key]}
    made = {"settings": usual | changes, "changed": other} if changes else {}
    return text(zoo.get_spec(name), receipt | made)


def test_digits_that_were_not_augmented() -> None:
    """
    Each part of the augmentation is told of on its own; a learning rate of the user's
    was chosen by nobody.
    """
    assert (
        "Each digit is rotated by up to 12 degrees, shifted by up to 2 pixels, scaled "
        "by up to 10%, at random every time it is seen. Of the training rows 10% were "
        "held out for validation; these rows chose the learning rate, the augmentation "
        "and the epoch that was kept."
    ) in told(text_of("lenet5-mnist"))
    assert (
        "Each digit is rotated by up to 12 degrees, at random every time it is seen. "
        "Of the training rows 10% were held out for validation; these rows chose the "
        "epoch that was kept."
    ) in told(text_of("lenet5-mnist", shift_pixels=0.0, scale_range=0.0))
    none = text_of("lenet5-mnist", rotation_degrees=0, shift_pixels=0, scale_range=0)
    assert (
        "is 0.008. Digits are seen as they are, without augmentation. Of the training "
        "rows 10% were held out for validation; these rows chose the epoch that was "
        "kept."
    ) in told(none)
    assert "rotated, shifted" not in none
    faster = told(text_of("lenet5-mnist", lr=0.02))
    assert "peak learning rate is 0.02" in faster
    assert "these rows chose the epoch that was kept." in faster


def test_a_run_of_three_epochs_claims_no_sweep_and_no_rank() -> None:
    """
    What the sweep and the shipped figures say is not said of another run.
    """
    shipped = told(text_of("mlp-fashion-mnist-reg.none"))
    brief = told(text_of("mlp-fashion-mnist-reg.none", epochs=3))

    assert "3 epochs of Adam in batches of 128" in brief
    assert "The learning rate is the best of the table below" in shipped
    assert "is not significant here" in shipped
    assert "The learning rate is the same for all" in brief
    assert "is not significant here" not in brief
    assert "Mostly on shirts" in text_of("mlp-fashion-mnist-reg.none")
    assert "Mostly on shirts" not in text_of("mlp-fashion-mnist-reg.none", epochs=3)
