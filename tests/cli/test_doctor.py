"""`zoo doctor`: problems of plugins and of the environment."""

import os
import re
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from command_line import Run

import zoo
from zoo.artifacts import lockfile
from zoo.cli import doctor, main


def test_doctor(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A sound environment has no problems; plugins and packages are listed.
    """
    monkeypatch.delenv("ZOO_DATA", raising=False)

    ended = run("doctor")

    assert (ended.status, ended.err) == (0, "")
    assert re.search(r"zoo-perceptron 0\.1\.0: \d+ models, 1 dataset\n", ended.out)
    assert "zoo-datasets 0.1.0: 46 datasets\n" in ended.out
    assert ended.out.endswith("no problems\n")


def test_doctor_finds_a_missing_folder(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A problem is told on stderr and makes the status 1.
    """
    monkeypatch.setenv("ZOO_DATA", "/no/such/folder")

    ended = run("doctor")

    assert ended.status == 1
    assert ended.err == (
        "problem: ZOO_DATA names /no/such/folder, which does not exist.\n"
    )
    assert ended.out.endswith("\n1 problem\n")


@pytest.mark.parametrize(
    ("needed", "here", "told"),
    [
        (
            "torch==2.15.0",
            {"torch": "2.13.0"},
            "torchvision 0.30.0 needs torch==2.15.0, and 2.13.0 is installed. Run: pip "
            "install --upgrade torchvision torch",
        ),
        (
            "gone>=1",
            {},
            "torchvision 0.30.0 needs gone>=1, and it is not installed. Run: pip "
            "install --upgrade 'gone>=1'",
        ),
        ("torch==2.15.0", {"torch": "2.15.0+cpu"}, ""),
        ("gone>=1; extra == 'all'", {}, ""),
    ],
)
def test_doctor_finds_versions_that_do_not_fit(
    needed: str,
    here: dict[str, str],
    told: str,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Of torchvision, timm and every plugin: what is needed, what is here, what to run.
    """
    versions = {"torchvision": "0.30.0", **here}

    def version(name: str) -> str:
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    monkeypatch.delenv("ZOO_DATA", raising=False)
    monkeypatch.setattr(doctor, "version", version)
    monkeypatch.setattr(doctor, "requires", {"torchvision": [needed]}.get, raising=True)

    ended = run("doctor")

    assert ended.err == (f"problem: {told}\n" if told else "")
    assert ended.status == bool(told)


def test_what_this_user_may_not_read_is_named_and_blocks_no_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The lock file of another user's folder, their cache and their store.
    """
    lock, store = tmp_path / "zoo.lock", tmp_path / "store"
    lock.write_text("[[model]]\n")  # it would be refused, if it were read
    store.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZOO_LOCK", raising=False)
    monkeypatch.setenv("ZOO_STORE", str(store))
    monkeypatch.setattr(lockfile, "is_forbidden", lambda _: True)
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: path != store and access(path, mode)
    )

    assert zoo.load("xor-mlp")
    assert main(["doctor"]) == 1

    problems = capsys.readouterr().err
    assert "problem: zoo.lock can't be read, so what it pins does not hold" in problems
    assert "zoo.lock can't be read, so what was trusted on first use is" in problems
    assert f"problem: The store {store} can't be read, so models in it" in problems


def test_doctor_tells_the_devices_and_a_torch_that_is_broken(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    What asks torch is a process of its own, so that the rest is told all the same.
    """
    monkeypatch.delenv("ZOO_DATA", raising=False)
    whole = run("doctor")
    (tmp_path / "torch.py").write_text("raise ImportError('libcudart is missing.')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    broken = run("doctor")

    assert re.search(r"^  devices +(cuda:0 |mps|cpu \()", whole.out, re.MULTILINE)
    assert whole.status == 0
    assert re.search(r"^  devices +unknown$", broken.out, re.MULTILINE)
    assert broken.status == 1
    assert broken.err == (
        "problem: torch can't be used: ImportError: libcudart is missing. Install it "
        "again.\n"
    )
