"""The notebooks are executed, and show what a reader expects."""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "docs" / "notebooks"
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "notebooks.py"))
ENGLISH = sorted((NOTEBOOKS / "course").glob("*.ipynb"))
FAST = "perceptron"  # its trainings take seconds


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The outputs of the tour's cells, by the names of the cells."""
    notebook = nbformat.read(NOTEBOOKS / "tour.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "install"]
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
    for path in NOTEBOOKS.rglob("*.ipynb"):
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


def test_the_notebooks_of_the_course_are_as_its_pages() -> None:
    """
    In both languages, in a form that Jupyter reads, and none is left of a page that is
    no more.
    """
    pages = {SCRIPT["target"](page): page for page in SCRIPT["pages"]()}

    assert {*pages} == {*(NOTEBOOKS / "course").rglob("*.ipynb")}
    for path, page in pages.items():
        text = path.read_text(encoding="utf-8")
        assert text == SCRIPT["written"](page), "run scripts/notebooks.py"
        nbformat.validate(json.loads(text))


def test_the_first_code_of_every_notebook_installs_what_it_names() -> None:
    """
    In one line, which is all that a machine without the zoo needs, such as Colab's.
    """
    for path in NOTEBOOKS.rglob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        first, *others = [cell for cell in cells if cell.cell_type == "code"]
        text = "\n".join(cell.source for cell in cells if cell is not first)
        wanted = SCRIPT["distributions"](text)
        installed = first.source.removeprefix("%pip install -q ").split()

        assert first.id == "install"
        assert {*wanted} <= {*installed}, path.name
        assert not [cell for cell in others if "pip install" in cell.source]


def test_a_notebook_installs_what_it_uses() -> None:
    """
    The core, the datasets, and the plugins of the models and files that it names.
    """
    text = (
        "`lenet5-mnist`, [x](../../plugins/gan/zoo_gan/dcgan.py), zoo.load('xor-mlp')"
    )

    assert SCRIPT["distributions"](text) == [
        "'zoo-core[train,tune,text]'",
        *("zoo-datasets", "zoo-cnn", "zoo-gan", "zoo-perceptron"),
    ]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path, marks=[] if path.stem == FAST else pytest.mark.slow, id=path.stem
        )
        for path in ENGLISH
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_notebook_of_the_course_runs(path: Path, tmp_path: Path) -> None:
    """
    From its first cell after the installation to its last, commands of the shell too.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "install"]
    for cell in notebook.cells:
        cell.source = cell.source.replace("!zoo ", f"!{sys.executable} -m zoo ")
    nbclient.NotebookClient(
        notebook, timeout=900, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    written = [
        line
        for cell in notebook.cells
        for one in cell.get("outputs", [])
        for line in one.get("text", "").splitlines()
    ]

    assert written
    assert [x for x in written if x.lower().startswith(("error: ", "traceback"))] == []
