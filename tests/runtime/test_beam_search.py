"""Texts are looked for by beams: which are found, in which order, and when it ends."""

from itertools import product
from typing import Any

import pytest
import torch
from translators import END, LETTERS, START, Speaker, speaker

from zoo.runtime import beam_search
from zoo.runtime.beam_search import BeamSearchConfig

SOURCES = [[3, 4, 2], [5, 5, 4, 3, 3, 2], [4, 2]]
WIDE = 10_000  # beams that keep every text there is


@pytest.fixture
def model() -> Any:
    return speaker()


def chances(model: Any, source: list[int], text: list[int]) -> torch.Tensor:
    """Return the log-probability of each token of a text, by all of it at once."""
    with torch.inference_mode():
        logits = model(torch.tensor([source]), torch.tensor([[START, *text[:-1]]]))
    logits = logits[0].double()
    logits[:, [0, START]] = -torch.inf
    return logits.log_softmax(dim=-1)[range(len(text)), text]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_single_beam_takes_the_likeliest_token_each_time(
    model: Any, source: list[int]
) -> None:
    """
    Token for token as a plain loop does, up to the end or the most that may be.
    """
    text: list[int] = []
    with torch.inference_mode():
        while len(text) < 9 and END not in text:
            logits = model(torch.tensor([source]), torch.tensor([[START, *text]]))
            logits[0, -1, [0, START]] = -torch.inf
            text.append(int(logits[0, -1].argmax()))

    found = beam_search.run_beam_search(
        model, [source], plan=BeamSearchConfig(beams=1, max_tokens=9)
    )[0]

    assert len(found) == 1
    assert found[0].tokens == [token for token in text if token != END]
    assert found[0].finished == (END in text)


@pytest.mark.parametrize("penalty", [0.0, 0.6, 2.0])
def test_wide_beams_find_what_there_is(model: Any, penalty: float) -> None:
    """
    The same texts as by trying all, in the same order, with the same scores.
    """
    source, most = SOURCES[0], 3
    letters = range(END + 1, len(LETTERS))
    texts = [[*t, END] for n in range(most) for t in product(letters, repeat=n)]
    scores = {
        tuple(text): float(chances(model, source, text).sum())
        / ((5 + len(text)) / 6) ** penalty
        for text in texts
    }

    plan = BeamSearchConfig(beams=WIDE, max_tokens=most, length_penalty=penalty)
    found = beam_search.run_beam_search(model, [source], plan=plan)[0]
    ended = [one for one in found if one.finished]

    wanted = sorted(texts, key=lambda text: -scores[tuple(text)])
    assert [[*one.tokens, END] for one in ended] == wanted
    for one in ended:
        assert one.score == pytest.approx(scores[*one.tokens, END], abs=1e-5)
    assert found[: len(ended)] == ended
    assert len(found) == len(texts) + len(letters) ** most


@pytest.mark.parametrize("width", [1, 2, 5])
def test_company_changes_nothing(model: Any, width: int) -> None:
    """
    Sources of different length find together what each finds alone.
    """
    plan = BeamSearchConfig(beams=width, max_tokens=7)

    together = beam_search.run_beam_search(model, SOURCES, plan=plan)
    alone = [
        beam_search.run_beam_search(model, [source], plan=plan)[0] for source in SOURCES
    ]

    for some, others in zip(together, alone, strict=True):
        assert [one.tokens for one in some] == [one.tokens for one in others]
        for one, other in zip(some, others, strict=True):
            assert one.score == pytest.approx(other.score, abs=1e-5)
            assert torch.allclose(one.attention, other.attention, atol=1e-6)


def test_more_beams_find_better_texts(model: Any) -> None:
    """
    Of all texts the best is found by beams that keep all; none finds a better one.
    """

    def best(width: int) -> float:
        plan = BeamSearchConfig(beams=width, max_tokens=3, length_penalty=0)
        found = beam_search.run_beam_search(model, SOURCES[:1], plan=plan)[0]
        return max((one.score for one in found if one.finished), default=-torch.inf)

    assert all(best(width) <= best(WIDE) for width in (1, 2, 3, 4, 8))


def test_longer_texts_are_favoured_by_the_penalty(model: Any) -> None:
    """
    Without one the likeliest text wins; with much of it a longer one does.
    """
    with torch.no_grad():
        model.tell.bias[END] -= 5  # else nothing at all is much the likeliest

    def length(penalty: float) -> int:
        plan = BeamSearchConfig(beams=WIDE, max_tokens=4, length_penalty=penalty)
        return len(
            beam_search.run_beam_search(model, SOURCES[:1], plan=plan)[0][0].tokens
        )

    assert length(0) < length(8)


def test_a_text_that_is_over_costs_nothing_more(model: Any) -> None:
    """
    What has ended is asked no more, and each that ended makes the search narrower.
    """
    model.asked.clear()
    with torch.no_grad():
        model.tell.bias[END] = 50.0

    found = beam_search.run_beam_search(model, SOURCES, plan=BeamSearchConfig(beams=3))

    assert [one[0].tokens for one in found] == [[], [], []]
    assert model.asked[:2] == [3, 6]
    assert max(map(len, found)) == 3


def test_a_text_without_an_end_is_cut(model: Any) -> None:
    """
    After twice as many tokens as its source has and ten more, and it says so.
    """
    with torch.no_grad():
        model.tell.bias[END] = -1e9

    found = beam_search.run_beam_search(model, SOURCES, plan=BeamSearchConfig(beams=2))

    assert [len(one[0].tokens) for one in found] == [16, 22, 14]
    assert not any(one.finished for some in found for one in some)


def test_what_stands_for_no_text_is_never_written(model: Any) -> None:
    """
    Neither padding nor the start, were they ever so likely.
    """
    with torch.no_grad():
        model.tell.bias[[0, START]] = 50.0

    found = beam_search.run_beam_search(
        model, SOURCES, plan=BeamSearchConfig(beams=4, max_tokens=5)
    )

    assert not {0, START} & {n for some in found for one in some for n in one.tokens}


def test_attention_has_a_row_for_each_token_and_the_end(model: Any) -> None:
    """
    Over the source alone, not what fills it up, and as the steps of the text gave it.
    """
    found = beam_search.run_beam_search(
        model, SOURCES, plan=BeamSearchConfig(beams=4, max_tokens=5)
    )

    for source, some in zip(SOURCES, found, strict=True):
        for one in some:
            rows = len(one.tokens) + one.finished
            assert one.attention.shape == (rows, len(source))
            assert torch.allclose(one.attention.sum(dim=1), torch.ones(rows))
            memory = model.encode_source(torch.tensor([source]))
            for token, row in zip([START, *one.tokens], one.attention, strict=False):
                _, weight, memory = model.decode_step(torch.tensor([token]), memory)
                assert torch.allclose(weight[0], row, atol=1e-6)


def test_no_more_is_found_than_there_is() -> None:
    """
    With a vocabulary of two letters and room for one, beams stay empty.
    """
    model = speaker(Speaker)
    plan = BeamSearchConfig(beams=50, max_tokens=1)

    found = beam_search.run_beam_search(model, SOURCES[:1], plan=plan)[0]

    assert len(found) == len(LETTERS) - 2
    assert found[0].finished
