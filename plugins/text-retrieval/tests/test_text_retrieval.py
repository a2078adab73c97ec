"""LSA gives the numbers that scikit-learn gives, and posts lose their quotes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.datasets import _twenty_newsgroups as reference
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from torch import Tensor
from zoo_text_retrieval import baselines, newsgroups
from zoo_text_retrieval.group_folds import group_folds, group_ids
from zoo_text_retrieval.lsa import ALPHA, LSA, NaiveBayesWeights, SVDProjection, TfIdf
from zoo_text_retrieval.plots import top_words, topics
from zoo_text_retrieval.word_tokenizer import SPECIAL_TOKENS, train_tokenizer

import zoo
from zoo import TextInput
from zoo.artifacts import checked_file
from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import weight_store as store
from zoo.errors import DataError
from zoo.models.metadata import model_metadata
from zoo.preprocessing.text import TextPreprocessor
from zoo.runtime.tokenizer import tokenizer

TRAINING = (
    "The circuit needs a resistor, and the resistor needs a heat sink.",
    "A vote in the senate: the president did not sign.",
    "Two volts at 3MHz, or 5 volts at DC; see the data sheet!",
    "Taxes, taxes, TAXES. The government never has enough of your money",
    "Das Öl für den Motor \u2014 na\u00efve caf\u00e9s don't count",
    "president, senate and government; circuit? no circuit.",
)
LABEL = torch.tensor([0, 1, 0, 1, 0, 1])
HELD_OUT = (
    "The senate has a resistor of 5 volts",
    "nothing of all this is known: xyzzy",
    "circuit circuit circuit president",
)


@pytest.fixture
def expected() -> TextInput:
    content = train_tokenizer(TRAINING, vocab_size=1000, max_df=1.0).to_str().encode()
    return TextInput(
        max_length=100, vocab_size=1000, unk_token_id=1, tokenizer_source=content
    )


@pytest.fixture
def vectorizer() -> TfidfVectorizer:
    return TfidfVectorizer(sublinear_tf=True).fit(TRAINING)


@pytest.fixture
def tfidf(expected: TextInput) -> TfIdf:
    tfidf = TfIdf(1000)
    tfidf.fit(TextPreprocessor().collate(TRAINING, expected))
    return tfidf


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
    ours = set(tokenizer(expected).get_vocab()) - set(SPECIAL_TOKENS)

    assert ours == set(vectorizer.get_feature_names_out())


def test_weights_are_those_of_scikit_learn(
    expected: TextInput, vectorizer: TfidfVectorizer, tfidf: TfIdf
) -> None:
    """
    TF-IDF of texts that were not counted, to 1e-6.
    """
    theirs = torch.from_numpy(vectorizer.transform(HELD_OUT).toarray()).float()
    ours = tfidf(TextPreprocessor().collate(HELD_OUT, expected))

    found = ours[:, columns(vectorizer, expected)]
    assert theirs.abs().max() > 0.5
    assert (found - theirs).abs().max() < 1e-6


def test_topics_are_those_of_scikit_learn(
    expected: TextInput, vectorizer: TfidfVectorizer, tfidf: TfIdf
) -> None:
    """
    The projection of texts that were not counted, up to the sign of a topic.
    """
    svd = SVDProjection(1000, 4)
    svd.fit(tfidf(TextPreprocessor().collate(TRAINING, expected)))
    reference_svd = TruncatedSVD(4, algorithm="arpack")
    reference_svd.fit(vectorizer.transform(TRAINING))

    projected = reference_svd.transform(vectorizer.transform(HELD_OUT))
    theirs = torch.from_numpy(projected).float()
    ours = svd(tfidf(TextPreprocessor().collate(HELD_OUT, expected))).detach()

    sign = (ours * theirs).sum(dim=0).sign()
    assert torch.allclose(ours * sign, theirs, atol=1e-5)
    assert torch.allclose(
        svd.singular_values,
        torch.from_numpy(reference_svd.singular_values_).float(),
        atol=1e-5,
    )


def test_log_count_ratios_are_those_of_scikit_learn(
    expected: TextInput, vectorizer: TfidfVectorizer, tfidf: TfIdf
) -> None:
    """
    The difference of log-probabilities of a word in both classes by naive Bayes; an
    unused id has zero. The sum over a text is its log-odds without the class priors.
    """
    weights = NaiveBayesWeights(1000)
    weights.fit(tfidf(TextPreprocessor().collate(TRAINING, expected)), LABEL)
    bayes = MultinomialNB(alpha=ALPHA, fit_prior=False)
    bayes.fit(vectorizer.transform(TRAINING), LABEL.numpy())
    place = columns(vectorizer, expected)
    first, second = torch.from_numpy(bayes.feature_log_prob_).float()
    verdict = bayes.predict_joint_log_proba(vectorizer.transform(HELD_OUT))

    said = weights(tfidf(TextPreprocessor().collate(HELD_OUT, expected))).sum(dim=1)

    assert torch.allclose(weights.log_count_ratio[place], second - first, atol=1e-5)
    assert weights.log_count_ratio.count_nonzero() <= len(place)
    assert said.numpy() == pytest.approx(verdict[:, 1] - verdict[:, 0], abs=1e-5)


def test_ratios_leave_the_text_itself_out(expected: TextInput, tfidf: TfIdf) -> None:
    """
    Each training text has the log-odds of naive Bayes fitted to the others, and words
    that are in no other text hardly count.
    """
    weight = tfidf(TextPreprocessor().collate(TRAINING, expected))
    found = NaiveBayesWeights(1000).leave_one_out(weight, LABEL)
    held = weight[:, weight.sum(dim=0) > 0]

    for row in range(len(TRAINING)):
        others = torch.arange(len(TRAINING)) != row
        bayes = MultinomialNB(alpha=ALPHA).fit(held[others], LABEL[others])
        first, second = torch.from_numpy(bayes.feature_log_prob_).float()
        wanted = (held[row] * (second - first)).sum()
        assert found[row].sum().item() == pytest.approx(wanted.item(), abs=1e-4)
    weights = NaiveBayesWeights(1000)
    weights.fit(weight, LABEL)
    assert weights(weight).abs().sum() > 2 * found.abs().sum()


def test_the_baselines_are_those_of_scikit_learn(
    expected: TextInput, tfidf: TfIdf
) -> None:
    """
    Naive Bayes and logistic regression predict the same labels.
    """
    generator = torch.Generator().manual_seed(0)
    weight = torch.rand(200, 30, generator=generator)
    label = (weight[:, :3].sum(dim=1) > 1.5).long()
    given, asked = weight[:100], weight[100:]
    bayes = MultinomialNB(alpha=0.1).fit(given, label[:100])
    line = LogisticRegression(C=10, tol=1e-8).fit(given, label[:100])

    assert baselines.naive_bayes(given, label[:100], asked).tolist() == list(
        bayes.predict(asked)
    )
    said = baselines.logistic_regression(given, label[:100], asked)
    assert np.mean(said.numpy() == line.predict(asked)) > 0.98


def test_folds_hold_whole_threads() -> None:
    """
    Every post is in one fold, no thread in two, and another seed gives other folds.
    """
    thread = group_ids([f"subject {n % 40}" for n in range(200)])

    found = list(group_folds(thread, 5, seed=0))

    assert torch.stack(found).sum(dim=0).eq(1).all()
    for inside in found:
        assert not set(thread[inside].tolist()) & set(thread[~inside].tolist())
    again = list(group_folds(thread, 5, seed=1))
    assert not torch.equal(torch.stack(found), torch.stack(again))


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("Re: What is Zero dB????", "what is zero db"),
        ("RE: Re: what is zero dB", "what is zero db"),
        ("Gun control (was Re: Taxes (was: Jobs))", "gun control"),
        ("Research on circuits", "research on circuits"),
        ("", ""),
    ],
)
def test_answers_are_in_the_thread_they_answer(subject: str, name: str) -> None:
    """
    Whatever a subject gained on the way.
    """
    assert newsgroups.thread_name(subject) == name


def test_it_is_level_with_naive_bayes_and_the_receipt_says_so() -> None:
    """
    Ahead in the folds by about a standard error, and by less than two; in the test by
    as many posts as only one of the two gets right. Logistic regression is behind.
    """
    receipt = zoo.load("lsa-mlp-20news").zoo.receipt
    found, reached = receipt["measured"], receipt["metrics"][0]["value"]
    others = {name: known["accuracy"] for name, known in receipt["baselines"].items()}
    gap = found["only_model_correct"] - found["only_naive_bayes_correct"]
    gap /= receipt["rows"]

    assert 0 < found["cv_gap"] < 2 * found["cv_gap_standard_error"]
    assert found["cv_accuracy"] > found["cv_naive_bayes"]
    assert found["cv_naive_bayes"] > found["cv_logistic_regression"]
    assert reached - others["naive Bayes"] == pytest.approx(gap, abs=1e-6)
    assert reached > others["logistic regression"]
    assert reached >= 0.9246  # the course's


@pytest.mark.data
def test_the_shipped_numbers_are_those_of_scikit_learn() -> None:
    """
    Made of the same words and of all training posts, its weights, leanings and topics
    of posts of the test split are those of the shipped model.
    """
    model = zoo.load("lsa-mlp-20news")
    assert isinstance(model, LSA)
    expected = model_metadata(model).spec.input
    assert isinstance(expected, TextInput)
    known = tokenizer(expected)
    listed = [known.id_to_token(n) for n in range(2, known.get_vocab_size())]
    words_of = slice(2, 2 + len(listed))
    training, asked = read("train"), read("test")[:200]
    label = np.array(zoo.load_dataset("newsgroups-pair", "train")["label"])
    vectorizer = TfidfVectorizer(sublinear_tf=True, vocabulary=listed)
    given = vectorizer.fit_transform(training)
    first, second = MultinomialNB(alpha=ALPHA).fit(given, label).feature_log_prob_
    svd = TruncatedSVD(10, algorithm="arpack", random_state=0)
    svd.fit(given.multiply(second - first).tocsr())
    theirs = vectorizer.transform(asked)
    wanted = svd.transform(theirs.multiply(second - first).tocsr())
    most = max(len(known.encode(text).ids) for text in [*training, *asked])

    ours = model.tfidf(TextPreprocessor().collate(asked, expected))
    topics = model.svd(model.naive_bayes(ours))[:, :10]

    assert most < expected.max_length  # nothing was cut off
    gap = ours[:, words_of] - torch.from_numpy(theirs.toarray()).float()
    assert gap.abs().max() < 1e-5
    ratio = torch.from_numpy(second - first).float()
    assert (model.naive_bayes.log_count_ratio[words_of] - ratio).abs().max() < 1e-5
    sign = (topics * torch.from_numpy(wanted).float()).sum(dim=0).sign()
    assert (topics * sign - torch.from_numpy(wanted).float()).abs().max() < 1e-5


def test_features_are_the_topics() -> None:
    """
    What the head is given serves retrieval: topics of length one, near for like texts,
    and the verdict of the words, below zero for the first group.
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

    assert volts[:-1].norm().item() == pytest.approx(1, abs=1e-5)
    assert volts[:-1] @ amps[:-1] > 0.1 + volts[:-1] @ senate[:-1]
    assert volts[-1] < 0 < senate[-1]


def test_topics_have_words() -> None:
    """
    The words of the first topics are of both groups.
    """
    model = zoo.load("lsa-mlp-20news")
    expected = model_metadata(model).spec.input
    assert isinstance(model, LSA)
    assert isinstance(expected, TextInput)

    found = top_words(model, expected, 0, 40)

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

    assert newsgroups.strip_quotes_and_signature(body).strip() == own
    assert theirs.strip() == own


@pytest.mark.filterwarnings("ignore::zoo.errors.TruncationWarning")
def test_odd_texts_are_answered_or_refused() -> None:
    """
    Huge texts are cut, unknown ones warn, and numbers are words too.
    """
    model = zoo.load("lsa-mlp-20news")

    huge = zoo.predict(model, "circuit volts " * 100_000)
    with pytest.warns(UserWarning, match="has no word that the model knows"):
        zoo.predict(model, ["circuit", "고양이가 소파에 앉아 있다", "🐈🐈🐈"])
    with pytest.warns(UserWarning, match="has no word that the model knows"):
        zoo.predict(model, "🐈")

    assert huge.label == "sci.electronics"
    assert set(huge.to_dict()) == {"label", "score", "scores"}


def read(split: str) -> list[str]:
    """Return the posts, or skip where they can't be had."""
    try:
        return list(zoo.load_dataset("newsgroups-pair", split)["text"])
    except DataError as exc:
        pytest.skip(str(exc))


@pytest.mark.parametrize("name", ["lsa-mlp-20news", "tfidf-clf-20news"])
def test_the_shipped_tokenizer_is_the_pinned_one(name: str) -> None:
    """
    The spec pins tokenizer.json as it pins the weights.
    """
    spec = zoo.get_spec(name)
    assert isinstance(spec.input, TextInput)
    path = store.shipped_checkpoint(spec) / checkpoints.TOKENIZER

    assert checked_file.sha256_of(path) == spec.input.tokenizer
    assert spec.input == replace(spec.input, tokenizer_source=path)


def test_two_topics_are_drawn_as_well() -> None:
    """
    As many as the course draws, and fewer than are usually listed with their words.
    """
    model = zoo.load("lsa-mlp-20news")
    model.svd.components = model.svd.components[:2].clone()
    drawn = topics(
        model,
        torch.rand(6, 2),
        torch.tensor([0, 1] * 3),
        model.zoo.spec,
    )

    assert drawn.startswith(b"\x89PNG")
