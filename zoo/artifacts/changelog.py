"""What the changelog of a plugin says of one model: when its weights changed.

`CHANGELOG.md` lies in the plugin's package, in the form of Keep a Changelog. A line
that starts with a model's name in backquotes is about that model:

    ## 0.2.0

    * `lenet5-mnist`: trained again with weight decay.

Does not know torch.
"""

import re

from zoo.artifacts.weight_store import package_folder

__all__ = ["FILE", "model_changes"]

FILE = "CHANGELOG.md"
VERSION = re.compile(r"##\s+\[?(?P<version>[^\]\s]+)")
ENTRY = re.compile(r"[*-]\s+`(?P<model>[^`]+)`:?\s+(?P<text>.+)")


def model_changes(package: str, model: str) -> list[tuple[str, str]]:
    """Return the version and the text of each line about a model, newest first.

    Nothing where the plugin has no changelog, or one that can't be read as UTF-8.
    """
    try:
        text = (package_folder(package) / FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    found: list[tuple[str, str]] = []
    version, entry = "", ""
    for line in [*text.splitlines(), ""]:
        if entry and line.startswith("  "):  # the line goes on
            entry = f"{entry} {line.strip()}"
            continue
        if (match := ENTRY.fullmatch(entry)) and match["model"] == model:
            found.append((version, match["text"]))
        entry = line.rstrip() if line[:2] in ("* ", "- ") else ""
        if heading := VERSION.match(line):
            version = heading["version"]
    return found
