"""`zoo inspect`, as it is typed."""

import json
from pathlib import Path

from command_line import Run

LABELS = ("well", "ill")


def test_the_command_prints_it_and_json(run: Run, tmp_path: Path) -> None:
    """
    The same figures in both; what was assumed stands in the first line.
    """
    path = tmp_path / "rows.csv"
    ages = [f"{20 + n % 7},{int(n % 5 == 0)},{LABELS[n % 5 == 0]}" for n in range(40)]
    path.write_text("\n".join(["age,leak,label", *ages]))

    ended, plain = run("inspect", str(path)), run("inspect", str(path), "--json")

    assert ended.out.splitlines() == [
        "rows.csv: rows of a table, with classes in 'label', assumed, as no model was "
        "named",
        "rows: 40 training",
        "",
        "label  training",
        "well         32",
        "ill           8",
        "",
        "column    type  missing  distinct  lowest  highest",
        "age     number        0         7      20       26",
        "leak    number        0         2       0        1",
        "",
        "the commonest label has 80.0% of the training data",
        "knowing nothing, the commonest class: accuracy 0.8000 on the training rows",
        "",
        "look first: The column 'leak' gives the target away: each of its values "
        "stands for one class, and each class for one. Take it out, unless it is known "
        "before the answer is.",
        "look first: The labels are uneven: 32 of 'well', and 8 of 'ill'. Look at F1, "
        "as accuracy hides the rare ones. Let all classes count alike: --set "
        "balance=true.",
    ]
    assert json.loads(plain.out)["rows"] == {"training": 40}
    assert json.loads(plain.out)["inputs"]["columns"][1]["name"] == "leak"


def test_a_model_is_named_with_for(run: Run) -> None:
    """
    And the first line says how the data was read.
    """
    ended = run("inspect", "digits", "--for", "lenet5-mnist")

    assert ended.err == ""
    assert ended.out.startswith("digits: pictures, as 'lenet5-mnist' reads them\n")


def test_what_can_not_be_told_is_an_error(run: Run, tmp_path: Path) -> None:
    """
    One line, which names the option.
    """
    ended = run("inspect", str(tmp_path))

    assert ended.status == 1
    assert ended.err == (
        f"error: {tmp_path} holds neither pictures nor texts, and what they are for "
        "can't be told: name the model that it is for, with model=... (--for NAME).\n"
    )
