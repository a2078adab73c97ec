"""What the card of the recurrent cell tells: baselines, nn.RNN, and its own series."""

import torch
from torch import Tensor

from zoo import ForecastOutput, Run
from zoo.recipes import TensorRows, plots
from zoo.recipes.metrics import FORECASTING
from zoo_rnn.rnn_cell import CellForecaster, as_torch_rnn
from zoo_rnn.rnn_cell_recipe import data, evaluate

__all__ = ["continued", "report"]

STARTS, STEPS = 50, 60  # series of forecasts that are compared with the true one


def report(model: CellForecaster, run: Run) -> None:
    """Add baselines, the difference from nn.RNN, and what it makes of its forecasts."""
    training, test = data(run, "train"), data(run, "test")
    output_spec = run.spec.output
    assert isinstance(output_spec, ForecastOutput), "the model here forecasts"
    guesses = {
        "mean": training.target.mean().expand(len(test), 1),
        "persistence": test.input[:, -1],
        "least squares": _least_squares(training, test),
    }
    for name, guess in guesses.items():
        measured = FORECASTING.compute_metrics(guess, test.target, output_spec)
        run.log_baseline(name, **measured)
    states = model.states(test.input).detach()
    network, start = as_torch_rnn(model.cell)
    first = torch.full((1, len(test), states.shape[2]), start)
    theirs = (1 + network(test.input, first)[0].detach()) / 2
    shorter = [
        evaluate(model, _cut(test, length))["rmse"]
        for length in (1, 2, test.input.shape[1])
    ]
    series = continued(model, test.input[:1], len(test))[0]
    run.log_summary(
        difference_from_nn_rnn=(states - theirs).abs().max().item(),
        rmse_of_one_value=shorter[0],
        rmse_of_two_values=shorter[1],
        rmse_of_all_values=shorter[2],
        spread=test.target.std().item(),
        steps_together=_steps_together(model, test),
        best_epoch=min(run.history, key=lambda row: row["rmse"])["epoch"],
    )
    run.log_figure(
        "attractor",
        attractor(test.target, series),
        "A value and the next: the test series, and one that the model makes of its "
        "own forecasts.",
    )


@torch.inference_mode()
def continued(model: CellForecaster, series: Tensor, count: int) -> Tensor:
    """Return `count` values after each window, (B, count), each a forecast."""
    values = []
    for _ in range(count):
        following = model(series)
        values.append(following)
        series = torch.cat([series[:, 1:], following[:, None]], dim=1)
    return torch.cat(values, dim=1)


def attractor(true: Tensor, made: Tensor) -> bytes:
    """Return two planes of a value and the next one, for a series each."""

    def draw(figure: object) -> None:
        named = {"the Henon map": true, "of the model's forecasts": made}
        for place, (title, values) in enumerate(named.items(), start=1):
            axes = figure.add_subplot(1, 2, place)  # type: ignore[attr-defined]
            axes.scatter(values[:-1], values[1:], s=2)
            axes.set(title=title, xlabel="value", ylabel="next value")
            axes.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))

    return plots.to_png(8.0, 4.0, draw)


def _cut(rows: TensorRows, length: int) -> TensorRows:
    """Return the rows with the last `length` values of each alone."""
    return TensorRows(
        input=rows.input[:, -length:], target=rows.target, source=rows.source
    )


def _steps_together(model: CellForecaster, test: TensorRows) -> float:
    """Return how many forecasts in a row are within a tenth of the true series."""
    starts = min(STARTS, len(test) - STEPS)
    made = continued(model, test.input[:starts], STEPS)
    apart = (made - test.target.unfold(0, STEPS, 1)[:starts]).abs() > 0.1
    first = torch.where(apart.any(dim=1), apart.float().argmax(dim=1), STEPS)
    return first.float().mean().item()


def _least_squares(training: TensorRows, test: TensorRows) -> Tensor:
    """Return the forecast that is linear in all values of a window."""

    def features(rows: TensorRows) -> Tensor:
        flat = rows.input.flatten(1).double()
        return torch.cat([flat, torch.ones(len(flat), 1).double()], dim=1)

    target = training.target.double()[:, None]
    weight = torch.linalg.lstsq(features(training), target).solution
    predicted: Tensor = features(test) @ weight
    return predicted
