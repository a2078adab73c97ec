"""Write labels.txt of every plugin that has one: ImageNet's classes, in timm's order.

    python plugins/timm/scripts/labels.py

A class is a set of synonyms; the first one is its name. Four classes share two names
and are told apart here.
"""

from pathlib import Path

from timm.data.imagenet_info import ImageNetInfo

PLUGINS = Path(__file__).parents[2]
APART = {
    134: "crane (bird)",
    517: "crane (machine)",
    638: "maillot (tights)",
    639: "maillot (tank suit)",
}


def labels() -> list[str]:
    """Return the names in the order of the models' outputs."""
    known = ImageNetInfo()
    names = (known.index_to_description(n).split(",")[0] for n in range(1000))
    return [APART.get(number, name) for number, name in enumerate(names)]


if __name__ == "__main__":
    for target in PLUGINS.glob("*/zoo_*/labels.txt"):
        target.write_text("".join(f"{name}\n" for name in labels()), encoding="utf-8")
