"""Write each page of the course as a notebook, in docs/notebooks/course.

Run after a change of a page; `--check` only says which notebooks are not as the pages
are. A block of Python becomes a cell, a block of shell one whose lines begin with "!",
and the text between is in cells of Markdown. The first cell installs what the page
uses.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zoo

ROOT = Path(__file__).resolve().parents[1]
COURSE = ROOT / "docs" / "course"
TARGET = ROOT / "docs" / "notebooks" / "course"
LANGUAGES = ("", "ko")  # the folders of the pages; English is in none
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
DETAILS = re.compile(r"<details><summary>(.*?)</summary>")
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)\s]+)\)")
FOLDER = re.compile(r"/plugins/([\w-]+)/")
INSTALL = "install"  # the id of the first cell
FORM = {"nbformat": 4, "nbformat_minor": 5}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}

Cell = dict[str, Any]


def pages() -> list[Path]:
    """Return the pages of the course in all languages."""
    folders = [COURSE / language for language in LANGUAGES]
    found = [path for folder in folders for path in sorted(folder.glob("*.md"))]
    return [path for path in found if path.stem != "index"]


def target(page: Path) -> Path:
    """Return the notebook of a page."""
    return (TARGET / page.relative_to(COURSE)).with_suffix(".ipynb")


def notebook(page: Path) -> dict[str, Any]:
    """Return a page as a notebook without outputs."""
    text = page.read_text(encoding="utf-8")
    install = _code(f"%pip install -q {' '.join(distributions(text))}")
    cells = [install | {"id": INSTALL}]
    for number, cell in enumerate(_cells(text, page)):
        cells.append(cell | {"id": f"cell-{number}"})
    return {"cells": cells, "metadata": {"kernelspec": KERNEL}, **FORM}


def distributions(text: str) -> list[str]:
    """Return the packages that a page needs: of the models and the files it names."""
    named = set(re.findall(r"[\"`' ]([a-z0-9]+(?:[-.][a-z0-9]+)+)", text))
    specs = [zoo.get_spec(name) for name in named & set(zoo.list_models())]
    packages = {spec.package.replace("_", "-") for spec in specs}
    folders = {f"zoo-{folder}" for folder in FOLDER.findall(text)}
    return ["'zoo-core[train,tune,text]'", "zoo-datasets", *sorted(packages | folders)]


def _moved(text: str, page: Path) -> str:
    """Return the text with its relative links as they are from the notebook."""

    def moved(match: re.Match[str]) -> str:
        path, _, part = match[1].partition("#")
        there = (page.parent / path).resolve()
        if there.is_relative_to(COURSE) and there.suffix == ".md":
            there = target(there) if there.stem != "index" else there
        here = Path(os.path.relpath(there, target(page).parent)).as_posix()
        return f"]({here}{'#' + part if part else ''})"

    return LINK.sub(moved, text)


def _cells(text: str, page: Path) -> Iterator[Cell]:
    end = 0
    for block in BLOCK.finditer(text):
        yield from _prose(text[end : block.start()], page)
        language, source = block.groups()
        if language == "sh":
            source = re.sub(r"^(?=zoo )", "!", source, flags=re.MULTILINE)
        yield _code(source)
        end = block.end()
    yield from _prose(text[end:], page)


def _prose(text: str, page: Path) -> Iterator[Cell]:
    """Yield a cell, if there is text; a solution that folds away is headed instead."""
    text = DETAILS.sub(r"**\1**", text).replace("</details>", "").strip()
    text = _moved(text, page)
    text = re.sub(r"\n{3,}", "\n\n", text)
    if text:
        yield _cell("markdown", text)


def _code(source: str) -> Cell:
    return _cell("code", source) | {"execution_count": None, "outputs": []}


def _cell(kind: str, source: str) -> Cell:
    lines = source.strip("\n").splitlines(keepends=True)
    return {"cell_type": kind, "metadata": {}, "source": lines}


def written(page: Path) -> str:
    """Return the file of a page's notebook."""
    return json.dumps(notebook(page), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for page in pages():
        file, text = target(page), written(page)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            stale.append(file.relative_to(ROOT))
            if not check:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
    print("\n".join(map(str, stale)) or "All notebooks are as the pages are.")
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
