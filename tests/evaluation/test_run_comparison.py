"""Runs beside each other: what tells them apart, and what each reached."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import zoo
from zoo.artifacts import checkpoint_folder
from zoo.cli import main
from zoo.errors import CheckpointError, ModelNotFound


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of the XOR network, one of them with a rate that teaches nothing."""
    place = tmp_path_factory.mktemp("runs")
    slow, fast = place / "slow", place / "fast"
    zoo.train("xor-mlp", slow, settings={"lr": 1e-6})
    zoo.train("xor-mlp", fast)
    return slow, fast


def changed(run: Path, place: Path, **entries: Any) -> Path:
    """Return a copy of a run with other entries in its receipt."""
    copied = place / "changed"
    copied.mkdir()
    for file in run.iterdir():
        (copied / file.name).write_bytes(file.read_bytes())
    receipt = checkpoint_folder.read_receipt(copied) | entries
    checkpoint_folder.write_receipt(copied, receipt)
    return copied


def test_only_settings_that_differ_are_shown(runs: tuple[Path, Path]) -> None:
    """
    By name, and the metrics of each run with a star at the best.
    """
    found = zoo.compare(*runs)
    table = {row[0]: row[1:] for row in found.table}

    assert found.runs == ("slow", "fast")
    assert [*found.settings] == ["lr"]
    assert found.settings["lr"][0] == 1e-6
    assert table["accuracy"][1] == "1.0000 *"
    assert not table["accuracy"][0].endswith("*")
    assert found.notes == ()


def test_a_run_beside_itself_differs_in_nothing(runs: tuple[Path, Path]) -> None:
    """
    That is said, no figure has a star, and the full paths tell them apart.
    """
    found = zoo.compare(runs[1], runs[1])

    assert found.settings == {}
    assert found.notes == ("The model and every setting are the same.",)
    assert found.runs == (str(runs[1]), str(runs[1]))
    assert "*" not in str(found)


def test_models_are_compared_by_the_receipts_they_ship() -> None:
    """
    A setting and a metric that only one of them has is a dash for the other.
    """
    found = zoo.compare("lenet5-mnist", "unet-pet")
    table = {row[0]: row[1:] for row in found.table}

    assert table["model"] == ["lenet5-mnist", "unet-pet"]
    assert table["rotation_degrees"] == ["12.0", "-"]
    assert table["iou"][0] == "-"
    assert found.notes[0] == (
        "The figures are of different rows, so they can't be compared."
    )


def test_what_makes_figures_incomparable_is_said(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    """
    Other rows, a smoke run, another machine.
    """
    other = changed(runs[1], tmp_path, rows=3, smoke=True, hardware="a phone")

    assert zoo.compare(runs[0], other).notes == (
        "The figures are of different rows, so they can't be compared.",
        "changed: a smoke run, whose figures mean nothing.",
        "The costs are of different machines.",
    )


def test_a_lower_error_is_the_better_one() -> None:
    """
    The star is at the smaller of two errors.
    """
    found = zoo.compare("mlp-boston", "mlp-california")
    table = {row[0]: row[1:] for row in found.table}
    rmse = found.metrics["rmse"]

    assert [cell.endswith("*") for cell in table["rmse"]] == [
        value == min(value for value in rmse if value is not None) for value in rmse
    ]


def test_curves_of_all_runs_are_drawn(runs: tuple[Path, Path]) -> None:
    """
    As a picture; a notebook shows the table.
    """
    found = zoo.compare(*runs)
    with Image.open(io.BytesIO(found.plot())) as picture:
        assert picture.width > picture.height
    assert "<td>lr</td>" in found._repr_html_()


def test_a_run_without_figures_is_refused(tmp_path: Path) -> None:
    """
    A folder that was saved, one run alone, and a name that there is not.
    """
    saved = zoo.save(zoo.build("xor-mlp"), tmp_path / "saved")
    with pytest.raises(CheckpointError) as no_figures:
        zoo.compare(saved, "xor-mlp")
    with pytest.raises(CheckpointError) as alone:
        zoo.compare("xor-mlp")
    with pytest.raises(ModelNotFound):
        zoo.compare("xor-mlp", "xor-mpl")

    assert str(no_figures.value) == (
        f"{saved} has no run.json with figures, so there is nothing to compare. "
        "Folders of 'zoo train' and 'zoo finetune' have one."
    )
    assert str(alone.value) == (
        "zoo.compare takes two runs or more, and this is 1: give folders of runs, or "
        "names of models."
    )


def test_the_command_prints_the_table(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    As text or as JSON, and writes the curves.
    """
    out = tmp_path / "curves.png"
    assert main(["compare", *map(str, runs), "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert main(["compare", *map(str, runs), "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)

    assert printed == f"{zoo.compare(*runs)}\n{out}\n"
    assert plain["runs"] == ["slow", "fast"]
    assert plain["settings"]["lr"][0] == 1e-6
    with Image.open(out) as picture:
        assert picture.format == "PNG"


def test_a_receipt_of_a_stranger_is_shown_as_text(
    runs: tuple[Path, Path], tmp_path: Path
) -> None:
    """
    It can't forge a line of the table, nor ask for a picture without end.
    """
    many = {f"m{number}": 1.0 for number in range(3000)}
    settings = checkpoint_folder.read_receipt(runs[0])["settings"]
    far = {"$\\frac{$": 1e308}
    history = [
        {"epoch": 1, **far, **many},
        {"epoch": 2, "$\\frac{$": -1e308},
        {"m0": 1},
    ]
    other = changed(
        runs[0],
        tmp_path,
        settings=settings | {"lr\n\x1b[2JThe model and every setting are the same.": 1},
        history=history,
    )
    found = zoo.compare(runs[0], other)

    assert "lr\\n\\x1b[2JThe model" in str(found)
    assert "The model and every setting are the same." not in str(found).splitlines()
    assert Image.open(io.BytesIO(found.plot())).width < 20_000


def test_a_path_that_no_file_can_have_is_no_checkpoint() -> None:
    """
    It is refused as any other that is none.
    """
    for name in ("x/\0", "x/\ud800", f"{'x' * 5000}/a"):
        with pytest.raises(CheckpointError):
            zoo.load(name)
