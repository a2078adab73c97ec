"""What only the readers of English reviews promise; the rest is in zoo.testing."""

import pytest
import torch
from torch import Tensor, nn
from zoo_rnn.baselines import word_logistic_accuracy
from zoo_rnn.sentiment import CELLS, RecurrentClassifier, recurrent_classifier
from zoo_rnn.word_tokenizer import last_words, train_word_tokenizer

import zoo

OWN = {
    "A wonderful film, one of the best I have ever seen.": "pos",
    "What a terrible waste of time. Awful acting and a boring plot.": "neg",
}


@pytest.fixture(params=CELLS)
def reader(request: pytest.FixtureRequest) -> RecurrentClassifier:
    torch.manual_seed(0)
    made = recurrent_classifier(
        cell=request.param, vocab_size=50, embed_dim=3, hidden_size=5
    )
    return made.eval()


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return zoo.load("lstm-imdb")


def _states(layer: nn.Module, inputs: Tensor) -> Tensor:
    """Return the hidden states of one text by the equations of the papers."""
    hidden = cell = torch.zeros(5)
    states = []
    for one in inputs:
        read = layer.weight_ih_l0 @ one + layer.bias_ih_l0
        kept = layer.weight_hh_l0 @ hidden + layer.bias_hh_l0
        if isinstance(layer, nn.LSTM):
            i, f, g, o = (read + kept).chunk(4)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            hidden = o.sigmoid() * cell.tanh()
        elif isinstance(layer, nn.GRU):
            (read_r, read_z, read_n), (r, z, n) = read.chunk(3), kept.chunk(3)
            update = (read_z + z).sigmoid()
            new = (read_n + (read_r + r).sigmoid() * n).tanh()
            hidden = (1 - update) * new + update * hidden
        else:
            hidden = (read + kept).tanh()
        states.append(hidden)
    return torch.stack(states)


def test_it_computes_the_equations(reader: RecurrentClassifier) -> None:
    """
    Each cell, step by step, pooled by hand.
    """
    token = torch.tensor([[7, 3, 9, 0, 0]])
    states = _states(reader.recurrent, reader.embedding(token[0, :3]))
    pooled = torch.cat([states.amax(dim=0), states.mean(dim=0)])

    assert torch.allclose(reader(token)[0], reader.classifier(pooled), atol=1e-6)


def test_padding_does_not_change_a_prediction(reader: RecurrentClassifier) -> None:
    """
    A row gives the same alone as beside a longer one; padding alone has length one.
    """
    company = torch.tensor([[7, 3, 9, 0, 0], [1, 2, 3, 4, 5], [0, 0, 0, 0, 0]])

    assert torch.allclose(reader(company)[:1], reader(company[:1, :3]), atol=1e-6)
    assert reader.length(company).tolist() == [3, 5, 1]


def test_a_tokenizer_keeps_the_last_words() -> None:
    """
    Frequent words have the first numbers, and the baseline reads the same words.
    """
    texts = ["It's GOOD!<br /><br />good", "good, it's 10"]
    made = train_word_tokenizer(texts, vocab_size=5, max_length=3)

    assert made.get_vocab() == {"[PAD]": 0, "[UNK]": 1, "good": 2, "it's": 3, "!": 4}
    assert made.encode(texts[0]).tokens == ["good", "!", "good"]
    assert last_words(texts[0], 3) == "good ! good"


def test_the_baseline_learns_pairs_of_words() -> None:
    """
    Texts of the same words in another order are told apart.
    """
    texts, labels = ["not bad but good", "not good but bad"] * 20, [1, 0] * 20

    assert word_logistic_accuracy((texts, labels), (texts[:2], [1, 0])) == 1.0


@pytest.mark.filterwarnings("ignore::zoo.errors.TruncationWarning")
def test_the_start_of_a_long_review_is_not_read(model: nn.Module) -> None:
    """
    The last 200 words alone decide.
    """
    end = "the film was good " * 50
    whole, cut = zoo.predict(model, ["Awful, boring, terrible. " + end, end])

    assert whole.score == pytest.approx(cut.score, abs=1e-6)


def test_it_takes_negated_blame_for_blame(model: nn.Module) -> None:
    """
    The card says so; a model that reads it rightly needs another card.
    """
    assert zoo.predict(model, "Not bad at all.").label == "neg"


@pytest.mark.parametrize("text", OWN)
def test_it_reads_reviews_that_nobody_posted(model: nn.Module, text: str) -> None:
    """
    Written for this test: clear ones are read rightly.
    """
    assert zoo.predict(model, text).label == OWN[text]
