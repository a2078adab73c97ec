"""LSA gives the numbers that scikit-learn gives, and posts lose what is not theirs."""

import warnings
from dataclasses import replace

import pytest
import torch
from sklearn.datasets import _twenty_newsgroups as reference
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from torch import Tensor
from zoo_text_retrieval import posts, words
from zoo_text_retrieval.lsa import LSA, Projection, TfIdf
from zoo_text_retrieval.topics import topic_words

import zoo
from zoo import TextInput, checkpoints, store, texts
from zoo.about import about
from zoo.errors import DataError
from zoo.parting import halves
from zoo.tokens import tokenizer

TRAINING = (
    "The circuit needs a resistor, and the resistor needs a heat sink.",
    "A vote in the senate: the president did not sign.",
    "Two volts at 3MHz, or 5 volts at DC; see the data sheet!",
    "Taxes, taxes, TAXES. The government never has enough of your money",
    "Das Öl für den Motor \u2014 na\u00efve caf\u00e9s don't count",
    "president, senate and government; circuit? no circuit.",
)
HELD_OUT = (
    "The senate has a resistor of 5 volts",
    "nothing of all this is known: xyzzy",
    "circuit circuit circuit president",
)


@pytest.fixture
def expected() -> TextInput:
    content = words.tokenizer(TRAINING, size=1000, most=1.0).to_str().encode()
    return TextInput(longest=100, vocabulary=1000, unknown=1, held=content)


@pytest.fixture
def vectorizer() -> TfidfVectorizer:
    return TfidfVectorizer(sublinear_tf=True).fit(TRAINING)


@pytest.fixture
def weigh(expected: TextInput) -> TfIdf:
    weigh = TfIdf(1000)
    weigh.learn(texts.batch(TRAINING, expected))
    return weigh


def columns(vectorizer: TfidfVectorizer, expected: TextInput) -> Tensor:
    """Return which of our columns each of scikit-learn's is."""
    known = tokenizer(expected)
    names = vectorizer.get_feature_names_out()
    return torch.tensor([known.token_to_id(str(name)) for name in names])


def test_words_are_those_of_scikit_learn(
    expected: TextInput, vectorizer: TfidfVectorizer
) -> None:
    """
    The same words, in small letters, of two letters or digits at least.
    """
    ours = set(tokenizer(expected).get_vocab()) - set(words.SPECIAL)

    assert ours == set(vectorizer.get_feature_names_out())


def test_weights_are_those_of_scikit_learn(
    expected: TextInput, vectorizer: TfidfVectorizer, weigh: TfIdf
) -> None:
    """
    TF-IDF of texts that were not counted, to 1e-5 and better.
    """
    theirs = torch.from_numpy(vectorizer.transform(HELD_OUT).toarray()).float()
    ours = weigh(texts.batch(HELD_OUT, expected))

    found = ours[:, columns(vectorizer, expected)]
    assert theirs.abs().max() > 0.5
    assert torch.allclose(found, theirs, atol=1e-6)


def test_topics_are_those_of_scikit_learn(
    expected: TextInput, vectorizer: TfidfVectorizer, weigh: TfIdf
) -> None:
    """
    The projection of texts that were not counted, up to the sign of a topic.
    """
    project = Projection(1000, 4)
    project.learn(weigh(texts.batch(TRAINING, expected)))
    svd = TruncatedSVD(4, algorithm="arpack").fit(vectorizer.transform(TRAINING))

    theirs = torch.from_numpy(svd.transform(vectorizer.transform(HELD_OUT))).float()
    ours = project(weigh(texts.batch(HELD_OUT, expected))).detach()

    sign = (ours * theirs).sum(dim=0).sign()
    assert torch.allclose(ours * sign, theirs, atol=1e-5)
    assert torch.allclose(
        project.strength, torch.from_numpy(svd.singular_values_).float(), atol=1e-5
    )


@pytest.mark.data
def test_the_shipped_numbers_are_those_of_scikit_learn() -> None:
    """
    Made of the same words and the same training posts, its weights and topics of posts
    of the test split are those of the shipped model.
    """
    model = zoo.load("lsa-mlp-20news")
    assert isinstance(model, LSA)
    expected = about(model).spec.input
    assert isinstance(expected, TextInput)
    known = tokenizer(expected)
    listed = [known.id_to_token(n) for n in range(2, known.get_vocab_size())]
    everything, asked = read("train"), read("test")[:200]
    fitted, _ = halves(len(everything), 0.9, seed=0, source="")
    training = [everything[row] for row in fitted]
    vectorizer = TfidfVectorizer(sublinear_tf=True, vocabulary=listed)
    svd = TruncatedSVD(10, algorithm="arpack", random_state=0)
    svd.fit(vectorizer.fit_transform(training))
    theirs = vectorizer.transform(asked)
    most = max(len(known.encode(text).ids) for text in [*training, *asked])

    ours = model.weigh(texts.batch(asked, expected))
    topics = model.project(ours)[:, :10]
    wanted = torch.from_numpy(svd.transform(theirs)).float()

    assert most < expected.longest  # nothing was cut off
    gap = ours[:, 2 : 2 + len(listed)] - torch.from_numpy(theirs.toarray()).float()
    assert gap.abs().max() < 1e-5
    sign = (topics * wanted).sum(dim=0).sign()
    assert (topics * sign - wanted).abs().max() < 1e-5


def test_features_are_the_topics() -> None:
    """
    What the head is given serves retrieval: of length one, and near for like texts.
    """
    model = zoo.load("lsa-mlp-20news")
    volts, amps, senate = zoo.features(
        model,
        [
            "The voltage regulator gives five volts to the circuit",
            "My circuit draws a current of two amps at that voltage",
            "The president vetoed the tax law that congress passed",
        ],
    )

    assert volts.norm().item() == pytest.approx(1, abs=1e-5)
    assert volts @ amps > 0.1 + volts @ senate


def test_topics_have_words() -> None:
    """
    The words of the first topics are of both groups.
    """
    model = zoo.load("lsa-mlp-20news")
    expected = about(model).spec.input
    assert isinstance(model, LSA)
    assert isinstance(expected, TextInput)

    found = topic_words(model, expected, 0, 40)

    assert {"government", "people"} & set(found)


@pytest.mark.parametrize(
    ("body", "own"),
    [
        ("Hello\n\nmy words\n\nBob", "Hello\n\nmy words"),
        ("In article <1> x writes:\n> yours\nmine\n--\nme", "mine"),
        ("> all of it\n> is quoted", ""),
        ("one line", "one line"),
    ],
)
def test_quotes_and_signatures_go(body: str, own: str) -> None:
    """
    Lines that answer to somebody, and what follows the last empty line.
    """
    theirs = reference.strip_newsgroup_footer(reference.strip_newsgroup_quoting(body))

    assert posts.own_words(body).strip() == own
    assert theirs.strip() == own


def test_odd_texts_are_answered_or_refused() -> None:
    """
    Huge texts are cut, unknown ones warn once, and numbers are words too.
    """
    model = zoo.load("lsa-mlp-20news")

    huge = zoo.predict(model, "circuit volts " * 100_000)
    with pytest.warns(UserWarning, match="has no word that the model knows"):
        zoo.predict(model, ["circuit", "고양이가 소파에 앉아 있다", "🐈🐈🐈"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        zoo.predict(model, "🐈")  # said once

    assert huge.label == "sci.electronics"
    assert set(huge.to_dict()) == {"label", "score", "scores"}


def read(split: str) -> list[str]:
    """Return the posts, or skip where they can't be had."""
    try:
        return list(zoo.data("newsgroups-pair", split)["text"])
    except DataError as exc:
        pytest.skip(str(exc))


def test_the_shipped_tokenizer_is_the_pinned_one() -> None:
    """
    The spec pins tokenizer.json as it pins the weights.
    """
    spec = zoo.spec("lsa-mlp-20news")
    assert isinstance(spec.input, TextInput)
    path = store.shipped(spec) / checkpoints.TOKENIZER

    assert store.digest(path) == spec.input.tokenizer
    assert spec.input == replace(spec.input, held=path)
