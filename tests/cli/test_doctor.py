"""`zoo doctor`: problems of plugins and of the environment."""

import re
from importlib.metadata import PackageNotFoundError

import pytest
from command_line import Run

from zoo.cli import doctor


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
