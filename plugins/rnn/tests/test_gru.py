"""What only the reader of reviews promises; the rest is in zoo.testing."""

import warnings
from dataclasses import replace

import pytest
import torch
from torch import nn
from zoo_rnn import characters, letters
from zoo_rnn.gru import Grams, GRUReader, gru_reader

import zoo
from zoo import TextInput, checkpoints, store
from zoo.about import about
from zoo.errors import InputError
from zoo.tokens import tokenizer

REVIEWS = (
    "재밌는 영화",
    "재미없는 영화였다",
    "정말 재밌는 영화였어요",
    "최악!! 재미없는",
) * 10
OWN = {
    "인생 영화입니다. 꼭 보세요": "positive",
    "시간이 아까워 죽는 줄 알았다": "negative",
    "배우들 연기가 정말 훌륭했어요": "positive",
    "스토리가 너무 엉성하고 재미없음": "negative",
    "두 번 봤는데 볼수록 감동적이에요": "positive",
}


@pytest.fixture(scope="module")
def reader() -> GRUReader:
    torch.manual_seed(0)
    return gru_reader(vocabulary=50, width=3, rows=97, narrow=2, hidden=5).eval()


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    return zoo.load("gru-nsmc")


def test_filling_does_not_change_an_answer(reader: GRUReader) -> None:
    """
    A row gives the same alone, filled up, and beside a longer one.
    """
    short = torch.tensor([[7, 3, 9]])
    filled = torch.tensor([[7, 3, 9, 0, 0, 0, 0]])
    company = torch.tensor([[7, 3, 9, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7]])

    alone = reader(short)

    assert torch.allclose(reader(filled), alone, atol=1e-6)
    assert torch.allclose(reader(company)[:1], alone, atol=1e-6)


def test_it_computes_what_its_parts_say(reader: GRUReader) -> None:
    """
    The same comes of torch's own two-way GRU on one text, pooled by hand.
    """
    token = torch.tensor([[7, 3, 9, 0, 0]])
    both = nn.GRU(9, 5, batch_first=True, bidirectional=True)
    back = {f"{name}_reverse": held for name, held in reader.back.state_dict().items()}
    both.load_state_dict(reader.ahead.state_dict() | back)
    grams = reader.grams(token[:, :3]).flatten(start_dim=2)
    seen = torch.cat([reader.embed(token[:, :3]), grams], dim=2)
    held, _ = both(seen)
    parts = [held.amax(dim=1), held.mean(dim=1), seen.sum(dim=1) / 3**0.5]

    assert torch.allclose(
        reader(token), reader.decide(torch.cat(parts, dim=1)), atol=1e-6
    )


def test_grams_are_of_the_last_characters(reader: GRUReader) -> None:
    """
    The same two, three or four have the same row wherever they stand; another before
    them changes longer ones alone, and what follows changes nothing.
    """
    first = reader.grams.rows(torch.tensor([[9, 7, 3, 5, 2]]))[0, 3]
    again = reader.grams.rows(torch.tensor([[6, 8, 9, 7, 3, 5]]))[0, 5]
    other = reader.grams.rows(torch.tensor([[4, 7, 3, 5]]))[0, 3]

    assert torch.equal(first, again)
    assert torch.equal(first[:2], other[:2])
    assert first[2] != other[2]


def test_grams_are_spread_over_their_table() -> None:
    """
    Of pairs of neighbours hardly more share a row than chance would have it.
    """
    pairs = torch.cartesian_prod(torch.arange(2, 66), torch.arange(2, 66))
    rows = Grams(rows=65_536, width=1, longest=2).rows(pairs)[:, 1, 0]

    # 4,096 balls thrown into 65,536 boxes lie in 3,970 of them on average.
    assert len(rows.unique()) > 3_900


def test_a_text_of_filling_alone_is_one_token(reader: GRUReader) -> None:
    """
    There is always something to read: no length is zero.
    """
    empty = torch.zeros(2, 4, dtype=torch.long)

    assert reader.length(empty).tolist() == [1, 1]
    assert reader(empty).isfinite().all()


def test_a_token_like_filling_in_the_middle_is_read(reader: GRUReader) -> None:
    """
    What ends a text is the last token that is no filling, not the first that is.
    """
    assert reader.length(torch.tensor([[7, 0, 9, 0]])).tolist() == [3]


def test_a_tokenizer_is_the_same_each_time() -> None:
    """
    Byte for byte, so that the same seed gives the same weights; what is rare is left
    out where the place is short, and what came too seldom always.
    """
    first, again = (letters.tokenizer(REVIEWS, size=30) for _ in range(2))
    short = letters.tokenizer(REVIEWS, size=6)

    assert first.to_str() == again.to_str()
    assert first.get_vocab_size() < 30
    assert short.get_vocab_size() == 6
    assert first.token_to_id("[PAD]") == 0
    assert first.encode(" 재밌는\n  영화 🐱").tokens == [*"재밌는 영화 ", "[UNK]"]
    assert letters.tokenizer([*REVIEWS, "쀍"], size=30).token_to_id("쀍") is None


def test_some_characters_stand_as_unlisted_ones() -> None:
    """
    About the share that is asked for, none of them filling, and drawn from the
    generator that is given.
    """
    token = torch.randint(2, 30, (200, 50), generator=torch.Generator().manual_seed(1))
    token[:, 40:] = 0
    first, again, other = (
        letters.unlisted(0.2)(token, torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    )

    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(first == 0, token == 0)
    assert (first[:, :40] == 1).float().mean().item() == pytest.approx(0.2, abs=0.02)
    assert torch.equal(first[first > 1], token[first > 1])


def test_the_cheap_way_learns_characters() -> None:
    """
    Two kinds that differ in a character are told apart.
    """
    texts, labels = ["aab", "aac"] * 20, [0, 1] * 20

    assert characters.accuracy((texts, labels), (["xb", "xc"], [0, 1])) == 1.0


@pytest.mark.parametrize("text", OWN)
def test_it_reads_reviews_that_nobody_posted(model: torch.nn.Module, text: str) -> None:
    """
    Written for this test: clear ones are read rightly.
    """
    assert zoo.predict(model, text).label == OWN[text]


def test_answers_do_not_depend_on_company(model: torch.nn.Module) -> None:
    """
    A list is answered as its texts are one by one, of raw texts too.
    """
    texts = [*OWN, "아", "좋다 " * 300]
    together = [one.score for one in zoo.predict(model, texts)]
    alone = [zoo.predict(model, text).score for text in texts]

    assert together == pytest.approx(alone, abs=1e-5)


def test_odd_texts_are_answered_or_refused(model: torch.nn.Module) -> None:
    """
    Huge texts are cut, letters and digits are read, emoji warn once, gaps are refused.
    """
    huge = zoo.predict(model, "최악의 영화 " * 15_000)
    some = zoo.predict(model, ["A waste of time.", "10점 만점에 10점", "1234567890"])
    with pytest.warns(UserWarning, match="has no word that the model knows"):
        zoo.predict(model, "🐈🐈🐈")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        zoo.predict(model, "🐈")  # said once
    with pytest.raises(InputError) as gap:
        zoo.predict(model, ["좋다", None])
    with pytest.raises(InputError) as empty:
        zoo.predict(model, " ")

    assert huge.label == "negative"
    assert [one.label in model.zoo.labels for one in some] == [True] * 3
    assert str(gap.value) == (
        "Item 2: A NoneType is not a text. The model expects a text (language: ko): a "
        "str, the pathlib.Path of a text file in UTF-8, or a list of those."
    )
    assert str(empty.value).startswith("The text is empty. The model expects a text")


def test_the_shipped_tokenizer_is_the_pinned_one() -> None:
    """
    The spec pins tokenizer.json as it pins the weights.
    """
    spec = zoo.spec("gru-nsmc")
    assert isinstance(spec.input, TextInput)
    path = store.shipped(spec) / checkpoints.TOKENIZER

    assert store.digest(path) == spec.input.tokenizer
    assert spec.input == replace(spec.input, held=path)


def test_the_tokenizer_reads_spelling_as_it_comes(model: torch.nn.Module) -> None:
    """
    Letters composed or not, large or small, and spaces doubled are the same text.
    """
    expected = about(model).spec.input
    assert isinstance(expected, TextInput)
    known = tokenizer(expected)
    composed = known.encode("정말 좋은 OST").ids

    assert known.encode("정말  좋은 ost").ids == composed
    assert 1 not in composed


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("인형은 꽤나 귀엽다", "positive"),
        ("코넬리의 어릴적 모습 감상만으로도 충분", "positive"),
        ("재밋고 존네요", "positive"),
    ],
)
def test_it_fails_where_its_card_says(
    model: torch.nn.Module, text: str, label: str
) -> None:
    """
    Reviews with low marks that the card quotes are taken for praise, and it is sure.
    """
    found = zoo.predict(model, text)

    assert found.label == label
    assert found.score > 0.9
