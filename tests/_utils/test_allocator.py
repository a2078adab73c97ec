"""Only commands change how this process's C library keeps memory."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from small import lesson_rows, pictures, small

import zoo
from zoo._utils.allocator import keep_freed_memory
from zoo.cli import main
from zoo.finetuning.finetune import finetune_model
from zoo.finetuning.strategies import Settings

NAME = "lenet5-mnist"
UNKNOWN = "no-such-model"
COMPUTE = {
    "train": [UNKNOWN],
    "finetune": [UNKNOWN, "photos"],
    "evaluate": [UNKNOWN, "photos"],
    "sweep": [UNKNOWN],
    "crossval": [UNKNOWN],
    "benchmark": [UNKNOWN],
}
DO_NOT = (["list"], ["info", NAME], ["card", NAME], ["predict", NAME, "--example"])

# Whoever looks up a C function by its name is heard here, however that is written. A
# hook can't be taken back, so there is one for the process, silent outside these tests.
_asked: list[str] | None = None


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if _asked is not None and event == "ctypes.dlsym" and arguments[1] == "mallopt":
        _asked.append("mallopt")
        raise OSError("The process that runs the tests keeps its allocator.")


sys.addaudithook(_hear)


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """A list that grows each time that somebody looks for mallopt."""
    global _asked
    _asked = []
    keep_freed_memory.cache_clear()
    yield _asked
    _asked = None
    keep_freed_memory.cache_clear()


@pytest.mark.skipif(sys.platform != "linux", reason="of the GNU C library")
@pytest.mark.parametrize("command", COMPUTE)
def test_a_command_that_computes_keeps_freed_memory(
    command: str, asked: list[str]
) -> None:
    """Before it does anything else: each of these has a process of its own."""
    assert main([command, *COMPUTE[command]]) == 1

    assert asked == ["mallopt"]


@pytest.mark.skipif(sys.platform != "linux", reason="of the GNU C library")
def test_windows_keep_freed_memory(asked: list[str]) -> None:
    """`zoo predict` asks for it where it runs batches, and only there."""
    example = str(zoo.example(NAME))

    assert main(["predict", NAME, example, "--windows", "--by", "pixels"]) == 0

    assert asked == ["mallopt"]


@pytest.mark.parametrize("words", DO_NOT, ids=lambda words: words[0])
def test_other_commands_do_not(words: list[str], asked: list[str]) -> None:
    """Looking something up, or running one input, has nothing to gain."""
    assert main(words) == 0

    assert asked == []


@pytest.mark.slow
def test_functions_leave_the_users_process_alone(
    asked: list[str], tmp_path: Path
) -> None:
    """
    Fine-tuning, features, predictions, evaluating and training from Python: none of
    them looks for mallopt.
    """
    photos = pictures(tmp_path / "photos")
    model = zoo.load(NAME)
    shown = [str(path) for path in sorted(photos.rglob("*.png"))]

    zoo.finetune(NAME, photos, tmp_path / "tuned", val_fraction=0.5)
    zoo.features(model, shown)
    zoo.predict(model, shown * 2)
    zoo.evaluate(zoo.load(tmp_path / "tuned"), photos)
    zoo.train(NAME, tmp_path / "trained", smoke=True)
    finetune_model(small(), lesson_rows(), Settings(freeze="none", epochs=1))

    assert asked == []


def test_memory_is_left_alone_on_request(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """ZOO_MALLOC=0 forbids to change how the C library keeps memory."""
    monkeypatch.setenv("ZOO_MALLOC", "0")

    assert keep_freed_memory() is False

    assert asked == []


@pytest.mark.skipif(sys.platform != "linux", reason="of the GNU C library")
def test_a_library_that_refuses_is_no_error(asked: list[str]) -> None:
    """Where mallopt can't be had the command goes on, and knows that it was not set."""
    assert keep_freed_memory() is False

    assert asked == ["mallopt"]
