"""What the cards of the English review classifiers tell: baselines, and failures."""

from torch import Tensor

from zoo import Run, TextInput
from zoo.recipes import baselines, plots, predict_batches, to_model_input
from zoo_rnn.baselines import word_logistic_accuracy
from zoo_rnn.sentiment import RecurrentClassifier
from zoo_rnn.sentiment_recipe import data, reviews
from zoo_rnn.word_tokenizer import last_words

__all__ = ["report"]


def report(model: RecurrentClassifier, run: Run) -> None:
    """Add baselines, and on which reviews the model fails."""
    training, test, input_spec = data(run, "train"), data(run, "test"), run.spec.input
    assert isinstance(input_spec, TextInput), "the model here reads text"
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    labels = training.target.tolist(), test.target.tolist()
    whole = reviews(run, "train"), reviews(run, "test")
    ends = [
        [last_words(text, input_spec.max_length) for text in texts] for texts in whole
    ]
    for name, (first, second) in {
        "logistic regression on whole reviews": whole,
        "logistic regression on the same words": ends,
    }.items():
        accuracy = word_logistic_accuracy((first, labels[0]), (second, labels[1]))
        run.log_baseline(name, accuracy=accuracy)
    logits = predict_batches(model, to_model_input(test.input, input_spec))
    predicted, score = logits.argmax(dim=1), logits.softmax(dim=1).amax(dim=1)
    correct, length = predicted == test.target, model.length(test.input)
    truncated, uncertain = length == input_spec.max_length, score < 0.75
    run.log_summary(
        accuracy_truncated=_mean(correct[truncated]),
        truncated_rows=int(truncated.sum()),
        accuracy_whole=_mean(correct[~truncated]),
        whole_rows=int((~truncated).sum()),
        max_length=input_spec.max_length,
        uncertain_fraction=_mean(uncertain),
        accuracy_if_uncertain=_mean(correct[uncertain]),
        accuracy_if_certain=_mean(correct[~uncertain]),
        validation_accuracy=max(epoch["accuracy"] for epoch in run.history),
    )
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, test.target, run.spec.labels),
        "Confusion matrix of the test reviews.",
    )


def _mean(values: Tensor) -> float:
    return values.float().mean().item()
