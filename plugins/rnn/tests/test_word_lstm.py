"""What only the model of headlines promises; the rest is in zoo.testing."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear
from zoo_rnn.headlines import MARK_ID, train_headline_tokenizer, words_of
from zoo_rnn.word_lstm import WordLSTM, word_lstm
from zoo_rnn.word_lstm_recipe import WINDOW, evaluate, to_stream, token_losses
from zoo_rnn.word_lstm_report import alone_perplexity

import zoo
from zoo import TextInput
from zoo.models.metadata import model_metadata
from zoo.recipes import TensorRows

NAME = "word-lstm-headlines"


@pytest.fixture
def tiny() -> WordLSTM:
    torch.manual_seed(0)
    made = word_lstm(vocab_size=11, embed_dim=4, hidden_size=5, dropout=0.5)
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.5)
    return made.eval()


@pytest.fixture
def token() -> Tensor:
    return torch.randint(11, (2, 12), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def model() -> WordLSTM:
    loaded = zoo.load(NAME)
    assert isinstance(loaded, WordLSTM)
    return loaded


@pytest.fixture
def reading() -> TextInput:
    made = train_headline_tokenizer(
        ["Why the Dog\u2019s Out", "The dog: why?", "$5 a dog"], vocab_size=6
    )
    return TextInput(
        max_length=8,
        vocab_size=6,
        pad_token_id=0,
        unk_token_id=1,
        tokenizer_source=made.to_str().encode(),
    )


@torch.inference_mode()
def test_it_computes_the_equations_of_a_tied_lstm(
    tiny: WordLSTM, token: Tensor
) -> None:
    """
    Step by step, by torch's single cell, and with one matrix at both ends.
    """
    cell = nn.LSTMCell(4, 5)
    held = tiny.lstm.state_dict()
    cell.load_state_dict({n.removesuffix("_l0"): t for n, t in held.items()})
    vector, state, wanted = tiny.embedding.weight, None, []
    for one in token.T:
        state = cell(2 * vector[one], state)
        wanted.append(linear(tiny.projection(state[0]), vector, tiny.output_bias))

    assert torch.allclose(tiny(token), torch.stack(wanted, dim=1), atol=1e-5)


@torch.inference_mode()
def test_headlines_in_windows_are_the_whole_stream(
    tiny: WordLSTM, token: Tensor
) -> None:
    """
    With the state carried on, and the last logits alone are those of the whole.
    """
    first, state = tiny.read(token[:, :5])
    second, _ = tiny.read(token[:, 5:], state)
    last, _ = tiny.next_logits(token[:, 5:], state)

    assert torch.allclose(torch.cat([first, second], dim=1), tiny(token), atol=1e-5)
    assert torch.allclose(last, tiny(token)[:, -1], atol=1e-5)


def test_one_matrix_reads_and_writes(tiny: WordLSTM) -> None:
    """
    The course's matrix of vocabulary by vocabulary is not there: a word more costs its
    vector and a bias.
    """
    more = word_lstm(vocab_size=12, embed_dim=4, hidden_size=5)
    sizes = [sum(p.numel() for p in one.parameters()) for one in (more, tiny)]

    assert sizes[0] - sizes[1] == 4 + 1


def test_a_headline_is_its_words() -> None:
    """
    In small letters, with either apostrophe, numbers, and no other marks.
    """
    assert words_of("Don\u2019t Panic: \u2018It's\u2019 Caf\u00e9 24/7!") == [
        "don't",
        "panic",
        "it's",
        "caf\u00e9",
        "24",
        "7",
    ]


def test_a_stream_has_a_mark_between_headlines(reading: TextInput) -> None:
    """
    And at both ends; the commonest words have the first numbers, the rest is unknown.
    """
    run = SimpleNamespace(
        spec=SimpleNamespace(input=reading),
        data={"nyt_headlines/train": {"fingerprint": "seal"}},
    )

    made = to_stream(run, ["The dog out", "Why?", "..."], "train")  # type: ignore[arg-type]

    # 3 is "dog", 4 is "the", 5 is "why": the last two are equally frequent
    assert made.token.tolist() == [2, 4, 3, 1, 2, 5, 2, 2]
    assert MARK_ID == 2
    assert made.fingerprint == "seal"


def test_perplexity_is_that_of_the_whole_stream(tiny: WordLSTM) -> None:
    """
    Rows are read one after the other, in eval mode, and training mode is left on.
    """
    text = torch.randint(11, (25,), generator=torch.Generator().manual_seed(2))
    rows = TensorRows(input=text[:-1].view(4, 6), target=text[1:].view(4, 6), source="")
    wanted = cross_entropy(tiny(text[None, :-1])[0], text[1:])

    found = evaluate(tiny.train(), rows)

    assert found == {"perplexity": pytest.approx(math.exp(wanted.item()), rel=1e-5)}
    assert len(token_losses(tiny, rows)) == 24
    assert tiny.training


def test_a_headline_alone_begins_with_the_mark(reading: TextInput) -> None:
    """
    Its words and its end are told, whatever longer headline it is filled up for.
    """
    torch.manual_seed(0)
    made = word_lstm(vocab_size=6, embed_dim=4, hidden_size=5).eval()
    nn.init.normal_(made.embedding.weight)
    run = SimpleNamespace(spec=SimpleNamespace(input=reading))
    both = [[2, 3], [2, 4, 3, 5]]  # "dog", "the dog why"
    wanted = torch.cat(
        [
            cross_entropy(
                made(torch.tensor([row]))[0],
                torch.tensor([*row[1:], 2]),
                reduction="none",
            )
            for row in both
        ]
    )

    found = alone_perplexity(made, run, ["dog", "the dog why"])

    assert found == pytest.approx(math.exp(wanted.mean().item()), rel=1e-5)


def test_it_goes_on_and_ends(model: WordLSTM) -> None:
    """
    A prompt of the test's own is continued in words that it knows, and most made-up
    headlines end by themselves.
    """
    written = str(zoo.predict(model, "The best way to", temperature=0))
    made = [str(one) for one in zoo.sample(model, 20, seed=1, max_new_tokens=30)]

    assert written.startswith("The best way to ")
    assert "[" not in "".join([written, *made])
    assert sum(len(one.split()) < 30 for one in made) >= 18
    assert 4 < sum(len(one.split()) for one in made) / 20 < 14
    assert len(set(made)) == 20


def test_the_likeliest_words_fit(model: WordLSTM) -> None:
    """
    What follows "new" in a headline is first of all "york".
    """
    known = model_metadata(model).spec.input
    assert isinstance(known, TextInput)
    written = zoo.predict(model, "A mayor of new", temperature=0, max_new_tokens=1)

    assert str(written) == "A mayor of new york"


def test_the_receipt_holds_what_the_card_of_the_headlines_says() -> None:
    """
    Below the trigram, and below the goal, on the validation split.
    """
    receipt = zoo.load(NAME).zoo.receipt
    found, reached = receipt["measured"], receipt["metrics"][0]["value"]
    best = min(epoch["perplexity"] for epoch in receipt["history"])

    assert found["validation_perplexity"] == best < 180
    assert best < found["validation_trigram_perplexity"]
    assert reached < receipt["baselines"]["Kneser-Ney 3-gram"]["perplexity"]
    assert found["test_without_remainder"] == pytest.approx(reached, rel=1e-4)
    assert WINDOW == 32


def test_a_prompt_that_ends_in_a_space_gets_no_second_one() -> None:
    """
    Words meet at one space, whoever has written it.
    """
    spaced, plain = (
        str(zoo.predict(NAME, prompt, max_new_tokens=4, seed=1))
        for prompt in ("the best way to ", "the best way to")
    )

    assert spaced == plain


@pytest.mark.filterwarnings("ignore:A text has no word")
@pytest.mark.parametrize("prompt", ["\N{LION FACE}", "\0", "\ufeff"])
def test_a_prompt_of_which_no_token_is_left_is_an_unknown_word(prompt: str) -> None:
    """
    As it is to a classifier; the tokenizer leaves out signs and pictures.
    """
    model = zoo.load(NAME)
    options = {"seed": 1, "max_new_tokens": 5}
    found = zoo.predict(model, [prompt, "정말"], **options)
    streamed = "".join(zoo.generate(model, prompt, **options))

    assert found[0].text.split() == found[1].text.split()
    assert found[0].text == streamed
