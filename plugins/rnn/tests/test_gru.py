"""What is special about the review classifier; the rest is in zoo.testing."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from zoo_rnn import gru_recipe
from zoo_rnn.baselines import ngram_logistic_accuracy
from zoo_rnn.char_tokenizer import random_unk, train_tokenizer
from zoo_rnn.fit_wide import fit_path_weights, fit_wide
from zoo_rnn.gru import (
    NO_FEATURE,
    GRUClassifier,
    HashedNgramEmbedding,
    WideLinear,
    gru_classifier,
    ngram_hashes,
    sorted_places,
)

import zoo
from zoo import TextInput
from zoo.artifacts import checked_file
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store
from zoo.datasets.in_memory import TensorRows
from zoo.errors import InputError, TruncationWarning
from zoo.models.metadata import model_metadata
from zoo.runtime.tokenizer import tokenizer

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
def reader() -> GRUClassifier:
    torch.manual_seed(0)
    made = gru_classifier(
        vocab_size=50,
        embed_dim=3,
        ngram_buckets=97,
        ngram_dim=2,
        hidden_size=5,
        wide_features=40,
    )
    nn.init.normal_(made.wide.coef.weight)  # zero in a fresh model
    return made.eval()


@pytest.fixture
def texts() -> TensorRows:
    """
    Texts of twelve characters of four; those with a 5 before a 3, about half, are
    positive.
    """
    drawing = torch.Generator().manual_seed(0)
    token = torch.randint(3, 7, (600, 12), generator=drawing, dtype=torch.int32)
    positive = ((token[:, :-1] == 5) & (token[:, 1:] == 3)).any(dim=1)
    return TensorRows(
        input=token, target=positive.long(), source="drawn", fingerprint=""
    )


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    return zoo.load("gru-nsmc")


def test_padding_does_not_change_a_prediction(reader: GRUClassifier) -> None:
    """
    A row gives the same alone, padded, and beside a longer one.
    """
    short = torch.tensor([[7, 3, 9]])
    filled = torch.tensor([[7, 3, 9, 0, 0, 0, 0]])
    company = torch.tensor([[7, 3, 9, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6, 7]])

    alone = reader(short)

    assert torch.allclose(reader(filled), alone, atol=1e-6)
    assert torch.allclose(reader(company)[:1], alone, atol=1e-6)


def test_it_computes_what_its_parts_say(reader: GRUClassifier) -> None:
    """
    The same comes of torch's own two-way GRU on one text, pooled by hand.
    """
    token = torch.tensor([[7, 3, 9, 0, 0]])
    both = nn.GRU(9, 5, batch_first=True, bidirectional=True)
    back = {
        f"{name}_reverse": held for name, held in reader.gru_bwd.state_dict().items()
    }
    both.load_state_dict(reader.gru_fwd.state_dict() | back)
    ngrams = reader.ngrams(token[:, :3]).flatten(start_dim=2)
    inputs = torch.cat([reader.embedding(token[:, :3]), ngrams], dim=2)
    hidden, _ = both(inputs)
    parts = [hidden.amax(dim=1), hidden.mean(dim=1), inputs.sum(dim=1) / 3**0.5]
    parts.append(reader.wide(token[:, :3]))

    assert torch.allclose(
        reader(token), reader.classifier(torch.cat(parts, dim=1)), atol=1e-6
    )


def test_ngrams_are_of_the_last_characters(reader: GRUClassifier) -> None:
    """
    The same two, three or four have the same row wherever they stand; another before
    them changes longer ones alone, and what follows changes nothing.
    """
    first = reader.ngrams.buckets(torch.tensor([[9, 7, 3, 5, 2]]))[0, 3]
    again = reader.ngrams.buckets(torch.tensor([[6, 8, 9, 7, 3, 5]]))[0, 5]
    other = reader.ngrams.buckets(torch.tensor([[4, 7, 3, 5]]))[0, 3]

    assert torch.equal(first, again)
    assert torch.equal(first[:2], other[:2])
    assert first[2] != other[2]


def test_ngrams_are_spread_over_their_table() -> None:
    """
    Of pairs of neighbours hardly more share a row than chance would have it.
    """
    pairs = torch.cartesian_prod(torch.arange(2, 66), torch.arange(2, 66))
    ngrams = HashedNgramEmbedding(num_buckets=65_536, embed_dim=1, max_n=2)
    rows = ngrams.buckets(pairs)[:, 1, 0]

    # 4,096 balls thrown into 65,536 boxes lie in 3,970 of them on average.
    assert len(rows.unique()) > 3_900


def test_the_wide_path_sums_the_coefficients_of_a_text() -> None:
    """
    An n-gram that occurs twice counts once, one that is no feature not at all, and the
    sum is divided by the root of the number of features.
    """
    wide = WideLinear(num_features=3, max_n=2, pad_token_id=0)
    pair = ngram_hashes(torch.tensor([[7, 3]]), 2)[0, 1, 1].item()
    wide.feature_hashes.copy_(torch.tensor([3, 7, pair]))
    with torch.no_grad():
        wide.coef.weight.copy_(torch.tensor([[0.5], [4.0], [-1.0]]))

    said = wide(torch.tensor([[7, 3, 7, 3], [3, 7, 9, 0], [9, 9, 0, 0]]))

    assert said[:, 0].tolist() == pytest.approx([3.5 / 3**0.5, 4.5 / 2**0.5, 0.0])


def test_the_end_of_a_text_is_part_of_an_ngram() -> None:
    """
    The last characters are another n-gram than the same in the middle, and the amount
    of padding after them makes no difference.
    """
    wide = WideLinear(num_features=3, max_n=2, pad_token_id=0)
    last, filled, middle = (
        set(wide.unique_hashes(torch.tensor([text]))[0].tolist()) - {NO_FEATURE}
        for text in ([5, 7], [5, 7, 0, 0], [5, 7, 9])
    )

    assert last == filled
    assert not last <= middle


def test_a_fresh_wide_path_is_silent() -> None:
    """
    Until it is fitted its output is zero.
    """
    token = torch.randint(1, 50, (4, 9), generator=torch.Generator().manual_seed(0))

    assert (
        WideLinear(num_features=60, max_n=3, pad_token_id=0)(token).tolist()
        == [[0.0]] * 4
    )


def test_the_wide_path_finds_what_makes_texts_positive(texts: TensorRows) -> None:
    """
    Nearly all rows are classified rightly, the pair has the largest coefficient, and a
    list too short for all n-grams has the most useful ones.
    """
    wide, short = (
        WideLinear(num_features=rows, max_n=2, pad_token_id=0) for rows in (100, 2)
    )
    pair = ngram_hashes(torch.tensor([[5, 3]]), 2)[0, 1, 1]
    for one in (wide, short):
        fit_wide(one, texts, c=10.0, max_iter=100)

    right = ((wide(texts.input)[:, 0] > 0) == texts.target).float().mean()
    assert right > 0.98
    assert wide.feature_hashes[wide.coef.weight[:, 0].argmax()] == pair
    assert wide.feature_hashes.diff().min() >= 0
    assert pair in short.feature_hashes


def test_the_wide_path_converges(texts: TensorRows) -> None:
    """
    More iterations change nothing.
    """
    first, longer = (
        WideLinear(num_features=100, max_n=2, pad_token_id=0) for _ in range(2)
    )
    fit_wide(first, texts, c=1.0, max_iter=60)
    fit_wide(longer, texts, c=1.0, max_iter=300)

    assert torch.allclose(first.coef.weight, longer.coef.weight, atol=1e-3)


def test_path_weights_are_recovered() -> None:
    """
    The weights and the intercept are those with which the labels were drawn.
    """
    drawing = torch.Generator().manual_seed(0)
    first, other = torch.randn(2, 60_000, generator=drawing)
    chance = (2 * first + 0.5 * other - 1).sigmoid()
    target = (torch.rand(60_000, generator=drawing) < chance).long()

    found = fit_path_weights([first, other], target)

    assert found.tolist() == pytest.approx([2, 0.5, -1], abs=0.05)


@pytest.mark.parametrize("steps", [2, 9, 10, 11, 100])
def test_the_schedule_of_a_short_run_has_an_end(steps: int) -> None:
    """
    Where the rise is a whole share of the steps, as a tenth of ten, torch divides by
    zero.
    """
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)])

    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1.0, total_steps=steps, pct_start=gru_recipe.WARMUP_FRACTION
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
    receipt = checkpoints.read_receipt(
        store.shipped_checkpoint(zoo.get_spec("gru-nsmc"))
    )
    noted, (claim, *_) = receipt["measured"], receipt["metrics"]
    (alone,) = receipt["baselines"]["wide path alone"].values()

    assert claim["value"] > max(noted["deep_accuracy"], noted["wide_accuracy"])
    assert noted["validation_both"] > noted["validation_deep"]
    assert noted["validation_both"] > noted["validation_wide"]
    assert alone == noted["wide_accuracy"]


def test_a_text_of_padding_alone_has_length_one(reader: GRUClassifier) -> None:
    """
    No length is zero.
    """
    empty = torch.zeros(2, 4, dtype=torch.long)

    assert reader.length(empty).tolist() == [1, 1]
    assert reader(empty).isfinite().all()


def test_a_padding_token_in_the_middle_is_read(reader: GRUClassifier) -> None:
    """
    A text ends at the last token that is no padding, not before the first that is.
    """
    assert reader.length(torch.tensor([[7, 0, 9, 0]])).tolist() == [3]


def test_a_tokenizer_is_the_same_each_time() -> None:
    """
    Byte for byte, so that the same seed gives the same weights; what is rare is left
    out where the place is short, and what came too seldom always.
    """
    first, again = (train_tokenizer(REVIEWS, vocab_size=30) for _ in range(2))
    short = train_tokenizer(REVIEWS, vocab_size=6)

    assert first.to_str() == again.to_str()
    assert first.get_vocab_size() < 30
    assert short.get_vocab_size() == 6
    assert first.token_to_id("[PAD]") == 0
    assert first.encode(" 재밌는\n  영화 🐱").tokens == [*"재밌는 영화 ", "[UNK]"]
    assert train_tokenizer([*REVIEWS, "쀍"], vocab_size=30).token_to_id("쀍") is None


def test_some_characters_become_unknown() -> None:
    """
    About the given fraction, none of them padding, drawn from the given generator.
    """
    token = torch.randint(2, 30, (200, 50), generator=torch.Generator().manual_seed(1))
    token[:, 40:] = 0
    first, again, other = (
        random_unk(0.2)(token, torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    )

    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(first == 0, token == 0)
    assert (first[:, :40] == 1).float().mean().item() == pytest.approx(0.2, abs=0.02)
    assert torch.equal(first[first > 1], token[first > 1])


def test_the_baseline_learns_characters() -> None:
    """
    Two kinds that differ in a character are told apart.
    """
    texts, labels = ["aab", "aac"] * 20, [0, 1] * 20

    assert ngram_logistic_accuracy((texts, labels), (["xb", "xc"], [0, 1])) == 1.0


@pytest.mark.parametrize("text", OWN)
def test_it_reads_reviews_that_nobody_posted(model: torch.nn.Module, text: str) -> None:
    """
    Written for this test: clear ones are read rightly.
    """
    assert zoo.predict(model, text).label == OWN[text]


@pytest.mark.filterwarnings("ignore::zoo.errors.TruncationWarning")
def test_answers_do_not_depend_on_company(model: torch.nn.Module) -> None:
    """
    A list is answered as its texts are one by one, of raw texts too.
    """
    texts = [*OWN, "아", "좋다 " * 300]
    together = [one.score for one in zoo.predict(model, texts)]
    alone = [zoo.predict(model, text).score for text in texts]

    assert together == pytest.approx(alone, abs=1e-5)


@pytest.mark.filterwarnings("ignore::zoo.errors.TruncationWarning")
def test_odd_texts_are_answered_or_refused(model: torch.nn.Module) -> None:
    """
    Huge texts are cut, letters and digits are read, emoji warn, gaps are refused.
    """
    with pytest.warns(TruncationWarning, match="longer than the 512 tokens"):
        huge = zoo.predict(model, "최악의 영화 " * 15_000)
    some = zoo.predict(model, ["A waste of time.", "10점 만점에 10점", "1234567890"])
    for text in ("🐈🐈🐈", "🐈"):
        with pytest.warns(UserWarning, match="has no word that the model knows"):
            zoo.predict(model, text)
    with pytest.raises(InputError) as gap:
        zoo.predict(model, ["좋다", None])
    with pytest.raises(InputError) as empty:
        zoo.predict(model, " ")

    assert huge.label == "negative"
    assert [one.label in model.zoo.labels for one in some] == [True] * 3
    assert str(gap.value) == (
        "Item 2: There is no text (None). The model expects a text (language: ko): a "
        "str, the pathlib.Path of a text file in UTF-8, or a list of those."
    )
    assert str(empty.value).startswith("The text is empty. The model expects a text")


def test_the_shipped_tokenizer_is_the_pinned_one() -> None:
    """
    The spec pins tokenizer.json as it pins the weights.
    """
    spec = zoo.get_spec("gru-nsmc")
    assert isinstance(spec.input, TextInput)
    path = store.shipped_checkpoint(spec) / checkpoints.TOKENIZER

    assert checked_file.sha256_of(path) == spec.input.tokenizer
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


@pytest.mark.parametrize("count", [1, 7, 8, 1000])
def test_what_a_graph_computes_instead_is_the_same(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Places in a sorted list, of numbers that are in it and of others, and hashes.
    """
    random = torch.Generator().manual_seed(0)
    known = torch.randint(0, 5000, (count,), generator=random).unique()
    values = torch.cat([known, torch.randint(-9, 6000, (500,), generator=random)])
    token = torch.randint(0, 1000, (3, 20), generator=random)
    expected = torch.searchsorted(known, values), ngram_hashes(token, 4)

    monkeypatch.setattr(torch.onnx, "is_in_onnx_export", lambda: True)

    assert torch.equal(sorted_places(known, values), expected[0])
    assert torch.equal(ngram_hashes(token, 4), expected[1])
