"""Sweeps: what is tried, how it is compared, and that nothing is tried twice."""

import csv
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from ad_hoc import NAME, Settings, pairs, recipe, train

import zoo
from zoo import Run
from zoo.cli import main
from zoo.errors import Diverged, MissingExtra, SettingsError, TrainingError
from zoo.evaluation.metric_selection import best_row, selection_metric, signed_score
from zoo.models.loading import find
from zoo.training.logged_metrics import LoggedMetrics, check_metric, logged_metrics
from zoo.tuning import sweep, trials
from zoo.tuning.sweep import Sweep
from zoo.tuning.trials import JOURNAL, Trial

__all__ = ["recipe"]

Recipe = Callable[..., None]
RANGE = {"rate": "0..1", "size": "1,2"}


def timeless(found: Sweep) -> list[dict[str, Any]]:
    return [asdict(trial) | {"seconds": 0.0} for trial in found.trials]


def test_a_sweep_reads_files_alone(tmp_path: Path) -> None:
    """
    Its processes can't be given what is in memory; nothing is written.
    """
    with pytest.raises(SettingsError) as caught:
        zoo.sweep(
            "mlp-breast-cancer", tmp_path / "out", settings={}, data=pd.DataFrame()
        )

    assert str(caught.value) == (
        "The processes of a sweep read its data themselves: write the DataFrame to a "
        "file, and give its path."
    )
    assert not (tmp_path / "out").exists()


def test_a_grid_tries_the_product_once(recipe: Recipe, tmp_path: Path) -> None:
    """
    Every combination has one trial, and the best one comes first.
    """
    settings = {"rate": "0.1,0.3,0.9", "size": [1, 2], "epochs": 3}
    found = zoo.sweep(NAME, tmp_path / "s", settings=settings, method="grid")

    tried = [(row.settings["rate"], row.settings["size"]) for row in found.trials]
    assert sorted(tried) == [(r, s) for r in (0.1, 0.3, 0.9) for s in (1, 2)]
    assert found.best.settings == {"rate": 0.3, "size": 2}
    assert found.best.value == pytest.approx(2.06)
    assert found.best.epochs == 3
    values = [row.value for row in found.trials if row.value is not None]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("method", ["random", "tpe", "hyperband"])
def test_the_seed_decides_what_is_tried(
    recipe: Recipe, tmp_path: Path, method: Any
) -> None:
    """
    The same seed gives the same trials and values, another seed gives others.
    """
    one, same, other = (
        zoo.sweep(
            NAME,
            tmp_path / str(number),
            settings=RANGE | {"epochs": "4"},
            method=method,
            trials=13,
            seed=seed,
        )
        for number, seed in enumerate((0, 0, 1))
    )

    assert timeless(one) == timeless(same)
    assert timeless(one) != timeless(other)
    assert len(one.trials) == 13
    assert all(0 <= row.settings["rate"] <= 1 for row in one.trials)


def test_numbers_with_a_step_have_no_tail(recipe: Recipe, tmp_path: Path) -> None:
    """
    0.1 and twice 0.1 make 0.3, in the trial and in the command.
    """
    space = {"rate": "0.1..0.7:0.1", "size": "1"}
    found = zoo.sweep(NAME, tmp_path / "s", settings=space, method="random", trials=12)

    assert 0.3 in {trial.settings["rate"] for trial in found.trials}
    assert all(len(str(trial.settings["rate"])) == 3 for trial in found.trials)


def test_tpe_learns_from_what_it_saw(recipe: Recipe, tmp_path: Path) -> None:
    """
    After its random beginning it asks nearer to the best place than random does.
    """
    late = {}
    for method in ("random", "tpe"):
        found = sweep.sweep(
            NAME,
            tmp_path / method,
            settings={"rate": "0..1"},
            method=method,  # type: ignore[arg-type]
            trials=30,
        )
        far = [abs(r.settings["rate"] - 0.3) for r in found.trials if r.position >= 15]
        late[method] = sum(far) / len(far)

    assert late["tpe"] < late["random"]


def test_hyperband_ends_hopeless_trials_early(recipe: Recipe, tmp_path: Path) -> None:
    """
    Pruned trials took fewer epochs, rank below finished ones, and save time.
    """
    found = zoo.sweep(
        NAME,
        tmp_path / "s",
        settings={"rate": "0..1", "epochs": "9"},
        method="hyperband",
        trials=20,
    )
    states = [row.state for row in found.trials]

    assert states == sorted(states)  # "done" before "pruned"
    assert states.count("pruned") >= 5
    assert all(r.epochs < 9 for r in found.trials if r.state == "pruned")
    assert all(r.epochs == 9 for r in found.trials if r.state == "done")


def test_each_trial_is_a_fresh_run(recipe: Recipe, tmp_path: Path) -> None:
    """
    Equal settings measure the same in any trial: nothing leaks from one to the next.
    """
    drawn = []

    def draws(settings: Settings, run: Run) -> Any:
        model = run.build()
        drawn.append((run.seed, float(model.output.weight[0, 0].item())))
        for _ in run.epochs(1):
            run.log({"accuracy": 1.0}, best="accuracy")
        return model

    recipe(train=draws)
    zoo.sweep(NAME, tmp_path / "s", settings={"size": "1,2", "seed": 7}, method="grid")

    assert drawn[0] == drawn[1]
    assert drawn[0][0] == 7


def test_a_diverged_trial_is_a_failed_one(recipe: Recipe, tmp_path: Path) -> None:
    """
    The sweep goes on; the table says which failed, and the page says why.
    """

    def wild(settings: Settings, run: Run) -> Any:
        if settings.rate > 0.5:
            raise Diverged(float("nan"), 1)
        return train(settings, run)

    recipe(train=wild)
    found = zoo.sweep(
        NAME,
        tmp_path / "s",
        settings={"rate": "0.9,0.1", "size": "1,13"},
        method="grid",
    )

    assert [row.state for row in found.trials] == ["done"] + ["failed"] * 3
    whys = {str(row.why).partition(".")[0] for row in found.trials[1:]}
    assert whys == {"The loss became nan in epoch 1", "size=13 brings bad luck"}
    assert "Trial 0 failed: The loss became nan" in (
        tmp_path / "s" / "sweep.md"
    ).read_text(encoding="utf-8")


def test_a_sweep_without_a_finished_trial(recipe: Recipe, tmp_path: Path) -> None:
    """
    There is nothing to recommend; the error passes on what the first one said.
    """
    with pytest.raises(TrainingError) as caught:
        zoo.sweep(
            NAME, tmp_path / "s", settings={"size": 13, "rate": [1, 2]}, method="grid"
        )

    assert str(caught.value) == (
        "None of 2 trials came to an end. Trial 0 said: size=13 brings bad luck."
    )


def test_lower_is_better_for_a_loss(recipe: Recipe, tmp_path: Path) -> None:
    """
    The recipe's own best= says what counts; a loss or an error counts downwards.
    """

    def falling(settings: Settings, run: Run) -> Any:
        model = run.build()
        for epoch in run.epochs(3):
            run.log({"val_loss": settings.size + abs(epoch - 2)}, best="val_loss")
        return run.best(model)

    recipe(train=falling)
    found = zoo.sweep(NAME, tmp_path / "s", settings={"size": "3,1,2"}, method="grid")

    assert [row.value for row in found.trials] == [1.0, 2.0, 3.0]
    assert found.best.figure == "val_loss"


def stopping(after: int) -> Callable[[Trial], None]:
    """Return a listener that stops a sweep as Ctrl+C does."""
    left = [after]

    def told(trial: Trial) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    return told


@pytest.mark.parametrize("method", ["grid", "random", "tpe", "hyperband"])
def test_a_stopped_sweep_goes_on_as_it_would_have(
    recipe: Recipe, tmp_path: Path, method: Any
) -> None:
    """
    What ended is not tried again; what was half done is, with the same settings.
    """
    space = {"rate": "0.1..0.9:0.2", "size": "1,2,3", "epochs": "9"}
    count = None if method == "grid" else 15
    options: dict[str, Any] = {"settings": space, "method": method, "trials": count}
    whole = zoo.sweep(NAME, tmp_path / "whole", **options)
    part = tmp_path / "part"
    with pytest.raises(KeyboardInterrupt):
        zoo.sweep(NAME, part, callback=stopping(12), **options)
    left = trials.create_study(part, whole.plan).ask()  # as a killed process leaves it
    left.report(99.0, step=1)  # what it reported does not count
    with (part / JOURNAL).open("ab") as file:
        file.write(b'{"op_code": 6, "wor')  # and a line that it did not finish
    again: list[Trial] = []
    resumed = zoo.sweep(NAME, part, resume=True, callback=again.append, **options)

    assert timeless(resumed) == timeless(whole)
    assert [row.position for row in again] == [12, 13, 14]


def test_resume_may_raise_the_number_of_trials(recipe: Recipe, tmp_path: Path) -> None:
    """
    The first trials are those that were there; without a number it stays as it was.
    """
    first = zoo.sweep(NAME, tmp_path / "s", settings=RANGE, trials=3)
    more = zoo.sweep(NAME, tmp_path / "s", settings=RANGE, trials=5, resume=True)
    same = zoo.sweep(NAME, tmp_path / "s", settings=RANGE, resume=True)

    assert {t.position: t for t in first.trials}.items() <= {
        t.position: t for t in more.trials
    }.items()
    assert len(more.trials) == 5
    assert more.trials == same.trials


def test_one_sweep_at_a_time(recipe: Recipe, tmp_path: Path) -> None:
    """
    While a sweep goes on, another one in its folder is refused.
    """
    folder, messages = tmp_path / "s", []

    def told(trial: Trial) -> None:
        with pytest.raises(SettingsError) as caught:
            zoo.sweep(NAME, folder, settings=RANGE, trials=2, resume=True)
        messages.append(str(caught.value))

    zoo.sweep(NAME, folder, settings=RANGE, trials=2, callback=told)

    assert messages == 2 * [
        f"Another process works on the sweep in {folder}. Wait until it ends, or "
        "choose another folder (--out)."
    ]


SMALL = ["--smoke", "--set", "iterations=1,2,3,4,5,6", "--metric", "accuracy"]
COMMAND = [sys.executable, "-m", "zoo", "sweep", NAME, "--method", "grid", *SMALL]


def test_a_killed_sweep_goes_on(tmp_path: Path) -> None:
    """
    After kill -9 every point is tried, and each one ended once.
    """
    folder = tmp_path / "s"
    slow = [*COMMAND, "--set", "n_init=400", "--out", str(folder)]
    with subprocess.Popen(slow, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()  # the first trial ended
        os.kill(process.pid, signal.SIGKILL)
    assert not (folder / "sweep.json").exists()
    before = (folder / JOURNAL).read_text().count('"ended"')
    subprocess.run([*slow, "--resume"], check=True, capture_output=True)

    held = json.loads((folder / "sweep.json").read_text())["trials"]
    assert 1 <= before < 6
    assert sorted(row["settings"]["iterations"] for row in held) == [1, 2, 3, 4, 5, 6]
    assert (folder / JOURNAL).read_text().count('"ended"') == 6


def test_two_processes_share_a_sweep(tmp_path: Path) -> None:
    """
    Each point is tried once, by one of them, with the values of a single process.
    """
    settings = {"iterations": "1,2,3,4,5,6"}
    both, one = (
        zoo.sweep(
            NAME,
            tmp_path / str(count),
            settings=settings,
            method="grid",
            metric="accuracy",
            smoke=True,
            processes=count,
        )
        for count in (2, 1)
    )

    assert timeless(both) == timeless(one)
    lines = (tmp_path / "2" / JOURNAL).read_text().splitlines()
    assert sum('"ended"' in line for line in lines) == 6
    assert not list((tmp_path / "2").glob("*.log"))


def test_the_processes_of_a_sweep_run_no_module_of_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A file there that is called as a library is not the library.
    """
    for name in ("optuna", "json", "torch"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w')")
    monkeypatch.chdir(tmp_path)

    zoo.sweep(
        NAME,
        "tried",
        settings={"iterations": [1, 2]},
        method="grid",
        metric="loss",
        smoke=True,
        processes=2,
    )

    assert not (tmp_path / "ran").exists()


def test_a_lock_that_leads_elsewhere(recipe: Recipe, tmp_path: Path) -> None:
    """
    A link in its place is named, and what it leads to is left as it is.
    """
    victim, folder = tmp_path / "victim", tmp_path / "s"
    folder.mkdir()
    (folder / sweep.LOCK).symlink_to(victim)

    with pytest.raises(SettingsError) as caught:
        zoo.sweep(NAME, folder, settings=RANGE, trials=2)

    assert str(caught.value) == (
        f"{folder / sweep.LOCK} can't be opened as the lock of a sweep (Too many "
        "levels of symbolic links). Remove it, or choose another folder (--out)."
    )
    assert not victim.exists()


@pytest.mark.parametrize("name", ["process-0.log", "plan.json", "trial-0"])
def test_a_folder_with_links_is_no_sweep_of_ours(
    name: str, recipe: Recipe, tmp_path: Path
) -> None:
    """
    Whatever the name of the link: what it leads to is left as it is.
    """
    victim, folder = tmp_path / "victim", tmp_path / "s"
    victim.write_text("kept")
    folder.mkdir()
    (folder / name).symlink_to(victim)

    with pytest.raises(SettingsError) as caught:
        zoo.sweep(NAME, folder, settings=RANGE, trials=2, processes=2, resume=True)

    assert str(caught.value) == (
        f"{folder / name} is a link or a pipe, and no sweep writes one. Remove it, or "
        "choose another folder (--out)."
    )
    assert victim.read_text() == "kept"


def test_a_wrong_metric_is_found_before_the_first_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The message has what there is and what comes near; no data is read, no process
    started, and the folder stays free.
    """
    monkeypatch.setattr(sweep, "_emptied", None)  # would try the trials
    monkeypatch.setattr("zoo.datasets.in_memory.load_or_synthetic", None)
    with pytest.raises(SettingsError) as caught:
        zoo.sweep(
            NAME,
            tmp_path / "s",
            settings={"iterations": "1,2"},
            metric="acuracy",
            processes=2,
        )

    assert str(caught.value) == (
        "No figure 'acuracy'. Did you mean 'accuracy'? Figures: loss, accuracy, f1."
    )
    assert not (tmp_path / "s").exists()


def test_a_recipe_that_logs_nothing_has_no_sweep(
    recipe: Recipe, tmp_path: Path
) -> None:
    """
    Also with a metric: there is nothing to compare.
    """
    recipe(train=lambda settings, run: run.build())
    for metric in (None, "accuracy"):
        with pytest.raises(SettingsError) as caught:
            zoo.sweep(NAME, tmp_path / "s", settings=RANGE, metric=metric)

        assert str(caught.value) == (
            f"The recipe of {NAME!r} logs no metric while it trains, so its runs "
            "can't be compared."
        )
    assert not (tmp_path / "s").exists()


def test_what_a_recipe_logs_is_known_by_its_first_row(recipe: Recipe) -> None:
    """
    Fixed settings count, but not those that keep a smoke run brief; a recipe that can't
    train on noise says nothing.
    """
    rows = []

    def train(settings: Settings, run: Run) -> Any:
        for epoch in run.epochs(settings.epochs):
            rows.append(epoch)
            name = "loud" if settings.loud else "quiet"
            run.log({name: epoch}, best=name)
        return run.build()

    spec = find(NAME)
    recipe(train=train, SMOKE_SETTINGS={"epochs": 3})
    quiet = logged_metrics(spec, {"epochs": 100})
    with pytest.raises(SettingsError) as caught:
        check_metric("quiet", spec, {"loud": True})
    recipe(train=lambda settings, run: 1 / 0)

    assert quiet == LoggedMetrics({"epoch": 1.0, "quiet": 1}, "quiet")
    assert rows == [1, 1]
    assert str(caught.value) == "No figure 'quiet'. Figures: loud."
    assert logged_metrics(spec, {}) is None
    check_metric("anything", spec, {})


def _noted(returns_best: bool, returned: list[Any]) -> Any:
    """Return a recipe's `train` that keeps a copy of what it returns."""

    def train(settings: Settings, run: Run) -> Any:
        model = run.build()
        optimizer = torch.optim.SGD(model.parameters(), lr=settings.rate)
        measured = iter([0.1, 0.9, 0.4, 0.6])
        for _ in run.epochs(settings.epochs):
            run.step(model(torch.rand(8, 2)).square().mean(), optimizer)
            row = {"accuracy": next(measured), "f1": torch.rand(1).item()}
            run.log(row, best="accuracy" if returns_best else ())
        if returns_best:
            model = run.best(model)
        returned.append((hash_of(model), run.history))
        return model

    return train


def hash_of(model: torch.nn.Module) -> bytes:
    return b"".join(t.numpy().tobytes() for t in model.state_dict().values())


@pytest.mark.parametrize("returns_best", [True, False])
@pytest.mark.parametrize("metric", ["accuracy", "f1"])
def test_the_best_trial_is_what_training_gives(
    recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    metric: str,
    returns_best: bool,
) -> None:
    """
    The command of a sweep gives the same weights to the byte, and the value of the
    trial is that of their epoch: the best by the recipe, or its last one.
    """
    returned: list[Any] = []
    monkeypatch.setattr("zoo.cards.render.check_prose", lambda spec: "Nothing.")
    recipe(train=_noted(returns_best, returned), data=lambda run, split: pairs())
    settings = {"rate": [0.3, 0.1], "epochs": 4, "seed": 5}
    found = zoo.sweep(
        NAME, tmp_path / "s", settings=settings, method="grid", metric=metric
    )
    tried = returned[found.best.position]
    zoo.train(NAME, tmp_path / "run", sweep=tmp_path / "s", settings={"seed": 5})
    weights, history = returned[-1]

    assert weights == tried[0]
    assert history == tried[1]
    assert found.best.value == history[1 if returns_best else 3][metric]
    assert found.command.startswith(f"zoo train {NAME} --set epochs=4 --set seed=5")


def test_the_journal_is_json(recipe: Recipe, tmp_path: Path) -> None:
    """
    Every line can be read without running any code.
    """
    zoo.sweep(NAME, tmp_path / "s", settings=RANGE, trials=3)

    lines = (tmp_path / "s" / JOURNAL).read_text().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)
    assert lines


def test_what_a_sweep_leaves(recipe: Recipe, tmp_path: Path) -> None:
    """
    The table as Markdown, CSV and JSON, in one order, and a picture.
    """
    folder = tmp_path / "s"
    found = zoo.sweep(NAME, folder, settings=RANGE | {"epochs": 1}, trials=4)
    held = json.loads((folder / "sweep.json").read_text())
    rows = list(csv.DictReader((folder / "trials.csv").read_text("utf-8").splitlines()))

    assert [row["position"] for row in held["trials"]] == [
        int(row["trial"]) for row in rows
    ]
    assert [float(row["value"]) for row in rows] == [t.value for t in found.trials]
    assert "| trial | rate | size | accuracy | epochs | seconds | state |" in (
        folder / "sweep.md"
    ).read_text(encoding="utf-8")
    assert (folder / "sweep.png").read_bytes().startswith(b"\x89PNG")
    assert held["best"] == found.command


def test_the_best_command_says_it_all(recipe: Recipe, tmp_path: Path) -> None:
    """
    Fixed and found settings stand in it to the last digit.
    """
    found = zoo.sweep(NAME, tmp_path / "s", settings=RANGE | {"epochs": 1}, trials=4)

    best_rate, size = found.best.settings["rate"], found.best.settings["size"]
    assert shlex.split(found.command) == [
        *("zoo", "train", NAME, "--set", "epochs=1"),
        *("--set", f"rate={best_rate!r}", "--set", f"size={size}"),
    ]


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"method": "gird"},
        "No method 'gird'. Did you mean 'grid'? Methods: grid, random, tpe, hyperband.",
    ),
    (
        {"method": "grid", "trials": 3, "settings": {"size": "1,2"}},
        "A grid tries each of its 2 points, not 3. Leave --trials out, or draw points "
        "with --method random.",
    ),
    ({"trials": 0}, "A sweep needs at least one trial and one process, not 0 and 1."),
    (
        {"processes": 0},
        "A sweep needs at least one trial and one process, not 20 and 0.",
    ),
    (
        {"settings": {"sise": "1,2"}},
        "No setting 'sise'. Did you mean 'size'? Settings: seed, epochs, rate, size, "
        "loud.",
    ),
    (
        {"metric": "acuracy"},
        "No figure 'acuracy'. Did you mean 'accuracy'? Figures: accuracy.",
    ),
]


@pytest.mark.parametrize(("given", "said"), REFUSED, ids=lambda value: str(value)[:30])
def test_what_is_refused(
    recipe: Recipe, tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    """
    The message says what to change, and the folder stays free.
    """
    options: dict[str, Any] = {"settings": RANGE} | given
    with pytest.raises(SettingsError) as caught:
        zoo.sweep(NAME, tmp_path / "s", **options)

    assert str(caught.value) == said
    assert not (tmp_path / "s" / "plan.json").exists()


def test_a_folder_with_a_sweep_is_not_overwritten(
    recipe: Recipe, tmp_path: Path
) -> None:
    """
    It is gone on with, if the words are the same; otherwise it needs another folder.
    """
    folder = tmp_path / "s"
    zoo.sweep(NAME, folder, settings=RANGE, trials=2)
    with pytest.raises(SettingsError) as again:
        zoo.sweep(NAME, folder, settings=RANGE, trials=2)
    with pytest.raises(SettingsError) as other:
        zoo.sweep(NAME, folder, settings=RANGE, seed=1, method="random", resume=True)

    assert str(again.value) == (
        f"{folder} holds a sweep already. Go on with it (--resume), or choose another "
        "folder (--out)."
    )
    assert str(other.value) == (
        f"{folder} was begun with other words (method, seed). Use the same, or choose "
        "another folder (--out)."
    )


def test_a_recipe_without_a_best_figure(recipe: Recipe, tmp_path: Path) -> None:
    """
    Nothing is guessed: the figures there are stand in the message.
    """

    def mute(settings: Settings, run: Run) -> Any:
        for _ in run.epochs(1):
            run.log({"errors": 1, "accuracy": 0.5})
        return run.build()

    recipe(train=mute)
    with pytest.raises(SettingsError) as caught:
        zoo.sweep(NAME, tmp_path / "s", settings=RANGE)
    found = zoo.sweep(NAME, tmp_path / "s", settings=RANGE, metric="errors", trials=1)

    assert str(caught.value) == (
        "The recipe does not say which figure is the best one; say it with --metric. "
        "Figures: errors, accuracy."
    )
    assert found.best.value == 1


def test_without_optuna(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The error names the extra to install.
    """
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtra) as caught:
        zoo.sweep(NAME, tmp_path / "s", settings=RANGE)

    assert str(caught.value) == (
        "A sweep needs the package 'optuna', which is not installed. Run: pip install "
        "'zoo-core[tune]'"
    )


def test_the_command(
    recipe: Recipe, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Trials are told on stderr while it goes; the table and the command are the answer.
    """
    words = ["sweep", NAME, "--set", "rate=0.1,0.3", "--method", "grid", "--out"]
    status = main([*words, str(tmp_path / "s")])
    said = capsys.readouterr()

    assert status == 0
    assert said.err.splitlines() == [
        "trial 0 rate=0.1 accuracy 0.8200 done",
        "trial 1 rate=0.3 accuracy 1.0200 done",
    ]
    lines = said.out.splitlines()
    assert lines[0].split() == [
        *("trial", "rate", "accuracy", "epochs", "seconds", "state")
    ]
    assert lines[1].split()[:4] == ["1", "0.3", "1.0200", "2"]
    assert lines[-1] == f"zoo train {NAME} --set rate=0.3"

    assert main([*words, str(tmp_path / "t"), "--json"]) == 0
    held = json.loads(capsys.readouterr().out)
    assert held["plan"]["method"] == "grid"


def test_which_way_figures_are_better() -> None:
    """
    The rule is that of Run.log; what is no number is never the best.
    """
    history = [{"epoch": 1.0, "a": float("nan")}, {"epoch": 2.0, "a": 1.0}]

    assert signed_score("val_loss", 2.0) == -2.0
    assert signed_score("errors", 2.0) == -2.0
    assert signed_score("accuracy", 2.0) == 2.0
    assert best_row(history, "a")["epoch"] == 2.0
    assert best_row(history[:1], "a") == {}
    assert selection_metric(None, "a", history[0]) == "a"


@pytest.mark.parametrize(
    ("name", "number"), [("seed", -1), ("seed", 1.5), ("trials", 1.5)]
)
def test_a_number_that_is_none_leaves_no_folder(
    tmp_path: Path, name: str, number: Any
) -> None:
    """
    It is refused before anything is written, so that the folder is free.
    """
    with pytest.raises(SettingsError) as caught:
        zoo.sweep(
            "xor-mlp", tmp_path / "sweep", settings={"lr": "0.1,0.2"}, **{name: number}
        )

    assert str(caught.value) == (
        f"{name}={number} should be a whole number from 0 on, below 2**32."
    )
    assert not (tmp_path / "sweep").exists()


def test_numbers_of_numpy_are_taken(tmp_path: Path) -> None:
    found = zoo.sweep(
        "xor-mlp",
        tmp_path / "sweep",
        settings={"lr": "0.1,0.2"},
        method="random",
        metric="accuracy",
        trials=np.int64(1),
        seed=np.int64(3),
        smoke=True,
    )

    assert len(found.trials) == 1
