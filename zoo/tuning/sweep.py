"""Search for a recipe's settings: `zoo.sweep`.

Many trainings, each judged by what it measured on validation rows; the test split is
never read.
"""

import json
import os
import shlex
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import Any

from zoo._utils.atomic_write import write_atomic
from zoo._utils.file_lock import file_lock
from zoo._utils.schema import Malformed, convert, parse_json, read_bytes
from zoo._utils.shown import counted
from zoo.errors import SettingsError, TrainingError, ZooError, near
from zoo.models import loading
from zoo.models.devices import resolve_device
from zoo.training.recipe_file import is_recipe_file
from zoo.tuning import objective, report
from zoo.tuning import trials as _queue
from zoo.tuning.objective import METHODS, Method, SweepPlan
from zoo.tuning.search_space import Space, format_value
from zoo.tuning.trials import JOURNAL, Trial

__all__ = ["Sweep", "join", "sweep"]

Callback = Callable[[Trial], None]
PLAN, LOCK = "plan.json", ".lock"
POLL_SECONDS = 0.1  # seconds between two looks at the journal
TRIALS = 20  # by default, except for a grid


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A finished sweep: its trials, the best first, and the folder of its files."""

    plan: SweepPlan
    folder: Path
    trials: tuple[Trial, ...]
    command: str

    @property
    def best(self) -> Trial:
        """The finished trial with the best value."""
        return self.trials[0]


def sweep(
    name: str,
    folder: str | Path | None = None,
    *,
    settings: Mapping[str, object],
    method: Method = "tpe",
    trials: int | None = None,
    processes: int = 1,
    metric: str | None = None,
    seed: int = 0,
    smoke: bool = False,
    resume: bool = False,
    device: str = "cpu",
    data: str | Path | None = None,
    target: str | None = None,
    column: str | None = None,
    encoding: str | None = None,
    allow_outside: bool = False,
    validation: str | Path | None = None,
    callback: Callback | None = None,
) -> Sweep:
    """Search for settings of the recipe of `name`; write a comparison into a folder.

    `settings` are words such as "1e-4..1e-1:log" and "32,64", or lists of values; a
    single value is the same in every trial. `seed` is that of the search: with it and
    one process, the same trials come again, resumed or not; with several processes,
    what tpe and hyperband see depends on who ends first. `resume` tries what is missing
    in a sweep that was killed, and may raise the number of `trials`. A trial that
    diverges counts as failed. `callback` is called with each finished trial. With
    `data`, as `zoo.finetune` takes it, settings are those of fine-tuning.

    A trial's value is that of the weights which its recipe returns: `zoo.train` with
    the same settings gives the same weights, on the same machine and number of threads.
    With several processes each has its share of the threads. Raises SettingsError,
    before the first trial also where runs can't be compared by `metric`.

    >>> result = zoo.sweep(
    ...     "xor-mlp",
    ...     "tried",
    ...     settings={"lr": [0.1, 0.2]},
    ...     method="grid",
    ...     metric="accuracy",
    ...     smoke=True,
    ... )
    >>> [trial.settings for trial in result.trials]
    [{'lr': 0.2}, {'lr': 0.1}]
    """
    if is_recipe_file(name):
        raise SettingsError(
            f"A sweep searches the settings of an installed recipe, and {name} is a "
            "recipe file. Give the name of a model, or compare runs of 'zoo train "
            f"{name}' with --set."
        )
    for given in (data, validation):
        if given is not None and not isinstance(given, str | os.PathLike):
            raise SettingsError(
                "The processes of a sweep read its data themselves: write the "
                f"{type(given).__name__} to a file, and give its path."
            )
    for what, number in (("seed", seed), ("trials", trials)):
        whole = isinstance(number, Integral) and not isinstance(number, bool)
        if number is not None and not (whole and 0 <= number < 2**32):
            raise SettingsError(
                f"{what}={number!r} should be a whole number from 0 on, below 2**32."
            )
    asked = SweepPlan(
        name=loading.find(name).name,
        settings={key: format_value(value) for key, value in settings.items()},
        method=_method(method),
        trials=TRIALS if trials is None else int(trials),
        seed=int(seed),
        metric=metric,
        smoke=smoke,
        device=str(resolve_device(device)),
        allow_outside=allow_outside,
        **_own(
            data=data,
            target=target,
            column=column,
            encoding=encoding,
            validation=validation,
        ),
    )
    asked = _counted(asked, where := asked.space(), trials)
    if processes < 1 or asked.trials < 1:
        raise SettingsError(
            f"A sweep needs at least one trial and one process, not {asked.trials} and "
            f"{processes}."
        )
    place = Path(folder) if folder else Path("runs") / f"{name}-sweep"
    if not (place / PLAN).exists():  # a sweep that was begun was looked at then
        objective.check_comparable(asked, where)
    with _alone(place) as lock:
        _check_plain(place)
        plan = _begun(asked, place, trials, resume=resume)
        _emptied(place, plan, processes, callback, lock)
        return _finished(place, plan, where)


def _own(**given: str | Path | None) -> dict[str, Any]:
    return {key: None if value is None else str(value) for key, value in given.items()}


@contextmanager
def _alone(target: Path) -> Iterator[int]:
    """Keep other sweeps out of a folder, also while a worker lives on alone."""
    with ExitStack() as held:
        try:
            lock = held.enter_context(file_lock(target / LOCK))
        except BlockingIOError:
            raise SettingsError(
                f"Another process works on the sweep in {target}. Wait until it ends, "
                "or choose another folder (--out)."
            ) from None
        except OSError as exc:
            raise SettingsError(
                f"{exc.filename} can't be opened as the lock of a sweep "
                f"({exc.strerror}). Remove it, or choose another folder (--out)."
            ) from exc
        yield lock


def _check_plain(target: Path) -> None:
    """Refuse a folder that others gave with more in it than folders and files: what is
    written there would be written elsewhere."""
    known = target / f"{JOURNAL}.lock"  # of optuna, which makes and deletes this link
    for home, folders, names in os.walk(target):
        for path in (Path(home, name) for name in (*folders, *names)):
            mode = path.lstat().st_mode
            if path != known and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise SettingsError(
                    f"{path} is a link or a pipe, and no sweep writes one. Remove it, "
                    "or choose another folder (--out)."
                )


def _emptied(
    target: Path, plan: SweepPlan, processes: int, callback: Callback | None, lock: int
) -> None:
    """Fill the queue with what is missing, and work until it is empty."""
    study = _queue.is_complete(target, plan)
    try:
        if processes == 1:
            _queue.run_trials(study, plan, callback)
        else:
            _together(target, plan, processes, callback, lock)
    except ZooError:
        if not _queue.finished_trials(
            study
        ):  # nothing to go on with: leave the folder free
            for name in (PLAN, JOURNAL):
                (target / name).unlink(missing_ok=True)
        raise


def join(folder: str | Path) -> None:
    """Work on a sweep that another process began, until nothing waits there."""
    plan = _plan(Path(folder) / PLAN)
    _queue.run_trials(_queue.create_study(Path(folder), plan), plan)


def _plan(path: Path) -> SweepPlan:
    """Return the plan of a sweep that was begun."""
    try:
        return convert(parse_json(read_bytes(path)), SweepPlan)
    except (OSError, Malformed) as exc:
        raise SettingsError(
            f"{path} is not as a sweep wrote it ({exc}). Delete it and begin again, or "
            "choose another folder (--out)."
        ) from exc


def _method(name: str) -> Any:
    if name in METHODS:
        return name
    hint = f"{near(name, METHODS)}Methods: {', '.join(METHODS)}."
    raise SettingsError(f"No method {name!r}. {hint}")


def _counted(plan: SweepPlan, where: Space, trials: int | None) -> SweepPlan:
    """Return the plan with as many trials as a grid has points."""
    if plan.method != "grid":
        return plan
    count = len(where.grid())
    if trials not in (None, count):
        raise SettingsError(
            f"A grid tries each of its {count} points, not {trials}. Leave --trials "
            "out, or draw points with --method random."
        )
    return replace(plan, trials=count)


def _begun(
    asked: SweepPlan, target: Path, trials: int | None, *, resume: bool
) -> SweepPlan:
    """Return the plan to follow, written down; refuse a folder of another sweep."""
    plan = asked
    if (target / PLAN).exists():
        if not resume:
            raise SettingsError(
                f"{target} holds a sweep already. Go on with it (--resume), or choose "
                "another folder (--out)."
            )
        existing = _plan(target / PLAN)
        if trials is None:
            plan = replace(asked, trials=existing.trials)
        differs = [
            key
            for key, value in asdict(existing).items()
            if key != "trials" and value != getattr(plan, key)
        ]
        if differs:
            raise SettingsError(
                f"{target} was begun with other words ({', '.join(differs)}). Use the "
                "same, or choose another folder (--out)."
            )
        _mend(target / JOURNAL)
    content = json.dumps(asdict(plan), indent=2) + "\n"
    write_atomic(target / PLAN, content.encode())
    return plan


def _mend(journal: Path) -> None:
    """Cut off a last line that a killed process did not finish, and take its locks."""
    for name in (journal.name, _queue.AGAIN):
        for lock in journal.parent.glob(f"{name}.lock*"):
            lock.unlink(missing_ok=True)
    if journal.exists():
        content = journal.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            write_atomic(journal, whole)


def _together(
    target: Path, plan: SweepPlan, processes: int, callback: Callback | None, lock: int
) -> None:
    """Let several processes empty the queue; one that fails stops the others."""
    share = max(1, (os.cpu_count() or 1) // processes)
    surroundings = {"OMP_NUM_THREADS": str(share)} | os.environ
    python = [sys.executable, "-P"]  # no module of the working folder is run
    words = [*python, "-m", "zoo", "sweep", plan.name, "--out", str(target)]
    logs = [target / f"process-{number}.log" for number in range(processes)]
    workers = []
    try:
        for log in logs:
            with log.open("wb") as file:
                workers.append(
                    subprocess.Popen(
                        [*words, "--worker"],
                        env=surroundings,
                        stdin=subprocess.DEVNULL,
                        stdout=file,
                        stderr=file,
                        pass_fds=(lock,) if os.name == "posix" else (),
                    )
                )
        _watch(workers, logs, _queue.create_study(target, plan), callback)
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait()
    for log in logs:
        log.unlink()


def _watch(
    workers: list["subprocess.Popen[bytes]"],
    logs: list[Path],
    study: Any,
    callback: Callback | None,
) -> None:
    reported = {trial.position for trial in _queue.finished_trials(study)}
    going = True
    while going:
        time.sleep(POLL_SECONDS)
        states = [worker.poll() for worker in workers]
        going = None in states
        for trial in _queue.finished_trials(study):
            if trial.position not in reported:
                reported.add(trial.position)
                if callback is not None:
                    callback(trial)
        for state, log in zip(states, logs, strict=True):
            if state:
                output = log.read_text(encoding="utf-8", errors="replace").strip()
                problem = output.rpartition("\n")[2].removeprefix("error: ")
                raise TrainingError(
                    f"A process of the sweep ended with status {state}: {problem}"
                )


def _finished(target: Path, plan: SweepPlan, where: Space) -> Sweep:
    """Write down how the trials compare, and return that."""
    ranked = report.ranked(_queue.finished_trials(_queue.create_study(target, plan)))
    first = ranked[0]
    command = _command(plan, where, first) if first.state == "done" else None
    report.write(target, plan, ranked, where, command)
    if command is None:
        raise TrainingError(
            f"None of {counted(len(ranked), 'trial')} came to an end. Trial "
            f"{first.position} said: {first.why}"
        )
    return Sweep(plan=plan, folder=target, trials=ranked, command=command)


def _command(plan: SweepPlan, where: Space, trial: Trial) -> str:
    """Return the command that trains with the settings of a trial."""
    words = ["zoo", "train", plan.name]
    if plan.data is not None:
        words = ["zoo", "finetune", plan.name, plan.data]
        for option in ("target", "column", "encoding", "validation"):
            value = getattr(plan, option)
            words += [f"--{option}", value] if value is not None else []
        words += ["--allow-outside"] * plan.allow_outside
    for key, setting in (where.fixed | trial.settings).items():
        words += ["--set", f"{key}={setting}"]
    if plan.device != "cpu":
        words += ["--device", plan.device]
    return shlex.join([*words, *["--smoke"] * plan.smoke])
