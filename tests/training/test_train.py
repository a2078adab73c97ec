"""The frame a recipe runs in, and the checkpoint folder that comes out."""

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from ad_hoc import NAME as AD_HOC
from ad_hoc import pairs, recipe
from PIL import Image
from torch import nn

import zoo
from zoo.artifacts import checkpoint_folder
from zoo.cards.render import SECTIONS
from zoo.cli import main
from zoo.datasets.in_memory import Fold, TensorRows
from zoo.errors import DataError, Diverged, SettingsError, TrainingError
from zoo.training.run import Run
from zoo.training.train import comparison_of

__all__ = ["recipe"]


@pytest.fixture
def run() -> Run:
    return Run(zoo.get_spec("xor-mlp"), seed=3)


@pytest.fixture
def digits() -> Run:
    """A run of a model with ten labels."""
    return Run(zoo.get_spec("mlp-mnist"), seed=3)


def rows(count: int = 10) -> TensorRows:
    """Return numbered rows."""
    number = torch.arange(count)
    return TensorRows(
        input=number[:, None].float(), target=number, source="test", fingerprint="none"
    )


class Seen:
    """A monitor that remembers."""

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []
        self.planned = 0

    def training_started(self, epochs: int, done: int) -> None:
        self.planned = epochs

    def step_finished(self, done: int, total: int) -> None: ...

    def epoch_finished(self, row: Mapping[str, float]) -> None:
        self.epochs.append(dict(row))


def test_batches_hold_every_row_once(digits: Run) -> None:
    """
    An epoch is a permutation, its last batch as short as it must be.
    """
    batches = [target for _, target in digits.batches(rows(), 4)]

    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert sorted(torch.cat(batches).tolist()) == list(range(10))


def test_the_order_is_the_seeds(digits: Run) -> None:
    """
    Equal seeds give equal orders; the next epoch has another one.
    """
    twin = Run(zoo.get_spec("mlp-mnist"), seed=3)
    first = torch.cat([t for _, t in digits.batches(rows(), 4)])
    second = torch.cat([t for _, t in digits.batches(rows(), 4)])

    assert torch.equal(first, torch.cat([t for _, t in twin.batches(rows(), 4)]))
    assert not torch.equal(first, second)


def test_bytes_become_floats(run: Run) -> None:
    """
    Pictures are stored as bytes and used as floats in 0..1.
    """
    white = TensorRows(
        input=torch.full((2, 1, 2, 2), 255, dtype=torch.uint8),
        target=torch.zeros(2),
        source="test",
        fingerprint="none",
    )
    ((image, _),) = run.batches(white, 2)

    assert image.dtype == torch.float32
    assert image.eq(1).all()


def test_augmentation_sees_prepared_batches_and_the_runs_generator(digits: Run) -> None:
    """
    What it draws is part of the seed, and the stored rows stay as they are.
    """
    kept = rows()

    def noise(batch: torch.Tensor, random: torch.Generator) -> torch.Tensor:
        return batch + torch.rand(batch.shape, generator=random)

    twin = Run(zoo.get_spec("mlp-mnist"), seed=3)
    one = torch.cat([b for b, _ in digits.batches(kept, 4, augment=noise)])
    other = torch.cat([b for b, _ in twin.batches(kept, 4, augment=noise)])

    assert torch.equal(one, other)
    assert torch.equal(kept.input, rows().input)


def descend(run: Run, losses: list[float], **options: int) -> list[int]:
    """Run an epoch for each validation loss given; return the epochs that ran."""
    model = run.build()
    done = []
    for epoch in run.epochs(len(losses), **options):
        with torch.no_grad():
            model.output.bias.fill_(float(epoch))
        run.log({"val_loss": losses[epoch - 1]}, best="val_loss")
        done.append(epoch)
    run.best(model)
    return done


def test_the_best_weights_come_back(run: Run) -> None:
    """
    Lower is better for a loss; the weights of that epoch are restored.
    """
    descend(run, [3.0, 1.0, 2.0])
    model = run._model

    assert model is not None
    assert model.output.bias.item() == 2.0


def test_patience_ends_a_run(run: Run) -> None:
    """
    Two epochs without anything better are enough for a patience of two.
    """
    assert descend(run, [3.0, 1.0, 2.0, 2.0, 0.5], patience=2) == [1, 2, 3, 4]


def test_history_holds_the_mean_loss(run: Run) -> None:
    """
    The loss of an epoch is the mean over its steps, measured without waiting for any.
    """
    parameter = nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.SGD([parameter], lr=0.0)
    for _ in run.epochs(1):
        for factor in (1.0, 3.0):
            run.step(parameter * factor, optimizer)
        run.log({})

    assert run.history == [{"epoch": 1.0, "loss": 2.0}]


def test_a_loss_that_is_no_number_ends_the_run(run: Run) -> None:
    """
    The message gives the course's advice: learning rate, then data.
    """
    parameter = nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.SGD([parameter], lr=0.0)
    with pytest.raises(Diverged) as caught:  # noqa: PT012 - it is the log that raises
        for _ in run.epochs(1):
            run.step(parameter * float("nan"), optimizer)
            run.log({})

    assert str(caught.value) == (
        "The loss became nan in epoch 1. Lower the learning rate (the setting lr), and "
        "look for empty, infinite or unscaled values in the data."
    )


def test_gradients_are_clipped(run: Run) -> None:
    """
    A bound on the norm bounds the step.
    """
    parameter = nn.Parameter(torch.tensor([0.0, 0.0]))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    run.step((parameter * torch.tensor([3.0, 4.0])).sum(), optimizer, clip=1.0)

    assert torch.allclose(parameter, torch.tensor([-0.6, -0.8]), atol=1e-4)


def test_gradients_are_accumulated(run: Run) -> None:
    """
    Two halves of a batch make the step that the whole makes.
    """
    parameter = nn.Parameter(torch.tensor(0.0))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    run.step(2 * parameter, optimizer, accumulate=2)
    halfway = parameter.item()
    run.step(4 * parameter, optimizer, accumulate=2)

    assert halfway == 0
    assert parameter.item() == -3


def test_an_average_follows_the_weights(run: Run) -> None:
    """
    Exponentially: after one step of one, with a decay of a half, half way behind.
    """
    model = run.build()
    average = run.ema(model, decay=0.5)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    start = model.output.bias.item()
    for _ in range(2):  # the first update copies
        run.step(model.output.bias.sum(), optimizer)

    assert average.output.bias.item() == pytest.approx(start - 1.5)
    assert average.zoo.spec.name == "xor-mlp"


def test_an_average_waits_for_the_optimizer_of_its_own_model(run: Run) -> None:
    """
    Of two networks, the step of the one leaves the average of the other as it is.
    """
    model, other = run.build(), nn.Linear(1, 1)
    average = run.ema(model, decay=0.5)
    ours, theirs = (torch.optim.SGD(one.parameters(), lr=1.0) for one in (model, other))
    run.step(model.output.bias.sum(), ours)  # the first update copies
    start = average.output.bias.item()
    run.step(model.output.bias.sum(), ours)
    run.step(other.bias.sum(), theirs)

    assert average.output.bias.item() == pytest.approx(start - 0.5)


def test_a_picture_is_named_by_what_it_is(run: Run) -> None:
    """
    One that moves is a GIF, and any other a PNG.
    """
    for name, kind in (("still", "PNG"), ("moving", "GIF")):
        file = io.BytesIO()
        Image.new("L", (2, 2)).save(file, format=kind)
        run.log_figure(name, file.getvalue(), "Two by two.")

    assert set(run.figures) == {"still.png", "moving.gif"}


def test_old_pictures_go_with_their_run(tmp_path: Path) -> None:
    """
    Those of both kinds are of the weights that are replaced; notes are the user's.
    """
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, names in ((old, ("a.png", "b.gif", "notes.txt")), (new, ("c.gif",))):
        folder.mkdir()
        for name in names:
            (folder / name).write_bytes(b"")

    checkpoint_folder.replace_folder(new, old)

    assert {path.name for path in old.iterdir()} == {"c.gif", "notes.txt"}


def test_losses_of_two_networks_are_told_apart(run: Run) -> None:
    """
    Several optimizers in one run, each with a loss of its own name.
    """
    ours, theirs = (nn.Parameter(torch.tensor(1.0)) for _ in range(2))
    for _ in run.epochs(1):
        run.step(ours * 2, torch.optim.SGD([ours], lr=0.0), name="generator_loss")
        run.step(theirs * 3, torch.optim.SGD([theirs], lr=0.0), name="critic_loss")
        run.log({})

    assert run.history == [{"epoch": 1.0, "generator_loss": 2.0, "critic_loss": 3.0}]


def test_a_run_that_diverges_is_stopped(tmp_path: Path) -> None:
    """
    A learning rate out of reason ends the run, and nothing is written as trained.
    """
    with pytest.raises(Diverged, match="Lower the learning rate"):
        zoo.train("mlp-mnist", tmp_path / "wild", smoke=True, settings={"lr": 1e18})

    assert not list(tmp_path.iterdir())


def test_the_last_good_weights_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What was best before the loss went wrong is a checkpoint beside the target.
    """
    steps = iter(range(1000))
    whole = Run.step

    def failing(self: Run, loss: torch.Tensor, *rest: object) -> None:
        whole(self, loss * (float("nan") if next(steps) >= 10 else 1.0), *rest)

    monkeypatch.setattr(Run, "step", failing)
    settings = {"epochs": 3}
    with pytest.raises(Diverged) as caught:
        zoo.train("mlp-mnist", tmp_path / "net", smoke=True, settings=settings)

    good = tmp_path / "net-last-good"
    assert str(caught.value).endswith(f"The best weights before that are in {good}.")
    assert [path.name for path in tmp_path.iterdir()] == ["net-last-good"]
    assert all(p.isfinite().all() for p in zoo.load(good).parameters())


@pytest.mark.parametrize("count", [0, -1])
def test_no_epochs_train_nothing(run: Run, count: int) -> None:
    """
    An untrained model is not written as a trained one.
    """
    with pytest.raises(TrainingError, match=f"epochs={count} trains nothing"):
        next(run.epochs(count))


def test_labels_out_of_range(run: Run) -> None:
    """
    A label that the model does not have is told before the first step.
    """
    with pytest.raises(DataError) as caught:
        next(run.batches(rows(3), 2))

    assert str(caught.value) == (
        "test: the label 2 is out of range; the model has 2 labels, 0 to 1."
    )


def test_an_empty_dataset(run: Run) -> None:
    """
    No rows make no batches, and that is said.
    """
    with pytest.raises(TrainingError) as caught:
        next(run.batches(rows(0), 2))

    assert str(caught.value) == "0 rows make no batches of 2."


def test_folds_part_the_rows() -> None:
    """
    Every row is held back once; stratified folds keep the share of each label.
    """
    label = torch.tensor([0] * 30 + [1] * 10)
    whole = TensorRows(
        input=torch.arange(40.0)[:, None], target=label, source="t", fingerprint="none"
    )
    held = []
    for number in range(5):
        spec, fold = (
            zoo.get_spec("xor-mlp"),
            Fold(number=number, count=5, stratified=True),
        )
        fitting, holding = Run(spec, fold=fold).split(whole, 0.1)
        held += holding.input[:, 0].tolist()

        assert len(fitting) == 32
        assert holding.target.tolist().count(1) == 2
    assert sorted(held) == list(range(40))


@pytest.fixture(scope="module")
def gates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run of the smallest recipe."""
    return zoo.train("perceptron-gates", tmp_path_factory.mktemp("runs") / "gates")


def test_a_run_leaves_a_whole_checkpoint(gates: Path) -> None:
    """
    Everything the format names is there, and a card that says what was measured.
    """
    names = {path.name for path in gates.iterdir()}

    assert names == {
        "model.safetensors",
        "config.json",
        "golden.safetensors",
        "run.json",
        "README.md",
        "regions.png",
        "curves.png",
    }
    assert "| accuracy | 1.0000 | logic-gates, train | 4 |" in (
        gates / "README.md"
    ).read_text(encoding="utf-8")


def test_the_receipt_says_how_to_make_it_again(gates: Path) -> None:
    """
    Settings, data, measurements, versions and machine are on it.
    """
    receipt = json.loads((gates / "run.json").read_text())

    assert receipt["settings"] == {"seed": 0, "epochs": 20, "lr": 1.0}
    assert receipt["data"]["logic-gates/train"]["rows"] == 4
    assert len(receipt["data"]["logic-gates/train"]["fingerprint"]) == 64
    assert receipt["metrics"][0] == {
        "name": "accuracy",
        "value": 1.0,
        "dataset": "logic-gates",
        "split": "train",
    }
    assert receipt["baselines"] == {"majority answer": {"accuracy": 0.75}}
    assert receipt["versions"]["torch"] == torch.__version__
    assert receipt["history"][-1]["errors"] == 0
    assert not receipt["smoke"]


def test_settings_are_read_as_their_fields_types(tmp_path: Path) -> None:
    """
    `--set lr=0.5` reaches the recipe as a float, and the receipt.
    """
    folder = zoo.train("perceptron-gates", tmp_path / "g", settings={"lr": "0.5"})
    receipt = json.loads((folder / "run.json").read_text())

    assert receipt["settings"]["lr"] == 0.5


def test_an_unknown_setting_trains_nothing(tmp_path: Path) -> None:
    """
    A typo is found before anything is read or written.
    """
    with pytest.raises(SettingsError) as caught:
        zoo.train("perceptron-gates", tmp_path / "gates", settings={"epoch": 1})

    assert str(caught.value) == (
        "No setting 'epoch'. Did you mean 'epochs'? Settings: seed, epochs, lr."
    )
    assert not list(tmp_path.iterdir())


def test_training_leaves_the_callers_randomness_alone(tmp_path: Path) -> None:
    """
    A recipe's seed is the recipe's own affair.
    """
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    zoo.train("perceptron-gates", tmp_path / "gates", smoke=True)

    assert torch.equal(torch.rand(3), expected)


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    """
    The seed is used at all.
    """
    paths = [
        zoo.train("mlp-mnist", tmp_path / str(n), smoke=True, settings={"seed": n})
        for n in range(2)
    ]
    first, second = (path / "model.safetensors" for path in paths)

    assert first.read_bytes() != second.read_bytes()


def test_a_smoke_run_needs_no_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Where the data can't be had, noise of its shape stands in, and the receipt says so.
    """
    monkeypatch.setenv("ZOO_DATA", "")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr("zoo.datasets.registered._from_cache", lambda *_: None)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    folder = zoo.train("lenet5-mnist", tmp_path / "lenet", smoke=True)
    receipt = json.loads((folder / "run.json").read_text())

    assert receipt["smoke"]
    assert receipt["data"]["mnist/train"]["fingerprint"] == "stand-in"
    assert zoo.load(folder).zoo.receipt == receipt


def test_a_watcher_sees_every_epoch(tmp_path: Path) -> None:
    """
    A progress bar learns how many there will be, and each row as it is logged.
    """
    seen = Seen()
    zoo.train("perceptron-gates", tmp_path / "gates", monitor=seen)

    assert seen.planned == 20
    assert [row["epoch"] for row in seen.epochs] == list(range(1, len(seen.epochs) + 1))
    assert seen.epochs[-1]["accuracy"] == 1.0


def compared(recipe: Callable[..., None], other: list[str]) -> None:
    """Give a model a recipe whose report trains another one."""

    def compare(model: nn.Module, run: Run) -> None:
        other.append(run.spec.name)
        run.log_summary(other_accuracy=0.25)

    recipe(data=lambda run, split: pairs(), compare=compare, COMPARISON="a twin")


def test_a_comparison_can_be_left_out(
    recipe: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Nothing else is trained then, and the receipt and the card say so; by default the
    comparison is made, and nothing is said.
    """
    other: list[str] = []
    prose = "".join(
        f"## {section}\n\nThe twin reaches {{other_accuracy:.1%}}.\n"
        for section in SECTIONS
    )
    monkeypatch.setattr("zoo.cards.render.check_prose", lambda spec: prose)
    compared(recipe, other)
    zoo.train(AD_HOC, tmp_path / "without", comparison=False)
    assert other == []
    zoo.train(AD_HOC, tmp_path / "with")

    assert other == [AD_HOC]
    receipts = [
        checkpoint_folder.read_receipt(tmp_path / name) for name in ("without", "with")
    ]
    assert [one.get("comparison") for one in receipts] == ["left out", None]
    without, whole = (
        (tmp_path / name / "README.md").read_text() for name in ("without", "with")
    )
    assert without.count("The twin reaches (not measured).") == 3
    assert (
        "**The comparison was left out.** This run did not train the other models that "
        "its report\ncompares with it, so that what is said of them below has no "
        "figures.\n"
    ) in without
    assert whole.count("The twin reaches 25.0%.") == 3
    assert "left out" not in whole


def test_the_command_says_what_else_it_trains(
    recipe: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Before it begins, with the option that leaves it out; with it, nothing is said.
    """
    begun: list[Any] = []

    def train(*args: Any, **options: Any) -> Path:
        begun.append((capsys.readouterr().err, options["comparison"]))
        raise SettingsError("seen enough")

    monkeypatch.setattr("zoo.training.train.train", train)
    compared(recipe, [])
    for words in ([], ["--no-comparison"]):
        main(["train", AD_HOC, *words])
        capsys.readouterr()
    recipe()
    main(["train", AD_HOC])

    assert begun == [
        (
            "The report of xor-mlp trains others too, to compare them: a twin. Leave "
            "them out with --no-comparison.\n",
            True,
        ),
        ("", False),
        ("", True),
    ]


def test_models_that_train_others_say_which() -> None:
    """
    Those are the reports with a comparison; a variant of the ablation has none.
    """
    assert comparison_of("mlp-fashion-mnist-reg.none") == (
        "each of the other variants, and two with the strengths of the course"
    )
    assert comparison_of("mlp-pima") == (
        "a network for each fold of ten cross-validations"
    )
    assert comparison_of("mlp-fashion-mnist-reg.l1l2") is None
    assert comparison_of("bert-base") is None
