"""`zoo predict`: inputs and how the results are printed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from command_line import FLOWER, Ended, Run
from PIL import Image

import zoo
from zoo.cli import zoo as command

GROUND = Image.new("L", (28, 28), 0)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder of an untrained model of pictures."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("digits") / "lenet"
    return zoo.save(zoo.build("lenet5-mnist"), folder)


def process(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[bytes]":
    whole = [sys.executable, "-m", "zoo", *arguments]
    return subprocess.run(whole, capture_output=True, check=False, **options)


def test_predict_json_rows(run: Run) -> None:
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


def test_predict_several_rows(run: Run) -> None:
    """
    Several rows are answered with a numbered line each.
    """
    ended = run("predict", "perceptron-iris", "[[5.0, 1.4], [6.5, 4.6]]")

    assert ended.out == "1  setosa (100.00%)\n2  versicolor (100.00%)\n"


def test_predict_several_inputs(run: Run) -> None:
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


def test_predict_as_json(run: Run) -> None:
    """
    `--json` gives the result of one input, a list of several.
    """
    one = json.loads(run("predict", "perceptron-iris", FLOWER, "--json").out)
    two = json.loads(run("predict", "perceptron-iris", FLOWER, FLOWER, "--json").out)

    assert one["label"] == "setosa"
    assert two == [one, one]


def test_predict_the_example(run: Run) -> None:
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


def test_predict_a_picture(run: Run, digits: Path, tmp_path: Path) -> None:
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
    run: Run,
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


def test_inverting_is_for_pictures(run: Run) -> None:
    """
    An option that a model's task does not know is refused.
    """
    assert run("predict", "perceptron-iris", FLOWER, "--invert") == Ended(
        1,
        "",
        "error: Model 'perceptron-iris': zoo.predict has no option 'invert'. Options: "
        "batch_size.\n",
    )


def test_predict_a_missing_file(run: Run) -> None:
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


def test_a_narrow_encoding() -> None:
    """
    A terminal that has no block characters gets others, not an error.
    """
    narrow = {**os.environ, "PYTHONIOENCODING": "cp1250"}

    ended = process("predict", "perceptron-iris", FLOWER, env=narrow)

    assert ended.returncode == 0
    assert ended.stdout.startswith(b"setosa (100.00%)")


# Tables


REVIEWS = "번호,리뷰\n1,정말 재미있다\n2,시간이 아깝다\n"


def test_predict_a_table_of_texts(run: Run, tmp_path: Path) -> None:
    """
    One answer a row; the only column of texts needs no name.
    """
    path = tmp_path / "reviews.csv"
    path.write_text(REVIEWS, encoding="utf-8")

    ended = run("predict", "gru-nsmc", str(path))
    named = run("predict", "gru-nsmc", str(path), "--column", "번호")

    assert (ended.status, ended.err) == (0, "")
    assert [line.split()[:2] for line in ended.out.splitlines()] == [
        ["1", "positive"],
        ["2", "negative"],
    ]
    assert len(named.out.splitlines()) == 2
    assert named.out != ended.out


def test_predict_rows_of_json(run: Run, tmp_path: Path) -> None:
    """
    Lines of JSON and a list in a file are tables, as a CSV file is; --column counts.
    """
    rows = [
        {"번호": "1", "리뷰": "정말 재미있다"},
        {"번호": "2", "리뷰": "시간이 아깝다"},
    ]
    lines, whole = tmp_path / "rows.jsonl", tmp_path / "rows.json"
    lines.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    whole.write_text(json.dumps(rows), encoding="utf-8")
    table = tmp_path / "reviews.csv"
    table.write_text(REVIEWS, encoding="utf-8")

    for options in (["--column", "리뷰"], ["--column", "번호"]):
        expected = run("predict", "gru-nsmc", str(table), *options)
        assert len(expected.out.splitlines()) == 2
        assert run("predict", "gru-nsmc", str(lines), *options) == expected
        assert run("predict", "gru-nsmc", str(whole), *options) == expected


def test_advice_to_a_shell_names_no_python(run: Run, tmp_path: Path) -> None:
    """
    A file that is not there is said to be none, and what a model takes is said without
    types of Python.
    """
    text = run("predict", "gru-nsmc", "no-such.txt")
    table = run("predict", "perceptron-iris", str(tmp_path / "no-such.csv"))

    assert text.err == (
        "error: There is no file 'no-such.txt'. The model expects a text in 'ko', 512 "
        "tokens of it at most.\n"
    )
    assert table.err == (
        f"error: There is no file '{tmp_path}/no-such.csv'. The model expects "
        "sepal_length 4.3 to 7 cm; petal_length 1 to 5.1 cm.\n"
    )


def test_predict_a_table_as_korean_windows_writes_it(run: Run, tmp_path: Path) -> None:
    """
    The message names the encoding, and with it the answers are those of UTF-8.
    """
    path, plain = tmp_path / "korean.csv", tmp_path / "utf-8.csv"
    path.write_text(REVIEWS, encoding="cp949")
    plain.write_text(REVIEWS, encoding="utf-8")

    refused = run("predict", "gru-nsmc", str(path))
    read = run("predict", "gru-nsmc", str(path), "--encoding", "cp949")

    assert refused.status == 1
    assert refused.err.startswith(
        f"error: {path} is not UTF-8 text (byte 0); it looks like cp949: save it as "
        "UTF-8. Or give encoding='cp949' (--encoding cp949). The model expects "
    )
    assert read == run("predict", "gru-nsmc", str(plain))


def test_predict_a_table_of_pictures(run: Run, digits: Path, tmp_path: Path) -> None:
    """
    Paths are beside the table, unless that is meant otherwise; none is drawn.
    """
    (tmp_path / "in").mkdir()
    GROUND.save(tmp_path / "in" / "0.png")
    GROUND.save(tmp_path / "1.png")
    path = tmp_path / "in" / "rows.csv"
    path.write_text("picture\n0.png\n../1.png\n")

    refused = run("predict", str(digits), str(path))
    allowed = run("predict", str(digits), str(path), "--allow-outside")
    drawn = run("predict", str(digits), str(path), "--allow-outside", "--save", "x.png")

    assert refused.status == 1
    assert "names '../1.png', which is not in" in refused.err
    assert len(allowed.out.splitlines()) == 2
    assert drawn.status == 2


# Many inputs, and rows of a file


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Nine small pictures in a folder, and a tenth that is none."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(9):
        Image.new("L", (28, 28), 20 * number).save(folder / f"{number}.png")
    (folder / "9.png").write_bytes(b"no picture")
    return folder


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.filterwarnings("ignore:The background is")
def test_rows_for_a_folder(run: Run, digits: Path, many: Path, tmp_path: Path) -> None:
    """
    One for each input; what can't be read has its error, and is counted at the end.
    """
    out = tmp_path / "answers.jsonl"

    ended = run("predict", digits, many, "-o", out, "--top", 2, "--workers", 0)

    assert ended.status == 0
    assert ended.out == f"10 rows in {out}\n"
    assert ended.err.endswith("warning: 1 of them have an error and no answer\n")
    rows = rows_of(out)
    assert [row["input"] for row in rows] == [f"{many}/{n}.png" for n in range(10)]
    assert list(rows[0]) == ["input", "label", "score", "label_2", "score_2", "error"]
    assert rows[9]["error"].startswith(f"{many}/9.png is not a picture in a format")
    assert rows[0]["score"] == pytest.approx(
        zoo.predict(zoo.load(digits), f"{many}/0.png").score, abs=1e-6
    )


@pytest.mark.filterwarnings("ignore:The background is")
def test_names_that_a_spreadsheet_takes_for_formulas(
    run: Run, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    They are said once, at the end, and written as they are.
    """
    monkeypatch.chdir(tmp_path)
    for name in ("=1+1.png", "@x.png", "a.png"):
        Image.new("L", (28, 28), 20).save(name)
    names = ("=1+1.png", "@x.png", "a.png")

    ended = run("predict", digits, *names, "-o", "a.csv", "--workers", 0)

    assert ended.err.endswith(
        "warning: 2 cells begin with =, +, -, @, a tab or a line end, which a "
        "spreadsheet may take for a formula. Nothing was changed; .parquet and .jsonl "
        "have no formulas\n"
    )
    assert [line.split(",")[0] for line in Path("a.csv").read_text().split()] == [
        "input",
        *names,
    ]
    assert "formula" not in run("predict", digits, *names, "-o", "a.jsonl").err


@pytest.mark.filterwarnings("ignore:The background is")
def test_strict_stops_at_the_first_that_fails(
    run: Run, digits: Path, many: Path, tmp_path: Path
) -> None:
    """
    And the same command goes on when the input is mended.
    """
    out = tmp_path / "answers.csv"
    command = ("predict", digits, many, "-o", out, "--strict", "--batch-size", 4)

    ended = run(*command)

    assert ended.status == 1
    assert f"error: {many}/9.png: {many}/9.png is not a picture in" in ended.err
    assert not out.exists()
    Image.new("L", (28, 28)).save(many / "9.png")
    assert run(*command).status == 0
    assert len(out.read_text().splitlines()) == 11


@pytest.mark.filterwarnings("ignore:The background is")
@pytest.mark.skipif(sys.platform == "win32", reason="names are text there")
def test_a_name_that_is_no_text_is_written_byte_by_byte(
    run: Run, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    In every format, and the same command goes on after it.
    """
    folder = tmp_path / "photos"
    folder.mkdir()
    name = os.fsdecode(b"a\xff.png")
    for each in (name, "b.png"):
        Image.new("L", (28, 28)).save(folder / each)
    monkeypatch.setattr("zoo.cli.answer_rows.ROWS", 1)  # that are written at once
    strict = ("predict", digits, folder, "--strict", "-o")

    for suffix in ("csv", "jsonl", "parquet"):
        out = tmp_path / f"answers.{suffix}"
        (folder / "c.png").write_bytes(b"no picture")
        assert run(*strict, out).status == 1
        Image.new("L", (28, 28)).save(folder / "c.png")
        assert "going on after" in run(*strict, out).err
        assert rb"a\udcff.png" in out.read_bytes().replace(rb"\\", b"\\")


@pytest.mark.filterwarnings("ignore:The background is")
def test_an_interrupted_run_goes_on(
    run: Run, digits: Path, many: Path, tmp_path: Path
) -> None:
    """
    After the rows that are there; not where the inputs have changed.
    """
    out, part = tmp_path / "answers.jsonl", tmp_path / "answers.jsonl.part"
    command = ("predict", digits, many, "-o", out)
    assert run(*command).status == 0
    whole = out.read_bytes()
    settings = {"model": str(digits), "inputs": [str(many)], "top": None}
    sha256 = zoo.load(digits).zoo.report.sha256  # type: ignore[union-attr]
    head = json.dumps(settings | {"sha256": sha256}).encode()
    lines = whole.splitlines(keepends=True)
    out.unlink()
    part.write_bytes(head + b"\n" + b"".join(lines[:4]) + lines[4][:20])

    ended = run(*command)

    assert ended.status == 0
    assert "going on after 4 rows\n" in ended.err
    assert out.read_bytes() == whole
    out.unlink()
    part.write_bytes(head + b"\n" + whole)  # killed before the file was put in place
    last = run(*command)
    assert last.err.endswith("warning: 1 of them have an error and no answer\n")
    assert out.read_bytes() == whole
    out.unlink()
    part.write_bytes(head + b"\n" + b"".join(lines[:4]))
    (many / "1.png").unlink()
    assert run(*command).err.endswith(
        f"error: {part} has '{many}/1.png' in row 2, and there is '{many}/2.png' now: "
        "the inputs have changed. Delete it, or write to another file.\n"
    )


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--strict",), "--top, --strict and --workers are for -o."),
        (("--top", "3"), "--top, --strict and --workers are for -o."),
        (("-o", "a.csv", "--json"), "-o is for inputs, and not with --save or --json."),
    ],
    ids=str,
)
def test_options_of_rows(
    run: Run, digits: Path, many: Path, words: tuple[str, ...], problem: str
) -> None:
    """
    They are not passed over where there are no rows.
    """
    ended = run("predict", digits, many / "1.png", *words)

    assert ended.status == 2
    assert problem in ended.err


def test_a_json_answer_of_a_few_labels(run: Run) -> None:
    """
    The best of them alone.
    """
    ended = run("predict", "perceptron-iris", FLOWER, "--json", "--top", 1)

    assert list(json.loads(ended.out)["scores"]) == ["setosa"]
