"""The notebooks are executed, and show what a reader expects."""

from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "docs" / "notebooks"


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The outputs of the tour's cells, by the names of the cells."""
    notebook = nbformat.read(NOTEBOOKS / "tour.ipynb", as_version=4)
    home = tmp_path_factory.mktemp("tour")
    nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(home)}}
    ).execute()
    return {
        cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"
    }


def page(outputs: list[Any], kind: str = "text/html") -> str:
    return "".join(one.data[kind] for one in outputs if kind in one.get("data", {}))


def test_a_notebook_is_kept_without_outputs() -> None:
    """
    They would go stale, and be large.
    """
    for path in NOTEBOOKS.glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            assert not cell.get("outputs")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_tour_shows_itself(tour: dict[str, list[Any]]) -> None:
    """
    Pictures beside scores, grids of drawn digits, the comparison after fine-tuning, a
    table of models, a card; and no cell prints a page of numbers.
    """
    assert page(tour["predict"]).count("<img") == 2
    assert "espresso" in page(tour["predict"])
    assert "background" in page(tour["mask"])
    assert page(tour["sample"]).count("<img") == 8
    assert page(tour["between"]).count("<img") == 6
    assert "a linear probe" in page(tour["finetune"])
    assert "<td>lenet5-mnist</td>" in page(tour["search"])
    assert "# xor-mlp" in page(tour["card"], "text/markdown")
    for outputs in (*tour.values(),):
        for one in outputs:
            assert one.output_type != "error"
            assert len(one.get("data", {}).get("text/plain", "")) < 5_000
