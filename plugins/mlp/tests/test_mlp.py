"""What only the MLPs promise; what every model promises is in zoo.testing."""

import numpy as np
import pytest
import torch
from torch import nn
from zoo_mlp.mlp import mlp

import zoo


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


def test_dropout_rests_in_eval_mode() -> None:
    """
    Training draws, evaluation does not.
    """
    model, given = mlp(dropout=0.5), torch.rand(2, 784)

    assert not torch.equal(model.train()(given), model(given))
    assert torch.equal(model.eval()(given), model(given))


@pytest.mark.parametrize("name", ["mlp-mnist", "mlp-dropout-mnist"])
def test_the_example_is_read(name: str) -> None:
    """
    The shipped digit is a five.
    """
    assert zoo.predict(name, zoo.example(name)).label == "5"
