"""The other translators: what they translate, and how far ahead of simple methods."""

import re
from pathlib import Path
from typing import Any

import pytest
import zoo_seq2seq

import zoo
from zoo import TextInput
from zoo.artifacts import checked_file
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store

CARDS = Path(zoo_seq2seq.__file__).parent / "cards"
LEAST = {  # the metric that a model is judged by, and what it reaches at least
    "attention-eng-kor": ("chrf", 12),
    "attention-spa-eng": ("bleu", 35),
    "seq2seq-gru": ("bleu", 24.5),
    "transformer-mt": ("bleu", 37),
}


@pytest.fixture(scope="module", params=LEAST)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(name: str) -> Any:
    return zoo.load(name)


def test_the_card_tells_what_the_model_says(name: str, model: Any) -> None:
    """
    Its tables of translations, good ones and bad ones; greedy or by beams they are
    those of the text alone.
    """
    text = (CARDS / f"{name}.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", text, re.MULTILINE)
    told = [
        row for row in rows if row[0] not in {"English", "Korean", "Spanish", "---"}
    ]

    found = zoo.predict(model, [source for source, _ in told])

    assert len(told) >= 12
    assert [(one.source, one.text) for one in found] == told
    shortest = min(found, key=lambda one: len(one.tokens))
    assert zoo.predict(model, shortest.source).text == shortest.text


def test_it_is_ahead_of_simple_methods(name: str) -> None:
    """
    Of the copy, of words by a lexicon, and of the nearest training sentence; where not,
    its spec says so.
    """
    spec = zoo.get_spec(name)
    receipt = checkpoints.read_receipt(store.shipped_checkpoint(spec))
    metric, least = LEAST[name]
    value = {one["name"]: one["value"] for one in receipt["metrics"]}[metric]
    baselines = [one[metric] for one in receipt["baselines"].values()]

    assert value >= least
    assert len(baselines) == 3
    assert bool(spec.behind_baseline) == (value < max(baselines))


def test_the_shipped_tokenizer_is_the_pinned_one(name: str) -> None:
    """
    The spec pins tokenizer.json as it pins the weights.
    """
    spec = zoo.get_spec(name)
    assert isinstance(spec.input, TextInput)
    path = store.shipped_checkpoint(spec) / checkpoints.TOKENIZER

    assert checked_file.sha256_of(path) == spec.input.tokenizer
