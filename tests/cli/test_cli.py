"""The `zoo` command: what it prints where, and with which status it ends."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from PIL import Image

import zoo
from zoo.cli import COMMANDS, doctor, main
from zoo.cli import render as show
from zoo.cli import zoo as command
from zoo.specs import ClassOutput
from zoo.tasks.results.vision import Classification, MultiLabel

FLOWER = '{"sepal_length": 5.0, "petal_length": 1.4}'
GROUND = Image.new("L", (28, 28), 0)


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run the command line in this process."""

    def ran(*arguments: str) -> Ended:
        status = main(arguments)
        return Ended(status, *capsys.readouterr())

    return ran


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder of an untrained model of pictures."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("digits") / "lenet"
    return zoo.save(zoo.build("lenet5-mnist"), folder)


def process(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[bytes]":
    whole = [sys.executable, "-m", "zoo", *arguments]
    return subprocess.run(whole, capture_output=True, check=False, **options)


def names(ended: Ended) -> list[str]:
    return [line.split()[0] for line in ended.out.splitlines()]


# What there is


def test_list(run: Callable[..., Ended]) -> None:
    """
    Every installed model has a line: name, parameters, headline metric, summary.
    """
    ended = run("list")

    assert ended.status == 0
    assert names(ended) == zoo.list_models()
    (iris,) = [line for line in ended.out.splitlines() if "perceptron-iris" in line]
    assert iris.split()[:4] == ["perceptron-iris", "3", "accuracy", "1.0000"]


def test_list_a_pattern(run: Callable[..., Ended]) -> None:
    """
    A pattern or a word narrows the list.
    """
    assert names(run("list", "perceptron-*")) == ["perceptron-gates", "perceptron-iris"]
    assert names(run("list", "setosa")) == ["perceptron-iris"]


def test_list_nothing(run: Callable[..., Ended]) -> None:
    """
    Nothing found is said on stderr, so that a pipe gets no line.
    """
    assert run("list", "no-such-*") == Ended(0, "", "No model meets that.\n")


def test_list_cuts_no_line_in_a_pipe(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Only a terminal has a right edge; grep sees the whole summary.
    """
    monkeypatch.setenv("COLUMNS", "40")

    summaries = [zoo.get_spec(name).summary for name in zoo.list_models()]
    lines = run("list").out.splitlines()
    assert [
        line.endswith(summary) for line, summary in zip(lines, summaries, strict=True)
    ] == [True] * len(lines)


def test_list_as_json(run: Callable[..., Ended]) -> None:
    """
    `--json` gives the specs, with who provides them.
    """
    (iris,) = json.loads(run("list", "perceptron-iris", "--json").out)

    assert iris["name"] == "perceptron-iris"
    assert iris["parameters"] == 3
    assert iris["provided_by"] == "zoo-perceptron"


SEARCHES = [
    (["perceptron-iris"], True),
    (["setosa", "lengths", "perceptron"], True),
    (["setosa", "elephants"], False),
    (["perceptron-iris", "--max-parameters", "3"], True),
    (["perceptron-iris", "--max-parameters", "2"], False),
    (["perceptron-iris", "--max-bytes", "172"], True),
    (["perceptron-iris", "--max-bytes", "171"], False),
    (["perceptron-iris", "--task", "tabular-classification"], True),
    (["perceptron-iris", "--task", "image-classification"], False),
    (["perceptron-iris", "--license", "mit"], True),
    (["perceptron-iris", "--trained-on", "iris"], True),
    (["perceptron-iris", "--trained-on", "mnist"], False),
    (["perceptron-iris", "--metric", "accuracy>=0.9"], True),
    (["perceptron-iris", "--metric", "accuracy<0.9"], False),
]


@pytest.mark.parametrize(("arguments", "found"), SEARCHES, ids=str)
def test_search(run: Callable[..., Ended], arguments: list[str], found: bool) -> None:
    """
    Words and conditions all hold of what is found.
    """
    ended = run("search", *arguments)

    assert ended.status == 0
    assert names(ended) == ["perceptron-iris"] * found


def test_search_for_what_no_model_has(run: Callable[..., Ended]) -> None:
    """
    A condition that nothing can meet is named, with what comes near it.
    """
    near = run("search", "--trained-on", "irsi")
    far = run("search", "--license", "proprietary")

    assert near.err == (
        "No model meets that.\nNo model has --trained-on irsi. Did you mean 'iris'?\n"
    )
    assert "No model has --license proprietary. Known: " in far.err


def test_search_with_a_malformed_condition(run: Callable[..., Ended]) -> None:
    """
    A condition that can't be read is an error.
    """
    assert run("search", "--metric", "accuracy>=1e") == Ended(
        1,
        "",
        "error: metric='accuracy>=1e' should be a name or a condition such as "
        "'accuracy>=0.99'.\n",
    )


def test_info(run: Callable[..., Ended]) -> None:
    """
    What is known before loading stands in named lines.
    """
    lines = run("info", "perceptron-iris").out.splitlines()

    facts = {line[:13].strip(): line[13:] for line in lines}
    assert facts["parameters"] == "3"
    assert facts["weights"] == "172 bytes, in the plugin"
    assert facts["input"] == "sepal_length 4.3 to 7 cm; petal_length 1 to 5.1 cm"
    assert facts["labels"] == "setosa, versicolor"
    assert facts["metrics"].startswith("accuracy 1.0000 on iris test (nearest class")


def test_info_as_json(run: Callable[..., Ended]) -> None:
    """
    `--json` gives the whole spec.
    """
    found = json.loads(run("info", "perceptron-iris", "--json").out)

    assert found["license"] == {"code": "mit", "weights": "mit", "data": "cc-by-4.0"}


def test_an_unknown_model(run: Callable[..., Ended]) -> None:
    """
    An error is one line on stderr, with status 1, whichever command met it.
    """
    start = "error: No model named 'perceptron-irs'. Did you mean 'perceptron-iris'"

    for name in ("info", "card", "predict", "train"):
        ended = run(name, "perceptron-irs", *[FLOWER] * (name == "predict"))

        assert (ended.status, ended.out) == (1, "")
        assert ended.err.startswith(start)
        assert ended.err.count("\n") == 1


def test_card(run: Callable[..., Ended]) -> None:
    """
    The card is printed as it stands on the Hub.
    """
    ended = run("card", "perceptron-iris")

    assert ended == Ended(0, zoo.card("perceptron-iris"), "")


def test_doctor(run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A sound environment has no problems; plugins and packages are listed.
    """
    monkeypatch.delenv("ZOO_DATA", raising=False)

    ended = run("doctor")

    assert (ended.status, ended.err) == (0, "")
    assert re.search(r"zoo-perceptron 0\.1\.0: \d+ models, 1 dataset\n", ended.out)
    assert "zoo-datasets 0.1.0: 32 datasets\n" in ended.out
    assert ended.out.endswith("no problems\n")


def test_doctor_finds_a_missing_folder(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
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
    ("typed", "offered"),
    [
        (["predict", "lenet5"], ["plain,lenet5-mnist"]),
        (["verif"], ["plain,verify"]),
        (["train", "--sw"], ["plain,--sweep"]),
        (["info", "no-such"], ["file,no-such"]),  # it may be a folder
    ],
)
def test_a_shell_completes(typed: list[str], offered: list[str]) -> None:
    """
    Commands, options, models; and where no model begins so, files.
    """
    asked = {
        "_ZOO_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["zoo", *typed]),
        "COMP_CWORD": str(len(typed)),
    }

    done = subprocess.run(
        [sys.executable, "-m", "zoo"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split() == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script(run: Callable[..., Ended], shell: str) -> None:
    """
    It is for the shell that was named, and asks `zoo`.
    """
    ended = run("completion", shell)

    assert ended.status == 0
    assert f"_ZOO_COMPLETE={shell}_complete" in ended.out


@pytest.mark.parametrize(
    ("needed", "here", "told"),
    [
        (
            "torch==2.15.0",
            {"torch": "2.13.0"},
            "torchvision 0.30.0 needs torch==2.15.0, and 2.13.0 is here. Run: pip "
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
    run: Callable[..., Ended],
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


# Prediction


def test_predict_json_rows(run: Callable[..., Ended]) -> None:
    """
    A row as JSON is answered with the label and the scores as bars.
    """
    assert run("predict", "perceptron-iris", FLOWER) == Ended(
        0,
        "setosa (100.00%)\n"
        "  setosa     100.00% ████████████████████████\n"
        "  versicolor   0.00%\n",
        "",
    )


def test_predict_several_rows(run: Callable[..., Ended]) -> None:
    """
    Several rows are answered with a numbered line each.
    """
    ended = run("predict", "perceptron-iris", "[[5.0, 1.4], [6.5, 4.6]]")

    assert ended.out == "1  setosa (100.00%)\n2  versicolor (100.00%)\n"


def test_predict_several_inputs(run: Callable[..., Ended]) -> None:
    """
    Of several inputs, each answer stands under its input.
    """
    ended = run("predict", "perceptron-gates", "[1, 0]", "[[1, 1]]")

    assert ended.out == (
        "[1, 0]:\n"
        "and: no (0.00%), or: yes (100.00%)\n"
        "  or  100.00% ████████████████████████\n"
        "  and   0.00%\n"
        "[[1, 1]]:\n"
        "1  and: yes (100.00%), or: yes (100.00%)\n"
    )


def test_predict_as_json(run: Callable[..., Ended]) -> None:
    """
    `--json` gives the result of one input, a list of several.
    """
    one = json.loads(run("predict", "perceptron-iris", FLOWER, "--json").out)
    two = json.loads(run("predict", "perceptron-iris", FLOWER, FLOWER, "--json").out)

    assert one["label"] == "setosa"
    assert two == [one, one]


def test_predict_the_example(run: Callable[..., Ended]) -> None:
    """
    `--example` tries the model on its own input, and names the file.
    """
    ended = run("predict", "perceptron-iris", "--example")

    path, *lines = ended.out.splitlines()
    assert path == f"{zoo.example('perceptron-iris')}:"
    assert lines == ["1  setosa (100.00%)", "2  versicolor (100.00%)"]


@pytest.mark.parametrize("content", [FLOWER, "sepal_length,petal_length\n5,1.4\n"])
def test_predict_from_stdin(content: str) -> None:
    """
    A hyphen reads JSON, or a file's bytes, from stdin.
    """
    arguments = ["predict", "perceptron-iris", "-"]

    ended = CliRunner().invoke(command, arguments, input=content)

    assert ended.exit_code == 0
    assert "setosa (100.00%)\n" in ended.stdout


def test_predict_a_picture(
    run: Callable[..., Ended], digits: Path, tmp_path: Path
) -> None:
    """
    A picture is drawn in characters, with the answer beside it.
    """
    image = GROUND.copy()
    image.paste(255, (4, 4, 24, 24))
    image.save(tmp_path / "square.png")

    lines = run("predict", str(digits), str(tmp_path / "square.png")).out.splitlines()

    assert sum("█" * 30 in line for line in lines) >= 16
    assert sum("%" in line for line in lines) == 6


def test_predict_a_picture_in_a_narrow_terminal(
    run: Callable[..., Ended],
    digits: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Where there is no room beside it, the answer stands below the picture.
    """
    monkeypatch.setenv("COLUMNS", "60")
    Image.new("L", (28, 28), 90).save(tmp_path / "grey.png")

    lines = run("predict", str(digits), str(tmp_path / "grey.png")).out.splitlines()

    assert lines[-7] == "░" * 48
    assert all(len(line) <= 60 for line in lines)


def test_inverting_is_for_pictures(run: Callable[..., Ended]) -> None:
    """
    An option that a model's task does not know is refused.
    """
    assert run("predict", "perceptron-iris", FLOWER, "--invert") == Ended(
        1,
        "",
        "error: Model 'perceptron-iris': zoo.predict has no option 'invert'. Options: "
        "batch.\n",
    )


def test_predict_a_missing_file(run: Callable[..., Ended]) -> None:
    """
    A file that is not there is an error in one line.
    """
    ended = run("predict", "perceptron-iris", "no such.csv")

    assert (ended.status, ended.out) == (1, "")
    assert ended.err.startswith("error: There is no file 'no such.csv'. The model ")
    assert ended.err.count("\n") == 1


def test_a_warning_is_one_line() -> None:
    """
    A doubt about the input is told on stderr, without file and line of our code.
    """
    ended = process("predict", "perceptron-iris", "[50, 1.4]", "--json")

    assert json.loads(ended.stdout)["label"] == "setosa"
    assert ended.stderr.decode() == (
        "warning: sepal_length = 50 lies far outside the training data (4.3 to 7 cm): "
        "check its unit.\n"
    )


# Training and verification


def test_train(run: Callable[..., Ended], tmp_path: Path) -> None:
    """
    A recipe runs with changed settings, and its folder answers.
    """
    folder = tmp_path / "iris"

    ended = run("train", "perceptron-iris", "-o", str(folder), "--smoke", "--seed", "7")

    assert ended.status == 0
    first, *_, last = ended.out.splitlines()
    assert first.startswith("accuracy 0.5000 on iris test")
    assert last.startswith(f"{folder} (")
    assert json.loads((folder / "run.json").read_text())["settings"]["seed"] == 7
    assert run("predict", str(folder), FLOWER).status == 0


@pytest.mark.parametrize(
    ("arguments", "status", "problem"),
    [
        (["--set", "epoch=3"], 1, "No setting 'epoch'. Did you mean 'epochs'? "),
        (["--set", "epochs=many"], 1, "Setting 'epochs': 'many' should be a whole "),
        (["--set", "epochs"], 1, "'epochs' should be KEY=VALUE, such as lr=0.001."),
        (["--device", "toaster"], 2, "Device 'toaster' can't be used: Expected one "),
        (["--seed", "x"], 2, "Invalid value for '--seed': 'x' is not a valid int"),
    ],
    ids=["unknown", "type", "word", "device", "seed"],
)
def test_train_with_a_wrong_option(
    run: Callable[..., Ended],
    arguments: list[str],
    status: int,
    problem: str,
    tmp_path: Path,
) -> None:
    """
    A setting that can't be meant stops a run before it begins.
    """
    folder = tmp_path / "run"

    ended = run("train", "perceptron-iris", "-o", str(folder), *arguments)

    assert (ended.status, ended.out) == (status, "")
    assert ended.err.startswith(f"error: {problem}")
    assert not folder.exists()


def test_train_into_a_folder_of_others(
    run: Callable[..., Ended], tmp_path: Path
) -> None:
    """
    A folder with other files in it is left alone.
    """
    (tmp_path / "thesis.tex").touch()

    ended = run("train", "perceptron-iris", "-o", str(tmp_path), "--smoke")

    assert ended.status == 1
    assert "holds other files and no checkpoint; nothing was written" in ended.err


def test_verify(run: Callable[..., Ended]) -> None:
    """
    A sound model is hashed, loaded and replayed, and the status is 0.
    """
    ended = run("verify", "perceptron-iris", "--metric")

    first, *measured = ended.out.splitlines()
    assert ended.status == 0
    assert first.startswith("ok   perceptron-iris: 2 tensors, SHA-256 ")
    assert "..., golden matches, 0 apart (tolerance 0.0001)" in first
    assert measured[0] == (
        "     accuracy on iris test: 1.0000 = 1.0000 (tolerance 1e-06)"
    )


def test_verify_goes_on_after_a_broken_model(
    run: Callable[..., Ended], tmp_path: Path
) -> None:
    """
    One model that does not load is told, and the others are still looked at.
    """
    folder = zoo.save(zoo.load("perceptron-iris"), tmp_path / "iris")
    (folder / "model.safetensors").write_bytes(b"x" * 172)

    ended = run("verify", str(folder), "perceptron-iris")
    plain = run("verify", str(folder), "perceptron-iris", "--json")

    assert ended.status == plain.status == 1
    assert ended.err.startswith(f"error: {folder}/model.safetensors has SHA-256 ")
    assert ended.out.startswith("ok   perceptron-iris: ")
    assert [one["passed"] for one in json.loads(plain.out)] == [False, True]


# The frame


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["lst"], "No command 'lst'. Did you mean 'list'? See 'zoo --help'."),
        (["frobnicate"], "No command 'frobnicate'. See 'zoo --help'."),
        (["list", "--frob"], "No such option '--frob'. See 'zoo list --help'."),
        (["info"], "Missing argument 'NAME'. See 'zoo info --help'."),
        (
            ["predict", "perceptron-iris"],
            "Give an input, or --example to try the model's own. See 'zoo predict "
            "--help'.",
        ),
        (
            ["predict", "perceptron-iris", "[5,"],
            "'[5,' is not JSON (Expecting value: line 1 column 4 (char 3)). See 'zoo "
            "predict --help'.",
        ),
    ],
    ids=["near", "far", "option", "argument", "input", "JSON"],
)
def test_a_wrong_call(
    run: Callable[..., Ended], arguments: list[str], problem: str
) -> None:
    """
    A command that can't be meant is one line on stderr too, with status 2.
    """
    assert run(*arguments) == Ended(2, "", f"error: {problem}\n")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]], ids=str)
def test_help(run: Callable[..., Ended], arguments: list[str]) -> None:
    """
    Without a command the help is shown: every command with a line.
    """
    ended = run(*arguments)

    assert (ended.status, ended.err) == (0, "")
    for name in ("list", "info", "predict", "train", "finetune", "evaluate", "verify"):
        assert f"\n  {name} " in ended.out


@pytest.mark.parametrize("command", [*COMMANDS])
def test_help_of_a_command(run: Callable[..., Ended], command: str) -> None:
    """
    Every command explains itself.
    """
    ended = run(command, "--help")

    assert ended.status == 0
    assert ended.out.startswith(f"Usage: zoo {command} ")


def test_the_version(run: Callable[..., Ended]) -> None:
    """
    `--version` is that of the core.
    """
    assert run("--version").out.startswith("zoo, version 0.1")


def test_a_reader_that_goes_away() -> None:
    """
    `zoo card NAME | true` ends in silence: no traceback, no warning.
    """
    reading, writing = os.pipe()
    os.close(reading)

    ended = subprocess.run(
        [sys.executable, "-m", "zoo", "card", "perceptron-iris"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)

    assert ended.stderr == b""


def test_a_narrow_encoding() -> None:
    """
    A terminal that has no block characters gets others, not an error.
    """
    narrow = {**os.environ, "PYTHONIOENCODING": "cp1250"}

    ended = process("predict", "perceptron-iris", FLOWER, env=narrow)

    assert ended.returncode == 0
    assert ended.stdout.startswith(b"setosa (100.00%)")


# Layout


def test_many_labels_are_counted() -> None:
    """
    A thousand labels do not fill the screen.
    """
    output = ClassOutput(labels=tuple(map(str, range(1000))))

    assert output.facts == {
        "labels": "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ... (1,000)"
    }


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (5 << 20, "5.0 MiB")],
)
def test_size(count: int, words: str) -> None:
    """
    Sizes are told in the unit people would use.
    """
    assert show.size(count) == words


def test_labels_align() -> None:
    """
    Scores stand in one column however long the labels are.
    """
    scores = {"a": 0.25, "a very long label, longer than most": 0.75}

    _, *bars = show.result(MultiLabel(labels=(), scores=scores))

    assert [bar.index("%") for bar in bars] == [44, 44]


def test_colours_on_a_terminal_that_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    With 24-bit colours each character is two pixels, in their own colours.
    """
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    image = Image.new("RGB", (1, 2), (1, 2, 3))
    image.putpixel((0, 1), (4, 5, 6))

    assert show.picture(image) == (["\x1b[38;2;1;2;3;48;2;4;5;6m▀\x1b[0m"], 1)


def test_an_empty_picture_is_drawn_as_nothing() -> None:
    """
    A black picture leaves no empty lines before the answer.
    """
    found = Classification(label="a", score=1.0, scores={"a": 1.0}, picture=GROUND)

    lines = list(show.result(found))

    assert [line.strip() for line in lines] == ["a (100.00%)", f"a 100.00% {'█' * 24}"]
