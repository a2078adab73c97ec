"""`zoo.finetune`: what is learned, from which rows, and what comes back."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets as library
import pandas as pd
import pytest
import torch
from PIL import Image
from small import Small, lesson_rows, pictures, small
from torch import Tensor, nn

import zoo
from zoo.errors import DataError, OptionError, SettingsError
from zoo.evaluation.evaluate import predict_examples
from zoo.finetuning.finetune import FinetuneResult, finetune_by_name, finetune_model
from zoo.finetuning.strategies import Settings

QUICK: dict[str, Any] = {"l2_sp": 0.01}
DIGITS = "mlp-mnist"


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return pictures(tmp_path / "photos")


@pytest.fixture
def cells(tmp_path: Path) -> Callable[[Callable[[int], str]], Path]:
    """Write rows of the breast cancer data with labels of their own."""
    rows = zoo.load_dataset("breast-cancer").select(range(120))

    def written(label: Callable[[int], str]) -> Path:
        names = [label(n) for n in rows["label"]]
        path = tmp_path / "cells.csv"
        rows.remove_columns("label").add_column("label", names).to_csv(
            path, index=False
        )
        return path

    return written


def weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one: nn.Module, other: nn.Module, at_most: float = 0.0) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all((a.double() - b.double()).abs().max() <= at_most for a, b in pairs)


def lesson(**settings: Any) -> FinetuneResult:
    return finetune_model(small(), lesson_rows(), Settings(**QUICK | settings))


# What is learned


def test_a_folder_of_pictures(photos: Path) -> None:
    """
    One call: the model tells the new classes apart, and knows their names.
    """
    model = zoo.finetune(DIGITS, photos)

    assert zoo.evaluate(model, photos)["accuracy"] > 0.9
    assert zoo.predict(model, photos / "down" / "0.png").label == "down"
    assert model.zoo.labels == ("across", "down")
    assert not model.training


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_cached_features_give_the_same_head(optimizer: str) -> None:
    """
    As the loop through the frozen model with the same batches, to 1e-5: the features
    are computed once, with the normalisation folded, and dropout is off in both.
    """
    how: dict[str, Any] = {"optimizer": optimizer, "head_init": "random", "epochs": 6}

    cached = lesson(cache=True, batch_size=12, **how)
    plain = lesson(cache=False, batch_size=12, **how)

    assert same(cached.model, plain.model, 1e-5)
    assert not torch.equal(cached.model.head.weight, small().head.weight)
    assert torch.allclose(cached.output, plain.output, atol=1e-5)


def test_the_quickened_backbone_changes_no_head() -> None:
    """
    With rows enough for it to be folded.
    """
    rows = replace(lesson_rows(90), validation=lesson_rows(4).training)
    how: dict[str, Any] = {
        "optimizer": "sgd",
        "head_init": "random",
        "epochs": 3,
        **QUICK,
    }

    cached = finetune_model(small(), rows, Settings(cache=True, **how))
    plain = finetune_model(small(), rows, Settings(cache=False, **how))

    assert same(cached.model, plain.model, 1e-5)


def test_the_exact_head_takes_no_epochs() -> None:
    """
    All before it stays, and it fits its rows better than the random one.
    """
    made = lesson()

    before, after = weights(small()), weights(made.model)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"head.weight", "head.bias"}
    assert made.run.history == []
    assert made.metrics["accuracy"] > 0.6


def test_what_is_chosen_is_chosen_by_training_rows() -> None:
    """
    Other test rows and other validation rows: the same head, the same pull.
    """
    rows = lesson_rows()
    assert rows.test is not None
    turned = replace(rows.test, targets=tuple(2 - t for t in rows.test.targets))

    one = finetune_model(small(), rows, Settings())
    other = finetune_model(
        small(), replace(rows, test=turned, validation=turned), Settings()
    )

    assert same(one.model, other.model)
    assert one.probe is not None
    assert other.probe is not None
    assert one.probe.chosen == other.probe.chosen
    assert one.metrics != other.metrics


def test_a_start_at_random_is_not_the_probe() -> None:
    """
    Without an optimizer named it trains by one: an exact head has no random start.
    """
    made = lesson(head_init="random", epochs=2)

    assert len(made.run.history) == 2


def test_the_baseline_is_measured_before_the_backbone_moves() -> None:
    """
    A linear probe is of the features that it was fitted on.
    """
    still = lesson().run.baselines
    moved = lesson(freeze="none", lr=0.05, epochs=3, patience=None).run.baselines

    assert still == moved
    assert set(still) == {"the commonest class", "a linear probe from zeros"}


def test_balance_lets_rare_classes_count() -> None:
    """
    Weights by class, one on average, and macro F1 as the figure that chooses.
    """
    rows = lesson_rows(36)
    keep = [n for n in range(36) if rows.training.targets[n] != 2 or n < 6]
    rows = replace(rows, training=rows.training.pick(keep))

    plain = finetune_model(small(), rows, Settings(**QUICK))
    even = finetune_model(small(), rows, Settings(balance=True, **QUICK))

    def rare(made: FinetuneResult) -> float:
        return made.output.softmax(dim=1)[:, 2].mean().item()

    assert rows.counts() == {"red": 12, "green": 12, "blue": 2}
    assert rare(even) > rare(plain)


def test_copies_are_seen_and_cached() -> None:
    """
    Changed copies beside each row: another head, the same for the same seed.
    """
    plain = lesson()
    copied = lesson(augment="flip-crop", augmented_copies=3)
    again = lesson(augment="flip-crop", augmented_copies=3)

    assert not same(plain.model, copied.model)
    assert same(copied.model, again.model)


def test_a_loop_sees_copies_too() -> None:
    """
    An epoch is over all rows and their copies.
    """
    made = lesson(augment="flip", optimizer="sgd", epochs=2)

    assert len(made.run.history) == 2


class Late(Small):
    """A network whose output is not what its head gives."""

    def forward(self, image: Tensor) -> Tensor:
        return 2 * super().forward(image)


def test_an_output_that_goes_on_after_the_head() -> None:
    """
    It is trained through the whole model; what is after the head is obeyed.
    """
    model = small()
    model.__class__ = Late

    made = finetune_model(model, lesson_rows(), Settings(epochs=3))

    assert len(made.run.history) == 3
    assert made.probe is None
    assert same_output(made)


def same_output(made: FinetuneResult) -> bool:
    given = torch.stack(list(made.rows.items))
    with torch.inference_mode():
        return torch.allclose(made.model(given), made.output, atol=1e-5)


def test_test_rows_are_not_enough_for_a_head_that_is_not_solved() -> None:
    """
    Then rows are held back of the training rows.
    """
    model = small()
    model.__class__ = Late

    made = finetune_model(
        model, replace(lesson_rows(), validation=None), Settings(epochs=2)
    )

    assert made.part == "test"
    assert made.data.validation is not None


def test_the_same_seed_gives_the_same_bytes(photos: Path, tmp_path: Path) -> None:
    """
    With augmentation and dropout too.
    """
    how: dict[str, Any] = {
        "freeze": "none",
        "augment": "flip-crop",
        "epochs": 2,
        **QUICK,
    }
    for name in ("one", "two"):
        zoo.finetune(DIGITS, photos, tmp_path / name, **how)
    zoo.finetune(DIGITS, photos, tmp_path / "three", seed=1, **how)

    one, two, three = (
        (tmp_path / name / "model.safetensors").read_bytes()
        for name in ("one", "two", "three")
    )
    assert one == two
    assert one != three


def test_nothing_is_left_frozen(photos: Path) -> None:
    """
    What comes back can be trained on by any loop.
    """
    model = zoo.finetune("lenet5-mnist", photos, **QUICK).train()

    assert all(p.requires_grad for p in model.parameters())
    assert all(m.training for m in model.modules())


def test_the_global_generator_is_left_alone(photos: Path) -> None:
    """
    A lesson draws from its own seed.
    """
    before = torch.get_rng_state()

    zoo.finetune(DIGITS, photos, **QUICK)

    assert torch.equal(before, torch.get_rng_state())


# Tables


def test_the_models_own_classes_keep_its_head() -> None:
    """
    One logit for the second of two labels goes on from where it was.
    """
    made = finetune_by_name("mlp-breast-cancer", "breast-cancer", settings=QUICK)

    assert made.data.labels == ("malignant", "benign")
    assert made.model.head.out_features == 1
    assert made.probe is not None
    assert {one.start for one in made.probe.tried} == {"zeros", "the present head"}
    assert made.metrics["accuracy"] > 0.9


@pytest.mark.parametrize("count", [2, 3])
def test_new_classes_take_the_place_of_one_logit(cells: Any, count: int) -> None:
    """
    A logit for each new class, also where there are two: scores add up to one.
    """
    names = iter(range(1000))
    path = cells(lambda n: f"{n} {next(names) % 2}" if count == 3 and n else str(n))

    made = finetune_by_name("mlp-breast-cancer", path, settings=QUICK)

    scores = zoo.predict(made.model, zoo.load_dataset("breast-cancer")[0]).scores
    assert made.model.head.out_features == len(made.data.labels) == count
    assert made.model.zoo.spec.output.function_to_apply == "softmax"
    assert sum(scores.values()) == pytest.approx(1)
    assert made.metrics["accuracy"] > 0.5


@pytest.mark.parametrize(
    ("name", "data"), [("mlp-boston", "boston_housing"), ("mlp-diabetes", "diabetes")]
)
@pytest.mark.parametrize("freeze", ["backbone", "gradual", "all-but-norm", "none"])
def test_numbers_are_taught(name: str, data: str, freeze: str) -> None:
    """
    In their own unit; better than the mean; measured as zoo.evaluate does.
    """
    try:
        rows = zoo.load_dataset(data)
    except DataError as exc:
        pytest.skip(str(exc))

    made = finetune_by_name(name, data, settings={"freeze": freeze, "epochs": 2})

    seen = zoo.evaluate(made.model, rows)
    assert made.part == "validation"
    assert made.metrics["rmse"] < made.run.baselines["the mean"]["rmse"]
    assert seen["rmse"] == pytest.approx(made.metrics["rmse"], rel=0.5)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "Dataset", "DatasetDict"])
def test_rows_of_every_kind_teach_the_same(tmp_path: Path, kind: str) -> None:
    """
    Wherever the rows come from: the same figures, and those of zoo.evaluate.
    """
    rows = zoo.load_dataset("breast-cancer").select(range(100))
    names = rows.features["label"].names
    held = rows.map(lambda row: {"named": names[row["label"]]}).remove_columns("label")
    held = held.rename_column("named", "label")
    test = held.select(range(20))
    path, data = tmp_path / f"rows.{kind}", held
    if kind == "csv":
        held.to_csv(path, index=False)
    elif kind == "jsonl":
        path.write_text("\n".join(map(json.dumps, held)), encoding="utf-8")
    elif kind == "parquet":
        held.to_parquet(path, batch_size=100)
    given = path if path.is_file() else data
    if kind == "DatasetDict":
        given = library.DatasetDict({"train": held, "test": test})

    made = finetune_by_name("mlp-breast-cancer", given, test=test, settings=QUICK)

    again = finetune_by_name("mlp-breast-cancer", held, test=test, settings=QUICK)
    assert made.part == "test"
    assert same(made.model, again.model)
    assert zoo.evaluate(made.model, test) == made.metrics


# What is refused


def refused(error: type[Exception], *args: Any, **how: Any) -> str:
    with pytest.raises(error) as caught:
        zoo.finetune(*args, **how)
    return str(caught.value)


def test_a_model_without_a_head(photos: Path) -> None:
    """
    Before the data is looked at.
    """
    assert refused(OptionError, "perceptron-iris", photos) == (
        "Model 'perceptron-iris': it declares no head, so there is nothing to "
        "fine-tune on top of it. 'zoo eject perceptron-iris FOLDER' makes its recipe "
        "yours, to train it on other data. Options: inputs, outputs."
    )


def test_a_model_of_several_questions() -> None:
    """
    Rows with one label each would teach it wrongly.
    """
    labels = ("red", "green", "blue")
    output = zoo.ClassOutput(
        labels=labels, function_to_apply="sigmoid", multi_label=True
    )

    from zoo.finetuning.preconditions import check

    with pytest.raises(OptionError) as caught:
        check(small(output=output).zoo.spec, Settings())

    assert str(caught.value) == (
        "Model 'small': it answers several questions of one input at once, and "
        "fine-tuning takes rows with one label each. Options: none."
    )


def test_changed_pictures_for_a_model_of_tables() -> None:
    """
    A row has no mirror image.
    """
    assert refused(SettingsError, "mlp-boston", "boston_housing", augment="flip") == (
        "augment='flip' changes pictures, and 'mlp-boston' takes rows of a table: "
        "leave it out."
    )


def test_changed_pictures_for_a_model_of_texts() -> None:
    """
    Nor has a text: the message says what the model takes.
    """
    from zoo.finetuning.preconditions import check

    with pytest.raises(SettingsError) as told:
        check(zoo.get_spec("lsa-mlp-20news"), Settings(augment="flip"))

    assert str(told.value) == (
        "augment='flip' changes pictures, and 'lsa-mlp-20news' takes texts: leave it "
        "out."
    )


def test_two_pictures(tmp_path: Path) -> None:
    """
    One of each class can't be both learned and tested.
    """
    photos = pictures(tmp_path / "photos", 1)

    assert refused(DataError, DIGITS, photos, tmp_path / "out") == (
        "1 row of across, 1 row of down are too few: of each class a part is held back "
        "for validation, at least one row. Give more, or validation rows."
    )
    assert sorted(tmp_path.iterdir()) == [photos]


def test_two_pictures_and_others_to_test(tmp_path: Path) -> None:
    """
    With test rows the two are enough for a head.
    """
    photos, test = pictures(tmp_path / "photos", 1), pictures(tmp_path / "test", 3)

    made = finetune_by_name(DIGITS, photos, test=test, settings=QUICK)

    assert made.part == "test"
    assert len(made.rows) == 6


def damaged(photos: Path) -> Path:
    """Cut a JPEG in the middle."""
    whole = photos / "down" / "cut.jpg"
    Image.linear_gradient("L").save(whole)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return whole


def test_a_corrupt_picture_is_named(photos: Path, tmp_path: Path) -> None:
    """
    All of them, and nothing is written.
    """
    path = damaged(photos)
    (photos / "across" / "none.png").write_bytes(b"")

    with Image.open(path) as image, pytest.raises(OSError, match="truncated") as fault:
        image.load()
    assert refused(DataError, DIGITS, photos, tmp_path / "out") == (
        f"photos: 2 inputs can't be read. across/none.png: {photos}/across/none.png is "
        "empty (0 bytes). down/cut.jpg: "
        f"{path} can't be read as a picture (OSError: {fault.value}). "
        "Mend them, or leave them out with skip_unreadable=True "
        "(--skip-unreadable)."
    )
    assert sorted(tmp_path.iterdir()) == [photos]


def test_a_corrupt_picture_is_skipped_on_request(photos: Path) -> None:
    """
    And listed.
    """
    damaged(photos)

    made = finetune_by_name(DIGITS, photos, skip_unreadable=True, settings=QUICK)

    assert len(made.skipped) == 1
    assert made.skipped[0].startswith("down/cut.jpg: ")
    assert sum(len(rows) for rows in made.data.parts().values()) == 16


def test_a_class_of_corrupt_pictures_is_not_skipped(tmp_path: Path) -> None:
    """
    A class nobody can learn is an error.
    """
    photos = pictures(tmp_path / "photos", 3, ("across", "down", "none"))
    for path in (photos / "none").iterdir():
        path.write_bytes(b"")

    assert refused(DataError, DIGITS, photos, skip_unreadable=True) == (
        "photos: no training row of none can be read."
    )


def test_a_missing_file_of_a_table(photos: Path, tmp_path: Path) -> None:
    """
    It is named as it is written in the table.
    """
    table = tmp_path / "rows.csv"
    names = [f"photos/{k}/{n}.png,{k}" for k in ("across", "down") for n in range(8)]
    table.write_text("\n".join(["path,label", *names, "photos/gone.png,down"]))

    assert refused(DataError, DIGITS, table, tmp_path / "out") == (
        f"rows.csv: 1 input can't be read. photos/gone.png: There is no file "
        f"'{tmp_path}/photos/gone.png'. Mend them, or leave them out with "
        "skip_unreadable=True (--skip-unreadable)."
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("side", "right"), [("right", 1.0), ("left", 0.5)])
@pytest.mark.filterwarnings("ignore::zoo.errors.TruncationWarning")
def test_the_end_of_long_texts_is_read_or_cut_off_as_asked(
    tmp_path: Path, side: str, right: float
) -> None:
    """
    Only the first words tell the classes apart, of texts longer than the model reads:
    who reads the end can but guess. The saved model reads as the tuned one.
    """
    texts = [
        f"{word} " * 20 + "the film " * 200
        for word in ("awful", "great")
        for _ in "12345678"
    ]
    rows = pd.DataFrame({"text": texts, "label": ["bad"] * 8 + ["good"] * 8})

    tuned = zoo.finetune(
        "rnn-imdb",
        rows,
        tmp_path / "tuned",
        test=rows,
        target="label",
        truncation_side=side,
        progress=False,
    )

    (accuracy,) = (
        one["value"]
        for one in tuned.zoo.receipt["metrics"]
        if one["name"] == "accuracy"
    )
    assert accuracy == right
    again = zoo.load(tmp_path / "tuned")
    assert zoo.predict(again, texts[0]) == zoo.predict(tuned, texts[0])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            DIGITS,
            "truncation_side='left' is for texts, and 'mlp-mnist' takes pictures: "
            "leave it out.",
        ),
        (
            "bert-mini",
            "truncation_side='left' is for models that cut a long text off, and "
            "'bert-mini' learns from all of it: leave it out.",
        ),
    ],
)
def test_an_end_to_cut_off_is_for_models_that_cut_texts_off(
    name: str, message: str
) -> None:
    """
    The setting is refused where it would change nothing.
    """
    from zoo.finetuning.preconditions import check

    with pytest.raises(SettingsError) as told:
        check(zoo.get_spec(name), Settings(truncation_side="left"))

    assert str(told.value) == message


def test_an_end_of_another_name() -> None:
    """
    There are two.
    """
    with pytest.raises(SettingsError) as told:
        Settings(truncation_side="start")

    assert str(told.value) == "No truncation_side='start'. There are: right, left."


def test_a_problem_of_the_test_rows_is_said_of_them(tmp_path: Path) -> None:
    """
    Both tables number their rows from one.
    """
    rows = pd.DataFrame({"text": ["good", "bad"] * 8, "label": ["up", "down"] * 8})
    test = pd.DataFrame({"text": ["good", None], "label": ["up", "down"]})

    with pytest.raises(DataError) as caught:
        zoo.finetune("gru-imdb", rows, test=test, target="label")
    assert str(caught.value) == (
        "the table: 1 input can't be read. test rows, row 2: There is no text (nan). "
        "Mend them, or leave them out with skip_unreadable=True (--skip-unreadable)."
    )


def test_a_folder_of_other_things_is_not_overwritten(photos: Path) -> None:
    """
    Before anything is trained.
    """
    with pytest.raises(zoo.ZooError, match="holds other files and no checkpoint"):
        zoo.finetune(DIGITS, photos, photos)


# Pictures of every kind


def test_sixteen_bits_and_cmyk(tmp_path: Path) -> None:
    """
    They are seen as they look, not as a white or a negative picture.
    """
    photos = pictures(tmp_path / "photos", 6)
    plain = finetune_by_name(DIGITS, photos, settings=QUICK)
    for path in sorted((photos / "across").iterdir()):
        deep = Image.open(path).convert("I").point(lambda value: value * 257)
        deep.convert("I;16").save(path)
    for path in sorted((photos / "down").iterdir()):
        Image.open(path).convert("CMYK").save(path.with_suffix(".jpg"), quality=100)
        path.unlink()

    found = finetune_by_name(DIGITS, photos, settings=QUICK)

    assert found.metrics == plain.metrics
    assert same(found.model, plain.model, 0.05)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_huge_picture(tmp_path: Path) -> None:
    """
    108 megapixels are a picture like any other.
    """
    photos = pictures(tmp_path / "photos", 4)
    Image.new("L", (12_000, 9_000)).save(photos / "down" / "huge.png")

    made = finetune_by_name(DIGITS, photos, settings=QUICK)

    assert sum(len(rows) for rows in made.data.parts().values()) == 9


def test_a_decompression_bomb(tmp_path: Path) -> None:
    """
    A small file that says it is far larger than any picture is refused.
    """
    photos = pictures(tmp_path / "photos", 4)
    bomb = photos / "down" / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(bomb)

    told = refused(DataError, DIGITS, photos)

    assert told.startswith(
        f"photos: 1 input can't be read. down/bomb.png: {bomb} is too large: Image "
        "size (400000000 pixels) exceeds limit"
    )


@pytest.mark.parametrize("cache", [True, False])
def test_bfloat16_is_for_training_and_not_for_measuring(cache: bool) -> None:
    """
    The rows that are measured see the model as it will be used, and the receipt says
    in what it was trained.
    """
    how = {"epochs": 3, "head_init": "random", "cache": cache}
    lesson = lesson_rows()
    exact = finetune_model(small(), lesson, Settings(precision="no", **how))
    rounded = finetune_model(small(), lesson, Settings(precision="bf16", **how))

    assert (exact.run.context.precision, rounded.run.context.precision) == (
        "no",
        "bf16",
    )
    assert not torch.equal(exact.output, rounded.output)
    assert torch.allclose(exact.output, rounded.output, atol=0.1)
    measured = predict_examples(rounded.model, rounded.rows)
    assert torch.allclose(measured, rounded.output, atol=1e-5)


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings(precision="fp16")

    assert str(refused.value) == (
        "No precision='fp16'. Did you mean 'bf16'? There are: auto, no, bf16."
    )
