"""What only the MLPs promise; what every model promises is in zoo.testing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from zoo_mlp import ablation_report, fashion, variants
from zoo_mlp.mlp import mlp
from zoo_mlp.recipe import Settings

import zoo
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.errors import SettingsError
from zoo.training import train as training

VARIANTS = zoo.list_models("mlp-fashion-mnist-reg.*")


@pytest.mark.parametrize(
    ("hidden", "parameters"),
    [((), 7_850), ((128,), 101_770), ((64, 64), 55_050), ((1200, 1200), 2_395_210)],
)
def test_sizes_are_the_courses(hidden: tuple[int, ...], parameters: int) -> None:
    """
    Softmax regression, the two course networks and the dropout network.
    """
    model = mlp(hidden=hidden)

    assert sum(p.numel() for p in model.parameters()) == parameters


def test_it_computes_what_scikit_learn_computes() -> None:
    """
    With copied weights, scikit-learn's MLP gives the same probabilities.
    """
    from sklearn.neural_network import MLPClassifier

    torch.manual_seed(0)
    model = mlp(inputs=20, hidden=(16, 8), classes=4).eval()
    given = torch.rand(32, 20)
    theirs = MLPClassifier(hidden_layer_sizes=(16, 8), max_iter=1)
    with pytest.warns(UserWarning, match="reached"):
        theirs.fit(given.numpy(), np.arange(32) % 4)
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    theirs.coefs_ = [layer.weight.detach().numpy().T for layer in linear]
    theirs.intercepts_ = [layer.bias.detach().numpy() for layer in linear]
    ours = model(given).softmax(dim=1).detach().numpy()

    assert np.abs(ours - theirs.predict_proba(given.numpy())).max() < 1e-6


def test_dropout_is_off_in_eval_mode() -> None:
    """
    Training draws, evaluation does not.
    """
    model, given = mlp(dropout=0.5), torch.rand(2, 784)

    assert not torch.equal(model.train()(given), model(given))
    assert torch.equal(model.eval()(given), model(given))


@pytest.mark.parametrize("name", ["mlp-mnist", "mlp-dropout-mnist"])
def test_the_example_is_classified(name: str) -> None:
    """
    The shipped digit is a five.
    """
    assert zoo.predict(name, zoo.example(name)).label == "5"


@pytest.mark.parametrize(
    "name", [spec.name for spec in (*fashion.SPECS, *variants.SPECS)]
)
def test_the_shoe_is_named(name: str) -> None:
    """
    The shipped piece of clothing is an ankle boot.
    """
    assert zoo.predict(name, zoo.example(name)).label == "Ankle boot"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("softmax-fashion-mnist", 0.845),
        ("mlp-fashion-mnist", 0.89),
        *((name, 0.87) for name in VARIANTS),
    ],
)
def test_targets_are_reached(name: str, wanted: float) -> None:
    """
    The accuracy on test rows is at least what was asked for.
    """
    assert zoo.get_spec(name).metrics[0].value >= wanted


def test_variants_differ_in_their_practice_alone() -> None:
    """
    Equal epochs, batches, seeds and rates; fresh weights are what a recipe builds.
    """
    chosen = [
        training.choose_settings(zoo.get_spec(name), None)[1] for name in VARIANTS
    ]
    same = {
        (s.epochs, s.batch_size, s.seed, s.lr, s.optimizer, s.val_fraction)
        for s in chosen
    }

    assert len(VARIANTS) == 6
    assert len(same) == 1


def test_the_defaults_are_what_mnist_was_trained_with() -> None:
    """
    A new setting must leave the shipped weights of older models as they are.
    """
    settings = Settings()

    assert (settings.optimizer, settings.schedule) == ("adamw", "one-cycle")
    assert (settings.l1, settings.l2, settings.max_norm) == (0, 0, None)
    assert (settings.hidden, settings.dropout) == (None, None)


def smoke(folder: Path, **settings: object) -> nn.Module:
    """Return an MLP after a smoke run with these settings."""
    asked = {"lr": 0.01, "epochs": 3, "weight_decay": 0.0, **settings}
    name = "mlp-fashion-mnist-reg.expdecay"
    return zoo.load(training.train(name, folder, smoke=True, settings=asked))


def weights(model: nn.Module) -> torch.Tensor:
    """Return the weights of the hidden layer."""
    return next(p for name, p in model.named_parameters() if name.startswith("layers"))


def test_a_bound_holds_after_every_step(tmp_path: Path) -> None:
    """
    No hidden unit's incoming weights are longer than the bound.
    """
    model = smoke(tmp_path / "run", max_norm=0.5)

    assert weights(model).norm(dim=1).max() < 0.501


def test_penalties_make_small_weights_and_activations(tmp_path: Path) -> None:
    """
    L2 shrinks the hidden weights, L1 the activations of the hidden units.
    """
    given = torch.rand(64, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    plain, small, sparse = (
        smoke(tmp_path / f"run{number}", **penalty)
        for number, penalty in enumerate(({}, {"l2": 0.1}, {"l1": 0.1}))
    )
    dense_mean, sparse_mean = (
        m.get_submodule("layers")(given).mean().item() for m in (plain, sparse)
    )

    assert weights(small).norm() < 0.9 * weights(plain).norm()
    assert sparse_mean < 0.5 * dense_mean


def test_widths_and_dropout_may_be_set(tmp_path: Path) -> None:
    """
    A run with other widths is a checkpoint that knows its widths.
    """
    model = smoke(tmp_path / "run", hidden=(16, 8), dropout=0.1)

    assert [p.shape[0] for p in model.parameters() if p.ndim == 2] == [16, 8, 10]
    assert next(m.p for m in model.modules() if isinstance(m, nn.Dropout)) == 0.1


@pytest.mark.parametrize("optimizer", ["momentum", "nag", "adagrad", "rmsprop"])
def test_the_loop_takes_any_optimizer_of_gradients(
    optimizer: str, tmp_path: Path
) -> None:
    """
    The name in the settings is all that changes.
    """
    folder = tmp_path / "run"
    smoke(folder, optimizer=optimizer, schedule="warm-up")

    assert checkpoints.read_receipt(folder)["settings"]["optimizer"] == optimizer


def test_l_bfgs_is_refused_by_the_loop(tmp_path: Path) -> None:
    """
    It needs a closure; the message says where one is shown.
    """
    with pytest.raises(SettingsError) as caught:
        smoke(tmp_path / "run", optimizer="l-bfgs")

    assert str(caught.value) == (
        "optimizer='l-bfgs' asks for the loss several times in a step, and this loop "
        "gives it once; zoo_mlp/comparison_report.py shows how to use it."
    )


def test_the_ablation_trains_its_variants_as_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    With the run's seed, epochs, batches and learning rate, and strengths of their own.
    """
    seen: dict[str, Settings] = {}

    def trained(settings: Settings, run: zoo.Run) -> None:
        seen[f"{run.spec.name.rpartition('.')[2]} {settings.dropout}"] = settings
        run.history.append({"epoch": 1.0, "loss": 1.0, "accuracy": 0.5})

    monkeypatch.setattr(ablation_report, "train", trained)
    own = Settings(seed=4, epochs=3, batch_size=64, lr=0.01, val_fraction=0.2)
    run = zoo.Run(zoo.get_spec("mlp-fashion-mnist-reg.none"), settings=own)
    run.history.append({"epoch": 1.0, "loss": 1.0, "accuracy": 0.5})

    ablation_report.compare(nn.Identity(), run)

    assert len(seen) == len(VARIANTS) - 1 + 2 - 1  # two strengths of one are alike here
    for settings in seen.values():
        assert (settings.seed, settings.epochs, settings.batch_size) == (4, 3, 64)
        assert (settings.lr, settings.val_fraction) == (0.01, 0.2)
    assert seen["maxnorm None"].max_norm == 3.0
    assert seen["dropout 0.5"].l1 == seen["maxnorm None"].l1 > 0
