"""`zoo search`: models that meet conditions."""

import pytest
from command_line import Ended, Run


def names(ended: Ended) -> list[str]:
    return [line.split()[0] for line in ended.out.splitlines()]


SEARCHES = [
    (["perceptron-iris"], True),
    (["setosa", "lengths", "perceptron"], True),
    (["setosa", "elephants"], False),
    (["perceptron-iris", "--max-parameters", "3"], True),
    (["perceptron-iris", "--max-parameters", "2"], False),
    (["perceptron-iris", "--max-bytes", "172"], True),
    (["perceptron-iris", "--max-bytes", "171"], False),
    (["perceptron-iris", "--task", "tabular-classification"], True),
    (["perceptron-iris", "--task", "image-classification"], False),
    (["perceptron-iris", "--license", "mit"], True),
    (["perceptron-iris", "--trained-on", "iris"], True),
    (["perceptron-iris", "--trained-on", "mnist"], False),
    (["perceptron-iris", "--chapter", "perceptron"], True),
    (["perceptron-iris", "--chapter", "cnn"], False),
    (["perceptron-iris", "--metric", "accuracy>=0.9"], True),
    (["perceptron-iris", "--metric", "accuracy<0.9"], False),
]


@pytest.mark.parametrize(("arguments", "found"), SEARCHES, ids=str)
def test_search(run: Run, arguments: list[str], found: bool) -> None:
    """
    Words and conditions all hold of what is found.
    """
    ended = run("search", *arguments)

    assert ended.status == 0
    assert names(ended) == ["perceptron-iris"] * found


def test_search_for_what_no_model_has(run: Run) -> None:
    """
    A condition that nothing can meet is named, with what comes near it.
    """
    near = run("search", "--trained-on", "irsi")
    far = run("search", "--license", "proprietary")

    assert near.err == (
        "No matching models.\nNo model has --trained-on irsi. Did you mean 'iris'?\n"
    )
    assert "No model has --license proprietary. Known: " in far.err
    wrong = run("search", "--metric", "acuracy>=0.9").err
    assert wrong.startswith("No matching models.\nNo model has the metric 'acuracy'. ")
    assert "'accuracy'" in wrong


def test_search_with_a_malformed_condition(run: Run) -> None:
    """
    A condition that can't be read is an error.
    """
    assert run("search", "--metric", "accuracy>=1e") == Ended(
        1,
        "",
        "error: metric='accuracy>=1e' should be a name or a condition such as "
        "'accuracy>=0.99'.\n",
    )
