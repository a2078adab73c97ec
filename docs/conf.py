"""How Sphinx builds the documentation: `scripts/docs` runs it, without a network."""

import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxTranslator

HERE = Path(__file__).parent
ROOT = HERE.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

project = "zoo"
author = "the contributors of zoo"
release = PROJECT["project"]["version"]
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.githubpages",
    "sphinx_click",
]
html_theme = "furo"
html_title = f"zoo {release}"
default_role = "code"  # docstrings write names in single backticks
exclude_patterns = ["course/drafts"]
autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "undoc-members": False}
myst_enable_extensions = ["deflist", "dollarmath"]
html_math_renderer = "mathml"  # browsers show it themselves: nothing is fetched
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing"]  # links into the repository, not the pages


def copy_cards(app: Sphinx) -> None:
    """Put the model cards beside the pages; they lie outside the folder of these."""
    shutil.copytree(ROOT / "cards", HERE / "cards", dirs_exist_ok=True)


def link_cards(app: Sphinx, name: str, source: list[str]) -> None:
    """Let a link to the folder of a card open the page of the card."""
    source[0] = re.sub(
        r"\]\((?:\.\./)*cards/([\w.-]+)\)", r"](/cards/\1/README.md)", source[0]
    )


def escape_stars(app: Sphinx, *arguments: Any) -> None:
    """Show stars in docstrings as they are: they stand in patterns of names."""
    lines: list[str] = arguments[-1]
    lines[:] = [line.replace("*", "\\*") for line in lines]


def inline_formula(translator: SphinxTranslator, node: nodes.math) -> None:
    """Write a formula within a line as MathML."""
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def block_formula(translator: SphinxTranslator, node: nodes.math_block) -> None:
    """Write a formula of its own as MathML, which scrolls where it is too wide."""
    formula = tex2mathml(node.astext(), as_block=True)
    translator.body.append(f'<div style="overflow-x: auto">{formula}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Add these to the build."""
    app.add_html_math_renderer("mathml", (inline_formula, None), (block_formula, None))
    for event in ("autodoc-process-docstring", "sphinx-click-process-description"):
        app.connect(event, escape_stars)
    app.connect("builder-inited", copy_cards)
    app.connect("source-read", link_cards)
