"""Windows and gradients are those of word2vec, and words have neighbours."""

import re
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from zoo_word_embedding import corpus
from zoo_word_embedding.cbow import CBOW, cbow
from zoo_word_embedding.cbow_recipe import Settings, bag_of_words
from zoo_word_embedding.pairs import flatten_texts
from zoo_word_embedding.recipe import negative_sampling_loss
from zoo_word_embedding.windows import sample_windows

import zoo
from zoo import Run
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store

NAME = "word2vec-cbow"
CARD = Path(corpus.__file__).parent / "cards" / f"{NAME}.md"


def drawn(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def near(around: Tensor) -> list[list[int]]:
    """Return the words of each row, sorted, without empty places."""
    return [sorted(n for n in row if n) for row in around.tolist()]


def test_windows_stay_in_their_text() -> None:
    """
    A window of one has both neighbours; a word alone in its text is left out.
    """
    held = flatten_texts([[2, 3, 4], [5], [6, 7]])

    word, around = sample_windows(held, torch.ones(8), 1, drawn())

    assert word.tolist() == [2, 3, 4, 6, 7]
    assert near(around) == [[3], [2, 4], [3], [7], [6]]


def test_windows_reach_as_far_as_is_drawn() -> None:
    """
    As often as each place is in reach of a width drawn from 1 to 5, on both sides.
    """
    token = torch.arange(1, 20_001, dtype=torch.int32)
    held = torch.stack([token, torch.zeros_like(token)])

    word, around = sample_windows(held, torch.ones(20_001), 5, drawn())

    for side, sign in ((0, 1), (1, -1)):
        part = around[:, side::2]
        gap = sign * (word[:, None] - part)
        assert ((part == 0) | (gap == torch.arange(1, 6))).all()
        seen = (part > 0).float().mean(dim=0)
        assert torch.allclose(seen, torch.tensor([1.0, 0.8, 0.6, 0.4, 0.2]), atol=0.02)


def test_a_dropped_word_lets_windows_reach_farther() -> None:
    """
    It is neither told nor around.
    """
    held = flatten_texts([[3, 2, 3]])

    word, around = sample_windows(held, torch.tensor([0.0, 0, 0, 1]), 1, drawn())

    assert word.tolist() == [3, 3]
    assert near(around) == [[3], [3]]


def test_the_step_is_that_of_the_authors_program() -> None:
    """
    Word by word: h is the mean, and each word around gets the whole gradient of h.
    """
    torch.manual_seed(0)
    model, out = cbow(vocab_size=9, embed_dim=4), nn.Embedding(9, 4)
    nn.init.normal_(model.embedding.weight)
    held, context = model.embedding.weight.detach(), out.weight.detach()
    around, word = torch.tensor([[3, 5, 6, 0], [7, 0, 0, 0]]), torch.tensor([4, 8])
    settings = Settings(group_size=2, group_negatives=3, negatives=3)
    noise = torch.ones(9, dtype=torch.float64)
    run = Run(zoo.get_spec(NAME))

    found = bag_of_words(model, around)
    negative_sampling_loss(found, out, word, noise, settings, run).backward()

    far = torch.multinomial(noise, 3, replacement=True, generator=drawn())
    wanted, total = torch.zeros(9, 4), 0.0
    for row, target in zip([[3, 5, 6], [7]], word.tolist(), strict=True):
        h = held[row].mean(dim=0)
        error = -torch.sigmoid(-context[target] @ h) * context[target]
        total -= logsigmoid(context[target] @ h).item()
        for number in far.tolist():
            error += torch.sigmoid(context[number] @ h) * context[number]
            total -= logsigmoid(-context[number] @ h).item()
        for number in row:
            wanted[number] += error / 2  # the loss is a mean over two words
    slope = model.embedding.weight.grad
    assert slope is not None
    assert torch.allclose(found[0], held[[3, 5, 6]].mean(dim=0), atol=1e-6)
    assert torch.allclose(slope, wanted, atol=1e-5)


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return zoo.load(NAME)


def test_the_card_of_cbow_tells_what_the_model_says(model: nn.Module) -> None:
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


def test_it_reads_the_words_of_skipgram(model: nn.Module) -> None:
    """
    The same vocabulary, and other vectors.
    """
    other = zoo.load("word2vec-skipgram")
    assert isinstance(model, CBOW)
    texts = ["the queen", "a cup of tea"]
    ours, theirs = zoo.encode(model, texts), zoo.encode(other, texts)

    pins = {zoo.get_spec(n).input.tokenizer for n in (NAME, "word2vec-skipgram")}  # type: ignore[attr-defined]

    assert len(pins) == 1
    assert ours.shape == theirs.shape
    assert not torch.allclose(ours, theirs, atol=0.1)


def test_cbow_is_as_good_as_gensim() -> None:
    """
    On WordSim-353, on analogies and on held-out texts, within two points of gensim
    trained on the same words with the same settings.
    """
    figures = checkpoints.read_receipt(store.shipped_checkpoint(zoo.get_spec(NAME)))[
        "measured"
    ]["gensim"]

    assert figures["wordsim_pairs"] > 200
    assert figures["wordsim_spearman"] > figures["gensim_wordsim_spearman"] - 2
    assert figures["analogy_accuracy"] > figures["gensim_analogy_accuracy"] - 0.02
    assert figures["accuracy"] > figures["gensim_accuracy"] - 0.02
