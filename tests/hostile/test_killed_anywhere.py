"""A process that dies at any file operation: what it wrote is there whole, or not.

Each operation is done in a copy of this process, which is killed as it is about to
open, make, rename or delete a file. Then it is done again, and leaves what it always
leaves.
`ZOO_LONG=40` kills at every place of each; by default at a few.
"""

import faulthandler
import os
import shutil
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from far import NAME, WEIGHTS, Far, far
from small import pictures

import zoo
from zoo.artifacts import checkpoint_folder, hub_download, lockfile, weight_store
from zoo.artifacts.lockfile import Lock
from zoo.cards.render import SECTIONS
from zoo.errors import (
    CheckpointError,
    DataWarning,
    EjectError,
    IntegrityError,
    TrustWarning,
)
from zoo.evaluation import plots
from zoo.plugins import measured

__all__ = ["far"]

TIMES = int(os.environ.get("ZOO_LONG", "1"))
KILLS = 5 * TIMES
PATIENCE = 120  # seconds, after which a copy that waits for ever tells where
NEAR = 1e9  # a pull to the start so strong that no head is searched for
CHANGES = {
    *("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink"),
    *("os.truncate", "os.chmod", "os.utime", "shutil.copyfile", "shutil.rmtree"),
}
OTHER = Lock(name="other", plugin="p", version="1", size=1, sha256="0" * 64)

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork"),
    pytest.mark.filterwarnings("ignore::zoo.errors.TrustWarning"),
]


@dataclass(frozen=True)
class Operation:
    """What is done in a folder, what must hold after it was killed, and its cost."""

    do: Callable[[Path], object]
    check: Callable[[Path], object]
    prepare: Callable[[Path], object] = lambda place: None
    again: Callable[[Path], object] | None = None  # by default as before
    brief: int = 5  # kills by default: some operations are slow


def trained(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    return zoo.build("xor-mlp")


def loads(place: Path, name: str, *, absent: bool = True) -> None:
    """Check that a folder is whole, or not there at all."""
    folder = place / name
    if absent and not (folder / "config.json").exists():
        assert not (folder / "model.safetensors").exists()
        return
    assert zoo.load(folder, verify="always").zoo.report is not None


def unless_there(do: Callable[[Path], object]) -> Callable[[Path], object]:
    """Do it, unless it was done before the process died."""

    def again(place: Path) -> None:
        with suppress(CheckpointError, EjectError):
            do(place)

    return again


def same_locks(place: Path) -> None:
    held = lockfile.read(place / "zoo.lock")
    assert held["other"] == OTHER
    assert {*held} <= {"other", NAME}


def whole_bundle(place: Path) -> None:
    if (place / "zoo.tar").exists():
        zoo.unbundle(place / "zoo.tar", store=place.parent / "checked")


def train(place: Path) -> object:
    return zoo.train("xor-mlp", place / "run", smoke=True)


def sweep(place: Path) -> object:
    return zoo.sweep(
        "xor-mlp",
        place / "sweep",
        settings={"iterations": [1, 2]},
        method="grid",
        metric="loss",
        smoke=True,
        resume=True,
    )


def finetune(place: Path) -> object:
    return zoo.finetune(
        "mlp-breast-cancer", place / "rows.csv", place / "run", l2_sp=NEAR
    )


def finetune_on_pictures(place: Path) -> object:
    return zoo.finetune("mlp-mnist", place / "photos", place / "run", l2_sp=NEAR)


def resume(place: Path) -> object:
    """Train, and keep the state after every epoch."""
    return zoo.train(
        "xor-mlp", place / "run", smoke=True, resume=True, force=True, keep_every=0
    )


def package(place: Path) -> None:
    """Copy a plugin's package, to ship to, and train once a model to ship."""
    home = weight_store.package_folder("zoo_perceptron")
    shutil.copytree(home, place / "zoo_perceptron")
    if not (better := place.parents[1] / "better").exists():
        zoo.train("xor-mlp", better, comparison=False)


def ship(place: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        home = place / "zoo_perceptron"
        patch.setattr(weight_store, "package_folder", lambda package: home)
        zoo.ship(place.parents[1] / "better")


def shipped(place: Path) -> None:
    """Check that the pin is of the weights, or that these are refused."""
    home = place / "zoo_perceptron"
    pin = measured.read(home / measured.FILE, "perceptron")["xor-mlp"].weights
    assert pin is not None
    folder = home / "checkpoints" / "xor-mlp"
    zoo.load(folder, verify="always")
    with suppress(IntegrityError):
        weight_store.obtain("xor-mlp", pin, package=folder, blame="", verify="always")
        assert checkpoint_folder.weights_pin(folder).sha256 == pin.sha256


def measure(place: Path) -> None:
    prose = "".join(f"## {section}\n\nText.\n" for section in SECTIONS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo.cards.render.check_prose", lambda spec: prose)
        zoo.measure(place / "run")


def imported(place: Path) -> None:
    """Copy weights that were once imported."""
    own = place.parents[1] / "own"
    if not own.exists():
        torch.save(trained(0).state_dict(), theirs := place.parents[1] / "theirs.pth")
        build = zoo.get_spec("xor-mlp").build
        zoo.import_weights(theirs, own, build=build, model="xor-mlp")
    shutil.copytree(own, place / "run")


def is_bundle(place: Path) -> None:
    """Copy a bundle that was once made."""
    if not (tar := place.parents[1] / "z.tar").exists():
        zoo.bundle(NAME, "xor-mlp", out=tar)
    shutil.copy(tar, place.parent)


def rows(place: Path) -> None:
    """Write rows of a table that a small model can learn from."""
    columns = zoo.get_spec("mlp-breast-cancer").input.required_columns
    torch.manual_seed(0)
    lines = [",".join([*columns, "label"])]
    for number in range(40):
        values = (torch.rand(len(columns)) + number % 2).tolist()
        lines.append(",".join([*map(str, values), ("no", "yes")[number % 2]]))
    (place / "rows.csv").write_text("\n".join(lines))


OPERATIONS = {
    "save": Operation(
        do=lambda place: zoo.save(trained(1), place / "run"),
        prepare=lambda place: zoo.save(trained(0), place / "run"),
        check=lambda place: loads(place, "run", absent=False),
    ),
    "save anew": Operation(
        do=lambda place: zoo.save(trained(1), place / "run"),
        check=lambda place: loads(place, "run"),
    ),
    "train": Operation(
        do=train,
        check=lambda place: loads(place, "run"),
        again=unless_there(train),
        brief=2,
    ),
    "resume": Operation(do=resume, check=lambda place: loads(place, "run"), brief=2),
    "finetune": Operation(
        do=finetune,
        prepare=rows,
        check=lambda place: loads(place, "run"),
        again=unless_there(finetune),
        brief=3,
    ),
    "finetune on pictures": Operation(
        do=finetune_on_pictures,
        prepare=lambda place: pictures(place / "photos", 3),
        check=lambda place: loads(place, "run"),
        again=unless_there(finetune_on_pictures),
        brief=2,
    ),
    "sweep": Operation(do=sweep, check=lambda place: None, brief=2),
    "ship": Operation(do=ship, prepare=package, check=shipped, brief=2),
    "measure": Operation(
        do=measure,
        prepare=imported,
        check=lambda place: loads(place, "run", absent=False),
        brief=2,
    ),
    "fetch": Operation(
        do=lambda place: zoo.fetch(NAME),
        check=lambda place: zoo.load(NAME),
    ),
    "lock": Operation(
        do=lambda place: zoo.lock(NAME, path=place / "zoo.lock"),
        prepare=lambda place: lockfile.write(place / "zoo.lock", [OTHER]),
        check=same_locks,
    ),
    "bundle": Operation(
        do=lambda place: zoo.bundle(NAME, "xor-mlp", out=place / "zoo.tar"),
        check=whole_bundle,
    ),
    "unbundle": Operation(
        do=lambda place: zoo.unbundle(place.parent / "z.tar", store=place / "store"),
        prepare=is_bundle,
        check=lambda place: None,
    ),
    "eject": Operation(
        do=lambda place: zoo.eject("xor-mlp", place / "mine"),
        check=lambda place: loads(place, "mine"),
        again=unless_there(lambda place: zoo.eject("xor-mlp", place / "mine")),
    ),
}


def in_a_copy(do: Callable[[Path], object], place: Path, kill_at: int) -> int:
    """Do something in a copy of this process; return its number of file operations.

    It is killed at one of them, counted from 1: the number is that one then.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        seen, root = 0, place.parents[1]

        def hear(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal seen
            ours = event == "open" and str(arguments[0]).startswith(str(root))
            if event in CHANGES or ours:
                seen += 1
                if seen == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        status = 1
        faulthandler.dump_traceback_later(PATIENCE, exit=True, file=writing)
        try:
            sys.addaudithook(hear)
            do(place)
            os.write(writing, str(seen).encode())
            status = 0
        except BaseException:  # noqa: BLE001 - told to the process that waits
            os.write(writing, traceback.format_exc()[-3000:].encode())
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as said:
        text = said.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == -signal.SIGKILL:
        return kill_at
    assert status == 0, text
    return int(text)


def tree(place: Path) -> set[str]:
    """Return the paths of all files below a folder."""
    return {str(path.relative_to(place)) for path in place.rglob("*")}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_kill_at_any_file_operation(name: str, far: Far) -> None:
    """
    What was there before, or all that is new; nothing of the dead one stays.
    """
    operation = OPERATIONS[name]
    warnings.simplefilter("ignore", TrustWarning)
    warnings.simplefilter("ignore", DataWarning)  # the rows are drawn

    def drawn(*_: object, **__: object) -> bytes:
        return b"a picture"  # of a library that opens no file of ours

    for plot in ("confusion_matrix", "learning_curves", "misclassified"):
        far.patch.setattr(plots, plot, drawn)
    far.patch.setattr(hub_download, "RESPONSE_TIMEOUT", 60.0)  # a machine may be busy

    def begun(number: int) -> Path:
        place = far.root / f"{name}-{number}" / "place"
        place.mkdir(parents=True)
        far.patch.setenv("ZOO_CACHE", str(place.parent / "cache"))
        with far.on("first"):
            operation.prepare(place)
        return place

    with far.on("warm"):  # what is imported here need not be in each copy
        operation.do(begun(-1))
    place = begun(0)
    with far.on("home-0"):
        count = in_a_copy(operation.do, place, 0)
        operation.check(place)
    expected = tree(place)
    assert expected or name == "fetch"
    kills = KILLS if TIMES > 1 else operation.brief
    places = range(1, count + 1)
    if count > kills:
        places = sorted({1 + n * (count - 1) // (kills - 1) for n in range(kills)})  # type: ignore[assignment]
    for number in places:
        place = begun(number)
        with far.on(f"home-{number}"):
            in_a_copy(operation.do, place, number)
            operation.check(place)
            (operation.again or operation.do)(place)
            operation.check(place)
        assert tree(place) == expected, number
    with far.on(f"home-{number}"):
        (path,) = zoo.fetch(NAME)
    assert path.read_bytes() == WEIGHTS
    sys.stderr.write(f"\n{name}: {len(places)} kills of {count} places\n")
