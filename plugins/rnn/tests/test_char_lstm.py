"""What only the model of characters promises; the rest is in zoo.testing."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from zoo_rnn.char_lstm import CharLSTM, char_lstm
from zoo_rnn.char_lstm_recipe import evaluate, in_streams, token_losses
from zoo_rnn.char_lstm_report import longest_copied, unseen_fraction
from zoo_rnn.char_tokenizer import PAD_TOKEN, train_lower_case_tokenizer

import zoo
from zoo.errors import InputError
from zoo.recipes import Run, TensorRows

TEXT = "the whole of morality is a long and audacious "


@pytest.fixture
def tiny() -> CharLSTM:
    torch.manual_seed(0)
    made = char_lstm(vocab_size=11, embed_dim=3, hidden_size=5, dropout=0.5)
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.5)
    return made.eval()


@pytest.fixture
def token() -> Tensor:
    return torch.randint(11, (2, 12), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return zoo.load("char-lstm-nietzsche")


@torch.inference_mode()
def test_it_computes_the_equations(tiny: CharLSTM, token: Tensor) -> None:
    """
    Step by step, by torch's single cell with the same weights.
    """
    cell = nn.LSTMCell(3, 5)
    held = tiny.lstm.state_dict()
    cell.load_state_dict({n.removesuffix("_l0"): t for n, t in held.items()})
    state, wanted = None, []
    for one in token.T:
        state = cell(tiny.embedding(one), state)
        wanted.append(tiny.lm_head(state[0]))

    assert torch.allclose(tiny(token), torch.stack(wanted, dim=1), atol=1e-6)


@torch.inference_mode()
def test_a_text_in_windows_is_the_whole_text(tiny: CharLSTM, token: Tensor) -> None:
    """
    With the state carried on; without it the second window says something else.
    """
    first, state = tiny.read(token[:, :5])
    second, _ = tiny.read(token[:, 5:], state)

    assert torch.allclose(torch.cat([first, second], dim=1), tiny(token), atol=1e-6)
    assert not torch.allclose(tiny(token[:, 5:]), second, atol=1e-2)


def test_a_forget_gate_begins_open() -> None:
    """
    Its two biases add up to one.
    """
    made = char_lstm(vocab_size=11, hidden_size=5)
    bias = made.lstm.bias_ih_l0 + made.lstm.bias_hh_l0

    assert torch.equal(bias[5:10], torch.ones(5))


def test_dropout_leaves_the_recurrence_alone(token: Tensor) -> None:
    """
    In training the same state comes back, and other logits.
    """
    made = char_lstm(vocab_size=11, hidden_size=5, dropout=0.5).train()
    (one, first), (two, second) = made.read(token), made.read(token)

    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert not torch.equal(one, two)


def test_each_batch_continues_the_one_before() -> None:
    """
    Row by row: the windows of two batches that follow each other are one text.
    """
    rows = TensorRows(
        input=torch.arange(70).view(7, 10),
        target=torch.arange(70).view(7, 10),
        source="",
    )
    run = Run(SimpleNamespace(input=None))
    batches = [token for token, _ in run.batches(rows, 3, order=in_streams)]

    assert [len(one) for one in batches] == [3, 3]
    assert torch.equal(batches[0][:, -1] + 1, batches[1][:, 0])
    assert batches[0][:, 0].tolist() == [0, 20, 40]


def test_a_loss_has_all_of_the_text_before(tiny: CharLSTM) -> None:
    """
    Rows are read as one text, and as texts of their own where that is asked for.
    """
    text = torch.randint(11, (25,), generator=torch.Generator().manual_seed(2))
    rows = TensorRows(input=text[:-1].view(4, 6), target=text[1:].view(4, 6), source="")
    whole = cross_entropy(tiny(text[None, :-1])[0], text[1:], reduction="none")
    alone = token_losses(tiny, rows, carry=False)

    assert torch.allclose(token_losses(tiny, rows).flatten(), whole, atol=1e-6)
    assert evaluate(tiny, rows)["loss"] == pytest.approx(whole.mean().item(), abs=1e-6)
    assert torch.allclose(alone[0], whole[:6], atol=1e-6)
    assert not torch.allclose(alone[1], whole[6:12], atol=1e-2)


def test_a_measurement_leaves_training_mode_on(tiny: CharLSTM) -> None:
    """
    And is made without dropout.
    """
    text = torch.arange(10) % 11
    rows = TensorRows(input=text[:-1][None], target=text[1:][None], source="")
    wanted = token_losses(tiny, rows)

    assert torch.equal(token_losses(tiny.train(), rows), wanted)
    assert tiny.training


def test_a_lower_case_character_is_a_token() -> None:
    """
    Line ends too; a letter comes back lower-cased, and the first token is padding.
    """
    made = train_lower_case_tokenizer(["B\nA", "ab"])

    assert made.encode("Ab\nb").ids == [2, 3, 1, 3]
    assert made.decode([2, 3, 1, 3]) == "ab\nb"
    assert made.id_to_token(0) == PAD_TOKEN


def test_samples_are_compared_with_the_book() -> None:
    """
    Words at an end of a text may be cut, and don't count.
    """
    assert unseen_fraction(["w a cat or dog w"], "a cat, a hat") == 0.5
    assert unseen_fraction([], "a cat") == 0.0
    assert longest_copied(["bat", "xcatnx"], "a cat naps; xcat") == 4


def test_it_goes_on_in_words(model: nn.Module) -> None:
    """
    A prompt of the test's own: at temperature 0 most words are those of English.
    """
    written = zoo.predict(model, TEXT, temperature=0, max_new_tokens=80)
    words = str(written)[len(TEXT) :].split()

    assert str(written).startswith(TEXT)
    assert {"the", "of", "and", "to", "in", "a", "is"} & set(words)
    assert 2 < len("".join(words)) / len(words) < 10


def test_temperature_and_seed_change_what_is_written(model: nn.Module) -> None:
    """
    The same seed gives the same text, and another gives another.
    """
    one, again, other = (
        str(zoo.predict(model, TEXT, temperature=1, max_new_tokens=40, seed=seed))
        for seed in (1, 1, 2)
    )
    coldest = str(zoo.predict(model, TEXT, temperature=0, max_new_tokens=40))

    assert one == again
    assert len({one, other, coldest}) == 3


def test_capitals_are_read_as_small_letters(model: nn.Module) -> None:
    """
    And a character that the book does not have is refused.
    """
    small, capital = (
        str(zoo.predict(model, text, temperature=0, max_new_tokens=20))[len(text) :]
        for text in (TEXT, TEXT.upper())
    )

    assert small == capital
    with pytest.raises(InputError):
        zoo.predict(model, "50 €")
