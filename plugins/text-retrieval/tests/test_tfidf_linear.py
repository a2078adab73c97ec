"""The linear classifier gives the numbers that scikit-learn gives, and says so."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch import nn
from zoo_text_retrieval import tfidf_recipe
from zoo_text_retrieval.tfidf_linear import TfidfLinear
from zoo_text_retrieval.tfidf_recipe import C_GRID, fit_classifier
from zoo_text_retrieval.tfidf_report import strongest_words
from zoo_text_retrieval.word_tokenizer import train_tokenizer

import zoo
from zoo import Run, TextInput
from zoo.errors import DataError
from zoo.models.metadata import model_metadata
from zoo.preprocessing.text import TextPreprocessor
from zoo.recipes import TensorRows
from zoo.runtime.tokenizer import tokenizer

NAME = "tfidf-clf-20news"
TRAINING = (
    "The circuit needs a resistor, and the resistor needs a heat sink.",
    "A vote in the senate: the president did not sign.",
    "Two volts at 3MHz, or 5 volts at DC; see the data sheet!",
    "Taxes, taxes, TAXES. The government never has enough of your money",
    "A resistor of 5 ohms in the circuit; two volts there.",
    "president, senate and government; circuit? no circuit.",
)
LABEL = (0, 1, 0, 1, 0, 1)
ASKED = (
    "The senate has a resistor of 5 volts",
    "nothing of all this is known: xyzzy",
    "circuit circuit circuit president",
    "",
)


def test_weights_of_scikit_learn_give_its_logits() -> None:
    """
    With the coefficients of a LogisticRegression on the vectors of a TfidfVectorizer
    copied, the difference of the two logits is its decision function, also for texts
    of other lengths in a batch and for an empty one.
    """
    words = train_tokenizer(TRAINING, vocab_size=100, max_df=1.0)
    reading = TextInput(
        max_length=100,
        vocab_size=100,
        unk_token_id=1,
        tokenizer_source=words.to_str().encode(),
    )
    vectorizer = TfidfVectorizer(sublinear_tf=True).fit(TRAINING)
    theirs = LogisticRegression(C=10).fit(vectorizer.transform(TRAINING), LABEL)
    wanted = theirs.decision_function(vectorizer.transform(ASKED))
    names = [str(name) for name in vectorizer.get_feature_names_out()]
    place = [tokenizer(reading).token_to_id(name) for name in names]

    model = TfidfLinear(vocab_size=100, classes=2)
    model.tfidf.fit(TextPreprocessor().collate(TRAINING, reading))
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.weight[1, place] = torch.from_numpy(theirs.coef_[0]).float()
        model.classifier.bias.copy_(torch.tensor([0, theirs.intercept_[0]]))
        logits = model(TextPreprocessor().collate(ASKED, reading))

    assert np.ptp(wanted) > 0.9
    assert (logits[:, 1] - logits[:, 0]).numpy() == pytest.approx(wanted, abs=1e-5)
    chance = theirs.predict_proba(vectorizer.transform(ASKED))
    assert logits.softmax(dim=1).numpy() == pytest.approx(chance, abs=1e-6)


@pytest.mark.parametrize("c", [1.0, 100.0])
def test_the_optimum_is_that_of_scikit_learn(c: float) -> None:
    """
    With the same C: our two rows of weights are half of its one each.
    """
    draw = torch.Generator().manual_seed(0)
    features = torch.randn(60, 20, generator=draw)
    label = (features[:, 0] + torch.randn(60, generator=draw) > 0).long()
    theirs = LogisticRegression(C=c, tol=1e-8, max_iter=1000).fit(features, label)

    ours = nn.Linear(20, 2)
    fit_classifier(ours, features, label, c=c, epochs=10)

    first, second = ours.weight.detach()
    assert (second - first).numpy() == pytest.approx(theirs.coef_[0], abs=2e-3)
    assert (second + first).abs().max() < 2e-3


def test_c_is_the_best_in_folds_of_whole_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Every row is held out once a repeat, with its thread; of equal ones the smallest C.
    """
    held: list[torch.Tensor] = []

    def count(*given: object) -> torch.Tensor:
        held.append(given[-1])  # type: ignore[arg-type]
        return torch.tensor([0.0, 2, 4, 4, 3, 1, 1])

    monkeypatch.setattr(tfidf_recipe, "_count_correct", count)
    rows = TensorRows(
        input=torch.zeros(20, 3).int(), target=torch.arange(20) % 2, source="made"
    )
    threads = [f"subject {number // 2}" for number in range(20)]
    run = Run(zoo.get_spec(NAME))
    settings = tfidf_recipe.Settings(folds=4, repeats=2)

    chosen = tfidf_recipe.choose_c(settings, run, rows, threads)  # type: ignore[arg-type]

    assert chosen == run.summary["c"] == C_GRID[2]
    assert run.summary["cv_accuracy"] == pytest.approx(8 * 4 / (2 * 20))
    assert torch.stack(held).sum(dim=0).tolist() == [2] * 20
    assert all(torch.equal(rows[::2], rows[1::2]) for rows in held)


def test_a_fold_counts_no_word_of_its_own() -> None:
    """
    The inverse document frequencies are of the other posts: a word that only the fold
    has gives nothing away, even where it names the label.
    """
    run = Run(zoo.get_spec(NAME))
    label = torch.arange(12) % 2
    held_out = torch.arange(12) >= 6
    token = torch.stack([10 + 2 * (torch.arange(12) // 6) + label, label + 2], dim=1)
    told = TensorRows(input=token.int(), target=label, source="made")
    other = TensorRows(input=token[:, :1].int(), target=label, source="made")
    settings = tfidf_recipe.Settings(cv_epochs=1)

    known = tfidf_recipe._count_correct(settings, run, told, held_out)  # type: ignore[arg-type]
    unknown = tfidf_recipe._count_correct(settings, run, other, held_out)  # type: ignore[arg-type]

    assert known.tolist() == [6.0] * len(C_GRID)
    assert unknown.tolist() == [3.0] * len(C_GRID)


def test_idf_and_vocabulary_come_with_the_weights(tmp_path: Path) -> None:
    """
    A saved copy answers alike, and holds the idf; with another idf it would not.
    """
    model = zoo.load(NAME)
    assert isinstance(model, TfidfLinear)
    text = "The voltage regulator gives the senate five volts"

    again = zoo.load(zoo.save(model, tmp_path / "copy"))
    before = zoo.predict(again, text)
    assert isinstance(again, TfidfLinear)
    assert torch.equal(again.tfidf.idf, model.tfidf.idf)
    assert before == zoo.predict(model, text)
    assert len(again.tfidf.idf.unique()) > 50
    again.tfidf.idf[2:].fill_(1)
    assert zoo.predict(again, text) != before


def test_features_are_unit_vectors_of_words() -> None:
    """
    Texts that share words are nearer to each other than to one that shares none.
    """
    volts, amps, senate = zoo.features(
        zoo.load(NAME),
        [
            "The voltage regulator gives five volts to the circuit",
            "My circuit draws a current of two amps at that voltage",
            "The president vetoed the tax law that congress passed",
        ],
    )

    assert volts.norm().item() == pytest.approx(1, abs=1e-5)
    assert volts @ amps > 0.05 + volts @ senate


def test_the_strongest_words_are_about_the_group() -> None:
    """
    By weight times idf.
    """
    model = zoo.load(NAME)
    expected = model_metadata(model).spec.input
    assert isinstance(model, TfidfLinear)
    assert isinstance(expected, TextInput)

    electronics, politics = strongest_words(model, expected, 40)

    assert {"electronics", "battery", "tube"} <= {word for word, _ in electronics}
    assert {"government", "clinton", "tax"} <= {word for word, _ in politics}
    assert all(value > 0 for _, value in [*electronics, *politics])


def test_the_receipt_holds_what_the_card_says() -> None:
    """
    C is the best in the folds, pairs of words do not help there, naive Bayes is ahead
    in the folds and in the test, and the model is ahead of the forest.
    """
    receipt = zoo.load(NAME).zoo.receipt
    found, reached = receipt["measured"], receipt["metrics"][0]["value"]
    others = {name: known["accuracy"] for name, known in receipt["baselines"].items()}
    scores = {c: found[f"cv_c_{c:g}"] for c in C_GRID}
    gap = found["only_model_correct"] - found["only_naive_bayes_correct"]

    assert found["c"] == max(scores, key=lambda c: (scores[c], -c))
    assert found["cv_accuracy"] == pytest.approx(max(scores.values()))
    assert found["cv_with_pairs"] <= found["cv_accuracy"]
    assert found["cv_naive_bayes"] > found["cv_accuracy"]
    assert others["naive Bayes"] > reached > others["random forest"]
    assert reached - others["naive Bayes"] == pytest.approx(
        gap / receipt["rows"], abs=1e-6
    )
    assert reached > 0.8990  # the course's


@pytest.mark.data
def test_the_shipped_classifier_is_that_of_scikit_learn() -> None:
    """
    Fitted to the same posts with the same C, logits of test posts differ little.
    """
    model = zoo.load(NAME)
    assert isinstance(model, TfidfLinear)
    expected = model_metadata(model).spec.input
    assert isinstance(expected, TextInput)
    try:
        training = zoo.load_dataset("newsgroups-pair", "train")
        asked = list(zoo.load_dataset("newsgroups-pair", "test")["text"])[:200]
    except DataError as exc:
        pytest.skip(str(exc))
    known = tokenizer(expected)
    listed = [known.id_to_token(n) for n in range(2, known.get_vocab_size())]
    vectorizer = TfidfVectorizer(sublinear_tf=True, vocabulary=listed)
    given = vectorizer.fit_transform(list(training["text"]))
    c = model.zoo.receipt["measured"]["c"]
    theirs = LogisticRegression(C=c, tol=1e-7, max_iter=5000)
    theirs.fit(given, np.array(training["label"]))
    wanted = theirs.decision_function(vectorizer.transform(asked))

    with torch.inference_mode():
        logits = model(TextPreprocessor().collate(asked, expected))

    assert np.std(wanted) > 1
    assert (logits[:, 1] - logits[:, 0]).numpy() == pytest.approx(wanted, abs=0.02)
