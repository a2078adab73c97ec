"""Gaps of a text: what may fill them, and what is no gap."""

from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch import Tensor, nn

import zoo
from zoo.cli import render
from zoo.errors import InputError, OptionError, SpecError
from zoo.models.metadata import ModelMetadata, attach
from zoo.specs import License, MaskedTokenOutput, ModelSpec, TextInput

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "sat", "dog")


class Guess(nn.Module):
    """Fills a gap by the word after the one before it in the list, most likely."""

    def __init__(self) -> None:
        super().__init__()
        self.sure = nn.Parameter(torch.tensor(2.0))

    def forward(self, token: Tensor) -> Tensor:
        following = token.roll(1, dims=1) + 1
        found = nn.functional.one_hot(following % len(WORDS), len(WORDS))
        return found * self.sure


@pytest.fixture
def model() -> Any:
    made = Tokenizer(
        models.WordLevel({w: n for n, w in enumerate(WORDS)}, unk_token="[UNK]")
    )
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.add_special_tokens(list(WORDS[:5]))
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    spec = ModelSpec(
        name="guess",
        summary="Fills gaps.",
        task="fill-mask",
        build="guess:Guess",
        card="card.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=1,
        input=TextInput(
            max_length=8,
            vocab_size=9,
            unk_token_id=1,
            tokenizer_source=made.to_str().encode(),
        ),
        output=MaskedTokenOutput(mask_token_id=4),
        trained_on=(),
    )
    return attach(Guess(), ModelMetadata(spec=spec, options={}))


def test_a_gap_is_filled_by_what_is_likeliest(model: Any) -> None:
    """
    With its chance, its number, and the text that it makes.
    """
    found = zoo.predict(model, "a [MASK] sat")
    best = found.masks[0][0]
    chance = torch.tensor([2.0, *[0.0] * 8]).softmax(dim=0)[0].item()

    assert (best.token_str, best.token) == ("cat", 6)
    assert best.sequence == "a cat sat"
    assert best.score == pytest.approx(chance)
    assert [len(one) for one in found.masks] == [5]
    assert set(found.to_dict()["masks"][0][0]) == {
        "token_str",
        "score",
        "token",
        "sequence",
    }


def test_every_gap_is_filled_by_itself(model: Any) -> None:
    """
    The other stays open in what is shown, and in several texts each keeps its own.
    """
    two, one = zoo.predict(model, ["a [MASK] cat [MASK]", "sat [MASK]"], top_k=1)

    assert [fillings[0].token_str for fillings in two.masks] == ["cat", "sat"]
    assert two.masks[0][0].sequence == "a cat cat [MASK]"
    assert one == zoo.predict(model, "sat [MASK]", top_k=1)
    assert [str(filling) for filling in one.masks[0]] == [str(one)]


def test_a_filled_text_shows_itself(model: Any) -> None:
    """
    A line for each gap, also in the terminal, and a table as HTML.
    """
    found = zoo.predict(model, "a [MASK] cat [MASK]", top_k=1)

    assert str(found) == "cat (48.02%); sat (48.02%)"
    assert list(render.result(found)) == ["cat (48.02%)", "sat (48.02%)"]
    assert "<td>sat (48.02%)</td>" in found._repr_html_()


@pytest.mark.parametrize(
    ("text", "where"),
    [("a cat sat", ""), ("a " * 9 + "[MASK]", " among its first 8 tokens")],
)
def test_a_text_without_a_gap_is_refused(model: Any, text: str, where: str) -> None:
    """
    It has none, or the gap is behind what is read.
    """
    with pytest.raises(InputError) as refused:
        zoo.predict(model, text)

    assert str(refused.value) == (
        f"The text has no [MASK]{where}, so there is no gap to fill. The model expects "
        "a text with [MASK] where a word is missing."
    )


def test_which_text_of_a_list_has_no_gap_is_told(model: Any) -> None:
    """
    By its number in the list, whatever the size of a batch.
    """
    texts = ["a [MASK] sat", "a [MASK]", "a cat sat"]
    for batch_size in (1, 2, 64):
        with pytest.raises(InputError) as refused:
            zoo.predict(model, texts, batch_size=batch_size)

        assert str(refused.value) == (
            "Item 3: The text has no [MASK], so there is no gap to fill. The model "
            "expects a text with [MASK] where a word is missing."
        )


@pytest.mark.parametrize("count", [0, 10, True, "two"])
def test_a_wrong_count_is_told(model: Any, count: Any) -> None:
    """
    At most as many as there are tokens.
    """
    with pytest.raises(OptionError) as refused:
        zoo.predict(model, "a [MASK]", top_k=count)

    assert str(refused.value) == (
        f"Model 'guess': top_k={count!r} should be a whole number from 1 to 9. "
        "Options: batch_size, top_k."
    )


def test_a_mask_is_the_number_of_a_token() -> None:
    """
    From 0 on.
    """
    with pytest.raises(SpecError) as refused:
        MaskedTokenOutput(mask_token_id=-1)

    assert "mask_token_id=-1 should be the number of a token" in str(refused.value)
