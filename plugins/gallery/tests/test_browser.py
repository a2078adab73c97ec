"""The site in Chromium, opened from a file: what the pages answer is what Python says.

Slow, and skipped without Chromium, Node.js, npm, or the libraries that export.
"""

import csv
import json
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from markupsafe import escape
from PIL import Image
from zoo_gallery.site import build
from zoo_gallery.vendor import cache_folder

import zoo
from zoo.runtime import image_generation

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
TOOLS = ("playwright-core@1.65.1", "axe-core@4.14.1")
DETECTORS = ("yolo-mini", "faster-rcnn-mini", "mask-rcnn-mini")
NAMES = (
    *("lenet5-mnist", "unet-pet", "crnn-digits", "cae-denoise-mnist"),  # pictures
    *DETECTORS,
    *("posenet-mini", "efficientnet-lite0"),
    *("srresnet-face", "colorize-iizuka", "pix2pix-facades"),
    *("perceptron-iris", "sine-poly3", "ae-ecg5000", "rnn-netflix"),  # numbers
    *("vae-mnist", "dcgan-face", "stylegan-mini"),  # sliders
    *("tfidf-clf-20news", "gru-imdb", "gru-nsmc", "gpt-mini", "bert-mini"),  # texts
    *("word2vec-skipgram", "attention-spa-eng", "transformer-mt"),
)
WALKED = ("index", "lenet5-mnist", "gpt-mini", "perceptron-iris")
SEED = 7
KOREAN = "gru-nsmc", "#lang=ko"
MOST_BYTES = 120_000_000  # of the whole site
SOON = 2000  # ms from opening a page of a small model to its first answer
SPANISH = "Tengo mucha hambre."
REVIEW = "A wonderful film, I loved every minute."
ONE = ((0.5, 0.15), (0.5, 0.85))  # a stroke of a pen on the pad

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None or not shutil.which("npm"), reason="no Chromium or no npm"
    ),
]
Answers = dict[str, dict[str, Any]]


def photograph(name: str) -> str:
    """Return the path of the last example of a model."""
    spec = zoo.get_spec(name)
    return str(files(spec.package).joinpath("examples", spec.examples[-1]))


def uses() -> dict[str, dict[str, Any]]:
    """Return what is done on each page after its first answer."""
    seed = {"fill": {"#widget input[type=number]": str(SEED)}, "whole": True}
    return {
        "lenet5-mnist": {"drawn": ONE, "whole": True},
        "cae-denoise-mnist": {"whole": True},
        "efficientnet-lite0": {"dropped": photograph("efficientnet-lite0")},
        "perceptron-iris": {"fill": {"#widget input[name=petal_length]": "4.4"}},
        "ae-ecg5000": {"fill": {"#widget input[type=range]": "1"}},
        "vae-mnist": seed,
        "dcgan-face": seed,
        "stylegan-mini": {"keys": {"#widget .sliders input": "End"}, "whole": True},
        "gru-imdb": {"fill": {"#widget textarea": REVIEW}},
        "gpt-mini": {
            "until": "/^40 /.test(document.getElementById('say').textContent)"
        },
        "attention-spa-eng": {"fill": {"#widget textarea": SPANISH}},
        "word2vec-skipgram": {
            "fill": {"#widget label:nth-of-type(1) input": "coffee"},
            "keys": {"#widget label:nth-of-type(1) input": "Enter"},  # it is changed
        },
    }


def visited(site: Path, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Open pages of a site in Chromium; return what each said."""
    tools = cache_folder() / "npm" / "tools"
    tools.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["npm", "install", "--silent", "--no-save", "--prefix", str(tools), *TOOLS],
        check=True,
    )
    script = Path(__file__).with_name("browser.mjs")
    ended = subprocess.run(
        [
            *("node", str(script), str(tools / "node_modules"), str(CHROMIUM)),
            *(str(site), json.dumps(asked)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(ended.stdout)
    return found


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Build a site, visit its pages once, and return what each said, by its model."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tokenizers")
    made = build(tmp_path_factory.mktemp("browser") / "site", names=NAMES)
    asked = [{"page": "index.html#task=image-classification", "axe": True}]
    asked += [
        {"page": f"pages/{name}/index.html", "axe": True, **uses().get(name, {})}
        for name in NAMES
    ]
    asked += [{"page": "pages/{}/index.html{}".format(*KOREAN), "axe": True}]
    until = {name: use.get("until") for name, use in uses().items()}
    for name in WALKED:
        page = "index.html" if name == "index" else f"pages/{name}/index.html"
        asked.append({"page": page, "walk": True, "until": until.get(name)})
    found = visited(made.folder, asked)
    walks = (f"walk {name}" for name in WALKED)
    return dict(zip(("index", *NAMES, "korean", *walks), found, strict=True))


def wrong_on(page: dict[str, Any]) -> str:
    """Return what is wrong on a page, in words, or nothing."""
    parts = ("problems", "requests", "lost", "faults")
    found = [page[part] for part in parts if page[part]]
    if page["wide"] > 0:
        found.append(f"{page['wide']} pixels too wide")
    return " ".join(map(str, found))


def weight(name: str) -> int:
    """Return the bytes of a model's weights."""
    weights = zoo.get_spec(name).weights
    return weights.size or 0 if weights else 0


def near(page: dict[str, Any], canvas: int, expected: Image.Image, *, by: int) -> None:
    """Check that a canvas shows a picture, but for `by` levels of each channel."""
    shown = page["pictures"][canvas]
    assert (shown["width"], shown["height"]) == expected.size
    pixels = np.asarray(expected.convert("RGB"), dtype=int).reshape(-1, 3)
    apart = np.abs(np.array(shown["pixels"]) - pixels[:: shown["step"]])
    assert apart.max() <= by


def share(text: str) -> float:
    """Return the last percentage of a text, as a share."""
    return float(re.findall(r"([\d.]+)%", text)[-1]) / 100


@pytest.mark.parametrize("name", ["index", *NAMES, "korean"])
def test_a_page_works_and_asks_nothing_of_a_network(
    answers: Answers, name: str
) -> None:
    """
    No message in the console, no request, no lost picture, no serious finding of axe.
    """
    assert wrong_on(answers[name]) == ""


def test_the_state_of_the_catalogue_is_in_its_url(answers: Answers) -> None:
    """
    The page was opened with a task in its URL, and shows its models alone.
    """
    assert answers["index"]["count"] == f"2 of {len(NAMES)} models"


def test_a_page_speaks_korean_where_its_url_says_so(answers: Answers) -> None:
    """
    Also what a widget says, while the model's own labels stay.
    """
    expected: Any = zoo.predict("gru-nsmc", zoo.example("gru-nsmc"))

    assert "밀리초" in answers["korean"]["say"]
    assert answers["korean"]["big"] == answers["gru-nsmc"]["big"] == expected.label
    assert share(answers["gru-nsmc"]["say"]) == pytest.approx(expected.score, abs=1e-4)


def test_a_drawn_digit_is_read_as_in_python(answers: Answers) -> None:
    """
    A stroke of the mouse is a one; its picture, centred, has the same score in Python,
    and the page shows what both convolutions see.
    """
    page = answers["lenet5-mnist"]
    drawn = next(one for one in page["pictures"] if one["width"] == 280)
    _, laid, *layers = page["pictures"]
    pixels = np.array(laid["pixels"], dtype=np.uint8).reshape(280, 280, 3)
    expected: Any = zoo.predict("lenet5-mnist", Image.fromarray(pixels).convert("L"))

    assert drawn["pixels"] != laid["pixels"]
    assert page["big"] == expected.label == "1"
    assert share(page["say"]) == pytest.approx(expected.score, abs=1e-4)
    assert len(layers) == 2


def test_a_photograph_that_is_dropped_is_named_as_in_python(answers: Answers) -> None:
    """
    EfficientNet-Lite0, of a JPEG: its decoders may differ by a level.
    """
    page = answers["efficientnet-lite0"]
    expected: Any = zoo.predict("efficientnet-lite0", photograph("efficientnet-lite0"))

    assert page["big"] == expected.label
    assert share(page["say"]) == pytest.approx(expected.score, abs=0.01)


@pytest.mark.parametrize("name", DETECTORS)
def test_objects_are_found_as_in_python(answers: Answers, name: str) -> None:
    """
    As many, in their order, with their labels and scores: of a JPEG, which a browser
    and Pillow read differently by a level.
    """
    page = answers[name]
    expected: Any = zoo.predict(name, zoo.example(name)).objects

    assert str(len(expected)) in page["big"]
    assert len(expected) > 1
    assert page["names"] == [one.label for one in expected[:10]]
    scores = [share(value) for value in page["values"]]
    assert scores == pytest.approx([one.score for one in expected[:10]], abs=0.03)


def test_points_are_found_as_in_python(answers: Answers) -> None:
    """
    The surest ten, by their names.
    """
    page = answers["posenet-mini"]
    expected: Any = zoo.predict("posenet-mini", zoo.example("posenet-mini")).keypoints
    best = sorted(expected, key=lambda one: -one.score)[:10]

    scores = [share(value) for value in page["values"]]
    assert scores == pytest.approx([one.score for one in best], abs=1e-3)


@pytest.mark.parametrize(
    ("name", "by"),
    [("srresnet-face", 1), ("colorize-iizuka", 8), ("pix2pix-facades", 1)],
)
def test_a_picture_made_of_a_photograph_is_that_of_python(
    answers: Answers, name: str, by: int
) -> None:
    """
    Enlarged, coloured, or made of a label map; of a JPEG, but for some levels.
    """
    expected: Any = zoo.predict(name, zoo.example(name))

    near(answers[name], 1, expected.image, by=by)


def test_a_translation_is_that_of_python(answers: Answers) -> None:
    """
    Of a text that was typed: the same words and score, and the attention beside it; of
    a Transformer, that of its example.
    """
    given = {
        "attention-spa-eng": SPANISH,
        "transformer-mt": zoo.example("transformer-mt").read_text(encoding="utf-8"),
    }
    for name, text in given.items():
        expected: Any = zoo.predict(name, text)
        page = answers[name]
        head, *rows = page["attention"]

        assert page["big"] == expected.text
        score = float(re.findall(r"\((-?[\d.]+)\)", page["say"])[-1])
        assert score == pytest.approx(expected.score, abs=1e-3)
        assert head[1:] == list(expected.source_tokens)
        assert [row[0] for row in rows] == list(expected.tokens)
        shown = np.array([[float(cell) for cell in row[1:]] for row in rows])
        assert np.abs(shown - np.array(expected.attention)).max() <= 0.011


def test_a_review_is_judged_as_it_is_typed(answers: Answers) -> None:
    """
    The label and score of Python.
    """
    expected: Any = zoo.predict("gru-imdb", REVIEW)

    assert answers["gru-imdb"]["big"] == expected.label
    assert share(answers["gru-imdb"]["say"]) == pytest.approx(expected.score, abs=1e-4)


def test_a_forecast_is_that_of_python(answers: Answers) -> None:
    """
    Of the last rows of the example, in five digits.
    """
    expected: Any = zoo.predict("rnn-netflix", zoo.example("rnn-netflix"))
    (number,) = re.findall(r"-?\d+\.\d+", answers["rnn-netflix"]["big"])

    assert float(number) == pytest.approx(expected.values[0], rel=1e-4)


def test_a_slider_moves_the_picture_as_its_number_does(answers: Answers) -> None:
    """
    The first number of the code that seed 0 draws, set to the end of its slider.
    """
    model: Any = zoo.load("stylegan-mini")
    random = torch.Generator().manual_seed(0)
    code = torch.randn(1, model.latent_dim, generator=random)
    code[0, 0] = 3.0
    with torch.inference_mode():
        drawn = model.decode(code)
    (expected,) = image_generation.results(drawn, model.zoo.spec.output)

    near(answers["stylegan-mini"], 0, expected["image"], by=1)


@pytest.mark.parametrize("name", ["tfidf-clf-20news"])
def test_a_class_is_that_of_python(answers: Answers, name: str) -> None:
    """
    The label, and its score to the last digit that is shown.
    """
    expected: Any = zoo.predict(name, zoo.example(name))

    assert answers[name]["big"] == expected.label
    assert share(answers[name]["say"]) == pytest.approx(expected.score, abs=1e-4)


def test_a_row_is_answered_as_in_python(answers: Answers) -> None:
    """
    The first row of the example; of a flower, with another length of its petal.
    """
    expected: Any = zoo.predict("sine-poly3", zoo.example("sine-poly3"))[0]
    number = float(re.findall(r"-?\d+\.\d+", answers["sine-poly3"]["big"])[0])
    assert number == pytest.approx(expected.value, abs=1e-4)

    with zoo.example("perceptron-iris").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    flower: Any = zoo.predict("perceptron-iris", {**row, "petal_length": 4.4})
    assert answers["perceptron-iris"]["big"] == flower.label


@pytest.mark.parametrize("name", ["vae-mnist", "dcgan-face"])
def test_a_seed_gives_the_picture_of_python(answers: Answers, name: str) -> None:
    """
    The same seed, the same bytes.
    """
    (expected,) = zoo.sample(name, 1, seed=SEED)

    near(answers[name], 0, expected.image, by=1)


def test_a_text_goes_on_as_in_python(answers: Answers) -> None:
    """
    The same seed, the same forty tokens.
    """
    prompt = zoo.example("gpt-mini").read_text(encoding="utf-8").rstrip("\n")
    expected: Any = zoo.predict("gpt-mini", prompt, max_new_tokens=40, seed=0)

    assert answers["gpt-mini"]["written"] == prompt + expected.text


def test_a_gap_is_filled_as_in_python(answers: Answers) -> None:
    """
    The likeliest words, and how likely they are.
    """
    expected: Any = zoo.predict("bert-mini", zoo.example("bert-mini")).masks[0]

    assert answers["bert-mini"]["names"] == [one.token_str for one in expected]
    shown = [share(value) for value in answers["bert-mini"]["values"]]
    assert shown == pytest.approx([one.score for one in expected], abs=1e-4)


def test_the_text_in_a_picture_is_read_as_in_python(answers: Answers) -> None:
    """
    The best path in the page, the best text in Python.
    """
    expected: Any = zoo.predict("crnn-digits", zoo.example("crnn-digits"))

    assert answers["crnn-digits"]["big"] == expected.text


def test_the_share_of_a_mask_is_that_of_python(answers: Answers) -> None:
    """
    To a percent: the page counts pixels of the model, Python those of the picture.
    """
    expected: Any = zoo.predict("unet-pet", zoo.example("unet-pet"))
    page = answers["unet-pet"]
    shown = dict(zip(page["names"], map(share, page["values"]), strict=True))

    assert shown["pet"] == pytest.approx(expected.shares["pet"], abs=0.01)


def test_a_picture_made_of_a_picture_is_that_of_python(answers: Answers) -> None:
    """
    The denoised digit, byte for byte but for a rounding.
    """
    name = "cae-denoise-mnist"
    expected: Any = zoo.predict(name, zoo.example(name))

    near(answers[name], 1, expected.image, by=1)


def test_a_heartbeat_has_the_score_of_python(answers: Answers) -> None:
    """
    Score and threshold, in four digits, of one that was disturbed with all strength.
    """
    with zoo.example("ae-ecg5000").open(encoding="utf-8") as file:
        beat = [float(row["voltage"]) for row in csv.DictReader(file)]
    (column,) = zoo.get_spec("ae-ecg5000").input.columns  # type: ignore[attr-defined]
    noise = torch.randn(len(beat), generator=torch.Generator().manual_seed(7))
    moved = np.array(beat) + (column.high - column.low) * 0.25 * noise.numpy()
    expected: Any = zoo.predict("ae-ecg5000", moved.astype(np.float32)[:, None])
    score, threshold = map(
        float, re.findall(r"\d+\.\d+", answers["ae-ecg5000"]["say"])[:2]
    )

    assert score == pytest.approx(expected.score, rel=1e-3)
    assert threshold == pytest.approx(expected.threshold, rel=1e-3)


def test_the_nearest_words_are_those_of_python(answers: Answers) -> None:
    """
    In their order.
    """
    expected: Any = zoo.nearest_words("word2vec-skipgram", "coffee", n=10).most_similar

    assert answers["word2vec-skipgram"]["names"] == [one.word for one in expected]


@pytest.mark.parametrize("name", WALKED)
def test_a_keyboard_reaches_everything_and_is_nowhere_caught(
    answers: Answers, name: str
) -> None:
    """
    Tab goes through all that can be used, once and in the order of the page, shows
    where it is, and goes on out of the page.
    """
    walk = answers[f"walk {name}"]["walk"]

    assert len(walk["reached"]) > 8
    assert walk["missed"] == []
    assert walk["hidden"] == []
    assert walk["reached"] == sorted(set(walk["reached"]))
    assert walk["left"]


def test_every_page_of_the_whole_site_works(tmp_path: Path) -> None:
    """
    Each model that exports and is small enough answers in its page, small ones soon;
    the page of any other says why it does not; and all is no larger than it may be.
    """
    made = build(tmp_path / "site")
    asked = [{"page": f"pages/{name}/index.html", "axe": True} for name in made.models]
    found = dict(zip(made.models, visited(made.folder, asked), strict=True))
    small = [name for name in made.live if weight(name) < 1 << 20]
    times = [found[name]["first"] for name in small if found[name]["first"]]
    lines = [f"\n{len(made.live)} of {len(found)} live, {made.size:,} bytes"]
    for name, page in found.items():
        live = "live" if name in made.live else ""
        first = f"{(page['first'] or 0) / 1000:.2f} s"
        lines.append(f"{name:30} {weight(name):>11,} {live:4} {first} {wrong_on(page)}")
    sys.stdout.write("\n".join(lines) + "\n")  # what is shown with -s

    assert made.size < MOST_BYTES
    wrong = {name: wrong_on(page) for name, page in found.items() if wrong_on(page)}
    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong.items())
    for name, reason in made.refused.items():
        text = (made.folder / "pages" / name / "index.html").read_text("utf-8")
        assert escape(reason) in text
    assert len(times) == len(small)
    assert sorted(times)[len(times) // 2] <= SOON
