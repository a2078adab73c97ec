"""Long texts as rows of tokens, each with the tokens that come next."""

import pytest
import torch
from writers import writer

from zoo import Run
from zoo.errors import DataError, TrainingError
from zoo.plugins.catalog import get_spec
from zoo.runtime.token_stream import TokenStream, load_token_stream


@pytest.fixture
def ten() -> TokenStream:
    return TokenStream(
        token=torch.arange(10, dtype=torch.int32),
        characters=10,
        source="numbers/train",
        fingerprint="f",
    )


def test_passages_follow_one_another(ten: TokenStream) -> None:
    """
    The target is the next token of each, and what makes no whole row is left out.
    """
    found = ten.passages(4)

    assert found.input.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert found.target.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert found.target.dtype == torch.int64
    assert (found.source, found.fingerprint) == ("numbers/train", "f")


def test_passages_may_begin_later_and_overlap(ten: TokenStream) -> None:
    """
    From an offset on, and a step apart.
    """
    assert ten.passages(4, offset=2).input.tolist() == [[2, 3, 4, 5]]
    assert ten.passages(4, step=2).input.tolist() == [
        [0, 1, 2, 3],
        [2, 3, 4, 5],
        [4, 5, 6, 7],
    ]


def test_too_short_a_text_is_refused(ten: TokenStream) -> None:
    """
    With what it has and what is needed.
    """
    with pytest.raises(DataError) as refused:
        ten.passages(8, offset=2)

    assert str(refused.value) == (
        "numbers/train has 10 tokens: too few for a passage of 8 from place 2 on."
    )


def test_a_split_is_one_row_of_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its texts are joined by a line's end; what was read goes into the receipt.
    """
    known = writer().zoo.spec
    monkeypatch.setattr(Run, "load_texts", lambda *_, **__: ["ab", "c"])
    run = Run(known)
    found = load_token_stream(run, "letters", "test")

    assert found.token.tolist() == [3, 4, 2, 5]
    assert (found.characters, found.source) == (4, "letters/test")
    assert run.data == {"letters/test": {"rows": 2, "fingerprint": found.fingerprint}}


def test_a_smoke_run_reads_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The beginning of a long text.
    """
    known = writer().zoo.spec
    monkeypatch.setattr(Run, "load_texts", lambda *_, **__: ["a" * 10**5])

    assert len(load_token_stream(Run(known, smoke=True), "letters", "train")) < 10**4


def test_a_model_that_takes_no_text_reads_no_passage() -> None:
    """
    It has no tokenizer.
    """
    with pytest.raises(TrainingError) as refused:
        load_token_stream(Run(get_spec("xor-mlp")), "letters", "train")

    assert str(refused.value) == "'xor-mlp' takes no text, so it reads no passage."
