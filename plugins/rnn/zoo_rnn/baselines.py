"""The baselines of review classification: logistic regression on n-grams."""

from collections.abc import Sequence

from zoo.errors import MissingExtra

__all__ = ["ngram_logistic_accuracy", "word_logistic_accuracy"]

MAX_NGRAM = 4  # characters
C = 3.0  # of 1, 3 and 10 the best on the validation rows
WORD_C = 10.0  # of words and pairs, a usual value that was not tuned

LabeledTexts = tuple[Sequence[str], Sequence[int]]


def ngram_logistic_accuracy(training: LabeledTexts, test: LabeledTexts) -> float:
    """Return the test accuracy of logistic regression on TF-IDF of n-grams."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
    except ImportError as exc:
        raise MissingExtra("scikit-learn", "Measuring the baseline") from exc
    vectorizer = TfidfVectorizer(
        analyzer="char", ngram_range=(1, MAX_NGRAM), min_df=2, sublinear_tf=True
    )
    features = vectorizer.fit_transform(training[0])
    # scikit-learn's default tolerance, at which the fit takes a minute
    model = LogisticRegression(C=C, solver="liblinear")
    model.fit(features, training[1])
    return float(model.score(vectorizer.transform(test[0]), test[1]))


def word_logistic_accuracy(training: LabeledTexts, test: LabeledTexts) -> float:
    """Return the test accuracy of logistic regression on TF-IDF of words and pairs."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
    except ImportError as exc:
        raise MissingExtra("scikit-learn", "Measuring the baseline") from exc
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    features = vectorizer.fit_transform(training[0])
    model = LogisticRegression(C=WORD_C, solver="liblinear")
    model.fit(features, training[1])
    return float(model.score(vectorizer.transform(test[0]), test[1]))
