"""What the card of LSA tells: cross-validation, simple methods beside it, figures."""

from torch import Tensor

from zoo import Run
from zoo.recipes import baselines, plots, predict_batches
from zoo_text_retrieval.baselines import BASELINES
from zoo_text_retrieval.cross_validation import cross_validate
from zoo_text_retrieval.lsa import LSA
from zoo_text_retrieval.plots import topics
from zoo_text_retrieval.recipe import DATASET, SMOKE_STEP, data, fit

__all__ = ["report"]


def report(model: LSA, run: Run) -> None:
    """Add the cross-validation, baselines, where the model fails, and its topics."""
    training, test = data(run, "train"), data(run, "test")
    threads = run.load_texts(DATASET, column="thread")
    threads = threads[:: SMOKE_STEP if run.smoke else 1]
    run.log_summary(**cross_validate(fit, run.settings, run, training, threads))
    features, test_features = (model.tfidf(r.input).detach() for r in (training, test))
    predicted = predict_batches(model, test.input).argmax(dim=1)
    correct = predicted == test.target
    known_words = (model.tfidf.count(test.input)[:, 2:] > 0).sum(dim=1)
    short = known_words <= known_words.float().quantile(0.25)
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    for name, baseline in BASELINES.items():
        theirs = baseline(features, training.target, test_features) == test.target
        run.log_baseline(name, accuracy=_mean(theirs))
    run.log_summary(
        only_model_correct=(correct & ~theirs).sum().item(),  # against naive Bayes
        only_naive_bayes_correct=(~correct & theirs).sum().item(),
        accuracy_short=_mean(correct[short]),
        accuracy_long=_mean(correct[~short]),
        short_max_words=known_words[short].max().item(),
        posts_without_known_words=(known_words == 0).sum().item(),
        singular_value_1=model.svd.singular_values[0].item(),
        singular_value_2=model.svd.singular_values[1].item(),
    )
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, test.target, run.spec.labels),
        "Confusion matrix of the test posts.",
    )
    projected = model.svd(model.naive_bayes(test_features)).detach()
    run.log_figure(
        "topics",
        topics(model, projected, test.target, run.spec),
        "The test posts on two topics, and the words with most weight in some topics.",
    )


def _mean(values: Tensor) -> float:
    return values.float().mean().item()
