"""A stranger's tokenizer.json: what hangs, crashes or does not fit is refused."""

import base64
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import zoo
from zoo._utils.schema import Malformed
from zoo.errors import CheckpointError
from zoo.preprocessing import tokenizer_check

PLAIN: dict[str, Any] = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [],
    "normalizer": None,
    "pre_tokenizer": None,
    "post_processor": None,
    "decoder": None,
    "model": {
        "type": "WordLevel",
        "vocab": {"[UNK]": 0, "a": 1},
        "unk_token": "[UNK]",
    },
}
# As published ones have them: GPT-4, o200k, Bloom, T5, and words with apostrophes.
SAFE = [
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}"
    r"\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{M}]*[\p{Ll}\p{Lm}]+(?i:'s|'t)?|\p{N}{1,3}",
    " ?[^(\\s|[.,!?\u2026])]+",
    " {2,}",
    r"\p{L}+(?:'\p{L}+)*",
    r"[^\W_]+(?:'[^\W_]+)*",
    r"\w+(?:-\w+)*",
]
TRAPS = [
    *("(a+)+$", "(a|a)*b", "(a|aa)+$", r"(\w*\d)*x", "((a+)b)*", "(a{1,100})+"),
    *("([a]+)*", "(?:a+){2,}", "(?:'[^x]+)*", r"(?:'\S+)*", r"(?:'\p{P}+)*"),
    *("(?:'a+b*)*", r"(?:.\w+)*", r"(?:'[\w']+)*", r"(?:\w+'?)+", "(?:(?:a*))*"),
    *(r"(?:'[\w&&[^b]]+)*", "(?>a+)*", "(a*?)*", "(?:[)]a*)*"),
]


def problem(**parts: Any) -> str:
    """Return what is said of a tokenizer of two tokens with other parts."""
    content = json.dumps(PLAIN | parts).encode()
    with pytest.raises(Malformed) as caught:
        tokenizer_check.check(content, 2, 8)
    return str(caught.value)


def replaced(sought: str, by: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"String": sought}, "content": by}


def charsmap(content: bytes) -> dict[str, Any]:
    encoded = base64.b64encode(content).decode()
    return {"type": "Precompiled", "precompiled_charsmap": encoded}


def split(expression: str) -> dict[str, Any]:
    pattern = {"Regex": expression}
    return {
        "type": "Split",
        "pattern": pattern,
        "behavior": "Isolated",
        "invert": False,
    }


@pytest.mark.parametrize("expression", TRAPS)
def test_an_expression_that_may_hang_is_refused(expression: str) -> None:
    """
    What is repeated can be found in one way only, or the time is exponential.
    """
    said = problem(pre_tokenizer=split(expression))

    assert said == (
        f"the regular expression {expression!r} repeats what it may find in several "
        "ways"
    )


def test_an_expression_that_refers_to_itself_is_refused() -> None:
    """
    Its time can't be told from how it looks.
    """
    said = problem(pre_tokenizer=split(r"(a)\1*"))

    assert said == r"the regular expression '(a)\\1*' refers to itself"


def test_the_expressions_that_are_in_use_are_taken() -> None:
    """
    They are tried in the other process as well.
    """
    steps = {"type": "Sequence", "pretokenizers": list(map(split, SAFE))}
    content = json.dumps(PLAIN | {"pre_tokenizer": steps}).encode()

    tokenizer_check.check(content, 2, 8)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {
                "normalizer": {
                    "type": "Sequence",
                    "normalizers": [replaced("a", "aa")] * 7,
                }
            },
            "its replacements make a text many times as long",
        ),
        (
            {"normalizer": charsmap(b"\4\0\0\0aaaa" + b"b" * 99)},
            "its map of characters makes a text many times as long",
        ),
        ({"normalizer": {"precompiled_charsmap": 3}}, "its map of characters is none"),
        (
            {"normalizer": {"type": "Prepend", "prepend": "a" * 2001}},
            "'prepend' has 2,001 characters",
        ),
        ({"decoder": {"decoders": [{}] * 300}}, "it has 301 steps"),
        ({"normalizer": [1]}, "normalizer is no object"),
        (
            {"model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "a": 2}}},
            "it has a token of the number 2, and the model 2 tokens",
        ),
        (
            {"model": {"type": "Unigram", "vocab": [["a", 0.0]] * 3}},
            "it has a token of the number 2, and the model 2 tokens",
        ),
        (
            {"added_tokens": [{"id": -1, "content": "a"}]},
            "it has a token of the number -1, and the model 2 tokens",
        ),
        (
            {"post_processor": {"special_tokens": {"[X]": {"ids": [99]}}}},
            "it has a token of the number 99, and the model 2 tokens",
        ),
        (
            {"model": {"type": "WordPiece", "max_input_chars_per_word": 10**9}},
            "it takes words of 1000000000 characters apart",
        ),
    ],
)
def test_what_is_seen_without_a_trial(
    parts: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Texts that grow, numbers of tokens beyond the embedding, too much of anything.
    """
    monkeypatch.setattr(subprocess, "run", None)

    assert problem(**parts) == said


@pytest.mark.parametrize(
    "parts",
    [
        {"normalizer": charsmap(b"\1\0\0\0abc")},
        {"post_processor": {"type": "TemplateProcessing", "single": [], "pair": []}},
        {"pre_tokenizer": {"type": "FixedLength", "length": 0}},
        {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": [["a", "b"]]}},
    ],
)
def test_a_panic_of_the_library_ends_another_process(parts: dict[str, Any]) -> None:
    """
    It is no Exception, and may be no more than the end of the process.
    """
    assert problem(**parts).startswith("the library refuses it: ")


def test_a_trial_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What looks harmless and takes the time of a power of the text is stopped.
    """
    monkeypatch.setattr(tokenizer_check, "SECONDS", 2)
    # n³/6 steps for n spaces, but fewer from any one of them than the library allows
    slow = split(r"(?:\s*)(?:\s*)x")

    assert problem(pre_tokenizer=slow) == (
        "it takes too long or too much memory to read a text"
    )


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder with the weights and the tokenizer of a model of texts."""
    return zoo.save(zoo.load("char-lstm-nietzsche"), tmp_path / "texts")


def exchange(folder: Path, **parts: Any) -> Path:
    """Change parts of the tokenizer of a folder, and pin it as a stranger would."""
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | parts))
    config = json.loads((folder / "config.json").read_text())
    config["input"]["tokenizer"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "config.json").write_text(json.dumps(config))
    return path


@pytest.mark.parametrize("call", [zoo.load, zoo.build])
def test_a_folder_with_such_a_tokenizer_is_refused(texts: Path, call: Any) -> None:
    """
    As it is loaded, before any text is read; also where nothing pins the file.
    """
    path = exchange(
        texts, normalizer={"type": "Replace", "pattern": {"Regex": "(a*)*"}}
    )

    with pytest.raises(CheckpointError) as caught:
        call(texts)

    assert str(caught.value) == (
        f"{path} is no tokenizer for this model: the regular expression '(a*)*' "
        "repeats what it may find in several ways. Save the checkpoint again, or get "
        "another copy of the folder."
    )
    config = json.loads((texts / "config.json").read_text())
    config["input"]["tokenizer"] = ""
    (texts / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="is no tokenizer for this model"):
        call(texts)


def test_what_a_plugin_pins_is_not_tried(
    texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Neither of a registered model nor of a folder with the same file: it stays fast.
    """
    monkeypatch.setattr(tokenizer_check, "check", None)

    zoo.load("char-lstm-nietzsche")
    zoo.load(texts)
    exchange(texts)
    with pytest.raises(TypeError):
        zoo.load(texts)
