"""`zoo check`: a plugin that keeps its promises passes, and each kind of broken one
fails with a message that says what to do."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from zoo.cli import main
from zoo.errors import CheckError
from zoo.testing import CHECKS
from zoo.testing.runner import ADVICE, check
from zoo.testing.trunk_checks import trunk_is_as_declared

PLUGIN = Path(__file__).resolve().parents[2] / "plugins" / "perceptron"
MEANING_OF_TRUNK = " ".join(
    str(trunk_is_as_declared.__doc__).partition("\n\n")[0].split()
)
NAMES = {
    "zoo_perceptron": "zoo_mine",
    "zoo-perceptron": "zoo-mine",
    "perceptron-gates": "mine-gate",
    "perceptron-iris": "mine-iris",
    "logic-gates": "mine-table",
    "neuron-or": "mine-or",
    "xor-mlp": "mine-xor",
    'perceptron = "zoo_mine"': 'mine = "zoo_mine"',
}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A copy of a plugin under other names, found by Python but not by pip."""
    folder = tmp_path / "mine"
    shutil.copytree(
        PLUGIN, folder, ignore=shutil.ignore_patterns("__pycache__", "tests")
    )
    (folder / "zoo_perceptron").rename(folder / "zoo_mine")
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rename(path.with_name(_renamed(path.name)))
    for path in folder.rglob("*"):
        if path.suffix in {".py", ".json", ".md", ".toml"}:
            path.write_text(_renamed(path.read_text()))
    about = folder / "zoo_mine-0.1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: zoo-mine\nVersion: 0.1.0\n"
    )
    (about / "entry_points.txt").write_text("[zoo]\nmine = zoo_mine\n")
    return folder


def _renamed(text: str) -> str:
    for old, new in NAMES.items():
        text = text.replace(old, new)
    return text


def run(folder: Path, *words: str) -> tuple[int, list[str]]:
    """Run `zoo check` where the plugin in `folder` is installed."""
    done = subprocess.run(
        [sys.executable, "-m", "zoo", "check", *words],
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_plugin_that_keeps_its_promises_is_green(mine: Path) -> None:
    """
    By the folder of its source: the plugin's own promises, and those of each model.
    """
    status, said = run(mine, str(mine))

    assert status == 0, said
    told = [line for line in said[:-1] if line[:4] not in ("ok  ", "n/a ")]
    assert all(line.startswith("     not applicable: ") for line in told)
    na = sum(line.startswith("n/a ") for line in said)
    assert len(told) == na
    assert re.fullmatch(rf"(\d+) of \1 checks passed, {na} not applicable", said[-1])
    assert said[said.index("n/a  mine-xor: " + MEANING_OF_TRUNK) + 1] == (
        "     not applicable: it declares no trunk"
    )
    assert sum(line.startswith("ok   mine: ") for line in said) == 3
    assert "ok   mine-xor: The claimed metrics come out again on their data." in said


def heavy(folder: Path) -> None:
    edit(
        folder / "zoo_mine" / "__init__.py",
        "\nfrom zoo import",
        "\nimport torch  # noqa\nfrom zoo import",
    )


def miscounted(folder: Path) -> None:
    path = folder / "zoo_mine" / "__init__.py"
    before, name, after = path.read_text().partition('name="mine-xor"')
    path.write_text(before + name + after.replace("parameters=9", "parameters=10", 1))


def untrue(folder: Path) -> None:
    package = folder / "zoo_mine"
    path = package / "measured.json"
    before, name, after = path.read_text().partition('"mine-xor"')
    path.write_text(before + name + after.replace('"value": 1.0', '"value": 0.9', 1))
    receipt = package / "checkpoints" / "mine-xor" / "run.json"
    edit(receipt, '"value": 1.0', '"value": 0.9')


def other_golden(folder: Path) -> None:
    path = folder / "zoo_mine" / "checkpoints" / "mine-xor" / "golden.safetensors"
    tensors = load_file(path)
    tensors["output"] = tensors["output"] + 0.5
    save_file(tensors, path, metadata={"format": "pt"})


def stuck(folder: Path) -> None:
    path = next((folder / "zoo_mine").glob("*xor_recipe.py"))
    head, sign, rest = path.read_text().partition("def train(")
    first, end, body = rest.partition(":\n")
    path.write_text(f"{head}{sign}{first}{end}    settings.rate\n{body}")


@pytest.mark.parametrize(
    ("break_", "promise", "problem", "advice"),
    [
        (
            miscounted,
            "The spec says how many parameters the model has.",
            "the spec says 10: 9",
            "Write the counted number into parameters=.",
        ),
        (
            untrue,
            "The claimed metrics come out again on their data.",
            "accuracy on mine-table train is 1, and the spec claims 0.9",
            "Claim what is measured: train and ship it again.",
        ),
        (
            other_golden,
            "Shipped weights load strictly, replay their golden, and are not too "
            "large.",
            "the golden differs by 0.5",
            "Ship the run again: 'zoo ship RUN' copies it and writes its pin.",
        ),
        (
            stuck,
            "A smoke run gives a checkpoint that loads, replays, and measures every "
            "claim.",
            "AttributeError: 'Settings' object has no attribute 'rate'",
            "'zoo train NAME --smoke' shows where it stops.",
        ),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_a_broken_model_is_told_what_to_do(
    break_: Callable[[Path], None],
    promise: str,
    problem: str,
    advice: str,
    mine: Path,
) -> None:
    """
    The promise, what is wrong with it, and what to do next, on a line each.
    """
    break_(mine)

    status, said = run(mine, "mine-xor")

    assert status == 1
    start = said.index(f"FAIL mine-xor: {promise}")
    assert said[start + 1].startswith(f"     {problem}")
    assert said[start + 2] == f"     {advice}"


def test_a_heavy_plugin_is_told_what_it_imports(mine: Path) -> None:
    """
    The plugin itself breaks a promise; the advice says where the import belongs.
    """
    heavy(mine)

    status, said = run(mine, "mine", "--no-metric")

    assert status == 1
    start = said.index(
        "FAIL mine: Importing the plugin imports nothing heavy: 'zoo list' imports all "
        "of them."
    )
    assert said[start + 1] == "     importing zoo_mine imports torch, numpy"
    assert said[start + 2] == f"     {ADVICE['metadata_is_light']}"


def test_a_plugin_without_a_licence_is_told_so(mine: Path) -> None:
    """
    A spec without one cannot be made: the plugin is not listed, and the check says why.
    """
    path = mine / "zoo_mine" / "__init__.py"
    path.write_text(re.sub(r"\n +license=.*,", "", path.read_text(), count=1))

    status, said = run(mine, str(mine))

    assert status == 1
    (line,) = said
    assert line.startswith(
        "error: Plugin 'mine': TypeError: ModelSpec.__init__() missing 1 required "
        f"keyword-only argument: 'license' ({path}:"
    )


def test_a_pickle_in_the_package_is_found(mine: Path) -> None:
    """
    Whatever is in it: weights are safetensors.
    """
    (mine / "zoo_mine" / "old.pth").write_bytes(b"")

    status, said = run(mine, "mine", "--no-metric")

    assert status == 1
    assert "     zoo_mine/old.pth may hold a pickle" in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "{folder} holds no plugin: there is no pyproject.toml in it."),
        (
            "[project]\nname = 'a'\n",
            "{folder}/pyproject.toml declares no plugin: it needs the table "
            '[project.entry-points.zoo] with a line such as mine = "zoo_mine".',
        ),
        (
            "[project.entry-points.zoo]\nmissing = 'zoo_missing'\n",
            "The plugin 'missing' is not installed here, so it can't be tried. Run: "
            "pip install -e {folder}",
        ),
    ],
)
def test_a_folder_that_is_no_plugin(
    text: str | None, message: str, tmp_path: Path
) -> None:
    """
    It says what is missing for there to be something to check.
    """
    if text:
        (tmp_path / "pyproject.toml").write_text(text)

    with pytest.raises(CheckError) as told:
        list(check(tmp_path))

    assert str(told.value) == message.format(folder=tmp_path)


def test_a_folder_whose_code_is_not_what_is_installed(tmp_path: Path) -> None:
    """
    One line may name any plugin: the promises of that are no promises of the folder. A
    copy of the same code is as good as the code.
    """
    entry = '[project.entry-points.zoo]\nperceptron = "zoo_perceptron"\n'
    (tmp_path / "pyproject.toml").write_text(entry)
    used = (PLUGIN / "zoo_perceptron").resolve()

    with pytest.raises(CheckError) as caught:
        next(check(tmp_path))

    assert str(caught.value) == (
        f"The plugin 'perceptron' is installed from {used}, and the code in {tmp_path} "
        f"is another: it would not be tried. Run: pip install -e {tmp_path}"
    )
    copy = shutil.copytree(used, tmp_path / "zoo_perceptron")
    assert next(check(tmp_path)).subject == "perceptron"
    (copy / "xor.py").write_text("# another")
    with pytest.raises(CheckError, match="it would not be tried"):
        next(check(tmp_path))


def test_every_promise_has_advice() -> None:
    """
    What to do is said for each check of the kit, and for no other.
    """
    own = {"metadata_is_light", "nothing_is_pickled", "models_are_registered"}
    own |= {"claims_hold_when_measured"}

    assert set(ADVICE) == {one.__name__ for one in CHECKS} | own


def test_the_outcomes_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    """
    With --json, a list of what each promise came to, and nothing else.
    """
    import json

    status = main(["check", "sine-poly3", "--no-metric", "--json"])

    said = json.loads(capsys.readouterr().out)
    assert status == 0
    assert len(said) == len(CHECKS)
    assert {one["state"] for one in said} == {"kept", "not applicable"}
    by_name = {one["promise"]: one for one in said}
    assert by_name["weights_are_what_is_pinned"]["state"] == "kept"
    assert by_name["trunk_is_as_declared"]["problem"] == "it declares no trunk"


def test_a_template_that_is_left_is_said(mine: Path) -> None:
    """
    It breaks nothing, and is not passed over: which sentence, and what to do.
    """
    card = next((mine / "zoo_mine" / "cards").glob("mine-or*"))
    card.write_text(
        card.read_text() + "\nSay what you saw when you looked at its mistakes.\n"
    )

    status, said = run(mine, "mine-or", "--no-metric")

    assert status == 0
    start = next(n for n, line in enumerate(said) if line.startswith("todo mine-or: "))
    assert said[start + 1 : start + 3] == [
        "     placeholder left: a template's text: 'Say what you saw when you looked "
        "at its mistakes.'",
        "     Replace it by what is so of your model.",
    ]
    assert said[-1].endswith(", 1 placeholder left")


def test_no_advice_names_a_script_of_this_repository() -> None:
    """
    An outside plugin has the commands alone.
    """
    assert not [one for one in ADVICE.values() if "scripts/" in one or ".py" in one]
