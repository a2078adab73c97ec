"""Texts from steps: held against the sum over all paths, written out."""

import itertools
import math
from collections import defaultdict

import pytest
import torch
from torch import Tensor

from zoo.runtime import ctc

STEPS, CHARACTERS = 5, 3


def said(seed: int, steps: int = STEPS, characters: int = CHARACTERS) -> Tensor:
    """Return what a model may say, as logarithms of chances."""
    random = torch.Generator().manual_seed(seed)
    drawn = 2 * torch.randn(steps, characters + 1, generator=random)
    return drawn.double().log_softmax(dim=-1)


def plainly(path: tuple[int, ...]) -> tuple[int, ...]:
    """Return the text of a path, in the words of the paper."""
    text = []
    for place, number in enumerate(path):
        if number != 0 and (place == 0 or path[place - 1] != number):
            text.append(number)
    return tuple(text)


def summed(chances: Tensor) -> dict[tuple[int, ...], float]:
    """Return the probability of every text there can be, by going all paths."""
    found: dict[tuple[int, ...], float] = defaultdict(float)
    table = chances.exp().tolist()
    for path in itertools.product(range(chances.shape[1]), repeat=len(chances)):
        steps = zip(table, path, strict=True)
        found[plainly(path)] += math.prod(row[number] for row, number in steps)
    return dict(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((0, 0, 0), ()),
        ((1, 1, 1), (1,)),
        ((1, 0, 1), (1, 1)),
        ((0, 2, 2, 0, 2, 3, 3, 0), (2, 2, 3)),
        ((), ()),
    ],
)
def test_a_path_stands_for_what_is_left_of_it(
    path: tuple[int, ...], text: tuple[int, ...]
) -> None:
    """
    Equal neighbours are one, then blanks are dropped: a blank keeps two apart.
    """
    assert ctc.collapse(path) == text


@pytest.mark.parametrize(
    ("text", "steps"), [((), 0), ((1,), 1), ((1, 2, 1), 3), ((1, 1), 3), ((2, 2, 2), 5)]
)
def test_a_repetition_takes_a_step_more(text: tuple[int, ...], steps: int) -> None:
    """
    In the fewest steps that a text needs some path stands for it, and in fewer none.
    """
    kinds = range(CHARACTERS)
    paths = {n: itertools.product(kinds, repeat=n) for n in range(steps + 1)}
    possible = {n: text in map(plainly, paths[n]) for n in paths}

    assert ctc.min_steps(text) == steps
    assert possible == {n: n == steps for n in paths}


@pytest.mark.parametrize("seed", range(4))
def test_the_likelihood_is_the_sum_over_all_paths(seed: int) -> None:
    """
    Of every text, the empty one and repetitions too; together they are certain.
    """
    chances = said(seed)
    true = summed(chances)
    found = ctc.likelihood(chances, list(true)).exp().tolist()

    assert (1, 1, 1) in true
    assert () in true
    assert found == pytest.approx(list(true.values()), rel=1e-9)
    assert sum(found) == pytest.approx(1)


def test_a_text_too_long_for_the_steps_has_no_chance() -> None:
    """
    Three equal characters need five steps; there are four.
    """
    found = ctc.likelihood(said(0, steps=4), [(1, 1, 1), (1, 2, 1)])

    assert found[0] == -torch.inf
    assert found[1] > -torch.inf


@pytest.mark.parametrize("seed", range(6))
def test_a_wide_beam_finds_every_text(seed: int) -> None:
    """
    All that have a chance, in the order of their probabilities, which are true.
    """
    chances = said(seed)
    true = summed(chances)
    found = ctc.beam(chances, width=10_000)
    scores = [one.score for one in found]

    assert {one.text for one in found} == set(true)
    assert scores == sorted(scores, reverse=True)
    assert [math.exp(score) for score in scores] == pytest.approx(
        [true[one.text] for one in found]
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_narrow_beam_tells_true_probabilities(seed: int) -> None:
    """
    It may miss a text, but what it says of those it finds is no guess.
    """
    chances = said(seed, steps=6)
    true = summed(chances)
    found = ctc.beam(chances, width=3)

    assert 1 <= len(found) <= 3
    for one in found:
        assert math.exp(one.score) == pytest.approx(true[one.text])


@pytest.mark.parametrize("seed", range(6))
def test_a_search_adds_up_all_paths_that_it_goes(seed: int) -> None:
    """
    A wide one goes all, so that it needs no second look; a narrow one never sees more
    of a text than there is.
    """
    chances = said(seed)
    true = summed(chances)
    wide = ctc.prefix_beam_search(chances, width=10_000)
    narrow = ctc.prefix_beam_search(chances, width=3)

    assert {text: math.exp(score) for text, score in wide.items()} == pytest.approx(
        true
    )
    assert len(narrow) == 3
    assert all(math.exp(score) <= true[text] + 1e-9 for text, score in narrow.items())


def test_a_beam_finds_a_text_that_the_likeliest_path_misses() -> None:
    """
    The blank is likeliest at both steps, and yet one character is likelier than none:
    it has three paths. 0.6 * 0.6 = 0.36 against 2 * 0.6 * 0.4 + 0.4 * 0.4 = 0.64.
    """
    chances = torch.tensor([[0.6, 0.4], [0.6, 0.4]]).log()
    best = ctc.beam(chances, width=2)[0]

    assert ctc.best_path(chances) == ()
    assert best.text == (1,)
    assert math.exp(best.score) == pytest.approx(0.64)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_path_is_the_likeliest_of_all_paths(seed: int) -> None:
    """
    Each path tried in turn, none is likelier.
    """
    chances = said(seed)
    paths = itertools.product(range(CHARACTERS + 1), repeat=STEPS)
    best = max(paths, key=lambda p: sum(r[n] for r, n in zip(chances, p, strict=True)))

    assert ctc.best_path(chances) == plainly(best)


def test_a_beam_is_not_led_astray_by_certainty() -> None:
    """
    Chances of zero, whose logarithm is no number, leave the only text there is.
    """
    chances = torch.full((4, 3), -torch.inf)
    for step, number in enumerate((1, 0, 1, 2)):
        chances[step, number] = 0.0
    found = ctc.beam(chances, width=5)

    assert found[0].text == (1, 1, 2)
    assert found[0].score == pytest.approx(0)


@pytest.mark.parametrize("text", [(1, 2), (3, 3), (2,)])
def test_a_characters_share_is_among_all_that_could_stand_there(
    text: tuple[int, ...],
) -> None:
    """
    The others being as they are: counted by going all paths.
    """
    chances = said(3)
    true = summed(chances)
    wanted = [
        true[text]
        / sum(
            true.get((*text[:place], other, *text[place + 1 :]), 0)
            for other in range(1, CHARACTERS + 1)
        )
        for place in range(len(text))
    ]

    assert ctc.character_confidence(chances, text) == pytest.approx(wanted)


def test_nothing_has_no_characters_to_be_sure_of() -> None:
    """
    And a text that can't be has none of which it is sure.
    """
    assert ctc.character_confidence(said(0), ()) == []
    assert ctc.character_confidence(said(0, steps=2), (1, 1)) == pytest.approx(
        [0, 0], abs=1e-12
    )


@pytest.mark.parametrize("texts", [[(1, 2)], [(1, 1), (2,)], [(3, 1, 1), (2, 2), (1,)]])
def test_the_loss_is_the_mean_surprise_by_a_character(
    texts: list[tuple[int, ...]],
) -> None:
    """
    The negative logarithm of what all paths sum to, by text and by character.
    """
    logits = torch.stack([said(seed) for seed in range(len(texts))])
    pairs = zip(logits, texts, strict=True)
    wanted = [-math.log(summed(row)[text]) / len(text) for row, text in pairs]
    found = ctc.loss(logits, ctc.pad(texts))

    assert found.item() == pytest.approx(sum(wanted) / len(wanted), rel=1e-5)


def test_the_loss_teaches() -> None:
    """
    Steps down its gradient end in the texts that were asked for, a repetition too.
    """
    texts = [(1, 1, 2), (3,), (2, 1)]
    logits = torch.zeros(3, 8, CHARACTERS + 1, requires_grad=True)
    optimizer = torch.optim.Adam([logits], 0.3)
    for _ in range(60):
        optimizer.zero_grad()
        ctc.loss(logits, ctc.pad(texts)).backward()
        optimizer.step()
    read = [ctc.best_path(row) for row in logits.detach()]

    assert read == texts


def test_a_text_that_does_not_fit_spoils_no_gradient() -> None:
    """
    It counts nothing, and the row beside it is learned from.
    """
    logits = torch.zeros(2, 3, 4, requires_grad=True)
    ctc.loss(logits, ctc.pad([(1, 1, 1), (1, 2)])).backward()

    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert not logits.grad[0].any()
    assert logits.grad[1].any()


@pytest.mark.parametrize("texts", [[(1, 2), (3,)], [()], [], [(1,), (), (2, 2, 2)]])
def test_texts_come_back_from_a_tensor(texts: list[tuple[int, ...]]) -> None:
    """
    Filled up to the longest with blanks, and those taken off again.
    """
    held = ctc.pad(texts)

    assert held.shape == (len(texts), max(map(len, texts), default=0))
    assert ctc.unpad(held) == texts
