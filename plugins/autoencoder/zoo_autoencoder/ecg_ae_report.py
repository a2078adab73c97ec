"""What the card of the heartbeat autoencoder tells: baselines, the course's threshold,
and how the scores of normal and unusual beats are distributed."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from zoo import Run
from zoo.recipes import TensorRows, baselines, plots, predict_batches
from zoo.recipes.metrics import anomaly_metrics
from zoo_autoencoder.ecg_ae_recipe import best_threshold, course_threshold, data

__all__ = ["report"]


def report(model: Any, run: Run) -> None:
    """Add the baselines, measurements and figures of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    fit_rows, val_rows = run.split(train_rows, run.settings.val_fraction)
    normal = fit_rows[fit_rows.target == 0]
    components = model.latent_dim
    scores = {
        rows.source: pca_score(normal, rows, components)
        for rows in (replace(val_rows, source="val"), replace(test_rows, source="test"))
    }
    threshold = best_threshold(scores["val"], val_rows.target > 0)
    run.log_baseline(
        f"{components} principal components",
        **_metrics(scores["test"], threshold, test_rows),
    )
    flat, flat_test = (
        replace(rows, input=rows.input.flatten(start_dim=1))
        for rows in (train_rows, test_rows)
    )
    accuracy = baselines.logistic(flat, flat_test)
    run.log_baseline("logistic regression on all labels", accuracy=accuracy)
    accuracy = baselines.majority(train_rows, test_rows)
    run.log_baseline("most frequent label", accuracy=accuracy)
    score = predict_batches(model, test_rows)[:, 0]
    of_course = course_threshold(
        predict_batches(model, normal)[:, 0], normal.target > 0
    )
    at_course = _metrics(score, of_course, test_rows)
    chosen = model.threshold.item()
    run.log_summary(
        threshold=chosen,
        threshold_course=of_course,
        **{
            f"{name}_course": at_course[name] for name in at_course if name != "roc_auc"
        },
        mae_normal=score[test_rows.target == 0].mean().item(),
        mae_unusual=score[test_rows.target == 1].mean().item(),
        normal_rows=len(normal),
        unusual_rows=(val_rows.target == 1).sum().item(),
        missed=((score <= chosen) & (test_rows.target == 1)).sum().item(),
        false_alarms=((score > chosen) & (test_rows.target == 0)).sum().item(),
    )
    for name, changed in {
        "inverted": -test_rows.input,
        "shifted": test_rows.input.roll(20, dims=1),
        "flat": torch.zeros_like(test_rows.input[:1]),
    }.items():
        known = (
            changed[test_rows.target[: len(changed)] == 0]
            if name != "flat"
            else changed
        )
        found = predict_batches(model, known)[:, 0] > chosen
        run.log_summary(**{f"found_{name}": found.float().mean().item()})
    run.log_figure(
        "scores",
        plot_scores(score, test_rows.target, chosen, of_course),
        "The scores of the test beats, and the two thresholds.",
    )
    run.log_figure(
        "reconstructions",
        plot_beats(model, test_rows),
        "Reconstructions of the first 12 normal and the first 12 unusual test beats, "
        "each a line.",
    )


def pca_score(normal: TensorRows, rows: TensorRows, count: int) -> Tensor:
    """Return the squared error of beats, (rows,), of which only the first `count`
    principal components of the normal ones are kept."""
    flat = rows.input.flatten(start_dim=1).double()
    mean, directions, _ = baselines.pca(normal, count)
    centered = flat - mean
    residual = centered - centered @ directions @ directions.T
    return residual.square().mean(dim=1)


def _metrics(score: Tensor, threshold: float, rows: TensorRows) -> dict[str, float]:
    output = torch.stack([score, torch.full_like(score, threshold)], dim=1)
    return anomaly_metrics(output, rows.target)


def plot_scores(
    score: Tensor, target: Tensor, chosen: float, of_course: float
) -> bytes:
    """Return histograms of the scores of normal and of unusual beats."""
    edges = torch.linspace(0, score.max().item(), 60).tolist()

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        for kind, name in enumerate(("normal", "unusual")):
            values = score[target == kind].tolist()
            color = plots.COLORS[1 - kind]
            axes.hist(values, bins=edges, alpha=0.6, color=color, label=name)
        axes.axvline(chosen, color="black", label="threshold")
        axes.axvline(of_course, color="black", linestyle=":", label="mean + 1 sd")
        axes.set(xlabel="mean absolute error", ylabel="beats")
        axes.legend()

    return plots.to_png(6.4, 3.2, draw)


def plot_beats(model: Any, rows: TensorRows) -> bytes:
    """Return the reconstructions of some normal and some unusual beats."""
    with torch.inference_mode():
        beats = [
            model.reconstruct(rows.input[rows.target == kind][:12])[:, :, 0]
            for kind in (0, 1)
        ]

    def draw(figure: Any) -> None:
        for kind, name in enumerate(("normal", "unusual")):
            axes = figure.add_subplot(1, 2, kind + 1, ylim=(-6, 5))
            axes.plot(
                beats[kind].T.numpy(), color=plots.COLORS[1 - kind], linewidth=0.8
            )
            axes.set(title=name, xlabel="sample")
            axes.grid(alpha=0.3)

    return plots.to_png(7.2, 2.8, draw)
