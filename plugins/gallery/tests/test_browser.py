"""The site in Chromium, opened from a file: what the pages answer is what Python says.

Slow, and skipped without Chromium, Node.js, npm, or the libraries that export.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from zoo_gallery.site import build
from zoo_gallery.vendor import cache_folder

import zoo

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
TOOLS = ("playwright-core@1.65.1", "axe-core@4.14.1")
NAMES = (
    *("lenet5-mnist", "unet-pet", "crnn-digits", "cae-denoise-mnist"),  # pictures
    *("perceptron-iris", "sine-poly3", "ae-ecg5000", "tfidf-clf-20news"),
    *("vae-mnist", "gpt-mini", "bert-mini", "word2vec-skipgram"),
)
SEED = 7

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None or not shutil.which("npm"), reason="no Chromium or no npm"
    ),
]
Answers = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Build a site, visit its pages once, and return what each said, by its model."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tokenizers")
    folder = tmp_path_factory.mktemp("browser")
    made = build(folder / "site", names=NAMES)
    tools = cache_folder() / "npm" / "tools"
    tools.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["npm", "install", "--silent", "--no-save", "--prefix", str(tools), *TOOLS],
        check=True,
    )
    uses: dict[str, dict[str, Any]] = {
        "vae-mnist": {"fill": {"#widget input[type=number]": str(SEED)}},
        "word2vec-skipgram": {
            "fill": {"#widget label:nth-of-type(1) input": "coffee"},
            "until": "/,/.test(document.getElementById('say').textContent)",
        },
    }
    asked = [{"page": "index.html#task=image-classification", "axe": True}]
    asked += [
        {"page": f"pages/{name}/index.html", "axe": True, **uses.get(name, {})}
        for name in NAMES
    ]
    script = Path(__file__).with_name("browser.mjs")
    ended = subprocess.run(
        [
            *("node", str(script), str(tools / "node_modules"), str(CHROMIUM)),
            *(str(made.folder), json.dumps(asked)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ended.stdout)
    return dict(zip(("index", *NAMES), found, strict=True))


def share(text: str) -> float:
    """Return the last percentage of a text, as a share."""
    return float(re.findall(r"([\d.]+)%", text)[-1]) / 100


@pytest.mark.parametrize("name", ["index", *NAMES])
def test_a_page_works_and_asks_nothing_of_a_network(
    answers: Answers, name: str
) -> None:
    """
    No message in the console, no request, and no serious finding of axe.
    """
    page = answers[name]

    assert not page["problems"]
    assert not page["requests"]
    assert not page["faults"]
    assert page["wide"] <= 0


def test_the_state_of_the_catalogue_is_in_its_url(answers: Answers) -> None:
    """
    The page was opened with a task in its URL, and shows its models alone.
    """
    assert answers["index"]["count"] == f"1 of {len(NAMES)} models"


@pytest.mark.parametrize("name", ["lenet5-mnist", "tfidf-clf-20news"])
def test_a_class_is_that_of_python(answers: Answers, name: str) -> None:
    """
    The label, and its score to the last digit that is shown.
    """
    expected: Any = zoo.predict(name, zoo.example(name))

    assert answers[name]["big"] == expected.label
    assert share(answers[name]["say"]) == pytest.approx(expected.score, abs=1e-4)


@pytest.mark.parametrize("name", ["perceptron-iris", "sine-poly3"])
def test_a_row_is_answered_as_in_python(answers: Answers, name: str) -> None:
    """
    The first row of the example.
    """
    expected: Any = zoo.predict(name, zoo.example(name))[0]

    if name == "perceptron-iris":
        assert answers[name]["big"] == expected.label
    else:
        number = float(re.findall(r"-?\d+\.\d+", answers[name]["big"])[0])
        assert number == pytest.approx(expected.value, abs=1e-4)


def test_a_seed_gives_the_picture_of_python(answers: Answers) -> None:
    """
    The same seed, the same bytes.
    """
    (expected,) = zoo.sample("vae-mnist", 1, seed=SEED)
    (drawn,) = answers["vae-mnist"]["pictures"]

    pairs = zip(drawn["red"], expected.image.tobytes(), strict=True)
    assert max(abs(one - other) for one, other in pairs) <= 1


def test_a_text_goes_on_as_in_python(answers: Answers) -> None:
    """
    The same seed, the same forty tokens.
    """
    prompt = zoo.example("gpt-mini").read_text(encoding="utf-8").rstrip("\n")
    expected: Any = zoo.predict("gpt-mini", prompt, max_new_tokens=40, seed=0)

    assert answers["gpt-mini"]["written"] == expected.text


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
    made = answers[name]["pictures"][-1]

    pairs = zip(made["red"], expected.image.tobytes(), strict=True)
    assert max(abs(one - other) for one, other in pairs) <= 1


def test_a_heartbeat_has_the_score_of_python(answers: Answers) -> None:
    """
    Score and threshold, in four digits.
    """
    expected: Any = zoo.predict("ae-ecg5000", zoo.example("ae-ecg5000"))
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
