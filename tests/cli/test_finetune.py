"""`zoo finetune` and `zoo evaluate`, as they are typed."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from command_line import Ended, Run
from PIL import Image, TiffImagePlugin
from stripes import CLASSES, stripes

import zoo
from zoo.artifacts.checkpoint_folder import read_receipt
from zoo.cli.finetune import _behind
from zoo.finetuning.strategies import Settings
from zoo.training.progress import watching

NAME = "lenet5-mnist"


@pytest.fixture
def run(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command line in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    return run


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with `train` and `test`, of class-named folders each."""
    stripes(tmp_path / "photos" / "train")
    stripes(tmp_path / "photos" / "test", rows=5, seed=1)
    return tmp_path / "photos"


def left(folder: Path) -> list[str]:
    """Return what a command has written beside the photographs."""
    return sorted(path.name for path in folder.iterdir() if path.name != "photos")


def test_the_model_says_how_well_it_does_and_what_comes_next(
    run: Run, photos: Path
) -> None:
    """
    Rows, classes, a table with baselines, the folder, and two commands to go on with;
    on stderr, which is no terminal here, a line for each stage, with its rows.
    """
    ended = run("finetune", NAME, "photos")

    rows, classes, _, head, accuracy, f1, _, where, *after = ended.out.splitlines()
    assert ended.status == 0
    assert ended.err.splitlines() == [
        "computing the features of 24 training rows",
        "choosing a head on 24 training rows",
        "computing the features of 10 test rows",
    ]
    assert rows == "rows: 24 training, 10 test; measured on the test rows"
    assert classes == "training rows: lying 12, standing 12"
    assert re.split(r"  +", head.strip()) == [
        *("metric", "this model", "the commonest class", "a linear probe from zeros")
    ]
    assert accuracy.split()[:3] == ["accuracy", "1.0000", "0.5000"]
    assert f1.split()[:3] == ["f1", "1.0000", "-"]
    assert re.fullmatch(r"runs/lenet5-mnist-photos \(\d+ s\)", where)
    assert after == [
        "zoo predict runs/lenet5-mnist-photos photo.jpg",
        "zoo publish runs/lenet5-mnist-photos --repo you/lenet5-mnist-photos",
    ]


def test_the_folder_predicts_loads_and_measures(run: Run, photos: Path) -> None:
    """
    It is a model like any other, with its own labels, receipt, card and pictures.
    """
    run("finetune", NAME, "photos", "-o", "mine", "--set", "l2_sp=0.01")

    picture = str(photos / "test" / "standing" / "0.png")
    answer = json.loads(run("predict", "mine", picture, "--json").out)
    measured = json.loads(run("evaluate", "mine", "photos", "--json").out)
    assert answer["label"] == "standing"
    assert zoo.load("mine").zoo.labels == CLASSES
    assert measured["accuracy"] == 1.0
    assert read_receipt(Path("mine"))["settings"]["l2_sp"] == 0.01
    assert {"README.md", "confusion.png"} <= {p.name for p in Path("mine").iterdir()}
    assert run("verify", "mine").status == 0


def test_epochs_are_told_one_by_one(run: Run, photos: Path) -> None:
    """
    Where the whole network learns: a line an epoch on stderr, the result on stdout.
    """
    words = ("--set", "freeze=none", "--set", "epochs=2", "--set", "lr=0.01")

    ended = run("finetune", NAME, "photos", *words)

    lines = ended.err.splitlines()
    stages, epochs = lines[:-2], lines[-2:]
    assert [line.split(" loss ")[0] for line in epochs] == ["epoch 1/2", "epoch 2/2"]
    assert stages[0] == "computing the features of 20 training rows"
    assert ended.out.startswith("rows: 20 training, 4 validation, 10 test;")


def test_rows_of_other_folders_and_an_order_of_labels(
    run: Run, photos: Path, tmp_path: Path
) -> None:
    """
    --validation, --test and --labels do what their names say.
    """
    other = stripes(tmp_path / "other", rows=3, seed=2)
    words = ("--validation", str(other), "--test", str(photos / "test"))

    ended = run(
        *("finetune", NAME, str(photos / "train"), *words, "-o", "mine"),
        *("--labels", "standing, lying"),
    )

    assert ended.out.startswith("rows: 24 training, 6 validation, 10 test; measured on")
    assert zoo.load("mine").zoo.labels == ("standing", "lying")


def test_json_is_the_receipt(run: Run, photos: Path) -> None:
    """
    With the folder's name before it, and nothing beside it.
    """
    told = json.loads(run("finetune", NAME, "photos", "-o", "mine", "--json").out)

    assert told.pop("folder") == "mine"
    assert told == read_receipt(Path("mine"))


def test_what_cannot_be_read_is_named_and_left_out_when_asked(
    run: Run, photos: Path, tmp_path: Path
) -> None:
    """
    Without the option nothing is written; with it, the output names what was left out.
    """
    (photos / "train" / "lying" / "3.png").write_bytes(b"no picture")

    refused = run("finetune", NAME, "photos", "-o", "mine")
    nothing = left(tmp_path)
    done = run("finetune", NAME, "photos", "-o", "mine", "--skip-unreadable")

    assert (refused.status, refused.out, nothing) == (1, "", [])
    assert refused.err.startswith("error: photos: 1 input can't be read. lying/3.png: ")
    assert refused.err.endswith(
        "leave them out with skip_unreadable=True (--skip-unreadable).\n"
    )
    assert done.out.startswith("rows: 23 training, 10 test;")
    assert "\nskipped, unreadable: 1\n  lying/3.png: " in done.out


@pytest.mark.parametrize(
    ("arguments", "status", "problem"),
    [
        (
            (NAME, "nowhere"),
            1,
            "'nowhere' is no folder, no file and no registered dataset. Registered "
            "names: 'zoo.list_datasets()'.",
        ),
        (
            ("lenet5-mnst", "photos"),
            1,
            "No model named 'lenet5-mnst'. Did you mean 'lenet5-mnist' or ",
        ),
        (
            (NAME, "photos", "--set", "freez=none"),
            1,
            "No setting 'freez'. Did you mean 'freeze'? Settings: ",
        ),
        (
            (NAME, "photos", "--set", "freeze=non"),
            1,
            "No freeze='non'. Did you mean 'none'? There are: backbone, gradual, "
            "all-but-norm, none, lora.",
        ),
        (
            (NAME, "photos", "--labels", "lying,flying"),
            1,
            "photos: the training rows have labels that are no classes: standing. "
            "Classes: lying, flying.",
        ),
        ((NAME,), 2, "Missing argument 'DATA'. See 'zoo finetune --help'."),
    ],
    ids=["data", "model", "setting", "strategy", "labels", "missing"],
)
def test_what_cannot_be_meant_writes_nothing(
    run: Run,
    photos: Path,
    arguments: tuple[str, ...],
    status: int,
    problem: str,
    tmp_path: Path,
) -> None:
    """
    One line on stderr says what is wrong and what there is; no folder is made.
    """
    ended = run("finetune", *arguments)

    assert (ended.status, ended.out) == (status, "")
    assert ended.err.startswith(f"error: {problem}")
    assert ended.err.count("\n") == 1
    assert left(tmp_path) == []


def test_a_folder_of_others_is_left_alone(run: Run, photos: Path) -> None:
    """
    Before anything is learned.
    """
    ended = run("finetune", NAME, "photos", "-o", "photos")

    assert ended == Ended(
        1,
        "",
        "error: photos holds other files and no checkpoint; nothing was written. Name "
        "a new or empty folder.\n",
    )


def test_evaluate_tells_each_metric(run: Run, photos: Path) -> None:
    """
    Of the test rows; labels that the model does not have are named.
    """
    run("finetune", NAME, "photos", "-o", "mine")

    told = run("evaluate", "mine", "photos")
    foreign = run("evaluate", NAME, "photos")

    assert told == Ended(
        0, "measured on 10 test rows of photos\naccuracy 1.0000\nf1 1.0000\n", ""
    )
    assert foreign.status == 1
    assert foreign.err == (
        "error: photos: the test rows have labels that are no classes: lying, "
        "standing. Classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.\n"
    )


@pytest.mark.parametrize(
    ("data", "folder"),
    [
        ("photos/", "lenet5-mnist-photos"),
        ("a b.csv", "lenet5-mnist-a-b"),
        ("user/pets", "lenet5-mnist-pets"),
    ],
)
def test_the_folder_is_named_after_model_and_data(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    data: str,
    folder: str,
) -> None:
    """
    Of a path or a Hub id the last part, in letters that need no quotes.
    """
    written: list[Path] = []

    def stop(name: str, data: str, folder: Path, **how: object) -> None:
        written.append(folder)
        raise zoo.ZooError("stopped")

    monkeypatch.setattr("zoo.finetuning.checkpoint.finetune", stop)

    run("finetune", NAME, data)

    assert written == [Path("runs") / folder]


def test_the_default_folder_is_numbered_and_force_replaces(
    run: Run, photos: Path, tmp_path: Path
) -> None:
    """
    A second run takes the next name; onto a folder that is named it needs --force.
    """
    runs = tmp_path / "runs"
    (runs / "lenet5-mnist-photos").mkdir(parents=True)

    assert run("finetune", NAME, "photos").status == 0
    written = runs / "lenet5-mnist-photos-2"
    before = (written / "model.safetensors").read_bytes()
    words = ("finetune", NAME, "photos", "-o", str(written), "--set", "l2_sp=10")
    refused = run(*words)
    kept = (written / "model.safetensors").read_bytes()
    forced = run(*words, "--force")

    assert (refused.status, kept) == (1, before)
    assert "--force" in refused.err
    assert forced.status == 0
    assert (written / "model.safetensors").read_bytes() != before


def test_inverted_pictures_by_command(run: Run, photos: Path) -> None:
    """
    --invert of both commands is invert=True: negatives are learned from and measured
    as the pictures are.
    """
    for path in photos.rglob("*.png"):
        with Image.open(path) as image:
            negative = image.convert("L").point(lambda value: 255 - value)
        negative.save(path)

    made = run("finetune", NAME, "photos", "-o", "mine", "--invert")
    told = run("evaluate", "mine", "photos")
    turned = run("evaluate", "mine", "photos", "--invert", "--json")
    said = run("evaluate", "gru-nsmc", "photos", "--invert")

    assert made.status == 0
    assert read_receipt(Path("mine"))["settings"]["invert"] is True
    assert "accuracy 1.0000" in told.out
    assert json.loads(turned.out) == zoo.evaluate("mine", "photos", invert=True)
    assert said.err.startswith(
        "error: Model 'gru-nsmc': zoo.evaluate has no option 'in"
    )


def test_a_photograph_with_an_odd_note_among_what_cannot_be_read(
    run: Run, photos: Path
) -> None:
    """
    EXIF that Pillow can't write again is no reason to leave a picture out.
    """
    odd = photos / "train" / "lying" / "odd.jpg"
    tags = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"MM")
    tags.tagtype[0x0128] = 2
    tags[0x0112], tags[0x0128] = 1, "inches"
    exif = b"Exif\x00\x00" + b"MM\x00\x2a\x00\x00\x00\x08" + tags.tobytes(8)
    with Image.open(next(odd.parent.glob("*.png"))) as image:
        image.convert("RGB").save(odd, exif=exif)
    (odd.parent / "broken.png").write_bytes(b"x")

    ended = run("finetune", NAME, "photos", "-o", "mine", "--skip-unreadable")

    assert ended.status == 0
    assert ended.out.startswith("rows: 25 training, 10 test;")
    assert [one.split(":")[0] for one in read_receipt(Path("mine"))["skipped"]] == [
        "lying/broken.png"
    ]


def test_a_bar_waits_until_the_epochs_begin(capsys: pytest.CaptureFixture[str]) -> None:
    """
    What is looked at first has no known end, and is told; then epochs are counted.
    """
    with watching("lenet5-mnist reads photos") as bar:
        task = bar._progress.tasks[0]
        before = (task.description, task.total, task.fields["status"])
        bar.training_started(4, 1)
        bar.step_finished(1, 2)
        after = (task.description, task.total, task.fields["status"])

    assert before == ("lenet5-mnist reads photos", None, "")
    assert after == ("training", 4.0, "epoch 1.5/4")


def test_a_picture_of_another_kind_is_measured_too(run: Run, photos: Path) -> None:
    """
    A coloured photograph among grey ones is brought to what the model takes.
    """
    Image.new("RGB", (60, 40), (200, 0, 0)).save(photos / "train" / "lying" / "c.jpg")

    ended = run("finetune", NAME, "photos")

    assert ended.status == 0
    assert ended.out.startswith("rows: 25 training")


@pytest.mark.parametrize(
    ("metric", "value", "baselines", "told"),
    [
        (
            "iou",
            0.26,
            {"the commonest class": {"iou": 0.0}, "the mean": {"iou": 0.68}},
            "the mean is ahead (iou 0.6800 against 0.2600): the model has not learned "
            "more from these rows. Give it more rows, or try --set freeze=none or "
            "--set augment=flip-crop.",
        ),
        ("rmse", 0.5, {"the mean": {"rmse": 0.7}}, None),
        ("rmse", 0.5, {"the mean": {"r2": 0.7}}, None),
        ("accuracy", 0.5, {"the commonest class": {"accuracy": 0.5}}, None),
    ],
)
def test_a_result_behind_its_baseline_says_so_and_what_to_try(
    metric: str, value: float, baselines: dict[str, dict[str, float]], told: str | None
) -> None:
    receipt: dict[str, Any] = {
        "metrics": [{"name": metric, "value": value}],
        "baselines": baselines,
        "settings": {"freeze": "backbone"},
    }

    assert _behind(receipt, pictured=True) == ([] if told is None else [told, ""])


@pytest.mark.parametrize(
    ("pictured", "hint"),
    [(True, "another --set lr or --set augment=flip."), (False, "another --set lr.")],
)
def test_a_model_of_texts_is_not_told_to_change_pictures(
    pictured: bool, hint: str
) -> None:
    """
    All of the model learned, and the model as it was is ahead.
    """
    receipt: dict[str, Any] = {
        "metrics": [{"name": "loss", "value": 2.0}],
        "baselines": {"before": {"loss": 1.0}},
        "settings": {"freeze": "none"},
    }

    assert _behind(receipt, pictured=pictured)[0].endswith(f"or try {hint}")


def test_what_learned_as_a_whole_is_told_of_other_remedies() -> None:
    """
    All of it learns already.
    """
    receipt: dict[str, Any] = {
        "metrics": [{"name": "psnr", "value": 20.0}],
        "baselines": {"before": {"psnr": 21.0}},
        "settings": {"freeze": "none"},
    }

    assert _behind(receipt, pictured=True)[0] == (
        "before is ahead (psnr 21.0000 against 20.0000): the model has not learned "
        "more from these rows. Give it more rows, or try another --set lr or --set "
        "augment=flip."
    )


def test_tables_in_another_encoding(run: Run, tmp_path: Path) -> None:
    """
    Fine-tuning and evaluation read them with one option, and a column by its name.
    """
    rows = [("좋다", "good"), ("최고다", "good"), ("싫다", "bad"), ("나쁘다", "bad")]
    lines = "".join(
        f"{text} {n},{label},{n}\n" for n in range(5) for text, label in rows
    )
    (tmp_path / "rows.csv").write_text("말,감정,수\n" + lines, encoding="cp949")
    how = ("--target", "감정", "--column", "말", "--encoding", "cp949")

    refused = run("finetune", "gru-nsmc", "rows.csv", "-o", "mine", *how[:4])
    made = run("finetune", "gru-nsmc", "rows.csv", "-o", "mine", *how)
    told = run("evaluate", "mine", "rows.csv", *how)

    assert refused.err == (
        "error: rows.csv is not UTF-8 text (byte 0); it looks like cp949: save it as "
        "UTF-8. Or give encoding='cp949' (--encoding cp949).\n"
    )
    assert made.status == 0
    assert "warning" not in made.err
    assert "training rows: bad 8, good 8" in made.out
    assert told.out.splitlines()[0] == "measured on 20 rows of rows.csv"


def test_help_lists_every_setting(run: Run) -> None:
    """
    With its default and what it does.
    """
    shown = " ".join(run("finetune", "--help").out.split())

    for one in dataclasses.fields(Settings):
        default = "" if one.default is None else one.default
        assert f" {one.name}={default} " in shown
    assert "layer_lr_decay=0.7 of the rate, from one block to the block" in shown


@pytest.mark.filterwarnings("default::zoo.errors.DataWarning")
def test_what_is_odd_about_a_table_is_said(run: Run, tmp_path: Path) -> None:
    """
    By the command as by the function, before the figures.
    """
    rows = "".join(f"{1 + n / 10},7,{0.5 + n / 100}\n" for n in range(8))
    (tmp_path / "rows.csv").write_text(f"study,sleep,score\n{rows}99,7,0.6\n")

    ended = run("evaluate", "mlp-exam-score", "rows.csv", "--target", "score")

    assert ended.err == (
        "warning: rows.csv: study = 99 (line 10) lies far outside the training data (0 "
        "to 7 hours): check its unit.\n"
    )
    assert ended.out.startswith("measured on 9 rows of rows.csv\n")
