"""What the card of a network for CIFAR-10 tells: simple methods beside it,
and what becomes of it on pictures unlike those it was trained on.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy, interpolate

from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo.finetuning import linear_solver as heads
from zoo.runtime.rows import normalize

__all__ = ["linear", "report"]

PULL = 0.01  # of the softmax regression: the penalty on its squared weights
SURE = 0.9  # a score that a user may take for certainty


def report(model: nn.Module, run: Run, training: TensorRows, test: TensorRows) -> None:
    """Measure what the card speaks of, and draw what it shows."""
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    run.log_baseline(
        "nearest class mean", accuracy=baselines.nearest_mean(training, test)
    )
    run.log_baseline("softmax regression", accuracy=linear(training, test))
    score, said = _answers(model, run, to_model_input(test.input))
    right, labels = said == test.target, run.spec.labels
    run.log_figure(
        "confusion",
        pictures.confusion(said, test.target, labels),
        "How often each kind of the test split was called what.",
    )
    sure = score > SURE
    run.log_summary(mean_score=score.mean().item(), sure=_share(sure))
    run.log_summary(
        right_when_sure=_share(right[sure]), right_else=_share(right[~sure])
    )
    for number, label in enumerate(labels):
        run.log_summary(**{f"right_{label}": _share(right[test.target == number])})
    _note_confusions(run, said, test.target)
    _note_changes(model, run, test)
    _note_elsewhere(model, run)


def linear(training: TensorRows, test: TensorRows) -> float:
    """Return the test accuracy of a softmax regression on standardised pixels."""
    count = int(training.target.max()) + 1
    given = to_model_input(training.input).flatten(start_dim=1)
    middle, spread = given.mean(dim=0), given.std(dim=0).clamp_min(1e-6)
    start = torch.zeros(count, given.shape[1]), torch.zeros(count)
    weight, bias = heads.solve(
        start, (given - middle) / spread, training.target, cross_entropy, l2=PULL
    )
    asked = (to_model_input(test.input).flatten(start_dim=1) - middle) / spread
    return _share((asked @ weight.T + bias).argmax(dim=1) == test.target)


def _note_confusions(run: Run, said: Tensor, true: Tensor) -> None:
    """Note how much of a kind is taken for another, of pairs that look alike."""
    known = {label: number for number, label in enumerate(run.spec.labels)}
    for one, other in (("cat", "dog"), ("automobile", "truck"), ("bird", "airplane")):
        for first, second in ((one, other), (other, one)):
            taken = said[true == known[first]] == known[second]
            run.log_summary(**{f"{first}_for_{second}": _share(taken)})


def _note_changes(model: nn.Module, run: Run, test: TensorRows) -> None:
    """Note the accuracy on the test pictures, changed."""
    image = to_model_input(test.input)
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(image.shape, generator=random)
    tone = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)  # of light, as in JPEG
    coarse = avg_pool2d(image, 2)  # what a picture of 16x16 pixels would hold
    shown = {
        "grey": (image * tone).sum(dim=1, keepdim=True).expand_as(image),
        "upside_down": image.flip(2),
        "turned": image.rot90(1, dims=(2, 3)),
        "inverted": 1 - image,
        "noisy": (image + 0.1 * noise).clamp(0, 1),
        "coarse": interpolate(coarse, scale_factor=2, mode="bilinear"),
        "middle": interpolate(image[:, :, 8:24, 8:24], scale_factor=2, mode="bilinear"),
        "moved": image.roll(8, dims=3),
    }
    for name, changed in shown.items():
        _, said = _answers(model, run, changed)
        run.log_summary(**{name: _share(said == test.target)})


def _note_elsewhere(model: nn.Module, run: Run) -> None:
    """Note what it says of photographs from elsewhere, some of none of its kinds."""
    cat, dog, frog, horse = (
        run.spec.labels.index(label) for label in ("cat", "dog", "frog", "horse")
    )
    _, said, species = _photographs(model, run, "oxford_iiit_pet", "species")
    run.log_summary(
        photographed_cat=_share(said[species == 0] == cat),
        photographed_dog=_share(said[species == 1] == dog),
    )
    score, said, domain = _photographs(model, run, "horse2zebra", "label")
    run.log_summary(
        photographed_horse=_share(said[domain == 0] == horse),
        zebra_for_horse=_share(said[domain == 1] == horse),
        sure_of_zebras=_share(score[domain == 1] > SURE),
    )
    score, said, _ = _photographs(model, run, "hymenoptera", "label")
    run.log_summary(
        sure_of_insects=_share(score > SURE),
        score_of_insects=score.mean().item(),
        insect_for_frog=_share(said == frog),
    )
    random = torch.Generator().manual_seed(0)
    score, _ = _answers(model, run, torch.rand(1000, 3, 32, 32, generator=random))
    run.log_summary(
        sure_of_noise=_share(score > SURE), score_of_noise=score.mean().item()
    )


def _photographs(
    model: nn.Module, run: Run, name: str, target: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Return for the test pictures of a dataset the score, the number of the best label
    and the true number."""
    rows = run.stream_rows(name, "test", target=target)
    rows = rows[:20] if run.smoke else rows
    image = torch.cat(list(rows.in_order()))
    score, said = _answers(model, run, to_model_input(image))
    return score, said, rows.target


def _answers(model: nn.Module, run: Run, image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the score and the number of the best label, for pixels in 0..1."""
    logits = predict_batches(model, normalize(image, run.spec.input))
    score, said = logits.softmax(dim=1).max(dim=1)
    return score, said


def _share(right: Tensor) -> float:
    return right.float().mean().item() if len(right) else 0.0
