"""Texts go on token by token: what is drawn, when it ends, and what is remembered."""

import json
from typing import Any

import pytest
import torch
from transformers import (
    RepetitionPenaltyLogitsProcessor,
    TopKLogitsWarper,
    TopPLogitsWarper,
)
from writers import LETTERS, writer

import zoo
from zoo.cli import main
from zoo.errors import InputError, OptionError, SpecError, VerbError
from zoo.runtime import generation
from zoo.runtime.generation import GenerationConfig
from zoo.specs import TextOutput
from zoo.tasks.results.vision import GeneratedText

PROMPTS = ["abc", "a", "jihgfedcba abcabcabc and", "d e"]
OPTIONS = (
    "Options: max_new_tokens, temperature, top_k, top_p, repetition_penalty, seed, "
    "stop, log_probabilities."
)
EXPECTS = (
    "The model expects a text: a str, the pathlib.Path of a text file in UTF-8, or a "
    "list of those."
)


@pytest.fixture
def model() -> Any:
    return writer()


@pytest.mark.parametrize("options", [{"temperature": 0}, {"seed": 3}])
def test_prompts_go_on_together_as_alone(options: dict[str, Any]) -> None:
    """
    Of different length, one longer than what is read at once; greedy, and by a seed.
    """
    model = writer(end=None)
    prompts = [prompt.replace("n", "").replace("  ", " ") for prompt in PROMPTS]
    together = zoo.predict(model, prompts, max_new_tokens=40, **options)
    alone = [zoo.predict(model, p, max_new_tokens=40, **options) for p in prompts]

    assert together == alone
    assert [one.prompt for one in together] == prompts
    assert all(len(one.text) == 40 for one in together)


def test_memory_changes_nothing_but_the_work() -> None:
    """
    The same is written without it, and with it a step reads one token of each text,
    but where the texts have outgrown what is read at once.
    """
    model = writer(end=None)
    plan = GenerationConfig(max_new_tokens=30)
    rows = [[3, 4, 5], [6, 7, 8, 9, 10]]
    without = generation.generate(model, rows, plan=plan, seeds=[0, 1], remember=False)
    model.asked.clear()
    found = generation.generate(model, rows, plan=plan, seeds=[0, 1])

    assert found == without
    assert [length for _, length in model.asked[:3]] == [3, 1, 1]
    again = {length for _, length in model.asked[1:] if length > 1}
    assert again == {11}  # twenty and one less the ten that are let go


@pytest.mark.parametrize(
    ("count", "longest", "first"),
    [(5, 20, 0), (20, 20, 0), (21, 20, 10), (30, 20, 10), (31, 20, 20), (3, 1, 2)],
)
def test_a_long_text_is_read_from_where_half_of_it_is_left(
    count: int, longest: int, first: int
) -> None:
    """
    It always fits, and at least half of what fits is read.
    """
    assert generation.start(count, longest) == first
    assert count - first <= longest


def test_a_long_prompt_is_not_cut(model: Any) -> None:
    """
    All of it stands in the answer, and only the end of it matters.
    """
    tail = "abcdefghij" * 2
    first, other = (
        zoo.predict(model, head * 4 + tail, temperature=0, max_new_tokens=5)
        for head in ("abcde ", "jihgf ")
    )

    assert first.generated_text.startswith("abcde " * 4 + tail)
    assert first.text == other.text


def test_chances_are_those_of_transformers() -> None:
    """
    Of the likeliest few, of the likeliest share, and at other temperatures.
    """
    logits = torch.randn(6, 30, generator=torch.Generator().manual_seed(0)) * 3
    ids = torch.zeros(6, 1, dtype=torch.long)
    by_count = TopKLogitsWarper(5)(ids, logits / 0.7).softmax(dim=-1)
    by_share = TopPLogitsWarper(0.6)(ids, logits).softmax(dim=-1)

    assert torch.allclose(
        GenerationConfig(temperature=0.7, top_k=5).probabilities(logits), by_count
    )
    assert torch.allclose(GenerationConfig(top_p=0.6).probabilities(logits), by_share)
    assert torch.equal(
        GenerationConfig(temperature=0).probabilities(logits).argmax(dim=-1),
        logits.argmax(dim=-1),
    )
    assert (
        (GenerationConfig(top_p=1e-9).probabilities(logits) > 0).sum(dim=-1).eq(1).all()
    )
    assert (GenerationConfig(top_k=99).probabilities(logits) > 0).all()


def test_a_penalty_of_repetitions_is_that_of_transformers() -> None:
    """
    Of tokens that the text has once or twice, with logits above and below 0.
    """
    logits = torch.randn(3, 30, generator=torch.Generator().manual_seed(0)) * 3
    texts = [[1, 2, 3, 2], [4, 5, 6, 7], [0, 0, 0, 29]]
    theirs = RepetitionPenaltyLogitsProcessor(1.3)(torch.tensor(texts), logits.clone())

    assert torch.equal(
        GenerationConfig(repetition_penalty=1.3).penalized(logits, texts), theirs
    )
    assert GenerationConfig().penalized(logits, texts) is logits


def test_a_penalty_counts_for_what_was_written_and_for_the_prompt() -> None:
    """
    Greedily, as a loop over the whole text with the processor of transformers.
    """
    model = writer(end=None)
    penalty, text = RepetitionPenaltyLogitsProcessor(8.0), torch.tensor([[3, 4, 11]])
    for _ in range(12):
        with torch.inference_mode():
            logits = model(text)[:, -1].double()
            logits[:, :2] = -torch.inf  # these stand for no text
            best = penalty(text, logits).argmax(dim=-1, keepdim=True)
        text = torch.cat([text, best], dim=1)
    plan: dict[str, Any] = {"temperature": 0, "max_new_tokens": 12}
    found = zoo.predict(model, "abi", **plan, repetition_penalty=8.0).text

    assert found == "".join(LETTERS[number] for number in text[0, 3:].tolist())
    assert found != zoo.predict(model, "abi", **plan).text


def test_log_probabilities_are_the_models() -> None:
    """
    Of each token that was written, whatever changed the chances it was drawn by.
    """
    model = writer(end=None)
    one = zoo.predict(
        model,
        "abc",
        seed=0,
        max_new_tokens=4,
        temperature=2.0,
        top_k=3,
        log_probabilities=True,
    )
    known = one.log_probabilities
    text = torch.tensor([[LETTERS.index(letter) for letter in "abc" + one.text]])
    with torch.inference_mode():
        logits = model(text)[0].double()
        logits[:, :2] = -torch.inf  # these stand for no text
    wanted = logits.log_softmax(dim=-1)[range(2, 6), text[0, 3:]]

    assert known is not None
    assert [token for token, _ in known] == [*one.text]
    assert [chance for _, chance in known] == pytest.approx(wanted.tolist())
    assert one.to_dict()["log_probabilities"][0]["token"] == one.text[0]
    assert zoo.predict(model, "abc", seed=0, max_new_tokens=4).log_probabilities is None


def test_draws_have_the_models_chances(model: Any) -> None:
    """
    Of many texts from one prompt, each token comes first as often as it should.
    """
    with torch.inference_mode():
        wanted = model(torch.tensor([[3, 4]]))[0, -1].double()
        wanted[0] = -torch.inf  # padding is no text
    count = 4000
    found = generation.generate(
        model,
        [[3, 4]] * count,
        plan=GenerationConfig(max_new_tokens=1),
        seeds=range(count),
    )
    drawn = torch.tensor([one.tokens[0] if one.tokens else 1 for one in found])
    share = drawn.bincount(minlength=len(LETTERS)) / count

    assert (share - wanted.softmax(dim=0)).abs().max() < 0.03


def test_a_text_ends_where_the_model_ends_it() -> None:
    """
    The token that says so is not told, nor is padding ever drawn.
    """
    model = writer()
    found = zoo.predict(model, ["a"] * 200, max_new_tokens=3)
    ended = [one for one in found if one.finished]

    assert 0 < len(ended) < 200
    assert all(one.tokens == len(one.text) < 3 for one in ended)
    assert not any("[" in one.text for one in found)


def test_a_text_ends_before_what_it_should_stop_at() -> None:
    """
    Before the first of several, also where the last token makes it.
    """
    model = writer(end=None)
    plain = zoo.predict(model, "abc", seed=1, max_new_tokens=30)
    part = plain.text[5:7]
    place = plain.text.find(part)
    found = zoo.predict(model, "abc", seed=1, max_new_tokens=30, stop=["[", part])
    last = zoo.predict(model, "abc", seed=1, max_new_tokens=place + 2, stop=part)

    assert found.text == plain.text[:place]
    assert found.finished
    assert last.text == found.text
    assert last.finished
    assert not plain.finished


def test_without_a_seed_texts_differ_and_torch_decides(model: Any) -> None:
    """
    Two of the same prompt, and the same again after torch.manual_seed.
    """
    torch.manual_seed(5)
    first = zoo.predict(model, ["abc", "abc"])
    torch.manual_seed(5)

    assert first[0] != first[1]
    assert zoo.predict(model, ["abc", "abc"]) == first


def test_nothing_is_a_prompt(model: Any) -> None:
    """
    Samples begin after the token that the model names, by seed the same, and all
    differ; zoo.predict with None is one of them.
    """
    found = zoo.sample(model, 4, seed=0, max_new_tokens=30, temperature=2.0)
    one = zoo.predict(model, None, seed=0, max_new_tokens=9)

    assert found == zoo.sample(model, 4, seed=0, max_new_tokens=30, temperature=2.0)
    assert len({str(text) for text in found}) == 4
    assert found[0].prompt == ""
    assert one == zoo.sample(model, 1, seed=0, max_new_tokens=9)[0]


def test_a_model_without_a_start_does_not_sample() -> None:
    """
    It goes on with texts, but nothing is no text.
    """
    model = writer(start=None)

    with pytest.raises(VerbError, match="Model 'writer' can't sample"):
        zoo.sample(model)
    with pytest.raises(InputError, match=r"There is no text \(None\)"):
        zoo.predict(model, None)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            {"max_new_tokens": 0},
            "max_new_tokens=0 should be a whole number from 1 to 1,048,576.",
        ),
        (
            {"max_new_tokens": True},
            "max_new_tokens=True should be a whole number from 1 to 1,048,576.",
        ),
        (
            {"temperature": -1},
            "temperature=-1 should be 0, for the likeliest token, or from 0.01 to 100.",
        ),
        (
            {"temperature": "hot"},
            "temperature='hot' should be 0, for the likeliest token, or from 0.01 to "
            "100.",
        ),
        ({"top_k": 0}, "top_k=0 should be a whole number from 1 on, or None."),
        ({"top_p": 0}, "top_p=0 should be above 0 and at most 1, or None."),
        (
            {"seed": -1},
            "seed=-1 should be a whole number from 0 on, below 2**63, or None.",
        ),
        (
            {"stop": ["a", ""]},
            "stop=['a', ''] should be a text that is not empty, a list of those, or "
            "None.",
        ),
    ],
)
def test_wrong_options_are_told(
    model: Any, options: dict[str, Any], problem: str
) -> None:
    """
    With what each must be.
    """
    with pytest.raises(OptionError) as refused:
        zoo.predict(model, "abc", **options)

    assert str(refused.value) == f"Model 'writer': {problem} {OPTIONS}"


def test_unknown_options_are_told(model: Any) -> None:
    """
    With what comes near, where there is a prompt and where there is none.
    """
    names = "max_new_tokens, temperature, top_k, top_p, repetition_penalty"
    with pytest.raises(OptionError) as predicting:
        zoo.predict(model, "abc", temprature=1)
    with pytest.raises(OptionError) as sampling:
        zoo.sample(model, 2, seeds=1)
    with pytest.raises(OptionError) as drawing:
        zoo.predict(model, None, invert=True)

    assert str(predicting.value) == (
        "Model 'writer': zoo.predict has no option 'temprature'. Did you mean "
        f"'temperature'? Options: batch_size, {names}, seed, "
        "stop, log_probabilities."
    )
    assert str(sampling.value) == (
        "Model 'writer': zoo.sample has no option 'seeds'. Did you mean 'seed'? "
        f"Options: n, seed, {names}, stop, log_probabilities."
    )
    assert str(drawing.value) == (
        "Model 'writer': zoo.predict has no option 'invert' where there is no input. "
        f"Options: seed, {names}, stop, log_probabilities."
    )


def test_a_character_without_a_token_is_refused(model: Any) -> None:
    """
    It is shown, with the number of its text, and nothing is written.
    """
    with pytest.raises(InputError) as refused:
        zoo.predict(model, ["abc", "ab\N{CAT FACE}"])

    assert str(refused.value) == (
        "Item 2: The text holds '\N{CAT FACE}', and the model has no token for that. "
        "The model expects a text of its 14 tokens."
    )


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", "The text is empty."),
        ([], "The list is empty."),
        (["abc", None], "Item 2: There is no text (None)."),
        (
            b"abc",
            "These are bytes, not a text: decode them, as in raw.decode('utf-8').",
        ),
    ],
)
def test_no_text_is_refused(model: Any, raw: Any, problem: str) -> None:
    """
    As by other tasks that take texts.
    """
    with pytest.raises(InputError) as refused:
        zoo.predict(model, raw)

    assert str(refused.value) == f"{problem} {EXPECTS}"


def test_token_numbers_are_a_prompt(model: Any) -> None:
    """
    A tensor goes on as the text that it stands for.
    """
    by_number = zoo.predict(model, torch.tensor([3, 4, 5]), seed=0)

    assert by_number == zoo.predict(model, "abc", seed=0)


def test_a_text_shows_itself() -> None:
    """
    Printed it is the prompt and what follows; as HTML its signs are no markup.
    """
    found = GeneratedText(prompt="a < b", text="\n& c", tokens=4, finished=False)

    assert str(found) == "a < b\n& c"
    assert found.to_dict() == {"generated_text": "a < b\n& c"}
    assert "<b>a &lt; b</b>\n&amp; c" in found._repr_html_()


def test_an_output_names_tokens() -> None:
    """
    By numbers from 0 on.
    """
    with pytest.raises(SpecError) as refused:
        TextOutput(bos_token_id=-1)

    assert "bos_token_id=-1 should be the number of a token" in str(refused.value)


def test_the_command_writes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    `zoo predict` and `zoo sample` take the options and print the texts.
    """
    model = writer(end=None)
    monkeypatch.setattr("zoo.models.loading.load", lambda *_, **__: model)
    monkeypatch.setattr("zoo.models.loading.build", lambda *_, **__: model)
    monkeypatch.setattr("zoo.models.loading.find", lambda *_: model.zoo.spec)
    monkeypatch.setattr("zoo.inference.sample.require_module", lambda *_: model)
    plain = ["--max-new-tokens", "9", "--temperature", "0.5", "--seed", "1"]
    options = {"max_new_tokens": 9, "temperature": 0.5, "seed": 1}

    def said(*arguments: str) -> str:
        assert main(arguments) == 0
        return capsys.readouterr().out

    wanted = zoo.predict(model, "abc", top_k=3, **options)
    as_json = said("predict", "writer", "abc", *plain, "--top-k", "3", "--json")
    assert json.loads(as_json) == wanted.to_dict()
    stopped = zoo.predict(model, "abc", stop=" ", **options)
    assert said("predict", "writer", "abc", *plain, "--stop", " ") == f"{stopped}\n"
    first, second = zoo.sample(model, 2, **options)
    assert said("sample", "writer", "-n", "2", *plain) == f"{first}\n\n{second}\n"
