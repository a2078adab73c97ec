"""The pages of the course: complete, alike in two languages, and of what is there."""

import ast
import re
from pathlib import Path

import pytest
from documents import PAGES, ROOT

import zoo

ENGLISH = "docs/course/"
KOREAN = "docs/course/ko/"
NAMES = sorted(
    name.removeprefix(ENGLISH)
    for name in PAGES
    if name.startswith(ENGLISH) and not name.startswith(KOREAN)
)
LESSONS = [name for name in NAMES if name != "index.md"]
ROW = re.compile(r"^\| \[.*?\]\((\S+)\) \| (.*?) \|", re.MULTILINE)
SECTIONS = [
    "The equations",
    "Run it",
    "Experiment",
    "What the course got wrong",
    "Exercises",
    "Read on",
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FORMULA = re.compile(r"^\$\$\n(.*?)^\$\$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"^\* .*\[`\w+\.py`\]\(\S+\)$", re.MULTILINE)
NAMED = re.compile(r"((?:`[\w.]+`[, and]*)+) in \[`\w+\.py`\]\(([^)]+)\)")


def chapters(page: str) -> dict[str, str]:
    """Return the chapters of an index, each with the file of its page."""
    return {
        chapter: file
        for file, cell in ROW.findall(PAGES[page])
        for chapter in re.findall(r"`([\w-]+)`", cell)
    }


def code(page: str) -> list[tuple[str, str]]:
    """Return the blocks that run, by language; the list of pages is none."""
    return [(kind, text) for kind, text in BLOCK.findall(PAGES[page])]


def defined(path: Path) -> set[str]:
    """Return the names of the classes and functions of a file, methods with a dot."""
    names = set()
    kinds = (ast.ClassDef, ast.FunctionDef)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, kinds):
            names.add(node.name)
            names |= {
                f"{node.name}.{x.name}" for x in node.body if isinstance(x, kinds)
            }
    return names


def test_every_model_of_this_repository_is_in_a_chapter() -> None:
    """
    So that a reader of the course finds it.
    """
    outside = [name for name in zoo.list_models() if not zoo.get_spec(name).chapters]

    assert outside == []


@pytest.mark.parametrize("index", [f"{ENGLISH}index.md", f"{KOREAN}index.md"])
def test_every_chapter_of_a_model_has_a_page(index: str) -> None:
    """
    The index names the page, and all pages are in it.
    """
    named = {one for x in zoo.list_models() for one in zoo.get_spec(x).chapters}

    assert named - {*chapters(index)} == set()
    assert sorted({*chapters(index).values()}) == LESSONS


def test_a_page_lists_its_chapters_models() -> None:
    """
    By the command, for each of its chapters that has models.
    """
    named = {one for x in zoo.list_models() for one in zoo.get_spec(x).chapters}
    for chapter, file in chapters(f"{ENGLISH}index.md").items():
        if chapter in named:
            assert f"zoo list --chapter {chapter}\n" in PAGES[f"{ENGLISH}{file}"]


@pytest.mark.parametrize("name", LESSONS)
def test_a_page_has_all_its_parts(name: str) -> None:
    """
    Equations with their places in the code, programs, an experiment, mistakes,
    exercises each with a solution, and papers.
    """
    page = PAGES[f"{ENGLISH}{name}"]
    headings = re.findall(r"^## (.*?)(?::.*)?$", page, re.MULTILINE)
    exercises = page.partition("## Exercises")[2].partition("<details>")[0]

    assert headings == SECTIONS
    assert FORMULA.search(page)
    assert PLACE.search(page)
    assert "zoo.compare(" in page.partition("## Experiment")[2]
    count = len(re.findall(r"^\d\. ", exercises, re.MULTILINE))
    assert count == page.count("<summary>Solution ") >= 2


@pytest.mark.parametrize("name", LESSONS)
def test_what_a_page_names_in_a_file_is_there(name: str) -> None:
    """
    The functions that compute an equation, with their classes.
    """
    found = NAMED.findall(PAGES[f"{ENGLISH}{name}"])

    assert found
    for names, link in found:
        there = defined((ROOT / ENGLISH / link).resolve())
        assert set(re.findall(r"`([\w.]+)`", names)) - there == set(), link


@pytest.mark.parametrize("name", LESSONS)
def test_a_korean_page_holds_the_same(name: str) -> None:
    """
    The same programs, equations and links; only the words differ.
    """
    english, korean = PAGES[f"{ENGLISH}{name}"], PAGES[f"{KOREAN}{name}"]
    links = [re.findall(r"\]\((\S+?)\)", page) for page in (english, korean)]

    assert code(f"{KOREAN}{name}") == code(f"{ENGLISH}{name}")
    assert FORMULA.findall(korean) == FORMULA.findall(english)
    assert sorted(links[1]) == sorted(
        re.sub(r"^\.\./", "../../", link) for link in links[0]
    )
    assert len(re.findall(r"^## ", korean, re.MULTILINE)) == len(SECTIONS)
    assert korean.count("<details>") == english.count("<details>")
