"""The report of PoseNet: what its model card says of it.

What the mean face and a linear model reach, the error of each part of a face, of faces
that were changed, and drawings of what was found. No face of the data may be shown:
only the points are.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import zoo
from zoo import Run
from zoo.recipes import TensorRows, images, predict_batches, to_model_input
from zoo.recipes.keypoints import decode
from zoo.recipes.metrics import keypoint_errors, keypoint_metrics
from zoo.results import Keypoints, image_grid, png
from zoo_detection import FACE_PARTS
from zoo_detection.faces import data

__all__ = ["example", "report", "ridge_regression"]

EXAMPLE = "face.png"
SHOWN, SCALE = 6, 2  # faces in a row of the figure, and how much larger
SMALL = 24  # pixels of a side of the pictures that the linear model sees
RIDGE = (1.0, 10.0, 100.0, 1000.0)  # penalties that are tried
FAILED = 0.1  # of a mean error, from which a face counts as not found
FOUND = (
    "Points found in faces of the test rows, above, and annotated, below: at the left "
    "the median faces by their error, at the right the worst."
)


def example(run: Run) -> Tensor:
    """Return the picture that ships with the model, as prepared pixels."""
    expected: Any = run.spec.input
    picture = images.open_image(
        Path(__file__).with_name("examples") / EXAMPLE, expected
    )
    return images.image_to_tensor(picture, expected)[None]


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and the figure of the model card."""
    train_rows, val_rows, rows = (
        data(run, split) for split in ("train", "validation", "test")
    )
    output_spec: Any = run.spec.output
    mean = train_rows.target.mean(dim=0).expand_as(rows.target)
    linear = ridge_regression(train_rows, val_rows, rows.input)
    for name, points in (("mean face", mean), ("ridge regression", linear)):
        run.log_baseline(name, **keypoint_metrics(points, rows.target, output_spec))
    image = to_model_input(rows.input, run.spec.input)
    points, _ = decode(predict_batches(model, image), output_spec)
    error = keypoint_errors(points, rows.target, output_spec)
    of_face = error.mean(dim=1)
    run.log_summary(
        median_nme=of_face.median().item(),
        worst_nme=of_face.max().item(),
        failures=(of_face > FAILED).double().mean().item(),
        **_by_part(error),
        **_of_changed(model, image, rows.target, output_spec),
    )
    run.log_figure("points", png(_drawn(model, rows, of_face)), FOUND)


def ridge_regression(train: TensorRows, val: TensorRows, pixels: Tensor) -> Tensor:
    """Return points, (N, points, 2), by linear regression on small gray pictures; the
    penalty of the weights is chosen on the validation rows."""
    x, y = _small(train.input), train.target.flatten(1).double()
    center, middle = x.mean(dim=0), y.mean(dim=0)
    x, y = x - center, y - middle
    gram, cross = x.T @ x, x.T @ y
    eye = torch.eye(x.shape[1], dtype=torch.float64)
    fitted = [torch.linalg.solve(gram + one * eye, cross) for one in RIDGE]

    def points(given: Tensor, weight: Tensor) -> Tensor:
        return ((_small(given) - center) @ weight + middle).view(len(given), -1, 2)

    best = min(fitted, key=lambda w: (points(val.input, w) - val.target).norm().item())
    return points(pixels, best).float()


def _small(pixels: Tensor) -> Tensor:
    """Return gray pictures of 24x24, (N, 576), of one mean and one contrast."""
    gray = pixels.double().mean(dim=1, keepdim=True) / 255
    small = torch.nn.functional.adaptive_avg_pool2d(gray, SMALL).flatten(1)
    small = small - small.mean(dim=1, keepdim=True)
    return small / small.std(dim=1, keepdim=True).clamp_min(1e-3)


def _by_part(error: Tensor) -> dict[str, float]:
    """Return the mean error of each part of a face."""
    counts = [count for _, count, _ in FACE_PARTS]
    return {
        f"nme_{name.replace(' ', '_')}": part.mean().item()
        for (name, _, _), part in zip(
            FACE_PARTS, error.split(counts, dim=1), strict=True
        )
    }


def _of_changed(
    model: nn.Module, image: Tensor, target: Tensor, output_spec: Any
) -> dict[str, float]:
    """Return the error on faces that were changed."""
    coarse = torch.nn.functional.interpolate(image, scale_factor=0.25, mode="area")
    hidden = image.clone()
    hidden[:, :, image.shape[2] // 2 :] = 0
    upside_down = target * target.new_tensor([1, -1]) + target.new_tensor([0, 1])
    measured = {}
    for name, pixels, true in (
        ("upside_down", image.flip(2), upside_down),
        ("grayscale", image.mean(dim=1, keepdim=True).expand_as(image), target),
        (
            "low_resolution",
            torch.nn.functional.interpolate(coarse, scale_factor=4.0, mode="bilinear"),
            target,
        ),
        ("lower_half_hidden", hidden, target),
    ):
        points, _ = decode(predict_batches(model, pixels.contiguous()), output_spec)
        measured[f"nme_{name}"] = keypoint_metrics(points, true, output_spec)["nme"]
    return measured


def _drawn(model: Any, rows: TensorRows, error: Tensor) -> Any:
    order = error.argsort().tolist()
    middle = len(order) // 2
    half = min(SHOWN // 2, middle)
    shown = order[middle : middle + half] + order[-half:]
    image = to_model_input(rows.input[shown], model.zoo.spec.input)
    answers: Any = zoo.predict(model, list(image))
    true = [
        _annotated(one, rows.target[row])
        for one, row in zip(answers, shown, strict=True)
    ]
    drawn = [one.skeleton_alone(SCALE) for one in (*answers, *true)]
    return image_grid(drawn, columns=len(shown))


def _annotated(answer: Keypoints, target: Tensor) -> Keypoints:
    """Return an answer with the annotated points, (points, 2), in shares."""
    width, height = answer.size
    points = tuple(
        replace(point, x=x * width, y=y * height)
        for point, (x, y) in zip(answer.keypoints, target.tolist(), strict=True)
    )
    return replace(answer, keypoints=points)
