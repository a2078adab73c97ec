"""Write what is generated in this repository; with --check, say what is stale.

A model's card lies in cards/<model>/ with its pictures, and in its checkpoint folder:
the same bytes, which are also those of its repository on the Hub. `models_table.py`
writes the tables of models in the README and in docs/models.md, and
`plugin_readmes.py` the README of each plugin and the list of them.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import models_table
import plugin_readmes

from zoo import ModelSpec
from zoo.artifacts import checkpoint_folder, weight_store
from zoo.cards import render
from zoo.plugins import catalog

ROOT = Path(__file__).resolve().parents[1]
CARDS, PLUGINS = ROOT / "cards", ROOT / "plugins"
MODELS = ROOT / "docs" / "models.md"
TABLES = {
    ROOT / "README.md": models_table.short_lines,
    MODELS: models_table.lines,
}
LIST = ROOT / "docs" / "plugins" / "list.md"


def main(check: bool) -> int:
    """Write or compare every card; return the number of faults found."""
    wanted = dict(_wanted())
    stale = [p for p, b in wanted.items() if not p.is_file() or p.read_bytes() != b]
    kept = [path for path in CARDS.rglob("*") if path.is_file() and path.name[0] != "."]
    orphans = [path for path in kept if path not in wanted]
    for path in stale:
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted[path])
    for path in orphans:
        if not check:
            path.unlink()
    word = "run 'python scripts/cards.py'" if check else "done"
    for path in stale + orphans:
        state = "stale" if path in wanted else "an orphan"
        print(f"{path.relative_to(ROOT)} is {state}: {word}")
    return len(stale + orphans) if check else 0


def _wanted() -> list[tuple[Path, bytes]]:
    """Return every file that should be there, with its content."""
    wanted = []
    for spec, home in _ours():
        card = render.render(spec.name).encode()
        if checkpoint_folder.is_checkpoint(home):  # none of weights that are on the Hub
            wanted.append((home / checkpoint_folder.CARD, card))
        wanted.append((CARDS / spec.name / checkpoint_folder.CARD, card))
        for ending in checkpoint_folder.FIGURE_SUFFIXES:
            for picture in home.glob(f"*{ending}"):
                wanted.append((CARDS / spec.name / picture.name, picture.read_bytes()))
    for project in PLUGINS.glob("*/pyproject.toml"):
        readme = plugin_readmes.readme(project.parent).encode()
        wanted.append((project.with_name("README.md"), readme))
    for page, lines in TABLES.items():
        text = page.read_text(encoding="utf-8")
        text = _page(text, "models", lines(_ours()))
        if page == MODELS:
            text = _page(text, "fine-tuning", models_table.finetuning_lines(_ours()))
        wanted.append((page, text.encode()))
    plugins = plugin_readmes.table(sorted(PLUGINS.glob("*/")))
    text = _page(LIST.read_text(encoding="utf-8"), "plugins", plugins)
    return [*wanted, (LIST, text.encode())]


def _ours() -> Iterator[tuple[ModelSpec, Path]]:
    """Yield the models this repository ships, with their checkpoint folders."""
    for spec in catalog.search():
        home = weight_store.shipped_checkpoint(spec)
        if PLUGINS in home.resolve().parents and spec.weights is not None:
            yield spec, home


def _page(text: str, what: str, table: list[str]) -> str:
    """Return a page's text with the table between its two marks written anew."""
    begin = f"<!-- {what}: written by scripts/cards.py -->"
    end = f"<!-- end of {what} -->"
    before, after = text.partition(begin)[0], text.partition(end)[2]
    return "\n".join([f"{before}{begin}", *table, f"{end}{after}"])


if __name__ == "__main__":
    sys.exit(min(main("--check" in sys.argv[1:]), 1))
