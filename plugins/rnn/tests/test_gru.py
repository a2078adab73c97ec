"""What only the reader of reviews promises; the rest is in zoo.testing."""

import warnings
from dataclasses import replace

import pytest
import torch
from torch import nn
from zoo_rnn import characters, counting, gru_recipe, letters
from zoo_rnn.gru import FILLING, Grams, GRUReader, Wide, gru_reader, numbered

import zoo
from zoo import TextInput
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store
from zoo.datasets.in_memory import TensorRows
from zoo.errors import InputError
from zoo.models.metadata import model_metadata
from zoo.preprocessing.tokenizer import tokenizer

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
    made = gru_reader(vocabulary=50, width=3, rows=97, narrow=2, hidden=5, listed=40)
    nn.init.normal_(made.wide.said.weight)  # of a fresh model the list says nothing
    return made.eval()


@pytest.fixture
def texts() -> TensorRows:
    """
    Texts of twelve characters of four; those with a 5 before a 3, about half, are good.
    """
    drawing = torch.Generator().manual_seed(0)
    token = torch.randint(3, 7, (600, 12), generator=drawing, dtype=torch.int32)
    good = ((token[:, :-1] == 5) & (token[:, 1:] == 3)).any(dim=1)
    return TensorRows(input=token, target=good.long(), source="drawn", fingerprint="")


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
    parts.append(reader.wide(token[:, :3]))

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


def test_a_list_sums_what_is_said_of_what_stands_in_a_text() -> None:
    """
    A group that stands there twice counts once, one that is not listed not at all, and
    the sum is divided by the root of how many say something.
    """
    wide = Wide(rows=3, longest=2, padding=0)
    pair = numbered(torch.tensor([[7, 3]]), 2)[0, 1, 1].item()
    wide.listed.copy_(torch.tensor([3, 7, pair]))
    with torch.no_grad():
        wide.said.weight.copy_(torch.tensor([[0.5], [4.0], [-1.0]]))

    said = wide(torch.tensor([[7, 3, 7, 3], [3, 7, 9, 0], [9, 9, 0, 0]]))

    assert said[:, 0].tolist() == pytest.approx([3.5 / 3**0.5, 4.5 / 2**0.5, 0.0])


def test_the_end_of_a_text_is_listed() -> None:
    """
    What stands last is another group than the same in the middle, and how much filling
    comes after it makes no difference.
    """
    wide = Wide(rows=3, longest=2, padding=0)
    last, filled, middle = (
        set(wide.different(torch.tensor([text]))[0].tolist()) - {FILLING}
        for text in ([5, 7], [5, 7, 0, 0], [5, 7, 9])
    )

    assert last == filled
    assert not last <= middle


def test_a_fresh_list_says_nothing() -> None:
    """
    Until somebody counted, the other path answers alone.
    """
    token = torch.randint(1, 50, (4, 9), generator=torch.Generator().manual_seed(0))

    assert Wide(rows=60, longest=3, padding=0)(token).tolist() == [[0.0]] * 4


def test_counting_finds_what_makes_texts_good(texts: TensorRows) -> None:
    """
    All rows but few are told apart, the pair says most, and a list too short for all
    groups holds those that tell something.
    """
    wide, short = (Wide(rows=rows, longest=2, padding=0) for rows in (100, 2))
    pair = numbered(torch.tensor([[5, 3]]), 2)[0, 1, 1]
    for one in (wide, short):
        counting.solve(one, texts, strength=10.0, steps=100)

    right = ((wide(texts.input)[:, 0] > 0) == texts.target).float().mean()
    assert right > 0.98
    assert wide.listed[wide.said.weight[:, 0].argmax()] == pair
    assert wide.listed.diff().min() >= 0
    assert pair in short.listed


def test_counting_ends_at_the_best(texts: TensorRows) -> None:
    """
    More steps change nothing: the search is over.
    """
    first, longer = (Wide(rows=100, longest=2, padding=0) for _ in range(2))
    counting.solve(first, texts, strength=1.0, steps=60)
    counting.solve(longer, texts, strength=1.0, steps=300)

    assert torch.allclose(first.said.weight, longer.said.weight, atol=1e-3)


def test_shares_are_those_that_labels_were_drawn_by() -> None:
    """
    Log odds that were doubled, halved and moved are weighed back.
    """
    drawing = torch.Generator().manual_seed(0)
    first, other = torch.randn(2, 60_000, generator=drawing)
    chance = (2 * first + 0.5 * other - 1).sigmoid()
    target = (torch.rand(60_000, generator=drawing) < chance).long()

    found = counting.shares([first, other], target)

    assert found.tolist() == pytest.approx([2, 0.5, -1], abs=0.05)


@pytest.mark.parametrize("steps", [2, 9, 10, 11, 100])
def test_the_schedule_of_a_short_run_has_an_end(steps: int) -> None:
    """
    Where the rise is a whole share of the steps, as a tenth of ten, torch divides by
    zero.
    """
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)])

    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1.0, total_steps=steps, pct_start=gru_recipe.RISE
    )
    for _ in range(steps - 1):
        optimizer.step()
        schedule.step()

    assert schedule.get_last_lr()[0] < 1e-3


def test_both_paths_are_ahead_of_each() -> None:
    """
    On the test reviews, and on those held back, by the shipped receipt; the list alone
    stands among the simple methods.
    """
    receipt = checkpoints.read_receipt(store.shipped(zoo.get_spec("gru-nsmc")))
    noted, (claim, *_) = receipt["measured"], receipt["metrics"]
    (alone,) = receipt["baselines"]["its own list of character n-grams"].values()

    assert claim["value"] > max(noted["deep"], noted["wide"])
    assert noted["both_validated"] > noted["deep_validated"]
    assert noted["both_validated"] > noted["wide_validated"]
    assert alone == noted["wide"]


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
    spec = zoo.get_spec("gru-nsmc")
    assert isinstance(spec.input, TextInput)
    path = store.shipped(spec) / checkpoints.TOKENIZER

    assert store.digest(path) == spec.input.tokenizer
    assert spec.input == replace(spec.input, tokenizer_source=path)


def test_the_tokenizer_reads_spelling_as_it_comes(model: torch.nn.Module) -> None:
    """
    Letters composed or not, large or small, and spaces doubled are the same text.
    """
    expected = model_metadata(model).spec.input
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
