"""Blocks of plain texts, and what is asked of them."""

from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from zoo.runtime import tokenizer
from zoo.specs import MaskedTokenOutput, TextInput, TextOutput
from zoo.tasks._language_models import (
    IGNORE_INDEX,
    SPECIAL,
    padded,
    unknown_characters,
    unknown_tokens,
)
from zoo.tasks.fill_mask import TASK as FILL_MASK
from zoo.tasks.text_generation import TASK as GENERATION

MASK = 2


def reading(**changed: Any) -> TextInput:
    """Return an input of words, with [CLS] and [SEP] around a text."""
    words = ("[PAD]", "[UNK]", "[MASK]", "[CLS]", "[SEP]", *"abcdefgh")
    made = Tokenizer(
        models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]")
    )
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    if changed.pop("around", False):
        from tokenizers.processors import TemplateProcessing

        special = [("[CLS]", 3), ("[SEP]", 4)]
        made.post_processor = TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=special
        )
    known: dict[str, Any] = {
        "max_length": 6,
        "vocab_size": len(words),
        "unk_token_id": 1,
        "tokenizer_source": made.to_str().encode(),
    }
    return TextInput(**known | changed)


def test_each_token_of_a_text_is_asked_for_once() -> None:
    """
    But the first; a short end is filled up, and asks for nothing there.
    """
    blocks = list(GENERATION.blocks(range(5, 13), reading(max_length=5), TextOutput()))

    assert [block.tolist() for block, _ in blocks] == [
        [5, 6, 7, 8, 9],
        [10, 11, 0, 0, 0],
    ]
    assert [target.tolist() for _, target in blocks] == [
        [6, 7, 8, 9, 10],
        [11, 12, IGNORE_INDEX, IGNORE_INDEX, IGNORE_INDEX],
    ]


def test_the_end_of_a_text_is_learned_where_a_token_ends_it() -> None:
    """
    As the models do that have such a token.
    """
    output = TextOutput(eos_token_id=7)
    (_, target), *more = GENERATION.blocks([5, 6], reading(max_length=4), output)

    assert target.tolist() == [6, 7, IGNORE_INDEX, IGNORE_INDEX]
    assert not more


def test_masks_of_a_text_are_always_the_same() -> None:
    """
    What stands around a text and padding are never masked, and each block asks for
    something: for the tokens that were there.
    """
    given, output = reading(around=True), MaskedTokenOutput(mask_token_id=MASK)
    text = [5, 6, 7, 8, 9, 10]
    first, again = (list(FILL_MASK.blocks(text, given, output)) for _ in range(2))

    assert len(first) == 2
    whole = [torch.where(t >= 0, t, b).tolist() for b, t in first]
    assert whole == [[3, 5, 6, 7, 8, 4], [3, 9, 10, 4, 0, 0]]
    for (block, target), (same, _) in zip(first, again, strict=True):
        assert torch.equal(block, same)
        assert (target >= 0).any()
        assert bool((block[target >= 0] == MASK).all())
        outside = (block == 3) | (block == 4) | (block == 0)
        assert bool((target[outside] == SPECIAL).all())


def test_other_tokens_are_masked_each_time_it_learns() -> None:
    """
    15 in a hundred are asked for: 80 of 100 become the mask, ten another token of the
    batch, ten stay. The special ones stay as they are.
    """
    output = MaskedTokenOutput(mask_token_id=MASK)
    token = torch.full((400, 100), 7)
    token[:, 0], token[0, 1:50] = 3, 9
    target = torch.full_like(token, IGNORE_INDEX)
    target[:, 0] = SPECIAL
    masked = token.clone()
    masked[:, 5], target[:, 5] = MASK, token[:, 5]
    random = torch.Generator().manual_seed(0)

    seen, asked = FILL_MASK.augment(masked, target, "none", random, output)
    other, _ = FILL_MASK.augment(masked, target, "none", random, output)
    where = asked >= 0

    assert torch.equal(torch.where(where, asked, seen), token)
    assert bool((asked[:, 0] == SPECIAL).all())
    assert where[:, 1:].float().mean().item() == pytest.approx(0.15, abs=0.01)
    share = (seen[where] == MASK).float().mean().item()
    assert share == pytest.approx(0.8, abs=0.02)
    assert not torch.equal(seen, other)


def test_the_loss_is_that_of_the_tokens_that_are_asked_for() -> None:
    """
    Of logits, or of losses that were kept; what asks for nothing has no part in it.
    """
    logits = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))
    target = torch.tensor([[1, 2, IGNORE_INDEX], [4, SPECIAL, 0]])
    given = logits.log_softmax(dim=2)
    places = [(0, 0, 1), (0, 1, 2), (1, 0, 4), (1, 2, 0)]
    wanted = -sum(given[place].item() for place in places) / 4
    kept = torch.zeros(2, 3)
    for row, column, token in places:
        kept[row, column] = -given[row, column, token]

    output = TextOutput()
    assert GENERATION.loss(logits, target, output).item() == pytest.approx(wanted)
    assert GENERATION.loss(kept, target, output).item() == pytest.approx(wanted)
    measured = GENERATION.compute_metrics(kept, target, output)
    assert measured["loss"] == pytest.approx(wanted)
    assert measured["perplexity"] == pytest.approx(torch.tensor(wanted).exp().item())


def test_tokens_that_are_unknown_are_counted() -> None:
    """
    By the parts of the text that they stand for.
    """
    found, size = unknown_tokens("abxxcy", reading())

    assert (dict(found), size) == ({"x": 2, "y": 1}, 6)


def test_characters_that_a_tokenizer_refuses_are_counted() -> None:
    """
    Where it has no unknown token.
    """
    made = Tokenizer(models.WordLevel({"[PAD]": 0, "a": 1, "\n": 2}, ""))
    made.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    plain = reading(unk_token_id=None, tokenizer_source=made.to_str().encode())

    found, size = unknown_characters("a\nxxy", plain)

    assert (dict(found), size) == ({"x": 2, "y": 1}, 5)


def test_a_row_is_filled_up() -> None:
    """
    At its end.
    """
    assert padded([5], 3, 0).tolist() == [5, 0, 0]
    assert tokenizer.encode_untruncated("ab", reading()) == [5, 6]
