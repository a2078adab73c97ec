"""Sweeps over the settings of fine-tuning: what judges them, and what is left alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from stripes import stripes

import zoo
from zoo.cli import main
from zoo.errors import DataError, SettingsError
from zoo.tuning import objective, trials

NAME = "lenet5-mnist"
STRATEGIES = {"freeze": "backbone,none", "epochs": "1", "lr": "1e-6,0.01"}


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Folders of training and test rows; the test rows can't be opened."""
    monkeypatch.chdir(tmp_path)
    stripes(Path("photos") / "train", rows=10)
    test = stripes(Path("photos") / "test", rows=2, seed=1)
    for picture in test.rglob("*.png"):
        picture.write_bytes(b"nobody may open this")
    return "photos"


def test_every_strategy_is_judged_on_the_same_rows(photos: str) -> None:
    """
    With and without epochs: the value is what the model that comes out reaches on rows
    held back once, and a search for the rate tells a good one from a bad one.
    """
    found = zoo.sweep(NAME, "s", settings=STRATEGIES, method="grid", data=photos)

    by = {tuple(t.settings.values()): t for t in found.trials}
    assert by.keys() == {(f, r) for f in ("backbone", "none") for r in (1e-6, 0.01)}
    assert {t.figure for t in found.trials} == {"accuracy"}
    assert {t.epochs for t in found.trials if t.settings["freeze"] == "none"} == {1}
    assert {t.epochs for t in found.trials if t.settings["freeze"] != "none"} == {0}
    plan = found.plan
    held = objective.trial_rows(plan, plan.chosen({})).validation
    assert held is not None
    assert len(held) == 4
    lesson: Any = objective.finetune_trial(
        plan,
        objective.trial_rows(plan, plan.chosen({})),
        plan.chosen(found.best.settings),
        Nobody(),
    )
    assert lesson["accuracy"] == found.best.value


class Nobody:
    """A monitor that looks away."""

    def training_started(self, epochs: int, done: int) -> None: ...

    def step_finished(self, done: int, total: int) -> None: ...

    def epoch_finished(self, row: Any) -> None: ...


def test_test_rows_are_not_opened(photos: str) -> None:
    """
    They are no pictures here, so a trial that read them would fail.
    """
    found = zoo.sweep(NAME, "s", settings=STRATEGIES, method="grid", data=photos)

    assert {trial.state for trial in found.trials} == {"done"}
    assert objective.trial_rows(found.plan, found.plan.chosen({})).test is None


def test_it_ends_with_the_command_that_fine_tunes(
    photos: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The command of the best trial runs as it is printed; the page names the data.
    """
    words = ("--set", "l2_sp=0.001,0.1", "--method", "grid", "--validation", "more")
    stripes(Path("more"), rows=3, seed=3)

    assert main(("sweep", NAME, "--data", photos, "-o", "s", *words)) == 0

    *_, last = capsys.readouterr().out.splitlines()
    best = json.loads(Path("s/sweep.json").read_text())["best"]
    assert last == best
    assert best.startswith(
        "zoo finetune lenet5-mnist photos --validation more --set l2_sp="
    )
    page = Path("s/sweep.md").read_text()
    assert page.startswith("# Sweep of lenet5-mnist on photos\n")


def test_hyperband_ends_lessons_early_too(photos: str) -> None:
    """
    Epochs are reported as those of a recipe are.
    """
    found = zoo.sweep(
        NAME,
        "s",
        settings={"lr": "1e-6..1e-1:log", "freeze": "none", "epochs": "4"},
        method="hyperband",
        trials=6,
        data=photos,
    )

    assert {trial.state for trial in found.trials} <= {"done", "pruned"}
    assert all(1 <= trial.epochs <= 4 for trial in found.trials)


def test_a_sweep_goes_on_where_it_stopped(
    photos: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What was tried is not tried again; other data under the same folder is refused.
    """
    settings = {"lr": "1e-4..1e-1:log", "freeze": "none", "epochs": "1"}
    whole = zoo.sweep(NAME, "a", settings=settings, trials=3, data=photos)
    zoo.sweep(NAME, "b", settings=settings, trials=2, data=photos)

    again = zoo.sweep(NAME, "b", settings=settings, trials=3, data=photos, resume=True)

    assert [t.settings for t in again.trials] == [t.settings for t in whole.trials]
    assert [t.value for t in again.trials] == [t.value for t in whole.trials]
    with pytest.raises(SettingsError) as refused:
        zoo.sweep(NAME, "b", settings=settings, data="other", resume=True)
    assert str(refused.value) == (
        "b was begun with other words (data). Use the same, or choose another folder "
        "(--out)."
    )


@pytest.mark.parametrize(
    ("settings", "options", "problem"),
    [
        (
            {"lr": "0.1,0.2"},
            {"smoke": True},
            "A sweep on data of one's own takes no --smoke. Give few epochs, as in "
            "--set epochs=1, to see it run.",
        ),
        (
            {"val_fraction": "0.1,0.2"},
            {},
            "Setting 'val_fraction' can't be searched: every trial is judged on the "
            "same "
            "validation rows. Give it one value.",
        ),
    ],
    ids=["smoke", "val_fraction"],
)
def test_what_cannot_be_searched(
    photos: str, settings: dict[str, str], options: dict[str, Any], problem: str
) -> None:
    """
    It is told before anything is tried.
    """
    with pytest.raises(SettingsError) as refused:
        zoo.sweep(NAME, "s", settings=settings, data=photos, **options)

    assert str(refused.value) == problem
    assert not Path("s").exists()


def test_a_strategy_that_there_is_not_fails_its_trials(photos: str) -> None:
    """
    The others go on, and it says what there is.
    """
    settings = {"freeze": "none,nothing", "epochs": "1"}

    found = zoo.sweep(NAME, "s", settings=settings, method="grid", data=photos)

    good, bad = found.trials
    assert (good.state, bad.state) == ("done", "failed")
    assert bad.why == (
        "No freeze='nothing'. There are: backbone, gradual, all-but-norm, none, lora."
    )


def test_a_wrong_metric_is_found_before_the_first_trial(
    photos: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The metrics are those of the task, on the rows that judge the trials.
    """
    monkeypatch.setattr("zoo.tuning.sweep._emptied", None)  # would try the trials
    with pytest.raises(SettingsError) as refused:
        zoo.sweep(NAME, "s", settings=STRATEGIES, data=photos, metric="acuracy")

    assert str(refused.value) == (
        "No figure 'acuracy'. Did you mean 'accuracy'? Figures: accuracy, f1."
    )
    assert not Path("s").exists()


def test_the_seed_decides_the_rows_as_in_fine_tuning(photos: str) -> None:
    """
    The best trial is what `zoo.finetune` gives with its settings, validation rows and
    all; where no validation rows are given, the seed itself is not searched.
    """
    stripes(Path("plain"), rows=8, seed=5)
    settings: dict[str, Any] = {"l2_sp": "0.001,0.1", "seed": 3}
    found = zoo.sweep(NAME, "s", settings=settings, method="grid", data="plain")
    chosen = found.plan.chosen({**found.best.settings, "seed": 3})
    zoo.finetune(NAME, "plain", "own", seed=3, l2_sp=found.best.settings["l2_sp"])
    receipt = json.loads(Path("own/run.json").read_text())
    with pytest.raises(SettingsError) as refused:
        zoo.sweep(NAME, "t", settings={"seed": "1,2"}, data="plain")

    rows = objective.trial_rows(found.plan, chosen)
    validation = rows.parts()["validation"]
    assert receipt["data"]["plain/validation"]["fingerprint"] == (
        validation.fingerprint()
    )
    (accuracy,) = (m["value"] for m in receipt["metrics"] if m["name"] == "accuracy")
    assert accuracy == found.best.value
    assert str(refused.value) == (
        "Setting 'seed' can't be searched: it decides which rows are held back, and "
        "every trial is judged on the same validation rows. Give it one value, or "
        "validation rows."
    )


def test_data_that_is_not_there(photos: str) -> None:
    """
    The folder is left free for the next try.
    """
    with pytest.raises(DataError) as refused:
        zoo.sweep(NAME, "s", settings={"lr": "0.1,0.2"}, data="nowhere")

    assert str(refused.value).startswith("'nowhere' is no folder, no file and no ")
    assert not (Path("s") / trials.JOURNAL).exists()


def test_a_recipe_is_not_trained_with_such_a_sweep(photos: str) -> None:
    """
    The message has the command to run instead.
    """
    found = zoo.sweep(
        NAME, "s", settings={"l2_sp": "0.1,0.2"}, method="grid", data=photos
    )

    with pytest.raises(SettingsError) as refused:
        zoo.train(NAME, "run", sweep="s")

    assert str(refused.value) == (
        "s holds a sweep of fine-tuning, not of the recipe. Run the command it ended "
        f"with: {found.command}"
    )
