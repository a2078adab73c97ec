"""Which parts learn, how fast, and settings that can't be meant."""

from typing import Any

import pytest
import torch
from small import lesson_rows, small
from torch import Tensor, nn

import zoo
from zoo.errors import SettingsError
from zoo.finetuning.finetune import FinetuneResult, finetune_model
from zoo.finetuning.strategies import (
    FREEZES,
    Settings,
    blocks,
    default_settings,
    parameter_groups,
    prepare,
    unfreeze_at_epoch,
)
from zoo.models.freeze import frozen
from zoo.training.settings import with_values

PLAIN = [one for one in FREEZES if one != "lora"]  # that has no place in convolutions
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> None:
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path_factory.mktemp("cache")))


def lesson(**settings: Any) -> FinetuneResult:
    given = {"epochs": 4, "batch_size": 12, "l2_sp": 0.01, **settings}
    return finetune_model(small(), lesson_rows(), Settings(**given))


def moved(before: dict[str, Tensor], model: nn.Module) -> set[str]:
    after = model.state_dict()
    return {
        name for name, value in before.items() if not torch.equal(value, after[name])
    }


def state(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.mark.parametrize("freeze", PLAIN)
def test_the_loss_falls(freeze: str) -> None:
    """
    With every strategy, from a random head.
    """
    made = lesson(
        freeze=freeze, optimizer="adamw", head_init="random", epochs=16, lr=0.03
    )

    losses = [row["loss"] for row in made.run.history]
    assert losses[-1] < 0.98 * losses[0]


@pytest.mark.parametrize("freeze", PLAIN)
def test_statistics_do_not_move(freeze: str) -> None:
    """
    To the bit, whatever learns.
    """
    before = state(small())

    made = lesson(freeze=freeze, optimizer="adamw", head_init="random", patience=None)

    names = moved(before, made.model)
    assert names
    assert not [name for name in names if name.endswith(STATISTICS)]


def test_a_frozen_backbone_keeps_every_bit() -> None:
    """
    Without the cache too, where the pictures go through it in training.
    """
    before = state(small())

    made = lesson(cache=False, head_init="random", augment="flip-crop")

    assert moved(before, made.model) == {"head.weight", "head.bias"}


def test_all_but_norm_moves_norms_and_head() -> None:
    """
    The two factors of each normalisation, and nothing else before the head.
    """
    before = state(small())

    made = lesson(freeze="all-but-norm", head_init="random", lr=0.01, patience=None)

    allowed = {f"{n}.{p}" for n in ("first.1", "second.1") for p in ("weight", "bias")}
    assert moved(before, made.model) <= allowed | {"head.weight", "head.bias"}
    assert moved(before, made.model) & allowed


def test_all_but_norm_gives_the_optimizer_nothing_frozen() -> None:
    """
    What can't learn has no place in a group.
    """
    model, chosen = small(), Settings(freeze="all-but-norm")
    prepare(model, chosen)

    groups = parameter_groups(model, chosen)

    assert all(p.requires_grad for group in groups for p in group["params"])


def test_blocks_go_from_first_to_last() -> None:
    """
    A normalisation is in the block of its layer.
    """
    model = small()

    found = blocks(model)

    assert [list(block) for block in found] == [
        [model.first[0], model.first[1]],
        [model.second[0], model.second[1]],
    ]


def test_rates_decay_from_the_head_to_the_first_block() -> None:
    """
    Each block has `decay` times the rate of the one after it; what is in no block has
    that of the first.
    """
    model = small()

    groups = parameter_groups(
        model, Settings(freeze="none", lr=0.1, layer_lr_decay=0.5)
    )

    assert [group["lr"] for group in groups] == [0.1, 0.05, 0.025, 0.025]
    assert groups[0]["params"][0] is model.head.weight
    assert groups[1]["params"][0] is model.second[0].weight
    assert groups[3]["params"][0] is model.scale


def test_gradual_thaws_from_the_last_block_to_the_first() -> None:
    """
    First the head alone; at the end everything.
    """
    model, chosen = small(), Settings(freeze="gradual", epochs=8)
    prepare(model, chosen)

    still = []
    for epoch in range(1, 9):
        unfreeze_at_epoch(model, chosen, epoch)
        still.append(len(frozen(model)))

    first = ["scale", "first.0.weight", "first.1.weight", "first.1.bias"]
    assert still == [7, 7, 4, 4, 4, 0, 0, 0]
    prepare(model, chosen)
    unfreeze_at_epoch(model, chosen, 3)
    assert frozen(model) == first


def test_settings_say_the_epochs_and_the_rate() -> None:
    """
    Or the strategy does.
    """
    assert Settings(freeze="gradual").rounds == 12
    assert Settings(freeze="gradual", epochs=3).rounds == 3
    assert Settings(freeze="none").rate == 5e-4
    assert Settings(freeze="none", lr=0.1).rate == 0.1


@pytest.mark.parametrize(
    ("rows", "freeze", "batch_size", "epochs"),
    [
        (3, "backbone", 4, 200),
        (19, "backbone", 4, 60),
        (19, "none", 4, 40),
        (89, "none", 8, 17),
        (100, "none", 16, 29),
        (240, "none", 32, 25),
        (10_000, "none", 32, 10),
    ],
)
def test_few_rows_are_seen_in_smaller_batches_and_for_more_epochs(
    rows: int, freeze: str, batch_size: int, epochs: int
) -> None:
    """
    So that a training takes 200 steps at least.
    """
    chosen = Settings(freeze=freeze).for_rows(rows)

    assert (chosen.batch_size, chosen.epochs) == (batch_size, epochs)
    assert -(-rows // batch_size) * epochs >= 200


def test_a_batch_size_and_epochs_that_were_given_stay() -> None:
    chosen = Settings(batch_size=16, epochs=2).for_rows(8)

    assert (chosen.batch_size, chosen.epochs) == (16, 2)


PASSES = "augmented_copies=2 copies each row before its features are kept, "
WRONG: list[tuple[dict[str, object], str]] = [
    (
        {"freeze": "backbon"},
        "No freeze='backbon'. Did you mean 'backbone'? There are: backbone, gradual, "
        "all-but-norm, none, lora.",
    ),
    (
        {"augment": "flop"},
        "No augment='flop'. Did you mean 'flip' or 'flip-crop'? There are: none, flip, "
        "flip-crop.",
    ),
    ({"lora_rank": 0}, "lora_rank=0 should be at least 1."),
    ({"head_init": "zero"}, "No head_init='zero'. There are: probe, random."),
    (
        {"schedule": "cosin"},
        "No schedule='cosin'. Did you mean 'cosine'? There are: constant, step, "
        "exponential, cosine, warm-up, one-cycle.",
    ),
    (
        {"optimizer": "adamv"},
        "No optimizer='adamv'. Did you mean 'adam' or 'adamw'? There are: gd, sgd, "
        "momentum, nag, adagrad, rmsprop, adam, adamw.",
    ),
    ({"val_fraction": 0.0}, "val_fraction=0.0 should lie between 0 and 1."),
    ({"layer_lr_decay": 1.5}, "layer_lr_decay=1.5 should lie above 0, at most at 1."),
    ({"l2_sp": -1.0}, "l2_sp=-1.0 should be zero or more."),
    ({"patience": 0}, "patience=0 should be at least 1."),
    ({"augmented_copies": 0}, "augmented_copies=0 should be at least 1."),
    (
        {"augmented_copies": 2},
        PASSES + "and needs augment='flip-crop': with augment='none' the copies would "
        "be the same.",
    ),
    (
        {"augmented_copies": 2, "freeze": "none", "augment": "flip-crop"},
        PASSES + "for freeze='backbone' with cache=True. Elsewhere every epoch changes "
        "the pictures anew: leave augmented_copies out.",
    ),
    (
        {"frieze": "none"},
        "No setting 'frieze'. Did you mean 'freeze'? Settings: freeze, epochs, "
        "batch_size, "
        "lr, optimizer, weight_decay, schedule, head_init, l2_sp, layer_lr_decay, "
        "patience, val_fraction, "
        "augment, augmented_copies, invert, truncation_side, balance, cache, "
        "precision, norm_statistics, min_steps, clip, lora_rank, seed.",
    ),
    (
        {"batch_size": "many"},
        "Setting 'batch_size': 'many' should be a whole number or none.",
    ),
]


@pytest.mark.parametrize(("settings", "message"), WRONG)
def test_settings_that_can_not_be_meant(
    settings: dict[str, object], message: str
) -> None:
    """
    What is wrong, and what there is.
    """
    with pytest.raises(SettingsError) as caught:
        with_values(Settings(), settings)

    assert str(caught.value) == message


def test_detectors_have_defaults_of_their_own() -> None:
    """
    All of one learns, for longer, with the statistics of the new rows, and for how long
    its family says.
    """
    boxes = default_settings(zoo.get_spec("yolo-mini"))
    other = default_settings(zoo.get_spec("faster-rcnn-mini"))
    plain = default_settings(zoo.get_spec("lenet5-mnist"))

    assert plain == Settings()
    assert (boxes.freeze, boxes.norm_statistics) == ("none", True)
    assert boxes.for_rows(30).epochs == 100
    assert other.for_rows(30).epochs == 44
    assert boxes.for_rows(30).batch_size == 4
    assert plain.for_rows(30).epochs == 60


def test_all_of_a_model_of_masks_learns_by_default() -> None:
    """
    The features of its pixels are those of the old classes; a few steps will do.
    """
    masks = default_settings(zoo.get_spec("unet-pet"))

    assert (masks.freeze, masks.norm_statistics, masks.patience) == ("none", True, None)
    assert masks.for_rows(19).batch_size == 4
    assert masks.for_rows(19).epochs == 16


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"min_steps": 0}, "min_steps=0 should be at least 1."),
        ({"clip": 0.0}, "clip=0.0 should be above 0."),
    ],
)
def test_steps_and_norms_that_can_not_be_meant(
    wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError) as told:
        Settings(**wrong)

    assert str(told.value) == message


@pytest.mark.parametrize("moving", [True, False])
def test_statistics_of_normalizations_move_where_that_is_asked(moving: bool) -> None:
    """
    `prepare` leaves those that learn in training mode, or keeps all as they are.
    """
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    prepare(model, Settings(freeze="none", norm_statistics=moving))
    model.train()
    norms = [one for one in model.modules() if isinstance(one, nn.BatchNorm2d)]

    assert {one.training for one in norms} == {moving}
