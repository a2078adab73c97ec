"""The tables of models tell what was measured, the unflattering as well."""

import re
from dataclasses import replace
from pathlib import Path

import models_table
import pytest

import zoo
from zoo.artifacts import weight_store
from zoo.plugins import catalog
from zoo.specs import Metric
from zoo.tasks import task_of

PAGE = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
# A simple method is ahead of these in their own receipts, and their cards and rows say
# so first: the model of a course that can't do better, or one that is not finished. A
# model that makes the list longer needs a reason in its spec.
BEHIND = {
    "ae-ecg5000",
    "attention-eng-kor",
    "bert-mini-imdb",
    "gru-imdb",
    "lsa-mlp-20news",
    "lstm-imdb",
    "mlp-california",
    "mlp-pima",
    "mlp-thoracic",
    "rnn-imdb",
    "tfidf-clf-20news",
    "tfidf-retriever",
    "transformer-imdb",
    "word2vec-cbow",
}


def test_only_these_models_are_behind_a_simple_method() -> None:
    """
    By any metric of theirs beside its strongest baseline; they, and no others, say why.
    """
    specs = [spec for spec in catalog.search() if spec.metrics]

    assert len(specs) > 30
    assert {s.name for s in specs if any(m.behind for m in s.metrics)} == BEHIND
    assert {s.name for s in catalog.search() if s.behind_baseline} == BEHIND


@pytest.mark.parametrize("name", sorted(BEHIND))
def test_table_and_card_say_who_is_behind(name: str) -> None:
    """
    And why: in the model's own row, and in its card before anything else.
    """
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| [`{name}`]"))
    card = (
        weight_store.shipped_checkpoint(zoo.get_spec(name)) / "README.md"
    ).read_text(encoding="utf-8")
    reason = zoo.get_spec(name).behind_baseline

    assert f", which is ahead. {reason} |" in row
    assert card.index(reason) < card.index("```python")


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        (((0.2, 0.3, "nearest"),), "nearest 0.3000"),
        (((0.2, 0.1, "nearest"),), "nearest 0.1000, which is ahead. It is hard."),
        (((0.2, 0.2, "mean"), (0.2, 0.1, "mean")), "mean 0.2000"),
        (((0.2, None, ""),), ""),
        ((), ""),
    ],
)
def test_the_baseline_of_the_first_metric_is_named(
    metrics: tuple[tuple[float, float | None, str], ...], told: str
) -> None:
    """
    And whether it is better than the model, in an error rate; a tie is not.
    """
    claimed = tuple(
        Metric(name="error", value=v, dataset="d", baseline=b, baseline_name=n)
        for v, b, n in metrics
    )
    spec = replace(
        zoo.get_spec("xor-mlp"), metrics=claimed, behind_baseline="It is hard."
    )

    assert models_table.baseline(spec) == told


def test_every_model_that_is_fine_tuned_is_listed_by_its_data() -> None:
    """
    Those with a head and those that learn as a whole: once, beside what data of
    the task looks like, and no other model is.
    """
    _, _, after = PAGE.partition("<!-- fine-tuning: ")
    part = after.partition("<!-- end of fine-tuning")[0]
    rows = [line.split(" | ") for line in part.splitlines() if line.startswith("| ")]
    listed = [name for *_, names in rows[2:] for name in re.findall("`([^`]+)`", names)]

    taught = {
        spec.name
        for spec in catalog.search()
        if spec.weights is not None
        and (spec.head is not None or task_of(spec).learns_whole(spec))
    }
    assert len(listed) == len({*listed})
    assert {*listed} == taught
    assert {row[0].strip("| ") for row in rows[2:]} <= {*models_table.DATA}
    assert "`lenet5-mnist`" in next(row[2] for row in rows if "image-cl" in row[0])
