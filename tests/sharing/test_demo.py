"""Pages that run a model, by Gradio, and the files of a Space."""

import gc
import json
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

import zoo
from zoo.cli import main
from zoo.errors import ExportError, MissingExtra
from zoo.sharing import demo as demos
from zoo.sharing.space import write_space
from zoo.tasks import list_tasks

OF_EACH_TASK = {
    "anomaly-detection": "ae-ecg5000",
    "feature-extraction": "tfidf-retriever",
    "fill-mask": "bert-mini",
    "image-classification": "lenet5-mnist",
    "image-segmentation": "unet-pet",
    "image-to-image": "cae-denoise-mnist",
    "image-to-text": "crnn-captcha",
    "keypoint-detection": "posenet-mini",
    "object-detection": "yolo-mini",
    "tabular-classification": "perceptron-iris",
    "tabular-regression": "mlp-california",
    "text-classification": "gru-nsmc",
    "text-generation": "gpt-mini",
    "time-series-forecasting": "rnn-netflix",
    "translation": "attention-eng-fra",
    "unconditional-image-generation": "dcgan-mnist",
}
pytestmark = pytest.mark.filterwarnings("ignore")  # of what Gradio imports


@pytest.fixture
def gradio() -> Iterator[Any]:
    """Yield Gradio; it leaves event loops open, which are collected afterwards."""
    yield pytest.importorskip("gradio", reason="gradio is not installed")
    gc.collect()


def first_example(page: Any) -> list[Any]:
    """Return the values of the first example, as the fields give them on."""
    values = page.examples[0]
    if type(page.input_components[0]).__name__ == "Image":
        with Image.open(values[0]) as picture:
            return [picture.copy()]
    return list(values)


def test_there_is_a_model_of_each_task() -> None:
    """
    A new task is tried here too.
    """
    assert [*OF_EACH_TASK] == list_tasks()
    for task, name in OF_EACH_TASK.items():
        assert zoo.get_spec(name).task == task


@pytest.mark.parametrize("name", OF_EACH_TASK.values())
def test_a_page_of_each_task_answers_its_example(gradio: Any, name: str) -> None:
    """
    Each output of the page gets a value of its kind, the same as `zoo.predict` gives.
    """
    spec, page = zoo.get_spec(name), zoo.demo(name)

    found = page.fn(*first_example(page))

    kinds = [type(one).__name__ for one in page.output_components]
    parts = found if len(kinds) > 1 else [found]
    for kind, part in zip(kinds, parts, strict=True):
        if kind == "Label":
            assert {*part} == {*spec.labels}
        elif kind == "Image":
            assert isinstance(part, Image.Image)
        elif kind == "Gallery":
            assert [type(one) for one in part] == [Image.Image] * 4
        else:
            assert isinstance(part, str)
            assert part
    assert page.title == name
    assert page.description == spec.summary
    assert page.article.startswith(f"\n# {name}\n")


def test_scores_are_those_of_predict(gradio: Any) -> None:
    """
    And the text is how the result prints.
    """
    seven = zoo.example("lenet5-mnist")
    expected: Any = zoo.predict("lenet5-mnist", seven)

    with Image.open(seven) as picture:
        scores, text = zoo.demo("lenet5-mnist").fn(picture)

    assert scores == expected.scores
    assert text == str(expected)


def test_a_seed_draws_the_same(gradio: Any) -> None:
    """
    As many as are asked for, and no more than a page shows.
    """
    page = zoo.demo("dcgan-mnist")

    once, again, many = page.fn(2, 7), page.fn(2, 7), page.fn(900, 7)

    assert [one.tobytes() for one in once] == [one.tobytes() for one in again]
    assert len(many) == demos.MOST_DRAWN


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("stylegan-mini", ["n", "seed", "truncation"]),
        (
            "gpt-mini",
            ["text", "tokens", "temperature", "seed (the same draws the same)"],
        ),
        ("attention-eng-fra", ["text", "beams"]),
        ("bert-mini", ["text"]),
    ],
)
def test_a_page_offers_the_options_of_a_model(
    gradio: Any, name: str, labels: list[str]
) -> None:
    """
    After its input, each with the value that it has by default.
    """
    page = zoo.demo(name)

    assert [one.label for one in page.input_components] == labels
    assert all(len(row) == len(labels) for row in page.examples)


def test_options_are_those_of_python(gradio: Any) -> None:
    """
    A text of so many tokens, from a seed; a picture with its styles near to their mean.
    """
    text = zoo.demo("gpt-mini").fn("ROMEO:", 12, 0.5, 3)
    expected: Any = zoo.predict(
        "gpt-mini", "ROMEO:", max_new_tokens=12, temperature=0.5, seed=3
    )
    assert text == str(expected)

    (drawn,) = zoo.demo("stylegan-mini").fn(1, 5, 0.3)
    (sampled,) = zoo.sample("stylegan-mini", 1, seed=5, truncation=0.3)
    assert drawn.tobytes() == sampled.render().tobytes()


def test_an_empty_option_is_asked_for(gradio: Any) -> None:
    """
    As an empty field of the input is.
    """
    with pytest.raises(gradio.Error, match=r"Fill in every field first\."):
        zoo.demo("gpt-mini").fn("ROMEO:", 12, 0.5, None)


def test_a_text_is_never_a_place(gradio: Any, tmp_path: Path) -> None:
    """
    Whoever reaches the page reads no file of this machine by naming it, and does not
    learn whether it is there.
    """
    secret = tmp_path / "secret"
    secret.write_text("the goal of the match", encoding="utf-8")
    page = zoo.demo("tfidf-retriever")
    named = page.fn(str(secret))

    secret.unlink()

    assert page.fn(str(secret)) == named


def test_an_empty_field_is_an_error_of_the_page(gradio: Any) -> None:
    """
    Of a picture, a text, and one number of a row.
    """
    rows = zoo.demo("perceptron-iris")
    for page, values in (
        (zoo.demo("lenet5-mnist"), [None]),
        (zoo.demo("tfidf-retriever"), [""]),
        (rows, [1.0, None]),
    ):
        with pytest.raises(gradio.Error) as caught:
            page.fn(*values)
        assert caught.value.message == "Fill in every field first."


def test_what_a_model_refuses_is_said_on_the_page(gradio: Any) -> None:
    """
    In the words of its error.
    """
    with pytest.raises(gradio.Error) as caught:
        zoo.demo("rnn-netflix").fn([[1.0, 2.0, 3.0]])

    assert "30" in caught.value.message


def test_what_people_give_is_not_kept(gradio: Any) -> None:
    """
    Nothing is flagged, counted elsewhere, or left in the temporary folder.
    """
    page = zoo.demo("xor-mlp")

    assert page.flagging_mode == "never"
    assert page.analytics_enabled is False
    assert page.delete_cache == demos.KEPT


def test_a_loaded_model_and_a_folder_have_pages(gradio: Any, tmp_path: Path) -> None:
    """
    A folder without a card has no article.
    """
    model = zoo.load("xor-mlp")
    folder = zoo.save(model, tmp_path / "mine")

    assert zoo.demo(model).fn(0, 1)[1].startswith("true")
    assert zoo.demo(folder).fn(0, 1)[1].startswith("true")


@pytest.fixture
def started(gradio: Any) -> Iterator[Any]:
    """Yield the page of a model, started on a port of this machine."""
    page = demos.serve("xor-mlp", wait=False)
    yield page
    page.close()


def test_a_started_page_answers_over_http(started: Any) -> None:
    """
    It listens on this machine alone, has no public address, and asks for no fonts.
    """
    assert started.local_url.startswith(f"http://{demos.HOST}:")
    assert started.share_url is None
    address = f"{started.local_url}gradio_api/call/predict"
    given = json.dumps({"data": [0, 1]}).encode()
    head = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, data=given, headers=head)
    with urllib.request.urlopen(request) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{address}/{event}") as answer:
        text = answer.read().decode()
    with urllib.request.urlopen(started.local_url) as answer:
        page = answer.read().decode()

    assert "event: complete" in text
    assert json.loads(text.partition("data: ")[2])[1].startswith("true")
    assert "xor-mlp" in page
    assert "fonts.googleapis.com/css" not in page


def test_without_gradio_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    By its name.
    """
    monkeypatch.setitem(sys.modules, "gradio", None)

    with pytest.raises(MissingExtra) as caught:
        zoo.demo("xor-mlp")

    assert str(caught.value) == (
        "A demo needs the package 'gradio', which is not installed. Run: pip install "
        "gradio"
    )


@pytest.fixture
def known_gradio(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a version of Gradio be known, whether it is installed or not."""
    from zoo.sharing import space

    version = space.version
    monkeypatch.setattr(
        space, "version", lambda name: "6.31.0" if name == "gradio" else version(name)
    )


def test_a_space_is_written(known_gradio: None, tmp_path: Path) -> None:
    """
    A program, an image, pinned packages, and the header that the host reads.
    """
    folder = write_space("gru-nsmc", tmp_path / "space")

    header = (folder / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    assert sorted(one.name for one in folder.iterdir()) == [
        *("Dockerfile", "README.md", "app.py", "requirements.txt")
    ]
    assert yaml.safe_load(header) == {
        "title": "gru-nsmc",
        "short_description": zoo.get_spec("gru-nsmc").summary[:60],
        "sdk": "docker",
        "app_port": 7860,
        "pinned": False,
        "license": zoo.get_spec("gru-nsmc").license.weights,
    }
    assert (folder / "requirements.txt").read_text().splitlines() == [
        "zoo-core[text]==0.1.0",
        "zoo-rnn==0.1.0",
    ]
    program = (folder / "app.py").read_text()
    assert "serve('gru-nsmc', host=\"0.0.0.0\", port=7860)" in program
    compile(program, "app.py", "exec")
    assert "pip install --no-cache-dir --user gradio==6.31.0" in (
        folder / "Dockerfile"
    ).read_text(encoding="utf-8")


def test_a_space_of_a_folder_takes_it_along(known_gradio: None, tmp_path: Path) -> None:
    """
    The program names the copy, which loads.
    """
    mine = zoo.save(zoo.load("xor-mlp"), tmp_path / "mine")

    folder = write_space(mine, tmp_path / "space")

    assert "serve('model', " in (folder / "app.py").read_text()
    assert str(zoo.predict(folder / "model", [0, 1])).startswith("true")


def test_a_folder_in_use_is_left_alone_without_force(
    known_gradio: None, tmp_path: Path
) -> None:
    """
    With it the files of a Space are replaced, and others stay.
    """
    space = tmp_path / "space"
    space.mkdir()
    (space / "notes.txt").write_text("mine")
    (space / "app.py").write_text("old")

    with pytest.raises(ExportError) as caught:
        write_space("xor-mlp", space)

    assert str(caught.value) == (
        f"{space} is there already; nothing was written. Name a new folder, or replace "
        "its files with --force (force=True)."
    )
    assert (space / "app.py").read_text() == "old"
    write_space("xor-mlp", space, force=True)
    assert "xor-mlp" in (space / "app.py").read_text()
    assert (space / "notes.txt").read_text() == "mine"


def test_a_space_without_gradio_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    Its version is the one that was tried here; nothing is written.
    """
    from importlib.metadata import PackageNotFoundError

    from zoo.sharing import space

    version = space.version

    def without(name: str) -> str:
        if name == "gradio":
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(space, "version", without)

    with pytest.raises(MissingExtra) as caught:
        write_space("xor-mlp", tmp_path / "space")

    assert str(caught.value) == (
        "A Space needs the package 'gradio', which is not installed. Run: pip install "
        "gradio"
    )
    assert not (tmp_path / "space").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--force"], "--force replaces the files of --space DIR."),
        (["--space", "s", "--share"], "--space writes files, and starts no page."),
        (["--space", "s", "--port", "1"], "--space writes files, and starts no page."),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Nothing is ignored.
    """
    assert main(["demo", "xor-mlp", *words]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--share"]])
def test_a_page_is_public_only_where_that_was_asked(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whatever Gradio's variables say.
    """
    monkeypatch.setenv("GRADIO_SHARE", "True")
    asked: dict[str, Any] = {}
    monkeypatch.setattr(demos, "serve", lambda name, **given: asked.update(given))

    assert main(["demo", "xor-mlp", *words]) == 0
    assert asked == {"port": None, "share": bool(words)}


def test_the_command_lists_the_files_of_a_space(
    known_gradio: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A line each.
    """
    assert main(["demo", "xor-mlp", "--space", str(tmp_path / "space")]) == 0

    names = [Path(line).name for line in capsys.readouterr().out.splitlines()]
    assert names == ["Dockerfile", "README.md", "app.py", "requirements.txt"]
