"""The pages of the reference name all that there is, and their links lead somewhere."""

import re

import pytest
from documents import PAGES, ROOT

import zoo

CODE = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "zoo").rglob("*.py"))
READ = r"(?:environ\.get|getenv|environ\.setdefault)\(\s*\"(\w+)\""
LINK = re.compile(r"\]\((?!https?://|#|data:)([^)#\s]+)(?:#[\w-]+)?\)")


def test_every_public_name_is_in_the_reference() -> None:
    """
    Once, in the part that it belongs to.
    """
    listed = re.findall(r"^   (\w+)$", PAGES["docs/reference/api.md"], re.MULTILINE)

    assert sorted(listed) == sorted(zoo.__all__)


def test_every_environment_variable_is_on_its_page() -> None:
    """
    What the code reads, and no variable of ours that it does not read.
    """
    page = PAGES["docs/reference/environment.md"]
    told = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", page))
    read = set(re.findall(READ, CODE)) | set(re.findall(r"\"(ZOO_[A-Z]+)\"", CODE))

    assert len(read) > 8
    assert read - told == set()
    assert {name for name in told if name.startswith("ZOO_")} <= read


@pytest.mark.parametrize("page", PAGES)
def test_links_into_the_repository_lead_somewhere(page: str) -> None:
    """
    As a reader of the repository follows them.
    """
    here = (ROOT / page).parent
    links = LINK.findall(re.sub(r"```.*?```", "", PAGES[page], flags=re.DOTALL))

    assert [link for link in links if not (here / link).exists()] == []


def test_the_tests_of_each_promise_of_security_are_there() -> None:
    """
    A promise names the file that tests it.
    """
    named = re.findall(r"`(tests/[\w/]+(?:\.py)?)`", PAGES["SECURITY.md"])

    assert len(named) > 8
    assert [path for path in named if not (ROOT / path).exists()] == []
