"""`zoo new`: what it writes keeps every promise, and goes all the way to the Hub."""

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from loopback import Hub, environment

import zoo
from zoo.cli import main
from zoo.errors import StartError
from zoo.plugins.scaffold import KINDS
from zoo.testing import CHECKS

ROOT = Path(__file__).resolve().parents[2]
SLOW = [pytest.mark.slow]  # seconds each


def registered(folder: Path, name: str) -> Path:
    """Let Python find the plugin in a folder, without pip."""
    about = folder / f"zoo_{name.replace('-', '_')}-0.1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: zoo-{name}\nVersion: 0.1.0\n"
    )
    package = f"zoo_{name.replace('-', '_')}"
    (about / "entry_points.txt").write_text(f"[zoo]\n{name} = {package}\n")
    return folder


@pytest.mark.parametrize(
    "like",
    [
        pytest.param(like, marks=[] if like == "image-classification" else SLOW)
        for like in KINDS
    ],
)
def test_every_template_passes_the_check_unedited(like: str, tmp_path: Path) -> None:
    """
    The plugin's promises and its model's, smoke runs included.
    """
    folder = registered(zoo.new_plugin("my-own", tmp_path / "own", like=like), "my-own")

    done = subprocess.run(
        [sys.executable, "-m", "zoo", "check", str(folder)],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    count = len(CHECKS) + 4  # the claims measured again, and three of the plugin's own
    passed, total, na, left = map(int, re.findall(r"\d+", done.stdout.splitlines()[-1]))
    assert passed == total
    assert total + na + left == count
    assert left == 1  # its card and its summary are those of the template


@pytest.mark.parametrize("like", KINDS)
def test_every_template_is_in_the_house_style(like: str, tmp_path: Path) -> None:
    """
    Formatted, without lint, and no placeholder is left.
    """
    folder = zoo.new_plugin("my-own", tmp_path / "own", like=like)

    for words in (["format", "--check"], ["check"]):
        ruff = [sys.executable, "-m", "ruff", *words, "--isolated", "-q", str(folder)]
        subprocess.run(ruff, check=True, cwd=tmp_path)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if "@" in path.name or path.suffix == ".txt"]
    assert not [path for path in files if "@NAME@" in path.read_text()]
    assert (folder / ".github" / "workflows" / "check.yml").is_file()


def venv(home: Path) -> Path:
    """Make an environment that has what the tests have, but for what is new."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    site = next(home.glob("lib/*/site-packages"))
    plugins = [str(path) for path in (ROOT / "plugins").iterdir()]
    outer = [str(ROOT), *plugins, sysconfig.get_path("purelib")]
    (site / "outer.pth").write_text("\n".join(outer) + "\n")
    return home / "bin" / "python"


LOADED = """
import sys, zoo
model = zoo.load(sys.argv[1])
print(model.zoo.spec.name, zoo.verify(sys.argv[1]).passed, type(model).__module__)
"""


def test_from_an_empty_directory_to_a_model_that_others_load(tmp_path: Path) -> None:
    """
    One script writes, installs, checks, trains and publishes; another environment, with
    the plugin and caches of its own, loads what is on the Hub.
    """
    work, (mine, theirs) = (
        tmp_path / "work",
        (venv(tmp_path / name) for name in ("mine", "theirs")),
    )
    work.mkdir()
    pip = [sys.executable, "-m", "pip", "--python"]
    quiet = ["install", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with Hub(tmp_path / "hub") as hub:
        variables = clean | environment(hub, tmp_path / "home")
        words = {"PYTHON": mine, "INSTALL": " ".join([*pip, str(mine), *quiet])}
        caches = {"ZOO_CACHE": str(tmp_path / "cache")}
        subprocess.run(
            ["sh", ROOT / "tests" / "contribute.sh"],
            cwd=work,
            env=variables | caches | {key: str(word) for key, word in words.items()},
            check=True,
            capture_output=True,
        )
        published = json.loads((work / "published.json").read_text())
        subprocess.run([*pip, theirs, *quiet, work / "zoo-sparrow"], check=True)
        their_own = environment(hub, tmp_path / "their home")
        done = subprocess.run(
            [theirs, "-W", "ignore", "-c", LOADED, published["address"]],
            cwd=tmp_path,
            env=clean | their_own | {"ZOO_CACHE": str(tmp_path / "their cache")},
            check=True,
            capture_output=True,
            text=True,
        )

    assert published["repo"] == "alice/sparrow"
    assert done.stdout.split() == ["sparrow", "True", "zoo_sparrow.model"]


def test_the_script_goes_the_way_of_the_guide() -> None:
    """
    Each command of the page on plugins is one that the script runs.
    """
    script = (ROOT / "tests" / "contribute.sh").read_text(encoding="utf-8")
    guide = ROOT / "docs" / "plugins" / "writing.md"
    text = guide.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if re.match("zoo (new|ch|tr|pu)", line)]

    assert len(lines) == 4
    assert all(line.replace("zoo ", "$PYTHON -m zoo ", 1) in script for line in lines)


@pytest.mark.parametrize(
    ("name", "folder", "like", "message"),
    [
        (
            "My_Model",
            "own",
            "generation",
            "'My_Model' is no name for a plugin: take small letters, digits and single "
            "hyphens, and begin with a letter, such as 'my-model'.",
        ),
        (
            "3d",
            "own",
            "generation",
            "'3d' is no name for a plugin: take small letters, digits and single "
            "hyphens, and begin with a letter, such as 'my-model'.",
        ),
        (
            "cnn",
            "own",
            "generation",
            "'cnn' is taken by an installed plugin. Choose another.",
        ),
        (
            "core",
            "own",
            "generation",
            "'core' would be the distribution zoo-core, which is installed: pip would "
            "replace it. Choose another.",
        ),
        (
            "own",
            "own",
            "image-clasification",
            "There is no template 'image-clasification'. Did you mean "
            "'image-classification' or 'text-classification' or "
            "'tabular-classification'?",
        ),
        (
            "own",
            "full",
            "generation",
            "full is there already; nothing was written. Name a new folder.",
        ),
    ],
)
def test_what_cannot_be_begun(
    name: str,
    folder: str,
    like: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Said in one sentence, and nothing is written.
    """
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full", "notes.txt").write_text("mine")

    with pytest.raises(StartError) as told:
        zoo.new_plugin(name, folder, like=like)

    assert str(told.value) == message
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "notes.txt"]


def test_the_command_says_what_to_do_next(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    It writes into zoo-NAME where no folder is named.
    """
    monkeypatch.chdir(tmp_path)

    status = main(["new", "wren", "--like", "tabular-regression"])

    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        "zoo-wren: a plugin with the model 'wren'. Next steps:",
        "  pip install -e 'zoo-wren[test]'",
        "  zoo check zoo-wren",
        "  zoo train wren -o runs/wren",
    ]
