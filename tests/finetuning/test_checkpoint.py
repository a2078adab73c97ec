"""From a lesson to a checkpoint folder: receipt, card, and all that may follow."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from loopback import Hub, cards, connected
from small import pictures

import zoo
from zoo.artifacts import checkpoint_folder
from zoo.errors import (
    CheckpointError,
    DataError,
    DataWarning,
    SettingsError,
    TrainingError,
)
from zoo.finetuning import checkpoint
from zoo.finetuning.finetune import finetune_by_name

DIGITS = "mlp-mnist"
QUICK: dict[str, Any] = {"l2_sp": 0.01}
SECTIONS = ("## What it is for", "## How it was trained", "## Where it fails")


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return pictures(tmp_path / "photos")


@pytest.fixture
def taught(photos: Path, tmp_path: Path) -> Path:
    """A folder with a model that tells stripes apart."""
    zoo.finetune(DIGITS, photos, tmp_path / "stripes", **QUICK)
    return tmp_path / "stripes"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    folder = tmp_path / "hub"
    with (
        Hub(folder) as found,
        connected(found.url, tmp_path / "home", token="hf_alice"),
    ):
        yield found


def receipt(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    return found


def answers(model: Any, photos: Path) -> list[dict[str, Any]]:
    paths = sorted(map(str, photos.rglob("*.png")))
    return [one.to_dict() for one in zoo.predict(model, paths)]


def test_it_loads_and_predicts_the_same(photos: Path, tmp_path: Path) -> None:
    """
    Labels and transforms travel; the golden matches.
    """
    model = zoo.finetune(DIGITS, photos, tmp_path / "stripes", **QUICK)

    again = zoo.load(tmp_path / "stripes")

    assert again.zoo.labels == ("across", "down")
    assert again.zoo.spec.input == zoo.get_spec(DIGITS).input
    assert answers(again, photos) == answers(model, photos)
    assert zoo.verify(tmp_path / "stripes").matches


def test_it_knows_its_parent(taught: Path) -> None:
    """
    By name and by the hash of the weights it started from.
    """
    parent = zoo.load(taught).zoo.parent

    assert parent == {"name": DIGITS, "sha256": zoo.get_spec(DIGITS).weights.sha256}


def test_the_parent_is_known_where_the_classes_are_the_same(tmp_path: Path) -> None:
    """
    The head went on learning, and it is another model all the same.
    """
    zoo.finetune("mlp-breast-cancer", "breast-cancer", tmp_path / "cells", **QUICK)

    assert zoo.load(tmp_path / "cells").zoo.parent["name"] == "mlp-breast-cancer"
    assert zoo.load(tmp_path / "cells").zoo.spec.trained_on == ("breast-cancer",)


def test_it_is_taught_again(taught: Path, tmp_path: Path) -> None:
    """
    From the folder, other classes; the parent is the first lesson.
    """
    more = pictures(tmp_path / "more", 8, ("a", "b", "c"))

    model = zoo.finetune(taught, more, tmp_path / "again", **QUICK)

    assert model.zoo.labels == ("a", "b", "c")
    assert zoo.load(tmp_path / "again").zoo.parent["name"] == "stripes"


@pytest.mark.filterwarnings("ignore::zoo.errors.TrustWarning")
def test_it_is_published_and_taught_again(
    taught: Path, photos: Path, hub: Hub, tmp_path: Path
) -> None:
    """
    From the Hub it predicts the same, and can be a parent; its card is accepted.
    """
    where = zoo.publish(taught, "alice/stripes").address

    there = zoo.load(where)
    model = zoo.finetune(where, photos, tmp_path / "again", **QUICK)

    assert answers(there, photos) == answers(zoo.load(taught), photos)
    assert model.zoo.parent["sha256"] == there.zoo.report.sha256


def test_the_card_is_what_the_hub_accepts(taught: Path) -> None:
    """
    No error, no warning.
    """
    card = (taught / "README.md").read_text("utf-8")

    assert cards.examine(card) == ([], [])
    assert cards.header(card)["pipeline_tag"] == "image-classification"


def test_the_card_says_what_the_receipt_says(taught: Path) -> None:
    """
    Every figure, every setting, every class, every part.
    """
    card, written = (taught / "README.md").read_text("utf-8"), receipt(taught)

    assert all(section in card for section in SECTIONS)
    assert f'zoo.load("./{written["name"]}")  # its folder, or hf://' in card
    for metric in written["metrics"]:
        row = f"| {metric['name']} | {metric['value']:.4f} | photos, validation |"
        assert row in card
    for method, figures in written["baselines"].items():
        for name, value in figures.items():
            assert f"| {method} | {name} | {value:.4f} |" in card
    for key, value in written["settings"].items():
        assert f"| `{key}` | `{value}` |" in card
    for label, count in written["classes"].items():
        assert f"| {label} | {count} |" in card
    for part, held in written["data"].items():
        seal = held["fingerprint"][:16]
        assert f"| `{part}` | {held['rows']} | `{seal}` |" in card
    for name, caption in written["pictures"].items():
        assert f"![{caption}]({name})" in card
        assert (taught / name).is_file()
    assert f"(SHA-256 `{written['parent']['sha256']}`)" in card
    assert f"from {len(written['tried'])}\ncandidates" in card


def test_the_receipt_is_the_lessons_own(taught: Path) -> None:
    """
    Not the parent's name, not its recipe; the rows are sealed by what they hold.
    """
    written = receipt(taught)

    seals = [part["fingerprint"] for part in written["data"].values()]
    assert (written["name"], written["recipe"]) == ("stripes", None)
    assert written["classes"] == {"across": 6, "down": 6}
    assert list(written["data"]) == ["photos/training", "photos/validation"]
    assert all(len(seal) == 64 for seal in seals)
    assert seals[0] != seals[1]


def test_counts_show_an_imbalance(tmp_path: Path) -> None:
    """
    And the card says whether it was weighed.
    """
    photos = pictures(tmp_path / "photos", 8)
    for number in range(5):
        (photos / "down" / f"{number}.png").unlink()

    zoo.finetune(DIGITS, photos, tmp_path / "plain", **QUICK)
    zoo.finetune(DIGITS, photos, tmp_path / "even", balance=True, **QUICK)

    plain, even = ((tmp_path / n / "README.md").read_text() for n in ("plain", "even"))
    assert receipt(tmp_path / "plain")["classes"] == {"across": 6, "down": 2}
    assert "Each row counted alike." in plain
    assert "Each class counted alike." in even


def test_a_long_training_is_drawn_and_told(photos: Path, tmp_path: Path) -> None:
    """
    Curves, the strategy and its epochs.
    """
    how: dict[str, Any] = {"freeze": "none", "epochs": 2, **QUICK}

    zoo.finetune(DIGITS, photos, tmp_path / "deep", **how)

    card = (tmp_path / "deep" / "README.md").read_text("utf-8")
    assert "Strategy 'none', 2 epochs, the best of them by validation rows." in card
    assert (tmp_path / "deep" / "curves.png").is_file()


def test_what_was_left_out_is_told(photos: Path, tmp_path: Path) -> None:
    """
    In the receipt by name, in the card by number.
    """
    (photos / "down" / "empty.png").write_bytes(b"")

    zoo.finetune(DIGITS, photos, tmp_path / "out", skip_unreadable=True, **QUICK)

    card = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert receipt(tmp_path / "out")["skipped"][0].startswith("down/empty.png: ")
    assert "Left out, because it could not be read: 1 input." in card


def test_test_rows_of_another_source_are_named(photos: Path, tmp_path: Path) -> None:
    """
    The figures are of those, and the card says so.
    """
    later = pictures(tmp_path / "later", 3)

    zoo.finetune(DIGITS, photos, tmp_path / "out", test=later, **QUICK)

    written = receipt(tmp_path / "out")
    assert list(written["data"]) == ["photos/training", "later/test"]
    assert {metric["dataset"] for metric in written["metrics"]} == {"later"}


def test_rows_the_parent_may_have_seen_are_told(tmp_path: Path) -> None:
    """
    Rows held back of data that the parent learned from are no test.
    """
    zoo.finetune("mlp-breast-cancer", "breast-cancer", tmp_path / "cells", **QUICK)

    card = (tmp_path / "cells" / "README.md").read_text("utf-8")
    assert (
        "`mlp-breast-cancer` learned from breast-cancer before, and may have seen "
        "these rows." in card
    )


def test_a_lesson_of_numbers_has_a_card(tmp_path: Path) -> None:
    """
    With what was predicted against what is true.
    """
    try:
        zoo.finetune("mlp-diabetes", "diabetes", tmp_path / "out", epochs=2)
    except DataError as exc:
        pytest.skip(str(exc))

    card = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert "It gives a number." in card
    assert (tmp_path / "out" / "predicted.png").is_file()


# Measured again


def test_figures_on_a_registered_dataset_are_measured_again(tmp_path: Path) -> None:
    """
    On the same rows, held back by the same seed.
    """
    out = tmp_path / "cells"
    zoo.finetune("mlp-breast-cancer", "breast-cancer", out, seed=3, **QUICK)

    seen = zoo.verify(out, metric=True)

    assert seen.passed
    assert {metric.name for metric in seen.metrics} == {"accuracy", "f1"}
    assert {metric.split for metric in seen.metrics} == {"validation"}


def test_a_figure_that_is_not_true_is_found(tmp_path: Path) -> None:
    """
    A receipt that claims more than the model does.
    """
    out = tmp_path / "cells"
    zoo.finetune("mlp-breast-cancer", "breast-cancer", out, **QUICK)
    written = receipt(out)
    written["metrics"][0]["value"] = 0.5
    (out / "run.json").write_text(json.dumps(written), "utf-8")

    assert not zoo.verify(out, metric=True).passed


def test_rows_that_have_changed_are_not_measured(tmp_path: Path) -> None:
    """
    The content hash of the receipt says which rows were meant.
    """
    out = tmp_path / "cells"
    zoo.finetune("mlp-breast-cancer", "breast-cancer", out, **QUICK)
    text = (out / "run.json").read_text("utf-8")
    seal = receipt(out)["data"]["breast-cancer/validation"]["fingerprint"]
    (out / "run.json").write_text(text.replace(seal, "0" * 64), "utf-8")

    with pytest.raises(DataError) as caught:
        zoo.verify(out, metric=True)

    assert str(caught.value) == (
        "breast-cancer: the validation rows are not those that 'cells' was measured "
        "on. Their content has changed."
    )


def test_a_users_own_rows_are_not_found_again(taught: Path) -> None:
    """
    The message says how to measure on them.
    """
    with pytest.raises(TrainingError) as caught:
        zoo.verify(taught, metric=True)

    assert str(caught.value) == (
        "'stripes' was measured on photos, which is no registered dataset, so its rows "
        "can't be found again. zoo.evaluate(model, data) measures it on rows that you "
        "give."
    )


def test_a_finished_fine_tuning_is_kept_where_measuring_fails(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    As r2 of one row does. The weights are beside the folder that was asked for, and
    give what was trained.
    """

    def fail(*_: object) -> None:
        raise ValueError("r2 needs at least two rows")

    monkeypatch.setattr("zoo.finetuning.finetune.compute_metrics", fail)
    monkeypatch.setattr("zoo.finetuning.finetune._probed", lambda *_: None)

    with pytest.raises(TrainingError) as caught:
        zoo.finetune(DIGITS, photos, tmp_path / "mine", **QUICK)

    kept = tmp_path / "mine-unmeasured"
    assert "failed (ValueError: r2 needs at least two rows). Its weights are in " in (
        str(caught.value)
    )
    assert zoo.load(kept).zoo.labels == ("across", "down")


@pytest.mark.filterwarnings("ignore:.*lies far outside")
def test_a_regression_measured_on_one_row_has_no_r2(tmp_path: Path) -> None:
    """
    It is left out of model and baseline alike, which is said, and all is saved.
    """
    names = [column.name for column in zoo.get_spec("mlp-diabetes").input.columns]
    lines = [",".join([*names, "target"])]
    for row in range(13):
        lines.append(",".join(str((7 * row + n) % 11) for n in range(len(names) + 1)))
    (tmp_path / "rows.csv").write_text("\n".join(lines[:-1]))
    (tmp_path / "one.csv").write_text("\n".join([lines[0], lines[-1]]))
    settings: Any = {"freeze": "none", "epochs": 1, "target": "target"}

    with pytest.warns(UserWarning, match="^R2 is not defined on one row"):
        zoo.finetune(
            "mlp-diabetes",
            tmp_path / "rows.csv",
            tmp_path / "own",
            test=tmp_path / "one.csv",
            **settings,
        )

    receipt = checkpoint_folder.read_receipt(tmp_path / "own")
    assert [one["name"] for one in receipt["metrics"]] == ["rmse", "mae"]
    assert [*receipt["baselines"]["the mean"]] == ["rmse", "mae"]
    assert zoo.load(tmp_path / "own").zoo.parent["name"] == "mlp-diabetes"


def test_a_fine_tuned_model_is_not_replaced_without_a_word(
    photos: Path, taught: Path
) -> None:
    """
    Before anything is read; `force` gives it up.
    """
    before = (taught / "model.safetensors").read_bytes()

    with pytest.raises(CheckpointError, match="holds a trained model already"):
        zoo.finetune(DIGITS, photos, taught)
    assert (taught / "model.safetensors").read_bytes() == before
    zoo.finetune(DIGITS, photos, taught, force=True, l2_sp=10.0)

    assert (taught / "model.safetensors").read_bytes() != before
    assert checkpoint_folder.read_receipt(taught)["settings"]["l2_sp"] == 10.0


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_read(
    tmp_path: Path,
) -> None:
    """
    The data, which is not there, is not looked for.
    """
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(CheckpointError) as caught:
        zoo.finetune(DIGITS, tmp_path / "no such", tmp_path / "file" / "mine")

    assert str(tmp_path / "file") in str(caught.value)
    assert "no such" not in str(caught.value)


def test_a_lesson_is_saved_later(photos: Path, tmp_path: Path) -> None:
    """
    `finetune_by_name` writes nothing; `save` names the model after its folder.
    """
    made = finetune_by_name(DIGITS, photos, settings=QUICK)

    folder = checkpoint.save(made, tmp_path / "My Stripes (v2)")

    assert zoo.load(folder).zoo.spec.name == "my-stripes-v2"
    assert torch.equal(zoo.load(folder).head.weight, made.model.head.weight)


@pytest.mark.slow
@pytest.mark.data
def test_bees_from_ants(tmp_path: Path) -> None:
    """
    The whole way with the backbone of photographs: better than a plain linear probe,
    nothing before the head moved.
    """
    try:
        zoo.load_dataset("hymenoptera")
    except DataError as exc:
        pytest.skip(str(exc))

    model = zoo.finetune("efficientnet-lite0", "hymenoptera", tmp_path / "insects")

    written = receipt(tmp_path / "insects")
    figures = {metric["name"]: metric["value"] for metric in written["metrics"]}
    plain = written["baselines"]["a linear probe from zeros"]["accuracy"]
    before, after = zoo.load("efficientnet-lite0").state_dict(), model.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert figures["accuracy"] >= 0.965
    assert figures["accuracy"] > plain
    assert moved == {"classifier.weight", "classifier.bias"}
    assert zoo.verify(tmp_path / "insects", metric=True).passed


def test_copies_of_training_rows_are_said(photos: Path, tmp_path: Path) -> None:
    """
    In a warning, in the receipt and on the card: they flatter the figures.
    """
    with pytest.warns(DataWarning) as said:
        zoo.finetune(DIGITS, photos, tmp_path / "out", test=photos, **QUICK)

    note = str(said[0].message)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert re.fullmatch(
        r"photos: (\d+) of \1 test rows are copies of training rows \(.*\), so the "
        r"test metrics flatter the model\. Remove the copies\.",
        note,
    )
    assert receipt(tmp_path / "out")["notes"] == [note]
    assert f"* {note}\n" in card


def test_settings_are_given_in_a_dict_or_by_name(tmp_path: Path) -> None:
    """
    As for `zoo.train`, or as arguments: the same bytes; one of them twice is refused.
    """
    rows = zoo.load_dataset("digits", "train").select(range(40))
    wanted = {"freeze": "none", "epochs": "1", "lr": 0.01}

    zoo.finetune("lenet5-mnist", rows, tmp_path / "dict", settings=wanted)
    zoo.finetune("lenet5-mnist", rows, tmp_path / "names", **wanted)
    zoo.finetune(
        "lenet5-mnist",
        rows,
        tmp_path / "both",
        settings={"freeze": "none"},
        epochs=1,
        lr=0.01,
    )

    folders = [tmp_path / name for name in ("dict", "names", "both")]
    weights = {(one / "model.safetensors").read_bytes() for one in folders}
    assert len(weights) == 1
    with pytest.raises(SettingsError) as twice:
        zoo.finetune("lenet5-mnist", rows, settings={"lr": 1, "epochs": 1}, epochs=1)
    assert str(twice.value) == (
        "Setting 'epochs' is given twice, in settings and as an argument. Give it once."
    )
    with pytest.raises(SettingsError, match=r"^No setting 'epoch'\. Did you mean 'epo"):
        zoo.finetune("lenet5-mnist", rows, settings={"epoch": 1})


def test_a_folder_that_another_process_filled_meanwhile_is_left_alone(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Its model stays, and the weights of this one are kept beside it.
    """
    folder = tmp_path / "stripes"
    written: list[bytes] = []

    def slow(*arguments: Any, **options: Any) -> Any:
        result = finetune_by_name(*arguments, **options)
        checkpoint.save(result, folder)
        written.append((folder / "run.json").read_bytes())
        return result

    monkeypatch.setattr(checkpoint, "finetune_by_name", slow)
    with pytest.raises(TrainingError) as stopped:
        zoo.finetune(DIGITS, photos, folder, **QUICK)

    assert str(stopped.value).startswith(
        "'stripes' is trained, but what came after that failed "
        f"({folder} holds a trained model already; nothing was written. Name another "
        "folder, or replace it with --force (force=True)). Its weights are in "
    )
    assert [(folder / "run.json").read_bytes()] == written
    assert zoo.load(tmp_path / "stripes-unmeasured").zoo.labels
