"""Pictures changed a little: drawn from a generator, and of the same size."""

import torch
from torch import Tensor

from zoo.runtime.augmentation import Copies, apply_augmentation, random_shift

BATCH = torch.rand(64, 3, 8, 6, generator=torch.Generator().manual_seed(0))


def drawn(kind: str, seed: int = 0, **how: float) -> Tensor:
    return apply_augmentation(BATCH, kind, torch.Generator().manual_seed(seed), **how)


def test_none_changes_nothing() -> None:
    """
    And draws nothing.
    """
    random = torch.Generator().manual_seed(0)
    before = random.get_state()

    assert apply_augmentation(BATCH, "none", random) is BATCH
    assert torch.equal(random.get_state(), before)


def test_flip_mirrors_about_half() -> None:
    """
    A picture is as it was or mirrored, left to right.
    """
    found = drawn("flip")

    kept = [torch.equal(a, b) for a, b in zip(found, BATCH, strict=True)]
    turned = [torch.equal(a, b.flip(-1)) for a, b in zip(found, BATCH, strict=True)]
    assert all(a != b for a, b in zip(kept, turned, strict=True))
    assert 16 < sum(turned) < 48


def test_a_crop_is_a_part_of_the_picture() -> None:
    """
    Same shape, no number that was not there, all different.
    """
    found = drawn("flip-crop")

    assert found.shape == BATCH.shape
    assert found.min() >= BATCH.min()
    assert found.max() <= BATCH.max() + 1e-6
    assert not any(torch.allclose(a, b) for a, b in zip(found, BATCH, strict=True))


def test_a_crop_keeps_the_picture_upright() -> None:
    """
    A ramp from top to bottom stays one: rows do not become columns.
    """
    ramp = torch.linspace(0, 1, 8).view(1, 1, 8, 1).expand(16, 3, 8, 6)

    found = apply_augmentation(ramp, "flip-crop", torch.Generator().manual_seed(0))

    assert (found.diff(dim=2) >= -1e-6).all()
    assert found.diff(dim=3).abs().max() < 1e-6


def test_the_same_seed_the_same_pictures() -> None:
    """
    Another seed gives others.
    """
    assert torch.equal(drawn("flip-crop"), drawn("flip-crop"))
    assert not torch.equal(drawn("flip-crop"), drawn("flip-crop", seed=1))


def test_the_first_copy_is_the_row_and_the_next_its_mirror() -> None:
    """
    So that no copy is drawn twice.
    """
    copies = Copies(kind="flip")

    found = copies.of(BATCH, torch.Generator())

    assert copies.count == len(found) == 2
    assert torch.equal(found[0], BATCH)
    assert torch.equal(found[1], BATCH.flip(-1))


def test_without_changes_there_is_one_copy() -> None:
    """
    The row itself.
    """
    assert Copies().count == len(Copies().of(BATCH, torch.Generator())) == 1
    assert Copies(kind="flip-crop", augmented_copies=4).count == 5


def test_a_shift_moves_each_picture_whole_and_lets_black_in() -> None:
    """
    Every picture is one of the (2 most + 1) squared parts of its padded self, and with
    none to move by it is itself.
    """
    padded = torch.nn.functional.pad(BATCH, (2, 2, 2, 2))
    found = random_shift(BATCH, 2, torch.Generator().manual_seed(0))
    places = []
    for number, one in enumerate(found):
        parts = {
            (down, across): padded[number, :, down : down + 8, across : across + 6]
            for down in range(5)
            for across in range(5)
        }
        places += [place for place, part in parts.items() if torch.equal(part, one)]

    assert len(places) == len(BATCH)
    assert (
        {down for down, _ in places} == {across for _, across in places} == {*range(5)}
    )
    assert torch.equal(random_shift(BATCH, 0, torch.Generator()), BATCH)
