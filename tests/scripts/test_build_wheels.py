"""What a release must not do: ship other weights under an old version."""

import json
import tomllib
from pathlib import Path
from zipfile import ZipFile

import build_wheels
import pytest

ROOT = Path(__file__).resolve().parents[2]


def wheel(folder: Path, version: str, sha256: str, changelog: str) -> Path:
    """Write a wheel of a plugin with one model, and return its folder."""
    folder.mkdir()
    measured = {"models": {"digits": {"weights": {"size": 9, "sha256": sha256}}}}
    with ZipFile(folder / f"zoo_ours-{version}-py3-none-any.whl", "w") as packed:
        packed.writestr("zoo_ours/measured.json", json.dumps(measured))
        packed.writestr("zoo_ours/CHANGELOG.md", changelog)
    return folder


SAID = "## 0.2.0\n\n* `digits`: trained longer.\n"
RAISE = (
    "digits has other weights than in zoo-ours 0.1.0, and this is version 0.1.1: raise "
    "its minor version."
)
SAY = (
    "digits has other weights than in zoo-ours 0.1.0: say so in the plugin's "
    "CHANGELOG.md, in a line that begins with '* `digits`'."
)


@pytest.mark.parametrize(
    ("version", "sha256", "changelog", "faults"),
    [
        ("0.1.1", "aa", "", []),
        ("0.2.0", "bb", SAID, []),
        ("0.1.1", "bb", SAID, [RAISE]),
        ("0.2.0", "bb", "* Faster.", [SAY.replace("0.1.1", "0.2.0")]),
        ("0.1.1", "bb", "", [RAISE, SAY]),
    ],
    ids=["same weights", "all well", "a patch", "unsaid", "both"],
)
def test_new_weights_need_a_minor_version_and_a_line(
    tmp_path: Path, version: str, sha256: str, changelog: str, faults: list[str]
) -> None:
    previous = wheel(tmp_path / "previous", "0.1.0", "aa", "")
    built = wheel(tmp_path / "built", version, sha256, changelog)

    assert list(build_wheels.unversioned(previous, built)) == faults


def test_zoo_models_brings_the_core_and_every_plugin() -> None:
    """
    Each with the bounds of its first minor version, and with `train` where it has that.
    """
    made = {path: project(path) for path in build_wheels.projects()}
    meta = made.pop(build_wheels.META)
    bound = ">=0.1,<0.2"
    wanted = {f"{one['name']}{bound}" for one in made.values()}
    wanted ^= {f"zoo-core{bound}", f"zoo-core[text]{bound}"}
    trained = {
        f"{one['name']}[train]{bound}"
        for one in made.values()
        if "train" in one.get("optional-dependencies", {})
    }

    assert set(meta["dependencies"]) == wanted
    assert set(meta["optional-dependencies"]["train"]) == trained


def test_every_distribution_can_be_shown_on_an_index() -> None:
    """
    A README and the licence lie beside each build file, and a plugin says which core it
    runs on.
    """
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    for folder in build_wheels.projects():
        made = project(folder)
        needs = [one for one in made["dependencies"] if one.startswith("zoo-core")]

        assert (folder / made["readme"]).is_file()
        assert (folder / "LICENSE").read_text(encoding="utf-8") == licence
        assert folder == ROOT or all(one.endswith(">=0.1,<0.2") for one in needs)


def test_a_folder_with_files_is_not_built_into(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old.whl").touch()

    assert build_wheels.main(["-o", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"error: {tmp_path} is not empty; nothing was built.\n"
    )


def project(folder: Path) -> dict:  # type: ignore[type-arg]
    return tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
