"""What the card of the review classifier tells: baselines, and where it fails."""

from torch import Tensor

from zoo import Run, TextInput
from zoo.recipes import baselines, plots, predict_batches, to_model_input
from zoo_rnn.baselines import ngram_logistic_accuracy
from zoo_rnn.gru import GRUClassifier
from zoo_rnn.gru_recipe import data, path_log_odds, reviews
from zoo_rnn.plots import accuracy_by_length

__all__ = ["report"]


def report(model: GRUClassifier, run: Run) -> None:
    """Add baselines, and on which reviews the model fails."""
    training, test, input_spec = data(run, "train"), data(run, "test"), run.spec.input
    assert isinstance(input_spec, TextInput), "the model here reads text"
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    run.log_baseline(
        "logistic regression on character n-grams",
        accuracy=ngram_logistic_accuracy(
            (reviews(run, "train"), training.target.tolist()),
            (reviews(run, "test"), test.target.tolist()),
        ),
    )
    token = to_model_input(test.input, input_spec)
    accuracy = {
        path: _mean((log_odds > 0) == test.target)
        for path, log_odds in path_log_odds(model, token).items()
    }
    run.log_baseline("wide path alone", accuracy=accuracy["wide"])
    run.log_summary(deep_accuracy=accuracy["deep"], wide_accuracy=accuracy["wide"])
    logits = predict_batches(model, token)
    predicted, score = logits.argmax(dim=1), logits.softmax(dim=1).amax(dim=1)
    correct, length = predicted == test.target, model.length(test.input)
    short, long = length <= 10, length > 100
    uncertain = score < 0.75
    run.log_summary(
        accuracy_short=_mean(correct[short]),
        short_rows=int(short.sum()),
        accuracy_long=_mean(correct[long]),
        long_rows=int(long.sum()),
        max_length=input_spec.max_length,
        uncertain_fraction=_mean(uncertain),
        accuracy_if_uncertain=_mean(correct[uncertain]),
        accuracy_if_certain=_mean(correct[~uncertain]),
    )
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, test.target, run.spec.labels),
        "Confusion matrix of the test reviews.",
    )
    run.log_figure(
        "accuracy_by_length",
        accuracy_by_length(correct, length),
        "Accuracy on the test reviews, by their number of characters.",
    )


def _mean(values: Tensor) -> float:
    return values.float().mean().item()
