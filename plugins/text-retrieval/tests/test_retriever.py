"""The retriever gives scikit-learn's vectors, and near texts are on one subject."""

from types import SimpleNamespace

import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from zoo_text_retrieval.retriever import TfidfRetriever
from zoo_text_retrieval.retriever_recipe import evaluate, neighbour_scores
from zoo_text_retrieval.retriever_report import chance
from zoo_text_retrieval.scikit_learn import kd_tree, svd_topics
from zoo_text_retrieval.word_tokenizer import train_tokenizer

import zoo
from zoo import TextInput
from zoo.errors import DataError
from zoo.models.metadata import model_metadata
from zoo.preprocessing.text import TextPreprocessor
from zoo.recipes import TensorRows
from zoo.runtime.tokenizer import tokenizer

NAME = "tfidf-retriever"
DOCUMENTS = (
    "The keeper saved a penalty, and the striker scored in the second half.",
    "Shares fell after the bank warned of lower profits this year.",
    "The minister told parliament that taxes would not rise before the election.",
    "The actress won an award for her part in the film.",
    "A virus attacks computers that run old software, security firms warned.",
    "The champion beat the Australian in straight sets in the tennis final.",
)


def test_vectors_are_those_of_scikit_learn() -> None:
    """
    Of texts that were not counted, to 1e-6; one of no known word has zeros.
    """
    content = train_tokenizer(DOCUMENTS, vocab_size=200, max_df=0.5)
    reading = TextInput(
        max_length=100,
        vocab_size=200,
        unk_token_id=1,
        tokenizer_source=content.to_str().encode(),
    )
    vectorizer = TfidfVectorizer(sublinear_tf=True, max_df=0.5).fit(DOCUMENTS)
    asked = ["tennis tennis tennis film", "xyzzy", "The bank of the minister"]
    model = TfidfRetriever(vocab_size=200)
    model.fit(TextPreprocessor().collate(DOCUMENTS, reading))
    names = [str(name) for name in vectorizer.get_feature_names_out()]
    place = [tokenizer(reading).token_to_id(name) for name in names]

    found = model(TextPreprocessor().collate(asked, reading)).detach()
    theirs = torch.from_numpy(vectorizer.transform(asked).toarray()).float()

    assert theirs.max() > 0.5
    assert (found[:, place] - theirs).abs().max() < 1e-6
    assert not found[1].any()
    assert found.norm(dim=1).tolist() == pytest.approx([1, 0, 1], abs=1e-6)


def test_neighbours_are_counted_by_topic() -> None:
    """
    Each row is looked up among the others: with itself all would be perfect.
    """
    vector = torch.eye(3).repeat_interleave(torch.tensor([7, 6, 7]), dim=0)
    label = torch.arange(3).repeat_interleave(torch.tensor([7, 6, 7]))
    label[0], vector[7] = 2, vector[14]  # a stranger among the first, one far away
    rows = TensorRows(input=vector, target=label, source="made")
    scores = evaluate(torch.nn.Identity(), rows)
    nearest = torch.cosine_similarity(vector[:, None], vector[None], dim=2)
    nearest.fill_diagonal_(-1)

    assert scores == neighbour_scores(nearest, label, label)
    assert scores["precision_at_5"] < 1
    assert scores["recall_at_5"] <= 18 / 20
    whole = neighbour_scores(torch.eye(6) + 1, torch.arange(6), torch.arange(6))
    assert whole["recall_at_5"] == 1
    assert whole["precision_at_5"] == pytest.approx(1 / 5)


def test_chance_is_that_of_another_article() -> None:
    """
    Of two and two: one of the three others is on the topic.
    """
    assert chance(torch.tensor([0, 0, 1, 1])) == pytest.approx(1 / 3)
    assert chance(torch.tensor([0, 0, 0])) == 1


def test_a_tree_finds_what_comparing_all_finds() -> None:
    """
    By the distance of vectors of length one.
    """
    draw = torch.Generator().manual_seed(0)
    known, asked = (
        torch.nn.functional.normalize(torch.randn(rows, 8, generator=draw))
        for rows in (50, 7)
    )
    seconds, nearest = kd_tree(known, asked, 5)

    assert torch.equal(nearest, (asked @ known.T).topk(5).indices)
    assert seconds > 0


def test_topics_keep_the_plane_of_the_texts() -> None:
    """
    Texts of two words are the same in two topics, up to a turn.
    """
    known = torch.rand(9, 2, generator=torch.Generator().manual_seed(0))
    unit = torch.nn.functional.normalize(known, dim=1)
    topics = svd_topics(known, known, 2)

    assert torch.allclose(topics @ topics.T, unit @ unit.T, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("A late goal by the substitute striker put them through to the cup final", 0),
        ("The company's profits rose and its shares were up", 1),
        ("Labour and the Tories argue about tax ahead of the election", 2),
        ("The film director was nominated for an Oscar", 3),
        ("Hackers found a hole in the web browser's software", 4),
        ("Federer wins his second tennis title in Australia", 5),
    ],
)
def test_the_nearest_text_is_on_the_subject(text: str, index: int) -> None:
    """
    For sentences of the test's own.
    """
    found = zoo.nearest_texts(NAME, text, list(DOCUMENTS), n=2)
    scores = [one.score for one in found.most_similar]

    assert found.indices[0] == index
    assert scores[0] > sum(scores[1:], 0.01)


def test_rare_words_weigh_more() -> None:
    """
    And an unused token, padding and what is unknown weigh nothing.
    """
    model = zoo.load(NAME)
    assert isinstance(model, TfidfRetriever)
    known = tokenizer(model_metadata(model).spec.input)
    weight = {w: model.idf[known.token_to_id(w)] for w in ("striker", "company")}

    assert weight["striker"] > weight["company"] + 1
    assert model.idf[:2].tolist() == [0, 0]
    assert known.token_to_id("the") is None  # in more than a fifth of the articles


@pytest.mark.data
def test_all_of_the_articles_are_those_of_scikit_learn() -> None:
    """
    The shipped weights, on held-out articles: to 1e-6 too.
    """
    model = zoo.load(NAME)
    assert isinstance(model, TfidfRetriever)
    reading = model_metadata(model).spec.input
    assert isinstance(reading, TextInput)
    try:
        training = list(zoo.load_dataset("bbc_news", "train")["text"])
        asked = list(zoo.load_dataset("bbc_news", "test")["text"])[:50]
    except DataError as exc:
        pytest.skip(str(exc))
    known = tokenizer(reading)
    listed = [known.id_to_token(n) for n in range(2, known.get_vocab_size())]
    vectorizer = TfidfVectorizer(sublinear_tf=True, vocabulary=listed).fit(training)
    theirs = torch.from_numpy(vectorizer.transform(asked).toarray()).float()

    found = zoo.features(model, asked, precision="no")[:, 2 : 2 + len(listed)]

    assert (found - theirs).abs().max() < 1e-6


def test_the_receipt_holds_what_the_card_of_the_retriever_says() -> None:
    """
    An SVD is ahead by topic, words and pairs behind, and nearly every article has a
    neighbour on its topic.
    """
    receipt = zoo.load(NAME).zoo.receipt
    reached = {one["name"]: one["value"] for one in receipt["metrics"]}
    others = {
        name: known["precision_at_5"] for name, known in receipt["baselines"].items()
    }
    found = SimpleNamespace(**receipt["measured"])

    assert others["50 topics of an SVD"] > reached["precision_at_5"]
    assert reached["precision_at_5"] > others["words and pairs, as in the course"]
    assert reached["recall_at_5"] > 0.9
    assert found.archive_precision_at_5 > 0.9
    assert found.brute_force_milliseconds < found.kd_tree_milliseconds
