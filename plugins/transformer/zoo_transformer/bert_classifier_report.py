"""What the card of bert-mini-imdb tells: baselines, failures, and no pre-training."""

from dataclasses import replace

from torch import Tensor

from zoo import Run, TextInput
from zoo.recipes import baselines, plots, predict_batches, seeded, to_model_input
from zoo.recipes.text import decode
from zoo_transformer.baselines import word_logistic_accuracy
from zoo_transformer.bert_classifier import BERTClassifier
from zoo_transformer.bert_classifier_recipe import data, evaluate, reviews, train

__all__ = ["COMPARISON", "compare", "report"]

COMPARISON = "the same network without pre-training"
SCRATCH_LR = 1e-3  # fresh weights stand a higher rate
UNCERTAIN = 0.75  # a score below which an answer is counted as uncertain


def report(model: BERTClassifier, run: Run) -> None:
    """Add baselines, what pre-training reached, and on which reviews it fails."""
    training, test, input_spec = data(run, "train"), data(run, "test"), run.spec.input
    assert isinstance(input_spec, TextInput), "the model here reads text"
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    labels = training.target.tolist(), test.target.tolist()
    whole = reviews(run, "train"), reviews(run, "test")
    ends = [
        [decode(row, input_spec) for row in rows.input.tolist()]
        for rows in (training, test)
    ]
    for name, (first, second) in {
        "logistic regression on whole reviews": whole,
        "logistic regression on the same tokens": ends,
    }.items():
        accuracy = word_logistic_accuracy((first, labels[0]), (second, labels[1]))
        run.log_baseline(name, accuracy=accuracy)
    logits = predict_batches(
        model, to_model_input(test.input, input_spec), batch_size=250
    )
    predicted, score = logits.argmax(dim=1), logits.softmax(dim=1).amax(dim=1)
    correct, length = predicted == test.target, (test.input != 0).sum(dim=1)
    truncated, uncertain = length == input_spec.max_length, score < UNCERTAIN
    run.log_summary(
        accuracy_truncated=_mean(correct[truncated]),
        truncated_rows=int(truncated.sum()),
        accuracy_whole=_mean(correct[~truncated]),
        whole_rows=int((~truncated).sum()),
        max_length=input_spec.max_length,
        uncertain_fraction=_mean(uncertain),
        accuracy_if_uncertain=_mean(correct[uncertain]),
        accuracy_if_certain=_mean(correct[~uncertain]),
        validation_accuracy=_best(run),
    )
    pretrained = [epoch for epoch in run.history if "nsp_accuracy" in epoch]
    if pretrained:
        run.log_summary(
            masked_accuracy=pretrained[-1]["masked_accuracy"],
            nsp_accuracy=pretrained[-1]["nsp_accuracy"],
        )
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, test.target, run.spec.labels),
        "Confusion matrix of the test reviews.",
    )


def compare(model: BERTClassifier, run: Run) -> None:
    """Add what the same network reaches from fresh weights, on the same labels."""
    settings = replace(run.settings, pretraining_epochs=0, lr=SCRATCH_LR)
    own = Run(run.spec, seed=run.seed, smoke=run.smoke, place=run.context)
    with seeded(run.seed):
        fresh = train(settings, own)
    run.log_baseline("without pre-training", **evaluate(fresh, data(run, "test")))
    run.log_summary(scratch_validation_accuracy=_best(own), scratch_lr=SCRATCH_LR)


def _best(run: Run) -> float:
    return max(epoch["accuracy"] for epoch in run.history if "accuracy" in epoch)


def _mean(values: Tensor) -> float:
    return values.float().mean().item()
