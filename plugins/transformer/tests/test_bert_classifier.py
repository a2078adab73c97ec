"""What only bert-mini-imdb and its pre-training promise; the rest is in zoo.testing."""

import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from zoo_transformer.bert_classifier import (
    BERTClassifier,
    BERTForPretraining,
    bert_classifier,
)
from zoo_transformer.bert_classifier_recipe import (
    Settings,
    evaluate_pretraining,
    mask_pairs,
    train,
)
from zoo_transformer.review_tokenizer import (
    CLS_TOKEN_ID,
    MASK_TOKEN_ID,
    SEP_TOKEN_ID,
    SPECIAL_TOKENS,
    train_review_tokenizer,
)
from zoo_transformer.sentence_pairs import sentence_pairs

import zoo
from zoo.errors import InputError
from zoo.recipes import TensorRows
from zoo.recipes.text import encode_batch

SIZES = {
    "vocab_size": 40,
    "context_length": 16,
    "embed_dim": 16,
    "num_layers": 2,
    "num_heads": 2,
}


def rows(*lengths: int) -> Tensor:
    """Return rows "[CLS] text [SEP]" with texts of these lengths, no token twice."""
    width, first = max(lengths) + 2, MASK_TOKEN_ID + 1
    made = torch.zeros(len(lengths), width, dtype=torch.int64)
    for row, length in enumerate(lengths):
        text = range(first, first + length)
        made[row, : length + 2] = torch.tensor([CLS_TOKEN_ID, *text, SEP_TOKEN_ID])
        first += length
    return made


def test_half_of_the_pairs_belong_together() -> None:
    """
    The others have the second half of the row before; the parts are marked.
    """
    token = torch.nn.functional.pad(rows(6, 4), (0, 1))  # a pair has a token more
    found = set()
    for seed in range(20):
        random = torch.Generator().manual_seed(seed)
        pairs = sentence_pairs(token, random)
        for n, kept in enumerate(pairs.is_next.tolist()):
            row = pairs.token[n][pairs.token[n] != 0].tolist()
            marks = pairs.segment[n, : len(row)].tolist()
            border = row.index(SEP_TOKEN_ID) + 1
            first, second = row[1 : border - 1], row[border:-1]
            half = len(token[n][token[n] != 0]) // 2 - 1
            other = n if kept else n - 1
            size = len(token[other][token[other] != 0]) // 2 - 1
            assert (row[0], row[-1]) == (CLS_TOKEN_ID, SEP_TOKEN_ID)
            assert first == token[n, 1 : 1 + half].tolist()
            assert second == token[other, 1 + size : 1 + 2 * size].tolist()
            assert marks == [0] * border + [1] * (len(row) - border)
            found.add((n, kept))
    assert found == {(0, 0), (0, 1), (1, 0), (1, 1)}


@pytest.mark.parametrize("lengths", [(13, 14), (14, 13), (14, 1), (0, 14), (1, 0)])
def test_no_pair_is_longer_than_its_rows(lengths: tuple[int, int]) -> None:
    """
    Whatever the texts' lengths, be they odd, or none.
    """
    token = rows(*lengths)
    for seed in range(8):
        pairs = sentence_pairs(token, torch.Generator().manual_seed(seed))

        assert pairs.token.shape == pairs.segment.shape
        assert pairs.token.shape[1] <= max(token.shape[1], 3)


def test_special_tokens_are_never_masked() -> None:
    """
    Nor padding; a fifth of the others is, where that is asked for.
    """
    pairs = sentence_pairs(rows(*[30] * 60) % 37, torch.Generator().manual_seed(0))
    masked, selected = mask_pairs(pairs, torch.Generator().manual_seed(0), 0.2, 40)
    special = pairs.token <= MASK_TOKEN_ID

    assert not (selected & special).any()
    assert torch.equal(masked[~selected], pairs.token[~selected])
    assert selected[~special].float().mean().item() == pytest.approx(0.2, abs=0.03)


def test_a_review_keeps_its_end_between_two_tokens() -> None:
    """
    Line breaks are white space, capitals make no difference, and what a user types as
    a special token is text.
    """
    texts = ["Bad film.<br /><br />So bad!", "a film so good"]
    reader = train_review_tokenizer(texts, vocab_size=60, max_length=6)

    assert reader.encode(texts[0]).tokens == ["[CLS]", ".", "so", "bad", "!", "[SEP]"]
    assert [reader.id_to_token(n) for n in range(5)] == list(SPECIAL_TOKENS)
    reader.encode_special_tokens = True
    assert SEP_TOKEN_ID not in reader.encode("so [SEP] bad").ids[1:-1]


@torch.inference_mode()
def test_padding_changes_no_answer() -> None:
    """
    Not of a class, nor of either task of pre-training.
    """
    torch.manual_seed(0)
    body = bert_classifier(**SIZES).eval()
    model = BERTForPretraining(body).eval()
    token = rows(6)
    padded = torch.nn.functional.pad(token, (0, 4))
    segment, selected = torch.zeros_like(token), token > MASK_TOKEN_ID
    wide = [torch.nn.functional.pad(one, (0, 4)) for one in (segment, selected)]

    assert torch.allclose(body(token), body(padded), atol=1e-6)
    for ours, other in zip(
        model(token, segment, selected), model(padded, *wide), strict=True
    ):
        assert torch.allclose(ours, other, atol=1e-6)


def test_both_tasks_of_pre_training_reach_the_encoder() -> None:
    """
    The gradient of either loss alone moves the first block, and the segment matters.
    """
    torch.manual_seed(0)
    model = BERTForPretraining(bert_classifier(**SIZES))
    token = rows(6, 6)
    segment = torch.zeros_like(token)
    segment[:, 4:] = 1
    first = model.body.blocks[0].attn.qkv.weight  # type: ignore[union-attr, operator]
    for place in (0, 1):
        logits = model(token, segment, token > MASK_TOKEN_ID)[place]
        (gradient,) = torch.autograd.grad(logits.square().sum(), [first])
        assert gradient.abs().max() > 0
    with torch.no_grad():
        _, plain = model(token, torch.zeros_like(token), token > 0)
        assert not torch.allclose(logits, plain)


def test_pre_training_is_measured_on_the_same_pairs_each_time() -> None:
    """
    On rows that it does not change; both figures are shares.
    """
    torch.manual_seed(0)
    model = BERTForPretraining(bert_classifier(**SIZES))
    token = rows(*[10] * 3).repeat(30, 1)
    held = TensorRows(
        input=token.int(),
        target=torch.zeros(len(token), dtype=torch.int64),
        source="made/train",
        fingerprint="",
    )

    first, again = (evaluate_pretraining(model, held, 0.2) for _ in range(2))

    assert first == again
    assert set(first) == {"masked_accuracy", "nsp_accuracy"}
    assert 0 <= first["masked_accuracy"] < 0.4 <= 0.6 + first["nsp_accuracy"]
    assert model.training


@pytest.mark.parametrize("epochs", [0, 1])
def test_pre_training_may_be_left_out(epochs: int) -> None:
    """
    The network is then as the recipe's comparison has it: fresh, on the same labels.
    """
    run = zoo.Run(zoo.get_spec("bert-mini-imdb"), seed=0, smoke=True)
    settings = replace(Settings(), pretraining_epochs=epochs, epochs=1)

    model = train(settings, run)

    assert isinstance(model, BERTClassifier)
    stages = ["nsp_accuracy" in row for row in run.history]
    assert stages == [True] * epochs + [False]


# The shipped model, and what a person may give to it

KNOWS_NOTHING = (
    "A text has no word that the model knows, so its answer means nothing: check the "
    "language and the alphabet (language: en)."
)


@pytest.fixture(scope="module")
def model() -> BERTClassifier:
    loaded = zoo.load("bert-mini-imdb")
    assert isinstance(loaded, BERTClassifier)
    return loaded


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("A wonderful film, one of the best I have ever seen.", "pos"),
        ("What a terrible waste of time. Awful acting and a boring plot.", "neg"),
    ],
)
def test_it_reads_reviews_written_for_this_test(
    model: BERTClassifier, text: str, label: str
) -> None:
    """
    Clear ones are read rightly.
    """
    assert zoo.predict(model, text).label == label


@pytest.mark.parametrize(
    "text",
    [
        "\N{GRINNING FACE}\N{CLAPPING HANDS SIGN}",
        "\uc88b\uc740 \uc601\ud654",
        unicodedata.normalize("NFD", "\uc88b\uc740 \uc601\ud654"),
        "\u0641\u064a\u0644\u0645 \u062c\u064a\u062f",
    ],
    ids=["emoji", "Korean", "Korean, decomposed", "Arabic"],
)
def test_a_text_of_other_signs_warns(model: BERTClassifier, text: str) -> None:
    """
    The two tokens around every text are none that the model knows of it.
    """
    with pytest.warns(UserWarning, match=re.escape(KNOWS_NOTHING)):
        answer = zoo.predict(model, text)

    assert answer.label in ("neg", "pos")


@pytest.mark.filterwarnings("ignore::zoo.errors.TruncationWarning")
def test_only_the_end_of_a_long_text_is_read(model: BERTClassifier) -> None:
    """
    Of 100,000 characters the last decide.
    """
    end = "the film was good. " * 60
    whole, alone = zoo.predict(model, ["Awful, boring. " * 6_700 + end, end])

    assert whole.score == pytest.approx(alone.score, abs=1e-6)


def test_special_tokens_that_a_user_types_are_text(model: BERTClassifier) -> None:
    """
    They end no review, and stand for no padding; a zero byte is left out.
    """
    reading = model.zoo.spec.input
    typed = encode_batch(["good [SEP] [CLS] [PAD] film", "go\x00od"], reading)

    assert typed[0][0] == CLS_TOKEN_ID
    assert not {0, CLS_TOKEN_ID, SEP_TOKEN_ID} & set(typed[0][1:-1])
    assert typed[1] == encode_batch(["good"], reading)[0]


@pytest.mark.parametrize(
    ("given", "problem"),
    [("", "The text is empty."), (["good", None], "Item 2: There is no text (None).")],
    ids=["empty", "nothing in a list"],
)
def test_what_is_no_text_is_refused(
    model: BERTClassifier, given: Any, problem: str
) -> None:
    """
    In the words of every model of texts.
    """
    with pytest.raises(InputError) as refused:
        zoo.predict(model, given)

    assert str(refused.value) == (
        f"{problem} The model expects a text (language: en): a str, the pathlib.Path "
        "of a text file in UTF-8, or a list of those."
    )
