"""bert-mini: how its text is read, hidden and measured, and what fills its gaps."""

from typing import Any

import pytest
import torch
from zoo_transformer import bert_recipe, masking
from zoo_transformer.baselines import NeighbourCounts
from zoo_transformer.bert import bert
from zoo_transformer.wordpiece_tokenizer import (
    MASK_TOKEN_ID,
    SPECIAL_TOKENS,
    train_tokenizer,
)

import zoo
from zoo.datasets.in_memory import TensorRows
from zoo.errors import InputError

SIZES = {
    "vocab_size": 40,
    "context_length": 16,
    "embed_dim": 24,
    "num_layers": 2,
    "num_heads": 4,
}
TEXTS = ["The cat sat on the mat.", "The cats sit, the CAT sits; cattle!"]


@pytest.fixture(scope="module")
def model() -> Any:
    return zoo.load("bert-mini")


def rows(token: list[list[int]]) -> TensorRows:
    given = torch.tensor(token, dtype=torch.int32)
    return TensorRows(
        input=given, target=given.long(), source="t/test", fingerprint="f"
    )


def test_pieces_of_words_are_the_same_for_the_same_texts() -> None:
    """
    In small letters; a word that is not listed is read in pieces, one with a letter
    that no text had is unknown, and a gap stays a gap.
    """
    made, again = (train_tokenizer(TEXTS, vocab_size=40) for _ in range(2))

    assert made.to_str() == again.to_str()
    assert made.get_vocab_size() <= 40
    assert [made.token_to_id(one) for one in SPECIAL_TOKENS] == [0, 1, MASK_TOKEN_ID]
    assert made.encode("CAT sat").tokens == ["cat", "sat"]
    assert made.encode("the [MASK] .").ids[1] == MASK_TOKEN_ID
    assert made.encode("catle").tokens[0] == "cat"
    assert all(piece.startswith("##") for piece in made.encode("catle").tokens[1:])
    assert made.decode(made.encode("catle, mat").ids) == "catle, mat"
    assert made.encode("\N{GRINNING FACE}").ids == [1]


def test_tokens_are_hidden_as_in_the_paper() -> None:
    """
    15 % are asked for: of these 80 % become a gap, 10 % another token, 10 % stay.
    """
    token = torch.full((400, 100), 7)
    random = torch.Generator().manual_seed(0)

    given, asked = masking.mask_random_tokens(
        token, random, mask_token_id=2, vocab_size=1000, mlm_probability=0.15
    )

    def share(found: torch.Tensor) -> float:
        return found.float().mean().item()

    assert share(asked) == pytest.approx(0.15, abs=0.01)
    assert share(given[asked] == 2) == pytest.approx(0.8, abs=0.02)
    assert share(given[asked] == 7) == pytest.approx(0.1, abs=0.02)
    assert bool((given[~asked] == 7).all())
    assert int(given.min()) == 2


def test_every_token_is_asked_for_once() -> None:
    """
    In seven copies of a row, by the same drawing at every call; what is not asked for
    stands there as it is.
    """
    held = rows([list(range(3, 17)), list(range(20, 34))])

    found, again = (masking.mask_every_token(held, mask_token_id=2) for _ in range(2))
    asked = found.target != masking.IGNORE_INDEX

    assert len(found) == 14
    assert torch.equal(found.input, again.input)
    assert torch.equal(asked.view(2, 7, 14).sum(dim=1), torch.ones(2, 14).long())
    assert bool((found.input[asked] == 2).all())
    wanted = held.input.repeat_interleave(7, dim=0)
    assert torch.equal(found.input[~asked], wanted[~asked])
    assert torch.equal(found.target[asked], wanted[asked].long())


@torch.inference_mode()
def test_only_what_is_asked_for_is_told() -> None:
    """
    The logits of some places are those that all places together have.
    """
    torch.manual_seed(0)
    made = bert(**SIZES).eval()
    token = torch.randint(1, 40, (3, 10))
    where = torch.rand(3, 10) < 0.3

    assert torch.allclose(made(token, where), made(token)[where], atol=1e-6)


def test_rows_are_cut_longer_from_pass_to_pass() -> None:
    """
    Nothing is lost; the whole row comes from the third pass on, and stays the longest.
    """
    random = torch.Generator().manual_seed(0)
    token = torch.arange(4 * 128).view(4, 128)

    def lengths(epoch: int) -> set[int]:
        found = [bert_recipe.split_rows(token, 16, epoch, random) for _ in range(60)]
        assert all(torch.equal(part.flatten(), token.flatten()) for part in found)
        return {part.shape[1] for part in found}

    assert lengths(1) == {16}
    assert lengths(2) == {16, 32, 64}
    assert lengths(3) == {16, 32, 64, 128}


def test_a_model_begins_with_what_is_known() -> None:
    """
    Before any training its answer is near the frequencies of tokens, and neighbouring
    places are more alike than distant ones.
    """
    torch.manual_seed(0)
    made = bert(**SIZES).eval()
    seen = torch.randint(3, 8, (50, 16))

    bert_recipe.initialize(made, seen)
    place = made.position_embedding.weight
    with torch.inference_mode():
        said = made(seen[:1])[0].softmax(dim=-1).mean(dim=0)

    assert said[3:8].sum() > 0.8
    assert torch.dist(place[4], place[5]) < torch.dist(place[4], place[12])


def test_counts_of_neighbours_are_chances() -> None:
    """
    They add up to one; a token that was always seen between two is the likeliest
    there, and where both neighbours are hidden it is the commonest of all.
    """
    seen = torch.tensor([[3, 4, 5, 6, 4, 7, 3, 4, 5, 4]])
    counts = NeighbourCounts(seen, vocab_size=8, bigram_prior=1.0, trigram_prior=1.0)
    asked = rows([[3, 2, 5], [6, 2, 7], [2, 2, 2]])
    asked.target[:] = masking.IGNORE_INDEX
    asked.target[:, 1] = 4

    chance = counts.log_probs(asked, mask_token_id=2).exp()

    assert torch.allclose(chance.sum(dim=1), torch.ones(3), atol=1e-5)
    assert chance.argmax(dim=1).tolist() == [4, 4, 4]
    assert chance[0, 4] > chance[2, 4]
    assert chance[2, 4].item() == pytest.approx(0.4, abs=1e-4)
    assert masking.masked_metrics(chance.log(), asked)["masked_accuracy"] == 1.0


def test_gaps_are_filled_by_words_that_fit(model: Any) -> None:
    """
    By grammar, and by the words that belong together; capitals make no difference.
    """

    def best(text: str) -> list[str]:
        return [one.token_str for one in zoo.predict(model, text).masks[0]]

    assert best("i have never [MASK] him before .")[0] in {"seen", "met"}
    assert best("what is your [MASK] ?")[0] == "name"
    assert best("how old [MASK] you ?")[0] == "are"
    assert best("HOW OLD [MASK] YOU ?") == best("how old [MASK] you ?")


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_text_is_refused(model: Any, text: str) -> None:
    """
    As every model of texts refuses it.
    """
    with pytest.raises(InputError) as refused:
        zoo.predict(model, text)

    assert str(refused.value) == (
        "The text is empty. The model expects a text (language: en): a str, the "
        "pathlib.Path of a text file in UTF-8, or a list of those."
    )


@pytest.mark.filterwarnings("ignore:A text has no word that the model knows")
@pytest.mark.parametrize("text", ["the king is dead .", "\N{GRINNING FACE}"])
def test_a_text_without_a_gap_is_refused(model: Any, text: str) -> None:
    """
    In the same words, be it a sentence or what no token stands for.
    """
    with pytest.raises(InputError) as refused:
        zoo.predict(model, text)

    assert str(refused.value) == (
        "The text has no [MASK], so there is no gap to fill. The model expects "
        "a text with [MASK] where a word is missing."
    )


@pytest.mark.filterwarnings("ignore::zoo.errors.TruncationWarning")
def test_a_gap_may_stand_among_strange_signs_but_not_too_far_behind(model: Any) -> None:
    """
    Emoji and other alphabets are unknown tokens; what is beyond 64 tokens is cut off,
    and a gap there is told of.
    """
    strange = zoo.predict(model, "\N{GRINNING FACE} 왕은 [MASK] .")
    long = zoo.predict(model, "the king is [MASK] . " + "and so on " * 500)
    with pytest.raises(InputError, match="among its first 64 tokens"):
        zoo.predict(model, "and so on " * 500 + "the king is [MASK] .")

    assert len(strange.masks[0]) == len(long.masks[0]) == 5
    assert sum(one.score for one in strange.masks[0]) <= 1.0
