"""Pairs, loss and accuracy are what the papers say, and words have neighbours."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn.functional import logsigmoid
from zoo_word_embedding import corpus, recipe, report, skipgram
from zoo_word_embedding.pairs import flatten_texts, keep_probability, sample_pairs
from zoo_word_embedding.word_tokenizer import (
    SPECIAL_TOKENS,
    encode_known_words,
    train_tokenizer,
)

import zoo
from zoo import Run, TextInput
from zoo.artifacts import checked_file
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store
from zoo.errors import InputError

NAME = "word2vec-skipgram"
CARD = Path(corpus.__file__).parent / "cards" / f"{NAME}.md"


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_pairs_stay_in_their_text_and_window() -> None:
    """
    Both ways, as near as the window, and of a window of one all that stand together.
    """
    held = flatten_texts([[2, 3, 4], [5, 6]])
    chance = torch.ones(7)

    word, context = sample_pairs(held, chance, 1, random())
    wide = torch.stack(sample_pairs(held, chance, 9, random()))

    found = sorted(zip(word.tolist(), context.tolist(), strict=True))
    assert found == [(2, 3), (3, 2), (3, 4), (4, 3), (5, 6), (6, 5)]
    assert {tuple(sorted(p)) for p in wide.T.tolist()} <= {
        (2, 3),
        (3, 4),
        (2, 4),
        (5, 6),
    }


def test_far_contexts_are_rarer() -> None:
    """
    The reach is drawn from 1 to the window, so the k-th place is seen (5 - k + 1) / 5
    of the time.
    """
    token = torch.arange(20_000, dtype=torch.int32)
    held = torch.stack([token, torch.zeros_like(token)])

    word, context = sample_pairs(held, torch.ones(20_000), 5, random())

    far = (word - context).abs().bincount(minlength=6)[1:] / (2 * 20_000)
    assert torch.allclose(far, torch.tensor([1.0, 0.8, 0.6, 0.4, 0.2]), atol=0.02)


def test_frequent_words_are_subsampled() -> None:
    """
    As by the authors' program; a word left out makes windows reach farther.
    """
    count = torch.tensor([0, 0, 900, 99, 1])
    chance = keep_probability(count, 1e-2)
    share = 0.01 / 0.9

    held = flatten_texts([[3, 2, 3]])
    word, context = sample_pairs(held, torch.tensor([0.0, 0, 0, 1, 0]), 1, random())

    assert chance[2].item() == pytest.approx(share**0.5 + share)
    assert chance[4] == 1
    assert (word.tolist(), context.tolist()) == ([3, 3], [3, 3])


def test_the_loss_is_that_of_negative_sampling() -> None:
    """
    Pair by pair: the context, and the weighted negative samples of the group; a last
    group that is not full loses nothing and adds nothing.
    """
    settings = recipe.Settings(group_size=4, group_negatives=3, negatives=5)
    run = Run(zoo.get_spec(NAME))
    vector, context = torch.randn(6, 8, generator=random()), nn.Embedding(10, 8)
    other, noise = torch.arange(6), torch.ones(10, dtype=torch.float64)

    found = recipe.negative_sampling_loss(vector, context, other, noise, settings, run)

    far = torch.multinomial(noise, 6, replacement=True, generator=random()).view(2, 3)
    total = torch.zeros(())
    for place in range(6):
        drawn = context(far[place // 4]) @ vector[place]
        total -= logsigmoid(context(other[place]) @ vector[place])
        total -= 5 / 3 * logsigmoid(-drawn).sum()
    assert found.item() == pytest.approx(total.item() / 6, rel=1e-5)


def test_words_of_similar_contexts_become_similar() -> None:
    """
    Two kinds of texts, and words that never meet: those of one kind are nearer.
    """
    texts = [[2, 4], [3, 4], [2, 5], [3, 5], [6, 8], [7, 8], [6, 9], [7, 9]] * 10
    held, settings = flatten_texts(texts), recipe.Settings(group_size=8)
    run = Run(zoo.get_spec(NAME))
    torch.manual_seed(0)
    model = skipgram.skipgram(vocab_size=10, embed_dim=8)
    context = nn.Embedding(10, 8)
    nn.init.zeros_(context.weight)
    learned = [*model.parameters(), *context.parameters()]
    noise = report.word_counts(held, 10).double()

    for _ in range(200):
        word, other = sample_pairs(held, torch.ones(10), 5, run.generator)
        vector = model(word.unsqueeze(1))
        loss = recipe.negative_sampling_loss(
            vector, context, other, noise, settings, run
        )
        slopes = torch.autograd.grad(loss, learned)
        with torch.no_grad():
            for one, slope in zip(learned, slopes, strict=True):
                one.sub_(2 * slope)

    unit = nn.functional.normalize(model.embedding_matrix(), dim=1)
    assert unit[2] @ unit[3] > 0.5 + unit[2] @ unit[7]  # 2 and 3 never met
    assert report.nearer_word_accuracy(unit, torch.tensor([[2, 3, 7], [6, 7, 3]])) == 1


def test_ties_count_half() -> None:
    """
    So that vectors that are all equal have an accuracy of one half.
    """
    rows = torch.tensor([[0, 1, 2], [2, 1, 0]])

    assert report.nearer_word_accuracy(torch.ones(3, 4), rows) == 0.5
    assert report.nearer_word_accuracy(torch.eye(3)[[0, 0, 1]], rows) == 0.75
    assert report.frequency_accuracy(torch.tensor([3, 2, 1]), rows) == 0.5


def test_the_baseline_finds_similar_words_too() -> None:
    """
    The SVD of the PPMI matrix, which the card compares with.
    """
    held = flatten_texts(
        [[2, 4], [3, 4], [2, 5], [3, 5], [6, 8], [7, 8], [6, 9], [7, 9]] * 9
    )

    vector = report.ppmi_svd(sample_pairs(held, torch.ones(10), 5, random()), 10, 4)

    unit = nn.functional.normalize(vector, dim=1)
    assert unit[2] @ unit[3] > 0.9
    assert abs(unit[2] @ unit[7]) < 0.1


@pytest.fixture(scope="module")
def reader() -> Tokenizer:
    texts = ["Don\u2019t the cats, don't they?", "the 3 Cats \u2014 the caf\u00e9"]
    return train_tokenizer(texts, vocab_size=5, min_count=2)


def test_words_are_letters_in_small(reader: Tokenizer) -> None:
    """
    The commonest first, either apostrophe, no numbers, and no more than have room.
    """
    known = reader.get_vocab()
    texts = ["THE caf\u00e9 cats 3 DON\u2019T", "x2the 'the' _cats\ncats'", ""]

    ours = encode_known_words(reader, texts)
    theirs = [[n for n in one.ids if n > 1] for one in reader.encode_batch(texts)]

    assert sorted(known, key=known.__getitem__) == [
        *SPECIAL_TOKENS,
        "the",
        "cats",
        "don't",
    ]
    assert ours == [[2, 3, 4], [2, 2, 3, 3], []]
    assert theirs == ours


def test_a_text_is_the_mean_of_its_known_words() -> None:
    """
    Unknown words and padding say nothing; of a text without known words it is zero.
    """
    torch.manual_seed(0)
    model = skipgram.skipgram(vocab_size=9, embed_dim=3)
    held = model.embedding_matrix()

    found = model(torch.tensor([[2, 1, 5, 0], [1, 0, 0, 0]]))

    assert torch.allclose(found[0], (held[2] + held[5]) / 2)
    assert not found[1].any()
    assert not held[:2].any()


def test_posts_keep_what_is_prose() -> None:
    """
    Neither quotes nor ASCII art, tables or programs.
    """
    post = (
        "In article <1> x writes:\n> yours\n: his\nMine, and all of it.\n|--+--|\n*p=0;"
    )

    assert corpus.prose_lines(post) == "Mine, and all of it."


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return zoo.load(NAME)


def test_the_card_tells_what_the_model_says(model: nn.Module) -> None:
    """
    Its tables of neighbours and of analogies, right ones and wrong ones.
    """
    rows = re.findall(r"^\| `([^|]+)` \| ([^|]+) \|", CARD.read_text(), re.MULTILINE)

    assert len(rows) >= 10
    for asked, told in rows:
        added, _, taken = asked.partition(" - ")
        listed = told.strip().split(", ")
        found = zoo.nearest_words(
            model,
            positive=added.split(" + "),
            negative=taken.split(" - ") if taken else [],
            n=len(listed),
        )
        assert found.words == listed, asked


@pytest.mark.filterwarnings("ignore::zoo.errors.TruncationWarning")
def test_odd_texts_are_answered_or_refused(model: Any) -> None:
    """
    Case does not count; what is unknown warns; a sentence is no single word.
    """
    king, other = zoo.predict(model, ["King", "KING!"])
    with pytest.warns(UserWarning, match="has no word that the model knows"):
        cat = zoo.predict(model, "🐈")
    with pytest.warns(UserWarning, match="has no word that the model knows"):
        zoo.predict(model, "고양이가 소파에 앉아 있다")
    huge = zoo.predict(model, "the king and the queen " * 20_000)

    assert king.vector == other.vector
    assert str(cat) == "a vector of 100 numbers"
    assert len(huge.most_similar) == 5
    with pytest.raises(InputError) as caught:
        zoo.nearest_words(model, "the old king")
    assert str(caught.value) == (
        "'the old king' is 3 words: give them as positive=['the', 'old', 'king']. The "
        "model expects single words that it knows."
    )
    with pytest.raises(InputError, match=r"the word 'kingg'\. Did you mean 'king'"):
        zoo.nearest_words(model, "kingg")


def test_the_shipped_tokenizer_is_the_pinned_one() -> None:
    """
    The spec pins tokenizer.json as it pins the weights.
    """
    spec = zoo.get_spec(NAME)
    assert isinstance(spec.input, TextInput)
    path = store.shipped_checkpoint(spec) / checkpoints.TOKENIZER

    assert checked_file.sha256_of(path) == spec.input.tokenizer
    assert spec.input == replace(spec.input, tokenizer_source=path)


def test_it_is_as_good_as_gensim() -> None:
    """
    On WordSim-353, within two points of gensim trained on the same words in one run.
    """
    figures = checkpoints.read_receipt(store.shipped_checkpoint(zoo.get_spec(NAME)))[
        "measured"
    ]["gensim"]

    assert figures["wordsim_pairs"] > 200
    assert figures["wordsim_spearman"] > figures["gensim_wordsim_spearman"] - 2
