"""Write the cards of the models in this repository; with --check, say which are stale.

A card lies in cards/<model>/ with its pictures, and in the model's checkpoint folder:
the same bytes, which are also those of its repository on the Hub.
"""

import sys
from pathlib import Path

from zoo import cards, catalogue, checkpoints, store

ROOT = Path(__file__).resolve().parents[1]
CARDS, PLUGINS = ROOT / "cards", ROOT / "plugins"


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
    for spec in catalogue.search():
        home = store.shipped(spec)
        if PLUGINS not in home.resolve().parents or spec.weights is None:
            continue  # another repository's model, or one without weights
        card = cards.render(spec.name).encode()
        wanted.append((home / checkpoints.CARD, card))
        wanted.append((CARDS / spec.name / checkpoints.CARD, card))
        for picture in home.glob("*.png"):
            wanted.append((CARDS / spec.name / picture.name, picture.read_bytes()))
    return wanted


if __name__ == "__main__":
    sys.exit(min(main("--check" in sys.argv[1:]), 1))
