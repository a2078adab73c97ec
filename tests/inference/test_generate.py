"""`zoo.generate`: pieces of a text, as it is written."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from writers import writer

import zoo
from zoo.cli import main
from zoo.errors import InputError, OptionError, VerbError
from zoo.runtime.generation import GenerationConfig
from zoo.runtime.text_generation import _settled

OPTIONS = (
    "Options: max_new_tokens, temperature, top_k, top_p, repetition_penalty, seed, "
    "stop, log_probabilities."
)
EXPECTS = (
    "The model expects a text: a str, the pathlib.Path of a text file in UTF-8, or a "
    "list of those."
)


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0},
        {"seed": 3},
        {"seed": 1, "stop": ["ab", "cde"]},
        {"seed": 5, "repetition_penalty": 1.5, "top_k": 4},
    ],
)
@pytest.mark.parametrize("prompt", ["abc", "a" * 30])
def test_pieces_are_the_text_of_a_prediction(
    prompt: str, options: dict[str, Any]
) -> None:
    """
    Joined; there is more than one, and none is empty.
    """
    model = writer()
    whole = zoo.predict(model, prompt, max_new_tokens=40, **options)
    pieces = [*zoo.generate(model, prompt, max_new_tokens=40, **options)]

    assert "".join(pieces) == whole.text
    assert all(pieces)


@pytest.mark.parametrize(
    "name", ["gpt-mini", "char-lstm-nietzsche", "word-lstm-headlines"]
)
def test_every_model_that_writes_can_be_read_while_it_does(name: str) -> None:
    """
    By tokens of letters and of words.
    """
    model = zoo.load(name)
    prompt = "the new "
    whole = zoo.predict(model, prompt, seed=2, max_new_tokens=12)
    pieces = [*zoo.generate(model, prompt, seed=2, max_new_tokens=12)]

    assert "".join(pieces) == whole.text
    assert len(pieces) > 3


def test_a_piece_comes_before_the_next_is_computed() -> None:
    """
    And in between torch computes gradients, and the model trains, as before.
    """
    model = writer(end=None).train()
    pieces = zoo.generate(model, "abc", seed=0, max_new_tokens=1 << 20)
    first = [*itertools.islice(pieces, 3)]

    assert len(first) == 3
    assert model.training
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    assert len(model.asked) == 3


@pytest.mark.parametrize(
    ("text", "stop", "settled"),
    [
        ("one two", None, "one two"),
        ("one two", "two three", "one "),
        ("one two", ["o!", "no"], "one tw"),
        ("caf\N{REPLACEMENT CHARACTER}", None, "caf"),
    ],
)
def test_what_may_still_change_is_held_back(text: str, stop: Any, settled: str) -> None:
    """
    The beginning of a text to stop at, and of a character of several tokens.
    """
    assert _settled(text, GenerationConfig(stop=stop)) == settled


def test_a_text_from_nothing_is_one_of_zoo_sample() -> None:
    """
    The same seed writes the same.
    """
    model = zoo.load("gpt-mini")
    pieces = "".join(zoo.generate(model, max_new_tokens=5, seed=4))
    (whole,) = zoo.sample(model, 1, max_new_tokens=5, seed=4)

    assert pieces == whole.text


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: zoo.generate("lenet5-mnist", "a"),
            VerbError,
            "Model 'lenet5-mnist' can't generate: its module has no method "
            "'next_logits'. It can be used with zoo.predict.",
        ),
        (
            lambda: zoo.generate(writer(), "a", temprature=1),
            OptionError,
            "Model 'writer': zoo.generate has no option 'temprature'. Did you mean "
            f"'temperature'? {OPTIONS}",
        ),
        (
            lambda: zoo.generate(writer(), "a", temperature=-1),
            OptionError,
            "Model 'writer': temperature=-1 should be 0, for the likeliest token, or "
            f"from 0.01 to 100. {OPTIONS}",
        ),
        (
            lambda: zoo.generate(writer(), "a", repetition_penalty=0),
            OptionError,
            "Model 'writer': repetition_penalty=0 should be from 0.01 to 100; 1 "
            f"changes nothing. {OPTIONS}",
        ),
        (
            lambda: zoo.generate(writer(), "a", log_probabilities=True),
            OptionError,
            "Model 'writer': zoo.generate yields text alone: zoo.predict has "
            f"log_probabilities. {OPTIONS}",
        ),
        (
            lambda: zoo.generate(writer(), ["a", "b"]),
            InputError,
            "zoo.generate goes on with one text, and this is ['a', 'b']. The model "
            "expects a text, such as 'Once upon a time'.",
        ),
        (
            lambda: zoo.generate(writer(start=None)),
            InputError,
            "'writer' writes no text that begins with nothing. The model expects a "
            "text to go on with.",
        ),
        (
            lambda: zoo.generate(writer(), "notes.txt"),
            InputError,
            "'notes.txt' is the name of a file, not a text: give "
            f"pathlib.Path('notes.txt'). {EXPECTS}",
        ),
        (
            lambda: zoo.generate(writer(), "a\ud800"),
            InputError,
            "The text holds half a character at place 1: it was cut, or decoded "
            f"wrongly. {EXPECTS}",
        ),
    ],
)
def test_what_is_wrong_is_told_before_the_first_piece(
    call: Callable[[], Any], error: type[Exception], message: str
) -> None:
    """
    At the call, and not when the first piece is asked for.
    """
    with pytest.raises(error) as refused:
        call()

    assert str(refused.value) == message


def test_the_command_prints_what_predict_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    The prompt, and how it goes on.
    """
    options = ["ROMEO:", "--seed", "1", "--max-new-tokens", "12"]
    assert main(["generate", "gpt-mini", *options]) == 0
    generated = capsys.readouterr().out
    assert main(["predict", "gpt-mini", *options]) == 0

    assert generated == capsys.readouterr().out
    assert generated.startswith("ROMEO:")


def test_the_command_prints_nothing_before_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    Not the prompt either: what follows it would be no text.
    """
    assert main(["generate", "gpt-mini", "ROMEO:", "--temperature", "-1"]) == 1

    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: Model 'gpt-mini': temperature=-1.0 should be")
