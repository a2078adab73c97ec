"""What the cards of the student and of its generator tell: what else might teach the
student, how its images are read, and where it fails."""

import io
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import one_hot

import zoo
from zoo import Run
from zoo.recipes import (
    ExecutionContext,
    TensorRows,
    baselines,
    predict_batches,
    seeded,
    spec_of,
    to_model_input,
)
from zoo.recipes.metrics import (
    evaluate_classification,
    extract_features,
    feature_diversity,
    frechet_from_features,
)
from zoo.recipes.sampling import draw_samples
from zoo.results import image_grid
from zoo_distill import teacher_recipe
from zoo_distill.dafl import Generator
from zoo_distill.dafl_recipe import TEACHER, data, distillation_loss, optimizer_of, pair
from zoo_distill.teacher_report import add_mistakes

__all__ = ["COMPARISON", "compare", "evaluate", "from_noise", "pixels", "report"]

COMPARISON = "the student on noise that the teacher names, and on real digits"
CLASSIFIER = "lenet5-mnist"  # whose features the Fréchet distance is of
CONFIDENT = 0.9  # score of a classifier
COLUMNS, ZOOM = 12, 2  # of images side by side, and how much larger they are shown
SAMPLES = "The first samples of seed zero, none left out."


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the metrics of a student, or of as many samples as there are rows."""
    if not isinstance(model, Generator):
        return evaluate_classification(model, rows)
    samples = pixels(draw_samples(model, len(rows), seed=0), spec_of(model).output)
    real, drawn = (_features(one) for one in (to_model_input(rows.input), samples))
    return {"frechet_distance": frechet_from_features(drawn, real)}


def report(model: nn.Module, run: Run) -> None:
    """Add what the card of a student shows, or that of a generator."""
    if isinstance(model, Generator):
        _report_generator(model, run)
        return
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline(
        "majority class", accuracy=baselines.majority(train_rows, test_rows)
    )
    teacher = zoo.load(TEACHER)
    answers = predict_batches(model, test_rows).argmax(dim=1)
    taught = predict_batches(teacher, test_rows).argmax(dim=1)
    run.log_summary(
        accuracy_teacher=evaluate_classification(teacher, test_rows)["accuracy"],
        agreement=(answers == taught).float().mean().item(),
        first_accuracy=run.history[0]["accuracy"],
        validation_accuracy=run.history[-1]["accuracy"],
    )
    add_mistakes(model, run)


def compare(model: nn.Module, run: Run) -> None:
    """Add what the same student learns from noise, and from real digits."""
    if isinstance(model, Generator):
        return
    test_rows = data(run, "test")
    run.log_baseline(
        "student of noise", **evaluate_classification(from_noise(run), test_rows)
    )
    found = evaluate_classification(_from_digits(run), test_rows)
    run.log_summary(accuracy_real=found["accuracy"])


def from_noise(run: Run) -> nn.Module:
    """Return a student that the teacher taught on Gaussian noise, in as many steps."""
    settings, own = run.settings, _own_run(run)
    teacher = own.load_model(TEACHER).to(run.device)
    with seeded(run.seed):
        _, student = pair(own.build(), run.seed)
        optimizer, scheduler = optimizer_of(student, settings.lr, settings, own)
        for _ in range(settings.epochs * settings.steps):
            noise = torch.randn(settings.batch_size, 1, 28, 28).to(run.device)
            loss = distillation_loss(student(noise), teacher(noise).detach())
            own.step(loss, optimizer, scheduler)
    return student.eval()


def _from_digits(run: Run) -> nn.Module:
    """Return a student of labelled digits, by the recipe of the teacher."""
    changes = teacher_recipe.SMOKE_SETTINGS if run.smoke else {}
    settings = teacher_recipe.Settings(seed=run.seed, **changes)
    with seeded(run.seed):
        return teacher_recipe.train(settings, _own_run(run))


def _own_run(run: Run) -> Run:
    """Return a run for a model beside that of `run`, which stays as it is."""
    place = ExecutionContext(run.device)
    return Run(run.spec, seed=run.seed, smoke=run.smoke, place=place)


def _report_generator(model: nn.Module, run: Run) -> None:
    """Add noise as a baseline, how images are read, and some of them."""
    image = to_model_input(data(run, "test").input)
    other = to_model_input(data(run, "train").input)[: len(image)]
    raw = draw_samples(model, len(image), seed=0)
    samples = pixels(raw, run.spec.output)
    noise = torch.rand(image.shape, generator=torch.Generator().manual_seed(0))
    real, floor, drawn, random = (
        _features(one) for one in (image, other, samples, noise)
    )
    run.log_baseline(
        "uniform noise", frechet_distance=frechet_from_features(random, real)
    )
    teacher = predict_batches(zoo.load(TEACHER), raw).softmax(dim=1)
    reader = predict_batches(zoo.load(CLASSIFIER), samples).softmax(dim=1)
    score, label = teacher.max(dim=1)
    classes = one_hot(label, 10).float().mean(dim=0)
    out: Any = run.spec.output
    run.log_summary(
        frechet_distance_real=frechet_from_features(floor, real),
        variety=feature_diversity(drawn, real),
        variety_real=feature_diversity(floor, real),
        confident=(score > CONFIDENT).float().mean().item(),
        confident_reader=(reader.max(dim=1).values > CONFIDENT).float().mean().item(),
        same_reading=(reader.argmax(dim=1) == label).float().mean().item(),
        min_class_fraction=classes.min().item(),
        max_class_fraction=classes.max().item(),
        clipped=((raw < out.low) | (raw > out.high)).float().mean().item(),
        student_accuracy=run.history[-1]["accuracy"],
    )
    run.log_figure("samples", _sheet(samples[: 8 * COLUMNS], COLUMNS), SAMPLES)
    run.log_figure("classes", _sheet(_surest(samples, teacher), teacher.shape[1]), CLASSES)


CLASSES = (
    "Of ten thousand samples, those that the teacher is surest of, a column a digit."
)


def _surest(samples: Tensor, scores: Tensor, rows: int = 6) -> Tensor:
    """Return for each row of the sheet, of each class, one of the surest samples."""
    return samples[scores.topk(rows, dim=0).indices.flatten()]


def pixels(image: Tensor, output: Any) -> Tensor:
    """Return images of the generator as pixels in 0..1; what is beyond is cut off."""
    shown: Tensor = ((image - output.low) / (output.high - output.low)).clamp(0, 1)
    return shown


def _features(image: Tensor) -> Tensor:
    """Return what another classifier of digits makes of pixels in 0..1."""
    features: Tensor = extract_features(zoo.load(CLASSIFIER), image)
    return features


def _sheet(images: Tensor, columns: int) -> bytes:
    """Return pixels, (count, 1, height, width), in rows, as a PNG."""
    bytes_ = images[:, 0].mul(255).round().byte().numpy()
    sheet = image_grid([Image.fromarray(one) for one in bytes_], columns=columns)
    size = (ZOOM * sheet.width, ZOOM * sheet.height)
    file = io.BytesIO()
    sheet.resize(size, Image.Resampling.NEAREST).save(file, format="PNG")
    return file.getvalue()
