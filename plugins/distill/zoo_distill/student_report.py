"""What the card of the student tells: what else might teach it, and its mistakes."""

import torch
from torch import nn

import zoo
from zoo import Run
from zoo.recipes import ExecutionContext, baselines, predict_batches, seeded
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo_distill import teacher_recipe
from zoo_distill.student_recipe import (
    TEACHER,
    data,
    distillation_loss,
    optimizer_of,
    pair,
)
from zoo_distill.teacher_report import add_mistakes

__all__ = ["COMPARISON", "compare", "evaluate", "from_noise", "report"]

COMPARISON = "the same student on noise that the teacher names, and on real digits"


def report(model: nn.Module, run: Run) -> None:
    """Add the teacher's accuracy, and the mistakes of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    run.log_baseline(
        "majority class", accuracy=baselines.majority(train_rows, test_rows)
    )
    teacher = zoo.load(TEACHER)
    answers = predict_batches(model, test_rows).argmax(dim=1)
    taught = predict_batches(teacher, test_rows).argmax(dim=1)
    run.log_summary(
        accuracy_teacher=evaluate(teacher, test_rows)["accuracy"],
        agreement=(answers == taught).float().mean().item(),
        first_accuracy=run.history[0]["accuracy"],
        validation_accuracy=run.history[-1]["accuracy"],
    )
    add_mistakes(model, run)


def compare(model: nn.Module, run: Run) -> None:
    """Add what the same student learns from noise, and from real digits."""
    test_rows = data(run, "test")
    run.log_baseline("student of noise", **evaluate(from_noise(run), test_rows))
    found = evaluate(_from_digits(run), test_rows)
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
    """Return a student of labelled digits, by the recipe of the teacher, in about as
    many steps."""
    given = run.settings
    images = given.epochs * given.steps * given.batch_size
    epochs = max(1, round(images / len(data(run, "train"))))
    settings = teacher_recipe.Settings(
        seed=run.seed, epochs=epochs, batch_size=given.batch_size
    )
    with seeded(run.seed):
        return teacher_recipe.train(settings, _own_run(run))


def _own_run(run: Run) -> Run:
    """Return a run for a model beside that of `run`, which stays as it is."""
    place = ExecutionContext(run.device)
    return Run(run.spec, seed=run.seed, smoke=run.smoke, place=place)
