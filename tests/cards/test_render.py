"""A card from a made-up spec and receipt, and every reason to refuse one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from zoo import ClassOutput, ImageInput, License, ModelSpec, Weights
from zoo.cards import render as cards
from zoo.cards.render import check_names, check_prose, render, text
from zoo.errors import CardError, ModelNotFound

PROSE = """\
## What it is for

Telling {settings.kind} things apart. See https://doi.org/10.1109/5.726791.

## How it was trained

{settings.epochs} epochs.

## Where it fails

It is right {accuracy:.1%} of the time, {turned:.2f} when turned; the nearest class mean
{baselines.nearest class mean.accuracy:.0%}. A set is written {{1, 2}}.
"""
SPEC = ModelSpec(
    name="net-mnist",
    summary="A net.",
    task="image-classification",
    build="zoo_made_up.net:net",
    recipe="zoo_made_up.recipe",
    card="card.md",
    license=License(code="mit", weights="apache-2.0", data="cc-by-4.0"),
    parameters=61_706,
    input=ImageInput(height=28, width=28),
    output=ClassOutput(labels=("no", "yes")),
    trained_on=("iris", "private"),
    examples=("seven.png",),
    weights=Weights(size=123_456, sha256="0" * 64),
    papers=("https://doi.org/10.1109/5.726791",),
    tags=("digits",),
)
RECEIPT: dict[str, Any] = {
    "settings": {"epochs": 3, "kind": "small|large"},
    "data": {"iris/train": {"rows": 1500, "fingerprint": "0123456789abcdef99"}},
    "metrics": [
        {"name": "accuracy", "value": 0.91234, "dataset": "iris", "split": "test"},
        {"name": "f1", "value": 0.9, "dataset": "private", "split": "test"},
    ],
    "rows": 1000,
    "baselines": {"nearest class mean": {"accuracy": 0.8}},
    "measured": {"turned": 0.25},
    "pictures": {"curves.png": "The course of training."},
    "seconds": 1234.5,
    "peak_memory_mib": 2048,
    "hardware": "a computer",
    "versions": {"torch": "2.9"},
}

Write = Callable[[str | bytes], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Let the package of SPEC exist, with the prose it is given."""
    package = tmp_path / "zoo_made_up"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    def written(prose: str | bytes) -> None:
        content = prose.encode() if isinstance(prose, str) else prose
        (package / "card.md").write_bytes(content)

    written(PROSE)
    return written


@pytest.mark.usefixtures("write")
def test_the_header_is_what_the_hub_reads() -> None:
    """
    The Hub's own reader finds licence, task, tags and data in the header.
    """
    data = ModelCard(text(SPEC, RECEIPT)).data.to_dict()

    assert data["license"] == "apache-2.0"
    assert data["pipeline_tag"] == "image-classification"
    assert data["library_name"] == "zoo"
    assert data["tags"] == ["zoo", "digits"]
    assert data["datasets"] == ["scikit-learn/iris"]  # the other is not on the Hub


@pytest.mark.usefixtures("write")
def test_the_results_round_trip() -> None:
    """
    The measured metrics come back from the model-index as they went in.
    """
    results = ModelCard(text(SPEC, RECEIPT)).data.eval_results

    assert [
        (r.metric_type, r.metric_value, r.dataset_name, r.dataset_type, r.dataset_split)
        for r in results
    ] == [
        ("accuracy", 0.91234, "iris", "scikit-learn/iris", "test"),
        ("f1", 0.9, "private", "private", "test"),
    ]


@pytest.mark.usefixtures("write")
def test_the_prose_is_filled_with_measured_values() -> None:
    """
    Names in braces become values; doubled braces stay braces.
    """
    card = text(SPEC, RECEIPT)

    assert "Telling small|large things apart." in card
    assert "3 epochs." in card
    assert (
        "It is right 91.2% of the time, 0.25 when turned; the nearest class mean\n80%. "
        "A set is written {1, 2}."
    ) in card


@pytest.mark.usefixtures("write")
@pytest.mark.parametrize(
    "line",
    [
        "# net-mnist",
        'print(zoo.predict(model, zoo.example("net-mnist")))',
        "| accuracy | 0.9123 | iris, test | 1,000 |",
        "| nearest class mean | accuracy | 0.8000 |",
        "The model has 61,706 parameters, 123,456 bytes on disk. Its licences: code "
        "mit, weights",
        "apache-2.0, training data cc-by-4.0.",
        "`zoo train net-mnist` took 1,234 seconds and 2,048 MiB of memory on",
        "a computer (torch 2.9). The same seed gives the same bytes on the same "
        "machine and",
        "| `kind` | small\\|large |",
        "| `iris/train` | 1,500 | `0123456789abcdef` |",
        "![The course of training.](curves.png)",
        "* https://doi.org/10.1109/5.726791",
    ],
)
def test_a_line_of_the_card(line: str) -> None:
    """
    Numbers stand in tables and sentences, and a table can't be broken by a value.
    """
    assert line in text(SPEC, RECEIPT).splitlines()


def test_what_is_unknown_is_left_out(write: Write) -> None:
    """
    Without example, baselines, pictures or a measure of memory, nothing is made up.
    """
    write(PROSE.replace("{baselines.nearest class mean.accuracy:.0%}", ""))
    spec = replace(SPEC, examples=(), papers=(), weights=None)
    bare = {"baselines": {}, "pictures": {}, "peak_memory_mib": None}

    card = text(spec, RECEIPT | bare)

    assert "print(zoo.predict(model, ...))" in card
    assert "took 1,234 seconds on" in card
    assert "For comparison" not in card
    assert "## Pictures" not in card
    assert "## Sources" not in card
    assert "on disk" not in card


REFUSED: list[tuple[str | bytes, str]] = [
    (
        PROSE.replace("{settings.epochs} epochs.", " "),
        "The card of 'net-mnist' has nothing under '## How it was trained'; every card "
        "needs What it is for, How it was trained, Where it fails.",
    ),
    (
        PROSE.replace("## Where it fails", "## Where it fail"),
        "The card of 'net-mnist' has nothing under '## Where it fails'; every card "
        "needs What it is for, How it was trained, Where it fails.",
    ),
    (
        PROSE + "It reads 97.5% rightly.",
        "card.md of 'net-mnist' has the number '97.5' typed in. Write the name of a "
        "measured value instead, such as {accuracy:.2%}.",
    ),
    (
        PROSE + "It reads 97 % rightly.",
        "card.md of 'net-mnist' has the number '97 %' typed in. Write the name of a "
        "measured value instead, such as {accuracy:.2%}.",
    ),
    (
        PROSE + "{recall:.1%}",
        "card.md of 'net-mnist', line 13, speaks of 'recall', which the receipt does "
        "not hold. Measured: accuracy, f1, turned. Settings: epochs, kind.",
    ),
    (
        PROSE + "{settings.epochs.first}",
        "card.md of 'net-mnist', line 13, speaks of 'settings.epochs.first', which the "
        "receipt does not hold. Measured: accuracy, f1, turned. Settings: epochs, "
        "kind.",
    ),
    (
        PROSE + "{% if turned > 0.2 %}\nIt turns.",
        "card.md of 'net-mnist', line 14, has a block that can't be read: Unexpected "
        "end of template. Jinja was looking for the following tags: 'elif' or 'else' "
        "or 'endif'. The innermost block that needs to be closed is 'if'.",
    ),
    (
        PROSE + "{settings.kind:.2%}",
        "card.md of 'net-mnist' has braces that are no measured value (Unknown format "
        "code '%' for object of type 'str'). Write {{ and }} for braces in the text.",
    ),
    (
        PROSE + "the set } here",
        "card.md of 'net-mnist' has braces that are no measured value (Single '}' "
        "encountered in format string). Write {{ and }} for braces in the text.",
    ),
]


@pytest.mark.parametrize(
    ("prose", "message"), REFUSED, ids=[message for _, message in REFUSED]
)
def test_refused(write: Write, prose: str, message: str) -> None:
    """
    Prose that is incomplete, or says what nobody measured, is refused.
    """
    write(prose)

    with pytest.raises(CardError) as caught:
        text(SPEC, RECEIPT)

    assert str(caught.value) == message


def test_prose_that_can_not_be_read(write: Write) -> None:
    """
    Prose in another encoding is told by the model's name.
    """
    write(PROSE.encode() + "Köln".encode("latin-1"))

    with pytest.raises(
        CardError, match=r"^The prose of 'net-mnist' can't be read: 'utf"
    ):
        check_prose(SPEC)


@pytest.mark.usefixtures("write")
def test_prose_that_is_not_there(tmp_path: Path) -> None:
    """
    A missing file is named.
    """
    path = tmp_path / "zoo_made_up" / "card.md"
    path.unlink()

    with pytest.raises(CardError) as caught:
        check_prose(SPEC)

    assert str(caught.value) == (
        "The prose of 'net-mnist' can't be read: [Errno 2] No such file or directory: "
        f"'{path}'."
    )


@pytest.mark.usefixtures("write")
def test_a_model_behind_its_baselines_says_so_first() -> None:
    """
    Every metric in which the strongest is better, by the run's own receipt, and the
    spec's reason, if it has one; nothing of the kind where none is better.
    """
    ahead = {"nearest class mean": {"accuracy": 0.95, "f1": 0.8}, "mean": {"f1": 0.91}}
    behind = RECEIPT | {"baselines": ahead}
    told = (
        "\nA net.\n\n**A simple method is ahead:** nearest class mean reaches accuracy "
        "0.9500, this model 0.9123; mean reaches f1 0.9100, this model 0.9000."
    )

    assert f"{told}\n\n```python" in text(SPEC, behind)
    kept = text(replace(SPEC, behind_baseline="By chance."), behind)
    assert f"{told} By chance.\n\n```python" in kept
    assert "\nA net.\n\n```python" in text(SPEC, RECEIPT)


@pytest.mark.usefixtures("write")
def test_a_reason_with_a_figure_typed_in() -> None:
    """
    The figures are beside it, and come from the receipt.
    """
    with pytest.raises(CardError) as caught:
        check_prose(replace(SPEC, behind_baseline="It lacks 0.5 points"))

    assert str(caught.value) == (
        "behind_baseline= of 'net-mnist' has the number '0.5' typed in. Say why in "
        "words: the figures are written beside it."
    )


@pytest.mark.usefixtures("write")
@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({}, ""),
        (
            {"changed": {"epochs": 20, "kind": "small"}},
            "**This run changed the recipe's defaults:** `epochs` is 3 instead of 20, "
            "`kind` is small|large instead of small. What is said\nbelow of how "
            "settings were chosen, and of earlier runs, holds for the defaults.\n\n",
        ),
        (
            {"smoke": True},
            "**A smoke run:** it trained briefly, to test the recipe, and its figures "
            "say nothing of\nthe model.\n\n",
        ),
        (
            {"comparison": "left out"},
            "**The comparison was left out.** This run did not train the other models "
            "that its report\ncompares with it, so that what is said of them below has "
            "no figures.\n\n",
        ),
    ],
)
def test_an_unusual_run_says_so_before_the_prose(
    changes: dict[str, Any], remark: str
) -> None:
    """
    Settings of the user's were chosen by nobody, and a smoke run has learned nothing.
    """
    card = text(SPEC, RECEIPT | changes)

    assert f"```\n\n{remark}## What it is for\n" in card


@pytest.mark.usefixtures("write")
def test_the_command_makes_the_same_run_again() -> None:
    """
    With the settings that were changed, as `--set` reads them, and the other options.
    """
    own = {
        "settings": {"epochs": 3, "kind": "a b", "hidden": [64, 32], "max_norm": None},
        "changed": {"kind": "c", "hidden": None, "max_norm": 1.0},
        "smoke": True,
        "comparison": "left out",
    }

    assert (
        "\n`zoo train net-mnist --set 'kind=a b' --set hidden=64,32 "
        "--set max_norm=none --smoke --no-comparison` took 1,234 seconds"
    ) in text(SPEC, RECEIPT | own)


@pytest.mark.usefixtures("write")
def test_a_recipe_file_says_what_was_changed() -> None:
    """
    Nothing is said of how the settings of somebody's own recipe were chosen.
    """
    own = {"recipe": "mine.py", "recipe_sha256": "ab", "changed": {"epochs": 20}}

    assert (
        "```\n\n**This run changed the recipe's defaults:** `epochs` is 3 instead of "
        "20.\n\n## What it is for\n"
    ) in text(SPEC, RECEIPT | own)


@pytest.mark.usefixtures("write")
@pytest.mark.parametrize(
    ("best_epoch", "kept"),
    [
        (True, "validation rows, in its best epoch; the\n"),
        (False, "validation rows, after its last epoch; the\n"),
        (None, "validation rows; the\n"),
    ],
)
def test_a_sweep_says_in_which_epoch_it_measured(
    best_epoch: bool | None, kept: str
) -> None:
    """
    Not every recipe keeps its best epoch, and an older receipt does not say it.
    """
    sweep: dict[str, Any] = {"method": "grid", "seed": 0, "settings": {"lr": "1,2"}}
    sweep["table"] = [["trial", "lr"], ["0", "1"]]
    if best_epoch is not None:
        sweep["best_epoch"] = best_epoch

    assert f"a fresh model and was measured on {kept}" in text(
        SPEC, RECEIPT | {"sweep": sweep}
    )


@pytest.mark.usefixtures("write")
def test_names_are_checked_in_all_branches() -> None:
    """
    Settings are those of the recipe; figures are not known before a run.
    """
    check_names(SPEC, {"epochs": 3, "kind": "large"})

    with pytest.raises(CardError) as caught:
        check_names(SPEC, {"epochs": 3, "sort": "large"})
    assert str(caught.value) == (
        "card.md of 'net-mnist' speaks of what the receipt does not hold (line 3: "
        "settings.kind). Settings: epochs, sort."
    )


@pytest.mark.usefixtures("write")
def test_a_receipt_with_gaps() -> None:
    """
    A receipt of an older version is refused with what it lacks.
    """
    old = {name: held for name, held in RECEIPT.items() if name[0] not in "rm"}

    with pytest.raises(CardError) as caught:
        text(SPEC, old)

    assert str(caught.value) == (
        "The receipt of 'net-mnist' does not hold measured, metrics, rows."
    )


def test_a_registered_model_has_its_card() -> None:
    """
    `zoo.card` renders the card of a name; it starts with the header.
    """
    assert render("perceptron-iris").startswith("---\ndatasets:\n- scikit-learn/iris\n")


def test_a_model_without_a_receipt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A model that nobody has trained has no card yet.
    """
    monkeypatch.setattr(cards.weight_store, "shipped_checkpoint", lambda spec: tmp_path)

    with pytest.raises(CardError) as caught:
        render("perceptron-iris")

    assert str(caught.value) == (
        "'perceptron-iris' has no receipt, so its card has no numbers. 'zoo train "
        "perceptron-iris' makes one."
    )


def test_a_card_of_nobody() -> None:
    """
    An unknown name is a ModelNotFound like everywhere.
    """
    with pytest.raises(ModelNotFound, match="Did you mean 'perceptron-iris'"):
        render("perceptron-irs")
